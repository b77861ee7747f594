//! Does data fit? Pure: a compiled contract and a value in, everything that is wrong out.
//!
//! In this order: required fields that are missing, as declared; then for each field that is there, as declared, its type, and if
//! that is right its bounds; then keys that are not declared; then the constraints over several fields. Values never stand in the
//! messages: whoever is told that data does not fit may not be allowed to read it.

use super::compile::{Compiled, CompiledField, Rule};
use super::number::{Number, same};
use crate::error::{Error, Result};
use scoped_projections::contracts::{CrossKind, CrossRule, FieldType as T};
use scoped_projections::shown;
use serde::Serialize;
use serde_json::{Map, Value};
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// Most errors that are collected.
const ERRORS_MAX: usize = 1_000;
/// Most errors that a refusal repeats.
const REFUSAL_ERRORS_MAX: usize = 20;

/// What looking at data came to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Validation {
    /// Does it fit?
    pub valid: bool,
    /// What is wrong, in the order of the contract.
    pub errors: Vec<String>,
}

impl Validation {
    pub(super) fn of(errors: Vec<String>) -> Self {
        Self { valid: errors.is_empty(), errors }
    }
    /// Nothing to complain about.
    ///
    /// # Errors
    /// With everything that is wrong, under the code `contract`.
    pub fn raise_if_invalid(&self) -> Result<()> {
        if self.valid { Ok(()) } else { Err(Error::refused("contract", self.words())) }
    }
    /// The errors as one text of bounded length.
    pub(super) fn words(&self) -> String {
        let shown =
            self.errors.iter().take(REFUSAL_ERRORS_MAX).map(String::as_str).collect::<Vec<_>>().join("; ");
        match self.errors.len().saturating_sub(REFUSAL_ERRORS_MAX) {
            0 => shown,
            more => format!("{shown}; and {more} more"),
        }
    }
}

impl Compiled {
    /// Everything that is wrong with data.
    pub(crate) fn validate(&self, data: &Value) -> Validation {
        if let Some(schema) = &self.schema {
            return Validation::of(schema.errors(data, ERRORS_MAX));
        }
        let Value::Object(data) = data else {
            return Validation::of(vec![format!("expected a map of fields, got {}", sort(data))]);
        };
        let mut errors = Vec::new();
        for field in &self.fields {
            if field.required && !field.has_default && !data.contains_key(&*field.name) {
                errors.push(format!("Missing required field `{}`", field.name));
            }
        }
        for field in &self.fields {
            if let Some(value) = data.get(&*field.name) {
                let about = |error| format!("Field `{}`: {error}", field.name);
                errors.extend(field.errors_of(value).into_iter().map(about));
            }
        }
        let unknown = data.keys().filter(|key| !self.by_name.contains_key(key.as_str()));
        // By name, in whatever order the map keeps them.
        let unknown: BTreeSet<&String> = unknown.collect();
        let room = ERRORS_MAX.saturating_sub(errors.len());
        errors.extend(unknown.into_iter().take(room).map(|key| format!("Unknown field `{}`", shown(key))));
        errors.extend(self.constraints.iter().filter_map(|rule| broken(rule, data)));
        Validation::of(errors)
    }
}

/// What is wrong about several fields together.
fn broken(rule: &CrossRule, data: &Map<String, Value>) -> Option<String> {
    let present = |name: &String| data.get(name).is_some_and(|value| !value.is_null());
    let names = || rule.fields.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let CrossRule { name, kind, fields, .. } = rule;
    match (kind, fields.as_slice()) {
        (CrossKind::AtLeastOne, fields) if !fields.iter().any(present) => {
            Some(format!("Constraint `{name}`: at least one of {} has to be there", names()))
        }
        (CrossKind::DependsOn, [field, on]) if present(field) && !present(on) => {
            Some(format!("Constraint `{name}`: `{field}` depends on `{on}`, which is not there"))
        }
        (CrossKind::MutuallyExclusive, fields) if fields.iter().filter(|name| present(name)).count() > 1 => {
            Some(format!("Constraint `{name}`: {} are mutually exclusive", names()))
        }
        _ => None,
    }
}

impl CompiledField {
    /// What is wrong with a value of this field: its type, or else its bounds.
    pub(super) fn errors_of(&self, value: &Value) -> Vec<String> {
        if value.is_null() && self.nullable {
            return Vec::new();
        }
        if !self.has_type(value) {
            let what = match (self.field_type, value) {
                (T::Datetime, Value::String(_)) => "a text that is no instant with an offset",
                (_, other) => sort(other),
            };
            return vec![format!("expected {}, got {what}", self.field_type)];
        }
        self.rules.iter().filter_map(|rule| rule.broken(value)).collect()
    }

    fn has_type(&self, value: &Value) -> bool {
        match self.field_type {
            T::String | T::Ref | T::Blob => value.is_string(),
            T::Integer => value.is_i64() || value.is_u64(),
            T::Float => value.is_number(),
            T::Boolean => value.is_boolean(),
            T::Datetime => value.as_str().is_some_and(|text| text.parse::<jiff::Timestamp>().is_ok()),
            T::Json => value.is_object() || value.is_array(),
            T::List => value.is_array(),
            T::Any => !value.is_null(),
        }
    }
}

impl Rule {
    fn broken(&self, value: &Value) -> Option<String> {
        let characters = || value.as_str().map_or(0, |text| text.chars().count() as u64);
        let against = |bound: &Number| Number::of(value).map(|number| number.compare(*bound));
        match self {
            Self::MinLength(least) => {
                (characters() < *least).then(|| format!("shorter than min_length {least}"))
            }
            Self::MaxLength(most) => (characters() > *most).then(|| format!("longer than max_length {most}")),
            Self::MinValue(least) => {
                (against(least) == Some(Ordering::Less)).then(|| format!("less than min_value {least}"))
            }
            Self::MaxValue(most) => {
                (against(most) == Some(Ordering::Greater)).then(|| format!("greater than max_value {most}"))
            }
            Self::Pattern(pattern) => {
                let matches = value.as_str().is_some_and(|text| pattern.is_match(text));
                (!matches).then(|| "does not match pattern".to_owned())
            }
            Self::Choices(choices) => {
                let among = choices.iter().any(|choice| same(choice, value));
                (!among).then(|| "is none of choices".to_owned())
            }
        }
    }
}

/// What sort of value it is, for messages.
pub(super) fn sort(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "list",
        Value::Object(_) => "map",
    }
}
