//! The ten invariants, and the checks that hold the log and the world against them: one list.

use serde::Serialize;

/// A promise of the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Invariant {
    /// Nothing exists without registration.
    Registered = 1,
    /// Nothing happens without identity.
    Identified,
    /// Nothing is shared by default.
    Private,
    /// Nothing happens without a trace.
    Traced,
    /// Nothing is truly deleted.
    Kept,
    /// Deny always wins.
    DenyWins,
    /// Revocation is immediate.
    Revoked,
    /// Everything is versioned.
    Versioned,
    /// Everything can be rolled back.
    Reversible,
    /// Secrets never leak.
    Secret,
}

impl Invariant {
    /// All ten, in their order.
    pub const ALL: [Self; 10] = [
        Self::Registered,
        Self::Identified,
        Self::Private,
        Self::Traced,
        Self::Kept,
        Self::DenyWins,
        Self::Revoked,
        Self::Versioned,
        Self::Reversible,
        Self::Secret,
    ];

    /// Its number, 1 to 10.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8
    }

    /// It, in words.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Registered => "nothing exists without registration",
            Self::Identified => "nothing happens without identity",
            Self::Private => "nothing is shared by default",
            Self::Traced => "nothing happens without a trace",
            Self::Kept => "nothing is truly deleted",
            Self::DenyWins => "deny always wins",
            Self::Revoked => "revocation is immediate",
            Self::Versioned => "everything is versioned",
            Self::Reversible => "everything can be rolled back",
            Self::Secret => "secrets never leak",
        }
    }
}

/// Declares the checks: to which invariant each belongs, its name, and what it looks at.
macro_rules! checks {
    ($($invariant:ident: $variant:ident $name:literal $about:literal;)+) => {
        /// A check. Its name is stable.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum CheckName { $(#[doc = $about] $variant),+ }

        impl CheckName {
            /// All of them, by invariant.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// The name: stable, for programs.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
            /// What it looks at.
            #[must_use]
            pub fn about(self) -> &'static str {
                match self { $(Self::$variant => $about),+ }
            }
            /// The invariant that it holds the engine to.
            #[must_use]
            pub fn invariant(self) -> Invariant {
                match self { $(Self::$variant => Invariant::$invariant),+ }
            }
        }
    };
}

checks! {
    Registered: RegistryCompleteness "registry_completeness" "objects have a registered type, and what was made has its entry";
    Registered: RegistryConsistency "registry_consistency" "no two entries share a URN, and each one is found by its own";
    Identified: ActorsKnown "actors_known" "every event was done by a principal that was there and active";
    Private: BornPrivate "born_private" "objects begin without any sharing that was not a fact of its own";
    Private: AccessHasReason "access_has_reason" "whoever may read what is not theirs may because of an event that says so";
    Private: IsolationIntegrity "isolation_integrity" "owners, homes, members and projections lead to what exists";
    Private: ScopeBoundaries "scope_boundaries" "nothing is shared through a scope that was deleted, and trees have no loops";
    Traced: TraceIntegrity "trace_integrity" "every sum, link and batch of the log verifies";
    Traced: CommandsExplainEvents "commands_explain_events" "given again at their moment, the commands behind the events come to the same events";
    Traced: ReplayAgrees "replay_agrees" "the live world and every snapshot are what replaying the log gives";
    Traced: CausesExist "causes_exist" "causes and what is undone lie before, and time never runs backwards";
    Kept: VersionsReadable "versions_readable" "the data of every version of every object, tombstoned ones too, can still be read";
    DenyWins: DecisionsHold "decisions_hold" "what was done was allowed at its moment, denies included";
    DenyWins: DeniesHold "denies_hold" "whom a deny speaks to is denied, whatever allows";
    DenyWins: RuleConsistency "rule_consistency" "no rule is allowed and denied alike at one place (a warning: the deny wins)";
    Revoked: RevocationsHold "revocations_hold" "with the very event that takes a right away nothing is allowed because of it, and nobody used it later";
    Versioned: VersionsContiguous "versions_contiguous" "every change of data made the next version, and none is missing";
    Reversible: RollbacksName "rollbacks_name_their_events" "what was taken back was there, and is about the same thing";
    Reversible: RollbacksPlanned "rollbacks_planned" "a rollback can be planned, and ends at what was then";
    Secret: SecretHygiene "secret_hygiene" "no known secret stands in an event, a payload or a snapshot";
}
