//! What holds in Raft whatever happens, as an observer checks it who sees every server after each of its events.
//!
//! The five properties of figure 3 of the paper, and what follows for clients: a command takes effect at most once, what
//! was acknowledged is on the synced disks of a majority, no read misses what was acknowledged before it arrived; and
//! that any two configurations that can still decide have a server in common.

use netsplit_sim::NodeId;
use netsplit_sim::small::Map;
use netsplit_sim::view::Text;
use netsplit_sim::watch::{self, Breach};

use super::server::{Deed, Server};
use crate::parts::chunked::Chunked;
use crate::parts::host::Holds;
use crate::parts::raft::{Members, Payload, Replica, Role};

/// Operations of a client that are remembered.
const KEPT: usize = 1024;

/// Indices whose entries are remembered.
const ENTRIES: usize = 1024;

/// A server as it was after its last event.
#[derive(Clone, Debug, Default)]
struct Seen {
    events: u64,
    known: bool,
    term: u64,
    leads: bool,
    last: u64,
    last_word: u64,
    base: u64,
    commit: u64,
    truncated: u64,
    installed: u64,
    stable: u64,
    members: Members,
    members_index: u64,
    /// Where the terms of its log begin: (term, index).
    terms: Vec<(u64, u64)>,
}

impl Seen {
    /// Term of the entry at an index.
    fn term_at(&self, index: u64) -> u64 {
        if index > self.last {
            return 0;
        }
        self.terms.iter().rev().find(|(_, first)| *first <= index).map_or(0, |(term, _)| *term)
    }

    fn note_terms(&mut self, replica: &Replica) {
        let from = replica.edited.max(1);
        while self.terms.last().is_some_and(|(_, first)| *first >= from) {
            self.terms.pop();
        }
        for index in from.max(replica.log.base())..=replica.log.last() {
            let term = replica.log.term_at(index);
            if index > 0 && self.terms.last().is_none_or(|(last, _)| *last != term) {
                self.terms.push((term, index));
            }
        }
    }
}

/// An observer of all servers.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    seen: Vec<Seen>,
    leaders: Map<u64, u32>,
    /// Digests of the committed entries, from index 1 on.
    committed: Chunked<u64>,
    /// From which index on they were committed in which term: (term, index).
    committed_in: Vec<(u64, u64)>,
    /// For each index, the entries seen there: (term, (digest, term of the entry before)).
    entries: Map<u64, Map<u64, (u64, u64)>>,
    /// At which index a client's commands took effect.
    effects: Map<u32, Map<u64, u64>>,
    /// By key, the highest index that was acknowledged.
    acknowledged: Map<u64, u64>,
    /// The highest of all, its term, and the configuration that its leader counted by.
    top: (u64, u64, Members),
    /// What was acknowledged of its key when an operation arrived.
    floors: Map<u32, Map<u64, u64>>,
    /// The latest configuration known to be committed, and its index.
    members: (Members, u64),
    /// Leaders so far.
    pub elections: u64,
    /// Writes and reads answered.
    pub writes: u64,
    /// Reads answered.
    pub reads: u64,
    /// Entries given up.
    pub truncated: u64,
    /// Snapshots installed.
    pub installed: u64,
    /// Configurations committed.
    pub changes: u64,
}

impl Watch {
    /// A server's event is over.
    pub fn look(&mut self, server: &Server) -> Option<Breach> {
        let replica = &server.replica;
        let at = replica.me().index();
        if self.seen.len() <= at {
            self.seen.resize_with(at + 1, Seen::default);
        }
        // Nothing new, or a server that is down: what its disk holds is remembered.
        if server.events == 0 || self.seen[at].known && self.seen[at].events == server.events {
            return None;
        }
        if self.members.0 == Members::default() {
            self.members = (replica.members, 0);
        }
        let before = self.seen[at].clone_small();
        self.note(at, server, &before);
        // All of them, for each keeps its own accounts; what is told is the first.
        [
            self.leadership(replica, &before),
            self.log_matching(replica),
            self.commitment(replica, &before),
            self.deeds(server),
            self.durability(replica, &before),
            self.configurations(replica, &before),
        ]
        .into_iter()
        .flatten()
        .next()
    }

    fn note(&mut self, at: usize, server: &Server, before: &Seen) {
        let replica = &server.replica;
        let seen = &mut self.seen[at];
        self.truncated += replica.truncated.saturating_sub(before.truncated);
        self.installed += replica.installed.saturating_sub(before.installed);
        seen.note_terms(replica);
        seen.events = server.events;
        seen.known = true;
        seen.term = replica.term;
        seen.leads = replica.role == Role::Leader;
        seen.last = replica.log.last();
        seen.base = replica.log.base();
        seen.last_word = replica.log.get(seen.last).map_or(0, |entry| entry.word());
        seen.truncated = replica.truncated;
        seen.installed = replica.installed;
        seen.stable = replica.stable;
        seen.members = replica.members;
        seen.members_index = replica.members_index;
        seen.commit = replica.commit;
    }

    /// Two logs with an entry of the same index and term agree up to there: so it is for each entry and the one before.
    fn log_matching(&mut self, replica: &Replica) -> Option<Breach> {
        let log = &replica.log;
        for index in replica.edited.max(log.base() + 1)..=log.last() {
            let Some(entry) = log.get(index) else { continue };
            let mine = (entry.word(), log.term_at(index - 1));
            let known = self.entries.slot(index, Map::new);
            let first = *known.slot(entry.term, || mine);
            if first != mine {
                let text = Text::new("breach-log-matching").with("index", index).with("term", entry.term);
                return Some(breach("log_matching", &[replica.me()], text));
            }
        }
        while self.entries.len() > ENTRIES {
            self.entries.pop_first();
        }
        None
    }

    /// Election safety, leader append-only and leader completeness.
    fn leadership(&mut self, replica: &Replica, before: &Seen) -> Option<Breach> {
        let (me, term, log) = (replica.me(), replica.term, &replica.log);
        if replica.role != Role::Leader {
            return None;
        }
        if before.leads && before.term == term {
            let same = log.last() >= before.last
                && replica.truncated == before.truncated
                && log.get(before.last).is_none_or(|entry| entry.word() == before.last_word);
            let text = || Text::new("breach-append-only").with("leader", me).with("term", term);
            return (!same).then(|| breach("leader_append_only", &[me], text()));
        }
        let first = *self.leaders.slot(term, || me.0);
        if first != me.0 {
            let text = Text::new("breach-election-safety").with("a", NodeId(first)).with("b", me);
            return Some(breach("election_safety", &[NodeId(first), me], text.with("term", term)));
        }
        self.elections += 1;
        // What was committed in an earlier term; a leader that was elected long ago may hear of its votes late.
        let later = self.committed_in.iter().find(|(in_term, _)| *in_term >= term);
        let until = later.map_or(self.committed.len() as u64, |(_, first)| first - 1);
        let lacks = (log.base() + 1..=until).find(|index| {
            let known = self.committed.get(*index as usize - 1);
            log.get(*index).map(|entry| entry.word()) != known.copied()
        })?;
        let text = Text::new("breach-leader-completeness").with("leader", me).with("term", term);
        Some(breach("leader_completeness", &[me], text.with("index", lacks)))
    }

    /// State-machine safety: at each index, one entry is committed.
    fn commitment(&mut self, replica: &Replica, before: &Seen) -> Option<Breach> {
        let log = &replica.log;
        // What was committed in an earlier life is checked as it is committed again.
        let from = before.commit.min(replica.commit).max(log.base()) + 1;
        for index in from..=replica.commit {
            let Some(entry) = log.get(index) else { continue };
            if let Payload::Members(members) = entry.payload
                && index > self.members.1
            {
                self.members = (members, index);
                self.changes += 1;
            }
            match self.committed.get(index as usize - 1) {
                Some(word) if *word != entry.word() => {
                    let text = Text::new("breach-state-machine").with("server", replica.me());
                    let text = text.with("index", index);
                    return Some(breach("state_machine_safety", &[replica.me()], text));
                }
                Some(_) => {}
                None if index as usize == self.committed.len() + 1 => {
                    self.committed.push(entry.word());
                    if self.committed_in.last().is_none_or(|(term, _)| *term < replica.term) {
                        self.committed_in.push((replica.term, index));
                    }
                }
                None => {}
            }
        }
        None
    }

    fn deeds(&mut self, server: &Server) -> Option<Breach> {
        let me = server.replica.me();
        for deed in &server.deeds {
            match *deed {
                Deed::Asked(client, number, key) => {
                    let floor = self.acknowledged.get(&key).copied().unwrap_or(0);
                    remember(self.floors.slot(client.0, Map::new), number, floor);
                }
                Deed::Applied(index, client, number) => {
                    let first = remember(self.effects.slot(client.0, Map::new), number, index);
                    if first != index {
                        let text = Text::new("breach-applied-twice").with("client", client);
                        let text = text.with("number", number + 1).with("first", first).with("second", index);
                        return Some(breach("applied_once", &[me], text));
                    }
                }
                Deed::Acknowledged(index, term, key) => {
                    self.writes += 1;
                    let highest = self.acknowledged.slot(key, || 0);
                    *highest = index.max(*highest);
                    if index > self.top.0 {
                        self.top = (index, term, server.replica.members);
                        let text = |copies: u32| {
                            Text::new("breach-durability").with("index", index).with("copies", copies)
                        };
                        if let Some(copies) = self.too_few_copies() {
                            return Some(breach("durability", &[me], text(copies)));
                        }
                    }
                }
                Deed::Answered(index, client, number, key) => {
                    self.reads += 1;
                    let floor = self.floors.get(&client.0).and_then(|floors| floors.get(&number)).copied();
                    if floor.is_some_and(|floor| index < floor) {
                        let text = Text::new("breach-stale-read").with("server", me).with("key", key);
                        let text = text.with("index", index).with("missed", floor.unwrap_or(0));
                        return Some(breach("fresh_reads", &[me], text));
                    }
                }
            }
        }
        None
    }

    /// On how many disks the last acknowledged entry is, where they are no quorum, neither of the
    /// configuration by which it was counted nor of the latest that is committed.
    fn too_few_copies(&self) -> Option<u32> {
        let (index, term, _) = self.top;
        let holds = |seen: &Seen| seen.stable >= index && (index <= seen.base || seen.term_at(index) == term);
        let copies = self.seen.iter().enumerate().filter(|(_, seen)| holds(seen));
        let copies = copies.fold(0u128, |set, (at, _)| set | 1 << at);
        let kept = self.top.2.quorum(copies) || self.members.0.quorum(copies);
        (!kept).then(|| copies.count_ones())
    }

    /// What was acknowledged stays on a majority's disks.
    fn durability(&self, replica: &Replica, before: &Seen) -> Option<Breach> {
        let shrank = replica.stable < before.stable || replica.truncated != before.truncated;
        if !shrank || self.top.0 == 0 {
            return None;
        }
        let copies = self.too_few_copies()?;
        let text = Text::new("breach-durability").with("index", self.top.0).with("copies", copies);
        Some(breach("durability", &[replica.me()], text))
    }

    /// Whether a server's configuration may still decide: it could be elected, or leads and is not deposed.
    fn decides(&self, at: usize) -> bool {
        let mine = &self.seen[at];
        if !mine.known || !mine.members.has(NodeId(at as u32)) && !mine.leads {
            return false;
        }
        let end = |seen: &Seen| (seen.term_at(seen.last), seen.last);
        let of = |follows: &dyn Fn(&Seen) -> bool| {
            let all = self.seen.iter().enumerate().filter(|(_, seen)| follows(seen));
            mine.members.quorum(all.fold(0u128, |set, (at, _)| set | 1 << at))
        };
        of(&|seen| end(seen) <= end(mine)) || (mine.leads && of(&|seen| seen.term <= mine.term))
    }

    /// Any two configurations that can still decide have a server in common in every pair of quorums.
    fn configurations(&self, replica: &Replica, before: &Seen) -> Option<Breach> {
        let changed = replica.members != before.members || replica.members_index != before.members_index;
        if !changed && (before.leads || replica.role != Role::Leader) {
            return None;
        }
        let deciding: Vec<usize> = (0..self.seen.len()).filter(|at| self.decides(*at)).collect();
        for (place, a) in deciding.iter().enumerate() {
            for b in &deciding[place + 1..] {
                if !self.seen[*a].members.meets(&self.seen[*b].members) {
                    let (a, b) = (NodeId(*a as u32), NodeId(*b as u32));
                    let text = Text::new("breach-configurations").with("a", a).with("b", b);
                    return Some(breach("configurations_intersect", &[a, b], text));
                }
            }
        }
        None
    }
}

impl<N: Holds<Server>> watch::Watch<N> for Watch {
    fn after(&mut self, nodes: &[N], who: NodeId, _: &[bool]) -> Option<Breach> {
        self.look(nodes.get(who.index())?.server()?)
    }

    fn heap(&self) -> usize {
        let numbers =
            |of: &Map<u32, Map<u64, u64>>| -> usize { of.values().map(|kept| 24 * kept.len()).sum() };
        // Each index has a map of its own.
        144 * self.entries.len() + self.committed.heap() + numbers(&self.effects) + numbers(&self.floors)
    }
}

impl Seen {
    /// What is compared with the next event: everything but where the terms begin.
    fn clone_small(&self) -> Self {
        Self { terms: Vec::new(), ..*self }
    }
}

fn breach(invariant: &'static str, nodes: &[NodeId], text: Text) -> Breach {
    Breach { invariant, nodes: nodes.to_vec(), text }
}

/// The value of a number, kept at its first mention; old ones are forgotten.
fn remember(of: &mut Map<u64, u64>, number: u64, value: u64) -> u64 {
    let first = *of.slot(number, || value);
    if of.len() > KEPT {
        of.pop_first();
    }
    first
}
