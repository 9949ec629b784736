//! Every link ever made opens for ever. `links-v1.txt` grows; none of its lines may change.

mod common;

use netsplit_scenario::{Decoded, decode, encode};

#[test]
fn old_links_open() {
    let catalogue = common::catalogue();
    let corpus = include_str!("links-v1.txt");
    let lines: Vec<&str> = corpus.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    assert!(lines.len() >= 10 && lines.len().is_multiple_of(2));
    for pair in lines.chunks(2) {
        let [link, json] = pair else { unreachable!() };
        let Decoded::Scenario(scenario) = decode(link, &catalogue) else {
            panic!("{link}: {:?}", decode(link, &catalogue))
        };
        assert_eq!(scenario.to_json(), *json, "{link}");
        let Decoded::Scenario(again) = decode(&encode(&scenario), &catalogue) else { panic!("{link}") };
        assert_eq!(again, scenario);
    }
}

/// Prints lines for the corpus: `MAKE=file.json cargo test -p netsplit-scenario --test links -- --nocapture`.
#[test]
fn lines_for_the_corpus() {
    let Some(file) = std::env::var_os("MAKE") else { return };
    for text in std::fs::read_to_string(file).unwrap().split("\n---\n") {
        let scenario = netsplit_scenario::read(text, &common::catalogue()).unwrap();
        println!("{}\n{}\n", encode(&scenario), scenario.to_json());
    }
}
