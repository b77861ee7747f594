//! Tiles that grow with the log: what is missing at their end is added whenever a segment is sealed.
//!
//! Why: without tiles a proof hashes the whole log. With them it hashes what came after the last seal, and a few hundred nodes.
//! Shape: height by height. A node of height 8 is made of the 256 records below it, one of height 16, 24 … of the 256 nodes below it, which
//! stand in one tile of the height below. Tiles that are there are taken for what they say if they have their form and fit the
//! log where they end: they are hints, so one that lies makes those above it lie, and is found where it is used.
//! What the writer has made on the way ([`super::runs`]) is not made from records again.
//! Crash: a tile is a file that is renamed over the one before it, and never synced. One that is torn has no valid sum: it counts
//! as missing, and growing begins there again. Errors cost tiles and nothing else.
//! Memory: one tile of each height, and the records of a few runs.

use super::{
    Forest,
    peaks::folded,
    runs::Roots,
    shape::NodeId,
    tile::{NODES, STEP, Tile, is_stored},
    tiles::{Tiles, put},
};
use crate::{digest::Digest, error::LogError, reader::Reader, storage::Storage};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// Runs of 256 records between two looks at whether to stop.
const RUNS_AT_ONCE: u64 = 32;

/// Adds tiles at the end of those that are there.
pub(crate) struct Grower {
    storage: Arc<dyn Storage>,
    forest: Forest,
    tiles: Tiles,
    /// Full tiles from the beginning on, by height, as far as they were looked at.
    full: BTreeMap<u32, u64>,
}

impl Grower {
    /// For the log of this reader, on one thread.
    pub(crate) fn new(storage: Arc<dyn Storage>, reader: Reader) -> Self {
        let tiles = Tiles::new(Arc::clone(&storage), reader.clone());
        Self { storage, forest: Forest::new(reader).with_threads(1), tiles, full: BTreeMap::new() }
    }

    /// Adds what is missing of the first `to` events, as far as runs of 256 are complete. `stop` ends it early: full tiles
    /// that were written by then stay. Of the runs in `roots` the records are not read again.
    ///
    /// # Errors
    /// [`LogError::Damaged`] if an event does not verify; [`LogError::Full`] and [`LogError::Io`] from writing. What is there is
    /// what was there, and the next call begins where this one ended.
    pub(crate) fn grow(&mut self, to: u64, roots: &Roots, stop: &AtomicBool) -> Result<(), LogError> {
        for level in (STEP..u64::BITS).step_by(STEP as usize).filter(|level| is_stored(*level)) {
            let nodes = to >> level;
            while self.full(level) < nodes.div_ceil(NODES) {
                let index = self.full(level);
                let wanted = (nodes - index * NODES).min(NODES);
                if !self.tile(NodeId { level, index }, wanted, (roots, stop))? {
                    return Ok(());
                }
                if wanted < NODES {
                    break;
                }
                self.full.insert(level, index + 1);
            }
        }
        Ok(())
    }

    /// How many tiles of a height are there and full, from the first one on. The last of them has to fit the log.
    fn full(&mut self, level: u32) -> u64 {
        if let Some(full) = self.full.get(&level) {
            return *full;
        }
        let tile = |index| self.tiles.of_any_history(NodeId { level, index });
        let is_full = |index: &u64| tile(*index).is_some_and(|tile| tile.nodes.len() as u64 == NODES);
        let mut full = (0..).take_while(is_full).count() as u64;
        while full > 0 && !tile(full - 1).is_some_and(|last| self.tiles.fits(&last)) {
            full -= 1;
        }
        self.full.insert(level, full);
        full
    }

    /// Brings one tile to so many nodes. Whether it has them now.
    fn tile(
        &self,
        place: NodeId,
        wanted: u64,
        (roots, stop): (&Roots, &AtomicBool),
    ) -> Result<bool, LogError> {
        let there = self.tiles.of_any_history(place).filter(|tile| self.tiles.fits(tile));
        let mut nodes = there.map_or_else(Vec::new, |tile| tile.nodes);
        if nodes.len() as u64 >= wanted {
            return Ok(true);
        }
        while (nodes.len() as u64) < wanted {
            if stop.load(Ordering::Relaxed) {
                return Ok(false);
            }
            let (first, left) = (place.index * NODES + nodes.len() as u64, wanted - nodes.len() as u64);
            if place.level == STEP {
                match roots.range(first..first + left.min(RUNS_AT_ONCE)).next() {
                    Some((run, root)) if *run == first => nodes.push(*root),
                    Some((run, _)) => nodes.extend(self.forest.of_records(first, run - first)?),
                    None => nodes.extend(self.forest.of_records(first, left.min(RUNS_AT_ONCE))?),
                }
            } else {
                match self.node(NodeId { level: place.level, index: first }) {
                    Some(node) => nodes.push(node),
                    None => return Ok(false),
                }
            }
        }
        put(&*self.storage, self.forest.reader(), place, nodes)?;
        Ok(true)
    }

    /// A node above the lowest height that is stored: its 256 children are one full tile.
    fn node(&self, node: NodeId) -> Option<Digest> {
        let below = NodeId { level: node.level - STEP, index: node.index };
        let tile: Option<Tile> = self.tiles.of_any_history(below);
        tile.filter(|tile| tile.nodes.len() as u64 == NODES).map(|tile| folded(&tile.nodes))
    }
}
