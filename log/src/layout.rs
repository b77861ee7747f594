//! Names and sizes of everything in a log directory.
//!
//! ```text
//! LOCK                      held by the writer; contents for people only
//! GENESIS                   log id, suites, created; its digest is the beginning of the chain
//! HEAD                      a hint, overwritten and never synced
//! segments/…-….log          number and first sequence: plain `ls` sorts them; the last one is open
//! segments/spare            prepared ahead, holds no record yet
//! quarantine/…              what recovery cut off; never deleted by us
//! tree/LL-….tile            nodes of the tree over the leaves; may be deleted at any time
//! ```

/// Folder of the segment files.
pub(crate) const SEGMENTS: &str = "segments";
/// Folder for bytes that recovery took out.
pub(crate) const QUARANTINE: &str = "quarantine";
/// Folder of the tiles of the tree.
pub(crate) const TREE: &str = "tree";
/// The lock file.
pub(crate) const LOCK: &str = "LOCK";
/// The birth certificate.
pub(crate) const GENESIS: &str = "GENESIS";
/// The advisory durable point.
pub(crate) const HEAD: &str = "HEAD";
/// The segment prepared ahead.
pub(crate) const SPARE: &str = "segments/spare";
/// End of names of files that are being made; whoever opens for writing removes them.
pub(crate) const TEMPORARY: &str = ".tmp";

/// Records begin behind the header page.
pub(crate) const HEADER_PAGE: u64 = 4096;
/// Bytes of a footer.
pub(crate) const FOOTER_BYTES: u64 = 4096;
/// Records lie on this grid.
pub(crate) const RECORD_ALIGN: u64 = 32;
/// Format version written by this build.
pub(crate) const MAJOR: u16 = 1;
/// Additions within a major version that older readers may ignore if the file says so.
pub(crate) const MINOR: u16 = 0;
/// xxh3-64, seeded.
pub(crate) const CHECKSUM_SUITE: u8 = 1;
/// BLAKE3, keyed by context.
pub(crate) const HASH_SUITE: u8 = 1;

/// Most records in one batch.
pub const MAX_BATCH_RECORDS: usize = 1 << 20;
/// Most stored bytes in one batch: 1 GiB.
pub const MAX_BATCH_BYTES: u64 = 1 << 30;
/// Longest body: 64 KiB.
pub const MAX_BODY_BYTES: usize = 64 << 10;
/// Largest segment file that is believed: 128 GiB, the reach of a `u32` in units of 32 bytes.
pub(crate) const MAX_SEGMENT_BYTES: u64 = (u32::MAX as u64) * RECORD_ALIGN;

/// Beyond what any log reaches: sequences and numbers of segments above it are believed of no header, footer or `HEAD`, so that
/// counting on from them never runs over.
pub(crate) const MAX_SEQUENCE: u64 = 1 << 60;

/// Path of a segment file.
pub(crate) fn segment_path(number: u64, first: u64) -> String {
    format!("{SEGMENTS}/{number:020}-{first:020}.log")
}

/// Number and first sequence from a file name such as [`segment_path`] makes; anything else is none of ours.
pub(crate) fn parse_segment_name(name: &str) -> Option<(u64, u64)> {
    let (number, first) = name.strip_suffix(".log")?.split_once('-')?;
    let digits = |text: &str| {
        (text.len() == 20 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
    };
    Some((digits(number)?, digits(first)?))
}
