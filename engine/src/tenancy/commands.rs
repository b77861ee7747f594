//! The commands about scopes, and what makes them handy. What each decides stands in the file of its noun.

use super::ScopeRef;
use crate::command::commands;
use crate::data::Data;
use crate::error::Result;
use scoped_projections::tenancy::{Applies, Effect, Pattern, Policy, Role, ScopePath, Subject};
use scoped_projections::{EntryId, Micros, PrincipalId, ScopeId};

commands! {
    /// Commands about scopes.
    domain "tenancy";
    enum Command {
        /// registers a scope, by path or (flat) by name under a parent; who registers it owns it. A path that came to be by itself is adopted
        "create_scope" CreateScope {
            /// Its id; drawn when absent.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            scope: Option<ScopeId>,
            /// Its path; missing scopes in between come to be by themselves.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            path: Option<ScopePath>,
            /// The name of a flat scope, when there is no path.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            name: Option<String>,
            /// The parent of a flat scope; absent for a root.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            parent: Option<ScopeRef>,
        }
        /// makes the one scope that is missing at the end of a path, as a write to it would
        "provision_scope" ProvisionScope {
            /// Its id; drawn when absent.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            scope: Option<ScopeId>,
            /// Its path; the parent path must be there.
            path: ScopePath,
        }
        /// registers a scope that came to be by itself, as it is
        "adopt_scope" AdoptScope {
            /// Which.
            scope: ScopeRef,
        }
        /// ends a scope, with its memberships and projections
        "delete_scope" DeleteScope {
            /// Which.
            scope: ScopeRef,
            /// What becomes of live records whose home it is.
            #[serde(default)]
            records: Records,
            /// What becomes of live scopes below.
            #[serde(default, skip_serializing_if = "Children::is_refuse")]
            children: Children,
            /// The same as `"children": "dissolve"`, as it was said before.
            #[serde(default, skip_serializing_if = "std::ops::Not::not")]
            recursive: bool,
        }
        /// opens a deleted scope again, with what ended when it was deleted
        "reopen_scope" ReopenScope {
            /// Which.
            scope: ScopeRef,
        }
        /// keeps a scope from widening and changing, until released; revocations go on
        "freeze_scope" FreezeScope {
            /// Which.
            scope: ScopeRef,
            /// Why, for the audit trail.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            reason: Option<String>,
        }
        /// lets a frozen scope change again
        "release_scope" ReleaseScope {
            /// Which.
            scope: ScopeRef,
            /// Why, for the audit trail.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            reason: Option<String>,
        }
        /// gives a flat scope another name
        "rename_scope" RenameScope {
            /// Which.
            scope: ScopeRef,
            /// Its name from now on.
            name: String,
        }
        /// describes a scope anew
        "describe_scope" DescribeScope {
            /// Which.
            scope: ScopeRef,
            /// The description, for example `{"text": "…", "metadata": {…}}`.
            description: Data,
        }
        /// puts a flat scope below another parent, with all below it
        "move_scope" MoveScope {
            /// Which.
            scope: ScopeRef,
            /// Its parent from now on.
            parent: ScopeRef,
        }
        /// declares a scope's policy, all of it: what is absent is not declared any more
        "set_policy" SetPolicy {
            /// Which scope.
            scope: ScopeRef,
            /// The policy, for example `{"quota": {"max_records": 100}}`.
            policy: Data,
        }
        /// makes a principal a member
        "add_member" AddMember {
            /// Where.
            scope: ScopeRef,
            /// Whom.
            principal: PrincipalId,
            /// As what.
            role: Role,
            /// Until when (exclusive), µs since the epoch.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            expires_at: Option<Micros>,
        }
        /// gives a member another role or another end
        "change_member" ChangeMember {
            /// Where.
            scope: ScopeRef,
            /// Whom.
            principal: PrincipalId,
            /// As what from now on.
            role: Role,
            /// Until when (exclusive), µs since the epoch.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            expires_at: Option<Micros>,
        }
        /// ends a membership; everybody may end their own
        "remove_member" RemoveMember {
            /// Where.
            scope: ScopeRef,
            /// Whose.
            principal: PrincipalId,
        }
        /// replaces a scope's list of members, by its difference: removals, changes of role, additions
        "set_members" SetMembers {
            /// Where.
            scope: ScopeRef,
            /// All members from now on.
            members: Vec<Grantee>,
        }
        /// changes several members together, in this order
        "update_members" UpdateMembers {
            /// Where.
            scope: ScopeRef,
            /// What changes.
            changes: Vec<MemberChange>,
        }
        /// closes a membership that has run out
        "expire_member" ExpireMember {
            /// Where.
            scope: ScopeRef,
            /// Whose.
            principal: PrincipalId,
        }
        /// puts an entry on a scope's access control list
        "add_acl_entry" AddAclEntry {
            /// Its id; drawn when absent.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            entry: Option<EntryId>,
            /// Where.
            scope: ScopeRef,
            /// Allow or deny.
            effect: Effect,
            /// To whom it speaks: a principal's id, `role:ROLE` or `any`.
            subject: Subject,
            /// What it is about: a capability, or a wildcard such as `scope.read.*`.
            capability: Pattern,
            /// How far it reaches.
            #[serde(default = "subtree")]
            applies: Applies,
            /// Until when (exclusive), µs since the epoch.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            expires_at: Option<Micros>,
        }
        /// takes an entry off a scope's access control list
        "remove_acl_entry" RemoveAclEntry {
            /// Which.
            entry: EntryId,
        }
        /// closes an entry of an access control list that has run out
        "expire_acl_entry" ExpireAclEntry {
            /// Which.
            entry: EntryId,
        }
        /// replaces a scope's access control list, by its difference
        "set_acl" SetAcl {
            /// Where.
            scope: ScopeRef,
            /// All entries from now on.
            entries: Vec<AclRule>,
        }
    }
}

/// What becomes of live records when their home scope is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Records {
    /// They keep the scope from being deleted.
    #[default]
    Refuse,
    /// They are tombstoned with it.
    Forget,
    /// They stay; only who reads everything below an ancestor still reaches them through it.
    Keep,
}

/// What becomes of live scopes below when the scope above them is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Children {
    /// They keep the scope from being deleted.
    #[default]
    Refuse,
    /// They end with it, and all below them.
    Dissolve,
    /// Those right below it move up to its parent, with all below them. A path names one place for ever and cannot, nor is there
    /// anything above a root: refused there.
    MoveUp,
}

impl Children {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out a reference")]
    fn is_refuse(&self) -> bool {
        *self == Self::Refuse
    }
}

/// A member of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grantee {
    /// Whom.
    pub principal: PrincipalId,
    /// As what.
    pub role: Role,
    /// Until when (exclusive), µs since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Micros>,
}

/// What becomes of one member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberChange {
    /// Whom.
    pub principal: PrincipalId,
    /// As what from now on; absent: no member any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Until when (exclusive), µs since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Micros>,
}

/// An entry of a list.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AclRule {
    /// Allow or deny.
    pub effect: Effect,
    /// To whom it speaks.
    pub subject: Subject,
    /// What it is about.
    pub capability: Pattern,
    /// How far it reaches.
    #[serde(default = "subtree")]
    pub applies: Applies,
    /// Until when (exclusive), µs since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Micros>,
}

impl CreateScope {
    /// A scope with a path.
    #[must_use]
    pub fn at(path: ScopePath) -> Self {
        Self { scope: None, path: Some(path), name: None, parent: None }
    }
    /// A flat scope, a root unless it is put below another.
    #[must_use]
    pub fn flat(name: impl Into<String>) -> Self {
        Self { scope: None, path: None, name: Some(name.into()), parent: None }
    }
    /// The same flat scope below another.
    #[must_use]
    pub fn below(mut self, parent: impl Into<ScopeRef>) -> Self {
        self.parent = Some(parent.into());
        self
    }
}

impl DeleteScope {
    /// Refused while live records or live scopes are left in it.
    #[must_use]
    pub fn new(scope: impl Into<ScopeRef>) -> Self {
        Self { scope: scope.into(), records: Records::Refuse, children: Children::Refuse, recursive: false }
    }
    /// The same, with this becoming of live records.
    #[must_use]
    pub fn records(mut self, records: Records) -> Self {
        self.records = records;
        self
    }
    /// The same, with this becoming of live scopes below.
    #[must_use]
    pub fn children(mut self, children: Children) -> Self {
        self.children = children;
        self
    }
    /// The same, with all scopes below.
    #[must_use]
    pub fn recursive(self) -> Self {
        self.children(Children::Dissolve)
    }
}

impl SetPolicy {
    /// A scope's whole policy.
    ///
    /// # Errors
    /// Never for a policy that was built here.
    pub fn new(scope: impl Into<ScopeRef>, policy: &Policy) -> Result<Self> {
        Ok(Self { scope: scope.into(), policy: Data::new(policy)? })
    }
}

impl AddMember {
    /// A membership without end.
    #[must_use]
    pub fn new(scope: impl Into<ScopeRef>, principal: PrincipalId, role: Role) -> Self {
        Self { scope: scope.into(), principal, role, expires_at: None }
    }
    /// The same, until then (exclusive), µs since the epoch.
    #[must_use]
    pub fn until(mut self, end: Micros) -> Self {
        self.expires_at = Some(end);
        self
    }
}

impl Grantee {
    /// A member without end.
    #[must_use]
    pub fn new(principal: PrincipalId, role: Role) -> Self {
        Self { principal, role, expires_at: None }
    }
}

impl AddAclEntry {
    /// An entry for a scope and everything below it, without end.
    #[must_use]
    pub fn new(scope: impl Into<ScopeRef>, effect: Effect, subject: Subject, capability: Pattern) -> Self {
        let (scope, applies) = (scope.into(), Applies::Subtree);
        Self { entry: None, scope, effect, subject, capability, applies, expires_at: None }
    }
}

fn subtree() -> Applies {
    Applies::Subtree
}
