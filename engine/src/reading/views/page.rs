//! A page of a view.

use super::answer::{RecalledRecord, RecordEdge, RecordNode, ViewItem, ViewPage, ViewSource};
use super::cursor::{self, Cursor};
use super::plan::{Plan, default_view};
use super::raw::Rest;
use super::sight::{Eyes, Seen};
use super::{EXAMINED_MAX, Endpoint, Recall};
use crate::authorize::Target;
use crate::error::Result;
use crate::kernel::execute::Result as Asked;
use crate::reading::records::InContext;
use scoped_projections::objects::Object;
use scoped_projections::store::NO_ROW;
use scoped_projections::tenancy::{Capability as C, Node, Scope, View};

/// What a page is asked with.
pub(crate) struct Wanted<'a> {
    pub(crate) recall: &'a Recall,
    pub(crate) endpoint: Endpoint,
    pub(crate) size: usize,
    pub(crate) cursor: Option<Cursor>,
    /// Only records that were written on this behalf.
    pub(crate) context: Option<&'a Scope>,
}

/// A page; of `raw` it is still empty, and what is left to do comes along.
pub(crate) fn read(eyes: &Eyes<'_>, wanted: &Wanted<'_>) -> Asked<(ViewPage, Option<Rest>)> {
    let Wanted { recall, endpoint, size, cursor, context } = wanted;
    let (view, view_source) = choose(eyes, recall, *endpoint);
    let plan = Plan::of(eyes, &recall.scope, view)?;
    if recall.explain {
        eyes.need(C::Explain, Target::Scope(plan.target))?;
    }
    let question = question(eyes, recall, &plan, *context);
    if let Some(cursor) = cursor {
        cursor.check(question)?;
    }
    let mut page = ViewPage {
        position: eyes.world().position().get(),
        view,
        view_source,
        scope: eyes.world().tenancy().at(plan.target).map_or("", Node::label).to_owned(),
        items: Vec::new(),
        omitted: plan.omitted.clone(),
        complete: true,
        next_cursor: None,
    };
    if view == View::Raw {
        let rest = Rest::new(eyes, plan, *size, *cursor, question, recall.types.clone());
        return Ok((page, Some(rest)));
    }
    let context = context.map(|context| InContext::new(eyes.world(), context));
    let mut filler = Filler { eyes, plan: &plan, recall, page: &mut page, context };
    if let Some((scope, row)) = filler.fill(*size, *cursor)? {
        let next =
            Cursor::new(eyes.world().position(), eyes.moment.now.read(), scope, u64::from(row), question);
        page.complete = false;
        page.next_cursor = Some(next.text());
    }
    Ok((page, None))
}

/// The view of the request, else the nearest default on the way up, else that of the way of asking.
fn choose(eyes: &Eyes<'_>, recall: &Recall, endpoint: Endpoint) -> (View, ViewSource) {
    let tenancy = eyes.world().tenancy();
    let row = match recall.scope.target(tenancy) {
        Target::Scope(row) | Target::Below(row) => Some(row),
        _ => None,
    };
    match (recall.view, endpoint) {
        (Some(view), _) => (view, ViewSource::Request),
        (None, Endpoint::Layer) => (View::Granular, ViewSource::Endpoint),
        (None, Endpoint::Recall) => match row.and_then(|row| default_view(eyes.world(), row)) {
            Some(view) => (view, ViewSource::Scope),
            None => (View::Holistic, ViewSource::Endpoint),
        },
    }
}

/// What a cursor is bound to: view, scope, who looks, and what is filtered.
fn question(eyes: &Eyes<'_>, recall: &Recall, plan: &Plan, context: Option<&Scope>) -> u64 {
    let context = context.map_or_else(String::new, |context| format!("{context:?}"));
    let types = recall.types.as_ref().map_or_else(String::new, |types| format!("{types:?}"));
    cursor::question(&[
        &[plan.view.tag(), u8::from(recall.explain), u8::from(recall.types.is_some())],
        &plan.scope_id(eyes.world()).0.to_le_bytes(),
        &eyes.name(),
        types.as_bytes(),
        context.as_bytes(),
    ])
}

struct Filler<'a> {
    eyes: &'a Eyes<'a>,
    plan: &'a Plan,
    recall: &'a Recall,
    page: &'a mut ViewPage,
    context: Option<InContext<'a>>,
}

impl<'a> Filler<'a> {
    /// Fills the page; gives the place where the next one begins.
    fn fill(&mut self, size: usize, cursor: Option<Cursor>) -> Result<Option<(u32, u32)>> {
        let (first, mut from) = match cursor {
            None => (0, 0),
            // The order is that of the world that all pages show, so a place is found again.
            Some(cursor) => match self.plan.order.iter().position(|row| *row == cursor.scope) {
                Some(place) => (place, u32::try_from(cursor.item).unwrap_or(NO_ROW)),
                None => return Err(cursor::foreign()),
            },
        };
        let (mut found, mut examined) = (0, 0);
        for (place, scope) in self.plan.order.iter().enumerate().skip(first) {
            let begin = std::mem::take(&mut from);
            if self.plan.place(*scope).is_none() {
                continue;
            }
            let Some(rows) = self.eyes.world().sharing().within(*scope) else { continue };
            for row in rows.range(begin..) {
                examined += 1;
                let Some((object, seen)) = self.wanted(row, place) else {
                    if examined >= EXAMINED_MAX {
                        return Ok(Some((*scope, row.saturating_add(1))));
                    }
                    continue;
                };
                if found == size {
                    return Ok(Some((*scope, row)));
                }
                found += 1;
                self.push(row, object, &seen)?;
            }
        }
        Ok(None)
    }

    /// The record in a row, if it is asked for, seen, and reached first through the scope in this place.
    fn wanted(&self, row: u32, place: usize) -> Option<(&'a Object, Seen)> {
        let eyes: &'a Eyes<'a> = self.eyes;
        let objects = eyes.world().objects();
        let object = objects.at(row).filter(|object| !object.tombstoned)?;
        if let Some(types) = &self.recall.types
            && !types.iter().any(|wanted| *wanted == objects.object_type(object))
        {
            return None;
        }
        if self.context.as_ref().is_some_and(|context| !context.holds(row, object)) {
            return None;
        }
        let seen = self.eyes.sees(self.plan, row)?;
        (seen.via.first() == Some(&place)).then_some((object, seen))
    }

    fn push(&mut self, row: u32, object: &Object, seen: &Seen) -> Result<()> {
        let (eyes, world) = (self.eyes, self.eyes.world());
        let (object_id, version) = (object.id, object.version);
        let object_type = world.objects().object_type(object).to_owned();
        if self.plan.view == View::Structured {
            let owner = world.identity().id(object.owner);
            self.page.items.push(ViewItem::Node(RecordNode { object_id, object_type, owner, version }));
            self.edges(row, object);
            self.page.items.extend(eyes.references(row, object)?.into_iter().map(ViewItem::Reference));
            return Ok(());
        }
        let why = self.recall.explain.then(|| eyes.why(Target::Object(row)));
        self.page.items.push(ViewItem::Record(RecalledRecord {
            object_id,
            object_type,
            version,
            home: eyes.home(Some(self.plan), object),
            via: seen.via.iter().map(|place| eyes.label(self.plan, *place)).collect(),
            access: seen.access,
            why,
            data: eyes.data(row, object.data)?,
        }));
        Ok(())
    }

    /// Where the record was written and where it is projected, as far as its reader may read there.
    fn edges(&mut self, row: u32, object: &Object) {
        let (eyes, world) = (self.eyes, self.eyes.world());
        let mut edge = |scope: u32, level| {
            let known = scope == self.plan.target || eyes.holds(C::ReadLocal, Target::Scope(scope));
            if let Some(node) = world.tenancy().at(scope).filter(|_| known) {
                let scope = node.label().to_owned();
                self.page.items.push(ViewItem::Edge(RecordEdge { object_id: object.id, scope, level }));
            }
        };
        edge(object.home, None);
        for (scope, level) in world.sharing().scopes(row) {
            edge(scope, Some(level));
        }
    }
}
