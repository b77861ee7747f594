//! A grove: as many trees of scopes as make so many events, each with its members, objects and versions.
//!
//! ```text
//! tree    1 root, 4 below, 16 leaves: 21 scopes
//! people  10, members of the root
//! leaf    20 objects, each updated once
//! ```

use crate::bench::drawn::{draw, id};
use crate::bench::load::{NOTE, data, fill};
use anyhow::Context;
use scoped::{
    Command, Durability, Engine, Level, ObjectId, Options, PrincipalId, Role, ScopeId, ScopeRef, Sequence,
    identity, objects, tenancy,
};
use std::path::{Path, PathBuf};

/// Scopes of a tree: the root, four below it, four below each of them.
const SCOPES: u32 = 21;
const LEAVES: u32 = 16;
/// Members of a tree's root.
const PEOPLE: u32 = 10;
/// Objects of a leaf.
const OBJECTS: u32 = 20;
/// Trees that are planted together.
const TREES: u32 = 4;
/// Bytes of an object's data.
const PAYLOAD: usize = 100;

pub(super) struct Grove {
    directory: PathBuf,
    options: Options,
    /// None only while it is opened again.
    engine: Option<Engine>,
    trees: u32,
}

impl Grove {
    pub(super) fn plant(directory: &Path, durability: Durability) -> anyhow::Result<Self> {
        let options = Options::default().durability(durability).snapshot_after(0).types([NOTE]);
        let engine = Engine::open_with(directory, options.clone())
            .with_context(|| format!("making a log in `{}`", directory.display()))?;
        Ok(Self { directory: directory.to_owned(), options, engine: Some(engine), trees: 0 })
    }

    pub(super) fn engine(&self) -> anyhow::Result<&Engine> {
        self.engine.as_ref().context("the engine of the bench is closed")
    }
    pub(super) fn head(&self) -> Sequence {
        self.engine.as_ref().map_or(Sequence::NONE, |engine| engine.history().head())
    }
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }
    /// Closes the engine and opens it again.
    pub(super) fn reopen(&mut self) -> anyhow::Result<()> {
        if let Some(engine) = self.engine.take() {
            engine.close()?;
        }
        self.engine = Some(Engine::open_with(&self.directory, self.options.clone())?);
        Ok(())
    }
    /// Lets go of the engine.
    pub(super) fn fell(mut self) -> anyhow::Result<()> {
        self.engine.take().map_or(Ok(()), |engine| Ok(engine.close()?))
    }

    pub(super) fn scope(tree: u32, nth: u32) -> ScopeId {
        ScopeId(id(11, u64::from(tree) << 8 | u64::from(nth)))
    }
    fn person(tree: u32, nth: u32) -> PrincipalId {
        PrincipalId(id(12, u64::from(tree) << 8 | u64::from(nth)))
    }
    fn object(tree: u32, nth: u32) -> ObjectId {
        ObjectId(id(13, u64::from(tree) << 16 | u64::from(nth)))
    }
    /// A tree that follows from a number, with one of its people and one of its objects.
    pub(super) fn drawn(&self, number: u64) -> (u32, PrincipalId, ObjectId) {
        let mut state = number;
        let mut below = |most: u32| (draw(&mut state) % u64::from(most.max(1))) as u32;
        let tree = below(self.trees);
        (tree, Self::person(tree, below(PEOPLE)), Self::object(tree, below(LEAVES * OBJECTS)))
    }

    /// Plants trees until the log has so many events.
    pub(super) fn grow_to(&mut self, events: u64) -> anyhow::Result<()> {
        while self.head().get() < events {
            let trees = self.trees..self.trees + TREES;
            self.plant_some(trees.clone())?;
            self.trees = trees.end;
        }
        Ok(())
    }

    fn plant_some(&self, trees: std::ops::Range<u32>) -> anyhow::Result<()> {
        let engine = self.engine()?;
        let fill = |commands: &mut dyn Iterator<Item = Command>| fill(engine, engine.founder(), commands);
        let somebody = identity::CreatePrincipal::named("person", "somebody")?;
        fill(&mut trees.clone().flat_map(scopes)).context("making scopes")?;
        let people = trees.clone().flat_map(|tree| (0..PEOPLE).map(move |nth| (tree, nth)));
        fill(&mut people.flat_map(|(tree, nth)| -> [Command; 2] {
            let (principal, scope) = (Self::person(tree, nth), ScopeRef::Id(Self::scope(tree, 0)));
            let role = Role::Writer;
            [
                identity::CreatePrincipal { principal: Some(principal), ..somebody.clone() }.into(),
                tenancy::AddMember { scope, principal, role, expires_at: None }.into(),
            ]
        }))
        .context("making people")?;
        let mut text = String::new();
        let all = trees.flat_map(|tree| (0..LEAVES * OBJECTS).map(move |nth| (tree, nth)));
        fill(&mut all.clone().map_while(|(tree, nth)| {
            let object = Some(Self::object(tree, nth));
            let scope = Some(ScopeRef::Id(Self::scope(tree, SCOPES - LEAVES + nth / OBJECTS)));
            let data = data(PAYLOAD, u64::from(nth), &mut text).ok()?;
            Some(
                objects::Create { object, scope, level: Level::Write, ..objects::Create::new(NOTE, data) }
                    .into(),
            )
        }))
        .context("making objects")?;
        fill(&mut all.map_while(|(tree, nth)| {
            let data = data(PAYLOAD, u64::from(nth) + 1, &mut text).ok()?;
            let object = Self::object(tree, nth);
            Some(objects::Update { object, data, expected_version: None, reason: None }.into())
        }))
        .context("updating objects")
    }
}

/// The commands that make the scopes of a tree.
fn scopes(tree: u32) -> impl Iterator<Item = Command> {
    (0..SCOPES).map(move |nth| {
        let parent = nth.checked_sub(1).map(|before| ScopeRef::Id(Grove::scope(tree, before / 4)));
        let (scope, name) = (Some(Grove::scope(tree, nth)), Some(format!("{tree}.{nth}")));
        tenancy::CreateScope { scope, path: None, name, parent }.into()
    })
}
