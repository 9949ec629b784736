//! For other programs:
//! - [`trace`]: every event as a line of JSON, or as a log with vector clocks for ShiViz;
//! - [`metrics`]: the charts as CSV, the numbers in Prometheus' text format;
//! - [`svg`]: the space-time diagram and the stage as pictures.

pub mod metrics;
pub mod svg;
pub mod trace;
