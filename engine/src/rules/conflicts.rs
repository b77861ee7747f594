//! Rules that contradict each other: said when the second is bound, not found out later.

use crate::error::Error;
use crate::kernel::execute::{Result, View};
use scoped_projections::RuleId;
use scoped_projections::rules::{Body, Class, Targets};

/// Most bindings of one rule.
pub(super) const BINDINGS_MAX: usize = 1_024;
/// Most bindings to one thing: each question that meets it looks at all of them.
const LIST_MAX: usize = 1_024;
/// Most of them whose conditions are in CEL.
const CEL_MAX: usize = 16;

/// Refuses an allow and a deny of one class, on the same target, under equal conditions: the deny always wins, so one of them is
/// a mistake.
pub(super) fn check(on: &View<'_>, class: Class, body: &Body, targets: &Targets, own: RuleId) -> Result<()> {
    check_cel(on, body, targets, own)?;
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

/// Refuses one rule with a condition in CEL too many: each decision that meets them evaluates all, on the writer's thread as well.
fn check_cel(on: &View<'_>, body: &Body, targets: &Targets, own: RuleId) -> Result<()> {
    let asks = |body: &Body| {
        let mut found = false;
        body.when.walk(&mut |clause| found |= clause.cel.is_some());
        found
    };
    let others = || on.world.rules().bound_to(targets, on.world).filter(|(_, rule, _)| rule.id != own);
    if asks(body) && others().filter(|(_, _, version)| asks(&version.body)).count() >= CEL_MAX {
        let message = format!("at most {CEL_MAX} rules with conditions in CEL are bound to one thing");
        return Err(Error::refused("too_many", message).hint("write them without CEL, or as one").into());
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
