//! Who counts as an owner when it is asked whether anybody could still manage a scope.

use crate::rules::{ADA, bound, world as ruled};
use crate::support::{NOON, by_hand, data, member, object, path, principal, scope_at};
use scoped::identity::{AddRelationship, ArchivePrincipal, RemoveRelationship, SuspendPrincipal};
use scoped::projections::rules::Class;
use scoped::rules::{Aim, Define};
use scoped::tenancy::{AddMember, Grantee, ProvisionScope, RemoveMember, SetMembers, SetPolicy};
use scoped::{Batch, Command, EdgeId, Effect, Engine, Level, PrincipalId, Role};
use serde_json::json;

/// The founder owns `org:a` with `org:a/team:t`; 2 to 5 are people, 6 and 7 groups, 7 in 6, and 5 in 7.
fn world() -> Engine {
    let (engine, _) = by_hand(17);
    let mut batch = Batch::new();
    for id in 2..=7 {
        batch.push(ADA, principal(id));
    }
    batch.push(ADA, scope_at("org:a", 1));
    batch.push(ADA, scope_at("org:a/team:t", 2));
    for (edge, group, of) in [(1, 6, 7), (2, 7, 5)] {
        let add = AddRelationship::member(PrincipalId(group), PrincipalId(of));
        batch.push(ADA, AddRelationship { edge: Some(EdgeId(edge)), ..add });
    }
    engine.execute(batch).unwrap();
    engine
}

fn tries(engine: &Engine, who: u128, command: impl Into<Command>) -> &'static str {
    let done = engine.session(PrincipalId(who)).unwrap().execute(command);
    done.map_or_else(|error| error.code(), |_| "fine")
}

fn leave(scope: &str, who: u128) -> RemoveMember {
    RemoveMember { scope: path(scope), principal: PrincipalId(who) }
}

fn out(edge: u128) -> RemoveRelationship {
    RemoveRelationship { edge: EdgeId(edge), reason: None }
}

/// A group counted as an owner as long as nobody had suspended the group, and the last person behind it could leave.
#[test]
fn a_group_owns_for_somebody_only_while_somebody_active_stands_behind_it() {
    let engine = world();
    assert_eq!(tries(&engine, 1, member("org:a", 6, Role::Owner)), "fine");
    assert_eq!(tries(&engine, 1, leave("org:a", 1)), "fine", "5 owns it, through 7 in 6");
    // Nothing may take the last person from behind the group.
    for command in [
        Command::from(out(1)),
        out(2).into(),
        ArchivePrincipal { principal: PrincipalId(5) }.into(),
        ArchivePrincipal { principal: PrincipalId(7) }.into(),
        ArchivePrincipal { principal: PrincipalId(6) }.into(),
    ] {
        assert_eq!(tries(&engine, 1, command.clone()), "last_owner", "{command:?}");
    }
    // Another one in the group, and it may.
    assert_eq!(tries(&engine, 1, AddRelationship::member(PrincipalId(6), PrincipalId(4))), "fine");
    assert_eq!(tries(&engine, 1, out(2)), "fine");
    assert_eq!(tries(&engine, 5, member("org:a", 2, Role::Owner)), "denied", "5 is out");
    assert_eq!(tries(&engine, 4, member("org:a", 2, Role::Owner)), "fine");
}

#[test]
fn a_group_without_anybody_active_does_not_let_the_last_owner_go() {
    let engine = world();
    assert_eq!(tries(&engine, 1, member("org:a", 6, Role::Owner)), "fine");
    assert_eq!(tries(&engine, 1, SuspendPrincipal { principal: PrincipalId(5) }), "fine");
    assert_eq!(tries(&engine, 1, leave("org:a", 1)), "last_owner");
    let list = SetMembers { scope: path("org:a"), members: vec![Grantee::new(PrincipalId(6), Role::Owner)] };
    assert_eq!(tries(&engine, 1, list), "last_owner");
    // What nobody stands behind loses nobody.
    assert_eq!(tries(&engine, 1, out(2)), "fine");
    assert_eq!(tries(&engine, 1, AddRelationship::member(PrincipalId(7), PrincipalId(3))), "fine");
    assert_eq!(tries(&engine, 1, leave("org:a", 1)), "fine", "3 stands behind it now");
}

/// Behind a cut an owner with an end would have kept everybody out until that end, and nobody would have been left the day after.
#[test]
fn behind_a_cut_an_owner_who_has_an_end_does_not_keep_owners_above_from_appointing_one() {
    let engine = world();
    let team = "org:a/team:t";
    assert_eq!(
        tries(&engine, 1, AddMember { expires_at: Some(NOON + 1_000), ..member(team, 2, Role::Owner) }),
        "fine"
    );
    assert_eq!(tries(&engine, 1, leave(team, 1)), "fine", "the founder stays owner above");
    let cut = SetPolicy { scope: path(team), policy: data(json!({ "inherit_members": false })) };
    assert_eq!(tries(&engine, 2, cut), "fine");
    assert_eq!(tries(&engine, 1, member(team, 3, Role::Writer)), "grant_exceeds_holder", "the cut holds");
    assert_eq!(
        tries(&engine, 1, member(team, 3, Role::Owner)),
        "fine",
        "but an owner for good may be appointed"
    );
    assert_eq!(tries(&engine, 1, member(team, 4, Role::Owner)), "denied", "and then it protects the cut");
}

/// The same with a group that nobody stands behind.
#[test]
fn behind_a_cut_an_empty_group_protects_nothing() {
    let engine = world();
    let team = "org:a/team:t";
    assert_eq!(tries(&engine, 1, member(team, 6, Role::Owner)), "fine");
    let cut = SetPolicy { scope: path(team), policy: data(json!({ "inherit_members": false })) };
    assert_eq!(tries(&engine, 1, cut), "fine");
    assert_eq!(tries(&engine, 1, leave(team, 1)), "fine");
    assert_eq!(tries(&engine, 1, member(team, 3, Role::Owner)), "denied", "5 stands behind the group");
    assert_eq!(tries(&engine, 1, out(2)), "fine", "it is no root: nothing is lost for good");
    assert_eq!(tries(&engine, 1, member(team, 3, Role::Owner)), "fine");
}

/// A rule that denied making scopes was not asked where a write made a new root, since the write's own question had taken its place.
#[test]
fn a_deny_on_making_scopes_holds_where_a_write_makes_a_new_root() {
    let (engine, _) = ruled();
    let mut no = Define::new("no new scopes", Class::Constraint, Effect::Deny);
    no.when = serde_json::from_str(r#"{"action": "scope_create"}"#).unwrap();
    let write = |id, scope| object(id, 1, Some(scope), Level::Read);
    assert_eq!(tries(&engine, 1, write(700, "org:fresh")), "fine");
    bound(&engine, no, Aim::everywhere());
    assert_eq!(tries(&engine, 1, write(701, "org:fresher")), "denied");
    assert_eq!(tries(&engine, 1, write(702, "org:a/ws:fresh")), "denied");
    assert_eq!(
        tries(&engine, 1, ProvisionScope { scope: None, path: "org:freshest".parse().unwrap() }),
        "denied"
    );
    assert_eq!(tries(&engine, 1, write(703, "org:fresh")), "fine", "what is there is written to");
}

/// Once an owner above who has an end could make themselves an owner behind the cut without end.
#[test]
fn behind_a_cut_an_owner_above_appoints_for_no_longer_than_they_own() {
    let engine = world();
    let until = |end| AddMember { expires_at: end, ..member("org:a/team:t", 3, Role::Owner) };
    let tomorrow = NOON + 1_000_000;
    let above = AddMember { expires_at: Some(tomorrow), ..member("org:a", 3, Role::Owner) };
    assert_eq!(tries(&engine, 1, above), "fine");
    let cut = SetPolicy { scope: path("org:a/team:t"), policy: data(json!({ "inherit_members": false })) };
    assert_eq!(tries(&engine, 1, leave("org:a/team:t", 1)), "fine");
    assert_eq!(tries(&engine, 1, cut), "fine");
    assert_ne!(tries(&engine, 3, until(None)), "fine", "for good");
    assert_ne!(tries(&engine, 3, until(Some(tomorrow + 1))), "fine", "for longer");
    assert_eq!(tries(&engine, 3, until(Some(tomorrow))), "fine");
}
