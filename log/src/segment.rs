//! One segment as readers see it: a source of bytes and an index, both made when first needed.

use crate::{
    bytes::align_up,
    error::{LogError, at},
    footer::Footer,
    header::Header,
    hint::prefetch,
    index::Index,
    layout::{HEADER_PAGE, segment_path},
    record::{CLASS_EVENT, HEADER_BYTES, Record, View},
    scan::{Budget, seek},
    sequence::Sequence,
    storage::{Access, Region, Storage, StorageFile, read_full_at, read_range},
};
use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU64, Ordering},
};

/// Bytes of an event that are asked for early: its header, and where its body ends and its payload begins.
const EXPECTED_BYTES: usize = 192;

pub(crate) enum Source {
    Mapped(Region),
    File(Arc<dyn StorageFile>),
}

/// A segment file, shared by the writer and all readers.
pub(crate) struct Segment {
    pub(crate) header: Header,
    pub(crate) path: String,
    storage: Arc<dyn Storage>,
    source: OnceLock<Source>,
    index: OnceLock<Index>,
    footer: OnceLock<Footer>,
    /// Bytes that may be read: the end of the last published record.
    end: AtomicU64,
    use_map: bool,
    /// The writer adds to it and notes no places, see [`Options::index`](crate::Options::index).
    unnoted: bool,
}

impl Segment {
    /// The open segment, already mapped and indexed (or not) by the writer.
    pub(crate) fn open(
        storage: Arc<dyn Storage>,
        header: Header,
        source: Source,
        index: Option<Index>,
        end: u64,
    ) -> Self {
        let unnoted = index.is_none();
        let segment = Self { unnoted, ..Self::unread(storage, header, end, true) };
        if let Source::Mapped(region) = &source {
            region.publish(end);
        }
        let _ = segment.source.set(source);
        if let Some(index) = index {
            let _ = segment.index.set(index);
        }
        segment
    }

    /// A sealed segment.
    pub(crate) fn sealed(storage: Arc<dyn Storage>, header: Header, footer: Footer, use_map: bool) -> Self {
        let segment = Self::unread(storage, header, footer.used, use_map);
        let _ = segment.footer.set(footer);
        segment
    }

    /// A segment of which the bytes before `end` may be read.
    pub(crate) fn unread(storage: Arc<dyn Storage>, header: Header, end: u64, use_map: bool) -> Self {
        Self {
            path: segment_path(header.number, header.first),
            header,
            storage,
            source: OnceLock::new(),
            index: OnceLock::new(),
            footer: OnceLock::new(),
            end: AtomicU64::new(end),
            use_map,
            unnoted: false,
        }
    }

    pub(crate) fn number(&self) -> u64 {
        self.header.number
    }

    pub(crate) fn footer(&self) -> Option<&Footer> {
        self.footer.get()
    }

    pub(crate) fn end(&self) -> u64 {
        self.end.load(Ordering::Acquire)
    }

    /// The writer, at a commit: these events lie here, and everything before `end` may be read.
    pub(crate) fn publish(&self, first: u64, offsets: &[u32], end: u64) {
        if let Some(index) = self.index.get() {
            for (nth, units) in (first - self.header.first..).zip(offsets) {
                index.set(nth, u64::from(*units) * crate::layout::RECORD_ALIGN);
            }
        }
        if let Some(Source::Mapped(region)) = self.source.get() {
            region.publish(end);
        }
        self.end.fetch_max(end, Ordering::Release);
    }

    /// The writer, when it has sealed the segment.
    pub(crate) fn seal(&self, footer: Footer) {
        self.publish(self.header.first, &[], footer.used);
        let _ = self.footer.set(footer);
    }

    fn source(&self) -> Result<&Source, LogError> {
        if let Some(source) = self.source.get() {
            return Ok(source);
        }
        let file = self.storage.open(&self.path, Access::Read).map_err(at("opening", &self.path))?;
        let end = self.end();
        let long_enough = file.len().map_err(at("measuring", &self.path))? >= end;
        let region = if self.use_map && long_enough {
            file.map(end).map_err(at("mapping", &self.path))?
        } else {
            None
        };
        let source = match region {
            Some(region) => {
                region.publish(end);
                Source::Mapped(region)
            }
            None => Source::File(file),
        };
        Ok(self.source.get_or_init(|| source))
    }

    /// Borrows mapped bytes. Only for places that have been checked.
    #[inline]
    pub(crate) fn lend(&self, offset: u64, len: usize) -> Option<&[u8]> {
        match self.source.get()? {
            Source::Mapped(region) => region.get(offset as usize..offset as usize + len),
            Source::File(_) => None,
        }
    }

    /// Calls `with` on all readable bytes.
    fn with_bytes<T>(&self, with: impl FnOnce(&[u8]) -> T) -> Result<T, LogError> {
        match self.source()? {
            Source::Mapped(region) => Ok(with(region.published())),
            Source::File(file) => {
                let bytes = read_range(&**file, 0, self.end()).map_err(at("reading", &self.path))?;
                Ok(with(&bytes))
            }
        }
    }

    fn index(&self) -> Result<&Index, LogError> {
        if let Some(index) = self.index.get() {
            return Ok(index);
        }
        let index = self.with_bytes(|bytes| build_index(bytes, &self.header))?;
        Ok(self.index.get_or_init(|| index))
    }

    /// Where an event of this segment lies. `Ok(None)`: it should be here and is not.
    pub(crate) fn locate(&self, sequence: u64) -> Result<Option<u64>, LogError> {
        match sequence.checked_sub(self.header.first) {
            // What is noted now would say nothing about what is written next.
            Some(nth) if self.unnoted && self.footer.get().is_none() => {
                self.with_bytes(|bytes| build_index(bytes, &self.header).get(nth))
            }
            Some(nth) => Ok(self.index()?.get(nth)),
            None => Ok(None),
        }
    }

    pub(crate) fn has_index(&self) -> bool {
        self.index.get().is_some()
    }

    /// Asks for the first lines of an event, where the index is there and its bytes are mapped.
    #[inline]
    pub(crate) fn expect(&self, sequence: u64) {
        let nth = sequence.checked_sub(self.header.first);
        let offset = self.index.get().zip(nth).and_then(|(index, nth)| index.get(nth));
        if let Some(record) = offset.and_then(|offset| self.lend(offset, EXPECTED_BYTES)) {
            (0..EXPECTED_BYTES).step_by(64).for_each(|at| prefetch(record, at));
        }
    }

    /// An event by its sequence. Its checksum was verified when the index was built.
    #[inline]
    pub(crate) fn get(self: &Arc<Self>, sequence: u64) -> Result<Record, LogError> {
        let Some(offset) = self.locate(sequence)? else { return Err(self.missing(sequence)) };
        match self.source()? {
            Source::Mapped(region) => {
                let at = offset as usize;
                let found = region.get(at..at + 128).map(record_len);
                match found.and_then(|len| Some((len, region.get(at..at + len)?))) {
                    Some((len, _)) => Ok(Record::lent(Arc::clone(self), offset, len)),
                    None => Err(self.missing(sequence)),
                }
            }
            Source::File(_) => self.read(offset, sequence),
        }
    }

    /// Reads one record by position and verifies it.
    pub(crate) fn read(self: &Arc<Self>, offset: u64, sequence: u64) -> Result<Record, LogError> {
        let Source::File(file) = self.source()? else { return Err(self.missing(sequence)) };
        let mut head = [0; 128];
        let doing = || at("reading", &self.path);
        let got = read_full_at(&**file, &mut head, offset).map_err(doing())?;
        let bad = |why: String| LogError::damaged(&*self.path, offset, Some(Sequence::new(sequence)), why);
        let left = self.end().saturating_sub(offset);
        let len = record_len(&head) as u64;
        if got < head.len() || len > left {
            return Err(bad("record does not fit into its segment".to_owned()));
        }
        let mut bytes = vec![0; len as usize];
        let got = read_full_at(&**file, &mut bytes, offset).map_err(doing())?;
        let view = View::check(&bytes[..got], self.header.salt).map_err(|why| bad(why.to_string()))?;
        if view.class() != CLASS_EVENT || view.sequence() != sequence {
            return Err(bad("another record stands here".to_owned()));
        }
        Ok(Record::owned(Arc::clone(self), offset, bytes.into()))
    }

    /// The record at `offset` of a walk, its checksum verified. `None` at the readable end.
    pub(crate) fn walk(
        self: &Arc<Self>,
        offset: u64,
        expected: u64,
        window: &mut Window,
    ) -> Result<Step, LogError> {
        let bad = |why: String| LogError::damaged(&*self.path, offset, Some(Sequence::new(expected)), why);
        let end = self.end();
        let bytes = match self.source()? {
            Source::Mapped(region) => {
                let published = region.published();
                published.get(offset as usize..published.len().min(end as usize)).unwrap_or(&[])
            }
            Source::File(file) => window.at(&**file, offset, end).map_err(at("reading", &self.path))?,
        };
        let view = View::check(bytes, self.header.salt).map_err(|why| bad(why.to_string()))?;
        let len = view.len();
        let next = offset + len as u64;
        let next =
            if view.is_group_end() { align_up(next, u64::from(self.header.group_align)) } else { next };
        if view.class() != CLASS_EVENT {
            return Ok(Step::Control { next });
        }
        if view.sequence() != expected {
            return Err(bad(format!("event #{} stands here", view.sequence())));
        }
        let record = match self.source()? {
            Source::Mapped(_) => Record::lent(Arc::clone(self), offset, len),
            Source::File(_) => Record::owned(Arc::clone(self), offset, view.bytes().into()),
        };
        Ok(Step::Event { record, next })
    }

    pub(crate) fn missing(&self, sequence: u64) -> LogError {
        let detail = "no valid record for this event in its segment";
        LogError::damaged(&*self.path, HEADER_PAGE, Some(Sequence::new(sequence)), detail)
    }
}

/// One step of a walk.
pub(crate) enum Step {
    Event { record: Record, next: u64 },
    Control { next: u64 },
}

/// A piece of a file kept while walking by positional reads.
#[derive(Default)]
pub(crate) struct Window {
    start: u64,
    bytes: Vec<u8>,
}

const WINDOW_BYTES: u64 = 1 << 20;

impl Window {
    /// Bytes from `offset`, holding at least the whole record there if it has one that fits before `end`.
    fn at(&mut self, file: &dyn StorageFile, offset: u64, end: u64) -> std::io::Result<&[u8]> {
        let held = |window: &Self| {
            let from = offset.checked_sub(window.start)? as usize;
            let rest = window.bytes.get(from..)?;
            let whole = rest.len() >= 128 && rest.len() >= record_len(rest);
            whole.then_some(from)
        };
        let mut size = WINDOW_BYTES;
        loop {
            if let Some(from) = held(self) {
                return Ok(&self.bytes[from..]);
            }
            let room = end.saturating_sub(offset);
            let before = self.bytes.len();
            self.start = offset;
            self.bytes = read_range(file, offset, room.min(size))?;
            let all = self.bytes.len() as u64 >= room || self.bytes.len() as u64 != size;
            if held(self).is_none() && (all || size > (32 << 20) || before > usize::MAX / 2) {
                return Ok(&self.bytes);
            }
            size = 32 << 20; // a record is at most 16 MiB and a little
        }
    }
}

/// Stored length by the two length fields, not yet believed.
fn record_len(head: &[u8]) -> usize {
    let (body, payload) = (crate::bytes::u32_at(head, 16), crate::bytes::u32_at(head, 20));
    align_up(128 + u64::from(body) + u64::from(payload), 32) as usize
}

/// Walks a segment and notes where each valid event lies. Behind a place that does not verify it looks for the next
/// valid record on the grid, so that damage costs only the records it hit.
fn build_index(bytes: &[u8], header: &Header) -> Index {
    let index = Index::with_room(bytes.len() as u64 / HEADER_BYTES as u64 + 1);
    let mut budget = Budget::for_file(bytes.len());
    let (mut at, mut expected) = (HEADER_PAGE, header.first);
    while let Some(rest) = bytes.get(at as usize..).filter(|rest| rest.len() >= HEADER_BYTES) {
        let Ok(view) = View::check(rest, header.salt) else {
            match seek(bytes, at + 32, header.salt, &mut budget) {
                Some(next) => at = next,
                None => break,
            }
            continue;
        };
        if view.class() == CLASS_EVENT && view.sequence() >= expected {
            index.set(view.sequence() - header.first, at);
            expected = view.sequence() + 1;
        }
        at += view.len() as u64;
        if view.is_group_end() {
            at = align_up(at, u64::from(header.group_align));
        }
    }
    index
}
