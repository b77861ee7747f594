//! `scoped completions`: for the shell.

use crate::args::command_line;
use crate::failure::Failure;
use crate::output::Output;
use clap_complete::{Shell, generate};

const EXAMPLES: &str = "\
Examples:
  scoped completions bash > ~/.local/share/bash-completion/completions/scoped
  scoped completions fish > ~/.config/fish/completions/scoped.fish";

/// What `scoped completions` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Which shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    // Into memory first: the generator panics when it cannot write.
    let mut script = Vec::new();
    generate(args.shell, &mut command_line(), "scoped", &mut script);
    output.write(|out| Ok(out.write_all(&script)?))
}
