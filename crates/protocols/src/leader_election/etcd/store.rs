//! The replicated state: keys with their revisions, the history since the last compaction, and the leases.
//!
//! etcd's documentation, "etcd API" (Key-Value API, Transaction, Lease API) and "Data model": one counter for the whole
//! store, which rises with each change; an empty store is at revision 1; a key has the revision of its creation, that of
//! its last change and a version, which counts from 1 and begins anew after a deletion; all events of one transaction
//! have one revision. Which requests were done nobody remembers.

use netsplit_sim::digest::{self, Digest};
use netsplit_sim::history::Function;
use netsplit_sim::small::Map;
use netsplit_sim::time::Nanos;

use crate::parts::chunked::Chunked;
use crate::parts::raft::Command;

/// A key's present state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyValue {
    /// Its value.
    pub value: u64,
    /// Revision at which it was created.
    pub create_revision: u64,
    /// Revision of its last change.
    pub mod_revision: u64,
    /// Changes since it was created, that one included.
    pub version: u64,
    /// The lease with which it goes; 0 for none.
    pub lease: u64,
}

/// A change of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// The store's revision with it.
    pub revision: u64,
    /// Which one of its transaction.
    pub sub: u32,
    /// Put; else deleted.
    pub put: bool,
    /// The key.
    pub key: u64,
    /// The value put.
    pub value: u64,
    /// The lease attached.
    pub lease: u64,
}

impl Event {
    /// As a word for digests.
    #[must_use]
    pub fn word(&self) -> u64 {
        let what = u64::from(self.sub) << 1 | u64::from(self.put);
        digest::of(&[self.revision, what, self.key, self.value, self.lease])
    }
}

/// What a command asks of the store, in the low byte of its tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// As its operation says: Put, or a Txn that puts if the key has the value `expected` (0: if there is none).
    Client,
    /// Txn: if the key was never created, put it with the lease `expected`; else get it.
    Acquire,
    /// Txn: if the key has the lease `expected`, delete it.
    Release,
    /// `LeaseGrant`, with a time to live of `value` ns.
    Grant,
    /// `LeaseRevoke` of lease `key`, by its client.
    Revoke,
    /// The same, by a leader that saw it expire.
    Expire,
    /// Compaction up to revision `key`.
    Compact,
}

const KINDS: [Kind; 7] =
    [Kind::Client, Kind::Acquire, Kind::Release, Kind::Grant, Kind::Revoke, Kind::Expire, Kind::Compact];

impl Kind {
    /// The kind of a command.
    #[must_use]
    pub fn of(command: &Command) -> Self {
        KINDS.get((command.tag & 0xff) as usize).copied().unwrap_or(Self::Client)
    }
}

/// What a command came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Its comparison held, its lease was there.
    pub ok: bool,
    /// The new lease, or the lease of the key that is there (0: it has none); nothing where there is no key.
    pub found: Option<u64>,
    /// The new lease's time to live, as granted (ns).
    pub ttl: Nanos,
}

impl Done {
    /// As a word for digests.
    #[must_use]
    pub fn word(&self) -> u64 {
        digest::of(&[u64::from(self.ok), self.found.map_or(0, |found| 1 + found), self.ttl])
    }
}

/// The state after all commands up to one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    /// The revision.
    pub revision: u64,
    /// History before this revision is gone.
    pub compacted: u64,
    /// The keys that there are.
    pub keys: Map<u64, KeyValue>,
    /// The leases, with their time to live (ns).
    pub leases: Map<u64, Nanos>,
    /// Digest of all events so far.
    pub chain: u64,
    history: Chunked<Event>,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            revision: 1,
            compacted: 0,
            keys: Map::new(),
            leases: Map::new(),
            chain: 0,
            history: Chunked::default(),
        }
    }
}

impl Store {
    fn event(&mut self, event: Event) {
        self.chain = digest::of(&[self.chain, event.word()]);
        self.history.push(event);
    }

    fn put(&mut self, key: u64, value: u64, lease: u64) {
        self.revision += 1;
        let revision = self.revision;
        let held = self.keys.slot(key, || KeyValue { create_revision: revision, ..KeyValue::default() });
        (held.value, held.mod_revision, held.lease) = (value, revision, lease);
        held.version += 1;
        self.event(Event { revision, sub: 0, put: true, key, value, lease });
    }

    /// Deletes keys in one transaction.
    fn delete(&mut self, keys: &[u64]) {
        self.revision += u64::from(!keys.is_empty());
        for (sub, key) in (0..).zip(keys) {
            self.keys.remove(key);
            let revision = self.revision;
            self.event(Event { revision, sub, put: false, key: *key, value: 0, lease: 0 });
        }
    }

    /// A lease ends, and its keys with it, in order.
    pub fn revoke(&mut self, lease: u64) -> bool {
        let known = self.leases.remove(&lease).is_some();
        let with = self.keys.iter().filter(|(_, held)| known && held.lease == lease);
        let keys: Vec<u64> = with.map(|(key, _)| *key).collect();
        self.delete(&keys);
        known
    }

    /// Applies the command at this index of the log. With `unchecked` what a Txn compares is not looked at.
    pub fn apply(&mut self, index: u64, command: &Command, unchecked: bool) -> Done {
        let (operation, kind) = (command.operation, Kind::of(command));
        let (key, value, expected) = (operation.key, operation.value, operation.expected);
        let held = self.keys.get(&key).copied().unwrap_or_default();
        let ok = match kind {
            Kind::Client if operation.function == Function::Cas => {
                let same = unchecked || held.value == expected;
                if same {
                    self.put(key, value, 0);
                }
                same
            }
            Kind::Client => {
                self.put(key, value, 0);
                true
            }
            Kind::Acquire => {
                let free = unchecked || held.create_revision == 0;
                if free && self.leases.contains_key(&expected) {
                    self.put(key, value, expected);
                    return Done { ok: true, found: Some(expected), ttl: 0 };
                }
                let found = (held.create_revision > 0).then_some(held.lease);
                return Done { ok: false, found, ttl: 0 };
            }
            Kind::Release => {
                let own = held.create_revision > 0 && held.lease == expected;
                if own {
                    self.delete(&[key]);
                }
                own
            }
            Kind::Grant => {
                self.leases.insert(index, value);
                return Done { ok: true, found: Some(index), ttl: value };
            }
            Kind::Revoke | Kind::Expire => self.revoke(key),
            Kind::Compact => {
                let ok = key > self.compacted && key <= self.revision;
                if ok {
                    let kept = self.history.slice(self.place(key), self.history.len());
                    self.history = Chunked::default();
                    self.history.extend(&kept);
                    self.compacted = key;
                }
                ok
            }
        };
        Done { ok, ..Done::default() }
    }

    /// How many of the events kept come before this revision.
    fn place(&self, revision: u64) -> usize {
        place(&self.history, |event| event.revision < revision)
    }

    /// The events kept from this revision on.
    pub fn since(&self, revision: u64) -> impl Iterator<Item = &Event> {
        (self.place(revision)..self.history.len()).filter_map(|at| self.history.get(at))
    }

    /// What a key holds.
    #[must_use]
    pub fn get(&self, key: u64) -> Option<u64> {
        self.keys.get(&key).map(|held| held.value)
    }

    /// Size of a snapshot.
    #[must_use]
    pub fn bytes(&self) -> u32 {
        (40 * self.history.len() + 48 * self.keys.len() + 16 * self.leases.len()) as u32
    }

    /// Bytes that a copy of it does not share.
    #[must_use]
    pub fn heap(&self) -> usize {
        self.history.heap() + 56 * self.keys.len() + 16 * self.leases.len()
    }

    /// Digest of the whole state.
    #[must_use]
    pub fn digest(&self) -> u64 {
        let leases = self.leases.iter().flat_map(|(lease, ttl)| [*lease, *ttl]);
        Digest::new().add(self.revision).add(self.compacted).add(self.chain).all(leases).end()
    }
}

/// How many events at the start of a list are such.
pub(super) fn place(list: &Chunked<Event>, such: impl Fn(&Event) -> bool) -> usize {
    let (mut from, mut until) = (0, list.len());
    while from < until {
        let middle = usize::midpoint(from, until);
        if list.get(middle).is_some_and(&such) {
            from = middle + 1;
        } else {
            until = middle;
        }
    }
    from
}
