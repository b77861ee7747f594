//! A disk in memory that loses power, in a way a seed decides.
//!
//! Shape: every file has what a process sees (the cache) and what is on the platter, in sectors of 512 bytes. A crash
//! by power loss keeps, of each folder, a beginning of the unsynced names; of each file, any subset of the unsynced
//! sectors, some torn at a byte, some overwritten with garbage; and lengths that were not synced, or not. A failing
//! sync writes some of it and calls the rest clean, so that the cache shows what the disk does not have.
//! Source: `recovery_model.py`; Rebello et al., *Can Applications Recover from fsync Failures?* (2020).

mod disk;

use self::disk::{Disk, FileState, NameOp, SECTOR, apply};
use super::{Access, Lock, Region, Storage, StorageFile};
use parking_lot::Mutex;
use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::Arc,
};

/// How a process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crash {
    /// The machine loses power: what was not synced is a matter of luck.
    Power,
    /// The process is killed: what was written stays in the cache.
    Kill,
}

/// A directory on such a disk. Clones are the same disk.
#[derive(Clone)]
pub struct CrashDisk {
    disk: Arc<Mutex<Disk>>,
}

impl CrashDisk {
    /// An empty disk; the same seed and the same calls give the same end.
    pub fn new(seed: u64) -> Self {
        let disk = Disk {
            random: seed,
            files: Vec::new(),
            seen: BTreeMap::new(),
            durable: BTreeMap::new(),
            pending: Vec::new(),
            locks: BTreeSet::new(),
            steps_left: None,
            failing_syncs: 0,
            syncs_to_failure: None,
            false_syncs: 0,
            garbage: true,
            dead: false,
            life: 0,
            offers_maps: false,
        };
        Self { disk: Arc::new(Mutex::new(disk)) }
    }

    /// From now on everything fails after this many steps (a sector written, a sync, a name changed); `None`: never.
    pub fn die_after(&self, steps: Option<u64>) {
        self.disk.lock().steps_left = steps;
    }

    /// Whether the process has died by [`CrashDisk::die_after`].
    pub fn is_dead(&self) -> bool {
        self.disk.lock().dead
    }

    /// Of a thousand syncs, this many fail and leave the cache falsely clean.
    pub fn failing_syncs(&self, per_thousand: u64) {
        self.disk.lock().failing_syncs = per_thousand;
    }

    /// After this many more syncs of files, crashes or not, one fails, once, and leaves the cache falsely clean.
    pub fn fail_sync_after(&self, syncs: Option<u64>) {
        self.disk.lock().syncs_to_failure = syncs;
    }

    /// Syncs of this life that failed and left the cache falsely clean.
    pub fn false_syncs(&self) -> u64 {
        self.disk.lock().false_syncs
    }

    /// Other luck from here on.
    pub fn reseed(&self, seed: u64) {
        let mut disk = self.disk.lock();
        disk.random ^= seed;
    }

    /// Another disk that is in every respect as this one is now, with nobody at work on it.
    pub fn fork(&self) -> Self {
        let fork = Self { disk: Arc::new(Mutex::new(self.disk.lock().clone())) };
        fork.crash(Crash::Kill);
        fork.fail_sync_after(None);
        fork
    }

    /// Whether files can be mapped, so that what is read by a map is what the cache shows. Off at first.
    pub fn offer_maps(&self, on: bool) {
        self.disk.lock().offers_maps = on;
    }

    /// Whether a sector in flight may come out as garbage.
    pub fn garbage_sectors(&self, on: bool) {
        self.disk.lock().garbage = on;
    }

    /// Ends every process that has files open here. Nothing fails any more until told otherwise.
    pub fn crash(&self, how: Crash) {
        let mut disk = self.disk.lock();
        disk.locks.clear();
        disk.life += 1;
        disk.dead = false;
        disk.steps_left = None;
        disk.failing_syncs = 0;
        disk.false_syncs = 0;
        disk.files.iter_mut().for_each(|file| file.mapped = None);
        if how == Crash::Power {
            disk.lose_power();
        }
    }

    /// What a process would see, file by file.
    pub fn dump(&self) -> BTreeMap<String, Vec<u8>> {
        let disk = self.disk.lock();
        disk.seen.iter().map(|(name, id)| (name.clone(), disk.files[*id].cache.clone())).collect()
    }

    /// Changes one byte, in cache and on the platter: rot.
    pub fn rot(&self, path: &str, offset: usize, mask: u8) {
        let mut disk = self.disk.lock();
        if let Some(id) = disk.seen.get(path).copied() {
            let file = &mut disk.files[id];
            file.mapped = None;
            for bytes in [&mut file.cache, &mut file.platter] {
                if let Some(byte) = bytes.get_mut(offset) {
                    *byte ^= mask;
                }
            }
        }
    }
}

fn folder_of(path: &str) -> String {
    path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned()
}

/// One process's view of the disk; it dies with the process.
impl CrashDisk {
    fn life(&self) -> u64 {
        self.disk.lock().life
    }
}

impl Storage for CrashDisk {
    fn place(&self) -> String {
        "a disk that crashes".to_owned()
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let disk = self.disk.lock();
        disk.alive(disk.life)?;
        let names = disk.seen.keys().filter(|path| folder_of(path) == folder);
        Ok(names
            .map(|path| path.rsplit_once('/').map_or(path.as_str(), |(_, name)| name).to_owned())
            .collect())
    }

    fn create_folder(&self, _folder: &str) -> io::Result<()> {
        Ok(())
    }

    fn create(&self, path: &str) -> io::Result<Arc<dyn StorageFile>> {
        let mut disk = self.disk.lock();
        let life = disk.life;
        disk.step(life)?;
        if disk.seen.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let id = disk.files.len();
        disk.files.push(FileState::default());
        disk.name(folder_of(path), NameOp::Set(path.to_owned(), id));
        Ok(Arc::new(CrashFile { disk: Arc::clone(&self.disk), id, life }))
    }

    fn open(&self, path: &str, _access: Access) -> io::Result<Arc<dyn StorageFile>> {
        let disk = self.disk.lock();
        disk.alive(disk.life)?;
        let id = *disk.seen.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(Arc::new(CrashFile { disk: Arc::clone(&self.disk), id, life: disk.life }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut disk = self.disk.lock();
        let life = disk.life;
        disk.step(life)?;
        if !disk.seen.contains_key(from) {
            return Err(io::ErrorKind::NotFound.into());
        }
        disk.name(folder_of(to), NameOp::Rename(from.to_owned(), to.to_owned()));
        Ok(())
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        let mut disk = self.disk.lock();
        let life = disk.life;
        disk.step(life)?;
        if !disk.seen.contains_key(path) {
            return Err(io::ErrorKind::NotFound.into());
        }
        disk.name(folder_of(path), NameOp::Remove(path.to_owned()));
        Ok(())
    }

    fn sync_folder(&self, folder: &str) -> io::Result<()> {
        let mut disk = self.disk.lock();
        let life = disk.life;
        disk.step(life)?;
        let pending = std::mem::take(&mut disk.pending);
        for (of, op) in pending {
            if of == folder {
                apply(&mut disk.durable, &op);
            } else {
                disk.pending.push((of, op));
            }
        }
        Ok(())
    }

    fn try_lock(&self, path: &str) -> io::Result<Lock> {
        let life = self.life();
        let mut disk = self.disk.lock();
        disk.alive(life)?;
        if !disk.locks.insert(path.to_owned()) {
            return Ok(Lock::Busy("this process".to_owned()));
        }
        Ok(Lock::Held(Box::new(HeldLock { disk: Arc::clone(&self.disk), path: path.to_owned(), life })))
    }

    fn free_bytes(&self) -> io::Result<Option<u64>> {
        Ok(None)
    }

    fn prepares_slowly(&self) -> bool {
        false
    }
}

struct HeldLock {
    disk: Arc<Mutex<Disk>>,
    path: String,
    life: u64,
}

impl Drop for HeldLock {
    fn drop(&mut self) {
        let mut disk = self.disk.lock();
        if disk.life == self.life {
            disk.locks.remove(&self.path);
        }
    }
}

struct CrashFile {
    disk: Arc<Mutex<Disk>>,
    id: usize,
    life: u64,
}

impl StorageFile for CrashFile {
    fn len(&self) -> io::Result<u64> {
        let disk = self.disk.lock();
        disk.alive(self.life)?;
        Ok(disk.files[self.id].cache.len() as u64)
    }

    fn read_at(&self, out: &mut [u8], offset: u64) -> io::Result<usize> {
        let disk = self.disk.lock();
        disk.alive(self.life)?;
        let rest = disk.files[self.id].cache.get(offset as usize..).unwrap_or(&[]);
        let count = rest.len().min(out.len());
        out[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    /// Writes one sector at a time, so that a process can die between them.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        let mut disk = self.disk.lock();
        disk.step(self.life)?;
        let at = offset as usize;
        let count = bytes.len().min(SECTOR - at % SECTOR);
        let file = &mut disk.files[self.id];
        if file.cache.len() < at + count {
            let from = file.cache.len() / SECTOR;
            file.cache.resize(at + count, 0);
            file.dirty.extend(from..at / SECTOR);
        }
        file.cache[at..at + count].copy_from_slice(&bytes[..count]);
        file.show(at, &bytes[..count]);
        file.dirty.insert(at / SECTOR);
        Ok(count)
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut disk = self.disk.lock();
        disk.step(self.life)?;
        let fails = disk.sync_fails();
        if fails {
            disk.false_syncs += 1;
            for sector in disk.files[self.id].dirty.clone() {
                if disk.below(2) == 0 {
                    disk.files[self.id].persist(sector, SECTOR);
                }
            }
            disk.files[self.id].dirty.clear();
            return Err(io::Error::other("input/output error"));
        }
        let file = &mut disk.files[self.id];
        if let Some(cut) = file.cut.take() {
            file.platter.truncate(cut);
        }
        for sector in std::mem::take(&mut file.dirty) {
            file.persist(sector, SECTOR);
        }
        let len = file.cache.len();
        file.platter.resize(len, 0);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut disk = self.disk.lock();
        disk.step(self.life)?;
        let file = &mut disk.files[self.id];
        let len = len as usize;
        if len < file.cache.len() {
            if !crate::bytes::all_zero(&file.cache[len..]) {
                file.mapped = None; // somebody may still read what is cut
            }
            file.cut = Some(file.cut.map_or(len, |cut| cut.min(len)));
            file.dirty.retain(|sector| sector * SECTOR < len);
            if !len.is_multiple_of(SECTOR) {
                file.dirty.insert(len / SECTOR);
            }
        }
        file.cache.resize(len, 0);
        Ok(())
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        if self.len()? < len { self.set_len(len) } else { Ok(()) }
    }

    fn map(&self, len: u64) -> io::Result<Option<Region>> {
        let mut disk = self.disk.lock();
        disk.alive(self.life)?;
        if !disk.offers_maps {
            return Ok(None);
        }
        let heap = disk.files[self.id].map(len as usize);
        Ok(Some(Region::heap(heap)))
    }

    fn is_mapped(&self) -> bool {
        false // cutting leaves the block to whoever maps it
    }
}
