//! The three workloads on the engine and on the bare loop that is its limit, for native code and WebAssembly
//! alike. The peers and the measuring are in the binary.

pub mod bare;
pub mod netsplit;
pub mod workload;

#[cfg(target_family = "wasm")]
mod exports;

pub use workload::{Run, Workload};
