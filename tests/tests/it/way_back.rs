//! Somebody can always take a deny off a list again.

use crate::support::Place;
use crate::support::{code, path, principal};
use scoped::identity::AddRelationship;
use scoped::identity::{ArchivePrincipal, ReinstatePrincipal, SuspendPrincipal};
use scoped::tenancy::{AddAclEntry, AddMember, ChangeMember, RemoveMember, SetAcl, SetMembers, SetPolicy};
use scoped::{Effect, PrincipalId, Role, Subject};
use serde_json::{Value, json};

/// Ada (1) owns `org:a`, Bo (2) is an admin there, 3 is a group.
fn place() -> Place {
    let place = Place::with(9, [principal(2), principal(3), principal(4)], &[("org:a", 1)]);
    let member =
        AddMember { scope: path("org:a"), principal: PrincipalId(2), role: Role::Admin, expires_at: None };
    place.at(1).execute(member).unwrap();
    place
}

fn list(who: &[u128]) -> SetAcl {
    let entry = |id: &u128| {
        let subject = Subject::Principal(PrincipalId(*id));
        serde_json::json!({ "effect": "deny", "subject": subject, "capability": "scope.acl.manage" })
    };
    let entries: Vec<serde_json::Value> = who.iter().map(entry).collect();
    serde_json::from_value(serde_json::json!({ "scope": "org:a", "entries": entries })).unwrap()
}

/// Once each deny of a new list was looked at without the others: each of two left somebody whom the other kept out, and together they
/// locked everybody out for good.
#[test]
fn denies_that_are_put_on_a_list_together_are_looked_at_together() {
    let place = place();
    assert_eq!(code(place.at(1).execute(list(&[1, 2]))), "locks_out");
    place.at(1).execute(list(&[2])).unwrap();
    assert_eq!(code(place.at(1).execute(list(&[2, 1]))), "locks_out", "one of them stands there already");
}

/// Once a deny for a group counted as one that kept nobody out: whom it speaks to, its members, were asked by their own names.
#[test]
fn a_deny_for_a_group_speaks_to_its_members() {
    let place = place();
    let (ada, group) = (PrincipalId(1), PrincipalId(3));
    for member in [1, 2] {
        let edge = AddRelationship::member(group, PrincipalId(member));
        place.at(1).execute(edge).unwrap();
    }
    let deny = |whom| {
        let capability = "scope.acl.manage".parse().unwrap();
        AddAclEntry::new(path("org:a"), scoped::Effect::Deny, Subject::Principal(whom), capability)
    };
    assert_eq!(code(place.at(1).execute(deny(group))), "locks_out");
    place.at(1).execute(deny(PrincipalId(2))).unwrap();
    assert_eq!(code(place.at(1).execute(deny(ada))), "locks_out");
}

/// Once a group that owned the root counted as somebody who could take the deny off: nobody is a group, and all behind it were kept out.
#[test]
fn whoever_stands_behind_an_owner_is_asked_and_not_the_group() {
    let place = place();
    let group = PrincipalId(3);
    for member in [2, 4] {
        place.at(1).execute(AddRelationship::member(group, PrincipalId(member))).unwrap();
    }
    let owner = AddMember { scope: path("org:a"), principal: group, role: Role::Owner, expires_at: None };
    place.at(1).execute(owner).unwrap();
    assert_eq!(code(place.at(1).execute(list(&[1, 2, 4]))), "locks_out");
    place.at(1).execute(list(&[1, 2])).unwrap();
}

fn entry(effect: &str, whom: u128, capability: &str) -> Value {
    json!({ "effect": effect, "subject": Subject::Principal(PrincipalId(whom)), "capability": capability })
}

fn entries(all: &[Value]) -> SetAcl {
    serde_json::from_value(json!({ "scope": "org:a", "entries": all })).unwrap()
}

/// Once a list that was replaced as a whole was looked at half way, old entries beside new ones: whoever took off an allow of their own, which
/// their right was named by though they were an owner, was told that nobody could take the new deny off; and so was whoever put the deny of one
/// admin in the place of another's.
#[test]
fn a_list_that_is_replaced_is_looked_at_as_it_is_afterwards() {
    let place = place();
    let manage = "scope.acl.manage";
    place.does(1, entries(&[entry("allow", 1, manage)]));
    place.does(1, entries(&[entry("deny", 2, manage)])); // Ada is an owner with or without her entry
    let cy =
        AddMember { scope: path("org:a"), principal: PrincipalId(4), role: Role::Owner, expires_at: None };
    place.does(1, cy);
    place.does(1, entries(&[entry("deny", 1, manage), entry("deny", 2, manage)])); // Cy is left
    place.does(4, entries(&[entry("deny", 4, manage), entry("deny", 2, manage)])); // and now Ada is, who was kept out before
    assert_eq!(place.tries(1, list(&[1, 2, 4])), "locks_out");
    crate::support::same_elsewhere(&place.engine);
}

/// Once an owner was denied the list by an admin, and then the admin left: nobody could take the deny off again, nor make another admin, as
/// nobody grants what they do not hold.
#[test]
fn the_last_one_who_could_take_a_deny_off_stays() {
    let place = place();
    let deny = AddAclEntry::new(
        path("org:a"),
        Effect::Deny,
        Subject::Principal(PrincipalId(1)),
        "scope.acl.manage".parse().unwrap(),
    );
    let denied = place.does(2, deny);
    let bo = PrincipalId(2);
    let leaves = RemoveMember { scope: path("org:a"), principal: bo };
    let role = |role, expires_at| ChangeMember { scope: path("org:a"), principal: bo, role, expires_at };
    let only_ada: SetMembers = serde_json::from_value(
        json!({ "scope": "org:a", "members": [{ "principal": PrincipalId(1), "role": "owner" }] }),
    )
    .unwrap();
    assert_eq!(place.tries(2, leaves.clone()), "locks_out");
    assert_eq!(place.tries(1, leaves.clone()), "locks_out");
    assert_eq!(place.tries(1, role(Role::Writer, None)), "locks_out");
    assert_eq!(place.tries(1, ArchivePrincipal { principal: bo }), "locks_out");
    assert_eq!(place.tries(1, only_ada), "locks_out");
    // Into a group that is kept out as well.
    let group = AddAclEntry::new(
        path("org:a"),
        Effect::Deny,
        Subject::Principal(PrincipalId(3)),
        "scope.acl.*".parse().unwrap(),
    );
    place.does(2, group);
    assert_eq!(place.tries(1, AddRelationship::member(PrincipalId(3), bo)), "locks_out");
    // Whoever is not kept out may go on, and then the other may leave.
    let list = place.at(2);
    list.execute(scoped::tenancy::RemoveAclEntry { entry: denied.entry() }).unwrap();
    list.execute(leaves).unwrap();
    crate::support::same_elsewhere(&place.engine);
}

/// Once an owner below was denied the list by one above, who then cut themselves off: from above nobody could take the deny off any more, and below
/// nobody was let in.
#[test]
fn whoever_denied_an_owner_below_does_not_cut_themselves_off() {
    let place = Place::with(9, [principal(2)], &[("org:a", 1), ("org:a/ws:s", 2)]);
    let bo = PrincipalId(2);
    let owner = AddMember { scope: path("org:a/ws:s"), principal: bo, role: Role::Owner, expires_at: None };
    place.does(1, owner);
    place.does(1, RemoveMember { scope: path("org:a/ws:s"), principal: PrincipalId(1) });
    let deny =
        AddAclEntry::new(path("org:a/ws:s"), Effect::Deny, Subject::Principal(bo), "*".parse().unwrap());
    let denied = place.does(1, deny);
    let cut: SetPolicy =
        serde_json::from_value(json!({ "scope": "org:a/ws:s", "policy": { "inherit_members": false } }))
            .unwrap();
    assert_eq!(place.tries(1, cut.clone()), "locks_out");
    place.does(1, scoped::tenancy::RemoveAclEntry { entry: denied.entry() });
    place.does(1, cut);
    crate::support::same_elsewhere(&place.engine);
}

/// Once joining a group was looked at for the one who joins, and not for those who belong to it: a group between was enough to keep out the last who
/// could mend the list. So it was with a group that had been suspended.
#[test]
fn a_group_that_joins_or_comes_back_does_not_keep_out_the_last_who_can() {
    let place = Place::with(9, (2..=5).map(principal), &[("org:a", 1)]);
    let (bo, denied, between) = (PrincipalId(2), PrincipalId(3), PrincipalId(4));
    let admin = AddMember { scope: path("org:a"), principal: bo, role: Role::Admin, expires_at: None };
    place.does(1, admin);
    for whom in [PrincipalId(1), denied] {
        let deny = AddAclEntry::new(
            path("org:a"),
            Effect::Deny,
            Subject::Principal(whom),
            "scope.acl.*".parse().unwrap(),
        );
        place.does(2, deny);
    }
    place.does(1, AddRelationship::member(between, bo));
    assert_eq!(place.tries(1, AddRelationship::member(denied, between)), "locks_out");
    // A group that is suspended says nothing, until it is reinstated.
    place.does(1, SuspendPrincipal { principal: denied });
    place.does(1, AddRelationship::member(denied, between));
    assert_eq!(place.tries(1, ReinstatePrincipal { principal: denied }), "locks_out");
    crate::support::same_elsewhere(&place.engine);
}
