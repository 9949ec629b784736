//! JSON text, from and to [`serde_json::Value`].
//!
//! The words of its messages and the form of every number are those of `serde_json`'s own reader and writer (tests
//! compare them). Those bring tables of powers of ten that no compression makes small; these are as exact without.

mod number;
mod read;
mod write;

pub use number::number;
pub use read::{NotJson, parse};
pub use write::{line, pretty};
