//! The end of the last segment, which is not sealed: what of it was promised, and what a crash may have left there.
//!
//! The seal and the footer are a function of the records before them, so a crash while they are written leaves each
//! sector of them as it has to be or untouched. Anything else is a fault, although nobody was promised these bytes.

use super::{
    finding::{Fault, Findings},
    segment::Found,
};
use crate::{
    bytes::all_zero,
    footer::Ending,
    head::Head,
    header::Header,
    recovery::{image::Body, plan::ending_at},
    scan::LastRecord,
};

/// The smallest piece of a write that a crash keeps or loses as a whole.
const SECTOR: usize = 512;

/// How far the records go; says whether what is behind them is a fault.
pub(super) fn judge(head: Option<Head>, header: &Header, body: &Body, found: &mut Found) -> u64 {
    let scan = &body.scan;
    let name = format!("segment {}", header.number);
    if scan.last == LastRecord::Seal {
        // A rotation cut short: opening writes the same seal and footer again.
        let ending = ending_at(body, header, scan.whole, scan.last_control, scan.last_control);
        check_ending(&body.bytes, &ending, &mut found.findings);
        found.notes.push(format!("{name}: sealed, its footer is not yet written; opening writes it"));
        return scan.end;
    }
    let known = head.filter(|head| head.segment == header.number).map_or(0, |head| head.offset);
    let durable = head.map_or(0, |head| head.durable).max(body.beyond.watermark);
    let promised =
        body.bytes.get(scan.end as usize..known.min(body.bytes.len() as u64) as usize).unwrap_or(&[]);
    if scan.has_junk() && (durable >= scan.expected || known > scan.next || !all_zero(promised)) {
        return body.bytes.len() as u64; // the walk names every bad place
    }
    if known > scan.next {
        let detail =
            format!("no record where one belongs; `HEAD` says that bytes before {known} were durable");
        found.findings.add(Fault::Record, scan.next, Some(scan.expected), detail);
        return scan.end;
    }
    if durable >= scan.expected {
        return scan.end; // shorter than HEAD: said where all segments are seen
    }
    let partial = scan.offsets.len() - scan.whole;
    if scan.has_junk() || partial > 0 {
        if partial == 0 {
            let ending = ending_at(body, header, scan.whole, scan.next, scan.next);
            if is_begun(&body.bytes, &ending) {
                check_ending(&body.bytes, &ending, &mut found.findings);
            }
        }
        let bytes = scan.used.saturating_sub(body.end_of(scan.whole));
        let dropped = partial as u64 + body.beyond.records;
        found.notes.push(format!(
            "{name}: the last write was cut short: {bytes} bytes with {dropped} valid events behind #{} were never promised",
            scan.expected - 1 - partial as u64
        ));
        return body.end_of(scan.whole);
    }
    if scan.last != LastRecord::Fence {
        found.notes.push(format!("{name}: the log was not closed"));
    }
    scan.end
}

/// Sectors of an ending with their offsets and what the file holds there, shorter where it ends.
fn sectors<'a>(bytes: &'a [u8], ending: &'a Ending) -> impl Iterator<Item = (u64, &'a [u8], &'a [u8])> {
    ending.bytes.chunks(SECTOR).zip((ending.offset..).step_by(SECTOR)).map(|(due, offset)| {
        let rest = bytes.get(offset as usize..).unwrap_or(&[]);
        (offset, due, rest.get(..due.len()).unwrap_or(rest))
    })
}

/// Whether some sector of this ending was written.
fn is_begun(bytes: &[u8], ending: &Ending) -> bool {
    sectors(bytes, ending).any(|(_, due, found)| found == due && !all_zero(due))
}

/// Every sector as it has to be or never written, zeros behind.
fn check_ending(bytes: &[u8], ending: &Ending, findings: &mut Findings) {
    for (offset, due, found) in sectors(bytes, ending) {
        if !all_zero(found) && !due.starts_with(found) {
            findings.add(
                Fault::Footer,
                offset,
                None,
                "neither the seal and footer that belong here nor zeros; opening writes them again",
            );
        }
    }
    if !all_zero(bytes.get(ending.file_len() as usize..).unwrap_or(&[])) {
        findings.add(Fault::Padding, ending.file_len(), None, "bytes behind the footer");
    }
}
