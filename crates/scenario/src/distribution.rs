//! How a length of time is spread.

use crate::Duration;
use serde::{Deserialize, Serialize};

/// The kinds that have a name in JSON; a plain duration is a constant.
pub const KINDS: [&str; 7] =
    ["uniform", "normal", "log_normal", "exponential", "pareto", "mixture", "empirical"];

/// What a distribution may look like, for messages.
pub const ACCEPTED: &str = "a duration such as \"5ms\", or an object such as {\"kind\":\"uniform\",\"min\":\"5ms\",\"max\":\"15ms\"}";

/// A distribution of lengths of time. In JSON a duration string is a constant; everything else is an object with
/// a `kind`. Samples below zero count as zero.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Distribution {
    /// Every length from `min` to `max` is as likely.
    Uniform {
        /// The shortest.
        min: Duration,
        /// The longest.
        max: Duration,
    },
    /// The normal distribution, cut at zero.
    Normal {
        /// The mean, before the cut.
        mean: Duration,
        /// The standard deviation, before the cut.
        sd: Duration,
    },
    /// The logarithm is normal: `median · e^(sigma · z)`. (p99 is `median · e^(2.326 · sigma)`.)
    LogNormal {
        /// Half of all are shorter.
        median: Duration,
        /// The standard deviation of the logarithm, 0 to 5.
        sigma: f64,
    },
    /// Memoryless.
    Exponential {
        /// The mean.
        mean: Duration,
    },
    /// A heavy tail: longer than `x` with probability `(scale / x)^shape`.
    Pareto {
        /// The shortest.
        scale: Duration,
        /// How fast the tail falls, 0.1 to 100; at 1 and below the mean is infinite.
        shape: f64,
    },
    /// One of several, by weight.
    Mixture {
        /// What it is mixed of.
        parts: Vec<Part>,
    },
    /// Measured: quantiles at equal steps, the first the minimum and the last the maximum, straight lines between.
    Empirical {
        /// At least two, none below the one before.
        quantiles: Vec<Duration>,
    },
    /// Always the same.
    #[serde(untagged)]
    Constant(Duration),
}

/// One part of a mixture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Its share, in proportion to the sum of all weights.
    pub weight: f64,
    /// How this part is spread.
    pub of: Distribution,
}

impl Default for Distribution {
    fn default() -> Self {
        Self::Constant(Duration::ZERO)
    }
}
