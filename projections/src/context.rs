//! What every event carries besides its own facts.

use crate::codec::{Decode, Encode};
use crate::{Micros, PrincipalId, ScopeId, Sequence};

/// Stands at the beginning of every body: why this event is there, and when it happened out in the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, Decode)]
pub struct Context {
    /// Sequence of the event that caused this one, 0 for none.
    pub cause: u64,
    /// Sequence of the event whose effect this one takes back, 0 for none. Set by rollbacks.
    pub undoes: u64,
    /// Groups what belongs to one operation of the caller (a request id); 0 for none.
    pub correlation: u128,
    /// When it happened according to the caller, in µs since the epoch: data for people and imports. Order never
    /// depends on it, and it may run backwards.
    pub valid_time: Option<i64>,
}

/// An event's place and origin, as the fold sees it: the header's fields and the [`Context`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Envelope {
    /// Place in the log, from 1.
    pub sequence: Sequence,
    /// When the log took it, µs since the epoch; never less than the event before.
    pub time: Micros,
    /// Who did it.
    pub actor: PrincipalId,
    /// The scope it happened in, [`ScopeId::NONE`] for none.
    pub scope: ScopeId,
    /// Cause, correlation, valid time.
    pub context: Context,
    /// Length of its payload, in bytes: what quotas count.
    pub payload: u32,
}
