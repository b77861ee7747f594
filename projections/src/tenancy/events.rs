//! What can have happened to a scope, its members and its access control list.

use super::{Applies, Effect, Policy, Role, Subject};
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
        /// a scope was deleted: it ended, with its memberships and projections; its history stays
        2 "tenancy.scope_archived" ScopeArchived {
            /// Which.
            scope: ScopeId,
        }
        /// a deleted scope was opened again
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
        /// a scope came to be because something was written to its path
        9 "tenancy.scope_provisioned" ScopeProvisioned {
            /// The new node.
            scope: ScopeId,
            /// Its parent, [`ScopeId::NONE`] for a root.
            parent: ScopeId,
            /// Its path.
            path: String,
        }
        /// a scope that had come to be by itself was registered
        10 "tenancy.scope_adopted" ScopeAdopted {
            /// Which.
            scope: ScopeId,
        }
        /// a scope was frozen: nothing in it widens or changes (payload: the reason, if one was given)
        11 "tenancy.scope_frozen" ScopeFrozen {
            /// Which.
            scope: ScopeId,
        }
        /// a frozen scope was released (payload: the reason, if one was given)
        12 "tenancy.scope_released" ScopeReleased {
            /// Which.
            scope: ScopeId,
        }
        /// a flat scope got another name
        13 "tenancy.scope_renamed" ScopeRenamed {
            /// Which.
            scope: ScopeId,
            /// Its name from now on.
            name: String,
        }
        /// a scope was described anew (payload: the description)
        14 "tenancy.scope_described" ScopeDescribed {
            /// Which.
            scope: ScopeId,
        }
        /// a flat scope was put below another one, with all below it
        15 "tenancy.scope_moved" ScopeMoved {
            /// Which.
            scope: ScopeId,
            /// Its parent from now on.
            parent: ScopeId,
        }
        /// a scope declared its policy, all of it
        16 "tenancy.policy_set" PolicySet {
            /// Which scope.
            scope: ScopeId,
            /// What it declares from now on.
            policy: Policy,
        }
        /// a membership that had run out was closed
        17 "tenancy.member_expired" MemberExpired {
            /// Where.
            scope: ScopeId,
            /// Who.
            principal: PrincipalId,
        }
        /// an entry of a scope's access control list that had run out was closed
        18 "tenancy.acl_entry_expired" AclEntryExpired {
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
