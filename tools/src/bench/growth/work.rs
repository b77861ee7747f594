//! The operations: each is named once, and done as an application does it.

use super::grove::Grove;
use super::timed;
use crate::bench::load::data;
use crate::bench::verify::replay_rate;
use scoped::log::{FileStorage, Storage, VerifyOptions, verify};
use scoped::temporal::{Cutoff, Selection};
use scoped::{
    AccessSpan, Capability, Filter, History, Level, ObjectQuery, Question, Recall, ScopeRef, Sequence, What,
    Who, objects, sharing, tenancy,
};
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Records of a page.
const PAGE: usize = 50;

/// Everything once more, in this order; `time` is for each.
pub(super) fn all(grove: &mut Grove, time: Duration) -> anyhow::Result<Vec<(&'static str, f64)>> {
    let mut costs = now(grove, time)?;
    costs.extend(past(grove, time)?);
    costs.extend(whole(grove)?);
    Ok(costs)
}

/// A page that holds as many as it may: what is measured does not end early.
fn full(page: usize) -> anyhow::Result<()> {
    anyhow::ensure!(page == PAGE, "a page is not full");
    Ok(())
}

/// Writes and questions about the present.
fn now(grove: &Grove, time: Duration) -> anyhow::Result<Vec<(&'static str, f64)>> {
    let engine = grove.engine()?;
    let founder = engine.session(engine.founder())?;
    let session = |number| engine.session(grove.drawn(number).1);
    let mut text = String::new();
    Ok(vec![
        (
            "commit an update, no sync",
            timed(time, |nth| {
                let (_, person, object) = grove.drawn(nth);
                let data = data(100, nth, &mut text)?;
                engine.session(person)?.execute(objects::Update {
                    object,
                    data,
                    expected_version: None,
                    reason: None,
                })?;
                Ok(())
            })?,
        ),
        (
            "share an object and end that, no sync",
            timed(time, |nth| {
                let (tree, _, object) = grove.drawn(nth);
                let scope = || ScopeRef::Id(Grove::scope(tree, 0));
                founder.execute(sharing::Project { object, scope: scope(), level: Level::Read })?;
                founder.execute(sharing::Revoke { object, scope: scope() })?;
                Ok(())
            })?,
        ),
        (
            "make a scope, no sync",
            timed(time, |nth| {
                let parent = Some(ScopeRef::Id(Grove::scope(grove.drawn(nth).0, 0)));
                let name = Some("another".to_owned());
                founder.execute(tenancy::CreateScope { scope: None, path: None, name, parent })?;
                Ok(())
            })?,
        ),
        (
            "check",
            timed(time, |nth| {
                let (_, person, object) = grove.drawn(nth);
                let may = engine.read(|moment| {
                    moment.can(person, Capability::Write, moment.object_target(object)).allowed
                });
                anyhow::ensure!(may, "a member may not write");
                Ok(())
            })?,
        ),
        (
            "read an object",
            timed(time, |nth| {
                let (_, person, object) = grove.drawn(nth);
                black_box(engine.session(person)?.read(object)?);
                Ok(())
            })?,
        ),
        (
            "list a page of one's objects",
            timed(time, |nth| {
                let query = ObjectQuery { limit: PAGE, ..ObjectQuery::default() };
                let page = session(nth)?.reading().find_objects(&query)?;
                full(page.objects.len())
            })?,
        ),
        (
            "a page of a scope's view",
            timed(time, |nth| {
                let (tree, person, _) = grove.drawn(nth);
                let leaf = ScopeRef::Id(Grove::scope(tree, 20));
                let page = engine.session(person)?.reading().recall(&Recall::from(leaf).limit(PAGE))?;
                anyhow::ensure!(page.records().next().is_some(), "a view is empty");
                Ok(())
            })?,
        ),
        (
            "history of an object",
            timed(time, |nth| {
                let (_, person, object) = grove.drawn(nth);
                let changes = engine.session(person)?.reading().changes(object)?;
                anyhow::ensure!(changes.len() >= 2, "a history is too short");
                Ok(())
            })?,
        ),
        (
            "data of an object after any event",
            timed(time, |nth| {
                let object = grove.drawn(nth).2;
                let data = engine.read(|moment| moment.data_at(object, moment.world().position()))?;
                anyhow::ensure!(data.is_some(), "an object has no data");
                Ok(())
            })?,
        ),
        (
            "settings that hold in a scope",
            timed(time, |nth| {
                let (tree, person, _) = grove.drawn(nth);
                let leaf = ScopeRef::Id(Grove::scope(tree, 20));
                black_box(engine.session(person)?.reading().resolve_settings(&leaf)?);
                Ok(())
            })?,
        ),
        (
            "who may, of an object",
            timed(time, |nth| {
                let object = grove.drawn(nth).2;
                let page = founder.reading().who(&Who::may(Capability::Write, object))?;
                anyhow::ensure!(!page.items.is_empty(), "nobody may");
                Ok(())
            })?,
        ),
        (
            "what may, a page",
            timed(time, |nth| {
                let (_, person, _) = grove.drawn(nth);
                let page = engine.session(person)?.reading().what(&What::may(person, Capability::Write))?;
                anyhow::ensure!(!page.items.is_empty(), "a member reaches nothing");
                Ok(())
            })?,
        ),
        (
            "explain a decision",
            timed(time, |nth| {
                let (_, person, object) = grove.drawn(nth);
                let question = Question::new(person, Capability::Write, object);
                anyhow::ensure!(
                    founder.reading().explain(&question)?.answer.allowed,
                    "a member may not write"
                );
                Ok(())
            })?,
        ),
        (
            "when somebody might, over a hundred events",
            timed(time, |nth| {
                let (_, person, object) = grove.drawn(nth);
                let head = grove.head();
                let from = Sequence::new(head.get().saturating_sub(100));
                let span = AccessSpan::new(person, Capability::Write, object).between(from, head);
                black_box(founder.reading().access_history(&span)?);
                Ok(())
            })?,
        ),
        (
            "a page of an object's trail",
            timed(time, |nth| {
                let filter = Filter { object: Some(grove.drawn(nth).2), ..Filter::default() };
                let page = founder.reading().audit(&filter, PAGE)?;
                anyhow::ensure!(!page.entries.is_empty(), "a trail is empty");
                Ok(())
            })?,
        ),
        (
            "a page of the whole trail",
            timed(time, |_| {
                let filter = Filter { descending: true, ..Filter::default() };
                let page = founder.reading().audit(&filter, PAGE)?;
                full(page.entries.len())
            })?,
        ),
        (
            "plan the rollback of one object",
            timed(time, |nth| {
                let (_, person, object) = grove.drawn(nth);
                let changes = engine.read(|moment| moment.changes(object))?;
                let last = changes.iter().map(|change| change.at).max().unwrap_or_default();
                let before = Cutoff::At(Sequence::new(last.saturating_sub(1)));
                black_box(engine.session(person)?.plan_rollback(&before, Selection::Object(object))?);
                Ok(())
            })?,
        ),
    ])
}

/// Looks back.
fn past(grove: &Grove, time: Duration) -> anyhow::Result<Vec<(&'static str, f64)>> {
    let engine = grove.engine()?;
    let (_, person, object) = grove.drawn(1);
    let session = engine.session(person)?;
    let head = grove.head().get();
    let read = |at: u64| -> anyhow::Result<()> {
        black_box(session.as_of(&Cutoff::At(Sequence::new(at)))?.read(object)?);
        Ok(())
    };
    let change = engine.read(|moment| moment.changes(object))?;
    let made = change.iter().map(|change| change.at).min().unwrap_or(1);
    Ok(vec![
        // Each a moment that nobody has asked for: between the object's making and now.
        (
            "an object as of any moment, cold",
            timed(time, |nth| read(made + nth.wrapping_mul(0x9e37_79b9_7f4a_7c15) % (head - made)))?,
        ),
        ("the same moment again", timed(time, |_| read(head - 1))?),
    ])
}

/// What is about the whole log.
fn whole(grove: &mut Grove) -> anyhow::Result<Vec<(&'static str, f64)>> {
    let per_event = |begun: Instant, events: u64| begun.elapsed().as_nanos() as f64 / events.max(1) as f64;
    let begun = Instant::now();
    grove.engine()?.snapshot()?;
    let snapshot = per_event(begun, grove.head().get());
    let storage: Arc<dyn Storage> = Arc::new(FileStorage::new(grove.directory()));
    let begun = Instant::now();
    let report = verify(&storage, &VerifyOptions::default(), &|_| {})?;
    anyhow::ensure!(report.is_clean(), "the log that was just written does not verify");
    let verified = per_event(begun, report.records);
    let replayed = 1e9 / replay_rate(&History::open(grove.directory())?.0)?;
    let events = grove.head().get();
    let begun = Instant::now();
    grove.reopen()?;
    let opened = begun.elapsed().as_nanos() as f64;
    Ok(vec![
        ("verify, per event", verified),
        ("replay, per event", replayed),
        ("write a snapshot, per event", snapshot),
        ("open from a snapshot", opened),
        ("open from a snapshot, per event", opened / events.max(1) as f64),
    ])
}
