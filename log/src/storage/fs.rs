//! Files in a directory.

use super::{Access, Lock, Region, Storage, StorageFile};
use crate::map;
use parking_lot::Mutex;
use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// A log directory on a file system.
#[derive(Clone, Debug)]
pub struct FileStorage {
    directory: PathBuf,
    private: bool,
}

impl FileStorage {
    /// The directory need not exist yet; creating a log makes it.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into(), private: false }
    }

    /// The same, for files that nobody but their owner may read, where the system knows of owners.
    #[must_use]
    pub fn private(mut self) -> Self {
        self.private = true;
        self
    }

    /// How new files are opened.
    fn making(&self) -> OpenOptions {
        let mut options = OpenOptions::new();
        options.read(true).write(true);
        #[cfg(unix)]
        if self.private {
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        }
        options
    }

    /// The directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    fn path(&self, path: &str) -> PathBuf {
        if path.is_empty() { self.directory.clone() } else { self.directory.join(path) }
    }
}

/// Directories this process has locked: file locks need not be seen by the process that holds them.
static LOCKED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

struct HeldLock {
    _file: File,
    entry: PathBuf,
}

impl Drop for HeldLock {
    fn drop(&mut self) {
        // Closing is not enough: a child that another thread is just starting has a copy of the open file until it execs,
        // and the lock would outlive its holder by that.
        let _ = self._file.unlock();
        LOCKED.lock().remove(&self.entry);
    }
}

impl Storage for FileStorage {
    fn place(&self) -> String {
        self.directory.display().to_string()
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(self.path(folder)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry?;
            if entry.file_type()?.is_file()
                && let Ok(name) = entry.file_name().into_string()
            {
                names.push(name);
            }
        }
        Ok(names)
    }

    fn create_folder(&self, folder: &str) -> io::Result<()> {
        let path = self.path(folder);
        if path.is_dir() {
            return Ok(());
        }
        let mut maker = fs::DirBuilder::new();
        maker.recursive(true);
        #[cfg(unix)]
        if self.private {
            std::os::unix::fs::DirBuilderExt::mode(&mut maker, 0o700);
        }
        maker.create(&path)?;
        // The new name stands in the parent; without this a crash may lose the whole directory.
        match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => sync_directory(parent),
            _ => Ok(()),
        }
    }

    fn create(&self, path: &str) -> io::Result<Arc<dyn StorageFile>> {
        let file = self.making().create_new(true).open(self.path(path))?;
        Ok(Arc::new(DiskFile(file)))
    }

    fn open(&self, path: &str, access: Access) -> io::Result<Arc<dyn StorageFile>> {
        let path = self.path(path);
        let file = match access {
            Access::Write => OpenOptions::new().read(true).write(true).open(path)?,
            Access::Read => open_quietly(&path)?,
        };
        Ok(Arc::new(DiskFile(file)))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path(from), self.path(to))
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        fs::remove_file(self.path(path))
    }

    fn sync_folder(&self, folder: &str) -> io::Result<()> {
        sync_directory(&self.path(folder))
    }

    fn try_lock(&self, path: &str) -> io::Result<Lock> {
        let path = self.path(path);
        let file = self.making().create(true).truncate(false).open(&path)?;
        let entry = path.canonicalize()?;
        let busy = || Ok(Lock::Busy(fs::read_to_string(&path).unwrap_or_default().trim().to_owned()));
        if !LOCKED.lock().insert(entry.clone()) {
            return busy();
        }
        let held = HeldLock { _file: file, entry };
        match held._file.try_lock() {
            Ok(()) => {
                // For people only: nothing ever decides by these bytes, so a failure here is none.
                let _ = fs::write(&path, format!("pid {} on {}\n", std::process::id(), host()));
                Ok(Lock::Held(Box::new(held)))
            }
            Err(TryLockError::WouldBlock) => busy(),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn free_bytes(&self) -> io::Result<Option<u64>> {
        #[cfg(unix)]
        {
            let found = rustix::fs::statvfs(&self.directory)?;
            Ok(Some(found.f_bavail.saturating_mul(found.f_frsize)))
        }
        #[cfg(not(unix))]
        Ok(None)
    }
}

fn host() -> String {
    fs::read_to_string("/proc/sys/kernel/hostname")
        .map_or_else(|_| "this machine".to_owned(), |name| name.trim().to_owned())
}

/// Opens for reading and, where the system allows it, without touching the time of last access.
fn open_quietly(path: &Path) -> io::Result<File> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;
        let quiet = OpenOptions::new().read(true).custom_flags(OFlags::NOATIME.bits() as i32).open(path);
        match quiet {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {} // not the owner of the file
            other => return other,
        }
    }
    File::open(path)
}

/// Windows offers no way to sync a directory; its journal orders names by itself.
fn sync_directory(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(path)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

struct DiskFile(File);

impl StorageFile for DiskFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    /// What was prepared and never written is a hole to the file system: reading it would cost as much as data. The
    /// cursor, which this moves, is used by nobody.
    #[cfg(target_os = "linux")]
    fn next_data(&self, offset: u64) -> io::Result<u64> {
        use rustix::{fs::SeekFrom, io::Errno};
        match rustix::fs::seek(&self.0, SeekFrom::Data(offset)) {
            Ok(data) => Ok(data),
            Err(Errno::NXIO) => self.len(), // no data behind this place
            Err(_) => Ok(offset),           // a file system that does not say
        }
    }

    fn read_at(&self, out: &mut [u8], offset: u64) -> io::Result<usize> {
        #[cfg(unix)]
        return std::os::unix::fs::FileExt::read_at(&self.0, out, offset);
        #[cfg(windows)]
        return std::os::windows::fs::FileExt::seek_read(&self.0, out, offset);
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        #[cfg(unix)]
        return std::os::unix::fs::FileExt::write_at(&self.0, bytes, offset);
        #[cfg(windows)]
        return std::os::windows::fs::FileExt::seek_write(&self.0, bytes, offset);
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        if self.len()? >= len {
            return Ok(());
        }
        #[cfg(unix)]
        match rustix::fs::fallocate(&self.0, rustix::fs::FallocateFlags::empty(), 0, len) {
            Ok(()) => return Ok(()),
            Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {}
            Err(error) => return Err(error.into()),
        }
        self.0.set_len(len)
    }

    fn map(&self, len: u64) -> io::Result<Option<Region>> {
        if len == 0 || usize::try_from(len).is_err() {
            return Ok(None);
        }
        Region::map(&self.0, len as usize).map(Some)
    }

    fn is_mapped(&self) -> bool {
        map::is_mapped(&self.0)
    }
}
