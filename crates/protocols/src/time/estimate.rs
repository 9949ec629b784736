//! What one exchange says about another machine's clock.
//!
//! Cristian, "Probabilistic clock synchronization", Distributed Computing 3, 1989: the other clock's reading T, when its
//! answer has arrived after a round trip D, is best guessed as T + D/2, and off by D/2 − min at most, where min is the least
//! time that a message takes. NTP (RFC 5905, section 8): with the four timestamps of an exchange the offset is
//! ((t2 − t1) + (t3 − t4))/2 and the delay (t4 − t1) − (t3 − t2); the offset is off by half the delay at most.
//!
//! Both hold for clocks that run alike. A clock that may drift by ρ is off by ρ times the time that it measures more; NTP
//! calls that part the dispersion (its φ is 15 ppm).

use netsplit_sim::time::Nanos;

/// The four timestamps of an exchange: sent and received again by one machine's clock, received and sent by the other's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exchange {
    /// Request sent.
    pub t1: Nanos,
    /// Request received, by the other clock.
    pub t2: Nanos,
    /// Answer sent, by the other clock.
    pub t3: Nanos,
    /// Answer received.
    pub t4: Nanos,
}

/// How far the other clock is ahead, and how much that may be off (ns).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Estimate {
    /// The other clock's reading less one's own.
    pub offset: i64,
    /// The truth is no farther away than that.
    pub error: Nanos,
}

impl Estimate {
    /// Whether this may be the true offset.
    #[must_use]
    pub fn allows(&self, truth: i64) -> bool {
        truth.abs_diff(self.offset) <= self.error
    }
}

impl Exchange {
    /// How long the exchange took, by one's own clock.
    #[must_use]
    pub fn round_trip(&self) -> Nanos {
        self.t4.saturating_sub(self.t1)
    }

    /// How long the messages were under way, by both clocks.
    #[must_use]
    pub fn delay(&self) -> Nanos {
        self.round_trip().saturating_sub(self.t3.saturating_sub(self.t2))
    }

    /// What the drift of both clocks may have done meanwhile; a nanosecond more for rounding.
    fn dispersion(&self, ppm: u64) -> Nanos {
        let span = u128::from(self.round_trip());
        (2 * span * u128::from(ppm) / 1_000_000) as Nanos + 2
    }

    /// Cristian's estimate as the answer arrives, where no message takes less than `least` and no clock drifts by more
    /// than so many parts per million.
    #[must_use]
    pub fn cristian(&self, least: Nanos, ppm: u64) -> Estimate {
        let half = self.round_trip() / 2;
        let offset = self.t3 as i64 + half as i64 - self.t4 as i64;
        Estimate { offset, error: half.saturating_sub(least) + self.dispersion(ppm) }
    }

    /// NTP's estimate, where no clock drifts by more than so many parts per million.
    #[must_use]
    pub fn ntp(&self, ppm: u64) -> Estimate {
        let out = self.t2 as i64 - self.t1 as i64;
        let back = self.t3 as i64 - self.t4 as i64;
        Estimate { offset: (out + back) / 2, error: self.delay() / 2 + self.dispersion(ppm) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exchange_of_the_books() {
        // The other clock is 100 ahead; 30 there, 10 to think, 50 back.
        let exchange = Exchange { t1: 1_000, t2: 1_130, t3: 1_140, t4: 1_090 };
        assert_eq!((exchange.round_trip(), exchange.delay()), (90, 80));
        // NTP is off by half of what the two ways differ by, and says up to half of the delay.
        assert_eq!(exchange.ntp(0), Estimate { offset: 90, error: 42 });
        // Cristian counts the time to think as if it were the network's.
        assert_eq!(exchange.cristian(30, 0), Estimate { offset: 95, error: 17 });
        assert!(exchange.ntp(0).allows(100) && exchange.cristian(30, 0).allows(100));
        assert!(!exchange.cristian(44, 0).allows(100), "no way took so long");
    }
}
