//! The seed: all chance in a run comes from it.

use crate::record::{Field, Unread, by_value};
use serde_json::Value;
use std::fmt;

/// The first integer that a JSON number does not carry safely.
pub const NUMBER_LIMIT: u64 = 1 << 53;

/// A seed as its author wrote it: text, or an integer below 2^53.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seed {
    /// An integer below 2^53.
    Number(u64),
    /// Any text.
    Text(String),
}

impl Seed {
    /// The 64 bits that the engine gets.
    ///
    /// A number stands for itself, and so does a text of decimal digits that fits 64 bits (so `7` and `"7"` are the
    /// same run, and seeds of 2^53 and above can be written). Any other text is hashed with FNV-1a (64 bits) over
    /// its UTF-8 bytes.
    pub fn value(&self) -> u64 {
        match self {
            Self::Number(number) => *number,
            Self::Text(text) => {
                let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
                match text.parse::<u64>() {
                    Ok(number) if digits => number,
                    _ => fnv1a(text.as_bytes()),
                }
            }
        }
    }

    /// The seed of these 64 bits: a number where JSON carries it, digits otherwise.
    pub fn from_value(value: u64) -> Self {
        if value < NUMBER_LIMIT { Self::Number(value) } else { Self::Text(value.to_string()) }
    }

    /// What a person typed: digits become a number where JSON carries it.
    pub fn from_text(text: &str) -> Self {
        match text.parse::<u64>() {
            Ok(number) if number < NUMBER_LIMIT && number.to_string() == text => Self::Number(number),
            _ => Self::Text(text.to_owned()),
        }
    }
}

impl Field for Seed {
    fn read(&mut self, value: &Value) -> Result<(), Unread> {
        *self = match (value.as_u64(), value.as_str()) {
            (Some(number), _) => Self::Number(number),
            (_, Some(text)) => Self::Text(text.to_owned()),
            _ => return Err(Unread::TYPE),
        };
        Ok(())
    }

    fn write(&mut self) -> Value {
        match self {
            Self::Number(number) => Value::from(*number),
            Self::Text(text) => Value::String(text.clone()),
        }
    }
}

by_value!(Seed);

impl Default for Seed {
    fn default() -> Self {
        crate::migrate::v1::SEED
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// FNV-1a, 64 bits.
pub fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
