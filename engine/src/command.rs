//! Commands: what can be asked of the engine, and how it is written down.
//!
//! Each domain declares its commands with [`commands!`]; the enum over all of them is made from the list of domains. On the
//! wire a step is one JSON object:
//!
//! ```json
//! {"as":"01HX3ZQ6J5M8K9N0P1Q2R3S4T5","do":"objects.update","with":{"object":"01HX…","data":{"cpu":8}}}
//! {"batch":[{"as":"…","do":"…","with":{}}],"key":"…","valid_time":"2026-01-02T03:04:05Z"}
//! ```
//!
//! A batch is one atomic thing: all of its steps happen, each seeing those before it, or none does.

use crate::error::Error;
use crate::kernel::execute::{Facts, Need, Result, View};
use crate::temporal::Entity;
use scoped_projections::{PrincipalId, Sequence};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use smallvec::SmallVec;

/// What a command needs allowed: one thing mostly, two for those that touch an object and a scope.
pub(crate) type Needs = SmallVec<[Need; 2]>;

/// A command of a domain: what it needs, and what follows from it.
pub(crate) trait Decide {
    /// What must be allowed before anything else is said about the request.
    fn needs(&self, on: &View<'_>) -> Needs;
    /// World + command → facts, or a refusal. Pure; runs only after `needs` was allowed.
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()>;
}

/// Declares a domain's commands: one struct each, an enum over them, and their names.
macro_rules! commands {
    ($(#[$doc:meta])* domain $domain:literal; enum $name:ident {
        $($(#[doc = $about:literal])+ $verb:literal $variant:ident { $($(#[$fmeta:meta])* $field:ident: $type:ty),* $(,)? })*
    }) => {
        $(
            $(#[doc = $about])+
            #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
            #[serde(deny_unknown_fields)]
            pub struct $variant { $($(#[$fmeta])* pub $field: $type),* }

            impl From<$variant> for $crate::Command {
                fn from(command: $variant) -> Self {
                    $name::$variant(command).into()
                }
            }
        )*

        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub enum $name { $($(#[doc = $about])+ $variant($variant)),* }

        impl $name {
            /// Names of this domain's commands, with one line about each.
            pub const COMMANDS: &'static [(&'static str, &'static str)] =
                &[$((concat!($domain, ".", $verb), concat!($($about),+))),*];

            /// `domain.verb`.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match *self { $(Self::$variant(_) => concat!($domain, ".", $verb)),* }
            }
            #[allow(unused_variables, reason = "a domain without commands reads nothing")]
            pub(crate) fn parse(name: &str, with: &str) -> Option<serde_json::Result<Self>> {
                match name {
                    $(concat!($domain, ".", $verb) => Some(serde_json::from_str::<$variant>(with).map(Self::$variant)),)*
                    _ => None,
                }
            }
            pub(crate) fn arguments(&self) -> serde_json::Result<Box<serde_json::value::RawValue>> {
                match *self { $(Self::$variant(ref command) => serde_json::value::to_raw_value(command)),* }
            }
            #[allow(unused_variables, reason = "a domain without commands decides nothing")]
            pub(crate) fn needs(&self, on: &$crate::kernel::execute::View<'_>) -> $crate::command::Needs {
                match *self { $(Self::$variant(ref command) => $crate::command::Decide::needs(command, on)),* }
            }
            #[allow(unused_variables, reason = "a domain without commands decides nothing")]
            pub(crate) fn decide(
                &self,
                on: &$crate::kernel::execute::View<'_>,
                facts: &mut $crate::kernel::execute::Facts<'_>,
            ) -> $crate::kernel::execute::Result<()> {
                match *self { $(Self::$variant(ref command) => $crate::command::Decide::decide(command, on, facts)),* }
            }
        }
    };
}
pub(crate) use commands;

macro_rules! declare {
    ($($number:literal $module:ident $state:ident $event:ident [$($reads:ident),*];)+) => {
        /// Everything that can be asked for.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Command {
            $(#[doc = concat!("See [`crate::", stringify!($module), "`].")] $state(crate::$module::Command)),+
        }

        $(impl From<crate::$module::Command> for Command {
            fn from(command: crate::$module::Command) -> Self {
                Self::$state(command)
            }
        })+

        impl Command {
            /// `domain.verb`.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self { $(Self::$state(command) => command.name()),+ }
            }
            /// All commands, with one line about each: what the isolation matrix walks.
            #[must_use]
            pub fn all() -> Vec<(&'static str, &'static str)> {
                [$(crate::$module::Command::COMMANDS),+].concat()
            }
            fn parse(name: &str, with: &str) -> Option<serde_json::Result<Self>> {
                $(if let Some(parsed) = crate::$module::Command::parse(name, with) {
                    return Some(parsed.map(Self::$state));
                })+
                None
            }
            fn arguments(&self) -> serde_json::Result<Box<RawValue>> {
                match self { $(Self::$state(command) => command.arguments()),+ }
            }
            /// The arguments as text; empty for what cannot be written, which no command is.
            pub(crate) fn arguments_text(&self) -> Box<str> {
                self.arguments().map(Into::into).unwrap_or_default()
            }
            pub(crate) fn needs(&self, on: &View<'_>) -> Needs {
                match self { $(Self::$state(command) => command.needs(on)),+ }
            }
            pub(crate) fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
                match self { $(Self::$state(command) => command.decide(on, facts)),+ }
            }
        }
    };
}
scoped_projections::for_each_domain!(declare);

/// One command, and who gives it.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Who.
    pub actor: PrincipalId,
    /// What.
    pub command: Command,
    /// The event whose effect it takes back, [`Sequence::NONE`] for none.
    pub undoes: Sequence,
    /// Refused as stale unless this entity was last changed by that event (`None`: unless it is absent). Never written down.
    pub unless_changed: Option<(Entity, Option<Sequence>)>,
}

/// What a rollback says about itself, at the head of its batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RollbackNote {
    /// Things are brought back to how they were after this sequence.
    pub to: u64,
    /// What was selected, for people.
    pub selection: String,
}

/// Steps that happen together or not at all.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Batch {
    /// In order; each sees the ones before it.
    pub steps: Vec<Step>,
    /// Sending a batch twice under one key does it once.
    pub key: Option<String>,
    /// When it happened out in the world, µs since the epoch.
    pub valid_time: Option<i64>,
    /// Set when the batch is a rollback.
    pub rollback: Option<RollbackNote>,
}

/// Most steps a batch may have.
pub const BATCH_STEPS_MAX: usize = 1 << 20;
/// Longest idempotency key, in bytes.
pub(crate) const KEY_BYTES_MAX: usize = 64;

impl Batch {
    /// No steps yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
    /// Adds a step.
    pub fn push(&mut self, actor: PrincipalId, command: impl Into<Command>) {
        // Most batches have one step; a vector left to itself would make room for four.
        if self.steps.capacity() == 0 {
            self.steps.reserve_exact(1);
        }
        self.steps.push(Step {
            actor,
            command: command.into(),
            undoes: Sequence::NONE,
            unless_changed: None,
        });
    }
    /// The same with one more step.
    #[must_use]
    pub fn with(mut self, actor: PrincipalId, command: impl Into<Command>) -> Self {
        self.push(actor, command);
        self
    }
    /// The same under an idempotency key.
    #[must_use]
    pub fn keyed(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }
    /// The same, said to have happened then (µs since the epoch).
    #[must_use]
    pub fn happened_at(mut self, valid_time: i64) -> Self {
        self.valid_time = Some(valid_time);
        self
    }
}

/// A step as it stands in a file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireStep<'a> {
    #[serde(rename = "as")]
    actor: PrincipalId,
    #[serde(rename = "do", borrow)]
    name: std::borrow::Cow<'a, str>,
    #[serde(default, skip_serializing_if = "is_zero")]
    undoes: u64,
    /// Borrowed from the line, so that its place there is known.
    #[serde(borrow)]
    with: &'a RawValue,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireBatch<'a> {
    #[serde(default, skip_serializing_if = "is_zero")]
    at: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    valid_time: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rollback: Option<RollbackNote>,
    #[serde(borrow)]
    batch: Vec<WireStep<'a>>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Where a line of a commands file is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {message}")]
pub struct LineError {
    /// Counted in bytes, from 1.
    pub column: usize,
    /// What is wrong there.
    pub message: String,
}

impl LineError {
    fn at(offset: usize, error: &serde_json::Error) -> Self {
        // The position that serde_json appends is that of a part of the line; the column says it for the whole.
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default().to_owned();
        Self { column: offset + error.column().max(1), message }
    }
}

/// Reads one line of a commands file: a batch, or a single step. Also gives the sequence that the batch had where it was
/// exported, 0 when the line does not say.
///
/// # Errors
/// With the column of the first thing that is wrong.
pub fn parse_line(line: &str) -> std::result::Result<(Batch, u64), LineError> {
    // Which of the two forms it is shows in the keys; asking each form would blur the message.
    #[derive(Deserialize)]
    struct Form<'a> {
        #[serde(borrow)]
        batch: Option<&'a RawValue>,
    }
    let whole = |error: &serde_json::Error| LineError::at(0, error);
    let form: Form<'_> = serde_json::from_str(line).map_err(|e| whole(&e))?;
    let wire = if form.batch.is_some() {
        serde_json::from_str::<WireBatch<'_>>(line).map_err(|e| whole(&e))?
    } else {
        let step = serde_json::from_str::<WireStep<'_>>(line).map_err(|e| whole(&e))?;
        WireBatch { at: 0, key: None, valid_time: None, rollback: None, batch: vec![step] }
    };
    let mut batch =
        Batch { key: wire.key, valid_time: wire.valid_time, rollback: wire.rollback, ..Batch::default() };
    for step in &wire.batch {
        let with = step.with.get();
        let command = match Command::parse(&step.name, with) {
            Some(Ok(command)) => command,
            Some(Err(error)) => return Err(LineError::at(place(line, with), &error)),
            None => {
                let message =
                    format!("`{}` is no command; `scoped import commands --list` names them", step.name);
                return Err(LineError { column: place(line, &step.name) + 1, message });
            }
        };
        batch.steps.push(Step {
            actor: step.actor,
            command,
            undoes: Sequence::new(step.undoes),
            unless_changed: None,
        });
    }
    Ok((batch, wire.at))
}

/// How many bytes stand before a part that was borrowed from the line; 0 for a part that was not.
fn place(line: &str, part: &str) -> usize {
    let (from, at) = (line.as_ptr() as usize, part.as_ptr() as usize);
    if (from..from + line.len()).contains(&at) { at - from } else { 0 }
}

/// Writes a batch as one line, without the line feed. `at` is the sequence of its first event.
///
/// # Errors
/// When a payload that came from a log is no JSON.
pub fn write_line(batch: &Batch, at: Sequence) -> std::result::Result<String, Error> {
    let wrong =
        |e: serde_json::Error| Error::corrupt(format!("a stored command cannot be written as JSON: {e}"));
    let arguments = batch.steps.iter().map(|step| step.command.arguments().map_err(wrong));
    let arguments: Vec<Box<RawValue>> = arguments.collect::<std::result::Result<_, _>>()?;
    let steps: Vec<WireStep<'_>> = batch
        .steps
        .iter()
        .zip(&arguments)
        .map(|(step, with)| WireStep {
            actor: step.actor,
            name: step.command.name().into(),
            undoes: step.undoes.get(),
            with,
        })
        .collect();
    let wire = WireBatch {
        at: at.get(),
        key: batch.key.clone(),
        valid_time: batch.valid_time,
        rollback: batch.rollback.clone(),
        batch: steps,
    };
    serde_json::to_string(&wire).map_err(wrong)
}
