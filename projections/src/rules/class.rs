//! Classes of rules: what a rule is for, and which actions it votes on.

use super::{Action, Actions};
use crate::tagged::tagged;

tagged! {
    /// What a rule is for. The first five vote on questions; the others do something of their own.
    pub enum Class as "class of rules" {
        /// Making, reading, changing, tombstoning, restoring and finding objects.
        Access = 1, "access";
        /// Projecting, taking back, exporting.
        Sharing = 2, "sharing";
        /// Reading the audit trail, asking about access.
        Visibility = 3, "visibility";
        /// Giving objects to others.
        Ownership = 4, "ownership";
        /// Any predicate over any action.
        Constraint = 5, "constraint";
        /// Hides parts of data from whoever reads it.
        Redaction = 6, "redaction";
        /// Denies when too much was done lately.
        RateLimit = 7, "rate_limit";
        /// Denies when there would be too many.
        Quota = 8, "quota";
        /// Switches something of the application on or off; grants nothing.
        Flag = 9, "feature_flag";
        /// Says in which environment something is, or how sensitive it is, for other rules to ask.
        Declaration = 10, "declaration";
    }
}

impl Class {
    /// The actions that it votes on; none for a class that does not vote.
    #[must_use]
    pub const fn votes(self) -> Actions {
        use Action as A;
        match self {
            Self::Access => Actions::of(&[A::Create, A::Read, A::Update, A::Delete, A::Restore, A::Search]),
            Self::Sharing => Actions::of(&[A::Share, A::Revoke, A::Export]),
            Self::Visibility => Actions::of(&[A::Audit, A::Access]),
            Self::Ownership => Actions::of(&[A::Transfer]),
            Self::Constraint => Actions::any(),
            Self::Redaction | Self::RateLimit | Self::Quota | Self::Flag | Self::Declaration => {
                Actions::of(&[])
            }
        }
    }
    /// The actions that it can be about at all.
    #[must_use]
    pub const fn covers(self) -> Actions {
        match self {
            Self::Redaction | Self::RateLimit | Self::Quota | Self::Flag | Self::Declaration => {
                Actions::any()
            }
            voting => voting.votes(),
        }
    }
    /// Does it vote on questions?
    #[must_use]
    pub const fn is_voting(self) -> bool {
        (self.tag()) <= Self::Constraint.tag()
    }
}

tagged! {
    /// What an actor is to what the question is about.
    pub enum Relation as "relation" {
        /// Owns the object.
        Owner = 1, "owner";
        /// Holds a role where it is.
        Member = 2, "member";
        /// Neither.
        Outsider = 3, "outsider";
    }
}
