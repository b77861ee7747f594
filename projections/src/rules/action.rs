//! What is being done, as rules and the audit trail name it.

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
            C::Sweep => Self::Delete,
        }
    }
}
