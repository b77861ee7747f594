//! The tool as people and scripts meet it: one binary, a file for each sort of command.

mod desk;

mod access;
mod called;
mod cli;
mod contracts;
mod erasure;
mod objects;
mod proofs;
mod registry;
mod rules;
mod said;
mod scopes;
mod trail;
mod upkeep;
