//! Text becomes a value.

use super::number;
use serde_json::{Map, Value};
use std::fmt;

/// How deep lists and objects may be within each other.
const DEPTH: usize = 127;
const TOO_DEEP: &str = "recursion limit exceeded";
const NO_VALUE: &str = "EOF while parsing a value";
const NO_STRING_END: &str = "EOF while parsing a string";
const BAD_NUMBER: &str = "invalid number";

/// Why a text is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotJson {
    what: &'static str,
    line: usize,
    column: usize,
}

impl NotJson {
    /// It may well be JSON, but deeper than anything that is read here.
    pub fn too_deep(&self) -> bool {
        self.what == TOO_DEEP
    }
}

impl fmt::Display for NotJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at line {} column {}", self.what, self.line, self.column)
    }
}

impl std::error::Error for NotJson {}

/// Reads a text that is one JSON value.
pub fn parse(text: &str) -> Result<Value, NotJson> {
    let mut reader = Reader { text, at: 0, depth: 0 };
    let value = reader.value()?;
    match reader.past_space() {
        None => Ok(value),
        Some(_) => Err(reader.before("trailing characters")),
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    /// Something is wrong with what was read last.
    fn after(&self, what: &'static str) -> NotJson {
        self.error(what, self.at)
    }

    /// Something is wrong with what comes next.
    fn before(&self, what: &'static str) -> NotJson {
        self.error(what, self.at + 1)
    }

    fn error(&self, what: &'static str, at: usize) -> NotJson {
        let read = self.text.as_bytes().get(..at).unwrap_or(self.text.as_bytes());
        let mut error = NotJson { what, line: 1, column: 0 };
        for byte in read {
            error.column += 1;
            if *byte == b'\n' {
                error = NotJson { what, line: error.line + 1, column: 0 };
            }
        }
        error
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let next = self.peek();
        self.at += usize::from(next.is_some());
        next
    }

    fn take(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn past_space(&mut self) -> Option<u8> {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\t' | b'\r')) {
            self.at += 1;
        }
        self.peek()
    }

    fn value(&mut self) -> Result<Value, NotJson> {
        match self.past_space() {
            None => Err(self.before(NO_VALUE)),
            Some(b'n') => self.word("null", Value::Null),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'"') => self.string().map(Value::String),
            Some(open @ (b'[' | b'{')) => {
                if self.depth == DEPTH {
                    return Err(self.before(TOO_DEEP));
                }
                self.depth += 1;
                self.at += 1;
                let value = if open == b'[' { self.list() } else { self.object() };
                self.depth -= 1;
                value
            }
            Some(_) => Err(self.before("expected value")),
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, NotJson> {
        for expected in word.bytes() {
            match self.next() {
                None => return Err(self.after(NO_VALUE)),
                Some(byte) if byte != expected => return Err(self.after("expected ident")),
                Some(_) => {}
            }
        }
        Ok(value)
    }

    fn list(&mut self) -> Result<Value, NotJson> {
        let mut list = Vec::new();
        loop {
            match self.past_space() {
                None => return Err(self.before("EOF while parsing a list")),
                Some(b']') => break,
                Some(_) if list.is_empty() => {}
                Some(b',') => {
                    self.at += 1;
                    if self.past_space() == Some(b']') {
                        return Err(self.before("trailing comma"));
                    }
                }
                Some(_) => return Err(self.before("expected `,` or `]`")),
            }
            list.push(self.value()?);
        }
        self.at += 1;
        Ok(Value::Array(list))
    }

    fn object(&mut self) -> Result<Value, NotJson> {
        const NO_END: &str = "EOF while parsing an object";
        let mut map = Map::new();
        loop {
            match self.past_space() {
                None => return Err(self.before(NO_END)),
                Some(b'}') => break,
                Some(_) if map.is_empty() => {}
                Some(b',') => {
                    self.at += 1;
                    match self.past_space() {
                        Some(b'}') => return Err(self.before("trailing comma")),
                        None => return Err(self.before(NO_VALUE)),
                        Some(_) => {}
                    }
                }
                Some(_) => return Err(self.before("expected `,` or `}`")),
            }
            if self.peek() != Some(b'"') {
                return Err(self.before("key must be a string"));
            }
            let name = self.string()?;
            match self.past_space() {
                Some(b':') => self.at += 1,
                Some(_) => return Err(self.before("expected `:`")),
                None => return Err(self.before(NO_END)),
            }
            let value = self.value()?;
            map.insert(name, value);
        }
        self.at += 1;
        Ok(Value::Object(map))
    }

    fn digits(&mut self) {
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
    }

    fn number(&mut self) -> Result<Value, NotJson> {
        const TOO_LARGE: &str = "number out of range";
        let start = self.at;
        self.take(b'-');
        match self.next() {
            None => return Err(self.after(NO_VALUE)),
            Some(b'0') if matches!(self.peek(), Some(b'0'..=b'9')) => return Err(self.before(BAD_NUMBER)),
            Some(b'0'..=b'9') => self.digits(),
            Some(_) => return Err(self.after(BAD_NUMBER)),
        }
        let whole = self.at;
        if self.take(b'.') {
            let fraction = self.at;
            self.digits();
            if self.at == fraction {
                return Err(self.before(if self.peek().is_some() { BAD_NUMBER } else { NO_VALUE }));
            }
        }
        let is_zero = !self.text[start..self.at].bytes().any(|byte| matches!(byte, b'1'..=b'9'));
        if self.take(b'e') || self.take(b'E') {
            let small = self.take(b'-');
            if !small {
                self.take(b'+');
            }
            let mut exponent = match self.next() {
                None => return Err(self.after(NO_VALUE)),
                Some(digit @ b'0'..=b'9') => i32::from(digit - b'0'),
                Some(_) => return Err(self.after(BAD_NUMBER)),
            };
            while let Some(digit @ b'0'..=b'9') = self.peek() {
                self.at += 1;
                let longer = exponent.checked_mul(10).and_then(|e| e.checked_add(i32::from(digit - b'0')));
                match longer {
                    None if !is_zero && !small => return Err(self.after(TOO_LARGE)),
                    longer => exponent = longer.unwrap_or(i32::MAX),
                }
            }
        }
        let text = &self.text[start..self.at];
        if self.at == whole {
            if let Ok(number) = text.parse::<u64>() {
                return Ok(Value::from(number));
            }
            // There is no whole number `-0`.
            if let Some(number) = text.parse::<i64>().ok().filter(|number| *number != 0) {
                return Ok(Value::from(number));
            }
        }
        let number = number(text).filter(|number| number.is_finite());
        number.map(Value::from).ok_or_else(|| self.after(TOO_LARGE))
    }

    fn string(&mut self) -> Result<String, NotJson> {
        self.at += 1;
        let mut string = String::new();
        loop {
            let start = self.at;
            while self.peek().is_some_and(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
                self.at += 1;
            }
            string.push_str(&self.text[start..self.at]);
            match self.next() {
                None => return Err(self.after(NO_STRING_END)),
                Some(b'"') => return Ok(string),
                Some(b'\\') => string.push(self.escape()?),
                Some(_) => {
                    return Err(
                        self.after("control character (\\u0000-\\u001F) found while parsing a string")
                    );
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, NotJson> {
        const LONE: &str = "lone leading surrogate in hex escape";
        Ok(match self.next() {
            None => return Err(self.after(NO_STRING_END)),
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let mut code = self.hex()?;
                if matches!(code, 0xd800..=0xdbff) {
                    for expected in *b"\\u" {
                        match self.next() {
                            None => return Err(self.after(NO_STRING_END)),
                            Some(byte) if byte == expected => {}
                            Some(_) => return Err(self.after("unexpected end of hex escape")),
                        }
                    }
                    let low = self.hex()?;
                    if !matches!(low, 0xdc00..=0xdfff) {
                        return Err(self.after(LONE));
                    }
                    code = 0x1_0000 + ((code - 0xd800) << 10) + (low - 0xdc00);
                }
                char::from_u32(code).ok_or_else(|| self.after(LONE))?
            }
            Some(_) => return Err(self.after("invalid escape")),
        })
    }

    fn hex(&mut self) -> Result<u32, NotJson> {
        let Some(digits) = self.text.as_bytes().get(self.at..self.at + 4) else {
            self.at = self.text.len();
            return Err(self.after(NO_STRING_END));
        };
        self.at += 4;
        let mut code = 0;
        for digit in digits {
            let digit = char::from(*digit).to_digit(16).ok_or_else(|| self.after("invalid escape"))?;
            code = code * 16 + digit;
        }
        Ok(code)
    }
}
