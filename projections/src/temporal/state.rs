//! The fold over marks and rollbacks.

use super::TemporalEvent as E;
use crate::canonical::{Input, InputError, Output};
use crate::store::{Sorted, transact};
use crate::{Envelope, PrincipalId, Sequence};

/// A name for a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// All events up to and including this one.
    pub position: Sequence,
    /// The event that set it.
    pub set: Sequence,
    /// Who set it.
    pub by: PrincipalId,
}

crate::store::owns_nothing!(Mark);

/// All marks, and which events are undone.
#[derive(Debug, Clone, Default)]
pub struct Temporal {
    marks: Sorted<Box<str>, Mark>,
    /// Event → the last event that took it back. Whether that one still stands is found by following the chain.
    undone: Sorted<u64, u64>,
}
transact!(Temporal { marks, undone });

impl Temporal {
    /// The mark with that name.
    #[must_use]
    pub fn mark(&self, name: &str) -> Option<&Mark> {
        self.marks.get(name)
    }
    /// All marks, by name.
    pub fn marks(&self) -> impl Iterator<Item = (&str, &Mark)> {
        self.marks.iter().map(|(name, mark)| (&**name, mark))
    }
    /// How many marks there are.
    #[must_use]
    pub fn marks_len(&self) -> usize {
        self.marks.len()
    }
    /// The event that took back the effect of this one, if one did and was not itself taken back.
    #[must_use]
    pub fn undone_by(&self, event: Sequence) -> Option<Sequence> {
        let first = *self.undone.get(&event.get())?;
        // Taken back stands, unless the taking back was itself taken back: every second link turns it round.
        let links =
            std::iter::successors(Some(first), |by| self.undone.get(by).copied().filter(|next| next > by));
        let stands = links.count() % 2 == 1;
        stands.then(|| Sequence::new(first))
    }

    pub(crate) fn apply(&mut self, at: &Envelope, event: &E) {
        if let E::MarkSet(e) = event
            && self.mark(&e.name).is_none()
        {
            let mark = Mark { position: Sequence::new(e.position), set: at.sequence, by: at.actor };
            self.marks.insert(e.name.as_str().into(), mark);
        }
    }

    /// Any event may say that it takes another one back.
    pub(crate) fn note(&mut self, undone: Sequence, by: Sequence) {
        if undone < by {
            self.undone.insert(undone.get(), by.get());
        }
    }

    pub(crate) fn save(&self, out: &mut impl Output) {
        out.count(self.marks.len());
        for (name, mark) in self.marks.iter() {
            out.text(name);
            out.sequence(mark.position);
            out.sequence(mark.set);
            out.u128(mark.by.0);
        }
        out.count(self.undone.len());
        for (undone, by) in self.undone.iter() {
            out.sequence(Sequence::new(*undone));
            out.sequence(Sequence::new(*by));
        }
    }

    pub(crate) fn load(input: &mut Input<'_>) -> Result<Self, InputError> {
        let mut state = Self::default();
        for _ in 0..input.count()? {
            let name = input.text()?.into();
            let (position, set) = (input.sequence()?, input.sequence()?);
            state.marks.insert(name, Mark { position, set, by: PrincipalId(input.u128()?) });
        }
        for _ in 0..input.count()? {
            state.undone.insert(input.u64()?, input.u64()?);
        }
        Ok(state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rolling back a rollback of a rollback once left the first event marked as standing, though it was taken back again.
    #[test]
    fn every_second_undoing_makes_an_event_stand_again() {
        let (mut temporal, at) = (Temporal::default(), Sequence::new);
        let undone =
            |temporal: &Temporal| [10, 20, 30, 40].map(|e| temporal.undone_by(at(e)).map(Sequence::get));
        temporal.note(at(10), at(20));
        assert_eq!(undone(&temporal), [Some(20), None, None, None]);
        temporal.note(at(20), at(30));
        assert_eq!(undone(&temporal), [None, Some(30), None, None]);
        temporal.note(at(30), at(40));
        assert_eq!(undone(&temporal), [Some(20), None, Some(40), None]);
        temporal.note(at(40), at(50));
        assert_eq!(undone(&temporal), [None, Some(30), None, Some(50)]);
        temporal.note(at(10), at(60));
        assert_eq!(undone(&temporal)[0], Some(60), "taken back once more");
    }
}
