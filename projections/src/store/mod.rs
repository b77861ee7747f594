//! What states are made of: tables and maps that can take a batch back.
//!
//! A batch is decided step by step, each step seeing the ones before it, and it is all or nothing. So the world must be
//! able to forget a half-done batch, in time that depends on the batch and not on the world. Each container here keeps,
//! between [`Transact::begin`] and [`Transact::keep`] or [`Transact::undo`], what it would need to go back.
//!
//! Outside of a transaction nothing is recorded and nothing is paid: folding a log never opens one.

mod flat;
mod footprint;
mod index;
mod keyed;
mod postings;
mod room;
mod row_set;
mod rows;
mod runs;
mod table;
mod undo;
mod words;

pub use flat::Flat;
pub(crate) use footprint::owns_nothing;
pub use footprint::{Footprint, Part, hashed};
pub use keyed::{Keyed, Sorted};
pub use postings::Postings;
pub use row_set::{RowIter, RowSet};
pub use rows::Rows;
pub use runs::Runs;
pub use table::{Identified, Table};
pub use words::Words;

/// No row: what an index field holds where an `Option` would double its size.
pub const NO_ROW: u32 = u32::MAX;

/// Can take back everything since `begin`.
pub trait Transact {
    /// From here on, remember how to go back. Transactions do not nest; a second `begin` starts over.
    fn begin(&mut self);
    /// What was done stays.
    fn keep(&mut self);
    /// Back to how it was at `begin`.
    fn undo(&mut self);
}

/// Implements [`Transact`] and [`Footprint`] for a state by passing each call on to its containers.
macro_rules! transact {
    ($state:ty { $($field:ident),* $(,)? }) => {
        impl $crate::store::Transact for $state {
            fn begin(&mut self) {
                $($crate::store::Transact::begin(&mut self.$field);)*
            }
            fn keep(&mut self) {
                $($crate::store::Transact::keep(&mut self.$field);)*
            }
            fn undo(&mut self) {
                $($crate::store::Transact::undo(&mut self.$field);)*
            }
        }
        impl $crate::store::Footprint for $state {
            fn heap(&self) -> usize {
                0 $(+ $crate::store::Footprint::heap(&self.$field))*
            }
        }
        impl $state {
            /// What each of its containers takes, by name, in bytes.
            #[allow(dead_code, reason = "asked of the states of domains, not of those inside them")]
            pub(crate) fn parts(&self) -> Vec<(&'static str, usize)> {
                vec![$((stringify!($field), $crate::store::Footprint::heap(&self.$field))),*]
            }
        }
    };
}
pub(crate) use transact;

/// The fixed-width hash for keys inside the engine. Its order is never used; its seed comes from the process.
pub(crate) type Hash = foldhash::fast::RandomState;

#[cfg(test)]
mod tests;
