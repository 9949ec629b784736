//! How Raft wants to be seen.

use netsplit_sim::history::Function;
use netsplit_sim::node::{Look, NodeId};
use netsplit_sim::small::{Map, Set};
use netsplit_sim::view::{Body, Cell, ClusterView, Data, Detail, Item, Mark, NodeView};

use super::server::Server;
use crate::parts::raft::{Entry, Members, Payload, Role};
use crate::parts::words;

/// Cells of the log shown.
const CELLS: u64 = 8;

fn name(node: NodeId) -> String {
    format!("n{}", node.0 + 1)
}

fn names(nodes: impl Iterator<Item = NodeId>) -> String {
    nodes.map(name).collect::<Vec<_>>().join(" ")
}

fn voters(set: u128) -> String {
    names((0..128).filter(|node| set >> node & 1 == 1).map(NodeId))
}

fn members(members: &Members) -> String {
    let new = voters(members.new);
    if members.joint() { format!("{} and {new}", voters(members.old)) } else { new }
}

fn content(entry: &Entry) -> String {
    match entry.payload {
        Payload::Noop => "no-op".to_owned(),
        Payload::Members(of) => members(&of),
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
    let member = replica.members.has(replica.me());
    let (role, mark) = match replica.role {
        Role::Follower if !member => ("role-observer", Mark::None),
        Role::Follower => ("role-follower", Mark::None),
        Role::PreCandidate => ("role-pre-candidate", Mark::Candidate),
        Role::Candidate => ("role-candidate", Mark::Candidate),
        Role::Leader if replica.in_doubt => ("role-leader", Mark::LeaderInDoubt),
        Role::Leader => ("role-leader", Mark::Leader),
    };
    let mut view = NodeView::new(Body::Ring, role);
    view.mark = mark;
    view.hue = replica.term as u32;
    if detail == Detail::Dot {
        return view;
    }
    view.caption = format!("term {}", replica.term);
    if replica.role != Role::Leader && replica.election_span > 0 && member {
        let waited = look.elapsed.saturating_sub(replica.election_started);
        let left = replica.election_span.saturating_sub(waited);
        view.items.push(Item::Timer("election", left, replica.election_span));
    }
    if replica.lease_until > look.elapsed && replica.lease() > 0 {
        view.items.push(Item::Timer("lease", replica.lease_until - look.elapsed, replica.lease()));
    }
    let first = replica.log.last().saturating_sub(CELLS).max(replica.log.base());
    let shown = || replica.log.iter().filter(move |(index, _)| *index > first);
    let cells = shown().map(|(index, entry)| Cell {
        label: entry.term.to_string(),
        hue: entry.term as u32,
        solid: index <= replica.commit,
    });
    view.items.push(Item::Cells("log", cells.collect()));
    view.items.push(Item::Fact("committed", format!("{} of {}", replica.commit, replica.log.last())));
    if detail == Detail::Full {
        let or = |node: Option<NodeId>, none: &str| node.map_or_else(|| none.to_owned(), name);
        view.items.push(Item::Fact("voted for", or(replica.vote, "nobody")));
        view.items.push(Item::Fact("leader", or(replica.leader, "unknown")));
        view.items.push(Item::Fact("configuration", members(&replica.members)));
        if matches!(replica.role, Role::Candidate | Role::PreCandidate) {
            view.items.push(Item::Fact("votes", names(replica.voters())));
        }
        let snapshot = replica.snapshot.as_ref().map_or(0, |snapshot| snapshot.index);
        view.items.push(Item::Fact("snapshot up to", snapshot.to_string()));
        view.items.push(Item::Fact("on disk up to", replica.stable.to_string()));
        view.items.push(Item::Fact("entries given up", replica.truncated.to_string()));
        view.items.push(Item::Fact("sessions", server.store.sessions().to_string()));
        if replica.role == Role::Leader {
            let rows = replica.progress.iter().map(|(peer, p)| (*peer, format!("{} stored", p.matched), 0));
            view.items.push(Item::Matrix("followers", rows.collect()));
        }
        let rows = server.store.iter().map(|(key, value)| (words::key(key), words::value(value), 0));
        view.items.push(Item::Table("values", rows.collect()));
        let rows = shown().map(|(index, entry)| (index.to_string(), content(entry), entry.term as u32));
        view.items.push(Item::Table("log", rows.collect()));
    }
    view
}

pub(super) fn cluster(servers: &[(usize, &Server)], up: &[bool]) -> ClusterView {
    let mut view = ClusterView::default();
    let running = || servers.iter().filter(|(at, _)| up[*at]);
    for (at, server) in running().filter(|(_, server)| server.replica.role == Role::Leader) {
        let term = server.replica.term;
        view.bands.push(("leaders", format!("n{}, term {term}", at + 1), term as u32));
    }
    let most = |value: fn(&Server) -> u64| servers.iter().map(|(_, server)| value(server)).max().unwrap_or(0);
    // What the present term's followers have seen.
    let term = running().map(|(_, server)| server.replica.term).max().unwrap_or(0);
    let now = |value: fn(&Server) -> u64| {
        let of = running().filter(|(_, server)| server.replica.term == term);
        of.map(|(_, server)| value(server)).max().unwrap_or(0)
    };
    view.values = vec![
        ("leaders", view.bands.len() as f64),
        ("term", most(|s| s.replica.term) as f64),
        ("committed", most(|s| s.replica.commit) as f64),
        ("snapshots", servers.iter().map(|(_, s)| s.replica.installed).sum::<u64>() as f64),
        ("without_leader", now(|s| s.replica.without_leader) as f64 / 1e6),
        ("split_terms", now(|s| s.replica.split_terms) as f64),
    ];
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
