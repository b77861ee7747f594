//! Proofs, checkpoints, keys, watching and salvage, as an auditor and an operator meet them.

mod commands;
mod forge;
mod salvage;
mod tamper;
