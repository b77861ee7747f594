//! What the tool `scoped` is made of, as a library: imports, exports, output, commands.

pub mod git;
pub mod import;
