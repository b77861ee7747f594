//! What must be in the log: written down as the callers of the engine see it, batch by batch.

use super::{Result, Tally, ensure, text};
use scoped::log::{Reader, Record};
use scoped::{Digest, Event, Promise, Receipt, Sequence, World};
use std::collections::BTreeMap;

/// What became of a batch that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Its receipt was given, or an opening showed it.
    Kept { first: u64, last: u64, durable: bool },
    /// Nobody knows until the log was opened again.
    Unknown,
    /// It was not carried out.
    Not,
}

/// What must be in the log, and what may.
#[derive(Default)]
pub(super) struct Model {
    /// The fold of everything that was shown, from the first record, never begun anew.
    pub(super) world: World,
    /// Chain values of everything that was shown by an opening: all of it is promised.
    pub(super) chain: Vec<Digest>,
    /// Chain values that receipts named since then, with their promise.
    heads: BTreeMap<u64, (Digest, bool)>,
    /// What was sent, by its correlation.
    pub(super) fates: BTreeMap<u128, Fate>,
    /// Batches without a number that may be there: openings and rollbacks.
    pub(super) nameless: u64,
}

/// A batch while the log is walked.
struct Walked {
    correlation: u128,
    first: u64,
    left: u32,
    kind: u16,
    is_trace: bool,
}

impl Model {
    /// A receipt was given.
    pub(super) fn receipt(&mut self, tag: Option<u128>, receipt: &Receipt) {
        let durable = receipt.promise == Promise::Durable;
        let (first, last) = (receipt.first.get(), receipt.last.get());
        if let Some(tag) = tag {
            self.fates.insert(tag, Fate::Kept { first, last, durable });
        }
        self.heads.insert(last, (receipt.head, durable));
    }
    /// Everything acknowledged so far is durable.
    pub(super) fn synced(&mut self) {
        for fate in self.fates.values_mut() {
            if let Fate::Kept { durable, .. } = fate {
                *durable = true;
            }
        }
        for (_, durable) in self.heads.values_mut() {
            *durable = true;
        }
    }
    /// What was only buffered may be gone.
    pub(super) fn power_lost(&mut self, tally: &mut Tally) {
        for fate in self.fates.values_mut() {
            if matches!(fate, Fate::Kept { durable: false, .. }) {
                *fate = Fate::Unknown;
                tally.only_buffered += 1;
            }
        }
        self.heads.retain(|_, (_, durable)| *durable);
    }
    /// The last event that must be there.
    pub(super) fn promised(&self) -> u64 {
        let named = self.heads.keys().next_back().copied().unwrap_or(0);
        named.max(self.chain.len() as u64)
    }
    /// The last event that must be there even after the power was lost.
    pub(super) fn durable(&self) -> u64 {
        let named = self.heads.iter().rev().find(|(_, (_, durable))| *durable).map_or(0, |(last, _)| *last);
        named.max(self.chain.len() as u64)
    }
    /// The chain value that must stand there, where one is known.
    pub(super) fn chain_at(&self, at: u64) -> Option<Digest> {
        let shown = at.checked_sub(1).and_then(|nth| self.chain.get(nth as usize)).copied();
        shown.or_else(|| self.heads.get(&at).map(|(head, _)| *head))
    }

    /// Holds a log that is read without faults to what was promised, up to where it can be read.
    pub(super) fn holds(&self, reader: &Reader) -> Result<()> {
        for record in reader.records(Sequence::new(1), reader.last()) {
            let record = record.map_err(|e| format!("(kept) {e}"))?;
            self.fits(&record)?;
        }
        Ok(())
    }

    /// Is a record what was promised at its place?
    pub(super) fn fits(&self, record: &Record) -> Result<()> {
        let at = record.sequence().get();
        match self.chain_at(at) {
            Some(chain) => ensure(chain == record.chain(), || {
                format!("(kept) the chain at #{at} was {chain} and is {}", record.chain())
            }),
            None => Ok(()),
        }
    }

    /// Walks a log that was opened: everything promised has to be there, and everything there becomes promised.
    pub(super) fn ingest(&mut self, reader: &Reader, tally: &mut Tally) -> Result<()> {
        let (last, promised) = (reader.last().get(), self.promised());
        ensure(last >= promised, || {
            format!("(kept) #{promised} was acknowledged, and the log ends at #{last}")
        })?;
        let mut walked: Option<Walked> = None;
        for record in reader.records(Sequence::new(1), reader.last()) {
            let record = record.map_err(|e| format!("(kept) {e}"))?;
            self.fits(&record)?;
            if record.sequence().get() > self.chain.len() as u64 {
                self.world.fold(&record).map_err(text)?;
                self.chain.push(record.chain());
                walked = self.walk(walked, &record, tally)?;
            }
        }
        ensure(walked.is_none(), || "(whole) the log ends in the middle of a batch".to_owned())?;
        self.heads.clear();
        let shown = self.chain.len() as u64;
        for (tag, fate) in &mut self.fates {
            match fate {
                Fate::Unknown => *fate = Fate::Not,
                Fate::Kept { last, durable, .. } => {
                    ensure(*last <= shown, || format!("(kept) batch {tag} was acknowledged at #{last}"))?;
                    *durable = true;
                }
                Fate::Not => {}
            }
        }
        Ok(())
    }

    fn walk(&mut self, before: Option<Walked>, record: &Record, tally: &mut Tally) -> Result<Option<Walked>> {
        let at = record.sequence().get();
        let (context, event) =
            Event::decode(record.kind(), record.kind_version(), record.body()).map_err(text)?;
        let correlation = context.correlation;
        let batch = match before {
            None => Walked {
                correlation,
                first: at,
                left: record.batch_left(),
                kind: event.kind(),
                is_trace: matches!(event, Event::Audit(_)),
            },
            Some(before) => {
                let goes_on = before.correlation == correlation && record.batch_left() + 1 == before.left;
                ensure(goes_on, || format!("(whole) #{at} does not go on the batch from #{}", before.first))?;
                Walked { left: record.batch_left(), ..before }
            }
        };
        if batch.left > 0 {
            return Ok(Some(batch));
        }
        // A trace may carry the operation of the batch that was refused.
        if batch.is_trace {
            return Ok(None);
        }
        let (first, kind) = (batch.first, batch.kind);
        match self.fates.get_mut(&correlation) {
            Some(fate @ Fate::Unknown) => {
                *fate = Fate::Kept { first, last: at, durable: true };
                tally.unknown_kept += 1;
            }
            Some(Fate::Kept { first: was_first, last: was_last, .. }) => {
                ensure((*was_first, *was_last) == (first, at), || {
                    format!(
                        "(whole) batch {correlation} was acknowledged at #{was_first} to #{was_last}, and is at #{first} to #{at}"
                    )
                })?;
            }
            Some(Fate::Not) => {
                return Err(format!("(invented) batch {correlation} at #{first} was refused ({kind})"));
            }
            // What an opening founds and registers, rollbacks.
            None => {
                self.nameless = self.nameless.checked_sub(1).ok_or_else(|| {
                    format!("(invented) nobody sent the batch at #{first} to #{at} ({kind}, {correlation:x})")
                })?;
            }
        }
        Ok(None)
    }
}
