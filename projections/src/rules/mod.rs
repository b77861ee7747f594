//! Rules: policy that takes part in every decision.
//!
//! Words: a *rule* has versions, each with conditions and an effect; a *binding* says where it holds, and a rule without one holds
//! nowhere; five [classes](Class) *vote* on questions, the others redact, limit, count, switch or declare. A *clause* is a condition.
//! Invariants: rules narrow what tenancy allows and never widen it; no rule speaks about changing rules; a list of
//! compiled entries follows from rules, bindings and the words of kinds and types.

mod action;
mod asking;
mod body;
mod brief;
mod class;
mod clause;
mod compiled;
mod declared;
mod events;
mod field;
mod flags;
mod gate;
mod matching;
mod quotas;
mod record;
mod state;
mod stored;
mod turns;
mod usage;
mod window;
mod words;

pub use action::{Action, Actions};
pub use asking::{About, Globals, Part};
pub use body::{
    Attributes, Body, Content, Flag, Per, Quota, RateLimit, Redact, Redactions, Resource, Strategy, Targets,
};
pub use brief::Said;
pub use class::{Class, Relation};
pub use clause::{CLAUSE_DEPTH_MAX, Clause, Many};
pub use compiled::{Entry, List};
pub use declared::Declared;
pub use events::{
    BindingAdded, BindingChanged, BindingRemoved, RuleArchived, RuleCreated, RuleDescribed, RuleUnarchived,
    RuleUpdated, RulesEvent,
};
pub use field::{Decimal, FieldTest, Scalar};
pub use flags::{Switch, bucket};
pub use gate::Seen;
pub use matching::{Asked, Attribute, Outside, Truth};
pub use record::{Binding, Rule, Version};
pub use state::Rules;
pub use turns::Turns;
pub use usage::{Doing, Standing};
pub use window::{Clock, TimeWindow, Weekday};
pub use words::Words;
