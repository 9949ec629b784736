//! The scenario document: what a link or a file says.
//!
//! This crate stands on the ground: it knows no engine, no protocol and no browser. Table of contents:
//!
//! - [`document`]: [`Scenario`] and its parts, as plain typed data; [`topology`], those about links;
//! - [`timeline`]: [`Fault`], [`Target`], [`Action`], [`Operation`], [`Branch`], everything that has an instant;
//! - [`duration`], [`seed`], [`distribution`], [`names`]: the small types with a text form;
//! - [`catalogue`]: the declarations that a scenario is validated against, and [`declarations`], those of the
//!   document's own `network` and `workload`;
//! - [`validate`]: from text or JSON to a [`Scenario`], or to every [`Problem`] at once;
//! - [`migrate`]: older versions made current, and the defaults frozen with each version;
//! - [`link`]: the codec of `#s=1.<payload>.<check>`;
//! - [`expand`]: `chaos` entries made into ordinary faults;
//! - [`schema`]: the JSON Schema of a scenario;
//! - [`json`]: its text;
//! - [`record`]: the fields of all these types, for reading and writing;
//! - [`limits`]: how large anything may be.

pub mod breakpoint;
pub mod catalogue;
pub mod declarations;
pub mod distribution;
pub mod document;
pub mod duration;
pub mod expand;
pub mod json;
pub mod limits;
pub mod link;
pub mod migrate;
pub mod names;
pub mod record;
pub mod schema;
pub mod seed;
pub mod timeline;
pub mod topology;
pub mod validate;

pub use breakpoint::BreakpointSpec;
pub use catalogue::{AlgorithmDecl, Catalogue, FaultDecl, ParamDecl, ParamKind, ParamValue, PatternDecl};
pub use distribution::{Distribution, Part};
pub use document::{
    Compare, Cursor, LinkSpec, Mode, Network, Params, Scenario, Semantics, System, Topology, TraceHash,
    Transport, View, Workload, Zone, ZoneLatency,
};
pub use duration::Duration;
pub use link::{Broken, BrokenLink, Decoded, decode, encode};
pub use names::{LinkName, MessageName, NodeSpace};
pub use record::{from_value, to_value};
pub use seed::Seed;
pub use timeline::{Action, Branch, Chaos, Fault, Operation, Target};
pub use validate::{Problem, Problems, read, validate};

/// The version of the document that this crate writes.
pub const VERSION: u32 = 1;
