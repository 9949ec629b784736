//! Keys and values in words. To the protocols both are numbers; short names that a person typed are packed into them.

/// Set in a number that is a name: above all keys, below 2^53.
const NAME: u64 = 1 << 52;
/// Letters that fit: seven bits each.
const LETTERS: usize = 7;

/// The number of a name of up to seven printable ASCII letters.
#[must_use]
pub fn name(text: &str) -> Option<u64> {
    let fits =
        !text.is_empty() && text.len() <= LETTERS && text.bytes().all(|letter| letter.is_ascii_graphic());
    fits.then(|| text.bytes().fold(0, |packed, letter| packed << 7 | u64::from(letter)) | NAME)
}

fn unpacked(number: u64) -> Option<String> {
    let letters = (0..LETTERS as u32).rev().map(|at| (number >> (7 * at) & 0x7f) as u8);
    (number >> 52 == 1).then(|| letters.filter(|letter| *letter > 0).map(char::from).collect())
}

/// A key: "k5", or its name.
#[must_use]
pub fn key(key: u64) -> String {
    unpacked(key).unwrap_or_else(|| format!("k{key}"))
}

/// A value: "c2:17" for the 17th that client 2 wrote, a number or a text that somebody gave.
#[must_use]
pub fn value(value: u64) -> String {
    match unpacked(value) {
        Some(name) => name,
        None if value >> 32 == 0 => value.to_string(),
        None => format!("c{}:{}", value >> 32, value & 0xffff_ffff),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_numbers_and_come_back() {
        for text in ["x", "cart", "a-b_c.d"] {
            let number = name(text).expect("fits");
            assert!(number < 1 << 53);
            assert_eq!((key(number), value(number)), (text.to_owned(), text.to_owned()));
        }
        assert_eq!((name(""), name("eight888"), name("two words")), (None, None, None));
        assert_eq!((key(5), value(7), value(3 << 32 | 17)), ("k5".into(), "7".into(), "c3:17".into()));
    }
}
