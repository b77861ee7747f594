//! Contracts made ready for use: parsed, checked and compiled once for each version.
//!
//! Everything that could never be fulfilled, or that means nothing, is refused here, hence when the contract is *defined*: unknown
//! bounds, patterns that are none, least above greatest, choices that break another bound, defaults that the field itself would
//! refuse, constraints over fields that are not declared. Patterns are compiled by an engine whose time is linear in the text,
//! and match whole texts.

use super::number::{Number, same};
use super::schema::Schema;
use super::upgrade;
use regex::{Regex, RegexBuilder};
use scoped_projections::contracts::{
    CrossKind, CrossRule, Definition, Field, FieldRule, FieldType as T, RuleKind as R, Upgrade,
};
use serde_json::Value;
use std::cmp::Ordering;
use std::collections::HashMap;

/// Most fields a contract may have.
const FIELDS_MAX: usize = 512;
/// Most constraints over several fields.
const CONSTRAINTS_MAX: usize = 256;
/// Most steps of an upgrade.
const UPGRADES_MAX: usize = 512;
/// Longest name of a field or constraint, in bytes.
const NAME_BYTES_MAX: usize = 200;
/// Longest pattern, in bytes.
const PATTERN_BYTES_MAX: usize = 4 << 10;
/// Most patterns of a contract: each takes memory once it is compiled.
pub(super) const PATTERNS_MAX: usize = 64;
/// Most memory that a compiled pattern may take, in bytes.
pub(super) const PATTERN_MEMORY_MAX: usize = 1 << 20;

/// Why a definition cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unusable {
    /// It means nothing, or nothing could ever fit it.
    Wrong(String),
    /// This build lacks the feature that it takes.
    #[cfg_attr(feature = "json-schema", expect(dead_code, reason = "nothing is lacking in this build"))]
    NoFeature(&'static str),
}

impl From<String> for Unusable {
    fn from(why: String) -> Self {
        Self::Wrong(why)
    }
}

/// A version of a contract, ready for use.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(super) fields: Vec<CompiledField>,
    pub(super) by_name: HashMap<Box<str>, usize>,
    pub(super) constraints: Vec<CrossRule>,
    pub(super) schema: Option<Schema>,
}

#[derive(Debug)]
pub(super) struct CompiledField {
    pub(super) name: Box<str>,
    pub(super) field_type: T,
    pub(super) required: bool,
    pub(super) nullable: bool,
    pub(super) has_default: bool,
    pub(super) rules: Vec<Rule>,
}

#[derive(Debug)]
pub(super) enum Rule {
    MinLength(u64),
    MaxLength(u64),
    MinValue(Number),
    MaxValue(Number),
    Pattern(Regex),
    Choices(Vec<Value>),
}

impl Compiled {
    /// Checks a definition and makes it ready.
    pub(crate) fn new(definition: &Definition) -> Result<Self, Unusable> {
        let mut compiled = Self {
            fields: Vec::with_capacity(definition.fields.len().min(FIELDS_MAX)),
            by_name: HashMap::new(),
            constraints: definition.constraints.clone(),
            schema: None,
        };
        if !definition.schema.is_empty() {
            if !definition.fields.is_empty() || !definition.constraints.is_empty() {
                return Err("a contract has fields or a JSON Schema, not both".to_owned().into());
            }
            let schema = serde_json::from_str(&definition.schema)
                .map_err(|_| "the JSON Schema is no JSON".to_owned())?;
            compiled.schema = Some(Schema::new(&schema)?);
            return Ok(compiled);
        }
        if definition.fields.is_empty() || definition.fields.len() > FIELDS_MAX {
            return Err(format!("a contract has 1 to {FIELDS_MAX} fields, or a JSON Schema").into());
        }
        if definition.constraints.len() > CONSTRAINTS_MAX {
            return Err(
                format!("a contract has at most {CONSTRAINTS_MAX} constraints over several fields").into()
            );
        }
        let rules = definition.fields.iter().flat_map(|field| &field.rules);
        if rules.filter(|rule| rule.kind == R::Pattern).count() > PATTERNS_MAX {
            return Err(format!("a contract has at most {PATTERNS_MAX} patterns").into());
        }
        for field in &definition.fields {
            check_name("a field's name", &field.name)?;
            let at = compiled.fields.len();
            if compiled.by_name.insert(field.name.as_str().into(), at).is_some() {
                return Err(format!("field `{}` is declared twice", field.name).into());
            }
            let made = compile_field(field).map_err(|why| format!("field `{}`: {why}", field.name))?;
            compiled.fields.push(made);
        }
        for rule in &definition.constraints {
            check_name("a constraint's name", &rule.name)?;
            compiled.check_constraint(rule).map_err(|why| format!("constraint `{}`: {why}", rule.name))?;
        }
        Ok(compiled)
    }

    pub(super) fn field(&self, name: &str) -> Option<&CompiledField> {
        self.by_name.get(name).and_then(|at| self.fields.get(*at))
    }

    /// Can these steps lead to this version at all?
    pub(super) fn check_upgrades(&self, steps: &[Upgrade]) -> Result<(), Unusable> {
        if steps.len() > UPGRADES_MAX {
            return Err(format!("an upgrade has at most {UPGRADES_MAX} steps").into());
        }
        for step in steps {
            upgrade::check(self, step)
                .map_err(|why| format!("upgrade `{}` of field `{}`: {why}", step.kind, step.field))?;
        }
        Ok(())
    }

    fn check_constraint(&self, rule: &CrossRule) -> Result<(), String> {
        for (at, name) in rule.fields.iter().enumerate() {
            if self.field(name).is_none() {
                return Err(format!("there is no field `{name}`"));
            }
            if rule.fields[..at].contains(name) {
                return Err(format!("field `{name}` stands there twice"));
            }
        }
        let always =
            |name: &String| self.field(name).is_some_and(|f| f.required && !f.has_default && !f.nullable);
        match rule.kind {
            CrossKind::AtLeastOne if rule.fields.is_empty() => Err("it names no field".to_owned()),
            CrossKind::DependsOn if rule.fields.len() != 2 => Err("it takes two fields".to_owned()),
            CrossKind::MutuallyExclusive if rule.fields.len() < 2 => {
                Err("it takes two fields or more".to_owned())
            }
            CrossKind::MutuallyExclusive if rule.fields.iter().filter(|name| always(name)).count() > 1 => {
                Err("two of its fields are required: nothing could fit it".to_owned())
            }
            _ => Ok(()),
        }
    }
}

fn check_name(what: &str, name: &str) -> Result<(), String> {
    if name.is_empty() || name.len() > NAME_BYTES_MAX || name.chars().any(char::is_control) {
        return Err(format!("{what} has 1 to {NAME_BYTES_MAX} bytes and no control characters"));
    }
    Ok(())
}

fn compile_field(field: &Field) -> Result<CompiledField, String> {
    let mut made = CompiledField {
        name: field.name.as_str().into(),
        field_type: field.field_type,
        required: field.required,
        nullable: field.nullable,
        has_default: field.default.is_some(),
        rules: Vec::with_capacity(field.rules.len().min(R::ALL.len())),
    };
    for (at, rule) in field.rules.iter().enumerate() {
        if field.rules[..at].iter().any(|other| other.kind == rule.kind) {
            return Err(format!("`{}` is given twice", rule.kind));
        }
        made.rules.push(compile_rule(rule, field.field_type)?);
    }
    // In the order of their kinds, whatever order they came in.
    made.rules.sort_by_key(|rule| rule.kind());
    check_possible(&made)?;
    if let Some(default) = &field.default {
        let value: Value = serde_json::from_str(default).map_err(|_| "its default is no JSON".to_owned())?;
        if let Some(error) = made.errors_of(&value).first() {
            return Err(format!("its default does not fit: {error}"));
        }
    }
    Ok(made)
}

fn compile_rule(rule: &FieldRule, field_type: T) -> Result<Rule, String> {
    let kind = rule.kind;
    let fits = match kind {
        R::MinLength | R::MaxLength | R::Pattern => matches!(field_type, T::String | T::Ref | T::Blob),
        R::MinValue | R::MaxValue => matches!(field_type, T::Integer | T::Float),
        R::Choices => true,
    };
    if !fits {
        return Err(format!("`{kind}` says nothing about values of type {field_type}"));
    }
    let value: Value = serde_json::from_str(&rule.value).map_err(|_| format!("`{kind}` is no JSON"))?;
    let length = || value.as_u64().ok_or_else(|| format!("`{kind}` takes a whole number from 0"));
    let number = || Number::of(&value).ok_or_else(|| format!("`{kind}` takes a number"));
    Ok(match kind {
        R::MinLength => Rule::MinLength(length()?),
        R::MaxLength => Rule::MaxLength(length()?),
        R::MinValue => Rule::MinValue(number()?),
        R::MaxValue => Rule::MaxValue(number()?),
        R::Pattern => {
            let text = value.as_str().ok_or_else(|| "`pattern` takes a text".to_owned())?;
            Rule::Pattern(compile_pattern(text)?)
        }
        R::Choices => match value {
            Value::Array(choices) if !choices.is_empty() => Rule::Choices(choices),
            _ => return Err("`choices` takes a list of at least one value".to_owned()),
        },
    })
}

/// A pattern that matches whole texts.
fn compile_pattern(text: &str) -> Result<Regex, String> {
    if text.len() > PATTERN_BYTES_MAX {
        return Err(format!("a pattern has at most {PATTERN_BYTES_MAX} bytes"));
    }
    let build = |text: &str| {
        RegexBuilder::new(text).size_limit(PATTERN_MEMORY_MAX).dfa_size_limit(PATTERN_MEMORY_MAX).build()
    };
    let wrong = |error: regex::Error| match error {
        regex::Error::CompiledTooBig(_) => "the pattern takes too much memory".to_owned(),
        // The last line says what is wrong; those before it draw where.
        error => {
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            format!("the pattern is none: {last}")
        }
    };
    // Alone first: what is wrong by itself could turn into something else between the anchors.
    build(text).map_err(wrong)?;
    build(&format!(r"\A(?:{text})\z"))
        .map_err(|_| "the pattern cannot be matched against whole texts".to_owned())
}

fn check_possible(field: &CompiledField) -> Result<(), String> {
    let (mut least, mut most, mut from, mut to) = (None, None, None, None);
    for rule in &field.rules {
        match rule {
            Rule::MinLength(n) => least = Some(*n),
            Rule::MaxLength(n) => most = Some(*n),
            Rule::MinValue(n) => from = Some(*n),
            Rule::MaxValue(n) => to = Some(*n),
            Rule::Pattern(_) | Rule::Choices(_) => {}
        }
    }
    if least.zip(most).is_some_and(|(least, most)| least > most) {
        return Err("`min_length` is above `max_length`".to_owned());
    }
    if from.zip(to).is_some_and(|(from, to)| from.compare(to) == Ordering::Greater) {
        return Err("`min_value` is above `max_value`".to_owned());
    }
    for rule in &field.rules {
        let Rule::Choices(choices) = rule else { continue };
        for (at, choice) in choices.iter().enumerate() {
            if choices[..at].iter().any(|other| same(other, choice)) {
                return Err("a choice stands there twice".to_owned());
            }
            if let Some(error) = field.errors_of(choice).first() {
                return Err(format!("a choice does not fit: {error}"));
            }
        }
    }
    Ok(())
}

impl Rule {
    pub(super) fn kind(&self) -> R {
        match self {
            Self::MinLength(_) => R::MinLength,
            Self::MaxLength(_) => R::MaxLength,
            Self::MinValue(_) => R::MinValue,
            Self::MaxValue(_) => R::MaxValue,
            Self::Pattern(_) => R::Pattern,
            Self::Choices(_) => R::Choices,
        }
    }
}
