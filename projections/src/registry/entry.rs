//! One entry of the registry.

use super::Lifecycle;
use crate::store::Identified;
use crate::{PrincipalId, RegistrationId, Sequence};

/// Something that is registered. Its words are numbers: [`super::Registry`] knows the words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// Its id.
    pub id: RegistrationId,
    pub(super) kind: u32,
    pub(super) namespace: u32,
    pub(super) name: u32,
    /// Which edition of the thing, from 1: the last segment of its URN.
    pub version: u32,
    /// How far it has come.
    pub lifecycle: Lifecycle,
    /// INVARIANT (been): the bits of every state it has been in.
    pub(super) been: u8,
    /// How often something was said about it: 1 when registered, one more with each change.
    pub entry_version: u32,
    /// Numbers of its tags, in the order of their words.
    pub(super) tags: Box<[u32]>,
    /// Who registered it.
    pub by: PrincipalId,
    /// The event that registered it.
    pub registered: Sequence,
    /// The event whose payload is its metadata.
    pub described: Sequence,
    /// The last event about it.
    pub changed: Sequence,
    /// Row of the last event about it, in the list of all changes.
    pub(super) last: u32,
}

impl crate::store::Footprint for Registration {
    fn heap(&self) -> usize {
        self.tags.heap()
    }
}

impl Registration {
    /// Has it ever been in that state?
    #[must_use]
    pub fn has_been(&self, lifecycle: Lifecycle) -> bool {
        self.been & lifecycle.bit() != 0
    }
}

impl Identified for Registration {
    fn id(&self) -> u128 {
        self.id.0
    }
}

/// One event about an entry, and the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) at: Sequence,
    pub(super) before: u32,
}
