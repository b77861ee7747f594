//! What is known of a question, and what a condition says to it: the page on rules, decisions 0015, 0025 and 0026, and nothing else.
//!
//! Conditions are walked as they stand in the log, as JSON; one that is not known here is an error.

use super::oracle::{Access, On, rank};
use super::policy::{Doing, Way};
use super::{cel, words::Words};
use serde_json::Value;
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// Page 5 and 0015: what is missing makes an allow fail and a deny hold; what is asked of each object by itself speaks in favour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Truth {
    Yes,
    No,
    Missing,
    Each,
}

/// How strongly a part of a conjunction counts: no, else missing, else each, else yes.
pub(super) fn all(parts: impl IntoIterator<Item = Truth>) -> Truth {
    let parts: Vec<Truth> = parts.into_iter().collect();
    let first = [Truth::No, Truth::Missing, Truth::Each].into_iter().find(|truth| parts.contains(truth));
    first.unwrap_or(Truth::Yes)
}

fn any(parts: impl IntoIterator<Item = Truth>) -> Truth {
    let parts: Vec<Truth> = parts.into_iter().collect();
    let first = [Truth::Yes, Truth::Missing, Truth::Each].into_iter().find(|truth| parts.contains(truth));
    first.unwrap_or(Truth::No)
}

pub(super) fn yes(so: bool) -> Truth {
    if so { Truth::Yes } else { Truth::No }
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Attribute<'a> {
    Is(&'a str),
    None,
    Missing,
    Each,
}

impl Attribute<'_> {
    pub(super) fn test(self, so: impl FnOnce(&str) -> bool) -> Truth {
        match self {
            Self::Is(word) => yes(so(word)),
            Self::None => Truth::No,
            Self::Missing => Truth::Missing,
            Self::Each => Truth::Each,
        }
    }
}

/// The data that conditions look at.
#[derive(Debug, Clone, Copy)]
pub(super) enum Content<'a> {
    Is(&'a Value),
    Missing,
    Each,
}

impl Content<'_> {
    pub(super) fn test(self, so: impl FnOnce(&Value) -> Truth) -> Truth {
        match self {
            Self::Is(data) => so(data),
            Self::Missing => Truth::Missing,
            Self::Each => Truth::Each,
        }
    }
}

/// A question with all that is known of it.
pub(super) struct Asked<'a> {
    pub(super) access: &'a Access,
    pub(super) actor: &'a str,
    pub(super) selves: BTreeSet<String>,
    pub(super) action: &'a str,
    pub(super) role: Option<usize>,
    pub(super) object: Attribute<'a>,
    pub(super) object_type: Attribute<'a>,
    pub(super) relation: Attribute<'a>,
    /// The scopes it is about or reached through.
    pub(super) scopes: Vec<&'a str>,
    pub(super) data: Content<'a>,
    pub(super) now: u64,
    pub(super) environment: Words,
    pub(super) classification: Words,
}

impl<'a> Asked<'a> {
    pub(super) fn new(
        access: &'a Access,
        actor: &'a str,
        doing: Doing<'a>,
        on: &'a On,
        ways: &'a [Way],
        now: u64,
    ) -> Self {
        let about_objects = matches!(
            doing.action,
            "create" | "update" | "delete" | "restore" | "projection" | "revoke" | "ownership_transfer"
        );
        let looks = matches!(doing.action, "read" | "search" | "export" | "audit_read" | "access_check");
        let (mut object, mut object_type) = match (about_objects, looks) {
            (true, _) => (Attribute::Missing, Attribute::Missing),
            (_, true) => (Attribute::Each, Attribute::Each),
            _ => (Attribute::None, Attribute::None),
        };
        let mut owner = *on == On::Own;
        let mut data = if looks { Content::Each } else { Content::Missing };
        let mut home = None;
        if let On::Object(id) = on {
            let found = &access.objects[id];
            (object, object_type) = (Attribute::Is(id), Attribute::Is(&found.object_type));
            (data, home) = (Content::Is(&found.data), found.home.as_deref());
            owner = found.owner == actor;
        } else if let Some(word) = doing.object_type {
            (object, object_type, data) = (Attribute::None, Attribute::Is(word), Content::Missing);
        }
        if let On::Scope(scope) | On::Below(scope) = on {
            home = Some(scope);
        }
        // A write shows what it would write, and nothing else (0015).
        if let Some(proposed) = doing.data {
            data = proposed.map_or(Content::Missing, Content::Is);
        }
        let role = ways.iter().filter_map(|way| way.role).max();
        // Whether somebody owns what is listed is asked of each object.
        let relation = match (owner, role) {
            (true, _) => Attribute::Is("owner"),
            (false, None) if matches!(object, Attribute::Each) => Attribute::Each,
            (false, Some(_)) => Attribute::Is("member"),
            (false, None) => Attribute::Is("outsider"),
        };
        let scopes = ways.iter().map(|way| way.scope.as_str()).collect();
        let (environment, classification) = access.rules.declared(access, home, object_type);
        let (selves, action) = (access.selves(actor), doing.action);
        Self {
            access,
            actor,
            selves,
            action,
            role,
            object,
            object_type,
            relation,
            scopes,
            data,
            now,
            environment,
            classification,
        }
    }

    /// Does a condition hold?
    pub(super) fn holds(&self, clause: &Value) -> Truth {
        let tests = clause.as_object().expect("a clause").iter().map(|(key, wanted)| self.test(key, wanted));
        all(tests)
    }

    fn test(&self, key: &str, wanted: &Value) -> Truth {
        let listed = || wanted.as_array().expect("a list").iter();
        let lists = |word: &str| listed().any(|one| one == word);
        match key {
            "action" => yes(lists(self.action)),
            "principal_kind" => yes(lists(&self.access.kinds[self.actor])),
            "principal" => yes(listed().any(|id| self.selves.contains(id.as_str().expect("an id")))),
            "role" => {
                let least = rank(wanted.as_str().unwrap());
                yes(self.role.is_some_and(|held| held >= least))
            }
            // Of what is listed some may be the actor's own, whatever else the actor is there.
            "relation" => match self.relation.test(lists) {
                Truth::No if matches!(self.object, Attribute::Each) && lists("owner") => Truth::Each,
                truth => truth,
            },
            "object_type" => self.object_type.test(lists),
            "object" => self.object.test(lists),
            "scope" => yes(self.scopes.iter().any(|at| lists(at))),
            "within" => {
                let inside = |at: &&str| self.access.chain(at).iter().any(|up| lists(up));
                yes(self.scopes.iter().any(inside))
            }
            "environment" => self.environment.test(lists),
            "classification" => self.classification.test(lists),
            "time" => yes(listed().any(|window| contains(window, self.now))),
            "data" => self.data.test(|data| all(listed().map(|test| field(test, data)))),
            "cel" => cel::holds(wanted.as_str().unwrap(), self),
            "all" => all(listed().map(|part| self.holds(part))),
            "any" => any(listed().map(|part| self.holds(part))),
            "not" => match self.holds(wanted) {
                Truth::Yes => Truth::No,
                Truth::No => Truth::Yes,
                other => other,
            },
            other => panic!("a condition on `{other}` is not known here"),
        }
    }
}

/// The calendar of UTC: day 0 was a Thursday.
const DAYS: [&str; 7] = ["thu", "fri", "sat", "sun", "mon", "tue", "wed"];
const DAY: u64 = 86_400_000_000;
const MINUTE: u64 = 60_000_000;

/// Hour and minute of a moment.
pub(super) fn clock(now: u64) -> (u64, u64) {
    let minutes = now % DAY / MINUTE;
    (minutes / 60, minutes % 60)
}

/// Is a moment in a window? The end of the day comes before its beginning: it goes on over midnight.
fn contains(window: &Value, now: u64) -> bool {
    let minutes = |key: &str, unsaid: u64| {
        window.get(key).map_or(unsaid, |text| {
            let (hour, minute) = text.as_str().unwrap().split_once(':').unwrap();
            hour.parse::<u64>().unwrap() * 60 + minute.parse::<u64>().unwrap()
        })
    };
    let (from, to, at) = (minutes("from", 0), minutes("to", 24 * 60), now % DAY / MINUTE);
    let of_day = if from <= to { (from..to).contains(&at) } else { at >= from || at < to };
    let today = DAYS[(now / DAY % 7) as usize];
    let weekday = |days: &Value| days.as_array().unwrap().iter().any(|day| day == today);
    of_day
        && window.get("weekdays").is_none_or(weekday)
        && window.get("not_before").is_none_or(|begin| begin.as_u64().unwrap() <= now)
        && window.get("until").is_none_or(|end| now < end.as_u64().unwrap())
}

/// What one test of a field comes to. A field that is not there is a missing attribute, but to the question whether it is.
fn field(test: &Value, data: &Value) -> Truth {
    let path = test["path"].as_str().unwrap();
    let found = path.split('.').try_fold(data, |value, key| value.get(key));
    let compared = test.as_object().unwrap().iter().filter(|(key, _)| *key != "path");
    all(compared.map(|(key, wanted)| match (key.as_str(), found) {
        ("exists", _) => yes(found.is_some() == wanted.as_bool().unwrap()),
        (_, None) => Truth::Missing,
        ("eq", Some(value)) => yes(value == wanted),
        ("ne", Some(value)) => yes(value != wanted),
        ("in", Some(value)) => yes(wanted.as_array().unwrap().contains(value)),
        ("lt", Some(value)) => ordered(value, wanted, Ordering::Less),
        ("gt", Some(value)) => ordered(value, wanted, Ordering::Greater),
        (other, _) => panic!("a test `{other}` of a field is not known here"),
    }))
}

/// Words and numbers have no order between them: that is missing.
fn ordered(value: &Value, bound: &Value, wanted: Ordering) -> Truth {
    let order = match (value, bound) {
        (Value::String(value), Value::String(bound)) => Some(value.cmp(bound)),
        _ => value.as_i64().zip(bound.as_i64()).map(|(value, bound)| value.cmp(&bound)),
    };
    order.map_or(Truth::Missing, |order| yes(order == wanted))
}
