//! Nobody gives a right that outlasts their own: by membership, by entry, or by joining a group.

use crate::support::{NOON, by_hand, member, path, principal, scope_at};
use scoped::identity::AddRelationship;
use scoped::tenancy::{AclRule, AddAclEntry, AddMember, ChangeMember, SetAcl};
use scoped::{Batch, Capability, Command, Effect, Engine, ManualDoor, PrincipalId, Role, Subject};
use std::sync::Arc;

const ADA: PrincipalId = PrincipalId(1);
const BO: PrincipalId = PrincipalId(2);
const CLEO: PrincipalId = PrincipalId(3);
/// A group that nobody belongs to.
const CREW: PrincipalId = PrincipalId(4);
const MINUTE: u64 = 60_000_000;

/// Bo is an admin of `org:a` for one minute.
fn world() -> (Engine, Arc<ManualDoor>) {
    let (engine, door) = by_hand(7);
    let mut batch = Batch::new();
    for id in 2..=4 {
        batch.push(ADA, principal(id));
    }
    batch.push(ADA, scope_at("org:a", 1));
    batch.push(ADA, scope_at("org:a/dept:b", 2));
    batch.push(ADA, AddMember { expires_at: Some(NOON + MINUTE), ..member("org:a", 2, Role::Admin) });
    engine.execute(batch).unwrap();
    (engine, door)
}

fn entry(to: PrincipalId, capability: &str, expires_at: Option<u64>) -> AddAclEntry {
    let subject = Subject::Principal(to);
    AddAclEntry {
        expires_at,
        ..AddAclEntry::new(path("org:a"), Effect::Allow, subject, capability.parse().unwrap())
    }
}

fn tries(engine: &Engine, who: PrincipalId, command: impl Into<Command>) -> &'static str {
    engine.session(who).unwrap().execute(command).map_or_else(|e| e.code(), |_| "fine")
}

fn may(engine: &Engine, who: PrincipalId, capability: Capability) -> bool {
    engine.read(|moment| {
        let row = moment.world().tenancy().row(scoped::ScopeId(1)).unwrap();
        moment.can(who, capability, scoped::Target::Scope(row)).allowed
    })
}

/// Once an admin for a minute wrote an entry for oneself, without end, and was one for ever.
#[test]
fn an_entry_for_oneself_does_not_outlast_what_one_holds() {
    let (engine, door) = world();
    for end in [None, Some(NOON + 2 * MINUTE)] {
        assert_eq!(tries(&engine, BO, entry(BO, "scope.read.*", end)), "grant_exceeds_holder", "{end:?}");
    }
    let rules = |end| SetAcl {
        scope: path("org:a"),
        entries: vec![AclRule {
            effect: Effect::Allow,
            subject: Subject::Any,
            capability: "scope.read.local".parse().unwrap(),
            applies: scoped::projections::tenancy::Applies::Subtree,
            expires_at: end,
        }],
    };
    assert_eq!(tries(&engine, BO, rules(None)), "grant_exceeds_holder", "nor by the whole list");
    assert_eq!(tries(&engine, BO, entry(BO, "scope.read.*", Some(NOON + MINUTE))), "fine");
    assert_eq!(tries(&engine, BO, rules(Some(NOON + MINUTE))), "fine");
    door.set(NOON + MINUTE);
    assert!(!may(&engine, BO, Capability::ReadLocal));
    assert_eq!(
        tries(&engine, ADA, entry(BO, "scope.read.*", None)),
        "fine",
        "who holds it without end gives it so"
    );
}

/// Once one's own membership was looked at, and that of a friend or a group, who gives it back, was not.
#[test]
fn nor_does_what_one_gives_to_somebody_else() {
    let (engine, _) = world();
    let add = |who, end| AddMember { expires_at: end, ..member("org:a/dept:b", who, Role::Reader) };
    assert_eq!(tries(&engine, BO, add(3, None)), "grant_exceeds_holder");
    assert_eq!(tries(&engine, BO, add(4, Some(NOON + MINUTE + 1))), "grant_exceeds_holder");
    assert_eq!(tries(&engine, BO, add(3, Some(NOON + MINUTE))), "fine", "it may end together");
    let change =
        ChangeMember { scope: path("org:a/dept:b"), principal: CLEO, role: Role::Reader, expires_at: None };
    assert_eq!(tries(&engine, BO, change), "grant_exceeds_holder", "a change prolongs as well");
    assert_eq!(tries(&engine, BO, entry(CREW, "scope.read.local", None)), "grant_exceeds_holder");
    // A deny takes away: it may last.
    let deny = AddAclEntry { effect: Effect::Deny, ..entry(CLEO, "scope.read.local", None) };
    assert_eq!(tries(&engine, BO, deny), "fine");
}

#[test]
fn a_right_held_twice_lasts_as_long_as_the_longer_of_both() {
    let (engine, _) = world();
    let acl = entry(BO, "scope.read.local", None);
    assert_eq!(tries(&engine, ADA, acl), "fine");
    assert_eq!(
        tries(&engine, BO, entry(CLEO, "scope.read.local", None)),
        "fine",
        "this he holds without end"
    );
    assert_eq!(
        tries(&engine, BO, entry(CLEO, "scope.read.*", None)),
        "grant_exceeds_holder",
        "of these one ends"
    );
}

/// Once an operator who was an admin for a minute joined a group that had the same right for good.
#[test]
fn nobody_prolongs_a_right_by_joining_a_group_that_has_it_for_longer() {
    for by_entry in [false, true] {
        let (engine, door) = world();
        let operator = scoped::identity::SetOperator { principal: BO, operator: true };
        assert_eq!(tries(&engine, ADA, operator), "fine");
        let given: Command = if by_entry {
            entry(CREW, "scope.read.*", None).into()
        } else {
            member("org:a", 4, Role::Reader).into()
        };
        assert_eq!(tries(&engine, ADA, given), "fine");
        let join = |who| AddRelationship::member(CREW, who);
        assert_eq!(tries(&engine, BO, join(BO)), "grant_exceeds_holder");
        assert_eq!(tries(&engine, BO, join(CLEO)), "fine", "whom others belong to is an operator's to say");
        assert_eq!(tries(&engine, ADA, join(BO)), "fine", "and somebody else may put him there");
        door.set(NOON + MINUTE);
        assert!(may(&engine, BO, Capability::ReadLocal) && !may(&engine, BO, Capability::Write));
    }
}
