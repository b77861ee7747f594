//! Whether a log extends what was once signed, and where it departs from it.

use crate::cells::{count, quiet};
use crate::failure::{Exit, Failure};
use crate::open;
use crate::output::{Cell, Column, Output, Page, Table, Tone};
use crate::trusted;
use scoped::Sequence;
use scoped::log::tree::{Departed, Follower, Forest, Narrowed, TreeHead};
use scoped::log::{Reader, Storage};
use scoped_trust::log_name;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A checkpoint that was brought along.
pub(super) struct Anchor {
    file: String,
    head: TreeHead,
    signers: Vec<String>,
}

/// What the log is to a checkpoint.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Anchored {
    file: String,
    size: u64,
    root: String,
    /// Who signed it, among those who are known; empty if nobody was named.
    signers: Vec<String>,
    /// `extends`, `rewritten`, `rolled_back`, `other_log` or `unreadable`.
    verdict: &'static str,
    detail: String,
}

/// Reads checkpoints, by size. Where keys are named, each has to be signed by one of them.
pub(super) fn read(files: &[PathBuf], public: &[String], output: &Output) -> Result<Vec<Anchor>, Failure> {
    let keys = trusted::keys(public)?;
    let mut anchors = Vec::new();
    for path in files {
        let checkpoint = trusted::checkpoint(path)?;
        let signers = if keys.is_empty() {
            output.note(format!(
                "{}: nobody is named with --public, so its signatures are not checked",
                path.display()
            ));
            Vec::new()
        } else {
            trusted::signers(&checkpoint, &keys).map_err(|failure| failure.within(path.display()))?
        };
        anchors.push(Anchor { file: path.display().to_string(), head: *checkpoint.head(), signers });
    }
    anchors.sort_by_key(|anchor| anchor.head.size);
    Ok(anchors)
}

/// Lays the log beside each of them. Roots are computed from the records, never from tiles.
pub(super) fn check(
    directory: &Path,
    anchors: Vec<Anchor>,
    output: &Output,
) -> Result<Vec<Anchored>, Failure> {
    if anchors.is_empty() {
        return Ok(Vec::new());
    }
    let (reader, storage) = open::log(directory, output)?;
    let mut follower = Follower::at_beginning(&reader)?;
    let bar = output.bar("hashing", "events", Some(reader.last().get()));
    let mut same = 0;
    let mut found = Vec::new();
    for Anchor { file, head, signers } in anchors {
        let (verdict, detail) = match reach(&mut follower, &reader, &head, &|done| bar.set(done)) {
            Ok(now) if now == head => {
                same = head.size;
                ("extends", format!("the log of {} events begins with it", reader.last().get()))
            }
            Ok(_) => ("rewritten", parted(&reader, &storage, &head, same)?),
            Err(Departed::Shorter { found, known }) => {
                ("rolled_back", format!("the log ends at {found}, and {known} was signed"))
            }
            Err(Departed::OtherLog { found, known }) => (
                "other_log",
                format!("this is log {}, and log {} was signed", log_name(found), log_name(known)),
            ),
            Err(departed) => ("unreadable", departed.to_string()),
        };
        let (size, root) = (head.size, head.root.to_string());
        found.push(Anchored { file, size, root, signers, verdict, detail });
    }
    Ok(found)
}

/// The log's own head at the size that was signed.
fn reach(
    follower: &mut Follower,
    reader: &Reader,
    head: &TreeHead,
    progress: &dyn Fn(u64),
) -> Result<TreeHead, Departed> {
    let (found, known) = (reader.log_id(), head.log_id);
    if found != known {
        return Err(Departed::OtherLog { found, known });
    }
    let to = Sequence::new(head.size);
    if to > reader.last() {
        return Err(Departed::Shorter { found: reader.last(), known: to });
    }
    follower.catch_up(reader, to, progress)?;
    Ok(follower.head())
}

/// Between which events history was rewritten: by the last checkpoint that still holds, and by tiles of the earlier history.
fn parted(
    reader: &Reader,
    storage: &Arc<dyn Storage>,
    head: &TreeHead,
    same: u64,
) -> Result<String, Failure> {
    let between = format!("history was rewritten between #{} and #{}", same + 1, head.size);
    let forest = Forest::new(reader.clone()).with_tiles(Arc::clone(storage));
    let told = match forest.narrow(head.size, head.root)? {
        Some(Narrowed { rewritten, is_proven }) if !rewritten.is_empty() => {
            let places: Vec<String> = rewritten.iter().map(|(from, to)| format!("{from} to {to}")).collect();
            let how = if is_proven {
                "the tiles, which lead to the signed root, prove it of"
            } else {
                "the tiles suggest"
            };
            format!("; {how} {}", places.join(", "))
        }
        _ => String::new(),
    };
    Ok(between + &told)
}

/// Adds what the checkpoints came to.
pub(super) fn table(page: Page, anchored: &[Anchored]) -> Page {
    if anchored.is_empty() {
        return page;
    }
    let mut table = Table::new(&[
        Column::text("checkpoint"),
        Column::number("events"),
        Column::text("the log"),
        Column::text("signed by"),
        Column::text("detail"),
    ]);
    for found in anchored {
        let tone = if found.verdict == "extends" { Tone::Good } else { Tone::Bad };
        table.push(vec![
            found.file.as_str().into(),
            count(found.size),
            Cell::new(found.verdict.replace('_', " ")).raw(found.verdict).tone(tone),
            found.signers.join(", ").into(),
            quiet(&found.detail),
        ]);
    }
    page.title("checkpoints").table(table)
}

/// The first checkpoint that the log does not extend is a failure.
pub(super) fn verdict(anchored: &[Anchored]) -> Result<(), Failure> {
    match anchored.iter().find(|found| found.verdict != "extends") {
        None => Ok(()),
        Some(found) => {
            let said = format!("{}: {}", found.file, found.detail);
            Err(Failure::new(Exit::Damage, found.verdict, said).hint(
                "the files agree with each other, and not with what was signed: look for a copy that does",
            ))
        }
    }
}
