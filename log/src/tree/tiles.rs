//! The tiles beside a log: looked up as hints; all of them made anew from the records when somebody asks for it. In between they
//! grow with the log ([`super::grow`]).

use super::{
    Forest, Peaks,
    shape::NodeId,
    tile::{NODES, STEP, TILE_BYTES_MAX, Tile, is_stored, leaves, path},
};
use crate::{
    digest::Digest,
    error::{LogError, at},
    layout::{TEMPORARY, TREE},
    reader::Reader,
    sequence::Sequence,
    storage::{Storage, read_small, write_all_at},
};
use parking_lot::Mutex;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// Tiles that are kept in memory: half a megabyte.
const KEPT: usize = 64;

/// Tiles of one log as they are looked up.
pub(super) struct Tiles {
    storage: Arc<dyn Storage>,
    reader: Reader,
    kept: Mutex<BTreeMap<NodeId, Option<Arc<Tile>>>>,
    misfits: Mutex<BTreeSet<String>>,
    disowned: AtomicBool,
}

impl Tiles {
    pub(super) fn new(storage: Arc<dyn Storage>, reader: Reader) -> Self {
        let (kept, misfits) = (Mutex::default(), Mutex::default());
        Self { storage, reader, kept, misfits, disowned: AtomicBool::new(false) }
    }

    /// A tile of this history, if it is there. `place.index` counts tiles.
    pub(super) fn get(&self, place: NodeId) -> Option<Arc<Tile>> {
        if self.disowned.load(Ordering::Relaxed) {
            return None;
        }
        if let Some(known) = self.kept.lock().get(&place) {
            return known.clone();
        }
        let tile = self.of_any_history(place).filter(|tile| {
            let fits = self.fits(tile);
            if !fits {
                self.misfits.lock().insert(path(place));
            }
            fits
        });
        let tile = tile.map(Arc::new);
        let mut kept = self.kept.lock();
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(place, tile.clone());
        tile
    }

    /// A tile of this log, perhaps of what it was before somebody rewrote it. One that cannot be read is none.
    pub(super) fn of_any_history(&self, place: NodeId) -> Option<Tile> {
        let name = path(place);
        let bytes = read_small(&*self.storage, &name, TILE_BYTES_MAX + 1).ok().flatten()?;
        let tile = Tile::decode(&bytes);
        let ours = tile.filter(|tile| tile.place == place && tile.log_id == self.reader.log_id());
        if ours.is_none() {
            self.misfits.lock().insert(name);
        }
        ours
    }

    /// Whether the log holds the chain value that the tile ends with. What cannot be read does not fit.
    pub(super) fn fits(&self, tile: &Tile) -> bool {
        matches!(self.reader.chain_at(Sequence::new(tile.last())), Ok(Some(chain)) if chain == tile.chain)
    }

    /// None of them is used any more: they do not agree with each other.
    pub(super) fn disown(&self) {
        self.disowned.store(true, Ordering::Relaxed);
        self.misfits
            .lock()
            .extend(self.kept.lock().iter().filter(|(_, tile)| tile.is_some()).map(|(at, _)| path(*at)));
    }

    pub(super) fn misfits(&self) -> Vec<String> {
        self.misfits.lock().iter().cloned().collect()
    }
}

/// What writing tiles came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TilesReport {
    /// Events that tiles cover now.
    pub events: u64,
    /// Tiles that were there and right.
    pub kept: u64,
    /// Tiles that were missing, or covered less.
    pub written: u64,
    /// Tiles that were there and wrong, by name; they are replaced.
    pub wrong: Vec<String>,
}

/// Computes all tiles of a log from its records and writes those that are missing or wrong. Off the commit path, and
/// beside a live writer if there is one: no lock is needed, since whatever stands in a tile is checked when it is used.
/// `progress` hears how many events are done.
///
/// # Errors
/// [`LogError::Damaged`] if an event does not verify; [`LogError::Full`] and [`LogError::Io`] from writing.
pub fn write_tiles(
    storage: &Arc<dyn Storage>,
    reader: &Reader,
    threads: usize,
    progress: &dyn Fn(u64),
) -> Result<TilesReport, LogError> {
    let forest = Forest::new(reader.clone()).with_threads(threads);
    let mut desk = Desk { storage, reader, report: TilesReport::default(), open: BTreeMap::new() };
    let runs = reader.last().get() / NODES;
    let mut peaks = Peaks::new();
    for first in (0..runs).step_by(32) {
        let count = (runs - first).min(32);
        for node in forest.of_records(first, count)? {
            let run = peaks.size();
            let mut done = vec![(NodeId { level: STEP, index: run }, node)];
            peaks.push_noting(node, &mut |above, node| {
                let level = above.level + STEP;
                if is_stored(level) {
                    done.push((NodeId { level, index: above.index }, node));
                }
            });
            done.into_iter().try_for_each(|(place, node)| desk.add(place, node))?;
        }
        progress((first + count) * NODES);
    }
    desk.finish()?;
    Ok(TilesReport { events: runs * NODES, ..desk.report })
}

/// Tiles that are being filled, one for each height.
struct Desk<'a> {
    storage: &'a Arc<dyn Storage>,
    reader: &'a Reader,
    report: TilesReport,
    open: BTreeMap<u32, Vec<Digest>>,
}

impl Desk<'_> {
    fn add(&mut self, node: NodeId, digest: Digest) -> Result<(), LogError> {
        let nodes = self.open.entry(node.level).or_default();
        nodes.push(digest);
        if nodes.len() as u64 == NODES {
            let nodes = std::mem::take(nodes);
            self.put(NodeId { level: node.level, index: node.index / NODES }, nodes)?;
        }
        Ok(())
    }

    /// Those at the end, which are not full yet.
    fn finish(&mut self) -> Result<(), LogError> {
        let runs = self.reader.last().get() / NODES;
        for (level, nodes) in std::mem::take(&mut self.open) {
            if !nodes.is_empty() {
                let complete = runs >> (level - STEP);
                self.put(NodeId { level, index: complete / NODES }, nodes)?;
            }
        }
        Ok(())
    }

    fn put(&mut self, place: NodeId, nodes: Vec<Digest>) -> Result<(), LogError> {
        let name = path(place);
        let Some(bytes) = encoded(self.reader, place, nodes)? else { return Ok(()) };
        let found = read_small(&**self.storage, &name, TILE_BYTES_MAX + 1).map_err(at("reading", &name))?;
        match found {
            Some(found) if found == bytes => {
                self.report.kept += 1;
                return Ok(());
            }
            // One that covered less, and was right as far as it went, has grown.
            Some(found) if !is_beginning(&found, &bytes) => self.report.wrong.push(name.clone()),
            _ => self.report.written += 1,
        }
        write(&**self.storage, &name, &bytes)
    }
}

/// Writes a tile of these nodes, in place of the one that is there.
pub(super) fn put(
    storage: &dyn Storage,
    reader: &Reader,
    place: NodeId,
    nodes: Vec<Digest>,
) -> Result<(), LogError> {
    match encoded(reader, place, nodes)? {
        Some(bytes) => write(storage, &path(place), &bytes),
        None => Ok(()),
    }
}

/// The bytes of a tile, with the chain value that the log has where it ends; `None` if the log ends before.
fn encoded(reader: &Reader, place: NodeId, nodes: Vec<Digest>) -> Result<Option<Vec<u8>>, LogError> {
    let last = leaves(place, nodes.len() as u64).map_or(0, |leaves| leaves.end);
    let chain = reader.chain_at(Sequence::new(last))?;
    Ok(chain.map(|chain| Tile { log_id: reader.log_id(), place, chain, nodes }.encode()))
}

/// A new file under the old name; never synced, since it can be made again.
fn write(storage: &dyn Storage, name: &str, bytes: &[u8]) -> Result<(), LogError> {
    let temporary = format!("{name}{TEMPORARY}");
    let doing = || at("writing", name);
    storage.create_folder(TREE).map_err(at("creating", TREE))?;
    match storage.remove(&temporary) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(doing()(error)),
        _ => {}
    }
    let file = storage.create(&temporary).map_err(doing())?;
    let written = write_all_at(&*file, bytes, 0).and_then(|()| storage.rename(&temporary, name));
    if written.is_err() {
        let _ = storage.remove(&temporary); // half a tile holds space that the log may need
    }
    written.map_err(doing())
}

fn is_beginning(found: &[u8], now: &[u8]) -> bool {
    match (Tile::decode(found), Tile::decode(now)) {
        (Some(found), Some(now)) => {
            (found.log_id, found.place) == (now.log_id, now.place)
                && found.nodes.len() < now.nodes.len()
                && now.nodes.starts_with(&found.nodes)
        }
        _ => false,
    }
}
