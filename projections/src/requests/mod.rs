//! Requests: idempotency keys that were carried out.
//!
//! Words: an *idempotency key* is a name that a caller gives to a request, so that sending it twice does it once.
//! Invariants: a key belongs to one actor and to one request; it is taken in the same batch as the request's own events.
//! The key itself is not kept, only its digest: a caller may have put anything into it.

mod events;
mod state;

pub use events::{RequestKeyed, RequestsEvent};
pub use state::{Request, Requests};
