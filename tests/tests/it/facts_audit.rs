//! The facts of the audit page, and what goes beyond them: indexes, pages, causes, before and after.

use crate::support::{
    NOON, by_hand, files, member, object, path, principal, scope_at, small_segments, update,
};
use scoped::audit::{TrailExport, TrailFormat};
use scoped::log::VerifyOptions;
use scoped::projections::audit::{AccessRecorded, AuditEvent};
use scoped::projections::tenancy::{AuditReads, Policy as Policy_};
use scoped::temporal::{Cutoff, Entity, Presence, Selection};
use scoped::{
    Action, AuditEntry, Batch, Engine, Event, Filter, Level, ManualDoor, ObjectId, Policy, PrincipalId,
    Reading, Role, ScopeId, Sequence, identity, objects,
};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

const ADA: PrincipalId = PrincipalId(1);

/// The founder, Bo (2, owner of `org:a`), Cy (3, member of `org:a/ws:b`), and `org:z` beside.
fn world() -> (Engine, Arc<ManualDoor>) {
    let (engine, door) = by_hand(7);
    let mut batch = Batch::new().with(ADA, principal(2)).with(ADA, principal(3));
    for (path, id) in [("org:a", 1), ("org:a/ws:b", 2), ("org:z", 3)] {
        batch.push(ADA, scope_at(path, id));
    }
    batch.push(ADA, member("org:a", 2, Role::Owner));
    batch.push(ADA, member("org:a/ws:b", 3, Role::Writer));
    engine.execute(batch).unwrap();
    (engine, door)
}

fn reading(engine: &Engine, id: u128) -> Reading {
    engine.session(PrincipalId(id)).unwrap().reading()
}

fn found(reading: &Reading, filter: &Filter) -> Vec<AuditEntry> {
    let page = reading.audit(filter, 1_000).unwrap();
    assert_eq!(page.next, None);
    // That it was asked for is in the trail by now, where operators see it.
    let last = page.entries.iter().map(|entry| entry.envelope.sequence).max();
    let filter = &Filter { to: last.unwrap_or(filter.to), ..filter.clone() };
    assert_eq!(
        reading.audit_count(filter).unwrap(),
        page.entries.len() as u64,
        "the count is that of the page"
    );
    page.entries
}

fn kinds(entries: &[AuditEntry]) -> Vec<&'static str> {
    entries.iter().map(AuditEntry::kind).collect()
}

fn positions(entries: &[AuditEntry]) -> Vec<u64> {
    entries.iter().map(|entry| entry.envelope.sequence.get()).collect()
}

#[test]
fn sequences_go_up_by_one_and_each_record_is_chained_to_the_one_before() {
    let (engine, _) = by_hand(1);
    let log = engine.history().reader();
    let first = log.get(Sequence::new(1)).unwrap().unwrap();
    assert_eq!(first.sequence(), Sequence::new(1), "the first entry has nothing before it");
    let made = engine
        .execute(Batch::new().with(ADA, principal(2)).with(ADA, principal(3)).with(ADA, principal(4)))
        .unwrap();
    assert_eq!(made.last.get(), made.first.get() + 2, "a batch of three is consecutive");
    assert_eq!(log.chain_at(made.last).unwrap(), Some(made.head), "the receipt has the last chain value");
    assert_eq!(log.last(), made.last);
    let mut values = BTreeSet::new();
    for at in 1..=made.last.get() {
        let record = log.get(Sequence::new(at)).unwrap().unwrap();
        assert_eq!(record.chain().to_string().len(), 64, "64 hex digits");
        assert!(values.insert(record.chain().to_string()), "every entry changes the chain");
    }
}

#[test]
fn equal_histories_have_equal_chains_and_another_actor_another_one() {
    let chain = |actor: u128| {
        let (engine, _) = by_hand(1);
        engine
            .execute(
                Batch::new()
                    .with(ADA, principal(2))
                    .with(ADA, identity::SetOperator { principal: PrincipalId(2), operator: true }),
            )
            .unwrap();
        let receipt =
            engine.execute(Batch::new().with(PrincipalId(actor), object(9, 1, None, Level::Read))).unwrap();
        receipt.head
    };
    assert_eq!(chain(1), chain(1));
    assert_ne!(chain(1), chain(2));
}

#[test]
fn a_writer_that_comes_later_goes_on_where_the_log_ends() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Engine::open_with(folder.path(), small_segments().founder(ADA)).unwrap();
    let engine = open();
    let before = engine.history().head();
    engine.close().unwrap();
    let engine = open();
    let receipt = engine.execute(Batch::new().with(ADA, principal(2))).unwrap();
    assert_eq!(receipt.first, before.next());
    engine.close().unwrap();
    let storage: Arc<dyn scoped::log::Storage> = Arc::new(scoped::log::FileStorage::new(folder.path()));
    let report = scoped::log::verify(&storage, &VerifyOptions::default(), &|_| ()).unwrap();
    assert!(report.is_clean(), "{:?}", report.first_bad());
    assert!(!files(folder.path()).is_empty());
}

#[test]
fn an_entry_keeps_who_did_what_where_to_what_when_and_why() {
    let (engine, door) = world();
    door.set(NOON + 5);
    let batch = Batch::new().with(PrincipalId(2), object(10, 1, Some("org:a"), Level::Write));
    let made = engine.execute(batch.happened_at(-7).correlated(77)).unwrap();
    let bo = reading(&engine, 2);
    let entry = bo.audit_at(made.first).unwrap();
    assert_eq!(bo.audit_of(entry.id).unwrap().envelope, entry.envelope, "by id as by position");
    let at = entry.envelope;
    assert_eq!((at.actor, at.scope, at.time), (PrincipalId(2), ScopeId(1), NOON + 5));
    assert_eq!((at.context.correlation, at.context.valid_time), (77, Some(-7)));
    assert_eq!(
        (entry.entity, entry.nature.action),
        (Some(Entity::Object(ObjectId(10))), Some(Action::Create))
    );
    assert_eq!(entry.data.as_deref(), Some(&br#"{"cpu":1}"#[..]));
    for missing in [Sequence::NONE, Sequence::new(9_999), Sequence::new(1)] {
        assert_eq!(bo.audit_at(missing).unwrap_err().code(), "denied", "missing and hidden sound alike");
    }
    assert_eq!(bo.audit_of(4_711).unwrap_err().code(), "denied");
}

#[test]
fn every_filter_leaves_what_fits_and_they_combine() {
    let (engine, door) = world();
    door.set(NOON + 1_000_000);
    engine
        .execute(Batch::new().with(PrincipalId(3), object(10, 1, Some("org:a/ws:b"), Level::Write)))
        .unwrap();
    door.set(NOON + 2_000_000);
    engine.execute(Batch::new().with(PrincipalId(2), update(10, 2))).unwrap();
    door.set(NOON + 3_000_000);
    engine.execute(Batch::new().with(PrincipalId(2), object(11, 1, Some("org:a"), Level::Read))).unwrap();
    let bury = objects::Tombstone { object: ObjectId(10), reason: None, expected_version: None };
    engine.execute(Batch::new().with(PrincipalId(2), bury)).unwrap();
    let bo = reading(&engine, 2);
    let of = |filter: Filter| kinds(&found(&bo, &filter));
    let filter = Filter::default;
    assert_eq!(
        of(Filter { actor: Some(PrincipalId(3)), ..filter() }),
        ["objects.created", "sharing.object_projected"]
    );
    assert_eq!(
        of(Filter { actions: Some(vec![Action::Update, Action::Delete]), ..filter() }),
        ["objects.updated", "objects.tombstoned"]
    );
    let updated = scoped::projections::objects::ObjectUpdated::KIND;
    assert_eq!(of(Filter { kinds: Some(vec![updated]), ..filter() }), ["objects.updated"]);
    assert_eq!(
        of(Filter { object: Some(ObjectId(11)), ..filter() }),
        ["objects.created", "sharing.object_projected"]
    );
    assert_eq!(
        of(Filter::about(Entity::Object(ObjectId(10)))),
        ["objects.created", "objects.updated", "objects.tombstoned"]
    );
    assert_eq!(of(Filter::about(Entity::Share(ObjectId(10), ScopeId(2)))), ["sharing.object_projected"]);
    assert_eq!(
        of(Filter::about(Entity::Share(ObjectId(10), ScopeId(1)))),
        [""; 0],
        "one id is not the other"
    );
    assert_eq!(of(Filter::about(Entity::Member(ScopeId(2), PrincipalId(3)))), ["tenancy.member_added"]);
    assert_eq!(
        of(Filter { scopes: Some(vec![ScopeId(2)]), actor: Some(ADA), ..filter() }),
        ["tenancy.scope_created", "tenancy.member_added", "tenancy.member_added"]
    );
    let within = |path_: &str| of(Filter { within: Some(path(path_)), ..filter() }).len();
    assert_eq!(
        within("org:a"),
        within("org:a/ws:b") + of(Filter { scopes: Some(vec![ScopeId(1)]), ..filter() }).len()
    );
    assert_eq!(
        (within("org:z"), within("org:nope")),
        (0, 0),
        "what is not Bo's to audit, and what is not there"
    );
    let time = |since: u64, until: u64| {
        of(Filter {
            since: Some(NOON + since),
            until: Some(NOON + until),
            object: Some(ObjectId(10)),
            ..filter()
        })
    };
    assert_eq!(time(2_000_000, 2_000_000), ["objects.updated"], "both ends are meant");
    assert_eq!(time(1_000_001, 2_999_999), ["objects.updated"]);
    assert_eq!(of(Filter { until: Some(1), ..filter() }), [""; 0], "before the first event");
    assert_eq!(of(Filter { since: Some(u64::MAX), ..filter() }), [""; 0]);
    let all = found(&bo, &filter());
    let newest = found(&bo, &Filter { descending: true, ..filter() });
    let mut turned = positions(&newest);
    turned.reverse();
    assert_eq!(turned, positions(&all));
    assert_eq!(
        found(&bo, &Filter { from: all[3].envelope.sequence, to: all[4].envelope.sequence, ..filter() })
            .len(),
        2
    );
}

#[test]
fn pages_follow_one_another_without_gap_in_both_directions() {
    let (engine, _) = world();
    for n in 0..9 {
        engine.execute(Batch::new().with(PrincipalId(2), object(100 + n, 1, None, Level::Read))).unwrap();
    }
    let bo = reading(&engine, 2);
    for descending in [false, true] {
        let mut filter = Filter { actor: Some(PrincipalId(2)), descending, ..Filter::default() };
        let all = positions(&found(&bo, &filter));
        let (mut paged, mut pages) = (Vec::new(), 0);
        loop {
            let page = bo.audit(&filter, 2).unwrap();
            paged.extend(positions(&page.entries));
            pages += 1;
            match page.next {
                Some(next) => filter = filter.resumed(next),
                None => break,
            }
        }
        assert_eq!((paged, pages), (all, 5));
    }
    let streamed: Vec<u64> = bo
        .audit_stream(&Filter::default())
        .unwrap()
        .map(|entry| entry.unwrap().envelope.sequence.get())
        .collect();
    assert_eq!(streamed, positions(&found(&bo, &Filter::default())));
    assert_eq!(bo.audit(&Filter::default(), 0).unwrap_err().code(), "invalid");
}

/// No operation of the older implementation ever set a parent: causal trees existed only in its tests.
#[test]
fn what_follows_from_a_step_names_it_as_its_cause_and_a_batch_is_one_operation() {
    let (engine, _) = by_hand(1);
    let made = engine
        .execute(
            Batch::new()
                .with(ADA, scope_at("org:a", 1))
                .with(ADA, object(9, 1, Some("org:a"), Level::Read))
                .keyed("k"),
        )
        .unwrap();
    let ada = reading(&engine, 1);
    let children = |at: Sequence| kinds(&found(&ada, &Filter::children(at)));
    assert_eq!(children(made.first), ["tenancy.member_added", "requests.keyed"]);
    let created = Sequence::new(made.first.get() + 2);
    assert_eq!(children(created), ["sharing.object_projected"], "others are left out");
    let tree = found(&ada, &Filter { tree: Some(created), ..Filter::default() });
    assert_eq!(kinds(&tree), ["objects.created", "sharing.object_projected"]);
    let first = ada.audit_at(made.first).unwrap();
    assert_eq!(
        first.envelope.context.correlation, first.id,
        "a batch that is given none is known by its first event"
    );
    let together = found(&ada, &Filter { correlation: Some(first.id), ..Filter::default() });
    assert_eq!(together.len() as u64, made.last.get() - made.first.get() + 1);
    for n in 0..2 {
        engine.execute(Batch::new().with(ADA, principal(20 + n)).correlated(5)).unwrap();
    }
    assert_eq!(
        found(&ada, &Filter { correlation: Some(5), ..Filter::default() }).len(),
        2,
        "over several batches"
    );
}

/// What is exported and carried out again is one operation as it was, and no id of the old log is carried over.
#[test]
fn a_correlation_survives_the_wire_and_an_automatic_one_does_not_travel() {
    let (engine, _) = by_hand(1);
    for (batch, named) in [
        (Batch::new().with(ADA, principal(2)).correlated(5), true),
        (Batch::new().with(ADA, principal(3)), false),
    ] {
        let made = engine.execute(batch.clone()).unwrap();
        let log = engine.history().reader();
        let records: Vec<_> = log.records(made.first, made.last).map(Result::unwrap).collect();
        let recalled = scoped::export::recall(engine.history(), &records).unwrap().unwrap();
        assert_eq!(recalled, batch);
        let line = scoped::write_line(&recalled, made.first).unwrap();
        assert_eq!(line.contains("correlation"), named, "{line}");
        assert_eq!(scoped::parse_line(&line).unwrap().0, recalled);
    }
}

#[test]
fn what_was_taken_back_and_what_took_it_back_are_found() {
    let (engine, _) = world();
    let ada = engine.session(ADA).unwrap();
    let made = ada.execute(object(10, 1, Some("org:a"), Level::Write)).unwrap();
    ada.execute(update(10, 2)).unwrap();
    let back = ada.rollback(&Cutoff::At(made.last), Selection::Object(ObjectId(10)), Policy::AllOrNothing);
    let back = back.unwrap().unwrap();
    let reading = ada.reading();
    let of = |filter: Filter| positions(&found(&reading, &filter));
    let updated = made.last.get() + 1;
    assert_eq!(of(Filter { undone: Some(true), ..Filter::default() }), [updated]);
    assert_eq!(of(Filter { undoing: Some(true), ..Filter::default() }), [back.last.get()]);
    assert_eq!(of(Filter { undoes: Some(Sequence::new(updated)), ..Filter::default() }), [back.last.get()]);
    assert_eq!(
        of(Filter { actions: Some(vec![Action::Rollback]), ..Filter::default() }),
        [back.first.get(), back.last.get()],
        "its head and its steps"
    );
    let entry = reading.audit_at(Sequence::new(updated)).unwrap();
    assert_eq!(entry.undone_by, Some(back.last));
    // Taking the rollback back makes the update stand again.
    ada.rollback(&Cutoff::Head(0), Selection::Event(back.first), Policy::AllOrNothing).unwrap().unwrap();
    assert_eq!(of(Filter { undone: Some(true), ..Filter::default() }), [back.last.get()]);
    let twin = |undone| found(&reading, &Filter { undone: Some(undone), ..Filter::default() }).len();
    assert_eq!(twin(true) + twin(false), found(&reading, &Filter::default()).len());
}

#[test]
fn before_and_after_are_states_of_the_entity_itself() {
    let (engine, _) = world();
    let ada = engine.session(ADA).unwrap();
    let made = ada.execute(object(10, 1, Some("org:a"), Level::Write)).unwrap();
    let updated = ada.execute(update(10, 2)).unwrap();
    let gone = ada
        .execute(objects::Tombstone { object: ObjectId(10), reason: None, expected_version: None })
        .unwrap();
    let removed = ada
        .execute(scoped::tenancy::RemoveMember { scope: path("org:a/ws:b"), principal: PrincipalId(3) })
        .unwrap();
    let reading = ada.reading();
    let states = |at| {
        let states = reading.audit_states(at).unwrap();
        let (before, after) = (states.before.unwrap(), states.after.unwrap());
        ((before.presence, before.value), (after.presence, after.value))
    };
    let (before, after) = states(made.first);
    assert_eq!((before.0, before.1.is_null()), (Presence::Missing, true), "no before for what is created");
    assert_eq!((after.0, &after.1["data"]["cpu"]), (Presence::Live, &1.into()));
    let (before, after) = states(updated.first);
    assert_eq!((&before.1["data"]["cpu"], &after.1["data"]["cpu"]), (&1.into(), &2.into()));
    let (_, after) = states(gone.first);
    assert_eq!((after.0, &after.1["data"]["cpu"]), (Presence::Tombstoned, &2.into()), "deletion is a state");
    // The target is the membership, not its scope.
    let (before, after) = states(removed.first);
    assert_eq!((before.0, &before.1["role"]), (Presence::Live, &"writer".into()));
    assert_eq!(after.0, Presence::Tombstoned, "it was there: that is not the same as never");
}

/// The older implementation returned every trace of every scope to every caller, with full states.
#[test]
fn one_sees_ones_own_actions_and_what_happened_where_one_audits() {
    let (engine, _) = world();
    let bo = engine.session(PrincipalId(2)).unwrap();
    bo.execute(object(10, 1, Some("org:a/ws:b"), Level::Read)).unwrap();
    bo.execute(object(11, 1, None, Level::Read)).unwrap();
    let in_a = [ScopeId(1), ScopeId(2)];
    for (id, audited) in [(1, &[ScopeId(1), ScopeId(2), ScopeId(3)][..]), (2, &in_a[..]), (3, &[][..])] {
        for entry in found(&reading(&engine, id), &Filter::default()) {
            let own = entry.envelope.actor == PrincipalId(id);
            let deployment = id == 1 && !entry.envelope.scope.is_some();
            assert!(own || deployment || audited.contains(&entry.envelope.scope), "{id} sees {entry:?}");
            assert!(own || entry.entity != Some(Entity::Object(ObjectId(11))), "what is private stays so");
        }
    }
    assert!(!found(&reading(&engine, 2), &Filter { actor: Some(ADA), ..Filter::default() }).is_empty());
    assert!(found(&reading(&engine, 3), &Filter { actor: Some(ADA), ..Filter::default() }).is_empty());
    // Of the past: what was there by then.
    let early = Sequence::new(engine.history().head().get() - 4);
    let then = bo.as_of(&Cutoff::At(early)).unwrap();
    assert!(found(&then, &Filter::default()).iter().all(|entry| entry.envelope.sequence <= early));
}

/// The index, asked in every way, gives what a walk over the log gives.
#[test]
fn the_index_agrees_with_a_walk_over_the_whole_log() {
    let (engine, door) = world();
    let ada = engine.session(ADA).unwrap();
    for n in 0..60u128 {
        door.set(NOON + n as u64 * 1_000);
        let object_ = object(
            100 + n % 20,
            n as u64,
            ["org:a", "org:a/ws:b", "org:z"].get(n as usize % 4).copied(),
            Level::Write,
        );
        if n < 20 {
            ada.execute(object_).unwrap();
        } else {
            ada.execute(update(100 + n % 20, n as u64)).unwrap();
        }
    }
    let history = engine.history();
    let log: Vec<_> =
        history.reader().records(Sequence::new(1), history.head()).map(Result::unwrap).collect();
    for object in 95..125u128 {
        let entity = Entity::Object(ObjectId(object));
        let walked: Vec<Sequence> = log
            .iter()
            .filter(|record| Entity::of(&history.event(record).unwrap()) == Some(entity))
            .map(|record| record.sequence())
            .collect();
        assert_eq!(history.audit(&Filter::about(entity)).unwrap(), walked);
        let since = NOON + object as u64 % 7 * 5_000;
        let in_time = |at: &&Sequence| log[at.get() as usize - 1].time() >= since;
        let walked: Vec<Sequence> = walked.iter().filter(in_time).copied().collect();
        let filter = Filter { since: Some(since), ..Filter::about(entity) };
        assert_eq!(history.audit(&filter).unwrap(), walked);
    }
}

// --- the access journal -----------------------------------------------------------------------------------------------------------

/// Operations that were recorded of a principal, with objects and counts.
fn recorded(engine: &Engine, actor: u128) -> Vec<(String, ObjectId, u32)> {
    engine.sync().unwrap();
    let kinds = Some(vec![AccessRecorded::KIND]);
    let filter = Filter { actor: Some(PrincipalId(actor)), kinds, ..Filter::default() };
    let history = engine.history();
    let event = |at| match history.event(&history.record(at).unwrap()).unwrap() {
        Event::Audit(AuditEvent::AccessRecorded(e)) => (e.operation, e.object, e.count),
        other => panic!("{other:?}"),
    };
    history.audit(&filter).unwrap().into_iter().map(event).collect()
}

/// Reads were never traced: the setting for it was consulted nowhere.
#[test]
fn sensitive_reads_are_recorded_before_they_are_answered_and_everyday_reads_are_not() {
    let (engine, _) = world();
    let (bo, cy) = (engine.session(PrincipalId(2)).unwrap(), engine.session(PrincipalId(3)).unwrap());
    let made = bo.execute(object(10, 1, Some("org:a/ws:b"), Level::Write)).unwrap();
    let note = ObjectId(10);
    cy.read(note).unwrap();
    cy.reading().changes(note).unwrap();
    bo.as_of(&Cutoff::At(made.last)).unwrap().read(note).unwrap();
    cy.reading().can(PrincipalId(3), scoped::Capability::Write, note).unwrap();
    assert_eq!(recorded(&engine, 3), [], "reads of the present, and questions about oneself");
    assert_eq!(recorded(&engine, 2), [], "the owner reads the past of its own");
    cy.as_of(&Cutoff::At(made.last)).unwrap().read(note).unwrap();
    bo.reading().who(&scoped::Who::may(scoped::Capability::Write, note)).unwrap();
    bo.reading().audit(&Filter::default(), 10).unwrap();
    assert_eq!(recorded(&engine, 3), [("objects.read".into(), note, 1)]);
    assert_eq!(
        recorded(&engine, 2),
        [("access.who".into(), note, 1), ("audit.query".into(), ObjectId::NONE, 1)]
    );
    // Whoever audits the scope sees the record, and what it was.
    let seen =
        found(&reading(&engine, 1), &Filter { actions: Some(vec![Action::Read]), ..Filter::default() });
    assert_eq!(kinds(&seen), ["audit.access_recorded"]);
}

#[test]
fn recorded_reads_are_folded_when_they_repeat() {
    let (engine, door) = world();
    let bo = engine.session(PrincipalId(2)).unwrap();
    for _ in 0..50 {
        bo.reading().audit(&Filter::default(), 10).unwrap();
    }
    let audit = |count| ("audit.query".to_owned(), ObjectId::NONE, count);
    assert_eq!(recorded(&engine, 2), [audit(1)]);
    door.set(NOON + 2_000_000);
    bo.reading().audit(&Filter::default(), 10).unwrap();
    assert_eq!(recorded(&engine, 2), [audit(1), audit(49), audit(1)]);
}

/// The strictest declaration on the way to the root counts, and `none` is a choice that is itself in the trail.
#[test]
fn a_scope_says_which_reads_are_recorded() {
    let (engine, _) = world();
    let (ada, cy) = (engine.session(ADA).unwrap(), engine.session(PrincipalId(3)).unwrap());
    let declare = |scope: &str, reads: AuditReads| {
        let policy = Policy_ { audit_reads: Some(reads), ..Policy_::default() };
        ada.execute(scoped::tenancy::SetPolicy::new(path(scope), &policy).unwrap()).unwrap()
    };
    let made = ada.execute(object(10, 1, Some("org:a/ws:b"), Level::Write)).unwrap();
    let note = ObjectId(10);
    let read_past = || cy.as_of(&Cutoff::At(made.last)).unwrap().read(note).map(drop).unwrap();
    declare("org:a/ws:b", AuditReads::None);
    read_past();
    assert_eq!(recorded(&engine, 3), []);
    declare("org:a", AuditReads::All);
    cy.read(note).unwrap();
    assert_eq!(recorded(&engine, 3), [("objects.read".into(), note, 1)], "stricter above than below");
    assert_eq!(recorded(&engine, 1), [], "nobody but Cy has read anything");
}

// --- exports ------------------------------------------------------------------------------------------------------------------------

/// A log with something of everything: entries as their writer sees them.
fn everything() -> (Engine, Vec<AuditEntry>) {
    let (engine, _) = world();
    let ada = engine.session(ADA).unwrap();
    ada.execute(object(10, 1, Some("org:a"), Level::Write)).unwrap();
    let edit = ada.execute(update(10, 2)).unwrap();
    ada.execute(objects::Tombstone { object: ObjectId(10), reason: None, expected_version: None }).unwrap();
    ada.execute(objects::Restore::new(ObjectId(10))).unwrap();
    ada.execute(identity::SuspendPrincipal { principal: PrincipalId(3) }).unwrap();
    ada.execute(scoped::tenancy::RemoveMember { scope: path("org:a/ws:b"), principal: PrincipalId(3) })
        .unwrap();
    ada.execute(scoped::tenancy::DeleteScope::new(path("org:z"))).unwrap();
    ada.mark("m").unwrap();
    engine.session(PrincipalId(2)).unwrap().mark("no").unwrap_err();
    ada.rollback(&Cutoff::At(edit.first), Selection::Object(ObjectId(10)), Policy::AllOrNothing).unwrap();
    ada.reading().audit(&Filter::default(), 1).unwrap();
    engine.sync().unwrap();
    let history = engine.history();
    let entries = engine.read(|moment| {
        let all = history.audit(&Filter::default()).unwrap();
        all.into_iter().map(|at| AuditEntry::unfiltered(history, at, moment.world()).unwrap()).collect()
    });
    (engine, entries)
}

fn exported(format: TrailFormat, entries: &[AuditEntry]) -> String {
    let mut out = Vec::new();
    let written = TrailExport::new(format, 5).write(entries.iter().cloned().map(Ok), &mut out).unwrap();
    assert_eq!(written, entries.len() as u64);
    String::from_utf8(out).unwrap()
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_trail_is_exported_as_one_json_object_a_line_the_same_each_time() {
    let (_, entries) = everything();
    for format in TrailFormat::ALL {
        assert_eq!(exported(format, &entries), exported(format, &entries), "{}", format.as_str());
    }
    let lines = lines(&exported(TrailFormat::Ndjson, &entries));
    for (line, entry) in lines.iter().zip(&entries) {
        assert_eq!(line["position"], entry.envelope.sequence.get());
        assert_eq!(line["kind"], entry.kind());
        for field in ["id", "time", "actor", "reversal"] {
            assert!(line[field].is_string(), "{field} in {line}");
        }
        assert!(line["facts"].is_object());
    }
    let created = lines.iter().find(|line| line["kind"] == "objects.created").unwrap();
    assert_eq!((&created["data"]["cpu"], &created["scope_path"]), (&1.into(), &"org:a".into()));
    assert_eq!(created["action"], "create");
}

/// CloudEvents 1.0: required attributes, names and types of the others, and the batch as an array of the same events.
#[test]
fn cloud_events_have_what_the_specification_requires() {
    let (_, entries) = everything();
    let lines = lines(&exported(TrailFormat::CloudEvents, &entries));
    let mut ids = BTreeSet::new();
    for event in &lines {
        assert_eq!(event["specversion"], "1.0");
        for required in ["id", "source", "type"] {
            assert!(event[required].as_str().is_some_and(|text| !text.is_empty()), "{required} in {event}");
        }
        assert!(ids.insert((event["source"].clone().to_string(), event["id"].clone().to_string())));
        assert_eq!(event["datacontenttype"], "application/json");
        event["time"].as_str().unwrap().parse::<Cutoff>().expect("RFC 3339");
        for (name, value) in event.as_object().unwrap() {
            let plain = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
            assert!(plain && name.len() <= 20, "`{name}` is a name of an attribute");
            assert!(name == "data" || value.is_string(), "`{name}` is text");
        }
    }
    let batch: Value = serde_json::from_str(&exported(TrailFormat::CloudEventsBatch, &entries)).unwrap();
    assert_eq!(batch.as_array().unwrap(), &lines);
    assert_eq!(exported(TrailFormat::CloudEventsBatch, &[]), "[]\n");
}

/// Attributes that OCSF 1.8 requires of every event, and of each class that is used; and the activities of the class.
#[test]
fn ocsf_events_have_what_their_class_requires() {
    const BASE: [&str; 7] =
        ["activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time", "type_uid"];
    let class = |uid: u64| -> (&[&str], Vec<u64>) {
        match uid {
            3001 => (&["user"], (0..=12).collect()),
            3004 => (&["entity"], (0..=13).collect()),
            3005 => (&["user"], (0..=2).collect()),
            6003 => (&["actor", "api", "src_endpoint"], (0..=4).collect()),
            other => panic!("class {other}"),
        }
    };
    let (_, entries) = everything();
    let mut classes = BTreeSet::new();
    for event in lines(&exported(TrailFormat::Ocsf, &entries)) {
        let number = |name: &str| event[name].as_u64().unwrap_or_else(|| panic!("{name} in {event}"));
        let (uid, activity) = (number("class_uid"), number("activity_id"));
        classes.insert(uid);
        let (required, activities) = class(uid);
        for name in BASE.iter().chain(required) {
            assert!(!event[name].is_null(), "{name} is required of {uid}: {event}");
        }
        assert!(activity == 99 || activities.contains(&activity), "{activity} of {uid}");
        assert_eq!((number("category_uid"), number("type_uid")), (uid / 1_000, uid * 100 + activity));
        assert!([1, 3].contains(&number("severity_id")));
        let metadata = &event["metadata"];
        assert_eq!(metadata["version"], "1.8.0");
        assert!(metadata["product"]["name"].is_string() && metadata["original_time"].is_string());
        assert!(event["actor"]["user"]["uid"].is_string());
        // At least one of these names a user, an entity, an endpoint.
        for thing in ["user", "entity"].iter().filter(|thing| !event[**thing].is_null()) {
            assert!(event[*thing]["uid"].is_string(), "{event}");
        }
        if uid == 6003 {
            assert!(event["api"]["operation"].is_string() && event["src_endpoint"]["svc_name"].is_string());
        }
        let refused = event["metadata"]["event_code"] == "audit.access_denied";
        assert_eq!(number("status_id"), if refused { 2 } else { 1 });
    }
    assert_eq!(classes.into_iter().collect::<Vec<_>>(), [3001, 3004, 3005, 6003]);
}

// --- verification -------------------------------------------------------------------------------------------------------------------

#[test]
fn a_log_verifies_and_what_was_overwritten_is_found_where_it_is() {
    let check = |storage: &Arc<dyn scoped::log::Storage>| {
        scoped::log::verify(storage, &VerifyOptions::default(), &|_| ()).unwrap()
    };
    let empty: Arc<dyn scoped::log::Storage> = Arc::new(scoped::log::MemoryStorage::new());
    let options = scoped::log::Options::default();
    scoped::log::Log::create(Arc::clone(&empty), 1, NOON, 1, &options).unwrap().writer.close().unwrap();
    let report = check(&empty);
    assert!(report.is_clean() && report.records == 0, "an empty log is whole, and nothing was looked at");

    let folder = tempfile::tempdir().unwrap();
    let engine =
        Engine::open_with(folder.path(), scoped::Options::default().founder(ADA).snapshot_after(0)).unwrap();
    for id in 2..6 {
        let words =
            scoped::Data::new(serde_json::json!({ "name": format!("number {id} of the table") })).unwrap();
        let principal = Some(PrincipalId(id));
        let create = identity::CreatePrincipal {
            principal,
            kind: "person".into(),
            description: words,
            handle: None,
            personal: false,
        };
        engine.execute(Batch::new().with(ADA, create)).unwrap();
    }
    engine.close().unwrap();
    let storage: Arc<dyn scoped::log::Storage> = Arc::new(scoped::log::FileStorage::new(folder.path()));
    let report = check(&storage);
    assert!(report.is_clean());
    assert_eq!((report.records, report.last), (5, Sequence::new(5)));
    for (number, event) in [(2u64, 2u64), (4, 4)] {
        let words = format!("number {number} of the table");
        let (path, bytes) = files(folder.path())
            .into_iter()
            .find(|(_, bytes)| bytes.windows(words.len()).any(|window| window == words.as_bytes()))
            .unwrap();
        let at = bytes.windows(words.len()).position(|window| window == words.as_bytes()).unwrap();
        let mut bad = bytes.clone();
        bad[at] ^= 1;
        std::fs::write(&path, &bad).unwrap();
        let report = check(&storage);
        assert_eq!(
            report.first_bad().unwrap().sequence,
            Some(Sequence::new(event)),
            "{:?}",
            report.first_bad()
        );
        std::fs::write(&path, &bytes).unwrap();
    }
    assert!(check(&storage).is_clean());
}
