//! How ZooKeeper wants to be seen.

use netsplit_sim::node::Look;
use netsplit_sim::view::{Body, Cell, ClusterView, Data, Detail, Item, Mark, NodeView};

use super::Member;
use super::contender::{Contender, LOCK, Step};
use super::leader::Stage;
use super::message::{Role, counter, epoch};
use super::server::Server;
use super::tree::{ANY, Change, NEVER, Tree};
use crate::parts::words;

/// Cells of the log shown.
const CELLS: usize = 8;

fn zxid(zxid: u64) -> String {
    format!("{}.{}", epoch(zxid), counter(zxid))
}

fn server_name(node: netsplit_sim::NodeId) -> String {
    format!("n{}", node.0 + 1)
}

/// One more fact: a function of its own, so that many cost little.
#[inline(never)]
fn fact(view: &mut NodeView, label: &'static str, value: String) {
    view.items.push(Item::Fact(label, value));
}

pub(super) fn server(server: &Server, detail: Detail) -> NodeView {
    let role = match server.role {
        Role::Looking => "role-looking",
        Role::Following => "role-follower",
        Role::Leading => "role-leader",
    };
    let mut view = NodeView::new(Body::Ring, role);
    view.mark = match server.role {
        Role::Looking => Mark::Candidate,
        Role::Leading if !server.serving => Mark::Joining(500),
        Role::Leading if server.leading.in_doubt => Mark::LeaderInDoubt,
        Role::Leading => Mark::Leader,
        Role::Following if !server.serving => Mark::Joining(500),
        Role::Following => Mark::None,
    };
    view.hue = server.current as u32;
    if detail == Detail::Dot {
        return view;
    }
    view.caption = format!("epoch {}", server.current);
    let first = server.log.len().saturating_sub(CELLS);
    let recent = server.log.slice(first, server.log.len());
    let cells = recent.iter().map(|txn| Cell {
        label: zxid(txn.zxid),
        hue: epoch(txn.zxid) as u32,
        solid: txn.zxid <= server.tree.zxid,
    });
    view.items.push(Item::Cells("log", cells.collect()));
    fact(&mut view, "zk-committed", zxid(server.tree.zxid));
    if detail < Detail::Full {
        return view;
    }
    let leader = server.leader().map_or_else(|| "-".to_owned(), server_name);
    fact(&mut view, "zk-leader", leader);
    let vote = server_name(server.vote.leader);
    fact(&mut view, "zk-vote", format!("{vote} ({}, {})", server.vote.epoch, zxid(server.vote.zxid)));
    let (sessions, watches) = server.clients.counts();
    let numbers = [
        ("zk-accepted", server.accepted),
        ("zk-round", server.round),
        ("zk-truncated", server.truncated),
        ("zk-sessions-here", sessions as u64),
        ("zk-watches", watches as u64),
    ];
    for (label, number) in numbers {
        fact(&mut view, label, number.to_string());
    }
    if server.role == Role::Leading {
        let stage = match server.leading.stage {
            Stage::Discovery => "zk-discovery",
            Stage::Synchronisation => "zk-synchronisation",
            Stage::Broadcast => "zk-broadcast",
        };
        view.items.push(Item::Line(netsplit_sim::view::Text::new(stage)));
        let rows = server.leading.learners.iter().map(|(peer, l)| {
            let state = if l.synced { zxid(l.acked) } else { "-".to_owned() };
            (*peer, state, epoch(l.acked) as u32)
        });
        view.items.push(Item::Matrix("zk-followers", rows.collect()));
    }
    let keys = server.tree.znodes.iter().map(|(key, znode)| {
        (format!("/{}", words::key(*key)), words::value(znode.value), epoch(znode.changed) as u32)
    });
    let children = server.tree.children.iter().map(|((key, child), znode)| {
        (format!("/{}/{child}", words::key(*key)), zxid(znode.owner), epoch(znode.changed) as u32)
    });
    let rows = keys.chain(children);
    view.items.push(Item::Table("zk-znodes", rows.collect()));
    let rows = recent.iter().map(|txn| {
        let what = match txn.change {
            Change::Nothing => "-".to_owned(),
            Change::Set(key, value) | Change::SetIf(key, value, ANY) => {
                format!("{} = {}", words::key(key), words::value(value))
            }
            Change::SetIf(_, _, NEVER) => "-".to_owned(),
            Change::SetIf(key, value, version) => {
                format!("{} = {} if version {version}", words::key(key), words::value(value))
            }
            Change::Create(..) => "create".to_owned(),
            Change::Delete((_, child)) => format!("delete {child}"),
            Change::Open => "createSession".to_owned(),
            Change::Close(session, _) => format!("closeSession {}", zxid(session)),
        };
        (zxid(txn.zxid), what, epoch(txn.zxid) as u32)
    });
    view.items.push(Item::Table("log", rows.collect()));
    view
}

pub(super) fn contender(client: &Contender, look: &Look, detail: Detail) -> NodeView {
    let role = match client.step {
        _ if client.holds => "role-lock-holder",
        Step::Away => "role-away",
        _ => "role-waiting",
    };
    let mut view = NodeView::new(Body::Client, role);
    view.mark = match (client.holds, client.connected()) {
        (true, true) => Mark::Leader,
        // It cannot know whether its session has expired meanwhile.
        (true, false) => Mark::LeaderInDoubt,
        _ => Mark::None,
    };
    if detail == Detail::Dot {
        return view;
    }
    view.caption = client.child.map_or_else(String::new, |child| format!("{}/{child}", words::key(LOCK)));
    if !client.connected() {
        let silent = look.elapsed.saturating_sub(client.heard());
        let timeout = client.config.timeout;
        view.items.push(Item::Timer("zk-session-left", timeout.saturating_sub(silent), timeout));
    }
    fact(&mut view, "zk-events", client.events.to_string());
    fact(&mut view, "zk-held", client.held.to_string());
    if detail == Detail::Full {
        let session = if client.session > 0 { zxid(client.session) } else { "-".to_owned() };
        fact(&mut view, "zk-session", session);
        fact(&mut view, "zk-server", server_name(client.server()));
        fact(&mut view, "zk-seen", zxid(client.zxid));
        let watched = client.watches.map_or_else(|| "-".to_owned(), |((_, child), _)| child.to_string());
        fact(&mut view, "zk-watched", watched);
        fact(&mut view, "zk-expired-here", client.expired.to_string());
    }
    view
}

pub(super) fn cluster(members: &[(usize, &Member)], up: &[bool]) -> ClusterView {
    let mut view = ClusterView::default();
    let (mut events, mut expired, mut committed, mut epochs) = (0, 0, 0, 0);
    let (mut leaders, mut holders, mut sessions) = (0, 0, 0);
    let first = members.iter().filter(|(_, member)| member.server().is_some()).count();
    for (at, member) in members.iter().filter(|(at, _)| up[*at]) {
        match member {
            Member::Server(server) => {
                epochs = epochs.max(server.current);
                if server.tree.zxid >= committed {
                    committed = server.tree.zxid;
                    expired = server.tree.expired;
                    sessions = server.tree.sessions.len();
                }
                if server.established() {
                    leaders += 1;
                    let epoch = server.epoch();
                    view.bands.push(("leaders", format!("n{}, epoch {epoch}", at + 1), epoch as u32));
                }
            }
            Member::Contender(client) => {
                events += client.events;
                if client.holds {
                    holders += 1;
                    let child = client.child.unwrap_or(0);
                    view.bands.push(("holders", format!("p{}", at + 1 - first), child));
                }
            }
        }
    }
    view.values = vec![
        ("leaders", f64::from(leaders)),
        ("epoch", epochs as f64),
        ("committed", counter(committed) as f64),
        ("sessions", sessions as f64),
        ("expired", expired as f64),
        ("holders", f64::from(holders)),
        ("watch_events", events as f64),
    ];
    view
}

/// Of any majority, the log of the one that would be elected has every committed transaction: the order of all writes.
/// Nothing can be said where a part of it is only in snapshots.
pub(super) fn data(members: &[(usize, &Member)], up: &[bool]) -> Data {
    let servers = || members.iter().filter_map(|(at, member)| Some((*at, member.server()?)));
    let live: Vec<&Server> = servers().filter(|(at, _)| up[*at]).map(|(_, server)| server).collect();
    let most = live.iter().max_by_key(|server| (server.current, server.last()));
    let whole = |server: &&&Server| live.len() * 2 > servers().count() && server.base.zxid == 0;
    let Some(server) = most.filter(whole) else { return Data::default() };
    let mut tree = Tree::default();
    let mut writes = Vec::new();
    for txn in server.log.iter() {
        let (answer, _) = tree.apply(txn);
        match txn.change {
            Change::Set(key, value) => writes.push((key, value)),
            Change::SetIf(key, value, _) if answer == 1 => writes.push((key, value)),
            _ => {}
        }
    }
    Data::of_writes(writes)
}
