//! Conditions in CEL, by a maintained crate.
//!
//! Nothing widens: a text that is none (a log may hold one that a build without the feature took), an attribute that it names and
//! nobody said, an error, and an answer that is neither true nor false are all a missing attribute. An allow does not match then, and a
//! deny does. Deterministic: the answer depends on the text and the question alone; see [`super::compile`] for why it ends.
//!
//! Compiled once: a version of a rule never changes its text, so conditions are kept by their text, for all engines of the process.
//! What is kept only saves time: it is thrown away when it is full.

use super::attributes::{Given, Name};
use super::compile::Condition;
use crate::error::{Error, Result};
use cel::{Context, Env, Value};
use parking_lot::RwLock;
use scoped_projections::rules::{Asked, Truth};
use serde_json::Value as Json;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, LazyLock};

/// Why a rule with such a condition did not match, or did.
pub(crate) const WHY_MISSING: &str =
    "an attribute is missing, or its condition in CEL is neither true nor false: it denies";

/// Most conditions that are kept.
const KEPT_MAX: usize = 512;
/// Most scopes that one question asks a condition about.
const SCOPES_MAX: usize = 32;

type Kept = HashMap<Box<str>, Option<Arc<Condition>>>;

static KEPT: LazyLock<RwLock<Kept>> = LazyLock::new(RwLock::default);
static FUNCTIONS: LazyLock<Arc<Env>> =
    LazyLock::new(|| Arc::new(Env::default().with_optional_support(false).with_stdlib()));

/// The condition of a text; `None` when it is none.
fn condition(text: &str) -> Option<Arc<Condition>> {
    if let Some(known) = KEPT.read().get(text) {
        return known.clone();
    }
    let made = Condition::new(text).ok().map(Arc::new);
    let mut kept = KEPT.write();
    if kept.len() >= KEPT_MAX {
        kept.clear();
    }
    kept.insert(text.into(), made.clone());
    made
}

/// Does the condition hold? Where something is reached through several scopes, and they do not agree, that is missing.
pub(crate) fn evaluate(text: &str, asked: &Asked<'_>, data: Option<&Json>) -> Truth {
    let Some(condition) = condition(text) else { return Truth::Missing };
    if !condition.names.iter().any(|name| name.is_of_scope()) {
        return answer(&condition, asked, data, None);
    }
    if asked.scopes.len() > SCOPES_MAX {
        return Truth::Missing;
    }
    let mut answers = asked.scopes.iter().map(|scope| answer(&condition, asked, data, Some(*scope)));
    let Some(first) = answers.next() else { return Truth::Missing };
    if answers.all(|other| other == first) { first } else { Truth::Missing }
}

fn answer(condition: &Condition, asked: &Asked<'_>, data: Option<&Json>, scope: Option<u32>) -> Truth {
    let given = match Given::gather(&condition.names, asked, data, scope) {
        Ok(given) => given,
        Err(unknown) => return unknown,
    };
    let evaluated = catch_unwind(AssertUnwindSafe(|| {
        let mut context = Context::with_env(Arc::clone(&FUNCTIONS));
        for (name, value) in given.into_variables() {
            context.add_variable_from_value(name, value);
        }
        Value::resolve(&condition.expression, &context)
    }));
    match evaluated {
        Ok(Ok(Value::Bool(holds))) => holds.into(),
        _ => Truth::Missing,
    }
}

/// Does it look at the data?
pub(crate) fn mentions_data(text: &str) -> bool {
    condition(text).is_some_and(|condition| condition.names.contains(&Name::ObjectData))
}

/// Does it look at the time?
pub(crate) fn mentions_time(text: &str) -> bool {
    condition(text).is_some_and(|condition| condition.names.iter().any(|name| name.is_of_time()))
}

/// May a condition be written so?
pub(crate) fn check(text: &str) -> Result<()> {
    let wrong = |why| Error::invalid(format!("the condition in CEL is none: {why}"));
    Condition::new(text).map(drop).map_err(wrong)
}
