//! What is being done, as rules and the audit trail name it.

use crate::Event;
use crate::tagged::tagged;
use crate::tenancy::Capability as C;

tagged! {
    /// What is being done. A capability says what one must hold; an action says what one is about to do with it, so that
    /// a rule can speak about deleting and leave updating alone.
    pub enum Action as "action" {
        /// Make an object.
        Create = 1, "create";
        /// Read.
        Read = 2, "read";
        /// Give an object new data.
        Update = 3, "update";
        /// Tombstone an object.
        Delete = 4, "delete";
        /// Lift a tombstone.
        Restore = 5, "restore";
        /// Project an object into a scope.
        Share = 6, "projection" | "share";
        /// Take a projection back.
        Revoke = 7, "revoke";
        /// Give an object another owner.
        Transfer = 8, "ownership_transfer";
        /// Take back what happened.
        Rollback = 9, "rollback";
        /// Take data out as a package.
        Export = 10, "export";
        /// Bring data in as a package.
        Import = 11, "import";
        /// Make a scope.
        ScopeCreate = 12, "scope_create";
        /// Change a scope: its policy, its state.
        ScopeModify = 13, "scope_modify";
        /// End a scope.
        ScopeDissolve = 14, "scope_dissolve";
        /// Add, change or remove members.
        Membership = 15, "membership_change";
        /// Change an access control list.
        Acl = 16, "acl_change";
        /// Define, change, bind or unbind rules.
        Rules = 17, "rule_change";
        /// Set or delete settings.
        Config = 18, "config_set";
        /// Define or change contracts.
        Contracts = 19, "contract_change";
        /// Define or change templates.
        Templates = 20, "template_change";
        /// Make something of a template.
        Instantiate = 21, "template_instantiate";
        /// Register, or change what is registered.
        Register = 22, "register";
        /// Read the audit trail.
        Audit = 23, "audit_read";
        /// Ask about access.
        Access = 24, "access_check";
        /// Create, describe, suspend, archive and relate principals.
        Principals = 25, "principal_change";
        /// Name a position of the log.
        Mark = 26, "mark";
        /// Look for objects by what they say.
        Search = 27, "search";
        /// Erase a data subject: destroy the key that its data is sealed under.
        Erase = 28, "erase";
    }
}

impl Action {
    /// What one mostly does with a capability: the answer to a question that names no action.
    #[must_use]
    pub const fn of(capability: C) -> Self {
        match capability {
            C::ReadLocal | C::ReadHolistic | C::ReadDescend => Self::Read,
            C::Write => Self::Update,
            C::Provision | C::ProvisionOther | C::Create | C::CreateRoot => Self::ScopeCreate,
            C::MembersManage | C::OwnersManage => Self::Membership,
            C::AclManage => Self::Acl,
            C::PolicyManage => Self::ScopeModify,
            C::AuditRead => Self::Audit,
            C::Explain => Self::Access,
            C::Delete => Self::ScopeDissolve,
            C::PrincipalsManage => Self::Principals,
            C::Mark => Self::Mark,
            C::RegistryManage => Self::Register,
            C::RulesManage => Self::Rules,
            C::ContractsManage => Self::Contracts,
            C::TemplatesManage => Self::Templates,
            C::ConfigWrite => Self::Config,
            C::SubjectsErase => Self::Erase,
            C::Sweep => Self::Delete,
        }
    }
}

/// A set of actions: one bit each, so that a decision asks with one instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Actions(u64);

impl Actions {
    /// The set of these.
    #[must_use]
    pub const fn of(members: &[Action]) -> Self {
        let (mut bits, mut i) = (0, 0);
        while i < members.len() {
            bits |= 1 << members[i].tag();
            i += 1;
        }
        Self(bits)
    }
    /// Every action that rules may speak about: all but changing rules, so that no rule locks rule administration out.
    #[must_use]
    pub const fn any() -> Self {
        Self(!(1 << Action::Rules.tag()))
    }
    /// Is it in the set?
    #[must_use]
    pub const fn contains(self, action: Action) -> bool {
        self.0 & (1 << action.tag()) != 0
    }
    /// What is in either.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
    /// What is in both.
    #[must_use]
    pub const fn within(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl Action {
    /// Is it done to an object? Then a question that names no object type lacks an attribute; a question about a scope as such
    /// does not.
    #[must_use]
    pub const fn is_about_objects(self) -> bool {
        const SET: Actions = Actions::of(&[
            Action::Create,
            Action::Update,
            Action::Delete,
            Action::Restore,
            Action::Share,
            Action::Revoke,
            Action::Transfer,
        ]);
        SET.contains(self)
    }

    /// What had been done when this happened; `None` for what is history and nobody's doing (keys, traces).
    ///
    /// By number and not by name of the variant: a kind that comes to a domain later counts as what its domain mostly does.
    #[must_use]
    pub fn of_event(event: &Event) -> Option<Self> {
        use crate::{identity as i, objects as o, sharing as s, tenancy as t};
        let kind = event.kind();
        Some(match kind {
            o::ObjectCreated::KIND => Self::Create,
            o::ObjectTombstoned::KIND | o::ObjectForgotten::KIND => Self::Delete,
            o::ObjectRestored::KIND | o::ObjectRecovered::KIND => Self::Restore,
            o::OwnershipTransferred::KIND => Self::Transfer,
            o::ObjectsExported::KIND => Self::Export,
            o::ObjectsImported::KIND => Self::Import,
            s::ProjectionRevoked::KIND => Self::Revoke,
            t::ScopeCreated::KIND | t::ScopeProvisioned::KIND => Self::ScopeCreate,
            t::ScopeArchived::KIND => Self::ScopeDissolve,
            t::MemberAdded::KIND | t::MemberRoleChanged::KIND | t::MemberRemoved::KIND => Self::Membership,
            t::AclEntryAdded::KIND | t::AclEntryRemoved::KIND => Self::Acl,
            // The words that go with an update are not a second one; what time brings about is nobody's doing.
            i::Founded::KIND
            | o::VersionExplained::KIND
            | o::ObjectExpired::KIND
            | t::MemberExpired::KIND
            | t::AclEntryExpired::KIND => {
                return None;
            }
            _ => match kind >> 8 {
                domain if domain == i::Founded::KIND >> 8 => Self::Principals,
                domain if domain == t::ScopeCreated::KIND >> 8 => Self::ScopeModify,
                domain if domain == o::ObjectCreated::KIND >> 8 => Self::Update,
                domain if domain == s::ObjectProjected::KIND >> 8 => Self::Share,
                5 => match event {
                    Event::Temporal(crate::temporal::TemporalEvent::MarkSet(_)) => Self::Mark,
                    _ => Self::Rollback,
                },
                8 => Self::Register,
                9 => Self::Contracts,
                10 => Self::Templates,
                11 => Self::Config,
                12 => Self::Rules,
                _ => return None,
            },
        })
    }
}
