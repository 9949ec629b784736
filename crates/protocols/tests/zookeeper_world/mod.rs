//! A small ensemble to look into.

use netsplit_protocols::leader_election::zookeeper::{Contender, Member, Server, ZOOKEEPER};
use netsplit_protocols::parts::host::Hosted;
use netsplit_protocols::parts::workload::{Arrivals, Workload};
use netsplit_protocols::registry::Setup;
use netsplit_sim::Cluster;
use netsplit_sim::declare::{Settings, Value};
use netsplit_sim::distribution::Distribution;
use netsplit_sim::network::{Network, Profile, Transport};
use netsplit_sim::time::{MILLISECOND, SECOND};

pub type Ensemble = Cluster<Hosted<Member>>;

/// Short ticks, so that seconds hold many elections.
pub fn setup(seed: u64, nodes: u32) -> Setup {
    let latency = Distribution::Uniform { min: MILLISECOND, max: 6 * MILLISECOND };
    let mut settings = Settings::defaults(ZOOKEEPER.params);
    settings.set("tick", Value::Duration(60 * MILLISECOND)).unwrap();
    settings.set("session", Value::Duration(600 * MILLISECOND)).unwrap();
    settings.set("hold", Value::Duration(100 * MILLISECOND)).unwrap();
    let mut network = Network::uniform(Profile::new(latency, Transport::Stream));
    network.give_up = SECOND;
    Setup {
        seed,
        nodes,
        spares: 0,
        settings,
        overrides: Vec::new(),
        network,
        zones: Vec::new(),
        workload: Workload {
            clients: 3,
            arrivals: Arrivals::Closed,
            think: Distribution::Exponential { mean: 40 * MILLISECOND },
            keys: 4,
            timeout: 400 * MILLISECOND,
            ..Workload::default()
        },
    }
}

pub fn servers(sim: &Ensemble) -> Vec<&Server> {
    sim.nodes().iter().filter_map(Hosted::server).filter_map(Member::server).collect()
}

pub fn contenders(sim: &Ensemble) -> Vec<&Contender> {
    sim.nodes().iter().filter_map(Hosted::server).filter_map(Member::contender).collect()
}
