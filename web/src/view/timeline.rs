//! The time line: ruler, lane of faults, the algorithm's lanes, the playhead.

use netsplit_lab::{Band, FaultBlock};
use web_sys::Element;
use yew::prelude::*;

use super::icons::icon;
use crate::app::{App, Msg};
use crate::model::ui::Selection;
use crate::model::{format, scale};
use crate::stage::theme;

const RULER: f64 = 22.0;
const LANE: f64 = 24.0;

/// Width of the lane labels and of the right margin.
pub fn gutters(width: f64) -> (f64, f64) {
    if width < 600.0 { (16.0, 16.0) } else { (104.0, 20.0) }
}

/// Where an instant is.
struct Axis {
    left: f64,
    width: f64,
    duration: u64,
    whole: f64,
}

impl Axis {
    fn x(&self, at: u64) -> f64 {
        self.left + self.width * (at as f64 / self.duration.max(1) as f64).clamp(0.0, 1.0)
    }
}

/// The time line.
pub fn timeline(app: &App, on: &Callback<Msg>) -> Html {
    let Some(session) = app.session.as_ref() else { return html! {} };
    let panels = &app.panels;
    let whole = app
        .refs
        .lanes
        .cast::<Element>()
        .map(|e| f64::from(e.client_width()))
        .filter(|w| *w > 10.0)
        .or_else(|| crate::browser::window().inner_width().ok().and_then(|w| w.as_f64()))
        .unwrap_or(1200.0);
    let (left, right) = gutters(whole);
    let axis = Axis { left, width: (whole - left - right).max(10.0), duration: app.axis, whole };
    let lanes = &session.lanes;
    let height = RULER + LANE * (1 + lanes.len()) as f64 + 6.0;
    let (down, moved) = scrub(app, on);
    let up = on.reform(|_: PointerEvent| Msg::Hold(false));
    let narrow = whole < 600.0;
    let words = format!(
        "{}, {} of {}",
        format::clock(panels.now),
        format::instant(panels.now),
        format::instant(session.duration())
    );
    let simmed = axis.x(panels.frontier) - axis.left;
    let done = axis.x(panels.now) - axis.left;
    let foot = height - 4.0;
    html! {
        <div class="line-area" ref={app.refs.lanes.clone()} data-css={format!("--lanes-h:{height}px")} onpointerdown={down} onpointermove={moved} onpointerup={up}>
            <svg
                viewBox={format!("0 0 {whole:.0} {height:.0}")}
                preserveAspectRatio="none"
                role="slider"
                tabindex="0"
                aria-label="Time line"
                aria-valuemin="0"
                aria-valuemax={format!("{:.3}", session.duration() as f64 / 1e9)}
                aria-valuenow={format!("{:.3}", panels.now as f64 / 1e9)}
                aria-valuetext={words}
                onkeydown={slider_keys(on, panels.now, session.duration())}
            >
                <rect class="simmed" x={px(axis.left)} y={px(RULER)} width={px(simmed)} height={px(height - RULER - 6.0)} />
                <rect class="simmed" x={px(axis.left)} y={px(RULER)} width={px(done)} height={px(height - RULER - 6.0)} />
                { for scale::time_ticks(0, app.axis, if narrow { 4 } else { 12 }).into_iter().map(|tick| {
                    let x = axis.x(tick);
                    let anchor = if tick == 0 { "start" } else if x > whole - right - 8.0 { "end" } else { "middle" };
                    html! {
                        <>
                            if (x - axis.x(panels.now)).abs() > 52.0 {
                                <text class="ax" x={px(x)} y="13" text-anchor={anchor}>{ format::span(tick) }</text>
                            }
                            <path class="gridl" d={format!("M{:.1} 18V{foot}", x.round() + 0.5)} />
                        </>
                    }
                }) }
                { lane_label("Faults", 0, narrow, whole) }
                { for panels.faults.iter().map(|fault| block(&axis, fault, &panels.faults)) }
                { for lanes.iter().enumerate().map(|(at, (id, label))| html! {
                    <>
                        { lane_label(label, at + 1, narrow, whole) }
                        { bands(&axis, &panels.bands, id, at + 1, app.scenario.system.pattern == "sharding") }
                    </>
                }) }
                <path class="gridl" d={format!("M16 {:.1}H{:.0}", foot + 0.5, whole - 16.0)} />
            </svg>
            { for panels.faults.iter().map(|fault| fault_button(app, on, &axis, fault)) }
            <div class="head" ref={app.refs.head.clone()} aria-hidden="true"><span ref={app.refs.head_label.clone()}></span></div>
        </div>
    }
}

fn px(value: f64) -> String {
    format!("{value:.1}")
}

fn lane_label(label: &str, at: usize, narrow: bool, whole: f64) -> Html {
    let y = RULER + LANE * at as f64;
    html! {
        <>
            <path class="gridl" d={format!("M16 {:.1}H{:.0}", y + 0.5, whole - 16.0)} />
            if !narrow { <text class="ax" x="16" y={px(y + 16.0)} fill="var(--ink-2)">{ label }</text> }
        </>
    }
}

fn extent(axis: &Axis, fault: &FaultBlock) -> (f64, f64) {
    let a = axis.x(fault.from);
    (a, (axis.x(fault.to) - a).max(7.0))
}

/// A fault: hatched block with its label inside or, where that is too narrow and nothing follows, behind it.
fn block(axis: &Axis, fault: &FaultBlock, all: &[FaultBlock]) -> Html {
    let (x, width) = extent(axis, fault);
    let y = RULER + 4.0;
    let text = fault.label.as_str();
    let needed = text.chars().count() as f64 * 5.9 + 12.0;
    let next = all.iter().filter(|f| f.from > fault.from).map(|f| axis.x(f.from)).fold(f64::MAX, f64::min);
    let inside = needed <= width.min(next - x);
    let behind = !inside && x + width + needed < next.min(axis.whole - 16.0);
    let lines = (width / 6.0) as usize;
    let hatch: String = (1..lines.min(400))
        .map(|at| {
            let at = x + at as f64 * 6.0;
            format!(
                "M{at:.1} {y}L{:.1} {:.1}",
                (at - 10.0).max(x),
                y + 16.0 * ((at - (at - 10.0).max(x)) / 10.0)
            )
        })
        .collect();
    html! {
        <>
            <rect class={classes!("fblock", fault.no_effect.then_some("none"))} x={px(x + 0.5)} y={px(y + 0.5)} width={px(width - 1.0)} height="15" rx="3" />
            <path class="fhatch" d={hatch} />
            if inside {
                <rect class="fback" x={px(x + 4.0)} y={px(y + 2.0)} width={px(needed - 6.0)} height="12" rx="2" />
                <text class="flab" x={px(x + 7.0)} y={px(y + 12.0)}>{ text }</text>
            } else if behind {
                <text class="flab" x={px(x + width + 6.0)} y={px(y + 12.0)}>{ text }</text>
            }
        </>
    }
}

/// The bands of a lane; those at the same time share its height.
fn bands(axis: &Axis, bands: &[Band], lane: &str, row: usize, shards: bool) -> Html {
    let here: Vec<&Band> = bands.iter().filter(|band| band.lane == lane).collect();
    let top = RULER + LANE * row as f64 + 4.0;
    let skip = here.len().saturating_sub(400);
    here.iter()
        .enumerate()
        .skip(skip)
        .map(|(at, band)| {
            let near = here[at.saturating_sub(8)..(at + 9).min(here.len())].iter();
            let together: Vec<&&Band> = near.filter(|b| b.from < band.to && band.from < b.to).collect();
            let count = together.len().clamp(1, 4) as f64;
            let order = together.iter().position(|b| std::ptr::eq(**b, *band)).unwrap_or(0).min(3) as f64;
            let height = 16.0 / count;
            let (x, end) = (axis.x(band.from), axis.x(band.to));
            let width = (end - x - 1.0).max(1.5);
            let fits = width > band.label.chars().count() as f64 * 6.2 + 10.0 && count < 2.0;
            let class = format!("{}{}", if shards { 's' } else { 't' }, theme::class(band.hue, shards));
            html! {
                <g {class}>
                    <rect class="band" x={px(x)} y={px(top + order * height)} width={px(width)} height={px(height - 0.5)} rx="2" />
                    if fits { <text class="bandlab" x={px(x + 6.0)} y={px(top + 11.8)}>{ &band.label }</text> }
                </g>
            }
        })
        .collect()
}

fn fault_button(app: &App, on: &Callback<Msg>, axis: &Axis, fault: &FaultBlock) -> Html {
    let (x, width) = extent(axis, fault);
    let index = fault.index;
    let selected = app.ui.selection == Selection::Fault(index);
    let select = on.reform(move |event: MouseEvent| {
        event.stop_propagation();
        Msg::Select(Selection::Fault(index))
    });
    let remove = on.reform(move |event: MouseEvent| {
        event.stop_propagation();
        Msg::Remove(index)
    });
    html! {
        <>
            <button
                class="fbtn"
                data-fault={index.to_string()}
                data-css={format!("left:{x:.1}px;top:{:.1}px;width:{width:.1}px", RULER + 3.0)}
                aria-label={format!("Fault: {}, from {}", fault.label, format::instant(fault.from))}
                aria-pressed={selected.to_string()}
                onclick={select}
            ></button>
            if selected {
                <button
                    class="fdel"
                    data-css={format!("left:{:.1}px;top:{:.1}px", (x + width + 3.0).min(axis.whole - 22.0), RULER + 3.0)}
                    aria-label={format!("Take {} out of the run", fault.label)}
                    title="Take out of the run"
                    onclick={remove}
                >{ icon("i-x", "") }</button>
            }
        </>
    }
}

/// Dragging anywhere but on a fault moves the playhead.
fn scrub(app: &App, on: &Callback<Msg>) -> (Callback<PointerEvent>, Callback<PointerEvent>) {
    let lanes = app.refs.lanes.clone();
    let duration = app.axis;
    let seek = {
        let on = on.clone();
        move |event: &PointerEvent| {
            let Some(element) = lanes.cast::<Element>() else { return };
            let rect = element.get_bounding_client_rect();
            let (left, right) = gutters(rect.width());
            let share =
                (f64::from(event.client_x()) - rect.left() - left) / (rect.width() - left - right).max(1.0);
            on.emit(Msg::Seek((share.clamp(0.0, 1.0) * duration as f64) as u64));
        }
    };
    let down = {
        let (seek, hold) = (seek.clone(), on.clone());
        Callback::from(move |event: PointerEvent| {
            let target: Option<Element> = event.target_dyn_into();
            let Some(target) = target.filter(|t| t.closest("button").ok().flatten().is_none()) else {
                return;
            };
            if event.button() == 0 {
                let _ = target.set_pointer_capture(event.pointer_id());
                hold.emit(Msg::Hold(true));
                seek(&event);
            }
        })
    };
    let moved = Callback::from(move |event: PointerEvent| {
        let target: Option<Element> = event.target_dyn_into();
        if event.buttons() & 1 == 1 && target.is_some_and(|t| t.has_pointer_capture(event.pointer_id())) {
            seek(&event);
        }
    });
    (down, moved)
}

fn slider_keys(on: &Callback<Msg>, now: u64, duration: u64) -> Callback<KeyboardEvent> {
    let on = on.clone();
    Callback::from(move |event: KeyboardEvent| {
        let step = duration / 100;
        let to = match event.key().as_str() {
            "ArrowLeft" | "ArrowDown" => now.saturating_sub(step),
            "ArrowRight" | "ArrowUp" => now + step,
            "PageDown" => now.saturating_sub(step * 10),
            "PageUp" => now + step * 10,
            "Home" => 0,
            "End" => duration,
            _ => return,
        };
        event.prevent_default();
        on.emit(Msg::Seek(to.min(duration)));
    })
}
