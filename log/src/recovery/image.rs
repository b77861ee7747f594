//! What a log directory holds, read into memory as far as judging it needs: every header and footer, and the records
//! of those segments that are not sealed.

use crate::{
    bytes::{align_up, all_zero},
    error::{LogError, at},
    footer::Footer,
    genesis::{GENESIS_BYTES, Genesis},
    head::{HEAD_BYTES, Head},
    header::{Header, HeaderError, HeaderPage},
    layout::{
        FOOTER_BYTES, GENESIS, HEAD, HEADER_PAGE, RECORD_ALIGN, SEGMENTS, parse_segment_name, segment_path,
    },
    record::{CLASS_SEAL, HEADER_BYTES, View, control},
    scan::{Budget, Scan, seek},
    storage::{Access, Storage, read_range, read_small},
};
use std::io;

/// Bytes that are read again at a time.
const AGAIN_BYTES: u64 = 1 << 20;

/// A log directory.
pub(crate) struct Image {
    pub(crate) genesis: Genesis,
    pub(crate) head: Option<Head>,
    pub(crate) segments: Vec<SegmentImage>,
    pub(crate) notes: Vec<String>,
}

/// One segment file.
pub(crate) struct SegmentImage {
    pub(crate) path: String,
    pub(crate) number: u64,
    pub(crate) first: u64,
    pub(crate) page: Result<HeaderPage, HeaderError>,
    pub(crate) len: u64,
    /// The footer, if a good one ends the file.
    pub(crate) footer: Option<Footer>,
    /// The whole file and its records, where they are needed.
    pub(crate) body: Option<Body>,
}

/// The records of a segment.
pub(crate) struct Body {
    pub(crate) bytes: Vec<u8>,
    pub(crate) scan: Scan,
    pub(crate) beyond: Beyond,
}

/// What stands behind the first place that does not verify.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Beyond {
    /// Highest durable point that a valid record there states.
    pub(crate) watermark: u64,
    /// Valid records there.
    pub(crate) records: u64,
    /// Too much looked like records to look at all of it.
    pub(crate) gave_up: bool,
}

impl Image {
    /// Reads the directory. `Ok(None)`: no log here.
    pub(crate) fn read(storage: &dyn Storage) -> Result<Option<Self>, LogError> {
        Self::read_as(storage, None)
    }

    /// The same, where `GENESIS` is known and need not be read.
    pub(crate) fn read_as(storage: &dyn Storage, known: Option<&Genesis>) -> Result<Option<Self>, LogError> {
        let mut notes = Vec::new();
        // HEAD first: whatever it says was durable before anything read after it.
        let head = read_head(storage, &mut notes)?;
        let genesis = known.cloned().map_or_else(|| read_genesis(storage), |known| Ok(Some(known)))?;
        let Some(genesis) = genesis else { return Ok(None) };
        let head = head.filter(|head| {
            let ours = head.log_id == genesis.log_id;
            if !ours {
                notes.push("`HEAD` belongs to another log and is ignored".to_owned());
            }
            ours
        });
        let mut names = Vec::new();
        // Temporary files, the spare and anything strange are none of the log.
        for name in storage.list(SEGMENTS).map_err(at("listing", SEGMENTS))? {
            names.extend(parse_segment_name(&name));
        }
        names.sort_unstable();
        let mut segments = Vec::with_capacity(names.len());
        for (number, first) in names {
            segments.push(read_segment(storage, number, first)?);
        }
        let mut image = Self { genesis, head, segments, notes };
        image.load_open_segments(storage)?;
        Ok(Some(image))
    }

    /// Reads again the segments that are acted upon: what is cut as torn, and what a footer sums up. Bytes that are not the
    /// same twice are a failing disk or memory, and no reason to act. For whoever has the lock: beside a live writer bytes
    /// do change.
    ///
    /// # Errors
    /// [`LogError::Io`] when they are not the same; nothing was changed.
    pub(crate) fn confirm(&self, storage: &dyn Storage) -> Result<(), LogError> {
        for segment in &self.segments {
            let Some(body) = &segment.body else { continue };
            let doing = || at("reading again", &segment.path);
            let file = storage.open(&segment.path, Access::Read).map_err(doing())?;
            let mut rest = &body.bytes[..];
            while !rest.is_empty() {
                let from = (body.bytes.len() - rest.len()) as u64;
                let again = read_range(&*file, from, AGAIN_BYTES.min(rest.len() as u64)).map_err(doing())?;
                match rest.strip_prefix(&again[..]).filter(|_| !again.is_empty()) {
                    Some(behind) => rest = behind,
                    None => return Err(doing()(io::Error::other("its bytes are not the same twice"))),
                }
            }
        }
        Ok(())
    }

    /// Loads the last segment, and those whose successor took over their tail but that are not yet finished, with
    /// that successor.
    fn load_open_segments(&mut self, storage: &dyn Storage) -> Result<(), LogError> {
        let mut wanted = Vec::new();
        for nth in 0..self.segments.len() {
            let next = self.segments.get(nth + 1).and_then(SegmentImage::header);
            let superseded = next.is_some_and(|next| next.supersedes_from > 0);
            // Sealed otherwise than its successor says: a seal that was written, and lost in part, before the takeover.
            let named = next.map(|next| next.previous_footer);
            if superseded && self.segments[nth].footer.as_ref().map(Footer::digest) != named {
                self.segments[nth].footer = None;
                wanted.extend([nth, nth + 1]);
            } else if nth + 1 == self.segments.len() {
                wanted.push(nth);
            }
        }
        for nth in wanted {
            self.segments[nth].load(storage)?;
        }
        Ok(())
    }
}

impl SegmentImage {
    pub(crate) fn header(&self) -> Option<&Header> {
        self.page.as_ref().ok().map(|page| &page.header)
    }

    fn load(&mut self, storage: &dyn Storage) -> Result<(), LogError> {
        let Ok(page) = &self.page else { return Ok(()) };
        if self.body.is_some() {
            return Ok(());
        }
        let file = storage.open(&self.path, Access::Read).map_err(at("opening", &self.path))?;
        let limit = page.header.capacity.max(HEADER_PAGE) + (1 << 20);
        let bytes = read_range(&*file, 0, limit).map_err(at("reading", &self.path))?;
        self.body = Some(Body::of(bytes, &page.header));
        Ok(())
    }
}

impl Body {
    pub(crate) fn of(bytes: Vec<u8>, header: &Header) -> Self {
        let scan = Scan::of(&bytes, header);
        let beyond = if scan.last == crate::scan::LastRecord::Seal {
            Beyond::default() // the footer stands there
        } else {
            look_ahead(&bytes, &scan, header)
        };
        Self { bytes, scan, beyond }
    }

    /// Bytes of the nth event.
    pub(crate) fn event(&self, nth: usize) -> Option<View<'_>> {
        let at = self.scan.offset(nth)? as usize;
        View::shape(self.bytes.get(at..)?).ok()
    }

    /// Just behind the last of the first `keep` events.
    pub(crate) fn end_of(&self, keep: usize) -> u64 {
        let last = keep.checked_sub(1);
        let end = last.and_then(|nth| Some(self.scan.offset(nth)? + self.event(nth)?.len() as u64));
        end.unwrap_or(HEADER_PAGE)
    }
}

/// Looks for valid records behind the stop.
fn look_ahead(bytes: &[u8], scan: &Scan, header: &Header) -> Beyond {
    let mut found = Beyond::default();
    let mut budget = Budget::for_file(bytes.len());
    let bytes = bytes.get(..align_up(scan.used, RECORD_ALIGN) as usize).unwrap_or(bytes);
    let mut from = scan.end;
    while let Some(at) = seek(bytes, from, header.salt, &mut budget)
        && let Some(Ok(view)) = bytes.get(at as usize..).map(View::shape)
    {
        found.watermark = found.watermark.max(view.durable());
        found.records += 1;
        from = at + view.len() as u64;
    }
    found.gave_up = budget.exhausted;
    found
}

pub(crate) fn read_genesis(storage: &dyn Storage) -> Result<Option<Genesis>, LogError> {
    let Some(bytes) = read_small(storage, GENESIS, GENESIS_BYTES + 1).map_err(at("reading", GENESIS))? else {
        return Ok(None);
    };
    Genesis::decode(&bytes).map(Some).map_err(|why| not_ours(GENESIS, why))
}

/// Reads HEAD, which a live writer may be overwriting: a torn look is taken again.
pub(crate) fn read_head(storage: &dyn Storage, notes: &mut Vec<String>) -> Result<Option<Head>, LogError> {
    for _ in 0..5 {
        let Some(bytes) = read_small(storage, HEAD, HEAD_BYTES + 1).map_err(at("reading", HEAD))? else {
            return Ok(None);
        };
        if let Some(head) = Head::decode(&bytes) {
            return Ok(Some(head));
        }
        if all_zero(&bytes) {
            return Ok(None); // created, and the rest lost with the power
        }
    }
    notes.push("`HEAD` does not verify and is ignored".to_owned());
    Ok(None)
}

pub(crate) fn not_ours(path: &str, why: HeaderError) -> LogError {
    match why {
        HeaderError::Damaged(detail) => LogError::damaged(path, 0, None, detail),
        HeaderError::Unsupported(detail) => LogError::Unsupported { path: path.to_owned(), detail },
    }
}

pub(crate) fn read_segment(storage: &dyn Storage, number: u64, first: u64) -> Result<SegmentImage, LogError> {
    let path = segment_path(number, first);
    let file = storage.open(&path, Access::Read).map_err(at("opening", &path))?;
    let len = file.len().map_err(at("measuring", &path))?;
    let page = read_range(&*file, 0, HEADER_PAGE).map_err(at("reading", &path))?;
    let page = Header::decode_page(&page);
    let footer = match (len.checked_sub(FOOTER_BYTES), &page) {
        (Some(footer_at), Ok(page)) => {
            let align = u64::from(page.header.group_align);
            let seal_at = footer_at.saturating_sub(align).max(HEADER_PAGE);
            let block = read_range(&*file, seal_at, align + FOOTER_BYTES).map_err(at("reading", &path))?;
            sealed_by(&block, footer_at, seal_at, &page.header).map_err(|why| not_ours(&path, why))?
        }
        _ => None,
    };
    Ok(SegmentImage { page, path, number, first, len, footer, body: None })
}

/// The footer at the end of a file, if it verifies and its seal stands before it. Both, because a crash may keep the one
/// without the other. A newer format is an error.
fn sealed_by(
    block: &[u8],
    footer_at: u64,
    seal_at: u64,
    header: &Header,
) -> Result<Option<Footer>, HeaderError> {
    let Some((seal, footer)) = block.split_at_checked((footer_at.max(seal_at) - seal_at) as usize) else {
        return Ok(None);
    };
    match Footer::decode(footer) {
        Ok(footer) => {
            let due = control(CLASS_SEAL, footer.last, footer.last_time, &footer.chain, header.salt);
            let whole = footer.used == footer_at
                && seal
                    .split_first_chunk::<HEADER_BYTES>()
                    .is_some_and(|(found, rest)| *found == due && all_zero(rest));
            Ok(whole.then_some(footer))
        }
        Err(newer @ HeaderError::Unsupported(_)) => Err(newer),
        Err(HeaderError::Damaged(_)) => Ok(None),
    }
}
