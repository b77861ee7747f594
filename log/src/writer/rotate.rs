//! From a full segment to the next one.

use super::{OpenSegment, Writer};
use crate::{
    bytes::align_up,
    error::{LogError, at},
    footer::{self, Ending},
    header::Header,
    layout::{FOOTER_BYTES, HEADER_PAGE},
    spare,
    storage::{StorageFile, write_all_at},
};
use std::sync::Arc;

impl Writer {
    pub(super) fn align(&self) -> u64 {
        u64::from(self.open.segment.header.group_align)
    }

    /// End of the part of the segment that events may take: behind it a fence, the seal and the footer have their room.
    pub(super) fn room_for_events(&self) -> u64 {
        self.room_for_fences() - self.align()
    }

    pub(super) fn room_for_fences(&self) -> u64 {
        self.open.segment.header.capacity.saturating_sub(FOOTER_BYTES + self.align())
    }

    /// Seals the open segment and brings the next one into use, large enough for a batch of `bytes`.
    pub(super) fn rotate(&mut self, bytes: u64) -> Result<(), LogError> {
        let needed = HEADER_PAGE + align_up(bytes, self.align()) + 2 * self.align() + FOOTER_BYTES;
        let capacity = self.options.segment_bytes.max(align_up(needed, 4096));
        let spare = self.preparer.take(capacity)?; // a full disk is met here, before anything has changed
        self.poisoning(|writer| {
            let ending = writer.seal()?;
            let header = Header {
                log_id: writer.shared.log_id,
                number: writer.open.segment.number() + 1,
                first: writer.next,
                chain_before: writer.chain,
                previous_footer: ending.footer.digest(),
                supersedes_from: 0,
                epoch: writer.epoch,
                salt: writer.salts.draw(writer.open.segment.number() + 1, writer.epoch),
                group_align: writer.options.group_align,
                capacity,
                created: writer.last_time,
                time_before: writer.last_time,
            };
            let file = spare::bring_into_use(&*writer.storage, spare, &header, &[])?;
            let salt = header.salt;
            writer.open = OpenSegment::new(&writer.storage, &writer.options, header, file, &[])?;
            writer.framer.go_on(salt, std::mem::take(&mut writer.open.hashed));
            if !writer.shared.segments.push(Arc::clone(&writer.open.segment)) {
                return Err(LogError::too_large(
                    "number of segments",
                    writer.shared.segments.len() as u64,
                    1 << 20,
                ));
            }
            writer.write_head();
            Ok(())
        })?;
        self.preparer.start(self.options.segment_bytes);
        self.tiling.sealed(self.written, || self.framer.roots());
        Ok(())
    }

    /// Writes seal and footer, cuts what is behind them, syncs.
    fn seal(&mut self) -> Result<Ending, LogError> {
        self.sync_written()?;
        let (open, hashed) = (&mut self.open, self.framer.hashed());
        if hashed.count() != open.offset {
            let gone = std::io::Error::other("the thread that hashes what is written panicked");
            return Err(at("sealing", &open.segment.path)(gone));
        }
        let header = &open.segment.header;
        let ending = footer::ending(header, open.offset, hashed, &open.tally, self.chain, self.last_time);
        write_ending(&*open.file, &ending, &open.segment.path)?;
        open.segment.seal(ending.footer.clone());
        Ok(ending)
    }
}

/// Writes seal and footer, cuts what is behind them, syncs.
pub(crate) fn write_ending(file: &dyn StorageFile, ending: &Ending, path: &str) -> Result<(), LogError> {
    write_all_at(file, &ending.bytes, ending.offset).map_err(at("sealing", path))?;
    file.set_len(ending.file_len()).map_err(at("cutting", path))?;
    file.sync_data().map_err(at("syncing", path))
}
