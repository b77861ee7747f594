//! What others see who have only the files: followers that open to read, and `verify`; of a log that was just crashed too.

use super::life::Sim;
use super::{Result, Tally, ensure, text};
use scoped::log::storage::{Crash, Storage};
use scoped::log::{ErrorKind, Fault, Finding, Log, Verdict, VerifyReport};
use std::sync::Arc;

/// Looks at what the crash left before anybody opens it for writing.
pub(super) fn look(sim: &mut Sim, how: Option<Crash>, tally: &mut Tally) -> Result<()> {
    let storage: Arc<dyn Storage> = Arc::new(sim.disk.clone());
    let before = sim.disk.dump();
    follow(sim, &storage, tally)?;
    let nothing_yet = sim.model.promised() == 0;
    match super::life::verified(&storage) {
        Ok(report) => clean(&report, how, tally).map_err(|why| format!("{why}, after the crash"))?,
        Err(error) => ensure(nothing_yet, || format!("(clean) after the crash: {error}"))?,
    }
    ensure(sim.disk.dump() == before, || "(unchanged) looking changed a byte".to_owned())
}

/// Nothing is wrong, but for what a crash may leave where no event stands and what the next opening in peace writes again: `HEAD`, of
/// which a part was written, and, when the power went, a sector of seal or footer that was cut inside. A flipped bit there is to be
/// found, so `verify` names both. After a peaceful end (`None`) nothing is excused.
pub(super) fn clean(report: &VerifyReport, how: Option<Crash>, tally: &mut Tally) -> Result<()> {
    let of_crash = |found: &&Finding| match found.what {
        Fault::Head => how.is_some(),
        Fault::Footer => {
            how == Some(Crash::Power) && found.sequence.is_none() && found.segment == report.segments
        }
        _ => false,
    };
    let excused = report.findings.iter().filter(of_crash).count();
    tally.torn_ends += excused as u64;
    ensure(excused == report.findings.len(), || format!("(clean) {:?}", report.findings))
}

/// Opens to read, and holds what can be seen to what was promised.
pub(super) fn follow(sim: &Sim, storage: &Arc<dyn Storage>, tally: &mut Tally) -> Result<()> {
    tally.followers += 1;
    let log = scoped::log::Options { prepare_in_background: false, ..scoped::log::Options::default() };
    let (reader, recovery) = match Log::open_read_only(Arc::clone(storage), &log) {
        Ok(opened) => opened,
        Err(error) if error.kind() == ErrorKind::NotFound && sim.model.promised() == 0 => return Ok(()),
        Err(error) => return Err(format!("(alarm) opening to read: {error}")),
    };
    let fine = !matches!(recovery.verdict, Verdict::Damaged | Verdict::RolledBack);
    ensure(fine, || format!("(alarm) opened to read: {recovery}; {:?}", recovery.notes))?;
    sim.model.holds(&reader)?;
    if let Some(last) = reader.get(reader.last()).map_err(text)? {
        ensure(last.batch_left() == 0, || {
            format!("(whole) a follower sees a part of a batch, to {}", reader.last())
        })?;
    }
    Ok(())
}
