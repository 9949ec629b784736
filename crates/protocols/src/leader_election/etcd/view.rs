//! How etcd wants to be seen.

use netsplit_sim::history::Function;
use netsplit_sim::node::Look;
use netsplit_sim::time::Nanos;
use netsplit_sim::view::{Body, ClusterView, Data, Detail, Item, Mark, NodeView};

use super::Member;
use super::server::Server;
use super::session::{Session, Step};
use super::store::Kind;
use crate::parts::raft::{Entry, Payload, Replica, show};
use crate::parts::words;

/// Changes shown.
const CHANGES: u64 = 8;

/// One more fact: a function of its own, so that many cost little.
#[inline(never)]
fn fact(view: &mut NodeView, label: &'static str, value: String) {
    view.items.push(Item::Fact(label, value));
}

fn pair(key: u64, value: u64) -> String {
    format!("{} = {}", words::key(key), words::value(value))
}

fn content(entry: &Entry) -> String {
    let command = match entry.payload {
        Payload::Noop => return "no-op".to_owned(),
        Payload::Members(of) => return show::members(&of),
        Payload::Command(command) => command,
    };
    let op = command.operation;
    match Kind::of(&command) {
        Kind::Client if op.function == Function::Cas => {
            format!("if {}: {}", words::value(op.expected), pair(op.key, op.value))
        }
        Kind::Client => pair(op.key, op.value),
        Kind::Acquire => format!("if absent: {}", words::key(op.key)),
        Kind::Release => format!("delete {}", words::key(op.key)),
        Kind::Grant => "LeaseGrant".to_owned(),
        Kind::Revoke | Kind::Expire => format!("LeaseRevoke {}", op.key),
        Kind::Compact => format!("compact {}", op.key),
    }
}

fn milliseconds(span: Nanos) -> String {
    format!("{} ms", span / 1_000_000)
}

pub(super) fn server(server: &Server, look: &Look, detail: Detail) -> NodeView {
    let mut view = show::node(&server.replica, look, detail);
    if detail == Detail::Dot {
        return view;
    }
    let (store, expiry) = (&server.store, &server.lessor.expiry);
    let left = |until: &Nanos| until.saturating_sub(look.elapsed);
    fact(&mut view, "etcd-revision", store.revision.to_string());
    if let Some((lease, until)) = expiry.iter().min_by_key(|(_, until)| **until) {
        let ttl = store.leases.get(lease).copied().unwrap_or(0);
        view.items.push(Item::Timer("etcd-lease-left", left(until), ttl));
    }
    if detail < Detail::Full {
        return view;
    }
    let numbers = [
        ("etcd-compacted-to", store.compacted),
        ("etcd-applied", server.applied),
        ("etcd-watchers", server.watchers.len() as u64),
        ("etcd-reads-waiting", server.reads.len() as u64),
    ];
    for (label, number) in numbers {
        fact(&mut view, label, number.to_string());
    }
    show::followers(&server.replica, &mut view);
    let rows = store.leases.iter().map(|(lease, ttl)| {
        let time = expiry.get(lease).map_or_else(|| "-".to_owned(), |until| milliseconds(left(until)));
        (lease.to_string(), format!("{time} / {}", milliseconds(*ttl)), 0)
    });
    view.items.push(Item::Table("etcd-leases", rows.collect()));
    let rows = store.keys.iter().map(|(key, held)| {
        let revisions = format!("{}, {}, {}", held.create_revision, held.mod_revision, held.version);
        (words::key(*key), format!("{} ({revisions})", words::value(held.value)), 0)
    });
    view.items.push(Item::Table("etcd-keys", rows.collect()));
    let rows = store.since(store.revision.saturating_sub(CHANGES)).map(|event| {
        let what = if event.put {
            pair(event.key, event.value)
        } else {
            format!("delete {}", words::key(event.key))
        };
        (event.revision.to_string(), what, 0)
    });
    view.items.push(Item::Table("etcd-history", rows.collect()));
    let rows = show::shown(&server.replica);
    let rows = rows.map(|(index, entry)| (index.to_string(), content(entry), entry.term as u32));
    view.items.push(Item::Table("log", rows.collect()));
    view
}

pub(super) fn session(session: &Session, look: &Look, detail: Detail) -> NodeView {
    let role = match session.step {
        Step::Watching => "role-watcher",
        _ if session.holds => "role-lock-holder",
        Step::Resting | Step::Releasing => "role-resting",
        _ => "role-waiting",
    };
    let mut view = NodeView::new(Body::Client, role);
    if session.holds {
        view.mark = Mark::Leader;
    }
    if detail == Detail::Dot {
        return view;
    }
    if session.lease > 0 {
        let left = session.deadline.saturating_sub(look.elapsed);
        view.items.push(Item::Timer("etcd-lease-left", left, session.ttl));
    }
    fact(&mut view, "etcd-seen", session.revision.to_string());
    fact(&mut view, "etcd-events", session.events.to_string());
    if detail == Detail::Full {
        fact(&mut view, "etcd-member", show::name(session.server()));
        let numbers = [
            ("etcd-gone", session.compacted),
            ("etcd-lease", session.lease),
            ("etcd-held", session.held),
            ("etcd-lost", session.lost),
        ];
        for (label, number) in numbers {
            fact(&mut view, label, number.to_string());
        }
    }
    view
}

pub(super) fn cluster(members: &[(usize, &Member)], up: &[bool]) -> ClusterView {
    let servers: Vec<(usize, &Server)> =
        members.iter().filter_map(|(at, member)| Some((*at, member.server()?))).collect();
    let replicas: Vec<(usize, &Replica)> = servers.iter().map(|(at, s)| (*at, &s.replica)).collect();
    let mut view = show::cluster(&replicas, up);
    let (mut events, mut holders, mut gone) = (0, 0, 0);
    let sessions = members.iter().filter_map(|(at, member)| Some((*at, member.session()?)));
    let locks = sessions.clone().find(|(_, s)| s.key.is_some()).map_or(0, |(at, _)| at);
    for (at, session) in sessions.filter(|(at, _)| up[*at]) {
        events += session.events;
        gone += session.compacted;
        if session.holds {
            holders += 1;
            view.bands.push(("holders", format!("p{}", at + 1 - locks), session.held as u32));
        }
    }
    let latest = servers.iter().filter(|(at, _)| up[*at]).max_by_key(|(_, s)| s.applied);
    let of = |value: fn(&Server) -> u64| latest.map_or(0, |(_, server)| value(server)) as f64;
    view.values.push(("revision", of(|s| s.store.revision)));
    view.values.push(("leases", of(|s| s.store.leases.len() as u64)));
    view.values.push(("holders", f64::from(holders)));
    view.values.push(("watch_events", events as f64));
    view.values.push(("watch_gone", gone as f64));
    view
}

/// Of any majority, the log of the one that would be elected has every committed command: what it would make of its
/// store is the order of all changes. Nothing can be said where a part of history is gone.
pub(super) fn data(members: &[(usize, &Member)], up: &[bool]) -> Data {
    let servers = || members.iter().filter_map(|(at, member)| Some((*at, member.server()?)));
    let live: Vec<&Server> = servers().filter(|(at, _)| up[*at]).map(|(_, server)| server).collect();
    let last = |server: &&&Server| (server.replica.log.last_term(), server.replica.log.last());
    let most = live.iter().max_by_key(last).filter(|_| live.len() * 2 > servers().count());
    let Some(server) = most.filter(|server| server.store.compacted == 0) else { return Data::default() };
    let mut store = server.store.clone();
    for (index, entry) in server.replica.log.iter().filter(|(index, _)| *index > server.applied) {
        if let Payload::Command(command) = entry.payload {
            store.apply(index, &command, false);
        }
    }
    Data::of_writes(store.since(0).filter(|event| event.put).map(|event| (event.key, event.value)).collect())
}
