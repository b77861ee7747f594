//! Bytes that readers borrow: a read-only file map, or a block of the heap. The only file with `unsafe`, but for `hint.rs`.
//!
//! Why: a record is then a slice, with no copy and no lock. A writable map is out: a full disk would be a signal
//! and a stray pointer would edit history.
//!
//! The argument on which every `unsafe` block here rests:
//! INVARIANT (published bytes are frozen): a slice is only ever made of bytes below `published`, and no code of this
//! crate writes below it. Appends go through `pwrite` to the file (or through [`Heap::write`]) at offsets at or above
//! it; [`Region::publish`] comes after the write.
//! INVARIANT (published bytes exist): a file is never cut below `published` while a map of it lives. Closing and sealing
//! cut prepared zeros above it; recovery asks [`is_mapped`] and replaces the file by rename instead.
//! What this cannot rule out: another program that edits or cuts the files. So it is with every file map.
#![expect(unsafe_code, reason = "maps files and lends bytes from them; the argument stands above")]

use memmap2::{MmapOptions, MmapRaw};
use parking_lot::Mutex;
use std::{
    alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error},
    collections::HashMap,
    fs::File,
    io,
    ops::Range,
    ptr::NonNull,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Bytes of one file, of which the published beginning may be borrowed.
pub struct Region {
    owner: Owner,
    published: AtomicUsize,
}

enum Owner {
    Mapped { map: MmapRaw, _entry: MapEntry },
    Heap(Arc<Heap>),
}

impl Region {
    /// Maps the first `len` bytes of a file for reading. Nothing is published yet.
    ///
    /// # Errors
    /// Whatever the operating system says; also if the file is shorter than `len`.
    pub(crate) fn map(file: &File, len: usize) -> io::Result<Self> {
        if file.metadata()?.len() < len as u64 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "file is shorter than its map"));
        }
        let entry = MapEntry::new(file)?;
        let map = MmapOptions::new().len(len).map_raw_read_only(file)?;
        Ok(Self { owner: Owner::Mapped { map, _entry: entry }, published: AtomicUsize::new(0) })
    }

    pub(crate) fn heap(heap: Arc<Heap>) -> Self {
        Self { owner: Owner::Heap(heap), published: AtomicUsize::new(0) }
    }

    fn len(&self) -> usize {
        match &self.owner {
            Owner::Mapped { map, .. } => map.len(),
            Owner::Heap(heap) => heap.len,
        }
    }

    fn base(&self) -> *const u8 {
        match &self.owner {
            Owner::Mapped { map, .. } => map.as_ptr(),
            Owner::Heap(heap) => heap.base.as_ptr(),
        }
    }

    /// Lets readers borrow the bytes before `end`. The caller promises that they are written and will never be
    /// written or cut again; it never goes back.
    pub(crate) fn publish(&self, end: u64) {
        self.published.fetch_max(self.len().min(end as usize), Ordering::Release);
    }

    /// The published bytes in `range`, or nothing if any of them is not published.
    #[inline]
    pub(crate) fn get(&self, range: Range<usize>) -> Option<&[u8]> {
        if range.start > range.end || range.end > self.published.load(Ordering::Acquire) {
            return None;
        }
        // SAFETY: the range lies below `published`, hence inside the map or block, which lives as long as `self`;
        // (published bytes are frozen) and (published bytes exist) make them readable and unchanging.
        Some(unsafe { std::slice::from_raw_parts(self.base().add(range.start), range.end - range.start) })
    }

    /// All published bytes.
    pub(crate) fn published(&self) -> &[u8] {
        self.get(0..self.published.load(Ordering::Acquire)).unwrap_or(&[])
    }
}

/// Files of this process that are mapped now, by device and inode, counted.
static MAPPED: Mutex<Option<HashMap<(u64, u64), usize>>> = Mutex::new(None);

struct MapEntry((u64, u64));

impl MapEntry {
    fn new(file: &File) -> io::Result<Self> {
        let id = identity(file)?;
        *MAPPED.lock().get_or_insert_default().entry(id).or_default() += 1;
        Ok(Self(id))
    }
}

impl Drop for MapEntry {
    fn drop(&mut self) {
        if let Some(table) = MAPPED.lock().as_mut()
            && let Some(count) = table.get_mut(&self.0)
        {
            *count -= 1;
            if *count == 0 {
                table.remove(&self.0);
            }
        }
    }
}

/// Whether a map of this file lives in this process, so that it must not be cut below what was published.
pub(crate) fn is_mapped(file: &File) -> bool {
    identity(file).is_ok_and(|id| MAPPED.lock().as_ref().is_some_and(|table| table.contains_key(&id)))
}

#[cfg(unix)]
fn identity(file: &File) -> io::Result<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let found = file.metadata()?;
    Ok((found.dev(), found.ino()))
}

/// Without inode numbers every file counts as mapped, which costs a copy in a rare case and is never wrong.
#[cfg(not(unix))]
fn identity(_file: &File) -> io::Result<(u64, u64)> {
    Ok((0, 0))
}

/// A zeroed block of the heap that one writer fills while readers borrow what is published of it.
pub(crate) struct Heap {
    base: NonNull<u8>,
    len: usize,
}

// SAFETY: the block is plain bytes owned by this value. Writers are serialized by the lock of the memory file and write
// only at or above what is published; readers read below it, or under that lock.
unsafe impl Send for Heap {}
// SAFETY: as above.
unsafe impl Sync for Heap {}

impl Heap {
    /// `len` zero bytes; large ones cost nothing until they are touched.
    pub(crate) fn zeroed(len: usize) -> Self {
        let len = len.max(1);
        let Ok(layout) = Layout::array::<u8>(len) else { handle_alloc_error(Layout::new::<u8>()) };
        // SAFETY: the layout has at least one byte.
        let base = unsafe { alloc_zeroed(layout) };
        let Some(base) = NonNull::new(base) else { handle_alloc_error(layout) };
        Self { base, len }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Copies `bytes` to `at`; what does not fit is left out. Caller: holds the write lock of the file, and writes at
    /// or above what is published.
    pub(crate) fn write(&self, at: usize, bytes: &[u8]) {
        let count = bytes.len().min(self.len.saturating_sub(at));
        if count > 0 {
            // SAFETY: the destination lies inside the block; the source is a borrow of other memory; nobody reads
            // these bytes meanwhile (the caller's promise).
            unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.base.as_ptr().add(at), count) };
        }
    }

    /// Copies bytes from `at` into `out`, as many as there are. Caller: holds the lock of the file.
    pub(crate) fn read(&self, at: usize, out: &mut [u8]) -> usize {
        let count = out.len().min(self.len.saturating_sub(at));
        if count > 0 {
            // SAFETY: the source lies inside the block, the destination is an exclusive borrow, and the lock keeps
            // writers away.
            unsafe { std::ptr::copy_nonoverlapping(self.base.as_ptr().add(at), out.as_mut_ptr(), count) };
        }
        count
    }
}

impl Drop for Heap {
    fn drop(&mut self) {
        if let Ok(layout) = Layout::array::<u8>(self.len) {
            // SAFETY: allocated in `zeroed` with this very layout.
            unsafe { dealloc(self.base.as_ptr(), layout) };
        }
    }
}
