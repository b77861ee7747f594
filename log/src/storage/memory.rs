//! Files in memory: for tests, for demonstrations, and for logs that need not outlive the process.

use super::{Access, Lock, Region, Storage, StorageFile};
use crate::map::Heap;
use parking_lot::{Mutex, RwLock};
use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::Arc,
};

/// A directory in memory. Clones see the same files, so a log can be closed and opened again.
#[derive(Clone, Default)]
pub struct MemoryStorage {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    files: RwLock<BTreeMap<String, Arc<MemoryFile>>>,
    locks: Mutex<BTreeSet<String>>,
}

impl MemoryStorage {
    /// An empty directory.
    pub fn new() -> Self {
        Self::default()
    }

    /// Every file with its bytes, for tests that look at or change what is stored.
    pub fn dump(&self) -> BTreeMap<String, Vec<u8>> {
        let files = self.inner.files.read();
        files.iter().map(|(name, file)| (name.clone(), file.bytes())).collect()
    }

    /// A directory with these files.
    pub fn load(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        let storage = Self::new();
        for (name, bytes) in files {
            storage.inner.files.write().insert(name, Arc::new(MemoryFile::of(&bytes)));
        }
        storage
    }
}

impl Storage for MemoryStorage {
    fn place(&self) -> String {
        "memory".to_owned()
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let files = self.inner.files.read();
        let inside = |path: &String| match (folder, path.rsplit_once('/')) {
            ("", None) => Some(path.clone()),
            (_, Some((parent, name))) if parent == folder => Some(name.to_owned()),
            _ => None,
        };
        Ok(files.keys().filter_map(inside).collect())
    }

    fn create_folder(&self, _folder: &str) -> io::Result<()> {
        Ok(())
    }

    fn create(&self, path: &str) -> io::Result<Arc<dyn StorageFile>> {
        let mut files = self.inner.files.write();
        if files.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let file = Arc::new(MemoryFile::of(&[]));
        files.insert(path.to_owned(), Arc::clone(&file));
        Ok(file)
    }

    fn open(&self, path: &str, _access: Access) -> io::Result<Arc<dyn StorageFile>> {
        match self.inner.files.read().get(path) {
            Some(file) => Ok(Arc::clone(file) as Arc<dyn StorageFile>),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut files = self.inner.files.write();
        let file = files.remove(from).ok_or(io::ErrorKind::NotFound)?;
        files.insert(to.to_owned(), file);
        Ok(())
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        self.inner.files.write().remove(path).map(drop).ok_or(io::ErrorKind::NotFound.into())
    }

    fn sync_folder(&self, _folder: &str) -> io::Result<()> {
        Ok(())
    }

    fn try_lock(&self, path: &str) -> io::Result<Lock> {
        if !self.inner.locks.lock().insert(path.to_owned()) {
            return Ok(Lock::Busy("this process".to_owned()));
        }
        Ok(Lock::Held(Box::new(HeldLock { inner: Arc::clone(&self.inner), path: path.to_owned() })))
    }

    fn free_bytes(&self) -> io::Result<Option<u64>> {
        Ok(None)
    }

    fn prepares_slowly(&self) -> bool {
        false
    }
}

struct HeldLock {
    inner: Arc<Inner>,
    path: String,
}

impl Drop for HeldLock {
    fn drop(&mut self) {
        self.inner.locks.lock().remove(&self.path);
    }
}

/// The lock serializes positional reads and writes. Maps read without it, below what is published.
struct MemoryFile(RwLock<Contents>);

struct Contents {
    heap: Arc<Heap>,
    len: usize,
}

impl MemoryFile {
    fn of(bytes: &[u8]) -> Self {
        let heap = Heap::zeroed(bytes.len());
        heap.write(0, bytes);
        Self(RwLock::new(Contents { heap: Arc::new(heap), len: bytes.len() }))
    }

    fn bytes(&self) -> Vec<u8> {
        let contents = self.0.read();
        let mut out = vec![0; contents.len];
        contents.heap.read(0, &mut out);
        out
    }
}

impl Contents {
    /// Moves to a larger block. Maps of the old one keep it alive; writers map after allocating, so none is outgrown.
    fn reserve(&mut self, len: usize) {
        if len > self.heap.len() {
            self.replace(len.max(self.heap.len() * 2), self.len);
        }
    }

    fn replace(&mut self, capacity: usize, keep: usize) {
        let mut kept = vec![0; keep];
        self.heap.read(0, &mut kept);
        let heap = Heap::zeroed(capacity);
        heap.write(0, &kept);
        self.heap = Arc::new(heap);
    }
}

impl StorageFile for MemoryFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.read().len as u64)
    }

    fn read_at(&self, out: &mut [u8], offset: u64) -> io::Result<usize> {
        let contents = self.0.read();
        let at = usize::try_from(offset).unwrap_or(usize::MAX);
        let count = out.len().min(contents.len.saturating_sub(at));
        Ok(contents.heap.read(at, &mut out[..count]))
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        let mut contents = self.0.write();
        let end = usize::try_from(offset).ok().and_then(|at| at.checked_add(bytes.len()));
        let end = end.filter(|end| *end <= 1 << 40).ok_or(io::ErrorKind::FileTooLarge)?;
        contents.reserve(end);
        contents.heap.write(offset as usize, bytes);
        contents.len = contents.len.max(end);
        Ok(bytes.len())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut contents = self.0.write();
        let len =
            usize::try_from(len).ok().filter(|len| *len <= 1 << 40).ok_or(io::ErrorKind::FileTooLarge)?;
        if len < contents.len {
            let mut cut = vec![0; contents.len - len];
            contents.heap.read(len, &mut cut);
            if !crate::bytes::all_zero(&cut) {
                // Somebody may still read what is cut, so those bytes stay as they are in the old block.
                let capacity = contents.heap.len();
                contents.replace(capacity, len);
            }
        }
        contents.reserve(len);
        contents.len = len;
        Ok(())
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        if self.len()? < len { self.set_len(len) } else { Ok(()) }
    }

    fn map(&self, _len: u64) -> io::Result<Option<Region>> {
        Ok(Some(Region::heap(Arc::clone(&self.0.read().heap))))
    }

    fn is_mapped(&self) -> bool {
        false // cutting moves to another block, see `set_len`
    }
}
