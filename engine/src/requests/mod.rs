//! Requests: idempotency keys, and where requests came from. There is no command: both are part of a batch.

mod metadata;
mod nature;
pub use metadata::{METADATA_BYTES_MAX, METADATA_KEYS_MAX, Metadata};
pub(crate) use nature::nature;

use crate::command::{Batch, Command as Order, commands};
use crate::error::{Error, Result};
use crate::export::{Recalled, Recalling};
use crate::sealed::{Offer, Sealer};
use crate::temporal::Entity;
use crate::{identity, objects};
use scoped_projections::requests::RequestsEvent;
use scoped_projections::{PrincipalId, SubjectId, World};
use std::collections::BTreeMap;

commands! {
    /// No commands.
    domain "requests";
    enum Command {}
}

/// First halves of the digests of a key and of the request it stands for. Where a request came from is no part of it: sent again from another
/// address it is the same.
///
/// The digest of a request that holds a subject's data is keyed with the subject's key: a plain one would stay behind when the subject is
/// erased, and tell whether a guess at the data is right.
pub(crate) fn digests(
    key: &str,
    batch: &Batch,
    world: &World,
    sealer: &mut Sealer<'_>,
) -> Result<([u8; 16], Option<[u8; 16]>)> {
    let mut request = blake3::Hasher::new_derive_key("scoped 2026 idempotent request v1");
    for step in &batch.steps {
        request.update(&step.actor.0.to_le_bytes());
        if let Some(principal) = step.on_behalf_of {
            request.update(b"for").update(&principal.0.to_le_bytes());
        }
        request.update(&step.undoes.get().to_le_bytes());
        request.update(step.command.name().as_bytes());
        // Arguments are serialised in the order of the struct's fields, so equal commands give equal bytes.
        let arguments = step.command.arguments_text();
        request.update(&(arguments.len() as u64).to_le_bytes());
        request.update(arguments.as_bytes());
    }
    request.update(format!("{:?}{:?}", batch.valid_time, batch.rollback).as_bytes());
    let key = blake3::derive_key("scoped 2026 idempotency key v1", key.as_bytes());
    let request = *request.finalize().as_bytes();
    let subjects = subjects(batch, world)?;
    let request =
        if subjects.is_empty() { Some(request) } else { sealer.digest(world, &subjects, request)? };
    Ok((half(&key), request.as_ref().map(half)))
}

/// Whose data a batch holds, with what was sealed ahead of it.
fn subjects<'b>(batch: &'b Batch, world: &World) -> Result<BTreeMap<SubjectId, Option<&'b Offer>>> {
    let (known, mut new, mut found) = (world.subjects(), BTreeMap::new(), BTreeMap::new());
    for step in &batch.steps {
        let (object, data) = match &step.command {
            Order::Objects(objects::Command::Create(create)) => {
                if let Some((object, subject)) = create.object.zip(create.subject) {
                    new.insert(object, subject);
                }
                if let Some(subject) = create.subject {
                    found.entry(subject).or_insert(create.data.offer());
                }
                continue;
            }
            Order::Identity(identity::Command::CreatePrincipal(create)) => {
                if create.personal {
                    let unnamed =
                        || Error::invalid("under an idempotency key a personal principal has an id");
                    let PrincipalId(id) = create.principal.ok_or_else(unnamed)?;
                    found.entry(SubjectId(id)).or_insert(create.description.offer());
                }
                continue;
            }
            Order::Identity(identity::Command::DescribePrincipal(describe)) => {
                if let Some(subject) = known.of_principal(describe.principal) {
                    found.entry(subject).or_insert(describe.description.offer());
                }
                continue;
            }
            Order::Objects(objects::Command::Update(update)) => (update.object, update.data.offer()),
            // Of the others only the reasons are sealed.
            Order::Objects(objects::Command::Tombstone(c)) if c.reason.is_some() => (c.object, None),
            Order::Objects(objects::Command::Transfer(c)) if c.reason.is_some() => (c.object, None),
            Order::Objects(objects::Command::RecordProvenance(c)) if c.reason.is_some() => (c.object, None),
            _ => continue,
        };
        if let Some(subject) = known.of_object(object).or_else(|| new.get(&object).copied()) {
            found.entry(subject).or_insert(data);
        }
    }
    Ok(found)
}

fn half(digest: &[u8; 32]) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&digest[..16]);
    half
}

/// History, not state.
pub(crate) fn entity(_: &RequestsEvent) -> Option<Entity> {
    None
}

/// No command of its own.
pub(crate) fn recall(_: RequestsEvent, _: Recalling<'_>) -> Option<Recalled> {
    Some(Recalled::Silent)
}
