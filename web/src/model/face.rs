//! What the query says about how the page presents itself; nothing of it enters a run.

use netsplit_lab::scenario::json::number;

use super::opening::parameter;
use super::ui::Tab;

/// Which of its faces the page shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Face {
    /// Everything.
    #[default]
    Full,
    /// What somebody sees who has never been here: one cluster and one thing to do.
    First,
    /// A part of another page.
    Embed,
}

/// What is broken on a first visit.
pub const VICTIM: &str = "b4";
/// How many times as slow it becomes.
pub const SLOWER: f64 = 8.0;
/// The scenario of a first visit.
pub const FIRST: &str = "six-servers";

/// What the query asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Wishes {
    /// It is a part of another page.
    pub embed: bool,
    /// A first visit is welcomed.
    pub first: bool,
    /// Light or dark; without it the system decides, or an earlier visit.
    pub light: Option<bool>,
    /// The transport is shown; play always is.
    pub controls: bool,
    /// The panel that can be opened in an embed.
    pub panel: Option<Tab>,
    /// Faults can be made.
    pub editable: bool,
    /// It plays at once.
    pub autoplay: bool,
    /// Speed in place of the scenario's.
    pub speed: Option<f64>,
    /// What was not understood.
    pub strange: Vec<&'static str>,
}

impl Wishes {
    /// Reads a query.
    pub fn read(search: &str) -> Self {
        let mut strange = Vec::new();
        let mut one_of = |name: &'static str, values: &[&str]| {
            let value = parameter(search, name)?;
            let at = values.iter().position(|known| *known == value);
            if at.is_none() {
                strange.push(name);
            }
            at
        };
        let mut switch =
            |name: &'static str, otherwise: bool| one_of(name, &["0", "1"]).map_or(otherwise, |at| at == 1);
        let embed = switch("embed", false);
        let (first, controls, editable) =
            (switch("first", true), switch("controls", true), switch("editable", true));
        let autoplay = switch("autoplay", !embed);
        let light = one_of("theme", &["dark", "light", "auto"]).filter(|at| *at < 2).map(|at| at == 1);
        let panel = one_of("panels", &["metrics", "inspector", "events", "space-time", "none"]);
        let panel = panel.and_then(|at| Tab::ALL.get(at)).map(|(tab, _)| *tab);
        one_of("lang", &["en"]);
        let asked = parameter(search, "speed");
        let speed = asked.as_deref().and_then(number).filter(|speed| *speed > 0.0);
        if asked.is_some() && speed.is_none() {
            strange.push("speed");
        }
        Self { embed, first, light, controls, panel, editable, autoplay, speed, strange }
    }

    /// The face: `opens` where the address asks for a run of its own, `known` for somebody who has been here.
    pub fn face(&self, opens: bool, known: bool) -> Face {
        match (self.embed, opens || known || !self.first) {
            (true, _) => Face::Embed,
            (false, false) => Face::First,
            (false, true) => Face::Full,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_without_wishes_is_the_page_as_it_is() {
        let wishes = Wishes::read("");
        assert!(wishes.controls && wishes.editable && wishes.autoplay && !wishes.embed);
        assert_eq!((wishes.light, wishes.speed, wishes.panel), (None, None, None));
        assert_eq!(wishes.face(false, true), Face::Full);
        assert_eq!(wishes.face(true, false), Face::Full);
        assert_eq!(wishes.face(false, false), Face::First);
        assert_eq!(Wishes::read("?first=0").face(false, false), Face::Full);
    }

    #[test]
    fn an_embed_waits_to_be_asked() {
        let wishes = Wishes::read("?embed=1&theme=light&speed=0.5&panels=events&editable=0");
        assert!(!wishes.autoplay && !wishes.editable);
        assert_eq!((wishes.light, wishes.speed, wishes.panel), (Some(true), Some(0.5), Some(Tab::Events)));
        assert_eq!(wishes.face(false, false), Face::Embed);
        assert!(Wishes::read("?embed=1&autoplay=1").autoplay);
    }

    #[test]
    fn what_is_not_understood_is_named_and_does_nothing() {
        let wishes = Wishes::read("?theme=pink&speed=-1&controls=maybe&panels=none&utm_source=x");
        assert_eq!(wishes.strange, ["controls", "theme", "speed"]);
        assert_eq!(Wishes { strange: Vec::new(), ..wishes }, Wishes::read(""));
    }
}
