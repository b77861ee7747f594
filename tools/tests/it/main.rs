//! The tool as people and scripts meet it: one binary, a file for each sort of command.

mod desk;

mod access;
mod cli;
mod contracts;
mod erasure;
mod objects;
mod proofs;
mod registry;
mod rules;
mod scopes;
mod trail;
