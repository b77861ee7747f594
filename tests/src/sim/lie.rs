//! A disk that says that it is well and is not: rot, writes that went elsewhere or nowhere, reads that are not what was written.
//!
//! No writer can prevent these; what is held is that harm is found or refused and never read as something else, and that nothing is lost
//! in silence. Each lie is told to a copy of a log that was just crashed, so that the log itself lives on.
//!
//! The known limit (docs/log-format.md): the very last group, with nothing behind it, when `HEAD` is older than it. Nothing on the disk
//! says then that it was ever promised. After the death of a process `HEAD` is fresh, so there is no limit there.

use super::life::{Sim, layout, options, verified};
use super::tally::Told;
use super::{Result, Tally, ensure, text};
use scoped::log::storage::{Call, Chances, Crash, CrashDisk, FaultyStorage, Storage, Trouble};
use scoped::log::{ErrorKind as LogKind, Fault, Log, Sequence};
use scoped::{Data, Engine, ErrorKind, PrincipalId, objects};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Batches that are sent to a disk that loses or misdirects one of their writes.
const BATCHES: u64 = 6;

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Found,
    Harmless,
    Limit,
}

/// Tells one lie, drawn, to a copy of the disk.
pub(super) fn tell(sim: &mut Sim, how: Crash, tally: &mut Tally) -> Result<()> {
    if sim.model.durable() == 0 {
        return Ok(());
    }
    let (kind, end) = match sim.chance.below(6) {
        0 | 1 => ("a bit of a promised record rots", rot_in_a_record(sim)?),
        2 => ("a bit of any file rots", rot_anywhere(sim)?),
        3 => ("a read while opening is not what was written", flipped_read(sim)?),
        4 => ("a write goes elsewhere in its file", lying_write(sim, how, Trouble::Misdirected)?),
        _ => ("a write goes nowhere", lying_write(sim, how, Trouble::Lost)?),
    };
    let told: &mut Told = tally.lies.entry(kind).or_default();
    told.tried += 1;
    match end {
        End::Found => told.found += 1,
        End::Harmless => told.harmless += 1,
        End::Limit => told.limit += 1,
    }
    Ok(())
}

fn shared(disk: &CrashDisk) -> Arc<dyn Storage> {
    Arc::new(disk.clone())
}

fn read_only(storage: &Arc<dyn Storage>) -> Result<scoped::log::Reader> {
    Log::open_read_only(Arc::clone(storage), &scoped::log::Options::default())
        .map(|found| found.0)
        .map_err(text)
}

/// The durable point that `HEAD` tells of, 0 where it tells of none. One that the power has torn tells of none, whatever its bytes are.
fn head(disk: &CrashDisk) -> u64 {
    let torn = verified(&shared(disk))
        .is_ok_and(|report| report.findings.iter().any(|found| found.what == Fault::Head));
    if torn {
        return 0;
    }
    let files = disk.dump();
    let bytes = files.get("HEAD").and_then(|bytes| bytes.get(32..40)).and_then(|bytes| bytes.try_into().ok());
    bytes.map_or(0, u64::from_le_bytes)
}

/// One flipped bit in a record that was promised.
fn rot_in_a_record(sim: &mut Sim) -> Result<End> {
    let fork = sim.disk.fork();
    let reader = read_only(&shared(&fork))?;
    let readable = reader.last().get().min(sim.model.durable());
    if readable == 0 {
        return Ok(End::Harmless);
    }
    // Often the last ones: there it is hard.
    let back = if sim.chance(50) { sim.chance.below(readable.min(6)) } else { sim.chance.below(readable) };
    let at = Sequence::new(readable - back);
    let record = reader.get(at).map_err(text)?.ok_or("(kept) a promised record is not there")?;
    let (place, bit) = (record.position(), sim.chance.below(record.stored_len() as u64 * 8));
    let segments = reader.segments();
    let segment = segments.iter().find(|info| info.number == place.segment).ok_or("no such segment")?;
    // Whether something behind it says that it was durable.
    let is_last = segments.last().is_some_and(|last| last.number == place.segment);
    let mut floor = head(&fork);
    for behind in reader.records(at.next(), reader.last()) {
        floor = floor.max(behind.map_err(text)?.durable().get());
    }
    let told = !is_last || segment.sealed || floor >= at.get();
    fork.rot(&segment.path, (place.offset + bit / 8) as usize, 1 << (bit % 8));

    let report = verified(&shared(&fork))?;
    let found = !report.is_clean();
    ensure(found || !told, || format!("(found) bit {bit} of {at} is flipped, and `verify` finds nothing"))?;
    if let Some(sequence) = report.first_bad().and_then(|found| found.sequence) {
        ensure(sequence <= at, || {
            format!("(found) bit {bit} of {at} is flipped, and `verify` names {sequence}")
        })?;
    }
    let end = after(sim, &fork, if told { u64::MAX } else { at.get() - 1 })?;
    Ok(if end == End::Harmless && found { End::Found } else { end })
}

/// One flipped bit anywhere in the directory.
fn rot_anywhere(sim: &mut Sim) -> Result<End> {
    let fork = sim.disk.fork();
    let files: Vec<(String, usize)> = fork
        .dump()
        .into_iter()
        .map(|(path, bytes)| (path, bytes.len()))
        .filter(|(_, len)| *len > 0)
        .collect();
    if files.is_empty() {
        return Ok(End::Harmless);
    }
    let (path, len) = files[sim.chance.below(files.len() as u64) as usize].clone();
    let bit = sim.chance.below(len as u64 * 8);
    fork.rot(&path, bit as usize / 8, 1 << (bit % 8));
    let found = verified(&shared(&fork)).map_or(true, |report| !report.is_clean());
    // A rotten `HEAD` tells nothing, so the last group has no witness.
    let kept = if path == "HEAD" { 0 } else { head(&fork) };
    let end =
        after(sim, &fork, witnessed(sim, kept)).map_err(|why| format!("{why}; bit {bit} of `{path}`"))?;
    Ok(if end == End::Harmless && found { End::Found } else { end })
}

/// One read of an opening has one bit flipped; the disk itself is as it was.
fn flipped_read(sim: &mut Sim) -> Result<End> {
    let fork = sim.disk.fork();
    let storage = FaultyStorage::new(shared(&fork));
    let nth = sim.chance.below(60);
    let seed = sim.chance.below(u64::MAX);
    storage.faults(|faults| {
        faults.chances = Chances::seeded(seed);
        faults.nth = Some((Call::Read, nth, Trouble::Flipped));
    });
    let opened = Engine::on(Arc::new(storage.clone()), options(&sim.swarm, Arc::clone(&sim.door)));
    let flipped = storage.faults(|faults| faults.nth.is_none());
    let mut end = End::Harmless;
    match opened {
        Ok(engine) => {
            storage.faults(|faults| faults.dead = true);
            drop(engine);
        }
        Err(error) => {
            ensure(flipped, || format!("(alarm) a copy was refused: {error}"))?;
            end = End::Found;
        }
    }
    fork.crash(Crash::Kill);
    // Read as it is, it has to be as it was: one wrong read has cut nothing.
    let ended = after(sim, &fork, u64::MAX)?;
    let report = verified(&shared(&fork))?;
    ensure(report.is_clean(), || format!("(clean) after one wrong read: {:?}", report.first_bad()))?;
    match ended {
        End::Harmless => Ok(end),
        other => Ok(other),
    }
}

/// One write of a few batches goes elsewhere or nowhere; then the process dies, or the power goes.
fn lying_write(sim: &mut Sim, how: Crash, lie: Trouble) -> Result<End> {
    let fork = sim.disk.fork();
    let storage = FaultyStorage::new(shared(&fork));
    let door = Arc::clone(&sim.door);
    let Ok(engine) = Engine::on(Arc::new(storage.clone()), options(&sim.swarm, door)) else {
        return Err("(alarm) a copy was refused".to_owned());
    };
    engine.sync().map_err(text)?;
    let before = engine.history().head().get();
    let mut heads: BTreeMap<u64, scoped::Digest> = BTreeMap::new();
    let (seed, skip) = (sim.chance.below(u64::MAX), sim.chance.below(30));
    storage.faults(|faults| {
        faults.chances = Chances::seeded(seed);
        faults.nth = Some((Call::Write, skip, lie));
    });
    for nth in 0..BATCHES {
        let data = Data::new(
            serde_json::json!({ "nth": nth, "padding": "y".repeat(sim.chance.below(3_000) as usize) }),
        );
        let create = objects::Create::new("thing", data.map_err(text)?);
        let batch = scoped::Batch::new().with(PrincipalId(1), create);
        match engine.execute(batch).and_then(|receipt| engine.sync().map(|()| receipt)) {
            Ok(receipt) => drop(heads.insert(receipt.last.get(), receipt.head)),
            // It read what it had written.
            Err(_) => break,
        }
    }
    storage.faults(|faults| faults.dead = true);
    drop(engine);
    fork.crash(how);
    let found = verified(&shared(&fork)).map_or(true, |report| !report.is_clean());
    let floor = if how == Crash::Kill { u64::MAX } else { head(&fork) };
    let end = after_with(sim, &fork, floor, &heads, before)
        .map_err(|why| format!("{why}; {lie:?} after {skip} writes, {how:?}"))?;
    Ok(if end == End::Harmless && found { End::Found } else { end })
}

/// Up to where something on the disk says that it was promised: what `HEAD` says, and all but the last group.
fn witnessed(sim: &Sim, head: u64) -> u64 {
    let Ok(reader) = read_only(&shared(&sim.disk)) else { return 0 };
    let mut floor = head;
    for record in reader.records(Sequence::new(1), reader.last()).flatten() {
        floor = floor.max(record.durable().get());
    }
    floor
}

fn after(sim: &Sim, fork: &CrashDisk, floor: u64) -> Result<End> {
    after_with(sim, fork, floor, &BTreeMap::new(), u64::MAX)
}

/// Opens the copy. Refused, or everything promised is there and right, or is an error that names it; what is behind `floor` may have been
/// taken for a torn end.
fn after_with(
    sim: &Sim,
    fork: &CrashDisk,
    floor: u64,
    heads: &BTreeMap<u64, scoped::Digest>,
    before: u64,
) -> Result<End> {
    // A refusal of the log itself changes nothing.
    let trial = fork.fork();
    let bytes = trial.dump();
    let log = layout(&sim.swarm);
    if let Err(error) = Log::open(shared(&trial), 1, 1, &log) {
        let refused = matches!(error.kind(), LogKind::Damaged | LogKind::NotFound | LogKind::Unsupported);
        ensure(refused, || format!("(found) {error}"))?;
        ensure(leftovers_aside(trial.dump()) == leftovers_aside(bytes), || {
            format!("(unchanged) a refused opening changed the directory: {error}")
        })?;
    }
    let engine = match Engine::on(shared(fork), options(&sim.swarm, Arc::clone(&sim.door)).create(false)) {
        Ok(engine) => engine,
        Err(error) => {
            let refused = matches!(error.kind(), ErrorKind::Corrupt)
                || ["unsupported", "no_log"].contains(&error.code());
            return if refused {
                Ok(End::Found)
            } else {
                Err(format!("(found) refused as {}: {error}", error.code()))
            };
        }
    };
    let reader = engine.history().reader();
    let mut end = End::Harmless;
    let shown = (1..=sim.model.durable()).filter_map(|at| Some((at, sim.model.chain_at(at)?)));
    let later = heads.iter().filter(|(at, _)| **at > before).map(|(at, head)| (*at, *head));
    for (at, chain) in shown.chain(later) {
        match reader.get(Sequence::new(at)) {
            Ok(Some(record)) if record.chain() == chain => {}
            Ok(_) if at > floor => end = End::Limit,
            Ok(found) => {
                let found = found.map(|record| record.chain());
                return Err(format!(
                    "(found) #{at} was promised under {chain}, is {found:?}, and nobody says so"
                ));
            }
            Err(error) if error.kind() == LogKind::Damaged => {
                end = if end == End::Limit { end } else { End::Found }
            }
            Err(error) => return Err(format!("(found) #{at}: {error}")),
        }
    }
    Ok(end)
}

/// Opening removes what an interrupted step left beside its name, before it looks.
fn leftovers_aside(files: BTreeMap<String, Vec<u8>>) -> BTreeMap<String, Vec<u8>> {
    files.into_iter().filter(|(path, _)| !path.ends_with(".tmp")).collect()
}
