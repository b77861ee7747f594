//! Many lives of many logs on a disk that crashes: the Rust twin of `recovery_model.py`.

use scoped_log::{
    Durability, ErrorKind, Log, LogError, NewEvent, Opened, Options, Payload, Sequence, Stage, Storage,
    VerifyOptions,
    storage::{Crash, CrashDisk},
    verify,
};
use std::sync::Arc;

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

#[derive(Clone, Copy, PartialEq)]
struct Swarm {
    failing_syncs: u64,
    without_head: bool,
    verify_each: bool,
}

struct Life {
    seed: u64,
    random: Random,
    disk: CrashDisk,
    swarm: Swarm,
    next_id: u128,
    /// Batch lengths by id, so that half a batch is seen.
    submitted: Vec<u128>,
    batch_end: std::collections::HashSet<u128>,
    acked: usize,
    /// What a killed process must not lose: handed to the operating system.
    written: usize,
    /// A sync failed since the last opening: what the cache shows is not to be relied on.
    opens: u64,
    interrupted: u64,
}

fn options() -> Options {
    Options { segment_bytes: 16 << 10, prepare_in_background: false, ..Options::default() }
}

impl Life {
    fn storage(&self) -> Arc<dyn Storage> {
        Arc::new(self.disk.clone())
    }

    fn end_process(&mut self) -> Crash {
        let how = if self.random.chance(50) { Crash::Power } else { Crash::Kill };
        self.disk.crash(how);
        if self.swarm.without_head {
            let _ = self.disk.remove("HEAD");
        }
        how
    }

    fn open(&mut self) -> Opened {
        loop {
            let steps = self.random.chance(40).then(|| self.random.below(60));
            self.disk.die_after(steps);
            let failing = if self.random.chance(30) { self.swarm.failing_syncs } else { 0 };
            self.disk.failing_syncs(failing);
            let salt = self.random.next();
            let opened = match Log::open(self.storage(), salt, 5, &options()) {
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    assert_eq!(self.acked, 0, "seed {}: the log is gone", self.seed);
                    Log::create(self.storage(), 9, 5, salt, &options())
                }
                other => other,
            };
            match opened {
                Ok(_) if self.disk.is_dead() => self.interrupted += 1,
                Ok(opened) => {
                    self.opens += 1;
                    return opened;
                }
                Err(LogError::Io { .. }) => self.interrupted += 1,
                Err(error) => panic!("seed {}: false alarm: {error}", self.seed),
            }
            if self.end_process() == Crash::Power {
                self.written = self.acked;
            }
        }
    }

    fn check(&mut self, opened: &mut Opened) {
        let seed = self.seed;
        let last = opened.reader.last();
        assert_eq!(last, opened.recovery.last, "seed {seed}");
        let found: Vec<u128> = opened
            .reader
            .records(Sequence::new(1), last)
            .map(|record| record.unwrap_or_else(|error| panic!("seed {seed}: {error}")).event_id())
            .collect();
        assert!(
            found.len() >= self.acked,
            "seed {seed}: acknowledged events lost: {} of {}",
            found.len(),
            self.acked
        );
        assert!(found.len() >= self.written, "seed {seed}: a killed process lost what it had written");
        assert!(self.submitted.starts_with(&found), "seed {seed}: not a beginning of what was submitted");
        assert!(found.last().is_none_or(|id| self.batch_end.contains(id)), "seed {seed}: half a batch");
        if self.swarm.verify_each {
            self.disk.die_after(None);
            let report =
                verify(&self.storage(), &VerifyOptions { threads: 1, ..Default::default() }, &|_| ())
                    .unwrap();
            assert!(report.is_clean(), "seed {seed}: {:?}", report.findings);
            assert_eq!((report.last, report.head), (last, opened.writer.head()), "seed {seed}");
        }
        // What opening published counts as promised.
        self.acked = found.len();
        self.written = found.len();
        self.submitted = found;
    }

    fn stage(&mut self, opened: &mut Opened) -> Result<bool, LogError> {
        let count = 1 + self.random.below(3) as usize;
        let bodies: Vec<Vec<u8>> = (0..count)
            .map(|_| {
                let len =
                    self.random.below(if self.random.0.is_multiple_of(4) { 2500 } else { 200 }) as usize;
                vec![self.random.next() as u8; len]
            })
            .collect();
        let payload = Payload::new(vec![0; self.random.below(64) as usize]).unwrap();
        let batch: Vec<NewEvent<'_>> = (bodies.iter().enumerate())
            .map(|(nth, body)| NewEvent {
                event_id: self.next_id + nth as u128,
                kind: nth as u16,
                kind_version: 1,
                actor: 1,
                scope: 2,
                body,
                payload: (nth % 2 == 0).then_some(&payload),
            })
            .collect();
        match opened.writer.stage(self.next_id as u64, &batch)? {
            Stage::GroupFull => Ok(false),
            Stage::Staged(_) => {
                self.submitted.extend(batch.iter().map(|event| event.event_id));
                self.next_id += count as u128;
                self.batch_end.insert(self.next_id - 1);
                Ok(true)
            }
        }
    }

    fn work(&mut self, opened: &mut Opened) -> Result<(), LogError> {
        for _ in 0..self.random.below(7) {
            match self.random.below(100) {
                0..80 => {
                    for _ in 0..1 + self.random.below(3) {
                        if !self.stage(opened)? {
                            break;
                        }
                    }
                    let synced = self.random.chance(70);
                    let how = if synced { Durability::Synced } else { Durability::Buffered };
                    let committed = opened.writer.commit(how)?;
                    self.written = committed.last.get() as usize;
                    self.acked = self.acked.max(committed.durable.get() as usize);
                }
                80..90 => opened.writer.fence()?,
                _ => opened.writer.sync()?,
            }
            self.acked = self.acked.max(opened.writer.durable().get() as usize);
        }
        Ok(())
    }

    fn live(&mut self) {
        for _ in 0..2 + self.random.below(6) {
            let mut opened = self.open();
            self.disk.die_after(None);
            self.check(&mut opened);
            self.disk.failing_syncs(if self.random.chance(30) { self.swarm.failing_syncs } else { 0 });
            let steps = self.random.chance(70).then(|| self.random.below(150));
            self.disk.die_after(steps);
            let result = self.work(&mut opened);
            if let Err(error) = &result {
                assert!(matches!(error, LogError::Io { .. }), "seed {}: {error}", self.seed);
                // After the first failure nothing new is acknowledged, ever. (Failing to prepare a segment is no failure
                // of the writer: nothing was promised, and it may go on.)
                if let Ok(committed) = opened.writer.commit(Durability::Synced) {
                    assert!(committed.last.get() as usize <= self.written, "seed {}", self.seed);
                }
            }
            if result.is_ok() && self.random.chance(40) {
                let _ = opened.writer.close();
            } else {
                let power = self.end_process() == Crash::Power;
                drop(opened);
                if power {
                    self.written = self.acked;
                }
                continue;
            }
            if self.end_process() == Crash::Power {
                self.written = self.acked;
            }
        }
    }
}

fn run(seeds: std::ops::Range<u64>, swarm: Swarm) -> (u64, u64) {
    let mut sums = (0, 0);
    for seed in seeds {
        let mut life = Life {
            seed,
            random: Random(seed.wrapping_mul(0x5851_f42d_4c95_7f2d)),
            disk: CrashDisk::new(seed),
            swarm,
            next_id: 1,
            submitted: Vec::new(),
            batch_end: Default::default(),
            acked: 0,
            written: 0,
            opens: 0,
            interrupted: 0,
        };
        life.live();
        sums.0 += life.opens;
        sums.1 += life.interrupted;
    }
    sums
}

fn seeds(everyday: u64) -> std::ops::Range<u64> {
    // SCOPED_CRASH_SEEDS=1000000 is the long mode.
    let count = std::env::var("SCOPED_CRASH_SEEDS").ok().and_then(|text| text.parse().ok());
    0..count.unwrap_or(everyday)
}

const QUIET: Swarm = Swarm { failing_syncs: 0, without_head: false, verify_each: false };

#[test]
fn no_crash_loses_what_was_acknowledged() {
    let (opens, interrupted) = run(seeds(1500), QUIET);
    assert!(opens > 3000 && interrupted > 300, "{opens} {interrupted}");
}

#[test]
fn neither_do_syncs_that_fail_and_leave_the_cache_falsely_clean() {
    run(seeds(1500), Swarm { failing_syncs: 300, ..QUIET });
    run(seeds(500), Swarm { failing_syncs: 30, ..QUIET });
}

#[test]
fn nor_without_the_hint_file() {
    run(seeds(1000), Swarm { failing_syncs: 100, without_head: true, ..QUIET });
}

#[test]
fn and_what_recovery_leaves_verifies() {
    run(seeds(500), Swarm { failing_syncs: 50, verify_each: true, ..QUIET });
}
