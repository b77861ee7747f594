//! A hand that forges: the desk, able to write logs past the tool.

use crate::desk::Desk;
use scoped::log::{
    Durability, FileStorage, Log, NewEvent, Options, Payload, Reader, Sequence, Stage, Storage,
};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One event, as a forger writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) id: u128,
    pub(crate) time: u64,
    pub(crate) kind: u16,
    pub(crate) actor: u128,
    pub(crate) scope: u128,
    pub(crate) body: Vec<u8>,
    pub(crate) payload: Option<Vec<u8>>,
    pub(crate) left: u32,
}

impl Desk {
    /// A log of these events in small segments, each batch a group, without tiles. Whoever knows a log's id and birth writes the same log:
    /// nothing in the files is secret.
    pub(crate) fn write(&self, name: &str, birth: Birth, events: &[Event]) {
        let storage: Arc<dyn Storage> = Arc::new(FileStorage::new(self.path(name)));
        let options = Options { segment_bytes: 32 << 10, tiles: false, ..Options::default() };
        let mut opened = Log::create(storage, birth.log_id, birth.created, 5, &options).unwrap();
        for batch in events.split_inclusive(|event| event.left == 0) {
            let payload = |event: &Event| event.payload.clone().map(|bytes| Payload::new(bytes).unwrap());
            let payloads: Vec<Option<Payload>> = batch.iter().map(payload).collect();
            let new = batch.iter().zip(&payloads).map(|(event, payload)| NewEvent {
                event_id: event.id,
                kind: event.kind,
                kind_version: 1,
                actor: event.actor,
                scope: event.scope,
                body: &event.body,
                payload: payload.as_ref(),
            });
            let new: Vec<NewEvent<'_>> = new.collect();
            while opened.writer.stage(batch[0].time, &new).unwrap() == Stage::GroupFull {
                opened.writer.commit(Durability::Buffered).unwrap();
            }
            opened.writer.commit(Durability::Buffered).unwrap();
        }
        opened.writer.close().unwrap();
    }

    pub(crate) fn reader(&self, name: &str) -> Reader {
        let storage: Arc<dyn Storage> = Arc::new(FileStorage::new(self.path(name)));
        Log::open_read_only(storage, &Options::default()).unwrap().0
    }

    /// The events of a log, to be written again.
    #[expect(clippy::disallowed_methods, reason = "who forges does not ask")]
    pub(crate) fn events(&self, name: &str) -> Vec<Event> {
        let reader = self.reader(name);
        let records = reader.records(Sequence::new(1), reader.last()).map(Result::unwrap);
        let event = |record: scoped::log::Record| Event {
            id: record.event_id(),
            time: record.time(),
            kind: record.kind(),
            actor: record.actor(),
            scope: record.scope(),
            body: record.body().to_vec(),
            payload: record.payload().map(<[u8]>::to_vec),
            left: record.batch_left(),
        };
        records.map(event).collect()
    }

    pub(crate) fn copy(&self, from: &str, to: &str) {
        for (path, bytes) in self.files(from) {
            let to = self.path(to).join(path);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::write(to, bytes).unwrap();
        }
    }

    /// Segment files of a log, oldest first.
    pub(crate) fn segments(&self, name: &str) -> Vec<PathBuf> {
        let files =
            self.files(name).into_keys().filter(|path| path.extension().is_some_and(|end| end == "log"));
        files.map(|path| self.path(name).join(path)).collect()
    }

    /// Changes the payload of one event where it lies, and its checksum with it.
    pub(crate) fn edit(&self, name: &str, position: u64) {
        let (path, at, len) = self.place(name, position);
        let mut bytes = fs::read(&path).unwrap();
        let salt = u64::from_le_bytes(bytes[160..168].try_into().unwrap());
        let record = &mut bytes[at..at + len];
        record[140] ^= 1;
        let sum = xxhash_rust::xxh3::xxh3_64_with_seed(&record[8..], salt);
        record[..8].copy_from_slice(&sum.to_le_bytes());
        fs::write(path, bytes).unwrap();
    }

    /// Flips a bit in one event.
    pub(crate) fn rot(&self, name: &str, position: u64) {
        let (path, at, _) = self.place(name, position);
        let mut bytes = fs::read(&path).unwrap();
        bytes[at + 130] ^= 4;
        fs::write(path, bytes).unwrap();
    }

    fn place(&self, name: &str, position: u64) -> (PathBuf, usize, usize) {
        let reader = self.reader(name);
        let record = reader.get(Sequence::new(position)).unwrap().unwrap();
        let at = record.position();
        let segment = reader.segments().into_iter().find(|segment| segment.number == at.segment).unwrap();
        (self.path(name).join(segment.path), at.offset as usize, record.stored_len())
    }

    pub(crate) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }
}

/// What a log is born with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Birth {
    pub log_id: u128,
    pub(crate) created: u64,
}

/// Events one after the other, some of them in batches of two.
pub(crate) fn events(count: u64) -> Vec<Event> {
    let event = |n: u64| Event {
        id: u128::from(n) << 64 | 7,
        time: 1_700_000_000_000_000 + n * 1000,
        kind: 1,
        actor: 3,
        scope: 4,
        body: b"a body of some bytes".to_vec(),
        payload: Some(format!("payload {n}").into_bytes()),
        left: u32::from(n % 5 == 1 && n < count),
    };
    let mut all: Vec<Event> = (1..=count).map(event).collect();
    for at in 1..all.len() {
        if all[at - 1].left == 1 {
            all[at].time = all[at - 1].time;
        }
    }
    all
}

pub(crate) const BIRTH: Birth =
    Birth { log_id: 0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10, created: 1_700_000_000_000_000 };

/// How the directory of this package is reached from a test.
pub(crate) fn package_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}
