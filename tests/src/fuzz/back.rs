//! (back) After a rollback of everything that its actor sees, what was there at the cutoff is there again as it was, and what was not is
//! put away, for every sort of entity.

use scoped::temporal::{Cutoff, Entity, EntityState, Presence, TimelineEntry};
use scoped::{Capability, Engine, Filter, History, Receipt, ScopeId, Sequence, Session, Target, World};
use std::collections::BTreeSet;

/// Holds every entity that was touched between the cutoff and the rollback against what it was.
///
/// # Panics
/// When one is another than it was.
pub(super) fn is_back(engine: &Engine, session: &Session, to: Sequence, rollback: &Receipt, story: &str) {
    let history = engine.history();
    let filter = Filter { from: to.next(), to: rollback.last, ..Filter::default() };
    let touched = history.audit(&filter).expect("the log can be read");
    let entities: BTreeSet<Entity> = touched
        .into_iter()
        .filter_map(|at| Entity::of(&history.event(&history.record(at).ok()?).ok()?))
        .collect();
    let past = engine.as_of(&Cutoff::At(to)).expect("the cutoff is there");
    let present = engine.as_of(&Cutoff::Head(0)).expect("the present is there");
    let (then, now) = (past.moment().world(), present.moment().world());
    let reading = session.reading();
    // What belongs to no scope is for operators, also where it is the actor itself.
    let rules_deployment = engine
        .read(|moment| moment.can(session.actor(), Capability::PrincipalsManage, Target::Deployment))
        .allowed;
    let own = (!rules_deployment).then(|| Entity::Principal(session.actor()));
    for entity in entities {
        // What the actor does not see was not selected; what hangs on something that was not there goes with it.
        if Some(entity) == own || reading.state(entity).is_err() || !stands_alone(entity, then) {
            continue;
        }
        let state = |world: &World| entity.state(world, history).expect("the log can be read");
        let (was, is) = (state(then), state(now));
        let same = match was.presence {
            Presence::Live => {
                has_ended(&was, now) || (is.presence == Presence::Live && was.says_the_same(&is))
            }
            _ => is.presence != Presence::Live || is.value["status"] == "suspended",
        };
        assert!(
            same,
            "(back) {entity} was {was:?} at {to} and is {is:?}\nby {}\nafter {story}",
            trail(history, entity)
        );
    }
}

/// Is it what can be held against its past alone? Entries come back under new ids. In a scope that is deleted nothing is left to hold: a
/// cutoff in the midst of its end finds members that had not ended yet, which nobody ever saw.
fn stands_alone(entity: Entity, then: &World) -> bool {
    let scope = |id: ScopeId| then.tenancy().get(id).is_some_and(|node| !node.archived);
    match entity {
        // Who is erased stays erased.
        Entity::Entry(_) | Entity::Subject(_) => false,
        Entity::Scope(_) => true,
        Entity::Member(id, _) | Entity::Policy(id) => scope(id),
        Entity::Share(object, id) => scope(id) && then.objects().get(object).is_some(),
        other => other.place(then).0.is_none_or(scope),
    }
}

/// What would have ended by now grants nothing, and is not brought back.
fn has_ended(was: &EntityState, now: &World) -> bool {
    was.value["expires_at"].as_u64().is_some_and(|end| end <= now.time() + 60_000_000)
}

/// Every event about an entity, for whoever has to understand a failure.
fn trail(history: &History, entity: Entity) -> String {
    let head = history.head();
    let timeline = history.timeline(entity, Sequence::new(1), head, usize::MAX).expect("the log can be read");
    let line = |entry: &TimelineEntry| format!("{:?}\n  = {:?}", entry.entry.envelope, entry.state);
    timeline.entries.iter().map(line).collect::<Vec<_>>().join("\n")
}
