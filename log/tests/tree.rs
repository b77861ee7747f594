//! The tree of a log: the same root and proofs with tiles, without, and with tiles that lie.

use scoped_log::{
    Durability, Log, MemoryStorage, NewEvent, Options, Payload, Reader, Sequence, Stage, Storage,
    tree::{Departed, Follower, Forest, Peaks, Proof, TreeHead, stored_leaf, write_tiles},
};
use std::{collections::BTreeMap, sync::Arc};

/// More than a full tile of height 8 covers, and neither a whole run nor a whole tile at the end.
const EVENTS: u64 = 65_536 + 256 * 17 + 101;

type Files = BTreeMap<String, Vec<u8>>;

/// No tiles but those that are asked for.
fn options() -> Options {
    Options { segment_bytes: 4 << 20, tiles: false, ..Options::default() }
}

/// A log of so many events; `payload` says what each of them is about. Equal but for the salt, if that is equal.
fn written(events: u64, salt: u64, payload: impl Fn(u64) -> u64) -> Files {
    let storage = MemoryStorage::new();
    let mut opened = Log::create(Arc::new(storage.clone()), 77, 5, salt, &options()).unwrap();
    for first in (1..=events).step_by(1000) {
        let payloads: Vec<Payload> = (first..=events.min(first + 999))
            .map(|n| Payload::new(payload(n).to_le_bytes()).unwrap())
            .collect();
        for (n, payload) in (first..).zip(&payloads) {
            let (event_id, payload) = (u128::from(n), Some(payload));
            let event =
                NewEvent { event_id, kind: 1, kind_version: 1, actor: 3, scope: 4, body: b"body", payload };
            while opened.writer.stage(n, &[event]).unwrap() == Stage::GroupFull {
                opened.writer.commit(Durability::Buffered).unwrap();
            }
        }
        opened.writer.commit(Durability::Buffered).unwrap();
    }
    opened.writer.close().unwrap();
    storage.dump()
}

fn load(files: &Files) -> (Arc<dyn Storage>, MemoryStorage) {
    let storage = MemoryStorage::load(files.clone());
    (Arc::new(storage.clone()), storage)
}

fn read(storage: &Arc<dyn Storage>) -> Reader {
    Log::open_read_only(Arc::clone(storage), &options()).unwrap().0
}

/// Heads by definition: every leaf of every record, one by one.
fn heads(reader: &Reader, sizes: &[u64]) -> Vec<TreeHead> {
    let (mut peaks, mut found) = (Peaks::new(), Vec::new());
    let (mut chain, mut time) = (reader.chain_at(Sequence::NONE).unwrap().unwrap(), 0);
    let mut note = |peaks: &Peaks, chain, time| {
        if sizes.contains(&peaks.size()) {
            let (log_id, size, root) = (reader.log_id(), peaks.size(), peaks.root());
            found.push(TreeHead { log_id, size, root, chain, time });
        }
    };
    note(&peaks, chain, time);
    for record in reader.records(Sequence::new(1), reader.last()).map(Result::unwrap) {
        peaks.push(record.leaf());
        (chain, time) = (record.chain(), record.time());
        note(&peaks, chain, time);
    }
    found
}

fn sum_again(tile: &mut [u8]) {
    let at = tile.len() - 8;
    let sum = xxhash_rust::xxh3::xxh3_64_with_seed(&tile[..at], u64::from_le_bytes(*b"scopedlg"));
    tile[at..].copy_from_slice(&sum.to_le_bytes());
}

const SIZES: [u64; 11] = [0, 1, 2, 255, 256, 257, 65_535, 65_536, 65_537, EVENTS - 101, EVENTS];

/// Without tiles each proof walks the log.
const FEW: [u64; 5] = [0, 1, 257, 65_537, EVENTS];

/// Every proof between these sizes, and of the first, last and bordering events, leads to the root by definition.
fn proves_everything(forest: &Forest, heads: &[TreeHead], sizes: &[u64], what: &str) {
    let heads: Vec<&TreeHead> = heads.iter().filter(|head| sizes.contains(&head.size)).collect();
    for (size, head) in sizes.iter().zip(&heads) {
        assert_eq!(forest.root(*size).unwrap(), Some(head.root), "{what}: root of {size}");
        for at in sizes.iter().filter(|at| (1..=*size).contains(*at)) {
            let proof = forest.inclusion(Sequence::new(*at), *size).unwrap().unwrap();
            assert_eq!(proof.root(), Ok(head.root), "{what}: {at} in {size}");
            assert!(proof.path.len() <= 17);
        }
        for (old, before) in sizes.iter().zip(&heads).take_while(|(old, _)| *old <= size) {
            let proof = forest.consistency(*old, *size).unwrap().unwrap();
            assert_eq!(proof.check(), Ok(()), "{what}: {old} to {size}");
            assert_eq!((proof.old_root, proof.new_root), (before.root, head.root));
        }
    }
    assert!(forest.root(EVENTS + 1).unwrap().is_none());
    assert!(forest.inclusion(Sequence::new(EVENTS), EVENTS - 1).unwrap().is_none());
    assert!(forest.inclusion(Sequence::NONE, 1).unwrap().is_none());
    assert!(forest.consistency(2, 1).unwrap().is_none());
}

#[test]
fn roots_and_proofs_are_those_of_the_definition_with_tiles_without_and_with_some_of_them() {
    let (storage, disk) = load(&written(EVENTS, 1, |n| n));
    let reader = read(&storage);
    let heads = heads(&reader, &SIZES);
    let before = disk.dump();
    proves_everything(&Forest::new(reader.clone()), &heads, &FEW, "from the records");
    proves_everything(
        &Forest::new(reader.clone()).with_tiles(Arc::clone(&storage)),
        &heads,
        &FEW,
        "no tiles there",
    );
    assert!(before == disk.dump(), "proving changed a byte");

    let report = write_tiles(&storage, &reader, 0, &|_| ()).unwrap();
    assert_eq!((report.written, report.kept, report.events), (3, 0, EVENTS - 101));
    let again = write_tiles(&storage, &reader, 1, &|_| ()).unwrap();
    assert_eq!((again.written, again.kept, again.wrong.len()), (0, 3, 0));
    let whole = disk.dump();
    let tiles: Vec<String> = whole.keys().filter(|name| name.starts_with("tree/")).cloned().collect();
    assert_eq!(tiles.len(), 3);
    let bytes: usize = tiles.iter().map(|name| whole[name].len()).sum();
    assert!(bytes as u64 <= EVENTS / 4, "{bytes} bytes for {EVENTS} events");
    let with = |disk: &MemoryStorage| {
        let storage: Arc<dyn Storage> = Arc::new(disk.clone());
        Forest::new(read(&storage)).with_tiles(storage)
    };
    proves_everything(&with(&disk), &heads, &SIZES, "with all tiles");

    // Each may be missing, rotten, or of another log: only time is lost.
    let foreign = {
        let (other, disk) = load(&whole);
        let mut files = disk.dump();
        let name = tiles.first().unwrap();
        files.get_mut(name).unwrap()[16] ^= 1;
        sum_again(files.get_mut(name).unwrap());
        drop(other);
        files[name].clone()
    };
    for name in &tiles {
        for bad in
            [None, Some(foreign.clone()), Some(vec![0; 100]), Some(whole[tiles.last().unwrap()].clone())]
        {
            if bad.as_ref() == Some(&whole[name]) {
                continue;
            }
            let mut files = whole.clone();
            match bad {
                None => drop(files.remove(name)),
                Some(bad) => drop(files.insert(name.clone(), bad)),
            }
            let disk = MemoryStorage::load(files);
            let forest = with(&disk);
            for (at, size) in [(1, EVENTS), (65_537, 65_537)] {
                let proof = forest.inclusion(Sequence::new(at), size).unwrap().unwrap();
                let root = heads.iter().find(|head| head.size == size).unwrap().root;
                assert_eq!(proof.root(), Ok(root), "{name}");
            }
            let storage: Arc<dyn Storage> = Arc::new(disk.clone());
            let repaired = write_tiles(&storage, &read(&storage), 0, &|_| ()).unwrap();
            assert_eq!((repaired.kept, repaired.written + repaired.wrong.len() as u64), (2, 1), "{name}");
            assert!(disk.dump() == whole, "{name} is what it was");
        }
    }
}

/// Somebody who can write the directory can redo every sum of a tile. What comes of it fits no root that is known, and
/// whoever knows one does not rest on tiles.
#[test]
fn a_forged_tile_makes_no_proof_that_should_not_hold_and_misleads_nobody_who_knows_a_root() {
    let (storage, _) = load(&written(EVENTS, 1, |n| n));
    let reader = read(&storage);
    let head = heads(&reader, &[EVENTS])[0];
    write_tiles(&storage, &reader, 0, &|_| ()).unwrap();
    let forged = |storage: &Arc<dyn Storage>| Forest::new(reader.clone()).with_tiles(Arc::clone(storage));
    let name = "tree/08-00000000000000000001.tile";
    let (forest, disk) = {
        let file = storage.open(name, scoped_log::Access::Write).unwrap();
        let mut bytes = vec![0; file.len().unwrap() as usize];
        scoped_log::storage::read_full_at(&*file, &mut bytes, 0).unwrap();
        bytes[96] ^= 1; // the node over events 65,537 to 65,792
        sum_again(&mut bytes);
        scoped_log::storage::write_all_at(&*file, &bytes, 0).unwrap();
        (forged(&storage), storage)
    };
    // An event below the forged node: the tile disagrees with it, and is not used.
    let own = forest.inclusion(Sequence::new(65_600), EVENTS).unwrap().unwrap();
    assert_eq!(own.root(), Ok(head.root));
    assert!(forest.misfits().contains(&name.to_owned()), "{:?}", forest.misfits());
    // Another event: nothing here contradicts the tile, but no known root does agree.
    let other = forged(&disk).inclusion(Sequence::new(1), EVENTS).unwrap().unwrap();
    assert_ne!(other.root(), Ok(head.root));
    // Who knows the root goes on from the records.
    let mut follower = Follower::resume(&head, &forged(&disk)).unwrap();
    follower.catch_up(&reader, reader.last(), &|_| ()).unwrap();
    assert_eq!(follower.head(), head);
    let repaired = write_tiles(&disk, &reader, 0, &|_| ()).unwrap();
    assert_eq!((repaired.wrong, repaired.kept), (vec![name.to_owned()], 2));
    let own = forged(&disk).inclusion(Sequence::new(1), EVENTS).unwrap().unwrap();
    assert_eq!(own.root(), Ok(head.root));
}

#[test]
fn a_record_shown_with_its_proof_is_the_event_of_that_leaf_or_the_proof_fails() {
    let (storage, _) = load(&written(300, 1, |n| n));
    let reader = read(&storage);
    let mut proof = Forest::new(reader.clone()).inclusion(Sequence::new(9), 300).unwrap().unwrap();
    let record = reader.get(Sequence::new(9)).unwrap().unwrap();
    assert_eq!(stored_leaf(record.stored_bytes()), Some((Sequence::new(9), record.leaf())));
    let stored = record.stored_bytes().to_vec();
    proof.record = Some(stored.clone());
    let root = proof.root().unwrap();
    assert_eq!(Proof::decode(&Proof::Inclusion(proof.clone()).encode()), Ok(Proof::Inclusion(proof.clone())));
    for at in 0..stored.len() {
        let mut other = stored.clone();
        other[at] ^= 1;
        proof.record = Some(other);
        // Checksum, watermark, storage flags and the stored chain value have no meaning outside of the log.
        let silent = (0..8).contains(&at) || (28..32).contains(&at) || at == 63 || (96..128).contains(&at);
        assert!(proof.root().is_err() || silent && proof.root() == Ok(root), "byte {at} can be changed");
    }
    proof.record = Some([stored, vec![0; 32]].concat());
    assert!(proof.root().is_err());
}

#[test]
fn a_follower_takes_in_what_is_new_and_tells_every_other_log_apart() {
    let (long, _) = load(&written(3000, 1, |n| n));
    let long = read(&long);
    let all = heads(&long, &[0, 1000, 3000]);
    let mut follower = Follower::at_beginning(&long).unwrap();
    assert_eq!(follower.head(), all[0]);
    follower.catch_up(&long, Sequence::new(1000), &|_| ()).unwrap();
    assert_eq!(follower.head(), all[1]);
    let kept = follower.clone();
    follower.catch_up(&long, long.last(), &|_| ()).unwrap();
    assert_eq!(follower.head(), all[2]);
    let peaks = kept.peaks().clone();
    assert!(Follower::at(&all[2], peaks.clone()).is_none(), "peaks of another head");
    let again = Follower::at(&all[1], peaks).unwrap();
    assert_eq!(again.head(), all[1]);

    // A log shortened; rewritten behind, before and at the end of what is known; and another one.
    let (short, _) = load(&written(999, 1, |n| n));
    let gone = again.clone().catch_up(&read(&short), Sequence::new(5000), &|_| ());
    assert!(
        matches!(gone, Err(Departed::Shorter { found, known }) if (found.get(), known.get()) == (999, 1000))
    );
    for changed in [1, 500, 1000] {
        let (other, _) = load(&written(3000, 2, |n| if n == changed { 0 } else { n }));
        let mut follower = again.clone();
        let gone = follower.catch_up(&read(&other), Sequence::new(5000), &|_| ());
        assert!(matches!(gone, Err(Departed::Rewritten { at }) if at.get() == 1000), "{changed}");
        assert_eq!(follower.head(), all[1], "it stands where it stood");
    }
    let (behind, _) = load(&written(3000, 2, |n| if n == 1001 { 0 } else { n }));
    again.clone().catch_up(&read(&behind), Sequence::new(5000), &|_| ()).unwrap();
    let foreign = TreeHead { log_id: 78, ..all[1] };
    let foreign =
        Follower::at(&foreign, again.peaks().clone()).unwrap().catch_up(&long, long.last(), &|_| ());
    assert!(matches!(foreign, Err(Departed::OtherLog { found: 77, known: 78 })));
}

#[test]
fn the_tiles_of_the_earlier_history_tell_which_events_were_rewritten() {
    let sound = written(2000, 1, |n| n);
    let (storage, disk) = load(&sound);
    let reader = read(&storage);
    let head = heads(&reader, &[2000])[0];
    write_tiles(&storage, &reader, 0, &|_| ()).unwrap();
    let tiles: Files = disk.dump().into_iter().filter(|(name, _)| name.starts_with("tree/")).collect();

    let narrowed = |changed: &[u64], tiles: &Files| {
        let mut files = written(2100, 2, |n| if changed.contains(&n) { 0 } else { n });
        files.extend(tiles.clone());
        let (storage, _) = load(&files);
        let found = Forest::new(read(&storage)).with_tiles(storage).narrow(2000, head.root).unwrap();
        found.map(|found| {
            let ends = found.rewritten.iter().map(|(from, to)| (from.get(), to.get())).collect::<Vec<_>>();
            (ends, found.is_proven)
        })
    };
    assert_eq!(narrowed(&[], &tiles), Some((vec![], true)));
    assert_eq!(narrowed(&[300], &tiles), Some((vec![(257, 512)], true)));
    assert_eq!(narrowed(&[1, 300, 1700], &tiles), Some((vec![(1, 512), (1537, 1792)], true)));
    assert_eq!(narrowed(&[1900], &tiles), Some((vec![(1793, 2000)], false)), "no tile covers the end");
    assert_eq!(narrowed(&[300], &Files::new()), None);
}
