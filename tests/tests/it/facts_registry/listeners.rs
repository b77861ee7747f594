//! Hearing of changes as they are committed.

use super::*;

#[test]
fn listeners_hear_of_registrations_and_changes_of_lifecycle_in_order() {
    let engine = Engine::in_memory().unwrap();
    let mut changes = engine.registry_changes(None);
    let name = urn("scoped:FUNCTION:core:process:1");
    let entry = || RegistrationRef::from(name.clone());
    doing(&engine, Register::new(name.clone())).unwrap();
    doing(&engine, principal(2)).unwrap();
    doing(&engine, Transition { entry: entry(), to: Lifecycle::Deprecated }).unwrap();
    doing(&engine, Describe { entry: entry(), tags: vec!["a".into()], metadata: None }).unwrap();
    let mut heard = Vec::new();
    let count = changes
        .each(|change| heard.push((change.event.as_str(), change.urn.name().to_owned(), change.lifecycle)))
        .unwrap();
    let name = || "process".to_owned();
    assert_eq!(
        heard,
        [
            ("register", name(), Some(Lifecycle::Active)),
            ("lifecycle_change", name(), Some(Lifecycle::Deprecated)),
            ("update", name(), None),
        ]
    );
    assert_eq!((count, changes.each(|_| ()).unwrap()), (3, 0));
    assert!(changes.next_within(Duration::from_millis(1)).unwrap().is_none());
    // Whoever comes later hears the same from the beginning.
    let from_the_first = engine.registry_changes(Some(Sequence::new(1))).next_within(Duration::ZERO).unwrap();
    assert_eq!(from_the_first.unwrap().event, EntryEvent::Register);
}

#[test]
fn a_subscription_gives_each_committed_event_once_and_ends_with_the_engine() {
    let engine = in_memory();
    let events = engine.subscribe(EventFilter { from: Sequence::new(1), ..EventFilter::default() });
    let watcher = std::thread::spawn(move || {
        events.map(|event| event.unwrap().envelope.sequence.get()).collect::<Vec<u64>>()
    });
    std::thread::scope(|scope| {
        for thread in 0..3u128 {
            let session = ada(&engine);
            scope.spawn(move || {
                for id in 0..50 {
                    session.execute(object(thread * 100 + id + 1, 1, None, Level::Read)).unwrap();
                }
            });
        }
    });
    let last = engine.history().head().get();
    engine.close().unwrap();
    assert_eq!(watcher.join().unwrap(), (1..=last).collect::<Vec<_>>());
}

#[test]
fn what_a_subscription_tells_of_is_published_already() {
    let engine = in_memory();
    doing(&engine, principal(2)).unwrap();
    let mut events =
        engine.subscribe(EventFilter { actor: Some(engine.founder()), ..EventFilter::default() });
    doing(&engine, identity::SuspendPrincipal { principal: PrincipalId(2) }).unwrap();
    let told = events.next_within(Duration::from_secs(60)).unwrap().unwrap();
    assert_eq!(told.envelope.sequence, events.seen());
    assert!(engine.session(PrincipalId(2)).is_err());
    assert!(events.try_next().unwrap().is_none());
}
