//! `netsplit check-history`: verdicts, forms, and what it refuses.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

fn check(history: &[u8], arguments: &[&str]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_netsplit"))
        .args(["check-history", "-"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut input = child.stdin.take().expect("a pipe");
    // One that refuses stops reading.
    let _ = input.write_all(history);
    drop(input);
    child.wait_with_output().expect("it ends")
}

/// Its verdict and its status as a register.
fn verdict(history: &str, arguments: &[&str]) -> (String, Option<i32>) {
    let output = check(history.as_bytes(), &[&["--model", "register", "--json"], arguments].concat());
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{history}\n{}", String::from_utf8_lossy(&output.stderr)));
    (report["verdict"].as_str().expect("text").to_owned(), output.status.code())
}

/// Operations one after another: process, type, f, value.
fn lines(list: &[(u64, &str, &str, Value)]) -> String {
    let line = |(process, kind, f, value): &(u64, &str, &str, Value)| {
        json!({"process": process, "type": kind, "f": f, "value": value}).to_string() + "\n"
    };
    list.iter().map(line).collect()
}

const FINE: (&str, Option<i32>) = ("linearizable", Some(0));
const BROKEN: (&str, Option<i32>) = ("violated", Some(1));

fn assert_verdict(history: &str, arguments: &[&str], expected: (&str, Option<i32>)) {
    let found = verdict(history, arguments);
    assert_eq!((found.0.as_str(), found.1), expected, "{history}");
}

#[test]
fn the_contract_of_histories() {
    let write = |process, value: u64| {
        [(process, "invoke", "write", json!(value)), (process, "ok", "write", json!(value))]
    };
    let read =
        |process, value: Value| [(process, "invoke", "read", Value::Null), (process, "ok", "read", value)];
    // Initially null; a stale read; what failed did not happen; what is unknown may, later, once.
    assert_verdict("", &[], FINE);
    assert_verdict(&lines(&read(0, Value::Null)), &[], FINE);
    assert_verdict(&lines(&[write(0, 1), write(0, 2), read(1, json!(1))].concat()), &[], BROKEN);
    let failed = [(0, "invoke", "write", json!(1)), (0, "fail", "write", json!("refused"))];
    assert_verdict(&lines(&[&failed[..], &read(1, json!(1))].concat()), &[], BROKEN);
    let unknown = [(0, "invoke", "write", json!(1)), (0, "info", "write", json!(1))];
    let later = [&unknown[..], &write(1, 2), &read(1, json!(2)), &read(1, json!(1))].concat();
    assert_verdict(&lines(&later), &[], FINE);
    assert_verdict(&lines(&[&later[..], &write(1, 3), &read(1, json!(1))].concat()), &[], BROKEN);
    assert_verdict(&lines(&[&later[1..1], &later[..1], &later[2..]].concat()), &[], FINE);
    // A process that goes on after an unknown outcome is read as another one.
    assert_verdict(&lines(&[&unknown[..], &read(0, Value::Null), &read(0, json!(1))].concat()), &[], FINE);
    // Comparisons: ok means that it held; with result false, that it did not; failed says nothing.
    let cas = |value: Value, kind| [(0, "invoke", "cas", value.clone()), (0, kind, "cas", value)];
    assert_verdict(
        &lines(&[&write(0, 1)[..], &cas(json!([1, 2]), "ok"), &read(1, json!(2))].concat()),
        &[],
        FINE,
    );
    assert_verdict(&lines(&[&write(0, 1)[..], &cas(json!([3, 2]), "ok")].concat()), &[], BROKEN);
    assert_verdict(
        &lines(&[&write(0, 1)[..], &cas(json!([1, 2]), "fail"), &read(1, json!(1))].concat()),
        &[],
        FINE,
    );
    let held = |result: bool| {
        lines(&[&write(0, 1)[..], &cas(json!([1, 2]), "invoke")[..1]].concat())
            + &json!({"process": 0, "type": "ok", "f": "cas", "value": [1, 2], "result": result}).to_string()
    };
    assert_verdict(&held(true), &[], FINE);
    assert_verdict(&held(false), &[], BROKEN);
    assert_verdict(&lines(&cas(json!([null, 2]), "ok")), &[], FINE);
    // Keys, apart from the value or before it.
    let keyed = r#"{"process":0,"type":"invoke","f":"write","key":"x","value":1}
{"process":0,"type":"ok","f":"write","value":["x",1]}
{"process":1,"type":"invoke","f":"read","value":["y",null]}
{"process":1,"type":"ok","f":"read","key":"y","value":null,"time":17}
"#;
    assert_verdict(keyed, &[], FINE);
}

#[test]
fn strings() {
    let kv =
        |list: &[(u64, &str, &str, Value)]| check(lines(list).as_bytes(), &["--model", "kv"]).status.code();
    let both =
        |process, f, value: &str| [(process, "invoke", f, json!(value)), (process, "ok", f, json!(value))];
    let get = |process, value: &str| {
        [(process, "invoke", "get", Value::Null), (process, "ok", "get", json!(value))]
    };
    assert_eq!(kv(&get(0, "")), Some(0));
    assert_eq!(kv(&[both(0, "put", "a"), both(1, "append", "b"), get(0, "ab")].concat()), Some(0));
    assert_eq!(kv(&[both(0, "put", "a"), both(1, "append", "b"), get(0, "ba")].concat()), Some(1));
    assert_eq!(kv(&[(0, "invoke", "put", json!(5))]), Some(2));
    assert_eq!(kv(&[(0, "invoke", "write", json!("a"))]), Some(2));
}

#[test]
fn jepsens_forms() {
    let edn = "[{:process 0, :type :invoke, :f :write, :value [:x 1], :index 0}\n {:process 0, :type :info, :f :write, :value [:x 1], :error :timeout}\n {:process :nemesis, :type :info, :f :start, :value nil}\n {:process 1, :type :invoke, :f :cas, :value [:x [nil 3]]}\n #jepsen.history.Op{:process 1, :type :ok, :f :cas, :value [:x [nil 3]]}\n {:process 1, :type :invoke, :f :read, :value [:x nil]}\n {:process 1, :type :ok, :f :read, :value [:x READ]}]";
    for (read, expected) in [("3", FINE), ("1", FINE), ("nil", BROKEN)] {
        assert_verdict(&edn.replace("READ", read), &["--format", "edn"], expected);
        // One map a line is the same.
        let plain = edn.replace("READ", read).replace(['[', ']'], " ").replace(":x", "");
        assert_verdict(&plain.replace("nil 3", "[nil 3]"), &["--format", "edn"], expected);
    }
    let log = "INFO  jepsen.util - 0\t:invoke\t:write\t3\nINFO  jepsen.util - 0\t:ok\t:write\t3\nINFO  jepsen.core - more\nINFO  jepsen.util - 1\t:invoke\t:cas\t[3 4]\nINFO  jepsen.util - :nemesis\t:info\t:start\tnil\nINFO  jepsen.util - 1\t:RESULT\t:cas\t[3 4]\nINFO  jepsen.util - 2\t:invoke\t:read\tnil\nINFO  jepsen.util - 2\t:ok\t:read\t4\nINFO  jepsen.util - 0\t:invoke\t:read\tnil\nINFO  jepsen.util - 0\t:fail\t:read\t:timed-out\n";
    for (result, expected) in [("ok", FINE), ("info", FINE), ("fail", BROKEN)] {
        assert_verdict(&log.replace("RESULT", result), &["--format", "jepsen-log"], expected);
    }
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    let good = r#"{"process":0,"type":"invoke","f":"write","value":1}"#;
    let long = format!("{{\"process\":0,\"value\":\"{}\"}}", "x".repeat(10_000_000));
    let deep = format!("{{\"process\":0,\"value\":{}}}", "[".repeat(100_000));
    let huge = r#"{"process":0,"type":"ok","f":"write","value":1e999}"#;
    let cases: [(&str, &str); 19] = [
        (r#"{"process":0,"type":"ok","f":"wri"#, "cut short"),
        ("nonsense", "column 1"),
        (&long, "more than"),
        (&deep, "deeper"),
        (huge, "out of range"),
        (r#"{"process":0,"type":"ok","f":"write","value":NaN}"#, "where a value"),
        (r#"{"process":0,"type":"ok","f":"write","value":2}"#, "was of 1"),
        (r#"{"process":0,"type":"ok","f":"read","value":1}"#, "is a write"),
        (r#"{"process":0,"type":"invoke","f":"read"}"#, "while its write of line 1 is open"),
        (r#"{"process":1,"type":"ok","f":"write","value":1}"#, "none is open"),
        (r#"{"process":1,"type":"info","f":"write","value":1}"#, "none is open"),
        (r#"{"process":1e3000,"type":"invoke","f":"read"}"#, "out of range"),
        (r#"{"process":99999999999999999999,"type":"invoke","f":"read"}"#, "whole number"),
        (r#"{"process":0,"type":"maybe","f":"write"}"#, "maybe"),
        (r#"{"process":0,"type":"ok","f":"increment"}"#, "read, write and cas"),
        (r#"{"process":1,"type":"invoke","f":"cas","value":[1,2,3]}"#, "[old, new]"),
        (r#"{"process":0,"type":"ok","f":"write","key":"x","value":1}"#, "the key is"),
        ("[]", "object"),
        (r#"{"process":null,"type":"ok","f":"write"}"#, "whole number"),
    ];
    for (bad, part) in cases {
        let output = check(format!("{good}\n{bad}\n").as_bytes(), &["--model", "register"]);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        let start = bad.get(..60.min(bad.len())).unwrap_or(bad);
        assert_eq!(output.status.code(), Some(2), "{start}: {message}");
        assert!(message.starts_with("-:2: ") && message.contains(part), "{start}: {message}");
        assert!(message.len() < 400, "{start}: a long message");
    }
    let output = check(
        b"{\"process\":0,\"type\":\"invoke\",\"f\":\"write\",\"value\":\"\xff\"}\n",
        &["--model", "register"],
    );
    assert!(output.status.code() == Some(2) && String::from_utf8_lossy(&output.stderr).contains("UTF-8"));
    let output = check(b"{:process 0 :type", &["--model", "register", "--format", "edn"]);
    assert!(output.status.code() == Some(2) && String::from_utf8_lossy(&output.stderr).contains("cut short"));
}

#[test]
fn a_budget_that_does_not_do_has_its_own_status() {
    let mut list = Vec::new();
    for process in 0..12_u64 {
        list.push((process, "invoke", "cas", json!([process % 4, (process + 1) % 4])));
    }
    list.push((20, "invoke", "write", json!(0)));
    list.push((20, "ok", "write", json!(0)));
    for process in 0..12_u64 {
        list.push((process, "ok", "cas", json!([process % 4, (process + 1) % 4])));
    }
    assert_verdict(&lines(&list), &["--steps", "3"], ("undecided", Some(3)));
    assert_verdict(&lines(&list), &[], FINE);
}

#[test]
fn a_witness_is_told_as_json_in_words_and_as_a_page() {
    let mut list = Vec::new();
    for value in 0..40_u64 {
        list.extend([(0, "invoke", "write", json!(value)), (0, "ok", "write", json!(value))]);
        list.extend([(1, "invoke", "read", Value::Null), (1, "ok", "read", json!(value))]);
    }
    list.extend([(2, "invoke", "read", Value::Null), (2, "ok", "read", json!("<b>38"))]);
    let history = lines(&list).replace("\"<b>38\"", "38");
    let page = std::env::temp_dir().join(format!("netsplit-{}-witness.html", std::process::id()));
    let page = page.to_string_lossy().into_owned();
    let output = check(history.as_bytes(), &["--model", "register", "--json", "--html", &page]);
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let violation = &report["violations"][0];
    assert_eq!((&violation["line"], &violation["process"]), (&json!(162), &json!(2)));
    let witness = &violation["witness"];
    let operations = witness["operations"].as_array().expect("a list");
    // The write of 38, a newer one that was over, and the read.
    assert!(operations.len() <= 4 && witness["checked_by_brute_force"] == json!(true), "{witness}");
    let last = operations.iter().find(|op| op["last"] == json!(true)).expect("the last one");
    assert_eq!((&last["f"], &last["value"], &last["invoked"]), (&json!("read"), &json!(38), &json!(161)));
    assert_eq!(witness["possible"], json!([39]));
    let html = std::fs::read_to_string(page).expect("written");
    assert!(html.contains("<svg") && html.contains("read -&gt; 38") && !html.contains("http"));
    let words = check(history.as_bytes(), &["--model", "register"]);
    let words = String::from_utf8_lossy(&words.stdout).into_owned();
    assert!(words.contains("no order explains") && words.contains("line 161"), "{words}");
    // What is in a history is text, not a page.
    let hostile = r#"{"process":0,"type":"invoke","f":"read","key":"<script>"}
{"process":0,"type":"ok","f":"read","key":"<script>","value":"<img>&"}"#;
    let page = std::env::temp_dir().join(format!("netsplit-{}-hostile.html", std::process::id()));
    let page = page.to_string_lossy().into_owned();
    assert_eq!(check(hostile.as_bytes(), &["--model", "register", "--html", &page]).status.code(), Some(1));
    let html = std::fs::read_to_string(page).expect("written");
    assert!(!html.contains("<script>") && !html.contains("<img>") && html.contains("&lt;img&gt;&amp;"));
}

#[test]
fn what_netsplit_records_it_can_check() {
    let scenario = json!({
        "version": 1, "duration": "5s",
        "system": {"pattern": "leader_election", "algorithm": "raft"},
    });
    let file = |name: &str| {
        std::env::temp_dir()
            .join(format!("netsplit-{}-{name}", std::process::id()))
            .to_string_lossy()
            .into_owned()
    };
    let (path, history) = (file("own.json"), file("own.jsonl"));
    std::fs::write(&path, scenario.to_string()).expect("written");
    let run =
        Command::new(env!("CARGO_BIN_EXE_netsplit")).args(["run", &path, "--history", &history]).output();
    assert!(run.expect("it starts").status.success());
    let text = std::fs::read_to_string(&history).expect("written");
    assert!(text.lines().count() > 50);
    assert_verdict(&text, &[], FINE);
    // A read that says something else is found.
    let lie =
        text.lines().position(|line| line.contains("\"ok\"") && line.contains("\"read\"")).expect("a read");
    let changed: Vec<String> = text
        .lines()
        .enumerate()
        .map(|(at, line)| {
            let mut record: Value = serde_json::from_str(line).expect("JSON");
            if at == lie {
                record["value"] = json!(123_456_789);
            }
            record.to_string()
        })
        .collect();
    assert_verdict(&changed.join("\n"), &[], BROKEN);
}
