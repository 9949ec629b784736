//! How Raft wants to be seen.

use netsplit_sim::history::Function;
use netsplit_sim::node::Look;
use netsplit_sim::small::{Map, Set};
use netsplit_sim::view::{ClusterView, Data, Detail, Item, NodeView};

use super::server::Server;
use crate::parts::raft::{Entry, Payload, Replica, show};
use crate::parts::words;

fn content(entry: &Entry) -> String {
    match entry.payload {
        Payload::Noop => "no-op".to_owned(),
        Payload::Members(of) => show::members(&of),
        Payload::Command(command) => {
            let op = command.operation;
            match op.function {
                Function::Read => format!("read {}", words::key(op.key)),
                _ => format!("{} = {}", words::key(op.key), words::value(op.value)),
            }
        }
    }
}

pub(super) fn node(server: &Server, look: &Look, detail: Detail) -> NodeView {
    let replica = &server.replica;
    let mut view = show::node(replica, look, detail);
    if detail == Detail::Full {
        view.items.push(Item::Fact("sessions", server.store.sessions().to_string()));
        show::followers(replica, &mut view);
        let rows = server.store.iter().map(|(key, value)| (words::key(key), words::value(value), 0));
        view.items.push(Item::Table("values", rows.collect()));
        let rows = show::shown(replica);
        let rows = rows.map(|(index, entry)| (index.to_string(), content(entry), entry.term as u32));
        view.items.push(Item::Table("log", rows.collect()));
    }
    view
}

pub(super) fn cluster(servers: &[(usize, &Server)], up: &[bool]) -> ClusterView {
    let replicas: Vec<(usize, &Replica)> = servers.iter().map(|(at, s)| (*at, &s.replica)).collect();
    let mut view = show::cluster(&replicas, up);
    // What the present term's followers have seen.
    let running = || replicas.iter().filter(|(at, _)| up[*at]).map(|(_, replica)| *replica);
    let term = running().map(|replica| replica.term).max().unwrap_or(0);
    let now = |value: fn(&Replica) -> u64| {
        running().filter(|replica| replica.term == term).map(value).max().unwrap_or(0) as f64
    };
    view.values.push(("without_leader", now(|replica| replica.without_leader) / 1e6));
    view.values.push(("split_terms", now(|replica| replica.split_terms)));
    view
}

/// The log is the order of all writes: of any majority, the one that would be elected has every committed entry. A
/// command that is there twice counts once. Nothing can be said where a part of the log is only in snapshots.
pub(super) fn data(servers: &[(usize, &Server)], up: &[bool]) -> Data {
    let live: Vec<&Server> = servers.iter().filter(|(at, _)| up[*at]).map(|(_, server)| *server).collect();
    let last = |server: &&&Server| (server.replica.log.last_term(), server.replica.log.last());
    let most = live.iter().max_by_key(last).filter(|_| live.len() * 2 > servers.len());
    let Some(server) = most.filter(|server| server.replica.log.base() == 0) else {
        return Data::default();
    };
    let mut commands: Set<(u32, u64)> = Set::new();
    let mut versions: Map<u64, Vec<u64>> = Map::new();
    for (_, entry) in server.replica.log.iter() {
        let Payload::Command(command) = entry.payload else { continue };
        let op = command.operation;
        let values = versions.slot(op.key, Vec::new);
        let holds = op.function == Function::Write
            || op.function == Function::Cas && values.last().copied().unwrap_or(0) == op.expected;
        if holds && commands.add((command.client.0, op.number)) {
            values.push(op.value);
        }
    }
    Data { versions: Some(versions.into_iter().collect()), replicas: Vec::new() }
}
