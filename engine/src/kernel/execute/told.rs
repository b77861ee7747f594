//! What is told of a batch as a whole, behind its events: where it came from, and the key that it came under.

use super::Scribe;
use crate::command::Batch;
use crate::error::Result;
use crate::receipt::Warning;
use scoped_projections::requests::{RequestDescribed, RequestKeyed};
use scoped_projections::{PrincipalId, ScopeId, Sequence};

/// First halves of the digests of a key and of the request it stands for; none of a request whose data nobody can read any more.
pub(super) type Keyed = ([u8; 16], Option<[u8; 16]>);

impl Scribe<'_, '_> {
    /// Tells it, of a batch of `actor` whose first fact is the one at `start`.
    pub(super) fn tell(
        &mut self,
        batch: &Batch,
        actor: PrincipalId,
        keyed: Option<Keyed>,
        start: usize,
    ) -> Result<()> {
        self.cause = self.out.get(start).map_or(0, |first| first.at.sequence.get());
        self.describe(batch, actor, start)?;
        if let Some((key, request)) = keyed {
            // Without the key of whose data it holds nothing of it was written either; should it ever be, it gets no digest in the clear.
            let request = request.ok_or_else(crate::sealed::no_keys)?;
            let event = RequestKeyed { key, request, events: self.since(start) };
            self.write(actor, Sequence::NONE, ScopeId::NONE, event.into(), None);
        }
        Ok(())
    }

    /// Where it came from, if that was said. Of what came to nothing nothing is told.
    fn describe(&mut self, batch: &Batch, actor: PrincipalId, start: usize) -> Result<()> {
        let events = self.since(start);
        let Some(metadata) = batch.metadata.as_ref().filter(|said| events > 0 && !said.is_empty()) else {
            return Ok(());
        };
        let event = RequestDescribed { events }.into();
        match self.sealer.described(self.world, actor, &event, metadata)? {
            Some(payload) => self.write(actor, Sequence::NONE, ScopeId::NONE, event, Some(payload)),
            None => {
                let message = format!("where it came from was not written: `{actor}` is erased");
                self.warnings.borrow_mut().push(Warning { step: 0, code: "subject_erased", message });
            }
        }
        Ok(())
    }

    /// How many facts of the batch there are.
    fn since(&self, start: usize) -> u32 {
        (self.out.len() - start) as u32
    }
}
