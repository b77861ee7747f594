//! The record events of one scope, in log order.
//!
//! Members, lists and policies are no records: their events belong to the audit trail and are never here.

use super::EXAMINED_MAX;
use super::answer::{RecordEvent, ViewItem, ViewPage};
use super::cursor::Cursor;
use super::plan::Plan;
use super::sight::Eyes;
use crate::audit::Filter;
use crate::authorize::Target;
use crate::error::Result;
use crate::history::{History, decode};
use crate::kernel::execute::Result as Asked;
use scoped_projections::domains::kind_info;
use scoped_projections::tenancy::Capability as C;
use scoped_projections::{DOMAINS, Micros, PrincipalId, ScopeId, Sequence};

/// Events that are looked at while holding the present world.
const SLICE: usize = 256;
/// The domains whose events are about records.
const RECORDS: [&str; 2] = ["objects", "sharing"];

/// What is left to do for a page of `raw`.
pub(crate) struct Rest {
    plan: Plan,
    scope: ScopeId,
    size: usize,
    from: Sequence,
    position: Sequence,
    time: Micros,
    question: u64,
    types: Option<Vec<String>>,
}

impl Rest {
    pub(super) fn new(
        eyes: &Eyes<'_>,
        plan: Plan,
        size: usize,
        cursor: Option<Cursor>,
        question: u64,
        types: Option<Vec<String>>,
    ) -> Self {
        let (scope, position) = (plan.scope_id(eyes.world()), eyes.world().position());
        let from = cursor.map_or(Sequence::NONE, |cursor| Sequence::new(cursor.item));
        Self { plan, scope, size, from, position, time: eyes.moment.now.read(), question, types }
    }
}

/// Fills the page: the events of the scope from the index, a slice at a time.
pub(super) fn fill(
    history: &History,
    page: &mut ViewPage,
    rest: &Rest,
    mut take: impl FnMut(&[Sequence], &mut ViewPage) -> Result<Option<Sequence>>,
) -> Result<()> {
    let of_records = DOMAINS.iter().filter(|(_, name, _)| RECORDS.contains(name));
    let kinds = of_records.flat_map(|(_, _, kinds)| kinds.iter()).map(|info| info.kind).collect();
    let filter = Filter {
        scopes: Some(vec![rest.scope]),
        kinds: Some(kinds),
        from: rest.from,
        to: rest.position,
        ..Filter::default()
    };
    let mut next = None;
    if rest.position != Sequence::NONE {
        let events = history.audit(&filter)?;
        let (events, behind) = events.split_at(events.len().min(EXAMINED_MAX));
        next = behind.first().copied();
        for slice in events.chunks(SLICE) {
            if let Some(full) = take(slice, page)? {
                next = Some(full);
                break;
            }
        }
    }
    if let Some(next) = next {
        let cursor = Cursor::new(rest.position, rest.time, rest.plan.target, next.get(), rest.question);
        page.complete = false;
        page.next_cursor = Some(cursor.text());
    }
    Ok(())
}

/// Takes what the reader may see of some events; gives the first that has no room any more.
pub(super) fn take(
    eyes: &Eyes<'_>,
    rest: &Rest,
    slice: &[Sequence],
    page: &mut ViewPage,
) -> Asked<Option<Sequence>> {
    eyes.need(C::ReadLocal, Target::Scope(rest.plan.target))?;
    let objects = eyes.world().objects();
    for at in slice {
        let record = eyes.moment.history.record(*at)?;
        let (_, event) = decode(&record)?;
        let Some(row) = event.object().and_then(|id| objects.row(id)) else { continue };
        let Some(object) = objects.at(row) else { continue };
        if let Some(types) = &rest.types
            && !types.iter().any(|wanted| *wanted == objects.object_type(object))
        {
            continue;
        }
        if !eyes.reads(row, rest.plan.target) {
            continue;
        }
        if page.items.len() == rest.size {
            return Ok(Some(*at));
        }
        let content = eyes.moment.history.content(&record)?;
        let data = content.map(|content| eyes.shown(row, &content.shown())).transpose()?;
        page.items.push(ViewItem::Event(RecordEvent {
            sequence: at.get(),
            time: record.time(),
            actor: PrincipalId(record.actor()),
            kind: kind_info(record.kind()).map_or("?", |info| info.name),
            object_id: object.id,
            data,
        }));
    }
    Ok(None)
}

impl Eyes<'_> {
    /// May the record itself be read, then and now? One that is tombstoned by its owner, and by those who may audit the scope and
    /// could read it if it were not.
    fn reads(&self, row: u32, target: u32) -> bool {
        let object = Target::Object(row);
        let buried = || {
            self.both(|world| world.objects().at(row).is_none_or(|object| object.tombstoned))
                && self.holds(C::AuditRead, Target::Scope(target))
                && self.shared(row, target)
                && self.could_read(object)
        };
        self.holds(C::ReadLocal, object) || buried()
    }
}
