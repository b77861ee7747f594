//! Erasing is for good: rollbacks name it, and what it took.

use super::*;
use scoped::Policy;
use scoped::temporal::{Cutoff, Entity, Selection};

#[test]
fn a_rollback_over_an_erasure_names_it_as_irreversible() {
    let (_place, engine) = Place::furnished();
    let ada = founder(&engine);
    let then = Cutoff::At(engine.history().head());
    ada.execute(objects::Update::new(PLAIN, said("later"))).unwrap();
    let erased = erase(&engine, MARIA);
    let plan = ada.plan_rollback(&then, Selection::All).unwrap();
    let named: Vec<_> = plan.irreversible.iter().map(|skipped| skipped.entity).collect();
    assert_eq!(named, [Entity::Subject(MARIA)]);
    assert!(plan.irreversible[0].reason.contains("for good"), "{}", plan.irreversible[0].reason);
    let refused = ada.rollback(&then, Selection::All, Policy::AllOrNothing).unwrap_err();
    assert!(refused.code() == "rollback_refused" && refused.to_string().contains("for good"), "{refused}");
    ada.rollback(&then, Selection::All, Policy::SkipDenied).unwrap().unwrap();
    assert_eq!(ada.read(PLAIN).unwrap().value().unwrap()["cpu"], 1, "the rest went back");
    assert_eq!(ada.read(HERS).unwrap().value().unwrap_err().code(), "erased");
    // The event by itself.
    let alone = ada.plan_rollback(&Cutoff::Head(0), Selection::Event(erased.last)).unwrap();
    assert_eq!(alone.irreversible.len(), 1);
}

/// An object whose earlier data is erased cannot go back to it, and the plan says by which event.
#[test]
fn going_back_to_erased_data_is_a_conflict_that_names_the_erasure() {
    let (_place, engine) = Place::furnished();
    let ada = founder(&engine);
    let first = Cutoff::At(scoped::Sequence::new(engine.history().head().get() - 2));
    let erased = erase(&engine, MARIA).last;
    let plan = ada.plan_rollback(&first, Selection::Object(HERS)).unwrap();
    assert_eq!(plan.steps.len(), 0);
    let conflict = &plan.conflicts[0];
    assert_eq!((conflict.entity, conflict.event), (Entity::Object(HERS), erased));
    assert!(conflict.reason.contains("erased") && !conflict.mergeable, "{}", conflict.reason);
    let refused = ada.rollback(&first, Selection::Object(HERS), Policy::AllOrNothing).unwrap_err();
    assert!(refused.to_string().contains("erased"), "{refused}");
}

/// Its coming to be can be taken back all the same: a tombstone says nothing about anybody.
#[test]
fn an_erased_object_can_be_put_away_and_brought_back_by_rollbacks() {
    let (_place, engine) = Place::furnished();
    let ada = founder(&engine);
    let made = ada.execute(hers(ObjectId(60))).unwrap().object();
    erase(&engine, MARIA);
    let created = engine.read(|moment| moment.changes(made).unwrap()[0].at);
    let back = ada
        .rollback(&Cutoff::Head(0), Selection::Event(scoped::Sequence::new(created)), Policy::AllOrNothing)
        .unwrap()
        .unwrap();
    assert!(engine.read(|moment| moment.object(made).unwrap().tombstoned));
    ada.rollback(&Cutoff::Head(0), Selection::Event(back.first), Policy::AllOrNothing).unwrap().unwrap();
    assert!(!engine.read(|moment| moment.object(made).unwrap().tombstoned));
    crate::support::digest(&engine);
}

#[test]
fn what_is_sealed_and_not_erased_goes_back_and_merges_like_everything_else() {
    let (_place, engine) = Place::furnished();
    let ada = founder(&engine);
    let first = Cutoff::At(scoped::Sequence::new(engine.history().head().get() - 2));
    ada.rollback(&first, Selection::Object(HERS), Policy::AllOrNothing).unwrap().unwrap();
    let value = ada.read(HERS).unwrap().value().unwrap();
    assert!(value["says"] == SECRET && value.get("also").is_none(), "{value}");
    assert_eq!(ada.reading().versions(HERS).unwrap().len(), 3);
}
