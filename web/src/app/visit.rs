//! The first visit, and the page as a part of another one.

use netsplit_lab::scenario::{Duration, Fault, Target};
use netsplit_lab::text;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};
use yew::html::Scope;

use super::{App, Msg};
use crate::browser;
use crate::model::face::{Face, SLOWER, VICTIM};
use crate::model::session::Session;
use crate::stage::theme::Theme;

impl App {
    /// What the query asks for besides a run: theme, panel, an eye on whether an embed can be seen.
    pub(super) fn present(&mut self, link: &Scope<Self>) {
        for strange in &self.wishes.strange {
            browser::console("warn", &format!("netsplit: ?{strange}= is not understood"));
        }
        let stored = browser::stored("netsplit-theme").filter(|_| !self.wishes.embed);
        self.ui.theme = self.wishes.light.or_else(|| stored.map(|theme| theme == "light"));
        browser::set_theme(self.ui.theme);
        self.stage.set_theme(Theme::read(browser::colour));
        self.ui.tab = self.wishes.panel.unwrap_or_default();
        if self.wishes.embed {
            let on = link.callback(Msg::Seen);
            browser::watch_root(move |seen| on.emit(seen));
        }
    }

    /// Transport and time line share a line.
    pub(crate) fn oneline(&self) -> bool {
        self.face != Face::Full || browser::matches("(max-height:559px) and (min-width:600px)")
    }

    /// No room, or no need, for the whole time line.
    pub(super) fn is_slim(&self) -> bool {
        self.oneline() || browser::matches("(max-width:599px)")
    }

    /// The first thing that a person does ends the first visit: the rest of the page opens around the same run.
    pub(super) fn acted(&mut self, msg: &Msg) {
        let nothing = matches!(
            msg,
            Msg::HashChanged
                | Msg::ThemeChanged
                | Msg::Theme
                | Msg::Magnify(_)
                | Msg::Hold(_)
                | Msg::Say(_)
                | Msg::ToastGone
                | Msg::Seen(_)
        );
        if self.face == Face::First && !nothing {
            // The button goes away with the first visit: the focus leaves it before the page is made anew.
            if browser::focused().is_some_and(|has| browser::inside(&has, ".todo")) {
                browser::focus(".play");
            }
            self.face = Face::Full;
            browser::store("netsplit-known", "1");
        }
    }

    /// What the first visit offers to do.
    pub(super) fn slow_down(&mut self) {
        let mut fault = Fault::new(Duration::ZERO, "slow");
        fault.target = Target::Node(VICTIM.to_owned());
        fault.params.insert("factor".to_owned(), SLOWER.into());
        self.inject(fault, None);
        self.toast(text::say("first-done", &[]), false, 12_000.0);
    }

    /// The button of the first visit is tied to the node that it acts on.
    pub(super) fn tie(&self) {
        let Some(root) = self.refs.root.cast::<Element>().filter(|_| self.face == Face::First) else {
            return;
        };
        let victim = self.frame.nodes.iter().find(|node| node.name == VICTIM);
        let Some(place) = victim.and_then(|node| self.stage.layout.of(node.id)) else { return };
        browser::style(&root, "--tie-x", &format!("{:.1}px", place.x + place.r));
        browser::style(&root, "--tie-y", &format!("{:.1}px", place.y));
    }

    /// "Open in netsplit" leads to the run as it is now; it asks for that just before it is followed.
    pub(super) fn lead_away(&self) {
        let link = browser::document().query_selector(".away").ok().flatten();
        if let (Some(link), Some(href)) = (link, self.session.as_ref().map(Session::link)) {
            let _ = link.set_attribute("href", &format!("{}{href}", browser::base()));
        }
    }

    /// Keys mean something only where the focus is in the embed.
    pub(super) fn listens(&self, target: Option<&Element>) -> bool {
        self.face != Face::Embed || target.is_some_and(|target| target.tag_name() != "BODY")
    }

    /// After a dialog or a menu the focus goes back to what opened it, which until now was inert; the focus of an element that is
    /// gone goes to "play".
    pub(super) fn keep_focus_somewhere(&mut self) {
        if self.ui.dialog.is_none()
            && self.ui.menu.is_none()
            && let Some(opener) = self.opener.take()
        {
            let _ = opener.unchecked_into::<HtmlElement>().focus();
        } else if self.focused.take().is_some_and(|element| !element.is_connected())
            && browser::focused().is_none()
        {
            browser::focus(".play");
        }
    }
}
