//! The link: `#s=1.<payload>.<check>`.
//!
//! `1` is the wire version; the payload is base64url without padding of the raw deflate of the scenario's JSON on one
//! line with defaults left out; the check is the CRC-32 of the compressed bytes, 8 lowercase hexadecimal digits.

use crate::catalogue::Catalogue;
use crate::validate::{self, Problems};
use crate::{Scenario, limits};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use crc::{CRC_32_ISO_HDLC, Crc, NoTable};
use miniz_oxide::deflate;
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};
use std::fmt;

/// The version of the wire format.
pub const WIRE_VERSION: u32 = 1;

/// The CRC-32 of gzip and PNG. A link is short: it needs none of the tables that make others fast, and a table of
/// numbers is what a download compresses worst.
const CHECK: Crc<u32, NoTable> = Crc::<u32, NoTable>::new(&CRC_32_ISO_HDLC);

/// What a link says.
#[derive(Clone, Debug, PartialEq)]
pub enum Decoded {
    /// There is no scenario in it.
    Nothing,
    /// A scenario.
    Scenario(Box<Scenario>),
    /// There was to be one, but it cannot be read.
    Broken(BrokenLink),
}

/// Why a link cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenLink {
    /// The kind of reason.
    pub reason: Broken,
    /// The reason in a sentence.
    pub message: String,
    /// The scenario's JSON as far as it could be decompressed: for a person to look at, never to run.
    pub salvage: Option<String>,
}

/// The kinds of reason why a link cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// Its end is missing.
    CutShort,
    /// A newer netsplit made it; with the problems where it could be read that far.
    NewerVersion(Problems),
    /// It was changed on its way.
    Garbled,
    /// It is whole, but what it says is not a valid scenario.
    Invalid(Problems),
    /// It, or what it expands to, is larger than allowed.
    TooLong,
}

impl fmt::Display for BrokenLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.reason {
            Broken::Invalid(problems) | Broken::NewerVersion(problems) if !problems.is_empty() => {
                write!(f, "\n{problems}")
            }
            _ => Ok(()),
        }
    }
}

impl std::error::Error for BrokenLink {}

/// A scenario as `1.<payload>.<check>`. Put `#s=` before it.
pub fn encode(scenario: &Scenario) -> String {
    encode_json(&scenario.to_json())
}

/// Any JSON text as `1.<payload>.<check>`.
pub fn encode_json(json: &str) -> String {
    let compressed = deflate::compress_to_vec(json.as_bytes(), 10);
    let payload = Base64UrlUnpadded::encode_string(&compressed);
    format!("{WIRE_VERSION}.{payload}.{:08x}", CHECK.checksum(&compressed))
}

/// Reads a whole URL, its fragment (`#s=…`), the fragment's content (`s=…`), or the bare `1.<payload>.<check>`.
/// White space is ignored.
pub fn decode(link: &str, catalogue: &Catalogue) -> Decoded {
    match json(link) {
        Ok(None) => Decoded::Nothing,
        Err(broken) => Decoded::Broken(broken),
        Ok(Some(json)) => match validate::read(&json, catalogue) {
            Ok(scenario) => Decoded::Scenario(Box::new(scenario)),
            Err(problems) => {
                let newer = problems.newer();
                let message = if newer {
                    "This link was made with a newer version of netsplit."
                } else {
                    "This link is whole, but what it says is not a valid scenario."
                };
                let reason = if newer { Broken::NewerVersion(problems) } else { Broken::Invalid(problems) };
                Decoded::Broken(BrokenLink { reason, message: message.to_owned(), salvage: Some(json) })
            }
        },
    }
}

/// The JSON text in a link, not yet validated; nothing where there is no scenario in it.
pub fn json(link: &str) -> Result<Option<String>, BrokenLink> {
    if link.len() > limits::LINK_CHARS {
        let message = format!("This link is too long: at most {} characters are read.", limits::LINK_CHARS);
        return Err(broken(Broken::TooLong, message));
    }
    let link: String = link.chars().filter(|c| !c.is_whitespace()).collect();
    let Some(content) = content(&link) else { return Ok(None) };
    let mut parts = content.split('.');
    let (version, payload, check) = (parts.next().unwrap_or(""), parts.next(), parts.next());
    let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if let Some(odd) = content.chars().find(|c| !letters(*c)) {
        return Err(garbled(format!("it has the character {odd:?}, which no link has")));
    }
    match version.parse::<u32>() {
        Ok(WIRE_VERSION) if version == "1" => {}
        Ok(newer) if newer > WIRE_VERSION && payload.is_some() => {
            let message =
                format!("This link was made with a newer version of netsplit (link format {newer}).");
            return Err(broken(Broken::NewerVersion(Problems::default()), message));
        }
        _ if content.is_empty() => return Err(cut_short(None)),
        _ => return Err(garbled("it does not start with \"1.\"".to_owned())),
    }
    if parts.next().is_some() {
        return Err(garbled("it has more than three parts".to_owned()));
    }
    let (payload, check) = (payload.unwrap_or(""), check.unwrap_or(""));
    if check.len() < 8 {
        // Whatever is whole of the payload: four characters are three bytes.
        let whole = if check.is_empty() { payload.len() / 4 * 4 } else { payload.len() };
        let bytes = payload.get(..whole).and_then(|payload| Base64UrlUnpadded::decode_vec(payload).ok());
        let text = bytes.map(|bytes| inflate(&bytes).0).filter(|text| !text.is_empty());
        return Err(cut_short(text.map(|text| String::from_utf8_lossy(&text).into_owned())));
    }
    let Ok(compressed) = Base64UrlUnpadded::decode_vec(payload) else {
        return Err(garbled("its middle part is not base64url".to_owned()));
    };
    if format!("{:08x}", CHECK.checksum(&compressed)) != check {
        return Err(garbled("its check digits do not match its content".to_owned()));
    }
    match inflate(&compressed) {
        (text, End::Whole) => match String::from_utf8(text) {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(garbled("its content is not text".to_owned())),
        },
        (_, End::TooLarge) => {
            let most = limits::DOCUMENT_BYTES;
            let message =
                format!("This link expands to more than the {most} bytes that a scenario may have.");
            Err(broken(Broken::TooLong, message))
        }
        (_, End::Bad) => Err(garbled("its content cannot be decompressed".to_owned())),
    }
}

/// What follows `s=` in the fragment, or a bare link.
fn content(link: &str) -> Option<&str> {
    let fragment = match link.split_once('#') {
        Some((_, fragment)) => fragment,
        None if link.contains("://") || link.is_empty() || link.starts_with(['?', '/']) => return None,
        None if link.starts_with("s=") || link.contains("&s=") => link,
        None => return Some(link),
    };
    fragment.split('&').find_map(|part| part.strip_prefix("s="))
}

#[derive(PartialEq)]
enum End {
    Whole,
    TooLarge,
    Bad,
}

/// Decompresses, to at most [`limits::DOCUMENT_BYTES`].
fn inflate(compressed: &[u8]) -> (Vec<u8>, End) {
    let mut state = Box::<DecompressorOxide>::default();
    let (mut output, mut read, mut written) = (Vec::new(), 0, 0);
    let mut room = 4 * compressed.len() + 1024;
    loop {
        // One byte more than may be there shows that there is too much.
        output.resize(room.min(limits::DOCUMENT_BYTES + 1), 0);
        let whole = inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
        let rest = &compressed[read..];
        let (status, more_read, more_written) = decompress(&mut state, rest, &mut output, written, whole);
        read += more_read;
        written += more_written;
        room *= 2;
        let end = match status {
            _ if written > limits::DOCUMENT_BYTES => End::TooLarge,
            TINFLStatus::HasMoreOutput => continue,
            TINFLStatus::Done if read == compressed.len() => End::Whole,
            _ => End::Bad,
        };
        output.truncate(written.min(limits::DOCUMENT_BYTES));
        return (output, end);
    }
}

fn broken(reason: Broken, message: String) -> BrokenLink {
    BrokenLink { reason, message, salvage: None }
}

fn garbled(why: String) -> BrokenLink {
    broken(Broken::Garbled, format!("This link was changed on its way: {why}."))
}

fn cut_short(salvage: Option<String>) -> BrokenLink {
    let message =
        "This link was cut short: its end is missing. Ask for it again, or copy all of it.".to_owned();
    BrokenLink { reason: Broken::CutShort, message, salvage }
}
