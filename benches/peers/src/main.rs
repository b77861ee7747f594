//! The same work by others: same data, same durability, in turns on the same disk.
//!
//! ```text
//! main ─▶ args ─▶ run ─▶ works/<one kind of work>.rs ─▶ turns ─▶ report ─▶ show, goals
//!                              ├──▶ stores/<one store>.rs, pyscoped/      events and objects
//!                              └──▶ deciders/<one decider>.rs             decisions
//!                 plots ─▶ curves (works over a size) ─▶ draw (SVG)
//! ```
//!
//! Why a package outside the workspace: it takes some two hundred others that nothing else needs. What is measured about the engine
//! and its floor comes from `scoped_tools::bench`, which measures the engine alone. Units: changes a second, or ns.
//! Open first: `works/group.rs`, then `turns.rs`.

mod args;
mod deciders;
mod goals;
mod plots;
mod pyscoped;
mod report;
mod run;
mod show;
mod stores;
mod turns;
mod works;

/// The tool's allocator, for all who are measured.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    args::main()
}
