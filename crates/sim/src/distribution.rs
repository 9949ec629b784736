//! Distributions of spans, each sampled by inversion from one word.

use crate::draw;
use crate::math;
use crate::time::{Nanos, nanos_from_f64};

/// A law for a span of time. All parameters are in nanoseconds unless said otherwise.
#[derive(Clone, Debug, PartialEq)]
pub enum Distribution {
    /// Always the same span.
    Constant(Nanos),
    /// Every span from `min` to `max` equally likely.
    Uniform {
        /// Shortest span.
        min: Nanos,
        /// Longest span.
        max: Nanos,
    },
    /// Normal, cut at zero.
    Normal {
        /// Mean.
        mean: Nanos,
        /// Standard deviation.
        sd: Nanos,
    },
    /// Log-normal: the logarithm is normal with standard deviation `sigma`.
    LogNormal {
        /// Median.
        median: Nanos,
        /// Standard deviation of the logarithm (no unit).
        sigma: f64,
    },
    /// Exponential.
    Exponential {
        /// Mean.
        mean: Nanos,
    },
    /// Pareto: P(X > x) = (scale / x)^shape.
    Pareto {
        /// Least span.
        scale: Nanos,
        /// Tail index (no unit, above 0).
        shape: f64,
    },
    /// Erlang with an integer number of phases is a sum and needs several words; two suffice in practice.
    Erlang {
        /// Mean of the sum.
        mean: Nanos,
        /// Number of exponential phases, 1 to 16.
        phases: u32,
    },
    /// One of several laws, chosen with probability proportional to its weight.
    Mixture(Vec<(f64, Distribution)>),
    /// Observed quantiles at equal steps, lowest first, interpolated linearly.
    Empirical(Vec<Nanos>),
}

impl Distribution {
    /// The span that `word` stands for.
    #[must_use]
    #[inline]
    pub fn sample(&self, word: u64) -> Nanos {
        match self {
            Self::Constant(span) => *span,
            Self::Uniform { min, max } => {
                let width = max.saturating_sub(*min);
                min + ((u128::from(word) * (u128::from(width) + 1)) >> 64) as Nanos
            }
            _ => self.sample_curve(word),
        }
    }

    fn sample_curve(&self, word: u64) -> Nanos {
        match self {
            Self::Constant(_) | Self::Uniform { .. } => self.sample(word),
            Self::Normal { mean, sd } => {
                nanos_from_f64(*mean as f64 + *sd as f64 * math::normal_quantile(draw::unit(word)))
            }
            Self::LogNormal { median, sigma } => {
                nanos_from_f64(*median as f64 * math::exp(sigma * math::normal_quantile(draw::unit(word))))
            }
            Self::Exponential { mean } => nanos_from_f64(-(*mean as f64) * math::ln(draw::unit(word))),
            Self::Pareto { scale, shape } => {
                nanos_from_f64(*scale as f64 * math::pow(draw::unit(word), -1.0 / shape))
            }
            Self::Erlang { mean, phases } => {
                let phases = (*phases).clamp(1, 16);
                let sum: f64 =
                    (0..phases).map(|i| -math::ln(draw::unit(draw::word(word, u64::from(i))))).sum();
                nanos_from_f64(*mean as f64 * sum / f64::from(phases))
            }
            Self::Mixture(parts) => {
                let total: f64 = parts.iter().map(|(weight, _)| weight).sum();
                let mut at = draw::unit(word) * total;
                for (weight, part) in parts {
                    if at < *weight {
                        // A fresh word: the choice must not correlate with the span.
                        return part.sample(draw::word(word, 1));
                    }
                    at -= weight;
                }
                parts.last().map_or(0, |(_, part)| part.sample(draw::word(word, 1)))
            }
            Self::Empirical(quantiles) => match quantiles.as_slice() {
                [] => 0,
                [only] => *only,
                many => {
                    let at = draw::unit(word) * (many.len() - 1) as f64;
                    let low = at as usize;
                    let (a, b) = (many[low] as f64, many[(low + 1).min(many.len() - 1)] as f64);
                    nanos_from_f64(a + (b - a) * (at - low as f64))
                }
            },
        }
    }

    /// Mean in nanoseconds, in closed form; infinite for a Pareto law with shape 1 or less.
    #[must_use]
    pub fn mean(&self) -> f64 {
        match self {
            Self::Constant(span) => *span as f64,
            Self::Uniform { min, max } => (*min as f64 + *max as f64) / 2.0,
            Self::Normal { mean, .. } | Self::Exponential { mean } | Self::Erlang { mean, .. } => {
                *mean as f64
            }
            Self::LogNormal { median, sigma } => *median as f64 * math::exp(sigma * sigma / 2.0),
            Self::Pareto { scale, shape } if *shape > 1.0 => *scale as f64 * shape / (shape - 1.0),
            Self::Pareto { .. } => f64::INFINITY,
            Self::Mixture(parts) => {
                let total: f64 = parts.iter().map(|(weight, _)| weight).sum();
                parts.iter().map(|(weight, part)| weight * part.mean()).sum::<f64>()
                    / total.max(f64::MIN_POSITIVE)
            }
            Self::Empirical(quantiles) => {
                let steps = quantiles.len().saturating_sub(1).max(1) as f64;
                quantiles.windows(2).map(|w| (w[0] as f64 + w[1] as f64) / 2.0).sum::<f64>() / steps
            }
        }
    }
}
