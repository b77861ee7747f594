//! `scoped verify`: every sum of every byte. Needs no engine, and finds damage that an engine would not open.

use crate::cells::{bytes, count, position, quiet, rate, seconds};
use crate::failure::{Exit, Failure};
use crate::open::check_directory;
use crate::output::{Cell, Column, Facts, Output, Page, Table, Tone};
use scoped::log::{FileStorage, Finding, Storage, VerifyOptions, VerifyReport, verify};
use serde::Serialize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

const EXAMPLES: &str = "\
Checked: the form, checksum, payload digest, leaf and chain of every record; batches, times and padding; both headers of every \
segment, footers and their digest of all bytes; how segments join. Nothing is changed. Exit code 3 when anything is wrong.

What no check of the files alone can find: a log cut at a batch and carried on, or an older copy put back whole. Compare the \
head's chain value with one that was kept elsewhere.

Examples:
  scoped verify notes
  scoped verify notes --format json | jq .head";

/// What `scoped verify` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The log directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Threads to use [default: one a core]
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    threads: usize,
    /// Findings to list; more are only counted
    #[arg(long, default_value_t = 100)]
    findings: usize,
}

#[derive(Serialize)]
struct Answer {
    clean: bool,
    events: u64,
    batches: u64,
    segments: u64,
    bytes: u64,
    last: u64,
    head: String,
    seconds: f64,
    bytes_per_second: u64,
    findings_total: u64,
    findings: Vec<Found>,
    notes: Vec<String>,
}

#[derive(Serialize)]
struct Found {
    position: Option<u64>,
    segment: Option<u64>,
    offset: u64,
    fault: String,
    detail: String,
}

impl From<&Finding> for Found {
    fn from(finding: &Finding) -> Self {
        Self {
            position: finding.sequence.map(scoped::Sequence::get),
            segment: (finding.segment > 0).then_some(finding.segment),
            offset: finding.offset,
            fault: finding.what.to_string(),
            detail: finding.detail.clone(),
        }
    }
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    check_directory(&args.directory)?;
    let storage: Arc<dyn Storage> = Arc::new(FileStorage::new(&args.directory));
    let options = VerifyOptions { threads: args.threads, findings_max: args.findings };
    let bar = output.bar("verifying", "bytes", None);
    let began = Instant::now();
    let report = verify(&storage, &options, &|progress| {
        bar.total(progress.total);
        bar.set(progress.bytes);
    })?;
    let took = began.elapsed();
    drop(bar);
    output.show(&answer(&report, took), || page(&report, took))?;
    report.notes.iter().for_each(|note| output.note(note));
    if report.is_clean() {
        return Ok(());
    }
    let findings = if report.findings_total == 1 {
        "1 finding".to_owned()
    } else {
        format!("{} findings", report.findings_total)
    };
    let first = report.first_bad().map_or_else(String::new, |finding| format!("; the first: {finding}"));
    Err(Failure::new(Exit::Damage, "damaged", format!("{findings}{first}"))
        .hint("nothing was changed; restore the directory from a copy, or read what verifies with `scoped log` and `scoped show`"))
}

fn answer(report: &VerifyReport, took: Duration) -> Answer {
    Answer {
        clean: report.is_clean(),
        events: report.records,
        batches: report.batches,
        segments: report.segments,
        bytes: report.bytes,
        last: report.last.get(),
        head: report.head.to_string(),
        seconds: seconds(took),
        bytes_per_second: rate(report.bytes, took.as_secs_f64()),
        findings_total: report.findings_total,
        findings: report.findings.iter().map(Found::from).collect(),
        notes: report.notes.clone(),
    }
}

fn page(report: &VerifyReport, took: Duration) -> Page {
    let verdict = match report.findings_total {
        0 => Cell::new("clean").tone(Tone::Good),
        1 => Cell::new("damaged: 1 finding").raw("damaged").tone(Tone::Bad),
        many => Cell::new(format!("damaged: {many} findings")).raw("damaged").tone(Tone::Bad),
    };
    let took = took.as_secs_f64();
    let facts = Facts::new()
        .with("verdict", verdict)
        .with("events", count(report.records))
        .with("batches", count(report.batches))
        .with("segments", count(report.segments))
        .with("bytes", bytes(report.bytes))
        .with("last event", position(report.last))
        .with("head", quiet(report.head))
        .with("seconds", format!("{took:.3}"))
        .with("bytes/s", bytes(rate(report.bytes, took)))
        .with("events/s", count(rate(report.records, took)));
    let page = Page::new().facts(facts);
    if report.is_clean() {
        return page;
    }
    let mut table = Table::new(&[
        Column::number("event"),
        Column::number("segment"),
        Column::number("offset"),
        Column::text("fault"),
        Column::text("detail"),
    ]);
    for finding in &report.findings {
        let segment = if finding.segment > 0 { Cell::new(finding.segment) } else { Cell::default() };
        table.push(vec![
            finding.sequence.map(position).unwrap_or_default(),
            segment,
            finding.offset.into(),
            Cell::new(finding.what).tone(Tone::Bad),
            finding.detail.as_str().into(),
        ]);
    }
    page.title("findings, the first bad place first").table(table)
}
