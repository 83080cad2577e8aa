//! From a text taken apart to the values of a seed. Every mistake knows its place, and one does not hide the next: a field
//! that is unknown and an entry of a list that cannot be read are noted and passed over.

use std::cell::RefCell;
use std::fmt;

use serde::de::value::StringDeserializer;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, Expected, IntoDeserializer, MapAccess, SeqAccess, Unexpected,
    Visitor,
};
use serde::forward_to_deserialize_any;

use super::Item;
use super::tree::{Name, Node, Value};

/// What cannot be read, and where; the place is not known to those who find it first.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) at: Option<usize>,
    pub(super) what: String,
    pub(super) allowed: Vec<String>,
}

impl Trouble {
    fn new(what: String, allowed: &[&str]) -> Self {
        Trouble { at: None, what, allowed: allowed.iter().map(|word| (*word).to_owned()).collect() }
    }

    fn at(mut self, at: usize) -> Self {
        self.at = self.at.or(Some(at));
        self
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Trouble {}

impl Error for Trouble {
    fn custom<T: fmt::Display>(what: T) -> Self {
        Trouble::new(what.to_string(), &[])
    }

    fn invalid_type(found: Unexpected<'_>, wanted: &dyn Expected) -> Self {
        Trouble::new(format!("{} belongs here, not {}", in_words(wanted), shown(&found)), &[])
    }

    fn invalid_value(found: Unexpected<'_>, wanted: &dyn Expected) -> Self {
        Trouble::new(format!("{} belongs here, not {}", in_words(wanted), shown(&found)), &[])
    }

    fn unknown_variant(word: &str, known: &'static [&'static str]) -> Self {
        Trouble::new(format!("{} is none of the words that may stand here", quoted(word)), known)
    }

    fn unknown_field(name: &str, known: &'static [&'static str]) -> Self {
        Trouble::new(format!("there is no field {}", quoted(name)), known)
    }

    fn missing_field(name: &'static str) -> Self {
        Trouble::new(format!("the field {name:?} is missing"), &[])
    }
}

/// What the derived readers expect, in the words of a seed.
fn in_words(wanted: &dyn Expected) -> String {
    let wanted = wanted.to_string();
    match wanted.as_str() {
        "u64" => "a whole number".to_owned(),
        "u32" => "a whole number from 0 to 4294967295".to_owned(),
        "u16" => "a whole number from 0 to 65535".to_owned(),
        "a string" => "a text".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a sequence" => "a list".to_owned(),
        _ if wanted.starts_with("struct ") => "a table".to_owned(),
        _ => wanted,
    }
}

fn shown(found: &Unexpected<'_>) -> String {
    match found {
        Unexpected::Str(text) => quoted(text),
        Unexpected::Map => "a table".to_owned(),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Unit | Unexpected::Option => "null".to_owned(),
        Unexpected::Bool(on) => on.to_string(),
        Unexpected::Signed(number) => number.to_string(),
        Unexpected::Unsigned(number) => number.to_string(),
        Unexpected::Float(number) => number.to_string(),
        other => other.to_string(),
    }
}

/// A text of others, escaped and shortened so that it can be shown.
pub(super) fn quoted(text: &str) -> String {
    let short: String = text.chars().take(60).collect();
    if short.len() < text.len() { format!("{short:?}…") } else { format!("{short:?}") }
}

/// Reads a value of any type from a part of the text.
#[derive(Clone, Copy)]
pub(super) struct Decoder<'n> {
    node: &'n Node,
    noted: &'n RefCell<Vec<Trouble>>,
}

/// Reads a whole text; what is wrong with it, all at once.
pub(super) fn decode<T: for<'de> Deserialize<'de>>(node: &Node) -> Result<T, Vec<Trouble>> {
    let noted = RefCell::new(Vec::new());
    let read = T::deserialize(Decoder { node, noted: &noted });
    let mut noted = noted.into_inner();
    match read {
        Ok(value) if noted.is_empty() => return Ok(value),
        Ok(_) => {}
        Err(trouble) => noted.push(trouble.at(node.at.start)),
    }
    Err(noted)
}

impl<'de> Deserializer<'de> for Decoder<'_> {
    type Error = Trouble;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Trouble> {
        let read = match &self.node.value {
            Value::Null => visitor.visit_unit(),
            Value::Switch(on) => visitor.visit_bool(*on),
            Value::Whole(number) => match (u64::try_from(*number), i64::try_from(*number)) {
                (Ok(number), _) => visitor.visit_u64(number),
                (_, Ok(number)) => visitor.visit_i64(number),
                _ => Err(Trouble::new(format!("{number} is too large"), &[])),
            },
            Value::Fraction(number) => visitor.visit_f64(*number),
            Value::Text(text) => visitor.visit_str(text),
            Value::List(entries) => visitor.visit_seq(Entries { rest: entries, noted: self.noted }),
            Value::Table(fields) => visitor.visit_map(Fields { rest: fields, value: None, noted: self.noted }),
        };
        read.map_err(|trouble| trouble.at(self.node.at.start))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Trouble> {
        match self.node.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Trouble> {
        let read = match &self.node.value {
            Value::Text(word) => {
                let word: StringDeserializer<Trouble> = word.clone().into_deserializer();
                visitor.visit_enum(word)
            }
            _ => Err(Trouble::new("a word in quotes belongs here".to_owned(), &[])),
        };
        read.map_err(|trouble| trouble.at(self.node.at.start))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Trouble> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Trouble> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier
    }
}

/// The rest of a list.
struct Entries<'n> {
    rest: &'n [Node],
    noted: &'n RefCell<Vec<Trouble>>,
}

impl<'de> SeqAccess<'de> for Entries<'_> {
    type Error = Trouble;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Trouble> {
        let Some((node, rest)) = self.rest.split_first() else { return Ok(None) };
        self.rest = rest;
        let read = seed.deserialize(Decoder { node, noted: self.noted });
        read.map(Some).map_err(|trouble| trouble.at(node.at.start))
    }

    fn next_element<T: Deserialize<'de>>(&mut self) -> Result<Option<T>, Trouble> {
        while let Some((node, rest)) = self.rest.split_first() {
            self.rest = rest;
            match T::deserialize(Decoder { node, noted: self.noted }) {
                Ok(value) => return Ok(Some(value)),
                Err(trouble) => self.noted.borrow_mut().push(trouble.at(node.at.start)),
            }
        }
        Ok(None)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

/// The rest of a table.
struct Fields<'n> {
    rest: &'n [(Name, Node)],
    value: Option<&'n Node>,
    noted: &'n RefCell<Vec<Trouble>>,
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Trouble;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Trouble> {
        let Some(((name, node), rest)) = self.rest.split_first() else { return Ok(None) };
        (self.rest, self.value) = (rest, Some(node));
        let text: StringDeserializer<Trouble> = name.text.clone().into_deserializer();
        seed.deserialize(text).map(Some).map_err(|trouble| trouble.at(name.at))
    }

    fn next_key<K: Deserialize<'de>>(&mut self) -> Result<Option<K>, Trouble> {
        while let Some(((name, node), rest)) = self.rest.split_first() {
            (self.rest, self.value) = (rest, Some(node));
            let text: StringDeserializer<Trouble> = name.text.clone().into_deserializer();
            match K::deserialize(text) {
                Ok(key) => return Ok(Some(key)),
                Err(trouble) => self.noted.borrow_mut().push(trouble.at(name.at)),
            }
        }
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Trouble> {
        let node = self.value.take().ok_or_else(|| Trouble::custom("a value was asked for before its name"))?;
        let read = seed.deserialize(Decoder { node, noted: self.noted });
        read.map_err(|trouble| trouble.at(node.at.start))
    }
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Item;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the id of a consent item, or {id, purpose},")
            }

            fn visit_str<E: Error>(self, id: &str) -> Result<Item, E> {
                Ok(Item { id: id.to_owned(), purpose: Item::PURPOSE.to_owned() })
            }

            fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Item, A::Error> {
                let Whole { id, purpose } = Whole::deserialize(serde::de::value::MapAccessDeserializer::new(fields))?;
                Ok(Item { id, purpose })
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// A consent item with its purpose.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole {
    id: String,
    #[serde(default = "purpose")]
    purpose: String,
}

fn purpose() -> String {
    Item::PURPOSE.to_owned()
}

impl Item {
    /// What people read where the seed does not say.
    pub const PURPOSE: &str = "For development";
}
