//! Conditions in CEL, for builds with the feature `cel`. This build is without: such a condition is a missing attribute, so that a
//! deny holds and an allow does not, and the reason names the feature.

use scoped_projections::rules::{Asked, Truth};
use serde_json::Value;

/// Why a rule with such a condition did not match, or did.
pub(crate) const WHY_MISSING: &str =
    "its condition is in CEL, and this build is without the feature `cel`: it denies";

/// Does the condition hold?
pub(crate) fn evaluate(_: &str, _: &Asked<'_>, _: Option<&Value>) -> Truth {
    Truth::Missing
}

/// Does it look at the data?
pub(crate) fn mentions_data(_: &str) -> bool {
    false
}

/// Does it look at the time?
pub(crate) fn mentions_time(_: &str) -> bool {
    false
}

/// May a condition be written so? What cannot be looked at here is kept: it denies.
pub(crate) fn check(_: &str) -> crate::Result<()> {
    Ok(())
}
