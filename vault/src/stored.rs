//! The key store on any storage: files, or memory.
//!
//! ```text
//! LOCK                 held by the one writer
//! STORE                which log it holds keys for
//! subjects/HEX.key     one file a subject, 128 bytes
//!
//!   0 [8]  SCOPEKEY             8 u8 format, 1      9 u8 1: key, 2: erased     10 zero
//!  16 u128 subject             32 [16] key-encryption key    48 [24] nonce    72 [48] wrapped key
//! 120 [8]  first bytes of the BLAKE3 of all before
//! ```
//!
//! A new or rewrapped key is written beside its place, synced, renamed, and the folder synced. An erased one is overwritten where it lies, and
//! synced: 128 bytes of one sector. What copies of it a file system that never writes in place, or a flash disk, still holds is wrapped:
//! a rotation to a new key-encryption key, and the end of the old one, takes these as well.
//! Errors: a file that does not verify is `InvalidData`; erasing it is possible all the same.
//! INVARIANT (seen is durable): no key is shown whose name the power could still take, since what is sealed under it next would be lost with
//! it. So whoever holds the store syncs its folders first: a crash may have left a name that is seen and not durable. After a name that
//! could not be synced no key is shown until the store is held anew: a second sync proves nothing.

use crate::store::{Guard, Held, KeyStore, WRAPPED_BYTES, Wrapped};
use parking_lot::Mutex;
use scoped_log::storage::{read_full_at, write_all_at};
use scoped_log::{Access, FileStorage, Lock, MemoryStorage, Storage};
use std::io;
use std::path::Path;
use std::sync::Arc;

const FOLDER: &str = "subjects";
const STORE: &str = "STORE";
const KEY_MAGIC: &[u8; 8] = b"SCOPEKEY";
const STORE_MAGIC: &[u8; 8] = b"SCOPEVLT";
const FORMAT: u8 = 1;
const KEY: u8 = 1;
const ERASED: u8 = 2;
const FILE_BYTES: usize = 128;
const SUMMED: usize = FILE_BYTES - 8;
const STORE_BYTES: usize = 32;

/// Wrapped keys in the files of a storage.
#[derive(Clone)]
pub struct StoredKeys {
    storage: Arc<dyn Storage>,
    /// A name may be seen that is not durable.
    unsure: Arc<Mutex<bool>>,
}

impl StoredKeys {
    /// In a directory: files that only their owner may read.
    pub fn directory(path: impl AsRef<Path>) -> Self {
        Self::on(Arc::new(FileStorage::new(path.as_ref()).private()))
    }
    /// In memory: for tests, and for whoever keeps the keys elsewhere.
    #[must_use]
    pub fn memory() -> Self {
        Self::on(Arc::new(MemoryStorage::new()))
    }
    /// On a storage of your own.
    #[must_use]
    pub fn on(storage: Arc<dyn Storage>) -> Self {
        Self { storage, unsure: Arc::default() }
    }

    fn sure(&self) -> io::Result<()> {
        // A write that is under way is waited for: between its name and the sync of the name nobody can say.
        match *self.unsure.lock() {
            true => Err(io::Error::other("a write to it failed: close the log, and open it again")),
            false => Ok(()),
        }
    }

    fn read(&self, path: &str, bytes: usize) -> io::Result<Option<Vec<u8>>> {
        let file = match self.storage.open(path, Access::Read) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            found => found?,
        };
        let mut out = vec![0; bytes + 1];
        let filled = read_full_at(&*file, &mut out, 0)?;
        out.truncate(filled);
        Ok(Some(out))
    }

    /// Whole or not at all, and durable.
    fn write(&self, folder: &str, name: &str, bytes: &[u8]) -> io::Result<()> {
        let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        let beside = format!("{path}.tmp");
        match self.storage.remove(&beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let file = self.storage.create(&beside)?;
        write_all_at(&*file, bytes, 0)?;
        file.sync_data()?;
        let mut unsure = self.unsure.lock();
        let before = std::mem::replace(&mut *unsure, true);
        self.storage.rename(&beside, &path)?;
        self.storage.sync_folder(folder)?;
        *unsure = before;
        Ok(())
    }
}

fn name(subject: u128) -> String {
    format!("{subject:032x}.key")
}
fn path(subject: u128) -> String {
    format!("{FOLDER}/{}", name(subject))
}

fn altered(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("`{what}` is no file of a key store, or was altered"))
}

fn sum(bytes: &[u8]) -> [u8; 8] {
    let mut sum = [0; 8];
    sum.copy_from_slice(&blake3::hash(bytes).as_bytes()[..8]);
    sum
}

fn encode(subject: u128, held: &Held) -> [u8; FILE_BYTES] {
    let mut out = [0; FILE_BYTES];
    out[..8].copy_from_slice(KEY_MAGIC);
    out[8] = FORMAT;
    out[16..32].copy_from_slice(&subject.to_le_bytes());
    match held {
        Held::Erased => out[9] = ERASED,
        Held::Key(Wrapped { kek, nonce, bytes }) => {
            out[9] = KEY;
            out[32..48].copy_from_slice(kek);
            out[48..72].copy_from_slice(nonce);
            out[72..SUMMED].copy_from_slice(bytes);
        }
    }
    let digest = sum(&out[..SUMMED]);
    out[SUMMED..].copy_from_slice(&digest);
    out
}

fn decode(subject: u128, bytes: &[u8]) -> Option<Held> {
    let bytes: &[u8; FILE_BYTES] = bytes.try_into().ok()?;
    let well = bytes[..8] == *KEY_MAGIC
        && bytes[8] == FORMAT
        && bytes[16..32] == subject.to_le_bytes()
        && bytes[SUMMED..] == sum(&bytes[..SUMMED]);
    match bytes[9] {
        KEY if well => {
            let mut wrapped = Wrapped { kek: [0; 16], nonce: [0; 24], bytes: [0; WRAPPED_BYTES] };
            wrapped.kek.copy_from_slice(&bytes[32..48]);
            wrapped.nonce.copy_from_slice(&bytes[48..72]);
            wrapped.bytes.copy_from_slice(&bytes[72..SUMMED]);
            Some(Held::Key(wrapped))
        }
        ERASED if well => Some(Held::Erased),
        _ => None,
    }
}

impl KeyStore for StoredKeys {
    fn log(&self) -> io::Result<Option<u128>> {
        let Some(bytes) = self.read(STORE, STORE_BYTES)? else { return Ok(None) };
        let well = bytes.len() == STORE_BYTES && bytes[..8] == *STORE_MAGIC && bytes[8] == FORMAT;
        let log = bytes.get(16..32).and_then(|log| log.try_into().ok()).map(u128::from_le_bytes);
        log.filter(|_| well).map(Some).ok_or_else(|| altered(STORE))
    }

    fn hold(&self, log: Option<u128>) -> io::Result<Guard> {
        self.storage.create_folder("")?;
        self.storage.create_folder(FOLDER)?;
        let guard = match self.storage.try_lock("LOCK")? {
            Lock::Held(guard) => guard,
            Lock::Busy(who) => return Err(io::Error::new(io::ErrorKind::WouldBlock, who)),
        };
        self.storage.sync_folder(FOLDER)?;
        self.storage.sync_folder("")?;
        *self.unsure.lock() = false;
        if let Some(log) = log.filter(|_| matches!(self.log(), Ok(None))) {
            let mut bytes = [0; STORE_BYTES];
            bytes[..8].copy_from_slice(STORE_MAGIC);
            bytes[8] = FORMAT;
            bytes[16..32].copy_from_slice(&log.to_le_bytes());
            self.write("", STORE, &bytes)?;
        }
        Ok(guard)
    }

    fn get(&self, subject: u128) -> io::Result<Option<Held>> {
        self.sure()?;
        let Some(bytes) = self.read(&path(subject), FILE_BYTES)? else { return Ok(None) };
        decode(subject, &bytes).map(Some).ok_or_else(|| altered(&path(subject)))
    }

    fn add(&self, subject: u128, key: &Wrapped) -> io::Result<bool> {
        self.sure()?;
        if self.read(&path(subject), FILE_BYTES)?.is_some() {
            return Ok(false);
        }
        self.write(FOLDER, &name(subject), &encode(subject, &Held::Key(key.clone())))?;
        Ok(true)
    }

    fn replace(&self, subject: u128, key: &Wrapped) -> io::Result<bool> {
        if !matches!(self.get(subject)?, Some(Held::Key(_))) {
            return Ok(false);
        }
        self.write(FOLDER, &name(subject), &encode(subject, &Held::Key(key.clone())))?;
        Ok(true)
    }

    fn erase(&self, subject: u128) -> io::Result<()> {
        let bytes = encode(subject, &Held::Erased);
        // What a crash left beside it is a wrapped key as well.
        match self.storage.remove(&format!("{}.tmp", path(subject))) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        match self.storage.open(&path(subject), Access::Write) {
            Ok(file) => {
                write_all_at(&*file, &bytes, 0)?;
                file.set_len(FILE_BYTES as u64)?;
                file.sync_data()?;
                self.storage.sync_folder(FOLDER)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.write(FOLDER, &name(subject), &bytes)
            }
            Err(error) => Err(error),
        }
    }

    fn subjects(&self) -> io::Result<Vec<u128>> {
        let names = self.storage.list(FOLDER)?;
        let subject = |name: &String| {
            let digits = name.strip_suffix(".key").filter(|digits| digits.len() == 32)?;
            u128::from_str_radix(digits, 16).ok()
        };
        let mut found: Vec<u128> = names.iter().filter_map(subject).collect();
        found.sort_unstable();
        Ok(found)
    }
}
