//! What can be asked about the registry: by name, by what entries have in common, by their history; of the present as of the past.

use super::construct::TARGET;
use super::derived::{self, Made};
use super::{Entry, EntryChange, EntryInfo, Query, RegistrationRef};
use crate::audit::Filter;
use crate::error::{Error, Result};
use crate::history::{History, decode};
use crate::moment::Moment;
use crate::temporal::Entity;
use scoped_projections::registry::{Lifecycle, Registration, Registry, RegistryEvent};
use scoped_projections::{Event, PrincipalId, Sequence, World};

/// An entry, whichever way it is registered.
pub(crate) enum Found<'a> {
    Row(&'a Registration),
    Made(Made),
}

impl Found<'_> {
    pub(crate) fn registered(&self) -> Sequence {
        match self {
            Self::Row(entry) => entry.registered,
            Self::Made(made) => made.created,
        }
    }
}

/// The entry of that name or id.
pub(crate) fn find<'a>(world: &'a World, named: &RegistrationRef) -> Option<Found<'a>> {
    match named {
        RegistrationRef::Urn(urn) if derived::is_derived(urn) => derived::find(world, urn).map(Found::Made),
        named => named.find(world.registry()).map(Found::Row),
    }
}

/// The entry of what is at that path of the code: of several editions the newest in use, else the newest.
pub(crate) fn find_at<'a>(world: &'a World, target: &str) -> Option<Found<'a>> {
    let query = Query { tags: vec![format!("{TARGET}{target}")], ..Query::default() };
    let newest = world.registry().find(&query).into_iter();
    newest.max_by_key(|entry| (entry.lifecycle.is_usable(), entry.version)).map(Found::Row)
}

/// The entries that fit and were registered behind `after`, in the order in which they were; of objects those in `rows`, which rise, one by one
/// as they are asked for.
pub(crate) fn list<'a>(
    world: &'a World,
    query: &'a Query,
    after: Sequence,
    rows: impl Iterator<Item = u32> + 'a,
) -> impl Iterator<Item = Found<'a>> + 'a {
    let registered = world.registry().find(query).into_iter().map(Found::Row);
    let mut few: Vec<Found<'a>> = registered
        .chain(derived::all(world, query).map(Found::Made))
        .filter(|found| found.registered() > after)
        .collect();
    // One event registers one thing, so no two are equal.
    few.sort_by_key(Found::registered);
    let rows = rows.take_while(|_| derived::asks_for_objects(query));
    let mut few = few.into_iter().peekable();
    let mut many = derived::objects(world, query, rows).map(Found::Made).peekable();
    std::iter::from_fn(move || match (few.peek(), many.peek()) {
        (Some(one), Some(other)) if one.registered() > other.registered() => many.next(),
        (None, Some(_)) => many.next(),
        _ => few.next(),
    })
}

/// Rows of all objects that were made behind `after`.
pub(crate) fn objects_behind(world: &World, query: &Query, after: Sequence) -> std::ops::Range<u32> {
    let all = world.objects().len() as u32;
    match &query.name {
        _ if !derived::asks_for_objects(query) => 0..0,
        // By name there is one, or none.
        Some(name) => {
            let row = name.parse().ok().and_then(|id| world.objects().row(id));
            let behind = row.filter(|row| *row >= derived::objects_behind(world, after));
            behind.map_or(0..0, |row| row..row + 1)
        }
        None => derived::objects_behind(world, after)..all,
    }
}

/// The events about an entry up to a position, oldest first.
pub(crate) enum Trail {
    Known(Vec<Sequence>),
    /// To be looked up in the audit trail: what was made, its first event, and the last that counts.
    Sought(Entity, Sequence, Sequence),
}

impl Trail {
    pub(crate) fn of(world: &World, found: &Found<'_>) -> Self {
        match found {
            Found::Row(entry) => Self::Known(world.registry().history(entry)),
            Found::Made(made) => Self::Sought(made.entity, made.created, world.position()),
        }
    }
    /// Reads the events. Takes no world: whoever asks for a long trail keeps nobody waiting.
    pub(crate) fn read(self, history: &History) -> Result<Vec<EntryChange>> {
        let sequences = match self {
            Self::Known(known) => known,
            Self::Sought(entity, created, to) => sought(history, entity, created, to)?,
        };
        sequences.iter().zip(1..).map(|(at, version)| change(history, *at, version)).collect()
    }
}

/// What the audit trail has about a thing. Its first event is there also when it is never taken back, as the founding of the log is not.
fn sought(history: &History, entity: Entity, created: Sequence, to: Sequence) -> Result<Vec<Sequence>> {
    let filter = Filter { from: created, to, ..Filter::about(entity) };
    let mut found = history.audit(&filter)?;
    if found.first() != Some(&created) {
        found.insert(0, created);
    }
    Ok(found)
}

fn change(history: &History, at: Sequence, entry_version: u32) -> Result<EntryChange> {
    let record = history.record(at)?;
    let (context, event) = decode(&record)?;
    let lifecycle = match &event {
        Event::Registry(RegistryEvent::Registered(e)) => Some(e.lifecycle),
        Event::Registry(RegistryEvent::LifecycleChanged(e)) => Some(e.to),
        Event::Registry(RegistryEvent::Reinstated(e)) => Some(e.to),
        _ => None,
    };
    Ok(EntryChange {
        entry_version,
        at: at.get(),
        time: record.time(),
        by: PrincipalId(record.actor()),
        change: scoped_projections::domains::kind_info(event.kind()).map_or("", |info| info.name),
        lifecycle,
        undoes: Some(context.undoes).filter(|undoes| *undoes != 0),
    })
}

impl Moment<'_> {
    /// The entry of that name or id, if there is one; also of what is registered by being made.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn find_registered(&self, named: &RegistrationRef) -> Result<Option<Entry>> {
        let Some(found) = find(self.world, named) else { return Ok(None) };
        Ok(Some(self.entry(&found)?))
    }

    /// The entry of what is declared at that path of the code, see [`target!`](crate::target); of several editions the newest in use.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn registered_at(&self, target: &str) -> Result<Option<Entry>> {
        find_at(self.world, target).map(|found| self.entry(&found)).transpose()
    }

    /// The same, refused as `not_registered` when there is none.
    ///
    /// # Errors
    /// When there is no such entry at this moment, or the log cannot be read.
    pub fn registered(&self, named: &RegistrationRef) -> Result<Entry> {
        self.find_registered(named)?.ok_or_else(|| missing(named))
    }

    /// All entries that fit, in the order in which they were registered. Objects are among them where their kind (`INSTANCE`) is asked for:
    /// that is as long as there is data.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn registry(&self, query: &Query) -> Result<Vec<EntryInfo>> {
        let rows = objects_behind(self.world, query, Sequence::NONE);
        list(self.world, query, Sequence::NONE, rows).map(|found| self.entry_info(&found)).collect()
    }

    /// The events about an entry, oldest first.
    ///
    /// # Errors
    /// When there is no such entry at this moment, or the log cannot be read.
    pub fn registry_history(&self, named: &RegistrationRef) -> Result<Vec<EntryChange>> {
        let found = find(self.world, named).ok_or_else(|| missing(named))?;
        Trail::of(self.world, &found).read(self.history)
    }

    pub(crate) fn entry_info(&self, found: &Found<'_>) -> Result<EntryInfo> {
        let registered = self.history.record(found.registered())?;
        let at = (PrincipalId(registered.actor()), registered.time(), found.registered().get());
        let (registered_by, registered_at, registered) = at;
        let registry = self.world.registry();
        Ok(match found {
            Found::Row(entry) => EntryInfo {
                urn: registry
                    .urn(entry)
                    .ok_or_else(|| Error::corrupt(format!("the entry `{}` has no name", entry.id)))?,
                registration: Some(entry.id),
                lifecycle: entry.lifecycle,
                tags: registry
                    .tags(entry)
                    .filter(|tag| !tag.starts_with(TARGET))
                    .map(str::to_owned)
                    .collect(),
                target: registry.tags(entry).find_map(|tag| tag.strip_prefix(TARGET)).map(str::to_owned),
                entry_version: Some(entry.entry_version),
                registered_by,
                registered_at,
                registered,
                changed: entry.changed.get(),
                previous: registry.previous(entry).map(|before| before.id),
            },
            Found::Made(made) => EntryInfo {
                urn: made.urn.clone(),
                registration: None,
                lifecycle: made.lifecycle,
                tags: Vec::new(),
                target: None,
                entry_version: None,
                registered_by,
                registered_at,
                registered,
                changed: made.changed.get(),
                previous: None,
            },
        })
    }

    pub(crate) fn entry(&self, found: &Found<'_>) -> Result<Entry> {
        let info = self.entry_info(found)?;
        let described = match found {
            Found::Row(entry) => self.history.payload(entry.described)?,
            // What was said when it was made belongs to the thing, and is read there.
            Found::Made(_) => None,
        };
        let empty = || serde_json::Value::Object(serde_json::Map::new());
        let read = |bytes: Vec<u8>| {
            serde_json::from_slice(&bytes)
                .map_err(|e| Error::corrupt(format!("stored metadata is no JSON: {e}")))
        };
        Ok(Entry { info, metadata: described.map(read).transpose()?.unwrap_or_else(empty) })
    }
}

/// What is said about a name that nothing has.
pub(crate) fn missing(named: &RegistrationRef) -> Error {
    Error::refused("not_registered", format!("`{named}` is not registered"))
}

/// A kind, and how it came to be one.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct KindInfo {
    /// Its name.
    pub kind: super::Kind,
    /// What it is, for people; empty for those built in.
    pub description: String,
    /// The event that defined it; `None` for those built in.
    pub defined: Option<u64>,
}

/// All kinds: those built in, then those defined, by name.
pub(crate) fn kinds(registry: &Registry, history: &History) -> Result<Vec<KindInfo>> {
    let built_in = super::Kind::BUILT_IN.iter().chain(super::Kind::ENGINE).cloned();
    let mut found: Vec<KindInfo> =
        built_in.map(|kind| KindInfo { kind, description: String::new(), defined: None }).collect();
    for (name, kind) in registry.custom_kinds() {
        let payload = history.payload(kind.defined)?.unwrap_or_default();
        let value: serde_json::Value = serde_json::from_slice(&payload).unwrap_or_default();
        let description = value.get("description").and_then(serde_json::Value::as_str).unwrap_or_default();
        found.push(KindInfo {
            kind: super::Kind::named(name)?,
            description: description.to_owned(),
            defined: Some(kind.defined.get()),
        });
    }
    Ok(found)
}

impl Moment<'_> {
    /// All kinds: those built in, then those defined, by name.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn kinds(&self) -> Result<Vec<KindInfo>> {
        kinds(self.world.registry(), self.history)
    }
}

impl EntryInfo {
    /// May new things refer to it?
    #[must_use]
    pub fn is_usable(&self) -> bool {
        matches!(self.lifecycle, Lifecycle::Active | Lifecycle::Deprecated)
    }
}
