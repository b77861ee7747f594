//! The one door for bytes: everything the log does to a disk goes through [`Storage`].
//!
//! Why: so that the same code runs on files, in memory, and on a disk that fails on purpose.
//! Shape: paths are relative to the log directory, `/` between folder and name. Files are read and written at
//! positions; there is no cursor. Nothing is durable before `sync_data` (bytes, length) or `sync_dir` (names).
//! Source: redb's `StorageBackend`; SQLite's VFS.

mod fs;
mod memory;

#[cfg(any(test, feature = "testing"))]
mod crash;
#[cfg(any(test, feature = "testing"))]
mod faulty;

#[cfg(any(test, feature = "testing"))]
pub use self::{
    crash::{Crash, CrashDisk},
    faulty::{Call, Chances, Faults, FaultyStorage, Trouble},
};
pub use self::{fs::FileStorage, memory::MemoryStorage};
pub use crate::map::Region;

use std::{any::Any, io, sync::Arc};

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reading only; changes nothing, not even the time of last access where that can be avoided.
    Read,
    /// Reading and writing.
    Write,
}

/// What trying to take a lock gives.
pub enum Lock {
    /// Held until this value is dropped.
    Held(Box<dyn Any + Send + Sync>),
    /// Somebody else holds it; the text is what they left for people to read.
    Busy(String),
}

/// A directory of files.
pub trait Storage: Send + Sync {
    /// Where this is, for messages.
    fn place(&self) -> String;
    /// Names of the files in a folder (`""` is the log directory itself), unsorted; empty if there is no such folder.
    fn list(&self, folder: &str) -> io::Result<Vec<String>>;
    /// Makes a folder and its parents; nothing if it is there.
    fn create_folder(&self, folder: &str) -> io::Result<()>;
    /// A new empty file, open for writing; `AlreadyExists` if the name is taken.
    fn create(&self, path: &str) -> io::Result<Arc<dyn StorageFile>>;
    /// An existing file; `NotFound` otherwise.
    fn open(&self, path: &str, access: Access) -> io::Result<Arc<dyn StorageFile>>;
    /// Gives a file another name, replacing what has it.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, path: &str) -> io::Result<()>;
    /// Makes the names in a folder durable.
    fn sync_folder(&self, folder: &str) -> io::Result<()>;
    /// Tries to hold `path` as a lock, alone in this process and among all others.
    fn try_lock(&self, path: &str) -> io::Result<Lock>;
    /// Bytes that can still be written, where that is known.
    fn free_bytes(&self) -> io::Result<Option<u64>>;
    /// Whether preparing files takes long enough to be worth a thread of its own.
    fn prepares_slowly(&self) -> bool {
        true
    }
}

/// One file.
#[expect(
    clippy::len_without_is_empty,
    reason = "a length that can fail to be read; nobody asks for emptiness"
)]
pub trait StorageFile: Send + Sync {
    /// Bytes in the file.
    fn len(&self) -> io::Result<u64>;
    /// From `offset` on, the first place that has to be read: before it, all bytes are known to be zero. The length if
    /// there is none, and `offset` itself where nothing is known.
    fn next_data(&self, offset: u64) -> io::Result<u64> {
        Ok(offset)
    }
    /// Reads at a position; fewer bytes than asked for only at the end of the file or when interrupted.
    fn read_at(&self, out: &mut [u8], offset: u64) -> io::Result<usize>;
    /// Writes at a position, perhaps fewer bytes than asked for.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize>;
    /// Makes written bytes and the length durable.
    fn sync_data(&self) -> io::Result<()>;
    /// Cuts or extends with zeros.
    fn set_len(&self, len: u64) -> io::Result<()>;
    /// Extends to `len` and reserves the space, as far as the file system can: this is where a full disk is met.
    fn allocate(&self, len: u64) -> io::Result<()>;
    /// Maps the first `len` bytes for reading, or `None` where that is not offered. The file has at least `len` bytes.
    fn map(&self, len: u64) -> io::Result<Option<Region>>;
    /// Whether somebody in this process may still read from a map of this file.
    fn is_mapped(&self) -> bool;
}

/// Writes all of it, over short writes and interruptions.
///
/// # Errors
/// What the file said; a write that takes nothing is `WriteZero`.
pub fn write_all_at(file: &dyn StorageFile, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.write_at(bytes, offset) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => {
                bytes = bytes.get(count..).unwrap_or(&[]);
                offset += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Reads until `out` is full or the file ends; says how much was read.
///
/// # Errors
/// What the file said.
pub fn read_full_at(file: &dyn StorageFile, out: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < out.len() {
        match file.read_at(&mut out[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// A whole small file, or `None` if it is not there. Reads at most `limit` bytes.
pub(crate) fn read_small(storage: &dyn Storage, path: &str, limit: usize) -> io::Result<Option<Vec<u8>>> {
    let file = match storage.open(path, Access::Read) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut out = vec![0; limit];
    let count = read_full_at(&*file, &mut out, 0)?;
    out.truncate(count);
    Ok(Some(out))
}

/// Bytes of a file from `offset`, at most `limit`.
pub(crate) fn read_range(file: &dyn StorageFile, offset: u64, limit: u64) -> io::Result<Vec<u8>> {
    let mut out = vec![0; file.len()?.saturating_sub(offset).min(limit) as usize];
    let count = read_full_at(file, &mut out, offset)?;
    out.truncate(count);
    Ok(out)
}
