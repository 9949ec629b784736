//! Which function goes where: the first module, or a part that is fetched when a person asks for what it does.

use std::collections::BTreeMap;

use super::module::Module;

/// The pattern that a first visit sees: its algorithms are in the first module.
const FIRST: &str = "load_balancing";
/// What several patterns are made of: it goes where it is needed.
const SHARED: [&str; 2] = ["parts", "registry"];
/// An algorithm that opens without the rest of its pattern, and is a part of its own.
const OWN: (&str, &str) = ("leader_election", "raft");

/// What the catalogue asks of every algorithm, whether it runs or not (`registry::Algorithm::promises`): a function of
/// this name, or a closure over these settings.
const ASKED: [&str; 2] = ["::promises", "FnOnce<(&netsplit_sim::declare::Settings,)>"];

/// Where a part that is no pattern's begins: functions that are called only once it is there (`web::parts`), by the
/// beginnings of their names. What only they need goes with them.
const SEEDS: [(&str, &[&str]); 4] = [
    (
        "sheets",
        &[
            "netsplit_web::view::sheet::main",
            "netsplit_web::view::sheet::side",
            "netsplit_web::view::compare::first",
            "netsplit_web::view::compare::beside",
            "netsplit_web::view::compare::results",
            "netsplit_web::view::compare::verdict",
            "<netsplit_web::model::session::Session>::results",
            "<netsplit_web::app::sweep::Sweeping>::work",
            "netsplit_lab::judges::some",
            "<netsplit_lab::cap::Cap>::",
        ],
    ),
    (
        "panels",
        &[
            "<netsplit_web::app::App>::handle",
            "<netsplit_web::app::App>::pointer",
            "<netsplit_web::app::App>::wheel",
            "<netsplit_web::app::App>::context_menu",
            "<netsplit_web::app::App>::key",
            "netsplit_web::view::side::side",
            "netsplit_web::view::dialogs::dialog",
            "netsplit_web::view::menu::menu",
            "netsplit_web::view::spacetime::diagram",
            "netsplit_web::view::branches::lane",
            "netsplit_web::view::branches::buttons",
            "netsplit_web::view::breaks::marks",
            "<netsplit_web::view::island::Island as yew::html::component::Component>::view",
            "<netsplit_lab::experiment::Experiment>::charts",
            "<netsplit_web::model::spacetime::Diagram>::bring",
        ],
    ),
    ("export", &["netsplit_lab::export::"]),
    ("share", &["<netsplit_web::model::session::Session>::link", "netsplit_web::model::opening::link"]),
];

/// Modules of the page that only a part needs: what closures of theirs do is reached through tables of methods.
const MODULES: [(&str, &[&str]); 2] = [
    ("sheets", &["netsplit_web::view::sheet::", "netsplit_web::view::compare::"]),
    (
        "panels",
        &[
            "netsplit_web::view::branches::",
            "netsplit_web::view::breaks::",
            "netsplit_web::view::charts::",
            "netsplit_web::view::controls::",
            "netsplit_web::view::dialogs::",
            "netsplit_web::view::events::",
            "netsplit_web::view::gallery::",
            "netsplit_web::view::inspector::",
            "netsplit_web::view::menu::",
            "netsplit_web::view::rail::",
            "netsplit_web::view::side::",
            "netsplit_web::view::spacetime::",
            "netsplit_web::view::island::Island",
        ],
    ),
];

/// Where each function goes.
pub struct Plan {
    /// The parts' names.
    pub parts: Vec<String>,
    /// For each function its part; nothing for the first module.
    pub place: Vec<Option<usize>>,
}

impl Plan {
    /// Places every function of a module. An error where a seed is no longer found: it was inlined or renamed.
    pub fn of(module: &Module) -> Result<Self, String> {
        let count = module.functions.len();
        let mut parts: Vec<String> = Vec::new();
        let mut part = |name: &str| {
            parts.iter().position(|known| known == name).unwrap_or_else(|| {
                parts.push(name.to_owned());
                parts.len() - 1
            })
        };
        // A seed stays where it is put, whoever calls it; what is an algorithm's goes where its callers are.
        let mut seeds: Vec<Option<usize>> = vec![None; count];
        for (name, beginnings) in SEEDS {
            for beginning in beginnings {
                let found: Vec<usize> =
                    (0..count).filter(|at| begins(&module.names[*at], beginning)).collect();
                if found.is_empty() {
                    return Err(format!("part {name}: no function is named {beginning}…"));
                }
                found.into_iter().for_each(|at| seeds[at] = Some(part(name)));
            }
        }
        let owners: Vec<Option<usize>> =
            module.names.iter().map(|name| owner(name).map(|name| part(&name))).collect();
        let wanted = |at: u32| seeds[at as usize].or(owners[at as usize]);

        let mut first = vec![false; count];
        let handed_out = module.exports.iter().filter(|export| export.kind == wasmparser::ExternalKind::Func);
        let mut open: Vec<u32> = handed_out.map(|export| export.index).collect();
        open.extend(module.slots.iter().filter(|at| wanted(**at).is_none()));
        open.extend(0..module.imported);
        spread(module, &seeds, &mut open, &mut first);

        // Who needs what: a function that several parts need is in the first module.
        let mut reached: Vec<Option<usize>> = vec![None; count];
        let mut shared: Vec<u32> = Vec::new();
        for start in module.imported..count as u32 {
            let Some(own) = wanted(start) else { continue };
            let root = seeds[start as usize].is_some() || module.slots.contains(&start);
            if !root || first[start as usize] {
                continue;
            }
            let mut open = vec![start];
            while let Some(at) = open.pop() {
                let place = at as usize;
                if first[place] || seeds[place].is_some_and(|seed| seed != own) || reached[place] == Some(own)
                {
                    continue;
                }
                if reached[place].is_some() {
                    shared.push(at);
                    continue;
                }
                reached[place] = Some(own);
                open.extend(module.uses(at));
            }
        }
        spread(module, &seeds, &mut shared, &mut first);
        let mut place: Vec<Option<usize>> = (0..count).map(|at| reached[at].filter(|_| !first[at])).collect();
        // A part that nothing is left of is none.
        let mut kept: BTreeMap<usize, usize> = BTreeMap::new();
        for at in place.iter().flatten() {
            kept.insert(*at, 0);
        }
        let names = kept.keys().map(|at| parts[*at].clone()).collect();
        kept.values_mut().enumerate().for_each(|(new, at)| *at = new);
        place.iter_mut().flatten().for_each(|at| *at = kept[at]);
        Ok(Self { parts: names, place })
    }
}

/// Whether a name is this one, or begins so if that ends in `::`.
fn begins(name: &str, beginning: &str) -> bool {
    if beginning.ends_with("::") { name.starts_with(beginning) } else { name == beginning }
}

/// Puts functions, and all that they call, into the first module; seeds are only called there.
fn spread(module: &Module, seeds: &[Option<usize>], open: &mut Vec<u32>, first: &mut [bool]) {
    while let Some(at) = open.pop() {
        if seeds[at as usize].is_none() && !std::mem::replace(&mut first[at as usize], true) {
            open.extend(module.uses(at));
        }
    }
}

/// The part of the one pattern, or else of the page's module, that a name mentions; code of ours or a library's that was made for its types included.
fn owner(name: &str) -> Option<String> {
    const CRATE: &str = "netsplit_protocols::";
    if name.ends_with(ASKED[0]) || name.contains(ASKED[1]) {
        return None;
    }
    let mut found: Option<String> = None;
    for (at, _) in name.match_indices(CRATE) {
        let mut words = name[at + CRATE.len()..].split("::").map(|word| {
            word.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next().unwrap_or_default()
        });
        let (pattern, algorithm) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        if SHARED.contains(&pattern) || !pattern.starts_with(|c: char| c.is_ascii_lowercase()) {
            continue;
        }
        let part = if (pattern, algorithm) == OWN { algorithm } else { pattern };
        if part == FIRST || found.as_deref().is_some_and(|other| other != part) {
            return None;
        }
        found = Some(part.to_owned());
    }
    let mentioned = MODULES.iter().find(|(_, modules)| modules.iter().any(|module| name.contains(module)));
    found.or_else(|| mentioned.map(|(part, _)| (*part).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::owner;

    #[test]
    fn a_function_belongs_to_the_one_pattern_it_mentions() {
        let part = |name: &str| owner(name);
        assert_eq!(part("netsplit_protocols::sharding::ring::build").as_deref(), Some("sharding"));
        assert_eq!(
            part("<netsplit_sim::Cluster<netsplit_protocols::parts::host::Hosted<netsplit_protocols::time::ping::Node>>>::run")
                .as_deref(),
            Some("time")
        );
        assert_eq!(part("netsplit_protocols::leader_election::raft::Server").as_deref(), Some("raft"));
        assert_eq!(part("netsplit_protocols::leader_election::paxos::X").as_deref(), Some("leader_election"));
        for shared in [
            "core::fmt::write",
            "netsplit_protocols::parts::raft::Replica",
            "netsplit_protocols::load_balancing::system::build",
            "netsplit_protocols::time::ping::promises",
            "f::<netsplit_protocols::time::ping::A, netsplit_protocols::sharding::B>",
        ] {
            assert_eq!(part(shared), None, "{shared}");
        }
    }
}
