//! What can have happened to a scope, its members and its access control list.

use super::{Applies, Effect, Role, Subject};
use crate::events::events;
use crate::{EntryId, Micros, ObjectId, PrincipalId, ScopeId};

events! {
    /// Facts about scopes.
    domain 2;
    enum TenancyEvent {
        /// a scope came to be
        1 "tenancy.scope_created" ScopeCreated {
            /// The new node.
            scope: ScopeId,
            /// Its parent, [`ScopeId::NONE`] for a root.
            parent: ScopeId,
            /// Its path, empty for a flat node.
            path: String,
            /// Its name, for a flat node.
            name: String,
        }
        /// a scope was archived: nothing is shared through it any more
        2 "tenancy.scope_archived" ScopeArchived {
            /// Which.
            scope: ScopeId,
        }
        /// an archived scope was opened again, as it was
        3 "tenancy.scope_reopened" ScopeReopened {
            /// Which.
            scope: ScopeId,
        }
        /// a principal became a member
        4 "tenancy.member_added" MemberAdded {
            /// Where.
            scope: ScopeId,
            /// Who.
            principal: PrincipalId,
            /// As what.
            role: Role,
            /// Until when (exclusive).
            expires_at: Option<Micros>,
        }
        /// a member got another role or another end
        5 "tenancy.member_role_changed" MemberRoleChanged {
            /// Where.
            scope: ScopeId,
            /// Who.
            principal: PrincipalId,
            /// As what from now on.
            role: Role,
            /// Until when (exclusive).
            expires_at: Option<Micros>,
        }
        /// a principal is a member no longer
        6 "tenancy.member_removed" MemberRemoved {
            /// Where.
            scope: ScopeId,
            /// Who.
            principal: PrincipalId,
        }
        /// an entry was put on a scope's access control list
        7 "tenancy.acl_entry_added" AclEntryAdded {
            /// The entry.
            entry: EntryId,
            /// Where.
            scope: ScopeId,
            /// Allow or deny.
            effect: Effect,
            /// To whom it speaks.
            subject: Subject,
            /// What it is about: a capability or a wildcard.
            capability: String,
            /// How far it reaches.
            applies: Applies,
            /// Until when (exclusive).
            expires_at: Option<Micros>,
        }
        /// an entry was taken off a scope's access control list
        8 "tenancy.acl_entry_removed" AclEntryRemoved {
            /// The entry.
            entry: EntryId,
        }
    }
}

impl TenancyEvent {
    /// Scopes are no objects.
    #[must_use]
    pub fn object(&self) -> Option<ObjectId> {
        None
    }
}
