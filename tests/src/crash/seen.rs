//! What is left after a life, held to the invariants.

use super::process::Acknowledged;
use super::{Mode, REPLAYED_LIVES, Result, SmallDisk, Summary, Trial, ensure, text};
use scoped::log::storage::Storage;
use scoped::log::{FileStorage, VerifyOptions, verify};
use scoped::{Digest, Engine, Sequence};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// What has been looked at so far.
pub(super) struct Seen<'a> {
    pub(super) directory: &'a Path,
    pub(super) mode: Mode,
    pub(super) trial: Trial,
    /// The file system that the log is on, where it is a small one.
    pub(super) small: Option<SmallDisk>,
    /// The last event that was looked at, and the chain value there.
    pub(super) checked: u64,
    pub(super) head: Option<Digest>,
    pub(super) summary: Summary,
}

impl Seen<'_> {
    /// Opens what is left, and holds it to the invariants.
    pub(super) fn look(&mut self, acknowledged: &[Acknowledged], kills: u64) -> Result<()> {
        let engine = self.open()?;
        *self.summary.verdicts.entry(format!("{:?}", engine.recovery().verdict)).or_default() += 1;
        let (history, head) = (engine.history(), engine.history().head());
        if let Some(before) = self.head {
            let now = history.reader().chain_at(Sequence::new(self.checked)).map_err(text)?;
            ensure(now == Some(before), || {
                format!("(grown) the chain at #{} was {before}, is {now:?}", self.checked)
            })?;
        }
        for ack in acknowledged {
            let chain = history.reader().chain_at(Sequence::new(ack.last)).map_err(text)?;
            ensure(chain == Some(ack.head), || {
                format!("(kept) {ack:?} was acknowledged; the log has {chain:?}")
            })?;
        }
        let tags = self.batches(&engine, head)?;
        for ack in acknowledged {
            let found = tags.get(&ack.tag).copied();
            ensure(found == Some((ack.first, ack.last)), || {
                format!("(kept) {ack:?} was acknowledged; found {found:?}")
            })?;
        }
        self.summary.acknowledged += acknowledged.len() as u64;
        self.summary.unacknowledged += (tags.len() - acknowledged.len()) as u64;
        let storage: Arc<dyn Storage> = Arc::new(FileStorage::new(self.directory));
        let report = verify(&storage, &VerifyOptions::default(), &|_| ()).map_err(text)?;
        ensure(report.is_clean(), || format!("(clean) {:?}", report.first_bad()))?;
        let looks = self.summary.looks;
        if looks < REPLAYED_LIVES || looks.is_multiple_of(20) || self.summary.kills == kills {
            let replayed = history.replay(head, &mut |_| ()).map_err(text)?.state_digest();
            let live = engine.read(|moment| moment.world().state_digest());
            ensure(live == replayed, || format!("(same) live {live}, replayed {replayed}"))?;
        }
        self.checked = head.get();
        self.head = history.reader().chain_at(head).map_err(text)?;
        self.summary.looks += 1;
        self.summary.events = head.get();
        self.summary.segments = history.reader().segments().len();
        engine.close().map_err(text)
    }

    /// Opens; where there is no space even for that, some is made.
    fn open(&mut self) -> Result<Engine> {
        // Now and then, so that the next lives have something to fill.
        let full = self.summary.full;
        if let Some(small) = &mut self.small
            && full > 0
            && full.is_multiple_of(3)
        {
            small.grow()?;
        }
        loop {
            match (Engine::open_with(self.directory, self.mode.options()), &mut self.small) {
                (Ok(engine), _) => return Ok(engine),
                (Err(error), Some(small)) if error.code() == "full" => {
                    self.summary.no_space_to_open += 1;
                    small.grow()?;
                }
                (Err(error), _) => return Err(text(error)),
            }
        }
    }

    /// The batches behind what was looked at, by tag, with their first and last events.
    fn batches(&self, engine: &Engine, head: Sequence) -> Result<BTreeMap<String, (u64, u64)>> {
        let mut found: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        let mut open: Option<(String, u64, u64)> = None;
        for record in engine.history().reader().records(Sequence::new(self.checked + 1), head) {
            let record = record.map_err(text)?;
            let at = record.sequence().get();
            let Some(payload) = engine.history().payload(record.sequence()).map_err(text)? else { continue };
            let piece: serde_json::Value = serde_json::from_slice(&payload).map_err(text)?;
            let (Some(tag), Some(of), Some(nth)) =
                (piece["tag"].as_str(), piece["of"].as_u64(), piece["nth"].as_u64())
            else {
                continue; // the founder
            };
            let (began, first, _) = open.take().unwrap_or_else(|| (tag.to_owned(), at, of));
            let whole = began == tag && first + nth == at && u64::from(record.batch_left()) == of - 1 - nth;
            ensure(whole, || {
                format!(
                    "(whole) #{at} is piece {nth} of {of} of `{tag}`, in the batch of `{began}` from #{first}"
                )
            })?;
            if nth + 1 < of {
                open = Some((began, first, of));
            } else {
                let before = found.insert(began, (first, at));
                ensure(before.is_none(), || {
                    format!("(whole) `{tag}` is there twice: {before:?} and #{first}")
                })?;
            }
        }
        ensure(open.is_none(), || format!("(whole) the log ends in the middle of a batch: {open:?}"))?;
        Ok(found)
    }
}
