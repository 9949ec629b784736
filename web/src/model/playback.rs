//! How wall time becomes virtual time.

use crate::model::math;

/// The slowest and the fastest speed.
pub const SPEEDS: (f64, f64) = (0.001, 100.0);
/// Steps of a speed slider.
pub const SLIDER: f64 = 1000.0;
/// No more wall time than this counts for one picture: a tab that was hidden does not leap.
const LONGEST_FRAME_MS: f64 = 100.0;
/// With reduced motion, one event at a time.
const EVENT_MS: f64 = 250.0;

/// Whether it plays, and how fast.
#[derive(Clone, Debug)]
pub struct Playback {
    /// It plays.
    pub playing: bool,
    /// Simulated seconds per second.
    pub speed: f64,
    /// No tweening: event by event.
    pub reduced: bool,
    carry: f64,
    waited: f64,
    asked: f64,
    got: f64,
    window: f64,
    ratio: Option<f64>,
    /// The latest picture's work did not come as far as it should have.
    pub late: bool,
}

impl Playback {
    /// Standing still at this speed.
    pub fn new(speed: f64) -> Self {
        Self {
            playing: false,
            speed: clamp(speed),
            reduced: false,
            carry: 0.0,
            waited: 0.0,
            asked: 0.0,
            got: 0.0,
            window: 0.0,
            ratio: None,
            late: false,
        }
    }

    /// Where the cursor should be after `wall_ms` more.
    pub fn target(&mut self, now_ns: u64, wall_ms: f64, end_ns: u64) -> u64 {
        let step = wall_ms.clamp(0.0, LONGEST_FRAME_MS) * 1e6 * self.speed + self.carry;
        let whole = step.floor();
        self.carry = step - whole;
        now_ns.saturating_add(whole as u64).min(end_ns)
    }

    /// Whether one more event is due in reduced motion.
    pub fn event_due(&mut self, wall_ms: f64) -> bool {
        self.waited += wall_ms;
        let due = self.waited >= EVENT_MS;
        if due {
            self.waited = 0.0;
        }
        due
    }

    /// Takes note of how far a picture's work came.
    pub fn record(&mut self, asked_ns: u64, got_ns: u64, wall_ms: f64) {
        self.late = got_ns < asked_ns;
        self.asked += asked_ns as f64;
        self.got += got_ns as f64;
        self.window += wall_ms;
        if self.window >= 600.0 {
            let ratio = if self.asked > 0.0 { self.got / self.asked } else { 1.0 };
            self.ratio = (ratio < 0.93).then_some(ratio);
            (self.asked, self.got, self.window) = (0.0, 0.0, 0.0);
        }
    }

    /// Share of the chosen speed that is reached, where it is less than all of it.
    pub fn behind(&self) -> Option<f64> {
        self.ratio.filter(|_| self.playing)
    }

    /// Plays or stops.
    pub fn set_playing(&mut self, playing: bool) {
        self.playing = playing;
        self.carry = 0.0;
        self.forget();
    }

    /// Another speed.
    pub fn set_speed(&mut self, speed: f64) {
        self.speed = clamp(speed);
        self.forget();
    }

    fn forget(&mut self) {
        (self.asked, self.got, self.window, self.ratio) = (0.0, 0.0, 0.0, None);
        self.late = false;
    }

    /// The next speed of 1, 2, 5, 10 … up or down.
    pub fn nudge(&mut self, up: bool) {
        self.set_speed(next_speed(self.speed, up));
    }
}

fn clamp(speed: f64) -> f64 {
    if speed.is_finite() { speed.clamp(SPEEDS.0, SPEEDS.1) } else { 1.0 }
}

/// All round speeds: 1, 2, 5 in each decade.
pub fn round_speeds() -> impl Iterator<Item = f64> {
    (-3..=2)
        .flat_map(|decade| [1.0, 2.0, 5.0].map(|step| step * math::pow(10.0, f64::from(decade))))
        .filter(|s| *s <= SPEEDS.1)
}

fn next_speed(speed: f64, up: bool) -> f64 {
    let near = 1e-6;
    if up {
        round_speeds().find(|s| *s > speed * (1.0 + near)).unwrap_or(SPEEDS.1)
    } else {
        round_speeds().filter(|s| *s < speed * (1.0 - near)).last().unwrap_or(SPEEDS.0)
    }
}

/// A slider's place (0 to [`SLIDER`]) for a speed.
pub fn place(speed: f64) -> f64 {
    math::log10(clamp(speed) / SPEEDS.0) / math::log10(SPEEDS.1 / SPEEDS.0) * SLIDER
}

/// The speed at a slider's place; near a round one it is that one.
pub fn at_place(place: f64) -> f64 {
    let raw = SPEEDS.0 * math::pow(SPEEDS.1 / SPEEDS.0, (place / SLIDER).clamp(0.0, 1.0));
    round_speeds().find(|s| math::log10(raw / s).abs() < 0.035).unwrap_or_else(|| {
        let size = math::pow(10.0, math::log10(raw).floor() - 1.0);
        (raw / size).round() * size
    })
}

/// A speed at which a message that takes `latency_ns` can be followed by eye.
pub fn comfortable(latency_ns: u64) -> f64 {
    let raw = latency_ns as f64 / 200e6;
    round_speeds().filter(|s| *s <= raw * 1.02).last().unwrap_or(SPEEDS.0).clamp(0.005, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wall_time_becomes_virtual_time_without_loss() {
        let mut playback = Playback::new(0.001);
        let mut now = 0;
        for _ in 0..1000 {
            now = playback.target(now, 16.6667, u64::MAX);
        }
        // 16.667 s of wall time at a thousandth are 16.667 ms; carried fractions are never lost.
        assert!((now as i64 - 16_666_700).abs() <= 1, "{now}");
    }

    #[test]
    fn a_hidden_tab_does_not_leap_and_the_end_is_the_end() {
        let mut playback = Playback::new(1.0);
        assert_eq!(playback.target(0, 60_000.0, u64::MAX), 100_000_000);
        assert_eq!(playback.target(0, 60.0, 5), 5);
    }

    #[test]
    fn speeds_move_in_round_steps() {
        let mut playback = Playback::new(0.1);
        playback.nudge(true);
        assert!((playback.speed - 0.2).abs() < 1e-9);
        playback.nudge(false);
        playback.nudge(false);
        assert!((playback.speed - 0.05).abs() < 1e-9);
        playback.set_speed(f64::NAN);
        assert!((playback.speed - 1.0).abs() < 1e-9);
        for speed in round_speeds() {
            assert!((at_place(place(speed)) - speed).abs() < 1e-9, "{speed}");
        }
    }

    #[test]
    fn a_slow_engine_is_admitted() {
        let mut playback = Playback::new(1.0);
        playback.set_playing(true);
        for _ in 0..50 {
            playback.record(16_000_000, 6_400_000, 16.0);
        }
        assert!((playback.behind().unwrap_or(1.0) - 0.4).abs() < 1e-6);
        playback.set_playing(false);
        assert_eq!(playback.behind(), None);
    }

    #[test]
    fn the_first_speed_suits_the_network() {
        assert!((comfortable(10_000_000) - 0.05).abs() < 1e-9);
        assert!((comfortable(50_000_000) - 0.2).abs() < 1e-9);
    }
}
