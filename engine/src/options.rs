//! How an engine is opened.

use crate::clock::{Door, SystemDoor};
use crate::data::Data;
use crate::kernel::writer::Durability;
use crate::registry::Construct;
use crate::sealed::Keys;
use scoped_projections::PrincipalId;
use std::sync::Arc;

/// Settings of an engine. `Options::default()` is what most want: create when missing, sync before acknowledging.
#[derive(Clone)]
pub struct Options {
    pub(crate) create: bool,
    pub(crate) founder: Option<PrincipalId>,
    pub(crate) founder_kind: String,
    pub(crate) founder_name: String,
    pub(crate) founder_description: Option<Data>,
    pub(crate) types: Vec<String>,
    pub(crate) declared: Vec<&'static [Construct]>,
    pub(crate) durability: Durability,
    pub(crate) queue: usize,
    pub(crate) snapshot_after: u64,
    pub(crate) require_explicit_org: bool,
    pub(crate) keys: Option<Keys>,
    pub(crate) door: Arc<dyn Door>,
    pub(crate) log: scoped_log::Options,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            create: true,
            founder: None,
            founder_kind: "person".to_owned(),
            founder_name: "founder".to_owned(),
            founder_description: None,
            types: Vec::new(),
            declared: Vec::new(),
            durability: Durability::Synced,
            queue: 8_192,
            snapshot_after: 500_000,
            require_explicit_org: false,
            keys: None,
            door: Arc::new(SystemDoor::default()),
            log: scoped_log::Options::default(),
        }
    }
}

impl Options {
    /// Whether a log is made where there is none (default: yes).
    #[must_use]
    pub fn create(mut self, create: bool) -> Self {
        self.create = create;
        self
    }
    /// Whether an identity context has to name its organisation (default: no). For an engine that serves several: a missing one is
    /// refused then, and so is the word that would stand for it.
    #[must_use]
    pub fn require_explicit_org(mut self, required: bool) -> Self {
        self.require_explicit_org = required;
        self
    }
    /// The first principal's id, for a log that is made (default: drawn).
    #[must_use]
    pub fn founder(mut self, id: PrincipalId) -> Self {
        self.founder = Some(id);
        self
    }
    /// What sort of actor the first principal is, and its name, for a log that is made (default: a person, `founder`).
    #[must_use]
    pub fn founder_described(mut self, kind: impl Into<String>, name: impl Into<String>) -> Self {
        (self.founder_kind, self.founder_name) = (kind.into(), name.into());
        self
    }
    /// The first principal's whole description, instead of a name alone, for a log that is made.
    #[must_use]
    pub fn founder_description(mut self, description: Data) -> Self {
        self.founder_description = Some(description);
        self
    }
    /// Object types that are registered when the engine is opened, unless they are there already (default: none). A log that is made
    /// has them in its first batch; later they are registered in the founder's name.
    #[must_use]
    pub fn types<T: Into<String>>(mut self, types: impl IntoIterator<Item = T>) -> Self {
        self.types.extend(types.into_iter().map(Into::into));
        self
    }
    /// Constructs that the registry is to say when the engine is opened, see [`crate::constructs!`] (default: none). A log that is made has
    /// them in its first batch; later what is missing or said otherwise is made good in the founder's name, and what contradicts keeps
    /// the engine from opening.
    #[must_use]
    pub fn declared(mut self, lists: &[&'static [Construct]]) -> Self {
        self.declared.extend(lists);
        self
    }
    /// When a receipt is given (default: after a shared sync).
    #[must_use]
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }
    /// How many batches may wait for the writer before callers wait (default: 8 192).
    #[must_use]
    pub fn queue(mut self, batches: usize) -> Self {
        self.queue = batches.max(1);
        self
    }
    /// A snapshot is written when so many events came since the last one, by a thread beside the writer and on closing (default:
    /// 500 000; 0: never).
    #[must_use]
    pub fn snapshot_after(mut self, events: u64) -> Self {
        self.snapshot_after = events;
        self
    }
    /// The key store that the keys of data subjects are in (default: none). Without one the data of subjects can neither be written nor
    /// read, and nobody can be erased.
    #[must_use]
    pub fn keys(mut self, keys: Keys) -> Self {
        self.keys = Some(keys);
        self
    }
    /// Where time and chance come from (default: the machine).
    #[must_use]
    pub fn door(mut self, door: Arc<dyn Door>) -> Self {
        self.door = door;
        self
    }
    /// How the log lays out its files.
    #[must_use]
    pub fn log(mut self, log: scoped_log::Options) -> Self {
        self.log = log;
        self
    }
}
