//! The tool `scoped`.

use std::process::ExitCode;

/// What a caller allocates for a batch goes to the writer and comes back; the system's allocator takes 300 instructions for each such piece.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    scoped_tools::main()
}
