//! What the scenarios share with the crash harness: a program that is killed, and whoever looks at what it left.
//!
//! The tests themselves are one binary, `tests/it`: scenarios and properties that see the engine from outside.

mod chance;
pub mod crash;
pub mod fuzz;
pub mod sim;
