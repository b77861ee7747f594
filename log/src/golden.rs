//! The bytes on disk, written down. A change here is a change of the format: it needs a new version, not a new value.

use crate::{
    digest::Digest,
    footer::Footer,
    genesis::Genesis,
    hash,
    head::Head,
    header::{Header, HeaderError},
    record::{
        CLASS_EVENT, CLASS_FENCE, Fields, HEADER_BYTES, MEANING_PAYLOAD, NotRecord, View, control,
        stored_len, sum,
    },
};
use proptest::prelude::*;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().filter_map(|c| c.to_digit(16)).map(|d| d as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// Compares, with everything behind the written part expected to be zero up to the checksum.
fn check(found: &[u8], beginning: &str, checksum: &str) {
    let beginning = unhex(beginning);
    assert_eq!(hex(&found[..beginning.len()]), hex(&beginning));
    let (middle, end) = found[beginning.len()..].split_at(found.len() - beginning.len() - 8);
    assert!(middle.iter().all(|byte| *byte == 0));
    assert_eq!(hex(end), checksum);
}

const LOG_ID: u128 = 0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10;

fn header() -> Header {
    Header {
        log_id: LOG_ID,
        number: 2,
        first: 1001,
        chain_before: Digest::new([0xaa; 32]),
        previous_footer: Digest::new([0xbb; 32]),
        supersedes_from: 1001,
        epoch: 3,
        salt: 0x1122_3344_5566_7788,
        group_align: 512,
        capacity: 64 << 20,
        created: 1_700_000_000_000_000,
        time_before: 1_699_999_999_999_999,
    }
}

fn record(body: &[u8], payload: &[u8]) -> Vec<u8> {
    let fields = Fields {
        sequence: 1002,
        body_len: body.len() as u32,
        payload_len: payload.len() as u32,
        batch_left: 1,
        durable_back: 2,
        event_id: LOG_ID,
        time: 1_700_000_000_000_001,
        kind: 0x0203,
        kind_version: 1,
        class: CLASS_EVENT,
        meaning: MEANING_PAYLOAD,
        storage: 0,
        actor: 7,
        scope: 8,
    };
    let mut header = fields.encode();
    let leaf = hash::leaf(&header, &hash::content(body, &hash::payload(payload)));
    header[96..].copy_from_slice(hash::chain(&Digest::new([0xaa; 32]), &leaf).as_bytes());
    let mut bytes = [&header[..], body, payload].concat();
    bytes.resize(stored_len(body.len(), payload.len()), 0);
    sum(&mut bytes, header_salt());
    bytes
}

fn header_salt() -> u64 {
    header().salt
}

#[test]
fn header_bytes() {
    check(
        &header().encode(),
        "53434f5045444c47 0100 0000 0000 01 01
         100f0e0d0c0b0a090807060504030201 0200000000000000 e903000000000000
         aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
         0000000000000000000000000000000000000000000000000000000000000000
         bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
         e903000000000000 0300000000000000 8877665544332211 20000000 00020000
         0000000400000000 00401e18240a0600 ff3f1e18240a0600",
        "fb6d32f6bebe35df",
    );
    assert_eq!(Header::decode_page(&header().encode_page()).map(|page| page.header), Ok(header()));
}

#[test]
fn genesis_bytes() {
    let genesis = Genesis { log_id: LOG_ID, created: 1_700_000_000_000_000 };
    check(
        &genesis.encode(),
        "53434f504544474e 0100 0000 0000 01 01 100f0e0d0c0b0a090807060504030201 00401e18240a0600",
        "5c4b83d4e9e41cab",
    );
    assert_eq!(Genesis::decode(&genesis.encode()), Ok(genesis.clone()));
    assert_eq!(
        genesis.digest().to_string(),
        "4698bcfa92b6e05c6f4ccb7e0d4903bc6ce91308a8bccbbd3e195dd04056da05"
    );
}

#[test]
fn head_bytes() {
    let head = Head { log_id: LOG_ID, epoch: 3, durable: 1002, segment: 2, offset: 8192 };
    check(
        &head.encode(),
        "53434f5045444844 100f0e0d0c0b0a090807060504030201 0300000000000000
         ea03000000000000 0200000000000000 0020000000000000",
        "bb54d4a6404d0880",
    );
    assert_eq!(Head::decode(&head.encode()), Some(head));
}

#[test]
fn footer_bytes() {
    let footer = Footer {
        log_id: LOG_ID,
        number: 2,
        first: 1001,
        last: 1002,
        events: 2,
        records: 3,
        batches: 1,
        first_time: 5,
        last_time: 6,
        chain: Digest::new([0xcc; 32]),
        used: 8192,
        bytes_digest: Digest::new([0xdd; 32]),
        payload_bytes: 300,
        kinds: Some(vec![1, 0x0203]),
    };
    let mut beginning = "53434f5045444654 0100 0000 0000 01 01 100f0e0d0c0b0a090807060504030201
         0200000000000000 e903000000000000 ea03000000000000 0200000000000000 0300000000000000 0100000000000000
         0500000000000000 0600000000000000 cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc
         00000000000000000000000000000000000000000000000000000000000000000000000000000000
         0020000000000000 dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd
         2c01000000000000 0200"
        .to_owned();
    beginning += &"00".repeat(256 - 218);
    beginning += "0100 0302";
    check(&footer.encode(), &beginning, "b4040b4f75b44b67");
    assert_eq!(Footer::decode(&footer.encode()), Ok(footer.clone()));
    assert_eq!(
        footer.digest().to_string(),
        "b0570cd53856648eaa7614d9ce91e21ce08e476eca5a38fae2a419d595a8f626"
    );
}

#[test]
fn record_bytes() {
    let bytes = record(b"body", b"payload");
    let expected = "c526c58510bfd9c6 ea03000000000000 04000000 07000000 01000000 02000000
         100f0e0d0c0b0a090807060504030201 01401e18240a0600 0302 0100 01 01 01 00
         07000000000000000000000000000000 08000000000000000000000000000000
         1b76cb6923cbee0894ffd66b65fd56a7338fd1470f6559bb4f2a7d7b8a1fd870
         626f6479 7061796c6f6164 000000000000000000000000000000000000000000";
    assert_eq!(hex(&bytes), hex(&unhex(expected)));
    assert_eq!(bytes.len(), 160);
}

#[test]
fn fence_bytes() {
    let fence = control(CLASS_FENCE, 1002, 6, &Digest::new([0xcc; 32]), header_salt());
    let expected = format!(
        "2d995e3907178fab ea03000000000000 {} 0600000000000000 0000 0000 01 02 00 01 {} {}",
        "00".repeat(32),
        "00".repeat(32),
        "cc".repeat(32)
    );
    assert_eq!(hex(&fence), hex(&unhex(&expected)));
}

#[test]
fn digest_vectors() {
    let zeros = Digest::new([0; 32]);
    let vectors = [
        (hash::payload(b""), "2ac3b02f21797c8aafe01666e25ebded0b8891482fedf153c343ad61cd1e7251"),
        (hash::payload(b"payload"), "921638861a445ad5234515a959c6df3aa5bd0a4269841d4545e15638a772cb61"),
        (hash::content(b"", &zeros), "3cb70719030dd12be64d7ae9c56c7895a99a1f5acac071c409716332db73e58c"),
        (
            hash::content(&[7; 600], &zeros),
            "1aa2f18af271ec1a57b5c642bd0a16bda002683c0b6afeffac88bc51d3dcc197",
        ),
        (hash::leaf(&[1; 128], &zeros), "cf7e885c0a8d65d2f90dc4b7f3d02707fec691e5bf46715cdea94c393c292d8f"),
        (hash::chain(&zeros, &zeros), "01c0baafa110e11c0fb7ab70bcfbfac52a60bbafe12fc72df65bb67e11b7a8f9"),
    ];
    for (found, expected) in vectors {
        assert_eq!(found.to_string(), expected);
    }
}

#[test]
fn a_content_digest_does_not_depend_on_how_it_is_computed() {
    let digest = Digest::new([9; 32]);
    for len in [0, 1, 63, 64, 500, 511, 512, 513, 1000, 65_536] {
        let body = vec![len as u8; len];
        let key = blake3::derive_key("scoped-log v1 content", &[]);
        let whole = blake3::keyed_hash(&key, &[&body[..], digest.as_bytes()].concat());
        assert_eq!(hash::content(&body, &digest).as_bytes(), whole.as_bytes());
    }
}

#[test]
fn a_header_survives_one_bad_copy_and_not_two() {
    for at in (0..512).chain(2048..2560) {
        let mut page = header().encode_page();
        page[at] ^= 0x10;
        let found = Header::decode_page(&page).unwrap();
        assert_eq!((found.header, found.flaw.is_some()), (header(), true), "byte {at}");
        page[2048 - (at & 2048) + (at & 511)] ^= 0x10;
        assert!(matches!(Header::decode_page(&page), Err(HeaderError::Damaged(_))), "byte {at}");
    }
}

proptest! {
    #[test]
    fn a_record_comes_back_and_no_other_bytes_pass(
        body in proptest::collection::vec(any::<u8>(), 0..300),
        payload in proptest::collection::vec(any::<u8>(), 0..300),
        flip in any::<prop::sample::Index>(),
        bit in 0..8_u32,
        salt in any::<u64>(),
    ) {
        let bytes = record(&body, &payload);
        let view = View::check(&bytes, header_salt()).unwrap();
        prop_assert_eq!((view.body(), view.payload()), (&body[..], Some(&payload[..])));
        prop_assert_eq!((view.sequence(), view.durable(), view.batch_left()), (1002, 1000, 1));
        let mut bad = bytes.clone();
        bad[flip.index(bytes.len())] ^= 1 << bit;
        prop_assert!(View::check(&bad, header_salt()).is_err());
        prop_assert!(salt == header_salt() || View::check(&bytes, salt).is_err());
        prop_assert!(View::check(&bytes[..bytes.len() - 1], header_salt()).is_err());
    }

    #[test]
    fn no_bytes_make_a_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..700), layout in 0..3_u8) {
        let mut bytes = bytes;
        if bytes.len() > HEADER_BYTES {
            bytes[60] = layout; // or nearly everything ends at the first test
            bytes[17..20].fill(0);
            bytes[21..24].fill(0);
        }
        let _ = View::shape(&bytes);
        let _ = View::check(&bytes, 1) == Err(NotRecord::Empty);
        let _ = (Header::decode_page(&bytes), Genesis::decode(&bytes), Head::decode(&bytes), Footer::decode(&bytes));
        let view = View::trusted(&bytes);
        let _ = (view.body(), view.payload(), view.chain(), view.leaf());
    }
}
