//! `GENESIS`: what a log is, written once. Its digest is the value the chain begins with, so that the records of
//! another log never fit.

use crate::{
    bytes::{all_zero, put, u64_at, u128_at},
    digest::Digest,
    hash,
    header::{HeaderError, supported},
    layout::{CHECKSUM_SUITE, HASH_SUITE, MAJOR, MINOR},
};

const MAGIC: &[u8; 8] = b"SCOPEDGN";
pub(crate) const GENESIS_BYTES: usize = 512;
const CHECKSUM_AT: usize = GENESIS_BYTES - 8;

/// The birth certificate of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Genesis {
    pub(crate) log_id: u128,
    pub(crate) created: u64,
}

impl Genesis {
    pub(crate) fn encode(&self) -> [u8; GENESIS_BYTES] {
        let mut block = [0; GENESIS_BYTES];
        put(&mut block, 0, MAGIC);
        put(&mut block, 8, &MAJOR.to_le_bytes());
        put(&mut block, 10, &MINOR.to_le_bytes());
        put(&mut block, 12, &MINOR.to_le_bytes()); // lowest reader minor
        put(&mut block, 14, &[CHECKSUM_SUITE, HASH_SUITE]);
        put(&mut block, 16, &self.log_id.to_le_bytes());
        put(&mut block, 32, &self.created.to_le_bytes());
        let sum = hash::plain_checksum(&block[..CHECKSUM_AT]);
        put(&mut block, CHECKSUM_AT, &sum.to_le_bytes());
        block
    }

    pub(crate) fn decode(block: &[u8]) -> Result<Self, HeaderError> {
        if block.len() != GENESIS_BYTES || &block[..8] != MAGIC {
            return Err(HeaderError::Damaged("not a genesis file"));
        }
        if u64_at(block, CHECKSUM_AT) != hash::plain_checksum(&block[..CHECKSUM_AT]) {
            return Err(HeaderError::Damaged("genesis checksum"));
        }
        supported(block)?;
        if !all_zero(&block[40..CHECKSUM_AT]) {
            return Err(HeaderError::Damaged("genesis has bytes where none belong"));
        }
        Ok(Self { log_id: u128_at(block, 16), created: u64_at(block, 32) })
    }

    /// The value of the chain before the first event.
    pub(crate) fn digest(&self) -> Digest {
        hash::genesis(&self.encode())
    }
}
