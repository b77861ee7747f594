//! Entries as OCSF events (Open Cybersecurity Schema Framework, 1.8.0).
//!
//! ```text
//! principals                          Account Change            3001   user
//! members                             User Access Management    3005   user, privileges, resources
//! scopes, entries, rules, settings …  Entity Management         3004   entity
//! objects, projections, all others    API Activity              6003   actor, api, src_endpoint, resources
//! ```
//!
//! `type_uid` is class × 100 + activity, the category the class's thousands. Refused attempts are API activity that failed, of medium
//! severity; what was folded says how often and from when to when. Of the metadata of a request `ip` is the address of `src_endpoint`, if it is
//! one, and `user_agent` that of `http_request`; every class has both. What has no attribute of its own goes into `unmapped`, all metadata too.

use super::verb::Verb;
use super::{facts, id, payload, put, put_states};
use crate::error::Result;
use crate::reading::AuditEntry;
use crate::temporal::{Entity, format_time};
use scoped_projections::Event;
use scoped_projections::audit::AuditEvent;
use serde_json::{Map, Value, json};
use std::net::IpAddr;

/// The version of the schema that the attributes are taken from.
const SCHEMA: &str = "1.8.0";
const MS: u64 = 1_000;

/// Class, its name, activity, its name.
type Class = (u64, &'static str, u64, &'static str);

fn class(entry: &AuditEntry) -> Class {
    let verb = Verb::of(&entry.event, entry.kind());
    match entry.entity {
        Some(Entity::Principal(_)) => {
            let (activity, name) = match verb {
                Verb::Create => (1, "Create"),
                Verb::Enable => (2, "Enable"),
                Verb::Disable => (5, "Disable"),
                Verb::Delete => (6, "Delete"),
                Verb::Read | Verb::Update | Verb::Other => (99, "Other"),
            };
            (3001, "Account Change", activity, name)
        }
        Some(Entity::Member(..)) => match verb {
            Verb::Delete => (3005, "User Access Management", 2, "Revoke Privileges"),
            _ => (3005, "User Access Management", 1, "Assign Privileges"),
        },
        Some(Entity::Object(_) | Entity::Share(..)) | None => {
            let (activity, name) = match verb {
                Verb::Create => (1, "Create"),
                Verb::Read => (2, "Read"),
                Verb::Update | Verb::Enable | Verb::Disable => (3, "Update"),
                Verb::Delete => (4, "Delete"),
                Verb::Other => (99, "Other"),
            };
            (6003, "API Activity", activity, name)
        }
        Some(_) => {
            let (activity, name) = match verb {
                Verb::Create => (1, "Create"),
                Verb::Read => (2, "Read"),
                Verb::Update => (3, "Update"),
                Verb::Delete => (4, "Delete"),
                Verb::Enable => (8, "Enable"),
                Verb::Disable => (9, "Disable"),
                Verb::Other => (99, "Other"),
            };
            (3004, "Entity Management", activity, name)
        }
    }
}

/// How often it happened, from when to when: what repeated is folded.
fn folded(event: &Event) -> Option<(u32, u64, u64)> {
    let Event::Audit(event) = event else { return None };
    let (_, count, first, last) = event.folded();
    Some((count, first, last))
}

pub(super) fn value(log: u128, entry: &AuditEntry) -> Result<Value> {
    let (class_uid, class_name, activity_id, activity_name) = class(entry);
    let (category_uid, category_name) =
        if class_uid < 6000 { (3, "Identity & Access Management") } else { (6, "Application Activity") };
    let at = &entry.envelope;
    let refused = matches!(entry.event, Event::Audit(AuditEvent::AccessDenied(_)));
    let (severity_id, severity) = if refused { (3, "Medium") } else { (1, "Informational") };
    let (status_id, status) = if refused { (2, "Failure") } else { (1, "Success") };
    let subject = entry.entity.map_or_else(String::new, |entity| format!(" {}", entity.code()));
    let Value::Object(mut map) = json!({
        "category_uid": category_uid, "category_name": category_name,
        "class_uid": class_uid, "class_name": class_name,
        "activity_id": activity_id, "activity_name": activity_name,
        "type_uid": class_uid * 100 + activity_id, "type_name": format!("{class_name}: {activity_name}"),
        "severity_id": severity_id, "severity": severity,
        "status_id": status_id, "status": status,
        "time": at.time / MS,
        "message": format!("{}{subject}", entry.kind()),
        "actor": { "user": { "uid": at.actor.to_string() } },
        "metadata": metadata(log, entry),
        "unmapped": unmapped(entry)?,
    }) else {
        return Ok(Value::Null);
    };
    match (class_uid, entry.entity) {
        (3001, Some(Entity::Principal(user))) => {
            map.insert("user".into(), json!({ "uid": user.to_string() }));
        }
        (3005, Some(Entity::Member(scope, user))) => {
            map.insert("user".into(), json!({ "uid": user.to_string() }));
            let facts = facts(entry)?;
            put(&mut map, "privileges", facts.get("role").map(|role| json!([role])));
            map.insert("resources".into(), json!([{ "uid": scope.to_string(), "type": "scope" }]));
        }
        (3004, Some(entity)) => {
            let object = json!({ "uid": entity.code(), "type": entity.kind(), "type_id": 99 });
            map.insert("entity".into(), object);
        }
        _ => api(log, entry, &mut map),
    }
    from(entry, &mut map);
    if let Some((count, first, last)) = folded(&entry.event).filter(|(count, ..)| *count > 1) {
        for (key, value) in [("time", first), ("start_time", first), ("end_time", last)] {
            map.insert(key.into(), (value / MS).into());
        }
        map.insert("count".into(), count.into());
        map.insert("duration".into(), (last / MS).saturating_sub(first / MS).into());
    }
    Ok(Value::Object(map))
}

fn metadata(log: u128, entry: &AuditEntry) -> Value {
    let (at, event) = (&entry.envelope, id(entry.id));
    json!({
        "version": SCHEMA,
        "product": { "name": "Scoped", "vendor_name": "Scoped", "version": env!("CARGO_PKG_VERSION") },
        "uid": event, "original_event_uid": event,
        "event_code": entry.kind(),
        "log_name": id(log),
        "sequence": at.sequence.get(),
        "correlation_uid": id(at.context.correlation),
        "original_time": format_time(at.time),
    })
}

fn unmapped(entry: &AuditEntry) -> Result<Value> {
    let (context, mut map) = (&entry.envelope.context, Map::new());
    let position = |at: u64| Some(at).filter(|at| *at != 0);
    map.insert("facts".into(), facts(entry)?);
    map.insert("reversal".into(), entry.nature.reversal.as_str().into());
    put(&mut map, "action", entry.nature.action.map(|action| action.as_str()));
    put(&mut map, "scope_path", entry.scope_path.clone());
    put(&mut map, "cause", position(context.cause));
    put(&mut map, "undoes", position(context.undoes));
    put(&mut map, "valid_time", context.valid_time);
    map.insert("chain".into(), entry.chain.to_string().into());
    put(&mut map, "undone_by", entry.undone_by.map(|by| by.get()));
    put(&mut map, "data", payload(entry)?);
    put(&mut map, "metadata", entry.metadata.clone());
    put_states(&mut map, entry)?;
    Ok(Value::Object(map))
}

/// Where the request came from, as far as it was said.
fn from(entry: &AuditEntry, map: &mut Map<String, Value>) {
    let said = |key: &str| entry.metadata.as_ref()?.get(key)?.as_str();
    // A text that is no address would make the whole event one that does not fit its schema.
    if let Some(ip) = said("ip").filter(|ip| ip.parse::<IpAddr>().is_ok())
        && let Value::Object(endpoint) = map.entry("src_endpoint").or_insert_with(|| json!({}))
    {
        endpoint.insert("ip".into(), ip.into());
    }
    put(map, "http_request", said("user_agent").map(|agent| json!({ "user_agent": agent })));
}

/// What only API activity has.
fn api(log: u128, entry: &AuditEntry, map: &mut Map<String, Value>) {
    let operation = match &entry.event {
        Event::Audit(event) => event.folded().0.to_owned(),
        _ => entry.kind().to_owned(),
    };
    let request = json!({ "uid": id(entry.envelope.context.correlation) });
    map.insert(
        "api".into(),
        json!({ "operation": operation, "service": { "name": "scoped" }, "request": request }),
    );
    // Calls come from inside the process that embeds the engine; where that got them from is known if it said so.
    map.insert("src_endpoint".into(), json!({ "svc_name": "scoped", "instance_uid": id(log) }));
    let mut resources = Vec::new();
    if let Some(entity) = entry.entity {
        resources.push(json!({ "uid": entity.code(), "type": entity.kind() }));
    } else if let Some(object) = entry.event.object() {
        resources.push(json!({ "uid": Entity::Object(object).code(), "type": "object" }));
    }
    if entry.envelope.scope.is_some() {
        let scope = Entity::Scope(entry.envelope.scope);
        let mut resource = json!({ "uid": scope.code(), "type": "scope" });
        if let (Value::Object(resource), Some(path)) = (&mut resource, &entry.scope_path) {
            resource.insert("name".into(), path.clone().into());
        }
        resources.push(resource);
    }
    if !resources.is_empty() {
        map.insert("resources".into(), resources.into());
    }
}
