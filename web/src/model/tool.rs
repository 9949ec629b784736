//! The armed fault tool, and what clicks on the stage make of it.

use netsplit_scenario::catalogue::{FaultDecl, ParamDecl, TargetKind};
use netsplit_scenario::{Duration, Fault, LinkName, Params, Target};
use serde_json::Value;

/// A tool of the palette: kind of fault, icon, key, name. Further kinds are in the list of all faults.
pub const PALETTE: [(&str, &str, &str, &str); 10] = [
    ("crash", "i-crash", "C", "Crash"),
    ("restart", "i-restart", "R", "Restart"),
    ("pause", "i-pause", "Z", "Pause"),
    ("slow", "i-slow", "S", "Slow"),
    ("cut", "i-cut", "X", "Cut link"),
    ("partition", "i-partition", "P", "Partition"),
    ("loss", "i-loss", "L", "Loss"),
    ("latency", "i-latency", "T", "Latency"),
    ("clock_offset", "i-skew", "K", "Clock skew"),
    ("disk_lost", "i-disk", "D", "Disk loss"),
];

/// The icon of a kind of fault.
pub fn icon(kind: &str) -> &'static str {
    if let Some((_, icon, ..)) = PALETTE.iter().find(|(known, ..)| *known == kind) {
        return icon;
    }
    match kind {
        "disk_stalled" | "disk_full" | "unsynced_lost" => "i-disk",
        "clock_drift" | "clock_jump" => "i-skew",
        "one_way" | "flap" => "i-cut",
        "duplicate" | "duplicate_message" => "i-copy",
        "reorder" | "delay_message" | "bandwidth" => "i-latency",
        "traffic_spike" => "i-bolt",
        "hot_key" => "i-hot",
        "drop_message" => "i-loss",
        _ => "i-bolt",
    }
}

/// What was clicked.
#[derive(Clone, Debug, PartialEq)]
pub enum Hit {
    /// A node, by name.
    Node(String),
    /// A message, by name.
    Message(String),
    /// The link between two nodes, by name.
    Link(String, String),
}

/// An armed tool.
#[derive(Clone, Debug, PartialEq)]
pub struct Aim {
    /// What it does.
    pub decl: FaultDecl,
    /// Amounts that differ from the defaults.
    pub params: Params,
    /// How long it lasts; without it until it is healed.
    pub lasts: Option<Duration>,
    /// Nodes picked so far.
    pub picked: Vec<String>,
}

impl Aim {
    /// This fault, nothing picked yet.
    pub fn new(decl: FaultDecl) -> Self {
        Self { decl, params: Params::new(), lasts: None, picked: Vec::new() }
    }

    /// What an amount stands at.
    pub fn amount(&self, decl: &ParamDecl) -> Value {
        self.params.get(&decl.id).cloned().unwrap_or_else(|| decl.default.clone())
    }

    /// Whether a click on a node means something.
    pub fn wants_nodes(&self) -> bool {
        matches!(self.decl.target, TargetKind::Node | TargetKind::Link | TargetKind::Groups)
    }

    /// Whether it needs no target.
    pub fn untargeted(&self) -> bool {
        matches!(self.decl.target, TargetKind::None | TargetKind::Any)
    }

    /// Whether nodes are picked for it one after the other, and it waits until that is all.
    pub fn gathers(&self) -> bool {
        self.decl.target == TargetKind::Groups && !self.picked.is_empty()
    }

    /// A click. Gives the fault where that was enough.
    pub fn click(&mut self, hit: &Hit) -> Option<Fault> {
        match (self.decl.target, hit) {
            (TargetKind::Node, Hit::Node(name)) => Some(self.fault(Target::Node(name.clone()))),
            (TargetKind::Link, Hit::Node(name)) => match self.picked.first().cloned() {
                None => {
                    self.picked.push(name.clone());
                    None
                }
                Some(first) if first == *name => self.finish(),
                Some(first) => {
                    self.picked.clear();
                    Some(self.fault(Target::Link(self.link(first, name.clone()))))
                }
            },
            (TargetKind::Link, Hit::Link(from, to)) => {
                self.picked.clear();
                Some(self.fault(Target::Link(self.link(from.clone(), to.clone()))))
            }
            (TargetKind::Groups, Hit::Node(name)) => {
                match self.picked.iter().position(|known| known == name) {
                    Some(at) => drop(self.picked.remove(at)),
                    None => self.picked.push(name.clone()),
                }
                None
            }
            (TargetKind::Message, Hit::Message(name)) => {
                name.parse().ok().map(|name| self.fault(Target::Message(name)))
            }
            _ => None,
        }
    }

    /// What is picked is all there is to it (Enter, or the button). Gives the fault where that suffices.
    pub fn finish(&mut self) -> Option<Fault> {
        let picked = std::mem::take(&mut self.picked);
        match (self.decl.target, picked.as_slice()) {
            (TargetKind::None | TargetKind::Any, _) => Some(self.fault(Target::None)),
            (TargetKind::Link, [one]) => {
                // All links of one node.
                Some(self.fault(Target::Node(one.clone())))
            }
            (TargetKind::Groups, [_, ..]) => Some(self.fault(Target::Groups(vec![picked]))),
            _ => {
                self.picked = picked;
                None
            }
        }
    }

    /// The fault on this target.
    pub fn fault(&self, target: Target) -> Fault {
        Fault {
            at: Duration::ZERO,
            lasts: self.lasts.filter(|_| self.decl.has_duration),
            kind: self.decl.kind.clone(),
            target,
            params: self.params.clone(),
        }
    }

    fn link(&self, from: String, to: String) -> LinkName {
        LinkName { from, to, both: self.decl.kind != "one_way" }
    }

    /// What to do next, in words.
    pub fn hint(&self) -> String {
        match (self.decl.target, self.picked.as_slice()) {
            (TargetKind::Link, [one]) if self.decl.kind == "one_way" => {
                format!("From {one}. Click the receiver.")
            }
            (TargetKind::Link, [one]) => {
                format!("{one} picked. Click the other end, or {one} again for all its links.")
            }
            (TargetKind::Groups, []) => "Drag a line, or pick the nodes of one side.".to_owned(),
            (TargetKind::Groups, picked) => {
                format!("{} on one side, the rest on the other.", picked.join(" "))
            }
            (TargetKind::None | TargetKind::Any, _) => self.decl.help.clone(),
            _ => self.decl.help.clone(),
        }
    }
}

/// The name of the node at the other end of a fault, for sentences: "n1 n2 | n3".
pub fn target_words(target: &Target) -> String {
    match target {
        Target::None => String::new(),
        Target::Node(name) | Target::Zone(name) | Target::Role(name) => name.clone(),
        Target::Nodes(names) => names.join(" "),
        Target::Link(link) => link.to_string(),
        Target::Message(name) => name.to_string(),
        Target::Groups(groups) => groups.iter().map(|g| g.join(" ")).collect::<Vec<_>>().join(" | "),
        Target::All => "all".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decl(kind: &str, target: TargetKind) -> FaultDecl {
        FaultDecl {
            kind: kind.to_owned(),
            label: kind.to_owned(),
            help: "Help.".to_owned(),
            target,
            has_duration: true,
            params: Vec::new(),
        }
    }

    fn node(name: &str) -> Hit {
        Hit::Node(name.to_owned())
    }

    #[test]
    fn a_node_takes_one_click() {
        let mut aim = Aim::new(decl("crash", TargetKind::Node));
        let fault = aim.click(&node("n1"));
        assert_eq!(fault.map(|f| f.target), Some(Target::Node("n1".to_owned())));
        assert_eq!(aim.click(&Hit::Message("n1>n2@1".to_owned())), None);
    }

    #[test]
    fn a_link_takes_two_and_the_same_twice_means_all_links() {
        let mut aim = Aim::new(decl("cut", TargetKind::Link));
        assert_eq!(aim.click(&node("n1")), None);
        let Some(Fault { target: Target::Link(link), .. }) = aim.click(&node("n2")) else { panic!("a link") };
        assert_eq!(link.to_string(), "n1<>n2");
        assert_eq!(aim.click(&node("n3")), None);
        assert_eq!(aim.click(&node("n3")).map(|f| f.target), Some(Target::Node("n3".to_owned())));
        let mut one_way = Aim::new(decl("one_way", TargetKind::Link));
        one_way.click(&node("n1"));
        let Some(Fault { target: Target::Link(link), .. }) = one_way.click(&node("n2")) else {
            panic!("a link")
        };
        assert_eq!(link.to_string(), "n1>n2");
    }

    #[test]
    fn a_partition_collects_a_side() {
        let mut aim = Aim::new(decl("partition", TargetKind::Groups));
        assert_eq!(aim.finish(), None);
        for name in ["n1", "n2", "n3", "n3"] {
            assert_eq!(aim.click(&node(name)), None);
        }
        let fault = aim.finish();
        assert_eq!(fault.map(|f| target_words(&f.target)), Some("n1 n2".to_owned()));
        assert!(aim.picked.is_empty());
    }

    #[test]
    fn a_message_is_hit_by_name_and_traffic_needs_no_target() {
        let mut aim = Aim::new(decl("drop_message", TargetKind::Message));
        let fault = aim.click(&Hit::Message("n1>n2@12.480123456/1".to_owned()));
        assert_eq!(fault.map(|f| target_words(&f.target)), Some("n1>n2@12.480123456/1".to_owned()));
        let mut spike = Aim::new(decl("traffic_spike", TargetKind::None));
        assert!(spike.finish().is_some());
    }
}
