//! Conditions: when a rule holds.
//!
//! A closed, typed language. In JSON a clause is a map: each key narrows, all of them must hold, the empty map always holds;
//! `all`, `any` and `not` nest. A list asks for one of its members, and one value may stand for a list of one.
//!
//! ```text
//! {"action": ["update", "delete"], "principal_kind": "bot", "not": {"relation": "owner"}}
//! ```
//!
//! On disk a clause is written behind its parts (postfix), each test with its number: so reading takes no recursion, which a
//! hostile body could drive deep, and a later test is a later number. Unknown keys and numbers are errors, never passed over.

use super::{Action, FieldTest, Relation, TimeWindow};
use crate::codec::{Decode, Encode};
use crate::tenancy::Role;
use crate::{ObjectId, PrincipalId, ScopeId};
use bincode::{de::Decoder, enc::Encoder, error::DecodeError, error::EncodeError};
use serde::{Deserialize, Deserializer, Serialize};

/// How deep clauses nest.
pub const CLAUSE_DEPTH_MAX: usize = 8;

/// A list in which JSON may leave the brackets off when it has one member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
#[serde(transparent)]
pub struct Many<T>(pub Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Many<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Visit<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> serde::de::Visitor<'de> for Visit<T> {
            type Value = Vec<T>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a value, or a list of values")
            }
            fn visit_borrowed_str<E: serde::de::Error>(self, text: &'de str) -> Result<Vec<T>, E> {
                T::deserialize(serde::de::value::BorrowedStrDeserializer::new(text)).map(|one| vec![one])
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Vec<T>, E> {
                T::deserialize(serde::de::value::StrDeserializer::new(text)).map(|one| vec![one])
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Vec<T>, A::Error> {
                T::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map(|one| vec![one])
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
                let mut found = Vec::new();
                while let Some(one) = list.next_element()? {
                    found.push(one);
                }
                Ok(found)
            }
        }
        from.deserialize_any(Visit(std::marker::PhantomData)).map(Self)
    }
}

/// A value that may be left out, but is not `null`: that would be a second way to ask for nothing, and widen by a slip.
fn there<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

macro_rules! clause {
    ($($(#[doc = $about:literal])+ $tag:literal $field:ident: $type:ty;)+) => {
        /// Tests that must all hold.
        #[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Clause {
            $($(#[doc = $about])+
            #[serde(default, deserialize_with = "there", skip_serializing_if = "Option::is_none")]
            pub $field: Option<$type>,)+
            /// All of these.
            #[serde(default, deserialize_with = "there", skip_serializing_if = "Option::is_none")]
            pub all: Option<Vec<Clause>>,
            /// At least one of these.
            #[serde(default, deserialize_with = "there", skip_serializing_if = "Option::is_none")]
            pub any: Option<Vec<Clause>>,
            /// Not this.
            #[serde(default, deserialize_with = "there", skip_serializing_if = "Option::is_none")]
            pub not: Option<Box<Clause>>,
        }

        impl Clause {
            fn encode_tests<E: Encoder>(&self, to: &mut E) -> Result<(), EncodeError> {
                let count = 0u8 $(+ u8::from(self.$field.is_some()))+;
                count.encode(to)?;
                $(if let Some(test) = &self.$field { ($tag as u8).encode(to)?; test.encode(to)?; })+
                Ok(())
            }
            fn decode_tests<C, D: Decoder<Context = C>>(from: &mut D) -> Result<Self, DecodeError> {
                let mut clause = Self::default();
                let mut last = 0;
                for _ in 0..u8::decode(from)? {
                    let tag = u8::decode(from)?;
                    // In order, each once: no second way to write the same clause.
                    if tag <= last {
                        return Err(DecodeError::Other("tests of a clause are out of order"));
                    }
                    last = tag;
                    match tag {
                        $($tag => clause.$field = Some(<$type>::decode(from)?),)+
                        _ => return Err(DecodeError::Other("unknown test in a clause")),
                    }
                }
                Ok(clause)
            }
            /// The tests that it asks itself, without those of its parts.
            #[must_use]
            pub fn tests(&self) -> Vec<&'static str> {
                let mut found = Vec::new();
                $(if self.$field.is_some() { found.push(stringify!($field)); })+
                found
            }
        }
    };
}

clause! {
    /// What is being done.
    1 action: Many<Action>;
    /// What sort of principal does it.
    2 principal_kind: Many<String>;
    /// Who does it, or a group that they belong to.
    3 principal: Many<PrincipalId>;
    /// The role held there, at least.
    4 role: Role;
    /// What the actor is to it.
    5 relation: Many<Relation>;
    /// The type of the object.
    6 object_type: Many<String>;
    /// The object.
    7 object: Many<ObjectId>;
    /// The very scope that it is asked about or reached through.
    8 scope: Many<ScopeId>;
    /// A scope that it is in or below.
    9 within: Many<ScopeId>;
    /// When.
    10 time: Many<TimeWindow>;
    /// What the data says; all of these.
    11 data: Many<FieldTest>;
    /// The environment that it is done in.
    12 environment: Many<String>;
    /// How sensitive it is.
    13 classification: Many<String>;
    /// A condition in CEL, for builds with the feature `cel`.
    14 cel: String;
}

impl Clause {
    /// Its parts.
    pub fn parts(&self) -> impl Iterator<Item = &Self> {
        let lists = self.all.iter().chain(&self.any).flatten();
        lists.chain(self.not.as_deref())
    }
    /// Itself and all parts of parts.
    pub fn walk(&self, see: &mut dyn FnMut(&Self)) {
        see(self);
        self.parts().for_each(|part| part.walk(see));
    }
    /// How deep it nests; 1 without parts.
    #[must_use]
    pub fn depth(&self) -> usize {
        1 + self.parts().map(Self::depth).max().unwrap_or(0)
    }
    /// Does it ask for nothing?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tests().is_empty() && self.all.is_none() && self.any.is_none() && self.not.is_none()
    }
    /// The same without its test of the action, which a compiled rule keeps as bits.
    #[must_use]
    pub fn without_action(&self) -> Self {
        Self { action: None, ..self.clone() }
    }
    fn count(&self) -> u32 {
        1 + self.parts().map(Self::count).sum::<u32>()
    }
    fn write<E: Encoder>(&self, to: &mut E) -> Result<(), EncodeError> {
        for part in self.parts() {
            part.write(to)?;
        }
        self.encode_tests(to)?;
        let length = |list: &Option<Vec<Self>>| list.as_ref().map(|list| list.len() as u32);
        length(&self.all).encode(to)?;
        length(&self.any).encode(to)?;
        self.not.is_some().encode(to)
    }
}

impl Encode for Clause {
    fn encode<E: Encoder>(&self, to: &mut E) -> Result<(), EncodeError> {
        self.count().encode(to)?;
        self.write(to)
    }
}

impl<C> Decode<C> for Clause {
    fn decode<D: Decoder<Context = C>>(from: &mut D) -> Result<Self, DecodeError> {
        let wrong = || DecodeError::Other("a clause whose parts do not add up");
        let mut stack: Vec<(Self, usize)> = Vec::new();
        for _ in 0..u32::decode(from)? {
            let mut clause = Self::decode_tests(from)?;
            let (all, any) = (Option::<u32>::decode(from)?, Option::<u32>::decode(from)?);
            let (not, mut depth) = (bool::decode(from)?, 0);
            let mut take = |count: usize| -> Result<Vec<Self>, DecodeError> {
                let at = stack.len().checked_sub(count).ok_or_else(wrong)?;
                let parts = stack.split_off(at);
                depth = parts.iter().map(|(_, depth)| *depth).max().unwrap_or(0).max(depth);
                Ok(parts.into_iter().map(|(part, _)| part).collect())
            };
            if not {
                clause.not = take(1)?.pop().map(Box::new);
            }
            clause.any = any.map(|count| take(count as usize)).transpose()?;
            clause.all = all.map(|count| take(count as usize)).transpose()?;
            if depth >= CLAUSE_DEPTH_MAX {
                return Err(DecodeError::Other("a clause that nests too deep"));
            }
            stack.push((clause, depth + 1));
        }
        match (stack.pop(), stack.is_empty()) {
            (Some((clause, _)), true) => Ok(clause),
            _ => Err(wrong()),
        }
    }
}
crate::codec::owned!(Clause);
