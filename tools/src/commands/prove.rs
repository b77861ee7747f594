//! `scoped prove`: small proofs for people who do not have the log.

use crate::cells::{bytes, count, quiet};
use crate::failure::{Exit, Failure};
use crate::open;
use crate::output::{Facts, Output, Page};
use crate::trusted;
use scoped::log::tree::{Forest, Proof, write_tiles};
use scoped::log::{Reader, Storage};
use scoped::{Digest, Sequence};
use scoped_trust::{log_name, proof_text};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const EXAMPLES: &str = "\
A proof is a few dozen digests. It leads to a root, and shows something to whoever has that root in a checkpoint: `scoped check-proof` \
needs the proof, the checkpoint and a public key, and no log.

Tiles are small files below DIR/tree, to which the writer adds whenever a segment is full; they save reading the log once for each proof, and \
may be deleted at any time. Nothing is written here without --write-tiles or `prove tiles`.

Examples:
  scoped prove inclusion notes 12 --checkpoint notes.checkpoint --format json > event-12.json
  scoped prove inclusion notes 12 --record --compact
  scoped prove consistency notes 100 head --format json
  scoped prove tiles notes";

/// What `scoped prove` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// That an event is in the log
    Inclusion(Inclusion),
    /// That the log of TO events begins with the log of FROM events
    Consistency(Consistency),
    /// Write the tiles of a log, and replace those that are wrong
    Tiles {
        /// The log directory
        #[arg(value_name = "DIR")]
        directory: PathBuf,
    },
}

/// A number of events, or all there are.
#[derive(Debug, Clone, Copy)]
struct Place(Option<u64>);

impl Place {
    fn parse(text: &str) -> Result<Self, String> {
        if text == "head" {
            return Ok(Self(None));
        }
        let digits = text.strip_prefix('#').unwrap_or(text);
        digits
            .parse()
            .map(|number| Self(Some(number)))
            .map_err(|_| format!("`{text}` is neither a position nor `head`"))
    }

    fn of(self, reader: &Reader) -> Result<u64, Failure> {
        let last = reader.last().get();
        match self.0 {
            Some(number) if number > last => {
                Err(Failure::refused("unknown_position", format!("the log has only {last} events")))
            }
            place => Ok(place.unwrap_or(last)),
        }
    }
}

#[derive(Debug, clap::Args)]
struct Inclusion {
    /// The log directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Which event: its position, or `head`
    #[arg(value_name = "POSITION", value_parser = Place::parse)]
    position: Place,
    /// In the log of so many events [default: all there are]
    #[arg(long, value_name = "EVENTS", value_parser = Place::parse, conflicts_with = "checkpoint")]
    size: Option<Place>,
    /// In the log of this checkpoint; fails unless the proof leads to its root
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Put the event into the proof, as it is stored: whoever gets the proof can read it
    #[arg(long)]
    record: bool,
    #[command(flatten)]
    how: How,
}

#[derive(Debug, clap::Args)]
struct Consistency {
    /// The log directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Events in the shorter log
    #[arg(value_name = "FROM", value_parser = Place::parse)]
    from: Place,
    /// Events in the longer log, or `head`
    #[arg(value_name = "TO", value_parser = Place::parse)]
    to: Place,
    #[command(flatten)]
    how: How,
}

#[derive(Debug, clap::Args)]
struct How {
    /// Print the proof as one line
    #[arg(long)]
    compact: bool,
    /// Also write the tiles that are missing, so that the next proof is quick
    #[arg(long)]
    write_tiles: bool,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    match &args.what {
        What::Inclusion(args) => inclusion(args, output),
        What::Consistency(args) => {
            let (reader, storage, forest) = opened(&args.directory, output)?;
            let (from, to) = (args.from.of(&reader)?, args.to.of(&reader)?);
            let proof = forest.consistency(from, to)?;
            let proof =
                proof.ok_or_else(|| Failure::usage(format!("{from} events do not come before {to}")))?;
            finish(&Proof::Consistency(proof), &args.how, &forest, &storage, output)
        }
        What::Tiles { directory } => tiles(directory, output),
    }
}

fn opened(directory: &Path, output: &Output) -> Result<(Reader, Arc<dyn Storage>, Forest), Failure> {
    let (reader, storage) = open::log(directory, output)?;
    let forest = Forest::new(reader.clone()).with_tiles(Arc::clone(&storage));
    Ok((reader, storage, forest))
}

fn inclusion(args: &Inclusion, output: &Output) -> Result<(), Failure> {
    let (reader, storage, forest) = opened(&args.directory, output)?;
    let position = Sequence::new(args.position.of(&reader)?);
    let known = args.checkpoint.as_deref().map(trusted::checkpoint).transpose()?;
    let size = match (&known, args.size) {
        (Some(known), _) => Place(Some(known.head().size)).of(&reader)?,
        (None, Some(size)) => size.of(&reader)?,
        (None, None) => reader.last().get(),
    };
    let nothing = || {
        Failure::refused("unknown_position", format!("event {position} is not in the log of {size} events"))
    };
    let mut proof = forest.inclusion(position, size)?.ok_or_else(nothing)?;
    if let Some(known) = &known {
        let fits = |root: Digest| trusted::says(known.head(), reader.log_id(), size, root);
        if !fits(proof.root()?) {
            // Tiles may lie; the records decide.
            output.note("the tiles do not lead to the checkpoint's root; the proof is made from the records");
            proof = Forest::new(reader.clone()).inclusion(position, size)?.ok_or_else(nothing)?;
        }
        if !fits(proof.root()?) {
            return Err(Failure::new(
                Exit::Damage,
                "rewritten",
                "this log does not lead to the checkpoint's root",
            )
            .hint("`scoped verify DIR --checkpoint FILE` shows where they part"));
        }
    }
    if args.record {
        proof.record = reader.get(position)?.map(|record| record.stored_bytes().to_vec());
    }
    finish(&Proof::Inclusion(proof), &args.how, &forest, &storage, output)
}

fn finish(
    proof: &Proof,
    how: &How,
    forest: &Forest,
    storage: &Arc<dyn Storage>,
    output: &Output,
) -> Result<(), Failure> {
    for tile in forest.misfits() {
        output.note(format!(
            "`{tile}` is not of this log as it is, and was not used; `scoped prove tiles` replaces it"
        ));
    }
    if how.write_tiles {
        write_tiles(storage, forest.reader(), 0, &|_| ())?;
    }
    if how.compact {
        return output.text(&Page::new().bare(proof_text::to_line(proof)));
    }
    output.show(&proof_text::to_json(proof)?, || page(proof))
}

pub(super) fn page(proof: &Proof) -> Page {
    let facts = match proof {
        Proof::Inclusion(proof) => Facts::new()
            .with("proof", "inclusion")
            .with("log", log_name(proof.log_id))
            .with("event", crate::cells::position(proof.position))
            .with("events", count(proof.size))
            .with("leaf", quiet(proof.leaf))
            .with("root", proof.root().map(quiet).unwrap_or_default())
            .with("shows the event", if proof.record.is_some() { "yes" } else { "no" }),
        Proof::Consistency(proof) => Facts::new()
            .with("proof", "consistency")
            .with("log", log_name(proof.log_id))
            .with("events before", count(proof.old_size))
            .with("events", count(proof.new_size))
            .with("root before", quiet(proof.old_root))
            .with("root", quiet(proof.new_root)),
    };
    Page::from(facts.with("bytes", bytes(proof.encode().len() as u64)))
}

fn tiles(directory: &Path, output: &Output) -> Result<(), Failure> {
    let (reader, storage) = open::log(directory, output)?;
    let bar = output.bar("hashing", "events", Some(reader.last().get()));
    let report = write_tiles(&storage, &reader, 0, &|done| bar.set(done))?;
    drop(bar);
    let value = serde_json::json!({
        "events": report.events, "kept": report.kept, "written": report.written, "wrong": report.wrong,
    });
    output.show(&value, || {
        let facts =
            Facts::new().with("events covered", count(report.events)).with("kept", count(report.kept));
        let wrong = count(report.wrong.len() as u64);
        Page::from(facts.with("written", count(report.written)).with("wrong, replaced", wrong))
    })?;
    report.wrong.iter().for_each(|name| output.note(format!("`{name}` was wrong and is replaced")));
    Ok(())
}
