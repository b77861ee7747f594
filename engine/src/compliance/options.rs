//! How thoroughly to check.

use super::secrets::Secret;

/// How thoroughly to check.
#[derive(Debug, Clone)]
pub struct Options {
    /// Values that must not stand anywhere.
    pub secrets: Vec<Secret>,
    /// Violations and warnings that each check keeps; the others are counted.
    pub kept: usize,
    /// Pairs of principal and object whose access has to have a reason, and denies that are tried, at most; spread evenly over
    /// all there are, so the same log gives the same pairs.
    pub samples: usize,
    /// Rollbacks that are planned. They share one replay, and each costs a copy of the world.
    pub plans: usize,
    /// Threads that verify the log; 0 for one a core.
    pub threads: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { secrets: Vec::new(), kept: 20, samples: 10_000, plans: 8, threads: 0 }
    }
}
