//! Rows of the audit trail and of time.

use super::{Aim, Ask};
use scoped::temporal::Entity;
use scoped::{PrincipalId, ScopeId, Sequence};

/// The row of a reading operation; `None` for one of another domain.
pub(super) fn reading(operation: &str) -> Option<Vec<Ask>> {
    Some(match operation {
        // Refused to nobody who is active; what they show is looked at in the tests that hold every entry against the rule.
        "audit.query" => vec![],
        // The event that made an object somebody else's, the first of the log, and one that is not there.
        "audit.get" => {
            vec![|reading, aim| reading.audit_at(place(aim.object)).map(drop), |reading, aim| {
                reading.audit_of(aim.object.0).map(drop)
            }]
        }
        "temporal.state" => {
            vec![|reading, aim| reading.state(Entity::Object(aim.object)).map(drop), |reading, aim| {
                reading.state(Entity::Member(scope(aim), PrincipalId(1))).map(drop)
            }]
        }
        "temporal.timeline" => vec![
            |reading, aim| reading.timeline(Entity::Object(aim.object), Sequence::NONE, 9).map(drop),
            |reading, aim| reading.timeline(Entity::Scope(scope(aim)), Sequence::NONE, 9).map(drop),
        ],
        "audit.states" => vec![|reading, aim| reading.audit_states(place(aim.object)).map(drop)],
        _ => return None,
    })
}

/// Some event of another principal for what is there, none for what is not.
fn place(object: scoped::ObjectId) -> Sequence {
    if object == super::NO_OBJECT { Sequence::new(9_999) } else { Sequence::new(object.0 as u64 % 5 + 1) }
}

/// The scope that is aimed at, or one that is not there.
fn scope(aim: &Aim) -> ScopeId {
    if aim.object == super::NO_OBJECT { ScopeId(77) } else { ScopeId(3) }
}
