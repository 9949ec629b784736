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

/// Parts that come with another one, which has what both need: the log core, for one, is Raft's and etcd's.
pub const WITH: [(&str, &str); 3] =
    [("leader_election", "elections"), ("raft", "elections"), ("panels", "share")];

/// Parts that come with a person's first action, or only after one: what several of them need is in the foremost.
const ACTED: [&str; 4] = ["share", "panels", "sheets", "export"];

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
            "<netsplit_web::model::session::Session>::lay_beside",
            "<netsplit_web::model::session::Session>::judge_beside",
            "<netsplit_web::model::session::Session>::stop_beside",
            "<netsplit_web::model::session::Session>::broken_beside",
            "<netsplit_web::app::App>::paint_beside",
            "<netsplit_web::app::sweep::Sweeping>::work",
            "netsplit_web::worker::work",
            "netsplit_lab::judges::some",
            "<netsplit_lab::cap::Cap>::",
        ],
    ),
    (
        "panels",
        &[
            "<netsplit_web::app::App>::hear",
            "<netsplit_web::app::App>::bring_diagram",
            "<netsplit_web::app::App>::draw_diagram",
            "netsplit_lab::differs::words",
            "netsplit_lab::why::finding",
            "netsplit_lab::timeline::expanded",
            "netsplit_lab::differs::branch",
            "<netsplit_web::model::eventlog::EventLog>::bring",
            "<netsplit_web::model::session::Session>::changed",
            "<netsplit_lab::branches::Branches>::show",
            "netsplit_web::view::side::side",
            "netsplit_web::view::dialogs::dialog",
            "netsplit_web::view::menu::menu",
            "netsplit_web::view::spacetime::diagram",
            "netsplit_web::view::branches::lane",
            "netsplit_web::view::branches::buttons",
            "netsplit_web::view::breaks::marks",
            "netsplit_web::view::violations::strip",
            "<netsplit_web::view::island::Island as yew::html::component::Component>::view",
            "<netsplit_lab::experiment::Experiment>::charts",
            "<netsplit_web::model::spacetime::Diagram>::bring",
            "<netsplit_web::stage::draw::Stage>::draw_partition",
            "<netsplit_web::stage::draw::Stage>::draft",
        ],
    ),
    ("export", &["netsplit_lab::export::"]),
    (
        "share",
        &[
            "<netsplit_web::model::session::Session>::link",
            "netsplit_web::model::opening::link",
            // Only what comes by a link has breakpoints.
            "<netsplit_scenario::validate::walk::Walk>::breakpoints",
            "netsplit_lab::breakpoints::of_specs",
        ],
    ),
];

/// Modules of the page that only a part needs: what closures of theirs do is reached through tables of methods.
const MODULES: [(&str, &[&str]); 2] = [
    (
        "sheets",
        &[
            "netsplit_web::view::sheet::",
            "netsplit_web::view::compare::",
            "netsplit_web::app::sweep::",
            "netsplit_web::model::sweep::",
            "netsplit_web::worker::work",
        ],
    ),
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
            "<netsplit_web::app::App>::hear",
            "<netsplit_web::app::App>::handle",
            "<netsplit_web::app::App>::diagram",
        ],
    ),
];

/// Longest body (bytes) of a function that calls nothing and is in the first module whosever it is.
const COMMON: usize = 48;

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
        for (_, with) in WITH {
            part(with);
        }
        // The compiler makes one of methods whose bodies are the same, and gives it the name of either: what calls nothing
        // and is hardly longer than what would stand in for it comes at once.
        let common = |at: u32| {
            let body = at.checked_sub(module.imported).map(|own| &module.bodies[own as usize]);
            module.uses(at).next().is_none() && body.is_some_and(|body| body.range().len() <= COMMON)
        };
        let wanted = |at: u32| match seeds[at as usize] {
            None if common(at) => None,
            seed => seed.or(owners[at as usize]),
        };

        let mut first = vec![false; count];
        let handed_out = module.exports.iter().filter(|export| export.kind == wasmparser::ExternalKind::Func);
        let mut open: Vec<u32> = handed_out.map(|export| export.index).collect();
        open.extend(module.slots.iter().filter(|at| wanted(**at).is_none()));
        open.extend(0..module.imported);
        spread(module, &seeds, &mut open, &mut first);

        // Who needs what: a bit for each part.
        let mut needed: Vec<u64> = vec![0; count];
        for start in module.imported..count as u32 {
            let Some(own) = wanted(start) else { continue };
            let root = seeds[start as usize].is_some() || module.slots.contains(&start);
            if !root || first[start as usize] {
                continue;
            }
            let mut open = vec![start];
            while let Some(at) = open.pop() {
                let place = at as usize;
                let known = needed[place] & 1 << own != 0;
                if first[place] || seeds[place].is_some_and(|seed| seed != own) || known {
                    continue;
                }
                needed[place] |= 1 << own;
                open.extend(module.uses(at));
            }
        }
        let mut place: Vec<Option<usize>> =
            (0..count).map(|at| joint(&parts, needed[at]).filter(|_| !first[at])).collect();
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

/// The part that has what the parts of these bits need; nothing for the first module.
fn joint(parts: &[String], needed: u64) -> Option<usize> {
    let with = |name: &str| {
        WITH.iter()
            .find(|(part, _)| *part == name)
            .map_or_else(|| name.to_owned(), |(_, with)| (*with).to_owned())
    };
    let of = |name: &str| parts.iter().position(|part| part == name);
    let all: Vec<usize> = (0..parts.len()).filter(|at| needed & 1 << at != 0).collect();
    if let [one] = all[..] {
        return Some(one);
    }
    let acted = |at: &usize| ACTED.iter().position(|part| *part == parts[*at]);
    if let Some(places) = all.iter().map(acted).collect::<Option<Vec<usize>>>() {
        return places.into_iter().min().and_then(|foremost| of(ACTED[foremost]));
    }
    let mut joined: Vec<String> = all.iter().map(|at| with(&parts[*at])).collect();
    joined.dedup();
    joined.sort();
    joined.dedup();
    if let [one] = &joined[..] { of(one) } else { None }
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
