//! How a server wants to be seen.

use netsplit_sim::view::{Body, Cell, ClusterView, Detail, Item, Mark, NodeView};

use super::server::Server;
use crate::leader_election::paxos::message::ballot_name;
use crate::leader_election::paxos::server::refused;
use crate::parts::words;

pub(super) fn node(server: &Server, detail: Detail) -> NodeView {
    let role = if server.attempt.is_some() { "role-proposer" } else { "role-acceptor" };
    let mut view = NodeView::new(Body::Ring, role);
    view.mark = if server.attempt.is_some() { Mark::Candidate } else { Mark::None };
    let acceptor = server.open.get(&server.next()).copied().unwrap_or_default();
    view.hue = (acceptor.promised >> 8) as u32;
    if detail == Detail::Dot {
        return view;
    }
    view.caption = format!("decree {}", server.next());
    let cells = (server.decided.len().saturating_sub(6)..server.decided.len()).filter_map(|at| {
        let round = (server.decided.get(at)?.origin >> 8) as u32;
        Some(Cell { label: round.to_string(), hue: round, solid: true })
    });
    let open = acceptor.accepted.map(|(ballot, _)| Cell {
        label: (ballot >> 8).to_string(),
        hue: (ballot >> 8) as u32,
        solid: false,
    });
    view.items.push(Item::Cells("decree-log", cells.chain(open).collect()));
    view.items.push(Item::Fact("decree-promised", ballot_name(acceptor.promised)));
    let accepted = acceptor.accepted.map_or(0, |(ballot, _)| ballot);
    view.items.push(Item::Fact("decree-accepted", ballot_name(accepted)));
    if detail == Detail::Full {
        view.items.push(Item::Fact("decree-preempted", server.preempted.to_string()));
        view.items.push(Item::Fact("decree-waiting", server.queue.len().to_string()));
        view.items.extend(refused(server.durable.refused()));
        let rows = server.store.iter().map(|(key, value)| (words::key(key), words::value(value), 0));
        view.items.push(Item::Table("values", rows.collect()));
    }
    view
}

pub(super) fn cluster(servers: &[(usize, &Server)], up: &[bool]) -> ClusterView {
    let mut view = ClusterView::default();
    let (mut decided, mut preempted, mut round) = (0, 0, 0);
    for (at, server) in servers {
        decided = decided.max(server.decided.len());
        preempted += server.preempted;
        round = server.open.values().map(|acceptor| acceptor.promised >> 8).max().unwrap_or(0).max(round);
        if let Some(attempt) = server.attempt.filter(|_| up[*at]) {
            let label = format!("n{}, decree {}, round {}", at + 1, attempt.decree, attempt.ballot >> 8);
            view.bands.push(("proposers", label, *at as u32 + 1));
        }
    }
    view.values = vec![("decided", decided as f64), ("preempted", preempted as f64), ("round", round as f64)];
    view
}
