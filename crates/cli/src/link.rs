//! `netsplit link encode | decode`.

use clap::Subcommand;
use netsplit_lab::{declared, scenario};

use crate::{Failure, input, output};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make a link of a scenario; it prints what follows the page's address.
    Encode {
        /// A file, `gallery:ID`, or `-` for standard input.
        scenario: String,
    },
    /// Print the scenario in a link as JSON.
    Decode {
        /// A link, whole or what follows `#`.
        link: String,
    },
}

pub(crate) fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Encode { scenario } => {
            let mut read = input::read(scenario)?;
            declared::shared().leave_out_defaults(&mut read);
            let link = scenario::encode(&read);
            if link.len() > scenario::limits::LINK_CHARS {
                return Err(Failure::Input(format!(
                    "the scenario is too large for a link: {} characters",
                    link.len()
                )));
            }
            output::line(&format!("#s={link}"))
        }
        Command::Decode { link } => output::line(&input::decode(link)?.to_json_pretty()),
    }
}
