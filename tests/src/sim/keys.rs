//! The key store of a simulated log: a folder of the same disk, so that it meets the same faults and dies with it.

use super::life::Sim;
use super::{Result, Tally, ensure, text};
use scoped::log::{Access, Lock, Storage, StorageFile};
use scoped::vault::{Held, Kek, KeyStore, StoredKeys};
use scoped::{Content, Engine, Keys, SubjectId, Why};
use std::io;
use std::sync::Arc;

/// Where it lies; files of the log have other names.
pub(super) const FOLDER: &str = "keys";
const KEK: [u8; 32] = [0x5c; 32];

/// A folder of a storage as a storage of its own.
struct Below(Arc<dyn Storage>);

fn inside(path: &str) -> String {
    if path.is_empty() { FOLDER.to_owned() } else { format!("{FOLDER}/{path}") }
}

impl Storage for Below {
    fn place(&self) -> String {
        inside(&self.0.place())
    }
    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        self.0.list(&inside(folder))
    }
    fn create_folder(&self, folder: &str) -> io::Result<()> {
        self.0.create_folder(&inside(folder))
    }
    fn create(&self, path: &str) -> io::Result<Arc<dyn StorageFile>> {
        self.0.create(&inside(path))
    }
    fn open(&self, path: &str, access: Access) -> io::Result<Arc<dyn StorageFile>> {
        self.0.open(&inside(path), access)
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.0.rename(&inside(from), &inside(to))
    }
    fn remove(&self, path: &str) -> io::Result<()> {
        self.0.remove(&inside(path))
    }
    fn sync_folder(&self, folder: &str) -> io::Result<()> {
        self.0.sync_folder(&inside(folder))
    }
    fn try_lock(&self, path: &str) -> io::Result<Lock> {
        self.0.try_lock(&inside(path))
    }
    fn free_bytes(&self) -> io::Result<Option<u64>> {
        self.0.free_bytes()
    }
    fn prepares_slowly(&self) -> bool {
        self.0.prepares_slowly()
    }
}

fn store(disk: Arc<dyn Storage>) -> StoredKeys {
    StoredKeys::on(Arc::new(Below(disk)))
}

/// The keys that lie on a disk.
pub(super) fn on(disk: Arc<dyn Storage>) -> Keys {
    Keys::new(store(disk), Kek::new(KEK))
}

/// Holds every payload of a data subject to what became of the subject: readable as long as it is not erased, and then never again.
/// To be called without faults.
pub(super) fn look(sim: &Sim, engine: &Engine, tally: &mut Tally) -> Result<()> {
    let store = store(Arc::new(sim.storage.clone()));
    let (bound, erased) = engine.read(|moment| {
        let (objects, subjects) = (moment.world().objects(), moment.world().subjects());
        let bound = objects.iter().filter_map(|object| {
            let subject = subjects.of_object(object.id)?;
            let data = objects.changes(object).filter(|change| change.has_data());
            Some((subject, subjects.erased(subject).is_some(), data.map(|change| change.sequence).collect()))
        });
        let erased: Vec<SubjectId> = subjects.all_erased().map(|(subject, _)| subject).collect();
        (bound.collect::<Vec<(SubjectId, bool, Vec<_>)>>(), erased)
    });
    for subject in erased {
        let held = store.get(subject.0).map_err(text)?;
        ensure(held == Some(Held::Erased), || {
            format!("(erased) {subject} is erased, and its key is {held:?}")
        })?;
    }
    let history = engine.history();
    for (subject, is_erased, versions) in bound {
        for at in versions {
            let record = history.record(at).map_err(text)?;
            let content = history.content(&record).map_err(|error| format!("(sealed) #{at}: {error}"))?;
            let fits = match &content {
                Some(Content::Clear(data)) => {
                    !is_erased && serde_json::from_slice::<serde_json::Value>(data).is_ok()
                }
                Some(Content::Absent(absence)) => {
                    is_erased && absence.why == Why::Erased && absence.subject == subject
                }
                None => false,
            };
            ensure(fits, || {
                let state = if is_erased { "erased" } else { "not erased" };
                format!("(sealed) {subject} is {state}, and {at} reads as {content:?}")
            })?;
            tally.sealed += u64::from(!is_erased);
            tally.erased += u64::from(is_erased);
        }
    }
    Ok(())
}
