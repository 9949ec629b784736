//! JSON text, from and to [`serde_json::Value`].
//!
//! The words of its messages and the form of every number are those of `serde_json`'s own reader and writer (tests
//! compare them). Those bring powers of ten and long multiplication of their own; these leave numbers to the standard
//! library, which is in the page anyway and is exact as well.

mod read;
mod write;

pub use read::{NotJson, parse};
pub use write::{line, pretty};
