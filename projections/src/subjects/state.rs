//! The fold over data subjects.

use super::SubjectsEvent as E;
use crate::canonical::{Input, InputError, Output};
use crate::store::{Sorted, transact};
use crate::{Envelope, ObjectId, PrincipalId, Sequence, SubjectId};

/// Whose data what is, and who was erased.
#[derive(Debug, Clone, Default)]
pub struct Subjects {
    objects: Sorted<u128, u128>,
    /// The same the other way round: subject, object.
    of: Sorted<(u128, u128), ()>,
    principals: Sorted<u128, ()>,
    /// Subject → the event that erased it.
    erased: Sorted<u128, Sequence>,
}
transact!(Subjects { objects, of, principals, erased });

impl Subjects {
    /// Whose data an object is; `None` for one that is nobody's.
    #[must_use]
    pub fn of_object(&self, object: ObjectId) -> Option<SubjectId> {
        self.objects.get(&object.0).copied().map(SubjectId)
    }
    /// The subject that a principal's descriptions are sealed for: itself, if it was made so.
    #[must_use]
    pub fn of_principal(&self, principal: PrincipalId) -> Option<SubjectId> {
        self.principals.get(&principal.0).map(|()| SubjectId(principal.0))
    }
    /// A subject's objects, by id.
    pub fn objects(&self, subject: SubjectId) -> impl Iterator<Item = ObjectId> {
        self.of.range((subject.0, 0)..=(subject.0, u128::MAX)).map(|((_, object), ())| ObjectId(*object))
    }
    /// Has anything ever been a subject's?
    #[must_use]
    pub fn knows(&self, subject: SubjectId) -> bool {
        self.objects(subject).next().is_some() || self.principals.get(&subject.0).is_some()
    }
    /// The event that erased a subject, if it was.
    #[must_use]
    pub fn erased(&self, subject: SubjectId) -> Option<Sequence> {
        self.erased.get(&subject.0).copied()
    }
    /// All that were erased, by id, with the event that did it.
    pub fn all_erased(&self) -> impl Iterator<Item = (SubjectId, Sequence)> {
        self.erased.iter().map(|(subject, at)| (SubjectId(*subject), *at))
    }
    /// All subjects that have, or had, objects or a description, by id.
    #[must_use]
    pub fn all(&self) -> Vec<SubjectId> {
        let mut all: Vec<SubjectId> = self.of.iter().map(|((subject, _), ())| SubjectId(*subject)).collect();
        all.extend(self.principals.iter().map(|(principal, ())| SubjectId(*principal)));
        all.sort_unstable();
        all.dedup();
        all
    }
    /// True when nothing is anybody's.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty() && self.principals.is_empty()
    }

    pub(crate) fn apply(&mut self, at: &Envelope, event: &E) {
        match event {
            // The first binding holds: an object never changes hands between subjects.
            E::ObjectBound(e) if self.objects.get(&e.object.0).is_none() => {
                self.bind(e.object.0, e.subject.0)
            }
            E::ObjectBound(_) => {}
            E::PrincipalBound(e) => self.principals.insert(e.principal.0, ()),
            E::SubjectErased(e) if self.erased.get(&e.subject.0).is_none() => {
                self.erased.insert(e.subject.0, at.sequence);
            }
            E::SubjectErased(_) => {}
        }
    }

    fn bind(&mut self, object: u128, subject: u128) {
        self.objects.insert(object, subject);
        self.of.insert((subject, object), ());
    }

    pub(crate) fn save(&self, out: &mut impl Output) {
        out.count(self.objects.len());
        for (object, subject) in self.objects.iter() {
            out.u128(*object);
            out.u128(*subject);
        }
        out.count(self.principals.len());
        for (principal, ()) in self.principals.iter() {
            out.u128(*principal);
        }
        out.count(self.erased.len());
        for (subject, at) in self.erased.iter() {
            out.u128(*subject);
            out.sequence(*at);
        }
    }

    pub(crate) fn load(input: &mut Input<'_>) -> Result<Self, InputError> {
        let mut state = Self::default();
        for _ in 0..input.count()? {
            let object = input.u128()?;
            state.bind(object, input.u128()?);
        }
        for _ in 0..input.count()? {
            state.principals.insert(input.u128()?, ());
        }
        for _ in 0..input.count()? {
            let subject = input.u128()?;
            state.erased.insert(subject, input.sequence()?);
        }
        Ok(state)
    }
}
