//! Identity: who acts.
//!
//! Words: a *principal* is whoever can act (a person, a team, a bot); the *founder* is the first, made by the log's first
//! event; an *operator* may do what belongs to no scope (create principals, root scopes and marks).
//! Invariants: an id is used once; an archived principal never acts again; the founder is an operator.
//! Names of people are payload, never body: they can be erased later without touching the chain. A *handle* is a principal's
//! name in paths ([`ActorPath`](crate::tenancy::ActorPath)): it stands in bodies like every path, so whoever must be able to forget a
//! person gives pseudonyms.
//!
//! Relationships: see [`Relations`]. Two labels mean something to the engine: `member_of` (the parent is a group, and what it may its
//! members may, through any number of groups that are active) and `acts_for` (the child may act for the parent, and says so each
//! time). Being an operator is personal: no group passes it on.
//! There is no anonymous actor and no `system` beside the log: the founder is the principal that everything began with, and a
//! part of the engine that acts by itself needs a principal of its own.

mod events;
mod relations;
mod state;

pub use events::{
    ActedOnBehalf, Founded, HandleSet, IdentityEvent, OperatorSet, PrincipalArchived, PrincipalCreated,
    PrincipalDescribed, PrincipalKindChanged, PrincipalReinstated, PrincipalSuspended, RelationshipAdded,
    RelationshipRemoved,
};
pub use relations::{ACTS_FOR, Direction, Edge, GROUPS_MAX, MEMBER_OF, Reached, Relations, Walk, Way};
pub use state::{Identity, Principal, Status};
