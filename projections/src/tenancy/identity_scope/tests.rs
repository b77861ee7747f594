//! Every row of the specification's tables on `Scope`, and its laws by brute force.

use super::*;
use crate::codec::{decode_exact, encode_into};
use proptest::prelude::*;
use std::collections::HashSet;

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn scope(agent: Option<&str>, user: Option<&str>, session: Option<&str>) -> Scope {
    let owned = |field: Option<&str>| field.map(str::to_owned);
    Scope { org_id: "acme".into(), agent_id: owned(agent), user_id: owned(user), session_id: owned(session) }
}

fn alice() -> Scope {
    Scope::user("acme", "alice")
}
fn full() -> Scope {
    Scope::full("acme", "bot", "alice", "s1")
}

/// All combinations of two organisations and, for each other field, absent or one of two values.
fn all() -> Vec<Scope> {
    let field = |one: &str, two: &str| [None, some(one), some(two)];
    let mut found = Vec::new();
    for org_id in ["acme", "globex"] {
        for agent_id in field("bot", "bit") {
            for user_id in field("alice", "bob") {
                for session_id in field("s1", "s2") {
                    let (agent_id, user_id) = (agent_id.clone(), user_id.clone());
                    found.push(Scope { org_id: org_id.into(), agent_id, user_id, session_id });
                }
            }
        }
    }
    found
}

#[test]
fn constructors_set_what_they_say() {
    let acme = || "acme".to_owned();
    assert_eq!(Scope::default(), Scope { org_id: "default".into(), ..Scope::org("x") });
    assert_eq!(Scope::org("acme"), Scope { org_id: acme(), agent_id: None, user_id: None, session_id: None });
    assert_eq!(alice(), Scope { user_id: some("alice"), ..Scope::org(acme()) });
    assert_eq!(Scope::session("acme", "alice", "s1"), Scope { session_id: some("s1"), ..alice() });
    let order = full();
    assert_eq!(
        (order.agent_id.as_deref(), order.user_id.as_deref(), order.session_id.as_deref()),
        (Some("bot"), Some("alice"), Some("s1")),
        "the agent comes second"
    );
}

#[test]
fn depth_follows_the_table_of_eight_rows() {
    for (user, session, agent, depth) in [
        (None, None, None, 0),
        (None, None, Some("bot"), 0),
        (None, Some("s1"), None, 0),
        (None, Some("s1"), Some("bot"), 0),
        (Some("alice"), None, None, 1),
        (Some("alice"), None, Some("bot"), 1),
        (Some("alice"), Some("s1"), None, 2),
        (Some("alice"), Some("s1"), Some("bot"), 3),
    ] {
        let mut it = scope(agent, user, session);
        assert_eq!(it.depth(), depth, "{it:?}");
        it.org_id = "globex".into();
        assert_eq!(it.depth(), depth, "the organisation never matters");
    }
}

#[test]
fn contains_follows_the_table() {
    let session = Scope::session("acme", "alice", "s1");
    let (agent_only, degenerate) = (scope(Some("bot"), None, None), scope(None, None, Some("s1")));
    for (this, other, expected) in [
        (Scope::org("acme"), alice(), true),
        (Scope::org("acme"), session.clone(), true),
        (Scope::org("acme"), full(), true),
        (alice(), Scope::org("acme"), false),
        (alice(), full(), true),
        (full(), session.clone(), false),
        (agent_only.clone(), alice(), false),
        (alice(), agent_only.clone(), false),
        (agent_only, full(), true),
        (degenerate, session, true),
        (Scope::org("acme"), Scope::org("globex"), false),
    ] {
        assert_eq!(this.contains(&other), expected, "{this:?} contains {other:?}");
    }
}

#[test]
fn contains_is_a_partial_order_that_never_points_to_less_depth() {
    let all = all();
    for a in &all {
        assert!(a.contains(a), "reflexive");
        for b in &all {
            assert!(!(a.contains(b) && b.contains(a)) || a == b, "antisymmetric: {a:?} {b:?}");
            assert!(!a.contains(b) || a.depth() <= b.depth(), "{a:?} {b:?}");
            for c in &all {
                assert!(!(a.contains(b) && b.contains(c)) || a.contains(c), "transitive");
            }
        }
    }
    let with_agent = Scope { agent_id: some("bot"), ..alice() };
    assert!(alice().contains(&with_agent) && alice().depth() == with_agent.depth(), "strict, at one depth");
}

/// The relation on places says the same: path within path, and each residual field unset or equal.
#[test]
fn contains_is_containment_of_paths_and_residuals() {
    let fits = |mine: &Option<String>, its: &Option<String>| mine.is_none() || mine == its;
    for a in all() {
        for b in all() {
            let ((path, rest), (other, others)) = (a.to_path().unwrap(), b.to_path().unwrap());
            let by_path = path.contains(&other)
                && fits(&rest.agent_id, &others.agent_id)
                && fits(&rest.session_id, &others.session_id);
            assert_eq!(a.contains(&b), by_path, "{a:?} {b:?}");
        }
    }
}

#[test]
fn json_leaves_out_what_is_absent_and_always_names_the_organisation() {
    for (scope, json) in [
        (Scope::default(), r#"{"org_id":"default"}"#),
        (alice(), r#"{"org_id":"acme","user_id":"alice"}"#),
        (full(), r#"{"org_id":"acme","agent_id":"bot","user_id":"alice","session_id":"s1"}"#),
    ] {
        assert_eq!(serde_json::to_string(&scope).unwrap(), json);
        assert_eq!(serde_json::from_str::<Scope>(json).unwrap(), scope);
    }
}

#[test]
fn json_is_read_by_its_rules() {
    for (json, expected) in [
        ("{}", Scope::default()),
        (r#"{"user_id":"alice"}"#, Scope::user("default", "alice")),
        (r#"{"org_id":"acme","agent_id":null,"user_id":null,"session_id":null}"#, Scope::org("acme")),
        (r#"{"org_id":"acme","colour":"red","nested":{"org_id":"x"}}"#, Scope::org("acme")),
        (r#"{"org_id":"","user_id":""}"#, Scope::user("", "")),
    ] {
        assert_eq!(serde_json::from_str::<Scope>(json).unwrap(), expected, "{json}");
    }
    for refused in [
        r#"{"org_id":null}"#,
        r#"{"org_id":1}"#,
        r#"{"org_id":["acme"]}"#,
        r#"{"org_id":"a","org_id":"a"}"#,
        r#"{"user_id":"a","user_id":"b"}"#,
        r#"{"user_id":7}"#,
        r#"{"session_id":{}}"#,
        "null",
        r#""acme""#,
    ] {
        assert!(serde_json::from_str::<Scope>(refused).is_err(), "{refused}");
    }
}

#[test]
fn the_wire_form_holds_all_eight_patterns() {
    let mut seen = HashSet::new();
    for agent in [None, Some("bot")] {
        for user in [None, Some("alice")] {
            for session in [None, Some("s1")] {
                let scope = scope(agent, user, session);
                let mut bytes = Vec::new();
                encode_into(&ScopeWire::from(scope.clone()), &mut bytes).unwrap();
                let back: ScopeWire = decode_exact(&bytes).unwrap();
                assert_eq!(Scope::from(back), scope);
                assert!(seen.insert(bytes), "no two patterns share their bytes");
            }
        }
    }
    assert_eq!(seen.len(), 8);
}

/// Once measured elsewhere: the derive that JSON uses, fed to a positional codec, skips absent fields and shifts the rest. A scope
/// of a user alone did not decode; with bytes behind it, it decoded, with the user as the agent.
#[test]
fn the_derive_for_json_must_not_meet_a_positional_codec() {
    let settings = bincode::config::legacy();
    let alone = bincode::serde::encode_to_vec(alice(), settings).unwrap();
    assert!(bincode::serde::decode_from_slice::<Scope, _>(&alone, settings).is_err());
    let stream = [alone, vec![0, 0]].concat();
    let (shifted, _) = bincode::serde::decode_from_slice::<Scope, _>(&stream, settings).unwrap();
    assert_eq!(shifted, scope(Some("alice"), None, None), "the user has become the agent");
}

#[test]
fn entry_points_refuse_what_json_lets_through() {
    let long = "a".repeat(65);
    let set = |field: &str, value: &str| {
        let mut scope = full();
        match field {
            "org_id" => scope.org_id = value.into(),
            "agent_id" => scope.agent_id = some(value),
            "user_id" => scope.user_id = some(value),
            _ => scope.session_id = some(value),
        }
        scope
    };
    for field in ["org_id", "agent_id", "user_id", "session_id"] {
        for blank in ["", "  ", "\t\n", "\u{2003}"] {
            assert_eq!(set(field, blank).validate(), Err(ScopeError::FieldEmpty { field }), "{field}");
        }
        assert_eq!(set(field, &long).validate(), Err(ScopeError::FieldTooLong { field, len: 65 }));
        assert_eq!(set(field, &"é".repeat(64)).validate(), Ok(()), "characters, not bytes");
    }
    let degenerate = scope(None, None, Some("s1"));
    assert_eq!(degenerate.validate(), Ok(()), "filters on reads");
    assert_eq!(degenerate.validate_write(), Err(ScopeError::Degenerate));
    assert_eq!(full().validate_write(), Ok(()));
    assert_eq!(set("user_id", "").validate_write(), Err(ScopeError::FieldEmpty { field: "user_id" }));
}

#[test]
fn codes_are_stable() {
    let (field, len) = ("org_id", 65);
    for (error, code) in [
        (ScopeError::FieldEmpty { field }, "SCOPE_FIELD_EMPTY"),
        (ScopeError::FieldTooLong { field, len }, "SCOPE_FIELD_TOO_LONG"),
        (ScopeError::Degenerate, "SCOPE_DEGENERATE"),
        (ScopeError::OrgRequired, "SCOPE_ORG_REQUIRED"),
        (ScopeError::FieldNotPathSafe { field }, "SCOPE_FIELD_NOT_PATH_SAFE"),
        (ScopeError::MappingLossy, "SCOPE_MAPPING_LOSSY"),
    ] {
        assert_eq!(error.code(), code);
    }
}

#[test]
fn a_scope_maps_to_its_place_and_what_remains() {
    let (path, rest) = full().to_path().unwrap();
    assert_eq!(path.as_str(), "org:acme/user:alice");
    assert_eq!(rest, Residual { agent_id: some("bot"), session_id: some("s1") });
    assert_eq!(Scope::org("acme").to_path().unwrap().0.as_str(), "org:acme");
    for scope in all() {
        let (path, rest) = scope.to_path().unwrap();
        assert_eq!(Scope::from_path(&path, rest), Ok(scope));
    }
}

#[test]
fn nothing_is_escaped_or_folded_on_the_way_to_a_path() {
    let refused = |scope: Scope, field| {
        assert_eq!(scope.to_path(), Err(ScopeError::FieldNotPathSafe { field }), "{scope:?}");
    };
    for org in ["a b", "a/b", "-a", "é", "a@b@c", "01hx3zq6j5m8k9n0p1q2r3s4t5", ""] {
        refused(Scope::org(org), "org_id");
        refused(Scope::user("acme", org), "user_id");
    }
    refused(Scope::org("a".repeat(61)), "org_id");
    refused(Scope::user("acme", "a".repeat(60)), "user_id");
    assert!(Scope::user("a".repeat(60), "a".repeat(59)).to_path().is_ok());
    // Agent and session never become a segment, so anything may stand there.
    assert!(Scope { agent_id: some("a/b c"), ..alice() }.to_path().is_ok());
}

#[test]
fn only_two_shapes_of_path_stand_for_a_scope() {
    for path in [
        "org:acme/dept:eng",
        "org:acme/dept:eng/user:alice",
        "org:acme/user:alice/ws:x",
        "org:acme/org:b",
        "user:alice",
        "agent:bot",
        "user:alice/org:acme",
    ] {
        let path = ScopePath::parse(path).unwrap();
        assert_eq!(Scope::from_path(&path, Residual::default()), Err(ScopeError::MappingLossy), "{path}");
    }
}

proptest! {
    #[test]
    fn any_scope_survives_json_wire_and_path(
        org_id in ".{0,70}",
        agent_id in proptest::option::of(".{0,70}"),
        user_id in proptest::option::of("[a-zA-Z0-9@._-]{0,70}"),
        session_id in proptest::option::of(".{0,20}"),
    ) {
        let scope = Scope { org_id, agent_id, user_id, session_id };
        let json = serde_json::to_string(&scope).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Scope>(&json).unwrap(), &scope);
        let mut bytes = Vec::new();
        encode_into(&ScopeWire::from(scope.clone()), &mut bytes).unwrap();
        prop_assert_eq!(&Scope::from(decode_exact::<ScopeWire>(&bytes).unwrap()), &scope);
        if let Ok((path, rest)) = scope.to_path() {
            prop_assert_eq!(&Scope::from_path(&path, rest).unwrap(), &scope);
        }
    }
}
