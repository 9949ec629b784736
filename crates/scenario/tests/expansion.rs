//! Chaos, schemas, and the catalogue's own check.

mod common;

use netsplit_scenario::catalogue::{PresetDecl, PresetValueDecl, RoleCount, RoleDecl};
use netsplit_scenario::*;
use serde_json::{Value, json};

/// SplitMix64's finaliser; good enough to draw with in a test.
fn draw(entry: u64, occasion: u64) -> u64 {
    let mut z = (entry << 40 | occasion).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn chaos(at: u64, rate: f64, kinds: &[&str]) -> Fault {
    let mut fault = Fault::new(Duration::from_secs(at), "chaos");
    fault.params.insert("kinds".into(), json!(kinds));
    fault.params.insert("rate".into(), json!(rate));
    fault.params.insert("max_at_once".into(), json!(3));
    fault.params.insert("each".into(), json!("10ms"));
    fault
}

fn expanded(faults: &[Fault]) -> Vec<Fault> {
    let names = |_: &Target| (1..=5).map(|i| format!("n{i}")).collect();
    expand::expand(faults, &common::catalogue(), Duration::from_secs(100), &names, &draw)
}

#[test]
fn chaos_becomes_ordinary_faults() {
    let all = ["crash", "restart", "loss", "partition", "spike", "hot_key"];
    let faults = expanded(&[chaos(10, 10.0, &all)]);
    // 900 are expected; a Poisson count is within 4 standard deviations (few collide at 10 ms each).
    assert!((780..=1020).contains(&faults.len()), "{}", faults.len());
    for kind in all {
        assert!(faults.iter().filter(|fault| fault.kind == kind).count() > 50, "{kind}");
    }
    assert!(faults.windows(2).all(|pair| pair[0].at < pair[1].at));
    assert!(faults[0].at > Duration::from_secs(10) && faults[faults.len() - 1].at < Duration::from_secs(100));
    for fault in &faults {
        let under_way = faults.iter().filter(|other| {
            other.at <= fault.at && other.lasts.is_some_and(|lasts| other.at.0 + lasts.0 > fault.at.0)
        });
        assert!(under_way.count() <= 3);
    }
    // Each of them is a fault that a person could have written.
    let mut scenario = Scenario::new("leader_election", "raft");
    scenario.faults = faults;
    assert_eq!(read(&scenario.to_json(), &common::catalogue()).unwrap(), scenario);
}

#[test]
fn other_faults_change_no_draw() {
    let entry = chaos(10, 2.0, &["crash"]);
    let alone = expanded(std::slice::from_ref(&entry));
    let crash = Fault { target: Target::All, ..Fault::new(Duration::ZERO, "crash") };
    let with = expanded(&[crash.clone(), entry.clone()]);
    assert_eq!((&with[0], &with[1..]), (&crash, &alone[..]));
    let two = expanded(&[entry, chaos(0, 5.0, &["slow"])]);
    assert_eq!(two[..alone.len()], alone[..]);
}

#[test]
fn the_gaps_are_exponential() {
    let faults = expanded(&[chaos(0, 100.0, &["restart"])]);
    let gaps: Vec<f64> = faults.windows(2).map(|pair| (pair[1].at.0 - pair[0].at.0) as f64 / 1e7).collect();
    let count = gaps.len() as f64;
    let mean = gaps.iter().sum::<f64>() / count;
    let over = |x: f64| gaps.iter().filter(|gap| **gap > x).count() as f64 / count;
    assert!((mean - 1.0).abs() < 0.05, "{mean}");
    assert!((over(1.0) - 0.3679).abs() < 0.03 && (over(3.0) - 0.0498).abs() < 0.01);
}

#[test]
fn the_test_catalogue_is_sound_and_a_bad_one_is_not() {
    let mut catalogue = common::catalogue();
    assert_eq!(validate::catalogue_problems(&catalogue), Problems::default());
    let raft = &mut catalogue.patterns[0].algorithms[0];
    raft.params[0].default = json!("1h");
    raft.nodes.default = 12;
    let (id, label, prefix) = ("client".to_owned(), String::new(), "c".to_owned());
    raft.roles.push(RoleDecl { id, label, prefix, count: RoleCount::Param("x".to_owned()) });
    assert_eq!(validate::catalogue_problems(&catalogue).list.len(), 5);
    catalogue.patterns.truncate(0);
    catalogue.faults.push(catalogue.faults[0].clone());
    assert_eq!(validate::catalogue_problems(&catalogue).list.len(), 1);
}

#[test]
fn presets_are_of_their_algorithm() {
    let mut catalogue = common::catalogue();
    let value = |param: &str, value| PresetValueDecl {
        param: param.to_owned(),
        value,
        source: "its manual".to_owned(),
    };
    let preset = |id: &str, values| PresetDecl {
        id: id.to_owned(),
        label: id.to_owned(),
        summary: "One.".to_owned(),
        values,
    };
    let good = preset("good", vec![value("heartbeat", json!("100 ms")), value("reads", json!("lease"))]);
    let presets = |catalogue: &mut Catalogue, presets| catalogue.patterns[0].algorithms[0].presets = presets;
    presets(&mut catalogue, vec![good.clone()]);
    assert_eq!(validate::catalogue_problems(&catalogue), Problems::default());
    for (bad, code, path) in [
        (vec![value("beat", json!("1ms"))], "unknown_name", "leader_election.raft.bad"),
        (vec![value("heartbeat", json!("1h"))], "out_of_range", "leader_election.raft.bad.heartbeat"),
        (vec![value("batch", json!("many"))], "wrong_type", "leader_election.raft.bad.batch"),
        (vec![value("reads", json!("dirty"))], "unknown_name", "leader_election.raft.bad.reads"),
        (vec![value("batch", json!(1)), value("batch", json!(2))], "duplicate", "leader_election.raft.bad"),
    ] {
        presets(&mut catalogue, vec![good.clone(), preset("bad", bad)]);
        let problems = validate::catalogue_problems(&catalogue);
        let found: Vec<_> = problems.list.iter().map(|p| (p.code.as_str(), p.path.as_str())).collect();
        assert_eq!(found, [(code, path)], "{problems}");
    }
    presets(&mut catalogue, vec![good.clone(), good]);
    assert_eq!(validate::catalogue_problems(&catalogue).list.len(), 1);
}

#[test]
fn a_catalogue_without_groups_and_presets_is_read() {
    let catalogue = common::catalogue();
    let text = serde_json::to_string(&catalogue).unwrap();
    let old = text.replace(r#""group":"","#, "").replace(r#""presets":[],"#, "");
    assert!(!old.contains("group\":\"\"") && !old.contains("presets"));
    assert_eq!(serde_json::from_str::<Catalogue>(&old).unwrap(), catalogue);
}

#[test]
fn values_that_mean_the_same_are_the_same() {
    let catalogue = common::catalogue();
    let params = &catalogue.patterns[0].algorithms[0].params;
    assert!(params[0].same(&json!("1000 ms"), &json!("1s")) && !params[0].same(&json!("1s"), &json!("2s")));
    assert!(params[3].same(&json!(1), &json!(1.0)));
    assert!(!params[3].same(&json!("1"), &json!("1")));
    assert!(!params[3].same(&Value::Null, &json!(0.5)) && params[3].same(&Value::Null, &Value::Null));
}

#[test]
fn schemas_name_every_parameter_and_fault() {
    let catalogue = common::catalogue();
    let pattern = &catalogue.patterns[0];
    let one = schema::algorithm_schema(&catalogue, pattern, &pattern.algorithms[0]);
    let params = &one["properties"]["system"]["properties"]["params"]["properties"];
    assert_eq!(params["heartbeat"]["default"], json!("50ms"));
    assert_eq!(params["batch"]["maximum"], json!(1000));
    let all = schema::scenario_schema(&catalogue);
    assert_eq!(all["properties"]["system"]["anyOf"].as_array().unwrap().len(), 3);
    assert_eq!(all["properties"]["faults"]["items"]["anyOf"].as_array().unwrap().len(), 9);
    assert_eq!(all["properties"]["workload"]["properties"]["keys"]["default"], json!(10));
    // Every reference leads somewhere.
    let text = all.to_string();
    for part in text.split("\"$ref\":\"#/$defs/").skip(1) {
        let name = part.split('"').next().unwrap();
        assert!(all["$defs"].get(name).is_some(), "{name}");
    }
    // Every field that the document can have is in it.
    let rich: serde_json::Value = serde_json::from_str(include_str!("rich.json")).unwrap();
    for name in rich.as_object().unwrap().keys() {
        assert!(all["properties"].get(name).is_some(), "{name}");
    }
}
