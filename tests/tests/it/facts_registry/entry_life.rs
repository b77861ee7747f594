//! An entry from its registration on: its lifecycle, being described anew, freezing, rollback.

use super::*;

/// Freezing once stopped registrations and nothing else: a frozen registry could be archived away entry by entry.
#[test]
fn a_frozen_registry_stands_still_until_it_is_unfrozen() {
    let engine = filled();
    let entry = || RegistrationRef::from(urn("scoped:FUNCTION:core:cold:1"));
    doing(&engine, Transition { entry: entry(), to: Lifecycle::Deprecated }).unwrap();
    doing(&engine, Freeze {}).unwrap();
    let before = digest(&engine);
    let mutations: [Command; 7] = [
        Register::new(urn("scoped:FUNCTION:core:new:1")).into(),
        Transition { entry: entry(), to: Lifecycle::Archived }.into(),
        Archive { entry: entry() }.into(),
        Reinstate { entry: entry(), to: Lifecycle::Active }.into(),
        Describe { entry: entry(), tags: Vec::new(), metadata: None }.into(),
        DefineKind { kind: Kind::named("WIDGET").unwrap(), description: String::new() }.into(),
        Freeze {}.into(),
    ];
    for mutation in &mutations {
        assert_eq!(code(doing(&engine, mutation.clone())), "frozen", "{mutation:?}");
    }
    assert_eq!(digest(&engine), before);
    assert_eq!(
        code(doing(&engine, scope_at("org:a", 1))),
        "fine",
        "what is made is no construct of the code"
    );
    doing(&engine, Unfreeze {}).unwrap();
    assert_eq!(code(doing(&engine, Unfreeze {})), "unchanged");
    for mutation in mutations {
        doing(&engine, mutation).ok();
    }
    assert!(reading(&engine).find_registered(urn("scoped:FUNCTION:core:new:1")).unwrap().is_some());
}

#[test]
fn deprecating_makes_entry_version_2_and_archiving_makes_it_archived() {
    let engine = filled();
    let name = urn("scoped:FUNCTION:core:cold:1");
    let entry = || RegistrationRef::from(name.clone());
    doing(&engine, Transition { entry: entry(), to: Lifecycle::Deprecated }).unwrap();
    let now = reading(&engine).registered(entry()).unwrap().info;
    assert_eq!((now.lifecycle, now.entry_version), (Lifecycle::Deprecated, Some(2)));
    doing(&engine, Archive { entry: entry() }).unwrap();
    let now = reading(&engine).registered(entry()).unwrap().info;
    assert_eq!((now.lifecycle, now.entry_version), (Lifecycle::Archived, Some(3)));
    let history = reading(&engine).registry_history(entry()).unwrap();
    let told: Vec<_> =
        history.iter().map(|change| (change.entry_version, change.change, change.lifecycle)).collect();
    assert_eq!(
        told,
        [
            (1, "registry.registered", Some(Lifecycle::Active)),
            (2, "registry.lifecycle_changed", Some(Lifecycle::Deprecated)),
            (3, "registry.lifecycle_changed", Some(Lifecycle::Archived)),
        ]
    );
}

#[test]
fn only_legal_steps_are_taken_and_back_it_goes_only_to_where_it_has_been() {
    use Lifecycle as L;
    for from in L::ALL.iter().copied() {
        for to in L::ALL.iter().copied() {
            let engine = Engine::in_memory().unwrap();
            let name = urn("scoped:CLASS:core:Thing:1");
            let entry = || RegistrationRef::from(name.clone());
            doing(&engine, Register { lifecycle: from, ..Register::new(name.clone()) }).unwrap();
            let legal = match (from, to) {
                (from, to) if from == to => "unchanged",
                (L::Draft, L::Active | L::Archived) => "fine",
                (L::Active, L::Deprecated | L::Archived) | (L::Deprecated, L::Archived) => "fine",
                _ => "transition",
            };
            let back = if from == to { "unchanged" } else { "transition" };
            assert_eq!(code(doing(&engine, Reinstate { entry: entry(), to })), back, "{from} back to {to}");
            assert_eq!(code(doing(&engine, Transition { entry: entry(), to })), legal, "{from} to {to}");
            if legal == "fine" {
                assert_eq!(
                    code(doing(&engine, Reinstate { entry: entry(), to: from })),
                    "fine",
                    "{to} back to {from}"
                );
            }
        }
    }
}

#[test]
fn describing_anew_is_a_new_entry_version_and_the_old_one_is_there_as_of_then() {
    let engine = filled();
    let name = urn("scoped:FUNCTION:core:process:1");
    let then = engine.history().head();
    let described = Describe {
        entry: name.clone().into(),
        tags: vec!["z".into(), "a".into(), "z".into()],
        metadata: Some(data(json!({ "a": 1 }))),
    };
    doing(&engine, described).unwrap();
    let now = reading(&engine).registered(name.clone()).unwrap();
    assert_eq!(
        (now.info.entry_version, &now.info.tags[..]),
        (Some(2), &["a".to_owned(), "z".to_owned()][..])
    );
    assert_eq!(now.metadata, json!({ "a": 1 }));
    let before = ada(&engine).as_of(&Cutoff::At(then)).unwrap().registered(name).unwrap();
    assert_eq!((before.info.entry_version, before.info.tags.len(), before.metadata), (Some(1), 2, json!({})));
    assert_eq!(found(&engine, &Query { tags: vec!["io".into()], ..Query::default() }).len(), 1);
    let many = (0..65).map(|tag| tag.to_string()).collect();
    let entry = urn("scoped:FUNCTION:core:cold:1").into();
    assert_eq!(code(doing(&engine, Describe { entry, tags: many, metadata: None })), "invalid");
}

#[test]
fn a_rollback_brings_the_registry_back_and_is_itself_rolled_back() {
    let (engine, _) = by_hand(4);
    let ada = ada(&engine);
    let (kept, added) = (urn("scoped:MODEL:app:kept:1"), urn("scoped:MODEL:app:added:1"));
    ada.execute(Register::new(kept.clone()).tagged("a").described(data(json!({ "v": 1 })))).unwrap();
    ada.mark("before").unwrap();
    let then = engine.history().head();
    ada.execute(Register::new(added.clone())).unwrap();
    ada.execute(objects::Create::new("added", data(json!(1))).with_id(ObjectId(1))).unwrap();
    ada.execute(Describe { entry: kept.clone().into(), tags: Vec::new(), metadata: None }).unwrap();
    ada.execute(Archive { entry: kept.clone().into() }).unwrap();
    ada.execute(Freeze {}).unwrap();
    let state = || -> Vec<_> {
        let both = [&kept, &added].map(|name| reading(&engine).registered(name.clone()).unwrap());
        both.into_iter().map(|entry| (entry.info.lifecycle, entry.info.tags, entry.metadata)).collect()
    };
    let after = state();
    let undone = ada.rollback(&Cutoff::At(then), Selection::All, Policy::AllOrNothing).unwrap().unwrap();
    assert_eq!(
        state(),
        [
            (Lifecycle::Active, vec!["a".to_owned()], json!({ "v": 1 })),
            (Lifecycle::Archived, Vec::new(), json!({})),
        ],
        "a name is given once, so what was not there is archived"
    );
    assert!(engine.read(|moment| !moment.world().registry().is_frozen()));
    ada.rollback(&Cutoff::Head(0), Selection::Event(undone.first), Policy::AllOrNothing).unwrap().unwrap();
    assert_eq!(state(), after);
    assert!(engine.read(|moment| moment.world().registry().is_frozen()));
    assert_eq!(
        engine.read(|moment| moment.world().state_digest()),
        replayed(engine.history(), engine.history().head())
    );
}

/// Frozen then and frozen now, and changed in between: the way back has to open it, and to close it behind itself.
#[test]
fn a_rollback_from_frozen_to_frozen_opens_the_registry_for_itself() {
    let (engine, _) = by_hand(4);
    let name = urn("scoped:MODEL:app:limits:1");
    doing(&engine, Freeze {}).unwrap();
    let then = engine.history().head();
    doing(&engine, Unfreeze {}).unwrap();
    doing(&engine, Transition { entry: name.clone().into(), to: Lifecycle::Deprecated }).unwrap();
    doing(&engine, Freeze {}).unwrap();
    // One event alone is refused: whoever froze the registry meant it.
    let one = Selection::Event(Sequence::new(then.get() + 2));
    let error = ada(&engine).rollback(&Cutoff::Head(0), one, Policy::AllOrNothing).unwrap_err();
    assert_eq!(error.code(), "rollback_refused");
    ada(&engine).rollback(&Cutoff::At(then), Selection::All, Policy::AllOrNothing).unwrap().unwrap();
    assert_eq!(reading(&engine).registered(name).unwrap().info.lifecycle, Lifecycle::Active);
    assert!(engine.read(|moment| moment.world().registry().is_frozen()));
}
