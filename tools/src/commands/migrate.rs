//! `scoped migrate`: objects brought to the current version of the contract that governs them.

use super::contracts::meant;
use crate::cells::count;
use crate::failure::Failure;
use crate::open::{self, Acting};
use crate::output::{Cell, Column, Facts, Output, Page, Table, Tone};
use scoped::ContractId;
use scoped::contracts::Migration;
use serde::Serialize;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Objects that were written under older versions go through the upgrades that the versions since declare, and are written as ordinary updates. \
What cannot be upgraded is listed and stays as it is. Run again, it goes on where it stopped.

Examples:
  scoped migrate notes 'task contract' --dry-run
  scoped migrate notes 01HX3ZQ6J5M8K9N0P1Q2R3S4T5 --as ada";

/// What `scoped migrate` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The log directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// The contract: an id, or a name that only one has
    contract: String,
    /// Show what would be done, and write nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    acting: Acting,
}

#[derive(Serialize)]
struct Answer {
    contract: ContractId,
    dry_run: bool,
    #[serde(flatten)]
    done: Migration,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let engine = open::write(&args.directory, output)?;
    let session = args.acting.session(&engine)?;
    let contract = engine.read(|moment| meant(&moment, &args.contract))?;
    let done = session.migrate(contract, args.dry_run)?;
    drop(session);
    engine.close()?;
    let answer = Answer { contract, dry_run: args.dry_run, done };
    output.show(&answer, || {
        let done = &answer.done;
        let word = if answer.dry_run { "would be upgraded" } else { "upgraded" };
        let facts =
            Facts::new().with(word, count(done.upgraded)).with("as they should be", count(done.current));
        let problems = done.problems.len() as u64 + done.more_problems;
        let page = Page::new().facts(facts.with("cannot be upgraded", count(problems)));
        if done.problems.is_empty() {
            return page;
        }
        let mut table = Table::new(&["object", "because"].map(Column::text));
        for problem in &done.problems {
            table.push(vec![Cell::new(problem.object).tone(Tone::Accent), problem.reason.as_str().into()]);
        }
        page.title("what stays as it is").table(table)
    })
}
