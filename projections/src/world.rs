//! The world: what the log up to some position adds up to.

use crate::canonical::{Hashing, Input, InputError, Output};
use crate::domains::{BodyError, States, number};
use crate::store::{Part, Transact};
use crate::{Context, Digest, Envelope, Event, Micros, PrincipalId, ScopeId, Sequence};
use crate::{
    config::Config,
    contracts::Contracts,
    identity::Identity,
    objects::Objects,
    registry::Registry,
    requests::Requests,
    rules::Rules,
    sharing::Sharing,
    subjects::Subjects,
    templates::Templates,
    temporal::Temporal,
    tenancy::{Tenancy, TenancyEvent},
};
use scoped_log::Record;

/// Grows whenever a fold or the canonical walk gives another result for the same log: snapshots of other versions are
/// ignored.
pub const FOLD_VERSION: u32 = 4;

/// A record that cannot be folded: everything before it is in the world, nothing behind it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// Its body is no event that this build knows.
    #[error("event {sequence}: {source}")]
    Body {
        /// Which record.
        sequence: Sequence,
        /// Why.
        source: BodyError,
    },
    /// It is not the one that comes next.
    #[error("expected event {expected} next, got {found}: read the log in order")]
    OutOfOrder {
        /// The one that comes next.
        expected: Sequence,
        /// The one that was given.
        found: Sequence,
    },
}

/// All states, fed in log order.
#[derive(Debug, Clone, Default)]
pub struct World {
    states: States,
    /// INVARIANT (no gaps): the last sequence that was applied.
    position: Sequence,
    time: Micros,
    before: Option<(Sequence, Micros)>,
}

/// What state digests are keyed by.
const STATE_DIGEST: &str = "scoped 2026 state digest v1";

impl World {
    /// The last event it holds.
    #[must_use]
    pub fn position(&self) -> Sequence {
        self.position
    }
    /// The time of the last event it holds.
    #[must_use]
    pub fn time(&self) -> Micros {
        self.time
    }
    /// Who acts.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.states.identity
    }
    /// The scope tree.
    #[must_use]
    pub fn tenancy(&self) -> &Tenancy {
        &self.states.tenancy
    }
    /// Objects and their versions.
    #[must_use]
    pub fn objects(&self) -> &Objects {
        &self.states.objects
    }
    /// Objects projected into scopes.
    #[must_use]
    pub fn sharing(&self) -> &Sharing {
        &self.states.sharing
    }
    /// What may exist.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.states.registry
    }
    /// What data of a type has to look like.
    #[must_use]
    pub fn contracts(&self) -> &Contracts {
        &self.states.contracts
    }
    /// Blueprints.
    #[must_use]
    pub fn templates(&self) -> &Templates {
        &self.states.templates
    }
    /// Settings.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.states.config
    }
    /// Policy.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.states.rules
    }
    /// Whose data what is, and who was erased.
    #[must_use]
    pub fn subjects(&self) -> &Subjects {
        &self.states.subjects
    }
    /// Marks and what was undone.
    #[must_use]
    pub fn temporal(&self) -> &Temporal {
        &self.states.temporal
    }
    /// Idempotency keys.
    #[must_use]
    pub fn requests(&self) -> &Requests {
        &self.states.requests
    }

    /// One event that happened. Never fails.
    pub fn apply(&mut self, at: &Envelope, event: &Event) {
        let moved = match event {
            Event::Tenancy(TenancyEvent::ScopeMoved(e)) => Some(e.scope),
            _ => None,
        };
        // What a scope holds moves with it: taken from those above it before, given to those above it after.
        if let Some(scope) = moved {
            let States { objects, tenancy, begun, .. } = &mut self.states;
            begun.begin(number::objects, objects);
            objects.usage.leave(scope, tenancy);
        }
        self.states.apply(at, event);
        let States { identity, tenancy, objects, sharing, rules, temporal, begun, .. } = &mut self.states;
        if let Some(scope) = moved {
            objects.usage.join(scope, tenancy);
        }
        // Who is refused somewhere, or reads there, says where from: that fills nobody's room.
        if at.payload > 0 && at.scope.is_some() && !matches!(event, Event::Audit(_)) {
            begun.begin(number::tenancy, tenancy);
            tenancy.count_bytes(at.scope, at.payload);
        }
        if rules.counts_events() {
            begun.begin(number::rules, rules);
            rules.note(at, event, identity, tenancy, objects, sharing);
        }
        if at.context.undoes != 0 {
            begun.begin(number::temporal, temporal);
            temporal.note(Sequence::new(at.context.undoes), at.sequence);
        }
        self.position = at.sequence;
        self.time = at.time;
    }

    /// One record of the log, decoded and applied.
    ///
    /// # Errors
    /// When it is not the next one, or its body cannot be read here; the world stays as it was.
    pub fn fold(&mut self, record: &Record) -> Result<(), FoldError> {
        let (sequence, expected) = (record.sequence(), Sequence::new(self.position.get() + 1));
        if sequence != expected {
            return Err(FoldError::OutOfOrder { expected, found: sequence });
        }
        let (context, event) = Event::decode(record.kind(), record.kind_version(), record.body())
            .map_err(|source| FoldError::Body { sequence, source })?;
        self.apply(&envelope(record, context), &event);
        Ok(())
    }

    /// The digest of everything: same log, same digest, on any machine, from any snapshot.
    #[must_use]
    pub fn state_digest(&self) -> Digest {
        let mut out = Hashing::new(STATE_DIGEST, true);
        self.states.save(&mut out);
        out.finish()
    }

    /// The digest of everything but sequence numbers: equal when the same things are true, wherever they were written.
    #[must_use]
    pub fn content_digest(&self) -> Digest {
        let mut out = Hashing::new("scoped 2026 content digest v1", false);
        self.states.save(&mut out);
        out.finish()
    }

    /// The state digest of the world that this walk is of: a walk is what that is taken of, behind position and time.
    pub(crate) fn digest_of_walk(walk: &[u8]) -> Option<Digest> {
        let mut out = Hashing::new(STATE_DIGEST, true);
        out.bytes(walk.get(16..)?);
        Some(out.finish())
    }

    /// What each container of each domain takes in memory, in the order of the list of domains. The engine keeps two worlds.
    #[must_use]
    pub fn footprint(&self) -> Vec<Part> {
        self.states.footprint()
    }

    /// Keeps once with `other` what both have and neither will change: versions of objects. Only for worlds of one log.
    pub fn share(&mut self, other: &Self) {
        self.states.objects.share(&other.states.objects);
    }

    pub(crate) fn save(&self, out: &mut impl Output) {
        out.sequence(self.position);
        out.u64(self.time);
        self.states.save(out);
    }

    pub(crate) fn load(input: &mut Input<'_>) -> Result<Self, InputError> {
        let (position, time) = (input.sequence()?, input.u64()?);
        let mut states = States::load(input)?;
        states.rules.compile_loaded(&states.identity, &states.objects);
        if input.is_empty() { Ok(Self { states, position, time, before: None }) } else { Err(InputError) }
    }
}

/// The envelope of a record whose context has been read.
#[must_use]
pub fn envelope(record: &Record, context: Context) -> Envelope {
    let (actor, scope) = (PrincipalId(record.actor()), ScopeId(record.scope()));
    // The size as it is stored: a fold needs no key, and gives the same world to whoever has none.
    let payload = record.payload_len() as u32;
    Envelope { sequence: record.sequence(), time: record.time(), actor, scope, context, payload }
}

impl Transact for World {
    fn begin(&mut self) {
        self.before = Some((self.position, self.time));
        self.states.begin();
    }
    fn keep(&mut self) {
        self.before = None;
        self.states.keep();
    }
    fn undo(&mut self) {
        self.states.undo();
        if let Some((position, time)) = self.before.take() {
            (self.position, self.time) = (position, time);
        }
    }
}
