//! Sentences. The locale's Fluent files are compiled into a static table when this crate is built; there is no
//! Fluent at run time.

use netsplit_sim::view::{Arg, Text};

/// A piece of a message.
enum Part {
    Text(&'static str),
    Arg(&'static str),
    /// Another message with the same arguments.
    #[allow(dead_code, reason = "no message may happen to use it")]
    Message(&'static str),
    /// By the value of an argument: its variants and which of them is the default.
    #[allow(dead_code, reason = "no message may happen to use it")]
    Select(&'static str, &'static [(&'static str, &'static [Part])], usize),
}

include!(concat!(env!("OUT_DIR"), "/messages.rs"));

fn find(id: &str) -> Option<&'static [Part]> {
    MESSAGES.binary_search_by(|(known, _)| (*known).cmp(id)).ok().map(|at| MESSAGES[at].1)
}

/// Whether the locale has this message.
#[must_use]
pub fn has(id: &str) -> bool {
    find(id).is_some()
}

/// Arguments that say how many of something there are: their digits come in groups.
const COUNTS: [&str; 13] = [
    "count", "all", "own", "odd", "reads", "versions", "unknown", "replicas", "asked", "lost", "events",
    "messages", "event",
];

/// The sentence of a message with these arguments; without such a message its id and arguments.
#[must_use]
pub fn say(id: &str, args: &[(&str, String)]) -> String {
    let mut out = String::new();
    match find(id) {
        Some(parts) => render(parts, args, &mut out, 0),
        None => {
            out.push_str(id);
            for (at, (name, value)) in args.iter().enumerate() {
                out.push_str(if at == 0 { " (" } else { ", " });
                out.push_str(name);
                out.push(' ');
                out.push_str(value);
            }
            if !args.is_empty() {
                out.push(')');
            }
        }
    }
    out
}

/// A label that may be a message's id; otherwise it stands for itself.
#[must_use]
pub fn label(label: &str) -> String {
    if has(label) { say(label, &[]) } else { label.to_owned() }
}

/// What an invariant is called, by its id.
#[must_use]
pub fn invariant(id: &str) -> String {
    let label = format!("invariant-{}", id.replace('_', "-"));
    if has(&label) { say(&label, &[]) } else { id.replace('_', " ") }
}

/// The sentence of an algorithm's text; `name` gives a node's name.
#[must_use]
pub fn sentence(text: &Text, name: impl Fn(u32) -> String) -> String {
    let args: Vec<(&str, String)> = text
        .args
        .iter()
        .map(|(key, value)| {
            let value = match value {
                Arg::Node(node) => name(*node),
                Arg::Number(number) => number.to_string(),
                Arg::Time(nanos) => span(*nanos),
                Arg::Word(word) => word.clone(),
            };
            (*key, value)
        })
        .collect();
    say(text.id, &args)
}

fn render(parts: &[Part], args: &[(&str, String)], out: &mut String, depth: u32) {
    let value = |name: &str| args.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
    for part in parts {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Arg(name) => match value(name) {
                Some(value) if COUNTS.contains(name) && value.bytes().all(|byte| byte.is_ascii_digit()) => {
                    out.push_str(&group(value));
                }
                Some(value) => out.push_str(value),
                None => {
                    out.push('$');
                    out.push_str(name);
                }
            },
            Part::Message(id) => {
                if let Some(parts) = find(id).filter(|_| depth < 4) {
                    render(parts, args, out, depth + 1);
                }
            }
            Part::Select(name, variants, default) => {
                let value = value(name).unwrap_or("");
                let plural = if value == "1" { "one" } else { "other" };
                let chosen = variants
                    .iter()
                    .find(|(key, _)| *key == value)
                    .or_else(|| variants.iter().find(|(key, _)| *key == plural))
                    .or_else(|| variants.get(*default));
                if let Some((_, parts)) = chosen {
                    render(parts, args, out, depth + 1);
                }
            }
        }
    }
}

/// A span for people: "250 µs", "1.5 ms", "12.48 s".
#[must_use]
pub fn span(nanos: u64) -> String {
    let (unit, name) = match nanos {
        0..1_000 => return format!("{nanos} ns"),
        1_000..1_000_000 => (1_000u64, "µs"),
        1_000_000..1_000_000_000 => (1_000_000, "ms"),
        _ => (1_000_000_000, "s"),
    };
    let thousandths = (nanos % unit * 1000 + unit / 2) / unit;
    let (whole, rest) = (nanos / unit + thousandths / 1000, thousandths % 1000);
    if rest == 0 {
        return format!("{whole} {name}");
    }
    format!("{whole}.{} {name}", format!("{rest:03}").trim_end_matches('0'))
}

/// An instant for people: "12.480 s".
#[must_use]
pub fn instant(nanos: u64) -> String {
    format!("{}.{:03} s", nanos / 1_000_000_000, nanos / 1_000_000 % 1000)
}

/// A whole number with a comma every three digits.
#[must_use]
pub fn count(value: u64) -> String {
    group(&value.to_string())
}

/// The digits of a whole number, perhaps after a minus, with a comma every three of them.
#[must_use]
pub fn group(digits: &str) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |rest| ("-", rest));
    let mut out = String::from(sign);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number of at least 0 with so many digits after the point, rounded.
#[must_use]
pub fn decimal(value: f64, digits: u32) -> String {
    let scale = 10u64.pow(digits);
    let scaled = (value * scale as f64).round() as u64;
    let whole = (scaled / scale).to_string();
    if digits == 0 { whole } else { format!("{whole}.{:0width$}", scaled % scale, width = digits as usize) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_short() {
        assert_eq!(span(0), "0 ns");
        assert_eq!(span(1_500_000), "1.5 ms");
        assert_eq!(span(12_480_000_000), "12.48 s");
        assert_eq!(span(60_000_000_000), "60 s");
        assert_eq!(instant(12_480_123_456), "12.480 s");
    }

    #[test]
    fn a_missing_message_shows_its_id_and_arguments() {
        let text = Text::new("no-such-message").with("peer", netsplit_sim::NodeId(1)).with("term", 3u64);
        assert_eq!(sentence(&text, |n| format!("n{}", n + 1)), "no-such-message (peer n2, term 3)");
    }

    #[test]
    fn counts_come_in_groups_and_names_do_not() {
        let args =
            [("count", "1101".to_owned()), ("unknown", "2,345".to_owned()), ("number", "1234".to_owned())];
        assert_eq!(say("verdict-checked", &args), "1,101 operations checked, 2,345 unknown.");
        let parts = &[Part::Arg("number"), Part::Text(" of "), Part::Arg("count")];
        let mut out = String::new();
        render(parts, &args, &mut out, 0);
        assert_eq!(out, "1234 of 1,101");
    }

    #[test]
    fn variants_are_chosen_by_number_and_by_word() {
        let parts = &[
            Part::Arg("count"),
            Part::Select("count", &[("one", &[Part::Text(" key")]), ("other", &[Part::Text(" keys")])], 1),
        ];
        let mut out = String::new();
        render(parts, &[("count", "1".to_owned())], &mut out, 0);
        out.push_str(", ");
        render(parts, &[("count", "2".to_owned())], &mut out, 0);
        assert_eq!(out, "1 key, 2 keys");
    }
}
