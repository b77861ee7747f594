//! A tile: up to 256 neighbouring nodes of one height (8, 16, 24 …), as one small file.
//!
//! Why so: below height 8 a run of 256 leaves is hashed again faster than a file is found; above, a proof needs one tile
//! for each eight levels. 0.13 bytes an event.
//!
//! ```text
//!  0 [8] SCOPEDTR     8 … 15 versions and suites as in a segment header      16 u128 log id
//! 32 u64 first event  40 u64 last event      48 u8 height     49 u8 zero    50 u16 nodes, 1 to 256
//! 52 [12] zero        64 [32] chain value after the last event              96 nodes, 32 bytes each
//!    u64 checksum of all before it
//! ```
//!
//! The chain value ties a tile to one history: after a rewrite it disagrees with the record of that position, and the
//! tile is none of this log's any more.

use super::shape::NodeId;
use crate::{
    bytes::{all_zero, array_at, put, u16_at, u64_at, u128_at},
    digest::Digest,
    hash,
    header::supported,
    layout::{CHECKSUM_SUITE, HASH_SUITE, MAJOR, MINOR, TREE},
};
use std::ops::Range;

const MAGIC: &[u8; 8] = b"SCOPEDTR";
const NODES_AT: usize = 96;
/// Levels from one height that is stored to the next.
pub(super) const STEP: u32 = 8;
/// Nodes of a full tile.
pub(super) const NODES: u64 = 1 << STEP;
/// Heights whose tiles reach beyond what a sequence counts are not stored.
const LEVEL_MAX: u32 = 48;
/// Bytes of a full tile.
pub(super) const TILE_BYTES_MAX: usize = NODES_AT + 32 * NODES as usize + 8;

/// Neighbouring nodes of one height.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tile {
    pub(super) log_id: u128,
    pub(super) place: NodeId,
    /// Chain value after the last event below it.
    pub(super) chain: Digest,
    pub(super) nodes: Vec<Digest>,
}

/// The tile in which a node of a stored height stands, and where in it.
pub(super) fn tile_of(node: NodeId) -> (NodeId, usize) {
    (NodeId { level: node.level, index: node.index / NODES }, (node.index % NODES) as usize)
}

/// Whether tiles of this height are kept.
pub(super) fn is_stored(level: u32) -> bool {
    level > 0 && level.is_multiple_of(STEP) && level <= LEVEL_MAX
}

/// Name of a tile file; `place.index` counts tiles.
pub(super) fn path(place: NodeId) -> String {
    format!("{TREE}/{:02}-{:020}.tile", place.level, place.index)
}

/// The leaves below the first `nodes` nodes of a tile; `None` if no log is that long.
pub(super) fn leaves(place: NodeId, nodes: u64) -> Option<Range<u64>> {
    let first = place.index.checked_mul(NODES)?;
    let width = 1_u64.checked_shl(place.level)?;
    Some(first.checked_mul(width)?..first.checked_add(nodes)?.checked_mul(width)?)
}

impl Tile {
    /// Number of the last event below it.
    pub(super) fn last(&self) -> u64 {
        leaves(self.place, self.nodes.len() as u64).map_or(0, |leaves| leaves.end)
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let covered = leaves(self.place, self.nodes.len() as u64).unwrap_or(0..0);
        let mut block = vec![0; NODES_AT];
        put(&mut block, 0, MAGIC);
        put(&mut block, 8, &MAJOR.to_le_bytes());
        put(&mut block, 10, &MINOR.to_le_bytes());
        put(&mut block, 12, &MINOR.to_le_bytes()); // lowest reader minor
        put(&mut block, 14, &[CHECKSUM_SUITE, HASH_SUITE]);
        put(&mut block, 16, &self.log_id.to_le_bytes());
        put(&mut block, 32, &(covered.start + 1).to_le_bytes());
        put(&mut block, 40, &covered.end.to_le_bytes());
        put(&mut block, 48, &[self.place.level as u8]);
        put(&mut block, 50, &(self.nodes.len() as u16).to_le_bytes());
        put(&mut block, 64, self.chain.as_bytes());
        self.nodes.iter().for_each(|node| block.extend_from_slice(node.as_bytes()));
        let sum = hash::plain_checksum(&block);
        block.extend_from_slice(&sum.to_le_bytes());
        block
    }

    /// Reads a tile; `None` for whatever is not one to the last bit.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (block, sum) = bytes.split_at_checked(bytes.len().checked_sub(8)?)?;
        if block.len() < NODES_AT || &block[..8] != MAGIC || u64_at(sum, 0) != hash::plain_checksum(block) {
            return None;
        }
        supported(block).ok()?;
        let (level, count) = (u32::from(block[48]), u64::from(u16_at(block, 50)));
        let first = u64_at(block, 32).checked_sub(1)?;
        let sane = is_stored(level)
            && (1..=NODES).contains(&count)
            && block[49] == 0
            && all_zero(&block[52..64])
            && block.len() == NODES_AT + 32 * count as usize;
        if !sane {
            return None;
        }
        let place = NodeId { level, index: first >> level >> STEP };
        if leaves(place, count)? != (first..u64_at(block, 40)) {
            return None;
        }
        let (nodes, _) = block[NODES_AT..].as_chunks::<32>();
        Some(Self {
            log_id: u128_at(block, 16),
            place,
            chain: Digest::new(array_at(block, 64)),
            nodes: nodes.iter().map(|node| Digest::new(*node)).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tile() -> Tile {
        let nodes = (0..3).map(|nth| Digest::new([nth; 32])).collect();
        let place = NodeId { level: 8, index: 2 };
        Tile { log_id: 7, place, chain: Digest::new([9; 32]), nodes }
    }

    #[test]
    fn a_tile_is_read_as_it_was_written_and_every_flipped_bit_makes_it_none() {
        let bytes = tile().encode();
        assert_eq!(Tile::decode(&bytes), Some(tile()));
        assert_eq!(
            (tile().last(), path(tile().place)),
            (2 * 65_536 + 3 * 256, "tree/08-00000000000000000002.tile".into())
        );
        for bit in 0..bytes.len() * 8 {
            let mut bad = bytes.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Tile::decode(&bad), None, "bit {bit}");
        }
        for len in 0..bytes.len() {
            assert_eq!(Tile::decode(&bytes[..len]), None);
        }
    }

    /// Golden: the bytes of a tile, as far as its sum.
    #[test]
    fn the_bytes_of_a_tile_are_frozen() {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let beginning = "53434f5045445452 0100 0000 0000 01 01 07000000000000000000000000000000
            0100020000000000 0003020000000000 08 00 0300 000000000000000000000000";
        let words: String = beginning.split_whitespace().collect();
        let rest = ["09", "00", "01", "02"].map(|byte| byte.repeat(32)).concat();
        assert_eq!(hex(&tile().encode()[..192]), words + &rest);
    }

    #[test]
    fn a_tile_whose_sums_were_redone_over_nonsense_is_none() {
        let sound = tile().encode();
        for (at, value) in
            [(48, 9), (48, 0), (48, 64), (49, 1), (50, 0), (51, 9), (52, 1), (32, 2), (40, 1), (8, 2)]
        {
            let mut bad = sound[..sound.len() - 8].to_vec();
            bad[at] = value;
            let sum = hash::plain_checksum(&bad);
            bad.extend_from_slice(&sum.to_le_bytes());
            assert_eq!(Tile::decode(&bad), None, "{at}");
        }
    }
}
