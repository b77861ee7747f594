//! Carrying out a plan. Each step may be interrupted and is found, and done again, at the next opening.
//!
//! The order is the point:
//! 0. remove temporary files, sync the folder: a name that is seen need not be durable, and acting on it would lose data;
//! 1. what the next step relies on is written again: a failed write-back leaves bytes in the cache that no disk has;
//! 2. whole batches behind the proven point go to a new segment that supersedes them;
//! 3. only then the old segment is cut and sealed.

use super::{
    Recovery, Verdict,
    image::{Body, Image, SegmentImage},
    plan::{Cut, Plan, Tail, state_after, tally_before},
};
use crate::{
    bytes::{align_up, put},
    digest::Digest,
    error::{LogError, at},
    footer::Footer,
    header::Header,
    layout::{FOOTER_BYTES, HEADER_PAGE, QUARANTINE, RECORD_ALIGN, SEGMENTS},
    options::Options,
    record::{AT_DURABLE_BACK, AT_STORAGE, STORAGE_GROUP_END, View, sum},
    spare,
    storage::{Access, Storage, write_all_at},
    writer::{OpenSegment, RunningHash, Salts, write_ending},
};
use std::{io, sync::Arc};

/// What a writer begins with.
pub(crate) struct Recovered {
    pub(crate) open: OpenSegment,
    /// Sealed segments before it, oldest first.
    pub(crate) sealed: Vec<(Header, Footer)>,
    pub(crate) epoch: u64,
    pub(crate) fenced: bool,
    pub(crate) recovery: Recovery,
}

pub(crate) struct Execution<'a> {
    pub(crate) storage: &'a Arc<dyn Storage>,
    pub(crate) options: &'a Options,
    pub(crate) salts: &'a mut Salts,
    pub(crate) now: u64,
}

/// Step 0, before the directory is read: what is acted upon has to be durable.
pub(crate) fn tidy(storage: &dyn Storage) -> Result<(), LogError> {
    for folder in ["", SEGMENTS] {
        for name in storage.list(folder).map_err(at("listing", folder))? {
            if name.ends_with(crate::layout::TEMPORARY) {
                let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
                storage.remove(&path).map_err(at("removing", &path))?;
            }
        }
    }
    // Before it is created, `segments` may be missing: then there is nothing in it to make durable.
    match storage.sync_folder(SEGMENTS) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        result => result.map_err(at("syncing", SEGMENTS))?,
    }
    storage.sync_folder("").map_err(at("syncing", &storage.place()))
}

impl Execution<'_> {
    pub(crate) fn run(&mut self, image: &Image, plan: Plan) -> Result<Recovered, LogError> {
        let mut recovery = Recovery::new(plan.verdict, plan.last);
        recovery.notes.clone_from(&image.notes);
        recovery.dropped_records = plan.dropped_records;
        let headers = image.segments.iter().filter_map(SegmentImage::header);
        let epoch = headers.map(|header| header.epoch).chain(image.head.map(|head| head.epoch)).max();
        let epoch = epoch.unwrap_or(0) + 1;

        for nth in &plan.repair {
            self.repair_header(&image.segments[*nth], &mut recovery)?;
        }
        let mut footers: Vec<Option<Footer>> = image.segments.iter().map(|s| s.footer.clone()).collect();
        for cut in &plan.finish {
            self.cut(image, cut, &mut recovery)?;
            footers[cut.nth] = Some(cut.ending.footer.clone());
        }
        let next = Next { chain: plan.chain, time: plan.last_time, epoch };
        let last = image.segments.last();
        let (open, fenced) = match (&plan.tail, last.and_then(|s| Some((s.header()?, s.body.as_ref()?, s)))) {
            (Tail::Continue { fence }, Some((header, body, segment))) => {
                footers.pop();
                let open = self.go_on(segment, header, body, *fence, plan.last)?;
                return Ok(Recovered { open, sealed: sealed(image, footers), epoch, fenced: true, recovery });
            }
            (Tail::Reseal(cut), Some((header, _, segment))) => {
                let file =
                    self.storage.open(&segment.path, Access::Write).map_err(at("opening", &segment.path))?;
                write_ending(&*file, &cut.ending, &segment.path)?;
                footers[cut.nth] = Some(cut.ending.footer.clone());
                let new = Successor::of(header, plan.last + 1, 0, cut.ending.footer.digest());
                (self.new_segment(new, next, &[], None)?, true)
            }
            (Tail::Move { cut, keep, whole }, Some((header, body, _))) => {
                let proven = header.first + *keep as u64;
                let (chain, time) = state_after(body, header, *keep);
                let new = Successor::of(header, proven, proven, cut.ending.footer.digest());
                let before = Next { chain, time, epoch };
                recovery.moved_records = (*whole - *keep) as u64;
                let open = self.new_segment(new, before, &[], Some((body, *keep, *whole)))?;
                self.cut(image, cut, &mut recovery)?;
                footers[cut.nth] = Some(cut.ending.footer.clone());
                (open, false)
            }
            _ => {
                let new = Successor {
                    log_id: image.genesis.log_id,
                    number: 1,
                    first: 1,
                    supersedes_from: 0,
                    previous_footer: Digest::default(),
                };
                self.storage.create_folder(SEGMENTS).map_err(at("creating", SEGMENTS))?;
                (self.new_segment(new, next, &[], None)?, true)
            }
        };
        if plan.verdict == Verdict::Clean {
            recovery.dropped_records = 0;
        }
        Ok(Recovered { open, sealed: sealed(image, footers), epoch, fenced, recovery })
    }

    /// Step 1: the fence once more, same bytes, then on behind it.
    fn go_on(
        &self,
        segment: &SegmentImage,
        header: &Header,
        body: &Body,
        fence: u64,
        last: u64,
    ) -> Result<OpenSegment, LogError> {
        let path = &segment.path;
        let end = align_up(body.scan.end, u64::from(header.group_align));
        let file = self.storage.open(path, Access::Write).map_err(at("opening", path))?;
        let mut bytes = body.bytes.get(fence as usize..).unwrap_or(&[]).to_vec();
        bytes.resize((end - fence) as usize, 0);
        write_all_at(&*file, &bytes, fence).map_err(at("writing", path))?;
        file.sync_data().map_err(at("syncing", path))?;

        let mut hashed = RunningHash::new();
        hashed.update(&header.encode_page());
        hashed.update(body.bytes.get(HEADER_PAGE as usize..fence as usize).unwrap_or(&[]));
        hashed.update(&bytes);
        let tally = tally_before(body, header, end);
        debug_assert_eq!(last + 1, body.scan.expected);
        let offsets = &body.scan.offsets;
        OpenSegment::resume(self.storage, self.options, header.clone(), file, end, tally, hashed, offsets)
    }

    /// A new segment, with the events `keep..whole` of an old one as its first group.
    fn new_segment(
        &mut self,
        new: Successor,
        before: Next,
        records: &[u8],
        moved: Option<(&Body, usize, usize)>,
    ) -> Result<OpenSegment, LogError> {
        let align = u64::from(self.options.group_align);
        let size = |(body, keep, whole): (&Body, usize, usize)| body.end_of(whole) - body.end_of(keep);
        let needed = HEADER_PAGE + align_up(moved.map_or(0, size), align) + 2 * align + FOOTER_BYTES;
        let header = Header {
            log_id: new.log_id,
            number: new.number,
            first: new.first,
            chain_before: before.chain,
            previous_footer: new.previous_footer,
            supersedes_from: new.supersedes_from,
            epoch: before.epoch,
            salt: self.salts.draw(new.number, before.epoch),
            group_align: self.options.group_align,
            capacity: self.options.segment_bytes.max(align_up(needed, 4096)),
            created: self.now.max(before.time),
            time_before: before.time,
        };
        let mut records = records.to_vec();
        let mut offsets = Vec::new();
        if let Some((body, keep, whole)) = moved {
            for nth in keep..whole {
                let Some(view) = body.event(nth) else { break };
                offsets.push(((HEADER_PAGE + records.len() as u64) / RECORD_ALIGN) as u32);
                let at = records.len();
                records.extend_from_slice(view.bytes());
                let durable_back = (view.sequence() - (new.first - 1)) as u32;
                let record = &mut records[at..];
                put(record, AT_DURABLE_BACK, &durable_back.to_le_bytes());
                record[AT_STORAGE] = if nth + 1 == whole { STORAGE_GROUP_END } else { 0 };
                sum(record, header.salt);
            }
            records.resize(align_up(records.len() as u64, align) as usize, 0);
        }
        let spare = spare::prepare(&**self.storage, header.capacity)?;
        let file = spare::bring_into_use(&**self.storage, spare, &header, &records)?;
        let mut open = OpenSegment::new(self.storage, self.options, header, file, &records)?;
        for units in &offsets {
            let at = u64::from(*units) * RECORD_ALIGN - HEADER_PAGE;
            if let Some(rest) = records.get(at as usize..) {
                open.tally.add(View::trusted(rest));
            }
        }
        open.segment.publish(new.first, &offsets, open.offset);
        Ok(open)
    }

    /// Step 3: what is cut goes to quarantine if there is space, then seal and footer.
    fn cut(&self, image: &Image, cut: &Cut, recovery: &mut Recovery) -> Result<(), LogError> {
        let segment = &image.segments[cut.nth];
        let path = &segment.path;
        let Some(body) = &segment.body else { return Ok(()) };
        let lost_from = body.end_of(body.scan.whole).max(cut.exact);
        recovery.dropped_bytes += body.scan.used.saturating_sub(lost_from);
        self.quarantine(segment, body, cut, recovery);
        let file = self.storage.open(path, Access::Write).map_err(at("opening", path))?;
        let padding = body.bytes.get(cut.exact as usize..cut.ending.offset as usize).unwrap_or(&[]);
        if file.is_mapped() {
            return self.replace(segment, body, cut);
        }
        if crate::bytes::all_zero(padding) {
            file.set_len(cut.ending.offset).map_err(at("cutting", path))?;
        } else {
            file.set_len(cut.exact).map_err(at("cutting", path))?;
        }
        write_ending(&*file, &cut.ending, path)
    }

    /// Instead of cutting a file that somebody still reads through a map: a new file under the same name. The old one
    /// lives until its last reader is gone.
    fn replace(&self, segment: &SegmentImage, body: &Body, cut: &Cut) -> Result<(), LogError> {
        let mut bytes = body.bytes.get(..cut.exact as usize).unwrap_or(&[]).to_vec();
        if let Some(header) = segment.header() {
            bytes.iter_mut().zip(header.encode_page()).for_each(|(at, byte)| *at = byte);
        }
        bytes.resize(cut.ending.offset as usize, 0);
        bytes.extend_from_slice(&cut.ending.bytes);
        self.replace_file(&segment.path, &bytes)
    }

    fn replace_file(&self, path: &str, bytes: &[u8]) -> Result<(), LogError> {
        let temporary = format!("{path}{}", crate::layout::TEMPORARY);
        let doing = || at("replacing", path);
        let file = self.storage.create(&temporary).map_err(doing())?;
        write_all_at(&*file, bytes, 0).map_err(doing())?;
        file.sync_data().map_err(doing())?;
        self.storage.rename(&temporary, path).map_err(doing())?;
        self.storage.sync_folder(SEGMENTS).map_err(at("syncing", SEGMENTS))
    }

    /// One bad copy of a header: the file is written anew with two good ones.
    fn repair_header(&self, segment: &SegmentImage, recovery: &mut Recovery) -> Result<(), LogError> {
        let Some(header) = segment.header() else { return Ok(()) };
        let file = self.storage.open(&segment.path, Access::Read).map_err(at("opening", &segment.path))?;
        let mut bytes =
            crate::storage::read_range(&*file, 0, segment.len).map_err(at("reading", &segment.path))?;
        if bytes.len() < HEADER_PAGE as usize {
            bytes.resize(HEADER_PAGE as usize, 0);
        }
        bytes.iter_mut().zip(header.encode_page()).for_each(|(at, byte)| *at = byte);
        self.replace_file(&segment.path, &bytes)?;
        recovery.notes.push(format!("one copy of the header of `{}` was bad and is repaired", segment.path));
        Ok(())
    }

    /// Best effort: without space for a copy, its length and digest are kept in the notes.
    fn quarantine(&self, segment: &SegmentImage, body: &Body, cut: &Cut, recovery: &mut Recovery) {
        let bytes = body.bytes.get(cut.exact as usize..body.scan.used as usize).unwrap_or(&[]);
        if bytes.is_empty() {
            return;
        }
        let digest = Digest::new(*blake3::hash(bytes).as_bytes());
        let name = digest.to_string();
        let path = format!("{QUARANTINE}/{:020}-{:012}-{}.bin", segment.number, cut.exact, &name[..16]);
        let keep = || -> io::Result<()> {
            self.storage.create_folder(QUARANTINE)?;
            let file = match self.storage.create(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
                file => file?,
            };
            let written = write_all_at(&*file, bytes, 0).and_then(|()| file.sync_data());
            if written.is_err() {
                let _ = self.storage.remove(&path); // half a copy is worse than the digest alone
            }
            written
        };
        let note = match keep() {
            Ok(()) => format!("{} bytes cut from `{}` are kept in `{path}`", bytes.len(), segment.path),
            Err(error) => format!(
                "{} bytes cut from `{}` with BLAKE3 {digest} could not be kept: {error}",
                bytes.len(),
                segment.path
            ),
        };
        recovery.notes.push(note);
    }
}

/// What a new segment continues.
struct Successor {
    log_id: u128,
    number: u64,
    first: u64,
    supersedes_from: u64,
    previous_footer: Digest,
}

impl Successor {
    fn of(old: &Header, first: u64, supersedes_from: u64, previous_footer: Digest) -> Self {
        Self { log_id: old.log_id, number: old.number + 1, first, supersedes_from, previous_footer }
    }
}

/// The state before the first record of a new segment.
struct Next {
    chain: Digest,
    time: u64,
    epoch: u64,
}

fn sealed(image: &Image, footers: Vec<Option<Footer>>) -> Vec<(Header, Footer)> {
    let pairs = image.segments.iter().zip(footers);
    pairs.filter_map(|(segment, footer)| Some((segment.header()?.clone(), footer?))).collect()
}
