//! A sweep over seeds: the workers that run it, the page's own thread where there are none, and what hands do to it.

use std::cell::RefCell;
use std::rc::Rc;

use netsplit_lab::scenario::encode;
use netsplit_lab::sweep::{Running, with_seed};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{MessageEvent, Worker, WorkerOptions, WorkerType};

use super::App;
use crate::browser::{self, Listener};
use crate::model::opening;
use crate::model::sweep::{self, Deed, State, Sweep};
use crate::model::ui::Sheet;

/// Events between two looks at the clock, on the page's own thread.
const SLICE: u64 = 400;
/// A worker that has not answered after so long is not waited for (wall ms).
const PATIENCE: f64 = 4000.0;
/// How often the sheet is made anew while it runs (wall ms).
const SHOWN: f64 = 250.0;
/// Most workers.
const MOST: usize = 16;

/// A worker: whether it has answered, and the seeds it is at.
struct Hand {
    worker: Worker,
    ready: bool,
    part: Option<(u64, u64)>,
    /// What it said last was that it has failed.
    failed: bool,
}

/// What the listeners of the workers share with the page.
struct Shared {
    sweep: Sweep,
    link: String,
    hands: Vec<Hand>,
}

impl Shared {
    /// A worker has said something.
    fn heard(&mut self, at: usize, text: &str) {
        let Some(hand) = self.hands.get_mut(at).filter(|hand| !hand.failed) else { return };
        match text {
            "ready" | "done" => {
                hand.ready = true;
                hand.part = self.sweep.take();
                if let Some((from, to)) = hand.part {
                    let _ = hand.worker.post_message(&format!("{from} {to} {}", self.link).into());
                }
            }
            line => match sweep::result(line) {
                Some(result) => self.sweep.put(result),
                None => {
                    hand.failed = true;
                    hand.worker.terminate();
                    if let Some(part) = hand.part.take() {
                        self.sweep.give_back(part);
                    }
                }
            },
        }
        // One that had nothing left to do takes what another gave back.
        if let Some((at, part)) = self.idle() {
            self.hands[at].part = Some(part);
            let text = format!("{} {} {}", part.0, part.1, self.link);
            let _ = self.hands[at].worker.post_message(&text.into());
        }
    }

    fn idle(&mut self) -> Option<(usize, (u64, u64))> {
        let at = self.hands.iter().position(|hand| hand.ready && !hand.failed && hand.part.is_none())?;
        Some((at, self.sweep.take()?))
    }

    fn end(&mut self) {
        self.hands.drain(..).for_each(|hand| hand.worker.terminate());
    }
}

/// The sweep of the open scenario.
pub struct Sweeping {
    shared: Rc<RefCell<Shared>>,
    listeners: Vec<Listener>,
    /// What the page's own thread is at.
    own: Option<Running>,
    /// When it began (wall ms).
    began: f64,
    shown_at: f64,
    shown: (u64, State),
    /// Workers that have taken part.
    pub(crate) hands: usize,
    /// How many seeds are asked for.
    pub(crate) count: u64,
    /// The number that is shown; the first one's where it is empty.
    pub(crate) metric: String,
    /// It is shown as a table.
    pub(crate) table: bool,
    /// The run that was opened last.
    pub(crate) opened: Option<u64>,
}

impl Drop for Sweeping {
    fn drop(&mut self) {
        self.shared.borrow_mut().end();
    }
}

impl Sweeping {
    fn new(sweep: Sweep) -> Self {
        let shared = Shared { sweep, link: String::new(), hands: Vec::new() };
        Self {
            shared: Rc::new(RefCell::new(shared)),
            listeners: Vec::new(),
            own: None,
            began: 0.0,
            shown_at: 0.0,
            shown: (0, State::Idle),
            hands: 0,
            count: 200,
            metric: String::new(),
            table: false,
            opened: None,
        }
    }

    /// What is known of it.
    pub(crate) fn look<R>(&self, look: impl FnOnce(&Sweep) -> R) -> R {
        look(&self.shared.borrow().sweep)
    }

    /// Workers that have answered.
    fn workers(&self) -> usize {
        self.shared.borrow().hands.iter().filter(|hand| hand.ready && !hand.failed).count()
    }

    fn start(&mut self) {
        self.stop();
        let mut shared = self.shared.borrow_mut();
        shared.sweep.start(self.count);
        shared.link = format!("#s={}", encode(&shared.sweep.scenario));
        let cores = browser::window().navigator().hardware_concurrency() as usize;
        let many = cores.saturating_sub(1).clamp(1, MOST);
        for at in 0..many {
            let Some(worker) = employ() else { break };
            let heard = self.shared.clone();
            self.listeners.push(Listener::new(&worker, "message", move |event| {
                let text = event.dyn_into::<MessageEvent>().ok().and_then(|event| event.data().as_string());
                heard.borrow_mut().heard(at, &text.unwrap_or_default());
            }));
            let failed = self.shared.clone();
            self.listeners.push(Listener::new(&worker, "error", move |event| {
                // Said here: it is no fault of the run, which goes on without this worker.
                event.prevent_default();
                failed.borrow_mut().heard(at, "trouble");
            }));
            shared.hands.push(Hand { worker, ready: false, part: None, failed: false });
        }
        self.began = browser::wall();
        self.hands = 0;
    }

    /// Ends the workers and what the page's own thread is at.
    fn stop(&mut self) {
        self.own = None;
        self.shared.borrow_mut().end();
        self.listeners.clear();
    }

    /// Takes parts as a worker would, on the page's own thread, until then (wall ms).
    fn by_itself(&mut self, end: f64) {
        loop {
            let mut shared = self.shared.borrow_mut();
            if self.own.is_none() {
                let Some(part) = shared.sweep.take() else { return };
                // What is open was valid.
                let Ok(made) = Running::new(&shared.sweep.scenario, part.0, part.1) else { return };
                self.own = Some(made);
            }
            if let Some(own) = self.own.as_mut()
                && own.advance(SLICE)
            {
                own.results().iter().for_each(|result| shared.sweep.put(result.clone()));
                self.own = None;
            }
            if browser::wall() >= end {
                return;
            }
        }
    }

    /// Goes on with it on the page's own thread for so long (ms), where no worker does. True where there is something
    /// new to show.
    #[inline(never)]
    fn work(&mut self, budget: f64) -> bool {
        let start = browser::wall();
        let waits = start - self.began < PATIENCE;
        let by_hands = self.shared.borrow().hands.iter().any(|hand| !hand.failed && (hand.ready || waits));
        let running = self.look(|sweep| sweep.state == State::Running);
        if running && !by_hands {
            self.by_itself(start + budget);
        }
        let now = self.look(|sweep| (sweep.results.len() as u64, sweep.state));
        let new = now != self.shown && (start - self.shown_at >= SHOWN || now.1 != self.shown.1);
        if new {
            (self.shown, self.shown_at) = (now, start);
            self.hands = self.hands.max(self.workers());
            if now.1 == State::Done {
                self.stop();
            }
        }
        new
    }
}

/// A worker with the program, if one can be had here.
fn employ() -> Option<Worker> {
    let options = WorkerOptions::new();
    options.set_type(WorkerType::Module);
    let worker = Worker::new_with_options(&browser::program("worker", "worker.js"), &options).ok()?;
    let message = js_sys::Object::new();
    let put = |name: &str, value: &JsValue| js_sys::Reflect::set(&message, &name.into(), value).is_ok();
    let script = browser::absolute(&browser::program("script", "netsplit-web.js"));
    let whole = put("script", &script.into()) && put("module", &wasm_bindgen::module());
    if !whole || worker.post_message(&message).is_err() {
        worker.terminate();
        return None;
    }
    Some(worker)
}

impl App {
    pub(super) fn sweep(&mut self, deed: Deed) {
        if let Deed::Gallery(id) = deed {
            self.opened(opening::from_gallery(&id));
            if self.ui.dialog.is_none() {
                browser::set_scenario(&id);
                self.ui.toast = None;
                self.turn(Some(Sheet::Sweep));
                self.bring_sweep();
                self.sweep(Deed::Start);
            }
            return;
        }
        let Some(sweeping) = self.sweeping.as_mut() else { return };
        match deed {
            Deed::Start => {
                sweeping.start();
                self.focus_on = Some(".sweepgo");
            }
            Deed::Cancel => {
                sweeping.stop();
                sweeping.shared.borrow_mut().sweep.cancel();
                self.focus_on = Some(".sweepgo");
            }
            Deed::Count(count) => sweeping.count = count,
            Deed::Metric(metric) => sweeping.metric = metric,
            Deed::Table => sweeping.table = !sweeping.table,
            Deed::Open(seed) => {
                sweeping.opened = Some(seed);
                let mut scenario = sweeping.look(|sweep| with_seed(&sweep.scenario, seed));
                scenario.view.speed = self.session.as_ref().map(|session| session.playback.speed);
                if self.open(scenario, false) {
                    self.forget_address();
                    self.toast(format!("The run of the sweep with seed {seed}."), true, 6000.0);
                    self.focus_on = Some(".play");
                }
            }
            Deed::Gallery(_) => {}
        }
    }

    /// The sheet shows the open scenario's sweep.
    pub(super) fn bring_sweep(&mut self) {
        let Some(session) = self.session.as_ref() else { return };
        let document = session.alone();
        let known = |sweeping: &Sweeping| sweeping.look(|sweep| sweep.is_of(&document));
        if !self.sweeping.as_ref().is_some_and(known) {
            let count = self.sweeping.as_ref().map(|old| old.count);
            let mut sweeping = Sweeping::new(Sweep::new(&document));
            sweeping.count = count.unwrap_or(sweeping.count);
            self.sweeping = Some(sweeping);
        }
    }

    /// Goes on with the sweep while its sheet is open. True where there is something new to show.
    pub(super) fn sweep_on(&mut self, budget: f64) -> bool {
        let shown = self.ui.sheet == Some(Sheet::Sweep);
        self.sweeping.as_mut().filter(|_| shown).is_some_and(|sweeping| sweeping.work(budget))
    }
}
