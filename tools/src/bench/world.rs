//! A world of some size: trees of scopes eight nodes deep, members at every depth, objects in the leaves.

use super::drawn::id;
use super::load::{NOTE, data, engine, fill};
use anyhow::Context;
use scoped::{
    Durability, Engine, Level, ObjectId, PrincipalId, Role, ScopeId, ScopeRef, identity, objects, tenancy,
};
use std::path::Path;
use std::time::Duration;

/// Nodes from a leaf to its root.
pub(super) const DEPTH: u32 = 8;
/// Trees beside each other.
const TREES: u32 = 64;

/// How large a world is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Objects, spread over the trees.
    pub objects: u32,
    /// Principals, each a member of one scope.
    pub principals: u32,
    /// Bytes of each object's data.
    pub payload: usize,
}

/// An engine that holds such a world.
pub struct World {
    /// The engine.
    pub engine: Engine,
    /// What is in it.
    pub size: Size,
}

impl World {
    /// The id of an object.
    #[must_use]
    pub fn object(number: u32) -> ObjectId {
        ObjectId(id(3, u64::from(number)))
    }
    pub(super) fn principal(number: u32) -> PrincipalId {
        PrincipalId(id(1, u64::from(number)))
    }
    /// The number of a principal that is a member in the tree of an object.
    pub(super) fn neighbour(&self, object: u32, drawn: u64) -> u32 {
        let in_tree = (self.size.principals / TREES).max(1);
        (object % TREES + TREES * (drawn % u64::from(in_tree)) as u32).min(self.size.principals - 1)
    }

    /// Makes it, in a directory that is not there yet.
    ///
    /// # Errors
    /// When the engine refuses what it should not.
    pub fn build(directory: &Path, size: Size) -> anyhow::Result<Self> {
        let engine = engine(directory, Durability::Buffered { sync_every: Duration::from_secs(1) })?;
        let founder = engine.founder();
        let scope = |tree: u32, depth: u32| ScopeId(id(2, u64::from(tree * DEPTH + depth)));
        let somebody = identity::CreatePrincipal::named("person", "somebody")?;
        let people = (0..size.principals).map(|nth| {
            let principal = Some(Self::principal(nth));
            identity::CreatePrincipal { principal, ..somebody.clone() }.into()
        });
        fill(&engine, founder, people).context("making principals")?;
        let scopes =
            (0..TREES).flat_map(|tree| (0..DEPTH).map(move |depth| (tree, depth))).map(|(tree, depth)| {
                let parent = depth.checked_sub(1).map(|above| ScopeRef::Id(scope(tree, above)));
                let name = Some(format!("{tree}.{depth}"));
                tenancy::CreateScope { scope: Some(scope(tree, depth)), path: None, name, parent }.into()
            });
        fill(&engine, founder, scopes).context("making scopes")?;
        let members = (0..size.principals).map(|nth| {
            let at = scope(nth % TREES, nth / TREES % DEPTH);
            let (principal, role, expires_at) = (Self::principal(nth), Role::Writer, None);
            tenancy::AddMember { scope: at.into(), principal, role, expires_at }.into()
        });
        fill(&engine, founder, members).context("making members")?;
        let mut text = String::new();
        let objects = (0..size.objects).map_while(|nth| {
            let object = Some(Self::object(nth));
            let data = data(size.payload, u64::from(nth), &mut text).ok()?;
            let scope = Some(ScopeRef::Id(scope(nth % TREES, DEPTH - 1)));
            Some(
                objects::Create { object, scope, level: Level::Write, ..objects::Create::new(NOTE, data) }
                    .into(),
            )
        });
        fill(&engine, founder, objects).context("making objects")?;
        Ok(Self { engine, size })
    }
}
