//! Which scenario an address asks for.

use netsplit_lab::declared::shared;
use netsplit_lab::scenario::{Broken, Decoded, Scenario, decode, read};
use netsplit_lab::{default_scenario, gallery};

/// The pattern and algorithm that a first visit sees.
pub const FIRST: (&str, &str) = ("leader_election", "raft");

/// What an address opens.
#[derive(Clone, Debug, PartialEq)]
pub enum Opening {
    /// It asks for nothing: the default scenario.
    Nothing,
    /// A scenario.
    Scenario(Box<Scenario>),
    /// A link that cannot be opened, and why.
    Bad(BadLink),
}

/// Why a link cannot be opened.
#[derive(Clone, Debug, PartialEq)]
pub struct BadLink {
    /// "This link was cut short".
    pub title: String,
    /// One or two sentences.
    pub reason: String,
    /// Each problem of an invalid scenario: (path, what is wrong).
    pub problems: Vec<(String, String)>,
    /// It is a name that the gallery does not have: there is no more of it to be pasted.
    pub named: bool,
}

/// The default scenario.
pub fn first() -> Scenario {
    let known = shared();
    if known.algorithm(FIRST.0, FIRST.1).is_some() {
        return default_scenario(FIRST.0, FIRST.1);
    }
    let found =
        known.patterns.iter().find_map(|p| p.algorithms.first().map(|a| (p.id.clone(), a.id.clone())));
    found.map_or_else(
        || default_scenario(FIRST.0, FIRST.1),
        |(pattern, algorithm)| default_scenario(&pattern, &algorithm),
    )
}

/// What `#…` and `?…` of an address ask for; the fragment wins.
pub fn opening(hash: &str, search: &str) -> Opening {
    match if hash.is_empty() { Opening::Nothing } else { link(hash) } {
        Opening::Nothing => match parameter(search, "scenario") {
            Some(id) => from_gallery(&id),
            None => Opening::Nothing,
        },
        other => other,
    }
}

/// What a fragment, or a whole link that somebody pasted, asks for.
#[inline(never)]
pub fn link(text: &str) -> Opening {
    match decode(text.trim(), shared()) {
        Decoded::Nothing => Opening::Nothing,
        Decoded::Scenario(scenario) => Opening::Scenario(scenario),
        Decoded::Broken(broken) => Opening::Bad(explain(&broken)),
    }
}

/// A scenario of the gallery.
pub fn from_gallery(id: &str) -> Opening {
    let Some(entry) = gallery().iter().find(|entry| entry.id == id) else {
        return Opening::Bad(BadLink {
            title: "There is no such scenario".to_owned(),
            reason: if gallery().is_empty() {
                "The gallery could not be loaded.".to_owned()
            } else {
                format!("The gallery has no scenario named \"{id}\".")
            },
            problems: Vec::new(),
            named: true,
        });
    };
    match read(entry.json, shared()) {
        Ok(scenario) => Opening::Scenario(Box::new(scenario)),
        Err(problems) => Opening::Bad(BadLink {
            title: "This scenario does not open".to_owned(),
            reason: "It does not fit this version of netsplit.".to_owned(),
            problems: problems.list.iter().map(|p| (p.path.clone(), p.message.clone())).collect(),
            named: true,
        }),
    }
}

/// The value of a parameter of a query, decoded.
pub fn parameter(search: &str, name: &str) -> Option<String> {
    let pairs = search.trim_start_matches('?').split('&');
    let value = pairs.filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name)?.1;
    Some(percent_decoded(value))
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let digits = tail.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match (first, digits.and_then(|two| u8::from_str_radix(two, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            (b'+', _) => {
                bytes.push(b' ');
                rest = tail;
            }
            (byte, _) => {
                bytes.push(*byte);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A broken link in words for people.
pub fn explain(broken: &netsplit_lab::scenario::BrokenLink) -> BadLink {
    let title = match &broken.reason {
        Broken::CutShort => "This link was cut short",
        Broken::NewerVersion(_) => "This link is from a newer netsplit",
        Broken::Garbled => "This link was changed on its way",
        Broken::Invalid(_) => "This link says something that cannot run",
        Broken::TooLong => "This link is too long",
    };
    let advice = match &broken.reason {
        Broken::CutShort | Broken::Garbled => {
            " Chat and mail programs sometimes shorten or break long links."
        }
        Broken::NewerVersion(_) => " Reload the page: it may have been updated.",
        Broken::Invalid(_) | Broken::TooLong => "",
    };
    let problems = match &broken.reason {
        Broken::Invalid(problems) | Broken::NewerVersion(problems) => {
            let mut list: Vec<(String, String)> =
                problems.list.iter().take(12).map(|p| (p.path.clone(), p.message.clone())).collect();
            let rest = problems.list.len().saturating_sub(12) + problems.more;
            if rest > 0 {
                list.push((String::new(), format!("and {rest} more")));
            }
            list
        }
        _ => Vec::new(),
    };
    BadLink { title: title.to_owned(), reason: format!("{}{advice}", broken.message), problems, named: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsplit_lab::scenario::encode;

    #[test]
    fn an_address_without_a_scenario_asks_for_nothing() {
        assert_eq!(opening("", ""), Opening::Nothing);
        assert_eq!(opening("#help", "?theme=light"), Opening::Nothing);
    }

    #[test]
    fn a_link_opens_and_a_broken_one_says_why() {
        let link = format!("#s={}", encode(&first()));
        assert!(matches!(opening(&link, ""), Opening::Scenario(_)));
        let Opening::Bad(bad) = opening(&link[..link.len() - 12], "") else { panic!("cut short") };
        assert!(bad.title.contains("cut short"), "{bad:?}");
        assert!(!bad.reason.is_empty());
    }

    #[test]
    fn gallery_scenarios_open_by_name() {
        for entry in gallery() {
            assert!(
                matches!(opening("", &format!("?scenario={}", entry.id)), Opening::Scenario(_)),
                "{}",
                entry.id
            );
        }
        assert!(matches!(opening("", "?scenario=no%20such"), Opening::Bad(_)));
        assert_eq!(parameter("?a=1&b=x%20y", "b").as_deref(), Some("x y"));
    }
}
