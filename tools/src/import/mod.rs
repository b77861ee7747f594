//! What can be taken in from elsewhere.

pub mod commands;
pub mod git;
mod markers;
