//! Requests: idempotency keys. There is no command: a key is part of a batch.

mod nature;
pub(crate) use nature::nature;

use crate::command::{Batch, commands};
use crate::export::{Recalled, Recalling};
use crate::temporal::Entity;
use scoped_projections::requests::RequestsEvent;

commands! {
    /// No commands.
    domain "requests";
    enum Command {}
}

/// First halves of the digests of a key and of the request it stands for.
pub(crate) fn digests(key: &str, batch: &Batch) -> ([u8; 16], [u8; 16]) {
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
    (half(&key), half(request.finalize().as_bytes()))
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
