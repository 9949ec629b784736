//! The check of a catalogue itself: a test of whoever makes one calls it.

use super::problem::Problems;
use super::walk::Walk;
use crate::catalogue::{AlgorithmDecl, Catalogue, NodeUse, ParamDecl, RoleCount};
use crate::names::NameSet;
use crate::names::split_node;
use crate::timeline::{CHAOS, FAULT_FIELDS};
use crate::{NodeSpace, limits};
use serde_json::Value;

/// What is wrong with a catalogue: defaults that their own bounds refuse, ids that occur twice, parameters named
/// like fields of the document, presets of parameters that do not exist or with values out of bounds, roles whose
/// prefixes are no letters. Paths are `raft.heartbeat` and the like.
pub fn catalogue_problems(catalogue: &Catalogue) -> Problems {
    let mut walk = Walk {
        catalogue,
        problems: Problems::default(),
        newer: None,
        nodes: NodeSpace::default(),
        zones: NameSet::default(),
    };
    params(&mut walk, "network", &catalogue.network, &[]);
    params(&mut walk, "workload", &catalogue.workload, &[]);
    unique(&mut walk, "faults", catalogue.faults.iter().map(|fault| fault.kind.as_str()));
    for fault in &catalogue.faults {
        if fault.kind == CHAOS {
            walk.problem("duplicate", "faults.chaos", "this kind is the document's own", "");
        }
        params(&mut walk, &format!("faults.{}", fault.kind), &fault.params, &FAULT_FIELDS);
    }
    unique(&mut walk, "patterns", catalogue.patterns.iter().map(|pattern| pattern.id.as_str()));
    for pattern in &catalogue.patterns {
        unique(&mut walk, &pattern.id, pattern.algorithms.iter().map(|decl| decl.id.as_str()));
        for decl in &pattern.algorithms {
            let path = format!("{}.{}", pattern.id, decl.id);
            params(&mut walk, &path, &decl.params, &[]);
            presets(&mut walk, &path, decl);
            unique(&mut walk, &path, decl.actions.iter().map(|action| action.kind.as_str()));
            for action in &decl.actions {
                let taken: &[&str] =
                    if action.node == NodeUse::No { &["at", "kind"] } else { &["at", "kind", "node"] };
                params(&mut walk, &format!("{path}.{}", action.kind), &action.params, taken);
            }
            let nodes = decl.nodes;
            if nodes.min > nodes.default || nodes.default > nodes.max || nodes.max > limits::NODES {
                walk.problem("out_of_range", &path, "the numbers of nodes are out of order", "");
            }
            unique(&mut walk, &path, decl.roles.iter().map(|role| role.id.as_str()).chain(["client"]));
            unique(&mut walk, &path, decl.roles.iter().map(|role| role.prefix.as_str()).chain(["c"]));
            for role in &decl.roles {
                if split_node(&format!("{}1", role.prefix)).is_none() {
                    walk.problem("wrong_type", &path, format!("prefix \"{}\"", role.prefix), "letters");
                }
                if let RoleCount::Param(id) = &role.count
                    && !decl.params.iter().any(|param| param.id == *id)
                {
                    walk.problem("unknown_name", &path, format!("no parameter \"{id}\""), "");
                }
            }
        }
    }
    walk.problems
}

fn params(walk: &mut Walk<'_>, path: &str, decls: &[ParamDecl], taken: &[&str]) {
    unique(walk, path, decls.iter().map(|decl| decl.id.as_str()).chain(taken.iter().copied()));
    for decl in decls.iter().filter(|decl| decl.default != Value::Null) {
        walk.param(&format!("{path}.{}", decl.id), decl, &decl.default);
    }
}

fn presets(walk: &mut Walk<'_>, path: &str, decl: &AlgorithmDecl) {
    unique(walk, path, decl.presets.iter().map(|preset| preset.id.as_str()));
    for preset in &decl.presets {
        let path = format!("{path}.{}", preset.id);
        unique(walk, &path, preset.values.iter().map(|value| value.param.as_str()));
        for value in &preset.values {
            match decl.params.iter().find(|param| param.id == value.param) {
                Some(param) => walk.param(&format!("{path}.{}", param.id), param, &value.value),
                None => walk.problem("unknown_name", &path, format!("no parameter \"{}\"", value.param), ""),
            }
        }
    }
}

fn unique<'n>(walk: &mut Walk<'_>, path: &str, names: impl Iterator<Item = &'n str>) {
    let mut seen = NameSet::default();
    for name in names {
        if !seen.insert(name) {
            walk.problem("duplicate", path, format!("\"{name}\" occurs twice"), "");
        }
    }
}
