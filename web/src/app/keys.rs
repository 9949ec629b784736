//! The keyboard.

use web_sys::{Element, KeyboardEvent};
use yew::Context;

use super::{App, Msg};
use crate::browser;
use crate::model::breaks;
use crate::model::face::Face;
use crate::model::tool::PALETTE;
use crate::model::ui::{BranchDeed, CompareDeed, Dialog, Drawer, Selection, Sheet, Tab};

impl App {
    /// True where something is to be drawn.
    #[inline(never)]
    pub(super) fn key(&mut self, ctx: &Context<Self>, event: &KeyboardEvent) -> bool {
        if event.default_prevented() {
            return false;
        }
        let key = event.key();
        let target: Option<Element> = event.target().and_then(|t| wasm_bindgen::JsCast::dyn_into(t).ok());
        if event.alt_key() {
            // Anywhere else these keys are the browser's.
            let target = target.filter(|t| self.ui.dialog.is_none() && browser::inside(t, ".stage"));
            let node = target.as_ref().and_then(|t| t.get_attribute("data-node")?.parse().ok());
            if target.is_some() && self.shift(&key, node) {
                event.prevent_default();
            }
            return false;
        }
        let tag = target.as_ref().map(Element::tag_name).unwrap_or_default();
        if !self.listens(target.as_ref()) {
            return false;
        }
        let slider = target.as_ref().and_then(|t| t.get_attribute("type")).is_some_and(|t| t == "range");
        let typing = matches!(tag.as_str(), "INPUT" | "TEXTAREA" | "SELECT");
        if event.ctrl_key() || event.meta_key() {
            let msg = match key.as_str() {
                "z" if !event.shift_key() => Msg::Undo,
                "z" | "Z" | "y" => Msg::Redo,
                _ => return false,
            };
            // A field for text has its own.
            let own = typing && !slider && tag != "SELECT";
            return !own && self.ui.dialog.is_none() && self.send(ctx, event, msg);
        }
        if self.ui.menu.is_some() {
            return match self.menu_key(event) {
                Some(msg) => self.send(ctx, event, msg),
                None => false,
            };
        }
        if key == "Escape" {
            if self.ui.dialog.is_some() {
                return self.send(ctx, event, Msg::Dialog(None));
            }
            if self.ui.aim.is_some() {
                return self.send(ctx, event, Msg::Arm(None));
            }
            if self.ui.drawer != Drawer::Closed {
                return self.send(ctx, event, Msg::Drawer(Drawer::Closed));
            }
            if self.ui.sheet.is_some() {
                return self.send(ctx, event, Msg::Sheet(None));
            }
            return self.send(ctx, event, Msg::Select(Selection::None));
        }
        if self.ui.dialog.is_some() {
            if key == "Tab" {
                self.keep_focus(event);
            }
            return false;
        }
        if typing && !slider {
            return false;
        }
        let button = matches!(tag.as_str(), "BUTTON" | "A" | "SUMMARY");
        let role = target.as_ref().and_then(|t| t.get_attribute("role")).unwrap_or_default();
        let widget = slider || role == "tab" || role == "slider";
        let arrows = key.starts_with("Arrow");
        let ends = matches!(key.as_str(), "Home" | "End");
        if (arrows || ends) && self.roam(target.as_ref(), event) {
            return true;
        }
        if role == "tab" && arrows {
            return roving(target.as_ref(), event, "[role=tab]");
        }
        if arrows && target.as_ref().is_some_and(|t| browser::inside(t, "[role=toolbar]")) {
            return roving(target.as_ref(), event, "button");
        }
        if widget && (arrows || ends || matches!(key.as_str(), "PageUp" | "PageDown")) {
            return false;
        }
        let msg = match key.as_str() {
            " " if !button => Msg::Toggle,
            "ArrowLeft" if event.shift_key() => Msg::SeekBy(-100_000_000),
            "ArrowRight" if event.shift_key() => Msg::SeekBy(100_000_000),
            "ArrowLeft" => Msg::Step(false),
            "ArrowRight" => Msg::Step(true),
            "," => Msg::Jump(false),
            "." => Msg::Jump(true),
            "[" => Msg::Nudge(false),
            "]" => Msg::Nudge(true),
            "+" | "=" => Msg::Magnify(Some(true)),
            "-" => Msg::Magnify(Some(false)),
            "0" => Msg::Magnify(None),
            "?" => Msg::Dialog(Some(Dialog::Help)),
            "/" if self.face != Face::Embed => {
                self.finding = true;
                Msg::Dialog(Some(Dialog::Gallery))
            }
            "1" => Msg::Tab(Tab::Metrics),
            "2" => Msg::Tab(Tab::Inspector),
            "3" => Msg::Tab(Tab::Events),
            "4" => Msg::Tab(Tab::SpaceTime),
            "b" | "B" => Msg::Breaks(breaks::Deed::Show),
            "Home" => Msg::Seek(0),
            "Enter" if self.ui.aim.as_ref().is_some_and(|aim| !button || aim.gathers()) => Msg::Finish,
            "Delete" | "Backspace" => match self.ui.selection {
                Selection::Fault(index) => Msg::Remove(index),
                Selection::Branch(id) => Msg::Branch(BranchDeed::Delete(id)),
                _ => return false,
            },
            "w" | "W" => {
                let (now, all) = (self.panels.now, &self.panels.violations);
                match all.partition_point(|(_, time)| *time <= now).checked_sub(1) {
                    Some(index) if self.ui.sheet.is_none() => Msg::Sheet(Some(Sheet::Why(index))),
                    _ => return false,
                }
            }
            "g" | "G" if self.panels.consistency.is_some() => match self.ui.sheet {
                Some(Sheet::Cap(_)) => Msg::Sheet(None),
                _ => Msg::Sheet(Some(Sheet::Cap(0))),
            },
            "f" | "F" => Msg::Branch(BranchDeed::Fork),
            "m" | "M" if self.face != Face::Embed => Msg::Compare(CompareDeed::Toggle),
            "n" | "N" if self.face == Face::Full => match self.ui.sheet {
                Some(Sheet::Sweep) => Msg::Sheet(None),
                _ => Msg::Sheet(Some(Sheet::Sweep)),
            },
            "h" | "H" => Msg::HealAll,
            "v" | "V" => Msg::Arm(None),
            letter => {
                let tool = PALETTE.iter().find(|(_, _, key, _)| key.eq_ignore_ascii_case(letter));
                match tool {
                    Some((kind, ..)) => Msg::Arm(Some((*kind).to_owned())),
                    None => return false,
                }
            }
        };
        let changes = matches!(
            msg,
            Msg::Arm(Some(_)) | Msg::HealAll | Msg::Remove(_) | Msg::Branch(_) | Msg::Compare(_)
        );
        if changes && !self.wishes.editable {
            return false;
        }
        self.send(ctx, event, msg)
    }

    fn send(&mut self, ctx: &Context<Self>, event: &KeyboardEvent, msg: Msg) -> bool {
        event.prevent_default();
        ctx.link().send_message(msg);
        false
    }

    /// Keeps Tab inside the dialog.
    fn keep_focus(&self, event: &KeyboardEvent) {
        let document = browser::document();
        let Ok(list) =
            document.query_selector_all(".dlg button, .dlg input, .dlg select, .dlg a, .dlg textarea")
        else {
            return;
        };
        let count = list.length();
        if count == 0 {
            return;
        }
        let active = document.active_element();
        let edge = if event.shift_key() { 0 } else { count - 1 };
        let next = if event.shift_key() { count - 1 } else { 0 };
        let at_edge =
            list.get(edge).is_some_and(|node| active.as_ref().is_some_and(|a| a.is_same_node(Some(&node))));
        let outside = active.is_none_or(|a| !browser::inside(&a, ".dlg"));
        if (at_edge || outside)
            && let Some(element) =
                list.get(next).and_then(|n| wasm_bindgen::JsCast::dyn_into::<web_sys::HtmlElement>(n).ok())
        {
            event.prevent_default();
            let _ = element.focus();
        }
    }
}

/// Arrow keys walk along a tab list, a toolbar or a menu.
pub(super) fn roving(target: Option<&Element>, event: &KeyboardEvent, which: &str) -> bool {
    let step: i32 = match event.key().as_str() {
        "ArrowLeft" | "ArrowUp" => -1,
        _ => 1,
    };
    let Some(target) = target else { return false };
    let Ok(Some(list)) = target.closest("[role=tablist],[role=toolbar],[role=menu]") else { return false };
    let Ok(items) = list.query_selector_all(which) else { return false };
    let count = items.length() as i32;
    let at = (0..count)
        .find(|at| items.get(*at as u32).is_some_and(|n| target.is_same_node(Some(&n))))
        .unwrap_or(0);
    let next = items.get((at + step).rem_euclid(count.max(1)) as u32);
    if let Some(element) = next.and_then(|n| wasm_bindgen::JsCast::dyn_into::<web_sys::HtmlElement>(n).ok()) {
        event.prevent_default();
        let _ = element.focus();
        if which != "button" {
            element.click();
        }
    }
    false
}
