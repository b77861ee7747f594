//! Entries in our own words, one JSON object each.

use super::{facts, id, payload, put, put_states};
use crate::error::Result;
use crate::reading::AuditEntry;
use crate::temporal::format_time;
use serde_json::{Map, Value};

pub(super) fn value(entry: &AuditEntry) -> Result<Value> {
    let (at, mut map) = (&entry.envelope, Map::new());
    let position = |at: u64| Some(at).filter(|at| *at != 0);
    map.insert("position".into(), at.sequence.get().into());
    map.insert("id".into(), id(entry.id).into());
    map.insert("time".into(), format_time(at.time).into());
    map.insert("actor".into(), at.actor.to_string().into());
    map.insert("kind".into(), entry.kind().into());
    map.insert("reversal".into(), entry.nature.reversal.as_str().into());
    map.insert("facts".into(), facts(entry)?);
    put(&mut map, "action", entry.nature.action.map(|action| action.as_str()));
    put(&mut map, "entity", entry.entity.map(|entity| entity.code()));
    put(&mut map, "scope", Some(at.scope).filter(|scope| scope.is_some()).map(|scope| scope.to_string()));
    put(&mut map, "scope_path", entry.scope_path.clone());
    put(&mut map, "valid_time", at.context.valid_time);
    put(&mut map, "cause", position(at.context.cause));
    put(&mut map, "undoes", position(at.context.undoes));
    put(&mut map, "undone_by", entry.undone_by.map(|by| by.get()));
    put(&mut map, "correlation", Some(at.context.correlation).filter(|c| *c != 0).map(id));
    map.insert("chain".into(), entry.chain.to_string().into());
    put(&mut map, "data", payload(entry)?);
    put(&mut map, "metadata", entry.metadata.clone());
    put_states(&mut map, entry)?;
    Ok(Value::Object(map))
}
