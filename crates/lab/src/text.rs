//! Sentences. The locale's Fluent files are compiled into one text when this crate is built; there is no
//! Fluent at run time.

use std::cmp::Ordering;

use netsplit_sim::view::{Arg, Text};

/// All messages, a line each; `build.rs` says what the control characters in them mean.
static MESSAGES: &str = include_str!(concat!(env!("OUT_DIR"), "/messages.txt"));

const ARG: u8 = 1;
const NAMED: char = '\u{2}';
const SELECT: u8 = 3;
const VARIANT: char = '\u{4}';
const KEYED: char = '\u{5}';
const SELECTED: char = '\u{6}';

/// The text of a message: the lines are in the order of their ids.
fn find(id: &str) -> Option<&'static str> {
    let bytes = MESSAGES.as_bytes();
    let (mut low, mut high) = (0, bytes.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let start = bytes[low..middle].iter().rposition(|byte| *byte == b'\n').map_or(low, |at| low + at + 1);
        let end = middle + bytes[middle..].iter().position(|byte| *byte == b'\n')?;
        let (known, text) = MESSAGES[start..end].split_once('\0')?;
        match known.cmp(id) {
            Ordering::Equal => return Some(text),
            Ordering::Less => low = end + 1,
            Ordering::Greater => high = start,
        }
    }
    None
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
        Some(text) => render(text, args, &mut out),
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

fn render(text: &str, args: &[(&str, String)], out: &mut String) {
    let value = |name: &str| args.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| matches!(byte, ARG | SELECT)) {
        out.push_str(&rest[..at]);
        let selects = rest.as_bytes()[at] == SELECT;
        let Some((name, after)) = rest[at + 1..].split_once(NAMED) else { return };
        rest = after;
        if selects {
            let Some((variants, after)) = rest.split_once(SELECTED) else { return };
            rest = after;
            let value = value(name).unwrap_or("");
            let plural = if value == "1" { "one" } else { "other" };
            let variants = || variants.split(VARIANT).filter_map(|variant| variant.split_once(KEYED));
            let of = |wanted: &str| variants().find(|(key, _)| *key == wanted);
            if let Some((_, text)) = of(value).or_else(|| of(plural)).or_else(|| variants().next_back()) {
                render(text, args, out);
            }
            continue;
        }
        match value(name) {
            Some(value) if COUNTS.contains(&name) && value.bytes().all(|byte| byte.is_ascii_digit()) => {
                out.push_str(&group(value));
            }
            Some(value) => out.push_str(value),
            None => {
                out.push('$');
                out.push_str(name);
            }
        }
    }
    out.push_str(rest);
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
        let mut out = String::new();
        render("\u{1}number\u{2} of \u{1}count\u{2}", &args, &mut out);
        assert_eq!(out, "1234 of 1,101");
    }

    #[test]
    fn variants_are_chosen_by_number_and_by_word() {
        let text = "\u{1}count\u{2}\u{3}count\u{2}\u{4}0\u{5} (no key)\u{4}one\u{5} key\u{4}other\u{5} keys of \u{1}all\u{2}\u{6}.";
        let said = |count: &str| {
            let mut out = String::new();
            render(text, &[("count", count.to_owned()), ("all", "1000".to_owned())], &mut out);
            out
        };
        assert_eq!(["0", "1", "2"].map(said), ["0 (no key).", "1 key.", "2 keys of 1,000."]);
    }

    #[test]
    fn every_message_is_found_by_its_id_and_no_other() {
        let mut count = 0;
        for line in MESSAGES.lines() {
            let (id, text) = line.split_once('\0').expect("an id and a text");
            assert_eq!(find(id), Some(text), "{id}");
            assert!(!has(&format!("{id}-")) && !has(&id[1..]), "{id}");
            count += 1;
        }
        assert!(count > 300 && find("").is_none() && find("zzz").is_none(), "{count}");
    }
}
