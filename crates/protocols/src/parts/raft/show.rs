//! How a replica wants to be seen, whatever its host keeps: role, timers, log strip, facts.

use netsplit_sim::declare::Series;
use netsplit_sim::node::{Look, NodeId};
use netsplit_sim::view::{Body, Cell, ClusterView, Detail, Item, Mark, NodeView};

use super::message::Entry;
use super::{Members, Replica, Role};
use crate::parts::declared::series;

/// Cells of the log shown.
const CELLS: u64 = 8;

/// A server's name.
#[must_use]
pub fn name(node: NodeId) -> String {
    format!("n{}", node.0 + 1)
}

fn names(nodes: impl Iterator<Item = NodeId>) -> String {
    nodes.map(name).collect::<Vec<_>>().join(" ")
}

fn voters(set: u128) -> String {
    names((0..128).filter(|node| set >> node & 1 == 1).map(NodeId))
}

/// A configuration's voters.
#[must_use]
pub fn members(members: &Members) -> String {
    let new = voters(members.new);
    if members.joint() { format!("{} and {new}", voters(members.old)) } else { new }
}

/// The entries of the log strip.
pub fn shown(replica: &Replica) -> impl Iterator<Item = (u64, &Entry)> {
    let first = replica.log.last().saturating_sub(CELLS).max(replica.log.base());
    replica.log.iter().filter(move |(index, _)| *index > first)
}

/// What a replica shows at this detail; its host adds what is its own.
#[must_use]
pub fn node(replica: &Replica, look: &Look, detail: Detail) -> NodeView {
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
    let cells = shown(replica).map(|(index, entry)| Cell {
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
    }
    view
}

/// The followers, as a leader knows them.
pub fn followers(replica: &Replica, view: &mut NodeView) {
    if replica.role == Role::Leader {
        let rows = replica.progress.iter().map(|(peer, p)| (*peer, format!("{} stored", p.matched), 0));
        view.items.push(Item::Matrix("followers", rows.collect()));
    }
}

/// The highest term.
pub const TERM: Series = series("term", "Term");

/// Entries that some replica knows to be committed.
pub const COMMITTED: Series = series("committed", "Committed entries");

/// Snapshots that were installed.
pub const SNAPSHOTS: Series = series("snapshots", "Snapshots installed");

/// Who leads among the replicas that run, and the numbers that all hosts chart.
#[must_use]
pub fn cluster(replicas: &[(usize, &Replica)], up: &[bool]) -> ClusterView {
    let mut view = ClusterView::default();
    for (at, replica) in replicas.iter().filter(|(at, replica)| up[*at] && replica.role == Role::Leader) {
        let term = replica.term;
        view.bands.push(("leaders", format!("n{}, term {term}", at + 1), term as u32));
    }
    let most = |value: fn(&Replica) -> u64| {
        replicas.iter().map(|(_, replica)| value(replica)).max().unwrap_or(0) as f64
    };
    view.values = vec![
        ("leaders", view.bands.len() as f64),
        (TERM.id, most(|replica| replica.term)),
        (COMMITTED.id, most(|replica| replica.commit)),
        (SNAPSHOTS.id, replicas.iter().map(|(_, replica)| replica.installed).sum::<u64>() as f64),
    ];
    view
}
