//! From facts to records: their bodies are encoded, and the log is handed them to frame.

use super::execute::Fact;
use scoped_log::{LogError, NewEvent, Stage, Writer};
use smallvec::SmallVec;

/// Stages the facts of one batch. Their payloads are let go of then: the group refers to them until it has framed them, and whoever made them
/// frees them.
pub(super) fn frame(log: &mut Writer, bodies: &mut Vec<u8>, facts: &mut [Fact]) -> Result<Stage, LogError> {
    bodies.clear();
    let mut ends: SmallVec<[usize; 4]> = SmallVec::with_capacity(facts.len());
    for fact in &*facts {
        if fact.event.encode_into(&fact.at.context, bodies).is_err() {
            return Err(LogError::Invalid { detail: "an event has no encoding" });
        }
        ends.push(bodies.len());
    }
    let mut from = 0;
    let mut events: SmallVec<[NewEvent<'_>; 4]> = SmallVec::with_capacity(facts.len());
    for (fact, end) in facts.iter().zip(ends) {
        let (kind, kind_version) = (fact.event.kind(), fact.event.version());
        let (actor, scope) = (fact.at.actor.0, fact.at.scope.0);
        let (body, payload) = (&bodies[from..end], fact.payload.as_ref());
        events.push(NewEvent { event_id: fact.event_id, kind, kind_version, actor, scope, body, payload });
        from = end;
    }
    let time = facts.first().map_or(0, |fact| fact.at.time);
    let staged = log.stage(time, &events)?;
    drop(events);
    if let Stage::Staged(_) = staged {
        facts.iter_mut().for_each(|fact| fact.payload = None);
    }
    Ok(staged)
}
