//! What a condition in CEL can name: the attributes that the typed conditions see, under fixed names.
//!
//! ```text
//! action  role  relation  environment  connector  classification
//! principal.id  principal.kind    object.id  object.type  object.data    scope.id  scope.path
//! time.micros (since the epoch)  time.weekday ("mon" …)  time.hour  time.minute      all in UTC
//! ```
//!
//! What is known not to be there (a role that nobody holds) is `null`. What nobody said is not given to the text at all: see
//! [`Given`].

use cel::Value;
use cel::objects::{Key, Map};
use scoped_projections::rules::{Asked, Attribute, Truth, Weekday, Words};
use serde_json::Value as Json;
use std::collections::HashMap;
use std::sync::Arc;

/// Largest data that a condition looks at: bytes of its texts and keys, and as many for each value as a value takes here.
const DATA_BYTES_MAX: usize = 64 * 1024;
const VALUE_BYTES: usize = 8;
/// How deep that data nests.
const DATA_DEPTH_MAX: usize = 64;

const HOUR_MICROS: u64 = 3_600_000_000;
const MINUTE_MICROS: u64 = 60_000_000;

macro_rules! names {
    ($($name:ident: $root:literal $(. $field:literal)?;)+) => {
        /// An attribute that a text may name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Name { $($name),+ }

        impl Name {
            /// The attribute of that name, by variable and field.
            pub(super) fn of(root: &str, field: Option<&str>) -> Option<Self> {
                $(if root == $root && field == names!(@field $($field)?) { return Some(Self::$name); })+
                None
            }
            fn parts(self) -> (&'static str, Option<&'static str>) {
                match self { $(Self::$name => ($root, names!(@field $($field)?)),)+ }
            }
        }
    };
    (@field $field:literal) => { Some($field) };
    (@field) => { None };
}

names! {
    Action: "action";
    Role: "role";
    Relation: "relation";
    Environment: "environment";
    Connector: "connector";
    Classification: "classification";
    PrincipalId: "principal"."id";
    PrincipalKind: "principal"."kind";
    ObjectId: "object"."id";
    ObjectType: "object"."type";
    ObjectData: "object"."data";
    ScopeId: "scope"."id";
    ScopePath: "scope"."path";
    TimeMicros: "time"."micros";
    TimeWeekday: "time"."weekday";
    TimeHour: "time"."hour";
    TimeMinute: "time"."minute";
}

impl Name {
    /// Does it change as time goes by?
    pub(super) fn is_of_time(self) -> bool {
        matches!(self, Self::TimeMicros | Self::TimeWeekday | Self::TimeHour | Self::TimeMinute)
    }
    /// Is it asked of each scope that something is reached through?
    pub(super) fn is_of_scope(self) -> bool {
        matches!(self, Self::ScopeId | Self::ScopePath)
    }
}

/// The attributes that a text names, by variable.
#[derive(Default)]
pub(super) struct Given {
    plain: Vec<(&'static str, Value)>,
    maps: Vec<(&'static str, HashMap<Key, Value>)>,
}

impl Given {
    /// The values of these names. Before anything is evaluated: what is missing is missing for the whole text, so that neither `||`
    /// nor `has` can turn it into an answer.
    ///
    /// # Errors
    /// The truth of the condition, when one of them is not known.
    pub(super) fn gather(
        names: &[Name],
        asked: &Asked<'_>,
        data: Option<&Json>,
        scope: Option<u32>,
    ) -> Result<Self, Truth> {
        let mut given = Self::default();
        let mut unknown = Truth::Yes;
        for name in names {
            match value(*name, asked, data, scope) {
                Attribute::Is(value) => given.put(*name, value),
                Attribute::None => given.put(*name, Value::Null),
                Attribute::Missing => unknown = unknown.and(Truth::Missing),
                Attribute::Each => unknown = unknown.and(Truth::Each),
            }
        }
        if unknown == Truth::Yes { Ok(given) } else { Err(unknown) }
    }
    fn put(&mut self, name: Name, value: Value) {
        match name.parts() {
            (root, None) => self.plain.push((root, value)),
            (root, Some(field)) => {
                let at = self.maps.iter().position(|(other, _)| *other == root).unwrap_or_else(|| {
                    self.maps.push((root, HashMap::new()));
                    self.maps.len() - 1
                });
                self.maps[at].1.insert(key(field), value);
            }
        }
    }
    /// Hands them over, as variables.
    pub(super) fn into_variables(self) -> impl Iterator<Item = (&'static str, Value)> {
        let map = |map| Value::Map(Map { map: Arc::new(map) });
        self.plain.into_iter().chain(self.maps.into_iter().map(move |(root, fields)| (root, map(fields))))
    }
}

fn key(text: &str) -> Key {
    Key::String(Arc::new(text.to_owned()))
}

fn text(text: impl ToString) -> Value {
    Value::String(Arc::new(text.to_string()))
}

fn value(name: Name, asked: &Asked<'_>, data: Option<&Json>, scope: Option<u32>) -> Attribute<Value> {
    let principal = || asked.identity.at(asked.actor);
    let node = || scope.and_then(|row| asked.tenancy.at(row));
    let known = |value: Option<Value>| value.map_or(Attribute::Missing, Attribute::Is);
    let time = |of: fn(u64) -> Value| map(asked.now, of);
    match name {
        Name::Action => Attribute::Is(text(asked.action)),
        Name::Role => map(asked.role, text),
        Name::Relation => map(asked.relation, text),
        Name::Environment => word(asked.environment),
        Name::Connector => map(asked.connector, text),
        Name::Classification => word(asked.classification),
        Name::PrincipalId => known(principal().map(|found| text(found.id))),
        Name::PrincipalKind => known(principal().map(|found| text(asked.identity.kind(found)))),
        Name::ObjectId => map(asked.object, |(_, id)| text(id)),
        Name::ObjectType => map(asked.object_type, text),
        Name::ObjectData => known(data.and_then(|data| convert(data, &mut { DATA_BYTES_MAX }, 0))),
        Name::ScopeId => known(node().map(|node| text(node.id))),
        Name::ScopePath => known(node().and_then(|node| node.path.as_ref()).map(|path| text(path.as_str()))),
        Name::TimeMicros => map(asked.now, |now| i64::try_from(now).map_or(Value::UInt(now), Value::Int)),
        // Day 0 was a Thursday.
        Name::TimeWeekday => time(|now| {
            Weekday::from_tag(((now / (24 * HOUR_MICROS) + 3) % 7) as u8 + 1).map_or(Value::Null, text)
        }),
        Name::TimeHour => time(|now| Value::Int((now / HOUR_MICROS % 24) as i64)),
        Name::TimeMinute => time(|now| Value::Int((now / MINUTE_MICROS % 60) as i64)),
    }
}

/// Several words are none that a text could compare.
fn word(words: Attribute<Words<'_>>) -> Attribute<Value> {
    match words {
        Attribute::Is(words) => words.single().map_or(Attribute::Missing, |word| Attribute::Is(text(word))),
        Attribute::None => Attribute::None,
        Attribute::Missing => Attribute::Missing,
        Attribute::Each => Attribute::Each,
    }
}

fn map<T>(attribute: Attribute<T>, to: impl FnOnce(T) -> Value) -> Attribute<Value> {
    match attribute {
        Attribute::Is(is) => Attribute::Is(to(is)),
        Attribute::None => Attribute::None,
        Attribute::Missing => Attribute::Missing,
        Attribute::Each => Attribute::Each,
    }
}

/// JSON as CEL sees it; `None` when it is too large or too deep. Whole numbers are `int` wherever they fit: a `uint`, which is what
/// a generic conversion gives, would not add up with the literals of a text.
fn convert(json: &Json, room: &mut usize, depth: usize) -> Option<Value> {
    let mut take = |bytes: usize| -> Option<()> {
        *room = room.checked_sub(bytes.saturating_add(VALUE_BYTES))?;
        Some(())
    };
    Some(match json {
        _ if depth >= DATA_DEPTH_MAX => return None,
        Json::Null => {
            take(0)?;
            Value::Null
        }
        Json::Bool(flag) => {
            take(0)?;
            Value::Bool(*flag)
        }
        Json::Number(number) => {
            take(0)?;
            match (number.as_i64(), number.as_u64()) {
                (Some(number), _) => Value::Int(number),
                (None, Some(number)) => Value::UInt(number),
                (None, None) => Value::Float(number.as_f64()?),
            }
        }
        Json::String(string) => {
            take(string.len())?;
            text(string)
        }
        Json::Array(list) => {
            take(0)?;
            let list: Option<Vec<Value>> = list.iter().map(|one| convert(one, room, depth + 1)).collect();
            Value::List(Arc::new(list?))
        }
        Json::Object(fields) => {
            take(0)?;
            let mut found = HashMap::new();
            for (name, one) in fields {
                *room = room.checked_sub(name.len())?;
                found.insert(key(name), convert(one, room, depth + 1)?);
            }
            Value::Map(Map { map: Arc::new(found) })
        }
    })
}
