//! Versions of the document: each older one is made current here, one step a version, before it is validated.
//!
//! **Defaults are frozen per version.** To change one, make a new version: copy [`v1`] to `v2` with the new value,
//! and add a step that writes the old value into every document of version 1 that leaves it out.

use crate::VERSION;
use crate::validate::Problem;
use serde_json::Value;

/// Makes a document current. It fails if the document says no version, or one that does not exist yet.
pub fn migrate(document: Value) -> Result<Value, Problem> {
    let accepted = if VERSION == 1 { "1".to_owned() } else { format!("a whole number from 1 to {VERSION}") };
    let Some(version) = document.get("version") else {
        return Err(Problem::new("missing", "version", "this is missing", accepted));
    };
    match version.as_u64() {
        Some(1) => Ok(document),
        Some(newer) if newer > u64::from(VERSION) => {
            let message =
                format!("version {newer} comes from a newer netsplit; this one reads up to {VERSION}");
            Err(Problem { newer: true, ..Problem::new("newer", "version", message, accepted) })
        }
        _ => Err(Problem::new("wrong_version", "version", "not a version of the document", accepted)),
    }
}

/// The defaults of version 1. Never to be edited; a field that is new has the default that changes no old document.
pub mod v1 {
    use crate::document::{Mode, Network, Transport, Workload};
    use crate::{Distribution, Duration, Seed};

    /// The seed.
    pub const SEED: Seed = Seed::Number(1);
    /// When a run ends.
    pub const DURATION: Duration = Duration::from_secs(60);
    /// How long a message takes.
    pub const LATENCY: Distribution =
        Distribution::Uniform { min: Duration::from_millis(5), max: Duration::from_millis(15) };
    /// How long a client thinks.
    pub const THINK: Distribution = Distribution::Exponential { mean: Duration::from_millis(100) };

    impl Default for Network {
        fn default() -> Self {
            Self {
                latency: LATENCY,
                loss: 0.0,
                duplicate: 0.0,
                reorder: 0.0,
                bandwidth: 0,
                transport: Transport::Auto,
            }
        }
    }

    impl Default for Workload {
        fn default() -> Self {
            Self {
                clients: 3,
                mode: Mode::Closed,
                rate: 100.0,
                think: THINK,
                read_share: 0.5,
                keys: 10,
                skew: 0.0,
                value_bytes: 64,
                timeout: Duration::from_secs(1),
                retries: 0,
                backoff: Duration::from_millis(50),
                retry_budget: 0.0,
                client_skew: 0.0,
                sessions: true,
                start: Duration::ZERO,
                stop: None,
            }
        }
    }
}
