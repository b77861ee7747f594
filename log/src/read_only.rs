//! Opening without the lock and without changing a byte, beside a live writer if there is one.
//!
//! How far: to the durable point, which `HEAD` tells, or else the highest watermark inside the log; to the very end if
//! the log was closed. Bytes beyond it may be torn, or still being written.
//! The open segment is read by position, not mapped: a writer's recovery may cut it. Sealed ones are mapped.
//! Damage does not stop it: what verifies is offered, what does not is an error that names the event.

use crate::{
    bytes::align_up,
    error::LogError,
    genesis::Genesis,
    head::Head,
    layout::HEADER_PAGE,
    log::Log,
    options::Options,
    reader::{Reader, Shared},
    recovery::{
        Recovery, Verdict,
        image::{Body, Image, SegmentImage, read_head},
        plan::Plan,
    },
    scan::LastRecord,
    segment::Segment,
    storage::Storage,
};
use std::sync::{Arc, atomic::Ordering};

impl Log {
    /// Opens for reading only: takes no lock, changes no byte, works beside a live writer. What is read is the log as it
    /// is now; to follow it, open again.
    ///
    /// # Errors
    /// [`LogError::NotFound`], [`LogError::Unsupported`], [`LogError::Io`]. Damage is told by the verdict, and by the
    /// reader when it comes to it; only a log without a valid `GENESIS` is refused as [`LogError::Damaged`].
    pub fn open_read_only(
        storage: Arc<dyn Storage>,
        options: &Options,
    ) -> Result<(Reader, Recovery), LogError> {
        Self::open_image(storage, options, None)
    }

    /// The same for a log whose `GENESIS` is known whatever stands in its place.
    pub(crate) fn open_read_only_as(
        storage: Arc<dyn Storage>,
        options: &Options,
        genesis: &Genesis,
    ) -> Result<(Reader, Recovery), LogError> {
        Self::open_image(storage, options, Some(genesis))
    }

    fn open_image(
        storage: Arc<dyn Storage>,
        options: &Options,
        genesis: Option<&Genesis>,
    ) -> Result<(Reader, Recovery), LogError> {
        let image = stable_image(&storage, genesis)?;
        let plan = Plan::of(&image);
        let (mut recovery, last) = judge(&image, &plan)?;
        let shared = Shared::new(image.genesis.log_id, image.genesis.digest());
        for nth in 0..image.segments.len() {
            if let Some(segment) = readable_segment(&storage, options, &image, &plan, nth, &mut recovery) {
                shared.segments.push(Arc::new(segment));
            }
        }
        shared.readable.store(last, Ordering::Release);
        Ok((Reader::new(Arc::new(shared)), recovery))
    }
}

/// Reads the directory until no commit fell into the reading, or the durable point lies in the last segment, so that
/// nothing beyond it is looked at.
fn stable_image(storage: &Arc<dyn Storage>, genesis: Option<&Genesis>) -> Result<Image, LogError> {
    let mut tries = 0;
    loop {
        let image = match Image::read_as(&**storage, genesis) {
            Ok(image) => image,
            // A live writer's recovery may replace or rename files between listing and opening them.
            Err(LogError::Io { .. }) if tries < 3 => {
                tries += 1;
                continue;
            }
            Err(error) => return Err(error),
        };
        let Some(mut image) = image else {
            return Err(LogError::NotFound { place: storage.place() });
        };
        let busy = read_head(&**storage, &mut Vec::new())? != image.head;
        let clip = durable_end(&image, image.segments.last());
        if let Some(segment) = image.segments.last_mut()
            && let (true, Some(clip), Ok(page), Some(body)) = (busy, clip, &segment.page, &mut segment.body)
        {
            // A writer is at work: only what was durable when this began is looked at.
            let mut bytes = std::mem::take(&mut body.bytes);
            bytes.truncate(clip as usize);
            *body = Body::of(bytes, &page.header);
            return Ok(image);
        }
        tries += 1;
        if !busy || tries > 8 {
            return Ok(image);
        }
    }
}

/// The end of the durable bytes of the last segment, if HEAD tells.
fn durable_end(image: &Image, segment: Option<&SegmentImage>) -> Option<u64> {
    image.head.filter(|head| Some(head.segment) == segment.map(|s| s.number)).map(|head| head.offset)
}

/// What to say of the log, and how far to read it.
fn judge(image: &Image, plan: &Result<Plan, LogError>) -> Result<(Recovery, u64), LogError> {
    let floor = image.head.map_or(0, |head: Head| head.durable);
    let last_segment = image.segments.last();
    let found = last_segment.and_then(|segment| Some((segment.header()?, segment.body.as_ref()?)));
    let (whole, proven) = found.map_or((0, 0), |(header, body)| {
        let whole = header.first + body.scan.whole as u64 - 1;
        (whole, body.scan.watermark.max(header.first - 1).min(whole))
    });
    let mut recovery;
    let last = match plan {
        Ok(plan) => {
            recovery = Recovery::new(plan.verdict, whole);
            let closed = plan.verdict == Verdict::Clean;
            if closed { whole } else { proven.max(floor.min(whole)) }
        }
        Err(LogError::Unsupported { path, detail }) => {
            return Err(LogError::Unsupported { path: path.clone(), detail: detail.clone() });
        }
        Err(error) => {
            let verdict = match error {
                LogError::RolledBack { .. } => Verdict::RolledBack,
                _ => Verdict::Damaged,
            };
            recovery = Recovery::new(verdict, whole);
            recovery.notes.push(error.to_string());
            let beyond = found.map_or(0, |(_, body)| body.beyond.watermark);
            let closed = found.is_some_and(|(_, body)| {
                matches!(body.scan.last, LastRecord::Seal | LastRecord::Fence) && !body.scan.has_junk()
            });
            let named = image.segments.iter().filter_map(|s| s.footer.as_ref()).map(|f| f.last).max();
            let named = named.unwrap_or(0).max(if closed { whole } else { proven });
            match verdict {
                // Nothing is offered that is not there: the verdict tells of the rest.
                Verdict::RolledBack => whole.min(named.max(floor)),
                _ => named.max(floor).max(beyond),
            }
        }
    };
    recovery.notes.splice(0..0, image.notes.iter().cloned());
    recovery.last = crate::Sequence::new(last);
    if let Some((_, body)) = found
        && matches!(recovery.verdict, Verdict::Torn)
    {
        recovery.dropped_bytes = body.scan.used.saturating_sub(body.end_of(body.scan.whole));
        recovery.dropped_records = (body.scan.offsets.len() - body.scan.whole) as u64 + body.beyond.records;
    }
    Ok((recovery, last))
}

fn readable_segment(
    storage: &Arc<dyn Storage>,
    options: &Options,
    image: &Image,
    plan: &Result<Plan, LogError>,
    nth: usize,
    recovery: &mut Recovery,
) -> Option<Segment> {
    let segment = &image.segments[nth];
    let Some(header) = segment.header().filter(|header| header.log_id == image.genesis.log_id) else {
        recovery.notes.push(format!("`{}` is left out: it has no valid header of this log", segment.path));
        return None;
    };
    let storage = Arc::clone(storage);
    let header = header.clone();
    if let Some(footer) = segment.footer.clone() {
        return Some(Segment::sealed(storage, header, footer, options.map));
    }
    let body = segment.body.as_ref();
    let is_last = nth + 1 == image.segments.len();
    let fenced = is_last
        && matches!(plan, Ok(plan) if plan.verdict == Verdict::Clean)
        && body.is_some_and(|body| body.scan.last == LastRecord::Fence);
    let end = match (body, image.segments.get(nth + 1).and_then(SegmentImage::header)) {
        // A superseded tail is read from its successor.
        (Some(body), Some(next)) if next.supersedes_from > 0 => {
            body.end_of(next.supersedes_from.saturating_sub(header.first) as usize)
        }
        (Some(body), None) if plan.is_ok() => body.scan.end,
        _ => segment.len,
    };
    let end = align_up(end.max(HEADER_PAGE), 32).min(segment.len.max(HEADER_PAGE));
    Some(Segment::unread(storage, header, end, options.map && fenced))
}
