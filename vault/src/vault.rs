//! A key store, opened: keys unwrapped as they are needed, and forgotten.

use crate::Chance;
use crate::error::VaultError;
use crate::kek::Kek;
use crate::sealing::DataKey;
use crate::store::{Guard, Held, KeyStore};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::fmt;
use std::io;
use std::sync::Arc;

/// Unwrapped keys that are kept in memory.
const KEPT: usize = 4_096;

/// The keys of one log.
pub struct Vault {
    store: Arc<dyn KeyStore>,
    kek: Kek,
    log: u128,
    chance: Arc<dyn Chance>,
    kept: Mutex<HashMap<u128, DataKey>>,
    guard: Mutex<Option<Guard>>,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("log", &format_args!("{:032x}", self.log)).finish_non_exhaustive()
    }
}

/// What is known of a subject's key.
#[derive(Clone, Debug)]
pub enum Known {
    /// It is this.
    Key(DataKey),
    /// It was destroyed.
    Erased,
    /// The store has never held one.
    Nothing,
}

impl Vault {
    /// Opens the key store of a log. Who writes holds it alone, and makes it this log's if it is nobody's.
    ///
    /// # Errors
    /// [`VaultError::InUse`], [`VaultError::WrongLog`], [`VaultError::WrongKek`] when its keys are wrapped under another; when it cannot be used.
    pub fn open(
        store: Arc<dyn KeyStore>,
        kek: Kek,
        log: u128,
        chance: Arc<dyn Chance>,
        writes: bool,
    ) -> Result<Self, VaultError> {
        let guard = if writes { Some(hold(&*store, Some(log))?) } else { None };
        match store.log()? {
            Some(found) if found != log => return Err(VaultError::WrongLog { expected: log, found }),
            _ => {}
        }
        let vault = Self { store, kek, log, chance, kept: Mutex::default(), guard: Mutex::new(guard) };
        // One is enough to tell a wrong key-encryption key before anything is sealed.
        for subject in vault.store.subjects()? {
            if matches!(vault.store.get(subject), Ok(Some(Held::Key(_)))) {
                vault.key(subject)?;
                break;
            }
        }
        Ok(vault)
    }

    /// Lets another writer have the store. Keys can be read until the vault is dropped.
    pub fn release(&self) {
        self.guard.lock().take();
    }
    /// The log that it holds keys for.
    #[must_use]
    pub fn log(&self) -> u128 {
        self.log
    }
    /// Where nonces and keys are drawn from.
    #[must_use]
    pub fn chance(&self) -> &dyn Chance {
        &*self.chance
    }

    /// What is known of a subject's key.
    ///
    /// # Errors
    /// When the store cannot be read, or its key is wrapped under another key-encryption key.
    pub fn key(&self, subject: u128) -> Result<Known, VaultError> {
        // Held throughout: what is erased meanwhile must not come back into memory.
        let mut kept = self.kept.lock();
        if let Some(key) = kept.get(&subject) {
            return Ok(Known::Key(key.clone()));
        }
        match self.store.get(subject)? {
            None => Ok(Known::Nothing),
            Some(Held::Erased) => Ok(Known::Erased),
            Some(Held::Key(wrapped)) => {
                let key = self.kek.unwrap(self.log, subject, &wrapped)?;
                if kept.len() >= KEPT {
                    kept.clear();
                }
                kept.insert(subject, key.clone());
                Ok(Known::Key(key))
            }
        }
    }

    /// Draws a key that is nobody's yet.
    ///
    /// # Errors
    /// When there is no chance to be had.
    pub fn draw(&self) -> Result<DataKey, VaultError> {
        DataKey::draw(&*self.chance)
    }

    /// Makes it the key of a subject, durably: before anything that is sealed under it is.
    ///
    /// # Errors
    /// [`VaultError::Exists`] when the subject has, or had, another; when the store cannot be written.
    pub fn keep(&self, subject: u128, key: &DataKey) -> Result<(), VaultError> {
        let wrapped = self.kek.wrap(self.log, subject, key, &*self.chance)?;
        if self.store.add(subject, &wrapped)? {
            return Ok(());
        }
        match self.key(subject)? {
            Known::Key(other) if other.commitment() == key.commitment() => Ok(()),
            _ => Err(VaultError::Exists { subject }),
        }
    }

    /// Destroys the key of a subject: in the store, durably, and in memory. Again does no harm.
    ///
    /// # Errors
    /// When the store cannot be written: it is in memory no more, and may be in the store still.
    pub fn erase(&self, subject: u128) -> Result<(), VaultError> {
        let mut kept = self.kept.lock();
        kept.remove(&subject);
        Ok(self.store.erase(subject)?)
    }

    /// Does the store hold anything of a subject but the mark that it was erased? What cannot be read counts as held.
    #[must_use]
    pub fn holds(&self, subject: u128) -> bool {
        !matches!(self.store.get(subject), Ok(Some(Held::Erased)))
    }
}

fn hold(store: &dyn KeyStore, log: Option<u128>) -> Result<Guard, VaultError> {
    store.hold(log).map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock => VaultError::InUse(error.to_string()),
        _ => VaultError::Store(error),
    })
}

/// What a rotation came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rotated {
    /// Keys that were wrapped anew.
    pub rewrapped: u64,
    /// Keys that were under the new one already, from a rotation that was interrupted.
    pub already: u64,
    /// Subjects that have no key any more.
    pub erased: u64,
}

/// Wraps every key anew under another key-encryption key; no event and no data key changes. Interrupted, it goes on where it stopped.
///
/// # Errors
/// [`VaultError::InUse`] while an engine holds the store; [`VaultError::WrongKek`] for a key that is under neither; when the store cannot be
/// used. What was wrapped anew before that stays so.
pub fn rotate(
    store: &dyn KeyStore,
    old: &Kek,
    new: &Kek,
    chance: &dyn Chance,
) -> Result<Rotated, VaultError> {
    let _guard = hold(store, None)?;
    let (log, mut done) = (store.log()?.unwrap_or_default(), Rotated::default());
    for subject in store.subjects()? {
        match store.get(subject)? {
            Some(Held::Key(wrapped)) if wrapped.kek == new.id() => done.already += 1,
            Some(Held::Key(wrapped)) => {
                let key = old.unwrap(log, subject, &wrapped)?;
                store.replace(subject, &new.wrap(log, subject, &key, chance)?)?;
                done.rewrapped += 1;
            }
            Some(Held::Erased) => done.erased += 1,
            None => {}
        }
    }
    Ok(done)
}
