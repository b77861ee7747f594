//! Erasing a data subject: afterwards every copy and every way to ask says `erased`, and every sum still agrees.
//!
//! Open first: `everywhere` (all ways to ask), then `copies` (the bytes on the disk), `crash` (the key ends whatever happens in between).

use crate::support::{NOON, data, member, object, path, principal, scope_at};
use scoped::log::{FileStorage, Storage, VerifyOptions};
use scoped::projections::tenancy::Role;
use scoped::vault::{Kek, StoredKeys};
use scoped::{
    Batch, Data, Engine, Keys, Level, ManualDoor, ObjectId, Options, PrincipalId, Session, SubjectId,
    objects, subjects::Erase,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

mod came_from;
mod compliance;
mod copies;
mod crash;
mod everywhere;
mod golden;
mod rollback;
mod sealing;
mod writing;

const FOUNDER: PrincipalId = PrincipalId(1);
/// A member of `org:a`, who reads there.
const READER: PrincipalId = PrincipalId(2);
/// Whoever is erased.
const MARIA: SubjectId = SubjectId(0x4d41);
/// Whoever is not.
const PIERRE: SubjectId = SubjectId(0x5049);
/// Maria's, in `org:a`: two versions, with a reason for the second.
const HERS: ObjectId = ObjectId(10);
/// Pierre's, in `org:a`.
const HIS: ObjectId = ObjectId(11);
/// Nobody's, in `org:a`.
const PLAIN: ObjectId = ObjectId(12);
/// What only Maria's data says.
const SECRET: &str = "maria-lives-at-7391";
/// What only the reason for her second version says.
const WHY: &str = "maria-moved-away-4477";
const KEK: [u8; 32] = [7; 32];

/// A directory with a log, and beside it a key store.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }
    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }
    fn store(&self) -> StoredKeys {
        StoredKeys::directory(self.folder.path().join("keys"))
    }
    fn keys(&self) -> Keys {
        Keys::new(self.store(), Kek::new(KEK))
    }
    fn open(&self) -> Engine {
        Engine::open_with(self.log(), options(9).keys(self.keys())).unwrap()
    }
    /// With Maria's data in two versions, Pierre's, and nobody's.
    fn furnished() -> (Self, Engine) {
        let place = Self::new();
        let engine = place.open();
        furnish(&engine);
        (place, engine)
    }
    fn verify(&self) {
        let storage: Arc<dyn Storage> = Arc::new(FileStorage::new(self.log()));
        let report = scoped::log::verify(&storage, &VerifyOptions::default(), &|_| ()).unwrap();
        assert!(report.is_clean(), "{:?}", report.findings);
    }
}

fn options(seed: u64) -> Options {
    let door = Arc::new(ManualDoor::new(NOON, seed));
    // Small segments: the disks that lose power keep every sector in memory.
    crate::support::small_segments().founder(FOUNDER).door(door)
}

fn said(text: &str) -> Data {
    data(serde_json::json!({ "says": text }))
}

fn hers(id: ObjectId) -> objects::Create {
    let create = objects::Create::new("note", said(SECRET)).with_id(id).about(MARIA);
    create.into_scope(path("org:a"), Level::Write)
}

fn furnish(engine: &Engine) {
    let his = objects::Create::new("note", said("pierre")).with_id(HIS).about(PIERRE);
    let batch = Batch::new()
        .with(FOUNDER, principal(2))
        .with(FOUNDER, scope_at("org:a", 1))
        .with(FOUNDER, member("org:a", 2, Role::Reader))
        .with(FOUNDER, hers(HERS))
        .with(FOUNDER, his.into_scope(path("org:a"), Level::Write))
        .with(FOUNDER, object(PLAIN.0, 1, Some("org:a"), Level::Write));
    engine.execute(batch).unwrap();
    let second = data(serde_json::json!({ "says": SECRET, "also": 2 }));
    founder(engine).execute(objects::Update::new(HERS, second).because(WHY)).unwrap();
}

fn founder(engine: &Engine) -> Session {
    engine.session(FOUNDER).unwrap()
}

fn erase(engine: &Engine, subject: SubjectId) -> scoped::Receipt {
    founder(engine).execute(Erase::new(subject).because("request 4711")).unwrap()
}

/// Does the text stand in any file below?
fn found_in(directory: &Path, text: &str) -> Vec<PathBuf> {
    let holds = |bytes: &[u8]| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    let files = crate::support::files(directory).into_iter();
    files.filter(|(_, bytes)| holds(bytes)).map(|(path, _)| path).collect()
}
