//! Virtual time: whole nanoseconds since the start of the run. No float is a time.

/// An instant (nanoseconds since the start) or a span (nanoseconds), as the name says.
pub type Nanos = u64;

/// One microsecond in nanoseconds.
pub const MICROSECOND: Nanos = 1_000;
/// One millisecond in nanoseconds.
pub const MILLISECOND: Nanos = 1_000_000;
/// One second in nanoseconds.
pub const SECOND: Nanos = 1_000_000_000;

/// Rounds a span of fractional nanoseconds to whole ones; negative and not-a-number become 0.
#[must_use]
pub fn nanos_from_f64(value: f64) -> Nanos {
    // `as` saturates: NaN and negatives give 0, huge values the largest u64.
    (value + 0.5) as Nanos
}
