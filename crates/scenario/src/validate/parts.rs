//! The document from top to bottom, without the time line.

use super::walk::{Walk, field, listed, refs};
use crate::breakpoint::{self, BreakpointSpec};
use crate::catalogue::{AlgorithmDecl, CLIENT_PREFIX, ParamDecl, PatternDecl};
use crate::document::{
    Compare, Cursor, LinkSpec, Params, Scenario, Semantics, System, Topology, TraceHash, View, Zone,
    ZoneLatency,
};
use crate::names::NameSet;
use crate::record::fields_of;
use crate::{Duration, NodeSpace, VERSION, declarations, json, limits, seed};
use serde_json::{Map, Value};

impl<'a> Walk<'a> {
    pub(super) fn document(&mut self, document: &Value) {
        let Some(map) = document.as_object() else { return };
        let (pattern, decl) = self.find(map);
        if let Some(semantics) = map.get("semantics") {
            self.semantics(semantics, decl);
        }
        self.object("", document, &fields_of::<Scenario>());
        if let Some(value) = map.get("version") {
            self.whole("version", value, i64::from(VERSION), i64::from(VERSION));
        }
        if let Some(value) = map.get("title") {
            self.text("title", value, limits::TEXT_CHARS);
        }
        if let Some(value) = map.get("notes") {
            self.text("notes", value, limits::NOTES_CHARS);
        }
        if let Some(value) = map.get("seed") {
            self.seed(value);
        }
        if let Some(value) = map.get("duration") {
            self.duration("duration", value, Duration(1), limits::DURATION);
        }
        self.names(map, decl);
        if let Some(system) = self.need("", map, "system", "an object with pattern and algorithm") {
            self.system(system, pattern, decl);
        }
        if let Some(value) = map.get("topology") {
            self.topology(value);
        }
        if let Some(value) = map.get("network") {
            let decls = joined(declarations::network(), &self.catalogue.network);
            self.params("network", &decls, value);
        }
        if let Some(value) = map.get("workload") {
            self.workload(value);
        }
        if let Some(value) = map.get("operations") {
            self.operations("operations", value, decl, Duration::ZERO);
        }
        if let Some(value) = map.get("faults") {
            self.faults("faults", value, decl, Duration::ZERO);
        }
        if let Some(value) = map.get("actions") {
            self.actions("actions", value, decl, Duration::ZERO);
        }
        if let Some(value) = map.get("expect") {
            for (index, promise) in self.list("expect", value, 0, limits::EXPECTATIONS).iter().enumerate() {
                let path = format!("expect[{index}]");
                match decl {
                    Some(decl) => drop(self.one_of(&path, promise, "promise", &refs(&decl.promises))),
                    None => drop(self.name(&path, promise)),
                }
            }
        }
        let branches = map.get("branches").map(|value| self.branches(value, decl)).unwrap_or_default();
        if let Some(value) = map.get("compare") {
            self.compare(value, pattern, decl, &branches);
        }
        if let Some(value) = map.get("lesson")
            && self.map("lesson", value).is_some()
        {
            self.texts("lesson", value);
        }
        if let Some(value) = map.get("view") {
            self.view(value, &branches);
        }
    }

    /// The declarations of what runs, without a word about what is wrong with it.
    fn find(&self, map: &Map<String, Value>) -> (Option<&'a PatternDecl>, Option<&'a AlgorithmDecl>) {
        let said = |name: &str| map.get("system").and_then(|system| system.get(name)).and_then(Value::as_str);
        let catalogue = self.catalogue;
        let pattern = said("pattern").and_then(|id| catalogue.pattern(id));
        let algorithm = |pattern: &'a PatternDecl| {
            pattern.algorithms.iter().find(|decl| Some(decl.id.as_str()) == said("algorithm"))
        };
        (pattern, pattern.and_then(algorithm))
    }

    fn semantics(&mut self, value: &Value, decl: Option<&AlgorithmDecl>) {
        let Some(map) = self.object("semantics", value, &fields_of::<Semantics>()) else { return };
        let mut newer = Vec::new();
        let known = [("engine", Some(self.catalogue.engine)), ("algorithm", decl.map(|decl| decl.semantics))];
        for (name, here) in known {
            let Some(value) = self.need("semantics", map, name, "a whole number") else { continue };
            let Some(number) = self.whole(&field("semantics", name), value, 0, i64::from(u32::MAX)) else {
                continue;
            };
            if let Some(here) = here
                && number > i64::from(here)
            {
                newer.push(format!("{name} {number} (here {here})"));
            }
        }
        if !newer.is_empty() {
            self.newer = Some(newer.join(", "));
        }
    }

    fn seed(&mut self, value: &Value) {
        let accepted = "a text, or a whole number below 2^53 (9007199254740992)";
        match value {
            Value::String(_) => drop(self.text("seed", value, limits::TEXT_CHARS)),
            Value::Number(number) if number.as_u64().is_some_and(|number| number < seed::NUMBER_LIMIT) => {}
            Value::Number(_) => {
                self.problem(
                    "out_of_range",
                    "seed",
                    format!("{} is out of range", json::line(value)),
                    accepted,
                );
            }
            _ => self.wrong("seed", value, accepted),
        }
    }

    /// Which nodes and zones there are, as far as the document can be read.
    fn names(&mut self, map: &Map<String, Value>, decl: Option<&AlgorithmDecl>) {
        let clients = map.get("workload").and_then(|workload| workload.get("clients"));
        let clients = clients.and_then(Value::as_u64).and_then(|count| u32::try_from(count).ok());
        let clients = clients.unwrap_or_else(|| crate::Workload::default().clients).min(limits::CLIENTS);
        let branches = map.get("branches").and_then(Value::as_array).into_iter().flatten();
        let lists = branches.filter_map(|branch| branch.get("operations")).chain(map.get("operations"));
        let scripted = lists.filter_map(Value::as_array).flatten();
        let scripted = scripted.filter_map(|operation| operation.get("client").and_then(Value::as_str));
        let index = |name: &str| match crate::names::split_node(name) {
            Some((CLIENT_PREFIX, index)) => Some(index),
            _ => None,
        };
        let clients = scripted.filter_map(index).max().unwrap_or(0).min(limits::CLIENTS).max(clients);
        let mut space = NodeSpace::default();
        if let Some(decl) = decl {
            let system = map.get("system");
            let nodes = system.and_then(|system| system.get("nodes")).and_then(Value::as_u64);
            let nodes =
                nodes.and_then(|count| u32::try_from(count).ok()).map(|count| count.min(limits::NODES));
            let params = system.and_then(|system| system.get("params")).and_then(Value::as_object);
            let mut said = Params::new();
            for (name, value) in params.into_iter().flatten() {
                said.insert(name.clone(), value.clone());
            }
            space.ranges = decl.ranges(nodes, &said);
        }
        space.ranges.push((CLIENT_PREFIX.to_owned(), clients));
        self.nodes = space;
        let branches = map.get("branches").and_then(Value::as_array).into_iter().flatten();
        let lines = branches.filter_map(|branch| branch.get("actions")).chain(map.get("actions"));
        let actions: Vec<&Value> = lines.filter_map(Value::as_array).flatten().collect();
        self.nodes.added = Self::added(&actions, decl);
        let zones = map.get("topology").and_then(|topology| topology.get("zones")).and_then(Value::as_array);
        let names = zones.into_iter().flatten().filter_map(|zone| zone.get("name").and_then(Value::as_str));
        for name in names.take(limits::ZONES) {
            self.zones.insert(name);
        }
    }

    fn system(&mut self, value: &Value, pattern: Option<&PatternDecl>, decl: Option<&AlgorithmDecl>) {
        let Some(map) = self.object("system", value, &fields_of::<System>()) else { return };
        let patterns: Vec<&str> = self.catalogue.patterns.iter().map(|pattern| pattern.id.as_str()).collect();
        if let Some(value) = self.need("system", map, "pattern", &listed(&patterns)) {
            self.one_of("system.pattern", value, "pattern", &patterns);
        }
        let algorithms: Vec<&str> = pattern
            .into_iter()
            .flat_map(|pattern| &pattern.algorithms)
            .map(|decl| decl.id.as_str())
            .collect();
        let accepted =
            if pattern.is_some() { listed(&algorithms) } else { "an algorithm of the pattern".to_owned() };
        if let Some(value) = self.need("system", map, "algorithm", &accepted) {
            match pattern {
                Some(_) => drop(self.one_of("system.algorithm", value, "algorithm", &algorithms)),
                None => drop(self.name("system.algorithm", value)),
            }
        }
        if let Some(value) = map.get("nodes") {
            let (min, max) = decl.map_or((0, limits::NODES), |decl| (decl.nodes.min, decl.nodes.max));
            self.whole("system.nodes", value, i64::from(min), i64::from(max.min(limits::NODES)));
        }
        if let Some(value) = map.get("params") {
            match decl {
                Some(decl) => self.params("system.params", &decl.params, value),
                None => drop(self.map("system.params", value)),
            }
        }
        let overrides = map.get("overrides").and_then(|value| self.map("system.overrides", value));
        for (node, value) in overrides.into_iter().flatten() {
            let path = field("system.overrides", node);
            if let Some(decl) = decl {
                self.node_exists(&path, node);
                self.params(&path, &decl.params, value);
            } else {
                self.map(&path, value);
            }
        }
    }

    fn topology(&mut self, value: &Value) {
        let Some(map) = self.object("topology", value, &fields_of::<Topology>()) else { return };
        if let Some(zones) = map.get("zones") {
            let (mut names, mut placed) = (NameSet::default(), NameSet::default());
            for (index, zone) in self.list("topology.zones", zones, 0, limits::ZONES).iter().enumerate() {
                let path = format!("topology.zones[{index}]");
                let Some(map) = self.object(&path, zone, &fields_of::<Zone>()) else { continue };
                let at = field(&path, "name");
                if let Some(name) =
                    self.need(&path, map, "name", "a name").and_then(|name| self.name(&at, name))
                    && !names.insert(name)
                {
                    self.problem("duplicate", &at, "another zone has this name", "a name of its own");
                }
                let at = field(&path, "nodes");
                let Some(nodes) = map.get("nodes") else { continue };
                for (index, node) in self.list(&at, nodes, 0, limits::NODES as usize).iter().enumerate() {
                    let at = format!("{at}[{index}]");
                    if let Some(node) = self.node(&at, node)
                        && !placed.insert(node)
                    {
                        self.problem(
                            "duplicate",
                            &at,
                            "this node is in a zone already",
                            "a node not yet named",
                        );
                    }
                }
            }
        }
        if let Some(value) = map.get("zone_latency") {
            let most = limits::ZONES * limits::ZONES;
            for (index, entry) in self.list("topology.zone_latency", value, 0, most).iter().enumerate() {
                let path = format!("topology.zone_latency[{index}]");
                let Some(map) = self.object(&path, entry, &fields_of::<ZoneLatency>()) else { continue };
                for name in ["from", "to"] {
                    if let Some(zone) = self.need(&path, map, name, "the name of a zone") {
                        self.zone(&field(&path, name), zone);
                    }
                }
                self.need(&path, map, "latency", crate::distribution::ACCEPTED);
                self.link_fields(&path, map);
            }
        }
        if let Some(value) = map.get("links") {
            for (index, link) in self.list("topology.links", value, 0, limits::LINKS).iter().enumerate() {
                let path = format!("topology.links[{index}]");
                let Some(map) = self.object(&path, link, &fields_of::<LinkSpec>()) else { continue };
                for name in ["from", "to"] {
                    if let Some(node) = self.need(&path, map, name, "the name of a node") {
                        self.node(&field(&path, name), node);
                    }
                }
                if map.get("from").is_some() && map.get("from") == map.get("to") {
                    self.problem("conflict", &field(&path, "to"), "a link joins two nodes", "another node");
                }
                self.link_fields(&path, map);
            }
        }
    }

    pub(super) fn zone(&mut self, path: &str, value: &Value) {
        if value.as_str().is_some_and(|name| self.zones.contains(name)) {
            return;
        }
        let zones: Vec<String> = self.zones.iter().cloned().collect();
        self.one_of(path, value, "zone", &refs(&zones));
    }

    fn link_fields(&mut self, path: &str, map: &Map<String, Value>) {
        let decls = joined(declarations::network(), &self.catalogue.network);
        for decl in decls {
            if let Some(value) = map.get(&decl.id) {
                self.param(&field(path, &decl.id), &decl, value);
            }
        }
        if let Some(value) = map.get("one_way") {
            self.flag(&field(path, "one_way"), value);
        }
    }

    fn workload(&mut self, value: &Value) {
        let decls = joined(declarations::workload(), &self.catalogue.workload);
        self.params("workload", &decls, value);
        let time =
            |name: &str| value.get(name).and_then(Value::as_str).and_then(|t| t.parse::<Duration>().ok());
        let start = time("start").unwrap_or_default();
        if time("stop").is_some_and(|stop| stop < start) {
            self.problem("conflict", "workload.stop", "stop is before start", &format!("{start} or later"));
        }
        let open = value.get("mode").and_then(Value::as_str) == Some("open");
        if open && value.get("rate").and_then(Value::as_f64).is_some_and(|rate| rate <= 0.0) {
            self.problem("conflict", "workload.rate", "an open loop needs a rate", "a number above 0");
        }
    }

    fn compare(
        &mut self,
        value: &Value,
        pattern: Option<&PatternDecl>,
        decl: Option<&AlgorithmDecl>,
        branches: &[String],
    ) {
        let Some(map) = self.object("compare", value, &fields_of::<Compare>()) else { return };
        if let Some(value) = map.get("title") {
            self.text("compare.title", value, limits::TEXT_CHARS);
        }
        let mut other = decl;
        if let (Some(value), Some(pattern)) = (map.get("algorithm"), pattern) {
            let ids: Vec<&str> = pattern.algorithms.iter().map(|decl| decl.id.as_str()).collect();
            let id = self.one_of("compare.algorithm", value, "algorithm", &ids);
            other = pattern.algorithms.iter().find(|decl| Some(decl.id.as_str()) == id);
        }
        if let (Some(value), Some(other)) = (map.get("nodes"), other) {
            let max = other.nodes.max.min(limits::NODES);
            self.whole("compare.nodes", value, i64::from(other.nodes.min), i64::from(max));
        }
        if let (Some(value), Some(other)) = (map.get("params"), other) {
            self.params("compare.params", &other.params, value);
        }
        if let Some(value) = map.get("branch") {
            self.one_of("compare.branch", value, "branch", &refs(branches));
        }
    }

    fn view(&mut self, value: &Value, branches: &[String]) {
        let Some(map) = self.object("view", value, &fields_of::<View>()) else { return };
        let cursor =
            map.get("cursor").and_then(|value| self.object("view.cursor", value, &fields_of::<Cursor>()));
        if let Some(cursor) = cursor {
            if let Some(time) = self.need("view.cursor", cursor, "time", crate::duration::ACCEPTED) {
                self.instant("view.cursor.time", time);
            }
            if let Some(events) = cursor.get("events") {
                self.whole("view.cursor.events", events, 0, 1 << 53);
            }
        }
        if let Some(value) = map.get("branch") {
            self.one_of("view.branch", value, "branch", &refs(branches));
        }
        if let Some(value) = map.get("selection") {
            self.text("view.selection", value, limits::TEXT_CHARS);
        }
        if let Some(value) = map.get("trace_hash")
            && value.as_str().and_then(TraceHash::parse).is_none()
        {
            self.wrong("view.trace_hash", value, "8 lowercase hexadecimal digits");
        }
        if let Some(value) = map.get("speed") {
            self.real("view.speed", value, 1e-6, 1e6);
        }
        if let Some(value) = map.get("compare") {
            self.flag("view.compare", value);
        }
        if let Some(value) = map.get("breakpoints") {
            self.breakpoints(value);
        }
    }

    #[inline(never)]
    fn breakpoints(&mut self, value: &Value) {
        let all = self.list("view.breakpoints", value, 0, limits::BREAKPOINTS);
        for (index, value) in all.iter().enumerate() {
            let path = format!("view.breakpoints[{index}]");
            let Some(map) = self.object(&path, value, &fields_of::<BreakpointSpec>()) else { continue };
            let mut places = breakpoint::PLACES.into_iter().filter(|place| map.contains_key(*place));
            let (Some(place), None) = (places.next(), places.next()) else {
                let accepted = listed(&breakpoint::PLACES);
                self.problem("conflict", &path, "a breakpoint has one of these", &accepted);
                continue;
            };
            self.companions(&path, map, place);
            let of = |name: &str| (map.get(name), field(&path, name));
            if let (Some(value), path) = of("at") {
                self.duration(&path, value, Duration(1), limits::DURATION);
            }
            if let (Some(value), path) = of("event") {
                self.one_of(&path, value, "event", &breakpoint::EVENTS);
            }
            for (value, path) in ["message", "metric", "fact"].map(of) {
                if let Some(value) = value {
                    self.name(&path, value);
                }
            }
            for (value, path) in ["above", "below"].map(of) {
                if let Some(value) = value {
                    self.real(&path, value, -limits::BREAK_LIMIT, limits::BREAK_LIMIT);
                }
            }
            if let (Some(value), path) = of("becomes") {
                self.text(&path, value, limits::TEXT_CHARS);
            }
            if let (Some(value), path) = of("node") {
                self.node(&path, value);
            }
            if let (Some(value), path) = of("off") {
                self.flag(&path, value);
            }
        }
    }

    /// What a breakpoint says besides where it stops.
    fn companions(&mut self, path: &str, map: &Map<String, Value>, place: &str) {
        let mine =
            |name: &str| breakpoint::COMPANIONS.iter().find(|(of, other, _)| *of == place && *other == name);
        for name in ["node", "above", "below", "becomes"] {
            match (mine(name), map.contains_key(name)) {
                (Some((.., true)), false) => {
                    let message = format!("\"{place}\" needs this");
                    self.problem("missing", &field(path, name), message, "a text");
                }
                (None, true) => {
                    let message = format!("this does not go with \"{place}\"");
                    self.problem("conflict", &field(path, name), message, "nothing");
                }
                _ => {}
            }
        }
        if place == "metric" && map.contains_key("above") == map.contains_key("below") {
            self.problem("conflict", path, "a limit is passed one way", "above or below");
        }
    }

    /// The length of every text, anywhere below.
    fn texts(&mut self, path: &str, value: &Value) {
        match value {
            Value::String(_) => drop(self.text(path, value, limits::NOTES_CHARS)),
            Value::Array(list) => {
                for (index, value) in list.iter().enumerate() {
                    self.texts(&format!("{path}[{index}]"), value);
                }
            }
            Value::Object(map) => {
                for (name, value) in map {
                    self.texts(&field(path, name), value);
                }
            }
            _ => {}
        }
    }
}

/// The document's own declarations, with the catalogue's in their place where it has some.
fn joined(own: Vec<ParamDecl>, catalogue: &[ParamDecl]) -> Vec<ParamDecl> {
    let theirs = |own: ParamDecl| catalogue.iter().find(|decl| decl.id == own.id).cloned().unwrap_or(own);
    own.into_iter().map(theirs).collect()
}
