//! Any storage, failing on purpose: a full disk, errors at the nth call, short writes.

use super::{Access, Lock, Region, Storage, StorageFile};
use parking_lot::Mutex;
use std::{io, sync::Arc};

/// What is to fail, and what has happened so far. Change it while the log runs.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// The disk is full after this many more bytes. Removing and cutting files gives their bytes back.
    pub space: Option<u64>,
    /// This many more writes succeed, the next one fails; later ones too.
    pub writes_left: Option<u64>,
    /// This many more syncs succeed, the next one fails; later ones too.
    pub syncs_left: Option<u64>,
    /// This many more reads succeed, the next one fails; later ones too.
    pub reads_left: Option<u64>,
    /// Writes take at most this many bytes at a time.
    pub write_at_most: Option<usize>,
    /// Every other write is interrupted first.
    pub interrupt: bool,
    /// Writes so far.
    pub writes: u64,
    /// Syncs of files and folders so far.
    pub syncs: u64,
    /// Reads so far.
    pub reads: u64,
}

/// A storage that fails on purpose. Clones share their faults.
#[derive(Clone)]
pub struct FaultyStorage {
    inner: Arc<dyn Storage>,
    faults: Arc<Mutex<Faults>>,
}

impl FaultyStorage {
    /// Wraps a storage; nothing fails yet.
    pub fn new(inner: Arc<dyn Storage>) -> Self {
        Self { inner, faults: Arc::default() }
    }

    /// Changes or looks at the faults.
    pub fn faults<T>(&self, change: impl FnOnce(&mut Faults) -> T) -> T {
        change(&mut self.faults.lock())
    }

    /// Nothing fails from now on.
    pub fn heal(&self) {
        self.faults(|faults| *faults = Faults::default());
    }

    fn wrap(&self, file: Arc<dyn StorageFile>) -> Arc<dyn StorageFile> {
        Arc::new(FaultyFile { inner: file, faults: Arc::clone(&self.faults) })
    }
}

fn broken() -> io::Error {
    io::Error::other("input/output error")
}

impl Faults {
    fn use_up(left: &mut Option<u64>) -> io::Result<()> {
        match left {
            Some(0) => Err(broken()),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn write(&mut self) -> io::Result<()> {
        self.writes += 1;
        Self::use_up(&mut self.writes_left)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.syncs += 1;
        Self::use_up(&mut self.syncs_left)
    }

    fn read(&mut self) -> io::Result<()> {
        self.reads += 1;
        Self::use_up(&mut self.reads_left)
    }

    /// Takes space for growth; says how much of it there is.
    fn take(&mut self, growth: u64) -> u64 {
        match &mut self.space {
            Some(space) => {
                let got = growth.min(*space);
                *space -= got;
                got
            }
            None => growth,
        }
    }

    fn give_back(&mut self, bytes: u64) {
        if let Some(space) = &mut self.space {
            *space += bytes;
        }
    }
}

impl Storage for FaultyStorage {
    fn place(&self) -> String {
        self.inner.place()
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        self.faults.lock().read()?;
        self.inner.list(folder)
    }

    fn create_folder(&self, folder: &str) -> io::Result<()> {
        self.inner.create_folder(folder)
    }

    fn create(&self, path: &str) -> io::Result<Arc<dyn StorageFile>> {
        self.inner.create(path).map(|file| self.wrap(file))
    }

    fn open(&self, path: &str, access: Access) -> io::Result<Arc<dyn StorageFile>> {
        self.inner.open(path, access).map(|file| self.wrap(file))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.faults.lock().write()?;
        self.inner.rename(from, to)
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        let len = self.inner.open(path, Access::Read).and_then(|file| file.len()).unwrap_or(0);
        self.inner.remove(path)?;
        self.faults.lock().give_back(len);
        Ok(())
    }

    fn sync_folder(&self, folder: &str) -> io::Result<()> {
        self.faults.lock().sync()?;
        self.inner.sync_folder(folder)
    }

    fn try_lock(&self, path: &str) -> io::Result<Lock> {
        self.inner.try_lock(path)
    }

    fn free_bytes(&self) -> io::Result<Option<u64>> {
        match self.faults.lock().space {
            Some(space) => Ok(Some(space)),
            None => self.inner.free_bytes(),
        }
    }

    fn prepares_slowly(&self) -> bool {
        false // so that what fails is decided by the test alone
    }
}

struct FaultyFile {
    inner: Arc<dyn StorageFile>,
    faults: Arc<Mutex<Faults>>,
}

impl StorageFile for FaultyFile {
    fn len(&self) -> io::Result<u64> {
        self.inner.len()
    }

    fn read_at(&self, out: &mut [u8], offset: u64) -> io::Result<usize> {
        self.faults.lock().read()?;
        self.inner.read_at(out, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        let mut faults = self.faults.lock();
        faults.write()?;
        if faults.interrupt && !faults.writes.is_multiple_of(2) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let mut count = bytes.len().min(faults.write_at_most.unwrap_or(usize::MAX));
        let growth = (offset + count as u64).saturating_sub(self.inner.len()?);
        let got = faults.take(growth);
        count = count.saturating_sub((growth - got) as usize);
        if count == 0 && !bytes.is_empty() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.inner.write_at(&bytes[..count], offset)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.faults.lock().sync()?;
        self.inner.sync_data()
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let before = self.inner.len()?;
        let mut faults = self.faults.lock();
        faults.write()?;
        self.inner.set_len(len)?;
        faults.give_back(before.saturating_sub(len)); // growing leaves a hole, which takes no space
        Ok(())
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        let growth = len.saturating_sub(self.inner.len()?);
        let mut faults = self.faults.lock();
        let got = faults.take(growth);
        if got < growth {
            faults.give_back(got);
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.inner.allocate(len)
    }

    fn map(&self, len: u64) -> io::Result<Option<Region>> {
        self.inner.map(len)
    }

    fn is_mapped(&self) -> bool {
        self.inner.is_mapped()
    }
}
