//! How Raft wants to be seen.

use netsplit_sim::history::Function;
use netsplit_sim::node::Look;
use netsplit_sim::small::{Map, Set};
use netsplit_sim::view::{Body, Cell, ClusterView, Data, Detail, Item, Mark, NodeView};

use super::message::Command;
use super::server::{Role, Server};
use crate::parts::words;

/// Cells of the log shown.
const CELLS: usize = 8;

pub(super) fn node(server: &Server, look: &Look, detail: Detail) -> NodeView {
    let role = match server.role {
        Role::Follower => "role-follower",
        Role::Candidate => "role-candidate",
        Role::Leader => "role-leader",
    };
    let mut view = NodeView::new(Body::Ring, role);
    view.mark = match server.role {
        Role::Leader if server.in_doubt => Mark::LeaderInDoubt,
        Role::Leader => Mark::Leader,
        Role::Candidate => Mark::Candidate,
        Role::Follower => Mark::None,
    };
    view.hue = server.term as u32;
    if detail == Detail::Dot {
        return view;
    }
    view.caption = format!("term {}", server.term);
    if server.role != Role::Leader && server.election_span > 0 {
        let waited = look.elapsed.saturating_sub(server.election_started);
        let left = server.election_span.saturating_sub(waited);
        view.items.push(Item::Timer("election", left, server.election_span));
    }
    let first = server.log.len().saturating_sub(CELLS);
    let cells = server.log.iter().enumerate().skip(first).map(|(at, entry)| Cell {
        label: entry.term.to_string(),
        hue: entry.term as u32,
        solid: (at as u64) < server.commit,
    });
    view.items.push(Item::Cells("log", cells.collect()));
    view.items.push(Item::Fact("committed", format!("{} of {}", server.commit, server.last())));
    if detail == Detail::Full {
        let name = |node: netsplit_sim::NodeId| format!("n{}", node.0 + 1);
        view.items.push(Item::Fact("voted for", server.vote.map_or_else(|| "nobody".to_owned(), name)));
        view.items.push(Item::Fact("leader", server.leader.map_or_else(|| "unknown".to_owned(), name)));
        view.items.push(Item::Fact("entries given up", server.truncated.to_string()));
        if server.role == Role::Leader {
            let rows = server.progress.iter().map(|(peer, p)| (*peer, format!("{} stored", p.matched), 0));
            view.items.push(Item::Matrix("followers", rows.collect()));
        }
        let rows = server.store.iter().map(|(key, value)| (words::key(key), words::value(value), 0));
        view.items.push(Item::Table("values", rows.collect()));
        let rows = server.log.iter().enumerate().skip(first).map(|(at, entry)| {
            let what = match entry.command {
                Command::Noop => "no-op".to_owned(),
                Command::Client(_, op) if op.function == Function::Read => {
                    format!("read {}", words::key(op.key))
                }
                Command::Client(_, op) => format!("{} = {}", words::key(op.key), words::value(op.value)),
            };
            ((at + 1).to_string(), what, entry.term as u32)
        });
        view.items.push(Item::Table("log", rows.collect()));
    }
    view
}

pub(super) fn cluster(servers: &[(usize, &Server)], up: &[bool]) -> ClusterView {
    let mut view = ClusterView::default();
    for (at, server) in servers {
        if server.role == Role::Leader && up[*at] {
            view.bands.push(("leaders", format!("n{}, term {}", at + 1, server.term), server.term as u32));
        }
    }
    let term = servers.iter().map(|(_, server)| server.term).max().unwrap_or(0);
    let commit = servers.iter().map(|(_, server)| server.commit).max().unwrap_or(0);
    view.values =
        vec![("leaders", view.bands.len() as f64), ("term", term as f64), ("committed", commit as f64)];
    view
}

/// The log is the order of all writes: of any majority, the one that would be elected has every committed entry. A
/// command that is there twice counts once.
pub(super) fn data(servers: &[(usize, &Server)], up: &[bool]) -> Data {
    let live: Vec<&Server> = servers.iter().filter(|(at, _)| up[*at]).map(|(_, server)| *server).collect();
    let last =
        |server: &&&Server| (server.log.iter().next_back().map_or(0, |entry| entry.term), server.last());
    let Some(server) = live.iter().max_by_key(last).filter(|_| live.len() * 2 > servers.len()) else {
        return Data::default();
    };
    let mut commands: Set<(u32, u64)> = Set::new();
    let mut versions: Map<u64, Vec<u64>> = Map::new();
    for entry in server.log.iter() {
        let Command::Client(client, op) = entry.command else { continue };
        let values = versions.slot(op.key, Vec::new);
        let holds = op.function == Function::Write
            || op.function == Function::Cas && values.last().copied().unwrap_or(0) == op.expected;
        if holds && commands.add((client.0, op.number)) {
            values.push(op.value);
        }
    }
    Data { versions: Some(versions.into_iter().collect()), replicas: Vec::new() }
}
