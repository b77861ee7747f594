//! Any storage, failing on purpose: a full disk, errors at the nth call, short writes, writes that go elsewhere, the
//! death of the process at any call.
//!
//! Shape: every call passes [`Faults`] first, which counts it, digests it, and says what is wrong with it. What is
//! wrong comes from a list of calls, from chances with a seed, or from what is left of space and patience. What a
//! crash leaves of bytes that were not synced is the business of the storage inside, see `CrashDisk`.

mod faults;
mod trouble;

pub use self::{
    faults::Faults,
    trouble::{Call, Chances, Trouble},
};

use self::faults::broken;
use super::{Access, Lock, Region, Storage, StorageFile};
use parking_lot::Mutex;
use std::{io, sync::Arc};

const SECTOR: u64 = 512;

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

    /// Nothing fails from now on, and counting begins anew.
    pub fn heal(&self) {
        self.faults(|faults| *faults = Faults::default());
    }

    /// Looks at the storage from outside: until `look` is done nothing fails and nothing is counted, whoever calls.
    pub fn unseen<T>(&self, look: impl FnOnce() -> T) -> T {
        self.faults(|faults| faults.unseen = true);
        let seen = look();
        self.faults(|faults| faults.unseen = false);
        seen
    }

    fn meet(&self, call: Call, path: &str) -> io::Result<Option<Trouble>> {
        self.faults.lock().meet(call, path, (0, 0))
    }

    fn wrap(&self, path: &str, file: Arc<dyn StorageFile>) -> Arc<dyn StorageFile> {
        Arc::new(FaultyFile { inner: file, faults: Arc::clone(&self.faults), path: path.to_owned() })
    }
}

/// What was done although the caller is told that it was not.
fn heard<T>(trouble: Option<Trouble>, done: T) -> io::Result<T> {
    if trouble == Some(Trouble::Unheard) { Err(broken()) } else { Ok(done) }
}

impl Storage for FaultyStorage {
    fn place(&self) -> String {
        self.inner.place()
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        self.meet(Call::List, folder)?;
        self.faults.lock().read()?;
        self.inner.list(folder)
    }

    fn create_folder(&self, folder: &str) -> io::Result<()> {
        let trouble = self.meet(Call::Folder, folder)?;
        heard(trouble, self.inner.create_folder(folder)?)
    }

    fn create(&self, path: &str) -> io::Result<Arc<dyn StorageFile>> {
        let trouble = self.meet(Call::Create, path)?;
        heard(trouble, self.inner.create(path).map(|file| self.wrap(path, file))?)
    }

    fn open(&self, path: &str, access: Access) -> io::Result<Arc<dyn StorageFile>> {
        self.meet(Call::Open, path)?;
        self.inner.open(path, access).map(|file| self.wrap(path, file))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let trouble = self.meet(Call::Rename, to)?;
        self.faults.lock().write()?;
        heard(trouble, self.inner.rename(from, to)?)
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        let trouble = self.meet(Call::Remove, path)?;
        let len = self.inner.open(path, Access::Read).and_then(|file| file.len()).unwrap_or(0);
        self.inner.remove(path)?;
        self.faults.lock().give_back(len);
        heard(trouble, ())
    }

    fn sync_folder(&self, folder: &str) -> io::Result<()> {
        let trouble = self.meet(Call::SyncFolder, folder)?;
        self.faults.lock().sync()?;
        heard(trouble, self.inner.sync_folder(folder)?)
    }

    fn try_lock(&self, path: &str) -> io::Result<Lock> {
        self.meet(Call::Lock, path)?;
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
    path: String,
}

impl FaultyFile {
    fn meet(&self, call: Call, place: (u64, u64)) -> io::Result<Option<Trouble>> {
        self.faults.lock().meet(call, &self.path, place)
    }

    /// Another sector of the same file, with the same place in it.
    fn elsewhere(&self, offset: u64) -> io::Result<u64> {
        let sectors = self.inner.len()? / SECTOR + 1;
        let sector = self.faults.lock().chances.below(sectors);
        let sector = if sector == offset / SECTOR { sector + 1 } else { sector };
        Ok(sector * SECTOR + offset % SECTOR)
    }
}

impl StorageFile for FaultyFile {
    fn len(&self) -> io::Result<u64> {
        self.meet(Call::Len, (0, 0))?;
        self.inner.len()
    }

    fn read_at(&self, out: &mut [u8], offset: u64) -> io::Result<usize> {
        let trouble = self.meet(Call::Read, (offset, out.len() as u64))?;
        self.faults.lock().read()?;
        let asked = if trouble == Some(Trouble::Short) { out.len().div_ceil(2) } else { out.len() };
        let count = self.inner.read_at(&mut out[..asked], offset)?;
        if trouble == Some(Trouble::Flipped) && count > 0 {
            let bit = self.faults.lock().chances.below(count as u64 * 8);
            out[bit as usize / 8] ^= 1 << (bit % 8);
        }
        Ok(count)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        let trouble = self.meet(Call::Write, (offset, bytes.len() as u64))?;
        match trouble {
            Some(Trouble::Lost) => return Ok(bytes.len().min(SECTOR as usize)),
            Some(Trouble::Misdirected) => return self.inner.write_at(bytes, self.elsewhere(offset)?),
            _ => {}
        }
        let mut faults = self.faults.lock();
        faults.write()?;
        if faults.interrupt && !faults.writes.is_multiple_of(2) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let mut count = bytes.len().min(faults.write_at_most.unwrap_or(usize::MAX));
        if trouble == Some(Trouble::Short) {
            count = count.div_ceil(2);
        }
        let growth = (offset + count as u64).saturating_sub(self.inner.len()?);
        let got = faults.take(growth);
        count = count.saturating_sub((growth - got) as usize);
        if count == 0 && !bytes.is_empty() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        heard(trouble, self.inner.write_at(&bytes[..count], offset)?)
    }

    fn sync_data(&self) -> io::Result<()> {
        let trouble = self.meet(Call::Sync, (0, 0))?;
        if trouble == Some(Trouble::Lost) {
            return Ok(());
        }
        self.faults.lock().sync()?;
        heard(trouble, self.inner.sync_data()?)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let trouble = self.meet(Call::Cut, (len, 0))?;
        let before = self.inner.len()?;
        let mut faults = self.faults.lock();
        faults.write()?;
        self.inner.set_len(len)?;
        faults.give_back(before.saturating_sub(len)); // growing leaves a hole, which takes no space
        heard(trouble, ())
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        let trouble = self.meet(Call::Allocate, (len, 0))?;
        let growth = len.saturating_sub(self.inner.len()?);
        let mut faults = self.faults.lock();
        let got = faults.take(growth);
        if got < growth {
            faults.give_back(got);
            return Err(io::ErrorKind::StorageFull.into());
        }
        heard(trouble, self.inner.allocate(len)?)
    }

    fn map(&self, len: u64) -> io::Result<Option<Region>> {
        self.inner.map(len)
    }

    fn is_mapped(&self) -> bool {
        self.inner.is_mapped()
    }
}
