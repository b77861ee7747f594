//! Sharing on purpose: an object is private until it is projected into a scope, and a role there says how far others go.
use scoped::tenancy::{AddMember, CreateScope};
use scoped::{Capability, Data, Engine, Level, Role, identity, objects, sharing};
use serde_json::json;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let engine = Engine::in_memory()?;
    engine.register_types(&["note"])?;
    let ada = engine.session(engine.founder())?;
    let bo = engine.session(ada.execute(identity::CreatePrincipal::named("person", "Bo")?)?.principal())?;

    let acme = ada.execute(CreateScope::at("org:acme".parse()?))?.scope();
    ada.execute(AddMember::new(acme, bo.actor(), Role::Writer))?;
    let made = ada.execute(objects::Create::new("note", Data::new(json!({ "text": "mine" }))?))?;
    let note = made.object();

    // A member of every scope there is still does not see what is private; nor does he learn that it exists.
    let refused = bo.read(note).unwrap_err();
    assert_eq!(refused.code(), "denied");

    // Projected for reading: the smaller of role (writer) and level (read) counts.
    ada.execute(sharing::Project { object: note, scope: acme.into(), level: Level::Read })?;
    assert_eq!(bo.read(note)?.value()?["text"], "mine");
    assert!(!bo.can(Capability::Write, note));

    // Taken back: when the receipt is there, no read that starts allows any more.
    ada.execute(sharing::Revoke { object: note, scope: acme.into() })?;
    assert!(bo.read(note).is_err());
    Ok(())
}
