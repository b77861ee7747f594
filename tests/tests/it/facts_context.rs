//! What is pinned about the ambient context (page 02 of the specification).

use crate::support::{by_hand, principal};
use scoped::ambient::{current, current_or_none, current_principal};
use scoped::{Batch, Engine, PrincipalId, Session};

fn two() -> (Engine, Session, Session) {
    let (engine, _) = by_hand(1);
    engine
        .execute(Batch::new().with(PrincipalId(1), principal(2)).with(PrincipalId(1), principal(3)))
        .unwrap();
    let session = |id| engine.session(PrincipalId(id)).unwrap();
    let (alice, bob) = (session(2), session(3));
    (engine, alice, bob)
}

#[test]
fn entering_gives_principal_kind_and_extras_and_leaving_restores_the_one_before() {
    let (_engine, alice, bob) = two();
    assert_eq!(current().err().unwrap().code(), "no_context");
    assert_eq!(current_principal().unwrap_err().code(), "no_context");
    assert!(current_or_none().is_none());
    {
        let _alice = alice.enter();
        assert_eq!(
            (current_principal().unwrap(), current().unwrap().kind()),
            (PrincipalId(2), "person".into())
        );
        {
            let extras = [("environment".to_owned(), "test".to_owned())];
            let _bob = bob.enter_with(extras);
            assert_eq!(current_principal().unwrap(), PrincipalId(3));
            assert_eq!(current().unwrap().extras()["environment"], "test");
            assert_eq!(current().unwrap().session().actor(), PrincipalId(3));
        }
        assert_eq!(current_principal().unwrap(), PrincipalId(2), "Alice again");
        assert!(current().unwrap().extras().is_empty());
    }
    assert!(current_or_none().is_none());
}

#[test]
fn guards_may_be_dropped_in_any_order() {
    let (_engine, alice, bob) = two();
    let (first, second) = (alice.enter(), bob.enter());
    drop(first);
    assert_eq!(current_principal().unwrap(), PrincipalId(3));
    let third = alice.enter();
    drop(second);
    assert_eq!(current_principal().unwrap(), PrincipalId(2));
    drop(third);
    assert!(current_or_none().is_none());
}

#[test]
fn a_new_thread_begins_with_nobody() {
    let (_engine, alice, bob) = two();
    let _alice = alice.enter();
    std::thread::scope(|threads| {
        let other = threads.spawn(|| {
            let before = current_or_none().is_none();
            let _bob = bob.enter();
            (before, current_principal().unwrap())
        });
        assert_eq!(other.join().unwrap(), (true, PrincipalId(3)));
    });
    assert_eq!(current_principal().unwrap(), PrincipalId(2));
}
