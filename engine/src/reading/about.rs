//! What a read turns out to be about, as far as the records that it leaves are concerned.
//!
//! The first thing that was asked for and allowed stands for the whole question. Where an answer reaches farther than that (a list, a
//! batch of questions), what it is about besides is noted as it comes, folded by the scope that has the say about it: so a page of a
//! thousand objects of three scopes leaves three records at most, and each scope's own policy decides about its own.
//! Bounds: one entry a scope; at most [`RECORDS_MAX`] records by name, what is beyond them is one more that names no scope.

use super::Ask;
use crate::audit::{governing, is_sensitive, reads};
use crate::authorize::{Request, Target};
use crate::kernel::journal::{Access, Outcome, access};
use scoped_projections::store::NO_ROW;
use scoped_projections::tenancy::{AuditReads, Capability as C};
use smallvec::SmallVec;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

/// Most records by name that one read leaves.
const RECORDS_MAX: usize = 64;

/// What a read is about.
#[derive(Default)]
pub(super) struct About {
    /// The first thing that was asked for and allowed.
    first: Cell<Option<Request<'static>>>,
    /// What it is about besides, by the row of the scope that has the say; `NO_ROW` where none has.
    places: RefCell<BTreeMap<u32, Place>>,
}

/// What was noted of one scope.
#[derive(Clone, Copy)]
struct Place {
    capability: C,
    /// The one thing, or the scope when there are several.
    target: Target,
    /// Is it sensitive for what was asked?
    sensitive: bool,
}

impl Place {
    fn and(&mut self, scope: u32, other: Self) {
        let sensitive = self.sensitive | other.sensitive;
        if self.target == Target::Own {
            // That one may ask at all: says less than anything else.
            *self = other;
        } else if other.target != Target::Own && self.target != other.target {
            self.target = if scope == NO_ROW { Target::Deployment } else { Target::Scope(scope) };
        }
        self.sensitive = sensitive;
    }
}

impl About {
    /// Something was asked for and allowed: the first of it stands for the question.
    #[inline]
    pub(super) fn allowed(&self, request: Request<'_>) {
        if self.first.get().is_none() {
            self.first.set(Some(request.bare()));
        }
    }
}

impl Ask<'_> {
    fn is_past(&self) -> bool {
        !std::ptr::eq(self.moment.world, self.present)
    }

    /// The answer is about this, too.
    pub(super) fn note(&self, capability: C, target: Target) {
        // A plain read of the present is recorded only where a scope declares it.
        if self.operation.sort() == super::Sort::Plain
            && !self.is_past()
            && !self.present.tenancy().has_policies()
        {
            return;
        }
        let (scope, place) = self.place(capability, target);
        let mut places = self.about.places.borrow_mut();
        places.entry(scope).and_modify(|at| at.and(scope, place)).or_insert(place);
    }

    /// May it be read? Then the answer tells of it.
    pub(super) fn tells(&self, target: Target) -> bool {
        let may = self.need(C::ReadLocal, target).is_ok();
        if may {
            self.note(C::ReadLocal, target);
        }
        may
    }

    /// The answer reads this scope as well as the one that was asked about, which is recorded anyway: noted if it declares more.
    pub(super) fn note_below(&self, scope: u32, asked: u32) {
        let says = |row| reads(self.present, Target::Scope(row));
        if self.present.tenancy().has_policies() && says(scope) > says(asked) {
            self.note(C::ReadLocal, Target::Scope(scope));
        }
    }

    fn place(&self, capability: C, target: Target) -> (u32, Place) {
        let sensitive = is_sensitive(self.operation, self.moment.world, self.actor, target, self.is_past());
        (governing(self.present, target), Place { capability, target, sensitive })
    }

    fn is_recorded(&self, scope: u32, place: &Place) -> bool {
        match reads(self.present, if scope == NO_ROW { Target::Own } else { Target::Scope(scope) }) {
            AuditReads::All => true,
            AuditReads::Sensitive => place.sensitive,
            AuditReads::None => false,
        }
    }

    /// The records that this read is to leave.
    pub(super) fn records(&self) -> SmallVec<[Access; 1]> {
        let (mut found, world, operation) = (SmallVec::new(), self.moment.world, self.operation.as_str());
        let mut places = self.about.places.borrow_mut();
        if let Some(first) = self.about.first.get() {
            let (scope, place) = self.place(first.capability, first.target);
            if places.is_empty() {
                // By far the most: nothing is gathered for them.
                if self.is_recorded(scope, &place) {
                    found.push(access(world, self.actor, operation, first, Outcome::Read));
                }
                return found;
            }
            places.entry(scope).and_modify(|at| at.and(scope, place)).or_insert(place);
        }
        let mut wanted = places.iter().filter(|(scope, place)| self.is_recorded(**scope, place));
        let mut record = |capability, target| {
            let request = Request::new(capability, target);
            found.push(access(world, self.actor, operation, request, Outcome::Read));
        };
        wanted.by_ref().take(RECORDS_MAX).for_each(|(_, place)| record(place.capability, place.target));
        if let Some((_, place)) = wanted.next() {
            record(place.capability, Target::Own);
        }
        found
    }
}
