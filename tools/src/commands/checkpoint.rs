//! `scoped checkpoint`: the head of a log, signed.

use crate::cells::{count, quiet};
use crate::failure::{Exit, Failure};
use crate::open;
use crate::output::{Facts, Output, Page};
use crate::trusted;
use scoped::log::tree::{Departed, Follower, Forest, Proof, TreeHead};
use scoped::temporal::format_time;
use scoped::{Micros, Sequence};
use scoped_trust::proof_text::{self, PROOF_TEXT_BYTES_MAX};
use scoped_trust::{Checkpoint, PublicKey, Signer, key_file, log_name};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const EXAMPLES: &str = "\
Keep checkpoints where nobody who can write the log can write: they are what shows a rewritten or shortened log. Before it signs, \
the tool checks that the log extends the checkpoint that it signed before (--previous, or the one in the place of --out), and that \
every event since then gives the chain value stored with it.

A witness signs a checkpoint of somebody else, having checked it against the log, or, without a log, against a proof that it extends \
the one that the witness signed before.

Examples:
  scoped checkpoint notes --key keeper.key --out notes.checkpoint
  scoped checkpoint notes --key witness.key --add-signature notes.checkpoint --out notes.checkpoint
  scoped checkpoint --key witness.key --add-signature new.checkpoint --previous old.checkpoint --proof growth.json";

/// What `scoped checkpoint` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The log directory
    #[arg(value_name = "DIR", required_unless_present = "proof")]
    directory: Option<PathBuf>,
    /// The key that signs
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Where the checkpoint goes [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The checkpoint that this one has to extend [default: what is in the place of --out]
    #[arg(long, value_name = "FILE")]
    previous: Option<PathBuf>,
    /// Keys by one of which the earlier checkpoint has to be signed, beside the one that signs now (after a rotation)
    #[arg(long, value_name = "PUBLIC")]
    public: Vec<String>,
    /// Sign this checkpoint instead of making one
    #[arg(long, value_name = "FILE")]
    add_signature: Option<PathBuf>,
    /// In the place of a log: the proof that the checkpoint extends --previous
    #[arg(long, value_name = "PROOF", requires_all = ["add_signature", "previous"], conflicts_with = "directory")]
    proof: Option<PathBuf>,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let signer = key_file::read(&args.key)?;
    let previous = previous(args, &signer)?;
    let theirs = args.add_signature.as_deref().map(trusted::checkpoint).transpose()?;
    let mut checkpoint = match (theirs, &args.directory, &args.proof) {
        (Some(theirs), None, Some(proof)) => {
            grown(previous.as_ref(), theirs.head(), proof)?;
            theirs
        }
        (theirs, Some(directory), _) => {
            let wanted = theirs.as_ref().map(|theirs| theirs.head());
            let head = head(directory, previous.as_ref(), wanted, output)?;
            match theirs {
                Some(theirs) if *theirs.head() != head => return Err(other_head()),
                Some(theirs) => theirs,
                None => Checkpoint::of(head)?,
            }
        }
        _ => return Err(Failure::usage("name the log directory, or a --proof with the checkpoint to sign")),
    };
    checkpoint.sign(&signer)?;
    match &args.out {
        Some(out) => {
            trusted::write_whole(out, &checkpoint.to_string())?;
            output.show(&value(&checkpoint, Some(out)), || page(&checkpoint))
        }
        None if output.format() == crate::output::Format::Json => {
            output.show(&value(&checkpoint, None), Page::new)
        }
        None => output.write(|out| Ok(write!(out, "{checkpoint}")?)),
    }
}

/// What was signed before, which this key, or one that is named, has to have signed.
fn previous(args: &Args, signer: &Signer) -> Result<Option<TreeHead>, Failure> {
    let at_out = || args.out.as_deref().filter(|out| args.add_signature.is_none() && out.exists());
    let Some(path) = args.previous.as_deref().or_else(at_out) else { return Ok(None) };
    let checkpoint = trusted::checkpoint(path)?;
    let mut keys: Vec<PublicKey> = trusted::keys(&args.public)?;
    keys.push(signer.public());
    trusted::signers(&checkpoint, &keys).map_err(|failure| {
        failure
            .within(path.display())
            .hint("name the key that signed it with --public, or another place with --out")
    })?;
    Ok(Some(*checkpoint.head()))
}

/// The head of the log that is wanted, or its last one, computed from the records since what is known.
fn head(
    directory: &Path,
    previous: Option<&TreeHead>,
    wanted: Option<&TreeHead>,
    output: &Output,
) -> Result<TreeHead, Failure> {
    let (reader, storage) = open::log(directory, output)?;
    if let Some(wanted) = wanted
        && wanted.log_id != reader.log_id()
    {
        return Err(Departed::OtherLog { found: reader.log_id(), known: wanted.log_id }.into());
    }
    let to = wanted.map_or(reader.last(), |wanted| Sequence::new(wanted.size));
    if to > reader.last() {
        return Err(Departed::Shorter { found: reader.last(), known: to }.into());
    }
    let mut follower = match previous {
        Some(known) if wanted.is_some() && known.size > to.get() => {
            let said = format!("{} events were signed before, and this is about {}", known.size, to.get());
            return Err(Failure::refused("older", said));
        }
        Some(known) => {
            Follower::resume(known, &Forest::new(reader.clone()).with_tiles(Arc::clone(&storage)))?
        }
        None => Follower::at_beginning(&reader)?,
    };
    let bar = output.bar("checking", "events", Some(to.get()));
    follower.catch_up(&reader, to, &|done| bar.set(done))?;
    Ok(follower.head())
}

/// A witness without the log: the proof has to lead from what it signed before to what it signs now.
fn grown(previous: Option<&TreeHead>, now: &TreeHead, proof: &Path) -> Result<(), Failure> {
    let before = previous
        .ok_or_else(|| Failure::usage("without a log, --previous tells what the proof begins with"))?;
    let Proof::Consistency(proof) = proof_text::parse(&trusted::bytes(proof, PROOF_TEXT_BYTES_MAX)?)? else {
        return Err(Failure::usage("this is a proof of inclusion; a proof of consistency is needed"));
    };
    proof.check()?;
    let from = trusted::says(before, proof.log_id, proof.old_size, proof.old_root);
    let to = trusted::says(now, proof.log_id, proof.new_size, proof.new_root);
    if from && to {
        Ok(())
    } else {
        Err(Failure::refused("other_root", "the proof does not lead from the one to the other"))
    }
}

fn other_head() -> Failure {
    Failure::new(Exit::Damage, "rewritten", "this log does not have the head that the checkpoint states")
        .hint("`scoped verify DIR --checkpoint FILE` shows where they part")
}

fn value(checkpoint: &Checkpoint, out: Option<&Path>) -> serde_json::Value {
    let head = checkpoint.head();
    let signers = checkpoint
        .note()
        .signers()
        .map(|(name, id)| serde_json::json!({ "name": name, "id": id.to_string() }));
    serde_json::json!({
        "log": log_name(head.log_id),
        "size": head.size,
        "root": head.root.to_string(),
        "chain": head.chain.to_string(),
        "time": time(head.time),
        "signers": signers.collect::<Vec<_>>(),
        "file": out.map(|out| out.display().to_string()),
        "checkpoint": checkpoint.to_string(),
    })
}

fn time(at: Micros) -> Option<String> {
    (at > 0).then(|| format_time(at))
}

fn page(checkpoint: &Checkpoint) -> Page {
    let head = checkpoint.head();
    let signers: Vec<String> =
        checkpoint.note().signers().map(|(name, id)| format!("{name} ({id})")).collect();
    let facts = Facts::new()
        .with("log", log_name(head.log_id))
        .with("events", count(head.size))
        .with("root", quiet(head.root))
        .with("chain", quiet(head.chain))
        .with("last event at", time(head.time).unwrap_or_default());
    Page::from(facts.with("signed by", signers.join(", ")))
}
