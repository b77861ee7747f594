//! What is to fail, when, and what has happened so far.

use super::trouble::{Call, Chances, Trouble};
use std::{collections::BTreeMap, io};

/// What is to fail, and what has happened so far. Change it while the log runs.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// The disk is full after this many more bytes. Removing and cutting files gives their bytes back.
    pub space: Option<u64>,
    /// This many more writes succeed, the next one fails; later ones too.
    pub writes_left: Option<u64>,
    /// This many more syncs succeed, the next one fails; later ones too.
    pub syncs_left: Option<u64>,
    /// This many more reads succeed, the next one fails; later ones too.
    pub reads_left: Option<u64>,
    /// Writes take at most this many bytes at a time.
    pub write_at_most: Option<usize>,
    /// Every other write is interrupted first.
    pub interrupt: bool,
    /// Trouble at single calls, by the number of the call (see [`Faults::calls`]).
    pub at: BTreeMap<u64, Trouble>,
    /// Trouble at that call and at every later one that it can happen to.
    pub from: Option<(u64, Trouble)>,
    /// Trouble at the nth call of a kind from now on; once.
    pub nth: Option<(Call, u64, Trouble)>,
    /// Trouble by chance.
    pub chances: Chances,
    /// Writes so far.
    pub writes: u64,
    /// Syncs of files and folders so far.
    pub syncs: u64,
    /// Reads so far.
    pub reads: u64,
    /// Calls of every kind so far, of processes that live: the number of the next one.
    pub calls: u64,
    /// What has gone wrong so far, and how often.
    pub met: BTreeMap<(Call, Trouble), u64>,
    /// The process is dead: every call fails until [`Faults::revive`].
    pub dead: bool,
    /// Nothing fails and nothing is counted: somebody looks from outside.
    pub(super) unseen: bool,
    trace: u64,
}

pub(super) fn broken() -> io::Error {
    io::Error::other("input/output error")
}

impl Faults {
    /// A process begins after a death: nothing is to fail until told otherwise. Counts and trace go on.
    pub fn revive(&mut self) {
        (self.space, self.writes_left, self.syncs_left, self.reads_left) = (None, None, None, None);
        (self.write_at_most, self.interrupt, self.dead) = (None, false, false);
        (self.from, self.nth) = (None, None);
        self.at.clear();
        self.chances.clear();
    }

    /// A digest of all calls so far with what came of them: two runs that are the same have the same.
    pub fn trace(&self) -> u64 {
        self.trace
    }

    /// What has gone wrong so far, in all.
    pub fn met_in_all(&self) -> u64 {
        self.met.values().sum()
    }

    /// Notes a call. Gives what is wrong with it, if its caller is not told by an error.
    pub(super) fn meet(&mut self, call: Call, path: &str, place: (u64, u64)) -> io::Result<Option<Trouble>> {
        if self.unseen {
            return Ok(None);
        }
        let nth = self.calls;
        self.calls += u64::from(!self.dead);
        let told = if self.dead {
            Some(Trouble::Death)
        } else {
            let from = self.from.filter(|(from, _)| *from <= nth).map(|(_, trouble)| trouble);
            self.at.remove(&nth).or(self.nth_of(call)).or(from).filter(|trouble| trouble.can_happen_to(call))
        };
        let trouble = told.or_else(|| self.chances.draw(call));
        self.trace = next_trace(self.trace, call, path, place, trouble);
        let Some(trouble) = trouble else { return Ok(None) };
        if !self.dead {
            *self.met.entry((call, trouble)).or_default() += 1;
        }
        match trouble {
            Trouble::Death => {
                self.dead = true;
                Err(io::Error::other("the process is dead"))
            }
            Trouble::Broken => Err(broken()),
            Trouble::Full => Err(io::ErrorKind::StorageFull.into()),
            Trouble::Interrupted => Err(io::ErrorKind::Interrupted.into()),
            other => Ok(Some(other)),
        }
    }

    fn nth_of(&mut self, call: Call) -> Option<Trouble> {
        match &mut self.nth {
            Some((of, 0, trouble)) if *of == call => {
                let trouble = *trouble;
                self.nth = None;
                Some(trouble)
            }
            Some((of, left, _)) if *of == call => {
                *left -= 1;
                None
            }
            _ => None,
        }
    }

    fn use_up(left: &mut Option<u64>) -> io::Result<()> {
        match left {
            Some(0) => Err(broken()),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    pub(super) fn write(&mut self) -> io::Result<()> {
        if self.unseen {
            return Ok(());
        }
        self.writes += 1;
        Self::use_up(&mut self.writes_left)
    }

    pub(super) fn sync(&mut self) -> io::Result<()> {
        if self.unseen {
            return Ok(());
        }
        self.syncs += 1;
        Self::use_up(&mut self.syncs_left)
    }

    pub(super) fn read(&mut self) -> io::Result<()> {
        if self.unseen {
            return Ok(());
        }
        self.reads += 1;
        Self::use_up(&mut self.reads_left)
    }

    /// Takes space for growth; says how much of it there is.
    pub(super) fn take(&mut self, growth: u64) -> u64 {
        match &mut self.space {
            Some(space) => {
                let got = growth.min(*space);
                *space -= got;
                got
            }
            None => growth,
        }
    }

    pub(super) fn give_back(&mut self, bytes: u64) {
        if let Some(space) = &mut self.space {
            *space += bytes;
        }
    }
}

fn next_trace(
    trace: u64,
    call: Call,
    path: &str,
    (offset, len): (u64, u64),
    trouble: Option<Trouble>,
) -> u64 {
    let mut bytes = Vec::with_capacity(path.len() + 18);
    bytes.extend([call as u8, trouble.map_or(0, |trouble| trouble as u8 + 1)]);
    bytes.extend(offset.to_le_bytes());
    bytes.extend(len.to_le_bytes());
    bytes.extend(path.as_bytes());
    xxhash_rust::xxh3::xxh3_64_with_seed(&bytes, trace)
}
