//! The time line: operations, faults, actions, branches.

use super::walk::{Walk, clip, field, listed, refs};
use crate::catalogue::{AlgorithmDecl, CLIENT_PREFIX, FaultDecl, NodeUse, OPERATIONS, TargetKind};
use crate::names::NameSet;
use crate::names::{LINK_ACCEPTED, MESSAGE_ACCEPTED, split_node};
use crate::record::fields_of;
use crate::timeline::{Branch, CHAOS, Chaos, FAULT_FIELDS, Operation, TARGETS};
use crate::{Duration, LinkName, MessageName, limits};
use serde_json::{Map, Value};

impl Walk<'_> {
    pub(super) fn operations(
        &mut self,
        path: &str,
        value: &Value,
        decl: Option<&AlgorithmDecl>,
        from: Duration,
    ) {
        let own = decl.map(|decl| decl.operations.as_slice()).filter(|own| !own.is_empty());
        let functions = own.map_or(OPERATIONS.to_vec(), refs);
        for (index, operation) in self.list(path, value, 0, limits::OPERATIONS).iter().enumerate() {
            let path = format!("{path}[{index}]");
            let Some(map) = self.object(&path, operation, &fields_of::<Operation>()) else { continue };
            self.at(&path, map, from);
            let accepted = format!("a client from c1 to c{}", limits::CLIENTS);
            if let Some(client) = self.need(&path, map, "client", &accepted) {
                let index = client.as_str().and_then(split_node);
                if !index.is_some_and(|(prefix, i)| prefix == CLIENT_PREFIX && i <= limits::CLIENTS) {
                    self.wrong(&field(&path, "client"), client, &accepted);
                }
            }
            if let Some(f) = self.need(&path, map, "f", &listed(&functions)) {
                self.one_of(&field(&path, "f"), f, "operation", &functions);
            }
            if let Some(key) = map.get("key") {
                self.text(&field(&path, "key"), key, limits::NAME_CHARS);
            }
            if let Some(node) = map.get("node") {
                self.node(&field(&path, "node"), node);
            }
            let is_cas = map.get("f").and_then(Value::as_str) == Some("cas");
            let path = field(&path, "value");
            match map.get("value") {
                Some(Value::Array(pair)) if is_cas && pair.len() == 2 => {
                    for (index, value) in pair.iter().enumerate() {
                        self.scalar(&format!("{path}[{index}]"), value);
                    }
                }
                Some(value) if is_cas => self.wrong(&path, value, "a list of the old value and the new one"),
                Some(value) => self.scalar(&path, value),
                None if is_cas => {
                    self.problem(
                        "missing",
                        &path,
                        "this is missing",
                        "a list of the old value and the new one",
                    );
                }
                None => {}
            }
        }
    }

    fn scalar(&mut self, path: &str, value: &Value) {
        match value {
            Value::String(_) => drop(self.text(path, value, limits::TEXT_CHARS)),
            Value::Array(_) | Value::Object(_) => {
                self.wrong(path, value, "a text, a number, true, false or null")
            }
            _ => {}
        }
    }

    fn at(&mut self, path: &str, map: &Map<String, Value>, from: Duration) {
        let Some(value) = self.need(path, map, "at", crate::duration::ACCEPTED) else { return };
        let path = field(path, "at");
        if self.instant(&path, value).is_some_and(|at| at < from) {
            let accepted = format!("{from} or later");
            self.problem("conflict", &path, "this is before its branch leaves", &accepted);
        }
    }

    pub(super) fn faults(&mut self, path: &str, value: &Value, decl: Option<&AlgorithmDecl>, from: Duration) {
        let mut kinds: Vec<&str> = self.catalogue.faults.iter().map(|fault| fault.kind.as_str()).collect();
        kinds.push(CHAOS);
        for (index, fault) in self.list(path, value, 0, limits::FAULTS).iter().enumerate() {
            let path = format!("{path}[{index}]");
            let Some(map) = self.map(&path, fault) else { continue };
            self.at(&path, map, from);
            if let Some(lasts) = map.get("for") {
                self.instant(&field(&path, "for"), lasts);
            }
            let kind = self.need(&path, map, "kind", &listed(&kinds));
            let kind =
                kind.and_then(|kind| self.one_of(&field(&path, "kind"), kind, "kind of fault", &kinds));
            let Some(kind) = kind else {
                self.targets(&path, map, decl);
                continue;
            };
            if kind == CHAOS {
                self.chaos(&path, map, decl);
                continue;
            }
            let catalogue = self.catalogue;
            let Some(fault) = catalogue.fault(kind) else { continue };
            self.fault(&path, map, fault, decl);
        }
    }

    fn fault(
        &mut self,
        path: &str,
        map: &Map<String, Value>,
        fault: &FaultDecl,
        decl: Option<&AlgorithmDecl>,
    ) {
        if map.contains_key("for") && !fault.has_duration {
            let message = format!("{} is over at once", fault.kind);
            self.problem("conflict", &field(path, "for"), message, "no such field");
        }
        let hits = fault.target.fields();
        for name in TARGETS.iter().filter(|name| map.contains_key(**name) && !hits.contains(name)) {
            let message = format!("{} cannot be aimed with \"{name}\"", fault.kind);
            self.problem("conflict", &field(path, name), message, &listed(hits));
        }
        let said = TARGETS.iter().any(|name| map.contains_key(*name));
        if fault.target.required() && !said {
            let message = format!("{} needs a target", fault.kind);
            self.problem("missing", path, message, &format!("one of {}", listed(hits)));
        }
        self.targets(path, map, decl);
        let mut known = vec!["at", "kind"];
        known.extend(fault.has_duration.then_some("for"));
        known.extend(hits);
        known.extend(fault.params.iter().map(|param| param.id.as_str()));
        for (name, value) in map {
            let at = field(path, name);
            match fault.params.iter().find(|param| param.id == *name) {
                _ if FAULT_FIELDS.contains(&name.as_str()) => {}
                Some(param) => self.param(&at, param, value),
                None => self.unknown("unknown_field", &at, "field", name, &known),
            }
        }
    }

    fn chaos(&mut self, path: &str, map: &Map<String, Value>, decl: Option<&AlgorithmDecl>) {
        let hits = ["node", "nodes", "zone", "role", "all"];
        let mut known = vec!["at", "for", "kind"];
        known.extend(fields_of::<Chaos>());
        known.extend(hits);
        for name in map.keys().filter(|name| !known.contains(&name.as_str())) {
            self.unknown("unknown_field", &field(path, name), "field", name, &known);
        }
        self.targets(path, map, decl);
        let catalogue = self.catalogue;
        let drawn = catalogue.faults.iter().filter(|fault| fault.target != TargetKind::Message);
        let kinds: Vec<&str> = drawn.map(|fault| fault.kind.as_str()).collect();
        if let Some(value) = self.need(path, map, "kinds", &format!("a list of {}", listed(&kinds))) {
            let at = field(path, "kinds");
            for (index, kind) in self.list(&at, value, 1, limits::CHAOS_KINDS).iter().enumerate() {
                self.one_of(&format!("{at}[{index}]"), kind, "kind of fault", &kinds);
            }
        }
        let most = limits::CHAOS_RATE;
        if let Some(rate) = self.need(path, map, "rate", "a number of incidents per second") {
            self.real(&field(path, "rate"), rate, 0.0, most);
        }
        if let Some(value) = map.get("max_at_once") {
            self.whole(&field(path, "max_at_once"), value, 1, i64::from(limits::NODES));
        }
        if let Some(value) = map.get("each") {
            self.duration(&field(path, "each"), value, Duration(1), limits::DURATION);
        }
    }

    /// Every target that is said, and that it is only one.
    fn targets(&mut self, path: &str, map: &Map<String, Value>, decl: Option<&AlgorithmDecl>) {
        let mut first: Option<&str> = None;
        for name in TARGETS {
            let Some(value) = map.get(name) else { continue };
            let path = field(path, name);
            match first {
                None => first = Some(name),
                Some(first) => {
                    let message = format!("there is a target already: \"{first}\"");
                    self.problem("conflict", &path, message, "one target");
                }
            }
            // Without an algorithm no node is known, and everything said of nodes would be wrong for that alone.
            match name {
                "all" if value == &Value::Bool(true) => {}
                "all" => self.wrong(&path, value, "true"),
                "zone" => self.zone(&path, value),
                _ if decl.is_none() => {}
                "node" => drop(self.node(&path, value)),
                "nodes" => self.group(&path, value, &mut NameSet::default()),
                "link" => match value.as_str().and_then(|text| text.parse::<LinkName>().ok()) {
                    Some(link) => self.ends(&path, &link.from, &link.to),
                    None => self.wrong(&path, value, LINK_ACCEPTED),
                },
                "message" => match value.as_str().and_then(|text| text.parse::<MessageName>().ok()) {
                    Some(name) => self.ends(&path, &name.from, &name.to),
                    None => self.wrong(&path, value, MESSAGE_ACCEPTED),
                },
                "role" => {
                    let roles = decl.into_iter().flat_map(|decl| &decl.roles).map(|role| role.id.as_str());
                    let roles: Vec<&str> = roles.chain(["client"]).collect();
                    self.one_of(&path, value, "role", &roles);
                }
                _ => {
                    let mut placed = NameSet::default();
                    for (index, group) in self.list(&path, value, 1, limits::GROUPS).iter().enumerate() {
                        self.group(&format!("{path}[{index}]"), group, &mut placed);
                    }
                }
            }
        }
    }

    fn ends(&mut self, path: &str, from: &str, to: &str) {
        self.node_exists(path, from);
        self.node_exists(path, to);
    }

    fn group(&mut self, path: &str, value: &Value, placed: &mut NameSet) {
        for (index, node) in self.list(path, value, 1, limits::NODES as usize).iter().enumerate() {
            let path = format!("{path}[{index}]");
            if let Some(node) = self.node(&path, node)
                && !placed.insert(node)
            {
                self.problem("duplicate", &path, "this node is named already", "a node not yet named");
            }
        }
    }

    pub(super) fn actions(
        &mut self,
        path: &str,
        value: &Value,
        decl: Option<&AlgorithmDecl>,
        from: Duration,
    ) {
        let kinds: Vec<&str> =
            decl.into_iter().flat_map(|decl| &decl.actions).map(|action| action.kind.as_str()).collect();
        for (index, action) in self.list(path, value, 0, limits::ACTIONS).iter().enumerate() {
            let path = format!("{path}[{index}]");
            let Some(map) = self.map(&path, action) else { continue };
            self.at(&path, map, from);
            let Some(kind) = self.need(&path, map, "kind", &listed(&kinds)) else { continue };
            let Some(decl) = decl else { continue };
            let Some(kind) = self.one_of(&field(&path, "kind"), kind, "action", &kinds) else { continue };
            let Some(action) = decl.action(kind) else { continue };
            let at = field(&path, "node");
            match (action.node, map.get("node")) {
                (NodeUse::No, Some(_)) => {
                    self.problem("conflict", &at, format!("{kind} is not about one node"), "no such field");
                }
                (NodeUse::Required | NodeUse::New, None) => {
                    self.problem("missing", &at, "this is missing", "the name of a node");
                }
                (NodeUse::New, Some(node)) => self.new_node(&at, node, decl),
                (_, Some(node)) => drop(self.node(&at, node)),
                (_, None) => {}
            }
            let mut known = vec!["at", "kind"];
            known.extend((action.node != NodeUse::No).then_some("node"));
            known.extend(action.params.iter().map(|param| param.id.as_str()));
            for (name, value) in map {
                let at = field(&path, name);
                match action.params.iter().find(|param| param.id == *name) {
                    Some(param) => self.param(&at, param, value),
                    None if ["at", "kind", "node"].contains(&name.as_str()) => {}
                    None => self.unknown("unknown_field", &at, "field", name, &known),
                }
            }
        }
    }

    /// The name of a node that does not exist yet.
    fn new_node(&mut self, path: &str, value: &Value, decl: &AlgorithmDecl) {
        let prefixes: Vec<&str> = decl.roles.iter().map(|role| role.prefix.as_str()).collect();
        let accepted = format!("a new name: {} and a number up to {}", prefixes.join(" or "), limits::NODES);
        let name = value.as_str().unwrap_or_default();
        if !is_new(name, decl) {
            self.wrong(path, value, &accepted);
        } else if self.nodes.initial(name) {
            self.problem("duplicate", path, format!("{} exists from the start", clip(name)), &accepted);
        }
    }

    /// The names that actions add.
    pub(super) fn added(actions: &[&Value], decl: Option<&AlgorithmDecl>) -> NameSet {
        let Some(decl) = decl else { return NameSet::default() };
        let said = |action: &Value, name: &str| action.get(name).and_then(Value::as_str).map(str::to_owned);
        actions
            .iter()
            .filter(|action| {
                let kind = said(action, "kind").and_then(|kind| decl.action(&kind));
                kind.is_some_and(|kind| kind.node == NodeUse::New)
            })
            .filter_map(|action| said(action, "node"))
            .filter(|name| is_new(name, decl))
            .take(limits::ACTIONS)
            .collect()
    }

    /// The branches, and their names.
    pub(super) fn branches(&mut self, value: &Value, decl: Option<&AlgorithmDecl>) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for (index, branch) in self.list("branches", value, 0, limits::BRANCHES).iter().enumerate() {
            let path = format!("branches[{index}]");
            let Some(map) = self.object(&path, branch, &fields_of::<Branch>()) else { continue };
            if let Some(of) = map.get("of") {
                self.one_of(&field(&path, "of"), of, "branch", &refs(&names));
            }
            let at = field(&path, "name");
            let name = self.need(&path, map, "name", "a name").and_then(|name| self.name(&at, name));
            match name {
                Some(name) if names.iter().any(|known| known == name) => {
                    self.problem("duplicate", &at, "another branch has this name", "a name of its own");
                }
                Some(name) => names.push(name.to_owned()),
                None => {}
            }
            let from = self.need(&path, map, "from", crate::duration::ACCEPTED);
            let from = from.and_then(|from| self.instant(&field(&path, "from"), from)).unwrap_or_default();
            if let Some(keep) = map.get("keep") {
                self.flag(&field(&path, "keep"), keep);
            }
            if let Some(value) = map.get("faults") {
                self.faults(&field(&path, "faults"), value, decl, from);
            }
            if let Some(value) = map.get("actions") {
                self.actions(&field(&path, "actions"), value, decl, from);
            }
            if let Some(value) = map.get("operations") {
                self.operations(&field(&path, "operations"), value, decl, from);
            }
        }
        names
    }
}

fn is_new(name: &str, decl: &AlgorithmDecl) -> bool {
    split_node(name).is_some_and(|(prefix, index)| {
        index <= limits::NODES && decl.roles.iter().any(|role| role.prefix == prefix)
    })
}
