//! Writers for an engine: each a thread with its own session, updating private objects of its own.

use super::spread::Times;
use anyhow::Context;
use scoped::{Batch, Data, Durability, Engine, ObjectId, Options, Pending, PrincipalId, identity, objects};
use std::collections::VecDeque;
use std::path::Path;
use std::sync::Barrier;
use std::time::{Duration, Instant};

/// What the objects of a bench are called.
pub const NOTE: &str = "note";
/// Objects of each writer, so that not every update meets the same one.
const OBJECTS: usize = 64;
/// A writer waits for this part of its window at a time: one sleep, not one for each receipt.
const PART: usize = 4;
/// Bytes around the text in the data.
const AROUND: usize = br#"{"p":""}"#.len();
/// Steps of the batches that set things up.
const SET_UP: usize = 1_000;

/// What the writers do.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Threads that write.
    pub writers: usize,
    /// Commands in a batch.
    pub batch: usize,
    /// Bytes of a command's data.
    pub payload: usize,
    /// Batches that each writer keeps in flight.
    pub window: usize,
}

/// What came of it.
pub struct Done {
    /// Events acknowledged.
    pub events: u64,
    /// The same a second.
    pub events_per_s: f64,
    /// From submitting to the receipt.
    pub times: Times,
}

/// A new engine that writes no snapshot when it is closed.
///
/// # Errors
/// When the directory cannot be written.
pub fn engine(directory: &Path, durability: Durability) -> anyhow::Result<Engine> {
    let options = Options::default().durability(durability).snapshot_after(0).types([NOTE]);
    Engine::open_with(directory, options)
        .with_context(|| format!("making a log in `{}`", directory.display()))
}

/// Data of exactly so many bytes, different for different numbers. What it takes to make is part of what is measured, so
/// `text` is only filled once.
///
/// # Errors
/// None that a caller could bring about.
pub fn data(payload: usize, mut number: u64, text: &mut String) -> scoped::Result<Data> {
    let width = payload.saturating_sub(AROUND);
    if text.len() != width {
        *text = "x".repeat(width);
    }
    let mut digits = [b'0'; 16];
    for digit in digits.iter_mut().rev() {
        *digit = b"0123456789abcdef"[number as usize % 16];
        number /= 16;
    }
    if let Ok(digits) = std::str::from_utf8(&digits)
        && width >= digits.len()
    {
        text.replace_range(..digits.len(), digits);
    }
    Data::from_text_fields(&[("p", text)])
}

/// Executes many commands in batches, one principal, any order of receipts.
///
/// # Errors
/// When the engine refuses one of them.
pub fn fill(
    engine: &Engine,
    actor: PrincipalId,
    commands: impl Iterator<Item = scoped::Command>,
) -> anyhow::Result<()> {
    let mut waiting = VecDeque::new();
    let mut batch = Batch::new();
    for command in commands {
        batch.push(actor, command);
        if batch.steps.len() == SET_UP {
            waiting.push_back(engine.submit(std::mem::take(&mut batch))?);
        }
        if waiting.len() > 16
            && let Some(oldest) = waiting.pop_front()
        {
            oldest.wait()?;
        }
    }
    if !batch.steps.is_empty() {
        waiting.push_back(engine.submit(batch)?);
    }
    waiting.into_iter().try_for_each(|pending| pending.wait().map(drop))?;
    Ok(())
}

/// A principal with private objects.
///
/// # Errors
/// When the engine refuses what it should not.
pub fn worker(engine: &Engine, payload: usize, nth: usize) -> anyhow::Result<(PrincipalId, Vec<ObjectId>)> {
    let create = identity::CreatePrincipal::named("service", &format!("writer {nth}"))?;
    let actor = engine.session(engine.founder())?.execute(create)?.principal();
    let (session, mut text, mut made) = (engine.session(actor)?, String::new(), Vec::with_capacity(OBJECTS));
    for number in 0..OBJECTS as u64 {
        let create = objects::Create::new(NOTE, data(payload, number, &mut text)?);
        made.push(session.execute(create)?.object());
    }
    Ok((actor, made))
}

impl Load {
    /// All writers at once, for so long and until the last receipt.
    ///
    /// # Errors
    /// When the engine refuses what it should not, or a thread of a writer died.
    pub fn run(&self, engine: &Engine, time: Duration) -> anyhow::Result<Done> {
        let workers: Vec<_> =
            (0..self.writers).map(|nth| worker(engine, self.payload, nth)).collect::<anyhow::Result<_>>()?;
        let gate = Barrier::new(self.writers + 1);
        std::thread::scope(|scope| {
            let gate = &gate;
            let write = |(actor, objects): (_, Vec<_>)| {
                scope.spawn(move || self.write(engine, actor, &objects, (gate, time)))
            };
            let threads: Vec<_> = workers.into_iter().map(write).collect();
            gate.wait();
            let start = Instant::now();
            let (mut events, mut times) = (0, Times::new()?);
            for thread in threads {
                let found = thread.join().map_err(|_| anyhow::anyhow!("a writing thread panicked"))?;
                let (done, spread) = found?;
                events += done;
                times.add(&spread)?;
            }
            Ok(Done { events, events_per_s: events as f64 / start.elapsed().as_secs_f64(), times })
        })
    }

    /// One writer, for so long and until the last receipt. Gives how many events it wrote.
    pub(super) fn write(
        &self,
        engine: &Engine,
        actor: PrincipalId,
        objects: &[ObjectId],
        (gate, time): (&Barrier, Duration),
    ) -> anyhow::Result<(u64, Times)> {
        let (mut waiting, mut text) = (VecDeque::with_capacity(self.window), String::new());
        let (mut times, mut number, mut done) = (Times::new()?, 0u64, 0u64);
        gate.wait();
        // The clock is read once a batch: three times would be a tenth of what a caller does for an event.
        let start = Instant::now();
        loop {
            let now = Instant::now();
            if now - start >= time {
                break;
            }
            let mut batch = Batch::new();
            for _ in 0..self.batch {
                number += 1;
                let object = objects[number as usize % objects.len()];
                let data = data(self.payload, number, &mut text)?;
                batch.push(actor, objects::Update { object, data, expected_version: None, reason: None });
            }
            waiting.push_back((now, engine.submit(batch)?));
            if waiting.len() >= self.window {
                done += settle(&mut waiting, (self.window / PART).max(1), &mut times)?;
            }
        }
        let left = waiting.len();
        done += settle(&mut waiting, left, &mut times)?;
        Ok((done * self.batch as u64, times))
    }
}

/// Waits for the oldest so many. Receipts come in order, so the last of them is waited for first: a receipt that came
/// earlier counts as of then, which only makes the times told longer.
fn settle(
    waiting: &mut VecDeque<(Instant, Pending)>,
    count: usize,
    times: &mut Times,
) -> anyhow::Result<u64> {
    let mut part: Vec<_> = waiting.drain(..count.min(waiting.len())).collect();
    let settled = part.len() as u64;
    let mut came = None;
    while let Some((since, pending)) = part.pop() {
        pending.wait()?;
        let came = *came.get_or_insert_with(Instant::now);
        times.record(came - since);
    }
    Ok(settled)
}
