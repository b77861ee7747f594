//! What can have happened to a principal.

use crate::events::events;
use crate::{EdgeId, ObjectId, PrincipalId};

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
        /// a principal is another sort of actor from now on
        8 "identity.principal_kind_changed" PrincipalKindChanged {
            /// Whom.
            principal: PrincipalId,
            /// What sort of actor it is now, a word of the application.
            kind: String,
        }
        /// a principal got a handle, another one, or has none any more
        9 "identity.handle_set" HandleSet {
            /// Whom.
            principal: PrincipalId,
            /// Its handle, `user:alice`; empty for none.
            handle: String,
        }
        /// two principals were related (payload: what is said about it, if anything)
        10 "identity.relationship_added" RelationshipAdded {
            /// The relationship. One that was removed may come back under its id.
            edge: EdgeId,
            /// The group, the authority, the one acted for.
            parent: PrincipalId,
            /// The member, the one that acts.
            child: PrincipalId,
            /// What the child is to the parent: `member_of`, `acts_for`, or a word of the application.
            label: String,
        }
        /// a relationship was tombstoned: it holds no more, and is not forgotten (payload: the reason, if one was given)
        11 "identity.relationship_removed" RelationshipRemoved {
            /// Which.
            edge: EdgeId,
        }
        /// a principal acts for another one; what it does for it follows, with this event as its cause
        12 "identity.acted_on_behalf" ActedOnBehalf {
            /// Who acts.
            agent: PrincipalId,
            /// For whom: the actor of the events that follow.
            principal: PrincipalId,
        }
    }
}

impl IdentityEvent {
    /// Principals are no objects.
    #[must_use]
    pub fn object(&self) -> Option<ObjectId> {
        None
    }
    /// The principal whose state it changes; `None` for what is about a relationship, or changes nothing.
    #[must_use]
    pub fn principal(&self) -> Option<PrincipalId> {
        match self {
            Self::Founded(Founded { principal, .. })
            | Self::PrincipalCreated(PrincipalCreated { principal, .. })
            | Self::PrincipalDescribed(PrincipalDescribed { principal })
            | Self::PrincipalSuspended(PrincipalSuspended { principal })
            | Self::PrincipalReinstated(PrincipalReinstated { principal })
            | Self::PrincipalArchived(PrincipalArchived { principal })
            | Self::OperatorSet(OperatorSet { principal, .. })
            | Self::PrincipalKindChanged(PrincipalKindChanged { principal, .. })
            | Self::HandleSet(HandleSet { principal, .. }) => Some(*principal),
            Self::RelationshipAdded(_) | Self::RelationshipRemoved(_) | Self::ActedOnBehalf(_) => None,
        }
    }
    /// The relationship whose state it changes.
    #[must_use]
    pub fn edge(&self) -> Option<EdgeId> {
        match self {
            Self::RelationshipAdded(RelationshipAdded { edge, .. })
            | Self::RelationshipRemoved(RelationshipRemoved { edge }) => Some(*edge),
            _ => None,
        }
    }
}
