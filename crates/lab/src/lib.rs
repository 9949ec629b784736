//! A running experiment: a scenario brought to life, with its history, metrics and time travel; plain data in
//! the user's words for every face.
//!
//! - [`mod@advice`]: settings that make no sense together;
//! - [`mod@around`]: the operations around a violation, for a picture;
//! - [`cap`]: what each partition cost, here and under other settings;
//! - [`branches`]: several courses of events that share their beginning;
//! - [`breakpoints`]: where a run stops by itself;
//! - [`causes`]: what an event depends on, in sentences;
//! - [`changes`]: what an event changed in a node;
//! - [`compare`]: two runs locked to one clock;
//! - [`mod@differs`]: how two time lines differ, and what a step between them did;
//! - [`declared`]: the catalogue (all patterns, parameters, faults) and default scenarios;
//! - [`mod@gallery`]: the scenarios that ship with netsplit;
//! - [`experiment`]: [`Experiment`], the one API: open, advance, step, seek, inject, observe, report;
//! - [`export`]: trace, metrics and pictures for other programs;
//! - [`frame`]: what a face draws;
//! - [`judges`]: what the run says about each promise and invariant;
//! - [`metrics`]: throughput, errors and latency;
//! - [`report`]: what `run --json` prints;
//! - [`log_view`]: the event log as a list of which a part is seen;
//! - [`spacetime`]: lanes, events and messages of a part of the run;
//! - [`sweep`]: the same scenario over many seeds;
//! - [`text`]: the sentences of the locale;
//! - [`verdict`]: what became of what was promised;
//! - [`why`]: why an operation cannot be explained.
//!
//! Inside: `replay` makes the past again, `window` reads its trace; `setup` makes the world of a scenario, `timeline` resolves faults and actions by name, `recorder` keeps
//! what is observed, `snapshots` the way back; `picture`, `charts` and `log` put it into a face's words.

pub mod advice;
pub mod around;
pub mod branches;
pub mod breakpoints;
pub mod cap;
pub mod causes;
pub mod changes;
mod charts;
pub mod compare;
pub mod declared;
pub mod differs;
pub mod experiment;
pub mod export;
pub mod frame;
pub mod gallery;
pub mod judges;
mod log;
pub mod log_view;
pub mod metrics;
mod picture;
mod recorder;
mod replay;
pub mod report;
mod setup;
mod shared;
mod snapshots;
pub mod spacetime;
pub mod sweep;
pub mod text;
mod timeline;
pub mod verdict;
pub mod why;

pub use advice::advice;
pub use around::{Around, Bar};
pub use cap::{Cap, Cut, GivenUp, Measured};
mod window;

pub use branches::{BranchFrame, Branches};
pub use declared::{catalogue, default_scenario, quantiles};
pub use experiment::{Advance, Experiment};
pub use frame::{
    Amounts, ArcFrame, Band, Chart, FaultBlock, Frame, Inside, Legend, Life, LinkFrame, LogEntry, LogPage,
    MessageFrame, NodeFrame, PartitionFrame,
};
pub use gallery::{GalleryEntry, gallery};
pub use judges::{Breach, Row};
pub use netsplit_scenario as scenario;
pub use netsplit_sim::small;
pub use report::Report;
pub use verdict::{Consistency, Grade};
pub use why::{Finding, Shown};
