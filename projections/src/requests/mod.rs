//! Requests: idempotency keys that were carried out, and where requests came from.
//!
//! Words: an *idempotency key* is a name that a caller gives to a request, so that sending it twice does it once.
//! *Metadata* is what a caller knows about where a request came from: an address, a user agent.
//! Invariants: a key belongs to one actor and to one request; it is taken in the same batch as the request's own events, behind all others. What
//! describes a request stands behind its events too, before the key, and changes no state: it is history.
//! The key itself is not kept, only its digest: a caller may have put anything into it.

mod events;
mod state;

pub use events::{RequestDescribed, RequestKeyed, RequestsEvent};
pub use state::{Request, Requests};
