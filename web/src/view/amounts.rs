//! A lane of the time line that shows how much there was of something.

use netsplit_lab::Amounts;

use super::dom::El;
use super::timeline::{Axis, path, px, text, wide};
use crate::model::format;
use crate::view::dom::fragment;

/// Amounts as bars from the lane's foot, the run's most as high as the lane; that number stands behind the newest.
/// Beside another run's amounts those of both have one scale, and each its run's colour.
pub(super) fn amounts(
    axis: &Axis,
    amounts: &Amounts,
    (top, tall): (f64, f64),
    beside: Option<(&Amounts, &'static str)>,
) -> El {
    let most_of = |amounts: &Amounts| amounts.values.iter().copied().max().unwrap_or(0);
    let own = most_of(amounts);
    let most = own.max(beside.map_or(0, |(other, _)| most_of(other)));
    if own == 0 {
        return fragment();
    }
    let foot = top + tall;
    let mut drawn = String::new();
    // Neighbours of the same height are one bar; a small amount is seen as well.
    let mut from = 0;
    for (at, value) in amounts.values.iter().enumerate() {
        if amounts.values.get(at + 1) == Some(value) {
            continue;
        }
        if *value > 0 {
            let height = (tall * *value as f64 / most as f64).max(2.0);
            let (x, end) = (axis.x(from as u64 * amounts.bucket), axis.x((at as u64 + 1) * amounts.bucket));
            drawn += &format!("M{x:.1} {foot}v-{height:.1}H{:.1}V{foot}z", end.max(x + 1.0));
        }
        from = at + 1;
    }
    let words = format!("at most {} in {}", format::count(own), format::span(amounts.bucket));
    let end = axis.clear(axis.x(amounts.values.len() as u64 * amounts.bucket) + 6.0, &words);
    let room = axis.room(end) > wide(&words);
    let class = match beside {
        Some((_, class)) => class,
        None if amounts.lane == "failures" => "amount failures",
        None => "amount",
    };
    fragment().with(path(class, drawn)).with(room.then(|| text("ax", px(end), px(top + 12.0)).with(words)))
}
