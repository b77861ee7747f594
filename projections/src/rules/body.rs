//! What a version of a rule says.

use super::Clause;
use crate::codec::{Decode, Encode};
use crate::tagged::tagged;
use crate::tenancy::Effect;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a version of a rule says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
pub struct Body {
    /// Allow or deny.
    pub effect: Effect,
    /// The higher, the earlier it is told of; between feature flags it decides.
    pub priority: i32,
    /// When it holds.
    pub when: Clause,
    /// What it does, when it does more than vote.
    pub content: Content,
}

/// What a rule does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// It votes.
    Vote,
    /// It hides parts of data, by path.
    Redactions(Redactions),
    /// It limits how often.
    RateLimit(RateLimit),
    /// It limits how many.
    Quota(Quota),
    /// It switches something.
    FeatureFlag(Flag),
    /// It declares what others ask for.
    Attributes(Attributes),
}

/// What to hide: paths with dots between keys, and `[*]` for every element of a list.
pub type Redactions = BTreeMap<String, Redact>;

tagged! {
    /// How a value is hidden. Ordered by strictness.
    pub enum Strategy as "strategy" {
        /// All but the last characters are masked.
        Mask = 1, "mask";
        /// Something else stands there.
        Replace = 2, "replace";
        /// The field is left out.
        Omit = 3, "omit";
    }
}

/// How one path is hidden.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(deny_unknown_fields, default)]
pub struct Redact {
    /// How.
    pub strategy: Strategy,
    /// What stands there instead.
    pub replacement: String,
    /// What a masked character becomes.
    pub mask_char: char,
    /// How many characters at the end stay.
    pub visible_chars: u32,
}

impl Default for Redact {
    fn default() -> Self {
        let replacement = "[REDACTED]".to_owned();
        Self { strategy: Strategy::Replace, replacement, mask_char: '*', visible_chars: 0 }
    }
}

impl Redact {
    /// The stricter of two: omit before replace before mask; of masks the one that shows less.
    #[must_use]
    pub fn stricter<'a>(&'a self, other: &'a Self) -> &'a Self {
        let by = |redact: &Self| (redact.strategy, std::cmp::Reverse(redact.visible_chars));
        if by(other) > by(self) { other } else { self }
    }
}

tagged! {
    /// Whose doings a limit counts together.
    pub enum Per as "counting" {
        /// Each actor's apart.
        Actor = 1, "actor";
        /// Everybody's at what the rule is bound to.
        Target = 2, "target";
    }
}

/// So much in so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// How many events at most.
    pub max_count: u32,
    /// In how many seconds.
    pub window_seconds: u32,
    /// Counted for whom.
    #[serde(default = "actor")]
    pub per: Per,
}

fn actor() -> Per {
    Per::Actor
}

impl RateLimit {
    /// The window in µs.
    #[must_use]
    pub fn window(&self) -> u64 {
        u64::from(self.window_seconds) * 1_000_000
    }
}

tagged! {
    /// What can be counted.
    pub enum Resource as "resource" {
        /// Objects that are not tombstoned, by the scope they were written in.
        Objects = 1, "objects";
        /// Open scopes below the bound one.
        Scopes = 2, "scopes";
        /// Memberships in the bound scope and below.
        Members = 3, "members";
        /// Rules at home in the bound scope and below that are not archived.
        Rules = 4, "rules";
        /// Contracts there that are not archived.
        Contracts = 5, "contracts";
        /// Templates there that are not archived.
        Templates = 6, "templates";
        /// Settings there that have a value.
        Settings = 7, "settings";
    }
}

/// So many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// Of what.
    #[serde(default = "objects")]
    pub resource: Resource,
    /// How many at most.
    pub max_count: u64,
}

fn objects() -> Resource {
    Resource::Objects
}

/// A switch of the application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Encode, Decode)]
#[serde(deny_unknown_fields)]
pub struct Flag {
    /// What it is asked for by.
    pub name: String,
    /// On or off.
    #[serde(default = "on")]
    pub enabled: bool,
    /// For how many of a hundred principals.
    #[serde(default = "hundred")]
    pub rollout_percentage: u8,
    /// Keeps the buckets of flags apart.
    #[serde(default)]
    pub salt: String,
}

/// What is declared of what a rule is bound to. What is absent is not declared.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, Encode, Decode)]
#[serde(deny_unknown_fields)]
pub struct Attributes {
    /// In which environment it is: `production`, `staging`; a word of the application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// How sensitive it is: `public`, `secret`; a word of the application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classification: Option<String>,
}

fn on() -> bool {
    true
}
fn hundred() -> u8 {
    100
}

impl Encode for Content {
    fn encode<E: bincode::enc::Encoder>(&self, to: &mut E) -> Result<(), bincode::error::EncodeError> {
        match self {
            Self::Vote => 1u8.encode(to),
            Self::Redactions(content) => (2u8, content).encode(to),
            Self::RateLimit(content) => (3u8, content).encode(to),
            Self::Quota(content) => (4u8, content).encode(to),
            Self::FeatureFlag(content) => (5u8, content).encode(to),
            Self::Attributes(content) => (6u8, content).encode(to),
        }
    }
}

impl<C> Decode<C> for Content {
    fn decode<D: bincode::de::Decoder<Context = C>>(
        from: &mut D,
    ) -> Result<Self, bincode::error::DecodeError> {
        Ok(match u8::decode(from)? {
            1 => Self::Vote,
            2 => Self::Redactions(Redactions::decode(from)?),
            3 => Self::RateLimit(RateLimit::decode(from)?),
            4 => Self::Quota(Quota::decode(from)?),
            5 => Self::FeatureFlag(Flag::decode(from)?),
            6 => Self::Attributes(Attributes::decode(from)?),
            _ => return Err(bincode::error::DecodeError::Other("unknown content of a rule")),
        })
    }
}
crate::codec::owned!(Content);

/// What a rule is bound to: everything that is named must hold. Naming nothing binds it everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Encode, Decode)]
pub struct Targets {
    /// In this scope or below.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<crate::ScopeId>,
    /// For this principal, or the members of this group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<crate::PrincipalId>,
    /// For objects of this type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_type: Option<String>,
    /// For this object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<crate::ObjectId>,
    /// In this environment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Through this connector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connector: Option<String>,
}

impl Targets {
    /// How many things it names.
    #[must_use]
    pub fn count(&self) -> usize {
        usize::from(self.scope.is_some())
            + usize::from(self.principal.is_some())
            + usize::from(self.object_type.is_some())
            + usize::from(self.object.is_some())
            + usize::from(self.environment.is_some())
            + usize::from(self.connector.is_some())
    }
}
