//! Stores for events and objects that a program can hold within itself: one a file, one trait for all.
//!
//! Each is given the same two things to keep, in one transaction: a chain (position, object, data, and BLAKE3 over all of them and
//! the link before) and the state (the newest data of each object). That is what somebody builds who wants a provable history in a
//! store that has none. Each is set up as its own documentation advises for writes that have to survive a loss of power.
//! Absent: decisions about who may do what; versions; looking back. The engine does these as well in the same time.

mod fjall;
mod redb;
mod sqlite;

use std::path::Path;

/// A link of the chain.
pub type Link = [u8; 32];

/// New data of an object.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    /// Which.
    pub object: u128,
    /// All of its data.
    pub data: &'a [u8],
}

/// Somebody who keeps changes.
pub trait Store {
    /// Keeps a group of changes in one transaction. When it returns they survive a loss of power.
    fn commit(&mut self, changes: &[Change<'_>]) -> anyhow::Result<()>;
    /// One view of the state, for many looks.
    fn reader(&self) -> anyhow::Result<Box<dyn Reads + '_>>;
    /// The last link of the chain.
    fn head(&self) -> Link;
}

/// A view of the state.
pub trait Reads {
    /// Finds an object's data and lets `see` look at it. False when there is no such object.
    fn look(&mut self, object: u128, see: &mut dyn FnMut(&[u8])) -> anyhow::Result<bool>;
}

/// A store, before it is opened.
pub struct Kind {
    /// What it is called in tables.
    pub name: &'static str,
    /// How it is set up.
    pub how: &'static str,
    /// Opens it in a directory, which is made when it is not there.
    pub open: fn(&Path) -> anyhow::Result<Box<dyn Store>>,
}

/// All of them.
pub const KINDS: [Kind; 3] = [sqlite::KIND, redb::KIND, fjall::KIND];

/// The chain as far as it goes: every link holds the one before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Chain {
    position: u64,
    head: Link,
}

impl Chain {
    /// The next position and its link.
    fn push(&mut self, change: &Change<'_>) -> (u64, Link) {
        self.position += 1;
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.head).update(&self.position.to_le_bytes());
        hasher.update(&change.object.to_le_bytes()).update(change.data);
        self.head = *hasher.finalize().as_bytes();
        (self.position, self.head)
    }
}

/// A row of the chain in stores that know only bytes: link, object, data.
fn row(link: &Link, change: &Change<'_>, into: &mut Vec<u8>) {
    into.clear();
    into.extend_from_slice(link);
    into.extend_from_slice(&change.object.to_be_bytes());
    into.extend_from_slice(change.data);
}

/// The link of such a row.
fn link_of(row: &[u8]) -> anyhow::Result<Link> {
    row.first_chunk().copied().ok_or_else(|| anyhow::anyhow!("a row of the chain is too short"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(store: &dyn Store, object: u128) -> Option<Vec<u8>> {
        let (mut found, mut reader) = (Vec::new(), store.reader().expect("a reader"));
        reader.look(object, &mut |data| found = data.to_vec()).expect("a look").then_some(found)
    }

    /// Figures of stores that keep different things cannot be compared.
    #[test]
    fn every_store_keeps_the_same_chain_and_the_newest_state_across_an_opening() {
        let mut heads = Vec::new();
        for kind in &KINDS {
            let directory = tempfile::tempdir().expect("a directory");
            let mut store = (kind.open)(directory.path()).expect(kind.name);
            store
                .commit(&[Change { object: 7, data: b"old" }, Change { object: 8, data: b"other" }])
                .expect("kept");
            drop(store);
            let mut store = (kind.open)(directory.path()).expect(kind.name);
            store.commit(&[Change { object: 7, data: b"new" }]).expect("kept");
            drop(store);
            let store = (kind.open)(directory.path()).expect(kind.name);
            assert_eq!(read(&*store, 7).as_deref(), Some(&b"new"[..]), "{}", kind.name);
            assert_eq!(read(&*store, 8).as_deref(), Some(&b"other"[..]), "{}", kind.name);
            assert_eq!(read(&*store, 9), None, "{}", kind.name);
            heads.push(store.head());
        }
        let mut chain = Chain::default();
        for (object, data) in [(7, &b"old"[..]), (8, b"other"), (7, b"new")] {
            chain.push(&Change { object, data });
        }
        assert_eq!(heads, vec![chain.head; KINDS.len()]);
    }
}
