//! How far a look from a scope reaches.

use super::Capability as C;
use crate::tagged::tagged;

tagged! {
    /// How far a look from a scope reaches, and what it brings back.
    pub enum View as "view" {
        /// The scope's record events in log order, not projected.
        Raw = 1, "raw";
        /// The scope itself: its current records.
        Granular = 2, "granular" | "local";
        /// The scope itself: what is there and how it hangs together, without data.
        Structured = 3, "structured";
        /// The scope, then its ancestors outwards.
        Holistic = 4, "holistic";
        /// The scope and everything below it.
        Descend = 5, "descend";
    }
}

impl View {
    /// What the name demands at the target besides `scope.read.local`, also where there is nothing to traverse.
    #[must_use]
    pub const fn traversal(self) -> Option<C> {
        match self {
            Self::Raw | Self::Granular | Self::Structured => None,
            Self::Holistic => Some(C::ReadHolistic),
            Self::Descend => Some(C::ReadDescend),
        }
    }
}
