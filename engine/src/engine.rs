//! The engine: opening, closing, handing batches to the writer.

use crate::authorize::Decision;
use crate::clock::{Door, Ids, Present};
use crate::command::Batch;
use crate::data::Data;
use crate::error::{Error, Result};
use crate::history::History;
use crate::identity::Found;
use crate::kernel::bell::Bell;
use crate::kernel::combiner::Combiner;
use crate::kernel::journal::Line;
use crate::kernel::queue::{Op, Queue, died};
use crate::kernel::writer::Committer;
use crate::kernel::{Published, Worlds};
use crate::moment::Moment;
use crate::options::Options;
use crate::reading::Question;
use crate::receipt::{Load, Order, Pending, Receipt, Submitted, gone, wait};
use crate::sealed::Sealing;
use crate::session::Session;
use crate::snapshots::Keeper;
use crate::temporal::Cutoff;
use parking_lot::Mutex;
use scoped_log::{FileStorage, Log, LogError, MemoryStorage, Opened, Recovery, Storage};
use scoped_projections::tenancy::{DEFAULT_ORG, Scope, ScopeError};
use scoped_projections::{Micros, PrincipalId, Sequence, World};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// An open log, its world, and the thread that writes. Cheap to clone; the last clone closes it.
#[derive(Clone)]
pub struct Engine {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    queue: Arc<Queue>,
    combiner: Arc<Combiner>,
    pub(crate) bell: Arc<Bell>,
    pub(crate) published: Arc<Published>,
    pub(crate) history: History,
    pub(crate) door: Arc<dyn Door>,
    recovery: Recovery,
    snapshot_after: u64,
    require_explicit_org: bool,
    founder: PrincipalId,
    thread: Mutex<Option<JoinHandle<()>>>,
    keeper: Mutex<Option<Keeper>>,
}

impl Engine {
    /// Opens the log in a directory, recovering it if need be; makes one where there is none.
    ///
    /// # Errors
    /// When it is open elsewhere, damaged, or cannot be read or written.
    ///
    /// # Examples
    /// ```
    /// # let directory = std::env::temp_dir().join(format!("scoped-doc-{}", std::process::id()));
    /// let engine = scoped::Engine::open(&directory)?;
    /// let founder = engine.session(engine.founder())?;
    /// founder.execute(scoped::temporal::SetMark { name: "begin".into(), position: None })?;
    /// engine.close()?;
    /// # std::fs::remove_dir_all(directory).ok();
    /// # Ok::<(), scoped::Error>(())
    /// ```
    pub fn open(directory: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(directory, Options::default())
    }

    /// Opens the log in a directory, with settings.
    ///
    /// # Errors
    /// As [`Self::open`]; also when there is no log and the settings say not to make one.
    pub fn open_with(directory: impl AsRef<Path>, options: Options) -> Result<Self> {
        Self::on(Arc::new(FileStorage::new(directory.as_ref())), options)
    }

    /// A new log that lives in memory and dies with the engine.
    ///
    /// # Errors
    /// When there is not enough memory.
    pub fn in_memory() -> Result<Self> {
        Self::on(Arc::new(MemoryStorage::new()), Options::default())
    }

    /// Opens the log on a storage of your own.
    ///
    /// # Errors
    /// As [`Self::open_with`].
    pub fn on(storage: Arc<dyn Storage>, options: Options) -> Result<Self> {
        let door = Arc::clone(&options.door);
        let mut ids = Ids::new(&*door);
        let now = door.now();
        let opened = match Log::open(Arc::clone(&storage), door.random(), now, &options.log) {
            Err(LogError::NotFound { .. }) if options.create => {
                Log::create(Arc::clone(&storage), ids.next(now), now, door.random(), &options.log)?
            }
            opened => opened?,
        };
        let Opened { writer, reader, recovery, .. } = opened;
        let keys = options.keys.as_ref();
        let vault = keys.map(|keys| keys.open(reader.log_id(), Arc::clone(&door), true)).transpose()?;
        let sealing = Sealing::told(vault);
        let history = History::new(reader.clone(), storage, sealing.clone());
        let mut world =
            history.snapshots().load_nearest(&reader, Sequence::NONE, reader.last()).unwrap_or_default();
        history.fold(&mut world, reader.last(), &mut |_| {})?;
        sealing.finish(&world)?;
        let founder = world.identity().founder().map(|principal| principal.id);
        let (worlds, published) =
            Worlds::new(world, |world, fact| world.apply(&fact.at, &fact.event), World::share);
        let (queue, ops) = Queue::new(options.queue);
        let queue = Arc::new(queue);
        let bell = Arc::new(Bell::new(reader.last()));
        let committer = Committer::new(
            writer,
            history.clone(),
            worlds,
            Arc::clone(&door),
            options.durability,
            Arc::clone(&bell),
        );
        let combiner = Arc::new(Combiner::new(committer, ops, Arc::clone(&queue), Arc::clone(&bell)));
        let writing = Arc::clone(&combiner);
        let thread = std::thread::Builder::new()
            .name("scoped-writer".to_owned())
            .spawn(move || writing.run())
            .map_err(|e| Error::unavailable("unavailable", format!("no thread for the writer: {e}")))?;
        // Where time does not pass by itself nothing happens beside the calls, so that each run is the same.
        let beside = options.snapshot_after > 0 && door.runs();
        let keeper = beside.then(|| Keeper::start(&history, &bell, options.snapshot_after)).flatten();
        let keeper = Mutex::new(keeper);
        let new_founder = options.founder.unwrap_or_else(|| PrincipalId(ids.next(now)));
        let engine = Self {
            inner: Arc::new(Inner {
                queue,
                combiner,
                bell,
                published,
                history,
                door,
                recovery,
                snapshot_after: options.snapshot_after,
                require_explicit_org: options.require_explicit_org,
                founder: founder.unwrap_or(new_founder),
                thread: Mutex::new(Some(thread)),
                keeper,
            }),
        };
        if founder.is_none() {
            let description = match options.founder_description {
                Some(description) => description,
                None => Data::from_text_fields(&[("name", &options.founder_name)])?,
            };
            let found = Found { principal: new_founder, kind: options.founder_kind, description };
            let mut batch = Batch::new().with(new_founder, found);
            for command in crate::registry::founding(&options.declared, &options.types)? {
                batch.push(new_founder, command);
            }
            engine.execute(batch)?;
        } else {
            engine.register_declared(&options.declared)?;
            engine.register_types(&options.types)?;
        }
        Ok(engine)
    }

    /// The first principal.
    #[must_use]
    pub fn founder(&self) -> PrincipalId {
        self.inner.founder
    }
    /// How the log was found when it was opened.
    #[must_use]
    pub fn recovery(&self) -> &Recovery {
        &self.inner.recovery
    }
    /// The log, readable at any of its moments.
    #[must_use]
    pub fn history(&self) -> &History {
        &self.inner.history
    }
    /// What was wrong with snapshots that were not used, one sentence each.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        self.inner.history.snapshots().notes()
    }

    /// A principal at work. Checked again with every command: who is suspended meanwhile is refused.
    ///
    /// # Errors
    /// When there is no active principal with that id.
    pub fn session(&self, principal: PrincipalId) -> Result<Session> {
        use scoped_projections::identity::Status;
        let world = self.inner.published.read();
        match world.identity().get(principal).map(|p| p.status) {
            Some(Status::Active) => Ok(Session::new(self.clone(), principal)),
            _ => Err(Error::refused("no_principal", format!("there is no active principal `{principal}`"))),
        }
    }

    /// Asks the present world, unfiltered: for whoever embeds the engine, not for whom it serves. Keep `ask` short: the writer
    /// waits for it when it wants to bring this very world up to date.
    pub fn read<T>(&self, ask: impl FnOnce(Moment<'_>) -> T) -> T {
        let world = self.inner.published.read();
        let time = self.inner.present(&world);
        ask(self.at(&world, &time))
    }

    fn at<'a>(&'a self, world: &'a World, time: &'a Present<'a>) -> Moment<'a> {
        Moment { world, history: &self.inner.history, now: time.when() }
    }

    /// May they, in the present world? As [`Moment::check`], sooner: the clock is read only where something that ends is met.
    #[must_use]
    pub fn check(&self, question: &Question) -> Decision {
        let world = self.inner.published.read();
        question.expect(&world);
        let time = self.inner.present(&world);
        self.at(&world, &time).checked(question)
    }

    /// The same as yes or no, sooner still: see [`Moment::allows`].
    #[must_use]
    pub fn allows(&self, question: &Question) -> bool {
        let world = self.inner.published.read();
        question.expect(&world);
        let time = self.inner.present(&world);
        self.at(&world, &time).allowed_to(question)
    }

    /// The world as of a cutoff, read-only and unfiltered.
    ///
    /// # Errors
    /// When there is no such moment, or the log cannot be read.
    pub fn as_of(&self, cutoff: &Cutoff) -> Result<Past> {
        let at = self.resolve(cutoff)?;
        Ok(Past { world: self.inner.history.world_at(at)?, history: self.inner.history.clone() })
    }

    /// The position that a cutoff means now.
    ///
    /// # Errors
    /// When there is no such moment.
    pub fn resolve(&self, cutoff: &Cutoff) -> Result<Sequence> {
        match cutoff {
            Cutoff::Mark(_) => self.inner.history.resolve(cutoff, &self.inner.published.read()),
            // These look through the log, which may take long: the writer must not wait for it.
            _ => self.inner.history.resolve(cutoff, &World::default()),
        }
    }

    /// Hands a batch to the writer; waits while its queue is full.
    ///
    /// # Errors
    /// When the engine is closed.
    pub fn submit(&self, mut batch: Batch) -> Result<Pending> {
        self.offer(&mut batch);
        self.line_up(Order::new(batch))
    }

    /// Hands a batch to the writer unless its queue is full; gives it back then. Never waits.
    ///
    /// # Errors
    /// When the engine is closed.
    pub fn try_submit(&self, mut batch: Batch) -> Result<Submitted> {
        self.offer(&mut batch);
        let (reply, pending) = oneshot::channel();
        match self.inner.queue.try_send(Op::Execute { order: Order::new(batch), reply })? {
            Some(Op::Execute { order, .. }) => Ok(Submitted::Full(order.batch)),
            _ => Ok(Submitted::Taken(Pending(pending))),
        }
    }

    /// How full the writer's queue is.
    #[must_use]
    pub fn load(&self) -> Load {
        let (waiting, room) = self.inner.queue.filled();
        Load { waiting, room }
    }

    fn line_up(&self, order: Box<Order>) -> Result<Pending> {
        let (reply, pending) = oneshot::channel();
        self.inner.queue.send(Op::Execute { order, reply })?;
        Ok(Pending(pending))
    }

    /// Carries a batch out and waits for its receipt. With nobody else at work this thread decides, writes and syncs by itself.
    ///
    /// # Errors
    /// When it is refused (nothing has changed then), or its outcome is unknown because the log could not be written.
    pub fn execute(&self, mut batch: Batch) -> Result<Receipt> {
        self.offer(&mut batch);
        match self.inner.combiner.carry(Order::new(batch)) {
            Ok(answer) => answer,
            Err(order) => self.line_up(order)?.wait(),
        }
    }

    /// The same for async code, on any runtime: nothing blocks, neither a full queue nor the sync.
    ///
    /// # Errors
    /// As [`Self::execute`].
    pub async fn execute_async(&self, mut batch: Batch) -> Result<Receipt> {
        self.offer(&mut batch);
        let (reply, pending) = oneshot::channel();
        self.inner.queue.send_async(Op::Execute { order: Order::new(batch), reply }).await?;
        Pending(pending).await
    }

    /// An id that nothing has yet: for callers who want to name what they make before its receipt is there. Ids counted up from
    /// it are as good.
    #[must_use]
    pub fn fresh_id(&self) -> u128 {
        Ids::new(&*self.inner.door).next(self.inner.door.now())
    }

    /// Reads an identity context from JSON: a missing organisation is `default`, or refused where [`Options::require_explicit_org`]
    /// is set.
    ///
    /// # Errors
    /// When it is no such JSON, a field is empty or too long, or the organisation is missing and required.
    pub fn scope_from_json(&self, json: &str) -> Result<Scope> {
        // The derive would read a list by position.
        if !json.trim_ascii_start().starts_with('{') {
            return Err(Error::invalid("an identity context is a JSON object"));
        }
        let scope: Scope =
            serde_json::from_str(json).map_err(|e| Error::invalid(format!("no identity context: {e}")))?;
        self.admit_scope(&scope)?;
        Ok(scope)
    }
    /// Is an identity context fit to be asked with here? Forgetting to name an organisation never widens.
    pub(crate) fn admit_scope(&self, scope: &Scope) -> Result<()> {
        scope.validate()?;
        if self.inner.require_explicit_org && scope.org_id == DEFAULT_ORG {
            return Err(ScopeError::OrgRequired.into());
        }
        Ok(())
    }

    /// Leaves the trace of a read that was refused. Lost when the queue is full: a flood of refusals is folded anyway.
    pub(crate) fn trace(&self, attempt: Line) {
        let _ = self.inner.queue.try_send(Op::Access(Box::new(attempt)));
    }

    /// Leaves the record of a read, before it is answered: waits while the queue is full. Nobody may hold a world meanwhile.
    pub(crate) fn record(&self, read: Line) -> Result<()> {
        self.inner.queue.send(Op::Access(Box::new(read)))
    }

    /// Waits until everything acknowledged so far is durable. At once, unless receipts are given before the sync.
    ///
    /// # Errors
    /// When the log could not be synced.
    pub fn sync(&self) -> Result<()> {
        let (reply, done) = oneshot::channel();
        self.inner.queue.send(Op::Sync(reply))?;
        wait(done).unwrap_or_else(|| Err(gone()))
    }

    /// Writes the present world down, so that the next opening starts from here. Gives its position.
    ///
    /// # Errors
    /// When it cannot be written; the log is whole without it.
    pub fn snapshot(&self) -> Result<Sequence> {
        let history = &self.inner.history;
        // A copy, so that the writer does not wait for the disk.
        let world = World::clone(&self.inner.published.read());
        history.snapshots().save_of(&world, history.reader())?;
        Ok(world.position())
    }

    /// Closes the engine: what is queued is carried out, the log ends cleanly. Other clones are told that it is closed.
    ///
    /// # Errors
    /// When the end of the log could not be written; what was acknowledged is there all the same.
    pub fn close(self) -> Result<()> {
        self.inner.close()
    }
}

impl Inner {
    /// The time of decisions: that of the clock, but never before the last event, or a clock that is set back would bring back
    /// rights that have ended.
    pub(crate) fn now(&self, world: &World) -> Micros {
        self.present(world).when().read()
    }
    /// The same for one question, read when something first asks for it.
    pub(crate) fn present(&self, world: &World) -> Present<'_> {
        Present::new(&*self.door, world.time())
    }

    fn close(&self) -> Result<()> {
        let Some(thread) = self.thread.lock().take() else { return Ok(()) };
        let closed = self.queue.close().and_then(wait);
        if let Some(keeper) = self.keeper.lock().take() {
            // Where the writer died nobody else tells it.
            self.bell.end();
            keeper.join();
        }
        // Histories and worlds of the past may outlive the engine; its writer does not.
        self.history.sealing().vault().inspect(|vault| vault.release());
        // A thread that did not answer died.
        let (joined, result) = (thread.join().is_ok(), closed.unwrap_or_else(|| Err(died())));
        if !joined || result.is_err() {
            return result;
        }
        self.snapshot_if_due();
        result
    }

    fn snapshot_if_due(&self) {
        let world = self.published.read();
        let newest = self.history.snapshots().newest(self.history.reader());
        let since = world.position().get().saturating_sub(newest.get());
        if self.snapshot_after == 0 || since < self.snapshot_after {
            return;
        }
        // Without a snapshot the next opening takes longer, and that is all.
        let _ = self.history.snapshots().save_of(&world, self.history.reader());
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Whoever wants to hear of a failure calls `close`.
        let _ = self.close();
    }
}

/// A world of the past.
#[derive(Clone)]
pub struct Past {
    world: Arc<World>,
    history: History,
}

impl Past {
    /// The world of a log at a position, without an engine: for offline tools.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn of(history: &History, at: Sequence) -> Result<Self> {
        Ok(Self { world: history.world_at(at)?, history: history.clone() })
    }
    /// What can be asked of it. Decisions are made for the time of its last event.
    #[must_use]
    pub fn moment(&self) -> Moment<'_> {
        Moment { world: &self.world, history: &self.history, now: self.world.time().into() }
    }
    pub(crate) fn world(&self) -> &World {
        &self.world
    }
}
