//! Any input of the command face: structured fuzzing that knows every command without being told.
//!
//! ```text
//! bytes ──draw──▶ a line of JSON ──parse──▶ batch ──execute──▶ accepted: replay gives the same world
//!                                                          └──▶ refused:  the world is what it was, bit for bit
//! ```
//!
//! What a command looks like is learnt from the engine's own list and from what its parser says about wrong lines ([`shape`]), so a
//! new command is fuzzed on the day it appears. Values come from a pool of words, ids, paths, numbers and nonsense, and from the ids
//! that the run itself brought about ([`draw`]); what was said in accepted commands is echoed by later ones (`known.rs`). [`run`] carries one input out; the tests give it drawn bytes, the libFuzzer target
//! in `fuzz/` gives it what coverage asks for.
//!
//! INVARIANTS looked for: (no panic) the writer's thread lives; (unchanged) a refusal leaves the state digest as it was; (replayed)
//! the log from its first record gives the live world; (back) after a rollback
//! of everything all sorts of entities are as they were; (written) a batch that was read and is written reads the same again.
//!
//! Beside it, smaller ones: [`image`] for directories that somebody has been at, [`facts`] for what somebody wrote into a log, [`names`]
//! for paths, ids and other names, [`texts`] for lines and for what is brought along.

mod back;
pub mod draw;
pub mod facts;
pub mod image;
pub mod known;
pub mod names;
mod run;
pub mod shape;
pub mod texts;

pub(crate) use run::{TYPES, prelude};
pub use run::{Told, run};
