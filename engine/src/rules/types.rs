//! Types that a rule names and the registry does not know: heard of when the rule is made, and when it is bound.

use crate::kernel::execute::View;
use scoped_projections::rules::{Body, Targets};
use std::collections::BTreeSet;

/// Warns of each type that is named in conditions, or in what a rule is bound to, and that is not registered. A warning, not a refusal: types
/// may come later, and a rule that is there before its type is the careful order. Mistyped, it would do nothing, and nobody would know.
pub(super) fn warn_of_unknown(on: &View<'_>, body: Option<&Body>, targets: Option<&Targets>) {
    let mut named: BTreeSet<String> = targets.and_then(|to| to.object_type.clone()).into_iter().collect();
    if let Some(body) = body {
        body.when.walk(&mut |clause| {
            named.extend(clause.object_type.iter().flat_map(|list| list.0.iter().cloned()));
        });
    }
    for word in named.iter().filter(|word| on.world.registry().object_type(word).is_none()) {
        on.warn("not_registered", || {
            format!("the type `{word}` is not registered: the rule says nothing about any object until it is")
        });
    }
}
