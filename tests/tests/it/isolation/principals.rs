//! Rows about principals and their relationships.

use super::*;
use scoped::EdgeId;
use scoped::identity::{ACTS_FOR, EdgeFilter, Kinship, MEMBER_OF};

pub(super) fn command(name: &str, actor: PrincipalId) -> Option<Row> {
    let (alice, nobody) = (PrincipalId(1), PrincipalId(98));
    let (kind, handle) = ("service".to_owned(), Some("user:mallory".parse().unwrap()));
    let relate = |parent, child, label: &str| identity::AddRelationship::labelled(parent, child, label);
    Some(match name {
        "identity.change_kind" => {
            let change =
                |principal| identity::ChangeKind { principal, kind: kind.clone(), expected_version: Some(7) };
            row([change(alice)], [change(nobody)])
        }
        "identity.set_handle" => {
            let set =
                |principal| identity::SetHandle { principal, handle: handle.clone(), expected_version: None };
            row([set(alice)], [set(nobody)])
        }
        "identity.add_relationship" => row(
            [
                relate(alice, actor, MEMBER_OF),
                relate(alice, actor, ACTS_FOR),
                // One's own agent may only be somebody one sees: else one could find out who there is.
                relate(actor, HIDDEN, ACTS_FOR),
                relate(actor, alice, "knows"),
            ],
            [
                relate(nobody, actor, MEMBER_OF),
                relate(actor, nobody, ACTS_FOR),
                relate(actor, nobody, "knows"),
            ],
        ),
        "identity.remove_relationship" => {
            let remove = |edge| identity::RemoveRelationship { edge, reason: None };
            row([remove(GROUPED), remove(DELEGATED)], [remove(EdgeId(99))])
        }
        _ => return None,
    })
}

pub(super) fn reading(operation: &str) -> Option<Vec<Ask>> {
    fn who(aim: &Aim) -> PrincipalId {
        if aim.object == NO_OBJECT { PrincipalId(98) } else { HIDDEN }
    }
    Some(match operation {
        "principals.read" => vec![|reading, aim| reading.principal(who(aim)).map(drop), |reading, aim| {
            let handle = if aim.object == NO_OBJECT { "user:nobody" } else { "user:hidden" };
            reading.principal_by_handle(&handle.parse().unwrap()).map(drop)
        }],
        "principals.relationships" => {
            vec![|reading, aim| reading.relationships(who(aim), EdgeFilter::default()).map(drop)]
        }
        "principals.graph" => vec![
            |reading, aim| reading.kin(who(aim), Kinship::up()).map(drop),
            |reading, aim| reading.all_related(who(aim), Kinship::both()).map(drop),
            |reading, aim| reading.kin_path(who(aim), PrincipalId(1), Kinship::both()).map(drop),
            |reading, aim| reading.kin_path(PrincipalId(2), who(aim), Kinship::both()).map(drop),
            |reading, aim| reading.is_member(who(aim), PrincipalId(2)).map(drop),
        ],
        "principals.list" => vec![],
        _ => return transfers::reading(operation),
    })
}

#[test]
fn a_list_of_principals_holds_those_one_shares_something_with_and_no_others() {
    let (engine, _) = world();
    let listed = |actor| -> Vec<u128> {
        let reading = engine.session(actor).unwrap().reading();
        let filter = identity::PrincipalFilter::default();
        reading
            .principals(&filter, None, 100)
            .unwrap()
            .principals
            .into_iter()
            .map(|info| info.principal.0)
            .collect()
    };
    assert_eq!(listed(FOREIGNER), [1, 2], "the founder owns every root that it made, also `org:g`");
    assert_eq!(listed(SIBLING), [1, 3, 4], "the owners of the root stand above `dept:b`");
    assert!(!listed(DENIED).contains(&5), "kept out of `dept:c`, its member is not seen");
    assert_eq!(listed(PrincipalId(1)), [1, 2, 3, 4, 5, 6, 7], "operators see everybody");
}
