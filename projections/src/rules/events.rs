//! What can have happened to rules.

use super::{Body, Class, Targets};
use crate::events::events;
use crate::{BindingId, ObjectId, RuleId, ScopeId};

events! {
    /// Facts about rules.
    domain 12;
    enum RulesEvent {
        /// a rule came to be, with its first version (payload: its description)
        1 "rules.rule_created" RuleCreated {
            /// The new rule.
            rule: RuleId,
            /// What it is called.
            name: String,
            /// What it is for.
            class: Class,
            /// The scope it is administered in, [`ScopeId::NONE`] for none.
            home: ScopeId,
            /// What it says. Apart from the rest: it alone would make every event twice as large in memory.
            body: Box<Body>,
        }
        /// a rule got a new version (payload: the reason, if one was given)
        2 "rules.rule_updated" RuleUpdated {
            /// Which.
            rule: RuleId,
            /// What it is called from now on.
            name: String,
            /// What it says from now on.
            body: Box<Body>,
        }
        /// a rule was described anew (payload: its description)
        3 "rules.rule_described" RuleDescribed {
            /// Which.
            rule: RuleId,
        }
        /// a rule was archived, and its bindings with it
        4 "rules.rule_archived" RuleArchived {
            /// Which.
            rule: RuleId,
        }
        /// the archiving of a rule was taken back, and its bindings hold again
        5 "rules.rule_unarchived" RuleUnarchived {
            /// Which.
            rule: RuleId,
        }
        /// a rule was bound
        6 "rules.binding_added" BindingAdded {
            /// The new binding.
            binding: BindingId,
            /// Which rule.
            rule: RuleId,
            /// To what: all of it must hold.
            targets: Targets,
        }
        /// a binding got other targets, or holds again after it was removed
        7 "rules.binding_changed" BindingChanged {
            /// Which.
            binding: BindingId,
            /// To what from now on.
            targets: Targets,
        }
        /// a binding was taken back
        8 "rules.binding_removed" BindingRemoved {
            /// Which.
            binding: BindingId,
        }
    }
}

impl RulesEvent {
    /// Rules are no objects.
    #[must_use]
    pub fn object(&self) -> Option<ObjectId> {
        None
    }
}
