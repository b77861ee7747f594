//! The kernel: the one path of a write, and how readers get to see it.
//!
//! ```text
//! caller ──queue──▶ writer: execute (identify ▸ authorize ▸ decide ▸ admit) ▸ append ▸ publish ──receipt──▶ caller
//!                                                                        └──▶ readers
//! ```

pub(crate) mod admit;
pub(crate) mod execute;
pub(crate) mod publish;
pub(crate) mod queue;
pub(crate) mod refusals;
pub(crate) mod writer;
