//! SQLite: write-ahead journal, a sync of it at every commit, statements prepared once.

use super::{Chain, Change, Kind, Link, Reads, Store};
use anyhow::Context;
use rusqlite::{Connection, OptionalExtension, Statement, params};
use std::path::Path;

pub(super) const KIND: Kind = Kind {
    name: "sqlite",
    how: "WAL, synchronous=FULL, 64 MiB of cache, 1 GiB mapped, one connection",
    open: |directory| Ok(Box::new(Sqlite::open(directory)?)),
};

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS chain (position INTEGER PRIMARY KEY, object BLOB NOT NULL, data BLOB NOT NULL, link BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS state (object BLOB PRIMARY KEY, position INTEGER NOT NULL, data BLOB NOT NULL) WITHOUT ROWID;
";
const APPEND: &str = "INSERT INTO chain (position, object, data, link) VALUES (?1, ?2, ?3, ?4)";
const UPSERT: &str = "INSERT INTO state (object, position, data) VALUES (?1, ?2, ?3)
    ON CONFLICT (object) DO UPDATE SET position = excluded.position, data = excluded.data";
const LOOK: &str = "SELECT data FROM state WHERE object = ?1";
const LAST: &str = "SELECT position, link FROM chain ORDER BY position DESC LIMIT 1";

struct Sqlite {
    connection: Connection,
    chain: Chain,
}

impl Sqlite {
    fn open(directory: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(directory)?;
        let connection = Connection::open(directory.join("peer.sqlite"))?;
        for (name, value) in [("synchronous", "FULL"), ("cache_size", "-65536")] {
            connection.pragma_update(None, name, value)?;
        }
        // These two answer with what holds now.
        let mode: String =
            connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
        anyhow::ensure!(mode == "wal", "SQLite keeps its journal in mode `{mode}` here");
        connection.pragma_update_and_check(None, "mmap_size", 1 << 30, |_| Ok(()))?;
        connection.execute_batch(SCHEMA)?;
        let last =
            connection.query_row(LAST, [], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?))).optional()?;
        let chain = match last {
            Some((position, head)) => Chain { position: u64::try_from(position)?, head },
            None => Chain::default(),
        };
        Ok(Self { connection, chain })
    }
}

impl Store for Sqlite {
    fn commit(&mut self, changes: &[Change<'_>]) -> anyhow::Result<()> {
        let transaction = self.connection.transaction()?;
        {
            let mut append = transaction.prepare_cached(APPEND)?;
            let mut upsert = transaction.prepare_cached(UPSERT)?;
            for change in changes {
                let (position, link) = self.chain.push(change);
                // SQLite counts in signed numbers.
                let (position, object) = (i64::try_from(position)?, change.object.to_be_bytes());
                append.execute(params![position, object, change.data, link])?;
                upsert.execute(params![object, position, change.data])?;
            }
        }
        Ok(transaction.commit()?)
    }
    fn reader(&self) -> anyhow::Result<Box<dyn Reads + '_>> {
        // One transaction around all looks: SQLite takes its lock once.
        self.connection.execute_batch("BEGIN")?;
        let statement = self.connection.prepare(LOOK)?;
        Ok(Box::new(View { connection: &self.connection, statement }))
    }
    fn head(&self) -> Link {
        self.chain.head
    }
}

struct View<'a> {
    connection: &'a Connection,
    statement: Statement<'a>,
}

impl Reads for View<'_> {
    fn look(&mut self, object: u128, see: &mut dyn FnMut(&[u8])) -> anyhow::Result<bool> {
        let mut rows = self.statement.query([object.to_be_bytes()])?;
        let Some(row) = rows.next()? else { return Ok(false) };
        see(row.get_ref(0)?.as_blob().context("data is no blob")?);
        Ok(true)
    }
}

impl Drop for View<'_> {
    fn drop(&mut self) {
        // It only read: there is nothing that could be lost.
        let _ = self.connection.execute_batch("COMMIT");
    }
}
