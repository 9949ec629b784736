//! What is selected: a node, a link, a message or a fault.
//!
//! - [`node`]: a node's state, log and tables;
//! - [`before`]: what the last event changed in a node;
//! - [`inside`]: a node's timers, disk, clock and lives;
//! - [`console`]: what a client asks at a node by hand, and the answers;
//! - [`guide`]: what the scenario says about itself;
//! - [`message`]: a message in flight;
//! - [`link`]: the link between two nodes;
//! - [`fault`]: a fault of the run;
//! - [`witness`]: an operation that nothing explains;
//! - [`breach`]: an invariant that was broken.

mod before;
mod branch;
mod breach;
mod console;
mod fault;
pub mod guide;
mod inside;
mod link;
mod message;
mod node;
mod witness;

use netsplit_lab::scenario::{Duration, Fault, Target};
use netsplit_lab::{FaultBlock, NodeFrame};
use yew::prelude::*;

use super::dom::{Content, El, el, fragment};
use super::icons::icon;
use crate::app::{App, Msg};
use crate::model::face::Face;
use crate::model::format;
use crate::model::tool::{self, Hit};
use crate::model::ui::Selection;

/// The inspector.
pub fn inspector(app: &App, on: &Callback<Msg>) -> El {
    let Some(session) = app.session.as_ref() else { return fragment() };
    let selected = match &app.ui.selection {
        Selection::None => {
            let nodes = app.frame.nodes.iter().filter(|n| n.status != "absent").take(400);
            let chip = |node: &NodeFrame| {
                let hit = Hit::Node(node.name.clone());
                el("button").class("chip").sends(on, Msg::Hit(Some(hit))).with(&node.name)
            };
            fragment()
                .with(guide::guide(app).map(|guide| el("div").class("ins").with(guide)))
                .with(
                    el("p")
                        .class("empty")
                        .with("Click a node, a message or a fault to look into it. Or pick a node here:"),
                )
                .with(el("div").class("nodepick").each(nodes.map(chip)))
                .with((!app.panels.faults.is_empty()).then(|| faults(app, on)))
                .with((app.face == Face::Full).then(|| branch::begin(app, on)))
        }
        Selection::Node(id) => node::node(app, on, &session.inspect(*id)),
        Selection::Message(sent) => message::message(app, on, sent),
        Selection::Link(a, b) => link::link(app, on, *a, *b),
        Selection::Fault(index) => fault::fault(app, on, *index),
        Selection::Violation(index) => witness::witness(app, on, *index),
        Selection::Breach(index) => breach::breach(app, on, *index),
        Selection::Branch(id) => branch::branch(app, on, *id),
    };
    fragment().with(el("h2").class("sr").with("Inspector")).with(selected)
}

/// What goes wrong in this run, and when: where there is no room for the time line's blocks, this is the way to one.
fn faults(app: &App, on: &Callback<Msg>) -> El {
    let chip = |fault: &FaultBlock| {
        el("button").class("chip").sends(on, Msg::Select(Selection::Fault(fault.index))).with(format!(
            "{}, {}",
            fault.label,
            format::instant(fault.from)
        ))
    };
    let listed = app.panels.faults.iter().take(100).map(chip);
    fragment()
        .with(el("p").class("empty").with("Faults of this run:"))
        .with(el("div").class("nodepick").each(listed))
}

fn row(label: impl Content, value: impl Content) -> El {
    el("div").class("kv").with(el("span").with(label)).with(el("b").with(value))
}

fn title(name: &str, more: String) -> El {
    el("h3").with(name.to_owned()).with(el("small").with(more))
}

/// A button that breaks what is looked at.
fn act(on: &Callback<Msg>, kind: &str, label: &str, target: Target) -> El {
    let mut fault = Fault::new(Duration::ZERO, kind);
    fault.target = target;
    el("button")
        .class("btn line sm")
        .sends(on, Msg::Inject(fault))
        .with(icon(tool::icon(kind), "i16"))
        .with(label.to_owned())
}
