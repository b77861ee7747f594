//! The header of a segment: the first 4 KiB page, one 512-byte block at 0 and the same again at 2048.
//!
//! Why twice: they lie in different sectors, so one torn or rotten sector does not lose a segment.
//! Shape: [`Header::encode`] is the table. Unused bytes are zero and checked to be zero.
//! Errors: newer formats are told apart from damage, so that nothing is touched that a newer build understands.

use crate::{
    bytes::{all_zero, array_at, put, u16_at, u32_at, u64_at, u128_at},
    digest::Digest,
    hash,
    layout::{
        CHECKSUM_SUITE, HASH_SUITE, HEADER_PAGE, MAJOR, MAX_SEGMENT_BYTES, MAX_SEQUENCE, MINOR, RECORD_ALIGN,
    },
};

const MAGIC: &[u8; 8] = b"SCOPEDLG";
pub(crate) const BLOCK_BYTES: usize = 512;
pub(crate) const SECOND_BLOCK: usize = 2048;
const CHECKSUM_AT: usize = BLOCK_BYTES - 8;
const USED_BYTES: usize = 200;

/// What a segment says of itself before its first record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) log_id: u128,
    pub(crate) number: u64,
    pub(crate) first: u64,
    pub(crate) chain_before: Digest,
    pub(crate) previous_footer: Digest,
    /// 0, or the first sequence that was taken over from the segment before (recovery, step 2).
    pub(crate) supersedes_from: u64,
    pub(crate) epoch: u64,
    pub(crate) salt: u64,
    pub(crate) group_align: u32,
    pub(crate) capacity: u64,
    pub(crate) created: u64,
    /// Time of the last event before this segment, so that the order of times can be checked segment by segment.
    pub(crate) time_before: u64,
}

/// Why a block is not a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HeaderError {
    Damaged(&'static str),
    Unsupported(String),
}

/// What the header page holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HeaderPage {
    pub(crate) header: Header,
    /// What is wrong with the page although one copy is good: repairable.
    pub(crate) flaw: Option<(u64, &'static str)>,
}

impl Header {
    pub(crate) fn encode(&self) -> [u8; BLOCK_BYTES] {
        let mut block = [0; BLOCK_BYTES];
        put(&mut block, 0, MAGIC);
        put(&mut block, 8, &MAJOR.to_le_bytes());
        put(&mut block, 10, &MINOR.to_le_bytes());
        put(&mut block, 12, &MINOR.to_le_bytes()); // lowest reader minor
        put(&mut block, 14, &[CHECKSUM_SUITE, HASH_SUITE]);
        put(&mut block, 16, &self.log_id.to_le_bytes());
        put(&mut block, 32, &self.number.to_le_bytes());
        put(&mut block, 40, &self.first.to_le_bytes());
        put(&mut block, 48, self.chain_before.as_bytes());
        // 80..112: tree root before the first record, zero until the tree is built
        put(&mut block, 112, self.previous_footer.as_bytes());
        put(&mut block, 144, &self.supersedes_from.to_le_bytes());
        put(&mut block, 152, &self.epoch.to_le_bytes());
        put(&mut block, 160, &self.salt.to_le_bytes());
        put(&mut block, 168, &(RECORD_ALIGN as u32).to_le_bytes());
        put(&mut block, 172, &self.group_align.to_le_bytes());
        put(&mut block, 176, &self.capacity.to_le_bytes());
        put(&mut block, 184, &self.created.to_le_bytes());
        put(&mut block, 192, &self.time_before.to_le_bytes());
        let sum = hash::plain_checksum(&block[..CHECKSUM_AT]);
        put(&mut block, CHECKSUM_AT, &sum.to_le_bytes());
        block
    }

    /// The whole first page, both copies.
    pub(crate) fn encode_page(&self) -> Vec<u8> {
        let mut page = vec![0; HEADER_PAGE as usize];
        let block = self.encode();
        put(&mut page, 0, &block);
        put(&mut page, SECOND_BLOCK, &block);
        page
    }

    fn decode(block: &[u8]) -> Result<Self, HeaderError> {
        if block.len() < BLOCK_BYTES || &block[..8] != MAGIC {
            return Err(HeaderError::Damaged("not a segment header"));
        }
        let block = &block[..BLOCK_BYTES];
        if u64_at(block, CHECKSUM_AT) != hash::plain_checksum(&block[..CHECKSUM_AT]) {
            return Err(HeaderError::Damaged("header checksum"));
        }
        supported(block)?;
        let header = Self {
            log_id: u128_at(block, 16),
            number: u64_at(block, 32),
            first: u64_at(block, 40),
            chain_before: Digest::new(array_at(block, 48)),
            previous_footer: Digest::new(array_at(block, 112)),
            supersedes_from: u64_at(block, 144),
            epoch: u64_at(block, 152),
            salt: u64_at(block, 160),
            group_align: u32_at(block, 172),
            capacity: u64_at(block, 176),
            created: u64_at(block, 184),
            time_before: u64_at(block, 192),
        };
        let sane = all_zero(&block[USED_BYTES..CHECKSUM_AT])
            && all_zero(&block[80..112])
            && u32_at(block, 168) as u64 == RECORD_ALIGN
            && group_align_is_sane(header.group_align)
            && header.capacity <= MAX_SEGMENT_BYTES
            && (1..=MAX_SEQUENCE).contains(&header.number)
            && (1..=MAX_SEQUENCE).contains(&header.first)
            && header.epoch <= MAX_SEQUENCE
            && (header.supersedes_from == 0 || header.supersedes_from == header.first);
        if sane { Ok(header) } else { Err(HeaderError::Damaged("header field out of range")) }
    }

    /// Reads the page, content with one good copy. `page` may be short.
    pub(crate) fn decode_page(page: &[u8]) -> Result<HeaderPage, HeaderError> {
        let block = |at: usize| page.get(at..at + BLOCK_BYTES).unwrap_or(&[]);
        let (header, mut flaw) = match (Self::decode(block(0)), Self::decode(block(SECOND_BLOCK))) {
            (Ok(a), Ok(b)) if a == b => (a, None),
            (Ok(_), Ok(_)) => return Err(HeaderError::Damaged("the two header copies disagree")),
            (Ok(a), Err(HeaderError::Damaged(why))) => (a, Some((SECOND_BLOCK as u64, why))),
            (Err(HeaderError::Damaged(why)), Ok(b)) => (b, Some((0, why))),
            (Err(newer @ HeaderError::Unsupported(_)), _) | (_, Err(newer @ HeaderError::Unsupported(_))) => {
                return Err(newer);
            }
            (Err(why), Err(_)) => return Err(why),
        };
        let gaps = [BLOCK_BYTES..SECOND_BLOCK, SECOND_BLOCK + BLOCK_BYTES..HEADER_PAGE as usize];
        for gap in gaps {
            if flaw.is_none() && !page.get(gap.clone()).is_some_and(all_zero) {
                flaw = Some((gap.start as u64, "header page has bytes where none belong"));
            }
        }
        Ok(HeaderPage { header, flaw })
    }
}

pub(crate) fn group_align_is_sane(align: u32) -> bool {
    align.is_power_of_two() && (512..=4096).contains(&align)
}

/// Versions and suites, at the same place in every block of ours.
pub(crate) fn supported(block: &[u8]) -> Result<(), HeaderError> {
    let (major, lowest) = (u16_at(block, 8), u16_at(block, 12));
    if major != MAJOR || lowest > MINOR {
        let minor = u16_at(block, 10);
        return Err(HeaderError::Unsupported(format!(
            "format {major}.{minor}, this build reads {MAJOR}.{MINOR}"
        )));
    }
    if block[14] != CHECKSUM_SUITE || block[15] != HASH_SUITE {
        return Err(HeaderError::Unsupported(format!(
            "checksum suite {} or hash suite {} is unknown to this build",
            block[14], block[15]
        )));
    }
    Ok(())
}
