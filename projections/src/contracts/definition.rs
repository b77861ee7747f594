//! What a version of a contract demands, as it is written down.
//!
//! Values (bounds, choices, defaults) are canonical JSON as text: the fold keeps them and never looks inside. Whoever writes a
//! definition has checked it; whoever reads one from a log checks it again and answers with a refusal, never with a panic.

use crate::codec::{Decode, Encode};
use crate::tagged::tagged;

tagged! {
    /// What sort of value a field takes.
    pub enum FieldType as "field type" {
        /// Text.
        String = 1, "string";
        /// A whole number; neither `1.0` nor `true` is one.
        Integer = 2, "integer";
        /// A number.
        Float = 3, "float";
        /// True or false.
        Boolean = 4, "boolean";
        /// An instant: ISO 8601 with an offset.
        Datetime = 5, "datetime";
        /// A map or a list.
        Json = 6, "json";
        /// A list.
        List = 7, "list";
        /// The name of another thing, as text.
        Ref = 8, "ref";
        /// The name of a blob, as text.
        Blob = 9, "blob";
        /// Any value but null.
        Any = 10, "any";
    }
}

tagged! {
    /// A bound on the value of one field.
    pub enum RuleKind as "constraint" {
        /// Fewest characters of a text.
        MinLength = 1, "min_length";
        /// Most characters of a text.
        MaxLength = 2, "max_length";
        /// Least number, inclusive.
        MinValue = 3, "min_value";
        /// Greatest number, inclusive.
        MaxValue = 4, "max_value";
        /// A regular expression that the whole text matches.
        Pattern = 5, "pattern";
        /// The values that may be taken.
        Choices = 6, "choices";
    }
}

tagged! {
    /// A constraint over several fields. A field is present when its key is there with another value than null.
    pub enum CrossKind as "constraint over several fields" {
        /// At least one of the fields is present.
        AtLeastOne = 1, "at_least_one";
        /// If the first field is present, so is the second.
        DependsOn = 2, "depends_on";
        /// At most one of the fields is present.
        MutuallyExclusive = 3, "mutually_exclusive";
    }
}

tagged! {
    /// One step from data of the version before to data of this one.
    pub enum UpgradeKind as "upgrade" {
        /// The value of `field` moves to `other`.
        Rename = 1, "rename";
        /// A `field` that is absent gets the value in `other` (JSON).
        SetDefault = 2, "set_default";
        /// `field` is left out.
        Drop = 3, "drop";
        /// The value of `field` is converted: `other` names the [`Conversion`].
        Convert = 4, "convert";
        /// A `field` that is no list becomes a list of one.
        Wrap = 5, "wrap";
    }
}

tagged! {
    /// The conversions that lose nothing; a value that would lose something stays as it is and is reported.
    pub enum Conversion as "conversion" {
        /// Numbers and truth values as they are written.
        ToString = 1, "to_string";
        /// Texts that are whole numbers, and floats without fraction.
        ToInteger = 2, "to_integer";
        /// Whole numbers that a float holds exactly, and texts that are numbers.
        ToFloat = 3, "to_float";
        /// The texts `true` and `false`.
        ToBoolean = 4, "to_boolean";
        /// Texts that are a date (its midnight in UTC), and whole numbers of seconds since the epoch.
        ToDatetime = 5, "to_datetime";
    }
}

/// A bound on one field.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, Encode, Decode)]
pub struct FieldRule {
    /// Which bound.
    pub kind: RuleKind,
    /// Its value, canonical JSON.
    pub value: String,
}

/// A field that data of the type may have.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, Encode, Decode)]
pub struct Field {
    /// Its key.
    pub name: String,
    /// What sort of value it takes.
    pub field_type: FieldType,
    /// Must it be there, unless it has a default?
    pub required: bool,
    /// May it be null?
    pub nullable: bool,
    /// What readers may assume where it is absent, canonical JSON; never written into data.
    pub default: Option<String>,
    /// A line about it.
    pub description: String,
    /// Bounds, in the order of their kinds.
    pub rules: Vec<FieldRule>,
}

/// A constraint over several fields.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, Encode, Decode)]
pub struct CrossRule {
    /// Its name.
    pub name: String,
    /// What it demands.
    pub kind: CrossKind,
    /// Of these fields; for `depends_on` the one that depends, then the one it depends on.
    pub fields: Vec<String>,
    /// A line about it.
    pub description: String,
}

/// One step from data of the version before to data of this one.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, Encode, Decode)]
pub struct Upgrade {
    /// What it does.
    pub kind: UpgradeKind,
    /// To which field.
    pub field: String,
    /// See [`UpgradeKind`]; empty where it needs nothing more.
    pub other: String,
}

/// What a version of a contract demands.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, Encode, Decode)]
pub struct Definition {
    /// The fields, in the order of their declaration.
    pub fields: Vec<Field>,
    /// The constraints over several fields.
    pub constraints: Vec<CrossRule>,
    /// A JSON Schema in place of all that, canonical JSON; empty for none.
    pub schema: String,
}

impl Definition {
    /// Names of the fields that hold references, in the order of their declaration.
    pub fn references(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().filter(|field| field.field_type == FieldType::Ref).map(|field| field.name.as_str())
    }
}
