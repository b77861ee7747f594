//! What a log does on a good day: the tutorial comes first.
#![allow(
    clippy::disallowed_methods,
    reason = "here payloads are bytes: what is sealed is the engine's business"
)]

use scoped_log::{
    Durability, ErrorKind, FileStorage, Log, MemoryStorage, NewEvent, Opened, Options, Payload, Sequence,
    Stage, Storage, Verdict,
};
use std::sync::Arc;

fn small() -> Options {
    Options { segment_bytes: 32 << 10, ..Options::default() }
}

fn event<'a>(id: u128, body: &'a [u8], payload: Option<&'a Payload>) -> NewEvent<'a> {
    NewEvent { event_id: id, kind: 7, kind_version: 1, actor: 11, scope: 22, body, payload }
}

/// Appends a batch as an engine does: staged, committed, and staged again if the group was full.
fn append(opened: &mut Opened, time: u64, batch: &[NewEvent<'_>]) -> Sequence {
    loop {
        match opened.writer.stage(time, batch).unwrap() {
            Stage::Staged(staged) => {
                opened.writer.commit(Durability::Synced).unwrap();
                return staged.last;
            }
            Stage::GroupFull => drop(opened.writer.commit(Durability::Synced).unwrap()),
        }
    }
}

fn storages() -> Vec<(Arc<dyn Storage>, Option<tempfile::TempDir>)> {
    let directory = tempfile::tempdir().unwrap();
    let files = FileStorage::new(directory.path().join("a").join("log"));
    vec![(Arc::new(MemoryStorage::new()), None), (Arc::new(files), Some(directory))]
}

#[test]
fn a_log_remembers_what_was_committed() {
    for (storage, _directory) in storages() {
        let mut opened = Log::create(Arc::clone(&storage), 42, 1_000, 7, &small()).unwrap();
        let payload = Payload::new(&b"hello"[..]).unwrap();
        let first = append(&mut opened, 1_000, &[event(1, b"one", Some(&payload)), event(2, b"two", None)]);
        assert_eq!(first, Sequence::new(2));
        let record = opened.reader.get(Sequence::new(1)).unwrap().unwrap();
        assert_eq!(
            (record.event_id(), record.body(), record.payload()),
            (1, &b"one"[..], Some(&b"hello"[..]))
        );
        assert_eq!((record.batch_left(), record.kind(), record.actor(), record.scope()), (1, 7, 11, 22));
        opened.writer.close().unwrap();

        let mut opened = Log::open(Arc::clone(&storage), 8, 2_000, &small()).unwrap();
        assert_eq!(opened.recovery.verdict, Verdict::Clean, "{}", opened.recovery);
        assert_eq!(append(&mut opened, 500, &[event(3, b"three", None)]), Sequence::new(3));
        let bodies: Vec<Vec<u8>> = opened
            .reader
            .records(Sequence::new(1), Sequence::new(99))
            .map(|record| record.unwrap().body().to_vec())
            .collect();
        assert_eq!(bodies, [&b"one"[..], b"two", b"three"]);
        let third = opened.reader.get(Sequence::new(3)).unwrap().unwrap();
        assert_eq!(third.time(), 1_000, "time never runs backwards");
        assert_eq!(third.chain(), opened.writer.head());
    }
}

#[test]
fn segments_rotate_and_everything_stays_readable() {
    for (storage, _directory) in storages() {
        let mut opened = Log::create(Arc::clone(&storage), 42, 0, 7, &small()).unwrap();
        let payload = Payload::new(vec![5; 200]).unwrap();
        for n in 1..=1000_u64 {
            append(&mut opened, n * 10, &[event(u128::from(n), &n.to_le_bytes(), Some(&payload))]);
        }
        for round in 0..3 {
            let reader = opened.reader.clone();
            assert!(reader.segments().len() > 5, "{}", reader.segments().len());
            assert_eq!(reader.last(), Sequence::new(1000));
            for n in [1, 2, 63, 500, 999, 1000] {
                assert_eq!(reader.get(Sequence::new(n)).unwrap().unwrap().event_id(), u128::from(n));
                assert_eq!(reader.at_time(n * 10 + 9).unwrap(), Sequence::new(n));
                assert_eq!(reader.find_event(u128::from(n)).unwrap().unwrap().sequence(), Sequence::new(n));
            }
            assert_eq!(reader.at_time(9).unwrap(), Sequence::NONE);
            let read =
                reader.records(Sequence::new(10), Sequence::new(990)).map(|r| r.unwrap().sequence().get());
            assert!(read.eq(10..=990));
            assert_eq!(reader.get(Sequence::new(1001)).unwrap().map(|r| r.sequence()), None);
            if round == 0 {
                opened.writer.close().unwrap();
            } else {
                drop(opened.writer);
            }
            opened = Log::open(Arc::clone(&storage), 8 + round, 0, &small()).unwrap();
            assert_eq!(opened.recovery.verdict, Verdict::Clean);
        }
        let (reader, recovery) = Log::open_read_only(storage, &small()).unwrap();
        assert_eq!(
            (recovery.last, reader.records(Sequence::new(1), recovery.last).count()),
            (Sequence::new(1000), 1000)
        );
    }
}

#[test]
fn there_is_one_writer() {
    for (storage, _directory) in storages() {
        let kind = |result: Result<Opened, _>| result.map(drop).map_err(|e: scoped_log::LogError| e.kind());
        assert_eq!(kind(Log::open(Arc::clone(&storage), 1, 1, &small())), Err(ErrorKind::NotFound));
        let opened = Log::create(Arc::clone(&storage), 1, 1, 1, &small()).unwrap();
        assert_eq!(kind(Log::open(Arc::clone(&storage), 1, 1, &small())), Err(ErrorKind::Locked));
        assert_eq!(kind(Log::create(Arc::clone(&storage), 1, 1, 1, &small())), Err(ErrorKind::Locked));
        drop(opened);
        assert_eq!(kind(Log::create(Arc::clone(&storage), 1, 1, 1, &small())), Err(ErrorKind::AlreadyExists));
        assert_eq!(kind(Log::open(Arc::clone(&storage), 1, 1, &small())), Ok(()));
    }
}

/// Whoever wrote without noting places and read at the same time made, with the first look, an index of what was there by then. It was kept, had
/// room for so many, and events written behind them were told to be damaged.
#[test]
fn what_is_written_without_an_index_is_read_beside_it_as_it_comes() {
    for map in [true, false] {
        let options = Options { segment_bytes: 4 << 20, index: false, map, ..Options::default() };
        for (storage, _directory) in storages() {
            let mut opened = Log::create(storage, 42, 0, 7, &options).unwrap();
            let batch = |first: u64, count: u64| {
                (first..first + count).map(|id| event(u128::from(id), b"", None)).collect::<Vec<_>>()
            };
            append(&mut opened, 1, &batch(1, 10));
            let reader = opened.reader.clone();
            assert_eq!(reader.get(Sequence::new(1)).unwrap().unwrap().event_id(), 1);
            for first in (11..=9_000).step_by(1_000) {
                append(&mut opened, 2, &batch(first, 1_000));
                for id in [1, first - 1, first, first + 999] {
                    let found = reader.get(Sequence::new(id)).unwrap().unwrap();
                    assert_eq!(found.event_id(), u128::from(id));
                }
                let last = reader.records(Sequence::new(first + 500), reader.last());
                assert!(last.map(|record| record.unwrap().sequence().get()).eq(first + 500..first + 1_000));
            }
            assert_eq!(reader.segments().len(), 1, "all of it in the segment that is being written");
        }
    }
}
