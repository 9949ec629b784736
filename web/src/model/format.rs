//! Times, numbers and speeds in words.

use netsplit_lab::text::group;

pub use netsplit_lab::text::count;

use crate::model::math;

/// "00:12.480", or "1:02:03.480" from an hour on.
pub fn clock(ns: u64) -> String {
    let ms = ns / 1_000_000;
    let (hours, minutes, seconds, ms) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}.{ms:03}")
    } else {
        format!("{minutes:02}:{seconds:02}.{ms:03}")
    }
}

/// An instant on the time line: "12.48 s", "3 min 2 s".
pub fn instant(ns: u64) -> String {
    if ns < 120_000_000_000 {
        let parts = (ns + 5_000_000) / 10_000_000;
        format!("{}.{:02} s", parts / 100, parts % 100)
    } else {
        let seconds = ns / 1_000_000_000;
        format!("{} min {} s", seconds / 60, seconds % 60)
    }
}

/// An instant to the millisecond: "12.480 s".
pub fn exact(ns: u64) -> String {
    format!("{:.3} s", ns as f64 / 1e9)
}

/// "1st", "2nd", "3rd", "11th".
pub fn ordinal(number: usize) -> String {
    let end = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{end}")
}

/// A length of time: "850 ns", "1.5 ms", "12.48 s".
pub fn span(ns: u64) -> String {
    if ns == 0 {
        return "0 s".to_owned();
    }
    let (size, unit) = match ns {
        0..1_000 => (1.0, "ns"),
        1_000..1_000_000 => (1e3, "µs"),
        1_000_000..1_000_000_000 => (1e6, "ms"),
        1_000_000_000..120_000_000_000 => (1e9, "s"),
        _ => (60e9, "min"),
    };
    format!("{} {unit}", short(ns as f64 / size))
}

/// Three significant digits without trailing zeros: "0.153", "12.5", "320", "1.2 k" is left to [`count`].
pub fn short(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let size = value.abs();
    let places = match size {
        s if s >= 100.0 => 0,
        s if s >= 10.0 => 1,
        s if s >= 1.0 => 2,
        s if s > 0.0 => (2 - math::log10(s).floor() as i32).clamp(0, 9) as usize,
        _ => 0,
    };
    let text = format!("{value:.places$}");
    if text.contains('.') {
        let text = text.trim_end_matches('0').trim_end_matches('.');
        if text == "-0" { "0".to_owned() } else { text.to_owned() }
    } else {
        group(&text)
    }
}

/// "0.1×".
pub fn speed(value: f64) -> String {
    format!("{}×", short(value))
}

/// "1/200 of real time", "real time", "10× real time".
pub fn pace(value: f64) -> String {
    let slower = (1.0 / value.max(1e-6)).round();
    if (value - 1.0).abs() < 1e-9 {
        "real time".to_owned()
    } else if value < 1.0 && (slower * value - 1.0).abs() < 1e-6 {
        format!("1/{} of real time", count(slower as u64))
    } else {
        format!("{} real time", speed(value))
    }
}

/// "62%".
pub fn percent(share: f64) -> String {
    format!("{:.0}%", (share * 100.0).clamp(0.0, 100.0))
}

/// "1 node", "5 nodes".
pub fn many(count: u64, one: &str) -> String {
    many_as(count, one, &format!("{one}s"))
}

/// "1 breach", "5 breaches".
pub fn many_as(count: u64, one: &str, more: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{} {more}", self::count(count)) }
}

/// An id as words: "leader_election" is "Leader election".
pub fn sentence_case(id: &str) -> String {
    let mut words = id.replace('_', " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}

/// Who an entry of the event log is about, and the rest of its sentence. A sentence about somebody else is
/// told as what this node says.
pub fn subject<'a>(node: &'a str, sentence: &'a str) -> (&'a str, String) {
    if node.is_empty() {
        return ("", sentence.to_owned());
    }
    if let Some(rest) =
        sentence.strip_prefix(node).filter(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
    {
        return (node, rest.to_owned());
    }
    let first = sentence.split([' ', ',', ':']).next().unwrap_or_default();
    let name =
        first.starts_with(|c: char| c.is_ascii_lowercase()) && first.ends_with(|c: char| c.is_ascii_digit());
    (node, if name { format!(": {sentence}") } else { format!(" {sentence}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_speed_is_said_beside_real_time() {
        let said = [0.001, 0.005, 0.03, 1.0, 10.0].map(pace);
        assert_eq!(
            said,
            ["1/1,000 of real time", "1/200 of real time", "0.03× real time", "real time", "10× real time"]
        );
    }

    #[test]
    fn numbers_of_lives() {
        let said = [1, 2, 3, 4, 11, 12, 13, 21, 112].map(ordinal);
        assert_eq!(said, ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "112th"]);
        assert_eq!(exact(12_480_000_000), "12.480 s");
    }

    #[test]
    fn times_read_like_the_pictures() {
        assert_eq!(clock(12_480_000_000), "00:12.480");
        assert_eq!(clock(3_723_480_000_000), "1:02:03.480");
        assert_eq!(instant(12_480_000_000), "12.48 s");
        assert_eq!(instant(182_000_000_000), "3 min 2 s");
        assert_eq!(span(1_500_000), "1.5 ms");
        assert_eq!(span(850), "850 ns");
    }

    #[test]
    fn numbers_are_short() {
        for (value, text) in [
            (0.1, "0.1"),
            (0.0, "0"),
            (12.345, "12.3"),
            (1234.0, "1,234"),
            (0.001, "0.001"),
            (-0.0001, "-0.0001"),
        ] {
            assert_eq!(short(value), text);
        }
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(speed(0.02), "0.02×");
        assert_eq!(percent(0.618), "62%");
        assert_eq!(many(1, "node"), "1 node");
        assert_eq!(many(5, "node"), "5 nodes");
        assert_eq!(sentence_case("leader_election"), "Leader election");
    }

    #[test]
    fn sentences_have_a_subject() {
        assert_eq!(subject("n1", "n1 votes for n2"), ("n1", " votes for n2".to_owned()));
        assert_eq!(subject("n1", "is leader of term 1"), ("n1", " is leader of term 1".to_owned()));
        assert_eq!(subject("c2", "n1 could not serve"), ("c2", ": n1 could not serve".to_owned()));
        assert_eq!(subject("n1", "n12 is down"), ("n1", ": n12 is down".to_owned()));
    }
}
