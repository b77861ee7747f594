//! What can be allowed or denied, by name.

use crate::tagged::tagged;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr};

tagged! {
    /// One thing that an actor may or may not do. The short names `read`, `write` and `admin` are what they mean for an object.
    pub enum Capability as "capability" {
        /// Read what is in the scope.
        ReadLocal = 1, "scope.read.local" | "read";
        /// Reach up to what ancestors show their descendants.
        ReadHolistic = 2, "scope.read.holistic";
        /// Create, update, tombstone and restore.
        Write = 3, "scope.write" | "write";
        /// Create missing scopes by writing to them.
        Provision = 4, "scope.provision";
        /// Read what is below.
        ReadDescend = 5, "scope.read.descend";
        /// Provision scopes that name another principal.
        ProvisionOther = 6, "scope.provision.other";
        /// Create scopes below.
        Create = 7, "scope.create";
        /// Add, change and remove members.
        MembersManage = 8, "scope.members.manage";
        /// Change the access control list, and take back projections.
        AclManage = 9, "scope.acl.manage" | "admin";
        /// Change the scope's policy.
        PolicyManage = 10, "scope.policy.manage";
        /// Read the scope's audit trail and ask about others' access.
        AuditRead = 11, "scope.audit.read";
        /// Ask why.
        Explain = 12, "scope.explain";
        /// Archive and reopen the scope.
        Delete = 13, "scope.delete";
        /// Grant and remove the role `owner`.
        OwnersManage = 14, "scope.owners.manage";
        /// Create a scope without parent. Held by operators only.
        CreateRoot = 15, "scope.create.root";
        /// Create, describe, suspend and archive principals. Held by operators only.
        PrincipalsManage = 16, "principals.manage";
        /// Name a position of the log. Held by operators only.
        Mark = 17, "log.mark";
        /// Register types and other constructs, change their lifecycle, freeze the registry. Held by operators only.
        RegistryManage = 18, "registry.manage";
        /// Define, change and bind rules.
        RulesManage = 19, "scope.rules.manage";
        /// Define and change contracts.
        ContractsManage = 20, "scope.contracts.manage";
        /// Define and change templates.
        TemplatesManage = 21, "scope.templates.manage";
        /// Set and delete settings.
        ConfigWrite = 22, "scope.config.write";
        /// Destroy the key of a data subject, for good. Held by operators only.
        SubjectsErase = 29, "subjects.erase";
        /// Close what has run out: memberships, records past their greatest age. Held by operators only.
        Sweep = 30, "log.sweep";
    }
}

/// A set of capabilities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Capabilities(u32);

impl Capabilities {
    /// The set of these.
    #[must_use]
    pub const fn of(members: &[Capability]) -> Self {
        let (mut bits, mut i) = (0, 0);
        while i < members.len() {
            bits |= 1 << members[i].tag();
            i += 1;
        }
        Self(bits)
    }
    /// Both sets together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
    /// Is it in the set?
    #[must_use]
    pub const fn contains(self, capability: Capability) -> bool {
        self.0 & (1 << capability.tag()) != 0
    }
}

/// One capability by name, or all under a name: `scope.write`, `scope.read.*`, `*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: Box<str>,
    matches: Capabilities,
}

/// A text that matches no capability.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` matches no capability: use a name such as `scope.write`, or a wildcard after a dot such as `scope.read.*`"
)]
pub struct PatternError(String);

impl crate::store::Footprint for Pattern {
    fn heap(&self) -> usize {
        self.text.heap()
    }
}

impl Pattern {
    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
    /// What it matches in this build.
    #[must_use]
    pub fn matches(&self) -> Capabilities {
        self.matches
    }
}

impl FromStr for Pattern {
    type Err = PatternError;
    fn from_str(text: &str) -> Result<Self, PatternError> {
        let prefix = match text {
            "*" => Some(""),
            _ => text.strip_suffix('*').filter(|prefix| prefix.ends_with('.')),
        };
        let found: Vec<Capability> = match prefix {
            Some(prefix) => {
                Capability::ALL.iter().copied().filter(|c| c.as_str().starts_with(prefix)).collect()
            }
            None => text.parse().into_iter().collect(),
        };
        if found.is_empty() {
            return Err(PatternError(crate::shown(text)));
        }
        // An alias is stored under its full name.
        let text = if prefix.is_some() { text } else { found[0].as_str() };
        Ok(Self { text: text.into(), matches: Capabilities::of(&found) })
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        <std::borrow::Cow<'de, str>>::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}
