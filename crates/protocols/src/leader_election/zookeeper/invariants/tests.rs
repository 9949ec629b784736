//! Sequences of observations made by hand, each of which breaks one invariant.

use std::sync::Arc;

use super::*;
use crate::leader_election::zookeeper::{Broken, Config, LOCK, Reads, Role, contender};

/// The n-th transaction of an epoch.
fn txn(epoch: u64, count: u64, change: Change) -> Txn {
    let zxid = epoch << 32 | count;
    Txn { zxid, client: NodeId(9), number: zxid, change }
}

fn set(epoch: u64, count: u64) -> Txn {
    txn(epoch, count, Change::Set(1, epoch << 8 | count))
}

/// Three servers and a contender, of which only what is seen of them is there.
struct Story {
    watch: Invariants,
    members: Vec<Member>,
    told: Vec<&'static str>,
}

impl Story {
    fn new() -> Self {
        let config = Config {
            tick: 1,
            init_limit: 1,
            sync_limit: 1,
            session: 1,
            reads: Reads::Local,
            kept: 500,
            service: 0,
            broken: Broken::Nothing,
        };
        let config = Arc::new(config);
        let server = |at| Member::Server(Box::new(Server::new(Arc::clone(&config), NodeId(at), Vec::new())));
        let servers = vec![NodeId(0), NodeId(1), NodeId(2)];
        let client = contender::Config { servers, timeout: 1, herd: false, hold: 0 };
        let mut members: Vec<Member> = (0..3).map(server).collect();
        members.push(Member::Contender(Contender::new(0, Arc::new(client))));
        Self { watch: Invariants::default(), members, told: Vec::new() }
    }
    fn look(&mut self, at: usize) {
        let breach = self.watch.after(&self.members, NodeId(at as u32), &[true; 4]);
        self.told.extend(breach.map(|breach| breach.invariant));
    }
    fn at(&mut self, at: usize) -> &mut Server {
        let Member::Server(server) = &mut self.members[at] else { panic!("a server") };
        server
    }
    fn contender(&mut self) -> &mut Contender {
        let Member::Contender(client) = &mut self.members[3] else { panic!("a contender") };
        client
    }
    /// A server has this log, and has delivered all of it but the last few.
    fn follows(&mut self, at: usize, log: &[Txn], open: usize) {
        let server = self.at(at);
        server.role = Role::Following;
        server.log = Chunked::default();
        server.log.extend(log);
        server.tree.zxid = log.len().checked_sub(open + 1).map_or(0, |last| log[last].zxid);
        self.look(at);
    }
    /// The same as the primary of an epoch.
    fn leads(&mut self, at: usize, own: u64, log: &[Txn], open: usize) {
        let server = self.at(at);
        (server.role, server.serving, server.leading.epoch) = (Role::Leading, true, own);
        server.log = Chunked::default();
        server.log.extend(log);
        server.tree.zxid = log.len().checked_sub(open + 1).map_or(0, |last| log[last].zxid);
        self.look(at);
    }
}

#[test]
fn each_of_zabs_guarantees_is_told_where_it_is_broken() {
    let (a, b, c, d) = (set(1, 1), set(1, 2), set(2, 1), set(3, 1));
    let begin = || {
        let mut story = Story::new();
        story.leads(0, 1, &[a], 1);
        story.leads(0, 1, &[a, b], 2);
        story.follows(1, &[a, b], 0);
        story.leads(1, 2, &[a, b], 0);
        story.leads(1, 2, &[a, b, c], 0);
        story.follows(2, &[a, b, c], 0);
        assert!(story.told.is_empty(), "{:?}", story.told);
        story
    };
    // n1 delivers what is of the earlier epoch after what is of the later one.
    let mut story = begin();
    story.follows(0, &[a, c], 0);
    story.told.clear();
    story.follows(0, &[a, c, b], 0);
    assert_eq!(story.told, ["global_primary_order"]);
    // The second of an epoch without the first.
    let mut story = begin();
    story.follows(0, &[b], 0);
    assert_eq!(story.told, ["local_primary_order"]);
    // Nobody broadcast it.
    let mut story = begin();
    story.follows(0, &[a, b, txn(2, 1, Change::Set(1, 9))], 0);
    assert_eq!(story.told, ["integrity"]);
    // c is delivered before d elsewhere, and d without c here.
    let mut story = begin();
    story.leads(2, 3, &[a, b, c, d], 0);
    story.follows(0, &[a, b, d], 0);
    assert_eq!(story.told, ["total_order"]);
    // c is delivered elsewhere, and in its place here d, which nobody else has.
    let mut story = begin();
    story.leads(2, 3, &[a, b, c], 0);
    story.leads(2, 3, &[a, b, c, d], 1);
    story.follows(0, &[a, b, d], 0);
    assert_eq!(story.told, ["agreement"]);
    // A primary that begins without c.
    let mut story = begin();
    story.leads(0, 3, &[a, b], 0);
    assert_eq!(story.told, ["primary_integrity"]);
    // What is broken is told once of each node.
    story.leads(0, 4, &[a, b], 0);
    assert_eq!(story.told, ["primary_integrity"]);
}

#[test]
fn what_clients_must_not_see_is_told() {
    let gone = (LOCK, 1);
    let watches = |since: u64, zxid: u64, seen: bool| {
        let mut story = Story::new();
        let delete = [txn(1, 1, Change::Nothing), txn(1, 2, Change::Delete(gone))];
        story.leads(0, 1, &delete, 2);
        story.leads(0, 1, &delete, usize::from(!seen));
        let client = story.contender();
        client.watches = Some((gone, since));
        client.zxid = zxid;
        story.look(3);
        story.told
    };
    let at = |count: u64| 1 << 32 | count;
    // It has heard of the deletion, or of something later, and its watch has not fired.
    assert_eq!(watches(at(1), at(2), true), ["watch_order"]);
    // It has not heard so much; does not know yet whether it watches; or watched when the znode was gone.
    assert!(watches(at(1), at(1), true).is_empty());
    assert!(watches(0, at(2), true).is_empty());
    assert!(watches(at(2), at(2), true).is_empty());
    assert!(watches(at(1), at(1), false).is_empty());

    let mut story = Story::new();
    story.contender().regressed = true;
    story.look(3);
    story.at(1).clients.regressed = true;
    story.look(1);
    assert_eq!(story.told, ["session_order", "session_order"]);
}

#[test]
fn ephemeral_znodes_that_go_or_stay_wrongly_are_told() {
    let (session, path) = (1 << 32 | 1, (LOCK, 0));
    let begin = |leave: bool| {
        let mut story = Story::new();
        let log = [txn(1, 1, Change::Open), txn(1, 2, Change::Create(LOCK, session)), set(1, 3)];
        story.leads(0, 1, &log, 3);
        for applied in 1..=3 {
            let server = story.at(0);
            server.tree.apply(&log[applied - 1]);
            if applied == 3 && leave {
                server.tree.children.remove(&path);
            } else if applied == 3 {
                server.tree.sessions.remove(&session);
            }
            story.look(0);
        }
        story.told
    };
    assert_eq!(begin(true), ["ephemeral"]);
    assert_eq!(begin(false), ["ephemeral"]);
}
