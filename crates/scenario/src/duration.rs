//! A length of time, or an instant counted from the start of the run.

use crate::record::{as_text, by_value};
use std::fmt;
use std::str::FromStr;

/// What a duration may look like, for messages.
pub const ACCEPTED: &str =
    "a duration with its unit, such as \"150ms\", \"2s\", \"1.5s\", \"1m\" or \"250us\"";

/// Nanoseconds, written with a unit: `"10ns"`, `"250us"`, `"150ms"`, `"2s"`, `"1m"`, `"24h"`.
///
/// It is printed with the largest unit that is exact (`90s`, not `1.5m`; zero is `0s`). A decimal fraction is read
/// if it comes to whole nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(pub u64);

const UNITS: [(&str, u64); 6] = [
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

impl Duration {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// So many nanoseconds.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// So many microseconds.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros.saturating_mul(1_000))
    }

    /// So many milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// So many seconds.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1_000_000_000))
    }

    /// In nanoseconds.
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// In seconds, for display and statistics only.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        let (unit, size) = UNITS.iter().find(|(_, size)| self.0.is_multiple_of(*size)).unwrap_or(&("ns", 1));
        write!(f, "{}{unit}", self.0 / size)
    }
}

/// The text is not a duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotADuration;

impl fmt::Display for NotADuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not {ACCEPTED}")
    }
}

impl std::error::Error for NotADuration {}

impl FromStr for Duration {
    type Err = NotADuration;

    fn from_str(text: &str) -> Result<Self, NotADuration> {
        let text = text.trim();
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, unit) = (&text[..end], text[end..].trim_start());
        let unit = match unit {
            "µs" | "μs" => "us",
            "" if number == "0" => "s",
            other => other,
        };
        let size = UNITS.iter().find(|(name, _)| *name == unit).ok_or(NotADuration)?.1;
        let (whole, fraction) = number.split_once('.').map_or((number, None), |(w, f)| (w, Some(f)));
        if whole.is_empty() || fraction.is_some_and(str::is_empty) {
            return Err(NotADuration);
        }
        let mut nanos = whole.parse::<u64>().ok().and_then(|w| w.checked_mul(size)).ok_or(NotADuration)?;
        // Each digit is worth a tenth of the one before, and must come to whole nanoseconds.
        let mut tens = 10u64;
        for digit in fraction.unwrap_or("").bytes() {
            let digit = u64::from(digit.checked_sub(b'0').filter(|d| *d < 10).ok_or(NotADuration)?);
            if digit != 0 {
                if digit * size % tens != 0 {
                    return Err(NotADuration);
                }
                nanos = nanos.checked_add(digit * size / tens).ok_or(NotADuration)?;
            }
            tens = tens.saturating_mul(10);
        }
        Ok(Self(nanos))
    }
}

as_text!(Duration);
by_value!(Duration);
