//! Any image of a log directory: read, verified, salvaged, proven, opened for writing, without a panic and without end.
//!
//! An input is a program over one of a few small logs: bytes are flipped and overwritten, files cut, removed, swapped and
//! renamed, and sums redone over what came of it, so that what lies behind the sums is reached as well.

use arbitrary::Unstructured;
use scoped::log::tree::{Forest, write_tiles};
use scoped::log::{
    Durability, Log, MemoryStorage, NewEvent, Options, Payload, SalvageOptions, Sequence, Stage, Storage,
    VerifyOptions, salvage, verify,
};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

type Files = BTreeMap<String, Vec<u8>>;

/// Seed of the sums of everything that has no salt.
const PLAIN: u64 = u64::from_le_bytes(*b"scopedlg");
const EDITS_MAX: usize = 24;
/// Records that are read one by one, whatever a forged header says there are.
const READ_MAX: u64 = 2_000;

fn options() -> Options {
    Options { segment_bytes: 16 << 10, prepare_in_background: false, ..Options::default() }
}

/// A log that was closed, one whose process died, and one with tiles beside it.
static BASES: LazyLock<[Files; 3]> =
    LazyLock::new(|| [written(40, true), written(70, false), with_tiles(written(300, true))]);

fn written(batches: u64, close: bool) -> Files {
    let storage = MemoryStorage::new();
    let Ok(mut opened) = Log::create(Arc::new(storage.clone()), 77, 5, 1234, &options()) else {
        return Files::new();
    };
    for n in 0..batches {
        let Ok(payload) = Payload::new(vec![n as u8; (n * 7 % 90) as usize]) else { continue };
        let event = |nth: u64| NewEvent {
            event_id: u128::from(n * 10 + nth),
            kind: 1,
            kind_version: 1,
            actor: 3,
            scope: 4,
            body: b"body",
            payload: (nth == 0).then_some(&payload),
        };
        let batch: Vec<NewEvent<'_>> = (0..=n % 3).map(event).collect();
        while let Ok(Stage::GroupFull) = opened.writer.stage(n * 100, &batch) {
            let _ = opened.writer.commit(Durability::Synced);
        }
        let _ = opened.writer.commit(Durability::Synced);
    }
    if close {
        let _ = opened.writer.close();
        return storage.dump();
    }
    let files = storage.dump();
    drop(opened);
    files
}

fn with_tiles(files: Files) -> Files {
    let disk = MemoryStorage::load(files);
    let storage: Arc<dyn Storage> = Arc::new(disk.clone());
    if let Ok((reader, _)) = Log::open_read_only(Arc::clone(&storage), &options()) {
        let _ = write_tiles(&storage, &reader, 1, &|_| ());
    }
    disk.dump()
}

/// Carries one input out. Panics where something is wrong; that is what is looked for.
pub fn image(input: &[u8]) {
    let mut input = Unstructured::new(input);
    let base = input.int_in_range(0..=BASES.len() - 1).unwrap_or(0);
    let mut files = BASES[base].clone();
    for _ in 0..EDITS_MAX {
        if input.is_empty() || edit(&mut files, &mut input).is_err() {
            break;
        }
    }
    look(&files);
}

fn edit(files: &mut Files, input: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    let names: Vec<String> = files.keys().cloned().collect();
    if names.is_empty() {
        return Ok(());
    }
    let name = input.choose(&names)?.clone();
    let other = input.choose(&names)?.clone();
    let what: u8 = input.int_in_range(0..=10)?;
    let len = files[&name].len();
    let at = if len > 0 { input.int_in_range(0..=len - 1)? } else { 0 };
    let Some(bytes) = files.get_mut(&name) else { return Ok(()) };
    match what {
        0 if len > 0 => bytes[at] ^= input.arbitrary::<u8>()?,
        1 => {
            let new = input.arbitrary::<[u8; 8]>()?;
            let end = (at + 8).min(len);
            bytes[at..end].copy_from_slice(&new[..end - at]);
        }
        2 => bytes.truncate(at),
        3 => drop(files.remove(&name)),
        4 => {
            let (one, two) = (files[&name].clone(), files[&other].clone());
            files.insert(name, two);
            files.insert(other, one);
        }
        5 => sums(bytes),
        6 => {
            // A field of a header, in both copies, with their sums.
            let field = 8 * input.int_in_range(1..=62_usize)?;
            let value = input.arbitrary::<[u8; 8]>()?;
            for copy in [0, 2048] {
                if let Some(place) = bytes.get_mut(copy + field..copy + field + 8) {
                    place.copy_from_slice(&value);
                }
            }
            sums(bytes);
        }
        7 => {
            // A record somewhere on the grid, its sum redone.
            let at = at / 32 * 32;
            let salt =
                bytes.get(160..168).and_then(|salt| salt.try_into().ok()).map_or(0, u64::from_le_bytes);
            if let Some(record) = bytes.get_mut(at..)
                && let Some(header) = record.first_chunk::<128>()
            {
                let number = |at: usize| {
                    u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]) as usize
                };
                let whole = (128 + number(16).min(1 << 16) + number(20).min(1 << 16)).next_multiple_of(32);
                sum(record, whole, salt);
            }
        }
        8 => {
            let (number, first) = input.arbitrary::<(u64, u64)>()?;
            let bytes = bytes.clone();
            files.insert(format!("segments/{number:020}-{first:020}.log"), bytes);
        }
        9 => bytes.resize(len + input.int_in_range(0..=9000_usize)?, 0),
        _ => drop(files.insert("HEAD".to_owned(), head(input)?)),
    }
    Ok(())
}

/// A HEAD that claims something.
fn head(input: &mut Unstructured<'_>) -> arbitrary::Result<Vec<u8>> {
    let mut head = vec![0; 64];
    head[..8].copy_from_slice(b"SCOPEDHD");
    head[8] = 77;
    for at in [24, 32, 40, 48] {
        let value =
            if input.arbitrary()? { input.arbitrary()? } else { u64::from(input.arbitrary::<u16>()?) };
        head[at..at + 8].copy_from_slice(&value.to_le_bytes());
    }
    sums(&mut head);
    Ok(head)
}

/// Redoes the sums of whatever this file is.
fn sums(bytes: &mut [u8]) {
    match bytes.first_chunk::<8>() {
        Some(b"SCOPEDLG") => {
            for copy in [0, 2048] {
                if let Some(block) = bytes.get_mut(copy..copy + 512) {
                    let sum = xxhash_rust::xxh3::xxh3_64_with_seed(&block[..504], PLAIN);
                    block[504..].copy_from_slice(&sum.to_le_bytes());
                }
            }
            let footer = bytes.len().saturating_sub(4096);
            if bytes.len() >= 8192 {
                end_sum(&mut bytes[footer..]);
            }
        }
        _ => end_sum(bytes),
    }
}

fn end_sum(bytes: &mut [u8]) {
    if let Some((before, sum)) = bytes.split_last_chunk_mut::<8>() {
        *sum = xxhash_rust::xxh3::xxh3_64_with_seed(before, PLAIN).to_le_bytes();
    }
}

fn sum(record: &mut [u8], len: usize, salt: u64) {
    if let Some((sum, rest)) = record.get_mut(..len).and_then(<[u8]>::split_first_chunk_mut::<8>) {
        *sum = xxhash_rust::xxh3::xxh3_64_with_seed(rest, salt).to_le_bytes();
    }
}

/// Everything that is done to a directory, done to this one.
fn look(files: &Files) {
    let disk = MemoryStorage::load(files.clone());
    let storage: Arc<dyn Storage> = Arc::new(disk.clone());
    let single = VerifyOptions { threads: 1, ..VerifyOptions::default() };
    let report = verify(&storage, &single, &|_| ());
    if let Ok((reader, _)) = Log::open_read_only(Arc::clone(&storage), &options()) {
        let to = Sequence::new(reader.last().get().min(READ_MAX));
        let good = reader.records(Sequence::new(1), to).filter(Result::is_ok).count() as u64;
        let _ = (reader.at_time(1000), reader.chain_at(reader.last()), reader.segments());
        if report.as_ref().is_ok_and(scoped::log::VerifyReport::is_clean) {
            assert_eq!(good, to.get(), "what verifies can be read");
        }
        let forest = Forest::new(reader.clone()).with_tiles(Arc::clone(&storage)).with_threads(1);
        for size in [to.get(), 300, 257] {
            if let Ok(Some(proof)) = forest.inclusion(Sequence::new(1), size) {
                assert!(proof.root().is_ok(), "what is made can be checked");
            }
        }
    }
    assert!(disk.dump() == *files, "reading changed a byte");

    let out = MemoryStorage::new();
    let how = SalvageOptions { log: options(), ..SalvageOptions::default() };
    if let Ok(done) = salvage(&storage, Arc::new(out.clone()), 9, &how, &|_, _| ()) {
        let out: Arc<dyn Storage> = Arc::new(out);
        let clean =
            verify(&out, &single, &|_| ()).is_ok_and(|report| report.is_clean() && report.last == done.last);
        assert!(clean, "what is salvaged verifies");
    }
    if let Ok(mut opened) = Log::open(storage, 3, 9, &options()) {
        let event =
            NewEvent { event_id: 1, kind: 1, kind_version: 1, actor: 0, scope: 0, body: &[], payload: None };
        let _ = opened.writer.stage(1, &[event]).map(drop);
        let _ = opened.writer.commit(Durability::Synced);
        let _ = opened.writer.close();
    }
}
