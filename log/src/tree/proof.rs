//! Proofs as their receivers have them: pure functions over digests, and bytes that are parsed with bounds first.
//!
//! ```text
//! 0 u8  version 1          1 u8  what: 1 inclusion, 2 consistency        2 u128 log id
//!
//! inclusion                                   consistency
//! 18 u64 position                             18 u64 old size
//! 26 u64 size                                 26 u64 new size
//! 34 [32] leaf                                34 [32] old root
//! 66 u8 hashes, each 32                       66 [32] new root
//!    u32 length of the stored record, or 0    98 u8 hashes, each 32
//!    that record
//! ```
//!
//! Integers are little-endian, as everywhere in the log. One proof has one encoding.
//! Source: RFC 9162, sections 2.1.3.2 and 2.1.4.2.

use super::peaks::joined;
use crate::{
    bytes::{all_zero, array_at, u32_at, u64_at, u128_at},
    digest::Digest,
    hash,
    layout::MAX_BODY_BYTES,
    payload::Payload,
    record::{CLASS_EVENT, HEADER_BYTES, View, stored_len},
    sequence::Sequence,
};

const VERSION: u8 = 1;
const INCLUSION: u8 = 1;
const CONSISTENCY: u8 = 2;
/// A tree of 2⁶⁴ leaves is 64 high.
const HASHES_MAX: usize = 64;
const RECORD_BYTES_MAX: usize = MAX_BODY_BYTES + Payload::MAX_BYTES + 2 * HEADER_BYTES;
/// Longest encoded proof: one with the largest record in it.
pub const PROOF_BYTES_MAX: usize = 128 + 32 * HASHES_MAX + RECORD_BYTES_MAX;

/// Why a proof proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The bytes are not the encoding of a proof.
    #[error("not a proof: {0}")]
    Malformed(&'static str),
    /// Made by a newer build.
    #[error("proof of version {0}, this build reads version {VERSION}")]
    Unsupported(u8),
    /// The digests do not lead where they have to.
    #[error("the proof does not hold: {0}")]
    False(&'static str),
}

/// Event `position` is in the log of `size` events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inclusion {
    /// The log it speaks of.
    pub log_id: u128,
    /// Which event.
    pub position: Sequence,
    /// Events in the log that has the root.
    pub size: u64,
    /// Digest of everything in the event that has a meaning.
    pub leaf: Digest,
    /// From the leaf to the root.
    pub path: Vec<Digest>,
    /// The event itself as it is stored, where it is to be shown; its leaf is computed from it.
    pub record: Option<Vec<u8>>,
}

/// The log of `new_size` events begins with the log of `old_size` events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consistency {
    /// The log it speaks of.
    pub log_id: u128,
    /// Events in the older log.
    pub old_size: u64,
    /// Events in the newer log.
    pub new_size: u64,
    /// Root of the older log.
    pub old_root: Digest,
    /// Root of the newer log.
    pub new_root: Digest,
    /// What leads from one to the other.
    pub path: Vec<Digest>,
}

/// One of the two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// An event is in the log.
    Inclusion(Inclusion),
    /// A log is the beginning of another.
    Consistency(Consistency),
}

impl Inclusion {
    /// The root that this proof leads to. It proves something to whoever knows that root otherwise.
    ///
    /// # Errors
    /// [`ProofError::False`] if no tree of that size has such a path, or the record that is shown is another event.
    pub fn root(&self) -> Result<Digest, ProofError> {
        let index = self.position.get().checked_sub(1).filter(|index| *index < self.size);
        let index = index.ok_or(ProofError::False("the position is outside of the log"))?;
        if let Some(record) = &self.record {
            let shown = stored_leaf(record).ok_or(ProofError::False("the record is not one event"))?;
            if shown != (self.position, self.leaf) {
                return Err(ProofError::False("the record is another event"));
            }
        }
        let (mut node, mut place, mut last) = (self.leaf, index, self.size - 1);
        for sibling in &self.path {
            if last == 0 {
                return Err(ProofError::False("the path is too long"));
            }
            if place & 1 == 1 || place == last {
                node = hash::node(sibling, &node);
                while place & 1 == 0 && place != 0 {
                    (place, last) = (place >> 1, last >> 1);
                }
            } else {
                node = hash::node(&node, sibling);
            }
            (place, last) = (place >> 1, last >> 1);
        }
        if last == 0 { Ok(node) } else { Err(ProofError::False("the path is too short")) }
    }
}

impl Consistency {
    /// Whether the newer root has the older tree as its beginning.
    ///
    /// # Errors
    /// [`ProofError::False`] if it does not follow.
    pub fn check(&self) -> Result<(), ProofError> {
        let Self { old_size, new_size, old_root, new_root, path, .. } = self;
        let wrong = |why| Err(ProofError::False(why));
        if old_size > new_size {
            return wrong("the older log is longer than the newer one");
        }
        if *old_size == 0 || old_size == new_size {
            let same = if *old_size == 0 { *old_root == joined(&[]) } else { old_root == new_root };
            let due = *old_size > 0 || *new_size > 0 || old_root == new_root;
            return if same && due && path.is_empty() { Ok(()) } else { wrong("the roots do not agree") };
        }
        let begins_with_old = old_size.is_power_of_two();
        let mut nodes = begins_with_old.then_some(old_root).into_iter().chain(path);
        let Some(first) = nodes.next() else { return wrong("the path is too short") };
        let (mut place, mut last) = (old_size - 1, new_size - 1);
        while place & 1 == 1 {
            (place, last) = (place >> 1, last >> 1);
        }
        let (mut old, mut new) = (*first, *first);
        for sibling in nodes {
            if last == 0 {
                return wrong("the path is too long");
            }
            if place & 1 == 1 || place == last {
                (old, new) = (hash::node(sibling, &old), hash::node(sibling, &new));
                while place & 1 == 0 && place != 0 {
                    (place, last) = (place >> 1, last >> 1);
                }
            } else {
                new = hash::node(&new, sibling);
            }
            (place, last) = (place >> 1, last >> 1);
        }
        match (last == 0, old == *old_root, new == *new_root) {
            (false, ..) => wrong("the path is too short"),
            (_, false, _) => wrong("it leads to another root of the older log"),
            (.., false) => wrong("it leads to another root of the newer log"),
            (true, true, true) => Ok(()),
        }
    }
}

impl Proof {
    /// The log it speaks of.
    pub fn log_id(&self) -> u128 {
        match self {
            Self::Inclusion(proof) => proof.log_id,
            Self::Consistency(proof) => proof.log_id,
        }
    }

    /// Its one encoding.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        match self {
            Self::Inclusion(proof) => {
                out.push(INCLUSION);
                out.extend_from_slice(&proof.log_id.to_le_bytes());
                out.extend_from_slice(&proof.position.get().to_le_bytes());
                out.extend_from_slice(&proof.size.to_le_bytes());
                out.extend_from_slice(proof.leaf.as_bytes());
                put_path(&mut out, &proof.path);
                let record = proof.record.as_deref().unwrap_or(&[]);
                out.extend_from_slice(&(record.len() as u32).to_le_bytes());
                out.extend_from_slice(record);
            }
            Self::Consistency(proof) => {
                out.push(CONSISTENCY);
                out.extend_from_slice(&proof.log_id.to_le_bytes());
                out.extend_from_slice(&proof.old_size.to_le_bytes());
                out.extend_from_slice(&proof.new_size.to_le_bytes());
                out.extend_from_slice(proof.old_root.as_bytes());
                out.extend_from_slice(proof.new_root.as_bytes());
                put_path(&mut out, &proof.path);
            }
        }
        out
    }

    /// Reads what [`Proof::encode`] wrote. Says nothing of whether it holds.
    ///
    /// # Errors
    /// [`ProofError::Malformed`], [`ProofError::Unsupported`].
    pub fn decode(bytes: &[u8]) -> Result<Self, ProofError> {
        let malformed = |why| Err(ProofError::Malformed(why));
        match bytes.first() {
            Some(&VERSION) if bytes.len() <= PROOF_BYTES_MAX => {}
            Some(&VERSION) => return malformed("it is too long"),
            Some(version) => return Err(ProofError::Unsupported(*version)),
            None => return malformed("it is empty"),
        }
        let log_id = u128_at(bytes, 2);
        let (first, second) = (u64_at(bytes, 18), u64_at(bytes, 26));
        match bytes.get(1) {
            Some(&INCLUSION) => {
                let (path, rest) = take_path(bytes, 66)?;
                let record = rest.get(4..).unwrap_or(&[]);
                if rest.len() < 4 || record.len() != u32_at(rest, 0) as usize {
                    return malformed("it does not end where it should");
                }
                Ok(Self::Inclusion(Inclusion {
                    log_id,
                    position: Sequence::new(first),
                    size: second,
                    leaf: Digest::new(array_at(bytes, 34)),
                    path,
                    record: (!record.is_empty()).then(|| record.to_vec()),
                }))
            }
            Some(&CONSISTENCY) => {
                let (path, rest) = take_path(bytes, 98)?;
                if !rest.is_empty() {
                    return malformed("it does not end where it should");
                }
                Ok(Self::Consistency(Consistency {
                    log_id,
                    old_size: first,
                    new_size: second,
                    old_root: Digest::new(array_at(bytes, 34)),
                    new_root: Digest::new(array_at(bytes, 66)),
                    path,
                }))
            }
            _ => malformed("it is neither of inclusion nor of consistency"),
        }
    }
}

fn put_path(out: &mut Vec<u8>, path: &[Digest]) {
    out.push(path.len() as u8);
    path.iter().for_each(|node| out.extend_from_slice(node.as_bytes()));
}

fn take_path(bytes: &[u8], at: usize) -> Result<(Vec<Digest>, &[u8]), ProofError> {
    let cut = ProofError::Malformed("it is cut short");
    let count = usize::from(*bytes.get(at).ok_or(cut.clone())?);
    if count > HASHES_MAX {
        return Err(ProofError::Malformed("it has more digests than the highest tree"));
    }
    let rest = &bytes[at + 1..];
    let (path, rest) = rest.split_at_checked(32 * count).ok_or(cut)?;
    let (nodes, _) = path.as_chunks::<32>();
    Ok((nodes.iter().map(|node| Digest::new(*node)).collect(), rest))
}

/// Position and leaf of one event as it is stored. `None` if the bytes are not exactly one event. The checksum says
/// nothing here, since its seed belongs to a segment; the leaf covers whatever has a meaning.
pub fn stored_leaf(stored: &[u8]) -> Option<(Sequence, Digest)> {
    let view = View::shape(stored).ok()?;
    let used = HEADER_BYTES + view.body_len() + view.payload_len();
    let exact = stored.len() == stored_len(view.body_len(), view.payload_len());
    let one_event = exact && view.class() == CLASS_EVENT && stored.get(used..).is_some_and(all_zero);
    one_event.then(|| (Sequence::new(view.sequence()), view.leaf()))
}

#[cfg(test)]
mod tests;
