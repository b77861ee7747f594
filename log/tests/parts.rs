//! Segments that are verified in parts: the parts together say what one look at the whole would.

use scoped_log::{
    Durability, Log, MemoryStorage, NewEvent, Options, Payload, Sequence, Stage, Storage, VerifyOptions,
    VerifyReport, verify,
};
use std::{collections::BTreeMap, sync::Arc};

type Files = BTreeMap<String, Vec<u8>>;

/// A log with one sealed segment of some megabytes and an open one, payloads of these lengths in turn.
fn log(lengths: &[usize], batches: u64, is_closed: bool) -> Files {
    let options = Options { segment_bytes: 3 << 20, ..Options::default() };
    let storage = MemoryStorage::new();
    let mut opened = Log::create(Arc::new(storage.clone()), 7, 1, 99, &options).unwrap();
    for n in 0..batches {
        let len = lengths[n as usize % lengths.len()];
        let payload = Payload::new((0..len).map(|at| (at as u64 * 7 + n) as u8).collect::<Vec<_>>()).unwrap();
        let event = |nth: u64, payload| NewEvent {
            event_id: u128::from(n * 4 + nth),
            kind: (n % 100) as u16,
            kind_version: 1,
            actor: 3,
            scope: 4,
            body: &[5; 21],
            payload,
        };
        let batch = [event(0, Some(&payload)), event(1, None), event(2, Some(&payload))];
        let batch = &batch[..1 + n as usize % 3];
        while opened.writer.stage(n, batch).unwrap() == Stage::GroupFull {
            opened.writer.commit(Durability::Buffered).unwrap();
        }
        if n % 5 == 0 {
            opened.writer.commit(Durability::Synced).unwrap();
        }
        if n % 7 == 0 {
            opened.writer.fence().unwrap();
        }
    }
    opened.writer.commit(Durability::Synced).unwrap();
    if is_closed {
        opened.writer.close().unwrap();
        return storage.dump();
    }
    storage.dump() // with the prepared zeros, as a killed process leaves them
}

fn check(files: &Files, threads: usize) -> VerifyReport {
    let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::load(files.clone()));
    verify(&storage, &VerifyOptions { threads, ..VerifyOptions::default() }, &|_| ()).unwrap()
}

const LENGTHS: [&[usize]; 4] = [&[200], &[0, 3000, 70], &[100_000, 10, 5000], &[700_000, 50, 300_000]];

#[test]
fn a_sound_log_is_clean_whatever_lies_across_the_borders_of_parts() {
    for lengths in LENGTHS {
        for is_closed in [true, false] {
            let mean = 300 + lengths.iter().sum::<usize>() / lengths.len();
            let files = log(lengths, 2_500_000 / mean as u64, is_closed);
            let (reader, _) = {
                let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::load(files.clone()));
                Log::open_read_only(storage, &Options::default()).unwrap()
            };
            for threads in [1, 3] {
                let report = check(&files, threads);
                assert!(report.is_clean(), "{lengths:?}: {:?}", report.findings);
                assert_eq!((report.last, report.records), (reader.last(), reader.last().get()));
                assert_eq!(Some(report.head), reader.chain_at(report.last).unwrap());
                let records = reader.records(Sequence::new(1), reader.last()).map(Result::unwrap);
                assert_eq!(records.filter(|record| record.batch_left() == 0).count() as u64, report.batches);
            }
        }
    }
}

#[test]
fn a_flipped_bit_is_found_in_any_part_and_named_alike_by_any_number_of_threads() {
    for lengths in [LENGTHS[1], LENGTHS[3]] {
        let mean = 300 + lengths.iter().sum::<usize>() / lengths.len();
        let files = log(lengths, 2_500_000 / mean as u64, true);
        let name = files.keys().find(|name| name.ends_with(".log")).unwrap();
        let len = files[name].len();
        let borders = (1..).map(|nth| nth * (256 << 10)).take_while(|at| *at < len);
        let near = borders.flat_map(|at| [at - 33, at - 1, at, at + 31, at + 63]);
        let spread = (0..24).map(|nth| nth * len / 24 + nth * 37);
        for at in near.chain(spread).filter(|at| *at < len) {
            let mut bad = files.clone();
            bad.get_mut(name).unwrap()[at] ^= 4;
            let report = check(&bad, 1);
            assert!(!report.is_clean(), "byte {at}");
            assert_eq!(report, check(&bad, 2), "byte {at}");
        }
    }
}
