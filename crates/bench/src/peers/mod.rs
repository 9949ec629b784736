//! Other simulators on the same workloads, each written the way its own documentation writes models. All
//! Rust rows share `libm`'s logarithm, so that the service times cost everyone the same.

pub mod nexosim;
pub mod simcore;

use netsplit_sim::math;

/// Seconds from nanoseconds.
fn seconds(nanos: u64) -> f64 {
    nanos as f64 / 1e9
}

/// An exponential variate with this mean, from a uniform one in [0, 1).
fn exponential(unit: f64, mean: f64) -> f64 {
    -mean * math::ln(1.0 - unit)
}
