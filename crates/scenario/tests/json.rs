//! The text of JSON, beside what `serde_json` makes of it.

use netsplit_scenario::json;
use proptest::prelude::*;
use serde_json::Value;

fn same(text: &str) {
    let ours = json::parse(text).map_err(|error| error.to_string());
    let theirs = serde_json::from_str::<Value>(text).map_err(|error| error.to_string());
    // As text, because 0.0 and -0.0 are equal.
    assert_eq!(format!("{ours:?}"), format!("{theirs:?}"), "{text}");
    if let Ok(value) = ours {
        assert_eq!(json::line(&value), serde_json::to_string(&value).unwrap());
        assert_eq!(json::pretty(&value), serde_json::to_string_pretty(&value).unwrap());
    }
}

#[test]
fn hard_numbers() {
    for text in [
        "0",
        "-0",
        "-0.0",
        "0e5",
        "1e21",
        "1.5",
        "1e16",
        "1e15",
        "123456789012345680",
        "0.0001",
        "0.00001",
        "0.000012",
        "0.000001",
        "1e-7",
        "5e-324",
        "2e-324",
        "1.7976931348623157e308",
        "1.7976931348623159e308",
        "1e309",
        "-1e309",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775808",
        "-9223372036854775809",
        "1e2147483647",
        "1e2147483648",
        "1e-2147483648",
        "0e2147483648",
        "-0e99999999999",
        "1e99999999999x",
        "9007199254740993",
        "9007199254740993.0",
        "0.1e1",
        "00",
        "01",
        "-",
        "-x",
        "1.",
        "1.x",
        ".5",
        "1e",
        "1e+",
        "1ex",
        "1e+5",
        "1E-5",
        "+1",
        "1 2",
        "123456789012345678901234567890.5e-10",
        "2.2250738585072011e-308",
        "6.02214076e23",
    ] {
        same(text);
        same(&format!("[{text}, 1]"));
    }
}

#[test]
fn hard_texts() {
    for text in [
        "",
        " ",
        "nul",
        "nulx",
        "tru",
        "falsy",
        "[",
        "[1",
        "[1,",
        "[1,]",
        "[,",
        "[1 2",
        "{",
        "{\"a",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":1,}",
        "{,",
        "{1",
        "{\"a\" 1",
        "{\"a\":1 2",
        "{\"a\":1,\"a\":2}",
        "\"",
        "\"\\",
        "\"\\x\"",
        "\"\\u12",
        "\"\\u12x4\"",
        "\"\\ud83d\\ude00\"",
        "\"\\ud83d\"",
        "\"\\ud83d\\n\"",
        "\"\\ud83d\\u0041\"",
        "\"\\ude00\"",
        "\"\\ud83d",
        "\"\\ud83d\\",
        "\"a\nb\"",
        "\"é\\u00e9\\/\\b\\f\\n\\r\\t\u{7f}\"",
        "[\n\n1,\n x]",
        "\u{feff}1",
        "[] ]",
        "[[],{},[{}],\"\\u0001\"]",
    ] {
        same(text);
    }
    for depth in [126, 127, 128, 129, 5000] {
        same(&format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
        same(&"{\"a\":".repeat(depth));
    }
}

/// Half of the sum of two decimals of the same length, each with one digit before the point.
fn middle(a: &str, b: &str) -> String {
    let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).map(|b| b - b'0').collect::<Vec<_>>();
    let mut sums: Vec<u8> = digits(a).iter().zip(digits(b)).map(|(a, b)| a + b).collect();
    for at in (1..sums.len()).rev() {
        sums[at - 1] += sums[at] / 10;
        sums[at] %= 10;
    }
    let (mut text, mut rest) = (String::new(), 0);
    for (at, sum) in sums.iter().enumerate() {
        text.push(char::from(b'0' + (rest * 10 + sum) / 2));
        rest = (rest * 10 + sum) % 2;
        text.push_str(if at == 0 { "." } else { "" });
    }
    text + if rest == 1 { "5" } else { "" }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn any_float_reads_back_and_looks_the_same(bits in any::<u64>(), near in -400.0..400.0f64, scale in prop::sample::select(vec![1.0, 10.0, 1e2, 1e4, 1e7])) {
        let round = (near * scale).round() / scale;
        for number in [f64::from_bits(bits), near, round, round * 1e13, round * 1e-6] {
            let value = Value::from(number);
            let text = json::line(&value);
            prop_assert_eq!(&text, &serde_json::to_string(&value).unwrap());
            prop_assert_eq!(json::parse(&text).unwrap().as_f64().map(f64::to_bits), value.as_f64().map(f64::to_bits));
        }
    }

    #[test]
    fn any_digits_are_the_same_number(text in "-?[0-9]{1,30}(\\.[0-9]{1,30})?([eE][+-]?[0-9]{1,4})?") {
        same(&text);
    }

    #[test]
    fn any_digits_are_read_as_the_standard_library_reads_them(
        text in "[+-]?[0-9]{0,20}\\.?[0-9]{0,20}([eE][+-]?[0-9]{0,3})?",
        long in "[0-9]{1,4}0{0,400}[0-9]{0,900}",
        exponent in -1300..400,
        bits in any::<u64>(),
    ) {
        // Numbers just between two floats are the hard ones.
        let exact = format!("{:.1100e}", f64::from_bits(bits).abs().min(f64::MAX / 2.0));
        let (digits, power) = exact.split_once('e').unwrap();
        let half = format!("{:.1100e}", f64::from_bits(bits).abs().min(f64::MAX / 2.0).next_up());
        let middle = middle(digits, half.split_once('e').unwrap().0);
        for text in [
            text,
            format!("{long}e{exponent}"),
            format!("{middle}e{power}"),
            format!("{middle}1e{power}"),
            exact.clone(),
        ] {
            let theirs = text.parse::<f64>().ok().map(f64::to_bits);
            prop_assert_eq!(json::number(&text).map(f64::to_bits), theirs, "{}", text);
        }
    }

    #[test]
    fn any_text_is_the_same(text in "[\\[\\]{}\":, \\n\\\\0-9.eE+\\-a-fnrtul/é]{0,24}") {
        same(&text);
    }

    #[test]
    fn a_damaged_document_is_the_same(at in 0..3000usize, junk in "[\\[\\]{}\":,\\\\0-9eE.\\-u \\n\\x00]{0,2}", cut in 0..3usize) {
        let rich = include_str!("rich.json");
        if rich.is_char_boundary(at) && rich.is_char_boundary(at + cut) && at + cut <= rich.len() {
            same(&format!("{}{junk}{}", &rich[..at], &rich[at + cut..]));
        }
    }
}
