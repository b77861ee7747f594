//! Erasing a person: the log keeps every event and every sum, and nothing of what was said.
use scoped::log::{MemoryStorage, Storage};
use scoped::subjects::Erase;
use scoped::temporal::Cutoff;
use scoped::vault::{Kek, StoredKeys};
use scoped::{Data, Engine, Keys, Options, SubjectId, objects};
use serde_json::json;
use std::sync::Arc;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // In earnest: `StoredKeys::directory`, on another disk than the log, and a key-encryption key from a `KekFile`.
    let keys = Keys::new(StoredKeys::memory(), Kek::new([7; 32]));
    let log: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
    let engine = Engine::on(log, Options::default().types(["patient"]).keys(keys))?;
    let ada = engine.session(engine.founder())?;

    // Whose data it is, by a pseudonym: the id stays readable for ever.
    let maria = SubjectId(engine.fresh_id());
    let record = objects::Create::new("patient", Data::new(json!({ "name": "Maria" }))?).about(maria);
    let record = ada.execute(record)?.object();
    assert_eq!(ada.read(record)?.value()?["name"], "Maria");
    let (then, head) = (engine.history().head(), engine.read(|moment| moment.world().state_digest()));

    // An event like all others; when it is durable the key is destroyed, and then there is a receipt.
    ada.execute(Erase::new(maria).because("request 4711"))?;
    assert_eq!(ada.read(record)?.value().unwrap_err().code(), "erased");
    assert_eq!(ada.as_of(&Cutoff::At(then))?.read(record)?.value().unwrap_err().code(), "erased");
    let more = objects::Update::new(record, Data::new(json!({ "name": "Maria" }))?);
    assert_eq!(ada.execute(more).unwrap_err().code(), "subject_erased");

    // And the past is what it was, to the last bit.
    assert_eq!(engine.history().replay(then, &mut |_| ())?.state_digest(), head);
    Ok(())
}
