//! What a session's client and a server say to each other.

use std::sync::Arc;

use netsplit_sim::digest::{self, Digest};

use super::tree::Path;

/// What a session's client asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// A new ephemeral sequential child of the lock.
    Create,
    /// This child of the lock goes.
    Delete(u32),
    /// The session ends.
    Close,
    /// The children of the lock.
    Children,
    /// Whether this child exists, and watch it.
    Exists(u32),
}

/// Between a session's client and a server.
#[derive(Clone, Debug)]
pub enum Talk {
    /// To a server: session (0 for a new one), last zxid seen, which connection of the client's, number of the request.
    Connect(u64, u64, u32, u64),
    /// To the client: which connection, the session, or 0 where it has expired.
    Connected(u32, u64),
    /// To the client: the server does not serve it (any more); which connection, or `u32::MAX` for the present one.
    Refused(u32),
    /// To a server: number, what.
    Ask(u64, Ask),
    /// To the client: number, the server's last zxid, answer, children.
    Answer(u64, u64, u64, Arc<[(u32, u64)]>),
    /// To a server and back (with its last zxid): still here.
    Ping(u64),
    /// To the client: what it watched has changed; with the zxid that changed it.
    Event(Path, u64),
}

impl Talk {
    pub(super) fn kind(&self) -> u8 {
        match self {
            Self::Connect(..) | Self::Connected(..) | Self::Refused(_) => 0,
            Self::Ask(..) => 1,
            Self::Answer(..) => 2,
            Self::Ping(_) => 3,
            Self::Event(..) => 4,
        }
    }

    pub(super) fn word(&self) -> u64 {
        match self {
            Self::Connect(session, zxid, life, number) => {
                digest::of(&[0, *session, *zxid, u64::from(*life), *number])
            }
            Self::Connected(life, session) => digest::of(&[1, u64::from(*life), *session]),
            Self::Refused(life) => digest::of(&[2, u64::from(*life)]),
            Self::Ask(number, ask) => {
                let (tag, what) = match ask {
                    Ask::Create => (0, 0),
                    Ask::Delete(child) => (1, *child),
                    Ask::Children => (2, 0),
                    Ask::Close => (4, 0),
                    Ask::Exists(child) => (3, *child),
                };
                digest::of(&[3, *number, tag, u64::from(what)])
            }
            Self::Answer(number, zxid, answer, children) => Digest::new()
                .add(4)
                .add(*number)
                .add(*zxid)
                .add(*answer)
                .all(children.iter().map(|(child, owner)| u64::from(*child) ^ owner << 20))
                .end(),
            Self::Ping(zxid) => digest::of(&[5, *zxid]),
            Self::Event((key, child), zxid) => digest::of(&[6, *key, u64::from(*child), *zxid]),
        }
    }
}
