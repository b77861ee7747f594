//! What may happen in one run. Drawn for each seed, because faults that are always mixed hide each other (Groce et al., *Swarm
//! Testing*, 2012).

use crate::chance::Chance;
use scoped::Durability;
use scoped::log::storage::{Call, Chances, Trouble};
use std::time::Duration;

/// What may happen in one run, and how often.
#[derive(Debug, Clone)]
pub struct Swarm {
    /// Lives of the log.
    pub lives: u64,
    /// When receipts are given.
    pub durability: Durability,
    /// Bytes of a segment.
    pub segment_bytes: u64,
    /// Events after which a clean close leaves a snapshot; 0: never.
    pub snapshot_after: u64,
    /// Of a hundred lives, how many end at a call of the storage.
    pub deaths: u64,
    /// Of a hundred crashes, how many take the power too.
    pub power: u64,
    /// Of a hundred lives, how many are closed in peace.
    pub closes: u64,
    /// Sectors in flight may become garbage.
    pub garbage: bool,
    /// Of a thousand syncs, how many fail and leave the cache falsely clean.
    pub false_syncs: u64,
    /// Trouble by chance: of a million calls.
    pub troubles: Vec<(Call, Trouble, u64)>,
    /// Of a hundred lives, how many have little space.
    pub narrow: u64,
    /// `HEAD` is gone after every crash.
    pub without_head: bool,
    /// The clock jumps.
    pub jumps: bool,
    /// Of a hundred batches, how many are drawn from the whole command face.
    pub drawn: u64,
    /// Of a hundred crashes, after how many the disk lies to a copy of the log.
    pub lies: u64,
    /// Of a hundred objects, how many belong to a data subject.
    pub subjects: u64,
    /// Files are read through maps.
    pub mapped: bool,
}

impl Swarm {
    /// Nothing but a fixed history of four lives, some killed, some closed: what the systematic mode disturbs at each call.
    #[must_use]
    pub fn quiet() -> Self {
        Self {
            lives: 4,
            durability: Durability::Synced,
            segment_bytes: 16 << 10,
            snapshot_after: 20,
            deaths: 0,
            power: 0,
            closes: 50,
            garbage: true,
            false_syncs: 0,
            troubles: Vec::new(),
            narrow: 0,
            without_head: false,
            jumps: false,
            drawn: 0,
            lies: 0,
            subjects: 30,
            mapped: false,
        }
    }

    /// What this seed draws.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        let mut chance = Chance::new(seed ^ 0x7377_6172_6d00);
        let mut of = |bound: u64| chance.below(bound);
        let durability = match of(4) {
            0 => Durability::SyncedEach,
            // By the clock of the machine it never comes: syncs are asked for.
            1 => Durability::Buffered { sync_every: Duration::from_secs(86_400) },
            _ => Durability::Synced,
        };
        let mut swarm = Self {
            lives: 4 + of(10),
            durability,
            segment_bytes: [16 << 10, 16 << 10, 32 << 10, 96 << 10][of(4) as usize],
            snapshot_after: [0, 1, 10, 60][of(4) as usize],
            deaths: [60, 90, 100][of(3) as usize],
            power: [0, 50, 50, 100][of(4) as usize],
            closes: [0, 10, 40][of(3) as usize],
            garbage: of(2) == 0,
            false_syncs: [0, 0, 30, 300][of(4) as usize],
            troubles: Vec::new(),
            narrow: [0, 0, 40][of(3) as usize],
            without_head: of(8) == 0,
            jumps: of(2) == 0,
            drawn: [0, 30, 80][of(3) as usize],
            lies: 25,
            subjects: [0, 30, 70][of(3) as usize],
            mapped: of(2) == 0,
        };
        let kinds: [(Call, Trouble); 18] = [
            (Call::Write, Trouble::Broken),
            (Call::Write, Trouble::Unheard),
            (Call::Write, Trouble::Full),
            (Call::Write, Trouble::Short),
            (Call::Write, Trouble::Interrupted),
            (Call::Read, Trouble::Broken),
            (Call::Read, Trouble::Short),
            (Call::Read, Trouble::Interrupted),
            (Call::Sync, Trouble::Broken),
            (Call::Sync, Trouble::Unheard),
            (Call::Sync, Trouble::Full),
            (Call::SyncFolder, Trouble::Broken),
            (Call::Rename, Trouble::Broken),
            (Call::Rename, Trouble::Unheard),
            (Call::Remove, Trouble::Broken),
            (Call::Create, Trouble::Full),
            (Call::Allocate, Trouble::Full),
            (Call::Open, Trouble::Broken),
        ];
        if of(3) > 0 {
            for (call, trouble) in kinds {
                if of(4) == 0 {
                    swarm.troubles.push((call, trouble, [2_000, 20_000, 200_000][of(3) as usize]));
                }
            }
        }
        swarm
    }

    pub(super) fn chances(&self, chances: &mut Chances) {
        for (call, trouble, often) in &self.troubles {
            chances.add(*call, *trouble, *often);
        }
    }
}
