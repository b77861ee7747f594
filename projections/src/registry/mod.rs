//! The registry: what may exist. Types, functions and other constructs of the application, by name, with their lifecycle.
//!
//! What is *made* (principals, scopes, objects …) is registered by the event that makes it and has no row here: its name follows from
//! its own state, see the engine's `registry`.
//!
//! Invariants:
//! - a name (kind, namespace, name, version) is given once, for ever; archiving does not free it;
//! - an entry's version grows by one with each event about it, and is the number of these events;
//! - tags are sorted, each once.

mod entry;
mod events;
mod kind;
mod lifecycle;
mod state;
mod urn;

pub use entry::Registration;
pub use events::{
    Described, Frozen, KindDefined, LifecycleChanged, Registered, RegistryEvent, Reinstated, Unfrozen,
};
pub use kind::Kind;
pub use lifecycle::Lifecycle;
pub use state::{CustomKind, Query, Registry};
pub use urn::{SEGMENT_BYTES_MAX, Urn, UrnError};

/// The namespace of object types that name none.
pub const NAMESPACE: &str = "app";
