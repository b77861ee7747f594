//! Memberships as a history: ended and begun again, left, bounded; and updates only of what was seen.

use crate::rules::bound;
use crate::support::{NOON, Place, digest, member, path, principal};
use scoped::projections::rules::{Class, Quota, Resource};
use scoped::projections::tenancy::{Policy, Quota as ScopeQuota};
use scoped::rules::{Aim, Define};
use scoped::tenancy::{ChangeMember, CreateScope, Grantee, RemoveMember, RenameScope, SetAcl, SetMembers};
use scoped::{
    Batch, Command, Effect, PrincipalId, Role, ScopeRef, Sequence, Subject, config, sharing, tenancy,
};

/// The founder (1) owns `org:a`; 2 to 6 are people.
fn place() -> Place {
    Place::with(31, (2..=6).map(principal), &[("org:a", 1)])
}

fn until(principal: u128, role: Role, end: u64) -> tenancy::AddMember {
    tenancy::AddMember { expires_at: Some(end), ..member("org:a", principal, role) }
}

fn remove(principal: u128) -> RemoveMember {
    RemoveMember { scope: path("org:a"), principal: PrincipalId(principal) }
}

impl Place {
    fn roles(&self) -> Vec<(u128, Role)> {
        let members = self.at(1).reading().scope_members(&path("org:a")).unwrap();
        members.into_iter().map(|member| (member.principal.0, member.role)).collect()
    }
}

/// A membership that had run out stood in the way of a new one until a sweep came by.
#[test]
fn a_membership_that_has_run_out_is_begun_again_without_a_sweep() {
    let place = place();
    place.does(1, until(2, Role::Writer, NOON + 10));
    assert_eq!(place.tries(1, member("org:a", 2, Role::Reader)), "exists");
    place.door.set(NOON + 10);
    let before = place.engine.history().head();
    place.does(1, member("org:a", 2, Role::Reader));
    assert_eq!(place.roles(), [(1, Role::Owner), (2, Role::Reader)]);
    assert_eq!(place.at(1).sweep().unwrap().members, 0, "nothing is left to be closed");
    // Back to where it had run out: as good as gone.
    let cutoff = scoped::temporal::Cutoff::At(before);
    place.at(1).rollback(&cutoff, scoped::temporal::Selection::All, scoped::Policy::AllOrNothing).unwrap();
    assert_eq!(place.roles(), [(1, Role::Owner)]);
    for round in 1..4 {
        place.does(1, until(3, Role::Writer, NOON + 10 + round));
        place.door.set(NOON + 10 + round);
    }
    place.does(1, remove(3));
    digest(&place.engine);
}

/// What had run out went on counting against the greatest number of members, and kept the next one out.
#[test]
fn members_that_have_run_out_count_against_no_limit() {
    let place = place();
    let quota = ScopeQuota { max_members: Some(3), ..ScopeQuota::default() };
    let policy = Policy { quota, ..Policy::default() };
    place.does(1, tenancy::SetPolicy::new(path("org:a"), &policy).unwrap());
    let rule = Quota { resource: Resource::Members, max_count: 3 };
    let rule = Define { quota: Some(rule), ..Define::new("three", Class::Quota, Effect::Deny) };
    let rule = bound(&place.engine, rule, Aim::scope(path("org:a")));
    place.does(1, until(2, Role::Writer, NOON + 10));
    place.does(1, until(3, Role::Writer, NOON + 10));
    assert_eq!(place.tries(1, member("org:a", 4, Role::Reader)), "scope_quota_exceeded");
    let used = || place.engine.read(|moment| moment.rule_usage(rule, PrincipalId(1))[0].used);
    assert_eq!(used(), 3);
    place.door.set(NOON + 10);
    assert_eq!(used(), 1);
    place.does(1, member("org:a", 4, Role::Reader));
    assert_eq!(used(), 2);
    place.does(1, member("org:a", 2, Role::Reader));
    assert_eq!(place.tries(1, member("org:a", 5, Role::Reader)), "scope_quota_exceeded");
    // Prolonging the third, who has run out, makes a member more.
    let change = ChangeMember {
        scope: path("org:a"),
        principal: PrincipalId(3),
        role: Role::Writer,
        expires_at: None,
    };
    assert_eq!(place.tries(1, change.clone()), "scope_quota_exceeded");
    place.does(1, remove(4));
    place.does(1, change);
    digest(&place.engine);
}

/// The decision says 10 000, the code said 1 000: the history of a large repository has more authors than that.
#[test]
fn a_scope_has_ten_thousand_members_and_no_more() {
    let place = place();
    let mut batch = Batch::new();
    (10..10_010).for_each(|id| batch.push(PrincipalId(1), principal(id)));
    place.engine.execute(batch).unwrap();
    let mut members = vec![Grantee::new(PrincipalId(1), Role::Owner)];
    members.extend((10..10_010).map(|id| Grantee::new(PrincipalId(id), Role::Reader)));
    let set = |members: &[Grantee]| SetMembers { scope: path("org:a"), members: members.to_vec() };
    assert_eq!(place.tries(1, set(&members)), "too_many", "ten thousand and one");
    members.pop();
    place.does(1, set(&members));
    assert_eq!(place.roles().len(), 10_000);
    assert_eq!(place.tries(1, member("org:a", 10_009, Role::Reader)), "too_many");
    place.does(1, remove(10));
    place.does(1, member("org:a", 10_009, Role::Reader));
}

/// Leaving was asked about as a read: a rule that kept somebody from reading kept them in, and one about memberships was not heard.
#[test]
fn leaving_is_a_change_of_membership_and_not_a_read() {
    let place = place();
    let deny = |action: &str| {
        let when = crate::rules::when(&format!(r#"{{"action": "{action}"}}"#));
        Define::new("no", Class::Constraint, Effect::Deny).when(when)
    };
    for who in [2, 3] {
        place.does(1, member("org:a", who, Role::Reader));
    }
    bound(&place.engine, deny("read"), Aim::principal(PrincipalId(2)));
    bound(&place.engine, deny("membership_change"), Aim::principal(PrincipalId(3)));
    place.does(2, remove(2));
    assert_eq!(place.tries(3, remove(3)), "denied");
    assert_eq!(place.roles(), [(1, Role::Owner), (3, Role::Reader)]);
}

/// Of two who had read the same list, the second overwrote what the first had done: only objects could be held to what was seen.
#[test]
fn whatever_is_changed_can_be_held_to_what_was_seen() {
    let place = place();
    let made = place.does(1, CreateScope::flat("docs").below(path("org:a")));
    let docs = || ScopeRef::Id(made.scope());
    place.does(1, crate::support::object(10, 1, None, scoped::Level::Read));
    place.does(1, member("org:a", 2, Role::Reader));
    let project = |level| sharing::Project { object: scoped::ObjectId(10), scope: path("org:a"), level };
    place.does(1, project(scoped::Level::Read));
    place.does(1, config::Set::new(path("org:a"), "k", 1));
    place.does(1, SetAcl { scope: path("org:a"), entries: Vec::new() });
    let entry = || tenancy::AclRule {
        effect: Effect::Allow,
        subject: Subject::Principal(PrincipalId(3)),
        capability: "scope.read.*".parse().unwrap(),
        applies: scoped::projections::tenancy::Applies::Subtree,
        expires_at: None,
    };
    let change =
        |role| ChangeMember { scope: path("org:a"), principal: PrincipalId(2), role, expires_at: None };
    let name = |name: &str| RenameScope { scope: docs(), name: name.into() };
    let list = |who: u128| {
        let members = [(1, Role::Owner), (2, Role::Writer), (who, Role::Reader)];
        let members = members.map(|(id, role)| Grantee::new(PrincipalId(id), role)).to_vec();
        SetMembers { scope: path("org:a"), members }
    };
    let first: Vec<(Command, Command)> = vec![
        (name("papers").into(), name("letters").into()),
        (change(Role::Writer).into(), change(Role::Admin).into()),
        (project(scoped::Level::Write).into(), project(scoped::Level::Admin).into()),
        (config::Set::new(path("org:a"), "k", 2).into(), config::Set::new(path("org:a"), "k", 3).into()),
        (list(4).into(), list(5).into()),
        (
            SetAcl { scope: path("org:a"), entries: vec![entry()] }.into(),
            SetAcl { scope: path("org:a"), entries: Vec::new() }.into(),
        ),
    ];
    for (first, second) in first {
        let seen = place.engine.history().head();
        let since = |command: Command| place.at(1).execute_unchanged_since(seen, command);
        since(first.clone()).unwrap();
        let stale = since(second.clone()).unwrap_err();
        assert_eq!((stale.code(), stale.kind()), ("stale", scoped::ErrorKind::Stale), "{second:?}");
        let now = place.engine.history().head();
        place.at(1).execute_unchanged_since(now, second).unwrap();
    }
    // A batch does not stand in its own way, and says so on the wire.
    let seen = place.engine.history().head();
    let one = PrincipalId(1);
    let batch =
        Batch::new().with(one, name("a")).unchanged_since(seen).with(one, name("b")).unchanged_since(seen);
    let line = scoped::write_line(&batch, Sequence::NONE).unwrap();
    assert!(line.contains(&format!(r#""unchanged_since":{}"#, seen.get())), "{line}");
    let (read, _) = scoped::parse_line(&line).unwrap();
    assert_eq!(read, batch);
    place.engine.execute(read).unwrap();
    assert_eq!(place.engine.execute(batch).unwrap_err().code(), "stale");
    // Whoever may not change it hears no more than before.
    let denied = place.at(6).execute_unchanged_since(seen, name("c")).unwrap_err();
    assert_eq!(denied.code(), "denied");
}
