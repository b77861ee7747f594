//! History: everything that can be read from the log, at any moment of it.
//!
//! The engine has one, over its live log; the offline tool opens one read-only and needs no engine. A world at a cutoff is
//! built from the nearest snapshot or remembered world below it, plus replay; what one object was is read from its own
//! chain of changes.

use crate::audit::{AuditIndex, Filter};
use crate::clock::{Door, Ids, SystemDoor};
use crate::error::{Error, Result};
use crate::remembered::{NEAR, Nearest, Remembered};
use crate::sealed::{Keys, Sealing};
use crate::snapshots::Snapshots;
use crate::temporal::{Cutoff, Entity, Plan, Rollback};
use parking_lot::Mutex;
use scoped_log::{FileStorage, Log, Options as LogOptions, Reader, Record, Recovery, Storage};
use scoped_projections::{Context, Event, PrincipalId, Sequence, World};
use std::path::Path;
use std::sync::Arc;

/// Events between two reports of progress.
const REPORT_EVERY: u64 = 16_384;

/// A log, readable at any of its moments. Cheap to clone.
#[derive(Clone)]
pub struct History {
    inner: Arc<Inner>,
}

struct Inner {
    reader: Reader,
    snapshots: Snapshots,
    remembered: Remembered,
    audit: Mutex<AuditIndex>,
    sealing: Sealing,
}

impl History {
    /// Opens a directory for reading only: no lock, no byte changed, also beside a live writer.
    ///
    /// # Errors
    /// When there is no log, or it cannot be read.
    pub fn open(directory: impl AsRef<Path>) -> Result<(Self, Recovery)> {
        Self::open_with(directory, None)
    }

    /// The same on a storage of your own.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn on(storage: Arc<dyn Storage>) -> Result<(Self, Recovery)> {
        Self::on_with(storage, None, &LogOptions::default())
    }

    /// The same with a key store, so that what is sealed can be read. Without one it shows as `sealed`.
    ///
    /// # Errors
    /// As [`Self::open`]; when the key store belongs to another log, or is wrapped under another key.
    pub fn open_with(directory: impl AsRef<Path>, keys: Option<&Keys>) -> Result<(Self, Recovery)> {
        Self::on_with(Arc::new(FileStorage::new(directory.as_ref())), keys, &LogOptions::default())
    }

    /// The same, read by position and not through maps: slower for many small looks. What goes over a whole log to check it holds
    /// no more of it in memory then than it looks at, and a disk that cannot be read is an error and not a signal.
    ///
    /// # Errors
    /// As [`Self::open_with`].
    pub fn open_by_position(directory: impl AsRef<Path>, keys: Option<&Keys>) -> Result<(Self, Recovery)> {
        let by_position = LogOptions { map: false, ..LogOptions::default() };
        Self::on_with(Arc::new(FileStorage::new(directory.as_ref())), keys, &by_position)
    }

    fn on_with(
        storage: Arc<dyn Storage>,
        keys: Option<&Keys>,
        options: &LogOptions,
    ) -> Result<(Self, Recovery)> {
        let (reader, recovery) = Log::open_read_only(Arc::clone(&storage), options)?;
        let door = || Arc::new(SystemDoor::default());
        let vault = keys.map(|keys| keys.open(reader.log_id(), door(), false)).transpose()?;
        Ok((Self::new(reader, storage, Sealing::looking(vault)), recovery))
    }

    pub(crate) fn new(reader: Reader, storage: Arc<dyn Storage>, sealing: Sealing) -> Self {
        let snapshots = Snapshots::new(storage);
        let (remembered, audit) = (Remembered::default(), Mutex::default());
        Self { inner: Arc::new(Inner { reader, snapshots, remembered, audit, sealing }) }
    }

    /// The log's own reader.
    #[must_use]
    pub fn reader(&self) -> &Reader {
        &self.inner.reader
    }
    /// The keys at hand, and who is erased.
    pub(crate) fn sealing(&self) -> &Sealing {
        &self.inner.sealing
    }
    /// The snapshots that lie beside the log.
    pub(crate) fn snapshots(&self) -> &Snapshots {
        &self.inner.snapshots
    }
    /// What was wrong with snapshots that were not used, one sentence each.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        self.inner.snapshots.notes()
    }
    /// The last event that can be read.
    #[must_use]
    pub fn head(&self) -> Sequence {
        self.inner.reader.last()
    }

    /// The world after every event up to `at`, from the nearest world that is at hand.
    ///
    /// # Errors
    /// When a record cannot be read.
    pub fn world_at(&self, at: Sequence) -> Result<Arc<World>> {
        let (base, _way) = match self.remembered().nearest(at) {
            Nearest::There(world) => return Ok(world),
            Nearest::Near(world, way) => (Some(world), Some(way)),
            Nearest::Far(world) => (Some(world), None),
            Nearest::Nothing => (None, None),
        };
        let known = base.as_ref().map_or(Sequence::NONE, |world| world.position());
        let near = at.get() - known.get() < NEAR;
        let snapshot = if near { None } else { self.snapshots().load_nearest(self.reader(), known, at) };
        let mut world = match (snapshot, base) {
            (Some(world), _) => world,
            // One that nobody else holds goes on from where it is.
            (None, Some(world)) => Arc::unwrap_or_clone(world),
            (None, None) => World::default(),
        };
        self.fold(&mut world, at, &mut |_| {})?;
        let world = Arc::new(world);
        self.remembered().keep(Arc::clone(&world));
        Ok(world)
    }

    /// The world after every event up to `at`, from the very first record: no snapshot and no memory has a say.
    ///
    /// # Errors
    /// When a record cannot be read.
    pub fn replay(&self, at: Sequence, progress: &mut dyn FnMut(Sequence)) -> Result<World> {
        let mut world = World::default();
        self.fold(&mut world, at, progress)?;
        Ok(world)
    }

    pub(crate) fn fold(
        &self,
        world: &mut World,
        to: Sequence,
        progress: &mut dyn FnMut(Sequence),
    ) -> Result<()> {
        for record in self.inner.reader.records(world.position().next(), to) {
            world.fold(&record?)?;
            if world.position().get().is_multiple_of(REPORT_EVERY) {
                progress(world.position());
            }
        }
        if world.position() != to {
            return Err(Error::corrupt(format!("the log ends at {} before {to}", world.position())));
        }
        Ok(())
    }

    /// What a rollback by `actor` would do to the world as it is now, step by step: no engine, no lock, nothing
    /// written. Ids that its steps would draw are drawn from the door.
    ///
    /// # Errors
    /// When there is nothing of what was selected, or the log cannot be read.
    pub fn plan_rollback(&self, actor: PrincipalId, asked: &Rollback, door: &dyn Door) -> Result<Plan> {
        let now = World::clone(&*self.world_at(self.head())?);
        let (to, time) = (self.resolve(&asked.to, &now)?, door.now().max(now.time()));
        crate::temporal::plan(self, now, to, asked, actor, time, &mut Ids::new(door))
    }

    /// The worlds that are kept in memory.
    pub(crate) fn remembered(&self) -> &Remembered {
        &self.inner.remembered
    }

    /// The position that a cutoff means. Marks are looked up in `marks`, a world of the present.
    ///
    /// # Errors
    /// When there is no such moment.
    pub fn resolve(&self, cutoff: &Cutoff, marks: &World) -> Result<Sequence> {
        let (reader, head) = (&self.inner.reader, self.head());
        let unknown =
            |what: String| Error::refused("unknown_cutoff", what).hint("`scoped log` lists what there is");
        match cutoff {
            Cutoff::At(at) if *at > head => {
                let message = format!("there is no event {at}: the log ends at {head}");
                Err(Error::refused("position_ahead", message).hint("`scoped log` lists what there is"))
            }
            Cutoff::At(at) => Ok(*at),
            Cutoff::Time(time) => Ok(reader.at_time(*time)?),
            Cutoff::Event(id) => {
                let found = reader.find_event(*id)?.map(|record| record.sequence());
                found.ok_or_else(|| unknown(format!("there is no event `{cutoff}`")))
            }
            Cutoff::Mark(name) => {
                let found = marks.temporal().mark(name).map(|mark| mark.position);
                found.ok_or_else(|| unknown(format!("there is no mark `{name}`")))
            }
            Cutoff::Head(back) => {
                let at = head.get().checked_sub(*back).map(Sequence::new);
                at.ok_or_else(|| unknown(format!("the log has only {} events", head.get())))
            }
        }
    }

    /// A record by its place.
    ///
    /// # Errors
    /// When it cannot be read, or there is none.
    pub fn record(&self, at: Sequence) -> Result<Record> {
        let found = if at == Sequence::NONE { None } else { self.inner.reader.get(at)? };
        found.ok_or_else(|| {
            let message = format!("there is no event {at}: the log ends at {}", self.head());
            Error::refused("no_event", message)
        })
    }

    /// What a record says.
    ///
    /// # Errors
    /// When its body is no event that this build knows.
    pub fn event(&self, record: &Record) -> Result<Event> {
        Ok(decode(record)?.1)
    }

    /// What an event is about; `None` for what is no event or cannot be read, and for what is history and not state.
    pub(crate) fn about(&self, at: Sequence) -> Option<Entity> {
        let record = if at.is_none() { None } else { self.inner.reader.get(at).ok()? };
        Entity::of(&decode(&record?).ok()?.1)
    }

    /// The sequences that fit, in the order that the filter wants, from the audit index, unfiltered by rights. The first question after
    /// opening brings the index up to date, which takes a pass over the log; later ones take what came since.
    ///
    /// # Errors
    /// When a record cannot be read.
    pub fn audit(&self, filter: &Filter) -> Result<Vec<Sequence>> {
        let mut filter = filter.clone().placed(&self.inner.reader)?;
        if filter.within.is_some() {
            filter = filter.resolved(&*self.world_at(self.head())?);
        }
        self.with_index(|index| index.find(&filter))
    }

    /// Bytes that the audit index takes in memory once it holds the whole log; it is made here if nobody has asked it yet.
    ///
    /// # Errors
    /// As [`Self::audit`].
    pub fn audit_bytes(&self) -> Result<usize> {
        self.with_index(AuditIndex::bytes)
    }

    /// Asks the audit index, brought up to date.
    pub(crate) fn with_index<T>(&self, ask: impl FnOnce(&AuditIndex) -> T) -> Result<T> {
        let mut index = self.inner.audit.lock();
        for record in self.inner.reader.records(index.last().next(), self.head()) {
            index.apply(&record?)?;
        }
        Ok(ask(&index))
    }
}

/// Context and event of a record.
pub(crate) fn decode(record: &Record) -> Result<(Context, Event)> {
    Event::decode(record.kind(), record.kind_version(), record.body())
        .map_err(|e| Error::corrupt(format!("event {}: {e}", record.sequence())))
}
