//! Keyed BLAKE3 of short inputs: one after the other without what a tree of chunks needs, and many of one length side by side.
//!
//! Why: everything that the chain hashes an event by is one chunk, mostly one or two blocks. Sixteen inputs of 128 bytes side by side
//! take 19 ns each; one alone takes 118, and 142 through the crate's own call (AVX-512; on other processors fewer fit side by side).
//! Shape: an input of up to 1024 bytes is one chunk, which is the root: its blocks of 64 bytes are compressed in a row, the first and the last
//! flagged as such.
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
        let mut last = [0; BLOCK_LEN];
        last[..rest.len()].copy_from_slice(rest);
        platform.compress_in_place(&mut value, &last, rest.len() as u8, 0, flags | CHUNK_END | ROOT);
        Digest::new(le_bytes_from_words_32(&value))
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
    fn many_side_by_side_have_the_digests_that_each_has_alone() {
        alone::<64>();
        alone::<128>();
        alone::<1024>();
    }
}
