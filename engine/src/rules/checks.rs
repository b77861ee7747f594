//! What a rule has to be before it is written: every mistake of configuration is refused when it is made.

use super::Content;
use crate::error::Error;
use scoped_projections::codec::encode_into;
use scoped_projections::rules::{
    Action, Attributes, Body, CLAUSE_DEPTH_MAX, Class, Clause, Many, Redactions, Resource, Targets,
};
use scoped_projections::tenancy::Effect;

/// Longest name of a rule, in bytes.
pub(super) const NAME_BYTES_MAX: usize = 128;
/// Longest word or text in a condition, in bytes.
const TEXT_BYTES_MAX: usize = 256;
/// Longest condition in CEL, in bytes.
const CEL_BYTES_MAX: usize = 4_096;
/// Most members of a list in a condition, parts of a clause, or paths of a redaction.
const LIST_MAX: usize = 64;
/// Largest body of a version, in bytes: well below what a record takes.
const BODY_BYTES_MAX: usize = 32 * 1024;
/// Most events that a limit counts.
const COUNT_MAX: u32 = 10_000;
/// Longest window of a limit, in seconds: 31 days.
const WINDOW_SECONDS_MAX: u32 = 31 * 86_400;

type Result<T> = std::result::Result<T, Error>;

fn wrong<T>(message: impl Into<std::borrow::Cow<'static, str>>) -> Result<T> {
    Err(Error::invalid(message))
}

/// A word: short, and printable on one line.
pub(super) fn check_text(what: &str, text: &str, bytes_max: usize) -> Result<()> {
    if text.is_empty() || text.len() > bytes_max || text.chars().any(char::is_control) {
        return wrong(format!("{what} has 1 to {bytes_max} bytes and no control characters"));
    }
    Ok(())
}

/// A version of a rule of that class.
pub(super) fn check_body(class: Class, name: &str, body: &Body) -> Result<()> {
    check_text("a rule's name", name, NAME_BYTES_MAX)?;
    if body.when.depth() > CLAUSE_DEPTH_MAX {
        return wrong(format!("conditions nest at most {CLAUSE_DEPTH_MAX} deep"));
    }
    let (mut clauses, mut found) = (0, Ok(()));
    body.when.walk(&mut |clause| {
        clauses += 1;
        if found.is_ok() {
            found = check_clause(class, clause);
        }
    });
    found?;
    if clauses > LIST_MAX {
        return wrong(format!("conditions have at most {LIST_MAX} parts"));
    }
    check_content(class, body)?;
    let mut bytes = Vec::new();
    if encode_into(body, &mut bytes).is_err() || bytes.len() > BODY_BYTES_MAX {
        return Err(Error::refused("too_large", format!("a rule takes at most {BODY_BYTES_MAX} bytes")));
    }
    Ok(())
}

fn check_list<T>(what: &str, list: Option<&Many<T>>) -> Result<()> {
    match list {
        Some(list) if list.0.is_empty() || list.0.len() > LIST_MAX => {
            wrong(format!("a condition on `{what}` lists 1 to {LIST_MAX} values"))
        }
        _ => Ok(()),
    }
}

fn check_words(what: &str, list: Option<&Many<String>>) -> Result<()> {
    check_list(what, list)?;
    list.into_iter().flat_map(|list| &list.0).try_for_each(|word| check_text(what, word, TEXT_BYTES_MAX))
}

/// The tests that a class can ask: limits and quotas are counted when something happens, where not everything is known.
fn allowed(class: Class) -> Option<&'static [&'static str]> {
    match class {
        Class::RateLimit => Some(&[
            "action",
            "principal_kind",
            "principal",
            "object_type",
            "object",
            "scope",
            "within",
            "time",
        ]),
        Class::Quota => Some(&["object_type"]),
        Class::Declaration => Some(&[]),
        Class::Flag => Some(&[
            "principal_kind",
            "principal",
            "scope",
            "within",
            "time",
            "environment",
            "classification",
            "object_type",
        ]),
        _ => None,
    }
}

fn check_clause(class: Class, clause: &Clause) -> Result<()> {
    if let Some(allowed) = allowed(class)
        && let Some(other) = clause.tests().into_iter().find(|test| !allowed.contains(test))
    {
        return wrong(format!("a rule of the class `{class}` cannot ask for `{other}`"));
    }
    check_list("action", clause.action.as_ref())?;
    for action in clause.action.iter().flat_map(|list| &list.0) {
        if *action == Action::Rules {
            return wrong("no rule speaks about `rule_change`: it could lock rule administration out");
        }
        if !class.covers().contains(*action) {
            return wrong(format!("a rule of the class `{class}` has no say about `{action}`"));
        }
    }
    check_words("principal_kind", clause.principal_kind.as_ref())?;
    check_list("principal", clause.principal.as_ref())?;
    check_list("relation", clause.relation.as_ref())?;
    check_words("object_type", clause.object_type.as_ref())?;
    check_list("object", clause.object.as_ref())?;
    check_list("scope", clause.scope.as_ref())?;
    check_list("within", clause.within.as_ref())?;
    check_words("environment", clause.environment.as_ref())?;
    check_words("classification", clause.classification.as_ref())?;
    check_list("time", clause.time.as_ref())?;
    if clause.time.iter().flat_map(|list| &list.0).any(|window| window.is_empty() || !window.is_possible()) {
        return wrong("a window of time names bounds, and contains some moment");
    }
    check_list("data", clause.data.as_ref())?;
    for test in clause.data.iter().flat_map(|list| &list.0) {
        check_text("a path in data", &test.path, TEXT_BYTES_MAX)?;
        check_list("data … in", test.one_of.as_ref())?;
        if test.is_empty() {
            return wrong(format!("the test of `{}` compares nothing", test.path));
        }
    }
    for list in [&clause.all, &clause.any].into_iter().flatten() {
        if list.is_empty() || list.len() > LIST_MAX {
            return wrong(format!("`all` and `any` list 1 to {LIST_MAX} conditions"));
        }
    }
    if let Some(text) = &clause.cel {
        if text.trim().is_empty() || text.len() > CEL_BYTES_MAX {
            return wrong(format!("a condition in CEL has 1 to {CEL_BYTES_MAX} bytes"));
        }
        super::cel::check(text)?;
    }
    Ok(())
}

fn check_content(class: Class, body: &Body) -> Result<()> {
    let fits = match (&body.content, class) {
        (Content::Redactions(_), Class::Redaction)
        | (Content::RateLimit(_), Class::RateLimit)
        | (Content::Quota(_), Class::Quota)
        | (Content::FeatureFlag(_), Class::Flag)
        | (Content::Attributes(_), Class::Declaration) => true,
        (Content::Vote, class) => class.is_voting(),
        _ => false,
    };
    if !fits {
        return wrong(format!(
            "a rule of the class `{class}` needs what belongs to it, and nothing else: `redactions`, `rate_limit`, `quota`, \
             `feature_flag`, `attributes`, or none of them for a class that votes"
        ));
    }
    if matches!(class, Class::Redaction | Class::RateLimit | Class::Quota) && body.effect != Effect::Deny {
        return wrong(format!("a rule of the class `{class}` denies"));
    }
    match &body.content {
        Content::Vote => Ok(()),
        Content::Redactions(redactions) => check_redactions(redactions),
        Content::RateLimit(limit) => {
            if !(1..=COUNT_MAX).contains(&limit.max_count) {
                return wrong(format!("a limit counts 1 to {COUNT_MAX} events"));
            }
            if !(1..=WINDOW_SECONDS_MAX).contains(&limit.window_seconds) {
                return wrong(format!("a limit's window has 1 to {WINDOW_SECONDS_MAX} seconds"));
            }
            Ok(())
        }
        Content::Quota(quota) => {
            let plain = body.when.all.is_none() && body.when.any.is_none() && body.when.not.is_none();
            if !plain || (quota.resource != Resource::Objects && !body.when.is_empty()) {
                return wrong("a quota may ask for the type of objects, and for nothing else");
            }
            Ok(())
        }
        Content::Attributes(says) => check_attributes(body, says),
        Content::FeatureFlag(flag) => {
            check_text("a flag's name", &flag.name, 64)?;
            if flag.rollout_percentage > 100 || flag.salt.len() > 64 {
                return wrong("a flag is rolled out to 0 to 100 percent, with a salt of at most 64 bytes");
            }
            // Said twice, and differently: whoever reads one of the two is wrong about the other.
            if (body.effect == Effect::Allow) != flag.enabled {
                return wrong(
                    "a flag that is on allows, one that is off denies: `enabled` and `effect` say the same",
                );
            }
            Ok(())
        }
    }
}

fn check_attributes(body: &Body, says: &Attributes) -> Result<()> {
    if !body.when.is_empty() {
        return wrong("a declaration has no conditions: what it says, it says of what it is bound to");
    }
    // Rules that ask for what nobody declares deny: a declaration opens, if it does anything.
    if body.effect != Effect::Allow {
        return wrong("a declaration denies nothing: its effect is `allow`");
    }
    let words = [&says.environment, &says.classification];
    if words.iter().all(|word| word.is_none()) {
        return wrong("a declaration says `environment`, `classification`, or both");
    }
    words.into_iter().flatten().try_for_each(|word| check_text("a declared word", word, 64))
}

fn check_redactions(redactions: &Redactions) -> Result<()> {
    if redactions.is_empty() || redactions.len() > LIST_MAX {
        return wrong(format!("a redaction names 1 to {LIST_MAX} paths"));
    }
    for (path, how) in redactions {
        check_text("a path in data", path, TEXT_BYTES_MAX)?;
        if super::redaction::steps(path).is_none() {
            return wrong(format!(
                "`{path:.64}` is no path: keys with dots between them, `[*]` behind a list, or a JSON pointer such as `/a.b/c`"
            ));
        }
        if how.replacement.len() > TEXT_BYTES_MAX {
            return wrong(format!("a replacement has at most {TEXT_BYTES_MAX} bytes"));
        }
    }
    Ok(())
}

/// What a rule of that class with that content may be bound to.
pub(super) fn check_targets(class: Class, content: &Content, targets: &Targets) -> Result<()> {
    let words = [&targets.object_type, &targets.environment, &targets.connector];
    for word in words.into_iter().flatten() {
        check_text("what a rule is bound to", word, 64)?;
    }
    let counted = matches!(class, Class::RateLimit | Class::Quota);
    if counted && (targets.environment.is_some() || targets.connector.is_some()) {
        return wrong("events tell neither environment nor connector: nothing could be counted there");
    }
    if class == Class::Declaration
        && (targets.principal.is_some()
            || targets.object.is_some()
            || targets.environment.is_some()
            || targets.connector.is_some())
    {
        // Whoever owns an object does not say how sensitive it is.
        return wrong("a declaration is bound to a scope, to a type, to a type in a scope, or everywhere");
    }
    if let Content::Quota(quota) = content {
        let others = targets.principal.is_some() || targets.object_type.is_some() || targets.object.is_some();
        if targets.object.is_some() || (quota.resource != Resource::Objects && others) {
            return wrong(
                "a quota is bound to a scope or everywhere; on objects also to their type or owner",
            );
        }
    }
    Ok(())
}
