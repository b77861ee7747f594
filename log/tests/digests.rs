//! Leaf and chain once more, from nothing but BLAKE3 and the tables of `docs/log-format.md`: what somebody without this
//! crate would write to check a log.

use scoped_log::{Durability, Log, MemoryStorage, NewEvent, Options, Payload, Sequence, Stage};
use std::sync::Arc;

/// `H_x`: BLAKE3 keyed with `derive_key("scoped-log v1 x", "")`.
fn h(x: &str, parts: &[&[u8]]) -> [u8; 32] {
    let key = blake3::derive_key(&format!("scoped-log v1 {x}"), b"");
    *blake3::keyed_hash(&key, &parts.concat()).as_bytes()
}

fn u32_at(bytes: &[u8], at: usize) -> usize {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}

#[test]
fn leaf_chain_and_footers_follow_from_the_stored_bytes_as_the_format_says() {
    let storage = MemoryStorage::new();
    let options = Options { segment_bytes: 16 << 10, ..Options::default() };
    let mut opened = Log::create(Arc::new(storage.clone()), 42, 1, 7, &options).unwrap();
    for n in 0..90_u64 {
        let body = vec![n as u8; n as usize * 17 % 700];
        let payload = Payload::new(vec![!n as u8; n as usize * 31 % 1500]).unwrap();
        let event = |nth: u64, payload| NewEvent {
            event_id: u128::from(n * 2 + nth) << 70,
            kind: n as u16,
            kind_version: 2,
            actor: 1 << 100,
            scope: u128::MAX - u128::from(n),
            body: &body,
            payload,
        };
        let batch = [event(0, Some(&payload)), event(1, None)];
        while opened.writer.stage(n * 10, &batch[..1 + n as usize % 2]).unwrap() == Stage::GroupFull {
            opened.writer.commit(Durability::Synced).unwrap();
        }
        if n % 3 == 0 {
            opened.writer.commit(Durability::Synced).unwrap();
        }
    }
    opened.writer.commit(Durability::Synced).unwrap();
    opened.writer.close().unwrap();

    let files = storage.dump();
    let mut chain = h("genesis", &[&files["GENESIS"]]);
    let mut footer_digest = [0; 32];
    let mut sequence = 0;
    let segments: Vec<&Vec<u8>> =
        files.iter().filter(|(name, _)| name.ends_with(".log")).map(|(_, bytes)| bytes).collect();
    assert!(segments.len() > 3);
    for (nth, bytes) in segments.iter().enumerate() {
        assert_eq!((&bytes[..8], u64_at(bytes, 40)), (&b"SCOPEDLG"[..], sequence + 1));
        assert_eq!(bytes[48..80], chain);
        assert_eq!(bytes[112..144], footer_digest);
        let is_sealed = nth + 1 < segments.len();
        let end = if is_sealed { bytes.len() - 4096 } else { bytes.len() };
        let mut at = 4096;
        while at < end {
            let (body, payload) = (u32_at(bytes, at + 16), u32_at(bytes, at + 20));
            let stored = &bytes[at..at + (128 + body + payload).next_multiple_of(32)];
            if stored[61] == 1 {
                sequence += 1;
                assert_eq!(u64_at(stored, 8), sequence);
                let payload = match stored[62] & 1 {
                    1 => h("payload", &[&stored[128 + body..128 + body + payload]]),
                    _ => [0; 32],
                };
                let content = h("content", &[&stored[128..128 + body], &payload]);
                let mut header = stored[..96].to_vec();
                header[0..8].fill(0); // checksum
                header[28..32].fill(0); // durable back
                header[63] = 0; // storage flags
                let leaf = h("leaf", &[&header, &content]);
                chain = h("chain", &[&chain, &leaf]);
                let record = opened.reader.get(Sequence::new(sequence)).unwrap().unwrap();
                assert_eq!((record.leaf().as_bytes(), record.chain().as_bytes()), (&leaf, &chain));
            }
            assert_eq!(stored[96..128], chain, "event, fence or seal at {at}");
            at += stored.len();
            if stored[63] & 1 == 1 {
                at = at.next_multiple_of(512);
            }
        }
        assert_eq!(at, end);
        if is_sealed {
            let footer = &bytes[end..];
            assert_eq!((&footer[..8], &footer[96..128]), (&b"SCOPEDFT"[..], &chain[..]));
            assert_eq!(u64_at(footer, 168), end as u64);
            assert_eq!(&footer[176..208], blake3::hash(&bytes[..end]).as_bytes());
            footer_digest = h("footer", &[footer]);
        }
    }
    assert_eq!(sequence, 135);
}
