//! Who is erased, and the end of keys.
//!
//! The event is the decision, the key follows: whatever happens in between, the log says who is erased, and nothing of them is shown from the moment
//! on that the event is durable. Opening the log with its key store destroys what a crash has left of keys.

use crate::error::Result;
use parking_lot::{Mutex, RwLock};
use scoped_projections::{Sequence, SubjectId, World};
use scoped_vault::Vault;
use std::collections::HashSet;
use std::sync::Arc;

/// The keys at hand, and who is erased. Shared by the writer and all readers of one log; cheap to clone.
#[derive(Clone)]
pub(crate) struct Sealing {
    inner: Arc<Inner>,
}

struct Inner {
    vault: Option<Vault>,
    erased: RwLock<HashSet<SubjectId>>,
    /// How far the log was looked through for erasures; `None` where the writer tells of each.
    looked: Option<Mutex<Sequence>>,
}

impl Sealing {
    /// Of an engine: its writer tells of erasures.
    pub(crate) fn told(vault: Option<Vault>) -> Self {
        Self::with(vault, None)
    }
    /// Of a log that is only read: erasures are looked for when it matters.
    pub(crate) fn looking(vault: Option<Vault>) -> Self {
        Self::with(vault, Some(Mutex::default()))
    }
    fn with(vault: Option<Vault>, looked: Option<Mutex<Sequence>>) -> Self {
        Self { inner: Arc::new(Inner { vault, erased: RwLock::default(), looked }) }
    }

    pub(crate) fn vault(&self) -> Option<&Vault> {
        self.inner.vault.as_ref()
    }

    /// Takes in who is erased in that world.
    pub(crate) fn learn(&self, world: &World) {
        self.inner.erased.write().extend(world.subjects().all_erased().map(|(subject, _)| subject));
    }

    /// Is that subject erased? `None` when it cannot be told: nothing of it is shown then. `present` gives the world after the given event.
    pub(crate) fn is_erased(
        &self,
        subject: SubjectId,
        head: Sequence,
        present: impl FnOnce() -> Result<Arc<World>>,
    ) -> Option<bool> {
        let known = || self.inner.erased.read().contains(&subject);
        let Some(looked) = self.inner.looked.as_ref().filter(|_| !known()) else { return Some(known()) };
        let mut looked = looked.lock();
        if *looked < head {
            self.learn(&*present().ok()?);
            *looked = head;
        }
        Some(known())
    }

    /// What remains to be done for those who are erased in that world: the end of their keys, if a crash came before it.
    pub(crate) fn finish(&self, world: &World) -> Result<()> {
        self.learn(world);
        let Some(vault) = self.vault() else { return Ok(()) };
        for (subject, _) in world.subjects().all_erased() {
            if vault.holds(subject.0) {
                vault.erase(subject.0)?;
            }
        }
        Ok(())
    }

    /// The erasure of a subject is durable: nothing of it is shown from now on, and its key ends.
    pub(crate) fn erase(&self, subject: SubjectId) -> Result<()> {
        self.inner.erased.write().insert(subject);
        match self.vault() {
            Some(vault) => Ok(vault.erase(subject.0)?),
            None => Ok(()),
        }
    }
}
