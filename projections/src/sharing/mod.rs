//! Sharing: objects projected into scopes. There is no other way in.
//!
//! Words: to *project* an object into a scope is to let the scope's members reach it, each as far as the smaller of their
//! role and the projection's [`Level`](crate::tenancy::Level) goes.
//! Invariants: an object has at most one live projection into a scope; a new object has none.

mod events;
mod places;
mod state;

pub use events::{ObjectProjected, ProjectionRevoked, SharingEvent};
pub use state::{Share, Sharing};
