//! The fields of each type of the document, said once: for reading, for writing, and for the list of what is known.
//!
//! A type names its fields in [`Record::fields`], one line each, to a [`Port`]. The port reads them from an object, or
//! writes them into one, or notes their names. It takes fields as `dyn`: the page downloads one copy of it all, where
//! generated code would be made anew for each type.

use crate::document::Params;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt;

/// A part of the document that has a form in JSON.
pub trait Field {
    /// Takes the value that JSON gives it.
    fn read(&mut self, value: &Value) -> Result<(), Unread>;
    /// Its form in JSON. (Reading and writing go over the same fields, hence the `mut`; it does not change.)
    fn write(&mut self) -> Value;
    /// Whether it says nothing, so that an object may leave it out.
    fn blank(&mut self) -> bool {
        false
    }
}

/// A part of the document that is an object.
pub trait Record {
    /// Names every field, in the order in which they are written.
    fn fields(&mut self, port: &mut Port<'_>);
}

/// JSON that is not of the type that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unread {
    /// The field, or nothing if it is the whole.
    field: &'static str,
    missing: bool,
}

impl Unread {
    /// Of another type.
    pub const TYPE: Self = Self { field: "", missing: false };
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.field, self.missing) {
            ("", _) => f.write_str("this is of the wrong type"),
            (field, true) => write!(f, "missing field `{field}`"),
            (field, false) => write!(f, "field `{field}` is of the wrong type"),
        }
    }
}

impl std::error::Error for Unread {}

/// A part of the document as JSON, defaults left out.
pub fn to_value<T: Field + Clone>(part: &T) -> Value {
    part.clone().write()
}

/// A part of the document from JSON. Only the types are checked; [`crate::validate`] checks the rest.
pub fn from_value<T: Field + Default>(value: &Value) -> Result<T, Unread> {
    let mut part = T::default();
    part.read(value).map(|()| part)
}

/// The names of a record's fields.
pub(crate) fn fields_of<T: Record + Default>() -> Vec<&'static str> {
    names_of(&mut T::default())
}

pub(crate) fn names_of(record: &mut dyn Record) -> Vec<&'static str> {
    let mut port = Port::new(Way::Note);
    record.fields(&mut port);
    port.names
}

/// Where a record's fields go, or come from.
pub struct Port<'v> {
    way: Way<'v>,
    names: Vec<&'static str>,
    unread: Option<Unread>,
}

enum Way<'v> {
    Read(&'v Map<String, Value>),
    Write(Map<String, Value>),
    Note,
}

impl<'v> Port<'v> {
    fn new(way: Way<'v>) -> Self {
        Self { way, names: Vec::new(), unread: None }
    }

    /// A field that must be there.
    pub fn need(&mut self, name: &'static str, field: &mut dyn Field) {
        self.pass(name, field);
        if let Way::Read(map) = self.way
            && !map.contains_key(name)
        {
            self.unread.get_or_insert(Unread { field: name, missing: true });
        }
    }

    /// A field that need not be there, but always is when written.
    pub fn pass(&mut self, name: &'static str, field: &mut dyn Field) {
        if let Some(value) = self.given(name)
            && let Err(unread) = field.read(value)
        {
            self.refuse(name, unread);
        }
        self.write(name, field);
    }

    /// Notes that a field could not be read.
    pub fn refuse(&mut self, name: &'static str, unread: Unread) {
        let field = if unread.field.is_empty() { name } else { unread.field };
        self.unread.get_or_insert(Unread { field, ..unread });
    }

    /// A field that is left out where it says nothing.
    pub fn may(&mut self, name: &'static str, field: &mut dyn Field) {
        match self.way {
            Way::Write(_) if field.blank() => {}
            _ => self.pass(name, field),
        }
    }

    /// A field that is left out where it has its default.
    pub fn or(&mut self, name: &'static str, field: &mut dyn Field, default: &mut dyn Field) {
        match &self.way {
            Way::Read(map) if !map.contains_key(name) => drop(field.read(&default.write())),
            Way::Write(_) if field.write() == default.write() => {}
            _ => self.pass(name, field),
        }
    }

    /// What has no other name here.
    pub fn rest(&mut self, params: &mut Params) {
        match &mut self.way {
            Way::Read(map) => {
                let others = map.iter().filter(|(name, _)| !self.names.contains(&name.as_str()));
                params.extend(others.map(|(name, value)| (name.clone(), value.clone())));
            }
            Way::Write(map) => {
                map.extend(params.iter().map(|(name, value)| (name.clone(), value.clone())));
            }
            Way::Note => {}
        }
    }

    /// What is read for a field of this name.
    pub fn given(&mut self, name: &'static str) -> Option<&'v Value> {
        self.names.push(name);
        if let Way::Read(map) = self.way { map.get(name) } else { None }
    }

    /// Writes a field, if this is about writing.
    pub fn write(&mut self, name: &str, field: &mut dyn Field) {
        if let Way::Write(map) = &mut self.way {
            map.insert(name.to_owned(), field.write());
        }
    }
}

/// Reads a record's fields.
pub(crate) fn read(record: &mut dyn Record, value: &Value) -> Result<(), Unread> {
    let mut port = Port::new(Way::Read(value.as_object().ok_or(Unread::TYPE)?));
    record.fields(&mut port);
    port.unread.map_or(Ok(()), Err)
}

/// Writes a record's fields.
pub(crate) fn write(record: &mut dyn Record) -> Map<String, Value> {
    let mut port = Port::new(Way::Write(Map::new()));
    record.fields(&mut port);
    if let Way::Write(map) = port.way { map } else { Map::new() }
}

impl<T: Record> Field for T {
    fn read(&mut self, value: &Value) -> Result<(), Unread> {
        read(self, value)
    }
    fn write(&mut self) -> Value {
        Value::Object(write(self))
    }
    fn blank(&mut self) -> bool {
        write(self).is_empty()
    }
}

impl Field for Value {
    fn read(&mut self, value: &Value) -> Result<(), Unread> {
        *self = value.clone();
        Ok(())
    }
    fn write(&mut self) -> Value {
        self.clone()
    }
}

impl Field for String {
    fn read(&mut self, value: &Value) -> Result<(), Unread> {
        value.as_str().ok_or(Unread::TYPE)?.clone_into(self);
        Ok(())
    }
    fn write(&mut self) -> Value {
        Value::String(self.clone())
    }
    fn blank(&mut self) -> bool {
        self.is_empty()
    }
}

macro_rules! whole {
    ($($type:ty),*) => {$(
        impl Field for $type {
            fn read(&mut self, value: &Value) -> Result<(), Unread> {
                *self = value.as_u64().and_then(|value| value.try_into().ok()).ok_or(Unread::TYPE)?;
                Ok(())
            }
            fn write(&mut self) -> Value {
                Value::from(*self)
            }
            fn blank(&mut self) -> bool {
                *self == 0
            }
        }
    )*};
}
whole!(u32, u64);

impl Field for f64 {
    fn read(&mut self, value: &Value) -> Result<(), Unread> {
        *self = value.as_f64().ok_or(Unread::TYPE)?;
        Ok(())
    }
    fn write(&mut self) -> Value {
        Value::from(*self)
    }
}

impl Field for bool {
    fn read(&mut self, value: &Value) -> Result<(), Unread> {
        *self = value.as_bool().ok_or(Unread::TYPE)?;
        Ok(())
    }
    fn write(&mut self) -> Value {
        Value::Bool(*self)
    }
    fn blank(&mut self) -> bool {
        !*self
    }
}

impl<T: Field + Default> Field for Option<T> {
    fn read(&mut self, value: &Value) -> Result<(), Unread> {
        *self = if value.is_null() { None } else { Some(from_value(value)?) };
        Ok(())
    }
    fn write(&mut self) -> Value {
        self.as_mut().map_or(Value::Null, Field::write)
    }
    fn blank(&mut self) -> bool {
        self.is_none()
    }
}

/// A list, of whatever.
trait List {
    /// Makes it so long, of entries that say nothing yet.
    fn begin(&mut self, length: usize);
    fn entry(&mut self, index: usize) -> Option<&mut dyn Field>;
}

impl<T: Field + Default> List for Vec<T> {
    fn begin(&mut self, length: usize) {
        self.clear();
        self.resize_with(length, T::default);
    }
    fn entry(&mut self, index: usize) -> Option<&mut dyn Field> {
        self.get_mut(index).map(|entry| entry as _)
    }
}

fn read_list(list: &mut dyn List, value: &Value) -> Result<(), Unread> {
    let values = value.as_array().ok_or(Unread::TYPE)?;
    list.begin(values.len());
    for (index, value) in values.iter().enumerate() {
        if let Some(entry) = list.entry(index) {
            entry.read(value)?;
        }
    }
    Ok(())
}

fn write_list(list: &mut dyn List) -> Value {
    let mut values = Vec::new();
    while let Some(entry) = list.entry(values.len()) {
        values.push(entry.write());
    }
    Value::Array(values)
}

impl<T: Field + Default> Field for Vec<T> {
    fn read(&mut self, value: &Value) -> Result<(), Unread> {
        read_list(self, value)
    }
    fn write(&mut self) -> Value {
        write_list(self)
    }
    fn blank(&mut self) -> bool {
        self.is_empty()
    }
}

impl<T: Field + Default> Field for BTreeMap<String, T> {
    fn read(&mut self, value: &Value) -> Result<(), Unread> {
        self.clear();
        for (name, value) in value.as_object().ok_or(Unread::TYPE)? {
            self.insert(name.clone(), from_value(value)?);
        }
        Ok(())
    }
    fn write(&mut self) -> Value {
        Value::Object(self.iter_mut().map(|(name, field)| (name.clone(), field.write())).collect())
    }
    fn blank(&mut self) -> bool {
        self.is_empty()
    }
}

/// Types whose form in JSON is the text that they print and parse.
macro_rules! as_text {
    ($($type:ty),*) => {$(
        impl $crate::record::Field for $type {
            fn read(&mut self, value: &serde_json::Value) -> Result<(), $crate::record::Unread> {
                let unread = $crate::record::Unread::TYPE;
                *self = value.as_str().and_then(|text| text.parse().ok()).ok_or(unread)?;
                Ok(())
            }
            fn write(&mut self) -> serde_json::Value {
                serde_json::Value::String(self.to_string())
            }
        }
    )*};
}
pub(crate) use as_text;

/// Types whose form in JSON is one of some words.
macro_rules! as_word {
    ($type:ident { $($variant:ident: $word:literal),* $(,)? }) => {
        impl $crate::record::Field for $type {
            fn read(&mut self, value: &serde_json::Value) -> Result<(), $crate::record::Unread> {
                *self = match value.as_str() {
                    $(Some($word) => Self::$variant,)*
                    _ => return Err($crate::record::Unread::TYPE),
                };
                Ok(())
            }
            fn write(&mut self) -> serde_json::Value {
                let word = match self {
                    $(Self::$variant => $word,)*
                };
                serde_json::Value::String(word.to_owned())
            }
        }
    };
}
pub(crate) use as_word;

/// Serde for these types, by way of their JSON: for other crates' formats, tests and lists.
macro_rules! by_value {
    ($($type:ty),* $(,)?) => {$(
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::record::to_value(self).serialize(serializer)
            }
        }
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = serde_json::Value::deserialize(deserializer)?;
                $crate::record::from_value(&value).map_err(serde::de::Error::custom)
            }
        }
    )*};
}
pub(crate) use by_value;
