//! `scoped salvage`: what is provably good, out of a damaged log and into a new one.

use crate::cells::{count, position, quiet};
use crate::failure::Failure;
use crate::output::{Cell, Column, Facts, Output, Page, Table, Tone};
use scoped::log::{FileStorage, SalvageOptions, Salvaged, Storage, VerifyOptions, salvage, verify};
use scoped::{Door, SystemDoor};
use scoped_trust::log_name;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const EXAMPLES: &str = "\
Copied: every batch whose records all verify and give the chain value stored with them, and whose beginning is known. DIR is not \
changed. Events that are lost leave marks in OUT (kind 65535, nothing in them), so that every event keeps its position. Up to the \
first hole OUT is the same log: old checkpoints and proofs hold.

An engine does not open a log with marks in it: what it would decide after a lost revocation is nobody's decision. Read such a log with \
`scoped log`, `scoped show` and `--at`; or take --until-first-hole for a log that goes on from before the first loss.

Exit code 3 when anything is lost.

Examples:
  scoped salvage notes saved
  scoped salvage notes saved --until-first-hole
  scoped salvage notes saved --format json | jq '.losses'";

/// What `scoped salvage` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The damaged log directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Where the new log goes; no log may be there
    #[arg(value_name = "OUT")]
    out: PathBuf,
    /// Copy only what stands before the first hole
    #[arg(long)]
    until_first_hole: bool,
    /// Losses to list; more are only counted
    #[arg(long, default_value_t = 1000)]
    losses: usize,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    if is_within(&args.out, &args.directory) {
        return Err(Failure::usage("OUT lies in DIR, which is not to be changed"));
    }
    let from: Arc<dyn Storage> = Arc::new(FileStorage::new(&args.directory));
    let to: Arc<dyn Storage> = Arc::new(FileStorage::new(&args.out));
    let options = SalvageOptions {
        until_first_hole: args.until_first_hole,
        losses_max: args.losses,
        ..SalvageOptions::default()
    };
    let bar = output.bar("copying", "events", None);
    let done = salvage(&from, Arc::clone(&to), SystemDoor::default().random(), &options, &|done, total| {
        bar.total(total);
        bar.set(done);
    })?;
    drop(bar);
    let check = verify(&to, &VerifyOptions::default(), &|_| ())?;
    if !check.is_clean() {
        return Err(Failure::damage(format!("the new log in {} does not verify", args.out.display())));
    }
    output.show(&value(&done), || page(&done))?;
    done.found.notes.iter().for_each(|note| output.note(note));
    if done.lost > 0 {
        let events =
            if done.lost == 1 { "1 event is".to_owned() } else { format!("{} events are", done.lost) };
        output.damage(format!("{events} lost"));
    }
    Ok(())
}

fn is_within(inner: &Path, outer: &Path) -> bool {
    let Ok(outer) = outer.canonicalize() else { return false };
    // OUT need not be there yet: the nearest part of its path that is.
    let whole = std::path::absolute(inner).unwrap_or_else(|_| inner.to_owned());
    let there = whole.ancestors().find_map(|part| part.canonicalize().ok());
    there.is_some_and(|there| there.starts_with(outer))
}

fn value(done: &Salvaged) -> serde_json::Value {
    let losses = done.losses.iter().map(|loss| {
        serde_json::json!({
            "from": loss.from.get(), "to": loss.to.get(), "damaged": loss.is_damaged, "reason": loss.reason,
        })
    });
    serde_json::json!({
        "log": log_name(done.log_id),
        "found": done.found.to_string(),
        "events": done.events,
        "batches": done.batches,
        "marks": done.marks,
        "same_until": done.same_until.get(),
        "last": done.last.get(),
        "head": done.head.to_string(),
        "lost": done.lost,
        "losses_total": done.losses_total,
        "losses": losses.collect::<Vec<_>>(),
    })
}

fn page(done: &Salvaged) -> Page {
    let lost = count(done.lost).tone(if done.lost > 0 { Tone::Bad } else { Tone::Good });
    let facts = Facts::new()
        .with("log", log_name(done.log_id))
        .with("found", done.found.to_string())
        .with("events copied", count(done.events))
        .with("batches copied", count(done.batches))
        .with("events lost", lost)
        .with("marks for them", count(done.marks))
        .with("same log until", position(done.same_until))
        .with("last event", position(done.last))
        .with("head", quiet(done.head));
    let page = Page::from(facts);
    if done.losses.is_empty() {
        return page;
    }
    let mut table = Table::new(&[
        Column::number("from"),
        Column::number("to"),
        Column::text("what"),
        Column::text("reason"),
    ]);
    for loss in &done.losses {
        let what = if loss.is_damaged { Cell::new("damaged").tone(Tone::Bad) } else { Cell::new("left out") };
        table.push(vec![position(loss.from), position(loss.to), what, loss.reason.as_str().into()]);
    }
    page.title("what is lost").table(table)
}
