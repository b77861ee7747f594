//! Time travel: what was true, who could see it then, and a rollback that is itself rolled back.
use scoped::temporal::{Cutoff, Selection};
use scoped::tenancy::CreateScope;
use scoped::{Data, Engine, Level, Policy, View, objects};
use serde_json::json;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let engine = Engine::in_memory()?;
    engine.register_types(&["limits"])?;
    let ada = engine.session(engine.founder())?;
    let acme = ada.execute(CreateScope::at("org:acme".parse()?))?.scope();
    let write = |cpu: u32| -> Result<objects::Create, scoped::Error> {
        Ok(objects::Create::new("limits", Data::new(json!({ "cpu": cpu }))?).into_scope(acme, Level::Write))
    };
    let kept = ada.execute(write(1)?)?.object();
    ada.mark("before-the-release")?;
    let added = ada.execute(write(2)?)?.object();
    ada.execute(objects::Tombstone::new(kept).because("replaced"))?;

    let before = Cutoff::Mark("before-the-release".into());
    let live = |reading: scoped::Reading| -> Result<Vec<_>, scoped::Error> {
        let found = reading.objects(&acme.into(), View::Granular)?;
        Ok(found.into_iter().map(|info| info.object).collect())
    };
    assert_eq!(live(ada.as_of(&before)?)?, [kept]);
    assert_eq!(live(ada.reading())?, [added]);

    // Everything in the scope goes back to the mark, as one batch of new events.
    let undone = ada.rollback(&before, Selection::Scope(acme.into()), Policy::AllOrNothing)?;
    assert_eq!(live(ada.reading())?, [kept]);

    // A rollback is history like everything else, hence it can be rolled back.
    let receipt = undone.ok_or("something was to be taken back")?;
    ada.rollback(&Cutoff::Head(0), Selection::Event(receipt.first), Policy::AllOrNothing)?;
    assert_eq!(live(ada.reading())?, [added]);
    Ok(())
}
