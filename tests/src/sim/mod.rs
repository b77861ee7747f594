//! A deterministic simulator: the real engine, on a disk that fails, with a clock that jumps; a seed decides everything.
//!
//! ```text
//! seed ─▶ swarm: which faults, how often      ┌──────────────── one life ────────────────┐
//!      ─▶ workload: groups of batches ───────▶│ open ▸ check ▸ work, until something ends it │─▶ crash ▸ look from outside ▸ lie
//!      ─▶ disk: what survives                 └────────────────────────────────────────────┘        (on a copy of the disk)
//! ```
//!
//! INVARIANTS looked for: (kept) what was acknowledged stands in the log, at its place, under its chain value; (whole) batches are there
//! whole, once, or not at all; (invented) nothing is there that was refused or never sent; (same) the world is the fold of what was seen,
//! from a snapshot or not; (clean) `verify` finds nothing where nothing is wrong; (alarm) no opening is refused then; (found) what was damaged
//! is found or refused and never read as something else; (poisoned) after a failed write or sync nothing is acknowledged;
//! (unchanged) looking and refusing change no byte; (sealed) what belongs to a data subject can be read until it is erased, and (erased) an
//! erased subject has no key any more once the log was opened.
//!
//! Same seed, same run: one thread works at a time, the writer's groups are held together by [`door::SimDoor`], and every call of the
//! storage goes into a digest. Source: FoundationDB's simulation; TigerBeetle's VOPR; SlateDB's `slatedb-dst`.

mod door;
mod keys;
mod lie;
mod life;
mod model;
mod outside;
mod swarm;
pub mod systematic;
mod tally;
mod work;

pub use swarm::Swarm;
pub use tally::Tally;

use life::Sim;

pub(crate) type Result<T> = std::result::Result<T, String>;

/// Runs one seed. Gives the digest of all that happened.
///
/// # Errors
/// With the first invariant that did not hold.
pub fn run(seed: u64, tally: &mut Tally) -> Result<u64> {
    run_in(seed, Swarm::of(seed), tally)
}

/// Runs one seed in a swarm of your own.
///
/// # Errors
/// With the first invariant that did not hold.
pub fn run_in(seed: u64, swarm: Swarm, tally: &mut Tally) -> Result<u64> {
    tally.seeds += 1;
    Sim::new(seed, swarm).go(tally)
}

pub(crate) fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Result<()> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

pub(crate) fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
