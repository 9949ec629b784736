//! The replicated state: znodes, sessions, and which requests were done.

use netsplit_sim::NodeId;
use netsplit_sim::digest::{self, Digest};
use netsplit_sim::small::Map;

use super::message::Txn;

/// Answers remembered for each client, so that a request that comes again is not done again.
const KEPT: usize = 32;

/// Where a sequential child is: of which key, and how many were made before it (the parent's cversion).
pub type Path = (u64, u32);

/// A znode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Znode {
    /// Its data.
    pub value: u64,
    /// Changes of its data.
    pub version: u32,
    /// The zxid that created it.
    pub created: u64,
    /// The zxid that last changed it.
    pub changed: u64,
    /// The session with which it goes; 0 for none (children are ephemeral, and only they).
    pub owner: u64,
}

/// What a transaction changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing: a write that only has its place in the order.
    Nothing,
    /// A znode's data, which is created if need be.
    Set(u64, u64),
    /// The same, if its version is this one (0: there is none, [`ANY`]: whatever it is); else nothing, which is
    /// BadVersion.
    SetIf(u64, u64, u32),
    /// A new ephemeral sequential child: of this key, for this session.
    Create(u64, u64),
    /// A child goes.
    Delete(Path),
    /// A new session, named after this transaction.
    Open,
    /// A session ends: closed by its client, or expired by the leader (true).
    Close(u64, bool),
}

/// The version that every znode has (the API's -1).
pub const ANY: u32 = u32::MAX;
/// One that none has.
pub const NEVER: u32 = u32::MAX - 1;

impl Change {
    /// As a word for digests.
    #[must_use]
    pub fn word(&self) -> u64 {
        digest::of(&match *self {
            Self::Nothing => [0, 0, 0],
            Self::Set(key, value) => [1, key, value],
            Self::SetIf(key, value, version) => [6 | u64::from(version) << 8, key, value],
            Self::Create(key, session) => [2, key, session],
            Self::Delete((key, child)) => [3, key, u64::from(child)],
            Self::Open => [4, 0, 0],
            Self::Close(session, expired) => [5, session, u64::from(expired)],
        })
    }
}

/// A client's requests of one kind: its number above the low 24 bits, so that what a person asks by hand does not count
/// as later than what the workload asks.
fn lane(client: NodeId, number: u64) -> (u32, u64) {
    (client.0, number >> 24)
}

/// The state after all transactions up to one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    /// The last transaction applied.
    pub zxid: u64,
    /// A znode for each key: `/k5`.
    pub znodes: Map<u64, Znode>,
    /// Their ephemeral sequential children: `/lock/3`.
    pub children: Map<Path, Znode>,
    /// Sessions, and whose they are.
    pub sessions: Map<u64, NodeId>,
    /// Sequential children so far, by parent.
    sequence: Map<u64, u32>,
    /// The last requests done, by client: (number, answer).
    done: Map<(u32, u64), Vec<(u64, u64)>>,
    /// Sessions that expired.
    pub expired: u64,
}

impl Tree {
    fn set(&mut self, key: u64, value: u64) {
        let zxid = self.zxid;
        let znode = self.znodes.slot(key, || Znode { created: zxid, ..Znode::default() });
        (znode.value, znode.changed) = (value, zxid);
        znode.version += 1;
    }

    /// Applies the next transaction. Gives its answer (a new session; whether a child was made, which it is not where its
    /// session is gone; whether the version was the expected one) and the children that went.
    pub fn apply(&mut self, txn: &Txn) -> (u64, Vec<Path>) {
        self.zxid = txn.zxid;
        let mut gone = Vec::new();
        let answer = match txn.change {
            Change::Nothing => 0,
            Change::Set(key, value) => {
                self.set(key, value);
                0
            }
            Change::SetIf(key, value, version) => {
                let same = version == ANY || version == self.held(key).1;
                if same {
                    self.set(key, value);
                }
                u64::from(same)
            }
            Change::Create(key, session) if self.sessions.contains_key(&session) => {
                let count = self.sequence.slot(key, || 0);
                let path = (key, *count);
                *count += 1;
                let znode =
                    Znode { created: txn.zxid, changed: txn.zxid, owner: session, ..Znode::default() };
                self.children.insert(path, znode);
                1
            }
            Change::Create(..) => 0,
            Change::Delete(path) => {
                gone.extend(self.children.remove(&path).map(|_| path));
                0
            }
            Change::Open => {
                self.sessions.insert(txn.zxid, txn.client);
                txn.zxid
            }
            Change::Close(session, expired) => {
                if self.sessions.remove(&session).is_some() {
                    self.expired += u64::from(expired);
                    let owned = self.children.iter().filter(|(_, znode)| znode.owner == session);
                    gone.extend(owned.map(|(path, _)| *path));
                    self.children.retain(|_, znode| znode.owner != session);
                }
                0
            }
        };
        let done = self.done.slot(lane(txn.client, txn.number), Vec::new);
        done.push((txn.number, answer));
        if done.len() > KEPT {
            done.remove(0);
        }
        (answer, gone)
    }

    /// The answer to a request that was done before.
    #[must_use]
    pub fn done(&self, client: NodeId, number: u64) -> Option<u64> {
        let done = self.done.get(&lane(client, number))?;
        done.iter().rev().find(|(known, _)| *known == number).map(|(_, answer)| *answer)
    }

    /// Whether a later request of this client was done: then this one came too late to be in order.
    #[must_use]
    pub fn passed(&self, client: NodeId, number: u64) -> bool {
        let done = self.done.get(&lane(client, number));
        done.is_some_and(|done| done.iter().any(|(known, _)| *known > number))
    }

    /// Whether it may have been done so long ago that nobody remembers.
    #[must_use]
    pub fn forgotten(&self, client: NodeId, number: u64) -> bool {
        let done = self.done.get(&lane(client, number));
        done.is_some_and(|done| done.len() == KEPT && done.iter().all(|(known, _)| *known > number))
    }

    /// What a key's znode holds.
    #[must_use]
    pub fn get(&self, key: u64) -> Option<u64> {
        self.znodes.get(&key).map(|znode| znode.value)
    }

    /// The same with its version; 0 and 0 where there is none.
    #[must_use]
    pub fn held(&self, key: u64) -> (u64, u32) {
        self.znodes.get(&key).map_or((0, 0), |znode| (znode.value, znode.version))
    }

    /// The sequential children of a key: (number, owner), in order.
    pub fn children_of(&self, key: u64) -> impl Iterator<Item = (u32, u64)> {
        let of = move |((parent, _), _): &(&Path, &Znode)| *parent == key;
        self.children.iter().filter(of).map(|((_, child), znode)| (*child, znode.owner))
    }

    /// Number of znodes and sessions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.znodes.len() + self.children.len() + self.sessions.len()
    }

    /// Nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Digest of the whole state.
    #[must_use]
    pub fn digest(&self) -> u64 {
        let znodes = self.znodes.iter().flat_map(|(key, znode)| [*key, znode.value, znode.changed]);
        let children = self.children.iter();
        let children = children.flat_map(|((_, child), znode)| [u64::from(*child), znode.owner]);
        let sessions = self.sessions.iter().map(|(session, client)| session ^ u64::from(client.0) << 48);
        Digest::new().add(self.zxid).add(self.expired).all(znodes).all(children).all(sessions).end()
    }
}
