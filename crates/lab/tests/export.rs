//! What other programs read is what they expect.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

use netsplit_lab::scenario::{Duration, Fault, Target};
use netsplit_lab::{Experiment, catalogue, causes, default_scenario, export, spacetime};
use serde_json::Value;

const END: u64 = 4_000_000_000;

fn all() -> Vec<Experiment> {
    let patterns = catalogue().patterns;
    let all = patterns.iter().flat_map(|p| p.algorithms.iter().map(|a| (p.id.clone(), a.id.clone())));
    let open = |(pattern, algorithm): (String, String)| {
        let mut scenario = default_scenario(&pattern, &algorithm);
        scenario.title = "A <run> & \"more\"".to_owned();
        scenario.duration = Duration(END);
        let mut crash = Fault::new(Duration::from_millis(700), "crash");
        (crash.target, crash.lasts) = (Target::All, Some(Duration::from_millis(200)));
        scenario.faults.push(crash);
        let mut x = Experiment::open(&scenario).expect("valid");
        x.seek(END);
        x
    };
    all.map(open).collect()
}

#[test]
fn the_trace_is_a_line_of_json_for_each_event() {
    for x in all() {
        let mut text = String::new();
        export::trace::json_lines(&x, 1, u64::MAX, &mut |line| text.push_str(line));
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let numbers: Vec<u64> = lines.iter().filter_map(|line| line["event"].as_u64()).collect();
        assert_eq!(numbers.len(), lines.len());
        assert!(numbers.is_sorted() && numbers.first() == Some(&1) && numbers.last() == Some(&x.events()));
        let mut distinct = numbers;
        distinct.dedup();
        assert_eq!(distinct.len() as u64, x.events());
        assert!(lines.iter().all(|line| line["node"].is_string() && line["time"].is_u64()));
        let arrivals = lines.iter().filter(|line| line["kind"] == "arrive");
        assert!(arrivals.clone().count() > 40);
        assert!(
            arrivals
                .clone()
                .all(|line| line["sent"].as_u64() <= line["time"].as_u64() && line["cause"].is_u64())
        );
        // A part of it is that part of the lines.
        let mut part = String::new();
        export::trace::json_lines(&x, 100, 120, &mut |line| part.push_str(line));
        assert!(text.contains(&part) && part.starts_with("{\"event\":100,"));
    }
}

/// Reads a log as ShiViz does with the expression of its examples: a line of host and clock, then the event; and checks
/// what ShiViz checks: each host's own count goes up by one from 1, and a clock knows of no event that is not there.
fn read_shiviz(log: &str) -> Vec<(String, BTreeMap<String, u64>)> {
    let lines: Vec<&str> = log.lines().collect();
    assert!(lines.len().is_multiple_of(2));
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let mut all = Vec::new();
    for pair in lines.chunks(2) {
        let (host, clock) = pair[0].split_once(' ').expect("host and clock");
        assert!(
            !host.is_empty()
                && !host.contains(char::is_whitespace)
                && clock.starts_with('{')
                && clock.ends_with('}')
        );
        let clock: BTreeMap<String, u64> = serde_json::from_str(clock).expect("the clock is JSON");
        let own = counts.entry(host.to_owned()).or_insert(0);
        *own += 1;
        assert_eq!(clock.get(host), Some(&*own), "{host}");
        assert!(
            clock.iter().all(|(of, count)| *count > 0 && counts.get(of).is_some_and(|known| known >= count))
        );
        assert!(!pair[1].is_empty() && !pair[1].starts_with('{'));
        all.push((host.to_owned(), clock));
    }
    all
}

#[test]
fn a_log_for_shiviz_follows_its_rules() {
    for x in all() {
        for (from, to) in [(1, u64::MAX), (100, 600)] {
            let mut log = String::new();
            export::trace::shiviz(&x, from, to, &mut |line| log.push_str(line));
            let events = read_shiviz(&log);
            assert!(events.len() > 20);
            // Somebody hears from somebody.
            assert!(events.iter().any(|(_, clock)| clock.len() > 2));
        }
    }
    assert_eq!(export::trace::SHIVIZ_PARSER, r"(?<host>\S*) (?<clock>{.*})\n(?<event>.*)");
}

#[test]
fn charts_are_csv() {
    for x in all() {
        let csv = export::metrics::csv(&x);
        let rows: Vec<Vec<&str>> = csv.split_terminator("\r\n").map(|row| row.split(',').collect()).collect();
        let columns: usize = 1 + x.charts().iter().map(|chart| chart.lines.len()).sum::<usize>();
        assert!(rows.len() > 20 && rows.iter().all(|row| row.len() == columns), "{csv}");
        let ok: f64 = rows[1..].iter().map(|row| row[1].parse::<f64>().expect("a number")).sum();
        let bucket = x.charts()[0].bucket as f64 / 1e9;
        assert!((ok * bucket - x.report().metrics.operations.ok as f64).abs() < 0.5);
    }
}

#[test]
fn prometheus_takes_the_numbers() {
    let mut checked = 0;
    for x in all() {
        let text = export::metrics::prometheus(&x);
        let ok =
            format!("netsplit_operations_total{{outcome=\"ok\"}} {}\n", x.report().metrics.operations.ok);
        assert!(text.contains(&ok), "{text}");
        // Each family has help and type once, before its samples.
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let name = line.split(['{', ' ']).next().unwrap_or_default();
            let family = name.trim_end_matches("_sum").trim_end_matches("_count");
            let place = |what: &str| text.find(&format!("# {what} {family} "));
            assert!(
                place("HELP").is_some() && place("HELP") < place("TYPE") && place("TYPE") < text.find(line),
                "{line}"
            );
        }
        let mut tool = Command::new("promtool");
        tool.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let Ok(mut tool) = tool.spawn() else { continue };
        tool.stdin.take().expect("piped").write_all(text.as_bytes()).expect("it reads");
        let answer = tool.wait_with_output().expect("it ends");
        let said =
            String::from_utf8_lossy(&answer.stderr).into_owned() + &String::from_utf8_lossy(&answer.stdout);
        assert!(answer.status.success() && said.is_empty(), "{said}\n{text}");
        checked += 1;
    }
    println!("promtool checked {checked}");
}

/// Tags are closed in order, attributes are quoted, `&` and `<` are escaped: well-formed, as far as this writer goes.
fn well_formed(svg: &str) -> usize {
    let (mut open, mut elements, mut rest) = (Vec::new(), 0, svg.trim());
    while let Some(at) = rest.find('<') {
        assert!(!rest[..at].contains('>'), "{}", &rest[..at]);
        for (amp, _) in rest[..at].match_indices('&') {
            let entity = &rest[amp + 1..amp + rest[amp..].find(';').expect("an entity ends")];
            assert!(["amp", "lt", "gt", "quot"].contains(&entity), "{entity}");
        }
        let end = at + rest[at..].find('>').expect("a tag ends");
        let tag = &rest[at + 1..end];
        assert!(tag.matches('"').count().is_multiple_of(2), "{tag}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
        } else {
            elements += 1;
            if !tag.ends_with('/') {
                open.push(tag.split(' ').next().unwrap_or_default());
            }
        }
        rest = &rest[end + 1..];
    }
    assert!(open.is_empty() && rest.is_empty());
    elements
}

#[test]
fn pictures_are_svg_with_a_title() {
    for x in all() {
        let diagram = spacetime::space_time(&x, 600_000_000, 900_000_000, 20_000);
        let of = diagram.events[diagram.events.len() / 2].event;
        let past = causes::past(&x, of, diagram.events[0].event).expect("there is one");
        let title = &x.document().title;
        let plain = export::svg::space_time(&diagram, &x.legend(), title, &[]);
        let stressed = export::svg::space_time(&diagram, &x.legend(), title, &past.events);
        for svg in [&plain, &stressed, &export::svg::stage(&x.frame(), &x.legend(), title)] {
            assert!(well_formed(svg) > 10);
            assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" "));
            assert!(
                svg.contains("<title id=\"title\">A &lt;run&gt; &amp; &quot;more&quot;</title>"),
                "{svg}"
            );
            assert!(!svg.contains("NaN") && !svg.contains("inf"));
        }
        assert_eq!(plain.matches("opacity=\"0.2\"").count(), 0);
        assert!(stressed.matches("opacity=\"0.2\"").count() > 3);
        let dots = diagram.events.iter().filter(|dot| dot.node != u32::MAX).count();
        assert_eq!(plain.matches("r=\"2\"").count(), dots);
    }
}
