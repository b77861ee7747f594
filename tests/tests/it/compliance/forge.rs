//! Writing past the engine: events that no command came to, with every sum of the log right.

use crate::support::{NOON, TYPES, member, object, principal, scope_at, update};
use scoped::compliance::{Options, Report};
use scoped::log::{Durability, Log, MemoryStorage, NewEvent, Options as LogOptions, Payload, Stage, Storage};
use scoped::projections::Context;
use scoped::{Batch, Engine, Event, Level, ManualDoor, Options as EngineOptions, PrincipalId, Role};
use std::sync::Arc;

/// Somebody who is a principal: founder, writer, stranger.
pub(super) const ADA: PrincipalId = PrincipalId(1);
pub(super) const BO: PrincipalId = PrincipalId(2);
pub(super) const EVE: PrincipalId = PrincipalId(3);

/// A log in memory, closed, that can be written to without an engine.
pub(super) struct Forge {
    pub(super) storage: Arc<MemoryStorage>,
}

/// One event to be forged, and what stands beside it.
pub(super) struct Forged {
    pub(super) actor: PrincipalId,
    pub(super) event: Event,
    pub(super) context: Context,
    pub(super) payload: Option<&'static str>,
}

impl Forged {
    pub(super) fn by(actor: PrincipalId, event: impl Into<Event>) -> Self {
        Self { actor, event: event.into(), context: Context::default(), payload: None }
    }
    pub(super) fn with(mut self, payload: &'static str) -> Self {
        self.payload = Some(payload);
        self
    }
}

impl Forge {
    /// Ada's organisation with a project in it; Bo may write in it; Eve is nothing to it. Objects 1 (Ada's, shared), 2 (Ada's own), 3 (Bo's).
    pub(super) fn new() -> Self {
        let forge = Self { storage: Arc::new(MemoryStorage::new()) };
        let engine = forge.engine();
        let mut batch = Batch::new();
        batch.push(ADA, principal(2));
        batch.push(ADA, principal(3));
        batch.push(ADA, scope_at("org:acme", 10));
        batch.push(ADA, scope_at("org:acme/ws:x", 11));
        batch.push(ADA, member("org:acme", 2, Role::Writer));
        batch.push(ADA, object(1, 1, Some("org:acme"), Level::Write));
        batch.push(ADA, object(2, 1, None, Level::Read));
        batch.push(BO, object(3, 1, None, Level::Read));
        batch.push(BO, update(1, 2));
        batch.push(BO, update(3, 2));
        engine.execute(batch).unwrap();
        engine.close().unwrap();
        forge
    }

    /// An engine over it, whose time stands at noon.
    pub(super) fn engine(&self) -> Engine {
        let door = Arc::new(ManualDoor::new(NOON, 1));
        let options = EngineOptions::default().founder(ADA).types(TYPES).door(door).snapshot_after(0);
        Engine::on(self.storage(), options).unwrap()
    }

    pub(super) fn storage(&self) -> Arc<dyn Storage> {
        self.storage.clone()
    }

    /// Appends a batch.
    pub(super) fn write(&self, forged: &[Forged]) {
        let mut opened = Log::open(self.storage(), 7, NOON, &LogOptions::default()).unwrap();
        let mut bodies = Vec::new();
        for one in forged {
            let mut body = Vec::new();
            one.event.encode_into(&one.context, &mut body).unwrap();
            bodies.push(body);
        }
        let payloads: Vec<Option<Payload>> =
            forged.iter().map(|one| one.payload.map(|text| Payload::new(text.as_bytes()).unwrap())).collect();
        let events: Vec<NewEvent<'_>> = forged
            .iter()
            .zip(&bodies)
            .zip(&payloads)
            .enumerate()
            .map(|(nth, ((one, body), payload))| NewEvent {
                event_id: 0xf0_0000 + opened.writer.next_sequence().get() as u128 + nth as u128,
                kind: one.event.kind(),
                kind_version: one.event.version(),
                actor: one.actor.0,
                scope: 0,
                body,
                payload: payload.as_ref(),
            })
            .collect();
        let time = opened.writer.last_time() + 1;
        let staged = opened.writer.stage(time, &events).unwrap();
        assert!(matches!(staged, Stage::Staged(_)), "there is room");
        opened.writer.commit(Durability::Synced).unwrap();
        opened.writer.close().unwrap();
    }

    /// What is found.
    pub(super) fn report(&self, options: &Options) -> Report {
        let engine = self.engine();
        engine.history().compliance(options, NOON).unwrap()
    }
}

/// Which checks failed.
pub(super) fn failed(report: &Report) -> Vec<&str> {
    report
        .invariants
        .iter()
        .flat_map(|it| &it.checks)
        .filter(|check| !check.passed)
        .map(|check| check.name)
        .collect()
}

impl Forge {
    /// The log, read without opening it for writing: damage is no obstacle.
    pub(super) fn history_read_only(&self) -> scoped::History {
        scoped::History::on(self.storage()).unwrap().0
    }
}

/// The organisation that everything lies in.
pub(super) fn acme() -> scoped::ScopeRef {
    crate::support::path("org:acme")
}
