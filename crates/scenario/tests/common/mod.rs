//! A small catalogue for the tests. It must not change: the corpus of links is read with it.
#![allow(dead_code)]

use netsplit_scenario::catalogue::*;
use netsplit_scenario::{Duration, Transport, declarations};
use serde_json::{Value, json};

fn param(id: &str, kind: ParamKind, default: Value) -> ParamDecl {
    ParamDecl {
        id: id.to_owned(),
        label: id.to_owned(),
        help: format!("The {id}."),
        unit: String::new(),
        group: String::new(),
        kind,
        default,
        control: Control::Number,
    }
}

fn fault(kind: &str, target: TargetKind, has_duration: bool, params: Vec<ParamDecl>) -> FaultDecl {
    let (label, help) = (kind.to_owned(), format!("A {kind}."));
    FaultDecl { kind: kind.to_owned(), label, help, target, has_duration, params }
}

fn action(kind: &str, node: NodeUse, params: Vec<ParamDecl>) -> ActionDecl {
    ActionDecl { kind: kind.to_owned(), label: kind.to_owned(), help: format!("To {kind}."), node, params }
}

fn role(id: &str, prefix: &str, count: RoleCount) -> RoleDecl {
    RoleDecl { id: id.to_owned(), label: id.to_owned(), prefix: prefix.to_owned(), count }
}

fn duration(min: u64, max: u64) -> ParamKind {
    ParamKind::Duration { min: Duration::from_millis(min), max: Duration::from_millis(max) }
}

fn choice(ids: &[&str]) -> ParamKind {
    ParamKind::Choice { options: ids.iter().map(|id| ((*id).to_owned(), (*id).to_owned())).collect() }
}

/// Two patterns, three algorithms, a fault of every target kind, a parameter of every type.
pub fn catalogue() -> Catalogue {
    let raft = AlgorithmDecl {
        id: "raft".to_owned(),
        label: "Raft".to_owned(),
        summary: "A leader and a log.".to_owned(),
        semantics: 2,
        nodes: NodeCount { min: 1, max: 9, default: 5 },
        transport: Transport::Datagram,
        params: vec![
            param("heartbeat", duration(1, 10_000), json!("50ms")),
            param("prevote", ParamKind::Bool, json!(false)),
            param("batch", ParamKind::Int { min: 1, max: 1000 }, json!(64)),
            param("jitter", ParamKind::Real { min: 0.0, max: 1.0 }, json!(0.5)),
            param("reads", choice(&["log", "lease", "stale"]), json!("log")),
            param("fsync", ParamKind::Distribution { max: Duration::from_secs(10) }, json!("2ms")),
        ],
        presets: vec![],
        actions: vec![
            action("add_node", NodeUse::New, vec![]),
            action("transfer_leadership", NodeUse::Required, vec![]),
            action(
                "snapshot",
                NodeUse::Optional,
                vec![param("keep", ParamKind::Int { min: 0, max: 9 }, json!(0))],
            ),
            action("compact", NodeUse::No, vec![param("to", ParamKind::Node, Value::Null)]),
        ],
        operations: vec![],
        promises: vec!["linearizable".to_owned(), "durable".to_owned()],
        roles: vec![role("server", "n", RoleCount::Nodes)],
    };
    let mut bully = raft.clone();
    bully.id = "bully".to_owned();
    bully.params.truncate(1);
    bully.actions.clear();
    let balancer = AlgorithmDecl {
        id: "round_robin".to_owned(),
        label: "Round robin".to_owned(),
        summary: "One after the other.".to_owned(),
        semantics: 1,
        nodes: NodeCount { min: 1, max: 1000, default: 4 },
        transport: Transport::Stream,
        params: vec![param("balancers", ParamKind::Int { min: 1, max: 4 }, json!(1))],
        presets: vec![],
        actions: vec![],
        operations: vec!["get".to_owned()],
        promises: vec![],
        roles: vec![
            role("balancer", "lb", RoleCount::Param("balancers".to_owned())),
            role("backend", "b", RoleCount::Nodes),
        ],
    };
    let pattern = |id: &str, algorithms| PatternDecl { id: id.to_owned(), label: id.to_owned(), algorithms };
    let share = || ParamKind::Real { min: 0.0, max: 1.0 };
    Catalogue {
        engine: 1,
        patterns: vec![
            pattern("leader_election", vec![raft, bully]),
            pattern("load_balancing", vec![balancer]),
        ],
        network: declarations::network(),
        workload: declarations::workload(),
        faults: vec![
            fault("crash", TargetKind::Node, true, vec![]),
            fault("restart", TargetKind::Node, false, vec![]),
            fault(
                "slow",
                TargetKind::Node,
                true,
                vec![param("factor", ParamKind::Real { min: 1.0, max: 1e3 }, json!(10))],
            ),
            fault("loss", TargetKind::Link, true, vec![param("share", share(), json!(0.1))]),
            fault("drop", TargetKind::Message, false, vec![]),
            fault("partition", TargetKind::Groups, true, vec![]),
            fault("spike", TargetKind::Any, true, vec![param("by", duration(0, 60_000), json!("100ms"))]),
            fault(
                "hot_key",
                TargetKind::None,
                true,
                vec![param("key", ParamKind::Text { max: 20 }, json!("k1"))],
            ),
        ],
    }
}
