//! Is each kind of mutation reversible? Each is carried out in an engine of its own, taken back, and what it was about is compared
//! with what it was before: the state, not the existence of a trace.

use super::harness::Harness;
use crate::command::Command;
use crate::data::Data;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::objects;
use crate::temporal::{Cutoff, Entity, EntityState, Policy, Presence, Selection};
use crate::wire::parse_line;
use scoped_projections::{ObjectId, PrincipalId, Sequence, World};
use serde::Serialize;
use std::collections::BTreeSet;

/// One mutation, taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReversalCheck {
    /// The command.
    pub mutation_type: String,
    /// Everything that it touched is as it was.
    pub passed: bool,
    /// What was compared, or what differs.
    pub detail: String,
}

/// All of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Reversals {
    /// In the order in which they were tried.
    pub checks: Vec<ReversalCheck>,
}

impl Reversals {
    /// All can be taken back.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.checks.iter().all(|check| check.passed)
    }
    /// Those that cannot.
    pub fn failed(&self) -> impl Iterator<Item = &ReversalCheck> {
        self.checks.iter().filter(|check| !check.passed)
    }
}

/// A command of every sort that changes something, about the small world of [`prepared`].
const MUTATIONS: &[(&str, &str)] = &[
    ("objects.create", r#"{"type":"harness_object","data":{"n":1}}"#),
    ("objects.update", r#"{"object":"$object","data":{"n":2}}"#),
    ("objects.tombstone", r#"{"object":"$object"}"#),
    ("objects.transfer", r#"{"object":"$object","to":"$b"}"#),
    ("sharing.project", r#"{"object":"$object","scope":"org:kept/ws:two","level":"read"}"#),
    ("sharing.revoke", r#"{"object":"$object","scope":"org:kept"}"#),
    ("tenancy.create_scope", r#"{"path":"org:kept/ws:three"}"#),
    ("tenancy.rename_scope", r#"{"scope":"$flat","name":"another"}"#),
    ("tenancy.freeze_scope", r#"{"scope":"org:kept"}"#),
    ("tenancy.delete_scope", r#"{"scope":"org:kept/ws:two","recursive":true}"#),
    ("tenancy.set_policy", r#"{"scope":"org:kept","policy":{"visible_to_descendants":false}}"#),
    ("tenancy.add_member", r#"{"scope":"org:kept","principal":"$c","role":"reader"}"#),
    ("tenancy.change_member", r#"{"scope":"org:kept","principal":"$b","role":"admin"}"#),
    ("tenancy.remove_member", r#"{"scope":"org:kept","principal":"$b"}"#),
    (
        "tenancy.add_acl_entry",
        r#"{"scope":"org:kept","effect":"deny","subject":"$c","capability":"scope.write"}"#,
    ),
    ("identity.describe_principal", r#"{"principal":"$a","description":{"name":"renamed"}}"#),
    ("identity.suspend_principal", r#"{"principal":"$c"}"#),
    ("identity.add_relationship", r#"{"parent":"$a","child":"$c","label":"knows"}"#),
    ("config.set", r#"{"scope":"org:kept","key":"colour","value":"red"}"#),
    ("registry.register", r#"{"urn":"scoped:MODEL:app:other:1"}"#),
    ("templates.create", r#"{"name":"blank","type":"object","schema":{}}"#),
    ("rules.define", r#"{"name":"r","class":"access","effect":"deny","when":{"action":["delete"]}}"#),
];

/// Carries out and takes back one command of each sort.
///
/// # Errors
/// When the engine for it cannot be made. A mutation that fails is a failed check with the error's text.
pub fn verify_rollbacks() -> Result<Reversals> {
    let mut found = Reversals::default();
    for (name, with) in MUTATIONS {
        let (passed, detail) = match verify_one(name, with) {
            Ok(detail) => (true, detail),
            Err(error) => (false, error.to_string()),
        };
        found.checks.push(ReversalCheck { mutation_type: (*name).to_owned(), passed, detail });
    }
    Ok(found)
}

/// An engine with something of every sort.
struct Prepared {
    engine: Engine,
    actor: PrincipalId,
    object: ObjectId,
    users: [PrincipalId; 3],
}

fn prepared() -> Result<Prepared> {
    let Harness { engine, users } = Harness::new()?;
    let actor = engine.founder();
    for (name, with) in [
        ("tenancy.create_scope", r#"{"path":"org:kept"}"#),
        ("tenancy.create_scope", r#"{"path":"org:kept/ws:two"}"#),
        ("tenancy.create_scope", r#"{"parent":"org:kept","name":"flat"}"#),
        ("tenancy.add_member", r#"{"scope":"org:kept","principal":"$b","role":"writer"}"#),
    ] {
        let command = command(name, with, &users, None, &engine)?;
        engine.session(actor)?.execute(command)?;
    }
    let data = Data::new(serde_json::json!({ "n": 0 }))?;
    let scope: crate::ScopeRef = "org:kept".parse().map_err(|_| Error::invalid("no such path"))?;
    let create = objects::Create::new("harness_object", data).into_scope(scope, crate::Level::Write);
    let object = engine.session(actor)?.execute(create)?.object();
    Ok(Prepared { engine, actor, object, users })
}

/// A command in the form of the wire, with the ids of the prepared world put in.
fn command(
    name: &str,
    with: &str,
    users: &[PrincipalId; 3],
    object: Option<ObjectId>,
    engine: &Engine,
) -> Result<Command> {
    let flat = engine.read(|moment| {
        let tenancy = moment.world().tenancy();
        (0..tenancy.len() as u32)
            .filter_map(|row| tenancy.at(row))
            .find(|node| &*node.name == "flat")
            .map(|node| node.id)
    });
    let [a, b, c] = users;
    let with = with.replace("$a", &a.to_string()).replace("$b", &b.to_string()).replace("$c", &c.to_string());
    let with = with.replace("$object", &object.map_or_else(String::new, |object| object.to_string()));
    let with = with.replace("$flat", &flat.map_or_else(String::new, |flat| flat.to_string()));
    let line = format!(r#"{{"as":"{a}","do":"{name}","with":{with}}}"#);
    let (batch, _) = parse_line(&line).map_err(|error| Error::invalid(error.to_string()))?;
    let step = batch.steps.into_iter().next();
    Ok(step.ok_or_else(|| Error::invalid("a line is a command"))?.command)
}

fn verify_one(name: &str, with: &str) -> Result<String> {
    let Prepared { engine, actor, object, users } = prepared()?;
    let session = engine.session(actor)?;
    let before = engine.history().head();
    let receipt = session.execute(command(name, with, &users, Some(object), &engine)?)?;
    let to = Cutoff::At(before);
    let rolled_back = session.rollback(&to, Selection::All, Policy::AllOrNothing)?;
    if rolled_back.is_none() {
        return Err(Error::corrupt("there was nothing to take back"));
    }
    let history = engine.history();
    let (then, now) = (engine.as_of(&to)?, engine.as_of(&Cutoff::Head(0))?);
    let mut entities = BTreeSet::new();
    for record in history.reader().records(receipt.first, receipt.last) {
        entities.extend(Entity::of(&history.event(&record?)?));
    }
    for entity in &entities {
        let state = |world: &World| entity.state(world, history);
        let (was, is) = (state(then.moment().world())?, state(now.moment().world())?);
        if !same(&was, &is) {
            return Err(Error::corrupt(format!("{entity} was {was:?} and is {is:?}")));
        }
    }
    named(&engine, before.next(), receipt.last)?;
    Ok(format!("{} entities are as they were", entities.len()))
}

/// Is it as it was? What was not there is put away.
fn same(was: &EntityState, is: &EntityState) -> bool {
    match was.presence {
        Presence::Live => is.presence == Presence::Live && was.says_the_same(is),
        _ => is.presence != Presence::Live,
    }
}

/// Do the events of the rollback say which events they take back?
fn named(engine: &Engine, first: Sequence, last: Sequence) -> Result<()> {
    let history = engine.history();
    for record in history.reader().records(last.next(), history.head()) {
        let (context, event) = crate::history::decode(&record?)?;
        let undoes = Sequence::new(context.undoes);
        if Entity::of(&event).is_some() && context.undoes != 0 && undoes >= first && undoes <= last {
            return Ok(());
        }
    }
    Err(Error::corrupt("no event of the rollback names what it takes back"))
}
