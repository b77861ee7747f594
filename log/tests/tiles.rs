//! Tiles that grow when a segment is sealed: they save hashing the log, survive being torn, and have no say.

use scoped_log::{
    Digest, Durability, Log, MemoryStorage, NewEvent, Opened, Options, Payload, Sequence, Stage, Storage,
    VerifyOptions, tree::Forest, tree::write_tiles, verify,
};
use std::{collections::BTreeMap, sync::Arc};

/// More than a full tile of height 8 covers, and some segments behind it.
const EVENTS: u64 = 65_536 + 30_000;
const FIRST: &str = "tree/08-00000000000000000000.tile";
const SECOND: &str = "tree/08-00000000000000000001.tile";

type Files = BTreeMap<String, Vec<u8>>;

/// Tiles are made where the writer stands, so that they are there when it goes on.
fn options() -> Options {
    Options { segment_bytes: 1 << 20, prepare_in_background: false, ..Options::default() }
}

fn append(opened: &mut Opened, events: u64) {
    let payload = Payload::new([7; 8]).unwrap();
    for _ in 0..events {
        let n = opened.writer.next_sequence().get();
        let (event_id, payload) = (u128::from(n), Some(&payload));
        let event =
            NewEvent { event_id, kind: 1, kind_version: 1, actor: 3, scope: 4, body: b"body", payload };
        while opened.writer.stage(n, &[event]).unwrap() == Stage::GroupFull {
            opened.writer.commit(Durability::Buffered).unwrap();
        }
        if n.is_multiple_of(1000) {
            opened.writer.commit(Durability::Buffered).unwrap();
        }
    }
    opened.writer.commit(Durability::Buffered).unwrap();
}

fn written(events: u64) -> MemoryStorage {
    let storage = MemoryStorage::new();
    let mut opened = Log::create(Arc::new(storage.clone()), 77, 5, 1, &options()).unwrap();
    append(&mut opened, events);
    opened.writer.close().unwrap();
    storage
}

/// Opens it, appends so many events, and closes it again.
fn grown(files: &Files, events: u64) -> MemoryStorage {
    let storage = MemoryStorage::load(files.clone());
    let mut opened = Log::open(Arc::new(storage.clone()), 2, 9, &options()).unwrap();
    append(&mut opened, events);
    opened.writer.close().unwrap();
    storage
}

fn forest(storage: &MemoryStorage) -> Forest {
    let storage: Arc<dyn Storage> = Arc::new(storage.clone());
    let (reader, _) = Log::open_read_only(Arc::clone(&storage), &options()).unwrap();
    Forest::new(reader).with_tiles(storage)
}

fn root_from_records(storage: &MemoryStorage) -> Digest {
    let (reader, _) = Log::open_read_only(Arc::new(storage.clone()), &options()).unwrap();
    Forest::new(reader.clone()).root(reader.last().get()).unwrap().unwrap()
}

/// All tiles as they have to be for the whole log; says which of those that were there are wrong.
fn made_anew(storage: &MemoryStorage) -> (Files, Vec<String>) {
    let copy = MemoryStorage::load(storage.dump());
    let shared: Arc<dyn Storage> = Arc::new(copy.clone());
    let (reader, _) = Log::open_read_only(Arc::clone(&shared), &options()).unwrap();
    let report = write_tiles(&shared, &reader, 1, &|_| ()).unwrap();
    (copy.dump(), report.wrong)
}

/// Flips a byte of an event, in the middle of its segment.
fn rot(files: &mut Files, sequence: u64) {
    let (reader, _) = Log::open_read_only(Arc::new(MemoryStorage::load(files.clone())), &options()).unwrap();
    let at = reader.get(Sequence::new(sequence)).unwrap().unwrap().position();
    let path = reader.segments().into_iter().find(|info| info.number == at.segment).unwrap().path;
    files.get_mut(&path).unwrap()[at.offset as usize + 130] ^= 1;
}

#[test]
fn every_seal_adds_what_is_sealed_to_the_tiles_and_they_are_those_of_the_records() {
    let storage = written(EVENTS);
    let files = storage.dump();
    let sealed = forest(&storage).reader().segments().pop().unwrap().first.get() - 1;
    let nodes = |name: &str| u64::from(u16::from_le_bytes(files[name][50..52].try_into().unwrap()));
    assert_eq!(nodes(FIRST) + nodes(SECOND), sealed / 256, "as far as segments are sealed");
    assert_eq!(nodes("tree/16-00000000000000000000.tile"), sealed / 65_536);
    let (anew, wrong) = made_anew(&storage);
    assert_eq!(wrong, Vec::<String>::new(), "what grew is the beginning of what belongs there");
    assert!(anew[FIRST] == files[FIRST]);

    // Across openings too.
    let more = grown(&files, 20_000);
    assert!(more.dump()[SECOND].len() > files[SECOND].len());
    assert_eq!(made_anew(&more).1, Vec::<String>::new());
}

/// The events that tiles cover are not even looked at: one of them is rotten, and the root is right all the same.
#[test]
fn with_tiles_a_root_costs_no_walk_over_what_is_sealed() {
    let storage = written(EVENTS);
    let root = root_from_records(&storage);
    let mut files = storage.dump();
    rot(&mut files, 20_000);
    let rotten = MemoryStorage::load(files);
    assert_eq!(forest(&rotten).root(EVENTS).unwrap(), Some(root));
    assert!(Forest::new(forest(&rotten).reader().clone()).root(EVENTS).is_err(), "the records would tell");
}

/// Tiles are never synced, so that the power may take any part of one: a log opens and verifies without, and the next seal makes it anew.
#[test]
fn a_torn_tile_is_none_and_the_next_seal_makes_it_anew() {
    for (events, name) in [(20_000, FIRST), (EVENTS, "tree/16-00000000000000000000.tile")] {
        let storage = written(events);
        let (sound, root) = (storage.dump(), root_from_records(&storage));
        let whole = sound[name].clone();
        let (begun, rest) = whole.split_at(whole.len() / 2);
        let halved = [begun, &vec![0; rest.len()]].concat();
        // The higher one costs a walk over more of the log.
        let torn = [Some(halved), None, Some(Vec::new()), Some(begun.to_vec())];
        for torn in torn.into_iter().take(if name == FIRST { 4 } else { 1 }) {
            let mut files = sound.clone();
            match torn {
                None => drop(files.remove(name)),
                Some(torn) => drop(files.insert(name.to_owned(), torn)),
            }
            let storage = MemoryStorage::load(files.clone());
            assert_eq!(forest(&storage).root(events).unwrap(), Some(root), "{name}");
            let shared: Arc<dyn Storage> = Arc::new(storage);
            assert!(verify(&shared, &VerifyOptions::default(), &|_| ()).unwrap().is_clean(), "{name}");
            let more = grown(&files, 6_000);
            let (anew, wrong) = made_anew(&more);
            assert_eq!(wrong, Vec::<String>::new(), "{name}");
            let length = |files: &Files| files[name].len();
            assert!(length(&more.dump()) >= length(&sound) && length(&anew) >= length(&sound), "{name}");
        }
    }
}

/// A tile that lies with all its sums right makes those above it lie. Nothing rests on them: the event disowns the tile,
/// `verify` never looks at it, and `write_tiles` names it.
#[test]
fn a_tile_that_lies_is_grown_upon_and_found_where_it_is_used() {
    let mut files = written(60_000).dump();
    let tile = files.get_mut(FIRST).unwrap();
    tile[96 + 32 * 7] ^= 1;
    let at = tile.len() - 8;
    let sum = xxhash_rust::xxh3::xxh3_64_with_seed(&tile[..at], u64::from_le_bytes(*b"scopedlg"));
    tile[at..].copy_from_slice(&sum.to_le_bytes());
    let storage = grown(&files, 30_000);
    let shared: Arc<dyn Storage> = Arc::new(storage.clone());
    assert!(verify(&shared, &VerifyOptions::default(), &|_| ()).unwrap().is_clean());
    let (root, at) = (root_from_records(&storage), Sequence::new(256 * 7 + 9));
    let forest = forest(&storage);
    let proof = forest.inclusion(at, 90_000).unwrap().unwrap();
    assert_eq!(proof.root(), Ok(root), "made again from the records");
    assert!(forest.misfits().contains(&FIRST.to_owned()), "{:?}", forest.misfits());
    let (_, wrong) = made_anew(&storage);
    assert!(wrong.contains(&FIRST.to_owned()), "{wrong:?}");
}

#[test]
fn a_log_that_was_written_without_tiles_gets_all_of_them_at_the_next_seal() {
    let storage = MemoryStorage::new();
    let without = Options { tiles: false, ..options() };
    let mut opened = Log::create(Arc::new(storage.clone()), 77, 5, 1, &without).unwrap();
    append(&mut opened, 30_000);
    opened.writer.close().unwrap();
    assert!(storage.dump().keys().all(|name| !name.starts_with("tree/")), "not wanted, not there");
    let grown = grown(&storage.dump(), 10_000);
    assert_eq!(made_anew(&grown).1, Vec::<String>::new());
    assert!(grown.dump().contains_key(FIRST));
}
