//! Sealing ahead: on the caller's thread, so that the writer only has to look whether it fits.
//!
//! An offer is a guess: the world may have moved on before the batch is decided. What does not fit is sealed anew by the writer, and nothing
//! depends on an offer being there.

use super::about;
use crate::clock::Ids;
use crate::command::{Batch, Command};
use crate::data::Data;
use crate::engine::Engine;
use crate::error::Result;
use crate::{identity, objects};
use scoped_log::Payload;
use scoped_projections::identity::{PrincipalCreated, PrincipalDescribed};
use scoped_projections::objects::{ObjectCreated, ObjectUpdated};
use scoped_projections::{Event, ObjectId, PrincipalId, SubjectId};
use scoped_vault::{About, DataKey, Known, Vault};
use std::collections::BTreeMap;

/// A payload that was sealed ahead.
#[derive(Debug)]
pub(crate) struct Offer {
    pub(super) about: About,
    pub(super) key: DataKey,
    pub(super) payload: Payload,
}

impl Offer {
    /// The id that a new object was given for this, if it was made for one of that subject.
    pub(crate) fn object(&self, subject: Option<SubjectId>) -> Option<ObjectId> {
        let fits = self.about.kind == ObjectCreated::KIND && subject == Some(SubjectId(self.about.subject));
        fits.then_some(ObjectId(self.about.thing))
    }
}

impl Engine {
    /// Seals ahead what a batch holds of data subjects' data.
    pub(crate) fn offer(&self, batch: &mut Batch) {
        let inner = &self.inner;
        let Some(vault) = inner.history.sealing().vault() else { return };
        let mut ids = None;
        let mut fresh = BTreeMap::new();
        for step in &mut batch.steps {
            let sealed = match &mut step.command {
                Command::Objects(objects::Command::Create(create)) => {
                    let Some(subject) = create.subject else { continue };
                    let draw = || Ids::new(&*inner.door);
                    let object = create
                        .object
                        .unwrap_or_else(|| ObjectId(ids.get_or_insert_with(draw).next(inner.door.now())));
                    let event =
                        ObjectCreated { object, object_type: String::new(), owner: PrincipalId::NONE };
                    ahead(vault, &mut fresh, subject, &event.into(), &mut create.data)
                }
                Command::Objects(objects::Command::Update(update)) => {
                    let subject = inner.published.read().subjects().of_object(update.object);
                    let Some(subject) = subject else { continue };
                    let event = ObjectUpdated { object: update.object };
                    ahead(vault, &mut fresh, subject, &event.into(), &mut update.data)
                }
                Command::Identity(identity::Command::CreatePrincipal(create)) => {
                    let Some(principal) = create.principal.filter(|_| create.personal) else { continue };
                    let event = PrincipalCreated { principal, kind: String::new() };
                    let subject = SubjectId(principal.0);
                    ahead(vault, &mut fresh, subject, &event.into(), &mut create.description)
                }
                Command::Identity(identity::Command::DescribePrincipal(describe)) => {
                    let principal = describe.principal;
                    let subject = inner.published.read().subjects().of_principal(principal);
                    let Some(subject) = subject else { continue };
                    let event = PrincipalDescribed { principal };
                    ahead(vault, &mut fresh, subject, &event.into(), &mut describe.description)
                }
                _ => continue,
            };
            // The writer meets the same obstacle, and says so to whom it may.
            drop(sealed);
        }
    }
}

fn ahead(
    vault: &Vault,
    fresh: &mut BTreeMap<SubjectId, DataKey>,
    subject: SubjectId,
    event: &Event,
    data: &mut Data,
) -> Result<()> {
    let key = match fresh.get(&subject) {
        Some(key) => key.clone(),
        None => match vault.key(subject.0)? {
            Known::Key(key) => key,
            Known::Erased => return Ok(()),
            Known::Nothing => vault.draw()?,
        },
    };
    fresh.insert(subject, key.clone());
    let about = about(vault.log(), subject, event);
    let payload = Payload::sealed(key.seal(about, data.bytes(), vault.chance())?)?;
    data.offered(Offer { about, key, payload });
    Ok(())
}
