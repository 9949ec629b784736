//! A history piece by piece, with the number of the line where each begins. Nothing is read whole: a piece has a most.

use std::io::{BufRead, Read as _};

/// Most bytes of one record.
pub(super) const LONGEST: usize = 1 << 20;

/// Why a history is refused, and where.
#[derive(Debug)]
pub(super) struct Refused {
    pub line: u64,
    pub why: String,
}

impl Refused {
    pub(super) fn new(line: u64, why: impl Into<String>) -> Self {
        Self { line, why: why.into() }
    }
}

/// What is read.
pub(super) struct Source {
    input: Box<dyn BufRead>,
    /// The line that is read next, from 1.
    line: u64,
    piece: Vec<u8>,
}

impl Source {
    pub(super) fn new(input: Box<dyn BufRead>) -> Self {
        Self { input, line: 1, piece: Vec::new() }
    }

    /// Lines read so far.
    pub(super) fn lines(&self) -> u64 {
        self.line - 1
    }

    /// The next line that is not empty, and its number.
    pub(super) fn line(&mut self) -> Result<Option<(u64, &str)>, Refused> {
        loop {
            self.piece.clear();
            let line = self.line;
            let most = LONGEST as u64 + 1;
            let read = (&mut self.input).take(most).read_until(b'\n', &mut self.piece);
            let read = read.map_err(|error| Refused::new(line, error.to_string()))?;
            if read == 0 {
                return Ok(None);
            }
            self.line += 1;
            if self.piece.last() == Some(&b'\n') {
                self.piece.pop();
            } else if read > LONGEST {
                return Err(Refused::new(line, format!("a line of more than {LONGEST} bytes")));
            }
            if !self.piece.trim_ascii().is_empty() {
                break;
            }
        }
        text(&self.piece, self.line - 1)
    }

    /// The next EDN form, and the number of the line on which it begins. A vector or list around all of them is looked
    /// through.
    pub(super) fn form(&mut self) -> Result<Option<(u64, &str)>, Refused> {
        self.piece.clear();
        let mut begin = self.line;
        let mut inside = Inside::default();
        loop {
            let buffer = self.input.fill_buf().map_err(|error| Refused::new(self.line, error.to_string()))?;
            let Some(byte) = buffer.first().copied() else { break };
            self.input.consume(1);
            self.line += u64::from(byte == b'\n');
            if self.piece.is_empty() && inside.plain() {
                let between = byte.is_ascii_whitespace() || b",[]()".contains(&byte);
                if between || byte == b';' {
                    inside.comment = byte == b';';
                    continue;
                }
                begin = self.line;
            }
            let comment = inside.comment;
            let ended = inside.takes(byte);
            // The end of a line that was all comment begins nothing.
            if !(inside.comment || comment && self.piece.is_empty()) {
                self.piece.push(byte);
            }
            if ended {
                return text(&self.piece, begin);
            }
            if self.piece.len() > LONGEST {
                return Err(Refused::new(begin, format!("a record of more than {LONGEST} bytes")));
            }
        }
        if self.piece.trim_ascii().is_empty() {
            return Ok(None);
        }
        Err(Refused::new(begin, "it ends in the midst of a record (cut short?)"))
    }
}

fn text(piece: &[u8], line: u64) -> Result<Option<(u64, &str)>, Refused> {
    match std::str::from_utf8(piece) {
        // Some editors begin a file with a mark of its encoding.
        Ok(text) => Ok(Some((line, text.trim_start_matches('\u{feff}')))),
        Err(error) => {
            let at = error.valid_up_to() + 1;
            Err(Refused::new(line, format!("byte {at} is no text in UTF-8")))
        }
    }
}

/// Where in a form a byte is.
#[derive(Default)]
struct Inside {
    depth: u32,
    string: bool,
    escaped: bool,
    comment: bool,
}

impl Inside {
    fn plain(&self) -> bool {
        self.depth == 0 && !self.string && !self.comment
    }

    /// Takes a byte; whether a map of the outermost level ends with it.
    fn takes(&mut self, byte: u8) -> bool {
        if self.comment {
            self.comment = byte != b'\n';
        } else if self.escaped {
            self.escaped = false;
        } else if byte == b'\\' {
            self.escaped = true;
        } else if self.string {
            self.string = byte != b'"';
        } else {
            match byte {
                b'"' => self.string = true,
                b';' => self.comment = true,
                b'{' | b'[' | b'(' => self.depth += 1,
                b'}' | b']' | b')' => {
                    self.depth = self.depth.saturating_sub(1);
                    return self.depth == 0;
                }
                _ => {}
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forms(text: &'static str) -> Vec<Result<(u64, String), (u64, String)>> {
        let mut source = Source::new(Box::new(text.as_bytes()));
        let mut all = Vec::new();
        loop {
            match source.form() {
                Ok(Some((line, form))) => all.push(Ok((line, form.to_owned()))),
                Ok(None) => return all,
                Err(refused) => {
                    all.push(Err((refused.line, refused.why)));
                    return all;
                }
            }
        }
    }

    #[test]
    fn forms_are_found_wherever_they_stand() {
        let text =
            "[ ; all of it }\n{:a \"}\"}, {:b\n [1 {2 3}] ; not }\n :c \\}}\n#jepsen.history.Op{:d 4}]\n";
        let found: Vec<(u64, String)> = forms(text).into_iter().map(|form| form.expect("fine")).collect();
        let lines: Vec<u64> = found.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [2, 2, 5]);
        assert_eq!(found[0].1, "{:a \"}\"}");
        assert!(found[1].1.ends_with("\\}}") && !found[1].1.contains("not"));
        assert_eq!(found[2].1, "#jepsen.history.Op{:d 4}");
    }

    #[test]
    fn what_is_cut_short_is_refused() {
        let all = forms("{:a 1}\n{:b [2");
        assert!(matches!(&all[1], Err((2, why)) if why.contains("cut short")), "{all:?}");
        assert!(matches!(&forms("hello")[0], Err((1, _))));
    }

    #[test]
    fn a_line_has_a_most() {
        let mut long = vec![b'\n'; 2];
        long.resize(LONGEST + 10, b'x');
        let mut source = Source::new(Box::new(std::io::Cursor::new(long)));
        let refused = source.line().expect_err("too long");
        assert!(refused.line == 3 && refused.why.contains("more than"), "{refused:?}");
        let mut source = Source::new(Box::new(&b"{}\n\n\xff{}\n"[..]));
        assert!(matches!(source.line(), Ok(Some((1, "{}")))));
        assert_eq!(source.line().expect_err("no text").line, 3);
        let mut source = Source::new(Box::new("\u{feff}{}\r\n".as_bytes()));
        assert!(matches!(source.line(), Ok(Some((1, "{}\r")))));
        let mut source = Source::new(Box::new(&b"\n  \n1"[..]));
        assert!(matches!(source.line(), Ok(Some((3, "1")))));
        assert!(matches!(source.line(), Ok(None)));
    }
}
