//! Where scenarios come from: files, links, the gallery, standard input.

use std::fs::File;
use std::io::{self, Read};

use netsplit_lab::scenario::{self, Decoded, Scenario, limits};
use netsplit_lab::{declared, gallery};

use crate::Failure;

/// Reads and checks a scenario.
pub(crate) fn read(said: &str) -> Result<Scenario, Failure> {
    if let Some(id) = said.strip_prefix("gallery:") {
        let entry = gallery::find(id).ok_or_else(|| {
            let known: Vec<&str> = gallery::gallery().iter().map(|entry| entry.id).collect();
            Failure::Input(format!(
                "gallery:{id}: there is no such scenario; there are: {}",
                known.join(", ")
            ))
        })?;
        return parse(entry.json, said);
    }
    if is_link(said) {
        return decode(said);
    }
    let text = text(said)?;
    // A file may hold a link, too.
    if !text.trim_start().starts_with('{') && is_link(text.trim()) {
        return decode(text.trim());
    }
    parse(&text, said)
}

/// The text of a file, or of standard input for `-`; what is too large is refused before it is read whole.
pub(crate) fn text(said: &str) -> Result<String, Failure> {
    let most = limits::DOCUMENT_BYTES as u64;
    let mut text = Vec::new();
    let read = if said == "-" {
        io::stdin().lock().take(most + 1).read_to_end(&mut text)
    } else {
        File::open(said).and_then(|file| file.take(most + 1).read_to_end(&mut text))
    };
    read.map_err(|error| Failure::Input(format!("{said}: {error}")))?;
    if text.len() as u64 > most {
        return Err(Failure::Input(format!("{said}: larger than the {most} bytes that a scenario may have")));
    }
    String::from_utf8(text).map_err(|_| Failure::Input(format!("{said}: this is not text in UTF-8")))
}

/// Checks a scenario's JSON.
pub(crate) fn parse(json: &str, said: &str) -> Result<Scenario, Failure> {
    scenario::read(json, declared::shared())
        .map_err(|problems| Failure::Input(format!("{said}:\n{problems}")))
}

/// Reads a link.
pub(crate) fn decode(link: &str) -> Result<Scenario, Failure> {
    match scenario::decode(link, declared::shared()) {
        Decoded::Scenario(scenario) => Ok(*scenario),
        Decoded::Nothing => Err(Failure::Input("there is no scenario in this link".to_owned())),
        Decoded::Broken(broken) => Err(Failure::Input(broken.to_string())),
    }
}

fn is_link(said: &str) -> bool {
    let bare = || {
        let mut parts = said.split('.');
        let number =
            parts.next().is_some_and(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
        number && parts.next().is_some_and(|part| part.len() > 8) && !std::path::Path::new(said).exists()
    };
    said.contains("#s=")
        || said.starts_with("s=")
        || said.starts_with("http://")
        || said.starts_with("https://")
        || bare()
}
