//! What a view is asked with, and what it answers.

use crate::tenancy::ScopeRef;
use scoped_projections::tenancy::{Level, View};
use scoped_projections::{Micros, ObjectId, PrincipalId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What to recall.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recall {
    /// From where.
    pub scope: ScopeRef,
    /// How far; absent: the nearest default on the way up, else what the way of asking says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<View>,
    /// Only records of these types.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub types: Option<Vec<String>>,
    /// Records of a page, 1 to 500; 50 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// Where the page begins: what the page before gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// Say why each record is readable; takes `scope.explain`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub explain: bool,
}

impl Recall {
    /// From a scope, all else left to defaults.
    #[must_use]
    pub fn from(scope: impl Into<ScopeRef>) -> Self {
        Self { scope: scope.into(), view: None, types: None, limit: None, cursor: None, explain: false }
    }
    /// The same with a view.
    #[must_use]
    pub fn view(mut self, view: View) -> Self {
        self.view = Some(view);
        self
    }
    /// The same, only records of these types.
    #[must_use]
    pub fn types(mut self, types: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.types = Some(types.into_iter().map(Into::into).collect());
        self
    }
    /// The same with pages of that size.
    #[must_use]
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = Some(limit);
        self
    }
    /// The same from where a page ended.
    #[must_use]
    pub fn after(mut self, page: &ViewPage) -> Self {
        self.cursor = page.next_cursor.clone();
        self
    }
    /// The same, with reasons.
    #[must_use]
    pub fn explained(mut self) -> Self {
        self.explain = true;
        self
    }
}

/// Where the view came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ViewSource {
    /// The request named it.
    Request,
    /// The nearest default view on the way up.
    Scope,
    /// The way of asking.
    Endpoint,
}

/// A page of a view.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ViewPage {
    /// The position that all of the pages show.
    pub position: u64,
    /// The view that was read.
    pub view: View,
    /// Who chose it.
    pub view_source: ViewSource,
    /// The scope's path, or the name of a flat one.
    pub scope: String,
    /// What was found, in the view's order.
    pub items: Vec<ViewItem>,
    /// Scopes that the view would have read, and did not.
    pub omitted: Vec<Omitted>,
    /// Is this the last page?
    pub complete: bool,
    /// Where the next one begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

impl ViewPage {
    /// The records among the items: all of them in `granular`, `holistic` and `descend`.
    pub fn records(&self) -> impl Iterator<Item = &RecalledRecord> {
        self.items.iter().filter_map(|item| match item {
            ViewItem::Record(record) => Some(record),
            _ => None,
        })
    }
}

/// A page of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Page<T> {
    /// The position that all of the pages show.
    pub position: u64,
    /// What was found.
    pub items: Vec<T>,
    /// Is this the last page?
    pub complete: bool,
    /// Where the next one begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// One thing that a view shows.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "lowercase", tag = "item")]
pub enum ViewItem {
    /// A current record.
    Record(RecalledRecord),
    /// An event of a record: `raw`.
    Event(RecordEvent),
    /// A record without its data: `structured`.
    Node(RecordNode),
    /// How a record hangs together with a scope: `structured`.
    Edge(RecordEdge),
    /// What a record refers to: `structured`.
    Reference(RecordReference),
}

/// A record, as its reader may see it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RecalledRecord {
    /// Its id.
    pub object_id: ObjectId,
    /// What sort of object it is.
    #[serde(rename = "type")]
    pub object_type: String,
    /// Its version.
    pub version: u32,
    /// The scope it was written in, if its reader may know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub home: Option<String>,
    /// The scopes of the view that it is reachable through, in the view's order.
    pub via: Vec<String>,
    /// How far its reader may go with it.
    pub access: Level,
    /// Why, when that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Its data.
    pub data: Value,
}

/// An event of a record.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RecordEvent {
    /// Its place in the log.
    pub sequence: u64,
    /// When the log took it.
    pub time: Micros,
    /// Who did it.
    pub actor: PrincipalId,
    /// What happened: `objects.updated`.
    pub kind: &'static str,
    /// The record.
    pub object_id: ObjectId,
    /// The event's payload, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
}

/// A record without its data.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RecordNode {
    /// Its id.
    pub object_id: ObjectId,
    /// What sort of object it is.
    #[serde(rename = "type")]
    pub object_type: String,
    /// Who owns it.
    pub owner: PrincipalId,
    /// Its version.
    pub version: u32,
}

/// How a record hangs together with a scope that its reader may read.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RecordEdge {
    /// The record.
    pub object_id: ObjectId,
    /// The scope.
    pub scope: String,
    /// Set for a projection: how far it goes. Absent: the record was written there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
}

/// A field of a record that names another one, as its contract declares. Both are the reader's to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordReference {
    /// The record.
    pub object_id: ObjectId,
    /// Its field.
    pub field: String,
    /// The object that is named there.
    pub to: ObjectId,
}

/// A scope that a view would have read, and did not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Omitted {
    /// Its path, or the name of a flat one.
    pub path: String,
    /// Why.
    pub reason: Omission,
}

/// Why a view leaves a scope out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Omission {
    /// A rule keeps the reader out.
    Denied,
    /// It does not show itself to its descendants.
    Hidden,
    /// No rule lets the reader in: inheritance is cut on the way.
    NoAccess,
    /// It is archived.
    Archived,
}
