//! Layer 0: the ten invariants, checked from outside; violations planted for each of them are found.

mod clean;
mod facts_compliance;
mod forge;
mod planted;
