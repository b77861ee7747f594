//! Checking every sum of every byte.
//!
//! Shape: segments are cut into parts, and threads take one part after the other. The chain does not stand in the way:
//! every record stores its value, so record *n* is checked against the *stored* value of *n*−1, in any order. A segment
//! whose parts do not make a faultless whole is walked again from its beginning, and each bad place is named. Reads are
//! positional, so that an unreadable disk is an error and not a signal.
//!
//! ```text
//! beside    GENESIS, HEAD, headers, footers
//! job       parts ─▶ joined ─▶ faultless? ── no ─▶ whole (and open_end) ─▶ findings
//! part      read, BLAKE3 of the bytes, walk ─▶ links (leaf, chain)       all while it lies in the cache
//! ```
//!
//! What is checked: GENESIS; both header copies and the page around them; every record's form, padding, checksum, place
//! in its batch, time, watermark, payload digest, leaf and chain; zeros between groups; fences and seals, bit for bit;
//! footers, their counts and their BLAKE3 of all bytes; the joints between segments; HEAD.
//! What it cannot find: a suffix rewritten to its end with all sums redone, or an older copy put back. Only a digest kept
//! elsewhere shows that.

mod beside;
mod finding;
mod job;
mod joined;
mod links;
mod open_end;
mod part;
mod report;
mod segment;
mod walk;
mod whole;

pub use self::{
    finding::{Fault, Finding},
    report::VerifyReport,
};

use self::{
    beside::{beside, read_genesis, read_head, read_segments},
    job::Job,
};
use crate::{error::LogError, recovery::plan::Joint, sequence::Sequence, storage::Storage};
use std::{sync::Arc, thread};

/// How to verify.
#[derive(Clone, Debug)]
pub struct VerifyOptions {
    /// Threads to use; 0 for one a core.
    pub threads: usize,
    /// Findings to describe; more are only counted.
    pub findings_max: usize,
}

impl Default for VerifyOptions {
    fn default() -> Self {
        Self { threads: 0, findings_max: 1000 }
    }
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes verified.
    pub bytes: u64,
    /// Bytes there are.
    pub total: u64,
}

/// Checks a whole log, without its lock and without changing a byte. Beside a live writer it looks at what was durable
/// when it began. `progress` is called from several threads.
///
/// # Errors
/// [`LogError::NotFound`], [`LogError::Unsupported`], and [`LogError::Io`] if the directory itself cannot be read. What is
/// wrong with the log is no error but a finding.
pub fn verify(
    storage: &Arc<dyn Storage>,
    options: &VerifyOptions,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<VerifyReport, LogError> {
    let mut report = VerifyReport::default();
    let mut findings = Vec::new();
    let head = read_head(&**storage, &mut findings)?;
    let genesis = read_genesis(&**storage, &mut findings)?;
    let segments = read_segments(&**storage, &mut findings)?;
    if genesis.is_none() && segments.is_empty() && findings.is_empty() {
        return Err(LogError::NotFound { place: storage.place() });
    }
    if genesis.is_none() && findings.iter().all(|found| found.what != Fault::Genesis) {
        findings.push(beside(Fault::Genesis, "`GENESIS` is missing"));
    }
    let log_id = genesis.as_ref().map(|genesis| genesis.log_id);
    let log_id = log_id.or_else(|| segments.iter().find_map(|s| s.header()).map(|header| header.log_id));
    let head = head.filter(|head| {
        let ours = Some(head.log_id) == log_id;
        if !ours {
            findings.push(beside(Fault::Head, "`HEAD` belongs to another log"));
        }
        ours
    });

    let threads = match options.threads {
        0 => thread::available_parallelism().map_or(1, usize::from),
        threads => threads,
    };
    let job = Job {
        storage: &**storage,
        segments: &segments,
        head,
        log_id: log_id.unwrap_or(0),
        threads,
        progress,
    };

    // Segment by segment, in order: what only shows when they are laid side by side.
    let mut joint = genesis.as_ref().map(|genesis| Joint::first(genesis.digest()));
    for (nth, (segment, found)) in segments.iter().zip(job.run()).enumerate() {
        if let Some(header) = segment.header() {
            if let Some(joint) = &joint
                && let Err(LogError::Damaged { sequence, detail, .. }) = joint.accepts(segment, header)
            {
                findings.push(Finding {
                    segment: segment.number,
                    offset: 0,
                    sequence,
                    what: Fault::Joint,
                    detail,
                });
            }
            let ended = found.footer.as_ref();
            joint = ended.and_then(|footer| Joint::behind(segment, header, footer).ok());
        } else {
            joint = None;
        }
        report.records += found.events;
        report.batches += found.batches;
        report.bytes += found.bytes;
        if let Some((last, chain)) = found.last {
            (report.last, report.head) = (Sequence::new(last), chain);
        } else if nth == 0
            && let Some(genesis) = &genesis
        {
            report.head = genesis.digest();
        }
        findings.extend(found.findings.list);
        report.notes.extend(found.notes);
    }
    report.segments = segments.len() as u64;
    if let Some(head) = head
        && head.durable > report.last.get()
        && findings.iter().all(|found| found.segment == 0)
    {
        let detail = format!("ends at {}, but `HEAD` says that #{} was durable", report.last, head.durable);
        findings.push(Finding {
            segment: segments.last().map_or(0, |segment| segment.number),
            offset: 0,
            sequence: Some(report.last.next()),
            what: Fault::RolledBack,
            detail,
        });
    }
    findings.sort();
    report.findings_total = findings.len() as u64;
    findings.truncate(options.findings_max);
    report.findings = findings;
    Ok(report)
}
