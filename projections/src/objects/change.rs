//! The steps of objects' lives: chains through one column, newest first.
//!
//! Why narrow: a log of updates makes one row an event and nothing else, so these rows are most of what such a world takes. The kind
//! shares a word with the event's number, and no field asks for eight bytes at once: 20 bytes in place of 24.

use crate::Sequence;
use crate::canonical::{Input, InputError, Output};
use crate::store::{NO_ROW, Runs, transact};
use crate::tagged::tagged;

tagged! {
    /// What a change did to an object.
    pub enum ChangeKind as "change" {
        /// It came to be, with version 1.
        Created = 1, "created";
        /// It got a new version.
        Updated = 2, "updated";
        /// It was tombstoned.
        Tombstoned = 3, "tombstoned";
        /// Its tombstone was lifted.
        Restored = 4, "restored";
        /// It got another owner.
        Transferred = 5, "transferred";
    }
}

/// One step in an object's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The event.
    pub sequence: Sequence,
    /// Row of who did it.
    pub by: u32,
    /// Row of the change before it.
    pub(super) previous: u32,
    /// The object's version after it.
    pub version: u32,
    /// What it did.
    pub kind: ChangeKind,
}

impl Change {
    /// Did it bring new data?
    #[must_use]
    pub fn has_data(&self) -> bool {
        matches!(self.kind, ChangeKind::Created | ChangeKind::Updated)
    }
}

/// Bits of an event's number that are kept.
const SEQUENCE_BITS: u32 = 56;

/// A change as it is kept.
#[derive(Debug, Clone, Copy)]
struct Narrow {
    /// The event's number, and the kind above it: low half, high half.
    at: [u32; 2],
    by: u32,
    previous: u32,
    version: u32,
}

const _: () = assert!(size_of::<Narrow>() == 20, "a version takes 20 bytes, kept once for all worlds");
crate::store::owns_nothing!(Narrow);

impl Narrow {
    fn of(change: Change) -> Self {
        let Change { sequence, by, previous, version, kind } = change;
        let at = sequence.get() & ((1 << SEQUENCE_BITS) - 1) | u64::from(kind.tag()) << SEQUENCE_BITS;
        Self { at: [at as u32, (at >> 32) as u32], by, previous, version }
    }
    fn wide(self) -> Option<Change> {
        let at = u64::from(self.at[0]) | u64::from(self.at[1]) << 32;
        let kind = ChangeKind::from_tag((at >> SEQUENCE_BITS) as u8)?;
        let sequence = Sequence::new(at & ((1 << SEQUENCE_BITS) - 1));
        Some(Change { sequence, by: self.by, previous: self.previous, version: self.version, kind })
    }
}

/// All changes of all objects, by row.
#[derive(Debug, Clone, Default)]
pub(super) struct Changes {
    /// INVARIANT (backwards): a change only names earlier ones, so that walking a chain ends.
    rows: Runs<Narrow>,
}
transact!(Changes { rows });

impl Changes {
    pub(super) fn push(&mut self, change: Change) -> u32 {
        self.rows.push(Narrow::of(change))
    }
    pub(super) fn get(&self, row: u32) -> Option<Change> {
        self.rows.get(row).copied().and_then(Narrow::wide)
    }
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }
    /// See [`Runs::share`].
    pub(super) fn share(&mut self, other: &Self) {
        self.rows.share(&other.rows);
    }
    pub(super) fn save(&self, out: &mut impl Output) {
        out.count(self.rows.len());
        for change in self.rows.iter().copied().filter_map(Narrow::wide) {
            out.sequence(change.sequence);
            out.u32(change.by);
            out.u32(change.previous);
            out.u32(change.version);
            out.u8(change.kind.tag());
        }
    }
    pub(super) fn load(input: &mut Input<'_>) -> Result<Self, InputError> {
        let (mut changes, count) = (Self::default(), input.count_of(8 + 4 + 4 + 4 + 1)?);
        changes.rows.reserve(count);
        for row in 0..count {
            let (sequence, by, previous) = (input.sequence()?, input.u32()?, input.u32()?);
            let backwards = previous == NO_ROW || (previous as usize) < row;
            if !backwards || sequence.get() >> SEQUENCE_BITS != 0 {
                return Err(InputError);
            }
            let (version, kind) = (input.u32()?, ChangeKind::from_tag(input.u8()?).ok_or(InputError)?);
            changes.push(Change { sequence, by, previous, version, kind });
        }
        Ok(changes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_comes_back_as_it_was_put_in() {
        let mut changes = Changes::default();
        for (nth, kind) in ChangeKind::ALL.iter().copied().enumerate() {
            for sequence in [1, u64::from(u32::MAX) + 7, (1 << SEQUENCE_BITS) - 1] {
                let (sequence, by) = (Sequence::new(sequence), nth as u32);
                let change = Change { sequence, by, previous: NO_ROW, version: u32::MAX, kind };
                let row = changes.push(change);
                assert_eq!(changes.get(row), Some(change));
            }
        }
    }
}
