//! Redaction: what of an object's data a reader does not get to see.
//!
//! Shape: paths of keys with dots between them, `[*]` for every element of a list: `owner.email`, `people[*].phone`. A path that begins
//! with `/` is a JSON pointer (RFC 6901), in which every key can be named: `/a.b/c` is the field `c` in the field `a.b`, `~1` is a slash in
//! a key, `~0` a tilde. Of several rules on one path the strictest wins (omit, replace, mask; of masks the one that shows
//! less); inner paths are hidden before outer ones, so that a mask of the whole never shows what an inner rule took out.
//! Fail closed: a condition whose attribute is missing holds, and data that is no JSON is not shown at all. Data of another shape than
//! the path expects hides more, never less: a key that meets a list is looked for in every element (a number besides names all of them),
//! `[*]` that meets an object takes it for the one element and looks into what is nested in it, and where a path meets a text or a
//! number before its end, all of that is covered.

use crate::authorize::{Target, way};
use crate::canonical;
use crate::error::{Error, Result};
use crate::rules::outside::{AskedData, Known};
use crate::rules::policy::{connector, declared};
use scoped_projections::rules::{
    Action, Asked, Attribute, Class, Content, Declared, Part, Redact, Redactions, Relation, Strategy,
};
use scoped_projections::store::NO_ROW;
use scoped_projections::tenancy::Effect;
use scoped_projections::{Micros, PrincipalId, World};
use serde_json::Value;
use smallvec::SmallVec;
use std::borrow::Cow;

/// A step of a path: into a field, or into every element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step<'a> {
    Key(Cow<'a, str>),
    Each,
}

/// The steps of a path; `None` for a text that is none.
pub(super) fn steps(path: &str) -> Option<Vec<Step<'_>>> {
    if let Some(pointer) = path.strip_prefix('/') {
        return pointer.split('/').map(|token| unescaped(token).map(Step::Key)).collect();
    }
    let mut found = Vec::new();
    for part in path.split('.') {
        let key = part.find('[').map_or(part, |at| &part[..at]);
        if key.is_empty() || key.contains(']') {
            return None;
        }
        found.push(Step::Key(key.into()));
        let mut rest = &part[key.len()..];
        while !rest.is_empty() {
            rest = rest.strip_prefix("[*]")?;
            found.push(Step::Each);
        }
    }
    Some(found)
}

/// A key of a JSON pointer.
fn unescaped(token: &str) -> Option<Cow<'_, str>> {
    let mut parts = token.split('~');
    let first = parts.next()?;
    let (mut key, mut whole) = (first.to_owned(), true);
    for part in parts {
        whole = false;
        let (escape, rest) = part.split_at_checked(1)?;
        key.push(match escape {
            "0" => '~',
            "1" => '/',
            _ => return None,
        });
        key.push_str(rest);
    }
    Some(if whole { Cow::Borrowed(first) } else { Cow::Owned(key) })
}

/// What one world's rules hide from somebody, in the data of an object ([`NO_ROW`]: of what belongs to none). The strictest for
/// each path.
pub(crate) fn hidden(
    world: &World,
    actor: PrincipalId,
    object: u32,
    action: Action,
    data: &Value,
    now: Micros,
    into: &mut Redactions,
) {
    let rules = world.rules();
    let (identity, tenancy, objects) = (world.identity(), world.tenancy(), world.objects());
    let actor = identity.row(actor).unwrap_or(NO_ROW);
    let found = objects.at(object);
    // Also scopes that are archived: what stayed there is still under their rules.
    let mut scopes: SmallVec<[u32; 4]> = world.sharing().scopes(object).map(|(scope, _)| scope).collect();
    if let Some(home) = found.map(|object| object.home).filter(|home| *home != NO_ROW)
        && !scopes.contains(&home)
    {
        // What was written in a scope is under its rules, wherever it is read.
        scopes.push(home);
    }
    let role = scopes.iter().filter_map(|scope| way(world, actor, *scope, now).role).max();
    let relation = match (found.is_some_and(|object| object.owner == actor), role) {
        (true, _) => Relation::Owner,
        (false, Some(_)) => Relation::Member,
        (false, None) => Relation::Outsider,
    };
    let known = Known::new(AskedData::Is(data));
    let asked = Asked {
        role: role.map_or(Attribute::None, Attribute::Is),
        relation: Attribute::Is(relation),
        object_type: found.map_or(Attribute::Missing, |object| Attribute::Is(objects.object_type(object))),
        object: found.map_or(Attribute::Missing, |found| Attribute::Is((object, found.id))),
        scopes: &scopes,
        now: Attribute::Is(now),
        connector: connector(world, actor),
        outside: &known,
        ..Asked::about(identity, tenancy, actor, action)
    };
    let target = found.map_or(Target::Own, |_| Target::Object(object));
    let Declared { environment, classification, .. } = declared(world, &asked, target);
    let asked = Asked { environment, classification, ..asked };
    rules.each(&asked, Part::Others, &mut |entry| {
        if entry.class != Class::Redaction
            || !rules.bound(entry, &asked).and(rules.when(entry, &asked)).matches(Effect::Deny)
        {
            return;
        }
        let Some(Content::Redactions(redactions)) = rules.content(entry) else { return };
        for (path, how) in redactions {
            let stricter = into.get(path).map_or(how, |known| known.stricter(how)).clone();
            into.insert(path.clone(), stricter);
        }
    });
}

/// May anything be hidden at all? Spares most reads from looking into their data.
pub(crate) fn may_hide(world: &World) -> bool {
    !world.rules().is_silent() && world.rules().has_redactions()
}

/// Data as it may be shown.
///
/// # Errors
/// When it is no JSON.
pub(crate) fn parse(data: &[u8]) -> Result<Value> {
    serde_json::from_slice(data).map_err(|e| Error::corrupt(format!("stored data is no JSON: {e}")))
}

/// Hides these paths, the innermost first.
pub(crate) fn apply(redactions: &Redactions, data: &mut Value) {
    let mut ordered: Vec<(Vec<Step<'_>>, &Redact)> =
        redactions.iter().filter_map(|(path, how)| Some((steps(path)?, how))).collect();
    ordered.sort_by_key(|(steps, _)| std::cmp::Reverse(steps.len()));
    for (steps, how) in ordered {
        if hide(data, &steps, how) {
            // All of it was to be left out.
            *data = Value::Null;
        }
    }
}

/// Hides what the steps lead to. Is the value itself to be left out of what it stands in?
fn hide(value: &mut Value, steps: &[Step<'_>], how: &Redact) -> bool {
    let Some((first, rest)) = steps.split_first() else { return cover(value, how) };
    match (first, value) {
        (Step::Key(key), Value::Object(map)) => {
            if map.get_mut(&**key).is_some_and(|field| hide(field, rest, how)) {
                map.remove(&**key);
            }
            false
        }
        (Step::Key(key), Value::Array(list)) => {
            let names_one = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_digit());
            list.retain_mut(|element| {
                !(hide(element, steps, how) || (names_one && hide(element, rest, how)))
            });
            false
        }
        (Step::Each, Value::Array(list)) => {
            list.retain_mut(|element| !hide(element, rest, how));
            false
        }
        (Step::Each, found @ Value::Object(_)) => {
            if let Value::Object(map) = found
                && !rest.is_empty()
            {
                map.retain(|_, field| !((field.is_object() || field.is_array()) && hide(field, rest, how)));
            }
            hide(found, rest, how)
        }
        // The path goes on, and the value does not.
        (_, scalar) => cover(scalar, how),
    }
}

/// Covers a value; is it to be left out instead?
fn cover(value: &mut Value, how: &Redact) -> bool {
    let omit = how.strategy == Strategy::Omit;
    if !omit {
        *value = covered(value, how);
    }
    omit
}

fn covered(value: &Value, how: &Redact) -> Value {
    if how.strategy != Strategy::Mask {
        return Value::String(how.replacement.clone());
    }
    let text = value.as_str().map_or_else(|| canonical::text(value), ToOwned::to_owned);
    let (length, visible) = (text.chars().count(), how.visible_chars as usize);
    let masked = if length <= visible { length } else { length - visible };
    let mask = std::iter::repeat_n(how.mask_char, masked);
    Value::String(mask.chain(text.chars().skip(masked)).collect())
}
