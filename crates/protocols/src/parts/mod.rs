//! What several algorithms share. Parts know no pattern.

pub mod breach;
pub mod chunked;
pub mod client;
pub mod deadlines;
pub mod durable;
pub mod hashing;
pub mod host;
pub mod maglev;
pub mod slab;
pub mod words;
pub mod workload;
