//! One object: two versions, a look back, and the way back.
use scoped::temporal::{Cutoff, Selection};
use scoped::{Data, Engine, Policy, objects};
use serde_json::json;

fn main() -> Result<(), scoped::Error> {
    let engine = Engine::in_memory()?; // or `Engine::open("a/directory")?`
    engine.register_types(&["limits"])?; // nothing is made whose type is not registered
    let ada = engine.session(engine.founder())?;

    let made = ada.execute(objects::Create::new("limits", Data::new(json!({ "cpu": 2 }))?))?;
    let limits = made.object();
    ada.execute(objects::Update::new(limits, Data::new(json!({ "cpu": 8 }))?).expecting(1))?;

    let then = ada.as_of(&Cutoff::At(made.last))?; // every moment can be asked, not only the present
    assert_eq!(then.read(limits)?.value()?["cpu"], 2);

    ada.rollback(&Cutoff::At(made.last), Selection::Object(limits), Policy::AllOrNothing)?;
    let now = ada.read(limits)?;
    assert_eq!(now.value()?["cpu"], 2);
    assert_eq!(now.version, 3); // a third version: history only grows
    Ok(())
}
