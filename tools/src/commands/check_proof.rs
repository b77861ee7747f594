//! `scoped check-proof`: what a proof shows, with no log at hand.

use super::prove::page;
use crate::failure::Failure;
use crate::output::{Cell, Facts, Output, Tone};
use crate::trusted;
use scoped::Digest;
use scoped::log::tree::{Proof, ProofError};
use scoped_trust::log_name;
use scoped_trust::proof_text::{self, PROOF_TEXT_BYTES_MAX};
use std::path::PathBuf;

const EXAMPLES: &str = "\
A proof leads to a root. It shows something about a log only if that root is known: from a checkpoint that a key you trust has signed. \
Exit code 0: it holds; 1: it does not.

Examples:
  scoped check-proof event-12.json --checkpoint notes.checkpoint --key keeper.pub
  scoped check-proof growth.json --checkpoint old.checkpoint --checkpoint new.checkpoint --key keeper.pub
  scoped prove inclusion notes 12 --compact | scoped check-proof -";

/// What `scoped check-proof` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The proof, in either form; `-` for standard input
    #[arg(value_name = "PROOF")]
    proof: PathBuf,
    /// A checkpoint that the proof has to lead to; for a proof of consistency one for each end
    #[arg(long, value_name = "FILE", requires = "public")]
    checkpoint: Vec<PathBuf>,
    /// Who has to have signed it, as a file or the key itself; one of several is enough
    #[arg(long = "key", id = "public", value_name = "PUBLIC")]
    keys: Vec<String>,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let proof = proof_text::parse(&trusted::bytes(&args.proof, PROOF_TEXT_BYTES_MAX)?)?;
    let ends = holds(&proof)?;
    let keys = trusted::keys(&args.keys)?;
    let (mut signers, mut anchored) = (Vec::new(), vec![false; ends.len()]);
    for path in &args.checkpoint {
        let checkpoint = trusted::checkpoint(path)?;
        let signed =
            trusted::signers(&checkpoint, &keys).map_err(|failure| failure.within(path.display()))?;
        let head = checkpoint.head();
        let fits = |(size, root): &(u64, Digest)| trusted::says(head, proof.log_id(), *size, *root);
        let Some(end) = ends.iter().position(fits) else {
            let said = format!(
                "{}: the proof speaks of {} and {}, the checkpoint of log {} with {} events and root {}",
                path.display(),
                log_name(proof.log_id()),
                ends.iter()
                    .map(|(size, root)| format!("{size} events with root {root}"))
                    .collect::<Vec<_>>()
                    .join(", then "),
                log_name(head.log_id),
                head.size,
                head.root
            );
            return Err(Failure::refused("other_root", said)
                .hint("ask for a proof that is made for this checkpoint: `scoped prove … --checkpoint`"));
        };
        anchored[end] = true;
        signers.extend(signed);
    }
    signers.sort();
    signers.dedup();
    let known = anchored.iter().filter(|known| **known).count();
    let shows = shown(&proof, known, ends.len());
    let mut value = proof_text::to_json(&proof)?;
    value["holds"] = true.into();
    value["anchored"] = (known == ends.len()).into();
    value["shows"] = shows.clone().into();
    value["signers"] = signers.clone().into();
    output.show(&value, || {
        let tone = if known > 0 { Tone::Good } else { Tone::Caution };
        let facts = Facts::new().with("verdict", Cell::new("holds").tone(tone)).with("shows", shows);
        page(&proof).facts(facts.with("signed by", signers.join(", ")))
    })
}

/// What a proof is about: sizes and the roots it leads to.
fn holds(proof: &Proof) -> Result<Vec<(u64, Digest)>, ProofError> {
    match proof {
        Proof::Inclusion(proof) => Ok(vec![(proof.size, proof.root()?)]),
        Proof::Consistency(proof) => {
            proof.check()?;
            Ok(vec![(proof.old_size, proof.old_root), (proof.new_size, proof.new_root)])
        }
    }
}

fn shown(proof: &Proof, known: usize, ends: usize) -> String {
    let whose = match known {
        0 => "of whoever signed that root; no checkpoint was given",
        _ if known < ends => "that was signed at one of its ends",
        _ => "that was signed",
    };
    match proof {
        Proof::Inclusion(proof) => {
            let what = if proof.record.is_some() { "this event" } else { "an event with this leaf" };
            format!("{what} is {} of the log {whose}", proof.position)
        }
        Proof::Consistency(proof) if proof.old_size == 0 => {
            format!("nothing: every log begins with no events ({whose})")
        }
        Proof::Consistency(proof) => {
            format!("the log of {} events begins with the log of {}, {whose}", proof.new_size, proof.old_size)
        }
    }
}
