//! Somebody can always take a deny off a list again.

use crate::support::Place;
use crate::support::{code, path, principal};
use scoped::identity::AddRelationship;
use scoped::tenancy::{AddAclEntry, AddMember, SetAcl};
use scoped::{PrincipalId, Role, Subject};

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
