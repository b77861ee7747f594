//! Salvage: what is provably good comes out, what is lost is named, and what comes out is a log without fault.

use scoped_log::{
    Durability, ErrorKind, LOST_KIND, Log, Loss, MemoryStorage, NewEvent, Options, Payload, Reader,
    SalvageOptions, Salvaged, Sequence, Stage, Storage, VerifyOptions, salvage, verify,
};
use std::{collections::BTreeMap, sync::Arc};

type Files = BTreeMap<String, Vec<u8>>;

fn options() -> Options {
    Options { segment_bytes: 16 << 10, ..Options::default() }
}

/// Batches of one to three events, each batch a group of its own.
fn written(batches: u64) -> Files {
    written_in_groups(batches, 1)
}

/// The same with so many batches in a group, none of which is synced before the next.
fn written_in_groups(batches: u64, in_a_group: u64) -> Files {
    let durability = if in_a_group == 1 { Durability::Synced } else { Durability::Buffered };
    let storage = MemoryStorage::new();
    let mut opened = Log::create(Arc::new(storage.clone()), 77, 5, 1234, &options()).unwrap();
    for n in 0..batches {
        // Every third is ciphertext. It was copied as if it were none: another leaf, so that salvage took its own copy for damage.
        let bytes = vec![n as u8; 40];
        let payload = if n % 3 == 2 { Payload::sealed(bytes) } else { Payload::new(bytes) }.unwrap();
        let batch: Vec<NewEvent<'_>> = (0..=n % 3)
            .map(|nth| NewEvent {
                event_id: u128::from(n * 10 + nth + 1),
                kind: 1,
                kind_version: 1,
                actor: 3,
                scope: 4,
                body: b"body",
                payload: Some(&payload),
            })
            .collect();
        while opened.writer.stage(n * 100, &batch).unwrap() == Stage::GroupFull {
            opened.writer.commit(durability).unwrap();
        }
        if (n + 1).is_multiple_of(in_a_group) {
            opened.writer.commit(durability).unwrap();
        }
    }
    opened.writer.commit(durability).unwrap();
    opened.writer.close().unwrap();
    storage.dump()
}

fn read(files: &Files) -> Reader {
    Log::open_read_only(Arc::new(MemoryStorage::load(files.clone())), &options()).unwrap().0
}

/// Salvages, and holds what comes out to what is promised whatever the damage.
fn salvaged(bad: &Files, truth: &Reader, until_first_hole: bool) -> (Salvaged, Files) {
    let from = MemoryStorage::load(bad.clone());
    let (storage, out): (Arc<dyn Storage>, _) = (Arc::new(from.clone()), MemoryStorage::new());
    let how = SalvageOptions { until_first_hole, log: options(), ..SalvageOptions::default() };
    let done = salvage(&storage, Arc::new(out.clone()), 99, &how, &|_, _| ()).unwrap();
    assert!(from.dump() == *bad, "salvage changed what it reads");
    let out_storage: Arc<dyn Storage> = Arc::new(out.clone());
    let report = verify(&out_storage, &VerifyOptions::default(), &|_| ()).unwrap();
    assert!(report.is_clean(), "{:?}", report.findings);
    assert_eq!((report.last, report.head), (done.last, done.head));
    let files = out.dump();
    let reader = read(&files);
    let (mut kept, mut marks) = (0, 0);
    for record in reader.records(Sequence::new(1), reader.last()).map(Result::unwrap) {
        if record.kind() == LOST_KIND {
            marks += 1;
            continue;
        }
        kept += 1;
        let old = truth.get(record.sequence()).unwrap().unwrap();
        assert_eq!(record.leaf(), old.leaf(), "{} is the same event", record.sequence());
        if record.sequence() <= done.same_until {
            assert_eq!(record.chain(), old.chain());
        }
    }
    assert_eq!((kept, marks), (done.events, done.marks));
    assert_eq!(done.events + done.lost, truth.last().get(), "each event is kept or told to be lost");
    let told: u64 = done.losses.iter().map(|loss| loss.to.get() - loss.from.get() + 1).sum();
    assert_eq!((told, done.losses.len() as u64), (done.lost, done.losses_total));
    (done, files)
}

fn spans(losses: &[Loss]) -> Vec<(u64, u64, bool)> {
    losses.iter().map(|loss| (loss.from.get(), loss.to.get(), loss.is_damaged)).collect()
}

/// Where an event lies.
fn place(files: &Files, sequence: u64) -> (String, usize) {
    let reader = read(files);
    let at = reader.get(Sequence::new(sequence)).unwrap().unwrap().position();
    let path = reader.segments().into_iter().find(|segment| segment.number == at.segment).unwrap().path;
    (path, at.offset as usize)
}

fn flip(files: &Files, sequence: u64, byte: usize) -> Files {
    let (path, at) = place(files, sequence);
    let mut bad = files.clone();
    bad.get_mut(&path).unwrap()[at + byte] ^= 4;
    bad
}

#[test]
fn a_sound_log_comes_out_as_it_is_up_to_its_last_chain_value() {
    let files = written(90);
    let truth = read(&files);
    let (done, _) = salvaged(&files, &truth, false);
    assert_eq!((done.events, done.lost, done.marks, done.batches), (180, 0, 0, 90));
    assert_eq!((done.same_until, done.last), (truth.last(), truth.last()));
    assert_eq!(Some(done.head), truth.chain_at(truth.last()).unwrap());
}

/// Events 1, 2-3, 4-6, 7, 8-9, 10-12 …: a bad event costs its batch. The batch behind it was dropped as well, as if nobody could
/// prove where it begins; but it says that everything before it was durable when it was written, and no batch is in two groups.
#[test]
fn a_bad_event_costs_its_batch_and_leaves_marks_so_that_positions_stay() {
    let files = written(90);
    let truth = read(&files);
    let (done, out) = salvaged(&flip(&files, 5, 130), &truth, false);
    assert_eq!(spans(&done.losses), [(4, 4, false), (5, 5, true), (6, 6, false)]);
    assert_eq!((done.same_until.get(), done.marks, done.last), (3, 3, truth.last()));
    assert_eq!(read(&out).get(Sequence::new(7)).unwrap().unwrap().event_id(), 31);

    let (done, _) = salvaged(&flip(&files, 6, 130), &truth, false);
    assert_eq!(spans(&done.losses), [(4, 5, false), (6, 6, true)]);

    let (done, out) = salvaged(&flip(&files, 5, 130), &truth, true);
    assert_eq!((done.last.get(), done.same_until.get(), done.marks), (3, 3, 0));
    assert_eq!(read(&out).chain_at(Sequence::new(3)).unwrap(), truth.chain_at(Sequence::new(3)).unwrap());
}

/// In one group nothing says that what is lost was durable before: then only the batch before the hole can tell where it ends.
#[test]
fn behind_a_hole_in_a_group_a_batch_is_kept_only_where_the_one_before_says_that_it_ends() {
    let files = written_in_groups(30, 10);
    let truth = read(&files);
    // #6 is the last of the batch from #4, which says so: #7 begins one.
    let (done, _) = salvaged(&flip(&files, 6, 130), &truth, false);
    assert_eq!(spans(&done.losses), [(4, 5, false), (6, 6, true)]);
    // #7 was a batch alone, or the first of a longer one: #8 and #9 cannot say.
    let (done, _) = salvaged(&flip(&files, 7, 130), &truth, false);
    assert_eq!(spans(&done.losses), [(7, 7, true), (8, 8, false), (9, 9, false)]);
}

#[test]
fn an_edited_event_with_its_checksum_redone_is_no_good_event() {
    let files = written(30);
    let truth = read(&files);
    let (path, at) = place(&files, 7);
    let mut bad = files.clone();
    let file = bad.get_mut(&path).unwrap();
    let salt = u64::from_le_bytes(file[160..168].try_into().unwrap());
    let len = truth.get(Sequence::new(7)).unwrap().unwrap().stored_len();
    file[at + 130] ^= 1;
    let sum = xxhash_rust::xxh3::xxh3_64_with_seed(&file[at + 8..at + len], salt);
    file[at..at + 8].copy_from_slice(&sum.to_le_bytes());
    let (done, _) = salvaged(&bad, &truth, false);
    assert_eq!(spans(&done.losses), [(7, 7, true)]);
    assert!(done.losses[0].reason.contains("chain"), "{:?}", done.losses);
}

#[test]
fn a_missing_segment_costs_its_events_and_the_next_one_begins_a_batch() {
    let files = written(90);
    let truth = read(&files);
    let segments = truth.segments();
    assert!(segments.len() > 2);
    for gone in &segments[..segments.len() - 1] {
        let mut bad = files.clone();
        bad.remove(&gone.path);
        let (done, _) = salvaged(&bad, &truth, false);
        assert_eq!(spans(&done.losses), [(gone.first.get(), gone.last.get(), true)]);
    }
}

#[test]
fn without_genesis_the_first_segment_tells_what_it_said() {
    let files = written(20);
    let truth = read(&files);
    let mut bad = files.clone();
    bad.remove("GENESIS");
    let (done, out) = salvaged(&bad, &truth, false);
    assert_eq!((done.lost, done.log_id), (0, 77));
    assert_eq!(out["GENESIS"], files["GENESIS"]);
    let mut rotten = files.clone();
    rotten.get_mut("GENESIS").unwrap()[20] ^= 1;
    assert_eq!(salvaged(&rotten, &truth, false).0.lost, 0);

    bad.remove(&truth.segments()[0].path);
    let from: Arc<dyn Storage> = Arc::new(MemoryStorage::load(bad));
    let error = salvage(&from, Arc::new(MemoryStorage::new()), 1, &SalvageOptions::default(), &|_, _| ())
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Damaged);
}

#[test]
fn a_place_that_holds_a_log_is_not_written_to() {
    let files = written(3);
    let (from, to) = (MemoryStorage::load(files.clone()), MemoryStorage::load(files.clone()));
    let from: Arc<dyn Storage> = Arc::new(from);
    let error = salvage(&from, Arc::new(to.clone()), 1, &SalvageOptions::default(), &|_, _| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    let segments = |files: &Files| {
        files
            .iter()
            .filter(|(name, _)| *name != "LOCK")
            .map(|(n, b)| (n.clone(), b.clone()))
            .collect::<Files>()
    };
    assert!(segments(&to.dump()) == segments(&files));
}

/// Whatever single byte rots: nothing false comes out, and at most the batch it hits is lost.
#[test]
fn no_rotten_byte_costs_more_than_its_batch() {
    let files = written(24);
    let truth = read(&files);
    let names: Vec<&String> = files.keys().filter(|name| name.starts_with("segments/")).collect();
    for name in names {
        for at in (0..files[name].len()).step_by(41) {
            if files[name][at..].iter().all(|byte| *byte == 0) {
                break;
            }
            let mut bad = files.clone();
            bad.get_mut(name).unwrap()[at] ^= 1 << (at % 8);
            let (done, _) = salvaged(&bad, &truth, false);
            assert!(done.lost <= 3, "{name} byte {at}: {:?}", done.losses);
        }
    }
}
