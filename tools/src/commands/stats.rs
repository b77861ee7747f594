//! `scoped stats`: what the log holds, in numbers, and what an engine on it takes in memory.

use crate::cells::{bytes, count, position, quiet, time};
use crate::failure::Failure;
use crate::open::{self, Tell};
use crate::output::{Cell, Column, Facts, Output, Page, Table, Tone};
use scoped::log::{FileStorage, SegmentInfo, Storage};
use scoped::projections::domains::kind_info;
use scoped::projections::footprint::Taken;
use scoped::temporal::format_time;
use scoped::{Digest, Micros, ObjectId, Sequence, World};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  scoped stats notes
  scoped stats notes --format json | jq '.kinds[\"objects.updated\"]'";

/// Where snapshots lie, and how their names end.
const SNAPSHOTS: (&str, &str) = ("snapshots", ".world");

/// An engine keeps one world for its readers and one for its writer.
const WORLDS: usize = 2;

/// What `scoped stats` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The log directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

#[derive(Serialize)]
struct Segment {
    number: u64,
    path: String,
    first: u64,
    last: u64,
    bytes: u64,
    capacity: u64,
    sealed: bool,
    created: String,
    #[serde(skip)]
    made: Micros,
}

impl From<SegmentInfo> for Segment {
    fn from(info: SegmentInfo) -> Self {
        Self {
            number: info.number,
            path: info.path,
            first: info.first.get(),
            last: info.last.get(),
            bytes: info.bytes,
            capacity: info.capacity,
            sealed: info.sealed,
            created: format_time(info.created),
            made: info.created,
        }
    }
}

#[derive(Default)]
struct Scanned {
    batches: u64,
    payload_bytes: u64,
    first: Option<Micros>,
    kinds: BTreeMap<u16, u64>,
}

/// What an engine keeps in memory: two worlds, and an audit index once somebody asks it.
#[derive(Serialize)]
struct Memory {
    /// Of both worlds.
    worlds_bytes: usize,
    audit_index_bytes: usize,
    things: Vec<Held>,
    /// By domain, both worlds.
    domains: BTreeMap<&'static str, usize>,
}

/// What all things of a sort take.
#[derive(Serialize)]
struct Held {
    thing: &'static str,
    count: u64,
    bytes: usize,
    bytes_each: f64,
}

impl Held {
    fn new(thing: &'static str, count: u64, bytes: usize) -> Self {
        let bytes_each = if count == 0 { 0.0 } else { bytes as f64 / count as f64 };
        Self { thing, count, bytes, bytes_each }
    }
}

impl Memory {
    fn of(world: &World, audit_index_bytes: usize) -> Self {
        // An engine has another one, and both keep together what neither will change: each tells its part of that.
        let _other = world.clone();
        let mut domains = BTreeMap::new();
        for part in world.footprint() {
            *domains.entry(part.domain).or_default() += part.bytes * WORLDS;
        }
        let held = |taken: Taken| Held::new(taken.thing.as_str(), taken.count as u64, taken.bytes * WORLDS);
        let mut things: Vec<Held> = world.takes().into_iter().map(held).collect();
        things.push(Held::new("event, in the audit index", world.position().get(), audit_index_bytes));
        Self { worlds_bytes: domains.values().sum(), audit_index_bytes, things, domains }
    }
}

#[derive(Serialize)]
struct Answer {
    log: ObjectId,
    events: u64,
    batches: u64,
    first_time: Option<String>,
    last_time: Option<String>,
    bytes: u64,
    payload_bytes: u64,
    principals: usize,
    scopes: usize,
    members: usize,
    objects: usize,
    objects_live: usize,
    versions: u64,
    marks: usize,
    snapshots: Vec<u64>,
    head: String,
    state_digest: String,
    segments: Vec<Segment>,
    kinds: BTreeMap<&'static str, u64>,
    memory: Memory,
    #[serde(skip)]
    times: Option<(Micros, Micros)>,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let opened = open::read(&args.directory, output, Tell::Everything)?;
    let scene = opened.scene(output, None)?;
    let (history, moment) = (opened.history(), scene.moment());
    let world: &World = moment.world();
    let mut scanned = Scanned::default();
    for record in history.reader().records(Sequence::new(1), world.position()) {
        let record = record?;
        scanned.first.get_or_insert(record.time());
        scanned.batches += u64::from(record.batch_left() == 0);
        scanned.payload_bytes += record.payload_len() as u64;
        *scanned.kinds.entry(record.kind()).or_default() += 1;
    }
    let times = scanned.first.map(|first| (first, world.time()));
    let segments: Vec<Segment> = history.reader().segments().into_iter().map(Segment::from).collect();
    let objects = world.objects();
    let answer = Answer {
        log: ObjectId(history.reader().log_id()),
        events: world.position().get(),
        batches: scanned.batches,
        first_time: times.map(|(first, _)| format_time(first)),
        last_time: times.map(|(_, last)| format_time(last)),
        bytes: segments.iter().map(|segment| segment.bytes).sum(),
        payload_bytes: scanned.payload_bytes,
        principals: world.identity().len(),
        scopes: world.tenancy().len(),
        members: world.tenancy().members_len(),
        objects: objects.len(),
        objects_live: objects.iter().filter(|object| !object.tombstoned).count(),
        versions: objects.iter().map(|object| u64::from(object.version)).sum(),
        marks: world.temporal().marks_len(),
        snapshots: snapshots(args),
        head: history.reader().chain_at(world.position())?.unwrap_or_default().to_string(),
        state_digest: Digest::to_string(&world.state_digest()),
        segments,
        kinds: scanned
            .kinds
            .iter()
            .map(|(kind, n)| (kind_info(*kind).map_or("unknown", |info| info.name), *n))
            .collect(),
        memory: Memory::of(world, history.audit_bytes()?),
        times,
    };
    output.show(&answer, || page(&answer))
}

/// Positions of the snapshots that lie there, used or not, oldest first.
fn snapshots(args: &Args) -> Vec<u64> {
    let (folder, ending) = SNAPSHOTS;
    let names = FileStorage::new(&args.directory).list(folder).unwrap_or_default();
    let mut positions: Vec<u64> =
        names.iter().filter_map(|name| name.strip_suffix(ending)?.parse().ok()).collect();
    positions.sort_unstable();
    positions
}

fn page(answer: &Answer) -> Page {
    let mut facts = Facts::new()
        .with("log", quiet(answer.log))
        .with("events", count(answer.events))
        .with("batches", count(answer.batches));
    if let Some((first, last)) = answer.times {
        facts = facts
            .with("first event", time(first).tone(Tone::Plain))
            .with("last event", time(last).tone(Tone::Plain));
    }
    let gone = answer.objects - answer.objects_live;
    let tombstoned = if gone > 0 { format!(" and {} tombstoned", count(gone).text()) } else { String::new() };
    let at = answer.snapshots.iter().map(|at| format!("#{at}")).collect::<Vec<_>>().join(", ");
    let snapshots = if at.is_empty() { "none".to_owned() } else { format!("at {at}") };
    let facts = facts
        .with("bytes", bytes(answer.bytes))
        .with("of it payload", bytes(answer.payload_bytes))
        .with("principals", count(answer.principals))
        .with("scopes", count(answer.scopes))
        .with("members", count(answer.members))
        .with(
            "objects",
            Cell::new(format!("{} live{tombstoned}", count(answer.objects_live).text()))
                .raw(answer.objects_live),
        )
        .with("versions", count(answer.versions))
        .with("marks", count(answer.marks))
        .with("memory of both worlds", bytes(answer.memory.worlds_bytes as u64))
        .with("of an audit index", bytes(answer.memory.audit_index_bytes as u64))
        .with("snapshots", Cell::new(snapshots).raw(answer.snapshots.len()))
        .with("head", quiet(&answer.head))
        .with("state digest", quiet(&answer.state_digest));
    let mut segments = Table::new(&[
        Column::number("segment"),
        Column::number("first"),
        Column::number("last"),
        Column::number("bytes"),
        Column::text("state"),
        Column::text("made"),
        Column::hidden("file"),
    ]);
    for segment in &answer.segments {
        segments.push(vec![
            segment.number.into(),
            position(Sequence::new(segment.first)),
            position(Sequence::new(segment.last)),
            bytes(segment.bytes),
            Cell::new(if segment.sealed { "sealed" } else { "open" }),
            time(segment.made),
            quiet(&segment.path),
        ]);
    }
    let mut kinds = Table::new(&[Column::text("kind"), Column::number("events")]);
    for (kind, n) in &answer.kinds {
        kinds.push(vec![(*kind).into(), count(*n)]);
    }
    let page =
        Page::new().facts(facts).title("segments").table(segments).title("events by kind").table(kinds);
    page.title("memory, both worlds")
        .table(memory(&answer.memory))
        .title("by domain")
        .table(domains(&answer.memory))
}

fn memory(memory: &Memory) -> Table {
    let numbers = ["count", "bytes", "each"].map(Column::number);
    let mut table = Table::new(&[&[Column::text("thing")], &numbers[..]].concat());
    for held in &memory.things {
        let each = Cell::new(format!("{:.1}", held.bytes_each)).raw(held.bytes_each);
        table.push(vec![held.thing.into(), count(held.count), bytes(held.bytes as u64), each]);
    }
    table
}

fn domains(memory: &Memory) -> Table {
    let mut table = Table::new(&[Column::text("domain"), Column::number("bytes")]);
    for (domain, taken) in &memory.domains {
        table.push(vec![(*domain).into(), bytes(*taken as u64)]);
    }
    table
}
