//! The JavaScript API, for people who build their own page: a thin class over [`netsplit_lab::Experiment`].
//! Everything that goes in and out is a plain object; times are numbers of nanoseconds.

#![allow(
    missing_docs,
    reason = "types.d.ts describes each item; the macro's own structs have no place for it"
)]

use netsplit_lab::scenario::{self, Action, Decoded, Fault, Problem, Problems, Scenario};
use netsplit_lab::{Experiment, causes, changes, declared, export, gallery, spacetime};
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = include_str!("types.d.ts");

/// Plain objects, typed for TypeScript by the section above.
mod types {
    #![allow(missing_docs, reason = "types.d.ts describes each")]

    use wasm_bindgen::prelude::*;

    #[wasm_bindgen]
    extern "C" {
        #[wasm_bindgen(typescript_type = "Scenario")]
        pub type JsScenario;
        #[wasm_bindgen(typescript_type = "Fault")]
        pub type JsFault;
        #[wasm_bindgen(typescript_type = "Action")]
        pub type JsAction;
        #[wasm_bindgen(typescript_type = "Frame")]
        pub type JsFrame;
        #[wasm_bindgen(typescript_type = "NodeFrame")]
        pub type JsNode;
        #[wasm_bindgen(typescript_type = "Report")]
        pub type JsReport;
        #[wasm_bindgen(typescript_type = "Advance")]
        pub type JsAdvance;
        #[wasm_bindgen(typescript_type = "LogEntry[]")]
        pub type JsLog;
        #[wasm_bindgen(typescript_type = "Chart[]")]
        pub type JsCharts;
        #[wasm_bindgen(typescript_type = "FaultBlock[]")]
        pub type JsFaults;
        #[wasm_bindgen(typescript_type = "Band[]")]
        pub type JsBands;
        #[wasm_bindgen(typescript_type = "SpaceTime")]
        pub type JsSpaceTime;
        #[wasm_bindgen(typescript_type = "Past | null")]
        pub type JsPast;
        #[wasm_bindgen(typescript_type = "Changed | null")]
        pub type JsChanged;
        #[wasm_bindgen(typescript_type = "Legend[]")]
        pub type JsLegend;
        #[wasm_bindgen(typescript_type = "GalleryEntry[]")]
        pub type JsGallery;
        #[wasm_bindgen(typescript_type = "Catalogue")]
        pub type JsCatalogue;
    }
}

use types::*;

fn out<T: JsCast>(value: &impl Serialize) -> Result<T, JsError> {
    let value = value.serialize(&Serializer::json_compatible())?;
    Ok(value.unchecked_into())
}

/// An `Error` whose message lists every problem with its path.
fn refuse(problems: &Problems) -> JsError {
    JsError::new(&problems.to_string())
}

fn time(ns: f64) -> u64 {
    // `as` saturates: negative and not-a-number give 0.
    ns as u64
}

/// A running experiment.
#[wasm_bindgen]
pub struct Lab {
    experiment: Experiment,
}

#[wasm_bindgen]
impl Lab {
    /// Brings a scenario to life. It throws an `Error` that names every problem with its path.
    #[wasm_bindgen(constructor)]
    pub fn new(scenario: &JsScenario) -> Result<Lab, JsError> {
        let document: serde_json::Value = serde_wasm_bindgen::from_value(scenario.into())?;
        let scenario = scenario::validate(document, declared::shared()).map_err(|p| refuse(&p))?;
        Self::begin(&scenario)
    }

    /// Opens a link: a whole URL or what follows its `#`. The cursor is put where the link says.
    #[wasm_bindgen(js_name = fromLink)]
    pub fn from_link(link: &str) -> Result<Lab, JsError> {
        match scenario::decode(link, declared::shared()) {
            Decoded::Scenario(scenario) => {
                let mut lab = Self::begin(&scenario)?;
                lab.experiment.seek_saved_cursor();
                Ok(lab)
            }
            Decoded::Nothing => Err(JsError::new("there is no scenario in this link")),
            Decoded::Broken(broken) => Err(JsError::new(&broken.to_string())),
        }
    }

    /// Opens a scenario of the gallery.
    #[wasm_bindgen(js_name = fromGallery)]
    pub fn from_gallery(id: &str) -> Result<Lab, JsError> {
        let entry = gallery::find(id).ok_or_else(|| JsError::new("there is no such scenario"))?;
        let scenario = scenario::read(entry.json, declared::shared()).map_err(|p| refuse(&p))?;
        Self::begin(&scenario)
    }

    fn begin(scenario: &Scenario) -> Result<Lab, JsError> {
        Ok(Self { experiment: Experiment::open(scenario).map_err(|p| refuse(&p))? })
    }

    /// Another experiment that stands at the same moment and shares the past.
    pub fn fork(&self) -> Lab {
        Self { experiment: self.experiment.fork() }
    }

    /// Runs on to an instant (ns), but about so many events at most.
    pub fn advance(&mut self, until: f64, budget: f64) -> Result<JsAdvance, JsError> {
        let advance = self.experiment.advance(time(until), time(budget));
        out(&serde_json::json!({ "reached": advance.reached_ns, "done": advance.done }))
    }

    /// Runs on until so many events have been processed in all, or the run ends.
    #[wasm_bindgen(js_name = runToEvent)]
    pub fn run_to_event(&mut self, event: f64) {
        self.experiment.run_to_event(time(event));
    }

    /// The last event that was processed, in one line; for comparing two runs.
    #[wasm_bindgen(getter, js_name = lastEvent)]
    pub fn last_event(&self) -> Option<String> {
        self.experiment.last_event()
    }

    /// Runs one event; false at the end of the run.
    pub fn step(&mut self) -> bool {
        self.experiment.step()
    }

    /// Undoes one event; false at the start.
    #[wasm_bindgen(js_name = stepBack)]
    pub fn step_back(&mut self) -> bool {
        self.experiment.step_back()
    }

    /// Puts the cursor at an instant (ns).
    pub fn seek(&mut self, at: f64) {
        self.experiment.seek(time(at));
    }

    /// Injects a fault 1 ns after the cursor, whatever its `at` says; returns its index.
    pub fn inject(&mut self, fault: &JsFault) -> Result<u32, JsError> {
        let fault: Fault = now(fault.into())?;
        let index = self.experiment.inject(fault).map_err(|p| refuse(&p))?;
        Ok(index as u32)
    }

    /// Takes a fault out as if it had never been.
    #[wasm_bindgen(js_name = removeFault)]
    pub fn remove_fault(&mut self, index: u32) {
        self.experiment.remove_fault(index as usize);
    }

    /// Heals a fault 1 ns after the cursor.
    #[wasm_bindgen(js_name = endFault)]
    pub fn end_fault(&mut self, index: u32) {
        self.experiment.end_fault(index as usize);
    }

    /// Runs an action 1 ns after the cursor; returns its index.
    pub fn act(&mut self, action: &JsAction) -> Result<u32, JsError> {
        let action: Action = now(action.into())?;
        let index = self.experiment.act(action).map_err(|p| refuse(&p))?;
        Ok(index as u32)
    }

    /// The picture at the cursor.
    pub fn frame(&self) -> Result<JsFrame, JsError> {
        out(&self.experiment.frame())
    }

    /// Everything about one node at the cursor.
    pub fn inspect(&self, node: u32) -> Result<JsNode, JsError> {
        out(&self.experiment.inspect(node))
    }

    /// The kinds of message, by `kind` of a frame's messages.
    pub fn legend(&self) -> Result<JsLegend, JsError> {
        out(&self.experiment.legend())
    }

    /// Entries of the event log from an event's number on, up to the cursor.
    pub fn log(&self, from_event: f64, limit: u32) -> Result<JsLog, JsError> {
        out(&self.experiment.log(time(from_event), limit as usize))
    }

    /// The charts, up to the frontier.
    pub fn charts(&self) -> Result<JsCharts, JsError> {
        out(&self.experiment.charts())
    }

    /// The faults on the time line.
    pub fn faults(&self) -> Result<JsFaults, JsError> {
        out(&self.experiment.faults())
    }

    /// The bands on the lanes.
    pub fn bands(&self) -> Result<JsBands, JsError> {
        out(&self.experiment.bands())
    }

    /// The space-time diagram from an instant to another one (ns), with at most so many events.
    #[wasm_bindgen(js_name = spaceTime)]
    pub fn space_time(&self, from: f64, to: f64, most: u32) -> Result<JsSpaceTime, JsError> {
        out(&spacetime::space_time(&self.experiment, time(from), time(to), most as usize))
    }

    /// What happened before an event, among those from another one on, and the chain of its causes.
    pub fn past(&self, event: f64, from_event: f64) -> Result<JsPast, JsError> {
        out(&causes::past(&self.experiment, time(event), time(from_event)))
    }

    /// What the last event at a node, up to the cursor, changed in it.
    pub fn changed(&mut self, node: u32) -> Result<JsChanged, JsError> {
        out(&changes::changed(&mut self.experiment, node))
    }

    /// The run for other programs: "jsonl" (the trace), "shiviz" (its first events), "csv", "prometheus", "svg" (the stage).
    #[wasm_bindgen(js_name = exportAs)]
    pub fn export_as(&self, format: &str) -> Result<String, JsError> {
        let (x, mut text) = (&self.experiment, String::new());
        match format {
            "jsonl" => export::trace::json_lines(x, 1, u64::MAX, &mut |line| text.push_str(line)),
            "shiviz" => {
                export::trace::shiviz(x, 1, export::trace::SHIVIZ_EVENTS, &mut |line| text.push_str(line));
            }
            "csv" => text = export::metrics::csv(x),
            "prometheus" => text = export::metrics::prometheus(x),
            "svg" => text = export::svg::stage(&x.frame(), &x.legend(), &x.document().title),
            _ => return Err(JsError::new("there is no such format")),
        }
        Ok(text)
    }

    /// What happened up to the frontier.
    pub fn report(&self) -> Result<JsReport, JsError> {
        out(&self.experiment.report())
    }

    /// The scenario with what was injected by hand and the cursor.
    pub fn scenario(&self) -> Result<JsScenario, JsError> {
        out(&self.experiment.scenario())
    }

    /// What to put after a page's address to come back to this moment: `#s=1.…`.
    pub fn link(&self) -> String {
        let mut scenario = self.experiment.scenario();
        declared::shared().leave_out_defaults(&mut scenario);
        format!("#s={}", scenario::encode(&scenario))
    }

    /// The cursor's time (ns).
    #[wasm_bindgen(getter)]
    pub fn now(&self) -> f64 {
        self.experiment.now() as f64
    }

    /// How far it has been simulated (ns).
    #[wasm_bindgen(getter)]
    pub fn frontier(&self) -> f64 {
        self.experiment.frontier() as f64
    }

    /// The run's length (ns).
    #[wasm_bindgen(getter)]
    pub fn duration(&self) -> f64 {
        self.experiment.duration() as f64
    }

    /// Events processed at the cursor.
    #[wasm_bindgen(getter)]
    pub fn events(&self) -> f64 {
        self.experiment.events() as f64
    }

    /// The trace hash at the cursor: 32 hexadecimal digits.
    #[wasm_bindgen(getter, js_name = traceHash)]
    pub fn trace_hash(&self) -> String {
        self.experiment.trace_hash()
    }

    /// The cursor stands at the end of the run.
    #[wasm_bindgen(getter)]
    pub fn finished(&self) -> bool {
        self.experiment.finished()
    }
}

/// Reads an entry of the time line; what happens by hand needs no `at`.
fn now<T: serde::de::DeserializeOwned>(value: JsValue) -> Result<T, JsError> {
    let mut entry: serde_json::Value = serde_wasm_bindgen::from_value(value)?;
    if let Some(fields) = entry.as_object_mut() {
        fields.entry("at").or_insert_with(|| "0s".into());
    }
    serde_json::from_value(entry)
        .map_err(|error| refuse(&Problems::one(Problem::new("wrong_type", "", error.to_string(), ""))))
}

/// The scenarios that ship with netsplit.
#[wasm_bindgen(js_name = gallery)]
pub fn gallery_entries() -> Result<JsGallery, JsError> {
    out(&gallery::gallery())
}

/// Patterns, algorithms, parameters and faults, with bounds, defaults and help.
#[wasm_bindgen]
pub fn catalogue() -> Result<JsCatalogue, JsError> {
    out(declared::shared())
}
