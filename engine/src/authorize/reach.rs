//! Where somebody may be allowed anything at all: what lists are made from, so that they need not ask about every scope there is.
//!
//! INVARIANT (reach): what allows something at a scope stands on the way from it to its root, and is a membership of the actor or of a group
//! that it belongs to, or an entry of a list (`chain.rs`, `Asker::along`). So whoever is allowed something at a scope finds that scope here.
//! The reverse does not hold: each is still asked about.
//! Cost: the scopes that are found, the actor's memberships, and all entries of lists.

use roaring::RoaringBitmap;
use scoped_projections::{PrincipalId, World};

/// Rows of all scopes at which `actor` may be allowed something, and of more.
pub(crate) fn reach(world: &World, actor: PrincipalId) -> RoaringBitmap {
    let (identity, tenancy) = (world.identity(), world.tenancy());
    let Some(row) = identity.row(actor) else { return RoaringBitmap::new() };
    let memberships = identity.selves(row).flat_map(|own| tenancy.memberships(own)).map(|(scope, _)| scope);
    let mut next: Vec<u32> = memberships.chain(tenancy.scopes_with_entries()).collect();
    let mut found = RoaringBitmap::new();
    while let Some(scope) = next.pop() {
        if found.insert(scope) {
            next.extend(tenancy.children(scope));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authorize::{Request, Target, authorize};
    use crate::identity::{AddRelationship, CreatePrincipal};
    use crate::tenancy::{AddAclEntry, AddMember, CreateScope, ScopeRef};
    use crate::{Data, Engine};
    use scoped_projections::ScopeId;
    use scoped_projections::tenancy::{Applies, Capability, Effect, Role, Subject};

    /// A scope that is missing here would be a right that no list shows.
    #[test]
    fn whoever_is_allowed_something_at_a_scope_reaches_it_and_other_trees_are_left_out() {
        let engine = Engine::in_memory().unwrap();
        let founder = engine.session(engine.founder()).unwrap();
        let scope = |tree: u128, depth: u128| ScopeId(100 * tree + depth);
        for tree in 1..=4 {
            for depth in 1..=4 {
                let parent = (depth > 1).then(|| ScopeRef::Id(scope(tree, depth - 1)));
                let (id, name) = (Some(scope(tree, depth)), Some(format!("{tree}.{depth}")));
                founder.execute(CreateScope { scope: id, path: None, name, parent }).unwrap();
            }
        }
        let [member, group, grouped, listed, nobody] = [1, 2, 3, 4, 5].map(|nth| PrincipalId(1_000 + nth));
        for principal in [member, group, grouped, listed, nobody] {
            let kind = if principal == group { "group" } else { "person" }.to_owned();
            let (principal, description) =
                (Some(principal), Data::from_text_fields(&[("name", "x")]).unwrap());
            founder
                .execute(CreatePrincipal { principal, kind, description, handle: None, personal: false })
                .unwrap();
        }
        let join = |tree, depth, principal| {
            let scope = ScopeRef::Id(scope(tree, depth));
            let role = Role::Writer;
            founder.execute(AddMember { scope, principal, role, expires_at: None }).unwrap();
        };
        join(1, 2, member);
        join(2, 3, group);
        founder.execute(AddRelationship::member(group, grouped)).unwrap();
        let (capability, applies) = ("scope.read.*".parse().unwrap(), Applies::Subtree);
        let (entry, scope_ref, effect) = (None, ScopeRef::Id(scope(3, 3)), Effect::Allow);
        let subject = Subject::Principal(listed);
        founder
            .execute(AddAclEntry {
                entry,
                scope: scope_ref,
                effect,
                subject,
                capability,
                applies,
                expires_at: None,
            })
            .unwrap();
        engine.read(|moment| {
            let world = moment.world();
            let row = |tree, depth| world.tenancy().row(scope(tree, depth)).unwrap();
            let mut allowed = 0;
            for actor in [engine.founder(), member, group, grouped, listed, nobody] {
                let reach = reach(world, actor);
                for at in 0..world.tenancy().len() as u32 {
                    for capability in Capability::ALL.iter().copied() {
                        let request = Request::new(capability, Target::Scope(at));
                        if authorize(world, actor, request, moment.now).allowed {
                            allowed += 1;
                            assert!(reach.contains(at), "{actor:?} may {capability:?} at {at}");
                        }
                    }
                }
            }
            assert!(allowed > 20, "{allowed}");
            assert!(reach(world, grouped).contains(row(2, 4)), "below the scope of the group");
            assert!(!reach(world, member).contains(row(1, 1)), "above a membership");
            assert!(!reach(world, nobody).contains(row(4, 2)), "a tree without members and entries");
            assert!(reach(world, PrincipalId(7)).is_empty(), "nobody at all");
        });
    }
}
