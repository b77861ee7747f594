//! The nodes of a log's tree: from tiles where they are there and fit, from the records otherwise.

use super::{
    Consistency, Inclusion, Peaks,
    leaves::{Cursor, threads},
    peaks::{folded, joined},
    shape::{self, NodeId},
    tile::{NODES, STEP, Tile, is_stored, tile_of},
    tiles::Tiles,
};
use crate::{digest::Digest, error::LogError, reader::Reader, sequence::Sequence, storage::Storage};
use parking_lot::Mutex;
use std::{collections::BTreeMap, ops::Range, sync::Arc};

/// Height up to which a subtree without tiles is made from its leaves at once: 8,192 of them, enough for all cores.
const AT_ONCE: u32 = 13;
/// Runs of leaves that are kept: that of an event, that at the end, and those of the proof before.
const RUNS_KEPT: usize = 4;

/// Roots of runs that were made from records and are kept: four million events, more than tiles ever lack behind the last seal; one
/// megabyte.
const ROOTS_KEPT: usize = 1 << 14;

/// Makes roots and proofs of a log. Without tiles each of them costs one walk over the log (half a microsecond an event
/// and core); with them a few hundred hashes, and for the first proof one walk over what no tile covers.
pub struct Forest {
    reader: Reader,
    tiles: Option<Tiles>,
    threads: usize,
    cursor: Mutex<Cursor>,
    runs: Mutex<Vec<(u64, Arc<[Digest]>)>>,
    /// Roots of runs of 256, by number.
    roots: Mutex<BTreeMap<u64, Digest>>,
}

/// What the tiles of an earlier history tell about a rewrite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Narrowed {
    /// The events that are not what they were, in runs of 256 (fewer at the end): first and last of each stretch.
    pub rewritten: Vec<(Sequence, Sequence)>,
    /// Whether the tiles lead to the root that was known: then these are proven to be all, otherwise they are a hint.
    pub is_proven: bool,
}

impl Forest {
    /// From the records of this log alone.
    pub fn new(reader: Reader) -> Self {
        let (cursor, runs, roots) = (Mutex::default(), Mutex::default(), Mutex::default());
        Self { reader, tiles: None, threads: threads(0), cursor, runs, roots }
    }

    /// The same with the tiles that lie beside the log. Those that do not belong to this history are not used.
    #[must_use]
    pub fn with_tiles(mut self, storage: Arc<dyn Storage>) -> Self {
        self.tiles = Some(Tiles::new(storage, self.reader.clone()));
        self
    }

    /// The same with so many threads; 0 for one a core.
    #[must_use]
    pub fn with_threads(mut self, wanted: usize) -> Self {
        self.threads = threads(wanted);
        self
    }

    /// The log whose tree it is.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Tiles that were met and did not fit, by name.
    pub fn misfits(&self) -> Vec<String> {
        self.tiles.as_ref().map(Tiles::misfits).unwrap_or_default()
    }

    /// The mountain range of the first `size` events, or `None` if there are fewer.
    ///
    /// # Errors
    /// As [`Reader::get`], for the events whose leaves are needed.
    pub fn peaks(&self, size: u64) -> Result<Option<Peaks>, LogError> {
        if size > self.reader.last().get() {
            return Ok(None);
        }
        Ok(Peaks::from_parts(size, self.nodes(0..size)?))
    }

    /// The root of the first `size` events, or `None` if there are fewer.
    ///
    /// # Errors
    /// As [`Forest::peaks`].
    pub fn root(&self, size: u64) -> Result<Option<Digest>, LogError> {
        Ok(self.peaks(size)?.map(|peaks| peaks.root()))
    }

    /// That an event is in the log of `size` events; `None` unless `1 ≤ position ≤ size ≤` what there is.
    ///
    /// # Errors
    /// As [`Forest::peaks`].
    pub fn inclusion(&self, position: Sequence, size: u64) -> Result<Option<Inclusion>, LogError> {
        let Some(index) = position.get().checked_sub(1).filter(|index| *index < size) else {
            return Ok(None);
        };
        let Some(peaks) = self.peaks(size)? else { return Ok(None) };
        let parts = shape::inclusion(index, size);
        let path = parts.into_iter().map(|part| Ok(joined(&self.nodes(part)?)));
        let path = path.collect::<Result<Vec<_>, LogError>>()?;
        let leaf = self.node(NodeId { level: 0, index })?;
        let log_id = self.reader.log_id();
        let proof = Inclusion { log_id, position, size, leaf, path, record: None };
        match &self.tiles {
            // Tiles that do not even agree with each other and with the event.
            Some(tiles) if proof.root() != Ok(peaks.root()) => {
                tiles.disown();
                self.bare().inclusion(position, size)
            }
            _ => Ok(Some(proof)),
        }
    }

    /// That the log of `old` events is the beginning of the log of `new` events; `None` unless `old ≤ new ≤` what there is.
    ///
    /// # Errors
    /// As [`Forest::peaks`].
    pub fn consistency(&self, old: u64, new: u64) -> Result<Option<Consistency>, LogError> {
        if old > new {
            return Ok(None);
        }
        let (Some(old_root), Some(new_root)) = (self.root(old)?, self.root(new)?) else { return Ok(None) };
        let path = shape::consistency(old, new).into_iter().map(|part| Ok(joined(&self.nodes(part)?)));
        let path = path.collect::<Result<Vec<_>, LogError>>()?;
        let log_id = self.reader.log_id();
        let proof = Consistency { log_id, old_size: old, new_size: new, old_root, new_root, path };
        match &self.tiles {
            Some(tiles) if proof.check().is_err() => {
                tiles.disown();
                self.bare().consistency(old, new)
            }
            _ => Ok(Some(proof)),
        }
    }

    /// Where the log of `size` events departs from the one whose root was known, as far as the tiles of that earlier
    /// history are still there. Walks the log. `None` without any of them, or if the log is shorter.
    ///
    /// # Errors
    /// As [`Forest::peaks`]; events that cannot be read are no rewrite but damage.
    pub fn narrow(&self, size: u64, known: Digest) -> Result<Option<Narrowed>, LogError> {
        let Some(tiles) = self.tiles.as_ref().filter(|_| size <= self.reader.last().get()) else {
            return Ok(None);
        };
        let (runs, mut was) = (size / NODES, Peaks::new());
        let (mut found, mut any): (Vec<Range<u64>>, bool) = (Vec::new(), false);
        let chunk = 1 << (AT_ONCE - STEP);
        let mut held: Option<(NodeId, Option<Tile>)> = None;
        for first in (0..runs).step_by(chunk) {
            let count = (runs - first).min(chunk as u64);
            for (run, now) in (first..).zip(self.of_records(first, count)?) {
                let (place, at) = tile_of(NodeId { level: STEP, index: run });
                if held.as_ref().is_none_or(|(held, _)| *held != place) {
                    held = Some((place, tiles.of_any_history(place)));
                }
                let tile = held.as_ref().and_then(|(_, tile)| tile.as_ref());
                let then = tile.and_then(|tile| tile.nodes.get(at).copied());
                any |= then.is_some();
                was.push(then.unwrap_or(now));
                match found.last_mut() {
                    _ if then.is_none_or(|then| then == now) => {}
                    Some(before) if before.end == run => before.end = run + 1,
                    _ => found.push(run..run + 1),
                }
            }
        }
        if !any {
            return Ok(None);
        }
        let tail = self.nodes(runs * NODES..size)?;
        let mut is_proven = joined(&[was.nodes(), &tail].concat()) == known;
        let mut rewritten: Vec<_> = found.iter().map(|run| run.start * NODES + 1..run.end * NODES).collect();
        if !is_proven && rewritten.is_empty() && !tail.is_empty() {
            // All runs are as the tiles have them, so it is in what no tile covers, unless the tiles were rewritten too.
            rewritten.push(runs * NODES + 1..size);
            is_proven = false;
        }
        let ends = |range: Range<u64>| (Sequence::new(range.start), Sequence::new(range.end));
        Ok(Some(Narrowed { rewritten: rewritten.into_iter().map(ends).collect(), is_proven }))
    }

    /// The same log without tiles.
    fn bare(&self) -> Self {
        Self::new(self.reader.clone()).with_threads(self.threads)
    }

    /// Roots of the complete subtrees of a range.
    fn nodes(&self, leaves: Range<u64>) -> Result<Vec<Digest>, LogError> {
        shape::peaks(leaves).into_iter().map(|node| self.node(node)).collect()
    }

    fn node(&self, node: NodeId) -> Result<Digest, LogError> {
        let NodeId { level, index } = node;
        if level < STEP {
            let run = node.leaves().start / NODES;
            let from = (node.leaves().start % NODES) as usize;
            let leaves = self.run(run, from + (1 << level))?;
            return Ok(folded(&leaves[from..from + (1 << level)]));
        }
        let base = level - level % STEP;
        let first = NodeId { level: base, index: index << (level - base) };
        let (place, at) = tile_of(first);
        let tile = self.tiles.as_ref().filter(|_| is_stored(base)).and_then(|tiles| tiles.get(place));
        if let Some(nodes) = tile.as_ref().and_then(|tile| tile.nodes.get(at..at + (1 << (level - base)))) {
            return Ok(folded(nodes));
        }
        if level == STEP || (level <= AT_ONCE && tile.is_none()) {
            return Ok(folded(&self.roots(first.index, 1 << (level - STEP))?));
        }
        let child = |index| self.node(NodeId { level: level - 1, index });
        Ok(crate::hash::node(&child(2 * index)?, &child(2 * index + 1)?))
    }

    /// The leaves of a run, at least so many of them.
    fn run(&self, run: u64, wanted: usize) -> Result<Arc<[Digest]>, LogError> {
        let kept = |runs: &[(u64, Arc<[Digest]>)]| {
            let found = runs.iter().find(|(number, leaves)| *number == run && leaves.len() >= wanted);
            found.map(|(_, leaves)| Arc::clone(leaves))
        };
        if let Some(leaves) = kept(&self.runs.lock()) {
            return Ok(leaves);
        }
        let to = ((run + 1) * NODES).min(self.reader.last().get());
        let leaves: Arc<[Digest]> = self.leaves(run * NODES..to)?.into();
        let mut runs = self.runs.lock();
        runs.retain(|(number, _)| *number != run);
        if runs.len() == RUNS_KEPT {
            runs.remove(0);
        }
        runs.push((run, Arc::clone(&leaves)));
        Ok(leaves)
    }

    /// Roots of `count` runs of leaves, kept or from the records.
    fn roots(&self, first: u64, count: u64) -> Result<Vec<Digest>, LogError> {
        let kept: Vec<Digest> =
            self.roots.lock().range(first..first + count).map(|(_, root)| *root).collect();
        if kept.len() as u64 == count {
            return Ok(kept);
        }
        let made = self.of_records(first, count)?;
        let mut roots = self.roots.lock();
        if roots.len() + made.len() > ROOTS_KEPT {
            roots.clear();
        }
        roots.extend((first..).zip(made.iter().copied()));
        Ok(made)
    }

    /// Roots of `count` runs of leaves, from the records.
    pub(super) fn of_records(&self, first: u64, count: u64) -> Result<Vec<Digest>, LogError> {
        let leaves = self.leaves(first * NODES..(first + count) * NODES)?;
        Ok(leaves.chunks(NODES as usize).map(folded).collect())
    }

    fn leaves(&self, range: Range<u64>) -> Result<Vec<Digest>, LogError> {
        let mut leaves = Vec::with_capacity((range.end.saturating_sub(range.start)) as usize);
        let mut cursor = std::mem::take(&mut *self.cursor.lock());
        cursor.each(&self.reader, range.start, range.end, self.threads, &mut |_, leaf| {
            leaves.push(leaf);
            Ok(())
        })?;
        *self.cursor.lock() = cursor;
        Ok(leaves)
    }
}
