//! The fold over the registry.

use super::entry::Change;
use super::urn::split_type;
use super::{Kind, Lifecycle, Registered, Registration, RegistryEvent as E, Urn};
use crate::canonical::{Input, InputError, Output};
use crate::store::{NO_ROW, Postings, RowSet, Rows, Sorted, Table, Words, transact};
use crate::{Envelope, PrincipalId, RegistrationId, Sequence};
use roaring::RoaringBitmap;

/// A kind that an application defined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CustomKind {
    /// The event whose payload describes it.
    pub defined: Sequence,
}

/// What entries are looked for by: all that is given has to hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    /// Of this kind.
    pub kind: Option<Kind>,
    /// In this namespace.
    pub namespace: Option<String>,
    /// Of this name.
    pub name: Option<String>,
    /// With all of these tags.
    pub tags: Vec<String>,
    /// At this point of their lives.
    pub lifecycle: Option<Lifecycle>,
}

crate::store::owns_nothing!(Change, CustomKind);

/// All that is registered.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    entries: Table<Registration>,
    words: Words,
    /// INVARIANT (names): kind, namespace, name, version → row.
    urns: Sorted<(u32, u32, u32, u32), u32>,
    by_kind: Postings,
    by_namespace: Postings,
    by_tag: Postings,
    by_lifecycle: Postings,
    changes: Rows<Change>,
    kinds: Sorted<Box<str>, CustomKind>,
    /// The last event that froze or unfroze it, and which of the two it was.
    frozen: Sorted<(), (bool, Sequence)>,
}
transact!(Registry {
    entries,
    words,
    urns,
    by_kind,
    by_namespace,
    by_tag,
    by_lifecycle,
    changes,
    kinds,
    frozen
});

impl Registry {
    /// The entry with that id.
    #[must_use]
    pub fn get(&self, id: RegistrationId) -> Option<&Registration> {
        self.entries.by_id(id.0)
    }
    /// The entry of that name.
    #[must_use]
    pub fn by_urn(&self, urn: &Urn) -> Option<&Registration> {
        let (kind, namespace, name) = self.numbers(urn.kind().as_str(), urn.namespace(), urn.name())?;
        self.entries.get(*self.urns.get(&(kind, namespace, name, urn.version()))?)
    }
    fn numbers(&self, kind: &str, namespace: &str, name: &str) -> Option<(u32, u32, u32)> {
        Some((self.words.find(kind)?, self.words.find(namespace)?, self.words.find(name)?))
    }
    /// The editions of one thing, newest first.
    pub fn versions(
        &self,
        kind: &Kind,
        namespace: &str,
        name: &str,
    ) -> impl Iterator<Item = &Registration> + use<'_> {
        let found = self.numbers(kind.as_str(), namespace, name).map(|(kind, namespace, name)| {
            self.urns.range((kind, namespace, name, 0)..=(kind, namespace, name, u32::MAX)).rev()
        });
        found.into_iter().flatten().filter_map(|(_, row)| self.entries.get(*row))
    }
    /// The entry that an object's type means: its newest edition that may be used, or else its newest draft, or else its newest.
    ///
    /// A draft is not there yet for those who make objects: it never stands in the way of the edition before it.
    #[must_use]
    pub fn object_type(&self, word: &str) -> Option<&Registration> {
        let (namespace, name) = split_type(word);
        let mut otherwise: Option<&Registration> = None;
        for entry in self.versions(&Kind::MODEL, namespace, name) {
            if entry.lifecycle.is_usable() {
                return Some(entry);
            }
            if otherwise.is_none_or(|found| found.lifecycle > entry.lifecycle) {
                otherwise = Some(entry);
            }
        }
        otherwise
    }
    /// The edition before this one, if there is any.
    #[must_use]
    pub fn previous(&self, entry: &Registration) -> Option<&Registration> {
        let (kind, namespace, name) = (entry.kind, entry.namespace, entry.name);
        let mut before = self.urns.range((kind, namespace, name, 0)..(kind, namespace, name, entry.version));
        self.entries.get(*before.next_back()?.1)
    }
    /// Its kind.
    #[must_use]
    pub fn kind(&self, entry: &Registration) -> &str {
        self.words.word(entry.kind)
    }
    /// Its namespace.
    #[must_use]
    pub fn namespace(&self, entry: &Registration) -> &str {
        self.words.word(entry.namespace)
    }
    /// Its name.
    #[must_use]
    pub fn name(&self, entry: &Registration) -> &str {
        self.words.word(entry.name)
    }
    /// Its full name. `None` for what no decision lets into the log.
    #[must_use]
    pub fn urn(&self, entry: &Registration) -> Option<Urn> {
        let kind = Kind::named(self.kind(entry)).ok()?;
        Urn::new(kind, self.namespace(entry), self.name(entry), entry.version).ok()
    }
    /// Is anything tagged so?
    #[must_use]
    pub fn has_tagged(&self, tag: &str) -> bool {
        if self.by_tag.is_empty() {
            return false;
        }
        let rows = self.words.find(tag).and_then(|tag| self.by_tag.get(tag));
        rows.is_some_and(|rows| !rows.is_empty())
    }
    /// Is any entry in this state?
    #[must_use]
    pub fn has_any(&self, lifecycle: Lifecycle) -> bool {
        self.by_lifecycle.get(u32::from(lifecycle.tag())).is_some_and(|rows| !rows.is_empty())
    }
    /// Its tags, sorted.
    pub fn tags<'a>(&'a self, entry: &'a Registration) -> impl Iterator<Item = &'a str> {
        entry.tags.iter().map(|tag| self.words.word(*tag))
    }
    /// The events about an entry, oldest first.
    #[must_use]
    pub fn history(&self, entry: &Registration) -> Vec<Sequence> {
        let last = self.changes.get(entry.last);
        let mut found: Vec<Sequence> =
            std::iter::successors(last, |change| self.changes.get(change.before)).map(|c| c.at).collect();
        found.reverse();
        found
    }
    /// All entries, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Registration> {
        self.entries.iter()
    }
    /// How many entries there are, archived ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }
    /// True before anything was registered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
    /// The entries that fit, oldest first. Cost: the smallest of the sets that the query names.
    #[must_use]
    pub fn find(&self, query: &Query) -> Vec<&Registration> {
        let by_name = |entry: &&Registration| query.name.as_ref().is_none_or(|name| self.name(entry) == name);
        match self.rows(query) {
            Rowset::All => self.iter().filter(by_name).collect(),
            Rowset::Some(rows) => {
                rows.iter().filter_map(|row| self.entries.get(row)).filter(by_name).collect()
            }
            Rowset::None => Vec::new(),
        }
    }
    fn rows(&self, query: &Query) -> Rowset {
        let word = |word: &str, of: &Postings| {
            self.words.find(word).and_then(|number| of.get(number).map(RowSet::bitmap))
        };
        let mut sets: Vec<Option<RoaringBitmap>> = Vec::new();
        sets.extend(query.kind.as_ref().map(|kind| word(kind.as_str(), &self.by_kind)));
        sets.extend(query.namespace.as_ref().map(|namespace| word(namespace, &self.by_namespace)));
        sets.extend(query.tags.iter().map(|tag| word(tag, &self.by_tag)));
        sets.extend(query.lifecycle.map(|at| self.by_lifecycle.get(u32::from(at.tag())).map(RowSet::bitmap)));
        let Some(mut found) = sets.pop() else { return Rowset::All };
        for set in sets {
            found = found.zip(set).map(|(a, b)| a & b);
        }
        found.map_or(Rowset::None, Rowset::Some)
    }
    /// Is it built in, or defined?
    #[must_use]
    pub fn knows_kind(&self, kind: &Kind) -> bool {
        kind.is_built_in() || self.kinds.get(kind.as_str()).is_some()
    }
    /// The kinds that were defined, by name.
    pub fn custom_kinds(&self) -> impl Iterator<Item = (&str, &CustomKind)> {
        self.kinds.iter().map(|(name, kind)| (&**name, kind))
    }
    /// A kind that was defined.
    #[must_use]
    pub fn custom_kind(&self, kind: &Kind) -> Option<&CustomKind> {
        self.kinds.get(kind.as_str())
    }
    /// Does nothing in it change for now?
    #[must_use]
    pub fn is_frozen(&self) -> bool {
        self.frozen.get(&()).is_some_and(|(frozen, _)| *frozen)
    }
    /// The last event that froze or unfroze it.
    #[must_use]
    pub fn frozen_changed(&self) -> Option<Sequence> {
        self.frozen.get(&()).map(|(_, at)| *at)
    }

    pub(crate) fn apply(&mut self, at: &Envelope, event: &E) {
        match event {
            E::Registered(e) => self.register(at, e),
            E::LifecycleChanged(e) => self.go(at, e.registration, e.to),
            E::Reinstated(e) => self.go(at, e.registration, e.to),
            E::Described(e) => self.edit(at, e.registration, |registry, row| {
                let tags = registry.tag_numbers(&e.tags);
                let Some(entry) = registry.entries.edit(row) else { return };
                entry.described = at.sequence;
                let before = std::mem::replace(&mut entry.tags, tags.clone());
                before.iter().for_each(|tag| registry.by_tag.remove(*tag, row));
                tags.iter().for_each(|tag| registry.by_tag.insert(*tag, row));
            }),
            E::KindDefined(e) => self.define(&e.kind, at.sequence),
            E::Frozen(_) => self.frozen.insert((), (true, at.sequence)),
            E::Unfrozen(_) => self.frozen.insert((), (false, at.sequence)),
        }
    }

    fn go(&mut self, at: &Envelope, id: RegistrationId, to: Lifecycle) {
        self.edit(at, id, |registry, row| {
            let Some(entry) = registry.entries.edit(row) else { return };
            let before = std::mem::replace(&mut entry.lifecycle, to);
            entry.been |= to.bit();
            registry.by_lifecycle.remove(u32::from(before.tag()), row);
            registry.by_lifecycle.insert(u32::from(to.tag()), row);
        });
    }

    fn define(&mut self, kind: &str, defined: Sequence) {
        // The first description wins.
        let custom = Kind::named(kind).is_ok_and(|kind| !kind.is_built_in());
        if custom && self.kinds.get(kind).is_none() {
            self.kinds.insert(kind.into(), CustomKind { defined });
        }
    }

    fn tag_numbers(&mut self, tags: &[String]) -> Box<[u32]> {
        tags.iter().map(|tag| self.words.number(tag)).collect()
    }

    fn register(&mut self, at: &Envelope, e: &Registered) {
        let (kind, namespace, name) =
            (self.words.number(&e.kind), self.words.number(&e.namespace), self.words.number(&e.name));
        let tags = self.tag_numbers(&e.tags);
        if self.entries.find(e.registration.0).is_some()
            || self.urns.get(&(kind, namespace, name, e.version)).is_some()
        {
            return;
        }
        self.define(&e.kind, at.sequence);
        let last = self.changes.push(Change { at: at.sequence, before: NO_ROW });
        self.add(Registration {
            id: e.registration,
            kind,
            namespace,
            name,
            version: e.version,
            lifecycle: e.lifecycle,
            been: e.lifecycle.bit(),
            entry_version: 1,
            tags,
            by: at.actor,
            registered: at.sequence,
            described: at.sequence,
            changed: at.sequence,
            last,
        });
    }

    fn add(&mut self, entry: Registration) {
        let urn = (entry.kind, entry.namespace, entry.name, entry.version);
        let (lifecycle, tags) = (u32::from(entry.lifecycle.tag()), entry.tags.clone());
        let row = self.entries.insert(entry);
        self.urns.insert(urn, row);
        self.by_kind.insert(urn.0, row);
        self.by_namespace.insert(urn.1, row);
        self.by_lifecycle.insert(lifecycle, row);
        tags.iter().for_each(|tag| self.by_tag.insert(*tag, row));
    }

    fn edit(&mut self, at: &Envelope, id: RegistrationId, change: impl FnOnce(&mut Self, u32)) {
        let Some(row) = self.entries.find(id.0) else { return };
        change(self, row);
        let before = self.entries.get(row).map_or(NO_ROW, |entry| entry.last);
        let last = self.changes.push(Change { at: at.sequence, before });
        if let Some(entry) = self.entries.edit(row) {
            entry.entry_version = entry.entry_version.saturating_add(1);
            entry.changed = at.sequence;
            entry.last = last;
        }
    }

    pub(crate) fn save(&self, out: &mut impl Output) {
        self.words.save(out);
        out.count(self.changes.len());
        for change in self.changes.iter() {
            out.sequence(change.at);
            out.u32(change.before);
        }
        out.count(self.entries.len());
        for entry in self.iter() {
            out.u128(entry.id.0);
            out.u32(entry.kind);
            out.u32(entry.namespace);
            out.u32(entry.name);
            out.u32(entry.version);
            out.u8(entry.lifecycle.tag());
            out.u8(entry.been);
            out.u32(entry.entry_version);
            out.count(entry.tags.len());
            entry.tags.iter().for_each(|tag| out.u32(*tag));
            out.u128(entry.by.0);
            out.sequence(entry.registered);
            out.sequence(entry.described);
            out.sequence(entry.changed);
            out.u32(entry.last);
        }
        out.count(self.kinds.len());
        for (name, kind) in self.kinds.iter() {
            out.text(name);
            out.sequence(kind.defined);
        }
        out.u8(u8::from(self.frozen.get(&()).is_some()));
        if let Some((frozen, at)) = self.frozen.get(&()) {
            out.u8(u8::from(*frozen));
            out.sequence(*at);
        }
    }

    pub(crate) fn load(input: &mut Input<'_>) -> Result<Self, InputError> {
        let mut state = Self { words: Words::load(input)?, ..Self::default() };
        for nth in 0..input.count()? {
            let change = Change { at: input.sequence()?, before: input.u32()? };
            // A list that led forward could be walked for ever.
            if change.before != NO_ROW && change.before as usize >= nth {
                return Err(InputError);
            }
            state.changes.push(change);
        }
        for _ in 0..input.count()? {
            let (id, kind, namespace, name) =
                (RegistrationId(input.u128()?), input.u32()?, input.u32()?, input.u32()?);
            let (version, lifecycle) = (input.u32()?, Lifecycle::from_tag(input.u8()?).ok_or(InputError)?);
            let (been, entry_version) = (input.u8()?, input.u32()?);
            let tags = (0..input.count()?).map(|_| input.u32()).collect::<Result<Box<[u32]>, _>>()?;
            // A number without a word would make the indexes as large as itself.
            if [kind, namespace, name].iter().chain(&tags).any(|number| !state.words.has(*number)) {
                return Err(InputError);
            }
            let by = PrincipalId(input.u128()?);
            let (registered, described, changed) = (input.sequence()?, input.sequence()?, input.sequence()?);
            let last = input.u32()?;
            state.add(Registration {
                id,
                kind,
                namespace,
                name,
                version,
                lifecycle,
                been,
                entry_version,
                tags,
                by,
                registered,
                described,
                changed,
                last,
            });
        }
        for _ in 0..input.count()? {
            let name = input.text()?;
            state.kinds.insert(name.into(), CustomKind { defined: input.sequence()? });
        }
        if input.flag()? {
            let frozen = (input.flag()?, input.sequence()?);
            state.frozen.insert((), frozen);
        }
        Ok(state)
    }
}

/// The rows that a query leaves.
enum Rowset {
    All,
    Some(RoaringBitmap),
    None,
}
