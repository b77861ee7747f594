//! Entries as CloudEvents 1.0 in the JSON event format.
//!
//! Required: `id`, `source`, `specversion`, `type`; source and id together are unique. Extension attributes have names of lower-case
//! letters and digits, at most 20, and scalar values; positions are text, since a CloudEvents integer has 32 bits.
//! Source: CloudEvents 1.0.2, "JSON Event Format"; the extensions `sequence` and `correlationid` are those of its extension pages.

use super::{facts, id, payload, put, put_states};
use crate::error::Result;
use crate::reading::AuditEntry;
use crate::temporal::format_time;
use serde_json::{Map, Value, json};

pub(super) fn value(log: u128, entry: &AuditEntry) -> Result<Value> {
    let (at, mut map) = (&entry.envelope, Map::new());
    let position = |at: u64| Some(at).filter(|at| *at != 0).map(|at| at.to_string());
    map.insert("specversion".into(), "1.0".into());
    map.insert("id".into(), id(entry.id).into());
    map.insert("source".into(), format!("urn:scoped:log:{}", id(log)).into());
    map.insert("type".into(), format!("scoped.{}", entry.kind()).into());
    map.insert("time".into(), format_time(at.time).into());
    map.insert("datacontenttype".into(), "application/json".into());
    map.insert("sequence".into(), at.sequence.get().to_string().into());
    map.insert("actor".into(), at.actor.to_string().into());
    put(&mut map, "subject", entry.entity.map(|entity| entity.code()));
    put(&mut map, "action", entry.nature.action.map(|action| action.as_str()));
    put(&mut map, "scope", Some(at.scope).filter(|scope| scope.is_some()).map(|scope| scope.to_string()));
    put(&mut map, "scopepath", entry.scope_path.clone());
    put(&mut map, "cause", position(at.context.cause));
    put(&mut map, "undoes", position(at.context.undoes));
    map.insert("chain".into(), entry.chain.to_string().into());
    map.insert("reversal".into(), entry.nature.reversal.as_str().into());
    put(&mut map, "undoneby", entry.undone_by.and_then(|by| position(by.get())));
    put(&mut map, "validtime", at.context.valid_time.map(|time| time.to_string()));
    put(&mut map, "correlationid", Some(at.context.correlation).filter(|c| *c != 0).map(id));
    let mut data = json!({ "facts": facts(entry)? });
    if let Value::Object(data) = &mut data {
        put(data, "payload", payload(entry)?);
        put(data, "metadata", entry.metadata.clone());
        put_states(data, entry)?;
    }
    map.insert("data".into(), data);
    Ok(Value::Object(map))
}
