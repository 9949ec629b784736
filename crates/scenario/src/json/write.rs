//! A value becomes text.

use super::number as number_of;
use serde_json::Value;
use std::fmt::Write as _;

/// As JSON on one line.
pub fn line(value: &Value) -> String {
    let mut text = String::new();
    write(value, None, &mut text);
    text
}

/// As indented JSON.
pub fn pretty(value: &Value) -> String {
    let mut text = String::new();
    write(value, Some(0), &mut text);
    text
}

fn write(value: &Value, indent: Option<usize>, text: &mut String) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(true) => text.push_str("true"),
        Value::Bool(false) => text.push_str("false"),
        Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
            (Some(number), ..) => text.push_str(&number.to_string()),
            (_, Some(number), _) => text.push_str(&number.to_string()),
            (.., number) => float(number.unwrap_or(f64::NAN), text),
        },
        Value::String(string) => quoted(string, text),
        Value::Array(list) => {
            text.push('[');
            let inner = indent.map(|indent| indent + 1);
            for (index, value) in list.iter().enumerate() {
                separate(index, inner, text);
                write(value, inner, text);
            }
            close(list.is_empty(), indent, ']', text);
        }
        Value::Object(map) => {
            text.push('{');
            let inner = indent.map(|indent| indent + 1);
            for (index, (name, value)) in map.iter().enumerate() {
                separate(index, inner, text);
                quoted(name, text);
                text.push_str(if indent.is_some() { ": " } else { ":" });
                write(value, inner, text);
            }
            close(map.is_empty(), indent, '}', text);
        }
    }
}

fn separate(index: usize, indent: Option<usize>, text: &mut String) {
    if index > 0 {
        text.push(',');
    }
    begin_line(indent, text);
}

fn close(empty: bool, indent: Option<usize>, bracket: char, text: &mut String) {
    if !empty {
        begin_line(indent, text);
    }
    text.push(bracket);
}

fn begin_line(indent: Option<usize>, text: &mut String) {
    if let Some(indent) = indent {
        text.push('\n');
        (0..indent).for_each(|_| text.push_str("  "));
    }
}

fn quoted(string: &str, text: &mut String) {
    text.push('"');
    for c in string.chars() {
        let short = match c {
            '"' | '\\' => c,
            '\u{8}' => 'b',
            '\u{c}' => 'f',
            '\n' => 'n',
            '\r' => 'r',
            '\t' => 't',
            '\0'..='\u{1f}' => {
                let _ = write!(text, "\\u{:04x}", u32::from(c));
                continue;
            }
            _ => {
                text.push(c);
                continue;
            }
        };
        text.push('\\');
        text.push(short);
    }
    text.push('"');
}

/// The fewest digits that read back as the same number; with an exponent from 10^16 on and below 10^-5.
fn float(number: f64, text: &mut String) {
    let shortest = format!("{number:e}");
    // Of two that are as near, the one with an even last digit, as rounding to that many digits gives it.
    let mantissa = shortest.split('e').next().unwrap_or_default();
    let places = mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let even = format!("{number:.places$e}");
    let same = number_of(&even).is_some_and(|read| read.to_bits() == number.to_bits());
    let scientific = if same { even } else { shortest };
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent = exponent.parse().unwrap_or(0_i32);
    if !(-5..16).contains(&exponent) {
        let (plus, exponent) = if exponent > 0 { ("+", exponent) } else { ("", exponent) };
        // A `String` takes whatever it is given.
        let _ = write!(text, "{digits}e{plus}{exponent}");
        return;
    }
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |digits| ("-", digits));
    text.push_str(sign);
    if exponent < 0 {
        text.push_str("0.");
        (exponent + 1..0).for_each(|_| text.push('0'));
    }
    // Where the point comes, counted in digits.
    let mut point = if exponent < 0 { i32::MAX } else { exponent + 1 };
    for digit in digits.chars().filter(|c| *c != '.') {
        if point == 0 {
            text.push('.');
        }
        point -= 1;
        text.push(digit);
    }
    if exponent >= 0 && point >= 0 {
        (0..point).for_each(|_| text.push('0'));
        text.push_str(".0");
    }
}
