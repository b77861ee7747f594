//! Taking in the history of a repository, reading and parsing included, to the last sync.
//!
//! The engine's import makes principals, scopes, objects, projections and marks of it, a batch a commit, each step authorized. The
//! stores are given the changes of files alone, a path being an object, and share a transaction between many commits.

use super::Bed;
use crate::pyscoped::{self, Pyscoped};
use crate::report::{Unit, Who, Work};
use crate::stores::{Change, KINDS, Kind, Link};
use crate::turns::Turns;
use scoped::{Data, Durability};
use scoped_tools::bench::load::engine;
use scoped_tools::bench::throwaway::Throwaway;
use scoped_tools::git;
use scoped_tools::import::git::import;
use std::cell::Cell;
use std::path::Path;
use std::time::Instant;

/// Changes that share a transaction in stores: about as many as the engine has in flight.
const GROUP: usize = 4_096;

/// Somebody who takes the history in. Changes a second.
trait TakesIn {
    fn turn(&mut self) -> anyhow::Result<f64>;
}

struct Parsed<'a>(&'a Path);

impl TakesIn for Parsed<'_> {
    fn turn(&mut self) -> anyhow::Result<f64> {
        let (start, mut changes) = (Instant::now(), 0);
        for commit in git::open(self.0)? {
            changes += commit?.changes.len();
        }
        Ok(changes as f64 / start.elapsed().as_secs_f64())
    }
}

struct Ours<'a> {
    directory: &'a Throwaway,
    source: &'a Path,
    /// How many events it came to.
    events: &'a Cell<u64>,
}

impl TakesIn for Ours<'_> {
    fn turn(&mut self) -> anyhow::Result<f64> {
        let open = engine(&self.directory.sub("ours"), Durability::Synced)?;
        let summary = import(&open, open.founder(), self.source, Some("bench"), &mut |_| {})?;
        open.close()?;
        self.directory.clear("ours");
        self.events.set(summary.events);
        Ok(summary.changes as f64 / summary.elapsed.as_secs_f64())
    }
}

struct Stored<'a> {
    kind: &'static Kind,
    /// The last link of whoever was first: the others have to come to the same.
    head: &'a Cell<Option<Link>>,
    directory: &'a Throwaway,
    source: &'a Path,
}

/// The id that a path has as an object.
fn object(path: &str) -> u128 {
    let digest = *blake3::hash(path.as_bytes()).as_bytes();
    digest.first_chunk().map_or(0, |start| u128::from_le_bytes(*start))
}

fn data(change: &git::Change) -> scoped::Result<Data> {
    Data::from_text_fields(&[("blob", &change.blob), ("path", &change.path)])
}

impl TakesIn for Stored<'_> {
    fn turn(&mut self) -> anyhow::Result<f64> {
        let mut store = (self.kind.open)(&self.directory.sub(self.kind.name))?;
        let (start, mut changes, mut group) = (Instant::now(), 0, Vec::with_capacity(GROUP));
        let mut commit = |group: &mut Vec<(u128, Data)>| {
            let all: Vec<_> =
                group.iter().map(|(object, data)| Change { object: *object, data: data.bytes() }).collect();
            let done = store.commit(&all);
            group.clear();
            done
        };
        for one in git::open(self.source)? {
            for change in &one?.changes {
                group.push((object(&change.path), data(change)?));
                changes += 1;
            }
            if group.len() >= GROUP {
                commit(&mut group)?;
            }
        }
        commit(&mut group)?;
        let rate = changes as f64 / start.elapsed().as_secs_f64();
        let head = *self.head.get().get_or_insert(store.head());
        self.head.set(Some(head));
        anyhow::ensure!(head == store.head(), "the chain ends in another link than that of the others");
        drop(store);
        self.directory.clear(self.kind.name);
        Ok(rate)
    }
}

struct First {
    peer: Pyscoped,
    changes: Vec<(String, String)>,
}

impl TakesIn for First {
    fn turn(&mut self) -> anyhow::Result<f64> {
        Ok(self.peer.take(&self.changes)?.per_s())
    }
}

/// Measures it; nothing where there is no history.
///
/// # Errors
/// When the directory cannot be written, the history cannot be read, or the engine refuses what it should not.
pub fn measure(bed: &Bed<'_>) -> anyhow::Result<Option<Work>> {
    let Some(source) = bed.history else { return Ok(None) };
    let (mut commits, mut changes, mut first) = (0u64, 0u64, Vec::new());
    for commit in git::open(source)? {
        let commit = commit?;
        commits += 1;
        changes += commit.changes.len() as u64;
        let left = bed.size.pyscoped_changes.saturating_sub(first.len());
        first.extend(commit.changes.into_iter().take(left).map(|change| (change.path, change.blob)));
    }
    let (head, events) = (Cell::new(None), Cell::new(0));
    let mut turns = Turns::<dyn TakesIn + '_>::new();
    turns.enter(Who::floor("reading and parsing alone"), Box::new(Parsed(source)));
    let how = "principals, scopes, objects, projections and marks; a batch a commit, synced, authorized";
    turns.enter(Who::ours(how), Box::new(Ours { directory: bed.directory, source, events: &events }));
    for kind in &KINDS {
        let how = format!("{}; changes of files alone, {GROUP} a transaction", kind.how);
        let stored = Stored { kind, head: &head, directory: bed.directory, source };
        turns.enter(Who::peer(kind.name, &how), Box::new(stored));
    }
    let how = format!("the first {} changes, read and parsed beforehand", first.len());
    let peer = bed.pyscoped(pyscoped::NAME, 1);
    turns.enter_or_miss(
        Who::peer(pyscoped::NAME, &how),
        peer.map(|peer| Box::new(First { peer, changes: first }) as Box<dyn TakesIn>),
    );
    for _ in 0..bed.size.rounds {
        turns.round(&mut |one| one.turn())?;
    }
    let name = source.file_name().unwrap_or_default().to_string_lossy();
    let how = format!(
        "{name}: {commits} commits, {changes} changes of files, which the engine makes {} events of; changes a second",
        events.get()
    );
    let work = turns.done(("import", how, Unit::PerSecond));
    drop(turns);
    bed.directory.clear(pyscoped::NAME);
    Ok(Some(work))
}
