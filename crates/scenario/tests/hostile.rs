//! Whatever comes in, there is an answer, and it is bounded.

mod common;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use netsplit_scenario::*;
use proptest::prelude::*;
use serde_json::{Value, json};

const RICH: &str = include_str!("rich.json");

fn is_broken(link: &str) -> bool {
    matches!(decode(link, &common::catalogue()), Decoded::Broken(_))
}

fn wrap(compressed: &[u8]) -> String {
    format!("1.{}.{:08x}", URL_SAFE_NO_PAD.encode(compressed), crc32fast::hash(compressed))
}

#[test]
fn every_truncation_is_cut_short() {
    let catalogue = common::catalogue();
    let link = encode(&read(RICH, &catalogue).unwrap());
    for end in 0..link.len() {
        let Decoded::Broken(broken) = decode(&format!("#s={}", &link[..end]), &catalogue) else {
            panic!("{end}")
        };
        assert_eq!(broken.reason, Broken::CutShort, "{end}");
    }
    let Decoded::Broken(broken) = decode(&link[..link.len() / 2], &catalogue) else { panic!() };
    let salvage = broken.salvage.unwrap();
    assert!(salvage.starts_with(r#"{"version":1"#) && RICH.contains("everything at once"), "{salvage}");
}

#[test]
fn every_single_change_is_noticed() {
    let link = encode(&read(RICH, &common::catalogue()).unwrap());
    for at in 0..link.len() {
        for new in ["A", "9", "-", ".", "#", "", "AA", "%"] {
            let changed = format!("{}{new}{}", &link[..at], &link[at + 1..]);
            if changed != link && new != "#" {
                assert!(is_broken(&format!("#s={changed}")), "{at} {new}");
            }
        }
    }
}

#[test]
fn breakpoints_are_few_and_short() {
    let catalogue = common::catalogue();
    let with = |breakpoints: Value| {
        let document = json!({
            "version": 1,
            "system": {"pattern": "leader_election", "algorithm": "raft"},
            "view": {"breakpoints": breakpoints},
        });
        read(&document.to_string(), &catalogue)
    };
    let many = |count: usize| Value::from(vec![json!({"at": "1s"}); count]);
    assert!(with(many(limits::BREAKPOINTS)).is_ok());
    assert_eq!(with(many(limits::BREAKPOINTS + 1)).unwrap_err().list.len(), 1);
    assert!(with(many(50_000)).is_err());
    let long = "x".repeat(limits::NAME_CHARS + 1);
    let longer = "x".repeat(limits::TEXT_CHARS + 1);
    for one in [
        json!({"message": long}),
        json!({"metric": long, "above": 1}),
        json!({"fact": long, "becomes": "1", "node": "n1"}),
        json!({"fact": "term", "becomes": longer, "node": "n1"}),
        json!({"event": long}),
        json!({"event": "fault", "node": long}),
        json!({"metric": "ok", "below": -1e300}),
        json!({"at": "99999999h"}),
    ] {
        assert!(with(json!([one])).is_err(), "{one}");
    }
}

#[test]
fn a_bomb_is_refused() {
    let catalogue = common::catalogue();
    let bomb = miniz_oxide::deflate::compress_to_vec(&vec![b' '; 30 << 20], 9);
    let link = wrap(&bomb);
    assert!(link.len() < limits::LINK_CHARS, "{}", link.len());
    let Decoded::Broken(broken) = decode(&link, &catalogue) else { panic!() };
    assert_eq!(broken.reason, Broken::TooLong);
    let Decoded::Broken(broken) = decode(&"1".repeat(limits::LINK_CHARS + 1), &catalogue) else { panic!() };
    assert_eq!(broken.reason, Broken::TooLong);
}

#[test]
fn links_say_why_they_are_broken() {
    let catalogue = common::catalogue();
    let reason = |link: &str| match decode(link, &catalogue) {
        Decoded::Broken(broken) => broken.reason,
        other => panic!("{link}: {other:?}"),
    };
    assert_eq!(reason("#s="), Broken::CutShort);
    assert_eq!(reason("1"), Broken::CutShort);
    assert_eq!(reason("2.abc.00000000"), Broken::NewerVersion(Problems::default()));
    assert_eq!(reason("hello"), Broken::Garbled);
    assert_eq!(reason("1.AAAA.00000000"), Broken::Garbled);
    assert_eq!(reason("1.AAAA.00000000.more"), Broken::Garbled);
    assert_eq!(reason(&wrap(b"\xff\xff\xff")), Broken::Garbled);
    let bytes = |text: &[u8]| wrap(&miniz_oxide::deflate::compress_to_vec(text, 9));
    assert_eq!(reason(&bytes(b"\xff\xfe")), Broken::Garbled);
    assert!(matches!(reason(&bytes(b"nonsense")), Broken::Invalid(_)));
    assert!(matches!(reason(&bytes(b"{}")), Broken::Invalid(_)));
    assert!(matches!(reason(&bytes(br#"{"version":2}"#)), Broken::NewerVersion(_)));
    let mut trailing = miniz_oxide::deflate::compress_to_vec(b"{}", 9);
    trailing.push(0);
    assert_eq!(reason(&wrap(&trailing)), Broken::Garbled);
    for nothing in
        ["", "  ", "#", "https://example.org/", "https://example.org/?scenario=x#top", "?src=x", "#s", "/a"]
    {
        assert_eq!(decode(nothing, &catalogue), Decoded::Nothing, "{nothing}");
    }
}

#[test]
fn depth_is_bounded() {
    let catalogue = common::catalogue();
    for depth in [60, 70, 120, 200, 100_000] {
        let deep = format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        let text = format!(
            r#"{{"version":1,"system":{{"pattern":"leader_election","algorithm":"raft"}},"lesson":{{"a":{deep}}}}}"#
        );
        let code = read(&text, &catalogue).err().map(|problems| problems.list[0].code.clone());
        assert_eq!(code.as_deref(), (depth > 62).then_some("too_deep"), "{depth}");
    }
}

#[test]
fn a_flood_of_errors_is_counted() {
    let catalogue = common::catalogue();
    let faults: Vec<Value> =
        (0..9_000).map(|i| json!({"at": "1s", "kind": "crahs", "node": format!("n{i}")})).collect();
    let document = json!({"version": 1, "system": {"pattern": "leader_election", "algorithm": "raft"}, "faults": faults});
    let problems = validate(document, &catalogue).unwrap_err();
    assert_eq!(problems.list.len(), limits::PROBLEMS);
    assert!(problems.more > 10_000, "{}", problems.more);
    let zones: Vec<Value> = (0..256).map(|i| json!({"name": format!("zone-with-a-long-name-{i}")})).collect();
    let pairs: Vec<Value> =
        (0..20_000).map(|i| json!({"from": format!("zone-with-a-lnog-name-{i}")})).collect();
    let document = json!({"version": 1, "topology": {"zones": zones, "zone_latency": pairs}});
    assert!(validate(document, &catalogue).is_err());
    let too_large = " ".repeat(limits::DOCUMENT_BYTES + 1);
    assert_eq!(read(&too_large, &catalogue).unwrap_err().list[0].code, "too_large");
}

/// Any JSON, in words that the document uses.
fn value() -> impl Strategy<Value = Value> {
    let word = prop_oneof![
        prop::sample::select(vec![
            "n1",
            "n9",
            "c1",
            "1s",
            "5ms",
            "crash",
            "chaos",
            "raft",
            "leader_election",
            "uniform",
            "mixture",
            "n1>n2",
            "n1>n2@1",
            "open",
            "put",
            "add_node",
            "zone",
            "all",
            "",
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(|b| json!(b)),
        any::<i64>().prop_map(|n| json!(n)),
        any::<u64>().prop_map(|n| json!(n)),
        any::<f64>().prop_map(|n| json!(n)),
        (0..20u32).prop_map(|n| json!(n)),
        word.prop_map(|text| json!(text)),
    ];
    let key = prop_oneof![
        prop::sample::select(vec![
            "at",
            "for",
            "kind",
            "node",
            "nodes",
            "link",
            "message",
            "groups",
            "zone",
            "role",
            "all",
            "name",
            "from",
            "to",
            "latency",
            "params",
            "min",
            "max",
            "parts",
            "weight",
            "of",
            "kinds",
            "rate",
            "cursor",
            "time",
            "quantiles",
            "f",
            "key",
            "value",
            "client",
            "each",
            "keep",
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ];
    leaf.prop_recursive(5, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::btree_map(key.clone(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// A valid document with some of it replaced.
fn damaged() -> impl Strategy<Value = Value> {
    (prop::collection::vec((any::<u32>(), value(), any::<bool>()), 1..5)).prop_map(|changes| {
        let mut document: Value = serde_json::from_str(RICH).unwrap();
        for (mut at, new, remove) in changes {
            let mut place = &mut document;
            loop {
                let size = match place {
                    Value::Array(list) => list.len() as u32,
                    Value::Object(map) => map.len() as u32,
                    _ => 0,
                };
                if size == 0 || at == 0 {
                    break;
                }
                let index = (at % size) as usize;
                at /= size;
                place = match place {
                    Value::Array(list) => &mut list[index],
                    Value::Object(map) => map.values_mut().nth(index).unwrap(),
                    _ => unreachable!(),
                };
            }
            *place = if remove { Value::Null } else { new };
        }
        document
    })
}

/// Valid or not, serde agrees with the walk: what the walk lets pass can be read, and is written back the same.
fn judge(document: Value) {
    let catalogue = common::catalogue();
    match validate(document, &catalogue) {
        Ok(scenario) => assert_eq!(read(&scenario.to_json(), &catalogue).unwrap(), scenario),
        Err(problems) => {
            assert!(!problems.is_empty());
            for problem in &problems.list {
                assert!(!problem.accepted.is_empty(), "{problem:?}");
                assert!(problem.to_string().len() < 2_000, "{problem}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_json_is_judged(value in value()) {
        judge(value);
    }

    #[test]
    fn damaged_documents_are_judged(document in damaged()) {
        judge(document);
    }

    #[test]
    fn any_text_is_judged(text in any::<String>()) {
        let catalogue = common::catalogue();
        prop_assert!(read(&text, &catalogue).is_err());
        prop_assert!(!matches!(decode(&text, &catalogue), Decoded::Scenario(_)));
        let link = format!("#s=1.{text}");
        prop_assert!(!matches!(decode(&link, &catalogue), Decoded::Scenario(_)));
    }

    #[test]
    fn any_bytes_in_a_sound_wrapper_are_judged(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let catalogue = common::catalogue();
        prop_assert!(matches!(decode(&wrap(&bytes), &catalogue), Decoded::Broken(_)));
        let compressed = miniz_oxide::deflate::compress_to_vec(&bytes, 6);
        prop_assert!(matches!(decode(&wrap(&compressed), &catalogue), Decoded::Broken(_)));
    }

    #[test]
    fn cut_deflate_in_a_sound_wrapper_is_judged(cut in 0..1000usize, flip in 0..8u32) {
        let mut bytes = miniz_oxide::deflate::compress_to_vec(RICH.as_bytes(), 9);
        let at = cut % bytes.len();
        let end = bytes.len() - at;
        prop_assert!(is_broken(&wrap(&bytes[..end - 1])));
        bytes[at] ^= 1 << flip;
        let _ = decode(&wrap(&bytes), &common::catalogue());
    }
}
