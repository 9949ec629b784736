//! What a person types to have a client ask something: `put x 1`, `get x`, either with `at 12.5s` behind it.

use netsplit_lab::scenario::{Duration, Operation};

/// What can be typed.
pub const USAGE: &str = "put x 1, or get x; at 12s behind it for later";

/// The operation that a line asks for, to be sent to this node by this client.
///
/// # Errors
/// What can be typed instead, for people.
pub fn parse(line: &str, node: &str, client: &str) -> Result<Operation, String> {
    let mut words: Vec<&str> = line.split_whitespace().collect();
    let mut at = Duration::ZERO;
    if let [.., "at" | "@", when] = words[..] {
        at = when.parse().map_err(|_| format!("\"{when}\" is no instant such as 12.5s"))?;
        words.truncate(words.len() - 2);
    }
    let (f, key, value) = match words[..] {
        ["put" | "write" | "set", key, value] => ("write", key, Some(value.to_owned().into())),
        ["put" | "write" | "set", pair] => {
            let Some((key, value)) = pair.split_once('=') else { return Err(format!("Try {USAGE}.")) };
            ("write", key, Some(value.to_owned().into()))
        }
        ["get" | "read", key] => ("read", key, None),
        _ => return Err(format!("Try {USAGE}.")),
    };
    let (f, key, node) = (f.to_owned(), Some(key.to_owned()), Some(node.to_owned()));
    Ok(Operation { at, client: client.to_owned(), f, key, value, node })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_operations() {
        let put = parse(" put x 1 ", "n2", "c1").expect("fine");
        assert_eq!((put.f.as_str(), put.key.as_deref(), put.value), ("write", Some("x"), Some("1".into())));
        assert_eq!((put.client.as_str(), put.node.as_deref(), put.at), ("c1", Some("n2"), Duration::ZERO));
        let get = parse("get x at 12.5s", "n1", "c1").expect("fine");
        assert_eq!((get.f.as_str(), get.at), ("read", Duration(12_500_000_000)));
        assert_eq!(parse("put x=7", "n1", "c1").expect("fine").value, Some("7".into()));
        for bad in ["", "put x", "get", "drop table", "get x at noon", "put x 1 2"] {
            assert!(parse(bad, "n1", "c1").is_err(), "{bad}");
        }
    }
}
