//! Opening a log directory: for reading, which changes no byte of it, or as its one writer.

use crate::failure::{Exit, Failure};
use crate::names::Names;
use crate::output::Output;
use scoped::log::{FileStorage, Log, Reader, Storage};
use scoped::projections::temporal::{MarkSet, TemporalEvent};
use scoped::temporal::Cutoff;
use scoped::{
    Door, Engine, Event, History, Micros, Moment, Options, Past, PrincipalId, Recovery, Sequence, Session,
    SystemDoor, Verdict, World,
};
use std::path::Path;
use std::sync::Arc;

/// How much is said about how the log was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tell {
    /// What was lost, or is damaged.
    Trouble,
    /// Also that it was not closed, or is open elsewhere: nothing is lost by that.
    Everything,
}

/// A log that is open for reading.
pub struct Opened {
    history: History,
}

/// The world at a moment, and the time for which decisions are made.
pub struct Scene {
    past: Past,
    time: Micros,
}

/// A log is a directory; what else is there is told before anything of it is read.
///
/// # Errors
/// When there is something else in its place.
pub fn check_directory(directory: &Path) -> Result<(), Failure> {
    let wrong = match std::fs::metadata(directory) {
        Ok(found) if !found.is_dir() => "it is a file",
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => "something above it is a file",
        // What is not there, or may not be seen, is told by whoever reads or makes it.
        _ => return Ok(()),
    };
    let message = format!("no log in {}: {wrong}", directory.display());
    Err(Failure::refused("no_log", message).hint("a log is a directory: name that"))
}

/// Opens a directory for reading: takes no lock, changes no byte, works beside a live writer.
///
/// # Errors
/// When there is no log, or it cannot be read at all. Damage is told, and remembered for the exit code.
pub fn read(directory: &Path, output: &Output, tell: Tell) -> Result<Opened, Failure> {
    check_directory(directory)?;
    let (history, recovery) = History::open_with(directory, crate::keys::at_hand().as_ref())?;
    told(output, &recovery, tell);
    Ok(Opened { history })
}

/// The same for what checks a whole log: read by position, in memory that does not grow with the files.
///
/// # Errors
/// As [`read`].
pub fn check(directory: &Path, output: &Output) -> Result<Opened, Failure> {
    check_directory(directory)?;
    let (history, recovery) = History::open_by_position(directory, crate::keys::at_hand().as_ref())?;
    told(output, &recovery, Tell::Everything);
    Ok(Opened { history })
}

/// Opens the log of a directory and nothing above it: records and the tree over them, in memory that does not depend on
/// how long it is.
///
/// # Errors
/// As [`read`].
pub fn log(directory: &Path, output: &Output) -> Result<(Reader, Arc<dyn Storage>), Failure> {
    let storage: Arc<dyn Storage> = Arc::new(FileStorage::new(directory));
    let options = scoped::log::Options { map: false, ..scoped::log::Options::default() };
    let (reader, recovery) = Log::open_read_only(Arc::clone(&storage), &options)?;
    told(output, &recovery, Tell::Trouble);
    Ok((reader, storage))
}

/// Opens a directory as its writer, which recovers it where that is needed. Makes no log.
///
/// # Errors
/// When there is no log, somebody else writes, or it is damaged.
pub fn write(directory: &Path, output: &Output) -> Result<Engine, Failure> {
    write_with(directory, output, Options::default().create(false))
}

/// The same with settings.
///
/// # Errors
/// As [`write`].
pub fn write_with(directory: &Path, output: &Output, options: Options) -> Result<Engine, Failure> {
    check_directory(directory)?;
    let options = match crate::keys::at_hand() {
        Some(keys) => options.keys(keys),
        None => options,
    };
    let engine = Engine::open_with(directory, options)?;
    told(output, engine.recovery(), Tell::Trouble);
    engine.notes().iter().for_each(|note| output.note(note));
    Ok(engine)
}

/// Is there a log that somebody could open?
///
/// # Errors
/// When that cannot be told.
pub fn is_log(directory: &Path) -> Result<bool, Failure> {
    check_directory(directory)?;
    match History::open(directory) {
        Ok((history, _)) => Ok(!history.head().is_none()),
        Err(error) if error.code() == "no_log" => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn told(output: &Output, recovery: &Recovery, tell: Tell) {
    let said = recovery.to_string();
    match recovery.verdict {
        Verdict::Damaged | Verdict::RolledBack => {
            output.damage(said);
            // What to do about it is said by whatever cannot go on.
            let places =
                recovery.notes.iter().map(|note| note.split("; nothing was changed").next().unwrap_or(note));
            places.for_each(|place| output.damage(place));
        }
        verdict => {
            let quiet = matches!(verdict, Verdict::Clean | Verdict::Created)
                || (verdict == Verdict::UncleanEnd && tell == Tell::Trouble);
            if !quiet {
                output.note(said);
            }
            recovery.notes.iter().for_each(|note| output.note(note));
        }
    }
}

impl Opened {
    /// The log, readable at any of its moments.
    #[must_use]
    pub fn history(&self) -> &History {
        &self.history
    }

    /// The position that a cutoff means. A mark is looked up in the log itself: no world is needed for that.
    ///
    /// # Errors
    /// When there is no such moment.
    pub fn resolve(&self, cutoff: &Cutoff) -> Result<Sequence, Failure> {
        match cutoff {
            Cutoff::Mark(name) => self.mark(name),
            _ => Ok(self.history.resolve(cutoff, &World::default())?),
        }
    }

    fn mark(&self, wanted: &str) -> Result<Sequence, Failure> {
        let mut near = Vec::new();
        // What cannot be read is told by whoever needs it.
        for record in self.history.reader().records(Sequence::new(1), self.history.head()).flatten() {
            if record.kind() != MarkSet::KIND {
                continue;
            }
            if let Event::Temporal(TemporalEvent::MarkSet(mark)) = self.history.event(&record)? {
                // Names are given once; should that ever fail, the world goes by the first.
                if mark.name == wanted {
                    return Ok(Sequence::new(mark.position));
                }
                if mark.name.starts_with(wanted) {
                    near.push(mark.name);
                }
            }
        }
        let hint = match near.as_slice() {
            [] => "`scoped log DIR --kind temporal.mark_set` lists all marks".to_owned(),
            [one] => format!("did you mean `mark:{one}`?"),
            many => format!("{} marks begin like that; one is `mark:{}`", many.len(), many[0]),
        };
        Err(Failure::refused("unknown_cutoff", format!("there is no mark `{wanted}`")).hint(hint))
    }

    /// The world at a cutoff (without one: now), decided for its time: that of the cutoff if it names one, that of its last
    /// event otherwise, and that of the clock for now.
    ///
    /// # Errors
    /// When there is no such moment, or the log cannot be read up to it.
    pub fn scene(&self, output: &Output, cutoff: Option<&Cutoff>) -> Result<Scene, Failure> {
        let at = cutoff.map_or_else(|| Ok(self.history.head()), |cutoff| self.resolve(cutoff))?;
        let past = Past::of(&self.history, at).map_err(|error| self.unreadable(at, error.into()))?;
        self.history.notes().iter().for_each(|note| output.note(note));
        let last = past.moment().world().time();
        let time = match cutoff {
            None => SystemDoor::default().now().max(last),
            Some(Cutoff::Time(time)) => *time,
            Some(_) => last,
        };
        Ok(Scene { past, time })
    }

    /// Says which moment can still be looked at when a later one cannot.
    fn unreadable(&self, at: Sequence, failure: Failure) -> Failure {
        if failure.exit() != Exit::Damage {
            return failure;
        }
        let records = self.history.reader().records(Sequence::new(1), at);
        match records.zip(0..).find_map(|(record, before)| record.is_err().then_some(before)) {
            Some(before) if before > 0 => failure.hint(format!(
                "`--at '#{before}'` shows the world before it; `scoped verify` tells all that is damaged"
            )),
            _ => failure,
        }
    }
}

impl Scene {
    /// What can be asked.
    #[must_use]
    pub fn moment(&self) -> Moment<'_> {
        self.past.moment().decided_at(self.time)
    }
    /// The time for which decisions are made, µs.
    #[must_use]
    pub fn time(&self) -> Micros {
        self.time
    }
    /// The last event of it.
    #[must_use]
    pub fn position(&self) -> Sequence {
        self.moment().world().position()
    }
    /// What principals are called.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn names(&self) -> Result<Names, Failure> {
        Names::of(&self.moment())
    }
}

/// Who writes.
#[derive(Debug, clap::Args)]
pub struct Acting {
    /// Act as this principal: an id, a handle, or a name that only one has (default: the first principal)
    #[arg(id = "as", long = "as", value_name = "PRINCIPAL")]
    actor: Option<String>,
}

impl Acting {
    /// The principal that is meant.
    ///
    /// # Errors
    /// When there is none, or several have that name.
    pub fn principal(&self, moment: &Moment<'_>) -> Result<PrincipalId, Failure> {
        match &self.actor {
            Some(text) => Names::of(moment)?.principal(text),
            None => moment.world().identity().founder().map(|founder| founder.id).ok_or_else(|| {
                Failure::refused("no_principal", "the log has no principal yet")
                    .hint("`scoped init DIR` makes the first")
            }),
        }
    }
    /// That principal at work.
    ///
    /// # Errors
    /// As [`Self::principal`]; also when it may not act any more.
    pub fn session(&self, engine: &Engine) -> Result<Session, Failure> {
        let actor = engine.read(|moment| self.principal(&moment))?;
        Ok(engine.session(actor)?)
    }
}
