//! Snapshots: a folded world as bytes, so that opening need not replay everything.
//!
//! A snapshot has no say about the log. It is used only when the log really has its chain value at its position and this
//! build folds as the one that wrote it; on any doubt it is ignored, and the log is replayed.
//!
//! ```text
//!   0  magic "SCPDSNAP"   8  fold version u32  12  zero u32   16  log id u128
//!  32  position u64      40  chain value [32]  72  state digest [32]
//! 104  length of the walk u64  112  BLAKE3 of bytes 0..112 and the walk [32]  144  the canonical walk of the world
//! ```

use crate::canonical::Input;
use crate::world::{FOLD_VERSION, World};
use crate::{Digest, Sequence};

const MAGIC: &[u8; 8] = b"SCPDSNAP";
const HEADER_BYTES: usize = 144;

/// Why bytes are not a snapshot that may be used. None of these is a fault of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// Cut short, or not a snapshot at all.
    #[error("is no snapshot")]
    Malformed,
    /// A byte has changed since it was written.
    #[error("does not match its own checksum")]
    Checksum,
    /// Written by a build that folds differently.
    #[error("was written by a build with fold version {0}, this one has {FOLD_VERSION}")]
    FoldVersion(u32),
    /// Of another log, or of a history that this log does not have.
    #[error("belongs to another history")]
    OtherHistory,
}

/// A world that was written down.
#[derive(Debug, Clone)]
pub struct Snapshot<'a> {
    /// The log it is of.
    pub log_id: u128,
    /// The last event it holds.
    pub position: Sequence,
    /// The chain value after that event.
    pub chain: Digest,
    /// The state digest of the world in it.
    pub state_digest: Digest,
    header: &'a [u8],
    sum: [u8; 32],
    walk: &'a [u8],
}

/// The world as bytes.
#[must_use]
pub fn encode(world: &World, log_id: u128, chain: &Digest) -> Vec<u8> {
    let mut out = Vec::with_capacity(1 << 16);
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&FOLD_VERSION.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&log_id.to_le_bytes());
    out.extend_from_slice(&world.position().get().to_le_bytes());
    out.extend_from_slice(chain.as_bytes());
    out.resize(HEADER_BYTES, 0);
    world.save(&mut out);
    if let Some(digest) = World::digest_of_walk(&out[HEADER_BYTES..]) {
        out[72..104].copy_from_slice(digest.as_bytes());
    }
    let length = (out.len() - HEADER_BYTES) as u64;
    out[104..112].copy_from_slice(&length.to_le_bytes());
    let sum = checksum(&out[..112], &out[HEADER_BYTES..]);
    out[112..144].copy_from_slice(&sum);
    out
}

fn checksum(header: &[u8], walk: &[u8]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("scoped 2026 snapshot v1");
    hasher.update(header);
    hasher.update(walk);
    *hasher.finalize().as_bytes()
}

impl<'a> Snapshot<'a> {
    /// Reads the header; the checksum is for [`Self::check`], the world for [`Self::read`].
    ///
    /// # Errors
    /// When the bytes are no snapshot of this fold version.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, SnapshotError> {
        let (header, walk) = bytes.split_at_checked(HEADER_BYTES).ok_or(SnapshotError::Malformed)?;
        let mut input = Input::new(header);
        let malformed = |_| SnapshotError::Malformed;
        if input.bytes(8).map_err(malformed)? != MAGIC {
            return Err(SnapshotError::Malformed);
        }
        let version = input.u32().map_err(malformed)?;
        if version != FOLD_VERSION {
            return Err(SnapshotError::FoldVersion(version));
        }
        input.u32().map_err(malformed)?;
        let (log_id, position) = (input.u128().map_err(malformed)?, input.sequence().map_err(malformed)?);
        let mut digest = || -> Result<[u8; 32], SnapshotError> {
            input.bytes(32).map_err(malformed)?.try_into().map_err(|_| SnapshotError::Malformed)
        };
        let (chain, state_digest) = (Digest::new(digest()?), Digest::new(digest()?));
        let length = input.u64().map_err(malformed)?;
        if walk.len() as u64 != length {
            return Err(SnapshotError::Malformed);
        }
        let sum = input.bytes(32).map_err(malformed)?.try_into().map_err(|_| SnapshotError::Malformed)?;
        Ok(Self { log_id, position, chain, state_digest, header, sum, walk })
    }

    /// Holds the bytes against their checksum, and the walk against the state digest that is taken of it.
    ///
    /// # Errors
    /// When a byte has changed.
    pub fn check(&self) -> Result<Checked, SnapshotError> {
        let sound = checksum(&self.header[..112], self.walk) == self.sum;
        if sound && World::digest_of_walk(self.walk) == Some(self.state_digest) {
            Ok(Checked(()))
        } else {
            Err(SnapshotError::Checksum)
        }
    }

    /// Reads the world in it. That takes longer than [`Self::check`], and can be done meanwhile.
    ///
    /// # Errors
    /// When the walk is no world, or one of another position.
    pub fn read(&self) -> Result<Unchecked, SnapshotError> {
        let world = World::load(&mut Input::new(self.walk)).map_err(|_| SnapshotError::Malformed)?;
        if world.position() == self.position { Ok(Unchecked(world)) } else { Err(SnapshotError::Checksum) }
    }

    /// The world in it, checked and read.
    ///
    /// # Errors
    /// As [`Self::check`] and [`Self::read`].
    pub fn world(&self) -> Result<World, SnapshotError> {
        let checked = self.check()?;
        Ok(self.read()?.trust(checked))
    }
}

/// That somebody has checked the bytes.
#[derive(Debug, Clone, Copy)]
pub struct Checked(());

/// A world whose bytes may have changed.
#[derive(Debug)]
pub struct Unchecked(World);

impl Unchecked {
    /// The world, now that its bytes were checked.
    #[must_use]
    pub fn trust(self, _: Checked) -> World {
        self.0
    }
}

#[cfg(test)]
mod tests;
