//! Reading the audit trail.

use super::{Ask, Operation, Reading};
use crate::authorize::Target;
use crate::error::{Error, Result};
use crate::history::decode;
use crate::kernel::execute::object_target;
use scoped_log::Record;
use scoped_projections::audit::Filter;
use scoped_projections::tenancy::Capability as C;
use scoped_projections::world::envelope;
use scoped_projections::{Envelope, Event, ScopeId, Sequence};

/// Events of the trail that are looked at while holding the present world.
const AUDIT_SLICE: usize = 256;

/// One event of the audit trail, as far as its reader may see it.
#[derive(Debug, Clone)]
pub struct AuditEntry {
    /// Its place and origin.
    pub envelope: Envelope,
    /// What happened.
    pub event: Event,
    /// The payload: of one's own actions, and of objects that one may read now.
    pub data: Option<Vec<u8>>,
}

/// A page of the audit trail.
#[derive(Debug, Clone)]
pub struct AuditPage {
    /// The entries, in log order.
    pub entries: Vec<AuditEntry>,
    /// Where the next page begins; `None` when this is the last.
    pub next: Option<Sequence>,
}

impl Reading {
    /// A page of the audit trail: one's own actions, and those in scopes that one may audit.
    ///
    /// # Errors
    /// When this principal is not active, or the log cannot be read.
    pub fn audit(&self, filter: &Filter, limit: usize) -> Result<AuditPage> {
        if limit == 0 {
            return Err(Error::invalid("a page of the audit trail has at least one entry"));
        }
        let (history, mut filter) = (&self.engine.inner.history, filter.clone());
        let last = self.ask(Operation::AuditQuery, |ask| {
            ask.need(C::ReadLocal, Target::Own)?;
            Ok(ask.moment.world.position())
        })?;
        filter.to = if filter.to == Sequence::NONE { last } else { filter.to.min(last) };
        let mut page = AuditPage { entries: Vec::new(), next: None };
        // A slice at a time: the writer waits for no one who reads a long trail.
        for slice in history.audit(&filter)?.chunks(AUDIT_SLICE) {
            let done = self.ask(Operation::AuditQuery, |ask| {
                for at in slice {
                    let Some(entry) = ask.entry(&history.record(*at)?)? else { continue };
                    if page.entries.len() == limit {
                        page.next = Some(*at);
                        return Ok(true);
                    }
                    page.entries.push(entry);
                }
                Ok(false)
            })?;
            if done {
                break;
            }
        }
        Ok(page)
    }
}

impl Ask<'_> {
    /// What the actor may see of an event; `None` for nothing at all.
    fn entry(&self, record: &Record) -> Result<Option<AuditEntry>> {
        let (context, event) = decode(record)?;
        let row = self.present.tenancy().row(ScopeId(record.scope()));
        let audits = row.is_some_and(|row| self.allowed_now(C::AuditRead, Target::Scope(row)));
        let own = record.actor() == self.actor.0;
        // One's own refusals would tell what is missing from what is forbidden: they are for those who audit the scope.
        if !audits && (!own || matches!(event, Event::Audit(_))) {
            return Ok(None);
        }
        let readable = |id| self.allowed_now(C::ReadLocal, object_target(self.present, id));
        let shown = own || event.object().is_some_and(readable);
        let data = record.payload().filter(|_| shown).map(<[u8]>::to_vec);
        Ok(Some(AuditEntry { envelope: envelope(record, context), event, data }))
    }
}
