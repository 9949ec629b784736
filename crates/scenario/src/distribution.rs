//! How a length of time is spread.

use crate::Duration;
use crate::record::{self, Field, Port, Record, Unread, by_value};
use serde_json::Value;

/// The kinds that have a name in JSON; a plain duration is a constant.
pub const KINDS: [&str; 7] =
    ["uniform", "normal", "log_normal", "exponential", "pareto", "mixture", "empirical"];

/// What a distribution may look like, for messages.
pub const ACCEPTED: &str = "a duration such as \"5ms\", or an object such as {\"kind\":\"uniform\",\"min\":\"5ms\",\"max\":\"15ms\"}";

/// A distribution of lengths of time. In JSON a duration string is a constant; everything else is an object with
/// a `kind`. Samples below zero count as zero.
#[derive(Clone, Debug, PartialEq)]
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
    Constant(Duration),
}

/// One part of a mixture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Part {
    /// Its share, in proportion to the sum of all weights.
    pub weight: f64,
    /// How this part is spread.
    pub of: Distribution,
}

impl Record for Part {
    fn fields(&mut self, port: &mut Port<'_>) {
        port.need("weight", &mut self.weight);
        port.need("of", &mut self.of);
    }
}

impl Default for Distribution {
    fn default() -> Self {
        Self::Constant(Duration::ZERO)
    }
}

impl Distribution {
    /// The name of its kind; nothing for a constant.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Uniform { .. } => "uniform",
            Self::Normal { .. } => "normal",
            Self::LogNormal { .. } => "log_normal",
            Self::Exponential { .. } => "exponential",
            Self::Pareto { .. } => "pareto",
            Self::Mixture { .. } => "mixture",
            Self::Empirical { .. } => "empirical",
            Self::Constant(_) => "",
        }
    }

    /// A distribution of a kind that has a name, with nothing in it yet.
    fn of_kind(kind: &str) -> Option<Self> {
        let zero = Duration::ZERO;
        Some(match kind {
            "uniform" => Self::Uniform { min: zero, max: zero },
            "normal" => Self::Normal { mean: zero, sd: zero },
            "log_normal" => Self::LogNormal { median: zero, sigma: 0.0 },
            "exponential" => Self::Exponential { mean: zero },
            "pareto" => Self::Pareto { scale: zero, shape: 0.0 },
            "mixture" => Self::Mixture { parts: Vec::new() },
            "empirical" => Self::Empirical { quantiles: Vec::new() },
            _ => return None,
        })
    }
}

/// The fields of an object; a constant has none.
struct Fields<'d>(&'d mut Distribution);

/// The fields of an object of this kind.
pub(crate) fn fields(kind: &str) -> Vec<&'static str> {
    let mut blank = Distribution::of_kind(kind).unwrap_or_default();
    record::names_of(&mut Fields(&mut blank))
}

impl Record for Fields<'_> {
    fn fields(&mut self, port: &mut Port<'_>) {
        port.pass("kind", &mut self.0.kind().to_owned());
        match self.0 {
            Distribution::Uniform { min, max } => {
                port.need("min", min);
                port.need("max", max);
            }
            Distribution::Normal { mean, sd } => {
                port.need("mean", mean);
                port.need("sd", sd);
            }
            Distribution::LogNormal { median, sigma } => {
                port.need("median", median);
                port.need("sigma", sigma);
            }
            Distribution::Exponential { mean } => port.need("mean", mean),
            Distribution::Pareto { scale, shape } => {
                port.need("scale", scale);
                port.need("shape", shape);
            }
            Distribution::Mixture { parts } => port.need("parts", parts),
            Distribution::Empirical { quantiles } => port.need("quantiles", quantiles),
            Distribution::Constant(_) => {}
        }
    }
}

impl Field for Distribution {
    fn read(&mut self, value: &Value) -> Result<(), Unread> {
        if value.is_string() {
            *self = Self::Constant(record::from_value(value)?);
            return Ok(());
        }
        let kind = value.get("kind").and_then(Value::as_str);
        *self = kind.and_then(Self::of_kind).ok_or(Unread::TYPE)?;
        record::read(&mut Fields(self), value)
    }

    fn write(&mut self) -> Value {
        match self {
            Self::Constant(length) => length.write(),
            _ => Value::Object(record::write(&mut Fields(self))),
        }
    }
}

by_value!(Distribution, Part);
