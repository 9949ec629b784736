//! Balancers in front of backends with queues. One implementation; the rule by which a backend is picked makes
//! the algorithm.
//!
//! A balancer knows only what passes through it: its own open requests to each backend, and which of them
//! failed. A backend has workers and a bounded queue, which the engine works; a request's demand comes from the
//! operation itself, so that two rules under the same traffic see the same demands.

mod backend;
pub mod declare;
mod front;
mod health;
mod pick;
mod server;

use std::sync::Arc;

use netsplit_sim::core::NodeMeta;
use netsplit_sim::{Cluster, NodeId, Simulation};

use crate::parts::client::{ClientConfig, Route};
use crate::parts::host::{Hosted, hosted_cluster};
use crate::registry::Setup;

use backend::{Backend, BackendConfig};
use front::{Balancer, BalancerConfig};
pub use pick::Rule;
pub use server::Tier;

/// Builds a run with this rule.
#[must_use]
pub fn build(setup: &Setup, rule: Rule) -> Box<dyn Simulation> {
    Box::new(cluster(setup, rule))
}

/// Builds the world with this rule: balancers, backends (those that start absent last), clients.
#[must_use]
pub fn cluster(setup: &Setup, rule: Rule) -> Cluster<Hosted<Tier>> {
    let settings = &setup.settings;
    let fronts = settings.int("balancers").clamp(1, 64) as u32;
    let backends = setup.nodes + setup.spares;
    let balancers: Arc<[NodeId]> = (0..fronts).map(NodeId).collect();
    let config = Arc::new(BalancerConfig {
        rule,
        choices: settings.int("choices").max(1) as u32,
        response_timeout: settings.duration("response_timeout"),
        max_fails: settings.int("max_fails").max(0) as u32,
        fail_timeout: settings.duration("fail_timeout"),
        panic_percent: settings.int("panic_threshold").clamp(0, 100) as u32,
        first: fronts,
        names: (1..=backends).map(|number| format!("b{number}")).collect(),
        present: setup.nodes,
    });
    let mut servers: Vec<(NodeMeta, Tier)> = Vec::new();
    for number in 1..=fronts {
        let meta = setup.meta(format!("lb{number}"), declare::BALANCER);
        servers.push((meta, Tier::Balancer(Balancer::new(Arc::clone(&config)))));
    }
    for number in 1..=backends {
        let name = format!("b{number}");
        let own = setup.settings_of(&name);
        let config = Arc::new(BackendConfig {
            service: own.law("service"),
            error_from: own.duration("error_from"),
            error_latency: own.duration("error_latency"),
            queue_limit: own.int("queue_limit").max(0) as u32,
            balancers: Arc::clone(&balancers),
            registers: number > setup.nodes,
        });
        let mut meta = setup.meta(name, declare::BACKEND);
        meta.workers = own.int("workers").max(1) as u32;
        meta.queue_limit = config.queue_limit;
        meta.absent = number > setup.nodes;
        servers.push((meta, Tier::Backend(Backend::new(config))));
    }
    let clients = ClientConfig::new(setup.workload.clone(), balancers.to_vec(), Route::Session).calls();
    hosted_cluster(setup, servers, clients, declare::CLIENT)
}
