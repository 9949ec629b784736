//! A lane of the time line that shows how much there was of something.

use netsplit_lab::Amounts;

use super::dom::El;
use super::timeline::{Axis, path, px, text};
use crate::model::format;
use crate::view::dom::fragment;

/// Amounts as bars from the lane's foot, the run's most as high as the lane; that number stands behind the newest.
pub(super) fn amounts(axis: &Axis, amounts: &Amounts, (top, tall): (f64, f64)) -> El {
    let most = amounts.values.iter().copied().max().unwrap_or(0);
    if most == 0 {
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
    let end = axis.x(amounts.values.len() as u64 * amounts.bucket) + 6.0;
    let words = format!("at most {}", format::count(most));
    let room = axis.room(end) > 6.0 * words.len() as f64;
    let class = if amounts.lane == "failures" { "amount failures" } else { "amount" };
    fragment().with(path(class, drawn)).with(room.then(|| text("ax", px(end), px(top + 12.0)).with(words)))
}
