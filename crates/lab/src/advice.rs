//! Settings that make no sense together: not forbidden, but hardly meant.

use netsplit_protocols::registry;
use netsplit_scenario::{Mode, Scenario};
use netsplit_sim::declare::Layout;

use crate::{declared, text};

/// A word about a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// The parameter's id, of the algorithm or of the workload.
    pub param: &'static str,
    /// A sentence.
    pub sentence: String,
}

/// What should be said of a scenario's settings.
#[must_use]
pub fn advice(scenario: &Scenario) -> Vec<Advice> {
    let Some(algorithm) = registry::find(&scenario.system.pattern, &scenario.system.algorithm) else {
        return Vec::new();
    };
    let settings = declared::settings(algorithm.params, &[&scenario.system.params]);
    let has = |id: &str| settings.get(id).is_some();
    let workload = &scenario.workload;
    let mut all = Vec::new();
    let mut say = |param: &'static str, id: &str, args: &[(&str, String)]| {
        all.push(Advice { param, sentence: text::say(id, args) });
    };
    // A request and its answer, through a balancer twice as many ways.
    let latency = declared::distribution(&scenario.network.latency).mean();
    let ways = if algorithm.layout == Layout::Tiers { 4.0 } else { 2.0 };
    let trip = latency * ways;
    let span = |nanos: f64| text::span(nanos as u64);
    if (workload.timeout.0 as f64) < trip {
        say("timeout", "advice-timeout", &[("trip", span(trip))]);
    }
    if has("election_min") && has("heartbeat") {
        let (least, heartbeat) = (settings.duration("election_min"), settings.duration("heartbeat"));
        if least <= heartbeat {
            say("election_min", "advice-heartbeat", &[("heartbeat", text::span(heartbeat))]);
        } else if (least as f64) < latency * 2.0 {
            say("election_min", "advice-election", &[("trip", span(latency * 2.0))]);
        }
        if settings.duration("election_max") < least {
            say("election_max", "advice-range", &[]);
        }
    }
    if has("check_interval") && settings.duration("check_interval") > 0 {
        let (interval, limit) = (settings.duration("check_interval"), settings.duration("check_timeout"));
        if limit > interval {
            say("check_timeout", "advice-check", &[("interval", text::span(interval))]);
        } else if (limit as f64) < latency * 2.0 {
            say("check_timeout", "advice-check-trip", &[("trip", span(latency * 2.0))]);
        }
    }
    if has("service") && has("workers") && workload.mode != Mode::Closed {
        let nodes = f64::from(scenario.system.nodes.unwrap_or(algorithm.nodes.2));
        let room = nodes * settings.int("workers").max(1) as f64;
        let copies = if has("fan_out") { settings.int("fan_out").max(1) as f64 } else { 1.0 };
        let load = workload.rate * copies * settings.law("service").mean() / 1e9 / room;
        if load > 1.0 {
            say("rate", "advice-load", &[("load", format!("{load:.2}"))]);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsplit_scenario::{Distribution, Duration};
    use serde_json::json;

    fn of(pattern: &str, algorithm: &str, change: impl Fn(&mut Scenario)) -> Vec<&'static str> {
        let mut scenario = crate::default_scenario(pattern, algorithm);
        assert_eq!(advice(&scenario), [], "{algorithm}: its defaults");
        change(&mut scenario);
        let advice = advice(&scenario);
        assert!(advice.iter().all(|advice| advice.sentence.contains(' ')), "{advice:?}");
        advice.into_iter().map(|advice| advice.param).collect()
    }

    #[test]
    fn each_rule_speaks_where_it_should() {
        let raft = |id: &'static str, value: &'static str| {
            of("leader_election", "raft", |s| drop(s.system.params.insert(id.to_owned(), json!(value))))
        };
        assert_eq!(raft("election_min", "40ms"), ["election_min"]);
        assert_eq!(raft("heartbeat", "200ms"), ["election_min"]);
        assert_eq!(raft("election_max", "100ms"), ["election_max"]);
        let far = Distribution::Constant(Duration::from_millis(100));
        let slow = of("leader_election", "raft", |s| s.network.latency = far.clone());
        assert_eq!(slow, ["election_min"]);
        let balance = |change: &dyn Fn(&mut Scenario)| of("load_balancing", "round_robin", change);
        assert_eq!(balance(&|s| s.workload.timeout = Duration::from_millis(1)), ["timeout"]);
        let load = balance(&|s| {
            s.workload.mode = Mode::Open;
            s.workload.rate = 1000.0;
        });
        assert_eq!(load, ["rate"]);
        let check = |interval: &'static str, limit: &'static str| {
            balance(&|s| {
                s.system.params.insert("check_interval".to_owned(), json!(interval));
                s.system.params.insert("check_timeout".to_owned(), json!(limit));
            })
        };
        assert_eq!(check("1s", "2s"), ["check_timeout"]);
        assert_eq!(check("1s", "1ms"), ["check_timeout"]);
        assert_eq!(check("0s", "2s"), [] as [&str; 0]);
    }

    #[test]
    fn the_gallery_means_what_it_says() {
        let meant: Vec<String> = crate::gallery()
            .iter()
            .filter_map(|entry| {
                let scenario = netsplit_scenario::read(entry.json, declared::shared()).ok()?;
                let advice = advice(&scenario);
                (!advice.is_empty()).then(|| format!("{}: {}", entry.id, advice[0].param))
            })
            .collect();
        assert_eq!(meant, MEANT);
    }

    /// One overloads its backends, the other waits longer for a check than until the next, on purpose.
    const MEANT: [&str; 2] = ["cold-herd: check_timeout", "wasted-work: rate"];
}
