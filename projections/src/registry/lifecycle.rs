//! The life of a registered thing.
//!
//! ```text
//! DRAFT ──▶ ACTIVE ──▶ DEPRECATED ──▶ ARCHIVED        forward: `transition`; steps may be left out
//!   ◀─────────◀────────────◀─────────────┘            back, to a state it has been in: `reinstate`, explicit and traced
//! ```

use crate::tagged::tagged;

tagged! {
    /// How far a registered thing has come.
    pub enum Lifecycle as "lifecycle" {
        /// Not there yet for those who would use it.
        Draft = 1, "DRAFT";
        /// In use.
        Active = 2, "ACTIVE";
        /// In use; whoever uses it is warned.
        Deprecated = 3, "DEPRECATED";
        /// No longer in use, kept for ever.
        Archived = 4, "ARCHIVED";
    }
}

impl Lifecycle {
    /// May it go from here to there, forward? Backward it goes only to where it has been.
    #[must_use]
    pub fn leads_to(self, to: Self) -> bool {
        match (self, to) {
            // What was never in use has nothing to be warned about.
            (Self::Draft, Self::Deprecated) => false,
            (from, to) => from < to,
        }
    }
    /// May new things refer to it?
    #[must_use]
    pub fn is_usable(self) -> bool {
        matches!(self, Self::Active | Self::Deprecated)
    }
    pub(super) fn bit(self) -> u8 {
        1 << self.tag()
    }
}
