//! fjall: log-structured trees, a batch with a sync of the journal at every commit.

use super::{Chain, Change, Kind, Link, Reads, Store, link_of, row};
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use std::path::Path;

pub(super) const KIND: Kind = Kind {
    name: "fjall",
    how: "two keyspaces, a batch with PersistMode::SyncAll",
    open: |directory| Ok(Box::new(Fjall::open(directory)?)),
};

struct Fjall {
    database: Database,
    rows: Keyspace,
    state: Keyspace,
    chain: Chain,
    row: Vec<u8>,
}

impl Fjall {
    fn open(directory: &Path) -> anyhow::Result<Self> {
        let database = Database::builder(directory).open()?;
        let rows = database.keyspace("chain", KeyspaceCreateOptions::default)?;
        let state = database.keyspace("state", KeyspaceCreateOptions::default)?;
        let chain = match rows.last_key_value() {
            Some(last) => {
                let (position, row) = last.into_inner()?;
                let position = u64::from_be_bytes(<[u8; 8]>::try_from(&*position)?);
                Chain { position, head: link_of(&row)? }
            }
            None => Chain::default(),
        };
        Ok(Self { database, rows, state, chain, row: Vec::new() })
    }
}

impl Store for Fjall {
    fn commit(&mut self, changes: &[Change<'_>]) -> anyhow::Result<()> {
        let mut batch = self.database.batch().durability(Some(PersistMode::SyncAll));
        for change in changes {
            let (position, link) = self.chain.push(change);
            row(&link, change, &mut self.row);
            batch.insert(&self.rows, position.to_be_bytes(), self.row.as_slice());
            batch.insert(&self.state, change.object.to_be_bytes(), change.data);
        }
        Ok(batch.commit()?)
    }
    fn reader(&self) -> anyhow::Result<Box<dyn Reads + '_>> {
        Ok(Box::new(View(&self.state)))
    }
    fn head(&self) -> Link {
        self.chain.head
    }
}

struct View<'a>(&'a Keyspace);

impl Reads for View<'_> {
    fn look(&mut self, object: u128, see: &mut dyn FnMut(&[u8])) -> anyhow::Result<bool> {
        let Some(data) = self.0.get(object.to_be_bytes())? else { return Ok(false) };
        see(&data);
        Ok(true)
    }
}
