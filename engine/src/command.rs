//! Commands: what can be asked of the engine.
//!
//! Each domain declares its commands with [`commands!`]; the enum over all of them is made from the list of domains. How they stand
//! in a file is said in [`crate::parse_line`].
//!
//! A batch is one atomic thing: all of its steps happen, each seeing those before it, or none does.

mod fields;

use crate::authorize::Request;
use crate::kernel::execute::{Facts, Result, View};
use crate::requests::Metadata;
use crate::temporal::{Entity, RollbackNote};
use scoped_projections::{CorrelationId, PrincipalId, Sequence};
use serde_json::value::RawValue;
use smallvec::SmallVec;

/// What a command needs allowed: one thing mostly, two for those that touch an object and a scope.
pub(crate) type Needs<'a> = SmallVec<[Request<'a>; 2]>;

/// A command of a domain: what it needs, and what follows from it.
pub(crate) trait Decide {
    /// What must be allowed before anything else is said about the request.
    fn needs<'a>(&'a self, on: &View<'a>) -> Needs<'a>;
    /// World + command → facts, or a refusal. Pure; runs only after `needs` was allowed.
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()>;
}

/// Declares a domain's commands: one struct each, an enum over them, and their names. One that is marked `large` lies in a box: every step of every
/// batch takes as much memory as the largest command that does not.
macro_rules! commands {
    (@held $variant:ident) => { $variant };
    (@held $variant:ident large) => { Box<$variant> };
    ($(#[$doc:meta])* domain $domain:literal; enum $name:ident {
        $($(#[doc = $about:literal])+ $verb:literal $variant:ident $($large:ident)? { $($(#[$fmeta:meta])* $field:ident: $type:ty),* $(,)? })*
    }) => {
        $(
            $(#[doc = $about])+
            #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
            #[serde(deny_unknown_fields)]
            pub struct $variant { $($(#[$fmeta])* pub $field: $type),* }

            impl From<$variant> for $crate::Command {
                fn from(command: $variant) -> Self {
                    $name::$variant(command.into()).into()
                }
            }
        )*

        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub enum $name { $($(#[doc = $about])+ $variant($crate::command::commands!(@held $variant $($large)?))),* }

        impl $name {
            /// Names of this domain's commands, with one line about each.
            pub const COMMANDS: &'static [(&'static str, &'static str)] =
                &[$((concat!($domain, ".", $verb), concat!($($about),+))),*];

            /// `domain.verb`.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match *self { $(Self::$variant(_) => concat!($domain, ".", $verb)),* }
            }
            #[allow(unused_variables, reason = "a domain without commands has no fields")]
            pub(crate) fn fields(name: &str) -> Option<&'static [&'static str]> {
                match name {
                    $(concat!($domain, ".", $verb) => Some($crate::command::fields_of::<$variant>()),)*
                    _ => None,
                }
            }
            #[allow(unused_variables, reason = "a domain without commands reads nothing")]
            pub(crate) fn parse(name: &str, with: &str) -> Option<serde_json::Result<Self>> {
                match name {
                    $(concat!($domain, ".", $verb) => Some(serde_json::from_str::<$variant>(with).map(|command| Self::$variant(command.into()))),)*
                    _ => None,
                }
            }
            pub(crate) fn arguments(&self) -> serde_json::Result<Box<serde_json::value::RawValue>> {
                match *self { $(Self::$variant(ref command) => serde_json::value::to_raw_value(command)),* }
            }
            #[allow(unused_variables, reason = "a domain without commands decides nothing")]
            pub(crate) fn needs<'a>(&'a self, on: &$crate::kernel::execute::View<'a>) -> $crate::command::Needs<'a> {
                match *self { $(Self::$variant(ref command) => <$variant as $crate::command::Decide>::needs(command, on)),* }
            }
            #[allow(unused_variables, reason = "a domain without commands decides nothing")]
            pub(crate) fn decide(
                &self,
                on: &$crate::kernel::execute::View<'_>,
                facts: &mut $crate::kernel::execute::Facts<'_>,
            ) -> $crate::kernel::execute::Result<()> {
                match *self { $(Self::$variant(ref command) => <$variant as $crate::command::Decide>::decide(command, on, facts)),* }
            }
        }
    };
}
pub(crate) use commands;

/// What a command takes, by the names of its fields.
pub(crate) fn fields_of<T: for<'de> serde::Deserialize<'de>>() -> &'static [&'static str] {
    fields::names::<T>()
}

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
            /// What a command takes, by the names of its fields as they are written in a line; `None` for what is no command.
            #[must_use]
            pub fn fields(name: &str) -> Option<&'static [&'static str]> {
                None$(.or_else(|| crate::$module::Command::fields(name)))+
            }
            pub(crate) fn parse(name: &str, with: &str) -> Option<serde_json::Result<Self>> {
                $(if let Some(parsed) = crate::$module::Command::parse(name, with) {
                    return Some(parsed.map(Self::$state));
                })+
                None
            }
            pub(crate) fn arguments(&self) -> serde_json::Result<Box<RawValue>> {
                match self { $(Self::$state(command) => command.arguments()),+ }
            }
            /// The arguments as text; empty for what cannot be written, which no command is.
            pub(crate) fn arguments_text(&self) -> Box<str> {
                self.arguments().map(Into::into).unwrap_or_default()
            }
            pub(crate) fn needs<'a>(&'a self, on: &View<'a>) -> Needs<'a> {
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
    /// For whom, if not for itself: a principal that lets the actor act for it. Its rights decide, and it is the actor of the facts.
    pub on_behalf_of: Option<PrincipalId>,
    /// What.
    pub command: Command,
    /// The event whose effect it takes back, [`Sequence::NONE`] for none.
    pub undoes: Sequence,
    /// Refused as stale unless this entity was last changed by that event (`None`: unless it is absent). Never written down.
    pub unless_changed: Option<(Entity, Option<Sequence>)>,
    /// Refused as stale if something that it would change was changed after this event, by another batch; [`Sequence::NONE`]: whatever
    /// happened meanwhile. The event may be the last change of the thing, or the position at which it was read. Holds for all commands
    /// alike; part of how it is asked for, and not written down.
    pub unchanged_since: Sequence,
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
    /// Groups what belongs to one operation of the caller, over several batches; [`CorrelationId::NONE`]: the batch stands alone, and
    /// its events carry the id of the first of them.
    pub correlation: CorrelationId,
    /// Set when the batch is a rollback.
    pub rollback: Option<RollbackNote>,
    /// Where the request came from, as its caller knows it. No part of what an idempotency key stands for.
    pub metadata: Option<Metadata>,
}

/// Most steps a batch may have.
pub const BATCH_STEPS_MAX: usize = 1 << 20;
/// Longest idempotency key, in bytes.
pub(crate) const KEY_BYTES_MAX: usize = 64;

impl Step {
    /// Whose rights decide and whose name the facts carry, and who acts for it if it does not act itself.
    pub(crate) fn parties(&self) -> (PrincipalId, Option<PrincipalId>) {
        match self.on_behalf_of {
            None => (self.actor, None),
            Some(principal) => (principal, Some(self.actor)),
        }
    }
}

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
            on_behalf_of: None,
            command: command.into(),
            undoes: Sequence::NONE,
            unless_changed: None,
            unchanged_since: Sequence::NONE,
        });
    }
    /// Adds a step that `actor` takes for `principal`.
    pub fn push_for(&mut self, actor: PrincipalId, principal: PrincipalId, command: impl Into<Command>) {
        self.push(actor, command);
        if let Some(step) = self.steps.last_mut() {
            step.on_behalf_of = Some(principal);
        }
    }
    /// The same, its last step only if nothing that it would change was changed after this event ([`Step::unchanged_since`]).
    #[must_use]
    pub fn unchanged_since(mut self, since: Sequence) -> Self {
        if let Some(step) = self.steps.last_mut() {
            step.unchanged_since = since;
        }
        self
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
    /// The same as part of an operation of the caller: a request id, a job.
    #[must_use]
    pub fn correlated(mut self, correlation: u128) -> Self {
        self.correlation = CorrelationId(correlation);
        self
    }
    /// The same, with what is known about where it came from, in place of what was said of that before.
    #[must_use]
    pub fn described(mut self, metadata: Metadata) -> Self {
        self.metadata = Some(metadata);
        self
    }
    /// The same, said to have happened then (µs since the epoch).
    #[must_use]
    pub fn happened_at(mut self, valid_time: i64) -> Self {
        self.valid_time = Some(valid_time);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Steps are moved from hand to hand, and between cores: 800 bytes, of which an update used 200, took a sixth of what a caller did for an event.
    /// This was once checked wherever the engine is built: a program in which another crate switched on `serde_json/preserve_order`, which
    /// makes JSON values larger, could not be built.
    #[test]
    fn a_step_is_small() {
        assert!(size_of::<Step>() <= 384, "{} bytes: mark the new command `large`", size_of::<Step>());
    }
}
