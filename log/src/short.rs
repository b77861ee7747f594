//! Keyed BLAKE3 of short inputs: one after the other without what a tree of chunks needs, and many side by side.
//!
//! Why: everything that the chain hashes an event by is one chunk, mostly one or two blocks. Sixteen inputs of 128 bytes side by side
//! take 19 ns each; one alone takes 118, and 142 through the crate's own call (AVX-512; on other processors fewer fit side by side).
//! Shape: an input of up to 1024 bytes is one chunk, which is the root: its blocks of 64 bytes are compressed in a row, the first and the last
//! flagged as such. Inputs of any lengths are sorted by how many blocks stand before their last one; those blocks go side by side, the last one, whose
//! length is part of what is compressed, alone.
//! What it stands on: `blake3::platform`, which is public and not in the documents, so the version of the crate is pinned. The call
//! that will replace this is BLAKE3's issue 478.
//! What could go wrong: another digest. Tests hold every length against `blake3::keyed_hash`, and golden digests hold the log.
//! Source: the BLAKE3 paper, sections 2.1 to 2.4 and 5.3.

use crate::digest::Digest;
use blake3::{
    BLOCK_LEN, CHUNK_LEN, IncrementCounter, OUT_LEN,
    platform::{MAX_SIMD_DEGREE, Platform, le_bytes_from_words_32, words_from_le_bytes_32},
};

const CHUNK_START: u8 = 1;
const CHUNK_END: u8 = 2;
const ROOT: u8 = 8;
const KEYED: u8 = 16;

/// Inputs that are looked through for others alike.
const SORTED_AT_ONCE: usize = 128;

/// A key, in the form in which compressions take it.
pub(crate) struct Key {
    bytes: [u8; 32],
    words: [u32; 8],
}

impl Key {
    /// The key for one purpose; its context string keeps digests of different purposes apart.
    pub(crate) fn of(context: &str) -> Self {
        let bytes = blake3::derive_key(context, &[]);
        Self { words: words_from_le_bytes_32(&bytes), bytes }
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// The digest of one input, of whatever length.
    pub(crate) fn digest(&self, input: &[u8]) -> Digest {
        if input.len() > CHUNK_LEN {
            return Digest::new(*blake3::keyed_hash(&self.bytes, input).as_bytes());
        }
        let platform = Platform::detect();
        let (mut value, mut flags, mut rest) = (self.words, KEYED | CHUNK_START, input);
        while rest.len() > BLOCK_LEN
            && let Some((block, behind)) = rest.split_first_chunk::<BLOCK_LEN>()
        {
            platform.compress_in_place(&mut value, block, BLOCK_LEN as u8, 0, flags);
            (flags, rest) = (KEYED, behind);
        }
        last(platform, value, rest, flags)
    }

    /// Puts the digests of inputs of any lengths into `out`, in place of what is there.
    pub(crate) fn digest_each(&self, inputs: &[&[u8]], out: &mut Vec<Digest>) {
        out.clear();
        out.resize(inputs.len(), Digest::new([0; OUT_LEN]));
        for (inputs, out) in inputs.chunks(SORTED_AT_ONCE).zip(out.chunks_mut(SORTED_AT_ONCE)) {
            let mut order: [u8; SORTED_AT_ONCE] = std::array::from_fn(|nth| nth as u8);
            let order = order.get_mut(..inputs.len()).unwrap_or_default();
            let blocks = |nth: &u8| inputs.get(usize::from(*nth)).map_or(0, |input| before_last(input));
            order.sort_unstable_by_key(blocks); // mostly they are all alike, which this sees at once
            for alike in order.chunk_by(|one, next| blocks(one) == blocks(next)) {
                alike.chunks(MAX_SIMD_DEGREE).for_each(|nths| self.digest_alike(inputs, nths, out));
            }
        }
    }

    /// Puts the digests of some inputs, all with as many blocks before the last one, in their places.
    fn digest_alike(&self, inputs: &[&[u8]], nths: &[u8], out: &mut [Digest]) {
        macro_rules! side_by_side {
            ($($blocks:literal)*) => {
                match nths.first().and_then(|nth| inputs.get(usize::from(*nth))).map(|input| before_last(input)) {
                    // A single one has nobody beside it; what is longer than a chunk takes a tree.
                    $(Some($blocks) if nths.len() > 1 =>
                        self.digest_behind::<{ $blocks * BLOCK_LEN }>(inputs, nths, out),)*
                    _ => for nth in nths.iter().map(|nth| usize::from(*nth)) {
                        if let (Some(input), Some(place)) = (inputs.get(nth), out.get_mut(nth)) {
                            *place = self.digest(input);
                        }
                    }
                }
            };
        }
        side_by_side!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
    }

    /// The same where `N` bytes stand before the last block.
    fn digest_behind<const N: usize>(&self, inputs: &[&[u8]], nths: &[u8], out: &mut [Digest]) {
        let (platform, mut heads) = (Platform::detect(), [&[0; N]; MAX_SIMD_DEGREE]);
        let mut rests: [&[u8]; MAX_SIMD_DEGREE] = [&[]; MAX_SIMD_DEGREE];
        for (lane, nth) in nths.iter().enumerate().take(MAX_SIMD_DEGREE) {
            if let Some(split) = inputs.get(usize::from(*nth)).and_then(|input| input.split_first_chunk()) {
                (heads[lane], rests[lane]) = split;
            }
        }
        let (mut values, heads) =
            ([0; MAX_SIMD_DEGREE * OUT_LEN], heads.get(..nths.len()).unwrap_or_default());
        platform.hash_many(heads, &self.words, 0, IncrementCounter::No, KEYED, CHUNK_START, 0, &mut values);
        let (values, _) = values.as_chunks::<OUT_LEN>();
        for (nth, (value, rest)) in nths.iter().zip(values.iter().zip(rests)) {
            if let Some(place) = out.get_mut(usize::from(*nth)) {
                *place = last(platform, words_from_le_bytes_32(value), rest, KEYED);
            }
        }
    }

    /// Puts the digests of inputs of one length, whole blocks of one chunk, into `out`, in place of what is there.
    pub(crate) fn digest_many<const N: usize>(&self, inputs: &[[u8; N]], out: &mut Vec<Digest>) {
        const { assert!(N > 0 && N.is_multiple_of(BLOCK_LEN) && N <= CHUNK_LEN, "whole blocks of one chunk") };
        out.clear();
        let platform = Platform::detect();
        for inputs in inputs.chunks(MAX_SIMD_DEGREE) {
            let mut digests = [0; MAX_SIMD_DEGREE * OUT_LEN];
            let mut side_by_side = [&[0; N]; MAX_SIMD_DEGREE];
            side_by_side.iter_mut().zip(inputs).for_each(|(place, input)| *place = input);
            let (counter, end) = (IncrementCounter::No, CHUNK_END | ROOT);
            let inputs = &side_by_side[..inputs.len()];
            platform.hash_many(inputs, &self.words, 0, counter, KEYED, CHUNK_START, end, &mut digests);
            let (digests, _) = digests.as_chunks::<OUT_LEN>();
            out.extend(digests.iter().take(inputs.len()).map(|digest| Digest::new(*digest)));
        }
    }
}

/// Blocks before the last one of an input.
fn before_last(input: &[u8]) -> usize {
    input.len().saturating_sub(1) / BLOCK_LEN
}

/// The digest, from the value behind the blocks before the last one.
fn last(platform: Platform, mut value: [u32; 8], rest: &[u8], flags: u8) -> Digest {
    let mut block = [0; BLOCK_LEN];
    block[..rest.len()].copy_from_slice(rest);
    platform.compress_in_place(&mut value, &block, rest.len() as u8, 0, flags | CHUNK_END | ROOT);
    Digest::new(le_bytes_from_words_32(&value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(length: usize) -> Vec<u8> {
        (0..length).map(|nth| (nth * 31 % 251) as u8).collect()
    }

    #[test]
    fn every_length_has_the_digest_that_blake3_gives() {
        let key = Key::of("short inputs");
        for length in (0..=1100).chain([4096, 65536]) {
            let input = bytes(length);
            let whole = blake3::keyed_hash(&key.bytes, &input);
            assert_eq!(key.digest(&input).as_bytes(), whole.as_bytes(), "{length} bytes");
        }
    }

    fn alone<const N: usize>() {
        let key = Key::of("many inputs");
        for count in 0..=2 * MAX_SIMD_DEGREE + 1 {
            let inputs: Vec<[u8; N]> =
                (0..count).map(|nth| bytes(N + nth)[nth..].try_into().unwrap()).collect();
            let mut out = Vec::new();
            key.digest_many(&inputs, &mut out);
            let each: Vec<_> = inputs.iter().map(|input| key.digest(input)).collect();
            assert_eq!(out, each, "{count} inputs of {N} bytes");
        }
    }

    #[test]
    fn inputs_of_any_lengths_have_the_digests_that_each_has_alone() {
        let key = Key::of("any lengths");
        let mixed = (0..300).map(|nth| nth * 7 % 1_200);
        let alike = (0..40).map(|nth| 193 + nth);
        let (one, none) = (std::iter::once(200), std::iter::empty());
        let lists: [Vec<usize>; 5] =
            [mixed.collect(), alike.collect(), (0..=1_100).collect(), one.collect(), none.collect()];
        for lengths in lists {
            let inputs: Vec<Vec<u8>> = lengths.iter().map(|length| bytes(*length)).collect();
            let inputs: Vec<&[u8]> = inputs.iter().map(Vec::as_slice).collect();
            let mut out = vec![Digest::new([7; 32])];
            key.digest_each(&inputs, &mut out);
            let each: Vec<_> = inputs.iter().map(|input| key.digest(input)).collect();
            assert_eq!(out, each, "{lengths:?}");
        }
    }

    #[test]
    fn many_side_by_side_have_the_digests_that_each_has_alone() {
        alone::<64>();
        alone::<128>();
        alone::<1024>();
    }
}
