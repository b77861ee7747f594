//! The segment that is prepared ahead: where a full disk is met before anybody was promised anything.
//!
//! Shape: allocate, sync, keep the name `spare`. Coming into use: header (and taken-over records) written and synced,
//! renamed, folder synced. So a file under its final name always has a valid header.
//! A spare found lying about is removed, never trusted: an interrupted recovery may have written to it.

use crate::{
    error::{LogError, at},
    header::Header,
    layout::{HEADER_PAGE, SEGMENTS, SPARE, segment_path},
    storage::{Storage, StorageFile, write_all_at},
};
use std::{
    io,
    sync::Arc,
    thread::{self, JoinHandle},
};

/// A file of zeros with its space reserved.
pub(crate) struct Spare {
    file: Arc<dyn StorageFile>,
    capacity: u64,
}

/// Makes a spare now, in place of any that is there.
pub(crate) fn prepare(storage: &dyn Storage, capacity: u64) -> Result<Spare, LogError> {
    remove(storage)?;
    let file = storage.create(SPARE).map_err(at("creating", SPARE))?;
    let reserved = file.allocate(capacity).and_then(|()| file.sync_data());
    if let Err(error) = reserved {
        let _ = storage.remove(SPARE); // half a spare holds space that somebody may need
        return Err(LogError::io("preparing a segment as", SPARE, error));
    }
    Ok(Spare { file, capacity })
}

pub(crate) fn remove(storage: &dyn Storage) -> Result<(), LogError> {
    match storage.remove(SPARE) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(LogError::io("removing", SPARE, error)),
        _ => Ok(()),
    }
}

/// Writes the header and `records` into a spare and gives it its final name. Everything is durable when this returns.
pub(crate) fn bring_into_use(
    storage: &dyn Storage,
    spare: Spare,
    header: &Header,
    records: &[u8],
) -> Result<Arc<dyn StorageFile>, LogError> {
    let file = spare.file;
    let write = || -> io::Result<()> {
        write_all_at(&*file, &header.encode_page(), 0)?;
        write_all_at(&*file, records, HEADER_PAGE)?;
        file.sync_data()
    };
    write().map_err(at("writing a new segment to", SPARE))?;
    let path = segment_path(header.number, header.first);
    storage.rename(SPARE, &path).map_err(at("naming", &path))?;
    storage.sync_folder(SEGMENTS).map_err(at("syncing", SEGMENTS))?;
    Ok(file)
}

/// Keeps one spare ready.
pub(crate) struct Preparer {
    storage: Arc<dyn Storage>,
    in_background: bool,
    state: State,
}

enum State {
    Nothing,
    Ready(Spare),
    Working(JoinHandle<Result<Spare, LogError>>),
}

impl Preparer {
    pub(crate) fn new(storage: Arc<dyn Storage>, in_background: bool) -> Self {
        let in_background = in_background && storage.prepares_slowly();
        Self { storage, in_background, state: State::Nothing }
    }

    /// Whether threads of the writer's own are wanted.
    pub(crate) fn is_in_background(&self) -> bool {
        self.in_background
    }

    /// Begins to prepare a spare. Failing is no error yet: there may be space when it is needed.
    pub(crate) fn start(&mut self, capacity: u64) {
        self.settle();
        if matches!(&self.state, State::Ready(spare) if spare.capacity == capacity) {
            return;
        }
        self.state = State::Nothing;
        if self.in_background {
            let storage = Arc::clone(&self.storage);
            let work = move || prepare(&*storage, capacity);
            if let Ok(handle) = thread::Builder::new().name("scoped-log spare".to_owned()).spawn(work) {
                self.state = State::Working(handle);
            }
        } else if let Ok(spare) = prepare(&*self.storage, capacity) {
            self.state = State::Ready(spare);
        }
    }

    /// A spare of this capacity, now.
    pub(crate) fn take(&mut self, capacity: u64) -> Result<Spare, LogError> {
        self.settle();
        match std::mem::replace(&mut self.state, State::Nothing) {
            State::Ready(spare) if spare.capacity == capacity => Ok(spare),
            _ => prepare(&*self.storage, capacity),
        }
    }

    /// Waits for the thread, so that nobody touches the directory after the writer is gone.
    pub(crate) fn settle(&mut self) {
        if let State::Working(_) = &self.state
            && let State::Working(handle) = std::mem::replace(&mut self.state, State::Nothing)
            && let Ok(Ok(spare)) = handle.join()
        {
            self.state = State::Ready(spare);
        }
    }
}

impl Drop for Preparer {
    fn drop(&mut self) {
        self.settle();
    }
}
