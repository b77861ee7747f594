//! The last step before facts are written: do limits, quotas and contracts admit them?
//!
//! It looks at the proposed facts and not at the command, so no command can forget it, and a rollback is counted like everything
//! else. It runs inside the serialised write path: two callers cannot pass a limit together.

use super::execute::{Proposed, Result, View};
use scoped_projections::rules::Action;

/// May these facts be written, all of them together?
pub(crate) fn admit(on: &View<'_>, _action: Action, proposed: &[Proposed]) -> Result<()> {
    crate::registry::admit(on, proposed)?;
    crate::subjects::admit(on, proposed)?;
    crate::tenancy::admit(on, proposed)?; // frozen scopes, holds, subtree quotas
    crate::rules::admit(on, proposed)?;
    crate::contracts::admit(on, proposed)?;
    crate::config::admit(on, proposed)?;
    Ok(())
}
