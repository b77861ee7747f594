//! What can be taken in from elsewhere.

pub mod git;
