//! What Raft guarantees (figure 3 of the extended paper), watched while it runs by somebody who sees every server.

use netsplit_sim::NodeId;
use netsplit_sim::small::Map;
use netsplit_sim::view::Text;
use netsplit_sim::watch::{Breach, Watch};

use super::message::Entry;
use super::server::{Role, Server};
use crate::parts::chunked::Chunked;
use crate::parts::host::Holds;

/// What was found at an index of some log, for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Found {
    term: u64,
    word: u64,
    /// Term of the entry before it.
    before: u64,
}

/// A committed entry.
#[derive(Clone, Copy, Debug)]
struct Committed {
    word: u64,
    /// Term of the leader that committed it.
    by: u64,
}

/// What a server's state was when it was last looked at.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    length: usize,
    last: u64,
    commit: usize,
}

/// Everything that the invariants need to remember. All of it is about the run, none of it about a server's memory, so
/// crashes change nothing.
#[derive(Clone, Debug, Default)]
pub struct Invariants {
    /// Who was seen leading each term.
    leaders: Map<u64, NodeId>,
    committed: Chunked<Committed>,
    /// The first entry seen at each index.
    first: Chunked<Found>,
    /// Entries of other terms at an index: (word, term before).
    others: Map<(u64, u64), (u64, u64)>,
    seen: Map<u32, Seen>,
}

impl Invariants {
    /// At most one leader can be elected in a term (election safety), and it has every entry committed in earlier ones
    /// (leader completeness).
    fn leads(&mut self, who: NodeId, server: &Server) -> Option<Breach> {
        match self.leaders.get(&server.term) {
            Some(other) if *other == who => None,
            Some(other) => {
                let nodes = vec![*other, who];
                let text = Text::new("raft-breach-election")
                    .with("node", who)
                    .with("other", *other)
                    .with("term", server.term);
                // Told once: from now on this one is known.
                self.leaders.insert(server.term, who);
                Some(Breach { invariant: "election_safety", nodes, text })
            }
            None => {
                self.leaders.insert(server.term, who);
                let lacks = self.committed.iter().enumerate().find(|(at, entry)| {
                    entry.by < server.term && server.log.get(*at).map(Entry::word) != Some(entry.word)
                });
                lacks.map(|(at, _)| Breach {
                    invariant: "leader_completeness",
                    nodes: vec![who],
                    text: Text::new("raft-breach-completeness")
                        .with("node", who)
                        .with("term", server.term)
                        .with("index", at as u64 + 1),
                })
            }
        }
    }

    /// If two logs have an entry of the same index and term, they are equal up to there (log matching). By induction it
    /// is enough that an index and a term determine the entry and the term before it.
    fn log(&mut self, who: NodeId, server: &Server) -> Option<Breach> {
        let length = server.log.len();
        let term = |at: usize| server.log.get(at).map_or(0, |entry| entry.term);
        let last = if length == 0 { 0 } else { term(length - 1) };
        let seen = self.seen.slot(who.0, Seen::default);
        if (length, last) == (seen.length, seen.last) {
            return None;
        }
        let known = seen.length;
        (seen.length, seen.last) = (length, last);
        // Back to where this log was as it is before.
        let mut from = length;
        while from > 0 && !(from <= known && self.knows(from - 1, term(from - 1))) {
            from -= 1;
        }
        let mut breach = None;
        for at in from..length {
            let Some(entry) = server.log.get(at) else { break };
            let before = if at == 0 { 0 } else { term(at - 1) };
            let found = Found { term: entry.term, word: entry.word(), before };
            if at == self.first.len() {
                self.first.push(found);
            } else if !self.agrees(at, found) && breach.is_none() {
                let text = Text::new("raft-breach-matching")
                    .with("node", who)
                    .with("index", at as u64 + 1)
                    .with("term", entry.term);
                breach = Some(Breach { invariant: "log_matching", nodes: vec![who], text });
            }
        }
        breach
    }

    fn knows(&self, at: usize, term: u64) -> bool {
        self.first.get(at).is_some_and(|first| first.term == term)
            || self.others.contains_key(&(at as u64, term))
    }

    /// Whether an entry is what is known of its index and term; what is new is known from now on.
    fn agrees(&mut self, at: usize, found: Found) -> bool {
        match self.first.get(at) {
            None => true,
            Some(first) if first.term == found.term => *first == found,
            Some(_) => {
                let (word, before) =
                    *self.others.slot((at as u64, found.term), || (found.word, found.before));
                (word, before) == (found.word, found.before)
            }
        }
    }

    /// No two servers apply different entries at an index (state-machine safety).
    fn commits(&mut self, who: NodeId, server: &Server) -> Option<Breach> {
        let commit = server.commit as usize;
        let seen = self.seen.slot(who.0, Seen::default);
        // A restart begins again at nothing, and is seen to do so.
        let from = std::mem::replace(&mut seen.commit, commit);
        for at in from..commit {
            let Some(word) = server.log.get(at).map(Entry::word) else { break };
            match self.committed.get(at) {
                None => self.committed.push(Committed { word, by: server.term }),
                Some(known) if known.word == word => {}
                Some(_) => {
                    let text =
                        Text::new("raft-breach-applied").with("node", who).with("index", at as u64 + 1);
                    return Some(Breach { invariant: "state_machine_safety", nodes: vec![who], text });
                }
            }
        }
        None
    }
}

impl<N: Holds<Server>> Watch<N> for Invariants {
    fn after(&mut self, nodes: &[N], who: NodeId, _: &[bool]) -> Option<Breach> {
        let server = nodes.get(who.index())?.server()?;
        let log = self.log(who, server);
        let commits = self.commits(who, server);
        let leads = if server.role == Role::Leader { self.leads(who, server) } else { None };
        leads.or(commits).or(log)
    }
}
