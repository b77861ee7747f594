//! What a life does: groups of batches, syncs, snapshots, rollbacks, refused reads, batches sent again, a clock that jumps.

use super::life::Sim;
use super::model::Fate;
use super::{Result, Tally, ensure};
use crate::fuzz::{draw, known::Known, prelude};
use arbitrary::Unstructured;
use scoped::log::storage::Storage;
use scoped::temporal::{Cutoff, Selection, SetMark};
use scoped::{Batch, Data, Engine, Error, Micros, ObjectId, Policy, PrincipalId, Receipt, objects};
use std::sync::Arc;

/// Batches of a group.
const GROUP_MAX: u64 = 5;
/// Bytes from which a command is drawn.
const DRAWN_BYTES: usize = 300;
const FOUNDER: PrincipalId = PrincipalId(1);

impl Sim {
    /// Works until the process dies or there was enough. Says whether the writer was poisoned.
    pub(super) fn work(&mut self, engine: &Engine, tally: &mut Tally) -> Result<bool> {
        let mut poisoned = false;
        if self.model.fates.get(&1).is_none_or(|fate| !matches!(fate, Fate::Kept { .. })) {
            poisoned |= self.send(engine, vec![(1, prelude().correlated(1))], poisoned, tally)?;
            self.sent = self.sent.max(1);
        }
        for _ in 0..3 + self.chance.below(10) {
            if self.is_dead() {
                return Ok(poisoned);
            }
            self.jump(tally);
            match self.chance.below(100) {
                0..62 => {
                    let count = if self.chance(50) { 1 } else { 2 + self.chance.below(GROUP_MAX - 1) };
                    let batches = (0..count).map(|_| self.batch()).collect();
                    poisoned |= self.send(engine, batches, poisoned, tally)?;
                }
                62..72 => self.sync(engine)?,
                72..78 => match engine.snapshot() {
                    Ok(_) => tally.snapshots += 1,
                    Err(error) => self.excused("a snapshot", &error)?,
                },
                78..84 => self.refused_read(engine)?,
                84..90 => poisoned |= self.roll_back(engine, poisoned, tally)?,
                90..95 => self.follow(tally)?,
                _ => poisoned |= self.send_again(engine, poisoned, tally)?,
            }
        }
        if poisoned && !self.is_dead() {
            // The disk is well again, and the writer must not believe it.
            tally.poisoned += 1;
            let storage = self.storage.clone();
            let batch = self.batch();
            let after = storage.unseen(|| self.send(engine, vec![batch], true, tally))?;
            ensure(after, || "(poisoned) nobody was told".to_owned())?;
        }
        Ok(poisoned)
    }

    fn jump(&mut self, tally: &mut Tally) {
        let now = self.door.time();
        let seconds = 1_000_000;
        let later = match self.chance.below(if self.swarm.jumps { 12 } else { 6 }) {
            0..5 => now.saturating_add(self.chance.below(3 * seconds)),
            5 => now,
            6..8 => now.saturating_sub(self.chance.below(3_600 * seconds)),
            8 => now.saturating_sub(self.chance.below(400 * 86_400 * seconds)),
            9 => now.saturating_add(self.chance.below(30 * 86_400 * seconds)),
            // The log never goes back, so after the end of time it stays there.
            10 if self.chance(4) => Micros::MAX - self.chance.below(2),
            10 => self.chance.below(2) * seconds,
            _ => draw::NOON,
        };
        tally.jumps += u64::from(later.abs_diff(now) > 10 * seconds);
        self.door.set(later);
    }

    /// The next batch, with its number.
    fn batch(&mut self) -> (u128, Batch) {
        self.sent += 1;
        let tag = self.sent;
        let drawn = self.chance(self.swarm.drawn).then(|| self.drawn()).flatten();
        let batch = drawn.unwrap_or_else(|| self.plain(tag)).correlated(tag);
        if self.chance(30) {
            let batch = Batch { key: Some(format!("key {tag}")), ..batch };
            self.keyed.push((tag, batch.clone()));
            return (tag, batch);
        }
        (tag, Batch { key: None, ..batch })
    }

    fn drawn(&mut self) -> Option<Batch> {
        let bytes: Vec<u8> = (0..DRAWN_BYTES).map(|_| self.chance.below(256) as u8).collect();
        let (bytes, known) = (&mut Unstructured::new(&bytes), &Known::default());
        let line = draw::Drawn { bytes, made: &self.made, known, now: draw::NOON }.line().ok()?;
        scoped::parse_line(&line).ok().map(|(batch, _)| batch)
    }

    /// Objects that carry their number, some of them large.
    fn plain(&mut self, tag: u128) -> Batch {
        let mut batch = Batch::new();
        for nth in 0..1 + self.chance.below(4) {
            let long = [40, 400, 3_000, 20_000][[0, 0, 1, 1, 1, 2, 2, 3][self.chance.below(8) as usize]];
            let padding = "x".repeat(self.chance.below(long) as usize);
            let data = serde_json::json!({ "tag": tag.to_string(), "nth": nth, "padding": padding });
            let Ok(data) = Data::new(&data) else { continue };
            let known = self.made.len() as u64;
            if known > 0 && self.chance(30) {
                let object = ObjectId(self.made[self.chance.below(known) as usize]);
                batch.push(FOUNDER, objects::Update { object, data, expected_version: None, reason: None });
            } else {
                batch.push(FOUNDER, objects::Create::new("thing", data));
            }
        }
        if self.chance(10) {
            batch.push(FOUNDER, SetMark { name: format!("mark {tag}"), position: None });
        }
        batch
    }

    /// Sends batches that become one group. Says whether somebody was told that the writer takes no more.
    fn send(
        &mut self,
        engine: &Engine,
        batches: Vec<(u128, Batch)>,
        poisoned: bool,
        tally: &mut Tally,
    ) -> Result<bool> {
        self.door.hold();
        let waiting: Vec<_> = batches.into_iter().map(|(tag, batch)| (tag, engine.submit(batch))).collect();
        self.door.release();
        let mut ended = false;
        for (tag, pending) in waiting {
            let answer = pending.and_then(|pending| pending.wait());
            ended |= self.answered(Some(tag), answer, poisoned, tally)?;
        }
        Ok(ended)
    }

    fn answered(
        &mut self,
        tag: Option<u128>,
        answer: scoped::Result<Receipt>,
        poisoned: bool,
        tally: &mut Tally,
    ) -> Result<bool> {
        match answer {
            Ok(receipt) => {
                // A repeated receipt tells of what was done before.
                let is_new = receipt.last >= receipt.first && !receipt.repeated;
                ensure(!(poisoned && is_new), || format!("(poisoned) {receipt:?} was given all the same"))?;
                self.note(receipt.last.get());
                if is_new {
                    self.made.extend(receipt.ids.iter().copied().filter(|id| *id > draw::IDS));
                    self.model.receipt(tag, &receipt);
                    tally.acknowledged += 1;
                } else if let Some(tag) = tag
                    && !receipt.repeated
                {
                    self.model.fates.insert(tag, Fate::Not);
                }
                Ok(false)
            }
            Err(error) => {
                let fate = match error.code() {
                    "outcome_unknown" => Fate::Unknown,
                    _ => Fate::Not,
                };
                if let Some(tag) = tag {
                    self.model.fates.insert(tag, fate);
                }
                tally.unknown += u64::from(fate == Fate::Unknown);
                *tally.refused.entry(error.code()).or_default() += 1;
                self.note(error.code().len() as u64);
                let ended = fate == Fate::Unknown || error.to_string().contains("takes no more writes");
                if error.kind() == scoped::ErrorKind::Unavailable {
                    ensure(poisoned || ended || error.code() != "closed", || format!("(alarm) {error}"))?;
                    self.excused("a batch", &error)?;
                }
                ensure(error.kind() != scoped::ErrorKind::Corrupt, || format!("(alarm) a batch: {error}"))?;
                Ok(ended)
            }
        }
    }

    /// A failure needs something that has gone wrong, and has to be of the sort that a failing disk brings about.
    fn excused(&self, what: &str, error: &Error) -> Result<()> {
        let excused = error.kind() == scoped::ErrorKind::Unavailable && error.code() != "closed";
        ensure(excused && self.is_troubled(), || format!("(alarm) {what}: {}: {error}", error.code()))
    }

    fn sync(&mut self, engine: &Engine) -> Result<()> {
        match engine.sync() {
            Ok(()) => {
                self.model.synced();
                Ok(())
            }
            Err(error) => self.excused("a sync", &error),
        }
    }

    /// A read that is refused leaves a trace by itself; the sync waits for it.
    fn refused_read(&mut self, engine: &Engine) -> Result<()> {
        if let Ok(session) = engine.session(PrincipalId(4)) {
            let known = self.made.len() as u64;
            let object = if known == 0 { 1 } else { self.made[self.chance.below(known) as usize] };
            let _ = session.read(ObjectId(object));
        }
        self.sync(engine)
    }

    fn roll_back(&mut self, engine: &Engine, poisoned: bool, tally: &mut Tally) -> Result<bool> {
        let Ok(session) = engine.session(FOUNDER) else { return Ok(false) };
        let (back, all) = (self.chance.below(12), self.chance(50));
        let known = self.made.len() as u64;
        let selection = if all || known == 0 {
            Selection::All
        } else {
            Selection::Object(ObjectId(self.made[self.chance.below(known) as usize]))
        };
        self.model.nameless += 1;
        match session.rollback(&Cutoff::Head(back), selection, Policy::SkipDenied) {
            Ok(None) => Ok(false),
            Ok(Some(receipt)) => {
                tally.rollbacks += 1;
                self.answered(None, Ok(receipt), poisoned, tally)
            }
            Err(error) => self.answered(None, Err(error), poisoned, tally),
        }
    }

    /// A batch that was sent before is sent again: it is there once, whatever its sender was told.
    fn send_again(&mut self, engine: &Engine, poisoned: bool, tally: &mut Tally) -> Result<bool> {
        if self.keyed.is_empty() {
            return Ok(false);
        }
        let nth = self.chance.below(self.keyed.len() as u64) as usize;
        let (tag, batch) = self.keyed[nth].clone();
        match self.model.fates.get(&tag).copied() {
            Some(Fate::Kept { first, last, .. }) => {
                let answer = engine.submit(batch).and_then(|pending| pending.wait());
                tally.sent_again += 1;
                match answer {
                    Ok(again) => {
                        let same = again.repeated && (again.first.get(), again.last.get()) == (first, last);
                        ensure(same, || {
                            format!("(whole) batch {tag} is at #{first} to #{last}, and again {again:?}")
                        })?;
                        Ok(false)
                    }
                    Err(error) => {
                        self.excused("a batch sent again", &error)?;
                        Ok(error.code() == "outcome_unknown"
                            || error.to_string().contains("takes no more writes"))
                    }
                }
            }
            Some(Fate::Not) => {
                tally.sent_again += 1;
                self.send(engine, vec![(tag, batch)], poisoned, tally)
            }
            // Not before the log was opened again.
            _ => Ok(false),
        }
    }

    /// Somebody reads beside the writer, from the files alone.
    fn follow(&mut self, tally: &mut Tally) -> Result<()> {
        let storage = self.storage.clone();
        let log: Arc<dyn Storage> = Arc::new(storage.clone());
        storage.unseen(|| super::outside::follow(self, &log, tally))
    }
}
