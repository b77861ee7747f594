//! `scoped erase`: the end of a data subject's key.

use crate::cells::position;
use crate::failure::Failure;
use crate::open::{self, Acting};
use crate::output::{Facts, Output};
use scoped::{Sequence, SubjectId, subjects::Erase};
use std::path::PathBuf;

const EXAMPLES: &str = "\
There is no way back: what was sealed for the subject shows as erased from then on, in every copy of the log. Copies of the key store
made before still open it, as long as the key-encryption key is there. See docs/erasure.md for what is not erased.

Interrupted, the same command finishes what was begun.

Examples:
  scoped erase notes --subject 01HX3ZQ6J5M8K9N0P1Q2R3S4T5 --keys keys --kek kek.hex --reason \"request 4711\"
  scoped objects notes                     what is erased shows as erased
  scoped verify notes                      and every digest still agrees";

/// What `scoped erase` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The log directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// The data subject
    #[arg(long, value_name = "ID")]
    subject: SubjectId,
    /// Why: it stays readable, so it names nobody
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    acting: Acting,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    // Opening it with its key store finishes what an interrupted run began.
    let engine = open::write(&args.directory, output)?;
    let session = args.acting.session(&engine)?;
    let subject = args.subject;
    let objects = engine.read(|moment| moment.world().subjects().objects(subject).count());
    let done = |moment: scoped::Moment<'_>| moment.world().subjects().erased(subject);
    let before = engine.read(done).filter(|_| crate::keys::at_hand().is_some());
    let at: Sequence = match before {
        Some(at) => at,
        None => session.execute(Erase { subject, reason: args.reason.clone() })?.last,
    };
    let already = before.is_some();
    engine.close()?;
    let value =
        serde_json::json!({ "subject": subject, "objects": objects, "event": at.get(), "already": already });
    output.show(&value, || {
        let facts = Facts::new().with("erased", subject.to_string()).with("objects", objects);
        let facts = facts.with("event", position(at));
        if already { facts.with("already", "yes: its key is gone").into() } else { facts.into() }
    })
}
