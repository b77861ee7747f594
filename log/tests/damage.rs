//! Flipped bits, cuts, garbage, swaps: nothing of it may panic, pass for a clean log, or be read as something else.

use scoped_log::{
    Durability, ErrorKind, Log, LogError, MemoryStorage, NewEvent, Opened, Options, Payload, Reader,
    Sequence, Stage, Storage, Verdict, VerifyOptions, VerifyReport, verify,
};
use std::{collections::BTreeMap, sync::Arc};

type Files = BTreeMap<String, Vec<u8>>;

fn options() -> Options {
    Options { segment_bytes: 16 << 10, ..Options::default() }
}

/// Batches of one to three events, bodies and payloads of several lengths.
fn append(opened: &mut Opened, batches: std::ops::Range<u64>, how: Durability) {
    for n in batches {
        let body = vec![n as u8; n as usize % 50];
        let payload = Payload::new(vec![!n as u8; n as usize * 7 % 300]).unwrap();
        let batch: Vec<NewEvent<'_>> = (0..=n % 3)
            .map(|nth| NewEvent {
                event_id: u128::from(n * 10 + nth),
                kind: n as u16 % 5,
                kind_version: 1,
                actor: 3,
                scope: 4,
                body: &body,
                payload: (nth == 0).then_some(&payload),
            })
            .collect();
        while opened.writer.stage(n * 100, &batch).unwrap() == Stage::GroupFull {
            opened.writer.commit(how).unwrap();
        }
        opened.writer.commit(how).unwrap();
    }
}

fn create(storage: &MemoryStorage) -> Opened {
    Log::create(Arc::new(storage.clone()), 77, 5, 1234, &options()).unwrap()
}

/// A closed log of a few segments.
fn closed(batches: u64) -> Files {
    let storage = MemoryStorage::new();
    let mut opened = create(&storage);
    append(&mut opened, 0..batches, Durability::Synced);
    opened.writer.close().unwrap();
    storage.dump()
}

/// A log whose process was killed: the files as they stand, without a clean end.
fn killed(batches: u64, how: Durability) -> Files {
    let storage = MemoryStorage::new();
    let mut opened = create(&storage);
    append(&mut opened, 0..batches, how);
    storage.dump()
}

fn load(files: &Files) -> Arc<dyn Storage> {
    Arc::new(MemoryStorage::load(files.clone()))
}

fn check(files: &Files) -> Result<VerifyReport, LogError> {
    verify(&load(files), &VerifyOptions { threads: 1, ..VerifyOptions::default() }, &|_| ())
}

fn is_clean(files: &Files) -> bool {
    check(files).is_ok_and(|report| report.is_clean())
}

/// What a good reader reads, to compare with.
fn truth(files: &Files) -> Vec<Vec<u8>> {
    let (reader, _) = Log::open_read_only(load(files), &options()).unwrap();
    reader.records(Sequence::new(1), reader.last()).map(|r| meaning(r.unwrap().stored_bytes())).collect()
}

/// The bytes of a record that have a meaning: all but checksum, watermark and storage flags, which a move changes.
fn meaning(stored: &[u8]) -> Vec<u8> {
    let mut bytes = stored.to_vec();
    bytes[0..8].fill(0);
    bytes[28..32].fill(0);
    bytes[63] = 0;
    bytes
}

/// Reads everything both ways; whatever is given out must be true. Returns how many events could be read.
fn read_nothing_wrong(reader: &Reader, truth: &[Vec<u8>], what: &str) -> usize {
    let mut good = 0;
    for n in 1..=reader.last().get() {
        if let Ok(Some(record)) = reader.get(Sequence::new(n)) {
            assert_eq!(Some(&meaning(record.stored_bytes())), truth.get(n as usize - 1), "{what}: event {n}");
            good += 1;
        }
    }
    for record in reader.records(Sequence::new(1), reader.last()).flatten() {
        let expected = truth.get(record.sequence().get() as usize - 1);
        assert_eq!(Some(&meaning(record.stored_bytes())), expected, "{what}: event {}", record.sequence());
    }
    good
}

fn files_with_sums(files: &Files) -> impl Iterator<Item = &String> {
    files.keys().filter(|name| !name.ends_with("LOCK"))
}

fn flip_all(files: &Files, masks: impl Fn(usize) -> Vec<u8>, open_every: usize) {
    let truth = truth(files);
    let last = last_segment(files);
    let mut count = 0;
    for name in files_with_sums(files) {
        for at in 0..files[name].len() {
            for mask in masks(at) {
                let what = format!("{name} byte {at} mask {mask:02x}");
                let mut bad = files.clone();
                bad.get_mut(name).unwrap()[at] ^= mask;
                assert!(!is_clean(&bad), "not found: {what}");
                count += 1;
                if count % open_every != 0 {
                    continue;
                }
                if let Ok((reader, _)) = Log::open_read_only(load(&bad), &options()) {
                    read_nothing_wrong(&reader, &truth, &what);
                }
                if let Ok(opened) = Log::open(load(&bad), 9, 9, &options()) {
                    let good = read_nothing_wrong(&opened.reader, &truth, &what);
                    // The last segment is read when it is opened; the others when they are met.
                    let met = *name == last && good as u64 != opened.reader.last().get();
                    assert!(!met, "{what}: {}", opened.recovery);
                }
            }
        }
    }
}

#[test]
fn every_byte_of_a_log_of_several_segments_is_covered_by_a_sum() {
    let files = closed(16);
    assert!(files.keys().filter(|name| name.ends_with(".log")).count() >= 2, "{:?}", files.keys());
    assert!(is_clean(&files), "{:?}", check(&files).unwrap().findings);
    flip_all(&files, |at| vec![1 << (at % 8)], 11);
}

#[test]
fn every_bit_of_a_tiny_log_is_covered_by_a_sum() {
    let files = closed(3);
    flip_all(&files, |_| (0..8).map(|bit| 1 << bit).collect(), 29);
}

#[test]
fn opening_refuses_damage_and_changes_nothing() {
    let files = closed(90);
    let first = files.keys().find(|name| name.ends_with(".log")).unwrap().clone();
    let last = files.keys().rfind(|name| name.ends_with(".log")).unwrap().clone();
    for (name, at) in [(&first, files[&first].len() - 100), (&last, 4096 + 40)] {
        let mut bad = files.clone();
        bad.get_mut(name).unwrap()[at] ^= 4;
        let storage = MemoryStorage::load(bad.clone());
        let error = Log::open(Arc::new(storage.clone()), 1, 1, &options()).map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Damaged, "{error}");
        assert!(error.to_string().contains(name.as_str()), "{error}");
        let mut after = storage.dump();
        after.retain(|name, _| bad.contains_key(name));
        assert_eq!(after, bad);
    }
}

#[test]
fn damage_costs_only_the_records_it_hit() {
    let files = closed(90);
    let truth = truth(&files);
    let segments: Vec<&String> = files.keys().filter(|name| name.ends_with(".log")).collect();
    for name in segments {
        let mut bad = files.clone();
        bad.get_mut(name).unwrap()[4096 + 100] ^= 1;
        let (reader, recovery) = Log::open_read_only(load(&bad), &options()).unwrap();
        let good = read_nothing_wrong(&reader, &truth, name);
        assert!(good + 3 >= truth.len(), "{name}: {good} of {}: {recovery}", truth.len());
        let report = check(&bad).unwrap();
        let first = report.first_bad().unwrap();
        assert_eq!(first.offset, 4096, "{report:?}");
        let lost = reader.get(first.sequence.unwrap()).unwrap_err();
        assert_eq!(lost.kind(), ErrorKind::Damaged);
    }
}

fn last_segment(files: &Files) -> String {
    files.keys().rfind(|name| name.ends_with(".log")).unwrap().clone()
}

/// Whole batches before each length, by what the records say.
fn whole_before(files: &Files) -> Vec<(usize, u64)> {
    let (reader, _) = Log::open_read_only(load(files), &options()).unwrap();
    let name = last_segment(files);
    let mut ends = Vec::new();
    for record in reader.records(Sequence::new(1), reader.last()) {
        let record = record.unwrap();
        let segment = reader.segments().iter().rfind(|s| s.path == name).unwrap().number;
        if record.position().segment == segment && record.batch_left() == 0 {
            ends.push((record.position().offset as usize + record.stored_len(), record.sequence().get()));
        }
    }
    ends
}

#[test]
fn a_cut_at_any_length_keeps_exactly_the_whole_batches_before_it() {
    let mut files = killed(60, Durability::Synced);
    let truth = truth(&files);
    let name = last_segment(&files);
    let ends = whole_before(&files);
    let used = files[&name].iter().rposition(|b| *b != 0).unwrap() + 1;
    let first = name[name.len() - 24..name.len() - 4].parse::<u64>().unwrap();
    let head = files.remove("HEAD").unwrap();
    for len in 4096..=used {
        let mut cut = files.clone();
        cut.get_mut(&name).unwrap().truncate(len);
        let kept = ends.iter().rfind(|(end, _)| *end <= len).map_or(first - 1, |(_, last)| *last);
        if len % 13 == 0 || len == used {
            // With HEAD the same is a log put back, or damaged.
            cut.insert("HEAD".to_owned(), head.clone());
            let opened = Log::open(load(&cut), 1, 1, &options()).map(|opened| opened.recovery);
            match opened {
                Ok(recovery) => assert!(len + 32 > used, "{len}: {recovery}"),
                Err(error) => assert_eq!(error.kind(), ErrorKind::Damaged, "{len}: {error}"),
            }
            cut.remove("HEAD");
        }
        // In the middle of the file a cut removes promised records; nothing is left that could tell. That is what a
        // hint, a snapshot or a checkpoint is for.
        let opened = Log::open(load(&cut), 1, 1, &options()).unwrap_or_else(|error| panic!("{len}: {error}"));
        assert_eq!(opened.reader.last().get(), kept, "{len}: {}", opened.recovery);
        read_nothing_wrong(&opened.reader, &truth, &format!("cut at {len}"));
    }
}

#[test]
fn a_killed_process_loses_nothing_that_was_written() {
    for how in [Durability::Synced, Durability::Buffered] {
        for batches in [0, 1, 2, 30, 31, 60] {
            let files = killed(batches, how);
            let storage = load(&files);
            let mut opened = Log::open(Arc::clone(&storage), 1, 1, &options()).unwrap();
            let count: u64 = (0..batches).map(|n| n % 3 + 1).sum();
            assert_eq!((opened.recovery.verdict, opened.recovery.last.get()), (Verdict::UncleanEnd, count));
            append(&mut opened, 100..140, how);
            opened.writer.close().unwrap();
            let report = verify(&storage, &VerifyOptions::default(), &|_| ()).unwrap();
            assert!(report.is_clean(), "{:?}", report.findings);
        }
    }
}

#[test]
fn garbage_zeros_and_foreign_records_behind_the_end_are_cut_and_kept_aside() {
    let files = killed(20, Durability::Synced);
    let truth = truth(&files);
    let name = last_segment(&files);
    let used = files[&name].iter().rposition(|b| *b != 0).unwrap() + 1;
    // Another log with the same events: its records are sound, and none of ours.
    let foreign = {
        let storage = MemoryStorage::new();
        let mut opened = Log::create(Arc::new(storage.clone()), 78, 5, 99, &options()).unwrap();
        append(&mut opened, 0..20, Durability::Synced);
        storage.dump()[&name][4096..used].to_vec()
    };
    let next = used.next_multiple_of(512);
    let cases: [(&str, usize, Vec<u8>); 5] = [
        ("garbage", next, (0..3000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8 | 1).collect()),
        ("a foreign record", next, foreign[..352].to_vec()),
        ("many foreign records", next, foreign[..1500.min(foreign.len())].to_vec()),
        ("ones", next, vec![255; 2048]),
        ("zeros", next, vec![0; 2048]),
    ];
    for (what, at, bytes) in cases {
        let mut bad = files.clone();
        let file = bad.get_mut(&name).unwrap();
        file[at..at + bytes.len()].copy_from_slice(&bytes);
        assert!(is_clean(&bad), "{what} is no fault: {:?}", check(&bad).unwrap().findings);
        let storage = MemoryStorage::load(bad);
        let mut opened = Log::open(Arc::new(storage.clone()), 1, 1, &options()).unwrap();
        let torn = if what == "zeros" { Verdict::UncleanEnd } else { Verdict::Torn };
        assert_eq!(opened.recovery.verdict, torn, "{what}");
        assert_eq!(opened.reader.last().get() as usize, truth.len(), "{what}");
        let aside = storage.dump().iter().any(|(name, kept)| {
            name.starts_with("quarantine/") && kept.windows(100).any(|window| window == &bytes[..100])
        });
        assert!(aside || what == "zeros", "{what}");
        append(&mut opened, 50..60, Durability::Synced);
        opened.writer.close().unwrap();
        let storage: Arc<dyn Storage> = Arc::new(storage);
        let report = verify(&storage, &VerifyOptions::default(), &|_| ()).unwrap();
        assert!(report.is_clean(), "{what}: {:?}", report.findings);
    }
}

#[test]
fn zeroed_runs_in_what_was_promised_are_damage() {
    let files = closed(60);
    let truth = truth(&files);
    for name in files.keys().filter(|name| name.ends_with(".log")) {
        for at in (0..files[name].len()).step_by(512) {
            let end = (at + 512).min(files[name].len());
            if files[name][at..end].iter().all(|b| *b == 0) {
                continue;
            }
            let mut bad = files.clone();
            bad.get_mut(name).unwrap()[at..end].fill(0);
            assert!(!is_clean(&bad), "{name} zeros at {at}");
            if let Ok(opened) = Log::open(load(&bad), 1, 1, &options()) {
                assert_eq!(opened.reader.last().get() as usize, truth.len(), "{name} zeros at {at}");
                read_nothing_wrong(&opened.reader, &truth, name);
            }
        }
    }
}

#[test]
fn missing_and_swapped_segments_are_named() {
    let files = closed(90);
    let truth = truth(&files);
    let names: Vec<String> = files.keys().filter(|name| name.ends_with(".log")).cloned().collect();
    for (nth, name) in names.iter().enumerate() {
        let mut bad = files.clone();
        bad.remove(name);
        assert!(!is_clean(&bad), "{name} removed");
        let error = Log::open(load(&bad), 1, 1, &options()).map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Damaged);
        let (reader, recovery) = Log::open_read_only(load(&bad), &options()).unwrap();
        assert!(matches!(recovery.verdict, Verdict::Damaged | Verdict::RolledBack), "{recovery}");
        read_nothing_wrong(&reader, &truth, name);

        let other = &names[(nth + 1) % names.len()];
        let mut bad = files.clone();
        bad.insert(name.clone(), files[other].clone());
        bad.insert(other.clone(), files[name].clone());
        assert!(!is_clean(&bad), "{name} and {other} swapped");
        assert_eq!(Log::open(load(&bad), 1, 1, &options()).map(drop).unwrap_err().kind(), ErrorKind::Damaged);
        if let Ok((reader, _)) = Log::open_read_only(load(&bad), &options()) {
            read_nothing_wrong(&reader, &truth, name);
        }
    }
}

#[test]
fn an_edited_record_with_a_new_checksum_breaks_the_chain() {
    let files = closed(20);
    let name = last_segment(&files);
    let salt = u64::from_le_bytes(files[&name][160..168].try_into().unwrap());
    let number = name.as_str()["segments/".len()..][..20].parse::<u64>().unwrap();
    let (reader, _) = Log::open_read_only(load(&files), &options()).unwrap();
    for record in reader.records(Sequence::new(1), reader.last()).flatten() {
        if record.position().segment != number {
            continue;
        }
        let (at, len) = (record.position().offset as usize, record.stored_len());
        // Each field with a meaning, the body, the payload.
        for field in [32, 48, 56, 58, 64, 80, 96, 128] {
            if field == 128 && record.body().is_empty() {
                continue;
            }
            let mut bad = files.clone();
            let bytes = &mut bad.get_mut(&name).unwrap()[at..at + len];
            bytes[field] ^= 1;
            let sum = xxhash_rust::xxh3::xxh3_64_with_seed(&bytes[8..], salt);
            bytes[..8].copy_from_slice(&sum.to_le_bytes());
            let report = check(&bad).unwrap();
            assert!(!report.is_clean(), "{record:?} field {field}");
        }
    }
}

#[test]
fn formats_of_the_future_are_refused_untouched() {
    let files = closed(5);
    let name = last_segment(&files);
    for (path, sum_at, copies) in [(name.as_str(), 504, &[0, 2048][..]), ("GENESIS", 504, &[0])] {
        let mut newer = files.clone();
        let file = newer.get_mut(path).unwrap();
        for copy in copies {
            file[copy + 8] = 2;
            let seed = u64::from_le_bytes(*b"scopedlg");
            let sum = xxhash_rust::xxh3::xxh3_64_with_seed(&file[*copy..copy + sum_at], seed);
            file[copy + sum_at..copy + sum_at + 8].copy_from_slice(&sum.to_le_bytes());
        }
        for error in [
            Log::open(load(&newer), 1, 1, &options()).map(drop).unwrap_err(),
            Log::open_read_only(load(&newer), &options()).map(drop).unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{path}: {error}");
            assert!(error.to_string().contains("format 2.0"), "{error}");
        }
    }
}

/// A crash between sealing a segment and bringing the next one into use leaves a seal and a footer that nothing follows.
fn sealed_and_not_followed() -> (Files, String) {
    let mut files = closed(60);
    files.remove("HEAD");
    files.remove(&last_segment(&files));
    let name = last_segment(&files);
    assert!(is_clean(&files), "{:?}", check(&files).unwrap().findings);
    (files, name)
}

#[test]
fn every_flipped_bit_of_a_seal_and_footer_that_nothing_follows_is_found() {
    let (files, name) = sealed_and_not_followed();
    let len = files[&name].len();
    let truth = truth(&files);
    for at in len - 4096 - 512..len {
        let mut bad = files.clone();
        bad.get_mut(&name).unwrap()[at] ^= 1 << (at % 8);
        assert!(!is_clean(&bad), "byte {at} of {len}");
        if at % 97 == 0 {
            // No event is touched by it, and opening writes both again.
            let storage = load(&bad);
            let opened = Log::open(Arc::clone(&storage), 1, 1, &options()).unwrap();
            assert_eq!(opened.reader.last().get() as usize, truth.len());
            opened.writer.close().unwrap();
            assert!(verify(&storage, &VerifyOptions::default(), &|_| ()).unwrap().is_clean());
        }
    }
}

#[test]
fn a_seal_and_footer_of_which_sectors_were_not_written_are_no_fault() {
    let (files, name) = sealed_and_not_followed();
    let len = files[&name].len();
    for kept in 0..1_u32 << 9 {
        for capacity in [len, len + 1536] {
            let mut torn = files.clone();
            let bytes = torn.get_mut(&name).unwrap();
            for sector in (0..9).filter(|sector| kept >> sector & 1 == 0) {
                bytes[len - 4608 + sector * 512..][..512].fill(0);
            }
            bytes.resize(capacity, 0);
            let report = check(&torn).unwrap();
            assert!(report.is_clean(), "{kept:09b}: {:?}", report.findings);
        }
    }
}
