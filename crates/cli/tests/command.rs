//! The command as its user meets it.

use std::process::{Command, Output};

use serde_json::Value;

fn netsplit(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_netsplit")).args(arguments).output().expect("it starts")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn file(name: &str, text: &str) -> String {
    let path = std::env::temp_dir().join(format!("netsplit-{}-{name}", std::process::id()));
    std::fs::write(&path, text).expect("the temporary folder is writable");
    path.to_string_lossy().into_owned()
}

/// The first algorithm that there is, as a scenario of two seconds.
fn small() -> String {
    let output = netsplit(&["patterns", "--json"]);
    let catalogue: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let patterns = catalogue["patterns"].as_array().expect("a list");
    let pattern = patterns.iter().find(|p| p["algorithms"][0].is_object()).expect("one has an algorithm");
    serde_json::json!({
        "version": 1,
        "duration": "2s",
        "system": {"pattern": pattern["id"], "algorithm": pattern["algorithms"][0]["id"]},
    })
    .to_string()
}

#[test]
fn a_run_prints_the_object_of_the_contract() {
    let path = file("run.json", &small());
    let output = netsplit(&["run", &path, "--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let report: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    let hash = report["trace_hash"].as_str().expect("text");
    assert!(hash.len() == 32 && hash.bytes().all(|b| b.is_ascii_hexdigit()));
    assert!(report["events"].as_u64().expect("a number") > 0);
    assert!(report["engine"].is_object() && report["verdicts"].is_array());
    let metrics = &report["metrics"];
    for name in ["ok", "failed", "timed_out"] {
        assert!(metrics["operations"][name].is_u64(), "{metrics}");
    }
    for name in ["mean", "p50", "p90", "p99", "p999", "max"] {
        assert!(metrics["latency_ms"][name].is_number(), "{metrics}");
    }
    assert!(metrics["throughput_per_s"].is_number());
    // The same again, another seed, a shorter run.
    let again: Value = serde_json::from_slice(&netsplit(&["run", &path, "--json"]).stdout).expect("JSON");
    assert_eq!(report, again);
    let other = netsplit(&["run", &path, "--json", "--seed", "another"]);
    let other: Value = serde_json::from_slice(&other.stdout).expect("JSON");
    assert_ne!(report["trace_hash"], other["trace_hash"]);
    let short = netsplit(&["run", &path, "--json", "--until", "500ms"]);
    let short: Value = serde_json::from_slice(&short.stdout).expect("JSON");
    assert_eq!(short["time_ns"], 500_000_000u64);
}

#[test]
fn a_history_is_one_object_a_line() {
    let (path, history) = (file("history.json", &small()), file("history.jsonl", ""));
    let output = netsplit(&["run", &path, "--history", &history]);
    assert!(output.status.success(), "{}", stderr(&output));
    let text = std::fs::read_to_string(history).expect("written");
    assert!(text.lines().count() > 10);
    for line in text.lines() {
        let record: Value = serde_json::from_str(line).expect("JSON");
        assert!(["invoke", "ok", "fail", "info"].contains(&record["type"].as_str().expect("text")));
        assert!(record["process"].is_u64() && record["f"].is_string());
    }
}

#[test]
fn links_go_there_and_back() {
    let path = file("link.json", &small());
    let link = stdout(&netsplit(&["link", "encode", &path])).trim().to_owned();
    assert!(link.starts_with("#s=1."), "{link}");
    let decoded = netsplit(&["link", "decode", &link]);
    assert!(decoded.status.success(), "{}", stderr(&decoded));
    let (a, b) = (netsplit(&["run", &path, "--json"]), netsplit(&["run", &link, "--json"]));
    assert_eq!(stdout(&a), stdout(&b));
    let cut = &link[..link.len() - 9];
    let broken = netsplit(&["run", cut]);
    assert_eq!(broken.status.code(), Some(2));
    assert!(stderr(&broken).contains("cut short"), "{}", stderr(&broken));
}

#[test]
fn bad_input_names_every_fault_and_its_path() {
    let text = r#"{"version":1,"duration":"2 parsecs","system":{"pattern":"load_balancing","algorithm":"nope"},"extra":1}"#;
    let output = netsplit(&["validate", &file("bad.json", text)]);
    assert_eq!(output.status.code(), Some(2));
    let message = stderr(&output);
    for part in ["duration", "system.algorithm", "extra"] {
        assert!(message.contains(part), "{message}");
    }
    for arguments in [
        vec!["run", "/no/such/file"],
        vec!["run", "gallery:no-such"],
        vec!["validate", "1.AAAAAAAAAAAAAAAA.00000000"],
        vec!["sweep", "gallery:no-such", "--seeds", "5..5"],
        vec!["run"],
        vec!["frobnicate"],
    ] {
        assert_eq!(netsplit(&arguments).status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn a_sweep_does_not_depend_on_the_number_of_jobs() {
    let path = file("sweep.json", &small());
    let run = |jobs: &str| netsplit(&["sweep", &path, "--seeds", "3..15", "--jobs", jobs, "--json"]);
    let (one, three) = (run("1"), run("3"));
    assert!(one.status.success(), "{}", stderr(&one));
    assert_eq!(stdout(&one), stdout(&three));
    let sweep: Value = serde_json::from_slice(&one.stdout).expect("JSON");
    assert_eq!(sweep["seeds"].as_array().map(Vec::len), Some(12));
    let alone = netsplit(&["run", &path, "--json", "--seed", "3"]);
    let alone: Value = serde_json::from_slice(&alone.stdout).expect("JSON");
    assert_eq!(sweep["seeds"][0]["trace_hash"], alone["trace_hash"]);
}

#[test]
fn chaos_expands_to_the_same_run() {
    let mut scenario: Value = serde_json::from_str(&small()).expect("JSON");
    scenario["faults"] = serde_json::json!([
        {"at": "100ms", "for": "1500ms", "kind": "chaos", "kinds": ["crash", "cut", "partition"], "rate": 4.0, "each": "200ms"}
    ]);
    let path = file("chaos.json", &scenario.to_string());
    let expanded = netsplit(&["run", &path, "--expand"]);
    assert!(expanded.status.success(), "{}", stderr(&expanded));
    assert!(!stdout(&expanded).contains("chaos"));
    let plain = file("expanded.json", &stdout(&expanded));
    let hash = |path: &str| -> Value {
        let report: Value = serde_json::from_slice(&netsplit(&["run", path, "--json"]).stdout).expect("JSON");
        report["trace_hash"].clone()
    };
    assert_eq!(hash(&path), hash(&plain));
}

#[test]
fn two_runs_are_compared_and_the_first_difference_is_named() {
    let output = netsplit(&["compare", "gallery:mm1-md1", "--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let answer: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    assert!(answer["b"]["title"].as_str().expect("text").starts_with("M/D/1"));
    let rows = answer["differences"].as_array().expect("a list");
    let mean = rows.iter().find(|row| row["id"] == "latency_ms.mean").expect("it is always there");
    // Constant service waits less than exponential service at the same load.
    assert!(mean["a"].as_f64() > mean["b"].as_f64(), "{mean}");
    assert!(answer["diverges"]["event"].as_u64().expect("a number") > 0);
    let words = stdout(&netsplit(&["compare", "gallery:mm1-md1"]));
    assert!(words.contains("is the first that differs") && words.contains("Mean latency"), "{words}");
    // Another algorithm than the scenario's own comparison; and one that compares nothing.
    let words = stdout(&netsplit(&["compare", "gallery:six-servers", "--with", "random"]));
    assert!(words.starts_with("A: ") && words.contains("B: Random"), "{words}");
    let nothing = netsplit(&["compare", &file("nothing.json", &small())]);
    assert_eq!(nothing.status.code(), Some(2));
    assert!(stderr(&nothing).contains("compare"), "{}", stderr(&nothing));
}

#[test]
fn a_run_is_exported_in_every_format() {
    let path = file("export.json", &small());
    let export = |format: &str, more: &[&str]| {
        let output = netsplit(&[&["export", &path, "--format", format], more].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output)
    };
    let lines = export("jsonl", &[]);
    assert!(
        lines.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()) && lines.lines().count() > 50
    );
    let later = export("jsonl", &["--from", "1s", "--until", "1.5s"]);
    let times: Vec<u64> =
        later.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()?["time"].as_u64()).collect();
    assert!(!times.is_empty() && times.iter().all(|time| (1_000_000_000..=1_500_000_000).contains(time)));
    assert!(export("shiviz", &[]).lines().nth(2).is_some_and(|line| line.contains(" {\"")));
    assert!(export("csv", &[]).starts_with("from_s,"));
    assert!(export("prometheus", &[]).contains("# TYPE netsplit_operations_total counter"));
    assert!(export("svg", &["--until", "500ms"]).trim_end().ends_with("</svg>"));
    assert_eq!(netsplit(&["export", &path, "--format", "docx"]).status.code(), Some(2));
}
