//! Groups are framed in chunks, on another thread where there is one. What is stored must not tell.

use scoped_log::{
    Digest, Durability, FileStorage, Log, NewEvent, Opened, Options, Payload, Sequence, Stage, Storage,
    VerifyOptions, verify,
};
use std::{collections::BTreeMap, path::Path, sync::Arc};

/// Numbers that look like chance and are the same on every run (splitmix64).
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// Stages a batch of so many events; commits before when the group is full.
fn stage(opened: &mut Opened, draw: &mut Draw, events: u64) {
    let parts: Vec<(Vec<u8>, Option<Payload>)> = (0..events)
        .map(|_| {
            let (body, payload) = (draw.below(200) as usize, draw.below(900) as usize);
            let payload =
                (payload > 100).then(|| Payload::new(vec![draw.below(256) as u8; payload]).unwrap());
            (vec![draw.below(256) as u8; body], payload)
        })
        .collect();
    let batch: Vec<NewEvent<'_>> = parts
        .iter()
        .map(|(body, payload)| NewEvent {
            event_id: u128::from(draw.below(u64::MAX)),
            kind: draw.below(300) as u16,
            kind_version: 1,
            actor: u128::from(draw.below(9)),
            scope: u128::from(draw.below(9)),
            body,
            payload: payload.as_ref(),
        })
        .collect();
    while opened.writer.stage(draw.below(1 << 40), &batch).unwrap() == Stage::GroupFull {
        opened.writer.commit(Durability::Synced).unwrap();
    }
}

/// The same groups on every run: of one event up to a megabyte, some dropped, some asked for their chain value before they are
/// written. Gives the segment files and the chain values that the writer told.
fn write(directory: &Path, beside: bool) -> (BTreeMap<String, Vec<u8>>, Vec<Option<Digest>>) {
    let options = Options { segment_bytes: 2 << 20, prepare_in_background: beside, ..Options::default() };
    let storage: Arc<dyn Storage> = Arc::new(FileStorage::new(directory));
    let mut opened = Log::create(Arc::clone(&storage), 42, 1, 7, &options).unwrap();
    let (mut draw, mut told) = (Draw(11), Vec::new());
    for group in 0..60_u64 {
        let first = opened.writer.next_sequence().get();
        let events = [1, 3, 40, 150, 600, 1_500][draw.below(6) as usize];
        let mut left = events;
        while left > 0 {
            let batch = (1 + draw.below(30)).min(left);
            stage(&mut opened, &mut draw, batch);
            left -= batch;
        }
        match group % 10 {
            3 => opened.writer.discard(),
            5 => told.push(Some(opened.writer.head())),
            _ => {}
        }
        let how = if group % 4 == 0 { Durability::Buffered } else { Durability::Synced };
        opened.writer.commit(how).unwrap();
        let last = opened.writer.next_sequence().get();
        told.extend((first..last).map(|at| opened.writer.chain_at(Sequence::new(at))));
        if group % 7 == 0 {
            opened.writer.fence().unwrap();
        }
    }
    stage(&mut opened, &mut draw, 500);
    opened.writer.close().unwrap();
    let report = verify(&storage, &VerifyOptions::default(), &|_| {}).unwrap();
    assert_eq!(report.findings, []);
    let segments = std::fs::read_dir(directory.join("segments")).unwrap();
    let files = segments
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_name().to_string_lossy().ends_with(".log"))
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), std::fs::read(entry.path()).unwrap()))
        .collect();
    (files, told)
}

#[test]
fn the_bytes_are_the_same_on_whose_thread_they_are_framed() {
    let (beside, alone) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (files, told) = write(beside.path(), true);
    let (files_alone, told_alone) = write(alone.path(), false);
    assert!(files.len() > 3, "segments were sealed on the way, with the hash over their bytes");
    assert!(files.values().map(Vec::len).sum::<usize>() > 6 << 20);
    assert_eq!(told, told_alone);
    assert!(files == files_alone, "{:?} and {:?}", files.keys(), files_alone.keys());
}
