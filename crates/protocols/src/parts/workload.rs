//! What clients do: the load of a run, the same for every algorithm. Bounds, units and help of each part are
//! declared once, with the scenario document.

use netsplit_sim::distribution::Distribution;
use netsplit_sim::time::{MILLISECOND, Nanos, SECOND};

/// When clients send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrivals {
    /// A Poisson process; nobody waits.
    Open,
    /// One operation at a time; the next one after the answer and a pause.
    Closed,
    /// The open loop's arrivals, but one operation at a time: whoever is late sends at once. What a load generator
    /// with a fixed number of connections does.
    Paced,
}

/// The workload of a run.
#[derive(Clone, Debug)]
pub struct Workload {
    /// Number of clients.
    pub clients: u32,
    /// When they send.
    pub arrivals: Arrivals,
    /// Operations per second of all clients together.
    pub rate: f64,
    /// Think time of closed-loop clients.
    pub think: Distribution,
    /// Share of reads, 0 to 1.
    pub read_share: f64,
    /// Number of keys.
    pub keys: u64,
    /// Zipf exponent.
    pub skew: f64,
    /// Timeout of one attempt (ns).
    pub timeout: Nanos,
    /// Further attempts.
    pub retries: u32,
    /// Pause before the first retry (ns); doubles.
    pub backoff: Nanos,
    /// Retries allowed for each request on average, in thousandths; 0 for no limit.
    pub retry_permille: u32,
    /// Zipf exponent of the clients' shares of `rate`; 0 gives all the same.
    pub client_skew: f64,
    /// Stay with one server.
    pub sticky: bool,
    /// First arrival not before (ns).
    pub start: Nanos,
    /// No arrival after (ns).
    pub stop: Nanos,
}

impl Default for Workload {
    fn default() -> Self {
        Self {
            clients: 3,
            arrivals: Arrivals::Open,
            rate: 30.0,
            think: Distribution::Exponential { mean: 100 * MILLISECOND },
            read_share: 0.5,
            keys: 8,
            skew: 0.0,
            timeout: SECOND,
            retries: 0,
            backoff: 0,
            retry_permille: 0,
            client_skew: 0.0,
            sticky: true,
            start: 0,
            stop: Nanos::MAX,
        }
    }
}
