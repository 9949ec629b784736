//! Passive checks, as in NGINX (src/http/ngx_http_upstream_round_robin.c): `max_fails` failures leave a backend
//! out until `fail_timeout` has passed since the last one. Then one request is let through, and if it succeeds,
//! the count starts anew; so does it where a request succeeds that was sent more than `fail_timeout` after the
//! last failure. A lone backend is never left out.
//!
//! NGINX counts refused connections and timeouts, and errors where `proxy_next_upstream` says so; here all of
//! them count, and a full queue too. It also lowers a failing server's weight for a while; here weights are
//! equal and stay so.

use netsplit_sim::time::Nanos;

/// What a balancer thinks of a backend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Health {
    pub fails: u32,
    /// Last failure.
    accessed: Nanos,
    /// Last failure, or the first pick after a fail timeout.
    checked: Nanos,
}

impl Health {
    /// Whether it is left out now.
    pub(super) fn ejected(&self, now: Nanos, max_fails: u32, fail_timeout: Nanos) -> bool {
        max_fails > 0 && self.fails >= max_fails && now.saturating_sub(self.checked) <= fail_timeout
    }

    /// It was picked.
    pub(super) fn picked(&mut self, now: Nanos, fail_timeout: Nanos) {
        if now.saturating_sub(self.checked) > fail_timeout {
            self.checked = now;
        }
    }

    /// A request failed there; true where this failure gets it left out.
    pub(super) fn failed(&mut self, now: Nanos, max_fails: u32, fail_timeout: Nanos) -> bool {
        let before = self.ejected(now, max_fails, fail_timeout);
        self.fails = self.fails.saturating_add(1);
        (self.accessed, self.checked) = (now, now);
        !before && self.ejected(now, max_fails, fail_timeout)
    }

    /// A request succeeded there; true where that made it sound again.
    pub(super) fn succeeded(&mut self) -> bool {
        // A success forgives only failures of an earlier period.
        let sound = self.fails > 0 && self.accessed < self.checked;
        if sound {
            self.fails = 0;
        }
        sound
    }

    pub(super) fn word(&self) -> u64 {
        u64::from(self.fails) ^ self.accessed.rotate_left(20) ^ self.checked.rotate_left(41)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ejected_and_forgiven_as_by_nginx() {
        let mut health = Health::default();
        assert!(!health.failed(100, 2, 10));
        assert!(!health.ejected(100, 2, 10));
        assert!(health.failed(105, 2, 10));
        assert!(health.ejected(115, 2, 10));
        assert!(!health.ejected(116, 2, 10));
        assert!(!health.succeeded(), "a success of before the next period forgives nothing");
        health.picked(116, 10);
        // Until this request has succeeded, no second one is let through.
        assert!(health.ejected(117, 2, 10));
        assert!(health.succeeded());
        assert!(!health.ejected(117, 2, 10));
    }
}
