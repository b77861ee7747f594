//! What can have happened to rules.

use crate::events::events;
use crate::{ObjectId, RuleId};

events! {
    /// Facts about rules.
    domain 12;
    enum RulesEvent {
        /// a rule came to be, with its first version
        1 "rules.rule_created" RuleCreated {
            /// Its id.
            rule: RuleId,
        }
    }
}

impl RulesEvent {
    /// No object.
    #[must_use]
    pub fn object(&self) -> Option<ObjectId> {
        None
    }
}
