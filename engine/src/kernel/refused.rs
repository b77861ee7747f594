//! Which refusals are attempts that the trail is to hear of, and why an attempt was refused.
//!
//! Somebody who may not is one. So is somebody who may, and whom a limit, a policy or a guard of the deployment stopped: whoever looks after
//! the scope wants to know of it. Mistakes are none: what is not well-formed, names what is not there or is not in the state for it, or
//! has been overtaken, says nothing about its caller, and comes by the thousands wherever callers retry.
//! The words are few and name no rule, scope or person: whoever may read the trace may not know those.

use crate::authorize::{Request, Rule, authorize};
use crate::clock::When;
use crate::error::{Error, ErrorKind};
use scoped_projections::{PrincipalId, World};

/// What stopped somebody who may do such a thing, by the codes of errors.
const STOPPED: [&str; 18] = [
    // Limits.
    "rate_limited",
    "quota_exceeded",
    "scope_quota_exceeded",
    // What data has to look like.
    "contract",
    // What is held still, or for a time.
    "scope_frozen",
    "frozen",
    "locked",
    "retention_hold",
    "retention_expired",
    // Reaching further than one's own rights, or into what is the engine's.
    "grant_exceeds_holder",
    "delegated",
    "reserved",
    "forged_rollback",
    "reason_required",
    // What would leave nobody.
    "last_owner",
    "last_operator",
    "locks_out",
    // What is gone for good.
    "subject_erased",
];

/// The reason for somebody who acts for another.
pub(super) const ON_BEHALF: &str = "on_behalf";

/// Was somebody stopped, and by what?
pub(super) fn stopped(error: &Error) -> Option<&'static str> {
    let code = error.code();
    (error.kind() == ErrorKind::Refused && STOPPED.contains(&code)).then_some(code)
}

/// Why somebody may not, in the word for the kind of what decided; empty where it cannot be told from this world.
pub(crate) fn reason(world: &World, actor: PrincipalId, need: Request<'_>, now: When<'_>) -> &'static str {
    let decision = authorize(world, actor, need, now);
    match decision.rule {
        _ if decision.allowed => "",
        Rule::Nothing => "nothing_allows",
        Rule::Inactive => "inactive",
        Rule::Tombstoned => "tombstoned",
        Rule::Entry { .. } => "list",
        Rule::Policy { .. } => "rule",
        Rule::Governed { .. } => "no_rule_allows",
        Rule::Operator | Rule::Active | Rule::Owner | Rule::Member { .. } => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_stopped_is_told_of_and_who_is_mistaken_is_not() {
        for code in STOPPED {
            assert_eq!(stopped(&Error::refused(code, "no")), Some(code));
        }
        for mistake in ["not_found", "exists", "unchanged", "idempotency_conflict"] {
            assert_eq!(stopped(&Error::refused(mistake, "no")), None, "{mistake}");
        }
        assert_eq!(
            stopped(&Error::unavailable("locked", "the log is in use")),
            None,
            "not the caller's doing"
        );
        assert_eq!(stopped(&Error::stale("moved on")), None);
        assert_eq!(stopped(&Error::invalid("what is that")), None);
    }
}
