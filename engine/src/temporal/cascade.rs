//! What depends on an event.
//!
//! Two sorts of dependence, followed until nothing new is found: *causes*, which every event carries, and *data*: later versions
//! of what an event changed, and, for what it made, everything that happened inside it, by it, or that names it. Cost: linear
//! in what is found, from the audit index; the log is not scanned.

use super::Entity;
use crate::audit::Thing;
use crate::error::{Error, Result};
use crate::history::History;
use roaring::RoaringBitmap;
use scoped_projections::{ScopeId, Sequence, World};
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
