//! Tenancy: scopes, their members, their access control lists.
//!
//! Who may: see each command; nobody grants what they do not hold. Refusals: a root never loses its last owner; a scope with
//! live scopes below it is not archived; nothing is added to an archived scope.

mod checks;
mod commands;
mod inverse;
mod nature;
mod scope_ref;

pub(crate) use checks::{archived, orphaned_root, scope_row};
pub use commands::{
    AddAclEntry, AddMember, ArchiveScope, ChangeMember, Command, CreateScope, RemoveAclEntry, RemoveMember,
    ReopenScope,
};
pub(crate) use commands::{entity, recall};
pub(crate) use nature::nature;
pub use scope_ref::ScopeRef;

/// The last change of a scope's policy.
pub(crate) fn policy_changed(
    _: &scoped_projections::World,
    _: scoped_projections::ScopeId,
) -> Option<scoped_projections::Sequence> {
    None
}
