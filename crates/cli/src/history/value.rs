//! The values of a history: one small reader for JSON and one for EDN. Numbers stay what they are, digit by digit, so that
//! two of them are equal only if they are.

/// Deepest nesting of lists and maps.
const DEEPEST: u32 = 64;
/// Most digits of a number.
const DIGITS: usize = 400;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    /// A number, in the one way of writing it.
    Number(String),
    Text(String),
    /// EDN's `:name`.
    Keyword(String),
    List(Vec<Value>),
    Map(Vec<(Value, Value)>),
}

impl Value {
    /// The field of this name.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        let Self::Map(fields) = self else { return None };
        let is = |key: &Self| matches!(key, Self::Text(text) | Self::Keyword(text) if text == name);
        fields.iter().find(|(key, _)| is(key)).map(|(_, value)| value)
    }

    /// A name: text or keyword, also a text that looks like a keyword.
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text.strip_prefix(':').unwrap_or(text)),
            Self::Keyword(text) => Some(text),
            _ => None,
        }
    }

    /// A list of two.
    pub(super) fn pair(&self) -> Option<(&Self, &Self)> {
        match self {
            Self::List(list) if list.len() == 2 => Some((&list[0], &list[1])),
            _ => None,
        }
    }

    /// As JSON; what is equal is written the same.
    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(text) => out.push_str(text),
            Self::Text(text) => quote(text, out),
            Self::Keyword(text) => quote(&format!(":{text}"), out),
            Self::List(list) => {
                out.push('[');
                for (at, value) in list.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    value.write(out);
                }
                out.push(']');
            }
            Self::Map(fields) => {
                let mut all: Vec<(String, String)> =
                    fields.iter().map(|(key, value)| (key.text(), value.text())).collect();
                all.sort();
                out.push('{');
                for (at, (key, value)) in all.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    out.push_str(key);
                    out.push(':');
                    out.push_str(value);
                }
                out.push('}');
            }
        }
    }
}

fn quote(text: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

/// Reads the one value of a line of JSON.
pub(super) fn json(text: &str) -> Result<Value, String> {
    read(text, false)
}

/// Reads one EDN form.
pub(super) fn edn(text: &str) -> Result<Value, String> {
    read(text, true)
}

/// Reads all EDN forms of a line.
pub(super) fn edn_all(text: &str) -> Result<Vec<Value>, String> {
    let mut reader = Reader { text, at: 0, edn: true };
    let mut all = Vec::new();
    loop {
        reader.space()?;
        if reader.at == text.len() {
            return Ok(all);
        }
        all.push(reader.value(0)?);
    }
}

fn read(text: &str, edn: bool) -> Result<Value, String> {
    let mut reader = Reader { text, at: 0, edn };
    reader.space()?;
    let value = reader.value(0)?;
    reader.space()?;
    match reader.peek() {
        None => Ok(value),
        Some(more) => Err(format!("column {}: {} after the end", reader.column(), shown(more))),
    }
}

/// A byte for a message.
fn shown(byte: u8) -> String {
    if byte.is_ascii_graphic() { format!("'{}'", char::from(byte)) } else { format!("byte {byte}") }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    edn: bool,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn column(&self) -> usize {
        self.at + 1
    }

    fn expected<T>(&self, what: &str) -> Result<T, String> {
        Err(match self.peek() {
            None => format!("it ends where {what} should be (cut short?)"),
            Some(byte) => format!("column {}: {} where {what} should be", self.column(), shown(byte)),
        })
    }

    /// Skips what stands between values.
    fn space(&mut self) -> Result<(), String> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.at += 1,
                Some(b',') if self.edn => self.at += 1,
                Some(b';') if self.edn => {
                    while self.peek().is_some_and(|byte| byte != b'\n') {
                        self.at += 1;
                    }
                }
                Some(b'#') if self.edn && self.text[self.at..].starts_with("#_") => {
                    self.at += 2;
                    self.space()?;
                    self.value(0)?;
                }
                _ => return Ok(()),
            }
        }
    }

    fn value(&mut self, depth: u32) -> Result<Value, String> {
        if depth > DEEPEST {
            return Err(format!("column {}: nested deeper than {DEEPEST}", self.column()));
        }
        match self.peek() {
            Some(b'{') => self.map(depth, b'}'),
            Some(b'[') => self.list(depth, b']'),
            Some(b'(') if self.edn => self.list(depth, b')'),
            Some(b'"') => Ok(Value::Text(self.string()?)),
            Some(b'#') if self.edn => self.tagged(depth),
            Some(b':') if self.edn => {
                self.at += 1;
                let name = self.word();
                if name.is_empty() { self.expected("a keyword's name") } else { Ok(Value::Keyword(name)) }
            }
            Some(byte) if byte == b'-' || byte.is_ascii_digit() || (self.edn && byte == b'+') => {
                self.number()
            }
            Some(_) => self.named(),
            None => self.expected("a value"),
        }
    }

    /// A tagged element stands for its value, a set for a list.
    fn tagged(&mut self, depth: u32) -> Result<Value, String> {
        self.at += 1;
        if self.peek() == Some(b'{') {
            return self.list(depth, b'}');
        }
        if self.peek() == Some(b'#') {
            // ##NaN, ##Inf: no value of a register.
            return self.expected("a tag (there are no numbers that are none)");
        }
        if self.word().is_empty() {
            return self.expected("a tag");
        }
        self.space()?;
        self.value(depth + 1)
    }

    fn list(&mut self, depth: u32, close: u8) -> Result<Value, String> {
        self.at += 1;
        let mut list = Vec::new();
        loop {
            self.space()?;
            if self.peek() == Some(close) {
                self.at += 1;
                return Ok(Value::List(list));
            }
            if !self.edn && !list.is_empty() {
                self.comma()?;
            }
            list.push(self.value(depth + 1)?);
        }
    }

    fn map(&mut self, depth: u32, close: u8) -> Result<Value, String> {
        self.at += 1;
        let mut fields: Vec<(Value, Value)> = Vec::new();
        loop {
            self.space()?;
            if self.peek() == Some(close) {
                self.at += 1;
                return Ok(Value::Map(fields));
            }
            if !self.edn {
                if !fields.is_empty() {
                    self.comma()?;
                }
                if self.peek() != Some(b'"') {
                    return self.expected("a field's name");
                }
            }
            let key = self.value(depth + 1)?;
            self.space()?;
            if !self.edn {
                if self.peek() != Some(b':') {
                    return self.expected("':'");
                }
                self.at += 1;
                self.space()?;
            }
            let value = self.value(depth + 1)?;
            if fields.iter().any(|(known, _)| *known == key) {
                return Err(format!("column {}: {} is there twice", self.column(), key.text()));
            }
            fields.push((key, value));
        }
    }

    fn comma(&mut self) -> Result<(), String> {
        if self.peek() != Some(b',') {
            return self.expected("','");
        }
        self.at += 1;
        self.space()
    }

    /// What goes on until a bracket, a quote or a space.
    fn word(&mut self) -> String {
        let rest = &self.text[self.at..];
        let ends =
            |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '[' | ']' | '{' | '}' | '"' | ',' | ';');
        let word = &rest[..rest.find(ends).unwrap_or(rest.len())];
        self.at += word.len();
        word.to_owned()
    }

    fn named(&mut self) -> Result<Value, String> {
        let start = self.at;
        if self.edn && self.peek() == Some(b'\\') {
            self.at += 1;
            // A character: one at least, also where it is a bracket.
            let first = self.text[self.at..].chars().next().map_or(0, char::len_utf8);
            let text = self.text[self.at..self.at + first].to_owned();
            self.at += first;
            return Ok(Value::Text(text + &self.word()));
        }
        let word = self.word();
        match word.as_str() {
            "null" if !self.edn => Ok(Value::Null),
            "nil" if self.edn => Ok(Value::Null),
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            // A symbol.
            name if self.edn && !name.is_empty() => Ok(Value::Text(word)),
            _ => {
                self.at = start;
                self.expected("a value")
            }
        }
    }

    fn digits(&mut self) -> usize {
        let from = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        self.at - from
    }

    fn number(&mut self) -> Result<Value, String> {
        let start = self.at;
        if matches!(self.peek(), Some(b'-' | b'+')) {
            self.at += 1;
        }
        let whole = self.at;
        let count = self.digits();
        if count == 0 {
            if self.edn {
                // A symbol that begins with a sign.
                self.at = start;
                return Ok(Value::Text(self.word()));
            }
            return self.expected("a digit");
        }
        if !self.edn && count > 1 && self.text.as_bytes()[whole] == b'0' {
            return Err(format!("column {}: a number does not begin with 0", whole + 1));
        }
        let mut fraction = false;
        if self.peek() == Some(b'.') {
            self.at += 1;
            fraction = true;
            if self.digits() == 0 && !self.edn {
                return self.expected("a digit");
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            fraction = true;
            if matches!(self.peek(), Some(b'-' | b'+')) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return self.expected("a digit");
            }
        }
        let text = &self.text[start..self.at];
        if text.len() > DIGITS {
            return Err(format!("column {}: a number of more than {DIGITS} digits", start + 1));
        }
        let number = canonical(text, fraction)
            .ok_or_else(|| format!("column {}: {text} is out of range", start + 1))?;
        if self.edn {
            // Bignums and decimals of Clojure's.
            if matches!(self.peek(), Some(b'N' | b'M')) {
                self.at += 1;
            }
            if !self.word().is_empty() {
                return Err(format!("column {}: this is no number", start + 1));
            }
        }
        Ok(Value::Number(number))
    }

    fn string(&mut self) -> Result<String, String> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.find(|c: char| c == '"' || c == '\\' || (!self.edn && c < ' '));
            let Some(plain) = plain else {
                self.at = self.text.len();
                return self.expected("the end of a text");
            };
            out.push_str(&rest[..plain]);
            self.at += plain;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => {
                    self.at += 1;
                    out.push(self.escaped()?);
                }
                _ => return self.expected("an escaped character"),
            }
        }
    }

    fn escaped(&mut self) -> Result<char, String> {
        let Some(byte) = self.peek() else { return self.expected("an escaped character") };
        self.at += 1;
        Ok(match byte {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.hex()?;
                let code = if (0xd800..0xdc00).contains(&first) && self.text[self.at..].starts_with("\\u") {
                    self.at += 2;
                    let second = self.hex()?;
                    0x10000 + ((first - 0xd800) << 10) + (second.wrapping_sub(0xdc00) & 0x3ff)
                } else {
                    first
                };
                // Half of a pair is no character.
                char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            _ => {
                self.at -= 1;
                return self.expected("an escape");
            }
        })
    }

    fn hex(&mut self) -> Result<u32, String> {
        let digits =
            self.text.get(self.at..self.at + 4).filter(|text| text.bytes().all(|b| b.is_ascii_hexdigit()));
        let Some(code) = digits.and_then(|text| u32::from_str_radix(text, 16).ok()) else {
            return self.expected("four hexadecimal digits");
        };
        self.at += 4;
        Ok(code)
    }
}

/// The one way of writing a number: whole numbers by their digits, however long; others as the nearest double.
fn canonical(text: &str, fraction: bool) -> Option<String> {
    let text = text.strip_prefix('+').unwrap_or(text);
    if fraction {
        let number: f64 = text.parse().ok().filter(|number: &f64| number.is_finite())?;
        let whole = number.fract().abs() < f64::MIN_POSITIVE && number.abs() < 9e15;
        return Some(if whole { (number as i64).to_string() } else { number.to_string() });
    }
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let digits = digits.trim_start_matches('0');
    Some(if digits.is_empty() { "0".to_owned() } else { format!("{sign}{digits}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(text: &str) -> String {
        let (json, edn) = (json(text).expect(text), edn(text).expect(text));
        assert_eq!(json, edn, "{text}");
        json.text()
    }

    #[test]
    fn what_is_equal_is_written_the_same() {
        for (text, expected) in [
            ("1", "1"),
            ("-0", "0"),
            ("1.0", "1"),
            ("1e3", "1000"),
            ("0.5", "0.5"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
            ("-7", "-7"),
            (r#""a\n\u00e9\ud83d\ude00""#, "\"a\\né😀\""),
            ("true", "true"),
            ("[1, [2, \"x\"]]", "[1,[2,\"x\"]]"),
        ] {
            assert_eq!(both(text), expected);
        }
        assert_eq!(json(r#"{"b":1,"a":null}"#).expect("fine").text(), r#"{"a":null,"b":1}"#);
    }

    #[test]
    fn clojures_notation() {
        let form = edn(
            "#jepsen.history.Op{:process 3, :type :ok ; said\n :f :cas #_ (1 2) :value [1 nil] :c \\] :n 5N}",
        );
        let form = form.expect("fine");
        assert_eq!(form.get("process"), Some(&Value::Number("3".into())));
        assert_eq!(form.get("type").and_then(Value::name), Some("ok"));
        assert_eq!(form.get("value").map(Value::text), Some("[1,null]".into()));
        assert_eq!(form.get("n").map(Value::text), Some("5".into()));
        assert_eq!(edn_all(":invoke\t:read\tnil").map(|all| all.len()), Ok(3));
    }

    /// Whatever the bytes, there is a value or a reason.
    #[test]
    fn nothing_is_too_strange() {
        let seeds = [
            r##"{"process":0,"type":"ok","f":"cas","value":[1,2.5e3],"key":"a\u00e9é😀\\"}"##,
            "#a.b{:process 0, :value [:x #{1 2} (nil \\a) \\é] ; c\n #_ 5 :t #inst \"2\" :n -1.5M}",
        ];
        let mut word = 9_u64;
        let mut below = |limit: usize| {
            word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (word >> 33) as usize % limit
        };
        let mut fine = 0;
        for _ in 0..40_000 {
            let mut text: Vec<char> = seeds[below(2)].chars().collect();
            for _ in 0..1 + below(4) {
                let at = below(text.len());
                match below(3) {
                    0 if text.len() > 1 => drop(text.remove(at)),
                    1 => {
                        let odd = ['{', '"', '\\', 'é', '#', '[', ']', '}', ':', '-', 'e', '\n'];
                        text.insert(at, odd[below(12)]);
                    }
                    _ => text.truncate(at.max(1)),
                }
            }
            let text: String = text.into_iter().collect();
            let all = [json(&text), edn(&text), edn_all(&text).map(Value::List)];
            fine +=
                all.iter().filter(|read| read.as_ref().is_ok_and(|value| !value.text().is_empty())).count();
            let mut source =
                super::super::source::Source::new(Box::new(std::io::Cursor::new(text.into_bytes())));
            while let Ok(Some(_)) = source.form() {}
        }
        assert!(fine > 5_000, "{fine}");
    }

    #[test]
    fn what_is_wrong_is_named_with_its_column() {
        for (text, part) in [
            ("", "ends where a value"),
            ("{\"a\":1", "cut short"),
            ("{\"a\" 1}", "column 6"),
            ("[1 2]", "','"),
            ("NaN", "where a value"),
            ("1e999", "out of range"),
            ("01", "begin with 0"),
            ("\"a", "end of a text"),
            ("{} x", "after the end"),
            ("{\"a\":1,\"a\":2}", "twice"),
            ("\"\\x\"", "escape"),
        ] {
            let why = json(text).expect_err(text);
            assert!(why.contains(part), "{text}: {why}");
        }
        assert!(json(&"[".repeat(100_000)).expect_err("deep").contains("deeper"));
        assert!(edn("##NaN").is_err() && edn("{:a}").is_err() && edn("1x").is_err());
        assert!(json(&"9".repeat(500)).expect_err("long").contains("digits"));
    }
}
