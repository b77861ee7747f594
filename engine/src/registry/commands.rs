//! Decisions about the registry.

use super::RegistrationRef;
use super::checks::{check_urn, entry, not_frozen, sorted_tags};
use super::construct::TARGET;
use crate::authorize::Target;
use crate::command::{Decide, Needs, commands};
use crate::data::Data;
use crate::error::Error;
use crate::export::{Recalled, Recalling};
use crate::kernel::execute::{Facts, Result, View, need};
use crate::temporal::Entity;
use scoped_projections::registry::{
    Described, Frozen, Kind, KindDefined, Lifecycle, LifecycleChanged, Registered, Registration,
    RegistryEvent, Reinstated, Unfrozen, Urn,
};
use scoped_projections::tenancy::Capability;
use scoped_projections::{RegistrationId, ScopeId, Sequence, World};

commands! {
    /// Commands about the registry.
    domain "registry";
    enum Command {
        /// registers a type, function or other construct
        "register" Register {
            /// Its id; drawn when absent.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            registration: Option<RegistrationId>,
            /// Its name: `scoped:KIND:namespace:name:version`.
            urn: Urn,
            /// Where its life begins.
            #[serde(default = "active", skip_serializing_if = "is_active")]
            lifecycle: Lifecycle,
            /// Words that it is found by.
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            tags: Vec<String>,
            /// What else there is to say about it.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            metadata: Option<Data>,
        }
        /// takes a registered thing forward in its life
        "transition" Transition {
            /// Which: an id or a URN.
            entry: RegistrationRef,
            /// Where to.
            to: Lifecycle,
        }
        /// ends the use of a registered thing; it stays findable, and its name stays taken
        "archive" Archive {
            /// Which: an id or a URN.
            entry: RegistrationRef,
        }
        /// takes a registered thing back to a state that it has been in
        "reinstate" Reinstate {
            /// Which: an id or a URN.
            entry: RegistrationRef,
            /// Where to.
            to: Lifecycle,
        }
        /// describes a registered thing anew, all of it
        "describe" Describe {
            /// Which: an id or a URN.
            entry: RegistrationRef,
            /// Words that it is found by.
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            tags: Vec<String>,
            /// What else there is to say about it.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            metadata: Option<Data>,
        }
        /// defines a kind of the application's own
        "define_kind" DefineKind {
            /// Its name, in capitals.
            kind: Kind,
            /// What it is, for people.
            #[serde(default, skip_serializing_if = "String::is_empty")]
            description: String,
        }
        /// lets nothing in the registry change until it is unfrozen
        "freeze" Freeze {}
        /// lets the registry change again
        "unfreeze" Unfreeze {}
    }
}

fn active() -> Lifecycle {
    Lifecycle::Active
}
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_active(lifecycle: &Lifecycle) -> bool {
    *lifecycle == Lifecycle::Active
}

impl Register {
    /// Something of that name, in use from now on.
    #[must_use]
    pub fn new(urn: Urn) -> Self {
        Self { registration: None, urn, lifecycle: Lifecycle::Active, tags: Vec::new(), metadata: None }
    }
    /// The type of objects that are made with that word, version 1: `limits`, or `shop/limits`.
    ///
    /// # Errors
    /// When the word makes no URN.
    pub fn object_type(word: &str) -> crate::Result<Self> {
        Ok(Self::new(Urn::object_type(word)?))
    }
    /// A value of the running program, version 1.
    ///
    /// # Errors
    /// When namespace or name make no URN.
    pub fn instance(namespace: &str, name: &str) -> crate::Result<Self> {
        Ok(Self::new(Urn::new(Kind::INSTANCE, namespace, name, 1)?))
    }
    /// The same, as a draft: nothing can be made of it before it is activated.
    #[must_use]
    pub fn draft(mut self) -> Self {
        self.lifecycle = Lifecycle::Draft;
        self
    }
    /// The same with one more tag.
    #[must_use]
    pub fn tagged(mut self, tag: impl Into<String>) -> Self {
        self.tags.push(tag.into());
        self
    }
    /// The same, said to be at that path of the code: see [`target!`](crate::target).
    #[must_use]
    pub fn at_target(self, target: &str) -> Self {
        self.tagged(format!("{TARGET}{target}"))
    }
    /// The same with metadata.
    #[must_use]
    pub fn described(mut self, metadata: Data) -> Self {
        self.metadata = Some(metadata);
        self
    }
}

fn manage<'a>() -> Needs<'a> {
    need(Capability::RegistryManage, Target::Deployment)
}

impl Decide for Register {
    fn needs(&self, _: &View<'_>) -> Needs<'_> {
        manage()
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        not_frozen(on)?;
        check_urn(on, &self.urn)?;
        let registry = on.world.registry();
        if registry.by_urn(&self.urn).is_some() {
            return Err(Error::refused("exists", format!("`{}` is registered already", self.urn)).into());
        }
        let id = self.registration.unwrap_or_else(|| RegistrationId(facts.fresh()));
        if !id.is_some() || registry.get(id).is_some() {
            return Err(Error::refused("exists", format!("the id `{id}` is taken")).into());
        }
        let event = Registered {
            registration: id,
            kind: self.urn.kind().to_string(),
            namespace: self.urn.namespace().to_owned(),
            name: self.urn.name().to_owned(),
            version: self.urn.version(),
            lifecycle: self.lifecycle,
            tags: sorted_tags(&self.tags)?,
        };
        facts.push(ScopeId::NONE, event, self.metadata.as_ref());
        Ok(())
    }
}

/// An entry that is to go somewhere else in its life, if that is a way it can go.
fn moving<'a>(
    on: &View<'a>,
    named: &RegistrationRef,
    to: Lifecycle,
    legal: impl FnOnce(&Registration) -> bool,
) -> Result<&'a Registration> {
    not_frozen(on)?;
    let found = entry(on, named)?;
    if found.lifecycle == to {
        return Err(Error::refused("unchanged", format!("`{named}` is {to} already")).into());
    }
    if legal(found) {
        return Ok(found);
    }
    let error = Error::refused(
        "transition",
        format!("`{named}` does not go from {} to {to} this way", found.lifecycle),
    );
    let hint = "forward it goes DRAFT, ACTIVE, DEPRECATED, ARCHIVED; back only by `registry.reinstate`, to where it has been";
    Err(error.hint(hint).into())
}

impl Decide for Transition {
    fn needs(&self, _: &View<'_>) -> Needs<'_> {
        manage()
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let found = moving(on, &self.entry, self.to, |found| found.lifecycle.leads_to(self.to))?;
        facts.push(ScopeId::NONE, LifecycleChanged { registration: found.id, to: self.to }, None);
        Ok(())
    }
}

impl Decide for Archive {
    fn needs(&self, _: &View<'_>) -> Needs<'_> {
        manage()
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let to = Lifecycle::Archived;
        let found = moving(on, &self.entry, to, |_| true)?;
        facts.push(ScopeId::NONE, LifecycleChanged { registration: found.id, to }, None);
        Ok(())
    }
}

impl Decide for Reinstate {
    fn needs(&self, _: &View<'_>) -> Needs<'_> {
        manage()
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let been = |found: &Registration| self.to < found.lifecycle && found.has_been(self.to);
        let found = moving(on, &self.entry, self.to, been)?;
        facts.push(ScopeId::NONE, Reinstated { registration: found.id, to: self.to }, None);
        Ok(())
    }
}

impl Decide for Describe {
    fn needs(&self, _: &View<'_>) -> Needs<'_> {
        manage()
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        not_frozen(on)?;
        let found = entry(on, &self.entry)?;
        let event = Described { registration: found.id, tags: sorted_tags(&self.tags)? };
        facts.push(ScopeId::NONE, event, self.metadata.as_ref());
        Ok(())
    }
}

impl Decide for DefineKind {
    fn needs(&self, _: &View<'_>) -> Needs<'_> {
        manage()
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        not_frozen(on)?;
        if on.world.registry().knows_kind(&self.kind) {
            return Err(Error::refused("exists", format!("there is a kind `{}` already", self.kind)).into());
        }
        let description = Data::from_text_fields(&[("description", &self.description)])?;
        facts.push(ScopeId::NONE, KindDefined { kind: self.kind.to_string() }, Some(&description));
        Ok(())
    }
}

impl Decide for Freeze {
    fn needs(&self, _: &View<'_>) -> Needs<'_> {
        manage()
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        not_frozen(on)?;
        facts.push(ScopeId::NONE, Frozen {}, None);
        Ok(())
    }
}

impl Decide for Unfreeze {
    fn needs(&self, _: &View<'_>) -> Needs<'_> {
        manage()
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        if !on.world.registry().is_frozen() {
            return Err(Error::refused("unchanged", "the registry is not frozen").into());
        }
        facts.push(ScopeId::NONE, Unfrozen {}, None);
        Ok(())
    }
}

/// What an event changes. A kind is a word: once defined it stays, so there is nothing to bring back.
pub(crate) fn entity(event: &RegistryEvent) -> Option<Entity> {
    use RegistryEvent as E;
    match event {
        E::Registered(e) => Some(Entity::Registration(e.registration)),
        E::LifecycleChanged(e) => Some(Entity::Registration(e.registration)),
        E::Reinstated(e) => Some(Entity::Registration(e.registration)),
        E::Described(e) => Some(Entity::Registration(e.registration)),
        E::KindDefined(_) => None,
        E::Frozen(_) | E::Unfrozen(_) => Some(Entity::Registry),
    }
}

/// The command that would bring this fact about.
pub(crate) fn recall(event: RegistryEvent, asked: Recalling<'_>) -> Option<Recalled> {
    use RegistryEvent as E;
    let data = asked.data;
    Some(Recalled::one(match event {
        E::Registered(e) => Command::Register(Register {
            registration: Some(e.registration),
            urn: Urn::new(Kind::named(&e.kind).ok()?, &e.namespace, &e.name, e.version).ok()?,
            lifecycle: e.lifecycle,
            tags: e.tags,
            metadata: data,
        }),
        E::Reinstated(e) => Command::Reinstate(Reinstate { entry: e.registration.into(), to: e.to }),
        E::LifecycleChanged(e) if e.to == Lifecycle::Archived => {
            Command::Archive(Archive { entry: e.registration.into() })
        }
        E::LifecycleChanged(e) => Command::Transition(Transition { entry: e.registration.into(), to: e.to }),
        E::Described(e) => {
            Command::Describe(Describe { entry: e.registration.into(), tags: e.tags, metadata: data })
        }
        E::KindDefined(e) => {
            let described = data.and_then(|data| data.value().ok());
            let text = described.as_ref().and_then(|data| data.get("description")?.as_str());
            let description = text.unwrap_or_default().to_owned();
            Command::DefineKind(DefineKind { kind: Kind::named(&e.kind).ok()?, description })
        }
        E::Frozen(_) => Command::Freeze(Freeze {}),
        E::Unfrozen(_) => Command::Unfreeze(Unfreeze {}),
    }))
}

/// The event that made a thing what it is in this world; `None` when it is not there.
pub(crate) fn changed(world: &World, entity: Entity) -> Option<Sequence> {
    match entity {
        Entity::Registration(id) => world.registry().get(id).map(|entry| entry.changed),
        Entity::Registry => world.registry().frozen_changed(),
        _ => None,
    }
}
