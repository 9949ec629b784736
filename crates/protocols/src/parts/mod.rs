//! What several algorithms share. Parts know no pattern.

pub mod chunked;
pub mod client;
pub mod deadlines;
pub mod declared;
pub mod durable;
pub mod hashing;
pub mod host;
pub mod maglev;
pub mod raft;
pub mod slab;
pub mod store;
pub mod switches;
pub mod words;
pub mod workload;
