//! What the scenarios share: small makers of commands, and a small world to begin with.

use proptest::test_runner::{Config, RngSeed};
use scoped::tenancy::{AddMember, CreateScope};
use scoped::{
    Batch, Command, Data, Digest, Engine, History, Level, ManualDoor, ObjectId, Options, PrincipalId,
    Receipt, Role, ScopeId, ScopeRef, Sequence, Session, identity, objects,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// µs: some Sunday in 2026.
pub(crate) const NOON: u64 = 1_795_348_800_000_000;

/// How a property draws its cases: every day so many, with the same chances; `SCOPED_CASES` many with other chances each time.
pub(crate) fn chances(everyday: u32, seed: u64) -> Config {
    let wanted: Option<u32> =
        std::env::var("SCOPED_CASES").ok().map(|text| text.parse().expect("SCOPED_CASES is a number"));
    Config {
        cases: wanted.unwrap_or(everyday),
        rng_seed: if wanted.is_some() { RngSeed::Random } else { RngSeed::Fixed(seed) },
        failure_persistence: None,
        max_shrink_iters: 4_000,
        ..Config::default()
    }
}

/// What a caught panic says.
pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}

pub(crate) fn data(value: serde_json::Value) -> Data {
    Data::new(&value).unwrap()
}

pub(crate) fn principal(id: u128) -> identity::CreatePrincipal {
    let description = data(serde_json::json!({ "name": format!("principal {id}") }));
    identity::CreatePrincipal {
        principal: Some(PrincipalId(id)),
        kind: "person".into(),
        description,
        handle: None,
        personal: false,
    }
}

pub(crate) fn scope_at(path: &str, id: u128) -> CreateScope {
    CreateScope { scope: Some(ScopeId(id)), path: Some(path.parse().unwrap()), name: None, parent: None }
}

pub(crate) fn member(scope: &str, principal: u128, role: Role) -> AddMember {
    AddMember { scope: path(scope), principal: PrincipalId(principal), role, expires_at: None }
}

pub(crate) fn path(path: &str) -> ScopeRef {
    ScopeRef::Path(path.parse().unwrap())
}

pub(crate) fn object(id: u128, cpu: u64, scope: Option<&str>, level: Level) -> objects::Create {
    let (object, data) = (Some(ObjectId(id)), data(serde_json::json!({ "cpu": cpu })));
    objects::Create {
        object,
        object_type: "limits".into(),
        data,
        scope: scope.map(path),
        level,
        reason: None,
        subject: None,
    }
}

pub(crate) fn update(id: u128, cpu: u64) -> objects::Update {
    let data = data(serde_json::json!({ "cpu": cpu }));
    objects::Update { object: ObjectId(id), data, expected_version: None, reason: None }
}

/// The types that tests make objects of.
pub(crate) const TYPES: [&str; 5] = ["limits", "thing", "blob", "note", "file"];

/// An engine in memory that knows [`TYPES`].
pub(crate) fn in_memory() -> Engine {
    let storage = Arc::new(scoped::log::MemoryStorage::new());
    Engine::on(storage, Options::default().types(TYPES)).unwrap()
}

/// Small segments, so that a test of a few hundred events has several.
pub(crate) fn small_segments() -> Options {
    let log = scoped::log::Options { segment_bytes: 32 << 10, ..scoped::log::Options::default() };
    Options::default().log(log).snapshot_after(0).types(TYPES)
}

/// An engine whose time stands at noon and whose chance is a seed.
pub(crate) fn by_hand(seed: u64) -> (Engine, Arc<ManualDoor>) {
    let door = Arc::new(ManualDoor::new(NOON, seed));
    let options = small_segments().door(door.clone()).founder(PrincipalId(1));
    let storage = Arc::new(scoped::log::MemoryStorage::new());
    (Engine::on(storage, options).unwrap(), door)
}

/// What a call came to: `fine`, or the code of its refusal.
pub(crate) fn code<T>(result: scoped::Result<T>) -> &'static str {
    result.map_or_else(|error| error.code(), |_| "fine")
}

/// An engine with people and scopes, whose time stands until it is set. The founder (1) owns the scopes.
pub(crate) struct Place {
    pub(crate) engine: Engine,
    pub(crate) door: Arc<ManualDoor>,
}

impl Place {
    /// With these people, and these scopes by path and id.
    pub(crate) fn with(
        seed: u64,
        people: impl IntoIterator<Item = identity::CreatePrincipal>,
        scopes: &[(&str, u128)],
    ) -> Self {
        let (engine, door) = by_hand(seed);
        let mut batch = Batch::new();
        people.into_iter().for_each(|one| batch.push(PrincipalId(1), one));
        scopes.iter().for_each(|(path, id)| batch.push(PrincipalId(1), scope_at(path, *id)));
        engine.execute(batch).unwrap();
        Self { engine, door }
    }
    /// Somebody at work.
    #[track_caller]
    pub(crate) fn at(&self, who: u128) -> Session {
        self.engine.session(PrincipalId(who)).unwrap()
    }
    /// Somebody does it.
    #[track_caller]
    pub(crate) fn does(&self, who: u128, command: impl Into<Command>) -> Receipt {
        self.at(who).execute(command).unwrap()
    }
    /// What comes of it when somebody tries it.
    #[track_caller]
    pub(crate) fn tries(&self, who: u128, command: impl Into<Command>) -> &'static str {
        code(self.at(who).execute(command))
    }
}

/// The digest of the present, and that of a replay from the first record; both have to be one.
pub(crate) fn digest(engine: &Engine) -> Digest {
    let (live, at) = engine.read(|moment| (moment.world().state_digest(), moment.world().position()));
    assert_eq!(live, replayed(engine.history(), at), "the live world is the replayed one");
    live
}

pub(crate) fn replayed(history: &History, at: Sequence) -> Digest {
    history.replay(at, &mut |_| ()).unwrap().state_digest()
}

/// A file of the package, wherever the tests are started from.
pub(crate) fn package_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// All files below a directory with their bytes, to see that none has changed.
pub(crate) fn files(directory: &Path) -> std::collections::BTreeMap<PathBuf, Vec<u8>> {
    let mut found = std::collections::BTreeMap::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.clone(), std::fs::read(&path).unwrap());
        }
    }
    found
}

/// Writes a log out as commands, carries them out in an engine that was made by the same founder, and asks for the same content.
pub(crate) fn same_elsewhere(engine: &Engine) {
    // It knows no types: the log says which there are.
    let options = Options::default().door(Arc::new(ManualDoor::new(NOON, 77))).founder(PrincipalId(1));
    let other = Engine::on(Arc::new(scoped::log::MemoryStorage::new()), options).unwrap();
    let (mut records, history) = (Vec::new(), engine.history());
    for record in history.reader().records(Sequence::new(2), history.head()) {
        let record = record.unwrap();
        let last = record.batch_left() == 0;
        records.push(record);
        if last {
            if let Some(batch) = scoped::export::recall(engine.history(), &records).unwrap() {
                let line = scoped::write_line(&batch, records[0].sequence()).unwrap();
                let (batch, _) = scoped::parse_line(&line).unwrap_or_else(|e| panic!("{e}: {line}"));
                other.execute(batch).unwrap_or_else(|e| panic!("{e}: {line}"));
            }
            records.clear();
        }
    }
    let content = |engine: &Engine| engine.read(|moment| moment.world().content_digest());
    assert_eq!(content(engine), content(&other), "the same commands come to the same content");
    digest(&other);
}
