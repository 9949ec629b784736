//! The system that every rule of this pattern works in: clients, perhaps routers, balancers, backends with queues,
//! perhaps a database that all backends share. The rule by which a balancer picks a backend makes the algorithm.
//!
//! A balancer knows only what passes through it and what it is told. A request's demand comes from the operation
//! itself, so that two rules under the same traffic see the same demands.

mod backend;
mod balancer;
pub mod declare;
mod message;
mod params;
mod router;
mod tier;

use std::sync::Arc;

use netsplit_sim::core::NodeMeta;
use netsplit_sim::draw;
use netsplit_sim::{Cluster, NodeId};

use super::rule::Make;
use crate::parts::client::{ClientConfig, Route};
use crate::parts::host::{Hosted, hosted_cluster};
use crate::registry::Setup;

use backend::{Abandoned, Backend, BackendConfig};
pub use balancer::{Balancer, Flaw, Ledger, Peer};
use balancer::{BalancerConfig, Hedge, RetryOn};
use router::{Router, RouterConfig};
pub use tier::Tier;

/// Builds the world with this rule: balancers, backends (those that start absent last), routers, the database,
/// clients.
#[must_use]
pub fn cluster(setup: &Setup, rule: Make) -> Cluster<Hosted<Tier>> {
    cluster_with(setup, rule, false, None)
}

/// The same, with backends that tell when they are idle, and with a bug on purpose.
#[must_use]
pub fn cluster_with(
    setup: &Setup,
    rule: Make,
    tells_idle: bool,
    flaw: Option<Flaw>,
) -> Cluster<Hosted<Tier>> {
    let settings = &setup.settings;
    let number = |id| u32::try_from(settings.int(id).max(0)).unwrap_or(u32::MAX);
    let fronts = number("balancers").clamp(1, 64);
    let (backends, routers) = (setup.nodes + setup.spares, number("routers"));
    let balancers: Arc<[NodeId]> = (0..fronts).map(NodeId).collect();
    let database = (number("databases") > 0).then_some(NodeId(fronts + backends + routers));
    let first_client = fronts + backends + routers + u32::from(database.is_some());
    let clients = setup.workload.clients;
    let hash = |name: String| draw::mix(draw::hash_bytes(name.as_bytes()));
    let flows: Arc<Vec<u64>> = Arc::new((1..=clients).map(|n| hash(format!("c{n}"))).collect());
    let abandoned = match settings.choice("abandoned") {
        "cancel" => Abandoned::Cancel,
        "deadline" => Abandoned::Deadline,
        _ => Abandoned::Finish,
    };
    let backend_name = |at: u32| format!("b{}", at + 1);
    let config = Arc::new(BalancerConfig {
        max_fails: number("max_fails"),
        fail_timeout: settings.duration("fail_timeout"),
        outlier_errors: number("outlier_errors"),
        outlier_success: number("outlier_success"),
        outlier_interval: settings.duration("outlier_interval"),
        outlier_ejection: settings.duration("outlier_ejection"),
        outlier_max_percent: number("outlier_max_percent"),
        panic_percent: number("panic_threshold"),
        check_interval: settings.duration("check_interval"),
        check_deep: settings.choice("check_kind") == "deep",
        check_timeout: settings.duration("check_timeout"),
        check_fall: number("check_fall"),
        check_rise: number("check_rise"),
        connect_timeout: settings.duration("connect_timeout"),
        response_timeout: settings.duration("response_timeout"),
        request_timeout: settings.duration("request_timeout"),
        retries: number("retries"),
        retry_on: match settings.choice("retry_on") {
            "timeout" => RetryOn::Timeout,
            "error" => RetryOn::Error,
            _ => RetryOn::Connect,
        },
        retry_elsewhere: settings.bool("retry_elsewhere"),
        retry_backoff: settings.duration("retry_backoff"),
        retry_open: number("retry_open"),
        retry_percent: number("retry_budget"),
        non_idempotent_percent: number("non_idempotent"),
        hedge: match settings.choice("hedge") {
            "hedged" => Hedge::Hedged,
            "tied" => Hedge::Tied,
            _ => Hedge::Off,
        },
        hedge_after: settings.duration("hedge_after"),
        maxconn: number("maxconn"),
        queue_max: number("queue_max"),
        queue_timeout: settings.duration("queue_timeout"),
        max_open: number("max_open"),
        slow_start: (settings.duration("slow_start"), number("slow_start_least")),
        sticky: settings.choice("sticky") == "client",
        abandoned,
        fan_out: number("fan_out").max(1),
        view_sync: settings.duration("view_sync"),
        balancers: Arc::clone(&balancers),
        first: fronts,
        present: setup.nodes,
        weights: (0..backends)
            .map(|at| setup.settings_of(&backend_name(at)).int("weight").max(1) as u32)
            .collect(),
        flows: Arc::clone(&flows),
        first_client,
        flaw,
    });
    let mut servers: Vec<(NodeMeta, Tier)> = Vec::new();
    for at in 0..fronts {
        let meta = setup.meta(format!("lb{}", at + 1), declare::BALANCER);
        servers.push((meta, Tier::Balancer(Balancer::new(Arc::clone(&config), rule(settings, backends)))));
    }
    for at in 0..backends {
        let own = setup.settings_of(&backend_name(at));
        let config = Arc::new(BackendConfig {
            service: own.law("service"),
            workers: own.int("workers").max(1) as u32,
            sharing: own.choice("discipline") == "sharing",
            queue_limit: own.int("queue_limit").max(0) as u32,
            shed_wait: own.duration("shed_wait"),
            warm_up: own.duration("warm_up"),
            cold_factor: own.real("cold_factor"),
            error_from: own.duration("error_from"),
            error_latency: own.duration("error_latency"),
            abandoned,
            balancers: Arc::clone(&balancers),
            registers: at >= setup.nodes,
            tells_idle,
            database,
            is_database: false,
        });
        servers.push(worker(setup, backend_name(at), declare::BACKEND, config));
    }
    let front = Arc::new(RouterConfig {
        balancers: Arc::clone(&balancers),
        maglev: settings.choice("spread") == "maglev",
        check: settings.duration("front_check"),
        flows,
        first_client,
    });
    for at in 0..routers {
        let meta = setup.meta(format!("r{}", at + 1), declare::ROUTER);
        servers.push((meta, Tier::Router(Router::new(Arc::clone(&front)))));
    }
    if database.is_some() {
        let own = setup.settings_of("db1");
        let config = Arc::new(BackendConfig {
            service: own.law("database_service"),
            workers: own.int("database_workers").max(1) as u32,
            sharing: false,
            queue_limit: 0,
            shed_wait: 0,
            warm_up: 0,
            cold_factor: 1.0,
            error_from: 0,
            error_latency: 0,
            abandoned,
            balancers: Arc::default(),
            registers: false,
            tells_idle: false,
            database: None,
            is_database: true,
        });
        servers.push(worker(setup, "db1".to_owned(), declare::DATABASE, config));
    }
    let asked = if routers > 0 {
        (fronts + backends..fronts + backends + routers).map(NodeId).collect()
    } else {
        balancers.to_vec()
    };
    let mut clients = ClientConfig::new(setup.workload.clone(), asked, Route::Session).calls();
    clients.cancels = abandoned == Abandoned::Cancel;
    clients.tells_patience = abandoned == Abandoned::Deadline;
    clients.relayed = routers > 0;
    hosted_cluster(setup, servers, clients, declare::CLIENT)
}

fn worker(setup: &Setup, name: String, role: u8, config: Arc<BackendConfig>) -> (NodeMeta, Tier) {
    let mut meta = setup.meta(name, role);
    (meta.workers, meta.queue_limit) = (config.workers, config.queue_limit);
    meta.cores = if config.sharing { config.workers } else { 0 };
    meta.absent = config.registers;
    (meta, Tier::Backend(Backend::new(config)))
}
