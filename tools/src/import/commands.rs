//! Commands from a file: read as a whole, tried as a whole, then carried out.
//!
//! ```text
//! read     every line parses, or the first that does not is named by line and column     exit code 2
//! rehearse every batch is tried on a copy of the world, in order                          exit code 1
//! submit   the log is opened for good, and the batches follow one another without waiting for each other's sync
//! ```
//!
//! A line says at which sequence its batch stood where it was exported. Positions that commands name (what is undone, where a
//! rollback leads, where a mark stands) are translated on the way, since refused attempts are left out of an export and the
//! target may hold events already.
//! Bounds: [`LINE_BYTES_MAX`] a line; all of it is held in memory.

use super::markers::{Markers, Refused};
use crate::failure::{Exit, Failure};
use crate::open;
use crate::output::{Bar, Output};
use scoped::log::MemoryStorage;
use scoped::temporal::Command as Temporal;
use scoped::vault::{Kek, StoredKeys};
use scoped::{
    Batch, Command, Digest, Engine, Keys, Options, Pending, Rehearsed, Sequence, Step, identity, parse_line,
};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Longest line, in bytes: twice the largest payload, so that everything that can be stored can be written down.
pub const LINE_BYTES_MAX: usize = 32 << 20;
/// Warnings that are told one by one.
const WARNINGS_TOLD: usize = 20;
/// Batches that may wait for their receipts.
const IN_FLIGHT: usize = 4_096;

/// The commands of a file.
#[derive(Debug)]
pub struct Lines {
    /// What the file is called in messages.
    name: String,
    batches: Vec<Batch>,
    origins: Vec<Origin>,
}

/// Where a batch comes from.
#[derive(Debug, Clone, Copy)]
struct Origin {
    line: usize,
    /// Sequence of its first event in the log that it was exported from, 0 if it was not.
    old: u64,
}

/// What an import came to.
#[derive(Debug, Clone)]
pub struct Imported {
    /// Batches in the file.
    pub batches: u64,
    /// Those among them that had been carried out before, under the same idempotency key.
    pub repeated: u64,
    /// Steps in all batches.
    pub steps: u64,
    /// Events that the log grew by.
    pub events: u64,
    /// The first of them.
    pub first: Sequence,
    /// The log's last event.
    pub last: Sequence,
    /// The chain value after it.
    pub head: Digest,
    /// How long it took, from the first batch handed over to the last receipt.
    pub elapsed: Duration,
}

impl Lines {
    /// How many batches there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.batches.len()
    }
    /// True for a file without commands.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }
    fn place(&self, batch: usize) -> String {
        self.origins
            .get(batch)
            .map_or_else(|| self.name.clone(), |origin| format!("{}:{}", self.name, origin.line))
    }
}

/// Reads a file of commands; `-` is standard input. Blank lines are passed over.
///
/// # Errors
/// When it cannot be read, or with `FILE:LINE:COLUMN` of the first mistake; with `FILE:LINE` of a marker that stands where data
/// was sealed, or erased and its subject is not.
pub fn read(file: &Path) -> Result<Lines, Failure> {
    let unreadable = |error: io::Error| {
        Failure::refused("source", format!("`{}` cannot be read: {error}", file.display()))
    };
    if file == Path::new("-") {
        return parse("standard input", io::stdin().lock(), unreadable);
    }
    parse(
        &file.display().to_string(),
        BufReader::with_capacity(1 << 16, File::open(file).map_err(unreadable)?),
        unreadable,
    )
}

fn parse(
    name: &str,
    mut input: impl BufRead,
    unreadable: impl Fn(io::Error) -> Failure,
) -> Result<Lines, Failure> {
    let mut lines = Lines { name: name.to_owned(), batches: Vec::new(), origins: Vec::new() };
    let (mut bytes, mut markers) = (Vec::new(), Markers::default());
    for line in 1.. {
        bytes.clear();
        let wrong = |column: usize, message: &str| {
            Failure::new(Exit::Usage, "malformed", format!("{name}:{line}:{column}: {message}")).hint(
                "nothing was imported; mend that line, or `scoped import commands --help` shows the form",
            )
        };
        let limit = LINE_BYTES_MAX as u64 + 1;
        if (&mut input).take(limit).read_until(b'\n', &mut bytes).map_err(&unreadable)? == 0 {
            break;
        }
        if bytes.len() > LINE_BYTES_MAX && bytes.last() != Some(&b'\n') {
            return Err(wrong(LINE_BYTES_MAX + 1, "the line is longer than 32 MiB"));
        }
        let text = match std::str::from_utf8(&bytes) {
            Ok(text) => text.trim_end_matches(['\n', '\r']),
            Err(error) => return Err(wrong(error.valid_up_to() + 1, "this is no UTF-8")),
        };
        if text.trim().is_empty() {
            continue;
        }
        let (batch, old) = parse_line(text).map_err(|error| wrong(error.column, &error.message))?;
        markers.look(line, text).map_err(|marker| refused(name, &marker))?;
        lines.batches.push(batch);
        lines.origins.push(Origin { line, old });
    }
    markers.end().map_err(|marker| refused(name, &marker))?;
    Ok(lines)
}

fn refused(name: &str, marker: &Refused) -> Failure {
    let Refused { line, message, hint } = marker;
    Failure::refused("payload_absent", format!("{name}:{line}: {message}"))
        .hint(format!("nothing was imported; {hint}"))
}

/// Carries out all of it, or nothing. Makes the log where there is none, when the first line founds one.
///
/// # Errors
/// When a batch would be refused (nothing has changed then), or the log cannot be opened or written.
pub fn import(
    directory: &Path,
    mut lines: Lines,
    options: Options,
    output: &Output,
    bar: &Bar,
) -> Result<Imported, Failure> {
    let new = !open::is_log(directory)?;
    let (batches, steps) =
        (lines.len() as u64, lines.batches.iter().map(|batch| batch.steps.len() as u64).sum());
    let (engine, mut map) = if new {
        let (options, founding) = founded(&mut lines, options, directory)?;
        // Tried on a log in memory first: a file with a mistake leaves no directory behind.
        let trial = Engine::on(Arc::new(MemoryStorage::new()), trial_keys(options.clone()))?;
        let mut map = Positions::default();
        map.begin(founding, Sequence::new(1));
        rehearse(&trial, &mut lines, &mut map)?;
        (open::write_with(directory, output, options)?, None)
    } else {
        (open::write_with(directory, output, options.create(false))?, Some(Positions::default()))
    };
    if let Some(map) = &mut map {
        map.base = engine.history().head().get();
        rehearse(&engine, &mut lines, map)?;
    }
    let done = submit(&engine, lines, new, (output, bar))?;
    engine.close()?;
    Ok(Imported { batches, steps, ..done })
}

/// The key store at hand becomes that of the log that is made. What is tried before has one of its own, in memory, so that data of data
/// subjects can be tried too.
fn trial_keys(options: Options) -> Options {
    match crate::keys::at_hand() {
        Some(_) => options.keys(Keys::new(StoredKeys::memory(), Kek::new([0; 32]))),
        None => options,
    }
}

/// Takes the founding off the first line and puts it into the settings.
fn founded(lines: &mut Lines, options: Options, directory: &Path) -> Result<(Options, u64), Failure> {
    let founds = |step: &Step| match &step.command {
        Command::Identity(identity::Command::Found(found)) if found.principal == step.actor => {
            Some(found.clone())
        }
        _ => None,
    };
    let first = lines.batches.first_mut().and_then(|batch| Some((founds(batch.steps.first()?)?, batch)));
    let Some((found, batch)) = first else {
        let place = directory.display();
        return Err(Failure::refused(
            "no_log",
            format!("no log in {place}, and {} does not begin with `identity.found`", lines.name),
        )
        .hint(format!("run `scoped init {place}` first, or import what `scoped export commands` wrote")));
    };
    batch.steps.remove(0);
    let old = lines.origins.first().map_or(0, |origin| origin.old);
    if batch.steps.is_empty() {
        lines.batches.remove(0);
        lines.origins.remove(0);
    } else if let Some(origin) = lines.origins.first_mut()
        && origin.old > 0
    {
        origin.old += 1;
    }
    Ok((
        options
            .founder(found.principal)
            .founder_described(found.kind, "")
            .founder_description(found.description),
        old,
    ))
}

fn rehearse(engine: &Engine, lines: &mut Lines, map: &mut Positions) -> Result<(), Failure> {
    let origins = &lines.origins;
    let tried = engine.rehearse_each(&mut lines.batches, |at, next, batch| {
        map.end(next);
        let old = origins.get(at).map_or(0, |origin| origin.old);
        if old > 0 {
            map.begin(old, next);
            map.translate(batch);
        }
    });
    tried.map_err(|Rehearsed { batch, error }| {
        let failure = Failure::from(error).within(lines.place(batch));
        let step = failure.advice().map_or_else(String::new, |advice| format!("; {advice}"));
        failure.hint(format!("nothing was imported{step}"))
    })
}

/// Where batches stood, and where they stand now.
#[derive(Debug, Default)]
struct Positions {
    /// The last event before all of them.
    base: u64,
    /// First sequence of a batch then and now, in the order of then.
    known: Vec<(u64, u64)>,
    /// The sequence behind the last event of the last batch, once that is known.
    end: Option<u64>,
}

impl Positions {
    fn begin(&mut self, old: u64, new: Sequence) {
        if old == 0 {
            return;
        }
        if self.known.last().is_some_and(|(then, _)| *then >= old) {
            // Another export begins: its positions are its own.
            self.known.clear();
            self.base = new.get().saturating_sub(1);
        }
        self.known.push((old, new.get()));
        self.end = None;
    }
    /// What was begun ends before `next`.
    fn end(&mut self, next: Sequence) {
        self.end = Some(next.get());
    }
    /// What a position of then is now: the same event, or the last before it that was taken over.
    fn now(&self, old: u64) -> u64 {
        let behind = self.known.partition_point(|(then, _)| *then <= old);
        let Some((then, now)) = behind.checked_sub(1).and_then(|at| self.known.get(at)) else {
            return self.base;
        };
        let ahead = self.known.get(behind).map(|(_, next)| *next).or(self.end);
        let same = now + (old - then);
        ahead.map_or(same, |ahead| same.min(ahead.saturating_sub(1)))
    }
    fn translate(&self, batch: &mut Batch) {
        if let Some(note) = &mut batch.rollback {
            note.to = self.now(note.to);
            for word in ["event:#", "cascade:#", "until:#"] {
                if let Some(event) = note.selection.strip_prefix(word).and_then(|event| event.parse().ok()) {
                    note.selection = format!("{word}{}", self.now(event));
                }
            }
        }
        for step in &mut batch.steps {
            if !step.undoes.is_none() {
                step.undoes = Sequence::new(self.now(step.undoes.get()));
            }
            if let Command::Temporal(Temporal::SetMark(mark)) = &mut step.command {
                mark.position = mark.position.map(|position| self.now(position));
            }
        }
    }
}

fn submit(
    engine: &Engine,
    lines: Lines,
    new: bool,
    (output, bar): (&Output, &Bar),
) -> Result<Imported, Failure> {
    let began = Instant::now();
    let before = if new { Sequence::NONE } else { engine.history().head() };
    let mut done = Imported {
        batches: 0,
        repeated: 0,
        steps: 0,
        events: 0,
        first: before.next(),
        last: before,
        head: Digest::default(),
        elapsed: Duration::ZERO,
    };
    let places: Vec<String> = (0..lines.len()).map(|at| lines.place(at)).collect();
    let mut waiting: VecDeque<(usize, Pending)> = VecDeque::new();
    let mut warned = 0;
    let mut receive = |(at, pending): (usize, Pending)| -> Result<(), Failure> {
        let receipt = pending.wait().map_err(|error| {
            let place = places.get(at).map_or("", String::as_str);
            Failure::from(error)
                .within(place)
                .hint(format!("the {at} batches before it were imported; reopen the log and look: `scoped verify`, `scoped log`"))
        })?;
        done.repeated += u64::from(receipt.repeated);
        let place = places.get(at).map_or("", String::as_str);
        for warning in &receipt.warnings {
            warned += 1;
            if warned <= WARNINGS_TOLD {
                output.note(format!("{place}: {}", warning.message));
            }
        }
        bar.set(at as u64 + 1);
        Ok(())
    };
    for (at, batch) in lines.batches.into_iter().enumerate() {
        if waiting.len() >= IN_FLIGHT
            && let Some(oldest) = waiting.pop_front()
        {
            receive(oldest)?;
        }
        waiting.push_back((at, engine.submit(batch)?));
    }
    waiting.into_iter().try_for_each(&mut receive)?;
    if warned > WARNINGS_TOLD {
        output.note(format!("and {} more like these", warned - WARNINGS_TOLD));
    }
    engine.sync()?;
    done.last = engine.history().head();
    done.events = done.last.get() - before.get();
    done.head = engine.history().reader().chain_at(done.last)?.unwrap_or_default();
    done.elapsed = began.elapsed();
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::Positions;
    use scoped::Sequence;

    #[test]
    fn a_position_is_translated_to_the_same_event_or_the_last_one_before_it() {
        let mut map = Positions { base: 100, ..Positions::default() };
        map.begin(1, Sequence::new(101));
        map.end(Sequence::new(102));
        // Of the events 5 to 9, the last two were keys and refusals, which no export has.
        map.begin(5, Sequence::new(102));
        map.end(Sequence::new(105));
        map.begin(10, Sequence::new(105));
        let now: Vec<u64> = [0, 1, 3, 5, 7, 9, 10, 12].into_iter().map(|old| map.now(old)).collect();
        assert_eq!(now, [100, 101, 101, 102, 104, 104, 105, 107]);
    }
}
