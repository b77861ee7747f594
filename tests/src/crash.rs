//! Kill -9: a program that writes, a program that kills it, and what must be true of what is left.
//!
//! ```text
//! supervisor ──starts──▶ worker: open, write batches from four threads, print a line for every receipt
//!     │  ◀──lines──────────┘
//!     ├── SIGKILL at a random moment: while it writes, or while it still opens (recovery killed half way)
//!     └── opens the same directory and looks; then the next life begins on it
//! ```
//!
//! INVARIANTS looked for after every life: (kept) every printed receipt stands in the log under the same chain value; (whole) every
//! batch is there with all of its objects, once, or not at all; (clean) verification finds nothing; (same) the world that
//! opening gives is the world that a replay from the first record gives; (grown) what stood in the log before stands there still.

use scoped::log::storage::Storage;
use scoped::log::{FileStorage, VerifyOptions, verify};
use scoped::{Batch, Data, Digest, Durability, Engine, Level, Options, Pending, Sequence, objects};
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// The first argument of a worker.
pub const WORK: &str = "work";
/// Threads that write at the same time.
const THREADS: u64 = 4;
/// Receipts that a thread waits for at a time: groups of several batches are what a kill should hit.
const IN_FLIGHT: usize = 8;
/// Small, so that segments change several times in a life.
const SEGMENT_BYTES: u64 = 64 << 10;
/// Longest a worker may take to open.
const PATIENCE: Duration = Duration::from_secs(30);
/// Lives after which everything is replayed from the first record each time; later only now and then.
const REPLAYED_LIVES: u64 = 25;

type Result<T> = std::result::Result<T, String>;

fn text(error: impl fmt::Display) -> String {
    error.to_string()
}

/// When the worker gives its receipts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// After a shared sync.
    Synced,
    /// After the write: a killed process keeps what the operating system has.
    Buffered,
}

impl Mode {
    /// The mode with that name.
    #[must_use]
    pub fn named(text: &str) -> Option<Self> {
        match text {
            "synced" => Some(Self::Synced),
            "buffered" => Some(Self::Buffered),
            _ => None,
        }
    }
    fn as_str(self) -> &'static str {
        match self {
            Self::Synced => "synced",
            Self::Buffered => "buffered",
        }
    }
    fn options(self) -> Options {
        let durability = match self {
            Self::Synced => Durability::Synced,
            Self::Buffered => Durability::Buffered { sync_every: Duration::from_millis(20) },
        };
        let log = scoped::log::Options { segment_bytes: SEGMENT_BYTES, ..scoped::log::Options::default() };
        Options::default().durability(durability).snapshot_after(0).log(log).types(["piece"])
    }
}

/// Chance that can be had again: SplitMix64 (Steele, Lea and Flood, 2014).
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// Equal seeds give equal numbers.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }
    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound.max(1)
    }
}

/// The worker: writes until it is killed. Arguments: directory, life, mode.
///
/// # Errors
/// With what ended it; that it ends at all is a failure.
pub fn work(arguments: &[String]) -> Result<()> {
    let [directory, life, mode] = arguments else { return Err("work DIRECTORY LIFE MODE".to_owned()) };
    let life: u64 = life.parse().map_err(text)?;
    let mode = Mode::named(mode).ok_or("no such mode")?;
    let engine = Engine::open_with(directory, mode.options()).map_err(text)?;
    say(&format!("open {}", engine.history().head().get()))?;
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let engine = &engine;
            scope.spawn(move || {
                if let Err(why) = write(engine, life, thread) {
                    let _ = writeln!(std::io::stderr(), "worker: {why}");
                }
                std::process::exit(1);
            });
        }
        // A kill in the middle of a snapshot must do no harm either.
        loop {
            std::thread::sleep(Duration::from_millis(15));
            let _ = engine.snapshot();
        }
    })
}

fn write(engine: &Engine, life: u64, thread: u64) -> Result<()> {
    let mut chance = Chance::new(life << 8 | thread);
    let mut waiting: VecDeque<(String, Pending)> = VecDeque::new();
    for nth in 0u64.. {
        let tag = format!("{life}-{thread}-{nth}");
        waiting.push_back((tag.clone(), engine.submit(batch(engine, &tag, &mut chance)?).map_err(text)?));
        if waiting.len() < IN_FLIGHT {
            continue;
        }
        let Some((tag, pending)) = waiting.pop_front() else { continue };
        let receipt = pending.wait().map_err(text)?;
        say(&format!("ack {tag} {} {} {}", receipt.first.get(), receipt.last.get(), receipt.head))?;
    }
    Ok(())
}

/// Objects that all carry one tag and know how many they are.
fn batch(engine: &Engine, tag: &str, chance: &mut Chance) -> Result<Batch> {
    let of = 1 + chance.below(5);
    let mut batch = Batch::new();
    for nth in 0..of {
        let padding = "x".repeat(chance.below(400) as usize);
        let data = serde_json::json!({ "nth": nth, "of": of, "padding": padding, "tag": tag });
        let (object_type, data) = ("piece".to_owned(), Data::new(&data).map_err(text)?);
        batch.push(
            engine.founder(),
            objects::Create {
                object: None,
                object_type,
                data,
                scope: None,
                level: Level::Read,
                subject: None,
            },
        );
    }
    Ok(batch)
}

/// One line, whole, on its way to the supervisor before this returns.
fn say(line: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes()).and_then(|()| out.flush()).map_err(text)
}

/// A receipt that was printed.
#[derive(Debug, Clone)]
struct Acknowledged {
    tag: String,
    first: u64,
    last: u64,
    head: Digest,
}

/// What all lives came to.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// Workers that were killed.
    pub kills: u64,
    /// Those of them that were killed before they had opened the log.
    pub kills_while_opening: u64,
    /// Times that the log was opened and looked at.
    pub looks: u64,
    /// How the log was found each time.
    pub verdicts: BTreeMap<String, u64>,
    /// Batches whose receipt was printed.
    pub acknowledged: u64,
    /// Batches that are in the log though nobody saw their receipt.
    pub unacknowledged: u64,
    /// Events in the log at the end.
    pub events: u64,
    /// Segments at the end.
    pub segments: usize,
    /// How long it took.
    pub elapsed: Duration,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} kills, {} of them while opening; looked {} times",
            self.kills, self.kills_while_opening, self.looks
        )?;
        writeln!(f, "found: {:?}", self.verdicts)?;
        writeln!(
            f,
            "{} batches acknowledged, none lost; {} more whole, none partial",
            self.acknowledged, self.unacknowledged
        )?;
        write!(
            f,
            "{} events in {} segments, in {:.1} s",
            self.events,
            self.segments,
            self.elapsed.as_secs_f64()
        )
    }
}

/// Kills workers in one directory and looks after them.
///
/// # Errors
/// With the first invariant that did not hold.
pub fn supervise(
    worker: &Path,
    directory: &Path,
    kills: u64,
    seed: u64,
    mode: Mode,
    say: &mut dyn FnMut(&str),
) -> Result<Summary> {
    let began = Instant::now();
    let mut chance = Chance::new(seed);
    let mut seen = Seen { directory, mode, checked: 0, head: None, summary: Summary::default() };
    drop(Engine::open_with(directory, mode.options()).map_err(text)?);
    while seen.summary.kills < kills {
        let opening = chance.below(3) == 0;
        let mut acknowledged = seen.life(worker, opening, &mut chance)?;
        // Every other recovery is left to the next worker, which may be killed in the middle of it.
        while chance.below(2) == 0 && seen.summary.kills < kills {
            acknowledged.extend(seen.life(worker, true, &mut chance)?);
        }
        seen.look(&acknowledged, kills)?;
        if seen.summary.looks.is_multiple_of(50) {
            say(&format!("{} kills, {} events", seen.summary.kills, seen.checked));
        }
    }
    seen.summary.elapsed = began.elapsed();
    Ok(seen.summary)
}

/// What has been looked at so far.
struct Seen<'a> {
    directory: &'a Path,
    mode: Mode,
    /// The last event that was looked at, and the chain value there.
    checked: u64,
    head: Option<Digest>,
    summary: Summary,
}

impl Seen<'_> {
    /// One worker, from its start to its end. Gives the receipts it printed.
    fn life(&mut self, worker: &Path, opening: bool, chance: &mut Chance) -> Result<Vec<Acknowledged>> {
        let life = self.summary.kills.to_string();
        let mut command = Command::new(worker);
        command.arg(WORK).arg(self.directory).arg(life).arg(self.mode.as_str());
        let mut child = command.stdout(Stdio::piped()).spawn().map_err(text)?;
        let lines = Arc::new(Mutex::new(Vec::new()));
        let reader = read(&mut child, Arc::clone(&lines))?;
        if opening {
            std::thread::sleep(Duration::from_micros(chance.below(6_000)));
        } else {
            wait_until_open(&mut child, &lines)?;
            std::thread::sleep(Duration::from_micros(chance.below(60_000)));
        }
        let ended = child.try_wait().map_err(text)?;
        child.kill().map_err(text)?;
        child.wait().map_err(text)?;
        reader.join().map_err(|_| "the reader of a worker's lines panicked")?;
        if let Some(status) = ended {
            return Err(format!("the worker ended by itself: {status}"));
        }
        let lines = lines.lock().map_err(text)?;
        let opened = lines.iter().any(|line| line.starts_with("open "));
        self.summary.kills += 1;
        self.summary.kills_while_opening += u64::from(!opened);
        lines
            .iter()
            .filter_map(|line| line.strip_prefix("ack "))
            .map(acknowledged)
            .collect::<Result<Vec<_>>>()
    }

    /// Opens what is left, and holds it to the invariants.
    fn look(&mut self, acknowledged: &[Acknowledged], kills: u64) -> Result<()> {
        let engine = Engine::open_with(self.directory, self.mode.options()).map_err(text)?;
        *self.summary.verdicts.entry(format!("{:?}", engine.recovery().verdict)).or_default() += 1;
        let (history, head) = (engine.history(), engine.history().head());
        if let Some(before) = self.head {
            let now = history.reader().chain_at(Sequence::new(self.checked)).map_err(text)?;
            ensure(now == Some(before), || {
                format!("(grown) the chain at #{} was {before}, is {now:?}", self.checked)
            })?;
        }
        for ack in acknowledged {
            let chain = history.reader().chain_at(Sequence::new(ack.last)).map_err(text)?;
            ensure(chain == Some(ack.head), || {
                format!("(kept) {ack:?} was acknowledged; the log has {chain:?}")
            })?;
        }
        let tags = self.batches(&engine, head)?;
        for ack in acknowledged {
            let found = tags.get(&ack.tag).copied();
            ensure(found == Some((ack.first, ack.last)), || {
                format!("(kept) {ack:?} was acknowledged; found {found:?}")
            })?;
        }
        self.summary.acknowledged += acknowledged.len() as u64;
        self.summary.unacknowledged += (tags.len() - acknowledged.len()) as u64;
        let storage: Arc<dyn Storage> = Arc::new(FileStorage::new(self.directory));
        let report = verify(&storage, &VerifyOptions::default(), &|_| ()).map_err(text)?;
        ensure(report.is_clean(), || format!("(clean) {:?}", report.first_bad()))?;
        let looks = self.summary.looks;
        if looks < REPLAYED_LIVES || looks.is_multiple_of(20) || self.summary.kills == kills {
            let replayed = history.replay(head, &mut |_| ()).map_err(text)?.state_digest();
            let live = engine.read(|moment| moment.world().state_digest());
            ensure(live == replayed, || format!("(same) live {live}, replayed {replayed}"))?;
        }
        self.checked = head.get();
        self.head = history.reader().chain_at(head).map_err(text)?;
        self.summary.looks += 1;
        self.summary.events = head.get();
        self.summary.segments = history.reader().segments().len();
        engine.close().map_err(text)
    }

    /// The batches behind what was looked at, by tag, with their first and last events.
    fn batches(&self, engine: &Engine, head: Sequence) -> Result<BTreeMap<String, (u64, u64)>> {
        let mut found: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        let mut open: Option<(String, u64, u64)> = None;
        for record in engine.history().reader().records(Sequence::new(self.checked + 1), head) {
            let record = record.map_err(text)?;
            let at = record.sequence().get();
            let Some(payload) = engine.history().payload(record.sequence()).map_err(text)? else { continue };
            let piece: serde_json::Value = serde_json::from_slice(&payload).map_err(text)?;
            let (Some(tag), Some(of), Some(nth)) =
                (piece["tag"].as_str(), piece["of"].as_u64(), piece["nth"].as_u64())
            else {
                continue; // the founder
            };
            let (began, first, _) = open.take().unwrap_or_else(|| (tag.to_owned(), at, of));
            let whole = began == tag && first + nth == at && u64::from(record.batch_left()) == of - 1 - nth;
            ensure(whole, || {
                format!(
                    "(whole) #{at} is piece {nth} of {of} of `{tag}`, in the batch of `{began}` from #{first}"
                )
            })?;
            if nth + 1 < of {
                open = Some((began, first, of));
            } else {
                let before = found.insert(began, (first, at));
                ensure(before.is_none(), || {
                    format!("(whole) `{tag}` is there twice: {before:?} and #{first}")
                })?;
            }
        }
        ensure(open.is_none(), || format!("(whole) the log ends in the middle of a batch: {open:?}"))?;
        Ok(found)
    }
}

fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Result<()> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

fn read(child: &mut Child, lines: Arc<Mutex<Vec<String>>>) -> Result<std::thread::JoinHandle<()>> {
    let out = child.stdout.take().ok_or("the worker has no output")?;
    Ok(std::thread::spawn(move || {
        let mut out = BufReader::new(out);
        let mut line = String::new();
        // A line without its end was not said in full: the worker was killed while it spoke.
        while out.read_line(&mut line).is_ok_and(|bytes| bytes > 0) && line.ends_with('\n') {
            if let Ok(mut lines) = lines.lock() {
                lines.push(line.trim_end().to_owned());
            }
            line.clear();
        }
    }))
}

fn wait_until_open(child: &mut Child, lines: &Mutex<Vec<String>>) -> Result<()> {
    let began = Instant::now();
    while lines.lock().map_err(text)?.is_empty() {
        if let Some(status) = child.try_wait().map_err(text)? {
            return Err(format!("the worker could not open the log: {status}"));
        }
        ensure(began.elapsed() < PATIENCE, || "the worker takes too long to open the log".to_owned())?;
        std::thread::sleep(Duration::from_micros(200));
    }
    Ok(())
}

fn acknowledged(line: &str) -> Result<Acknowledged> {
    let words: Vec<&str> = line.split(' ').collect();
    let [tag, first, last, head] = words[..] else { return Err(format!("a strange line: {line}")) };
    let (first, last) = (first.parse().map_err(text)?, last.parse().map_err(text)?);
    Ok(Acknowledged { tag: tag.to_owned(), first, last, head: head.parse().map_err(text)? })
}
