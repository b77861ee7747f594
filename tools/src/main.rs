//! The tool `scoped`.

use std::process::ExitCode;

fn main() -> ExitCode {
    scoped_tools::main()
}
