//! Numbers that queueing theory publishes must come out of the simulator: client, balancer and backends over a
//! network without latency. Closed forms: M/M/1, Erlang C, Pollaczek and Khinchine; for two choices, Mitzenmacher,
//! IEEE TPDS 12(10), 2001, table 1 (100 servers, distinct choices).

use std::collections::BTreeMap;

use netsplit_protocols::load_balancing::{ALGORITHMS, Rule, cluster};
use netsplit_protocols::parts::workload::Workload;
use netsplit_protocols::registry::Setup;
use netsplit_sim::Simulation;
use netsplit_sim::cluster::Stop;
use netsplit_sim::declare::{Settings, Value};
use netsplit_sim::distribution::Distribution;
use netsplit_sim::history::{Outcome, What};
use netsplit_sim::network::{Network, Profile, Transport};
use netsplit_sim::time::{MILLISECOND, Nanos, SECOND};

/// Mean service time: one unit of the theory.
const UNIT: Nanos = 10 * MILLISECOND;

struct Case {
    rule: Rule,
    servers: u32,
    workers: u32,
    /// Per worker.
    load: f64,
    service: Distribution,
    choices: i64,
    seed: u64,
}

impl Case {
    fn new(rule: Rule, servers: u32, workers: u32, load: f64) -> Self {
        let service = Distribution::Exponential { mean: UNIT };
        Self { rule, servers, workers, load, service, choices: 2, seed: 1 }
    }

    fn setup(&self) -> Setup {
        let table = ALGORITHMS.iter().find(|a| a.id == "two_choices").unwrap().params;
        let mut settings = Settings::defaults(table);
        settings.set("workers", Value::Int(i64::from(self.workers))).unwrap();
        settings.set("queue_limit", Value::Int(0)).unwrap();
        settings.set("service", Value::Law(self.service.clone())).unwrap();
        settings.set("response_timeout", Value::Duration(3600 * SECOND)).unwrap();
        settings.set("choices", Value::Int(self.choices)).unwrap();
        let places = f64::from(self.servers * self.workers);
        let workload = Workload {
            clients: 1,
            open: true,
            rate: self.load * places * SECOND as f64 / UNIT as f64,
            timeout: 3600 * SECOND,
            stop: Nanos::MAX,
            ..Workload::default()
        };
        Setup {
            seed: self.seed,
            nodes: self.servers,
            spares: 0,
            settings,
            overrides: Vec::new(),
            network: Network::uniform(Profile::new(Distribution::Constant(0), Transport::Datagram)),
            zones: Vec::new(),
            workload,
        }
    }

    /// Times in the system (in units of the service time) of so many jobs, after a tenth of them to warm up.
    fn times(&self, jobs: usize) -> Vec<f64> {
        let mut sim = cluster(&self.setup(), self.rule);
        let (mut seen, mut open, mut times) = (Vec::new(), BTreeMap::new(), Vec::with_capacity(jobs));
        let mut skip = jobs / 10;
        while times.len() < jobs {
            assert_eq!(sim.run(Nanos::MAX, 100_000), Stop::Events, "arrivals must not end");
            sim.drain(&mut seen);
            for observation in seen.drain(..) {
                match observation.what {
                    What::Invoke(operation, intended) => {
                        open.insert(operation.number, intended);
                    }
                    What::Complete(number, outcome, _) => {
                        assert!(matches!(outcome, Outcome::Ok(_)));
                        let began = open.remove(&number).expect("invoked");
                        if skip > 0 {
                            skip -= 1;
                        } else {
                            times.push((observation.time - began) as f64 / UNIT as f64);
                        }
                    }
                    _ => {}
                }
            }
        }
        times
    }

    fn mean(&self, jobs: usize) -> f64 {
        let times = self.times(jobs);
        times.iter().sum::<f64>() / times.len() as f64
    }
}

fn close(what: &str, measured: f64, published: f64, tolerance: f64) {
    let off = measured / published - 1.0;
    println!("{what}: {measured:.4}, published {published:.4} ({:+.2} %)", off * 100.0);
    assert!(off.abs() <= tolerance, "{what}: {measured} instead of {published}");
}

#[test]
fn one_server_mean_and_tail() {
    let case = Case::new(Rule::RoundRobin, 1, 1, 0.8);
    let mut times = case.times(2_000_000);
    close("M/M/1 at 0.8", times.iter().sum::<f64>() / times.len() as f64, 5.0, 0.02);
    times.sort_by(f64::total_cmp);
    close("M/M/1 at 0.8, 99 %", times[times.len() / 100 * 99], 4.60517 / 0.2, 0.02);
    close("M/M/1 at 0.5", Case::new(Rule::RoundRobin, 1, 1, 0.5).mean(1_000_000), 2.0, 0.02);
}

#[test]
fn several_workers_share_a_queue() {
    for (workers, published) in [(2, 2.77778), (4, 1.74554)] {
        let mean = Case::new(Rule::RoundRobin, 1, workers, 0.8).mean(2_000_000);
        close(&format!("M/M/{workers} at 0.8"), mean, published, 0.02);
    }
}

#[test]
fn service_laws() {
    // M/G/1: the wait is rho (1 + scv) / (2 (1 - rho)).
    let laws = [
        ("deterministic", Distribution::Constant(UNIT), 0.0),
        ("Erlang-2", Distribution::Erlang { mean: UNIT, phases: 2 }, 0.5),
    ];
    for (name, service, scv) in laws {
        let mean = Case { service, ..Case::new(Rule::RoundRobin, 1, 1, 0.8) }.mean(2_000_000);
        close(&format!("M/G/1 {name} at 0.8"), mean, 1.0 + 0.8 * (1.0 + scv) / 0.4, 0.02);
    }
}

fn two_choices(load: f64, published: f64) {
    let mean = Case::new(Rule::Choices, 100, 1, load).mean(2_000_000);
    close(&format!("two choices at {load}"), mean, published, 0.01);
}

#[test]
fn two_choices_at_half_load() {
    two_choices(0.5, 1.2673);
}

#[test]
fn two_choices_at_four_fifths() {
    two_choices(0.8, 1.9585);
}

#[test]
fn two_choices_at_nine_tenths() {
    two_choices(0.9, 2.6454);
}

#[test]
fn the_more_a_rule_knows_the_shorter_the_wait() {
    let mean = |rule, choices| Case { choices, ..Case::new(rule, 20, 1, 0.9) }.mean(400_000);
    let least = mean(Rule::LeastConnections, 2);
    let two = mean(Rule::Choices, 2);
    let turn = mean(Rule::RoundRobin, 2);
    let random = mean(Rule::Choices, 1);
    println!("least {least:.3}, two choices {two:.3}, round robin {turn:.3}, random {random:.3}");
    assert!(least < two && two < turn && turn < random);
}

#[test]
#[ignore = "long: ten million jobs each"]
fn heavy_load() {
    close("M/M/1 at 0.9", Case::new(Rule::RoundRobin, 1, 1, 0.9).mean(10_000_000), 10.0, 0.02);
    for (workers, published) in [(2, 5.26316), (4, 2.96938), (10, 1.66873)] {
        let mean = Case::new(Rule::RoundRobin, 1, workers, 0.9).mean(10_000_000);
        close(&format!("M/M/{workers} at 0.9"), mean, published, 0.02);
    }
    for (load, published) in [(0.7, 1.6202), (0.9, 2.6454), (0.95, 3.4610)] {
        let mean = Case::new(Rule::Choices, 100, 1, load).mean(10_000_000);
        close(&format!("two choices at {load}"), mean, published, 0.01);
    }
}
