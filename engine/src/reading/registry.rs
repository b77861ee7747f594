//! Reading the registry. Code constructs are there for every active principal; of what is registered by being made one finds what one
//! may see, and nothing tells the rest from what is not there.

use super::{Ask, ObjectQuery, Operation, Reading};
use crate::authorize::{Request, Target};
use crate::error::{Error, Result};
use crate::kernel::execute::{Refusal, object_target};
use crate::registry::{
    Entry, EntryChange, EntryPage, Found, KindInfo, Made, Query, RegistrationRef, Scan, ScanReport, Trail,
    Types, find, list, missing, objects_behind,
};
use crate::temporal::Entity;
use roaring::RoaringBitmap;
use scoped_projections::Sequence;
use scoped_projections::tenancy::Capability as C;

/// Most entries that one page of the registry shows.
pub const REGISTRY_PAGE_MAX: usize = 1_000;

impl Ask<'_> {
    /// Seen then and now.
    fn sees_entry(&self, found: &Found<'_>) -> bool {
        match found {
            Found::Row(_) => true,
            Found::Made(made) => {
                made.seen_by(self.moment.world, self.actor, self.moment.now.read())
                    && (std::ptr::eq(self.moment.world, self.present)
                        || made.seen_by(self.present, self.actor, self.now.read()))
            }
        }
    }
    fn entry_of(&self, named: &RegistrationRef) -> Result<Option<Found<'_>>, Refusal> {
        self.need(C::ReadLocal, Target::Own)?;
        Ok(find(self.moment.world, named).filter(|found| self.sees_entry(found)))
    }
    /// Rows of the objects that a query asks for and that tenancy lets the actor read, behind an event: a superset of those that are seen.
    fn objects_behind(&self, query: &Query, after: Sequence) -> impl Iterator<Item = u32> + use<> {
        let rows = objects_behind(self.moment.world, query, after);
        let all = ObjectQuery { with_tombstoned: true, ..ObjectQuery::default() };
        let mine = if rows.is_empty() { RoaringBitmap::new() } else { self.candidates(&all) };
        mine.into_iter().skip_while(move |row| *row < rows.start).take_while(move |row| *row < rows.end)
    }
    /// What happened to a scope is for those who audit it, what happened to a principal for itself and for operators.
    fn audits_made(&self, made: &Made) -> Result<(), Refusal> {
        let (capability, target) = match made.entity {
            Entity::Principal(id) if id == self.actor => return Ok(()),
            Entity::Principal(_) => (C::PrincipalsManage, Target::Deployment),
            Entity::Object(id) => (C::AuditRead, object_target(self.moment.world, id)),
            other => {
                match other.place(self.moment.world).0.and_then(|id| self.moment.world.tenancy().row(id)) {
                    Some(row) => (C::AuditRead, Target::Scope(row)),
                    // What is of no scope is the operators' to look after.
                    None => (C::RegistryManage, Target::Deployment),
                }
            }
        };
        self.need(capability, target).map(drop)
    }
    fn known(&self, named: &RegistrationRef) -> Result<Found<'_>, Refusal> {
        // A name that the engine gives would tell what was made: missing and not seen are one.
        let refusal = || match named {
            RegistrationRef::Urn(urn) if crate::registry::is_derived(urn) => {
                Refusal::Denied(Request::new(C::ReadLocal, Target::Nothing))
            }
            named => missing(named).into(),
        };
        self.entry_of(named)?.ok_or_else(refusal)
    }
}

impl Reading {
    /// The entry of that name or id.
    ///
    /// # Errors
    /// `not_registered` for a construct that is not there; for what is registered by being made the same words whether it is missing or
    /// not this principal's to see.
    pub fn registered(&self, named: impl Into<RegistrationRef>) -> Result<Entry> {
        let named = named.into();
        self.ask(Operation::RegistryGet, |ask| Ok(ask.moment.entry(&ask.known(&named)?)?))
    }

    /// The entry of that name or id, if there is one that this principal may see.
    ///
    /// # Errors
    /// When this principal is not active, or the log cannot be read.
    pub fn find_registered(&self, named: impl Into<RegistrationRef>) -> Result<Option<Entry>> {
        let named = named.into();
        self.ask(Operation::RegistryGet, |ask| match ask.entry_of(&named)? {
            Some(found) => Ok(Some(ask.moment.entry(&found)?)),
            None => Ok(None),
        })
    }

    /// The entry of what is declared at that path of the code, see [`target!`](crate::target); of several editions the newest in use.
    ///
    /// # Errors
    /// When this principal is not active, or the log cannot be read.
    pub fn registered_at(&self, target: &str) -> Result<Option<Entry>> {
        self.ask(Operation::RegistryGet, |ask| {
            ask.need(C::ReadLocal, Target::Own)?;
            Ok(ask.moment.registered_at(target)?)
        })
    }

    /// Compares what is declared and what is used with what is registered. For operators: it tells the types of everybody's objects.
    /// Objects are looked at some at a time, so that no writer waits for all of them: their types are those of the time that it takes.
    ///
    /// # Errors
    /// When this principal does not manage the registry.
    pub fn registry_scan(&self, scan: &Scan) -> Result<ScanReport> {
        let mut types = Types::default();
        let mut more = self.ask(Operation::RegistryScan, |ask| {
            ask.need(C::RegistryManage, Target::Deployment)?;
            Ok(types.look(ask.moment.world))
        })?;
        while more {
            more = self.peek(Operation::RegistryScan, |ask| {
                ask.need(C::RegistryManage, Target::Deployment)?;
                Ok(types.look(ask.moment.world))
            })?;
        }
        self.peek(Operation::RegistryScan, |ask| {
            ask.need(C::RegistryManage, Target::Deployment)?;
            Ok(ask.moment.scan_beside(scan, &types))
        })
    }

    /// The entries that fit and that this principal may see, behind `after` in the order in which they were registered, at most `limit` (1
    /// to [`REGISTRY_PAGE_MAX`]). Archived ones are there: a query for a lifecycle leaves them out. Objects are there where their kind
    /// (`INSTANCE`) is asked for, and nothing else leaves them out: who asks for everything does not mean all data.
    ///
    /// # Errors
    /// When this principal is not active, the limit is none, or the log cannot be read.
    pub fn registry(&self, query: &Query, after: Sequence, limit: usize) -> Result<EntryPage> {
        if limit == 0 || limit > REGISTRY_PAGE_MAX {
            return Err(Error::invalid(format!("a page has 1 to {REGISTRY_PAGE_MAX} entries")));
        }
        self.ask(Operation::RegistryQuery, |ask| {
            ask.need(C::ReadLocal, Target::Own)?;
            let mut page = EntryPage { entries: Vec::new(), next: None };
            let objects = ask.objects_behind(query, after);
            for found in list(ask.moment.world, query, after, objects).filter(|found| ask.sees_entry(found)) {
                if page.entries.len() == limit {
                    page.next = page.entries.last().map(|last| Sequence::new(last.registered));
                    break;
                }
                page.entries.push(ask.moment.entry_info(&found)?);
            }
            Ok(page)
        })
    }

    /// How many entries fit and are this principal's to see.
    ///
    /// # Errors
    /// When this principal is not active.
    pub fn registry_count(&self, query: &Query) -> Result<usize> {
        self.ask(Operation::RegistryQuery, |ask| {
            ask.need(C::ReadLocal, Target::Own)?;
            let objects = ask.objects_behind(query, Sequence::NONE);
            let found = list(ask.moment.world, query, Sequence::NONE, objects);
            Ok(found.filter(|found| ask.sees_entry(found)).count())
        })
    }

    /// The events about an entry, oldest first.
    ///
    /// # Errors
    /// As [`Self::registered`]; also, for what is registered by being made, when this principal may not audit it.
    pub fn registry_history(&self, named: impl Into<RegistrationRef>) -> Result<Vec<EntryChange>> {
        let named = named.into();
        let trail = self.ask(Operation::RegistryHistory, |ask| {
            let found = ask.known(&named)?;
            if let Found::Made(made) = &found {
                ask.audits_made(made)?;
            }
            Ok(Trail::of(ask.moment.world, &found))
        })?;
        trail.read(&self.engine.inner.history)
    }

    /// All kinds: those built in, then those defined, by name.
    ///
    /// # Errors
    /// When this principal is not active, or the log cannot be read.
    pub fn kinds(&self) -> Result<Vec<KindInfo>> {
        self.ask(Operation::RegistryKinds, |ask| {
            ask.need(C::ReadLocal, Target::Own)?;
            Ok(ask.moment.kinds()?)
        })
    }
}
