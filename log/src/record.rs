//! One record: a header of 128 bytes, a body, a payload, zeros to the next multiple of 32.
//!
//! Why so: who, where, what and when stand in the header, so that audit queries and the offline tool work without
//! decoding a body. The length follows from two lengths; no third field could contradict them. The first 32 bytes lie
//! in one sector always. A prepared but unwritten place is recognised by `layout`, which is never zero in a record.
//!
//! ```text
//!   0 u64 checksum   xxh3-64 seeded with the segment's salt, over bytes 8 .. end, zeros included
//!   8 u64 sequence   control records repeat the last event's
//!  16 u32 body length            20 u32 payload length
//!  24 u32 batch left             records still to come in this atomic batch
//!  28 u32 durable back           sequence minus the last one known durable when this was written
//!  32 u128 event id              48 u64 time, µs
//!  56 u16 kind                   58 u16 kind version
//!  60 u8 layout                  61 u8 class: 1 event, 2 fence, 3 seal
//!  62 u8 meaning flags           63 u8 storage flags
//!  64 u128 actor                 80 u128 scope
//!  96 [32] chain                128 body, payload, zero pad
//! ```
//!
//! Errors: whatever does not fit this form to the last bit is *not a record*; nothing is hashed or allocated before
//! the lengths have been bounded.

use crate::{
    Micros,
    bytes::{align_up, all_zero, array_at, put, u16_at, u32_at, u64_at, u128_at},
    digest::Digest,
    hash,
    layout::{MAX_BATCH_RECORDS, MAX_BODY_BYTES, RECORD_ALIGN},
    payload::Payload,
    segment::Segment,
    sequence::Sequence,
};
use std::{fmt, sync::Arc};

/// Bytes of a record header.
pub(crate) const HEADER_BYTES: usize = 128;
pub(crate) const LAYOUT: u8 = 1;
pub(crate) const CLASS_EVENT: u8 = 1;
pub(crate) const CLASS_FENCE: u8 = 2;
pub(crate) const CLASS_SEAL: u8 = 3;
/// The event has a payload, perhaps an empty one.
pub(crate) const MEANING_PAYLOAD: u8 = 1;
/// The payload is ciphertext, under a key that the log does not hold.
pub(crate) const MEANING_SEALED: u8 = 2;
/// The next record begins on the next group boundary.
pub(crate) const STORAGE_GROUP_END: u8 = 1;

pub(crate) const AT_BATCH_LEFT: usize = 24;
pub(crate) const AT_DURABLE_BACK: usize = 28;
pub(crate) const AT_STORAGE: usize = 63;
pub(crate) const AT_CHAIN: usize = 96;

/// One event to append, as a batch is made of.
#[derive(Clone, Copy, Debug)]
pub struct NewEvent<'a> {
    /// Id from the engine's door (a ULID), never from outside.
    pub event_id: u128,
    /// Kind, from the owner's explicit table.
    pub kind: u16,
    /// Version of that kind's body.
    pub kind_version: u16,
    /// Who did it.
    pub actor: u128,
    /// Where it happened.
    pub scope: u128,
    /// Typed body, at most 64 KiB.
    pub body: &'a [u8],
    /// Opaque payload, at most 16 MiB, digested beforehand.
    pub payload: Option<&'a Payload>,
}

impl NewEvent<'_> {
    /// Bytes this event takes in a segment.
    pub fn stored_len(&self) -> usize {
        stored_len(self.body.len(), self.payload.map_or(0, |payload| payload.bytes().len()))
    }
}

pub(crate) fn stored_len(body: usize, payload: usize) -> usize {
    align_up((HEADER_BYTES + body + payload) as u64, RECORD_ALIGN) as usize
}

/// Header fields as numbers, for writing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Fields {
    pub(crate) sequence: u64,
    pub(crate) body_len: u32,
    pub(crate) payload_len: u32,
    pub(crate) batch_left: u32,
    pub(crate) durable_back: u32,
    pub(crate) event_id: u128,
    pub(crate) time: Micros,
    pub(crate) kind: u16,
    pub(crate) kind_version: u16,
    pub(crate) class: u8,
    pub(crate) meaning: u8,
    pub(crate) storage: u8,
    pub(crate) actor: u128,
    pub(crate) scope: u128,
}

impl Fields {
    /// The header without checksum and chain.
    #[inline]
    pub(crate) fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut header = [0; HEADER_BYTES];
        put(&mut header, 8, &self.sequence.to_le_bytes());
        put(&mut header, 16, &self.body_len.to_le_bytes());
        put(&mut header, 20, &self.payload_len.to_le_bytes());
        put(&mut header, AT_BATCH_LEFT, &self.batch_left.to_le_bytes());
        put(&mut header, AT_DURABLE_BACK, &self.durable_back.to_le_bytes());
        put(&mut header, 32, &self.event_id.to_le_bytes());
        put(&mut header, 48, &self.time.to_le_bytes());
        put(&mut header, 56, &self.kind.to_le_bytes());
        put(&mut header, 58, &self.kind_version.to_le_bytes());
        put(&mut header, 60, &[LAYOUT, self.class, self.meaning, self.storage]);
        put(&mut header, 64, &self.actor.to_le_bytes());
        put(&mut header, 80, &self.scope.to_le_bytes());
        header
    }
}

/// A fence or a seal: no event, a pure function of the last one. Everything before it is durable when it is written,
/// so `durable back` is 0.
pub(crate) fn control(class: u8, last: u64, time: Micros, chain: &Digest, salt: u64) -> [u8; HEADER_BYTES] {
    let fields = Fields { sequence: last, time, class, storage: STORAGE_GROUP_END, ..Fields::default() };
    let mut header = fields.encode();
    put(&mut header, AT_CHAIN, chain.as_bytes());
    sum(&mut header, salt);
    header
}

/// Writes the checksum of a complete record into it.
#[inline]
pub(crate) fn sum(record: &mut [u8], salt: u64) {
    if let Some((first, rest)) = record.split_first_chunk_mut::<8>() {
        *first = hash::checksum(rest, salt).to_le_bytes();
    }
}

/// Why bytes are not a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotRecord {
    /// `layout` is zero: nothing was ever written here, or the file ends.
    Empty,
    /// The file ends inside it.
    Cut,
    /// A field has no valid value.
    Field(&'static str),
    /// The checksum disagrees.
    Checksum,
}

impl fmt::Display for NotRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "no record where one belongs"),
            Self::Cut => write!(f, "file ends inside a record"),
            Self::Field(name) => write!(f, "{name} is out of range"),
            Self::Checksum => write!(f, "checksum mismatch"),
        }
    }
}

/// A record seen in borrowed bytes whose lengths have been checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct View<'a>(&'a [u8]);

impl<'a> View<'a> {
    /// Checks the form of the record at the beginning of `bytes`, but no sum.
    #[inline]
    pub(crate) fn shape(bytes: &'a [u8]) -> Result<Self, NotRecord> {
        use NotRecord::{Cut, Empty, Field};
        let Some(header) = bytes.first_chunk::<HEADER_BYTES>() else {
            return Err(if all_zero(bytes) { Empty } else { Cut });
        };
        match header[60] {
            LAYOUT => {}
            0 => return Err(Empty),
            _ => return Err(Field("layout")),
        }
        let (class, meaning) = (header[61], header[62]);
        let (body, payload) = (u32_at(header, 16) as usize, u32_at(header, 20) as usize);
        if body > MAX_BODY_BYTES {
            return Err(Field("body length"));
        }
        if payload > Payload::MAX_BYTES || (payload > 0 && meaning & MEANING_PAYLOAD == 0) {
            return Err(Field("payload length"));
        }
        if !(CLASS_EVENT..=CLASS_SEAL).contains(&class) {
            return Err(Field("class"));
        }
        // Ciphertext of nothing is no ciphertext: what is sealed is a payload.
        if ![0, MEANING_PAYLOAD, MEANING_PAYLOAD | MEANING_SEALED].contains(&meaning) {
            return Err(Field("meaning flags"));
        }
        if header[AT_STORAGE] & !STORAGE_GROUP_END != 0 {
            return Err(Field("storage flags"));
        }
        if u32_at(header, AT_BATCH_LEFT) as usize >= MAX_BATCH_RECORDS {
            return Err(Field("batch left"));
        }
        let sequence = u64_at(header, 8);
        let back = u64::from(u32_at(header, AT_DURABLE_BACK));
        if back > sequence || (class == CLASS_EVENT && back == 0) {
            return Err(Field("durable back")); // an event is never durable before it is written
        }
        if class != CLASS_EVENT {
            let silent = all_zero(&header[16..48])
                && all_zero(&header[56..60])
                && meaning == 0
                && header[AT_STORAGE] == STORAGE_GROUP_END
                && all_zero(&header[64..96]);
            if !silent {
                return Err(Field("control record"));
            }
        }
        match bytes.get(..stored_len(body, payload)) {
            Some(record) => Ok(Self(record)),
            None => Err(Cut),
        }
    }

    /// Bytes that a record beginning here needs, by lengths that are not yet believed.
    pub(crate) fn claimed_len(bytes: &[u8]) -> u64 {
        match bytes.first_chunk::<HEADER_BYTES>() {
            Some(header) => stored_len(u32_at(header, 16) as usize, u32_at(header, 20) as usize) as u64,
            None => HEADER_BYTES as u64,
        }
    }

    /// Checks form, padding and checksum of the record at the beginning of `bytes`.
    #[inline]
    pub(crate) fn check(bytes: &'a [u8], salt: u64) -> Result<Self, NotRecord> {
        let view = Self::shape(bytes)?;
        if u64_at(view.0, 0) != hash::checksum(&view.0[8..], salt) {
            return Err(NotRecord::Checksum);
        }
        let unpadded = HEADER_BYTES + view.body_len() + view.payload_len();
        if !view.0[unpadded..].iter().all(|byte| *byte == 0) {
            return Err(NotRecord::Field("padding"));
        }
        Ok(view)
    }

    /// Takes bytes that were checked when they were first met.
    pub(crate) fn trusted(record: &'a [u8]) -> Self {
        Self(record)
    }

    pub(crate) fn bytes(self) -> &'a [u8] {
        self.0
    }

    pub(crate) fn header(self) -> [u8; HEADER_BYTES] {
        array_at(self.0, 0)
    }

    pub(crate) fn len(self) -> usize {
        self.0.len()
    }

    pub(crate) fn sequence(self) -> u64 {
        u64_at(self.0, 8)
    }

    pub(crate) fn body_len(self) -> usize {
        u32_at(self.0, 16) as usize
    }

    pub(crate) fn payload_len(self) -> usize {
        u32_at(self.0, 20) as usize
    }

    pub(crate) fn batch_left(self) -> u32 {
        u32_at(self.0, AT_BATCH_LEFT)
    }

    /// The last sequence that was durable when this was written.
    pub(crate) fn durable(self) -> u64 {
        self.sequence().saturating_sub(u64::from(u32_at(self.0, AT_DURABLE_BACK)))
    }

    pub(crate) fn event_id(self) -> u128 {
        u128_at(self.0, 32)
    }

    pub(crate) fn time(self) -> Micros {
        u64_at(self.0, 48)
    }

    pub(crate) fn kind(self) -> u16 {
        u16_at(self.0, 56)
    }

    pub(crate) fn kind_version(self) -> u16 {
        u16_at(self.0, 58)
    }

    pub(crate) fn class(self) -> u8 {
        self.0.get(61).copied().unwrap_or(0)
    }

    pub(crate) fn has_payload(self) -> bool {
        self.0.get(62).is_some_and(|flags| flags & MEANING_PAYLOAD != 0)
    }

    pub(crate) fn is_sealed(self) -> bool {
        self.0.get(62).is_some_and(|flags| flags & MEANING_SEALED != 0)
    }

    pub(crate) fn is_group_end(self) -> bool {
        self.0.get(AT_STORAGE).is_some_and(|flags| flags & STORAGE_GROUP_END != 0)
    }

    pub(crate) fn actor(self) -> u128 {
        u128_at(self.0, 64)
    }

    pub(crate) fn scope(self) -> u128 {
        u128_at(self.0, 80)
    }

    pub(crate) fn chain(self) -> Digest {
        Digest::new(array_at(self.0, AT_CHAIN))
    }

    pub(crate) fn body(self) -> &'a [u8] {
        self.0.get(HEADER_BYTES..HEADER_BYTES + self.body_len()).unwrap_or(&[])
    }

    pub(crate) fn payload(self) -> Option<&'a [u8]> {
        let at = HEADER_BYTES + self.body_len();
        self.has_payload().then(|| self.0.get(at..at + self.payload_len()).unwrap_or(&[]))
    }

    pub(crate) fn content(self) -> Digest {
        let payload = self.payload().map_or(hash::NO_PAYLOAD, hash::payload);
        hash::content(self.body(), &payload)
    }

    pub(crate) fn leaf(self) -> Digest {
        hash::leaf(&self.header(), &self.content())
    }
}

/// One event as it is stored. Cheap to clone; keeps the bytes it shows alive.
#[derive(Clone)]
pub struct Record {
    segment: Arc<Segment>,
    at: Place,
}

#[derive(Clone)]
enum Place {
    Lent { offset: u64, len: u32 },
    Owned { offset: u64, bytes: Arc<[u8]> },
}

/// Where a record lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Number of the segment file.
    pub segment: u64,
    /// Bytes from the start of that file.
    pub offset: u64,
}

impl Record {
    pub(crate) fn lent(segment: Arc<Segment>, offset: u64, len: usize) -> Self {
        Self { segment, at: Place::Lent { offset, len: len as u32 } }
    }

    pub(crate) fn owned(segment: Arc<Segment>, offset: u64, bytes: Arc<[u8]>) -> Self {
        Self { segment, at: Place::Owned { offset, bytes } }
    }

    #[inline]
    pub(crate) fn view(&self) -> View<'_> {
        View::trusted(match &self.at {
            Place::Lent { offset, len } => self.segment.lend(*offset, *len as usize).unwrap_or(&[]),
            Place::Owned { bytes, .. } => bytes,
        })
    }

    /// Place in the log.
    pub fn sequence(&self) -> Sequence {
        Sequence::new(self.view().sequence())
    }

    /// Id given by whoever appended it.
    pub fn event_id(&self) -> u128 {
        self.view().event_id()
    }

    /// When it was appended, µs since the epoch; never earlier than the record before.
    pub fn time(&self) -> Micros {
        self.view().time()
    }

    /// Kind, from the owner's table.
    pub fn kind(&self) -> u16 {
        self.view().kind()
    }

    /// Version of the kind's body.
    pub fn kind_version(&self) -> u16 {
        self.view().kind_version()
    }

    /// Who did it.
    pub fn actor(&self) -> u128 {
        self.view().actor()
    }

    /// Where it happened.
    pub fn scope(&self) -> u128 {
        self.view().scope()
    }

    /// Typed body.
    pub fn body(&self) -> &[u8] {
        self.view().body()
    }

    /// Opaque payload as it is stored, if the event has one (it may be empty): ciphertext when [`Record::is_sealed`].
    pub fn payload(&self) -> Option<&[u8]> {
        self.view().payload()
    }

    /// Bytes of the payload as it is stored; 0 without one.
    pub fn payload_len(&self) -> usize {
        self.view().payload_len()
    }

    /// Is the payload ciphertext, under a key that the log does not hold?
    pub fn is_sealed(&self) -> bool {
        self.view().is_sealed()
    }

    /// Value of the chain after this record.
    pub fn chain(&self) -> Digest {
        self.view().chain()
    }

    /// Records still to come in the same atomic batch; 0 for its last.
    pub fn batch_left(&self) -> u32 {
        self.view().batch_left()
    }

    /// Whether it is the last of what was written at once.
    pub fn ends_group(&self) -> bool {
        self.view().is_group_end()
    }

    /// The last event that was known durable when this one was written.
    pub fn durable(&self) -> Sequence {
        Sequence::new(self.view().durable())
    }

    /// Digest of everything in this record that has a meaning; computed on every call.
    pub fn leaf(&self) -> Digest {
        self.view().leaf()
    }

    /// Bytes it takes on disk, padding included.
    pub fn stored_len(&self) -> usize {
        self.view().len()
    }

    /// The stored bytes, padding included: what an export of one entry consists of.
    pub fn stored_bytes(&self) -> &[u8] {
        self.view().bytes()
    }

    /// Where it lies.
    pub fn position(&self) -> Position {
        let offset = match &self.at {
            Place::Lent { offset, .. } | Place::Owned { offset, .. } => *offset,
        };
        Position { segment: self.segment.number(), offset }
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("sequence", &self.sequence())
            .field("kind", &self.kind())
            .field("time", &self.time())
            .field("body", &self.body().len())
            .field("payload", &self.view().payload().map(<[u8]>::len))
            .field("sealed", &self.is_sealed())
            .field("position", &self.position())
            .finish_non_exhaustive()
    }
}
