//! The netsplit command: empty so far.

fn main() {}
