//! Tenancy: the scope tree, its members, its access control lists, its policies.
//!
//! Words: a *scope* is a place where things can be shared; a [`ScopePath`] is the name of one; a *root* is a scope without
//! parent, the tenant boundary; a *member* holds a [`Role`] in a scope and in everything below it; an *ACL entry* allows or
//! denies one capability, and a deny wins over every allow.
//! A *frozen* scope neither widens nor changes; a *deleted* one has ended, with its memberships and projections, and only a rollback
//! opens it again; a *policy* is what a scope declares for itself and below.
//! Invariants: the nodes form a forest without holes; a path names at most one live node; only flat nodes move; one member has
//! one role in a scope.

mod capability;
mod counts;
mod events;
mod identity_scope;
mod node;
mod parked;
mod parts;
pub mod path;
mod period;
mod policy;
mod presence;
mod role;
mod spine;
mod state;
mod view;

pub use capability::{Capabilities, Capability, Pattern, PatternError};
pub use counts::Counts;
pub use events::{
    AclEntryAdded, AclEntryExpired, AclEntryRemoved, MemberAdded, MemberExpired, MemberRemoved,
    MemberRoleChanged, PolicySet, ScopeAdopted, ScopeArchived, ScopeCreated, ScopeDescribed, ScopeFrozen,
    ScopeMoved, ScopeProvisioned, ScopeReleased, ScopeRenamed, ScopeReopened, TenancyEvent,
};
pub use identity_scope::{DEFAULT_ORG, Residual, SCOPE_FIELD_CHARS_MAX, Scope, ScopeError, ScopeWire};
pub use node::{Node, ScopeState};
pub(crate) use parked::Parked;
pub use parts::{Part, PartList};
pub use path::{ActorPath, ScopePath, ScopePathError};
pub use period::{Period, PeriodError};
pub use policy::{Ages, AuditReads, Declared, Metric, Policy, Quota, Retention};
pub use presence::Presence;
pub use role::{Applies, Effect, Level, Role, Subject};
pub use spine::Link;
pub use state::{AclEntry, AclLine, Member, Tenancy};
pub use view::View;
