//! What stands beside the records: GENESIS, HEAD, and which segments there are.

use super::finding::{Fault, Finding};
use crate::{
    bytes::all_zero,
    error::{LogError, at},
    genesis::{GENESIS_BYTES, Genesis},
    head::{HEAD_BYTES, Head},
    header::HeaderError,
    layout::{GENESIS, HEAD, SEGMENTS, parse_segment_name},
    recovery::image::{SegmentImage, read_segment},
    sequence::Sequence,
    storage::{Storage, read_small},
};

pub(super) fn beside(what: Fault, detail: impl Into<String>) -> Finding {
    Finding { segment: 0, offset: 0, sequence: None, what, detail: detail.into() }
}

pub(super) fn read_head(
    storage: &dyn Storage,
    findings: &mut Vec<Finding>,
) -> Result<Option<Head>, LogError> {
    for _ in 0..5 {
        let Some(bytes) = read_small(storage, HEAD, HEAD_BYTES + 1).map_err(at("reading", HEAD))? else {
            return Ok(None);
        };
        let head = Head::decode(&bytes);
        if head.is_some() || all_zero(&bytes) {
            return Ok(head);
        }
    }
    findings.push(beside(Fault::Head, "`HEAD` does not verify; it is only a hint and may be deleted"));
    Ok(None)
}

pub(super) fn read_genesis(
    storage: &dyn Storage,
    findings: &mut Vec<Finding>,
) -> Result<Option<Genesis>, LogError> {
    let Some(bytes) = read_small(storage, GENESIS, GENESIS_BYTES + 1).map_err(at("reading", GENESIS))? else {
        return Ok(None);
    };
    match Genesis::decode(&bytes) {
        Ok(genesis) => Ok(Some(genesis)),
        Err(HeaderError::Unsupported(detail)) => {
            Err(LogError::Unsupported { path: GENESIS.to_owned(), detail })
        }
        Err(HeaderError::Damaged(detail)) => {
            findings.push(beside(Fault::Genesis, detail));
            Ok(None)
        }
    }
}

pub(super) fn read_segments(
    storage: &dyn Storage,
    findings: &mut Vec<Finding>,
) -> Result<Vec<SegmentImage>, LogError> {
    let names = storage.list(SEGMENTS).map_err(at("listing", SEGMENTS))?;
    let mut names: Vec<(u64, u64)> = names.iter().filter_map(|name| parse_segment_name(name)).collect();
    names.sort_unstable();
    let mut segments = Vec::with_capacity(names.len());
    for (number, first) in names {
        match read_segment(storage, number, first) {
            Ok(segment) => segments.push(segment),
            Err(error @ LogError::Unsupported { .. }) => return Err(error),
            Err(error) => findings.push(Finding {
                segment: number,
                offset: 0,
                sequence: Some(Sequence::new(first)),
                what: Fault::Unreadable,
                detail: error.to_string(),
            }),
        }
    }
    Ok(segments)
}
