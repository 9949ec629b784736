//! Response times as balancers remember them: an average that forgets, with a half of its memory gone after about
//! 0.7 of the decay time.

use netsplit_sim::digest::Digest;
use netsplit_sim::math;
use netsplit_sim::time::Nanos;

/// A backend's response time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Average {
    /// Nanoseconds; 0 before the first answer.
    pub value: f64,
    /// When it was last changed.
    stamp: Nanos,
}

impl Average {
    /// How much of the old value is left after the time since it was last changed.
    fn left(&self, now: Nanos, decay: Nanos) -> f64 {
        math::exp(-(now.saturating_sub(self.stamp) as f64) / decay.max(1) as f64)
    }

    /// Takes in a response time. With `peak` a longer one than the average replaces it at once.
    pub(super) fn add(&mut self, took: Nanos, now: Nanos, decay: Nanos, peak: bool) {
        let took = took as f64;
        if self.value <= 0.0 || (peak && took > self.value) {
            self.value = took;
        } else {
            let left = self.left(now, decay);
            self.value = self.value * left + took * (1.0 - left);
        }
        self.stamp = now;
    }

    /// The value now, fading while nothing is heard.
    pub(super) fn faded(&self, now: Nanos, decay: Nanos) -> f64 {
        self.value * self.left(now, decay)
    }
}

/// A digest of all of them.
pub(super) fn digest(all: &[Average]) -> Digest {
    Digest::new().all(all.iter().flat_map(|average| [average.value.to_bits(), average.stamp]))
}

/// Milliseconds for people, from nanoseconds.
pub(super) fn shown(nanos: f64) -> netsplit_sim::view::Arg {
    // Three digits are more than enough to see which one is less.
    let whole = nanos as Nanos;
    let unit = (0..17).map(|n| 10u64.pow(n)).find(|unit| whole / unit < 1000).unwrap_or(1);
    netsplit_sim::view::Arg::Time(whole / unit * unit)
}
