//! A head that is known, and whether a log still extends it.
//!
//! Shape: size, chain value and mountain range. Going on costs the new events only: each leaf is computed from its record,
//! has to give the chain value stored in that record, and is pushed. Whoever signs or watches stands on this and never on
//! a tile: peaks that come from elsewhere are believed if they give the root that is known.

use super::{
    Forest, Peaks,
    leaves::{Cursor, threads},
};
use crate::{Micros, digest::Digest, error::LogError, hash, reader::Reader, sequence::Sequence};

/// The head of a log: what a checkpoint signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeHead {
    /// Which log.
    pub log_id: u128,
    /// Events in it.
    pub size: u64,
    /// Root of the tree over their leaves.
    pub root: Digest,
    /// Chain value after the last of them.
    pub chain: Digest,
    /// Time of the last of them, µs; 0 without events.
    pub time: Micros,
}

/// How a log departs from what was known of it.
#[derive(Debug, thiserror::Error)]
pub enum Departed {
    /// It is another log.
    #[error("this is another log than the one that is known")]
    OtherLog {
        /// Its id.
        found: u128,
        /// The id that is known.
        known: u128,
    },
    /// It ends before what is known: an older copy was put back, or its end was cut off.
    #[error("the log ends at {found}, but it once had {known}")]
    Shorter {
        /// Its last event.
        found: Sequence,
        /// The last event that is known.
        known: Sequence,
    },
    /// Something up to this event is not what it was.
    #[error("history up to {at} was rewritten: its chain value or root is another one")]
    Rewritten {
        /// The last event of what is known.
        at: Sequence,
    },
    /// This event does not give the chain value that is stored with it.
    #[error("event {at} does not give the chain value that is stored with it")]
    Unlinked {
        /// The event.
        at: Sequence,
    },
    /// The log could not be read so far.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// A head that grows with its log.
#[derive(Clone, Debug)]
pub struct Follower {
    log_id: u128,
    peaks: Peaks,
    chain: Digest,
    time: Micros,
}

impl Follower {
    /// From before the first event.
    ///
    /// # Errors
    /// As [`Reader::chain_at`].
    pub fn at_beginning(reader: &Reader) -> Result<Self, LogError> {
        let chain = reader.chain_at(Sequence::NONE)?.unwrap_or_default();
        Ok(Self { log_id: reader.log_id(), peaks: Peaks::new(), chain, time: 0 })
    }

    /// From a head that is known, if these peaks are its. That they give its root is the proof.
    pub fn at(head: &TreeHead, peaks: Peaks) -> Option<Self> {
        let fits = peaks.size() == head.size && peaks.root() == head.root;
        fits.then_some(Self { log_id: head.log_id, peaks, chain: head.chain, time: head.time })
    }

    /// From a head that is known, with peaks taken from wherever they are: tiles, if they lead to the root, otherwise the
    /// records.
    ///
    /// # Errors
    /// [`Departed`], if the log does not extend that head.
    pub fn resume(head: &TreeHead, forest: &Forest) -> Result<Self, Departed> {
        extends(head, forest.reader())?;
        let bare = Forest::new(forest.reader().clone());
        for forest in [forest, &bare] {
            if let Some(follower) = forest.peaks(head.size)?.and_then(|peaks| Self::at(head, peaks)) {
                return Ok(follower);
            }
        }
        Err(Departed::Rewritten { at: Sequence::new(head.size) })
    }

    /// The head as far as it has come.
    pub fn head(&self) -> TreeHead {
        let Self { log_id, chain, time, ref peaks } = *self;
        TreeHead { log_id, size: peaks.size(), root: peaks.root(), chain, time }
    }

    /// The mountain range, to be kept and handed to [`Follower::at`].
    pub fn peaks(&self) -> &Peaks {
        &self.peaks
    }

    /// Checks that the log extends what is known, and takes in what is new, up to `to` or the end. After an error it stands
    /// where it stood. `progress` hears positions.
    ///
    /// # Errors
    /// [`Departed`].
    pub fn catch_up(
        &mut self,
        reader: &Reader,
        to: Sequence,
        progress: &dyn Fn(u64),
    ) -> Result<(), Departed> {
        extends(&self.head(), reader)?;
        let to = to.min(reader.last()).get();
        let mut next = self.clone();
        let (mut cursor, mut unlinked) = (Cursor::default(), None);
        let threads = threads(0);
        while next.peaks.size() < to && unlinked.is_none() {
            let from = next.peaks.size();
            cursor.each(reader, from, (from + 8192).min(to), threads, &mut |record, leaf| {
                let chain = hash::chain(&next.chain, &leaf);
                if unlinked.is_none() && chain != record.chain() {
                    unlinked = Some(record.sequence());
                }
                next.peaks.push(leaf);
                (next.chain, next.time) = (chain, record.time());
                Ok(())
            })?;
            progress(next.peaks.size());
        }
        if let Some(at) = unlinked {
            return Err(Departed::Unlinked { at });
        }
        *self = next;
        Ok(())
    }
}

/// Whether a log holds the chain value of a head that is known: all that precedes it is then what it was, if its records
/// give their chain values, which `verify` checks.
fn extends(head: &TreeHead, reader: &Reader) -> Result<(), Departed> {
    let (found, known) = (reader.log_id(), head.log_id);
    if found != known {
        return Err(Departed::OtherLog { found, known });
    }
    let at = Sequence::new(head.size);
    match reader.chain_at(at)? {
        Some(chain) if chain == head.chain => Ok(()),
        Some(_) => Err(Departed::Rewritten { at }),
        None => Err(Departed::Shorter { found: reader.last(), known: at }),
    }
}
