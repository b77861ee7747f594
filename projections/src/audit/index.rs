//! The audit index: which events belong to which actor, scope, object and kind.
//!
//! Shape: a compressed bitmap of sequence numbers for each. A query is an intersection of bitmaps, cut to a range of
//! sequences; time is a range too, since times never decrease. Answers come in log order, page by page.
//! Units: sequences up to 2³² − 1; later events would need 64-bit bitmaps, and the index says so instead of wrapping.

use crate::domains::BodyError;
use crate::store::Hash;
use crate::{Event, ObjectId, PrincipalId, ScopeId, Sequence};
use roaring::RoaringBitmap;
use scoped_log::Record;
use std::collections::HashMap;

/// What to look for; everything that is set must fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Done by this principal.
    pub actor: Option<PrincipalId>,
    /// Done in one of these scopes.
    pub scopes: Option<Vec<ScopeId>>,
    /// About this object.
    pub object: Option<ObjectId>,
    /// Of one of these kinds (numbers of the table of kinds).
    pub kinds: Option<Vec<u16>>,
    /// Not before this one.
    pub from: Sequence,
    /// Not behind this one; [`Sequence::NONE`] for no bound.
    pub to: Sequence,
}

type Sets<K> = HashMap<K, RoaringBitmap, Hash>;

/// Which events belong to which actor, scope, object and kind.
#[derive(Debug, Clone, Default)]
pub struct AuditIndex {
    by_actor: Sets<PrincipalId>,
    by_scope: Sets<ScopeId>,
    by_object: Sets<ObjectId>,
    by_kind: Sets<u16>,
    last: Sequence,
}

impl AuditIndex {
    /// The last event that was taken in.
    #[must_use]
    pub fn last(&self) -> Sequence {
        self.last
    }

    /// Takes in the next record of the log.
    ///
    /// # Errors
    /// When its body cannot be read here; the index stays where it was.
    pub fn apply(&mut self, record: &Record) -> Result<(), BodyError> {
        let (_, event) = Event::decode(record.kind(), record.kind_version(), record.body())?;
        let Ok(sequence) = u32::try_from(record.sequence().get()) else {
            return Err(BodyError::Unknown { kind: record.kind(), version: record.kind_version() });
        };
        self.by_actor.entry(PrincipalId(record.actor())).or_default().insert(sequence);
        self.by_kind.entry(record.kind()).or_default().insert(sequence);
        if record.scope() != 0 {
            self.by_scope.entry(ScopeId(record.scope())).or_default().insert(sequence);
        }
        if let Some(object) = event.object() {
            self.by_object.entry(object).or_default().insert(sequence);
        }
        self.last = record.sequence();
        Ok(())
    }

    /// The sequences that fit, in log order.
    #[must_use]
    pub fn find(&self, filter: &Filter) -> Vec<Sequence> {
        let from = filter.from.get().max(1);
        let to =
            if filter.to == Sequence::NONE { self.last.get() } else { filter.to.get().min(self.last.get()) };
        let (Ok(from), Ok(to)) = (u32::try_from(from), u32::try_from(to)) else { return Vec::new() };
        if from > to {
            return Vec::new();
        }
        let mut found = RoaringBitmap::new();
        found.insert_range(from..=to);
        let empty = RoaringBitmap::new();
        if let Some(actor) = filter.actor {
            found &= self.by_actor.get(&actor).unwrap_or(&empty);
        }
        if let Some(object) = filter.object {
            found &= self.by_object.get(&object).unwrap_or(&empty);
        }
        if let Some(scopes) = &filter.scopes {
            found &= union(scopes.iter().filter_map(|scope| self.by_scope.get(scope)));
        }
        if let Some(kinds) = &filter.kinds {
            found &= union(kinds.iter().filter_map(|kind| self.by_kind.get(kind)));
        }
        found.into_iter().map(|sequence| Sequence::new(u64::from(sequence))).collect()
    }
}

fn union<'a>(sets: impl Iterator<Item = &'a RoaringBitmap>) -> RoaringBitmap {
    let mut all = RoaringBitmap::new();
    for set in sets {
        all |= set;
    }
    all
}
