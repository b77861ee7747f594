//! Questions about access: the rules of the specification of scopes, sections 8.4 and 5.3, and the two laws by brute force: `who`,
//! `what` and `check` agree on every pair, and the history of access is what `check` says at every moment.

use crate::scenario::Scenario;
use crate::support::{NOON, by_hand, chances, member, object, path, principal, scope_at};
use proptest::prelude::*;
use scoped::projections::tenancy::Applies;
use scoped::temporal::Cutoff;
use scoped::{
    AccessSpan, Batch, CHECKS_MAX, Capability, Command, EdgeCause, Effect, Engine, EntryId, Level,
    ManualDoor, Moment, ObjectId, PrincipalId, Question, Reached, Reading, Request, Resource, Role, ScopeRef,
    Sequence, Subject, What, Who, identity, objects, sharing, tenancy,
};
use std::collections::BTreeSet;
use std::sync::Arc;

const ENG: &str = "org:acme/dept:eng";

fn acme() -> Scenario {
    Scenario::of(
        "
        people olga rita adam gus
        scope  org:acme
        scope  org:acme/dept:eng
        scope  org:globex
        member org:acme olga owner
        member org:acme rita reader
        member org:acme/dept:eng adam admin
        member org:globex gus owner
        record eng1 org:acme/dept:eng adam write
        record acme1 org:acme olga
        ",
    )
}

#[test]
fn a_batch_of_questions_is_answered_at_one_position_or_not_at_all() {
    let acme = acme();
    let (rita, eng1) = (acme.person("rita"), acme.record("eng1"));
    let questions = [
        Question::new(rita, Capability::ReadLocal, eng1),
        Question::new(rita, Capability::Write, eng1),
        Question::new(rita, Capability::ReadLocal, path("org:acme/dept:eng/user:zed")),
        Question::new(rita, Capability::ReadLocal, ObjectId(7)),
        Question::new(PrincipalId(7), Capability::ReadLocal, eng1),
    ];
    let answers = acme.reading("adam").check(&questions[..3]).unwrap();
    assert_eq!(answers.iter().map(|answer| answer.allowed).collect::<Vec<_>>(), [true, false, true]);
    assert!(answers.windows(2).all(|two| two[0].position == two[1].position));
    assert!(answers.iter().all(|answer| answer.tier.is_some() && answer.why.is_some()), "adam may audit");
    // What is not there is a deny; about others, where nobody audits, it is nobody's to ask.
    assert!(!acme.reading("rita").check(&questions[3..4]).unwrap()[0].allowed);
    assert_eq!(acme.reading("adam").check(&questions[2..4]).unwrap_err().code(), "denied");
    assert!(!acme.reading("adam").check(&questions[4..]).unwrap()[0].allowed, "nobody by that id");
    assert_eq!(acme.reading("gus").check(&questions[..1]).unwrap_err().code(), "denied");
    let one = questions[0].clone();
    assert_eq!(acme.reading("rita").check(&vec![one.clone(); CHECKS_MAX]).unwrap().len(), CHECKS_MAX);
    for wrong in [vec![], vec![one; CHECKS_MAX + 1]] {
        assert_eq!(acme.reading("rita").check(&wrong).unwrap_err().code(), "invalid");
    }
}

#[test]
fn explaining_names_every_rule_and_takes_the_right_to_ask_why() {
    let mut acme = acme();
    acme.go("deny rita scope.read.* org:acme/dept:eng");
    let question = Question::new(acme.person("rita"), Capability::ReadLocal, path(ENG));
    let explained = acme.reading("adam").explain(&question).unwrap();
    assert!(!explained.answer.allowed);
    assert_eq!(explained.answer.tier, Some("scope"));
    assert!(explained.answer.why.as_deref().unwrap().contains(ENG), "{explained:?}");
    let counted: Vec<(bool, Effect)> =
        explained.considered.iter().map(|rule| (rule.counted, rule.effect)).collect();
    assert!(counted.contains(&(true, Effect::Deny)) && counted.contains(&(true, Effect::Allow)));
    assert_eq!(acme.reading("rita").explain(&question).unwrap_err().code(), "denied", "a reader");
    let plain = acme.reading("rita").check(std::slice::from_ref(&question)).unwrap();
    assert_eq!((plain[0].allowed, plain[0].tier, &plain[0].why), (false, None, &None));
}

#[test]
fn effective_lists_every_capability_allowed_or_denied() {
    let acme = acme();
    let about = |who: &str, whom: &str| acme.reading(who).effective(acme.person(whom), &path(ENG));
    let answers = about("olga", "rita").unwrap();
    assert_eq!(answers.len(), Capability::ALL.len());
    let allowed: Vec<Capability> =
        answers.iter().filter(|answer| answer.allowed).map(|answer| answer.capability).collect();
    assert_eq!(allowed, [Capability::ReadLocal, Capability::ReadHolistic]);
    assert!(answers.iter().all(|answer| answer.tier.is_some() && answer.why.is_some()));
    assert_eq!(about("rita", "rita").unwrap().iter().filter(|answer| answer.allowed).count(), 2);
    assert_eq!(about("rita", "olga").unwrap_err().code(), "denied");
    assert_eq!(about("gus", "olga").unwrap_err().code(), "denied");
}

#[test]
fn past_access_of_others_is_answered_to_those_who_may_audit_then_and_now() {
    let mut acme = acme();
    acme.go("
        mark  before
        deny  rita scope.read.* org:acme/dept:eng
        mark  denied
        lift  rita org:acme/dept:eng
    ");
    let rita = acme.person("rita");
    let ask = |who: &str, mark: &str| {
        let question = Question::new(rita, Capability::ReadLocal, path(ENG));
        acme.reading_at(who, mark).check(&[question]).map(|answers| answers[0].allowed)
    };
    assert_eq!(ask("adam", "before").ok(), Some(true));
    assert_eq!(ask("adam", "denied").ok(), Some(false));
    assert_eq!(ask("gus", "denied").unwrap_err().code(), "denied");
}

/// Whether a span reached into the present was once asked of the log's head, and not of the moment that the question was put to: a
/// refusal that left its trace meanwhile made what had run out look as if it still held.
#[test]
fn what_runs_out_counts_in_the_history_of_access_also_when_the_log_has_moved_on() {
    let mut acme = acme();
    acme.go("
        leave  org:acme rita
        member org:acme rita reader 60
    ");
    let asked = acme.engine.read(|moment| moment.world().position());
    acme.go("record later org:acme/dept:eng adam");
    let (rita, eng1) = (acme.person("rita"), acme.record("eng1"));
    let past = acme.engine.as_of(&Cutoff::At(asked)).unwrap();
    assert!(past.moment().world().position() < acme.engine.history().head());
    let moment = past.moment().decided_at(NOON + 100_000_000);
    let found = moment.access_history(&AccessSpan::new(rita, Capability::ReadLocal, eng1)).unwrap();
    let closed = found.last().unwrap().closed.expect("it ran out after a minute");
    assert_eq!((closed.time, closed.cause), (NOON + 60_000_000, EdgeCause::Expiry));
}

#[test]
fn the_history_of_access_gives_intervals_and_what_opened_and_closed_them() {
    let mut acme = acme();
    let start = acme.engine.read(|moment| moment.world().position());
    acme.go("
        deny   rita scope.read.* org:acme/dept:eng
        record late org:acme/dept:eng adam
        lift   rita org:acme/dept:eng
        tick   10
        leave  org:acme rita
        member org:acme rita reader 60
        tick   100
        record later org:acme/dept:eng adam
    ");
    let (rita, eng1) = (acme.person("rita"), acme.record("eng1"));
    let span = AccessSpan::new(rita, Capability::ReadLocal, eng1);
    let found = acme.reading("adam").access_history(&span).unwrap();
    let words: Vec<String> = found
        .iter()
        .map(|interval| {
            let edge = |cause: &EdgeCause| match cause {
                EdgeCause::Start => "start",
                EdgeCause::Event { kind, .. } => kind,
                EdgeCause::Expiry => "expiry",
                EdgeCause::Clock => "clock",
            };
            format!(
                "{} … {}",
                edge(&interval.opened.cause),
                interval.closed.map_or("open", |e| edge(&e.cause))
            )
        })
        .collect();
    let expected = [
        "sharing.object_projected … tenancy.acl_entry_added",
        "tenancy.acl_entry_removed … tenancy.member_removed",
        "tenancy.member_added … expiry",
    ];
    assert_eq!(words, expected);
    assert_eq!(found[2].closed.unwrap().time, NOON + 60_000_000);
    assert!(found[0].why.contains("reader of org:acme"), "{}", found[0].why);
    // A span begins with what was so already, and ends with what still is.
    let part = AccessSpan { from: start.get(), to: Some(start.get()), ..span.clone() };
    let part = acme.reading("adam").access_history(&part).unwrap();
    assert_eq!((part.len(), part[0].opened.cause, part[0].closed), (1, EdgeCause::Start, None));
    let head = acme.engine.read(|moment| moment.world().position().get());
    let code = |who: &str, span: &AccessSpan| acme.reading(who).access_history(span).unwrap_err().code();
    assert_eq!(code("adam", &AccessSpan { to: Some(head + 1), ..span.clone() }), "position_ahead");
    assert_eq!(code("adam", &AccessSpan { from: 9, to: Some(8), ..span.clone() }), "invalid");
    assert_eq!(code("gus", &span), "denied");
    assert_eq!(
        acme.reading("gus").access_history(&AccessSpan { actor: acme.person("gus"), ..span }).unwrap(),
        []
    );
}

// --- laws by brute force -------------------------------------------------------------------------------------------------------

/// Cases of the everyday run of each law.
const CASES: u32 = 500;
const PEOPLE: std::ops::RangeInclusive<u128> = 2..=5;
const SCOPES: [&str; 4] = ["org:a", "org:a/dept:b", "org:a/dept:b/user:c", "org:z"];
const OBJECTS: std::ops::RangeInclusive<u128> = 20..=23;

/// One thing that the founder does, or a moment that passes.
#[derive(Debug, Clone)]
enum Act {
    Member(usize, u128, Option<Role>, Option<u64>),
    Entry { scope: usize, effect: Effect, whom: u128, capability: usize, itself: bool, end: Option<u64> },
    Lift(usize),
    Project(u128, usize, Option<Level>),
    Suspend(u128, bool),
    Bury(u128, bool),
    Tick(u64),
    Both(Box<(Act, Act)>),
}

fn act() -> impl Strategy<Value = Act> {
    let end = || prop::option::weighted(0.4, 1_u64..40);
    let (scope, person) = (0..SCOPES.len(), PEOPLE);
    let role = prop::option::weighted(0.7, prop::sample::select(Role::ALL));
    let level = prop::option::weighted(0.8, prop::sample::select(Level::ALL));
    let effect = prop::sample::select(Effect::ALL);
    let one = prop_oneof![
        6 => (scope.clone(), person.clone(), role, end()).prop_map(|(s, p, r, e)| Act::Member(s, p, r, e)),
        6 => (scope.clone(), effect, 1..=7_u128, 0..4_usize, any::<bool>(), end()).prop_map(
            |(scope, effect, whom, capability, itself, end)| Act::Entry { scope, effect, whom, capability, itself, end }
        ),
        2 => (0..6_usize).prop_map(Act::Lift),
        5 => (OBJECTS, scope, level).prop_map(|(o, s, l)| Act::Project(o, s, l)),
        2 => (person, any::<bool>()).prop_map(|(p, s)| Act::Suspend(p, s)),
        2 => (OBJECTS, any::<bool>()).prop_map(|(o, t)| Act::Bury(o, t)),
        4 => (1_u64..30).prop_map(Act::Tick),
    ];
    let pair = (one.clone(), one.clone()).prop_map(|two| Act::Both(Box::new(two)));
    prop_oneof![5 => one, 1 => pair]
}

struct Run {
    engine: Engine,
    door: Arc<ManualDoor>,
    seconds: u64,
    entries: Vec<EntryId>,
    /// Ends of batches.
    positions: Vec<Sequence>,
}

impl Run {
    fn new() -> Self {
        let (engine, door) = by_hand(5);
        let founder = PrincipalId(1);
        let mut batch = Batch::new();
        for id in PEOPLE {
            batch.push(founder, principal(id));
        }
        for (at, id) in SCOPES.iter().zip(1..) {
            batch.push(founder, scope_at(at, id));
        }
        for (nth, id) in OBJECTS.enumerate() {
            // One of them belongs to somebody else, one is private.
            let owner = if nth == 1 { PrincipalId(2) } else { founder };
            let at = (nth > 1).then(|| SCOPES[nth % SCOPES.len()]);
            batch.push(owner, object(id, 1, at, Level::Read));
        }
        let made = engine.execute(batch).unwrap();
        Self { engine, door, seconds: 0, entries: Vec::new(), positions: vec![made.last] }
    }

    fn end(&self, seconds: Option<u64>) -> Option<u64> {
        seconds.map(|seconds| NOON + (self.seconds + seconds) * 1_000_000)
    }

    fn commands(&mut self, act: &Act) -> Vec<(PrincipalId, Command)> {
        let founder = PrincipalId(1);
        let owner = |object: u128| if object == 21 { PrincipalId(2) } else { founder };
        let one = |command: Command| vec![(founder, command)];
        match act {
            Act::Member(scope, who, role, end) => {
                let (at, who, expires_at) = (SCOPES[*scope], PrincipalId(*who), self.end(*end));
                let held = self.engine.read(|moment| {
                    let (tenancy, identity) = (moment.world().tenancy(), moment.world().identity());
                    let rows = path(at).row(tenancy).zip(identity.row(who));
                    rows.is_some_and(|(scope, who)| tenancy.member(scope, who).is_some())
                });
                one(match (role, held) {
                    (None, _) => tenancy::RemoveMember { scope: path(at), principal: who }.into(),
                    (Some(role), true) => {
                        let role = *role;
                        tenancy::ChangeMember { scope: path(at), principal: who, role, expires_at }.into()
                    }
                    (Some(role), false) => {
                        tenancy::AddMember { expires_at, ..member(at, who.0, *role) }.into()
                    }
                })
            }
            Act::Entry { scope, effect, whom, capability, itself, end } => {
                let entry = EntryId(100 + self.entries.len() as u128);
                self.entries.push(entry);
                let subject = match whom {
                    6 => Subject::Any,
                    7 => Subject::Role(Role::Writer),
                    1 => Subject::Role(Role::Reader),
                    id => Subject::Principal(PrincipalId(*id)),
                };
                let capability =
                    ["scope.read.local", "scope.read.*", "scope.write", "scope.audit.read"][*capability];
                let applies = if *itself { Applies::Itself } else { Applies::Subtree };
                one(tenancy::AddAclEntry {
                    entry: Some(entry),
                    scope: path(SCOPES[*scope]),
                    effect: *effect,
                    subject,
                    capability: capability.parse().unwrap(),
                    applies,
                    expires_at: self.end(*end),
                }
                .into())
            }
            Act::Lift(nth) => match self.entries.get(*nth) {
                Some(entry) => one(tenancy::RemoveAclEntry { entry: *entry }.into()),
                None => Vec::new(),
            },
            Act::Project(id, scope, level) => {
                let (object, scope) = (ObjectId(*id), path(SCOPES[*scope]));
                let command: Command = match level {
                    Some(level) => sharing::Project { object, scope, level: *level }.into(),
                    None => sharing::Revoke { object, scope }.into(),
                };
                vec![(owner(*id), command)]
            }
            Act::Suspend(who, suspend) => {
                let principal = PrincipalId(*who);
                one(if *suspend {
                    identity::SuspendPrincipal { principal }.into()
                } else {
                    identity::ReinstatePrincipal { principal }.into()
                })
            }
            Act::Bury(id, bury) => {
                let object = ObjectId(*id);
                let command: Command = if *bury {
                    objects::Tombstone::new(object).into()
                } else {
                    objects::Restore::new(object).into()
                };
                vec![(owner(*id), command)]
            }
            Act::Both(two) => {
                let mut all = self.commands(&two.0);
                all.extend(self.commands(&two.1));
                all
            }
            Act::Tick(_) => Vec::new(),
        }
    }

    fn act(&mut self, act: &Act) {
        if let Act::Tick(seconds) = act {
            self.seconds += seconds;
            self.door.set(NOON + self.seconds * 1_000_000);
        }
        let mut batch = Batch::new();
        for (who, command) in self.commands(act) {
            batch.push(who, command);
        }
        // Refusals are part of any history; they change nothing.
        if !batch.steps.is_empty()
            && let Ok(receipt) = self.engine.execute(batch)
        {
            self.positions.push(receipt.last);
        }
    }

    /// A log in which everybody has been heard: refusals of today are written too.
    fn resources(&self) -> Vec<Resource> {
        let scopes =
            SCOPES.iter().chain(&["org:a/dept:b/ws:none", "org:nope"]).map(|at| Resource::Scope(path(at)));
        scopes.chain(OBJECTS.chain([99]).map(|id| Resource::Object(ObjectId(id)))).collect()
    }
}

const CAPABILITIES: [Capability; 4] =
    [Capability::ReadLocal, Capability::Write, Capability::AclManage, Capability::AuditRead];

/// The history of access is what a check says, at the end of every batch and between.
fn history_is_what_checks_say(run: &Run) {
    // Traces of refusals that are still on their way would move the head between two questions.
    run.engine.sync().unwrap();
    let moments: Vec<_> =
        run.positions.iter().map(|at| run.engine.as_of(&Cutoff::At(*at)).unwrap()).collect();
    let now = NOON + run.seconds * 1_000_000;
    for actor in PEOPLE.chain([98]).map(PrincipalId) {
        for resource in run.resources() {
            for capability in CAPABILITIES {
                let spans = [
                    AccessSpan::new(actor, capability, resource.clone()),
                    AccessSpan::new(actor, capability, resource.clone())
                        .between(run.positions[run.positions.len() / 2], *run.positions.last().unwrap()),
                ];
                for span in spans {
                    let intervals = run.engine.read(|moment| moment.access_history(&span).unwrap());
                    for (nth, past) in moments.iter().enumerate() {
                        let (moment, at) = (past.moment(), run.positions[nth]);
                        if at.get() < span.from {
                            continue;
                        }
                        let begins = moment.world().time();
                        let ends = moments.get(nth + 1).map_or(now, |next| next.moment().world().time());
                        // A span that ends before the log does ends with its last event, whatever runs out later.
                        let is_last = span.to == Some(at.get()) && at < run.engine.history().head();
                        let ends = if is_last { begins } else { ends };
                        for time in [begins, begins.midpoint(ends), ends.saturating_sub(1).max(begins)] {
                            let question = Question::new(actor, capability, resource.clone());
                            let expected = moment.decided_at(time).check(&question).allowed;
                            let found = intervals.iter().any(|interval| interval.covers(at, time));
                            assert_eq!(
                                found, expected,
                                "{actor} {capability} {resource:?} at {at}, {time}: {intervals:?}"
                            );
                        }
                    }
                    for two in intervals.windows(2) {
                        assert!(two[0].closed.is_some_and(|closed| closed.time <= two[1].opened.time));
                    }
                }
            }
        }
    }
}

fn all_of_what(reading: &Reading, what: &What) -> BTreeSet<String> {
    let (mut found, mut what) = (BTreeSet::new(), What { limit: Some(2), ..what.clone() });
    loop {
        let page = reading.what(&what).unwrap();
        for item in page.items {
            let name = match item {
                Reached::Scope { label, .. } => label,
                Reached::Object { object, .. } => object.to_string(),
            };
            assert!(found.insert(name), "once");
        }
        let Some(cursor) = page.next_cursor else {
            assert!(page.complete);
            return found;
        };
        assert!(!page.complete);
        what.cursor = Some(cursor);
    }
}

fn all_of_who(reading: &Reading, who: &Who) -> BTreeSet<PrincipalId> {
    let (mut found, mut who) = (BTreeSet::new(), Who { limit: Some(2), ..who.clone() });
    loop {
        let page = reading.who(&who).unwrap();
        for grant in page.items {
            assert!(!grant.why.is_empty() && found.insert(grant.actor), "once, and through what");
        }
        match page.next_cursor {
            Some(cursor) => who.cursor = Some(cursor),
            None => return found,
        }
    }
}

/// `who`, `what` and `check` agree on every pair, page by page.
fn questions_agree(run: &Run, past: Option<Sequence>) {
    let session = |who| run.engine.session(who).ok();
    let reading = |who: PrincipalId| {
        let session = session(who)?;
        Some(past.map_or_else(|| session.reading(), |at| session.as_of(&Cutoff::At(at)).unwrap()))
    };
    let ask = |check: &dyn Fn(&Moment<'_>)| match past {
        None => run.engine.read(|moment| check(&moment)),
        Some(at) => check(&run.engine.as_of(&Cutoff::At(at)).unwrap().moment()),
    };
    for capability in CAPABILITIES {
        for actor in PEOPLE.map(PrincipalId) {
            let places: Vec<(String, Resource)> = run
                .resources()
                .into_iter()
                .filter(|resource| match resource {
                    Resource::Scope(scope) => SCOPES.contains(&scope.to_string().as_str()),
                    Resource::Object(_) => true,
                })
                .map(|resource| match &resource {
                    Resource::Scope(scope) => (scope.to_string(), resource),
                    Resource::Object(object) => (object.to_string(), resource),
                })
                .collect();
            let Some(mine) = reading(actor) else { continue };
            let refused = mine.what(&What::may(actor, capability)).is_err();
            ask(&|moment| {
                let expected: BTreeSet<String> = places
                    .iter()
                    .filter(|(_, at)| moment.check(&Question::new(actor, capability, at.clone())).allowed)
                    .map(|(name, _)| name.clone())
                    .collect();
                let live: BTreeSet<String> = moment
                    .what(&What::may(actor, capability))
                    .iter()
                    .map(|(info, _)| info.object.to_string())
                    .collect();
                assert!(live.is_subset(&expected));
                if refused {
                    assert!(expected.is_empty(), "whoever was suspended then is told nothing");
                }
            });
            if refused {
                continue;
            }
            let found = all_of_what(&mine, &What::may(actor, capability));
            ask(&|moment| {
                for (name, at) in &places {
                    let decision = moment.check(&Question::new(actor, capability, at.clone()));
                    assert_eq!(found.contains(name), decision.allowed, "{actor} {capability} {name}");
                }
                let known: BTreeSet<String> = places.iter().map(|(name, _)| name.clone()).collect();
                assert!(found.is_subset(&known));
            });
        }
        for resource in run.resources() {
            let founder = reading(PrincipalId(1)).unwrap();
            let audits = founder.who(&Who::may(capability, resource.clone())).is_ok();
            let question = Question::new(PrincipalId(1), Capability::AuditRead, resource.clone());
            ask(&|moment| {
                if past.is_none() {
                    assert_eq!(audits, moment.check(&question).allowed);
                }
                let all: BTreeSet<PrincipalId> = moment
                    .who(Request::new(capability, resource.target(moment.world())))
                    .into_iter()
                    .map(|grant| grant.actor)
                    .collect();
                for actor in (1..=6).map(PrincipalId) {
                    let decision = moment.check(&Question::new(actor, capability, resource.clone()));
                    assert_eq!(all.contains(&actor), decision.allowed, "{actor} {capability} {resource:?}");
                }
                if audits {
                    assert_eq!(all_of_who(&founder, &Who::may(capability, resource.clone())), all);
                }
            });
        }
    }
}

proptest! {
    #![proptest_config(chances(CASES, 20_261_124))]

    #[test]
    fn the_history_of_access_is_what_check_says_at_every_moment(acts in prop::collection::vec(act(), 1..18)) {
        let mut run = Run::new();
        for act in &acts {
            run.act(act);
        }
        history_is_what_checks_say(&run);
    }

    #[test]
    fn who_what_and_check_agree_on_every_pair(acts in prop::collection::vec(act(), 1..18), back in 0..6_usize) {
        let mut run = Run::new();
        for act in &acts {
            run.act(act);
        }
        questions_agree(&run, None);
        let at = run.positions[run.positions.len().saturating_sub(1 + back)];
        questions_agree(&run, Some(at));
    }
}

/// A page of holders shows one position: who comes later is not on it, who lost it between pages is.
#[test]
fn pages_of_holders_show_one_position() {
    let mut acme = acme();
    acme.go(
        "people p1 p2 p3\nmember org:acme p1 reader\nmember org:acme p2 reader\nmember org:acme p3 reader",
    );
    let who = Who { limit: Some(2), ..Who::may(Capability::ReadLocal, path("org:acme")) };
    let first = acme.reading("olga").who(&who).unwrap();
    acme.go("leave org:acme p3\npeople p4\nmember org:acme p4 reader");
    let mut all: Vec<PrincipalId> = first.items.iter().map(|grant| grant.actor).collect();
    let mut cursor = first.next_cursor.clone();
    while let Some(next) = cursor {
        let page = acme.reading("olga").who(&Who { cursor: Some(next), ..who.clone() }).unwrap();
        assert_eq!(page.position, first.position);
        all.extend(page.items.iter().map(|grant| grant.actor));
        cursor = page.next_cursor;
    }
    assert!(all.contains(&acme.person("p3")) && !all.contains(&acme.person("p4")));
    let stolen = Who { cursor: first.next_cursor, ..Who::may(Capability::Write, path("org:acme")) };
    assert_eq!(acme.reading("olga").who(&stolen).unwrap_err().code(), "invalid_cursor");
    let scope: ScopeRef = path("org:globex");
    assert_eq!(acme.reading("olga").who(&Who::may(Capability::Write, scope)).unwrap_err().code(), "denied");
}
