//! The seal and the footer: how a segment ends when it has taken its last event.
//!
//! Shape: a seal record at the next group boundary, zeros to the boundary after it, then one 4 KiB footer, which ends
//! the file. Both are pure functions of the bytes before them, so that recovery can name a footer's digest before it
//! is written, and write it again after a crash.
//! The footer holds BLAKE3 of *all* bytes before it: sealed history is checked at 6 GB/s a core.

use crate::{
    bytes::{align_up, all_zero, array_at, put, u16_at, u64_at, u128_at},
    digest::Digest,
    hash,
    header::{Header, HeaderError, supported},
    layout::{CHECKSUM_SUITE, FOOTER_BYTES, HASH_SUITE, MAJOR, MAX_SEGMENT_BYTES, MAX_SEQUENCE, MINOR},
    record::{CLASS_SEAL, control},
    tally::Tally,
};

const MAGIC: &[u8; 8] = b"SCOPEDFT";
const CHECKSUM_AT: usize = FOOTER_BYTES as usize - 8;
const KINDS_AT: usize = 256;
const KINDS_MAX: usize = (CHECKSUM_AT - KINDS_AT) / 2;
/// Instead of a count: more kinds than the footer lists.
const KINDS_MANY: u16 = u16::MAX;

/// What a sealed segment says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Footer {
    pub(crate) log_id: u128,
    pub(crate) number: u64,
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) events: u64,
    pub(crate) records: u64,
    pub(crate) batches: u64,
    pub(crate) first_time: u64,
    pub(crate) last_time: u64,
    pub(crate) chain: Digest,
    /// Bytes before the footer.
    pub(crate) used: u64,
    /// BLAKE3 of those bytes.
    pub(crate) bytes_digest: Digest,
    pub(crate) payload_bytes: u64,
    /// `None` if there are more than the footer lists.
    pub(crate) kinds: Option<Vec<u16>>,
}

impl Footer {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut block = vec![0; FOOTER_BYTES as usize];
        put(&mut block, 0, MAGIC);
        put(&mut block, 8, &MAJOR.to_le_bytes());
        put(&mut block, 10, &MINOR.to_le_bytes());
        put(&mut block, 12, &MINOR.to_le_bytes()); // lowest reader minor
        put(&mut block, 14, &[CHECKSUM_SUITE, HASH_SUITE]);
        put(&mut block, 16, &self.log_id.to_le_bytes());
        put(&mut block, 32, &self.number.to_le_bytes());
        put(&mut block, 40, &self.first.to_le_bytes());
        put(&mut block, 48, &self.last.to_le_bytes());
        put(&mut block, 56, &self.events.to_le_bytes());
        put(&mut block, 64, &self.records.to_le_bytes());
        put(&mut block, 72, &self.batches.to_le_bytes());
        put(&mut block, 80, &self.first_time.to_le_bytes());
        put(&mut block, 88, &self.last_time.to_le_bytes());
        put(&mut block, 96, self.chain.as_bytes());
        // 128..168: tree root and size, zero until the tree is built
        put(&mut block, 168, &self.used.to_le_bytes());
        put(&mut block, 176, self.bytes_digest.as_bytes());
        put(&mut block, 208, &self.payload_bytes.to_le_bytes());
        let kinds = self.kinds.as_deref();
        let count = kinds.map_or(KINDS_MANY, |kinds| kinds.len() as u16);
        put(&mut block, 216, &count.to_le_bytes());
        for (nth, kind) in kinds.unwrap_or(&[]).iter().take(KINDS_MAX).enumerate() {
            put(&mut block, KINDS_AT + 2 * nth, &kind.to_le_bytes());
        }
        let sum = hash::plain_checksum(&block[..CHECKSUM_AT]);
        put(&mut block, CHECKSUM_AT, &sum.to_le_bytes());
        block
    }

    pub(crate) fn decode(block: &[u8]) -> Result<Self, HeaderError> {
        if block.len() != FOOTER_BYTES as usize || &block[..8] != MAGIC {
            return Err(HeaderError::Damaged("not a footer"));
        }
        if u64_at(block, CHECKSUM_AT) != hash::plain_checksum(&block[..CHECKSUM_AT]) {
            return Err(HeaderError::Damaged("footer checksum"));
        }
        supported(block)?;
        let count = u16_at(block, 216);
        let listed = if count == KINDS_MANY { 0 } else { count as usize };
        let sane = listed <= KINDS_MAX
            && all_zero(&block[128..168])
            && all_zero(&block[218..KINDS_AT])
            && all_zero(&block[KINDS_AT + 2 * listed.min(KINDS_MAX)..CHECKSUM_AT])
            && u64_at(block, 168) <= MAX_SEGMENT_BYTES
            && [32, 40, 48, 56, 64, 72].iter().all(|at| u64_at(block, *at) <= MAX_SEQUENCE);
        if !sane {
            return Err(HeaderError::Damaged("footer field out of range"));
        }
        Ok(Self {
            log_id: u128_at(block, 16),
            number: u64_at(block, 32),
            first: u64_at(block, 40),
            last: u64_at(block, 48),
            events: u64_at(block, 56),
            records: u64_at(block, 64),
            batches: u64_at(block, 72),
            first_time: u64_at(block, 80),
            last_time: u64_at(block, 88),
            chain: Digest::new(array_at(block, 96)),
            used: u64_at(block, 168),
            bytes_digest: Digest::new(array_at(block, 176)),
            payload_bytes: u64_at(block, 208),
            kinds: (count != KINDS_MANY)
                .then(|| (0..listed).map(|nth| u16_at(block, KINDS_AT + 2 * nth)).collect()),
        })
    }

    /// What a successor's header carries.
    pub(crate) fn digest(&self) -> Digest {
        hash::footer(&self.encode())
    }
}

/// The end of a segment, ready to be written at `offset`.
pub(crate) struct Ending {
    pub(crate) offset: u64,
    pub(crate) bytes: Vec<u8>,
    pub(crate) footer: Footer,
}

impl Ending {
    /// File length of the sealed segment.
    pub(crate) fn file_len(&self) -> u64 {
        self.offset + self.bytes.len() as u64
    }
}

/// Seal and footer for a segment whose records end at `offset` (a group boundary), given the hash of all bytes before
/// and the counts over them.
pub(crate) fn ending(
    header: &Header,
    offset: u64,
    mut before: blake3::Hasher,
    tally: &Tally,
    chain: Digest,
    last_time: u64,
) -> Ending {
    let last = header.first + tally.events - 1;
    let mut bytes = control(CLASS_SEAL, last, last_time, &chain, header.salt).to_vec();
    bytes.resize(align_up(bytes.len() as u64, u64::from(header.group_align)) as usize, 0);
    before.update(&bytes);
    let kinds: Vec<u16> = tally.kinds().take(KINDS_MAX + 1).collect();
    let footer = Footer {
        log_id: header.log_id,
        number: header.number,
        first: header.first,
        last,
        events: tally.events,
        records: tally.records + 1,
        batches: tally.batches,
        first_time: tally.first_time,
        last_time,
        chain,
        used: offset + bytes.len() as u64,
        bytes_digest: Digest::new(*before.finalize().as_bytes()),
        payload_bytes: tally.payload_bytes,
        kinds: (kinds.len() <= KINDS_MAX).then_some(kinds),
    };
    bytes.extend_from_slice(&footer.encode());
    Ending { offset, bytes, footer }
}
