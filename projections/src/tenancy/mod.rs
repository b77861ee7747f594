//! Tenancy: the scope tree, its members, its access control lists.
//!
//! Words: a *scope* is a place where things can be shared; a [`ScopePath`] is the name of one; a *root* is a scope without
//! parent, the tenant boundary; a *member* holds a [`Role`] in a scope and in everything below it; an *ACL entry* allows or
//! denies one capability, and a deny wins over every allow.
//! Invariants: the nodes form a forest without holes; a path names at most one live node; a node never moves; one member has
//! one role in a scope.

mod capability;
mod events;
mod identity_scope;
pub mod path;
mod role;
mod spine;
mod state;
mod view;

pub use capability::{Capabilities, Capability, Pattern, PatternError};
pub use events::{
    AclEntryAdded, AclEntryRemoved, MemberAdded, MemberRemoved, MemberRoleChanged, ScopeArchived,
    ScopeCreated, ScopeReopened, TenancyEvent,
};
pub use identity_scope::{DEFAULT_ORG, Residual, SCOPE_FIELD_CHARS_MAX, Scope, ScopeError, ScopeWire};
pub use path::{ActorPath, ScopePath, ScopePathError};
pub use role::{Applies, Effect, Level, Role, Subject};
pub use spine::Link;
pub use state::{AclEntry, Member, Node, Tenancy};
pub use view::View;
