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

/// All marks, and which events are undone.
#[derive(Debug, Clone, Default)]
pub struct Temporal {
    marks: Sorted<Box<str>, Mark>,
    /// Undone event → the event that undid it.
    undone: Sorted<u64, u64>,
    /// The other way round, so that undoing an undoing finds what stands again.
    undoes: Sorted<u64, u64>,
}
transact!(Temporal { marks, undone, undoes });

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
        self.undone.get(&event.get()).copied().map(Sequence::new)
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
        self.undone.insert(undone.get(), by.get());
        self.undoes.insert(by.get(), undone.get());
        if let Some(stands_again) = self.undoes.get(&undone.get()).copied() {
            self.undone.remove(&stands_again);
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
        for links in [&self.undone, &self.undoes] {
            out.count(links.len());
            for (from, to) in links.iter() {
                out.sequence(Sequence::new(*from));
                out.sequence(Sequence::new(*to));
            }
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
        for _ in 0..input.count()? {
            state.undoes.insert(input.u64()?, input.u64()?);
        }
        Ok(state)
    }
}
