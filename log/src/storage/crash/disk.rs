//! What is on the disk, what its cache shows, and what is left of it when the power goes.

use crate::map::Heap;
use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::Arc,
};

pub(super) const SECTOR: usize = 512;

#[derive(Clone)]
pub(super) struct Disk {
    pub(super) random: u64,
    pub(super) files: Vec<FileState>,
    pub(super) seen: BTreeMap<String, usize>,
    pub(super) durable: BTreeMap<String, usize>,
    pub(super) pending: Vec<(String, NameOp)>,
    pub(super) locks: BTreeSet<String>,
    /// Steps until everything fails, as if the process had been killed there.
    pub(super) steps_left: Option<u64>,
    /// Of a thousand syncs, how many fail.
    pub(super) failing_syncs: u64,
    /// Syncs until one that fails.
    pub(super) syncs_to_failure: Option<u64>,
    /// Syncs of this life that failed so.
    pub(super) false_syncs: u64,
    pub(super) garbage: bool,
    pub(super) dead: bool,
    /// Incarnation: handles of an earlier one are dead.
    pub(super) life: u64,
    /// Whether files can be mapped.
    pub(super) offers_maps: bool,
}

#[derive(Clone)]
pub(super) enum NameOp {
    Set(String, usize),
    Rename(String, String),
    Remove(String),
}

#[derive(Clone, Default)]
pub(super) struct FileState {
    pub(super) cache: Vec<u8>,
    pub(super) platter: Vec<u8>,
    pub(super) dirty: BTreeSet<usize>,
    /// Lowest length the file was cut to since its last sync.
    pub(super) cut: Option<usize>,
    /// What maps of it show: the cache, as long as it is only appended to.
    pub(super) mapped: Option<Arc<Heap>>,
}

impl Disk {
    pub(super) fn next(&mut self) -> u64 {
        // splitmix64
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    pub(super) fn alive(&self, life: u64) -> io::Result<()> {
        if self.dead || self.life != life { Err(io::Error::other("the process is dead")) } else { Ok(()) }
    }

    pub(super) fn step(&mut self, life: u64) -> io::Result<()> {
        self.alive(life)?;
        match &mut self.steps_left {
            Some(0) => {
                self.dead = true;
                self.alive(life)
            }
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Whether the sync that is asked for now fails.
    pub(super) fn sync_fails(&mut self) -> bool {
        let told = match &mut self.syncs_to_failure {
            Some(0) => {
                self.syncs_to_failure = None;
                true
            }
            Some(left) => {
                *left -= 1;
                false
            }
            None => false,
        };
        told || self.failing_syncs > 0 && self.below(1000) < self.failing_syncs
    }

    pub(super) fn name(&mut self, folder: String, op: NameOp) {
        apply(&mut self.seen, &op);
        self.pending.push((folder, op));
    }

    pub(super) fn lose_power(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        let mut kept: BTreeMap<String, u64> = BTreeMap::new();
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for (folder, _) in &pending {
            *counts.entry(folder.clone()).or_default() += 1;
        }
        for (folder, count) in counts {
            let keep = self.below(count + 1);
            kept.insert(folder, keep);
        }
        for (folder, op) in &pending {
            if let Some(left) = kept.get_mut(folder).filter(|left| **left > 0) {
                *left -= 1;
                apply(&mut self.durable, op);
            }
        }
        self.seen = self.durable.clone();
        for id in 0..self.files.len() {
            let mut file = std::mem::take(&mut self.files[id]);
            if let Some(cut) = file.cut.take()
                && cut < file.platter.len()
                && self.below(2) == 0
            {
                file.platter.truncate(cut);
            }
            for sector in std::mem::take(&mut file.dirty) {
                match self.below(100) {
                    0..40 => file.persist(sector, SECTOR),
                    40..55 => {
                        let bytes = self.below(SECTOR as u64) as usize;
                        file.persist(sector, bytes);
                    }
                    55..70 if self.garbage => {
                        file.persist(sector, SECTOR);
                        let end = file.platter.len().min((sector + 1) * SECTOR);
                        for at in (sector * SECTOR).min(end)..end {
                            file.platter[at] = self.next() as u8;
                        }
                    }
                    _ => {}
                }
            }
            if file.cache.len() > file.platter.len() && self.below(2) == 0 {
                file.platter.resize(file.cache.len(), 0);
            }
            file.cache = file.platter.clone();
            self.files[id] = file;
        }
    }
}

impl FileState {
    /// A block that shows the first `len` bytes of the cache, also those that are still to be appended.
    pub(super) fn map(&mut self, len: usize) -> Arc<Heap> {
        if let Some(heap) = self.mapped.as_ref().filter(|heap| heap.len() >= len) {
            return Arc::clone(heap);
        }
        let heap = Arc::new(Heap::zeroed(len));
        heap.write(0, self.cache.get(..len).unwrap_or(&self.cache));
        self.mapped = Some(Arc::clone(&heap));
        heap
    }

    /// Bytes of the cache have changed. Those that were zeros until now come into view. What was there before may be lent,
    /// and must not change under whoever holds it: then the block is left to them, and the next map gets another.
    pub(super) fn show(&mut self, at: usize, bytes: &[u8]) {
        let Some(heap) = &self.mapped else { return };
        let mut before = vec![0; bytes.len()];
        let within = heap.read(at, &mut before);
        if before[..within] == bytes[..within] {
            return;
        }
        if before.iter().all(|byte| *byte == 0) {
            heap.write(at, bytes);
        } else {
            self.mapped = None;
        }
    }

    pub(super) fn persist(&mut self, sector: usize, bytes: usize) {
        let from = sector * SECTOR;
        let to = (from + bytes).min(self.cache.len());
        if to <= from {
            return;
        }
        if self.platter.len() < to {
            self.platter.resize(to, 0);
        }
        self.platter[from..to].copy_from_slice(&self.cache[from..to]);
    }
}

pub(super) fn apply(names: &mut BTreeMap<String, usize>, op: &NameOp) {
    match op {
        NameOp::Set(name, id) => {
            names.insert(name.clone(), *id);
        }
        NameOp::Rename(from, to) => {
            if let Some(id) = names.remove(from) {
                names.insert(to.clone(), id);
            }
        }
        NameOp::Remove(name) => {
            names.remove(name);
        }
    }
}
