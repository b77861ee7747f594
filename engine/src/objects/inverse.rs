//! What brings objects back.

use crate::error::Result;
use crate::objects;
use crate::temporal::{Inverse, Phase, Problem};
use scoped_projections::ObjectId;

impl Inverse<'_> {
    /// The reason that a step gives. Of who was erased nothing is said any more.
    fn remark(&self, id: ObjectId) -> Option<String> {
        let subjects = self.now.subjects();
        let erased = subjects.of_object(id).and_then(|subject| subjects.erased(subject));
        erased.is_none().then(|| "rolled back".to_owned())
    }

    pub(crate) fn object(&mut self, id: ObjectId) -> Result<Problem> {
        let Some(now) = self.now.objects().get(id) else { return Ok(None) };
        let tombstoned = now.tombstoned;
        let then = self.then.objects().get(id);
        let data = match then {
            Some(then) if then.data != now.data => {
                let (data, current) = (self.data(then.data)?, self.data(now.data)?);
                (data != current).then_some(data)
            }
            _ => None,
        };
        let gone_then = then.is_none_or(|then| then.tombstoned);
        // Only what is live takes new data, also when it is to end as a tombstone.
        if tombstoned && (!gone_then || data.is_some()) {
            self.step(Phase::ObjectsRestored, 0, objects::Restore::new(id));
        }
        let mut version = now.version;
        if let Some(data) = data.clone() {
            self.step(
                Phase::ObjectsChanged,
                0,
                objects::Update { object: id, data, expected_version: Some(version), reason: None },
            );
            version += 1;
        }
        if gone_then && (!tombstoned || data.is_some()) {
            let (reason, expected_version) = (self.remark(id), Some(version));
            self.step(
                Phase::ObjectsTombstoned,
                0,
                objects::Tombstone { object: id, reason, expected_version },
            );
        }
        if let Some(then) = then.filter(|then| then.owner != now.owner) {
            let (to, reason) = (self.now.identity().id(then.owner), self.remark(id));
            // Owning it first makes the rest possible; giving it away first would make it impossible.
            let phase = if to == self.actor { Phase::PrincipalsBack } else { Phase::OwnRightsGone };
            let transfer = objects::Transfer { object: id, to, reason, expected_version: None };
            self.step(phase, 5, transfer);
        }
        Ok(None)
    }
}
