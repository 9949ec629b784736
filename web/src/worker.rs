//! What the program does in a worker: it runs the seeds that the page asks for, and says what each came to.
//!
//! A message is a text: first seed, the seed after the last, and the scenario as a link. The answers are a line for each
//! seed (see [`crate::model::sweep::line`]), and "done". A worker that is not wanted any more is ended by the page.

use netsplit_lab::scenario::Scenario;
use netsplit_lab::sweep::Running;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use crate::model::opening::{self, Opening};
use crate::model::sweep;
use crate::parts;

/// Events between two looks at what is done.
const SLICE: u64 = 100_000;

/// Whether the program is in a worker.
pub fn inside() -> bool {
    js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>().is_ok()
}

/// Serves for as long as the page wants it.
pub fn serve() {
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    let own = scope.clone();
    let hear: Closure<dyn FnMut(MessageEvent)> = Closure::new(move |event: MessageEvent| {
        if let Some(text) = event.data().as_string() {
            let own = own.clone();
            // What the sheets share with the panels is theirs.
            parts::bring(&[parts::SHARE, parts::PANELS, parts::SHEETS], move |_| work(&text, own));
        }
    });
    scope.set_onmessage(Some(hear.as_ref().unchecked_ref()));
    hear.forget();
    let _ = scope.post_message(&"ready".into());
}

#[inline(never)]
fn work(text: &str, own: DedicatedWorkerGlobalScope) {
    let say = move |line: &str| drop(own.post_message(&line.into()));
    let mut words = text.splitn(3, ' ');
    let mut number = || words.next().and_then(|word| word.parse::<u64>().ok());
    let (Some(from), Some(to)) = (number(), number()) else { return say("trouble part") };
    let Opening::Scenario(scenario) = opening::opening(words.next().unwrap_or_default(), "") else {
        return say("trouble scenario");
    };
    let part = parts::of(&scenario.system.pattern, &scenario.system.algorithm).to_owned();
    parts::bring(&[&part], move |_| run(&scenario, (from, to), say));
}

fn run(scenario: &Scenario, (from, to): (u64, u64), say: impl Fn(&str)) {
    let Ok(mut running) = Running::new(scenario, from, to) else { return say("trouble scenario") };
    let mut said = 0;
    loop {
        let done = running.advance(SLICE);
        for result in &running.results()[said..] {
            say(&sweep::line(result));
        }
        said = running.results().len();
        if done {
            return say("done");
        }
    }
}
