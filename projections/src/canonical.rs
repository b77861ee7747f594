//! One canonical walk over a state: to digest it, to store it, to read it back.
//!
//! Why one: a digest over one form and a snapshot in another could disagree. Here the snapshot *is* the bytes that the state
//! digest covers, so a snapshot proves itself.
//! Shape: little-endian fixed-width numbers; lists and texts behind a `u32` count; no optional padding.
//! Two digests: the *state digest* covers everything; the *content digest* leaves out sequence numbers and idempotency keys, so
//! that a world that was exported and imported elsewhere can be compared with its origin.

use crate::store::NO_ROW;
use scoped_log::{Digest, Sequence};

/// Where a canonical walk goes to.
pub trait Output {
    /// Raw bytes.
    fn bytes(&mut self, bytes: &[u8]);
    /// A place in the log: part of the state, not of the content.
    fn sequence(&mut self, sequence: Sequence) {
        self.bytes(&sequence.get().to_le_bytes());
    }
    /// Does it take what is about the writing rather than the content: sequences, idempotency keys?
    fn is_whole(&self) -> bool {
        true
    }
    /// One byte.
    fn u8(&mut self, value: u8) {
        self.bytes(&[value]);
    }
    /// Four bytes.
    fn u32(&mut self, value: u32) {
        self.bytes(&value.to_le_bytes());
    }
    /// Eight bytes.
    fn u64(&mut self, value: u64) {
        self.bytes(&value.to_le_bytes());
    }
    /// Sixteen bytes.
    fn u128(&mut self, value: u128) {
        self.bytes(&value.to_le_bytes());
    }
    /// How many entries follow.
    fn count(&mut self, count: usize) {
        self.u32(u32::try_from(count).unwrap_or(u32::MAX));
    }
    /// A text behind its length.
    fn text(&mut self, text: &str) {
        self.count(text.len());
        self.bytes(text.as_bytes());
    }
}

impl Output for Vec<u8> {
    fn bytes(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// Digests a walk; buffers it, since hashing many short inputs one by one is slow.
pub(crate) struct Hashing {
    hasher: blake3::Hasher,
    buffer: Vec<u8>,
    whole: bool,
}

impl Hashing {
    pub(crate) fn new(context: &str, whole: bool) -> Self {
        Self { hasher: blake3::Hasher::new_derive_key(context), buffer: Vec::with_capacity(1 << 17), whole }
    }
    pub(crate) fn finish(mut self) -> Digest {
        self.hasher.update(&self.buffer);
        Digest::new(*self.hasher.finalize().as_bytes())
    }
}

impl Output for Hashing {
    fn bytes(&mut self, bytes: &[u8]) {
        if bytes.len() > 1 << 16 {
            self.hasher.update(&self.buffer).update(bytes);
            self.buffer.clear();
            return;
        }
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= 1 << 16 {
            self.hasher.update(&self.buffer);
            self.buffer.clear();
        }
    }
    fn sequence(&mut self, sequence: Sequence) {
        if self.whole {
            self.u64(sequence.get());
        }
    }
    fn is_whole(&self) -> bool {
        self.whole
    }
}

/// Bytes that are no canonical walk.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("stored state is cut short or holds a value that no state has")]
pub struct InputError;

/// What a number of a row may name from another state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowOf {
    /// A principal.
    Principal,
    /// A node of the scope tree.
    Scope,
    /// An object.
    Object,
}

/// Reads a walk back. Every count is bounded by what is left, and every row by how many such things the walk held before, so that
/// neither a hostile count nor a hostile row can ask for memory: what comes of a walk is a few times as large as the walk.
pub struct Input<'a> {
    left: &'a [u8],
    /// How many principals, scopes and objects were read so far.
    rows: [u32; 3],
}

impl<'a> Input<'a> {
    /// Reads from `bytes`.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { left: bytes, rows: [0; 3] }
    }
    /// True when all has been read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.left.is_empty()
    }
    /// The next `n` bytes.
    ///
    /// # Errors
    /// When fewer are left, like every other read here.
    pub fn bytes(&mut self, n: usize) -> Result<&'a [u8], InputError> {
        let (head, rest) = self.left.split_at_checked(n).ok_or(InputError)?;
        self.left = rest;
        Ok(head)
    }
    fn array<const N: usize>(&mut self) -> Result<[u8; N], InputError> {
        self.bytes(N)?.try_into().map_err(|_| InputError)
    }
    /// One byte.
    ///
    /// # Errors
    /// When nothing is left.
    pub fn u8(&mut self) -> Result<u8, InputError> {
        Ok(self.array::<1>()?[0])
    }
    /// Yes or no; any other byte would be a second way to say yes.
    ///
    /// # Errors
    /// When nothing is left, or the byte is neither 0 nor 1.
    pub fn flag(&mut self) -> Result<bool, InputError> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(InputError),
        }
    }
    /// Four bytes.
    ///
    /// # Errors
    /// When fewer are left.
    pub fn u32(&mut self) -> Result<u32, InputError> {
        self.array().map(u32::from_le_bytes)
    }
    /// Eight bytes.
    ///
    /// # Errors
    /// When fewer are left.
    pub fn u64(&mut self) -> Result<u64, InputError> {
        self.array().map(u64::from_le_bytes)
    }
    /// Sixteen bytes.
    ///
    /// # Errors
    /// When fewer are left.
    pub fn u128(&mut self) -> Result<u128, InputError> {
        self.array().map(u128::from_le_bytes)
    }
    /// A place in the log.
    ///
    /// # Errors
    /// When fewer than eight bytes are left.
    pub fn sequence(&mut self) -> Result<Sequence, InputError> {
        self.u64().map(Sequence::new)
    }
    /// How many entries follow; never more than bytes are left, since each takes at least one.
    ///
    /// # Errors
    /// When it claims more than that.
    pub fn count(&mut self) -> Result<usize, InputError> {
        self.count_of(1)
    }
    /// How many entries follow, each of so many bytes or more: so many may be made room for.
    ///
    /// # Errors
    /// When it claims more than are left.
    pub fn count_of(&mut self, bytes: usize) -> Result<usize, InputError> {
        let count = self.u32()? as usize;
        if count <= self.left.len() / bytes { Ok(count) } else { Err(InputError) }
    }
    /// So many of these there are: rows of them may be named from here on.
    pub fn holds(&mut self, of: RowOf, count: usize) {
        self.rows[of as usize] = u32::try_from(count).unwrap_or(NO_ROW);
    }
    /// Has the walk held such a row?
    #[must_use]
    pub fn has(&self, of: RowOf, row: u32) -> bool {
        row < self.rows[of as usize]
    }
    /// The number of a row, which a list or a set of sets may be made to span.
    ///
    /// # Errors
    /// When the walk has held no such row before.
    pub fn row(&mut self, of: RowOf) -> Result<u32, InputError> {
        let row = self.u32()?;
        if self.has(of, row) { Ok(row) } else { Err(InputError) }
    }
    /// The number of a row, or [`NO_ROW`].
    ///
    /// # Errors
    /// When it is neither, as [`Self::row`].
    pub fn row_or_none(&mut self, of: RowOf) -> Result<u32, InputError> {
        let row = self.u32()?;
        if row == NO_ROW || self.has(of, row) { Ok(row) } else { Err(InputError) }
    }
    /// A text behind its length.
    ///
    /// # Errors
    /// When it is cut short or no UTF-8.
    pub fn text(&mut self) -> Result<&'a str, InputError> {
        let length = self.count()?;
        std::str::from_utf8(self.bytes(length)?).map_err(|_| InputError)
    }
}
