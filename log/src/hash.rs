//! The sums of the log: one cheap checksum against accidents, keyed BLAKE3 against edits.
//!
//! Why two: *was this written whole, and has it rotted?* is answered by xxh3 in 20 ns, and anybody can forge it.
//! *Has somebody changed history?* is answered by the chain, which costs a compression an event.
//! Shape, `H_x` being BLAKE3 keyed with a constant derived from a context string of its own, so that a digest made
//! for one purpose is never valid for another:
//!
//! ```text
//! payload = H_payload(payload bytes)                                    a long one on the caller's thread
//! content = H_content(body ‖ payload)         payload = 32 zeros if there is none
//! leaf    = H_leaf(header[0..96] without checksum, durable back, storage flags ‖ content)     128 B
//! chain   = H_chain(chain before ‖ leaf)                                                       64 B
//! chain(0) = H_genesis(GENESIS)
//! node    = H_node(left ‖ right)              of the tree over the leaves                      64 B
//! ```
//!
//! Every input has a fixed length or ends in a part of fixed length, and the leaf covers all lengths: injective.
//! What an unkeyed chain cannot show: a suffix rewritten to its end. Only a digest kept elsewhere shows that.
//! Source: Crosby and Wallach, Efficient Data Structures for Tamper-Evident Logging (2009); BLAKE3, section 2.

use crate::{bytes::put, digest::Digest, short::Key};
use std::sync::LazyLock;
use xxhash_rust::xxh3::xxh3_64_with_seed;

struct Keys {
    payload: Key,
    content: Key,
    leaf: Key,
    chain: Key,
    genesis: Key,
    footer: Key,
    node: Key,
}

static KEYS: LazyLock<Keys> = LazyLock::new(|| Keys {
    payload: Key::of("scoped-log v1 payload"),
    content: Key::of("scoped-log v1 content"),
    leaf: Key::of("scoped-log v1 leaf"),
    chain: Key::of("scoped-log v1 chain"),
    genesis: Key::of("scoped-log v1 genesis"),
    footer: Key::of("scoped-log v1 footer"),
    node: Key::of("scoped-log v1 node"),
});

/// Seed of the checksums of files that have no salt: headers, footers, HEAD, GENESIS.
const PLAIN_SEED: u64 = u64::from_le_bytes(*b"scopedlg");

/// Stands for the payload digest of an event without payload; a flag under the leaf tells it from a real digest.
pub(crate) const NO_PAYLOAD: Digest = Digest::new([0; 32]);

pub(crate) fn checksum(bytes: &[u8], salt: u64) -> u64 {
    xxh3_64_with_seed(bytes, salt)
}

pub(crate) fn plain_checksum(bytes: &[u8]) -> u64 {
    xxh3_64_with_seed(bytes, PLAIN_SEED)
}

pub(crate) fn payload(bytes: &[u8]) -> Digest {
    KEYS.payload.digest(bytes)
}

/// Digests of many payloads, in place of what is in `out`.
pub(crate) fn payloads(bytes: &[&[u8]], out: &mut Vec<Digest>) {
    KEYS.payload.digest_each(bytes, out);
}

pub(crate) fn genesis(bytes: &[u8]) -> Digest {
    KEYS.genesis.digest(bytes)
}

pub(crate) fn footer(bytes: &[u8]) -> Digest {
    KEYS.footer.digest(bytes)
}

pub(crate) fn content(body: &[u8], payload: &Digest) -> Digest {
    match body.len() {
        0..=96 => short_content::<128>(body, payload),
        97..=992 => short_content::<1024>(body, payload),
        _ => {
            let mut hasher = blake3::Hasher::new_keyed(KEYS.content.bytes());
            hasher.update(body).update(payload.as_bytes());
            Digest::new(*hasher.finalize().as_bytes())
        }
    }
}

/// Contents of many events, body and payload's digest of each in one piece, in place of what is in `out`.
pub(crate) fn contents(pieces: &[&[u8]], out: &mut Vec<Digest>) {
    KEYS.content.digest_each(pieces, out);
}

/// Both parts in one piece: below a kilobyte, copying costs less than a hasher does.
#[inline]
fn short_content<const N: usize>(body: &[u8], payload: &Digest) -> Digest {
    let mut input = [0; N];
    let len = body.len() + 32;
    input[..body.len()].copy_from_slice(body);
    input[body.len()..len].copy_from_slice(payload.as_bytes());
    KEYS.content.digest(&input[..len])
}

/// The input of a leaf: the first 96 header bytes with what has no meaning zeroed, then the content digest.
pub(crate) fn leaf_input(header: &[u8; 128], content: &Digest) -> [u8; 128] {
    let mut input = *header;
    input[0..8].fill(0); // checksum
    input[28..32].fill(0); // durable back
    input[63] = 0; // storage flags
    put(&mut input, 96, content.as_bytes());
    input
}

pub(crate) fn leaf(header: &[u8; 128], content: &Digest) -> Digest {
    KEYS.leaf.digest(&leaf_input(header, content))
}

pub(crate) fn chain_input(before: &Digest, leaf: &Digest) -> [u8; 64] {
    let mut input = [0; 64];
    put(&mut input, 0, before.as_bytes());
    put(&mut input, 32, leaf.as_bytes());
    input
}

pub(crate) fn chain(before: &Digest, leaf: &Digest) -> Digest {
    KEYS.chain.digest(&chain_input(before, leaf))
}

/// An inner node of the tree over the leaves.
pub(crate) fn node(left: &Digest, right: &Digest) -> Digest {
    KEYS.node.digest(&chain_input(left, right))
}

/// Inner nodes, each from its children one behind the other, in place of what is in `out`.
pub(crate) fn nodes(inputs: &[[u8; 64]], out: &mut Vec<Digest>) {
    KEYS.node.digest_many(inputs, out);
}

/// The root of a tree without leaves: no node has an input of this length.
pub(crate) fn no_nodes() -> Digest {
    KEYS.node.digest(&[])
}

/// Leaves of many records, in place of what is in `out`.
pub(crate) fn leaves(inputs: &[[u8; 128]], out: &mut Vec<Digest>) {
    KEYS.leaf.digest_many(inputs, out);
}

/// Chain steps of many records, each from the value stored before it, in place of what is in `out`.
pub(crate) fn chains(inputs: &[[u8; 64]], out: &mut Vec<Digest>) {
    KEYS.chain.digest_many(inputs, out);
}
