//! The fold over keys.

use super::RequestsEvent as E;
use crate::canonical::{Input, InputError, Output};
use crate::store::{Sorted, transact};
use crate::{Envelope, PrincipalId, Sequence};

/// A request that was carried out under a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// First half of the digest of what was asked.
    pub request: [u8; 16],
    /// First event of its batch.
    pub first: Sequence,
    /// Last event of its batch.
    pub last: Sequence,
}

crate::store::owns_nothing!(Request);

/// All keys that were used.
#[derive(Debug, Clone, Default)]
pub struct Requests {
    keys: Sorted<(u128, [u8; 16]), Request>,
}
transact!(Requests { keys });

impl Requests {
    /// What an actor's key stands for, if it was used.
    #[must_use]
    pub fn get(&self, actor: PrincipalId, key: [u8; 16]) -> Option<&Request> {
        self.keys.get(&(actor.0, key))
    }
    /// How many keys were used.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }
    /// True when no key was used.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    pub(crate) fn apply(&mut self, at: &Envelope, event: &E) {
        let e = match event {
            E::RequestKeyed(e) => e,
            // Where it came from changes nothing.
            E::RequestDescribed(_) => return,
        };
        let first = Sequence::new(at.sequence.get().saturating_sub(u64::from(e.events)));
        self.keys.insert((at.actor.0, e.key), Request { request: e.request, first, last: at.sequence });
    }

    pub(crate) fn save(&self, out: &mut impl Output) {
        // An export cannot carry keys, of which only digests are known.
        if !out.is_whole() {
            return;
        }
        out.count(self.keys.len());
        for ((actor, key), request) in self.keys.iter() {
            out.u128(*actor);
            out.bytes(key);
            out.bytes(&request.request);
            out.sequence(request.first);
            out.sequence(request.last);
        }
    }

    pub(crate) fn load(input: &mut Input<'_>) -> Result<Self, InputError> {
        let half =
            |input: &mut Input<'_>| -> Result<[u8; 16], InputError> { Ok(input.u128()?.to_le_bytes()) };
        let mut state = Self::default();
        for _ in 0..input.count()? {
            let (actor, key, request) = (input.u128()?, half(input)?, half(input)?);
            let (first, last) = (input.sequence()?, input.sequence()?);
            state.keys.insert((actor, key), Request { request, first, last });
        }
        Ok(state)
    }
}
