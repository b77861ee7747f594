//! What is true: pure folds over the log.
//!
//! The log says what happened; this crate says what follows. Every domain has its *events* (facts, one frozen struct a
//! kind) and its *state* (what the facts add up to), and one list names them all ([`domains`]). [`World`] is all states side
//! by side, fed in log order. Whoever links `scoped-log` and this crate gets the engine's world, byte for byte: a
//! follower, an auditor, the offline tool.
//!
//! ```text
//! record ──decode──▶ Event ──apply──▶ identity ▸ registry ▸ tenancy ▸ objects ▸ sharing ▸ contracts ▸ templates ▸
//!                                     config ▸ rules ▸ subjects ▸ temporal ▸ requests ▸ audit
//!                                     (a state may read those before it, never those behind it)
//! ```
//!
//! Absent: clocks, randomness, IO, threads, refusals. A fold never fails and never depends on the order of a hash map, so
//! the same log gives the same world and the same [state digest](World::state_digest) everywhere.

pub mod audit;
pub mod canonical;
pub mod codec;
pub mod config;
pub mod context;
pub mod contracts;
pub mod domains;
mod events;
pub mod footprint;
pub mod id;
pub mod identity;
pub mod objects;
pub mod registry;
pub mod requests;
pub mod rules;
pub mod sharing;
mod shown;
pub use shown::shown;
pub mod snapshot;
pub mod store;
pub mod subjects;
mod tagged;
pub use tagged::UnknownWord;
pub mod templates;
pub mod temporal;
pub mod tenancy;
pub mod world;

pub use context::{Context, Envelope};
pub use domains::{DOMAINS, Event};
pub use events::KindInfo;
pub use id::{
    BindingId, ContractId, CorrelationId, EdgeId, EntryId, ObjectId, PrincipalId, RegistrationId, RuleId,
    ScopeId, SettingId, SubjectId, TemplateId,
};
pub use scoped_log::{Digest, Micros, Sequence};
pub use world::{FoldError, World};
