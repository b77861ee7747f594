//! What lies in scopes, by home: columns beside the objects and the scopes.
//!
//! A record counts once, at its home scope and in everything above it, however many scopes it is projected into; private ones count
//! nowhere. A tombstone gives records and bytes back, a restore counts them again. The numbers are kept along the chain with every
//! event, so that a quota is one look a node; a replay gives the same.

use crate::canonical::{Input, InputError, Output, RowOf};
use crate::store::{NO_ROW, Postings, RowSet, Rows, transact};
use crate::tenancy::Tenancy;
use crate::{Micros, ScopeId};

/// What a scope and everything below it hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Held {
    /// Live records, by home scope.
    pub records: u64,
    /// Bytes of their current payloads.
    pub bytes: u64,
}

crate::store::owns_nothing!(Held);

/// Size and age of an object. The time lies in two halves, so that a row is 12 bytes and not 16.
#[derive(Debug, Clone, Copy)]
struct Measure {
    size: u32,
    made: [u32; 2],
}

const _: () = assert!(size_of::<Measure>() == 12);
crate::store::owns_nothing!(Measure);

impl Measure {
    fn new(size: u32, made: Micros) -> Self {
        Self { size, made: [made as u32, (made >> 32) as u32] }
    }
    fn made(&self) -> Micros {
        u64::from(self.made[0]) | u64::from(self.made[1]) << 32
    }
}

/// Size and age of each object, and what scopes hold.
#[derive(Debug, Clone, Default)]
pub(crate) struct Usage {
    /// By object: length of the current payload, and when it was made.
    of: Rows<Measure>,
    /// By scope; shorter than the table of scopes when the last ones hold nothing.
    held: Rows<Held>,
    /// Live objects whose home a scope is.
    homed: Postings,
}
transact!(Usage { of, held, homed });

/// Rows of a scope and of all above it, at a moment.
type Chain = Vec<u32>;

impl Usage {
    /// Length of the current payload in bytes.
    pub(super) fn size(&self, object: u32) -> u32 {
        self.of.get(object).map_or(0, |measure| measure.size)
    }
    /// When it was made.
    pub(super) fn made(&self, object: u32) -> Micros {
        self.of.get(object).map_or(0, |measure| measure.made())
    }
    pub(super) fn held(&self, scope: u32) -> Held {
        self.held.get(scope).copied().unwrap_or_default()
    }
    pub(super) fn homed(&self, scope: u32) -> Option<&RowSet> {
        self.homed.get(scope)
    }

    /// A new object, the next one by row.
    pub(super) fn add(&mut self, object: u32, home: u32, (size, made): (u32, Micros), tenancy: &Tenancy) {
        self.of.push(Measure::new(size, made));
        self.raise(object, home, tenancy);
    }
    /// It became live: it counts.
    pub(super) fn raise(&mut self, object: u32, home: u32, tenancy: &Tenancy) {
        let bytes = u64::from(self.size(object));
        if home != NO_ROW {
            self.homed.insert(home, object);
            self.along(&tenancy.chain(home).collect(), |held| {
                held.records += 1;
                held.bytes = held.bytes.saturating_add(bytes);
            });
        }
    }
    /// It is live no more: it gives back what it held.
    pub(super) fn bury(&mut self, object: u32, home: u32, tenancy: &Tenancy) {
        let bytes = u64::from(self.size(object));
        if home != NO_ROW {
            self.homed.remove(home, object);
            self.along(&tenancy.chain(home).collect(), |held| {
                held.records = held.records.saturating_sub(1);
                held.bytes = held.bytes.saturating_sub(bytes);
            });
        }
    }
    /// A live object got another payload.
    pub(super) fn resize(&mut self, object: u32, home: u32, size: u32, live: bool, tenancy: &Tenancy) {
        let before = u64::from(self.size(object));
        if let Some(measure) = self.of.edit(object) {
            measure.size = size;
        }
        if home != NO_ROW && live {
            self.along(&tenancy.chain(home).collect(), |held| {
                held.bytes = held.bytes.saturating_sub(before).saturating_add(u64::from(size));
            });
        }
    }
    /// A scope is about to get another parent: what it holds leaves those above it …
    pub(crate) fn leave(&mut self, scope: ScopeId, tenancy: &Tenancy) {
        self.shift(scope, tenancy, |held, moved| {
            held.records = held.records.saturating_sub(moved.records);
            held.bytes = held.bytes.saturating_sub(moved.bytes);
        });
    }
    /// … and counts in those that are above it now.
    pub(crate) fn join(&mut self, scope: ScopeId, tenancy: &Tenancy) {
        self.shift(scope, tenancy, |held, moved| {
            held.records += moved.records;
            held.bytes = held.bytes.saturating_add(moved.bytes);
        });
    }
    fn shift(&mut self, scope: ScopeId, tenancy: &Tenancy, change: impl Fn(&mut Held, Held)) {
        if let Some(row) = tenancy.row(scope) {
            let moved = self.held(row);
            self.along(&tenancy.chain(row).skip(1).collect(), |held| change(held, moved));
        }
    }
    fn along(&mut self, chain: &Chain, change: impl Fn(&mut Held)) {
        for scope in chain {
            while self.held.len() <= *scope as usize {
                self.held.push(Held::default());
            }
            if let Some(held) = self.held.edit(*scope) {
                change(held);
            }
        }
    }

    pub(super) fn save(&self, out: &mut impl Output) {
        for measure in self.of.iter() {
            out.u32(measure.size);
            // When something was made is about the writing.
            if out.is_whole() {
                out.u64(measure.made());
            }
        }
        // Scopes behind the last one that ever held something may or may not have a row: neither form may show.
        let holding = self.held.iter().enumerate().filter(|(_, held)| **held != Held::default());
        out.count(holding.clone().count());
        for (scope, held) in holding {
            out.u32(scope as u32);
            out.u64(held.records);
            out.u64(held.bytes);
        }
    }

    /// `objects` holds home and liveness of each object, in the order of rows.
    pub(super) fn load(
        input: &mut Input<'_>,
        objects: impl ExactSizeIterator<Item = (u32, bool)>,
    ) -> Result<Self, InputError> {
        let mut usage = Self::default();
        usage.of.reserve(objects.len());
        for (object, (home, live)) in objects.enumerate() {
            usage.of.push(Measure::new(input.u32()?, input.u64()?));
            if home != NO_ROW && live {
                usage.homed.insert(home, object as u32);
            }
        }
        for _ in 0..input.count()? {
            let (scope, records, bytes) = (input.row(RowOf::Scope)?, input.u64()?, input.u64()?);
            usage.along(&vec![scope], |held| *held = Held { records, bytes });
        }
        Ok(usage)
    }
}
