//! The kernel: the one path of a write, and how readers get to see it.
//!
//! ```text
//! caller ──queue──▶ writer: execute (identify ▸ authorize ▸ decide ▸ admit) ▸ append ▸ publish ──receipt──▶ caller
//!                                                                        └──▶ readers
//! ```
//!
//! A caller who finds nobody at work does the writer's work on its own thread ([`combiner`]).

pub(crate) mod admit;
mod answers;
mod attempts;
pub(crate) mod bell;
mod cell;
pub(crate) mod combiner;
mod delegation;
pub(crate) mod durability;
mod erasing;
pub(crate) mod execute;
mod framing;
pub(crate) mod journal;
mod publish;
pub(crate) mod queue;
pub(crate) mod refused;
pub(crate) mod writer;

use scoped_projections::World;

/// What readers see.
pub(crate) type Published = publish::Published<World>;
/// The writer's side.
pub(crate) type Worlds = publish::Worlds<World, execute::Fact>;
