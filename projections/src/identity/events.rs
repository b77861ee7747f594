//! What can have happened to a principal.

use crate::events::events;
use crate::{ObjectId, PrincipalId};

events! {
    /// Facts about principals.
    domain 1;
    enum IdentityEvent {
        /// the log began: the first principal exists and is an operator (payload: its description)
        1 "identity.founded" Founded {
            /// The first principal, who is also the actor.
            principal: PrincipalId,
            /// What sort of actor it is, a word of the application.
            kind: String,
        }
        /// a principal came to be (payload: its description)
        2 "identity.principal_created" PrincipalCreated {
            /// The new principal.
            principal: PrincipalId,
            /// What sort of actor it is, a word of the application.
            kind: String,
        }
        /// a principal was described anew (payload: the description)
        3 "identity.principal_described" PrincipalDescribed {
            /// Whom.
            principal: PrincipalId,
        }
        /// a principal may not act until reinstated
        4 "identity.principal_suspended" PrincipalSuspended {
            /// Whom.
            principal: PrincipalId,
        }
        /// a suspended principal may act again
        5 "identity.principal_reinstated" PrincipalReinstated {
            /// Whom.
            principal: PrincipalId,
        }
        /// a principal will never act again; its history stays
        6 "identity.principal_archived" PrincipalArchived {
            /// Whom.
            principal: PrincipalId,
        }
        /// a principal was made an operator, or is one no longer
        7 "identity.operator_set" OperatorSet {
            /// Whom.
            principal: PrincipalId,
            /// True to make it one.
            operator: bool,
        }
    }
}

impl IdentityEvent {
    /// Principals are no objects.
    #[must_use]
    pub fn object(&self) -> Option<ObjectId> {
        None
    }
    /// The principal it speaks of.
    #[must_use]
    pub fn principal(&self) -> PrincipalId {
        match self {
            Self::Founded(Founded { principal, .. })
            | Self::PrincipalCreated(PrincipalCreated { principal, .. })
            | Self::PrincipalDescribed(PrincipalDescribed { principal })
            | Self::PrincipalSuspended(PrincipalSuspended { principal })
            | Self::PrincipalReinstated(PrincipalReinstated { principal })
            | Self::PrincipalArchived(PrincipalArchived { principal })
            | Self::OperatorSet(OperatorSet { principal, .. }) => *principal,
        }
    }
}
