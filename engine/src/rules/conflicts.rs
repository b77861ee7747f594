//! Rules that contradict each other: said when the second is bound, not found out later.

use crate::error::Error;
use crate::kernel::execute::{Result, View};
use scoped_projections::RuleId;
use scoped_projections::rules::{Body, Class, Targets};

/// Most bindings of one rule.
pub(super) const BINDINGS_MAX: usize = 1_024;
/// Most bindings to one thing: each question that meets it looks at all of them.
const LIST_MAX: usize = 1_024;

/// Refuses an allow and a deny of one class, on the same target, under equal conditions: the deny always wins, so one of them is
/// a mistake.
pub(super) fn check(on: &View<'_>, class: Class, body: &Body, targets: &Targets, own: RuleId) -> Result<()> {
    if !class.is_voting() {
        return Ok(());
    }
    let rules = on.world.rules();
    for (binding, rule, version) in rules.bound_to(targets, on.world) {
        let contradicts = rule.id != own
            && rule.class == class
            && version.body.effect != body.effect
            && version.body.when == body.when
            && *binding.targets == *targets;
        if contradicts {
            let message = format!(
                "the rule `{}` ({}) says the opposite under the same conditions, and is bound there",
                version.name, rule.id
            );
            let error = Error::refused("rule_conflict", message);
            return Err(error
                .hint("a deny always wins: change one of them, or take its binding back")
                .into());
        }
    }
    Ok(())
}

/// Refuses one binding too many.
pub(super) fn check_room(on: &View<'_>, targets: &Targets) -> Result<()> {
    if on.world.rules().bound_to(targets, on.world).count() >= LIST_MAX {
        let message = format!("at most {LIST_MAX} rules are bound to one thing");
        return Err(Error::refused("too_many", message).into());
    }
    Ok(())
}
