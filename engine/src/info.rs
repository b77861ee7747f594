//! What answers are made of: plain structs, ready to be written as JSON.

use scoped_projections::objects::ChangeKind;
use scoped_projections::{Micros, ObjectId, PrincipalId, ScopeId};
use serde::Serialize;

/// An object, as a list or a read gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ObjectInfo {
    /// Its id.
    pub object: ObjectId,
    /// What sort of object it is.
    #[serde(rename = "type")]
    pub object_type: String,
    /// Who owns it.
    pub owner: PrincipalId,
    /// The scope it was written in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub home: Option<String>,
    /// Its current version.
    pub version: u32,
    /// Is it out of sight?
    pub tombstoned: bool,
    /// The event that its data stands in.
    pub data_at: u64,
}

/// One step in an object's life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangeInfo {
    /// The event.
    pub at: u64,
    /// When the log took it.
    pub time: Micros,
    /// When it happened out in the world, if that was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_time: Option<i64>,
    /// Who did it.
    pub by: PrincipalId,
    /// What it did.
    pub change: ChangeKind,
    /// The object's version after it.
    pub version: u32,
    /// The event it takes back, if it is part of a rollback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undoes: Option<u64>,
}

/// A scope, as a tree shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScopeInfo {
    /// Its id.
    pub scope: ScopeId,
    /// Its path, or the name of a flat one.
    pub label: String,
    /// Nodes above it.
    pub depth: u8,
    /// Is sharing through it at an end?
    pub archived: bool,
    /// Its own members.
    pub members: usize,
    /// Live objects projected into it.
    pub objects: u64,
}

/// Somebody who may, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Grant {
    /// Who.
    pub actor: PrincipalId,
    /// Why, for people.
    pub why: String,
}
