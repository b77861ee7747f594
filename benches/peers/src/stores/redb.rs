//! redb: copy-on-write trees in one file, a sync at every commit.

use super::{Chain, Change, Kind, Link, Reads, Store, link_of, row};
use redb::{Database, Durability, ReadOnlyTable, ReadableDatabase, ReadableTable, TableDefinition};
use std::path::Path;

pub(super) const KIND: Kind = Kind {
    name: "redb",
    how: "two tables, Durability::Immediate",
    open: |directory| Ok(Box::new(Redb::open(directory)?)),
};

const CHAIN: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("chain");
const STATE: TableDefinition<'_, u128, &[u8]> = TableDefinition::new("state");

struct Redb {
    database: Database,
    chain: Chain,
    row: Vec<u8>,
}

impl Redb {
    fn open(directory: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(directory)?;
        let database = Database::create(directory.join("peer.redb"))?;
        let first = database.begin_write()?;
        first.open_table(STATE)?;
        let chain = match first.open_table(CHAIN)?.last()? {
            Some((position, row)) => Chain { position: position.value(), head: link_of(row.value())? },
            None => Chain::default(),
        };
        first.commit()?;
        Ok(Self { database, chain, row: Vec::new() })
    }
}

impl Store for Redb {
    fn commit(&mut self, changes: &[Change<'_>]) -> anyhow::Result<()> {
        let mut transaction = self.database.begin_write()?;
        transaction.set_durability(Durability::Immediate)?;
        {
            let (mut chain, mut state) = (transaction.open_table(CHAIN)?, transaction.open_table(STATE)?);
            for change in changes {
                let (position, link) = self.chain.push(change);
                row(&link, change, &mut self.row);
                chain.insert(position, self.row.as_slice())?;
                state.insert(change.object, change.data)?;
            }
        }
        Ok(transaction.commit()?)
    }
    fn reader(&self) -> anyhow::Result<Box<dyn Reads + '_>> {
        Ok(Box::new(View(self.database.begin_read()?.open_table(STATE)?)))
    }
    fn head(&self) -> Link {
        self.chain.head
    }
}

struct View(ReadOnlyTable<u128, &'static [u8]>);

impl Reads for View {
    fn look(&mut self, object: u128, see: &mut dyn FnMut(&[u8])) -> anyhow::Result<bool> {
        let Some(data) = self.0.get(object)? else { return Ok(false) };
        see(data.value());
        Ok(true)
    }
}
