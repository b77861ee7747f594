//! Rehearsals: trying batches without writing anything.

use crate::clock::Ids;
use crate::command::Batch;
use crate::engine::Engine;
use crate::error::Error;
use crate::history::History;
use crate::kernel::execute::{Out, Refusal, execute};
use crate::sealed::Sealer;
use crate::temporal::{Entity, undone};
use scoped_projections::store::Transact;
use scoped_projections::{Micros, Sequence, World};

/// One batch of many that would be refused.
#[derive(Debug)]
pub struct Rehearsed {
    /// Which, from 0.
    pub batch: usize,
    /// Why.
    pub error: Error,
}

impl Engine {
    /// Tries batches one after another on a copy of the world, without writing anything.
    ///
    /// # Errors
    /// With the first one that would be refused.
    pub fn rehearse(&self, batches: &[Batch]) -> Result<(), Rehearsed> {
        let mut rehearsal = Rehearsal::new(self);
        batches.iter().enumerate().try_for_each(|(at, batch)| rehearsal.run(at, batch))
    }

    /// The same for batches that name positions of the log: before each is tried, `prepare` is told which it is and the
    /// sequence that its first event would have, and may change it. They keep those sequences as long as nothing is
    /// written between this and their execution.
    ///
    /// # Errors
    /// With the first one that would be refused.
    pub fn rehearse_each(
        &self,
        batches: &mut [Batch],
        mut prepare: impl FnMut(usize, Sequence, &mut Batch),
    ) -> Result<(), Rehearsed> {
        let mut rehearsal = Rehearsal::new(self);
        batches.iter_mut().enumerate().try_for_each(|(at, batch)| {
            prepare(at, rehearsal.world.position().next(), batch);
            rehearsal.run(at, batch)
        })
    }
}

/// A copy of the world that batches are tried on.
struct Rehearsal<'a> {
    history: &'a History,
    world: World,
    now: Micros,
    ids: Ids,
    /// Keys of subjects that come to be on the way; they are kept nowhere.
    sealer: Sealer<'a>,
    /// What the events are about that there would be, from the one behind the log's last.
    tried: Vec<Option<Entity>>,
}

impl<'a> Rehearsal<'a> {
    fn new(engine: &'a Engine) -> Self {
        let inner = &engine.inner;
        let world = World::clone(&inner.published.read());
        let now = inner.now(&world);
        let (history, ids) = (&inner.history, Ids::new(&*inner.door));
        let sealer = Sealer::new(history.sealing().vault());
        Self { history, world, now, ids, sealer, tried: Vec::new() }
    }
    fn about(&self, at: Sequence) -> Option<Entity> {
        let first = self.world.position().get() + 1 - self.tried.len() as u64;
        match at.get().checked_sub(first) {
            Some(nth) => self.tried.get(usize::try_from(nth).ok()?).copied().flatten(),
            None => self.history.about(at),
        }
    }
    fn run(&mut self, at: usize, batch: &Batch) -> Result<(), Rehearsed> {
        let (undone, mut facts, mut made) = (undone(batch, |at| self.about(at)), Vec::new(), Vec::new());
        let out = Out { facts: &mut facts, made: &mut made };
        let Self { world, now, ids, sealer, .. } = self;
        let declined = match execute(world, batch, &undone, *now, ids, sealer, out) {
            Ok(_) => {
                self.world.keep();
                self.tried.extend(facts.iter().map(|fact| Entity::of(&fact.event)));
                return Ok(());
            }
            Err(declined) => declined,
        };
        let error = match declined.refusal {
            Refusal::Denied(need) => Error::denied(need.capability),
            Refusal::Declined(error) => error,
        };
        Err(Rehearsed { batch: at, error: at_step(error, declined.step) })
    }
}

/// The same, saying which step of its batch it is, before what it says to do about it.
fn at_step(error: Error, step: usize) -> Error {
    let place = format!("it is step {} of that batch", step + 1);
    let hint = error.advice().map_or_else(|| place.clone(), |advice| format!("{place}; {advice}"));
    error.hint(hint)
}
