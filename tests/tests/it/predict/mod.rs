//! Drawn histories of groups, templates, settings, contracts, rules and data subjects: what each command comes to is predicted.
//!
//! `model` predicts principals, scopes, lists, objects and projections; this one has a small model for each of the domains above, written from the
//! pages and decisions, that gives the code of each refusal, and the state after each thing that is accepted, now and at random moments of the past.
//! What one domain asks of the others is the [`Ground`]: who holds what where.
//!
//! ```text
//! ground    who holds which role, through which groups; a scope that comes and goes
//! groups  templates  settings  contracts  rules  subjects     a domain each: its lines, its answers, its state
//! ```
//!
//! `SCOPED_CASES=10000` runs more cases, with other chances each time.

mod contracts;
mod ground;
mod groups;
mod rules;
mod settings;
mod subjects;
mod templates;

use crate::support::{NOON, chances, panic_text, small_segments};
use ground::{Ground, Who};
use proptest::test_runner::{TestCaseError, TestError, TestRunner};
use proptest::{prelude::*, strategy::Strategy};
use scoped::temporal::Cutoff;
use scoped::vault::{Kek, StoredKeys};
use scoped::{Engine, Keys, ManualDoor, Moment, PrincipalId, parse_line};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

const CASES: u32 = 200;

type Raw = [u8; 6];
/// What a command comes to: done, or the code of its refusal.
type Answer = Result<(), &'static str>;
/// A command: its name, and what goes with it.
type Line = (&'static str, Value);

/// An id as it is written.
fn id(number: u8) -> String {
    scoped::ObjectId(u128::from(number)).to_string()
}

/// Everything that is predicted.
#[derive(Debug, Clone, Default)]
struct World {
    ground: Ground,
    templates: templates::Templates,
    settings: settings::Settings,
    contracts: contracts::Contracts,
    rules: rules::Rules,
    subjects: subjects::Subjects,
}

impl World {
    /// What a line comes to, and the world behind it.
    fn after(&self, who: Who, (name, with): &Line) -> Result<Self, &'static str> {
        let mut next = self.clone();
        let (domain, _) = name.split_once('.').unwrap();
        match domain {
            "tenancy" => next.ground.scope_command(who, name)?,
            "identity" => next.ground.edge_command(who, name, with)?,
            "templates" => next.templates.command(&self.ground, who, name, with)?,
            "config" => next.settings.command(&self.ground, who, name, with)?,
            "contracts" => next.contracts.command(&self.ground, who, name, with)?,
            "objects" if with["type"] != "file" && *name == "objects.create" => {
                next.contracts.write(&self.ground, who, with)?;
            }
            "objects" | "subjects" => next.subjects.command(&self.ground, who, name, with)?,
            _ => next.rules.command(&self.ground, who, name, with)?,
        }
        Ok(next)
    }
    /// Holds a moment against this; `last` is what there is now.
    fn compare(&self, moment: &Moment<'_>, last: &Self) {
        self.ground.compare(moment);
        self.templates.compare(moment);
        self.settings.compare(moment, &self.ground);
        self.contracts.compare(moment);
        self.rules.compare(moment);
        self.subjects.compare(moment, &last.subjects);
    }
}

/// Raw numbers to a line, and who gives it.
fn drawn(raw: &Raw) -> (Who, Line) {
    let who = [1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 3, 4, 5, 1][usize::from(raw[1]) % 16];
    let line = match raw[0] % 19 {
        0 => ground::drawn(raw),
        1..=3 => groups::drawn(raw),
        4..=6 => templates::drawn(raw),
        7..=9 => settings::drawn(raw),
        10..=12 => contracts::drawn(raw),
        13..=15 => rules::drawn(raw),
        _ => subjects::drawn(raw),
    };
    (who, line)
}

/// What every history begins with, predicted like the rest: a thing of each domain, and two rules that say the opposite.
fn beginning() -> Vec<(Who, Line)> {
    let fields = json!([{ "name": "n", "type": "integer" }]);
    let rule = |rule, effect| json!({ "rule": id(rule), "name": "r", "class": "ownership", "effect": effect, "when": {} });
    let to = json!({ "scope": id(ground::BELOW) });
    vec![
        (1, ("rules.define", rule(1, "allow"))),
        (1, ("rules.define", rule(2, "deny"))),
        (1, ("rules.bind", json!({ "binding": id(1), "rule": id(1), "to": to }))),
        (
            2,
            (
                "templates.create",
                json!({ "template": id(1), "name": "t", "type": "thing", "schema": {}, "scope": id(1) }),
            ),
        ),
        (
            1,
            (
                "contracts.create",
                json!({ "contract": id(1), "name": "c", "object_type": "thing", "fields": fields }),
            ),
        ),
    ]
}

fn text(who: Who, (name, with): &Line) -> String {
    json!({ "as": id(who), "do": name, "with": with }).to_string()
}

/// How often each command was accepted, and each code was given.
#[derive(Debug, Default)]
struct Seen {
    accepted: BTreeMap<&'static str, u64>,
    refused: BTreeMap<&'static str, u64>,
}

fn case(raws: &[Raw], cutoffs: [u16; 2], seen: &RefCell<Seen>) {
    let engine = with_keys();
    ground::prelude(&engine);
    let (mut world, mut moments) = (World::default(), Vec::new());
    moments.push((head(&engine), world.clone()));
    for (who, line) in beginning().into_iter().chain(raws.iter().map(drawn)) {
        let text = text(who, &line);
        let (batch, _) = parse_line(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        let (expected, found) = (world.after(who, &line), engine.execute(batch));
        match (expected, found) {
            (Ok(next), Ok(_)) => {
                *seen.borrow_mut().accepted.entry(line.0).or_default() += 1;
                world = next;
                moments.push((head(&engine), world.clone()));
            }
            (Err(code), Err(error)) => {
                *seen.borrow_mut().refused.entry(error.code()).or_default() += 1;
                assert_eq!(error.code(), code, "{text}: {error}");
            }
            (expected, found) => panic!("{text}: expected {:?}, found {found:?}", expected.map(drop)),
        }
    }
    engine.sync().unwrap();
    engine.read(|moment| world.compare(&moment, &world));
    for cut in cutoffs {
        let (at, then) = &moments[usize::from(cut) % moments.len()];
        let past = engine.as_of(&Cutoff::At(*at)).unwrap();
        then.compare(&past.moment(), &world);
    }
}

/// An engine whose time stands still, with a key store.
fn with_keys() -> Engine {
    let keys = Keys::new(StoredKeys::memory(), Kek::new([7; 32]));
    let options =
        small_segments().door(Arc::new(ManualDoor::new(NOON, 23))).founder(PrincipalId(1)).keys(keys);
    Engine::on(Arc::new(scoped::log::MemoryStorage::new()), options).unwrap()
}

fn head(engine: &Engine) -> scoped::Sequence {
    engine.read(|moment| moment.world().position())
}

#[test]
fn every_command_of_a_domain_comes_to_what_its_model_says() {
    let raws = (prop::collection::vec(any::<Raw>(), 20..160), any::<[u16; 2]>());
    let seen = RefCell::new(Seen::default());
    let result =
        TestRunner::new(chances(CASES, 20_261_124)).run(&raws.prop_map(|case| case), |(raws, cuts)| {
            let run = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| case(&raws, cuts, &seen)));
            run.map_err(|panic| TestCaseError::fail(panic_text(&*panic)))
        });
    match result {
        Ok(()) => {
            let seen = seen.into_inner();
            for name in PREDICTED {
                assert!(seen.accepted.contains_key(name), "no case ever had a `{name}` accepted: {seen:?}");
            }
            for code in [
                "denied",
                "exists",
                "not_found",
                "archived",
                "locked",
                "cycle",
                "rule_conflict",
                "stale",
                "subject_erased",
                "contract",
            ] {
                assert!(seen.refused.contains_key(code), "no case was ever refused as `{code}`: {seen:?}");
            }
        }
        Err(TestError::Fail(reason, (raws, cuts))) => {
            let story: Vec<String> =
                raws.iter().map(|raw| drawn(raw)).map(|(who, line)| text(who, &line)).collect();
            panic!("{reason}\nsmallest case: {raws:?}, {cuts:?}\n{}", story.join("\n"))
        }
        Err(abort) => panic!("{abort}"),
    }
}

/// The commands that these models predict.
pub(crate) const PREDICTED: [&str; 24] = [
    "identity.add_relationship",
    "identity.remove_relationship",
    "templates.create",
    "templates.update",
    "templates.archive",
    "templates.reopen",
    "templates.instantiate",
    "config.set",
    "config.delete",
    "contracts.create",
    "contracts.update",
    "contracts.deprecate",
    "contracts.activate",
    "contracts.archive",
    "contracts.unarchive",
    "rules.define",
    "rules.describe",
    "rules.update",
    "rules.bind",
    "rules.rebind",
    "rules.unbind",
    "rules.archive",
    "rules.unarchive",
    "subjects.erase",
];
