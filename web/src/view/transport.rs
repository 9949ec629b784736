//! Play, pause, single events, the time, the speed.

use netsplit_scenario::json::number;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::controls::chosen;
use super::icons::icon;
use crate::app::{App, Msg};
use crate::model::format;
use crate::model::playback::{self, SLIDER};

/// The row of controls.
pub fn transport(app: &App, on: &Callback<Msg>) -> Html {
    let Some(session) = app.session.as_ref() else { return html! {} };
    let playing = session.playback.playing;
    let state = if session.goal.is_some() {
        "simulating"
    } else if playing {
        "playing"
    } else if session.finished() {
        "end of the run"
    } else if session.now() == 0 {
        "at the start"
    } else {
        "paused"
    };
    html! {
        <div class="ctrl">
            <button class="btn sq opt" aria-label="Back to the start" title="Back to the start" onclick={on.reform(|_| Msg::Seek(0))}>
                { icon("i-undo", "") }
            </button>
            <button class="btn sq" aria-label="Previous event" title="Previous event (Left)" onclick={on.reform(|_| Msg::Step(false))}>
                { icon("i-stepb", "") }
            </button>
            <button
                class="play"
                aria-label={if playing { "Pause" } else { "Play" }}
                title="Play, pause (Space)"
                onclick={on.reform(|_| Msg::Toggle)}
            >
                if playing {
                    <svg class="i i20" viewBox="0 0 24 24" aria-hidden="true"><path d="M7.500 6h3v12h-3zM13.500 6h3v12h-3z" /></svg>
                } else {
                    { icon("i-play", "i20") }
                }
            </button>
            <button class="btn sq" aria-label="Next event" title="Next event (Right)" onclick={on.reform(|_| Msg::Step(true))}>
                { icon("i-stepf", "") }
            </button>
            <span class="clock"><span ref={app.refs.clock.clone()}></span><small>{ state }</small></span>
            <span class="grow"></span>
            <span class="muted opt">{ format!("{} events", format::count(session.events())) }</span>
            <span class="sep opt"></span>
            { speed(session.playback.speed, on) }
        </div>
    }
}

fn speed(speed: f64, on: &Callback<Msg>) -> Html {
    let place = playback::place(speed);
    let oninput = on.reform(|event: InputEvent| {
        let place = event.target_dyn_into::<HtmlInputElement>().and_then(|i| number(&i.value()));
        Msg::Speed(playback::at_place(place.unwrap_or(600.0)))
    });
    let onchange = on.reform(|event: Event| Msg::Speed(number(&chosen(&event)).unwrap_or(1.0)));
    let text = format::speed(speed);
    html! {
        <div class="speed">
            <span>{ "Speed" }</span>
            <div class="track">
                <input
                    type="range"
                    min="0"
                    max={SLIDER.to_string()}
                    step="1"
                    value={format!("{place:.0}")}
                    data-css={format!("--v:{:.1}%", place / SLIDER * 100.0)}
                    aria-label="Speed"
                    aria-valuetext={format!("{text} real time")}
                    {oninput}
                />
                <svg viewBox="0 0 176 20" aria-hidden="true">
                    { for [".001", ".01", ".1", "1", "10", "100"].iter().enumerate().map(|(at, label)| {
                        let x = 7.0 + 162.0 * at as f64 / 5.0;
                        html! { <text class="ax" x={format!("{x:.1}")} y="14" text-anchor="middle">{ *label }</text> }
                    }) }
                </svg>
            </div>
            <b class="opt">{ &text }</b>
            <span class="pick chooser">
                <select class="select sm" aria-label="Speed" {onchange}>
                    { for playback::round_speeds().map(|round| html! {
                        <option value={round.to_string()} selected={(round - speed).abs() < round * 0.01}>{ format::speed(round) }</option>
                    }) }
                </select>
                { icon("i-down", "i16") }
            </span>
        </div>
    }
}
