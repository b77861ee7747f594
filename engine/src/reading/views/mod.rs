//! Views: what can be seen from a scope.
//!
//! ```text
//! raw         the target's record events, in log order        read.local
//! granular    the target's records                            read.local
//! structured  its records, where they lie, what they refer to  read.local, no data
//! holistic    the target, then its ancestors outwards         read.local + read.holistic
//! descend     the target and everything below it              read.local + read.descend
//! ```
//!
//! The name demands its capabilities at the target, also where there is nothing to traverse; without them the whole request
//! fails, and nothing narrower is given instead. Which scopes contribute is decided in [`plan`](plan), once for every operation;
//! how a record is reached through them in [`sight`](sight). A page belongs to one position ([`Cursor`](cursor)).
//!
//! Of the past: data as it was then; scope and record must have been readable then and be so now. What was tombstoned since comes
//! back only for those who may audit a scope that it is reached through.
//! Units: a page has 1 to [`PAGE_MAX`] records, [`PAGE_DEFAULT`] when nothing is said, and looks at [`EXAMINED_MAX`] at most: it
//! may be short without being the last. Only `complete` says which it is.
//! Source: specification of scopes, section 4.

mod answer;
mod cursor;
mod page;
mod plan;
mod raw;
mod references;
mod sight;

pub use answer::{
    Omission, Omitted, Page, Recall, RecalledRecord, RecordEdge, RecordEvent, RecordNode, RecordReference,
    ViewItem, ViewPage, ViewSource,
};

use super::{Ask, Operation, Reading};
use crate::authorize::{Request, Rule};
use crate::clock::When;
use crate::engine::Past;
use crate::error::{Error, Result};
use crate::info::ObjectInfo;
use crate::kernel::execute::Refusal;
use crate::moment::Moment;
use crate::tenancy::ScopeRef;
pub(crate) use cursor::{Cursor, foreign, question};
pub(crate) use page::{Wanted, read};
pub(crate) use plan::Plan;
use scoped_projections::Sequence;
use scoped_projections::tenancy::View;
pub(crate) use sight::Eyes;

/// Most records that a page has.
pub const PAGE_MAX: usize = 500;
/// Records of a page when nothing is said.
pub const PAGE_DEFAULT: usize = 50;
/// Most candidates that one page looks at: it bounds how long the writer may have to wait for it.
pub(crate) const EXAMINED_MAX: usize = 65_536;

/// The size of a page.
pub(crate) fn page_size(limit: Option<usize>) -> Result<usize> {
    let limit = limit.unwrap_or(PAGE_DEFAULT);
    if (1..=PAGE_MAX).contains(&limit) {
        Ok(limit)
    } else {
        Err(Error::invalid(format!("a page has 1 to {PAGE_MAX} records, not {limit}")))
    }
}

impl Reading {
    /// What can be recalled from a scope: the view of the request, else the nearest default view on the way up, else `holistic`.
    ///
    /// # Errors
    /// When a capability that the view's name demands is missing at the scope, there is no such scope, the cursor belongs to another
    /// question, or the page has no allowed size.
    pub fn recall(&self, recall: &Recall) -> Result<ViewPage> {
        self.view(Operation::ViewsRecall, recall, Endpoint::Recall)
    }

    /// The same as a layer read: without a view in the request it does not traverse.
    ///
    /// # Errors
    /// As [`Self::recall`].
    pub fn layer(&self, recall: &Recall) -> Result<ViewPage> {
        self.view(Operation::ViewsLayer, recall, Endpoint::Layer)
    }

    fn view(&self, operation: Operation, recall: &Recall, endpoint: Endpoint) -> Result<ViewPage> {
        let size = page_size(recall.limit)?;
        let cursor = recall.cursor.as_deref().map(Cursor::parse).transpose()?;
        self.pinned(cursor, |reading| reading.page(operation, recall, endpoint, size, cursor))
    }

    /// Asks at the position that a cursor belongs to; `ask` gives its answer with the position that it was read from.
    pub(super) fn pinned<T>(
        &self,
        cursor: Option<Cursor>,
        ask: impl Fn(&Self) -> Result<(T, Sequence)>,
    ) -> Result<T> {
        let first = |(answer, _)| answer;
        let Some(cursor) = cursor else { return ask(self).map(first) };
        match &self.past {
            Some(past) if past.world().position() != cursor.position => Err(cursor::foreign()),
            Some(_) => ask(self).map(first),
            None => {
                // The present while it is still what the first page showed; else that very moment again.
                if self.engine.read(|moment| moment.world.position()) == cursor.position {
                    let (answer, at) = ask(self)?;
                    if at == cursor.position {
                        return Ok(answer);
                    }
                }
                if cursor.position > self.engine.history().head() {
                    return Err(cursor::foreign());
                }
                let past = Past::of(self.engine.history(), cursor.position)?;
                ask(&Self::new(self.engine.clone(), self.actor, Some(past), self.metadata.clone())).map(first)
            }
        }
    }

    /// A page, and the position of the world that it was read from.
    fn page(
        &self,
        operation: Operation,
        recall: &Recall,
        endpoint: Endpoint,
        size: usize,
        cursor: Option<Cursor>,
    ) -> Result<(ViewPage, Sequence)> {
        let (mut page, at, rest) = self.ask(operation, |ask| {
            let eyes = Eyes::of(ask, cursor.map(|cursor| cursor.time));
            let at = eyes.world().position();
            let wanted = Wanted { recall, endpoint, size, cursor, context: None };
            let (page, rest) = page::read(&eyes, &wanted)?;
            Ok((page, at, rest))
        })?;
        if let Some(rest) = rest {
            // The trail is looked through a slice at a time, so that the writer waits for no one who reads a long one.
            let history = self.engine.history();
            raw::fill(history, &mut page, &rest, |slice, page| {
                self.peek(operation, |ask| {
                    let eyes = Eyes::of(ask, cursor.map(|cursor| cursor.time));
                    raw::take(&eyes, &rest, slice, page)
                })
            })?;
        }
        Ok((page, at))
    }

    /// All live records that a view from a scope shows this principal, in the view's order. Missing rights at the scope itself fail
    /// the whole request: there is no quiet fallback to a narrower view.
    ///
    /// # Errors
    /// When a capability that the view's name demands is missing at the scope.
    pub fn objects(&self, scope: &ScopeRef, view: View) -> Result<Vec<ObjectInfo>> {
        self.ask(Operation::ObjectsList, |ask| {
            let eyes = Eyes::of(ask, None);
            let plan = Plan::of(&eyes, scope, view)?;
            Ok(eyes.infos(&plan)?)
        })
    }
}

impl Ask<'_> {
    /// Does a rule of that sort keep the actor out, then or now? *Then* is decided for that time.
    fn kept_out(&self, request: Request<'_>, time: When<'_>, by: impl Fn(Rule) -> bool) -> bool {
        let out = |moment: Moment<'_>| {
            let decision = moment.decide(self.actor, request);
            !decision.allowed && by(decision.rule)
        };
        out(Moment { now: time, ..self.moment }) || out(self.today())
    }
}

/// Which default a request without a view gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// Holistic, unless a scope on the way up says otherwise.
    Recall,
    /// Granular.
    Layer,
}

impl<'a> Moment<'a> {
    /// What a view shows whoever holds the files: nothing is filtered, ancestors that hide and what lies behind a cut included.
    ///
    /// # Errors
    /// When there is no such scope, the cursor belongs to another question, or the page has no allowed size.
    pub fn recall(&self, recall: &Recall) -> Result<ViewPage> {
        let size = page_size(recall.limit)?;
        let cursor = recall.cursor.as_deref().map(Cursor::parse).transpose()?;
        if cursor.is_some_and(|cursor| cursor.position != self.world.position()) {
            return Err(cursor::foreign());
        }
        let eyes = Eyes::unfiltered(*self);
        let wanted = Wanted { recall, endpoint: Endpoint::Layer, size, cursor, context: None };
        let answer = page::read(&eyes, &wanted).and_then(|(mut page, rest)| {
            if let Some(rest) = rest {
                raw::fill(self.history, &mut page, &rest, |slice, page| {
                    raw::take(&eyes, &rest, slice, page).map_err(plain)
                })?;
            }
            Ok(page)
        });
        answer.map_err(plain)
    }

    /// Live objects that a view from a scope shows, in the view's order.
    pub(crate) fn seen(&self, scope: &ScopeRef, view: View) -> Result<Vec<ObjectInfo>> {
        let eyes = Eyes::unfiltered(*self);
        let plan = Plan::of(&eyes, scope, view).map_err(plain)?;
        eyes.infos(&plan)
    }
}

/// Nobody is refused where nothing is filtered.
fn plain(refusal: Refusal) -> Error {
    match refusal {
        Refusal::Declined(error) => error,
        Refusal::Denied(request) => Error::denied(request.capability),
    }
}
