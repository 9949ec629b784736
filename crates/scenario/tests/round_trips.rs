//! What is written can be read, and is the same.

mod common;

use netsplit_scenario::*;
use proptest::collection::{btree_map, vec};
use proptest::option::of;
use proptest::prelude::*;
use serde_json::{Value, json};

fn duration() -> impl Strategy<Value = Duration> {
    let most = limits::DURATION.0;
    prop_oneof![0..=most, (0..=most / 1_000_000).prop_map(|ms| ms * 1_000_000)].prop_map(Duration)
}

/// Short enough for the parameters of the declarations.
fn short() -> impl Strategy<Value = Duration> {
    (0..=600_000_000_000u64).prop_map(Duration)
}

fn distribution() -> BoxedStrategy<Distribution> {
    let leaf = prop_oneof![
        short().prop_map(Distribution::Constant),
        (short(), short()).prop_map(|(a, b)| Distribution::Uniform { min: a.min(b), max: a.max(b) }),
        (short(), short()).prop_map(|(mean, sd)| Distribution::Normal { mean, sd }),
        (short(), 0.0..=5.0f64).prop_map(|(median, sigma)| Distribution::LogNormal { median, sigma }),
        short().prop_map(|mean| Distribution::Exponential { mean }),
        (short(), 0.1..=100.0f64).prop_map(|(scale, shape)| Distribution::Pareto { scale, shape }),
        vec(short(), 2..6).prop_map(|mut quantiles| {
            quantiles.sort();
            Distribution::Empirical { quantiles }
        }),
    ];
    let part =
        |of: BoxedStrategy<Distribution>| (1e-9..=1e9f64, of).prop_map(|(weight, of)| Part { weight, of });
    leaf.prop_recursive(2, 6, 3, move |inner| {
        vec(part(inner), 1..4).prop_map(|parts| Distribution::Mixture { parts })
    })
    .boxed()
}

fn node() -> impl Strategy<Value = String> {
    (1..=5u32).prop_map(|index| format!("n{index}"))
}

fn pair() -> impl Strategy<Value = (String, String)> {
    (1..=5u32, 1..=4u32).prop_map(|(a, step)| (format!("n{a}"), format!("n{}", (a + step - 1) % 5 + 1)))
}

fn fault() -> impl Strategy<Value = Fault> {
    let target = prop_oneof![
        node().prop_map(|node| ("crash", Target::Node(node))),
        Just(("crash", Target::Nodes(vec!["n1".into(), "n2".into()]))),
        Just(("crash", Target::Role("server".into()))),
        Just(("crash", Target::All)),
        (pair(), any::<bool>())
            .prop_map(|((from, to), both)| { ("loss", Target::Link(LinkName { from, to, both })) }),
        (pair(), 0..1u64 << 50, 0..3u32, 0..3u32).prop_map(|((from, to), at, nth, copy)| {
            ("drop", Target::Message(MessageName { from, to, at, nth, copy }))
        }),
        Just(("partition", Target::Groups(vec![vec!["n1".into()], vec!["n2".into(), "n3".into()]]))),
        Just(("spike", Target::None)),
        Just(("spike", Target::Zone("east".into()))),
    ];
    (duration(), of(duration()), target, 0.0..=1.0f64).prop_map(|(at, lasts, (kind, target), share)| {
        let mut fault = Fault { at, lasts, target, ..Fault::new(at, kind) };
        if kind == "drop" {
            fault.lasts = None;
        }
        if kind == "loss" {
            fault.params.insert("share".into(), json!(share));
        }
        fault
    })
}

fn breakpoint() -> impl Strategy<Value = BreakpointSpec> {
    let limit = -1e15..1e15f64;
    (0..6u8, duration(), "\\PC{1,20}", "\\PC{0,20}", limit, any::<bool>(), any::<bool>()).prop_map(
        |(kind, at, name, text, limit, node, off)| {
            let node = node.then(|| "n2".to_owned());
            let spec = BreakpointSpec { off, ..BreakpointSpec::default() };
            match kind {
                0 => BreakpointSpec { at: Some(at.max(Duration(1))), ..spec },
                1 => BreakpointSpec { event: Some("lost".to_owned()), node, ..spec },
                2 => BreakpointSpec { message: Some(name), ..spec },
                3 => BreakpointSpec { metric: Some(name), above: Some(limit), ..spec },
                4 => BreakpointSpec { metric: Some(name), below: Some(limit), ..spec },
                _ => BreakpointSpec {
                    fact: Some(name),
                    becomes: Some(text),
                    node: Some("n1".to_owned()),
                    ..spec
                },
            }
        },
    )
}

fn scenario() -> impl Strategy<Value = Scenario> {
    let texts = (
        ".{0,40}",
        "\\PC{0,80}",
        prop_oneof![any::<String>().prop_map(Seed::Text), (0..1u64 << 53).prop_map(Seed::Number)],
    );
    let system = (of(5..=9u32), of(short()), of(0.0..=1.0f64), of(distribution()));
    let network = (distribution(), 0.0..=1.0f64, 0..1u64 << 39, any::<bool>());
    let workload = (0..=1000u32, 0.001..1e6f64, distribution(), 0.0..=1.0f64, 0.0..=5.0f64, any::<bool>());
    let lines = (vec(fault(), 0..6), vec(fault(), 0..3), btree_map("[a-z]{1,4}", any::<i64>(), 0..3));
    let view = (of((duration(), 0..1u64 << 53)), of(any::<u32>()), of(1e-6..1e6f64), of(".{0,20}"));
    let view = (view, vec(breakpoint(), 0..5));
    (texts, duration(), system, network, workload, lines, view).prop_map(
        |((title, notes, seed), end, system, network, workload, lines, view)| {
            let mut s = Scenario::new("leader_election", "raft");
            (s.title, s.notes, s.seed) = (title, notes, seed);
            s.duration = Duration(end.0.max(1));
            s.system.nodes = system.0;
            if let Some(heartbeat) = system.1.filter(|d| (1_000_000..=10_000_000_000).contains(&d.0)) {
                s.system.params.insert("heartbeat".into(), json!(heartbeat));
            }
            if let Some(jitter) = system.2 {
                s.system.overrides.insert("n2".into(), Params::from([("jitter".into(), json!(jitter))]));
            }
            s.topology.zones = vec![Zone { name: "east".into(), nodes: vec!["n1".into()] }];
            if let Some(latency) = system.3 {
                let (from, to) = ("east".to_owned(), "east".to_owned());
                s.topology.zone_latency = vec![ZoneLatency { from, to, latency, one_way: true }];
            }
            (s.network.latency, s.network.loss, s.network.bandwidth) = (network.0, network.1, network.2);
            s.network.transport = if network.3 { Transport::Stream } else { Transport::Auto };
            (s.workload.clients, s.workload.rate, s.workload.think) = (workload.0, workload.1, workload.2);
            (s.workload.read_share, s.workload.skew, s.workload.sessions) =
                (workload.3, workload.4, workload.5);
            s.workload.mode = if workload.5 { Mode::Open } else { Mode::Closed };
            s.workload.retry_budget = workload.3;
            s.workload.client_skew = workload.4.min(3.0);
            s.faults = lines.0;
            if !lines.1.is_empty() {
                let (name, of, from) = ("what if".to_owned(), None, Duration::ZERO);
                s.branches = vec![Branch {
                    name,
                    of,
                    from,
                    keep: false,
                    faults: lines.1,
                    actions: vec![],
                    operations: vec![],
                }];
            }
            if !lines.2.is_empty() {
                s.lesson = Some(json!(lines.2));
            }
            let (view, breakpoints) = view;
            s.view.breakpoints = breakpoints;
            s.view.cursor = view.0.map(|(time, events)| Cursor { time, events });
            s.view.trace_hash = view.1.map(TraceHash);
            (s.view.speed, s.view.selection) = (view.2, view.3);
            s
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_document_reads_back(scenario in scenario()) {
        let catalogue = common::catalogue();
        prop_assert_eq!(&read(&scenario.to_json(), &catalogue).map_err(|p| p.to_string()).unwrap(), &scenario);
        prop_assert_eq!(&read(&scenario.to_json_pretty(), &catalogue).unwrap(), &scenario);
    }

    #[test]
    fn a_link_reads_back(scenario in scenario()) {
        let catalogue = common::catalogue();
        let link = encode(&scenario);
        prop_assert!(link.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)));
        let around = [
            link.clone(),
            format!("s={link}"),
            format!("#s={link}"),
            format!("https://example.org/a/?embed=1&theme=dark#s={link}"),
            format!("#x=1&s={link}&y=2"),
            format!("  {}\n{}\n", &link[..5], &link[5..]),
        ];
        for link in around {
            let Decoded::Scenario(read) = decode(&link, &catalogue) else { panic!("{link}") };
            prop_assert_eq!(&*read, &scenario);
        }
    }

    #[test]
    fn durations_read_back(nanos in any::<u64>()) {
        let text = Duration(nanos).to_string();
        prop_assert_eq!(text.parse::<Duration>().unwrap(), Duration(nanos));
        let seconds = format!("{}.{:09}s", nanos / 1_000_000_000, nanos % 1_000_000_000);
        prop_assert_eq!(seconds.parse::<Duration>().unwrap(), Duration(nanos));
    }

    #[test]
    fn message_names_read_back((from, to) in pair(), at in any::<u64>(), nth in any::<u32>(), copy in any::<u32>()) {
        let name = MessageName { from, to, at, nth, copy };
        prop_assert_eq!(name.to_string().parse::<MessageName>().unwrap(), name);
    }

    #[test]
    fn leaving_out_defaults_changes_no_value(scenario in scenario()) {
        let catalogue = common::catalogue();
        let mut short = scenario.clone();
        catalogue.leave_out_defaults(&mut short);
        let decl = catalogue.algorithm("leader_election", "raft").unwrap();
        prop_assert_eq!(
            catalogue::resolve(&decl.params, &short.system.params),
            catalogue::resolve(&decl.params, &scenario.system.params)
        );
        prop_assert_eq!(decl.node_names(&short), decl.node_names(&scenario));
    }
}

#[test]
fn durations_print_with_the_largest_exact_unit() {
    for (text, printed) in [
        ("150ms", "150ms"),
        ("1500ms", "1500ms"),
        ("1.5s", "1500ms"),
        ("60s", "1m"),
        ("90s", "90s"),
        ("24h", "24h"),
        ("0", "0s"),
        ("0ns", "0s"),
        ("250us", "250us"),
        ("250µs", "250us"),
        ("1000 us", "1ms"),
        ("0.001us", "1ns"),
    ] {
        assert_eq!(text.parse::<Duration>().unwrap().to_string(), printed, "{text}");
    }
    for text in
        ["", "1", "s", "1.s", ".5s", "1.5ns", "-1s", "1e3s", "1 day", "99999999999h", "1.2.3s", "0.0001us"]
    {
        assert!(text.parse::<Duration>().is_err(), "{text}");
    }
}

#[test]
fn message_names_are_what_a_person_sees() {
    for text in ["n1>n2@12.480123456", "n1>n2@0", "c12>lb1@3.5/1", "n1>n2@3.5/1+2", "n1>n2@3+1"] {
        assert_eq!(text.parse::<MessageName>().unwrap().to_string(), text);
    }
    for text in [
        "n1>n2",
        "n1>@1",
        "1>n2@1",
        "n01>n2@1",
        "n1>n2@",
        "n1>n2@1.",
        "n1>n2@1.0000000001",
        "n1>n2@1/x",
        "n1>n2@+1",
    ] {
        assert!(text.parse::<MessageName>().is_err(), "{text}");
    }
}

#[test]
fn seeds_have_one_value() {
    assert_eq!(Seed::Number(7).value(), 7);
    assert_eq!(Seed::Text("7".into()).value(), 7);
    assert_eq!(Seed::Text("18446744073709551615".into()).value(), u64::MAX);
    // FNV-1a's published answers.
    assert_eq!(Seed::Text(String::new()).value(), 0xcbf2_9ce4_8422_2325);
    assert_eq!(Seed::Text("a".into()).value(), 0xaf63_dc4c_8601_ec8c);
    assert_eq!(Seed::Text("foobar".into()).value(), 0x8594_4171_f739_67e8);
    assert_eq!(Seed::from_value(u64::MAX).value(), u64::MAX);
    assert_eq!(Seed::from_text("42"), Seed::Number(42));
}

/// Defaults are frozen: this list may grow by fields that change nothing unless they are said; a new version gets a
/// list of its own.
#[test]
fn the_defaults_of_version_1() {
    let scenario = Scenario::new("p", "a");
    assert_eq!(scenario.to_json(), r#"{"version":1,"system":{"pattern":"p","algorithm":"a"}}"#);
    let network: Vec<(String, Value)> =
        declarations::network().into_iter().map(|decl| (decl.id, decl.default)).collect();
    let workload: Vec<(String, Value)> =
        declarations::workload().into_iter().map(|decl| (decl.id, decl.default)).collect();
    let frozen = [
        ("latency", json!({"kind": "uniform", "min": "5ms", "max": "15ms"})),
        ("loss", json!(0.0)),
        ("duplicate", json!(0.0)),
        ("reorder", json!(0.0)),
        ("bandwidth", json!(0)),
        ("transport", json!("auto")),
        ("clients", json!(3)),
        ("mode", json!("closed")),
        ("rate", json!(100.0)),
        ("think", json!({"kind": "exponential", "mean": "100ms"})),
        ("read_share", json!(0.5)),
        ("keys", json!(10)),
        ("skew", json!(0.0)),
        ("value_bytes", json!(64)),
        ("timeout", json!("1s")),
        ("retries", json!(0)),
        ("backoff", json!("50ms")),
        ("retry_budget", json!(0.0)),
        ("client_skew", json!(0.0)),
        ("sessions", json!(true)),
        ("start", json!("0s")),
        ("stop", Value::Null),
    ];
    let said: Vec<(String, Value)> = network.into_iter().chain(workload).collect();
    let frozen: Vec<(String, Value)> = frozen.into_iter().map(|(id, value)| (id.to_owned(), value)).collect();
    assert_eq!(said, frozen);
    assert_eq!((scenario.seed, scenario.duration), (Seed::Number(1), Duration::from_secs(60)));
    // What serde fills in is the same.
    let read: Scenario =
        serde_json::from_str(r#"{"version":1,"system":{"pattern":"p","algorithm":"a"}}"#).unwrap();
    assert_eq!(read, Scenario::new("p", "a"));
}
