//! The main job in one command: a real history goes in, is verified, travelled through, asked, rolled back and verified again.
//!
//! The history is that of the git repository it stands in, or a small built-in one where there is none. The log lies in a
//! temporary directory that goes away at the end, unless a directory is named.

mod job;
mod page;

use crate::failure::Failure;
use crate::output::Output;
use job::{Job, Source};
use page::Page;
use std::path::PathBuf;

/// What `scoped demo` takes.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Keep the log in this directory (it must hold none yet); without, it is made in a temporary one and removed
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// The history to take in: a git repository or a `.history.gz` file; without, the repository it stands in
    #[arg(long, value_name = "SOURCE")]
    source: Option<PathBuf>,
}

/// Runs it and prints what happens, step by step, with how fast each step was.
///
/// # Errors
/// When a step fails; what it shows is checked, not assumed.
pub fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let source = match &args.source {
        Some(path) => Source::at(path),
        None => Source::here(),
    };
    let place = job::Place::new(args.keep.clone())?;
    let mut page = Page::new(output);
    let job = Job::new(source, place);
    job.run(&mut page)
}
