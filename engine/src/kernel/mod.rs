//! The kernel: the one path of a write, and how readers get to see it.
//!
//! ```text
//! caller ──queue──▶ writer: execute (identify ▸ authorize ▸ decide ▸ admit) ▸ append ▸ publish ──receipt──▶ caller
//!                                                                        └──▶ readers
//! ```

pub(crate) mod admit;
mod answers;
pub(crate) mod bell;
mod cell;
mod delegation;
mod erasing;
pub(crate) mod execute;
pub(crate) mod journal;
mod publish;
pub(crate) mod queue;
pub(crate) mod writer;

use scoped_projections::World;

/// What readers see.
pub(crate) type Published = publish::Published<World>;
/// The writer's side.
pub(crate) type Worlds = publish::Worlds<World>;
