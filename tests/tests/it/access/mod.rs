//! Random worlds of groups, cuts, lists, rules, projections, quotas, ends and moves: every answer about access is that of the specification,
//! now and at random cutoffs.
//!
//! `model` predicts every command of a few; this one predicts hardly any and reads everything: lines of the wire form are drawn, whatever
//! is accepted stands in the log, and [`oracle`] folds the log by the letter of the pages. A line that this build cannot read is no
//! part of its history.
//!
//! ```text
//! lines       what is drawn                  oracle   the decision rule, tenancy     policy      rules and bindings
//! rule_lines  the same, about rules          making   what may come to be            conditions  what they ask, and what is known
//! views       what each view shows           counting quotas of rules                words       what is declared
//! questions   who, what, when                                                        cel         conditions in CEL
//! ```
//!
//! `SCOPED_CASES=10000` runs more cases, with other chances each time.

mod cel;
mod conditions;
mod counting;
pub(crate) mod lines;
mod making;
mod oracle;
mod policy;
mod questions;
mod rule_lines;
mod views;
mod words;

use crate::support::{NOON, by_hand, chances, panic_text};
use oracle::{Access, Fact};
use proptest::test_runner::{TestCaseError, TestError, TestRunner};
use proptest::{prelude::*, strategy::Strategy};
use scoped::projections::domains::kind_info;
use scoped::temporal::Cutoff;
use scoped::{Capability, Door, Engine, ManualDoor, ObjectId, PrincipalId, ScopeId, Sequence, Target};
use std::cell::RefCell;
use std::collections::BTreeMap;
use views::Looking;

/// Cases of the everyday run, all of them small.
const CASES: u32 = 500;
const PRINCIPALS: u8 = 6;
const SCOPES: u8 = 7;
const OBJECTS: u8 = 5;

pub(crate) type Raw = [u8; 5];

fn id(number: u8) -> String {
    ObjectId(u128::from(number)).to_string()
}

fn principal(number: u8) -> PrincipalId {
    PrincipalId(u128::from(number))
}

/// The log as an auditor reads it, from a position on.
fn facts(engine: &Engine, from: u64) -> Vec<Fact> {
    let history = engine.history();
    let records = history.reader().records(Sequence::new(from), history.head());
    let fact = |record: scoped::log::Record| Fact {
        at: record.sequence().get(),
        kind: kind_info(record.kind()).unwrap().name,
        scope: Some(record.scope())
            .filter(|id| *id != 0)
            .map_or_else(String::new, |id| ScopeId(id).to_string()),
        actor: PrincipalId(record.actor()).to_string(),
        time: record.time(),
        left: record.batch_left(),
        facts: serde_json::to_value(history.event(&record).unwrap()).unwrap(),
        payload: history
            .payload(record.sequence())
            .unwrap()
            .map(|bytes| serde_json::from_slice(&bytes).unwrap()),
    };
    records.map(|record| fact(record.unwrap())).collect()
}

/// What all cases together went through.
#[derive(Debug, Default)]
struct Seen {
    kinds: BTreeMap<&'static str, u64>,
    refused: u64,
    allowed: u64,
    denied: u64,
    /// Decisions that rules had something to say about.
    ruled: u64,
    views: u64,
    /// Records, events and nodes that views showed.
    shown: u64,
    /// Batches that made scopes on the way.
    provisioned: u64,
    /// Attempts that a quota of a scope refused.
    quotas: u64,
    /// Attempts that a quota of a rule refused.
    rule_quotas: u64,
    /// Writes of data that were held against the rule.
    written: u64,
    /// What rules of the log ask for, and what they are bound to.
    asks: BTreeMap<String, u64>,
    intervals: u64,
}

impl Seen {
    fn add(&mut self, other: Self) {
        other.asks.into_iter().for_each(|(what, count)| *self.asks.entry(what).or_default() += count);
        other.kinds.into_iter().for_each(|(kind, count)| *self.kinds.entry(kind).or_default() += count);
        for (into, from) in [
            (&mut self.refused, other.refused),
            (&mut self.allowed, other.allowed),
            (&mut self.denied, other.denied),
            (&mut self.ruled, other.ruled),
            (&mut self.views, other.views),
            (&mut self.shown, other.shown),
            (&mut self.provisioned, other.provisioned),
            (&mut self.quotas, other.quotas),
            (&mut self.rule_quotas, other.rule_quotas),
            (&mut self.written, other.written),
            (&mut self.intervals, other.intervals),
        ] {
            *into += from;
        }
    }

    /// A generator that never reaches something tests nothing there.
    fn check(&self) {
        assert!(self.allowed > self.denied / 20, "most answers should not be one: {self:?}");
        for kind in [
            "identity.relationship_added",
            "tenancy.acl_entry_added",
            "tenancy.scope_provisioned",
            "tenancy.member_added",
            "sharing.object_projected",
            "rules.rule_updated",
            "rules.binding_added",
            "rules.binding_changed",
            "rules.binding_removed",
        ] {
            assert!(self.kinds.get(kind).is_some_and(|count| *count > 20), "{kind}: {self:?}");
        }
        for what in ["environment", "classification", "time", "data", "cel"] {
            assert!(
                self.asks.get(what).is_some_and(|count| *count > 20),
                "rules that ask for {what}: {self:?}"
            );
        }
        for to in ["connector", "environment", "object", "object_type", "principal", "scope"] {
            assert!(self.asks.get(&format!("to {to}")).is_some_and(|count| *count > 20), "{to}: {self:?}");
        }
        for (what, count) in [
            ("decided by rules", self.ruled),
            ("shown by views", self.shown),
            ("provisioned", self.provisioned),
            ("refused by quotas", self.quotas),
            ("refused by quotas of rules", self.rule_quotas),
            ("written", self.written),
            ("in intervals", self.intervals),
        ] {
            assert!(count > 4, "{what}: {self:?}");
        }
    }
}

/// Counts what a condition asks for.
fn count_asks(value: &serde_json::Value, asks: &mut BTreeMap<String, u64>) {
    let parts = value.as_object().into_iter().flatten();
    for (key, part) in parts {
        *asks.entry(key.clone()).or_default() += 1;
        let list =
            if key == "not" { std::slice::from_ref(part) } else { part.as_array().map_or(&[][..], |v| v) };
        if matches!(key.as_str(), "all" | "any" | "not") {
            list.iter().for_each(|part| count_asks(part, asks));
        }
    }
}

/// Everything that is drawn for a case besides its lines.
type Picks = ([Raw; 4], [u16; 2], u8);

fn case(raws: &[Raw], picks: Picks, seen: &mut Seen) {
    let (rules, cutoffs, pick) = picks;
    let (engine, door) = by_hand(11);
    lines::prelude(&engine, &rules);
    let mut log = facts(&engine, 1);
    for raw in raws {
        pass_time(&door, raw[3]);
        let line = lines::drawn(raw, door.now());
        let Ok((batch, _)) = scoped::parse_line(&line) else {
            seen.refused += 1;
            continue;
        };
        let makes = line.contains("objects.create") || line.contains("objects.update");
        let before = makes.then(|| Access::at(&log, u64::MAX));
        let refused = engine.execute(batch).err();
        seen.refused += u64::from(refused.is_some());
        if let Some(before) = before {
            making::attempt(&before, &line, door.now(), refused.map(|error| error.code()), seen);
        }
        let next = log.last().map_or(1, |fact| fact.at + 1);
        log.extend(facts(&engine, next));
    }
    engine.sync().unwrap();
    log = facts(&engine, 1);
    for fact in &log {
        *seen.kinds.entry(fact.kind).or_default() += 1;
        count_asks(&fact.facts["body"]["when"], &mut seen.asks);
        for to in fact.facts["targets"].as_object().into_iter().flatten() {
            *seen.asks.entry(format!("to {}", to.0)).or_default() += 1;
        }
    }
    making::nothing_came_to_be_that_might_not(&log, seen);

    let (now, access) = (door.now(), Access::at(&log, u64::MAX));
    engine.read(|moment| questions::compare(&moment.decided_at(now), &access, now, pick, seen));
    questions::history(&engine, &log, now, pick, seen);
    let today = Looking::new((&access, now), (&access, now), &log);
    views::compare(|who| Some(engine.session(who).ok()?.reading()), &today, |_| true, seen);
    let head = log.len() as u64;
    for (nth, cut) in cutoffs.into_iter().enumerate() {
        let at = Sequence::new(u64::from(cut) % head + 1);
        let past = engine.as_of(&Cutoff::At(at)).unwrap();
        let (then, time) = (Access::at(&log, at.get()), log[at.get() as usize - 1].time);
        questions::compare(&past.moment(), &then, time, pick.rotate_left(3), seen);
        let looking = Looking::new((&then, time), (&access, now), &log[..at.get() as usize]);
        let reading = |who| engine.session(who).ok()?.as_of(&Cutoff::At(at)).ok();
        views::compare(reading, &looking, |who| usize::from(who % 2) == nth, seen);
    }
}

fn pass_time(door: &ManualDoor, by: u8) {
    door.set(door.now().max(NOON) + u64::from(by) * 300_000);
}

#[test]
fn every_answer_about_access_is_that_of_the_specification() {
    let picks = (any::<[Raw; 4]>(), any::<[u16; 2]>(), any::<u8>());
    let histories = (prop::collection::vec(any::<Raw>(), 1..40), picks);
    let seen = RefCell::new(Seen::default());
    let mut runner = TestRunner::new(chances(CASES, 20_261_123));
    let result = runner.run(&histories.prop_map(|case| case), |(raws, picks)| {
        let run = std::panic::catch_unwind(|| {
            let mut seen = Seen::default();
            case(&raws, picks, &mut seen);
            seen
        });
        match run {
            Ok(found) => {
                seen.borrow_mut().add(found);
                Ok(())
            }
            Err(panic) => Err(TestCaseError::fail(panic_text(&*panic))),
        }
    });
    match result {
        Ok(()) => {
            let seen = seen.into_inner();
            eprintln!("{seen:?}");
            seen.check();
        }
        Err(TestError::Fail(reason, (raws, picks))) => {
            let story: Vec<String> = raws.iter().map(|raw| lines::drawn(raw, NOON)).collect();
            panic!("{reason}\nsmallest case: {raws:?}, {picks:?}\n{}", story.join("\n"))
        }
        Err(abort) => panic!("{abort}"),
    }
}

/// Once an allow for `role:reader` in a scope with an inheritance cut let in the readers from above: the cut kept their role out
/// and the entry took it back in.
#[test]
fn behind_a_cut_an_allow_for_a_role_does_not_speak_to_those_who_hold_it_above() {
    let (engine, _) = by_hand(12);
    lines::prelude(&engine, &[]);
    let (reader, above, below) = (id(2), id(1), id(2));
    for (name, with) in [
        ("tenancy.add_member", format!(r#""scope":"{above}","principal":"{reader}","role":"reader""#)),
        ("tenancy.set_policy", format!(r#""scope":"{below}","policy":{{"inherit_members":false}}"#)),
        (
            "tenancy.add_acl_entry",
            format!(
                r#""entry":"{}","scope":"{below}","effect":"allow","subject":"role:reader","capability":"scope.read.local""#,
                id(1)
            ),
        ),
    ] {
        engine.execute(scoped::parse_line(&lines::line(&id(1), name, &with)).unwrap().0).unwrap();
    }
    let may = |scope: u128| {
        engine.read(|moment| {
            let row = moment.world().tenancy().row(ScopeId(scope)).unwrap();
            moment.can(PrincipalId(2), Capability::ReadLocal, Target::Scope(row)).allowed
        })
    };
    assert!(may(1) && !may(2));
}
