//! Little-endian integers at fixed offsets, read without a way to panic.
//!
//! Why by hand: no derive decides where a field lies on disk. Reading past the end gives zero, which no
//! checksum accepts; every caller has checked the length before.

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(array_at(bytes, at))
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array_at(bytes, at))
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array_at(bytes, at))
}

pub(crate) fn u128_at(bytes: &[u8], at: usize) -> u128 {
    u128::from_le_bytes(array_at(bytes, at))
}

#[inline(always)]
pub(crate) fn array_at<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes.get(at..).and_then(|rest| rest.first_chunk::<N>()).copied().unwrap_or([0; N])
}

/// Copies `value` to `at`. The blocks written to are fixed arrays, so `at` is a constant of a format table. As an array and not a slice: that
/// becomes a store, a slice a call.
#[inline(always)]
pub(crate) fn put<const N: usize>(bytes: &mut [u8], at: usize, value: &[u8; N]) {
    let room = bytes.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<N>());
    debug_assert!(room.is_some(), "a format table ends where its block does");
    if let Some(room) = room {
        *room = *value;
    }
}

/// The next multiple of `align` at or above `value`. `align` is a power of two.
#[inline(always)]
pub(crate) const fn align_up(value: u64, align: u64) -> u64 {
    (value + align - 1) & !(align - 1)
}

/// Whether every byte is zero; eight at a time, since prepared segments are megabytes of nothing.
pub(crate) fn all_zero(bytes: &[u8]) -> bool {
    let (words, rest) = bytes.as_chunks::<64>();
    words.iter().all(|w| w.iter().fold(0, |a, b| a | b) == 0) && rest.iter().all(|b| *b == 0)
}

/// Position just behind the last byte that is not zero.
pub(crate) fn used_len(bytes: &[u8]) -> usize {
    let mut end = bytes.len();
    while end >= 4096 && all_zero(&bytes[end - 4096..end]) {
        end -= 4096;
    }
    bytes[..end].iter().rposition(|b| *b != 0).map_or(0, |at| at + 1)
}
