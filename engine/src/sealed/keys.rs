//! Which key store an engine works with.

use crate::clock::Door;
use crate::error::Result;
use scoped_vault::{Chance, KekSource, KeyStore, Vault};
use std::fmt;
use std::io;
use std::sync::Arc;

/// The key store of a log, and what its keys are wrapped under.
///
/// ```
/// use scoped::{Engine, Keys, Options, vault::{Kek, StoredKeys}};
///
/// let keys = Keys::new(StoredKeys::memory(), Kek::new([7; 32]));
/// let engine = Engine::on(std::sync::Arc::new(scoped::log::MemoryStorage::new()), Options::default().keys(keys))?;
/// # engine.close()?;
/// # Ok::<(), scoped::Error>(())
/// ```
#[derive(Clone)]
pub struct Keys {
    store: Arc<dyn KeyStore>,
    source: Arc<dyn KekSource>,
}

impl Keys {
    /// Keys in that store, wrapped under the key that the source gives when a log is opened.
    pub fn new(store: impl KeyStore + 'static, source: impl KekSource + 'static) -> Self {
        Self { store: Arc::new(store), source: Arc::new(source) }
    }

    pub(crate) fn open(&self, log: u128, door: Arc<dyn Door>, writes: bool) -> Result<Vault> {
        let (store, chance) = (Arc::clone(&self.store), Arc::new(FromDoor(door)));
        Ok(Vault::open(store, self.source.kek()?, log, chance, writes)?)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(…)")
    }
}

/// Chance enters by the one door.
struct FromDoor(Arc<dyn Door>);

impl Chance for FromDoor {
    fn fill(&self, out: &mut [u8]) -> io::Result<()> {
        self.0.fill(out)
    }
}
