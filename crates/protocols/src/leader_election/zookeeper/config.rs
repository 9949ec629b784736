//! What a server is set to.

use netsplit_sim::time::Nanos;

/// How reads of the workload are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// From the server's own state.
    Local,
    /// After a `sync`.
    Sync,
    /// After a write of nothing, which takes its place in the order.
    Write,
}

/// Deliberate mistakes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Broken {
    /// None.
    #[default]
    Nothing,
    /// A new leader does not bring its followers' histories in line with its own.
    Synchronisation,
    /// Epochs are not compared: neither in votes nor when a leader proposes one.
    Epochs,
    /// Effects do not wait for the disk.
    Sync,
    /// A server takes any client, whatever that has seen.
    Seen,
    /// Whoever compares sets the data whatever its version is by then (the API's version -1).
    Version,
    /// Watch events wait for the next tick.
    Watches,
}

/// Settings that all servers share.
#[derive(Clone, Debug)]
pub struct Config {
    /// tickTime (ns).
    pub tick: Nanos,
    /// initLimit: ticks within which a leader and its followers come into sync.
    pub init_limit: u64,
    /// syncLimit: ticks without a word after which either gives the other up.
    pub sync_limit: u64,
    /// Session timeout, as negotiated (ns).
    pub session: Nanos,
    /// How reads are served.
    pub reads: Reads,
    /// commitLogCount: committed transactions kept, out of which a follower that lags is sent what it lacks.
    pub kept: usize,
    /// Work that one message costs (ns).
    pub service: Nanos,
    /// A deliberate mistake.
    pub broken: Broken,
}
