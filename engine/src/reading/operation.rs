//! THE list of what can be read: each way to ask has a name, under which refusals and recorded reads stand in the audit trail,
//! and for each the isolation matrix demands a row.

macro_rules! operations {
    ($($(#[doc = $about:literal])+ $variant:ident = $text:literal;)+) => {
        /// A way to ask.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Operation { $($(#[doc = $about])+ $variant),+ }

        impl Operation {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// `noun.verb`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
            /// When it is recorded unless the scope says otherwise. Known by name, and asked with every read: so not from the name each time.
            pub(crate) const fn sort(self) -> Sort {
                match self { $(Self::$variant => const { Sort::of($text) }),+ }
            }
        }
    };
}

/// What a way to ask is about, as far as records of reads care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    /// The trail itself, or what is taken out.
    Sensitive,
    /// Who may what.
    Access,
    /// All else.
    Plain,
}

impl Sort {
    const fn of(name: &str) -> Self {
        if holds(name, b"audit.", true) || holds(name, b".export", false) {
            Self::Sensitive
        } else if holds(name, b"access.", true)
            || holds(name, b"rules.evaluate", true)
            || holds(name, b"scopes.memberships", true)
        {
            Self::Access
        } else {
            Self::Plain
        }
    }
}

/// Does a name begin with this, or (not `first`) hold it anywhere?
const fn holds(name: &str, part: &[u8], first: bool) -> bool {
    let (name, mut from) = (name.as_bytes(), 0);
    while from + part.len() <= name.len() {
        let mut at = 0;
        while at < part.len() && name[from + at] == part[at] {
            at += 1;
        }
        if at == part.len() {
            return true;
        }
        if first {
            return false;
        }
        from += 1;
    }
    false
}

operations! {
    /// An object with its data.
    ObjectsRead = "objects.read";
    /// An object's life.
    ObjectsChanges = "objects.changes";
    /// What changed between two versions.
    ObjectsDiff = "objects.diff";
    /// What a view from a scope shows.
    ObjectsList = "objects.list";
    /// One's own objects.
    ObjectsOwn = "objects.own";
    /// What one owns or may read, wherever it is shared.
    ObjectsFind = "objects.find";
    /// How much of that there is.
    ObjectsCount = "objects.count";
    /// What goes into a package.
    ObjectsExport = "objects.export";
    /// An object's versions.
    ObjectsVersions = "objects.versions";
    /// When an object was out of sight.
    ObjectsTombstones = "objects.tombstones";
    /// An object's data as a version of its contract has it.
    ObjectsReadAs = "objects.read_as";
    /// A contract and its versions.
    ContractsRead = "contracts.read";
    /// The contracts one may know.
    ContractsList = "contracts.list";
    /// Which contract governs a type in a scope.
    ContractsForType = "contracts.for_type";
    /// Which contract governed a version of an object.
    ContractsOfObject = "contracts.of_object";
    /// Does data fit a contract?
    ContractsValidate = "contracts.validate";
    /// Which objects are behind their contract.
    ContractsMigrate = "contracts.migrate";
    /// A template and its versions.
    TemplatesRead = "templates.read";
    /// The templates one may see.
    TemplatesList = "templates.list";
    /// A setting of a scope.
    ConfigGet = "config.get";
    /// The settings of a scope.
    ConfigList = "config.list";
    /// What holds in a scope, from wherever above.
    ConfigResolve = "config.resolve";
    /// The life of a setting.
    ConfigHistory = "config.history";
    /// What can be recalled from a scope, page by page.
    ViewsRecall = "views.recall";
    /// A scope's own layer, page by page.
    ViewsLayer = "views.layer";
    /// Records by identity context, page by page.
    RecordsList = "records.list";
    /// How many there are.
    RecordsCount = "records.count";
    /// The same in numbers.
    RecordsStatistics = "records.statistics";
    /// The same, written out.
    RecordsExport = "records.export";
    /// Where an object is projected.
    ObjectsProjections = "objects.projections";
    /// A scope with what holds there.
    ScopesGet = "scopes.get";
    /// The scopes at and below one.
    ScopesList = "scopes.list";
    /// The members of a scope.
    ScopesMembers = "scopes.members";
    /// The access control list of a scope.
    ScopesAcl = "scopes.acl";
    /// What a scope declares, and what holds there.
    ScopesPolicy = "scopes.policy";
    /// Where somebody is a member.
    ScopesMemberships = "scopes.memberships";
    /// What is projected into a scope.
    ScopesProjections = "scopes.projections";
    /// May somebody?
    AccessCheck = "access.check";
    /// Why?
    AccessExplain = "access.explain";
    /// Who may?
    AccessWho = "access.who";
    /// What does somebody reach?
    AccessWhat = "access.what";
    /// What may somebody do in a scope?
    AccessEffective = "access.effective";
    /// When might somebody?
    AccessHistory = "access.history";
    /// The audit trail.
    AuditQuery = "audit.query";
    /// One event of the audit trail.
    AuditGet = "audit.get";
    /// What one entity is.
    EntityState = "temporal.state";
    /// The whole life of one entity.
    EntityTimeline = "temporal.timeline";
    /// What an event's entity was before and after it.
    AuditStates = "audit.states";
    /// A principal.
    PrincipalsRead = "principals.read";
    /// The principals that one sees.
    PrincipalsList = "principals.list";
    /// The relationships of a principal.
    PrincipalsRelationships = "principals.relationships";
    /// Who belongs to whom, through how many others.
    PrincipalsGraph = "principals.graph";
    /// The rules that one sees.
    RulesList = "rules.list";
    /// A rule with its versions and bindings.
    RulesRead = "rules.read";
    /// How a limit or a quota stands.
    RulesUsage = "rules.usage";
    /// What the rules alone say.
    RulesEvaluate = "rules.evaluate";
    /// Is a feature on?
    FlagsRead = "flags.read";
    /// All features, as they stand for oneself.
    FlagsList = "flags.list";
    /// An entry of the registry.
    RegistryGet = "registry.get";
    /// Entries of the registry, by what they have in common.
    RegistryQuery = "registry.query";
    /// The events about an entry of the registry.
    RegistryHistory = "registry.history";
    /// The kinds of things that can be registered.
    RegistryKinds = "registry.kinds";
    /// How complete the registry is.
    RegistryScan = "registry.scan";
}
