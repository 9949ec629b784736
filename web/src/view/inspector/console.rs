//! The console of a node: a line asks something there, the answers stand below.

use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::{guide, title};
use crate::app::{App, Msg};
use crate::browser;
use crate::model::console::USAGE;
use crate::view::dom::{El, el, fragment};

/// Id of the field.
const FIELD: &str = "console";

/// The console of a node, where the algorithm keeps data.
pub fn console(app: &App, on: &Callback<Msg>, node: &str) -> Option<El> {
    app.panels.consistency.as_ref()?;
    let ask = {
        let (on, node) = (on.clone(), node.to_owned());
        move || {
            let field = browser::document().get_element_by_id(FIELD);
            let Some(field) = field.and_then(|field| field.dyn_into::<HtmlInputElement>().ok()) else {
                return;
            };
            let line = field.value();
            if !line.trim().is_empty() {
                on.emit(Msg::Ask(line, node.clone()));
                field.set_value("");
            }
        }
    };
    let key = {
        let ask = ask.clone();
        Callback::from(move |event: KeyboardEvent| {
            if event.key() == "Enter" {
                event.prevent_default();
                ask();
            }
        })
    };
    let field = el("input")
        .class("box")
        .set("id", FIELD)
        .set("type", "text")
        .set("autocomplete", "off")
        .set("autocapitalize", "off")
        .set("spellcheck", "false")
        .set("placeholder", "put x 1")
        .set("aria-label", format!("Ask {node}: {USAGE}"))
        .on_key(key);
    let run =
        el("button").class("btn line sm").on_click(Callback::from(move |_: MouseEvent| ask())).with("Ask");
    let answers = app.session.as_ref().map(|session| session.answers()).unwrap_or_default();
    let answer = |entry: &netsplit_lab::LogEntry| {
        let time = el("time").with(format!("{:.3}", entry.time as f64 / 1e9));
        el("li").with(time).with(el("span").with(&entry.sentence))
    };
    let list = el("ol").set("aria-label", "Answers, the newest last").each(answers.iter().map(answer));
    let console = el("section")
        .class("console")
        .with(title("Console", format!("asks at {node}")))
        .with(el("div").class("row").with(field).with(run))
        .with(if answers.is_empty() {
            fragment().with(el("p").class("muted").with(format!("Type {USAGE}.")))
        } else {
            list
        })
        .with(guide::start(app, on));
    Some(fragment().with(console).with(guide::guide(app).filter(|_| guide::leads(app))))
}
