//! Records by identity context: list, count, statistics, export, and what deletes them.
//!
//! Every operation that takes a [`Scope`] asks one relation through one function ([`InContext::holds`]): one path that forgot a field
//! would be a leak, one delete that ignored it a loss.
//!
//! A record's own context is its home (`org:X` or `org:X/user:Y`) with the agent and session it was written by. Records of departments,
//! teams and workspaces have none: dropping a segment would make two places equal; they are read through views.
//! An unset field widens, and widening takes the right to look wider: without a user the question is authorised as `descend` at the
//! organisation, with one as `granular` at the user. A context never grants anything.
//! Source: specification of scopes, sections 3.5 and 3.6.

use super::views::{Cursor, Endpoint, Eyes, Page, Plan, Wanted, page_size, read};
use super::{Ask, Operation, Reading, Recall, RecalledRecord, ViewItem};
use crate::error::{Error, Result};
use crate::kernel::execute::Result as Asked;
use crate::tenancy::ScopeRef;
use roaring::RoaringBitmap;
use scoped_projections::objects::Object;
use scoped_projections::rules::Action;
use scoped_projections::tenancy::{Scope, View};
use scoped_projections::{ObjectId, Sequence, World};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

/// Candidates that are looked at while one guard is held: it bounds how long the writer may have to wait.
const PART: usize = 4_096;

/// Which records, by identity context.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordQuery {
    /// On whose behalf they were written; what is unset matches anything.
    pub context: Scope,
    /// Only records of these types.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub types: Option<Vec<String>>,
    /// Records of a page, 1 to 500; 50 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// Where the page begins: what the page before gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

impl RecordQuery {
    /// Records that were written on this behalf.
    #[must_use]
    pub fn of(context: Scope) -> Self {
        Self { context, types: None, limit: None, cursor: None }
    }
}

/// Records in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct RecordStatistics {
    /// How many.
    pub records: u64,
    /// Bytes of their data.
    pub bytes: u64,
    /// How many of each type.
    pub by_type: BTreeMap<String, u64>,
    /// How many users they were written for.
    pub users: u64,
    /// How many agents wrote them.
    pub agents: u64,
    /// How many sessions they were written in.
    pub sessions: u64,
}

/// Statistics while they are added up.
#[derive(Default)]
struct Tally {
    records: u64,
    bytes: u64,
    by_type: BTreeMap<String, u64>,
    users: BTreeSet<String>,
    agents: BTreeSet<String>,
    sessions: BTreeSet<(Option<String>, String)>,
}

impl Tally {
    fn record(&mut self, eyes: &Eyes<'_>, row: u32, object: &Object) -> Asked<()> {
        self.records += 1;
        self.bytes += eyes.moment.history.record(object.data)?.payload_len() as u64;
        let object_type = eyes.world().objects().object_type(object).to_owned();
        *self.by_type.entry(object_type).or_default() += 1;
        if let Some(own) = context(eyes.world(), row, object) {
            // A session belongs to its user.
            self.sessions.extend(own.session_id.map(|session| (own.user_id.clone(), session)));
            self.users.extend(own.user_id);
            self.agents.extend(own.agent_id);
        }
        Ok(())
    }
    fn add(&mut self, more: Self) {
        self.records += more.records;
        self.bytes += more.bytes;
        for (object_type, count) in more.by_type {
            *self.by_type.entry(object_type).or_default() += count;
        }
        self.users.extend(more.users);
        self.agents.extend(more.agents);
        self.sessions.extend(more.sessions);
    }
    fn told(self) -> RecordStatistics {
        RecordStatistics {
            records: self.records,
            bytes: self.bytes,
            by_type: self.by_type,
            users: self.users.len() as u64,
            agents: self.agents.len() as u64,
            sessions: self.sessions.len() as u64,
        }
    }
}

/// A record as an export writes it, one a line.
#[derive(Debug, Serialize)]
struct ExportedRecord<'a> {
    object_id: ObjectId,
    #[serde(rename = "type")]
    object_type: &'a str,
    version: u32,
    context: &'a Scope,
    data: &'a serde_json::Value,
}

/// A question about contexts, put to a world.
pub(crate) struct InContext<'a> {
    world: &'a World,
    wanted: &'a Scope,
    /// Those that may fit, when agent or session narrow it.
    candidates: Option<RoaringBitmap>,
}

impl<'a> InContext<'a> {
    pub(crate) fn new(world: &'a World, wanted: &'a Scope) -> Self {
        Self { world, wanted, candidates: world.objects().attributed_to(&wanted.residual()) }
    }

    /// THE function: does the record's own context lie within the one that is asked about?
    pub(crate) fn holds(&self, row: u32, object: &Object) -> bool {
        self.candidates.as_ref().is_none_or(|rows| rows.contains(row))
            && context(self.world, row, object).is_some_and(|own| self.wanted.contains(&own))
    }
}

/// On whose behalf a record was written; `None` where its home stands for no context.
fn context(world: &World, row: u32, object: &Object) -> Option<Scope> {
    let path = world.tenancy().at(object.home)?.path.as_ref()?;
    Scope::from_path(path, world.objects().residual(row)).ok()
}

/// Where to look, and how far.
fn place(context: &Scope) -> Result<(ScopeRef, View)> {
    let (path, _) = context.to_path()?;
    let view = if context.user_id.is_some() { View::Granular } else { View::Descend };
    Ok((ScopeRef::Path(path), view))
}

impl Reading {
    /// A page of records by identity context.
    ///
    /// # Errors
    /// When the context is not fit to be asked with, this principal may not look that wide, or the cursor belongs to another question.
    pub fn records(&self, query: &RecordQuery) -> Result<Page<RecalledRecord>> {
        self.record_page(Operation::RecordsList, query)
    }

    fn record_page(&self, operation: Operation, query: &RecordQuery) -> Result<Page<RecalledRecord>> {
        self.engine.admit_scope(&query.context)?;
        let (scope, view) = place(&query.context)?;
        let size = page_size(query.limit)?;
        let cursor = query.cursor.as_deref().map(Cursor::parse).transpose()?;
        let recall = Recall { types: query.types.clone(), ..Recall::from(scope).view(view) };
        self.pinned(cursor, |reading| {
            reading.ask(operation, |ask| {
                let action =
                    if operation == Operation::RecordsExport { Action::Export } else { Action::Read };
                let eyes = Eyes::of(ask, cursor.map(|cursor| cursor.time)).doing(action);
                let context = Some(&query.context);
                let wanted = Wanted { recall: &recall, endpoint: Endpoint::Layer, size, cursor, context };
                let (page, _) = read(&eyes, &wanted)?;
                let record = |item| if let ViewItem::Record(record) = item { Some(record) } else { None };
                let items = page.items.into_iter().filter_map(record).collect();
                let (complete, next_cursor) = (page.complete, page.next_cursor);
                let page = Page { position: page.position, items, complete, next_cursor };
                Ok((page, eyes.world().position()))
            })
        })
    }

    /// Adds every matching record up, a part at a time: no guard is held for longer than [`PART`] candidates take. All parts are about the
    /// world of the first, and about what is allowed when each is asked.
    fn sum_records<T: Default>(
        &self,
        operation: Operation,
        context: &Scope,
        each: impl Fn(&mut T, &Eyes<'_>, u32, &Object) -> Asked<()>,
        add: impl Fn(&mut T, T),
    ) -> Result<T> {
        self.engine.admit_scope(context)?;
        let (scope, view) = place(context)?;
        let (mut sum, mut cursor) = (T::default(), None::<Cursor>);
        loop {
            let (part, next) = self.pinned(cursor, |reading| {
                let ask = |ask: &Ask<'_>| {
                    let eyes = Eyes::of(ask, cursor.map(|cursor| cursor.time));
                    let plan = Plan::of(&eyes, &scope, view)?;
                    let (mut part, at) = (T::default(), eyes.world().position());
                    let within = InContext::new(eyes.world(), context);
                    let from = cursor.map(|cursor| (cursor.scope, cursor.item as u32));
                    let next = eyes.some(&plan, from, PART, |row, object| {
                        if within.holds(row, object) { each(&mut part, &eyes, row, object) } else { Ok(()) }
                    })?;
                    let next = next.map(|(scope, row)| {
                        Cursor::new(at, eyes.moment.now.read(), scope, u64::from(row), 0)
                    });
                    Ok(((part, next), at))
                };
                // One question leaves one record, however many parts it has.
                if cursor.is_none() { reading.ask(operation, ask) } else { reading.peek(operation, ask) }
            })?;
            add(&mut sum, part);
            match next {
                Some(next) => cursor = Some(next),
                None => return Ok(sum),
            }
        }
    }

    /// How many records there are by identity context.
    ///
    /// # Errors
    /// As [`Self::records`].
    pub fn count_records(&self, context: &Scope) -> Result<u64> {
        let each = |count: &mut u64, _: &Eyes<'_>, _: u32, _: &Object| {
            *count += 1;
            Ok(())
        };
        self.sum_records(Operation::RecordsCount, context, each, |sum, part| *sum += part)
    }

    /// Records by identity context, in numbers.
    ///
    /// # Errors
    /// As [`Self::records`]; also when the log cannot be read.
    pub fn record_statistics(&self, of: &Scope) -> Result<RecordStatistics> {
        let each =
            |tally: &mut Tally, eyes: &Eyes<'_>, row: u32, object: &Object| tally.record(eyes, row, object);
        Ok(self.sum_records(Operation::RecordsStatistics, of, each, Tally::add)?.told())
    }

    /// Writes records by identity context out, one JSON object a line, all as of one position. Gives that position and their number.
    ///
    /// # Errors
    /// As [`Self::records`]; also when `out` cannot be written.
    pub fn export_records(&self, of: &Scope, out: &mut impl Write) -> Result<(Sequence, u64)> {
        let mut query = RecordQuery { limit: Some(super::PAGE_MAX), ..RecordQuery::of(of.clone()) };
        let (mut count, unwritten) =
            (0, |e| Error::unavailable("unavailable", format!("the export cannot be written: {e}")));
        loop {
            let page = self.record_page(Operation::RecordsExport, &query)?;
            for record in &page.items {
                let own = self.context_of(record.object_id).unwrap_or_else(|| of.clone());
                let line = ExportedRecord {
                    object_id: record.object_id,
                    object_type: &record.object_type,
                    version: record.version,
                    context: &own,
                    data: &record.data,
                };
                let text = serde_json::to_string(&line).map_err(|e| Error::invalid(e.to_string()))?;
                writeln!(out, "{text}").map_err(unwritten)?;
                count += 1;
            }
            match page.next_cursor {
                Some(cursor) => query.cursor = Some(cursor),
                None => return Ok((Sequence::new(page.position), count)),
            }
        }
    }

    /// What never changes about a record.
    fn context_of(&self, id: ObjectId) -> Option<Scope> {
        self.engine.read(|moment| {
            let row = moment.world.objects().row(id)?;
            context(moment.world, row, moment.world.objects().at(row)?)
        })
    }
}
