//! The colours of the style sheet, read once per theme.

/// A colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rgb(pub u8, pub u8, pub u8);

impl Rgb {
    /// Reads "#rrggbb", "#rgb" or "rgb(r, g, b)".
    pub fn parse(text: &str) -> Option<Self> {
        if let Some((_, parts)) = text.split_once("rgb") {
            let mut parts = parts.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok());
            return Some(Self(parts.next()?, parts.next()?, parts.next()?));
        }
        let digits = text.trim().strip_prefix('#')?;
        let part = |from: usize, len: usize| u8::from_str_radix(digits.get(from..from + len)?, 16).ok();
        match digits.len() {
            6 => Some(Self(part(0, 2)?, part(2, 2)?, part(4, 2)?)),
            3 => Some(Self(part(0, 1)? * 17, part(1, 1)? * 17, part(2, 1)? * 17)),
            _ => None,
        }
    }

    /// This share of it on `ground`.
    pub fn on(self, ground: Self, share: f64) -> Self {
        let mix = |a: u8, b: u8| (f64::from(a) * share + f64::from(b) * (1.0 - share)).round() as u8;
        Self(mix(self.0, ground.0), mix(self.1, ground.1), mix(self.2, ground.2))
    }

    /// Red, green, blue.
    pub fn parts(self) -> [u8; 3] {
        [self.0, self.1, self.2]
    }

    /// For a canvas.
    pub fn css(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

/// A colour with what is made of it.
#[derive(Clone, Debug, Default)]
pub struct Ink {
    /// For strokes and fills.
    pub css: String,
    /// The inside of a node.
    pub fill: String,
    /// Text on a filled mark.
    pub on: String,
    /// For dots: red, green, blue.
    pub rgb: [u8; 3],
}

/// All colours that the stage uses.
#[derive(Clone, Debug, Default)]
pub struct Theme {
    /// Ground.
    pub stage: String,
    /// Raised ground.
    pub surface: String,
    /// A box at rest.
    pub raised: String,
    /// Text.
    pub ink: String,
    /// Text on ink.
    pub ink_inverse: String,
    /// Softer.
    pub ink_2: String,
    /// Softest.
    pub ink_3: String,
    /// Hairline.
    pub line: String,
    /// Line.
    pub line_2: String,
    /// Edge of a box.
    pub line_3: String,
    /// Faults.
    pub fault: String,
    /// Focus and selection.
    pub focus: String,
    /// By message role: append, vote_request, vote, client, data, gossip.
    pub message: Vec<Ink>,
    /// Neutral, then terms.
    pub term: Vec<Ink>,
    /// Neutral, then shards.
    pub shard: Vec<Ink>,
    /// Text, for dots.
    pub ink_rgb: [u8; 3],
    /// The softest, for dots.
    pub ink_3_rgb: [u8; 3],
    /// Faults, for dots.
    pub fault_rgb: [u8; 3],
    /// The font.
    pub font: String,
}

impl Theme {
    /// Reads the custom properties through `get`.
    pub fn read(get: impl Fn(&str) -> String) -> Self {
        let rgb = |name: &str| Rgb::parse(&get(name)).unwrap_or(Rgb(128, 128, 128));
        let css = |name: &str| rgb(name).css();
        let stage = rgb("--stage");
        let ink = |name: &str| {
            let colour = rgb(name);
            let on = if colour == rgb("--yellow") { "--on-yellow" } else { "--on-cat" };
            Ink { css: colour.css(), fill: colour.on(stage, 0.13).css(), on: css(on), rgb: colour.parts() }
        };
        let set = |prefix: &str, count: usize| {
            let mut all = vec![ink("--ink-2")];
            all.extend((1..=count).map(|at| ink(&format!("--{prefix}-{at}"))));
            all
        };
        let roles = ["append", "voteq", "vote", "client", "data", "gossip"];
        Self {
            stage: stage.css(),
            surface: css("--surface"),
            raised: css("--raised"),
            ink: css("--ink"),
            ink_inverse: css("--ink-inv"),
            ink_2: css("--ink-2"),
            ink_3: css("--ink-3"),
            line: css("--line"),
            line_2: css("--line-2"),
            line_3: css("--line-3"),
            fault: css("--fault"),
            focus: css("--focus"),
            message: roles.iter().map(|role| ink(&format!("--msg-{role}"))).collect(),
            term: set("term", 5),
            shard: set("shard", 6),
            ink_rgb: rgb("--ink-2").parts(),
            ink_3_rgb: rgb("--ink-3").parts(),
            fault_rgb: rgb("--fault").parts(),
            font: get("--font-ui"),
        }
    }

    /// The colour of a hue class: 0 is neutral, the others go round.
    pub fn hue(&self, hue: u32, shards: bool) -> &Ink {
        let set = if shards { &self.shard } else { &self.term };
        &set[class(hue, shards) as usize]
    }

    /// The colour of a message's role.
    pub fn role(&self, role: &str) -> &Ink {
        let at = match role {
            "append" => 0,
            "vote_request" => 1,
            "vote" => 2,
            "data" => 4,
            "gossip" => 5,
            _ => 3,
        };
        &self.message[at]
    }
}

/// The class of a hue: 0, or 1 to 5 (terms) or 6 (shards), going round.
pub fn class(hue: u32, shards: bool) -> u32 {
    let count = if shards { 6 } else { 5 };
    if hue == 0 { 0 } else { (hue - 1) % count + 1 }
}

/// The style sheet's name of a hue: `t3` for a term, `s3` for a shard.
pub fn hue(hue: u32, shards: bool) -> String {
    format!("{}{}", if shards { 's' } else { 't' }, class(hue, shards))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_and_mixed() {
        assert_eq!(Rgb::parse(" #459ddb"), Some(Rgb(0x45, 0x9d, 0xdb)));
        assert_eq!(Rgb::parse("#fff"), Some(Rgb(255, 255, 255)));
        assert_eq!(Rgb::parse("rgb(1, 20, 255)"), Some(Rgb(1, 20, 255)));
        assert_eq!(Rgb::parse("red"), None);
        assert_eq!(Rgb(255, 255, 255).on(Rgb(0, 0, 0), 0.5).css(), "#808080");
    }

    #[test]
    fn hues_go_round_and_zero_is_neutral() {
        let theme = Theme::read(|_| "#123456".to_owned());
        assert_eq!((class(0, false), class(5, false), class(6, false), class(6, true)), (0, 5, 1, 6));
        assert_eq!(theme.hue(1234, true).css, "#123456");
    }
}
