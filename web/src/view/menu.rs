//! What can be done to a node, a link or a message: a menu where it is.

use netsplit_lab::scenario::catalogue::{FaultDecl, TargetKind};
use netsplit_lab::scenario::{Duration, Fault, LinkName, Target};
use yew::prelude::*;

use super::dom::{El, el, fragment};
use super::icons::icon;
use crate::app::{App, Msg};
use crate::browser;
use crate::model::tool::{self, Hit};
use crate::model::ui::{Dialog, Menu, Selection};

/// About how large an entry and the menu are (px).
const ENTRY: f64 = 32.0;
const WIDTH: f64 = 216.0;

/// The menu, where it is open.
#[inline(never)]
pub fn menu(app: &App, on: &Callback<Msg>) -> El {
    let Some(menu) = &app.ui.menu else { return fragment() };
    let (name, look) = about(app, menu);
    let faults = app.catalogue.faults.iter().filter_map(|decl| fault(app, decl, &menu.hit));
    let entry = |id: &str, label: String, msg: Msg| {
        let button = el("button").set("role", "menuitem").set("tabindex", "-1").sends(on, msg);
        button.with(icon(id, "i16")).with(label)
    };
    let entries: Vec<El> =
        faults.map(|(fault, label)| entry(tool::icon(&fault.kind), label, Msg::Inject(fault))).collect();
    let (width, height) = browser::viewport();
    let tall = (ENTRY * (entries.len() as f64 + 4.0)).min(height - 16.0);
    let left = menu.x.min(width - WIDTH - 8.0).max(8.0);
    let top = menu.y.min(height - tall - 8.0).max(8.0);
    let held = app.held_menu.is_some();
    let list = el("div")
        .class(if held { "menu held" } else { "menu" })
        .set("role", "menu")
        .set("aria-label", &name)
        .set("data-css", format!("left:{left:.0}px;top:{top:.0}px"))
        .with(el("p").set("aria-hidden", true).with(&name))
        .with(look.map(|look| entry("i-eye", "Look into it".to_owned(), Msg::Select(look))))
        .each(entries)
        .with(entry("i-more", "More, with amounts …".to_owned(), Msg::Dialog(Some(Dialog::Faults))));
    let back = el("div").class(if held { "menu-back held" } else { "menu-back" }).sends(on, Msg::Menu);
    el("section").set("aria-label", format!("What can be done to {name}")).with(back).with(list)
}

/// What it is about, in words and as a selection.
fn about(app: &App, menu: &Menu) -> (String, Option<Selection>) {
    let id = |name: &String| app.frame.nodes.iter().find(|node| node.name == *name).map(|node| node.id);
    match &menu.hit {
        Hit::Node(name) => (name.clone(), id(name).map(Selection::Node)),
        Hit::Link(a, b) => {
            let both = id(a).zip(id(b));
            (format!("Link {a} – {b}"), both.map(|(a, b)| Selection::Link(a, b)))
        }
        Hit::Message(name) => {
            let found = app.frame.messages.iter().find(|message| message.id == *name);
            let kind = found.and_then(|m| app.session.as_ref()?.legend.get(m.kind as usize));
            let ends = name.split('@').next().unwrap_or_default().replace('>', " to ");
            let label = kind.map_or_else(|| ends.clone(), |kind| format!("{}, {ends}", kind.label));
            (label, found.map(|message| Selection::Message(Box::new(message.clone()))))
        }
    }
}

/// The fault that this kind means here, and what it is called.
fn fault(app: &App, decl: &FaultDecl, hit: &Hit) -> Option<(Fault, String)> {
    let mut label = decl.label.clone();
    let target = match (hit, decl.target) {
        (Hit::Node(name), TargetKind::Node) => {
            let node = app.frame.nodes.iter().find(|node| node.name == *name)?;
            let down = node.status == "crashed" || node.status == "paused";
            if (decl.kind == "restart") != down && (down || decl.kind == "restart") {
                return None;
            }
            Target::Node(name.clone())
        }
        (Hit::Node(name), TargetKind::Link) if decl.kind == "cut" => {
            label.push_str(", all of them");
            Target::Node(name.clone())
        }
        (Hit::Link(from, to), TargetKind::Link) => {
            let both = decl.kind != "one_way";
            if !both {
                label = format!("{label}, {from} to {to}");
            }
            Target::Link(LinkName { from: from.clone(), to: to.clone(), both })
        }
        (Hit::Message(name), TargetKind::Message) => Target::Message(name.parse().ok()?),
        _ => return None,
    };
    let mut fault = Fault::new(Duration::ZERO, &decl.kind);
    fault.target = target;
    Some((fault, label))
}
