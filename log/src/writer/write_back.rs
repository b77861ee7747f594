//! Syncing ahead of need, in a thread.
//!
//! Why: buffered groups gather in the cache until the segment is full; syncing 64 MiB then holds the writer up for
//! tens of milliseconds. Begun every few megabytes, nearly all of it has reached the disk by then.
//! It promises nothing: durable is only what the writer's own sync says. But the system reports a failed write-back once,
//! perhaps to this thread, so its outcome is always asked for before the writer's next sync counts.

use crate::storage::StorageFile;
use std::{
    io,
    sync::Arc,
    thread::{self, JoinHandle},
};

/// Written bytes after which a sync is begun.
const BEGIN_AT_BYTES: u64 = 4 << 20;

/// A sync that goes on while the writer goes on.
pub(super) struct WriteBack {
    is_used: bool,
    unsynced: u64,
    running: Option<JoinHandle<io::Result<()>>>,
}

impl WriteBack {
    /// Without `is_used` nothing is ever begun: on storage that takes no time, and where runs have to be the same.
    pub(super) fn new(is_used: bool) -> Self {
        Self { is_used, unsynced: 0, running: None }
    }

    /// Notes that so much was written, and begins a sync if it is time to.
    ///
    /// # Errors
    /// Those of the last one, if it is over.
    pub(super) fn written(&mut self, bytes: u64, file: &Arc<dyn StorageFile>) -> io::Result<()> {
        self.unsynced += bytes;
        if !self.is_used || self.unsynced < BEGIN_AT_BYTES {
            return Ok(());
        }
        match &self.running {
            Some(running) if !running.is_finished() => return Ok(()),
            _ => self.settle()?,
        }
        let file = Arc::clone(file);
        let begun = thread::Builder::new().name("scoped-log sync".to_owned()).spawn(move || file.sync_data());
        self.running = begun.ok(); // without a thread the writer's own sync does it all
        Ok(())
    }

    /// Waits for the one that is running.
    ///
    /// # Errors
    /// Its errors: what it was to sync may be lost.
    pub(super) fn settle(&mut self) -> io::Result<()> {
        self.unsynced = 0;
        match self.running.take() {
            Some(running) => {
                running.join().unwrap_or_else(|_| Err(io::Error::other("the syncing thread is gone")))
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::Region;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Fails its first sync and, as kernels do, no later one.
    #[derive(Default)]
    struct FailsOnce(AtomicUsize);

    impl StorageFile for FailsOnce {
        fn sync_data(&self) -> io::Result<()> {
            match self.0.fetch_add(1, Ordering::Relaxed) {
                0 => Err(io::Error::other("lost")),
                _ => Ok(()),
            }
        }
        fn len(&self) -> io::Result<u64> {
            Ok(0)
        }
        fn read_at(&self, _: &mut [u8], _: u64) -> io::Result<usize> {
            Ok(0)
        }
        fn write_at(&self, bytes: &[u8], _: u64) -> io::Result<usize> {
            Ok(bytes.len())
        }
        fn set_len(&self, _: u64) -> io::Result<()> {
            Ok(())
        }
        fn allocate(&self, _: u64) -> io::Result<()> {
            Ok(())
        }
        fn map(&self, _: u64) -> io::Result<Option<Region>> {
            Ok(None)
        }
        fn is_mapped(&self) -> bool {
            false
        }
    }

    #[test]
    fn a_sync_that_failed_in_the_thread_is_an_error_of_the_writer() {
        let file: Arc<dyn StorageFile> = Arc::new(FailsOnce::default());
        let mut write_back = WriteBack::new(true);
        write_back.written(BEGIN_AT_BYTES - 1, &file).unwrap();
        assert!(write_back.running.is_none());
        write_back.written(1, &file).unwrap();
        assert!(write_back.settle().is_err());
        assert!(file.sync_data().is_ok(), "the writer's own sync would not have been told");

        let mut never = WriteBack::new(false);
        never.written(u64::MAX, &file).unwrap();
        assert!(never.running.is_none());
    }
}
