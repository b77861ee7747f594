//! Settings: the facts that their page pins, locks, typed keys, and looking back.

use crate::support::{NOON, by_hand, digest, member, path, principal, same_elsewhere, scope_at};
use scoped::config::{Delete, Set};
use scoped::contracts::{Create, FieldSpec, FieldType, RuleKind};
use scoped::temporal::{Cutoff, Selection};
use scoped::{Engine, Policy, PrincipalId, Role, ScopeId, Session, tenancy};
use serde_json::{Value, json};

const ORG: &str = "org:a";
const DEPT: &str = "org:a/dept:b";
const WS: &str = "org:a/dept:b/ws:c";

/// Three levels; Ada founded them, Bo administers the lowest, Cy is a member of none.
fn tree() -> (Engine, Session, Session, Session) {
    let (engine, door) = by_hand(8);
    let ada = engine.session(engine.founder()).unwrap();
    for (at, id) in [(ORG, 1), (DEPT, 2), (WS, 3), ("org:z", 4)] {
        ada.execute(scope_at(at, id)).unwrap();
    }
    for id in [2, 3] {
        ada.execute(principal(id)).unwrap();
    }
    ada.execute(member(WS, 2, Role::Admin)).unwrap();
    door.set(NOON + 1_000_000);
    let (bo, cy) = (engine.session(PrincipalId(2)).unwrap(), engine.session(PrincipalId(3)).unwrap());
    (engine, ada, bo, cy)
}

fn set(session: &Session, scope: &str, key: &str, value: impl Into<Value>) {
    session.execute(Set::new(path(scope), key, value)).unwrap();
}

fn delete(session: &Session, scope: &str, key: &str) -> Result<scoped::Receipt, scoped::Error> {
    session.execute(Delete { scope: path(scope), key: key.into() })
}

/// Value, where it comes from, and whether that is above.
fn resolved(session: &Session, scope: &str, key: &str) -> Option<(Value, u128, bool)> {
    let found = session.reading().resolve_setting(&path(scope), key).unwrap()?;
    Some((found.value, found.source.0, found.inherited))
}

#[test]
fn setting_twice_keeps_the_id_and_notes_who_changed_it() {
    let (engine, ada, bo, _) = tree();
    set(&bo, WS, "k", 1);
    let first = ada.reading().setting(&path(WS), "k").unwrap().unwrap();
    assert_eq!((first.created_by, first.updated_by, first.updated_at), (PrincipalId(2), None, None));
    set(&ada, WS, "k", 2);
    let second = ada.reading().setting(&path(WS), "k").unwrap().unwrap();
    assert_eq!((second.setting, second.created_by), (first.setting, PrincipalId(2)));
    assert_eq!((second.updated_by, second.value, second.version), (Some(PrincipalId(1)), json!(2), 2));
    assert!(second.updated_at.is_some());
    digest(&engine);
}

#[test]
fn a_setting_holds_six_kinds_of_json_null_among_them() {
    let (_, ada, ..) = tree();
    for value in
        [json!(null), json!(true), json!(1.5), json!("text"), json!([1, "a"]), json!({ "a": { "b": null } })]
    {
        set(&ada, ORG, "k", value.clone());
        assert_eq!(ada.reading().setting(&path(ORG), "k").unwrap().unwrap().value, value);
    }
}

#[test]
fn a_setting_keeps_its_description() {
    let (_, ada, ..) = tree();
    ada.execute(Set::new(path(ORG), "k", 1).about("how many")).unwrap();
    assert_eq!(ada.reading().setting(&path(ORG), "k").unwrap().unwrap().description, "how many");
    set(&ada, ORG, "k", 2);
    assert_eq!(
        ada.reading().setting(&path(ORG), "k").unwrap().unwrap().description,
        "",
        "overwritten like the value"
    );
}

#[test]
fn setting_in_an_unknown_scope_is_refused() {
    let (_, ada, _, cy) = tree();
    // The founder may look below `org:a`, hence is told that it is not there; others are not told.
    assert_eq!(ada.execute(Set::new(path("org:a/dept:x"), "k", 1)).unwrap_err().code(), "scope_not_found");
    assert_eq!(cy.execute(Set::new(path("org:nope"), "k", 1)).unwrap_err().code(), "denied");
}

#[test]
fn setting_and_deleting_by_a_foreign_principal_is_refused() {
    let (_, ada, bo, cy) = tree();
    set(&ada, ORG, "k", 1);
    for foreign in [&bo, &cy] {
        assert_eq!(foreign.execute(Set::new(path(ORG), "k", 2)).unwrap_err().code(), "denied");
        assert_eq!(delete(foreign, ORG, "k").unwrap_err().code(), "denied");
    }
    let writer = tenancy::ChangeMember {
        scope: path(WS),
        principal: PrincipalId(2),
        role: Role::Writer,
        expires_at: None,
    };
    ada.execute(writer).unwrap();
    assert_eq!(
        bo.execute(Set::new(path(WS), "k", 2)).unwrap_err().code(),
        "denied",
        "writing takes `scope.config.write`"
    );
}

#[test]
fn setting_and_deleting_in_an_archived_scope_is_refused_and_reading_is_not() {
    let (_, ada, ..) = tree();
    set(&ada, WS, "k", 1);
    ada.execute(tenancy::DeleteScope::new(path(WS))).unwrap();
    assert_eq!(ada.execute(Set::new(path(WS), "k", 2)).unwrap_err().code(), "scope_deleted");
    assert_eq!(delete(&ada, WS, "k").unwrap_err().code(), "scope_deleted");
    assert_eq!(resolved(&ada, WS, "k"), Some((json!(1), 3, false)));
}

#[test]
fn setting_and_deleting_in_a_frozen_scope_is_refused_and_reading_is_not() {
    let (_, ada, ..) = tree();
    set(&ada, WS, "k", 1);
    ada.execute(tenancy::FreezeScope { scope: path(WS), reason: None }).unwrap();
    assert_eq!(ada.execute(Set::new(path(WS), "k", 2)).unwrap_err().code(), "scope_frozen");
    assert_eq!(delete(&ada, WS, "k").unwrap_err().code(), "scope_frozen");
    assert_eq!(resolved(&ada, WS, "k"), Some((json!(1), 3, false)));
    ada.execute(tenancy::ReleaseScope { scope: path(WS), reason: None }).unwrap();
    set(&ada, WS, "k", 2);
}

/// Once a setting that was deleted could not be set again.
#[test]
fn a_deleted_setting_is_not_got_and_listed_only_when_asked_for() {
    let (engine, ada, ..) = tree();
    set(&ada, ORG, "k", 1);
    let id = ada.reading().setting(&path(ORG), "k").unwrap().unwrap().setting;
    delete(&ada, ORG, "k").unwrap();
    assert!(ada.reading().setting(&path(ORG), "k").unwrap().is_none());
    assert!(ada.reading().settings(&path(ORG), false).unwrap().is_empty());
    assert!(ada.reading().settings(&path(ORG), true).unwrap()[0].deleted);
    assert_eq!(delete(&ada, ORG, "k").unwrap_err().code(), "not_found");
    assert_eq!(delete(&ada, ORG, "never").unwrap_err().code(), "not_found");
    set(&ada, ORG, "k", 2);
    let again = ada.reading().setting(&path(ORG), "k").unwrap().unwrap();
    assert_eq!((again.setting, again.value, again.version), (id, json!(2), 3));
    digest(&engine);
}

#[test]
fn settings_are_listed_sorted_by_key() {
    let (_, ada, ..) = tree();
    for (scope, key) in [(ORG, "b"), (ORG, "a"), (DEPT, "z"), (ORG, "c"), (ORG, "B")] {
        set(&ada, scope, key, 1);
    }
    let listed = ada.reading().settings(&path(ORG), false).unwrap();
    assert_eq!(listed.iter().map(|info| info.key.as_str()).collect::<Vec<_>>(), ["B", "a", "b", "c"]);
}

#[test]
fn a_setting_of_the_scope_itself_is_not_inherited() {
    let (_, ada, ..) = tree();
    set(&ada, DEPT, "k", 1);
    assert_eq!(resolved(&ada, DEPT, "k"), Some((json!(1), 2, false)));
}

#[test]
fn a_setting_of_the_parent_is_inherited() {
    let (_, ada, bo, _) = tree();
    set(&ada, DEPT, "k", 1);
    assert_eq!(resolved(&ada, WS, "k"), Some((json!(1), 2, true)));
    // Who reads the scope reads what holds there, wherever it comes from; and not the scope it comes from.
    assert_eq!(resolved(&bo, WS, "k"), Some((json!(1), 2, true)));
    assert_eq!(bo.reading().resolve_setting(&path(DEPT), "k").unwrap_err().code(), "denied");
}

#[test]
fn a_child_overrides_its_parent_also_with_null() {
    let (_, ada, ..) = tree();
    set(&ada, ORG, "k", 1);
    set(&ada, DEPT, "k", json!(null));
    assert_eq!(resolved(&ada, WS, "k"), Some((json!(null), 2, true)), "null is a value");
    set(&ada, WS, "k", 3);
    assert_eq!(resolved(&ada, WS, "k"), Some((json!(3), 3, false)));
    assert_eq!(resolved(&ada, ORG, "k"), Some((json!(1), 1, false)), "nothing goes upwards");
}

#[test]
fn a_setting_of_the_grandparent_passes_through_an_empty_middle() {
    let (_, ada, ..) = tree();
    set(&ada, ORG, "k", 1);
    assert_eq!(resolved(&ada, WS, "k"), Some((json!(1), 1, true)));
    set(&ada, DEPT, "k", 2);
    delete(&ada, DEPT, "k").unwrap();
    assert_eq!(resolved(&ada, WS, "k"), Some((json!(1), 1, true)), "what was deleted does not stop it");
}

#[test]
fn a_setting_found_nowhere_gives_none() {
    let (_, ada, ..) = tree();
    set(&ada, "org:z", "k", 1);
    assert_eq!(resolved(&ada, WS, "k"), None);
}

#[test]
fn resolving_all_merges_three_levels_and_says_which_are_inherited() {
    let (_, ada, ..) = tree();
    for (scope, key, value) in [
        (ORG, "a", 1),
        (ORG, "b", 1),
        (ORG, "c", 1),
        (DEPT, "b", 2),
        (DEPT, "c", 2),
        (WS, "c", 3),
        (WS, "d", 3),
    ] {
        set(&ada, scope, key, value);
    }
    let all = ada.reading().resolve_settings(&path(WS)).unwrap();
    let found: Vec<_> =
        all.values().map(|r| (r.key.as_str(), r.value.clone(), r.source.0, r.inherited)).collect();
    assert_eq!(
        found,
        [
            ("a", json!(1), 1, true),
            ("b", json!(2), 2, true),
            ("c", json!(3), 3, false),
            ("d", json!(3), 3, false)
        ]
    );
    for (key, value, source, inherited) in found {
        assert_eq!(resolved(&ada, WS, key), Some((value, source, inherited)), "one by one the same");
    }
}

#[test]
fn a_default_is_used_only_when_the_setting_is_absent() {
    let (_, ada, ..) = tree();
    let value = |scope: &str| ada.reading().effective_value(&path(scope), "k", json!("default")).unwrap();
    assert_eq!(value(WS), json!("default"));
    set(&ada, ORG, "k", json!(null));
    assert_eq!(value(WS), json!(null), "null was set");
    set(&ada, ORG, "k", 0);
    assert_eq!(value(WS), json!(0));
}

#[test]
fn a_locked_setting_is_not_overridden_below() {
    let (engine, ada, bo, _) = tree();
    ada.execute(Set::new(path(ORG), "k", 1).locked()).unwrap();
    for scope in [DEPT, WS] {
        let error = ada.execute(Set::new(path(scope), "k", 2)).unwrap_err();
        assert!(error.code() == "locked" && !error.to_string().contains("org:a`: "), "{error}");
    }
    assert_eq!(bo.execute(Set::new(path(WS), "k", 2)).unwrap_err().code(), "locked");
    set(&ada, ORG, "k", 3);
    set(&bo, WS, "k", 2);
    assert_eq!(resolved(&ada, WS, "k"), Some((json!(2), 3, false)), "set without a lock, it is none");
    digest(&engine);
}

#[test]
fn a_lock_set_later_wins_over_values_below_until_it_goes() {
    let (_, ada, bo, _) = tree();
    set(&bo, WS, "k", 3);
    ada.execute(Set::new(path(DEPT), "k", 2).locked()).unwrap();
    assert_eq!(resolved(&ada, WS, "k"), Some((json!(2), 2, true)));
    ada.execute(Set::new(path(ORG), "k", 1).locked()).unwrap();
    assert_eq!(resolved(&ada, WS, "k"), Some((json!(1), 1, true)), "the outermost lock");
    assert_eq!(ada.reading().resolve_settings(&path(WS)).unwrap()["k"].source, ScopeId(1));
    delete(&ada, ORG, "k").unwrap();
    assert_eq!(resolved(&ada, WS, "k"), Some((json!(2), 2, true)));
    delete(&ada, DEPT, "k").unwrap();
    assert_eq!(resolved(&ada, WS, "k"), Some((json!(3), 3, false)));
    ada.execute(Set::new(path(ORG), "k", 1).locked()).unwrap();
    delete(&bo, WS, "k").unwrap();
}

#[test]
fn a_key_is_typed_by_the_contract_of_its_name() {
    let (engine, ada, bo, _) = tree();
    let field = FieldSpec::new("value", FieldType::Integer).bound(RuleKind::MaxValue, 10);
    ada.execute(Create::new("limit", "setting:limit", vec![field]).in_scope(path(ORG))).unwrap();
    for wrong in [json!("5"), json!(11), json!(null), json!({ "value": 5 })] {
        assert_eq!(bo.execute(Set::new(path(WS), "limit", wrong)).unwrap_err().code(), "contract");
    }
    ada.execute(Set::new(path(ORG), "limit", 10).about("at most")).unwrap();
    set(&ada, "org:z", "limit", "not governed there");
    set(&bo, WS, "other", "nor is another key");
    digest(&engine);
}

/// Once the old values lay in traces only.
#[test]
fn settings_have_versions_and_are_seen_as_of_any_moment() {
    let (engine, ada, bo, _) = tree();
    ada.execute(Set::new(path(ORG), "k", 1).locked()).unwrap();
    let first = engine.history().head();
    set(&ada, ORG, "k", json!(null));
    set(&bo, WS, "k", 2);
    let second = engine.history().head();
    delete(&ada, ORG, "k").unwrap();
    let history = ada.reading().setting_history(&path(ORG), "k").unwrap();
    let steps: Vec<_> = history.iter().map(|step| (step.version, step.value.clone(), step.locked)).collect();
    assert_eq!(steps, [(1, Some(json!(1)), true), (2, Some(json!(null)), false), (3, None, false)]);
    let written: Vec<_> =
        history.iter().map(|step| serde_json::to_value(step).unwrap().get("value").cloned()).collect();
    assert_eq!(written, [Some(json!(1)), Some(json!(null)), None], "null and absent are told apart");
    let then = |at| {
        let reading = ada.as_of(&Cutoff::At(at)).unwrap();
        reading.resolve_setting(&path(WS), "k").unwrap().map(|found| (found.value, found.inherited))
    };
    assert_eq!([then(first), then(second)], [Some((json!(1), true)), Some((json!(2), false))]);
    digest(&engine);
    same_elsewhere(&engine);
}

#[test]
fn a_rollback_brings_settings_and_locks_back_and_can_be_rolled_back_itself() {
    let (engine, ada, ..) = tree();
    set(&ada, WS, "k", "inner");
    ada.execute(Set::new(path(DEPT), "k", "middle").locked()).unwrap();
    ada.execute(Set::new(path(ORG), "k", "outer").locked()).unwrap();
    let then = ada.execute(Set::new(path(ORG), "gone", 1)).unwrap().last;
    // Each lock opened from the outside, what is below changed, other keys set and deleted.
    set(&ada, ORG, "k", "open");
    set(&ada, DEPT, "k", "open");
    set(&ada, WS, "k", "changed");
    delete(&ada, ORG, "gone").unwrap();
    let later = ada.execute(Set::new(path(WS), "new", 1)).unwrap().last;
    let state = || {
        let own = |scope: &str, key: &str| {
            ada.reading().setting(&path(scope), key).unwrap().map(|found| (found.value, found.locked))
        };
        [own(ORG, "k"), own(DEPT, "k"), own(WS, "k"), own(ORG, "gone"), own(WS, "new")]
    };
    let held = |text: &str, locked| Some((json!(text), locked));
    ada.rollback(&Cutoff::At(then), Selection::All, Policy::AllOrNothing).unwrap().unwrap();
    let locked =
        [held("outer", true), held("middle", true), held("inner", false), Some((json!(1), false)), None];
    assert_eq!(state(), locked);
    ada.rollback(&Cutoff::At(later), Selection::All, Policy::AllOrNothing).unwrap().unwrap();
    let open =
        [held("open", false), held("open", false), held("changed", false), None, Some((json!(1), false))];
    assert_eq!(state(), open);
    digest(&engine);
    same_elsewhere(&engine);
}

/// A rollback is held to the contracts of today, also for settings.
#[test]
fn a_rollback_to_a_value_that_breaks_the_contract_of_its_key_is_refused() {
    let (_, ada, ..) = tree();
    let first = ada.execute(Set::new(path(ORG), "limit", "many")).unwrap().last;
    set(&ada, ORG, "limit", 5);
    let field = FieldSpec::new("value", FieldType::Integer);
    ada.execute(Create::new("limit", "setting:limit", vec![field])).unwrap();
    let selection = || Selection::Scope(path(ORG));
    let error = ada.rollback(&Cutoff::At(first), selection(), Policy::AllOrNothing).unwrap_err();
    assert!(error.code() == "rollback_refused" && error.to_string().contains("contract `limit`"), "{error}");
}
