//! How a log is laid out and read.

use crate::{
    error::LogError,
    header::group_align_is_sane,
    layout::{MAX_SEGMENT_BYTES, RECORD_ALIGN},
};

/// How a log is laid out and read. What is fixed in existing segments is read from them.
#[derive(Clone, Debug)]
pub struct Options {
    /// Size of a segment file, 64 MiB by default. A batch that needs more gets a segment of its own.
    pub segment_bytes: u64,
    /// Commit groups begin on a multiple of this: 512, or more on drives with larger sectors (at most 4096).
    pub group_align: u32,
    /// Read through maps (default). Without, by position: slower, for network file systems.
    pub map: bool,
    /// Prepare the next segment in a thread (default), where the storage says that it takes long. Without, when
    /// the one before it comes into use: the same steps in the same order on every run, for simulations.
    pub prepare_in_background: bool,
    /// Add to the tiles of the tree whenever a segment is sealed (default), in a thread of its own where
    /// `prepare_in_background` is set. Without, proofs hash the log until somebody writes its tiles.
    pub tiles: bool,
    /// Note where each event lies while it is written, four bytes an event (default). Without, memory does not grow with the log; but each
    /// look for one event of the segment that is being written walks that segment, up to [`Self::segment_bytes`]. That is for
    /// whoever writes and does not read at the same time. Sealed segments are looked through once, as ever.
    pub index: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            segment_bytes: 64 << 20,
            group_align: 512,
            map: true,
            prepare_in_background: true,
            tiles: true,
            index: true,
        }
    }
}

impl Options {
    /// Smallest segment: a header, a footer, and room for a few records.
    pub const SEGMENT_BYTES_MIN: u64 = 16 << 10;

    pub(crate) fn check(&self) -> Result<(), LogError> {
        if self.segment_bytes < Self::SEGMENT_BYTES_MIN {
            return Err(LogError::Invalid { detail: "segments need at least 16 KiB" });
        }
        if self.segment_bytes > MAX_SEGMENT_BYTES - RECORD_ALIGN * 4096 {
            return Err(LogError::too_large("segment size", self.segment_bytes, MAX_SEGMENT_BYTES));
        }
        if !group_align_is_sane(self.group_align) {
            return Err(LogError::Invalid { detail: "groups align to a power of two from 512 to 4096" });
        }
        Ok(())
    }
}
