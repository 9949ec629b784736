//! Passive checks, as in NGINX (src/http/ngx_http_upstream_round_robin.c): `max_fails` failures leave a backend
//! out until `fail_timeout` has passed since the last one. Then one request is let through, and if it succeeds,
//! the count starts anew; so does it where a request succeeds that was sent more than `fail_timeout` after the
//! last failure. A lone backend is never left out.
//!
//! NGINX counts refused connections and timeouts, and errors where `proxy_next_upstream` says so; here all of
//! them count, and a full queue too.

use netsplit_sim::time::Nanos;

/// What a balancer remembers of a backend's failures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Passive {
    pub fails: u32,
    /// Last failure.
    accessed: Nanos,
    /// Last failure, or the first pick after a fail timeout.
    checked: Nanos,
}

impl Passive {
    /// Until when (included) it is left out, if it is now.
    pub(super) fn left_out(&self, now: Nanos, max_fails: u32, fail_timeout: Nanos) -> Option<Nanos> {
        let until = self.checked.saturating_add(fail_timeout);
        (max_fails > 0 && self.fails >= max_fails && now <= until).then_some(until)
    }

    /// It was picked.
    pub(super) fn picked(&mut self, now: Nanos, fail_timeout: Nanos) {
        if now.saturating_sub(self.checked) > fail_timeout {
            self.checked = now;
        }
    }

    /// A request failed there; true where this failure gets it left out.
    pub(super) fn failed(&mut self, now: Nanos, max_fails: u32, fail_timeout: Nanos) -> bool {
        let before = self.left_out(now, max_fails, fail_timeout).is_some();
        self.fails = self.fails.saturating_add(1);
        (self.accessed, self.checked) = (now, now);
        !before && self.left_out(now, max_fails, fail_timeout).is_some()
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
    fn left_out_and_forgiven_as_by_nginx() {
        let mut passive = Passive::default();
        assert!(!passive.failed(100, 2, 10));
        assert_eq!(passive.left_out(100, 2, 10), None);
        assert!(passive.failed(105, 2, 10));
        assert_eq!(passive.left_out(115, 2, 10), Some(115));
        assert_eq!(passive.left_out(116, 2, 10), None);
        assert!(!passive.succeeded(), "a success of before the next period forgives nothing");
        passive.picked(116, 10);
        // Until this request has succeeded, no second one is let through.
        assert!(passive.left_out(117, 2, 10).is_some());
        assert!(passive.succeeded());
        assert_eq!(passive.left_out(117, 2, 10), None);
    }
}
