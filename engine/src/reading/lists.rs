//! Lists of objects: one's own, or all that one may read, wherever they are shared.

use super::{Ask, Operation, Reading};
use crate::authorize::{Request, Target, authorize, reach};
use crate::error::{Error, Result};
use crate::info::ObjectInfo;
use crate::kernel::execute::Refusal;
use roaring::RoaringBitmap;
use scoped_projections::ObjectId;
use scoped_projections::store::RowSet;
use scoped_projections::tenancy::Capability as C;

/// Most objects that one page shows.
pub const OBJECTS_PAGE_MAX: usize = 1_000;
/// Objects that a page shows when nothing is said.
const OBJECTS_PAGE: usize = 100;

/// Which objects, and how many of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectQuery {
    /// Only those that the reader owns.
    pub own: bool,
    /// Only those of this type.
    pub object_type: Option<String>,
    /// Also those out of sight (of others' the owner alone sees them).
    pub with_tombstoned: bool,
    /// Only those behind this place: the `next` of the page before. A place is a number and not an id, so that a guessed one does
    /// not tell what is there.
    pub after: Option<u32>,
    /// Leave out so many first.
    pub offset: usize,
    /// At most so many, 1 to [`OBJECTS_PAGE_MAX`].
    pub limit: usize,
}

impl Default for ObjectQuery {
    fn default() -> Self {
        let (own, object_type, with_tombstoned) = (false, None, false);
        Self { own, object_type, with_tombstoned, after: None, offset: 0, limit: OBJECTS_PAGE }
    }
}

impl ObjectQuery {
    /// What the reader owns.
    #[must_use]
    pub fn own() -> Self {
        Self { own: true, ..Self::default() }
    }
    /// The same, of one type.
    #[must_use]
    pub fn of_type(mut self, object_type: impl Into<String>) -> Self {
        self.object_type = Some(object_type.into());
        self
    }
}

/// A page of a list of objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectPage {
    /// Oldest first.
    pub objects: Vec<ObjectInfo>,
    /// What `after` has to be for the next page; `None` when this is the last.
    pub next: Option<u32>,
}

impl Ask<'_> {
    /// Rows of everything that fits and that tenancy lets the actor read, oldest first. A superset: each is still to be asked about, and
    /// rules are heard then. What keeps a scope from being listed need not keep everything in it from being read.
    pub(super) fn candidates(&self, query: &ObjectQuery) -> RoaringBitmap {
        let world = self.moment.world;
        let objects = world.objects();
        let row = world.identity().row(self.actor);
        let mut found = row.and_then(|row| objects.owned_by(row)).map(RowSet::bitmap).unwrap_or_default();
        if !query.own {
            // An object is reached through a scope at which some rule speaks for the actor.
            for scope in reach(world, self.actor) {
                let request = Request::new(C::ReadLocal, Target::Scope(scope)).ungoverned();
                if let Some(set) = world.sharing().within(scope).filter(|set| !set.is_empty())
                    && authorize(world, self.actor, request, self.moment.now).allowed
                {
                    set.unite(&mut found);
                }
            }
        }
        if let Some(after) = query.after {
            found.remove_range(..=after);
        }
        found
    }

    /// Rows of the objects that fit and may be read.
    pub(super) fn found<'q>(&'q self, query: &'q ObjectQuery) -> impl Iterator<Item = u32> + 'q {
        let objects = self.moment.world.objects();
        self.candidates(query).into_iter().filter(move |row| {
            objects.at(*row).is_some_and(|object| {
                (query.with_tombstoned || !object.tombstoned)
                    && query.object_type.as_deref().is_none_or(|wanted| wanted == objects.object_type(object))
            }) && self.need(C::ReadLocal, Target::Object(*row)).is_ok()
        })
    }
}

impl Reading {
    /// A page of the objects that this principal may read: its own and those that are shared with it, oldest first.
    ///
    /// # Errors
    /// When it is not active, or the limit is none.
    pub fn find_objects(&self, query: &ObjectQuery) -> Result<ObjectPage> {
        if query.limit == 0 || query.limit > OBJECTS_PAGE_MAX {
            return Err(Error::invalid(format!("a page has 1 to {OBJECTS_PAGE_MAX} objects")));
        }
        self.ask(Operation::ObjectsFind, |ask| {
            ask.need(C::ReadLocal, Target::Own)?;
            let mut rows: Vec<u32> = ask.found(query).skip(query.offset).take(query.limit + 1).collect();
            let more = rows.len() > query.limit;
            rows.truncate(query.limit);
            let info = |row: &u32| {
                ask.note(C::ReadLocal, Target::Object(*row));
                let id = ask.moment.world.objects().at(*row).map_or(ObjectId::NONE, |object| object.id);
                ask.moment.object(id).map_err(Refusal::from)
            };
            let objects = rows.iter().map(info).collect::<Result<Vec<_>, _>>()?;
            let next = rows.last().copied().filter(|_| more);
            Ok(ObjectPage { objects, next })
        })
    }

    /// How many objects fit and may be read by this principal; where the page would begin and end does not count.
    ///
    /// # Errors
    /// When it is not active.
    pub fn count_objects(&self, query: &ObjectQuery) -> Result<u64> {
        self.ask(Operation::ObjectsCount, |ask| {
            ask.need(C::ReadLocal, Target::Own)?;
            let all = ObjectQuery { after: None, ..query.clone() };
            // Whoever is told how many there are has read of each.
            let counted = ask.found(&all).inspect(|row| ask.note(C::ReadLocal, Target::Object(*row)));
            Ok(counted.count() as u64)
        })
    }
}
