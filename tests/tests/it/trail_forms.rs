//! The forms of other systems: what every kind of event is to them, how an export is tied to the log, states, and why a rollback was.

use crate::support::{by_hand, member, object, principal, scope_at, update};
use scoped::audit::{StatesWalk, TrailExport, TrailFormat};
use scoped::projections::audit::AccessDenied;
use scoped::projections::domains::DOMAINS;
use scoped::projections::{Context, Envelope};
use scoped::requests::Metadata;
use scoped::temporal::{Cutoff, Entity, Nature, Rollback, Selection};
use scoped::{
    AuditEntry, Batch, Digest, Event, Filter, Level, ObjectId, PrincipalId, Role, ScopeId, Sequence, Session,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const ADA: PrincipalId = PrincipalId(1);

/// Every kind, with the class and the activity that it is to OCSF. 3001 account, 3004 entity, 3005 user access, 6003 API.
const ACTIVITIES: &str = "
identity.founded 6003 Create                   identity.principal_created 3001 Create
identity.principal_described 3001 Other        identity.principal_suspended 3001 Disable
identity.principal_reinstated 3001 Enable      identity.principal_archived 3001 Delete
identity.operator_set 3001 Other               identity.principal_kind_changed 3001 Other
identity.handle_set 3001 Other                 identity.relationship_added 3004 Create
identity.relationship_removed 3004 Delete      identity.acted_on_behalf 6003 Other
registry.registered 3004 Create                registry.lifecycle_changed 3004 Update
registry.described 3004 Update                 registry.kind_defined 6003 Create
registry.frozen 3004 Disable                   registry.unfrozen 3004 Enable
registry.reinstated 3004 Enable
tenancy.scope_created 3004 Create              tenancy.scope_provisioned 3004 Create
tenancy.scope_adopted 3004 Create              tenancy.scope_archived 3004 Delete
tenancy.scope_reopened 3004 Enable             tenancy.scope_frozen 3004 Disable
tenancy.scope_released 3004 Enable             tenancy.scope_renamed 3004 Update
tenancy.scope_described 3004 Update            tenancy.scope_moved 3004 Update
tenancy.policy_set 3004 Update
tenancy.member_added 3005 Assign_Privileges    tenancy.member_role_changed 3005 Assign_Privileges
tenancy.member_removed 3005 Revoke_Privileges  tenancy.member_expired 3005 Revoke_Privileges
tenancy.acl_entry_added 3004 Create            tenancy.acl_entry_removed 3004 Delete
tenancy.acl_entry_expired 3004 Delete
objects.created 6003 Create                    objects.updated 6003 Update
objects.tombstoned 6003 Delete                 objects.restored 6003 Update
objects.expired 6003 Delete                    objects.forgotten 6003 Delete
objects.recovered 6003 Update                  objects.ownership_transferred 6003 Update
objects.version_explained 6003 Update          objects.attributed 6003 Create
objects.exported 6003 Read                     objects.imported 6003 Create
objects.provenance_recorded 6003 Create
sharing.object_projected 6003 Create           sharing.projection_revoked 6003 Delete
contracts.contract_created 3004 Create         contracts.contract_updated 3004 Update
contracts.contract_deprecated 3004 Disable     contracts.contract_activated 3004 Enable
contracts.contract_archived 3004 Delete        contracts.contract_unarchived 3004 Enable
templates.template_created 3004 Create         templates.template_updated 3004 Update
templates.template_archived 3004 Delete        templates.template_reopened 3004 Enable
templates.template_instantiated 6003 Create
config.setting_set 3004 Update                 config.setting_deleted 3004 Delete
rules.rule_created 3004 Create                 rules.rule_updated 3004 Update
rules.rule_described 3004 Update               rules.rule_archived 3004 Delete
rules.rule_unarchived 3004 Enable              rules.binding_added 3004 Create
rules.binding_changed 3004 Update              rules.binding_removed 3004 Delete
subjects.object_assigned 6003 Create           subjects.principal_assigned 6003 Create
subjects.erased 3004 Delete
temporal.mark_set 6003 Create                  temporal.rolled_back 6003 Update
requests.keyed 6003 Other                      requests.described 6003 Other
audit.access_denied 6003 Read                  audit.access_recorded 6003 Read
";

/// An entry of an event that stands in no log.
fn entry(event: Event) -> AuditEntry {
    let at = Envelope {
        sequence: Sequence::new(7),
        time: 1,
        actor: ADA,
        scope: ScopeId(1),
        context: Context::default(),
        payload: 0,
    };
    AuditEntry {
        id: 1,
        envelope: at,
        entity: Entity::of(&event),
        nature: Nature::of(&event),
        event,
        undone_by: None,
        scope_path: None,
        data: None,
        absent: None,
        metadata: None,
        chain: Digest::new([7; 32]),
        states: None,
    }
}

fn ocsf(event: Event) -> (u64, String) {
    let value = TrailExport::new(TrailFormat::Ocsf, 5).value(&entry(event)).unwrap();
    (value["class_uid"].as_u64().unwrap(), value["activity_name"].as_str().unwrap().replace(' ', "_"))
}

/// The activity was once guessed from the last word of a kind's name, which made an export an update, and every refusal a read.
#[test]
fn every_kind_has_the_class_and_the_activity_that_it_is() {
    let mut words = ACTIVITIES.split_whitespace();
    let mut table = BTreeMap::new();
    while let (Some(kind), Some(class), Some(activity)) = (words.next(), words.next(), words.next()) {
        table.insert(kind, (class.parse::<u64>().unwrap(), activity.to_owned()));
    }
    let kinds: usize = DOMAINS.iter().map(|(_, _, kinds)| kinds.len()).sum();
    assert_eq!(table.len(), kinds, "a row for every kind");
    let is = crate::contract::samples().into_iter().map(|event| (entry(event.clone()).kind(), ocsf(event)));
    let differ: BTreeMap<_, _> = is.filter(|(kind, is)| table.get(kind) != Some(is)).collect();
    assert_eq!(differ, BTreeMap::new());
}

#[test]
fn a_refusal_is_what_was_tried() {
    for (operation, activity) in [
        ("objects.update", "Update"),
        ("objects.tombstone", "Delete"),
        ("objects.create", "Create"),
        ("tenancy.remove_member", "Delete"),
        ("objects.read", "Read"),
        ("objects.export", "Read"),
        ("temporal.rollback", "Update"),
        ("many", "Other"),
    ] {
        let denied = AccessDenied {
            operation: operation.into(),
            capability: "scope.write".into(),
            object: ObjectId(1),
            code: "denied".into(),
            reason: "rule".into(),
            count: 1,
            first: 1,
            last: 1,
        };
        assert_eq!(ocsf(denied.into()), (6003, activity.to_owned()), "{operation}");
    }
}

/// Ada (1) owns `org:a` and `org:z`, Bo (2) is an admin of `org:a`, Cy (3) of `org:z`.
fn world() -> (scoped::Engine, [Session; 3]) {
    let (engine, _) = by_hand(12);
    let mut batch = Batch::new().with(ADA, principal(2)).with(ADA, principal(3));
    for (path, id) in [("org:a", 1), ("org:a/ws:b", 2), ("org:z", 3)] {
        batch.push(ADA, scope_at(path, id));
    }
    batch.push(ADA, member("org:a", 2, Role::Admin));
    batch.push(ADA, member("org:z", 3, Role::Admin));
    engine.execute(batch).unwrap();
    let sessions = [1, 2, 3].map(|id| engine.session(PrincipalId(id)).unwrap());
    (engine, sessions)
}

/// An exported trail could not be tied to a receipt: it had no chain value; and states, valid time and reversals were left out.
#[test]
fn an_export_has_the_chain_and_where_asked_for_the_states() {
    let (engine, [ada, ..]) = world();
    let made = ada.execute(object(10, 1, Some("org:a"), Level::Write)).unwrap();
    let edit = Batch::new().with(ADA, update(10, 2)).happened_at(5);
    let edit = engine.execute(edit).unwrap();
    let back = ada.rollback_with(&Rollback::of(Selection::Event(edit.first))).unwrap().unwrap();
    let history = engine.history();
    let mut walk = StatesWalk::new(history);
    let mut stated = |at: Sequence| {
        let entry = engine.read(|moment| AuditEntry::unfiltered(history, at, moment.world()).unwrap());
        walk.stated(entry).unwrap()
    };
    let form = |form: TrailFormat, entry: &AuditEntry| TrailExport::new(form, 5).value(entry).unwrap();
    // Also out of order: what lies behind begins anew.
    for (receipt, cpu) in [(&edit, (1, 2)), (&back, (2, 1)), (&edit, (1, 2))] {
        let entry = stated(receipt.last);
        let (line, event, other) = (
            form(TrailFormat::Ndjson, &entry),
            form(TrailFormat::CloudEvents, &entry),
            form(TrailFormat::Ocsf, &entry),
        );
        let head = receipt.head.to_string();
        assert_eq!((&line["chain"], &event["chain"]), (&json!(head), &json!(head)));
        assert_eq!(other["unmapped"]["chain"], json!(head));
        for states in [&line, &event["data"], &other["unmapped"]] {
            let state = |when: &str| states[when]["value"]["data"]["cpu"].clone();
            assert_eq!((state("before"), state("after")), (json!(cpu.0), json!(cpu.1)), "{states}");
        }
        let asked = ada.reading().audit_states(receipt.last).unwrap();
        assert_eq!(entry.states, Some(asked), "what one who may see all of it is told");
    }
    let event = form(TrailFormat::CloudEvents, &stated(edit.last));
    assert_eq!((&event["validtime"], &event["reversal"]), (&json!("5"), &json!("exact")));
    assert_eq!(event["undoneby"], json!(back.last.get().to_string()));
    let plain = ada.reading().audit_at(made.last).unwrap();
    assert_eq!(form(TrailFormat::Ndjson, &plain).get("before"), None::<&Value>);
}

/// An address and a user agent have attributes of their own in OCSF; all else that was said stands where what has none does.
#[test]
fn every_form_says_where_a_request_came_from() {
    let (engine, [ada, ..]) = world();
    let said = json!({ "ip": "192.0.2.7", "user_agent": "curl/8.5", "request": "r-1" });
    let from = |said: &Value| ada.with_metadata(Metadata::new(said).unwrap());
    let made = from(&said).execute(object(10, 1, Some("org:a"), Level::Write)).unwrap();
    let odd = from(&json!({ "ip": "::1, 10.0.0.1", "user_agent": 7 })).execute(update(10, 2)).unwrap();
    let own = from(&said).execute(member("org:z", 2, Role::Reader)).unwrap();
    let form = |form: TrailFormat, at: Sequence| {
        TrailExport::new(form, 5).value(&ada.reading().audit_at(at).unwrap()).unwrap()
    };
    assert_eq!(form(TrailFormat::Ndjson, made.first)["metadata"], said);
    assert_eq!(form(TrailFormat::CloudEvents, made.first)["data"]["metadata"], said);
    for (receipt, class) in [(&made, 6003), (&own, 3005)] {
        let event = form(TrailFormat::Ocsf, receipt.first);
        assert_eq!(event["class_uid"], class);
        assert_eq!(event["src_endpoint"]["ip"], "192.0.2.7");
        assert_eq!(event["src_endpoint"].get("svc_name").is_some(), class == 6003, "that of the class stays");
        assert_eq!(event["http_request"], json!({ "user_agent": "curl/8.5" }));
        assert_eq!(event["unmapped"]["metadata"], said);
    }
    let event = form(TrailFormat::Ocsf, odd.first);
    let attributes = (event["src_endpoint"].get("ip"), event.get("http_request"));
    assert_eq!(attributes, (None, None), "an address that is none would not fit the schema");
    assert_eq!(event["unmapped"]["metadata"]["ip"], "::1, 10.0.0.1");
    let plain = form(TrailFormat::Ndjson, Sequence::new(1));
    assert_eq!(plain.get("metadata"), None, "where nothing was said there is nothing");
    // As the specification has it: the action as text, the states, the metadata, in one object.
    let history = engine.history();
    let whole = engine.read(|moment| AuditEntry::unfiltered(history, odd.first, moment.world()).unwrap());
    let whole = TrailExport::new(TrailFormat::Ndjson, 5)
        .value(&StatesWalk::new(history).stated(whole).unwrap())
        .unwrap();
    let states = ["before", "after"].map(|when| whole[when]["value"]["data"]["cpu"].clone());
    assert_eq!((&whole["action"], states), (&json!("update"), [json!(1), json!(2)]));
    assert_eq!(whole["metadata"]["user_agent"], 7);
}

/// Who audits a scope saw the steps of its rollback and never why: its head was filed under no scope, and the reason was for its author only.
#[test]
fn who_audits_a_scope_sees_why_it_was_rolled_back_and_others_do_not() {
    let (engine, [ada, bo, cy]) = world();
    for (id, scope) in [(10, "org:a"), (11, "org:a/ws:b"), (12, "org:z")] {
        ada.execute(object(id, 1, Some(scope), Level::Write)).unwrap();
    }
    let reason = |session: &Session, at: Sequence| {
        let entry = session.reading().audit_at(at).ok()?;
        assert_eq!(entry.kind(), "temporal.rolled_back");
        let data: Value = serde_json::from_slice(&entry.data?).unwrap();
        Some((entry.envelope.scope, data["reason"].as_str()?.to_owned()))
    };
    let rolled_back = |objects: &[u128], why: &str| {
        let there = engine.history().head();
        objects.iter().for_each(|id| drop(ada.execute(update(*id, 2)).unwrap()));
        ada.rollback_with(&Rollback::to(Cutoff::At(there)).because(why)).unwrap().unwrap().first
    };
    let (below, inside, across) =
        (rolled_back(&[11], "below"), rolled_back(&[10, 11], "inside"), rolled_back(&[11, 12], "across"));
    assert_eq!(
        reason(&bo, below),
        Some((ScopeId(2), "below".into())),
        "the innermost that all of it lies in"
    );
    assert_eq!(reason(&bo, inside), Some((ScopeId(1), "inside".into())));
    assert_eq!(reason(&bo, across), None, "what lies in no one scope is for operators");
    assert_eq!(reason(&ada, across), Some((ScopeId::NONE, "across".into())));
    assert_eq!([below, inside, across].map(|at| reason(&cy, at)), [None, None, None]);
    let heads =
        bo.reading().audit(&Filter { scopes: Some(vec![ScopeId(1)]), ..Filter::default() }, 100).unwrap();
    assert!(heads.entries.iter().any(|entry| entry.envelope.sequence == inside));
}
