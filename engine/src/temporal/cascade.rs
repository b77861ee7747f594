//! What depends on an event.
//!
//! Two sorts of dependence, followed until nothing new is found: *causes*, which every event carries, and *data*: later versions
//! of what an event changed, and, for what it made, everything that happened inside it, by it, or that names it. An object names its
//! type by a word and not by an id: for the first edition of a type all objects are looked at. Cost: linear in what is found, from
//! the audit index, and in the objects there are if a type is among it; the log is not scanned.

use super::Entity;
use crate::audit::Thing;
use crate::error::{Error, Result};
use crate::history::History;
use crate::registry::type_word;
use roaring::RoaringBitmap;
use scoped_projections::{RegistrationId, ScopeId, Sequence, World};
use std::collections::BTreeSet;

/// The positions of an event and of all that depends on it.
pub(super) fn dependents(history: &History, now: &World, root: Sequence) -> Result<RoaringBitmap> {
    let beyond = || Error::unavailable("index_full", "the audit index ends at event 4294967295");
    let root = u32::try_from(root.get()).map_err(|_| beyond())?;
    let (mut found, mut next) = (RoaringBitmap::from([root]), vec![root]);
    let mut entities = BTreeSet::new();
    while let Some(at) = next.pop() {
        let event = history.event(&history.record(Sequence::new(u64::from(at)))?)?;
        let entity = Entity::of(&event).filter(|entity| entities.insert(*entity));
        let mut more = history.with_index(|index| {
            let mut more = index.tree(at);
            if let Some(entity) = entity {
                more |= index.history_of(entity);
                if index.first_of(entity) == Some(Sequence::new(u64::from(at))) {
                    // A member or a projection is made of two things that were there before it.
                    if let [thing] = Thing::of(entity)[..] {
                        more |= index.mentions(thing);
                    }
                    match entity {
                        Entity::Scope(scope) => {
                            let filed =
                                below(now, scope).into_iter().filter_map(|scope| index.of_scope(scope));
                            filed.for_each(|set| more |= set);
                        }
                        Entity::Principal(id) => index.of_actor(id).into_iter().for_each(|set| more |= set),
                        Entity::Registration(id) => {
                            let made = of_type(now, id).into_iter().filter_map(|it| index.first_of(it));
                            more.extend(made.filter_map(|at| u32::try_from(at.get()).ok()));
                        }
                        _ => {}
                    }
                }
            }
            more
        })?;
        // What came before does not depend on it.
        more.remove_range(..=at);
        more -= &found;
        next.extend(more.iter());
        found |= more;
    }
    Ok(found)
}

/// A scope and all below it, as the tree is now: what was made inside it is there still, archived or not.
fn below(now: &World, scope: ScopeId) -> Vec<ScopeId> {
    let tenancy = now.tenancy();
    let rows = tenancy.row(scope).map_or_else(Vec::new, |row| tenancy.subtree(row));
    rows.into_iter().filter_map(|row| tenancy.at(row)).map(|node| node.id).collect()
}

/// What there is of an object type: objects, and contracts for them. None of an entry that is no type, or not its first edition: what came
/// before it stands on the one before.
fn of_type(now: &World, id: RegistrationId) -> Vec<Entity> {
    let registry = now.registry();
    let first = registry.get(id).filter(|entry| registry.previous(entry).is_none());
    let Some(word) = first.and_then(|entry| type_word(&registry.urn(entry)?)) else { return Vec::new() };
    let (objects, contracts) = (now.objects(), now.contracts());
    let bound = contracts.of_type(&word).filter_map(|row| contracts.at(row));
    let made = objects.iter().filter(|object| objects.object_type(object) == word);
    bound.map(|it| Entity::Contract(it.id)).chain(made.map(|it| Entity::Object(it.id))).collect()
}
