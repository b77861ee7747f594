//! Sealing what is about to be written.

use super::{Offer, about};
use crate::data::Data;
use crate::error::{Error, Result};
use crate::kernel::execute::Proposed;
use crate::requests::Metadata;
use scoped_log::Payload;
use scoped_projections::identity::IdentityEvent;
use scoped_projections::subjects::SubjectsEvent;
use scoped_projections::{Event, PrincipalId, SubjectId, World};
use scoped_vault::{DataKey, Known, SEALED_OVERHEAD, Vault};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// A payload on its way into the log: what it says, and the bytes that will be stored.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    data: Data,
    stored: Option<Payload>,
    /// Bytes that it would take, where nothing is really sealed.
    would_take: Option<usize>,
}

impl Written {
    pub(crate) fn of(data: &Data) -> Self {
        Self { data: data.clone(), stored: None, would_take: data.unread() }
    }
    /// What it says, for whoever decides.
    pub(crate) fn clear(&self) -> &[u8] {
        self.data.bytes()
    }
    /// Is there only a marker for what it said? Then nothing that hangs on the data can be decided again.
    pub(crate) fn is_unread(&self) -> bool {
        self.data.unread().is_some()
    }
    /// Bytes that it takes in the log: what quotas count.
    pub(crate) fn size(&self) -> usize {
        let stored = || self.stored.as_ref().map_or(self.clear().len(), |stored| stored.bytes().len());
        self.would_take.unwrap_or_else(stored)
    }
    /// As it goes into the log.
    pub(crate) fn into_stored(self) -> Payload {
        self.stored.unwrap_or_else(|| self.data.into_payload())
    }
}

/// Seals what is proposed, and holds the keys that were drawn for subjects that had none: they are kept when the batch is.
pub(crate) struct Sealer<'a> {
    vault: Option<&'a Vault>,
    /// Says of payloads that they would be sealed, and leaves them as they are.
    pretends: bool,
    fresh: BTreeMap<SubjectId, DataKey>,
}

impl<'a> Sealer<'a> {
    pub(crate) fn new(vault: Option<&'a Vault>) -> Self {
        Self { vault, pretends: false, fresh: BTreeMap::new() }
    }
    /// For what is decided again and written nowhere: needs no keys, and seals nothing. Payloads that would be sealed say so and are in the clear.
    pub(crate) fn pretending() -> Self {
        Self { pretends: true, ..Self::new(None) }
    }
    pub(crate) fn has_keys(&self) -> bool {
        self.pretends || self.vault.is_some()
    }

    /// Seals every payload of what `actor` does that belongs to a subject.
    pub(crate) fn seal(
        &mut self,
        world: &World,
        actor: PrincipalId,
        proposed: &mut [Proposed],
    ) -> Result<()> {
        let bound = proposed.iter().any(|fact| matches!(fact.event, Event::Subjects(_)));
        if !bound && world.subjects().is_empty() {
            return Ok(());
        }
        let subjects: Vec<_> =
            proposed.iter().map(|fact| subject_of(world, events(proposed), actor, &fact.event)).collect();
        for (fact, subject) in proposed.iter_mut().zip(subjects) {
            let (Some(subject), Some(written)) = (subject, &mut fact.payload) else { continue };
            if let Some(at) = world.subjects().erased(subject) {
                return Err(erased(subject, Some(at)));
            }
            self.seal_one(world, subject, &fact.event, written)?;
        }
        Ok(())
    }

    /// Seals a payload for a subject that is not erased.
    fn seal_one(
        &mut self,
        world: &World,
        subject: SubjectId,
        event: &Event,
        written: &mut Written,
    ) -> Result<()> {
        if self.pretends {
            written.would_take.get_or_insert(written.data.bytes().len() + SEALED_OVERHEAD);
            written.stored = Some(Payload::sealed(written.data.bytes())?);
            return Ok(());
        }
        let offer = written.data.offer();
        let key = self.key(world, subject, offer)?;
        let vault = self.vault.ok_or_else(no_keys)?;
        let about = about(vault.log(), subject, event);
        // What the caller's thread has sealed is taken if it fits what came of it.
        let offered =
            offer.filter(|offer| offer.about == about && offer.key.commitment() == key.commitment());
        written.stored = Some(match offered {
            Some(offer) => offer.payload.clone(),
            None => Payload::sealed(key.seal(about, written.clear(), vault.chance())?)?,
        });
        Ok(())
    }

    /// Where a request of `actor` came from, as it goes into the log beside that event: sealed where the actor is a data subject. `None`: that
    /// one is erased, and nothing is written of it any more.
    pub(crate) fn described(
        &mut self,
        world: &World,
        actor: PrincipalId,
        event: &Event,
        metadata: &Metadata,
    ) -> Result<Option<Payload>> {
        let mut written = Written::of(metadata.data());
        if let Some(subject) = subject_of(world, std::iter::empty(), actor, event) {
            if world.subjects().erased(subject).is_some() {
                return Ok(None);
            }
            self.seal_one(world, subject, event, &mut written)?;
        }
        Ok(Some(written.into_stored()))
    }

    /// A subject's key; one that is drawn, or was offered, for a subject that has none yet.
    fn key(&mut self, world: &World, subject: SubjectId, offer: Option<&Offer>) -> Result<DataKey> {
        let vault = self.vault.ok_or_else(no_keys)?;
        if let Some(key) = self.fresh.get(&subject) {
            return Ok(key.clone());
        }
        match vault.key(subject.0)? {
            Known::Key(key) => Ok(key),
            Known::Erased => Err(erased(subject, None)),
            // A second key would hide that the first is lost.
            Known::Nothing if world.subjects().knows(subject) => {
                let message = format!("the key store lacks the key of subject `{subject}`");
                Err(Error::unavailable("key_missing", message).hint("restore the key store from its backup"))
            }
            Known::Nothing => {
                let key = match offer.filter(|offer| offer.about.subject == subject.0) {
                    Some(offer) => offer.key.clone(),
                    None => vault.draw()?,
                };
                self.fresh.insert(subject, key.clone());
                Ok(key)
            }
        }
    }

    /// A digest of a request that nobody can check a guess against once one of these subjects is erased; `None` when there is no key any
    /// more, or none is at hand.
    ///
    /// # Errors
    /// When the key store cannot be read for now: the same request is to be sent again, and is no other one.
    pub(crate) fn digest(
        &mut self,
        world: &World,
        subjects: &BTreeMap<SubjectId, Option<&Offer>>,
        digest: [u8; 32],
    ) -> Result<Option<[u8; 32]>> {
        let mut digest = digest;
        for (subject, offer) in subjects {
            if world.subjects().erased(*subject).is_some() {
                return Ok(None);
            }
            match self.key(world, *subject, *offer) {
                Ok(key) => digest = key.digest(&digest),
                Err(error) if error.code() == "keys_unavailable" => return Err(error),
                Err(_) => return Ok(None),
            }
        }
        Ok(Some(digest))
    }

    /// Makes the keys that were drawn durable: before anything that is sealed under them is.
    pub(crate) fn keep(&mut self) -> Result<()> {
        let Some(vault) = self.vault else { return Ok(()) };
        while let Some((subject, key)) = self.fresh.pop_first() {
            vault.keep(subject.0, &key)?;
        }
        Ok(())
    }
}

pub(crate) fn no_keys() -> Error {
    let error = Error::refused("no_keys", "this engine was opened without a key store");
    error.hint("open it with `Options::keys`, or the tool with `--keys`")
}

pub(crate) fn erased(subject: SubjectId, at: Option<scoped_projections::Sequence>) -> Error {
    let since = at.map(|at| format!(" by event {at}")).unwrap_or_default();
    let message = format!("the subject `{subject}` was erased{since}: nothing is written for it any more");
    Error::refused("subject_erased", message)
}

fn events(proposed: &[Proposed]) -> impl Iterator<Item = &Event> {
    proposed.iter().map(|fact| &fact.event)
}

/// Whose data the payload of what `actor` did is, if anybody's: told by the world that it meets, and by the events beside it.
pub(crate) fn subject_of<'e>(
    world: &World,
    beside: impl Iterator<Item = &'e Event>,
    actor: PrincipalId,
    event: &Event,
) -> Option<SubjectId> {
    let beside = RefCell::new(beside);
    let new = |bound: &dyn Fn(&SubjectsEvent) -> bool| {
        beside.borrow_mut().find_map(|other| match other {
            Event::Subjects(event) if bound(event) => Some(event.subject()),
            _ => None,
        })
    };
    let of_principal = |principal: PrincipalId| {
        let bound =
            |e: &SubjectsEvent| matches!(e, SubjectsEvent::PrincipalBound(e) if e.principal == principal);
        world.subjects().of_principal(principal).or_else(|| new(&bound))
    };
    match event {
        Event::Identity(
            event @ (IdentityEvent::PrincipalCreated(_) | IdentityEvent::PrincipalDescribed(_)),
        ) => of_principal(event.principal()?),
        Event::Identity(_) => None,
        // They carry where somebody was, whatever was tried or read there.
        Event::Requests(_) | Event::Audit(_) => of_principal(actor),
        event => {
            let object = event.object()?;
            let bound = |e: &SubjectsEvent| matches!(e, SubjectsEvent::ObjectBound(e) if e.object == object);
            world.subjects().of_object(object).or_else(|| new(&bound))
        }
    }
}
