//! Reading the charts' values at an instant: by pointer, and with the arrow keys where a chart has the focus.

use web_sys::Element;
use yew::prelude::*;

use super::charts::{PLOT, Span};
use super::dom::El;
use crate::app::Msg;

/// Width of a chart's own coordinates.
const WIDTH: f64 = 344.0;

fn chart(target: Option<Element>) -> Option<Element> {
    target.and_then(|target| target.closest("svg").ok().flatten())
}

/// Lets the charts in this element be read.
pub fn reads(charts: El, on: &Callback<Msg>, span: &Span, bucket: u64) -> El {
    let Span { from, to, now, read, .. } = *span;
    let bucket = bucket.max(1);
    // Where a value stands: in the middle of its bucket.
    let middle = move |at: u64| at.clamp(from, to.saturating_sub(1)) / bucket * bucket + bucket / 2;
    let moved = {
        let on = on.clone();
        Callback::from(move |event: PointerEvent| {
            let read = chart(event.target_dyn_into()).map(|chart| {
                let place = chart.get_bounding_client_rect();
                let x = (f64::from(event.client_x()) - place.left()) * WIDTH / place.width().max(1.0);
                let share = ((x - PLOT.0) / (PLOT.1 - PLOT.0)).clamp(0.0, 1.0);
                (middle(from + ((to - from) as f64 * share) as u64), String::new())
            });
            on.emit(Msg::Read(read));
        })
    };
    let out = {
        let on = on.clone();
        Callback::from(move |_: PointerEvent| on.emit(Msg::Read(None)))
    };
    let on = on.clone();
    let key = Callback::from(move |event: KeyboardEvent| {
        let id = chart(event.target_dyn_into()).and_then(|chart| chart.get_attribute("data-chart"));
        let Some(id) = id else { return };
        let key = event.key();
        if key == "Escape" && read.is_some() {
            event.prevent_default();
            return on.emit(Msg::Read(None));
        }
        let at = read.unwrap_or(now);
        let at = match key.as_str() {
            "ArrowLeft" => at.saturating_sub(bucket),
            "ArrowRight" => at + bucket,
            "Home" => from,
            "End" => now,
            _ => return,
        };
        event.prevent_default();
        on.emit(Msg::Read(Some((middle(at), id))));
    });
    charts.on_hover(moved, out).on_key(key)
}
