//! What the tool `scoped` is made of, as a library: imports, exports, output, commands.
//!
//! ```text
//! main ─▶ args ─▶ commands/<one>.rs ─▶ open (read only, or as the writer) ─▶ engine, log
//!                      └──▶ output: the answer on standard output, all else on standard error
//! ```
//!
//! Open first: `args.rs`, then `commands/mod.rs`, the list of commands. Absent: domain rules; what may happen is decided by
//! the engine.

mod args;
pub mod bench;
pub mod cells;
mod commands;
pub mod demo;
pub mod failure;
pub mod git;
pub mod import;
pub mod keys;
pub mod names;
pub mod open;
pub mod output;
pub mod subject;
pub mod trusted;

pub use args::main;
