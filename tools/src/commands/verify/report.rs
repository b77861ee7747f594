//! What `scoped verify` says.

use super::signed::{self, Anchored};
use crate::cells::{bytes, count, position, quiet, rate, seconds};
use crate::output::{Cell, Column, Facts, Page, Table, Tone};
use scoped::log::{Finding, VerifyReport};
use serde::Serialize;
use std::time::Duration;

#[derive(Serialize)]
pub(super) struct Answer {
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
    checkpoints: Vec<Anchored>,
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

pub(super) fn answer(report: &VerifyReport, took: Duration, checkpoints: &[Anchored]) -> Answer {
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
        checkpoints: checkpoints.to_vec(),
    }
}

pub(super) fn page(report: &VerifyReport, took: Duration, checkpoints: &[Anchored]) -> Page {
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
    let page = signed::table(Page::new().facts(facts), checkpoints);
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
