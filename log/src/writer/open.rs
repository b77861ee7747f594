//! The segment being appended to.

use super::hashed::RunningHash;
use crate::{
    error::{LogError, at},
    header::Header,
    index::Index,
    layout::HEADER_PAGE,
    options::Options,
    record::HEADER_BYTES,
    segment::{Segment, Source},
    storage::{Storage, StorageFile},
    tally::Tally,
};
use std::sync::Arc;

/// The segment being appended to.
pub(crate) struct OpenSegment {
    pub(crate) segment: Arc<Segment>,
    pub(crate) file: Arc<dyn StorageFile>,
    /// Where the next group goes: a group boundary.
    pub(crate) offset: u64,
    pub(crate) tally: Tally,
    /// Of what was in it when it was opened, until the writer takes it over.
    pub(crate) hashed: RunningHash,
}

impl OpenSegment {
    /// A segment just brought into use, with `records` in it already (whole groups).
    pub(crate) fn new(
        storage: &Arc<dyn Storage>,
        options: &Options,
        header: Header,
        file: Arc<dyn StorageFile>,
        records: &[u8],
    ) -> Result<Self, LogError> {
        let mut hashed = RunningHash::new();
        hashed.update(&header.encode_page());
        hashed.update(records);
        let offset = HEADER_PAGE + records.len() as u64;
        Self::resume(storage, options, header, file, offset, Tally::default(), hashed, &[])
    }

    /// A segment that goes on at `offset`.
    #[expect(clippy::too_many_arguments, reason = "one caller each for a new and a continued segment")]
    pub(crate) fn resume(
        storage: &Arc<dyn Storage>,
        options: &Options,
        header: Header,
        file: Arc<dyn StorageFile>,
        offset: u64,
        tally: Tally,
        hashed: RunningHash,
        offsets: &[u32],
    ) -> Result<Self, LogError> {
        let path = crate::layout::segment_path(header.number, header.first);
        file.allocate(header.capacity).map_err(at("extending", &path))?;
        let map = if options.map { file.map(header.capacity).map_err(at("mapping", &path))? } else { None };
        let source = map.map_or_else(|| Source::File(Arc::clone(&file)), Source::Mapped);
        let index = options.index.then(|| Index::with_room(header.capacity / HEADER_BYTES as u64));
        let first = header.first;
        let segment = Arc::new(Segment::open(Arc::clone(storage), header, source, index, offset));
        segment.publish(first, offsets, offset);
        Ok(Self { segment, file, offset, tally, hashed })
    }
}
