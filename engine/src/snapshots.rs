//! Snapshot files: found, trusted as far as they prove themselves, written, thinned out.
//!
//! Names: `snapshots/00000000000000001234.world`, the position in twenty digits. A new one is written beside its name, synced and
//! renamed. Whatever is wrong with one is a note, never an error: the log can do without.

mod keeper;
mod thinning;

pub(crate) use keeper::Keeper;

use crate::error::{Error, Result};
use parking_lot::Mutex;
use scoped_log::hint::prefer_huge_pages;
use scoped_log::storage::{read_full_at, write_all_at};
use scoped_log::{Access, Reader, Storage};
use scoped_projections::snapshot::{self, Snapshot};
use scoped_projections::{Sequence, World};
use std::io;
use std::sync::Arc;

const FOLDER: &str = "snapshots";
const ENDING: &str = ".world";
/// Notes that are kept: one that is wrong is looked at again and again.
const NOTES_MAX: usize = 64;

pub(crate) struct Snapshots {
    storage: Arc<dyn Storage>,
    /// Whoever writes one: two of one position would write one file.
    writing: Mutex<()>,
    notes: Mutex<Vec<String>>,
}

impl Snapshots {
    pub(crate) fn new(storage: Arc<dyn Storage>) -> Self {
        Self { storage, writing: Mutex::default(), notes: Mutex::default() }
    }

    /// Positions of the snapshots that are there, newest first.
    pub(crate) fn positions(&self) -> Vec<Sequence> {
        let names = self.storage.list(FOLDER).unwrap_or_default();
        let number = |name: &String| name.strip_suffix(ENDING)?.parse::<u64>().ok().map(Sequence::new);
        let mut found: Vec<Sequence> = names.iter().filter_map(number).collect();
        found.sort_unstable_by(|a, b| b.cmp(a));
        found
    }

    /// Where the newest one lies that is not ahead of the log, 0 for none.
    pub(crate) fn newest(&self, reader: &Reader) -> Sequence {
        self.positions().into_iter().find(|at| *at <= reader.last()).unwrap_or_default()
    }

    /// Where they lie: beside the log.
    pub(crate) fn storage(&self) -> &Arc<dyn Storage> {
        &self.storage
    }

    /// What was wrong with snapshots that were not used, one sentence each.
    pub(crate) fn notes(&self) -> Vec<String> {
        self.notes.lock().clone()
    }

    fn note(&self, note: String) {
        let mut notes = self.notes.lock();
        if !notes.contains(&note) && notes.len() < NOTES_MAX {
            notes.push(note);
        }
    }

    /// The newest usable snapshot behind `known` and not behind `at`.
    pub(crate) fn load_nearest(&self, reader: &Reader, known: Sequence, at: Sequence) -> Option<World> {
        for position in self.positions() {
            if position <= known || position > at {
                continue;
            }
            match self.load(reader, position) {
                Ok(world) => return Some(world),
                Err(why) => {
                    self.note(format!("snapshot `{}` is ignored: {why}", path(position)));
                }
            }
        }
        None
    }

    fn load(&self, reader: &Reader, position: Sequence) -> Result<World, String> {
        Ok(self.world_and_bytes(reader, position)?.0)
    }

    /// A snapshot that proves itself, and its bytes.
    pub(crate) fn world_and_bytes(
        &self,
        reader: &Reader,
        position: Sequence,
    ) -> Result<(World, Vec<u8>), String> {
        let bytes = self.read(&path(position)).map_err(|e| e.to_string())?;
        let snapshot = Snapshot::parse(&bytes).map_err(|e| format!("it {e}"))?;
        let chain = reader.chain_at(position).map_err(|e| e.to_string())?;
        if snapshot.log_id != reader.log_id()
            || snapshot.position != position
            || chain != Some(snapshot.chain)
        {
            return Err(format!("it {}", snapshot::SnapshotError::OtherHistory));
        }
        // Two sums of many bytes, a core each; only then does anybody believe what they say.
        let (unchanged, of_its_digest) = std::thread::scope(|scope| {
            let beside = std::thread::Builder::new().spawn_scoped(scope, || snapshot.is_unchanged());
            let of_its_digest = snapshot.is_of_its_digest();
            // Where there is no thread to be had, one after the other.
            let unchanged = match beside {
                Ok(thread) => thread.join().unwrap_or(false),
                Err(_) => snapshot.is_unchanged(),
            };
            (unchanged, of_its_digest)
        });
        let world = snapshot.world_if(unchanged, of_its_digest);
        Ok((world.map_err(|e| format!("it {e}"))?, bytes))
    }

    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        let file = self.storage.open(path, Access::Read)?;
        let length = usize::try_from(file.len()?).map_err(|_| io::ErrorKind::FileTooLarge)?;
        let mut bytes = Vec::new();
        // A file that lies about its length is met here, before anything is parsed.
        bytes.try_reserve_exact(length).map_err(|_| io::ErrorKind::OutOfMemory)?;
        prefer_huge_pages(&mut bytes);
        bytes.resize(length, 0);
        if read_full_at(&*file, &mut bytes, 0)? < length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(bytes)
    }

    /// Writes down a world of the log that `reader` reads, and lets go of old ones.
    pub(crate) fn save_of(&self, world: &World, reader: &Reader) -> Result<()> {
        let missing = || Error::corrupt(format!("there is no event {}", world.position()));
        let chain = reader.chain_at(world.position())?.ok_or_else(missing)?;
        let _alone = self.writing.lock();
        let bytes = snapshot::encode(world, reader.log_id(), &chain);
        let name = path(world.position());
        self.write(&name, &bytes).map_err(|e| {
            Error::unavailable("unavailable", format!("the snapshot `{name}` could not be written: {e}"))
                .hint("the log is whole without it")
        })?;
        // One of a history that the log has lost is none.
        let (there, ahead): (Vec<_>, Vec<_>) =
            self.positions().into_iter().partition(|at| *at <= reader.last());
        for old in thinning::surplus(&there).into_iter().chain(ahead) {
            // An old snapshot that stays costs space only.
            let _ = self.storage.remove(&path(old));
        }
        Ok(())
    }

    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.storage.create_folder(FOLDER)?;
        let beside = format!("{name}.tmp");
        match self.storage.remove(&beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let file = self.storage.create(&beside)?;
        write_all_at(&*file, bytes, 0)?;
        file.sync_data()?;
        self.storage.rename(&beside, name)?;
        self.storage.sync_folder(FOLDER)
    }
}

fn path(position: Sequence) -> String {
    format!("{FOLDER}/{:020}{ENDING}", position.get())
}
