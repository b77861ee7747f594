//! How people and programs write a contract down: with values as values.
//!
//! The log holds the same as a [`Definition`], whose values are canonical JSON as text. What is written here in ways that mean
//! nothing is refused when it is defined, by [`super::compile`].

use crate::canonical;
use scoped_projections::contracts::{
    Conversion, CrossKind, CrossRule, Definition, Field, FieldRule, FieldType, RuleKind, Upgrade, UpgradeKind,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A field that data of the type may have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldSpec {
    /// Its key.
    pub name: String,
    /// What sort of value it takes.
    #[serde(rename = "type", alias = "field_type")]
    pub field_type: FieldType,
    /// Must it be there, unless it has a default?
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub required: bool,
    /// May it be null?
    #[serde(default, skip_serializing_if = "is_no")]
    pub nullable: bool,
    /// What readers may assume where it is absent; never written into data. Null is no default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// A line about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Bounds on its value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub constraints: BTreeMap<RuleKind, Value>,
}

impl FieldSpec {
    /// A required field without bounds.
    #[must_use]
    pub fn new(name: impl Into<String>, field_type: FieldType) -> Self {
        let (name, constraints) = (name.into(), BTreeMap::new());
        Self {
            name,
            field_type,
            required: true,
            nullable: false,
            default: None,
            description: String::new(),
            constraints,
        }
    }
    /// The same, which may be absent.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.required = false;
        self
    }
    /// The same, which may be null.
    #[must_use]
    pub fn nullable(mut self) -> Self {
        self.nullable = true;
        self
    }
    /// The same with a default.
    #[must_use]
    pub fn or(mut self, default: impl Into<Value>) -> Self {
        self.default = Some(default.into());
        self
    }
    /// The same with a bound.
    #[must_use]
    pub fn bound(mut self, kind: RuleKind, value: impl Into<Value>) -> Self {
        self.constraints.insert(kind, value.into());
        self
    }
}

/// A constraint over several fields.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConstraintSpec {
    /// Its name.
    pub name: String,
    /// What it demands.
    #[serde(rename = "type", alias = "constraint_type")]
    pub kind: CrossKind,
    /// Of which fields.
    pub config: CrossConfig,
    /// A line about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
}

/// The fields of a constraint: `fields`, or for `depends_on` the two.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrossConfig {
    /// The fields it speaks about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// The field that depends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The field that it depends on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depends_on: Option<String>,
}

impl ConstraintSpec {
    fn over(name: impl Into<String>, kind: CrossKind, fields: &[&str]) -> Self {
        let fields = fields.iter().map(|field| (*field).to_owned()).collect();
        let config = CrossConfig { fields, ..CrossConfig::default() };
        Self { name: name.into(), kind, config, description: String::new() }
    }
    /// At least one of the fields is present.
    #[must_use]
    pub fn at_least_one(name: impl Into<String>, fields: &[&str]) -> Self {
        Self::over(name, CrossKind::AtLeastOne, fields)
    }
    /// At most one of the fields is present.
    #[must_use]
    pub fn mutually_exclusive(name: impl Into<String>, fields: &[&str]) -> Self {
        Self::over(name, CrossKind::MutuallyExclusive, fields)
    }
    /// If `field` is present, so is `on`.
    #[must_use]
    pub fn depends_on(name: impl Into<String>, field: &str, on: &str) -> Self {
        let config =
            CrossConfig { fields: Vec::new(), field: Some(field.into()), depends_on: Some(on.into()) };
        Self { name: name.into(), kind: CrossKind::DependsOn, config, description: String::new() }
    }
}

/// One step from data of the version before to data of this one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum UpgradeSpec {
    /// The value moves to another key.
    Rename {
        /// From this one,
        from: String,
        /// to that one.
        to: String,
    },
    /// A field that is absent gets a value.
    SetDefault {
        /// Which.
        field: String,
        /// What.
        value: Value,
    },
    /// A field is left out.
    Drop {
        /// Which.
        field: String,
    },
    /// A value is converted.
    Convert {
        /// Of which field.
        field: String,
        /// How.
        to: Conversion,
    },
    /// A value that is no list becomes a list of one.
    Wrap {
        /// Of which field.
        field: String,
    },
}

/// The fields and constraints, or the schema, of a contract's version.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Shape {
    /// The fields, in the order of their declaration.
    pub fields: Vec<FieldSpec>,
    /// The constraints over several fields.
    pub constraints: Vec<ConstraintSpec>,
    /// A JSON Schema in place of all that.
    pub schema: Option<Value>,
}

impl Shape {
    /// As the log holds it. Says what means nothing whatever the values are.
    pub(super) fn definition(&self) -> Result<Definition, String> {
        let fields = self.fields.iter().map(|spec| Field {
            name: spec.name.clone(),
            field_type: spec.field_type,
            required: spec.required,
            nullable: spec.nullable,
            default: spec.default.as_ref().filter(|value| !value.is_null()).map(canonical::text),
            description: spec.description.clone(),
            rules: spec
                .constraints
                .iter()
                .map(|(kind, value)| FieldRule { kind: *kind, value: canonical::text(value) })
                .collect(),
        });
        let constraints = self.constraints.iter().map(ConstraintSpec::rule).collect::<Result<_, _>>()?;
        let schema = self.schema.as_ref().map_or_else(String::new, canonical::text);
        Ok(Definition { fields: fields.collect(), constraints, schema })
    }

    /// As people write it; `None` when a value in the log is no JSON.
    pub(crate) fn of(definition: &Definition) -> Option<Self> {
        let json = |text: &String| serde_json::from_str::<Value>(text).ok();
        let mut shape = Self::default();
        for field in &definition.fields {
            let constraints = field.rules.iter().map(|rule| Some((rule.kind, json(&rule.value)?)));
            shape.fields.push(FieldSpec {
                name: field.name.clone(),
                field_type: field.field_type,
                required: field.required,
                nullable: field.nullable,
                default: field.default.as_ref().map(json).transpose_flat()?,
                description: field.description.clone(),
                constraints: constraints.collect::<Option<_>>()?,
            });
        }
        shape.constraints = definition.constraints.iter().map(ConstraintSpec::of).collect::<Option<_>>()?;
        if !definition.schema.is_empty() {
            shape.schema = Some(json(&definition.schema)?);
        }
        Some(shape)
    }
}

/// `None` inside means that it could not be read; `None` outside that there was nothing.
trait TransposeFlat<T> {
    fn transpose_flat(self) -> Option<Option<T>>;
}

impl<T> TransposeFlat<T> for Option<Option<T>> {
    fn transpose_flat(self) -> Option<Option<T>> {
        match self {
            None => Some(None),
            Some(read) => read.map(Some),
        }
    }
}

impl ConstraintSpec {
    fn rule(&self) -> Result<CrossRule, String> {
        let config = &self.config;
        let fields = match (self.kind, &config.field, &config.depends_on) {
            (CrossKind::DependsOn, Some(field), Some(on)) if config.fields.is_empty() => {
                vec![field.clone(), on.clone()]
            }
            (CrossKind::DependsOn, ..) => {
                return Err(format!("constraint `{}`: give `field` and `depends_on`", self.name));
            }
            (_, None, None) => config.fields.clone(),
            _ => return Err(format!("constraint `{}`: give `fields`", self.name)),
        };
        let (name, description) = (self.name.clone(), self.description.clone());
        Ok(CrossRule { name, kind: self.kind, fields, description })
    }
    fn of(rule: &CrossRule) -> Option<Self> {
        let config = match rule.kind {
            CrossKind::DependsOn => CrossConfig {
                fields: Vec::new(),
                field: Some(rule.fields.first()?.clone()),
                depends_on: Some(rule.fields.get(1)?.clone()),
            },
            _ => CrossConfig { fields: rule.fields.clone(), ..CrossConfig::default() },
        };
        let (name, description) = (rule.name.clone(), rule.description.clone());
        Some(Self { name, kind: rule.kind, config, description })
    }
}

impl UpgradeSpec {
    pub(super) fn step(&self) -> Upgrade {
        let step = |kind, field: &String, other: String| Upgrade { kind, field: field.clone(), other };
        match self {
            Self::Rename { from, to } => step(UpgradeKind::Rename, from, to.clone()),
            Self::SetDefault { field, value } => step(UpgradeKind::SetDefault, field, canonical::text(value)),
            Self::Drop { field } => step(UpgradeKind::Drop, field, String::new()),
            Self::Convert { field, to } => step(UpgradeKind::Convert, field, to.to_string()),
            Self::Wrap { field } => step(UpgradeKind::Wrap, field, String::new()),
        }
    }
    /// `None` when what stands in the log names no value and no conversion.
    pub(crate) fn of(step: &Upgrade) -> Option<Self> {
        let field = step.field.clone();
        Some(match step.kind {
            UpgradeKind::Rename => Self::Rename { from: field, to: step.other.clone() },
            UpgradeKind::SetDefault => {
                Self::SetDefault { field, value: serde_json::from_str(&step.other).ok()? }
            }
            UpgradeKind::Drop => Self::Drop { field },
            UpgradeKind::Convert => Self::Convert { field, to: step.other.parse().ok()? },
            UpgradeKind::Wrap => Self::Wrap { field },
        })
    }
}

fn yes() -> bool {
    true
}
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_yes(flag: &bool) -> bool {
    *flag
}
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_no(flag: &bool) -> bool {
    !*flag
}
