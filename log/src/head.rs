//! `HEAD`: how far the log was durable when somebody last looked. A free hint, never an authority for cutting.
//!
//! Why: it is overwritten after each sync and never synced itself. Whatever it says was durable when it was written,
//! so it is a valid lower bound, fresh after `kill -9` and old after a power cut. It tells readers in other processes
//! how far they may go, and recovery what must not be missing. Missing or broken: ignored.

use crate::{
    bytes::{put, u64_at, u128_at},
    hash,
    layout::MAX_SEQUENCE,
};

const MAGIC: &[u8; 8] = b"SCOPEDHD";
pub(crate) const HEAD_BYTES: usize = 64;

/// A durable point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) log_id: u128,
    pub(crate) epoch: u64,
    pub(crate) durable: u64,
    pub(crate) segment: u64,
    /// Bytes of that segment that are durable.
    pub(crate) offset: u64,
}

impl Head {
    pub(crate) fn encode(&self) -> [u8; HEAD_BYTES] {
        let mut block = [0; HEAD_BYTES];
        put(&mut block, 0, MAGIC);
        put(&mut block, 8, &self.log_id.to_le_bytes());
        put(&mut block, 24, &self.epoch.to_le_bytes());
        put(&mut block, 32, &self.durable.to_le_bytes());
        put(&mut block, 40, &self.segment.to_le_bytes());
        put(&mut block, 48, &self.offset.to_le_bytes());
        let sum = hash::plain_checksum(&block[..56]);
        put(&mut block, 56, &sum.to_le_bytes());
        block
    }

    pub(crate) fn decode(block: &[u8]) -> Option<Self> {
        let whole = block.len() == HEAD_BYTES
            && &block[..8] == MAGIC
            && u64_at(block, 56) == hash::plain_checksum(&block[..56])
            && [24, 32, 40].iter().all(|at| u64_at(block, *at) <= MAX_SEQUENCE);
        whole.then(|| Self {
            log_id: u128_at(block, 8),
            epoch: u64_at(block, 24),
            durable: u64_at(block, 32),
            segment: u64_at(block, 40),
            offset: u64_at(block, 48),
        })
    }
}
