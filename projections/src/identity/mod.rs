//! Identity: who acts.
//!
//! Words: a *principal* is whoever can act (a person, a team, a bot); the *founder* is the first, made by the log's first
//! event; an *operator* may do what belongs to no scope (create principals, root scopes and marks).
//! Invariants: an id is used once; an archived principal never acts again; the founder is an operator.
//! Names of people are payload, never body: they can be erased later without touching the chain.

mod events;
mod state;

pub use events::{
    Founded, IdentityEvent, OperatorSet, PrincipalArchived, PrincipalCreated, PrincipalDescribed,
    PrincipalReinstated, PrincipalSuspended,
};
pub use state::{Identity, Principal, Status};
