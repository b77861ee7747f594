//! What has to be true of a world by itself: everything leads to what exists, nothing is shared through what ended.

use super::check::Book;
use super::invariant::CheckName as N;
use crate::authorize::{Request, Target, authorize};
use crate::error::Result;
use crate::history::History;
use crate::registry::derived;
use crate::sealed::Content;
use scoped_projections::registry::Query;
use scoped_projections::store::NO_ROW;
use scoped_projections::tenancy::Capability;
use scoped_projections::{Sequence, World};

/// Nodes on one way to a root at most; a longer way is a loop.
const DEPTH_MAX: usize = 64;

/// Types, entries and their names.
pub(super) fn registry(world: &World, book: &mut Book) {
    let (objects, registry) = (world.objects(), world.registry());
    for object in objects.iter() {
        let word = objects.object_type(object);
        book.hold(N::RegistryCompleteness, registry.object_type(word).is_some(), || {
            format!("the object {} has the type `{word}`, which is not registered", object.id)
        });
    }
    for made in derived::all(world, &Query::default()) {
        let found = derived::find(world, &made.urn).is_some_and(|found| found.entity == made.entity);
        book.hold(N::RegistryCompleteness, found, || format!("{} has no entry `{}`", made.entity, made.urn));
    }
    for entry in registry.iter() {
        let urn = registry.urn(entry);
        let own = urn.as_ref().and_then(|urn| registry.by_urn(urn)).map(|found| found.id);
        book.hold(N::RegistryConsistency, own == Some(entry.id), || match urn {
            None => format!("the entry {} has no URN that can be written", entry.id),
            Some(urn) => format!("the entry {} is not the one that `{urn}` leads to", entry.id),
        });
    }
}

/// References between domains, and the closure rules of trees.
pub(super) fn references(world: &World, book: &mut Book) {
    let (identity, tenancy, objects) = (world.identity(), world.tenancy(), world.objects());
    for (row, object) in objects.iter().enumerate() {
        let row = row as u32;
        book.hold(N::IsolationIntegrity, identity.at(object.owner).is_some(), || {
            format!("the owner of the object {} is no principal", object.id)
        });
        let homed = object.home == NO_ROW || tenancy.at(object.home).is_some();
        book.hold(N::IsolationIntegrity, homed, || {
            format!("the home of the object {} is no scope", object.id)
        });
        for share in world.sharing().of(row) {
            let node = tenancy.at(share.scope);
            book.hold(N::IsolationIntegrity, node.is_some(), || {
                format!("the object {} is projected into what is no scope", object.id)
            });
            // What was deleted with `records=keep` may still be read from above, and changed by nobody.
            let kept = node.is_some_and(|node| node.archived) && changeable(world, row, share.scope);
            book.hold(N::ScopeBoundaries, !kept, || {
                format!("the object {} can be changed through a deleted scope", object.id)
            });
        }
    }
    for row in 0..tenancy.len() as u32 {
        let Some(node) = tenancy.at(row) else { continue };
        let way = tenancy.chain(row).take(DEPTH_MAX).count();
        book.hold(N::ScopeBoundaries, way < DEPTH_MAX && way == usize::from(node.depth) + 1, || {
            format!(
                "the way from the scope {} to its root has {way} nodes, and its depth is {}",
                node.id, node.depth
            )
        });
        let parent = tenancy.at(node.parent);
        book.hold(N::ScopeBoundaries, node.archived || parent.is_none_or(|parent| !parent.archived), || {
            format!("the live scope {} lies in a deleted one", node.id)
        });
        let mut members = tenancy.members(row).peekable();
        book.hold(N::ScopeBoundaries, !node.archived || members.peek().is_none(), || {
            format!("the deleted scope {} still has members", node.id)
        });
        for (principal, _) in members {
            book.hold(N::IsolationIntegrity, identity.at(principal).is_some(), || {
                format!("a member of the scope {} is no principal", node.id)
            });
        }
    }
    for entry in tenancy.all_entries() {
        book.hold(N::IsolationIntegrity, tenancy.at(entry.scope).is_some(), || {
            format!("the entry {} belongs to no scope", entry.id)
        });
    }
}

/// Does a scope that was deleted let somebody change an object? Those above it are asked, as far as they are many the first of them.
fn changeable(world: &World, object: u32, scope: u32) -> bool {
    let above = world.tenancy().chain(scope).flat_map(|scope| world.tenancy().members(scope).take(4));
    let write = Request::new(Capability::Write, Target::Object(object));
    above.into_iter().any(|(principal, _)| {
        let decision = authorize(world, world.identity().id(principal), write, world.time());
        decision.allowed && decision.via == Some(scope)
    })
}

/// Rules of one class and one priority that allow and deny at the same place: legal, since the deny wins, and mostly a mistake.
pub(super) fn rules(world: &World, book: &mut Book) {
    use std::collections::BTreeMap;
    let rules = world.rules();
    let mut at: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for binding in rules.bindings().filter(|binding| rules.is_active(binding)) {
        book.saw(N::RuleConsistency, 1);
        let Some((rule, version)) =
            rules.at(binding.rule).and_then(|rule| Some((rule, rules.current(rule)?)))
        else {
            book.violation(N::RuleConsistency, || format!("the binding {} is of no rule", binding.id));
            continue;
        };
        let key = (format!("{:?}", binding.targets), rule.class.tag(), version.body.priority);
        at.entry(key).or_default().push((version.body.effect, rule.id));
    }
    for found in at.values() {
        let Some((effect, one)) = found.first() else { continue };
        if let Some((_, other)) = found.iter().find(|(other, _)| other != effect) {
            book.warning(N::RuleConsistency, || {
                format!("Contradictory: the rules {one} and {other} allow and deny at one place with one priority; DENY wins")
            });
        }
    }
}

/// Can the data of every version still be read, and do versions count up without a gap?
///
/// # Errors
/// When the log cannot be read.
pub(super) fn versions(world: &World, history: &History, book: &mut Book) -> Result<()> {
    let objects = world.objects();
    for object in objects.iter() {
        let (mut wanted, mut after) = (object.version, Sequence::new(u64::MAX));
        for change in objects.changes(object) {
            let falls = change.version == wanted && change.sequence < after;
            book.hold(N::VersionsContiguous, falls, || {
                format!(
                    "the versions of the object {} do not count up by one at {}",
                    object.id, change.sequence
                )
            });
            after = change.sequence;
            if change.has_data() {
                wanted = change.version.saturating_sub(1);
                let record = history.record(change.sequence)?;
                let place = || format!("version {} of the object {}", change.version, object.id);
                let readable = match history.content(&record) {
                    Ok(Some(Content::Clear(data))) => {
                        serde_json::from_slice::<serde::de::IgnoredAny>(&data).is_ok()
                    }
                    // Sealed or erased on purpose, and shown as that.
                    Ok(Some(Content::Absent(_))) => true,
                    Ok(None) => false,
                    Err(error) => {
                        book.saw(N::VersionsReadable, 1);
                        book.violation(N::VersionsReadable, || format!("{}: {error}", place()));
                        continue;
                    }
                };
                book.hold(N::VersionsReadable, readable, || {
                    format!("{} has no data that can be read", place())
                });
            }
        }
        book.hold(N::VersionsContiguous, wanted == 0, || {
            format!("the object {} has no first version", object.id)
        });
    }
    Ok(())
}
