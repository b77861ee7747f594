//! What the benches have in common: engines and logs of a known size, the same on every run.
//!
//! Ids and times come from a door with a fixed seed, data from a counter. What is measured is in `benches/`, one operation a
//! file; each runs once, quickly, under `cargo test`.

use scoped::{
    Batch, Command, Data, Durability, Engine, Level, ManualDoor, ObjectId, Options, PrincipalId, Result,
    Role, ScopeRef, identity, log::MemoryStorage, objects, tenancy,
};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

const SEED: u64 = 0x5c09ed;
const BEGIN: u64 = 1_767_225_600_000_000;
/// Steps of the batches that set things up.
const SET_UP: usize = 1_000;
/// Bytes of an object's data, roughly.
const DATA: usize = 190;
/// Scopes from the root to the one that holds the objects.
const DEPTH: usize = 8;

/// Is it only seen whether everything runs? That is `cargo test`, and `cargo bench -- --test`.
#[must_use]
pub fn is_test() -> bool {
    let has = |wanted: &str| std::env::args().any(|argument| argument == wanted);
    has("--test") || !has("--bench")
}

/// The same ids and times on every run.
#[must_use]
pub fn options() -> Options {
    let every = Duration::from_secs(3600);
    let door = Arc::new(ManualDoor::new(BEGIN, SEED));
    let durability = Durability::Buffered { sync_every: every };
    Options::default().door(door).durability(durability).snapshot_after(0).types(["note"])
}

/// An engine with objects in a scope eight nodes deep, and a principal who may write them.
pub struct Filled {
    /// The engine.
    pub engine: Engine,
    /// A writer of the root scope.
    pub writer: PrincipalId,
    /// The scope that they lie in.
    pub scope: ScopeRef,
    /// What there is.
    pub objects: Vec<ObjectId>,
}

impl Filled {
    /// In memory.
    ///
    /// # Errors
    /// When the engine refuses what it should not.
    pub fn in_memory(objects: usize) -> Result<Self> {
        Self::fill(Engine::on(Arc::new(MemoryStorage::new()), options())?, objects)
    }

    /// In a directory, synced together with whatever else waits when `durability` says so.
    ///
    /// # Errors
    /// As [`Self::in_memory`], or when the directory cannot be written.
    pub fn on_disk(directory: &Path, objects: usize, durability: Durability) -> Result<Self> {
        Self::fill(Engine::open_with(directory, options().durability(durability))?, objects)
    }

    fn fill(engine: Engine, count: usize) -> Result<Self> {
        let founder = engine.founder();
        let session = engine.session(founder)?;
        let writer = session.execute(identity::CreatePrincipal::named("person", "writer")?)?.principal();
        let mut scopes: Vec<ScopeRef> = Vec::with_capacity(DEPTH);
        for depth in 0..DEPTH {
            let (name, parent) = (Some(format!("depth {depth}")), scopes.last().cloned());
            let made = session.execute(tenancy::CreateScope { scope: None, path: None, name, parent })?;
            scopes.push(made.scope().into());
        }
        let (scope, role, expires_at) = (scopes[0].clone(), Role::Writer, None);
        session.execute(tenancy::AddMember { scope, principal: writer, role, expires_at })?;
        let home = scopes[DEPTH - 1].clone();
        let mut ids = Vec::with_capacity(count);
        let numbers: Vec<u64> = (0..count as u64).collect();
        for part in numbers.chunks(SET_UP) {
            let mut batch = Batch::new();
            for number in part {
                let (object, object_type, data) = (None, "note".to_owned(), data(*number)?);
                let (scope, level) = (Some(home.clone()), Level::Write);
                batch.push(
                    founder,
                    objects::Create { object, object_type, data, scope, level, reason: None, subject: None },
                );
            }
            ids.extend(engine.execute(batch)?.ids.into_iter().map(ObjectId));
        }
        Ok(Self { engine, writer, scope: home, objects: ids })
    }

    /// The update of one of the objects, by its writer.
    ///
    /// # Errors
    /// None that a caller could bring about.
    pub fn update(&self, number: u64) -> Result<Command> {
        let object = self.objects[number as usize % self.objects.len()];
        Ok(objects::Update { object, data: data(number)?, expected_version: None, reason: None }.into())
    }

    /// A batch of updates.
    ///
    /// # Errors
    /// None that a caller could bring about.
    pub fn updates(&self, count: u64) -> Result<Batch> {
        let mut batch = Batch::new();
        for number in 0..count {
            batch.push(self.writer, self.update(number)?);
        }
        Ok(batch)
    }
}

/// A directory that holds a log of so many objects, each updated four times, closed.
///
/// # Errors
/// As [`Filled::on_disk`].
///
/// # Panics
/// When there is no temporary directory.
pub fn closed_log(objects: usize) -> Result<TempDir> {
    let directory = directory();
    let filled = Filled::on_disk(
        directory.path(),
        objects,
        Durability::Buffered { sync_every: Duration::from_secs(3600) },
    )?;
    for _ in 0..4 {
        filled.engine.execute(filled.updates(objects as u64)?)?;
    }
    filled.engine.close()?;
    Ok(directory)
}

/// A temporary directory.
///
/// # Panics
/// When there can be none.
#[must_use]
pub fn directory() -> TempDir {
    tempfile::tempdir().expect("the benches need a temporary directory")
}

fn data(number: u64) -> Result<Data> {
    Data::from_text_fields(&[("p", &format!("{number:0>DATA$}"))])
}
