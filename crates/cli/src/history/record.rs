//! One record of a history: who asked or was answered what. The convention is Jepsen's and Maelstrom's.

use netsplit_checker::stream::Kind;

use super::value::{self, Value};

/// What a record says of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Invoke,
    Ok,
    Fail,
    Info,
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Read,
    Write,
    Cas,
    Append,
}

/// A client's record.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Record {
    pub process: u64,
    pub kind: Type,
    pub function: Function,
    /// The key as JSON; nothing where there is one object in all. Of a completion only what its `key` says.
    pub key: Option<String>,
    /// What belongs to the function, without the key.
    pub value: Value,
    /// Whether a completed comparison held, if that is said.
    pub result: Option<bool>,
}

impl Function {
    fn of(name: &str, model: Kind) -> Result<Self, String> {
        Ok(match (model, name) {
            (Kind::Register, "read") | (Kind::Kv, "get") => Self::Read,
            (Kind::Register, "write") | (Kind::Kv, "put") => Self::Write,
            (Kind::Register, "cas") => Self::Cas,
            (Kind::Kv, "append") => Self::Append,
            (Kind::Register, _) => return Err(format!("f is {name:?}; a register has read, write and cas")),
            (Kind::Kv, _) => return Err(format!("f is {name:?}; a kv has get, put and append")),
        })
    }

    /// Its name in this model.
    pub(super) fn name(self, model: Kind) -> &'static str {
        match (self, model) {
            (Self::Read, Kind::Register) => "read",
            (Self::Write, Kind::Register) => "write",
            (Self::Read, Kind::Kv) => "get",
            (Self::Write, Kind::Kv) => "put",
            (Self::Cas, _) => "cas",
            (Self::Append, _) => "append",
        }
    }
}

/// The process, if it is a client's: those have whole numbers. Others (`nemesis`) are no part of the history.
fn process(value: Option<&Value>) -> Result<Option<u64>, String> {
    match value {
        Some(Value::Number(text)) => match text.parse() {
            Ok(process) => Ok(Some(process)),
            Err(_) => Err(format!("process is {text}; a whole number from 0 on is needed")),
        },
        Some(Value::Text(_) | Value::Keyword(_)) => Ok(None),
        Some(other) => Err(format!("process is {}; a whole number is needed", other.text())),
        None => Err("there is no process".to_owned()),
    }
}

fn type_of(value: Option<&Value>) -> Result<Type, String> {
    let name = value.and_then(Value::name);
    Ok(match name {
        Some("invoke") => Type::Invoke,
        Some("ok") => Type::Ok,
        Some("fail") => Type::Fail,
        Some("info") => Type::Info,
        _ => {
            let said = value.map_or_else(|| "missing".to_owned(), Value::text);
            return Err(format!("type is {said}; one of invoke, ok, fail, info is needed"));
        }
    })
}

/// Of a map; nothing where it is no client's.
pub(super) fn of(form: &Value, model: Kind) -> Result<Option<Record>, String> {
    if !matches!(form, Value::Map(_)) {
        return Err("a record is an object".to_owned());
    }
    let Some(process) = process(form.get("process"))? else { return Ok(None) };
    let kind = type_of(form.get("type"))?;
    let function = form.get("f").and_then(Value::name).ok_or("f is missing")?;
    let function = Function::of(function, model)?;
    let key = form.get("key").filter(|key| **key != Value::Null).map(Value::text);
    let value = form.get("value").cloned().unwrap_or(Value::Null);
    let result = match form.get("result") {
        None | Some(Value::Null) => None,
        Some(Value::Bool(held)) => Some(*held),
        Some(other) => return Err(format!("result is {}; true or false is needed", other.text())),
    };
    let mut record = Record { process, kind, function, key, value, result };
    // What an operation that was not answered carries is a reason, not a value.
    if record.key.is_none() && matches!(kind, Type::Invoke | Type::Ok) {
        split(&mut record);
    }
    Ok(Some(record))
}

/// `value: [key, v]`, where there is no key. A comparison's own two values are no key and value.
fn split(record: &mut Record) {
    let Some((key, value)) = record.value.pair() else { return };
    if record.function != Function::Cas || value.pair().is_some() {
        (record.key, record.value) = (Some(key.text()), value.clone());
    }
}

/// Of a line of Jepsen's own log (`INFO  jepsen.util - 3 :invoke :read nil`); nothing where it is about anything else.
pub(super) fn of_log(line: &str, model: Kind) -> Result<Option<Record>, String> {
    let Some((_, rest)) = line.split_once("jepsen.util") else { return Ok(None) };
    let rest = rest.trim_start_matches([' ', '\t', '-']);
    let rest = rest.strip_prefix(": ").unwrap_or(rest).trim();
    if !rest.starts_with(|c: char| c.is_ascii_digit()) {
        return Ok(None);
    }
    let words = value::edn_all(rest)?;
    let [process, kind, function, ..] = &words[..] else { return Ok(None) };
    if !matches!(kind, Value::Keyword(_)) {
        return Ok(None);
    }
    let said = words.get(3).cloned().unwrap_or(Value::Null);
    let fields =
        [("process", process.clone()), ("type", kind.clone()), ("f", function.clone()), ("value", said)];
    let fields = fields.into_iter().map(|(name, value)| (Value::Keyword(name.to_owned()), value));
    of(&Value::Map(fields.collect()), model)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str, model: Kind) -> Result<Option<Record>, String> {
        of(&value::json(text).expect(text), model)
    }

    #[test]
    fn keys_stand_apart_or_before_the_value() {
        let apart =
            json(r#"{"process":1,"type":"invoke","f":"cas","key":"x","value":[1,2]}"#, Kind::Register);
        let before = json(r#"{"process":1,"type":":invoke","f":"cas","value":["x",[1,2]]}"#, Kind::Register);
        assert_eq!(apart, before);
        let record = apart.expect("fine").expect("a client's");
        assert_eq!((record.key.as_deref(), record.value.text().as_str()), (Some("\"x\""), "[1,2]"));
        let alone = json(r#"{"process":1,"type":"invoke","f":"cas","value":[1,2]}"#, Kind::Register);
        let alone = alone.expect("fine").expect("a client's");
        assert_eq!((alone.key, alone.value.text().as_str()), (None, "[1,2]"));
        // A reason is no key and value.
        let failed =
            json(r#"{"process":1,"type":"fail","f":"read","value":["timed","out"]}"#, Kind::Register);
        assert_eq!(failed.expect("fine").expect("a client's").key, None);
    }

    #[test]
    fn jepsens_log() {
        let line = "INFO  jepsen.util - 3\t:ok\t:cas\t[1 4]";
        let record = of_log(line, Kind::Register).expect("fine").expect("a client's");
        assert_eq!((record.process, record.kind, record.function), (3, Type::Ok, Function::Cas));
        let line = "2016-01-01 12:00:00,000 INFO  jepsen worker 7 - jepsen.util: 7\t:fail\t:read\t:timed-out";
        let record = of_log(line, Kind::Register).expect("fine").expect("a client's");
        assert_eq!((record.process, record.kind), (7, Type::Fail));
        for other in ["INFO  jepsen.util - :nemesis :info :start nil", "INFO  jepsen.core - 3 nodes", ""] {
            assert_eq!(of_log(other, Kind::Register), Ok(None));
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        for (text, part) in [
            (r#"{"type":"ok","f":"read"}"#, "process"),
            (r#"{"process":-1,"type":"ok","f":"read"}"#, "process is -1"),
            (r#"{"process":1.5,"type":"ok","f":"read"}"#, "whole number"),
            (r#"{"process":1,"f":"read"}"#, "type"),
            (r#"{"process":1,"type":"okay","f":"read"}"#, "okay"),
            (r#"{"process":1,"type":"ok"}"#, "f is missing"),
            (r#"{"process":1,"type":"ok","f":"get"}"#, "read, write and cas"),
            (r#"{"process":1,"type":"ok","f":"cas","result":1}"#, "true or false"),
            ("[1]", "object"),
        ] {
            let why = json(text, Kind::Register).expect_err(text);
            assert!(why.contains(part), "{text}: {why}");
        }
        assert_eq!(json(r#"{"process":"nemesis","type":"info","f":"start"}"#, Kind::Register), Ok(None));
    }
}
