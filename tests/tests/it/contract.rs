//! What is frozen: names and numbers of kinds, the bytes of their bodies, a whole log of format 1.
//!
//! `tests/data/golden/bodies.txt` has a line for every kind: name, version, hex of a body. It is only ever added to: a line that has
//! to change means that logs out there are no longer read. `tests/data/golden/log-1` is a log as this format's first build wrote it.
//! New kinds: add a sample below and run
//! `cargo test -p scoped-tests -- --ignored golden_bodies`, which refuses to change a line that is there.

use crate::support::{NOON, data, files, member, object, package_file, path, principal, scope_at, update};
use scoped::log::VerifyOptions;
use scoped::projections::audit::{AccessDenied, AccessRecorded, AuditEvent};
use scoped::projections::config as f;
use scoped::projections::contracts as c;
use scoped::projections::identity as i;
use scoped::projections::objects as o;
use scoped::projections::registry as r;
use scoped::projections::requests::{RequestDescribed, RequestKeyed};
use scoped::projections::rules as ru;
use scoped::projections::sharing as s;
use scoped::projections::store::Transact as _;
use scoped::projections::subjects as u;
use scoped::projections::templates as b;
use scoped::projections::temporal as m;
use scoped::projections::tenancy::{self as t, Applies};
use scoped::projections::{Context, DOMAINS, Envelope, World};
use scoped::temporal::{Cutoff, Selection, SetMark};
use scoped::{
    Batch, BindingId, ContractId, EdgeId, Effect, Engine, EntryId, Event, History, Level, ManualDoor,
    ObjectId, Options, Policy, PrincipalId, RegistrationId, Role, RuleId, ScopeId, Sequence, SettingId,
    Subject, SubjectId, TemplateId, identity, objects, sharing, tenancy,
};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn golden() -> PathBuf {
    package_file("data/golden")
}

fn body(effect: Effect, when: ru::Clause, content: ru::Content) -> ru::Body {
    ru::Body { effect, priority: -7, when, content }
}

/// A clause with every test there is, and parts.
fn everything_a_clause_asks() -> ru::Clause {
    let text = r#"{
        "action": ["delete", "update"], "principal_kind": "bot", "principal": "0000000000000000000000000H",
        "role": "writer", "relation": ["outsider"], "object_type": ["file"], "object": "00000000000000000000000012",
        "scope": "0000000000000000000000001K", "within": "0000000000000000000000001K",
        "time": {"weekdays": ["mon", "fri"], "from": "08:00", "to": "18:30", "not_before": 5, "until": 6},
        "data": [{"path": "a.b", "eq": 1, "ne": null, "in": ["x", 2.5, true], "lt": 3, "gt": -3, "exists": true}],
        "environment": "staging", "classification": ["secret"], "cel": "true",
        "all": [{"action": "read"}], "any": [{"not": {"role": "admin"}}, {}], "not": {"relation": "owner"}
    }"#;
    serde_json::from_str(text).unwrap()
}

fn redaction() -> ru::Body {
    let redactions = r#"{"email": {"strategy": "mask", "visible_chars": 4}, "people[*].phone": {"strategy": "omit"}, "name": {}}"#;
    let content = ru::Content::Redactions(serde_json::from_str(redactions).unwrap());
    body(Effect::Deny, ru::Clause::default(), content)
}

/// Each content has bytes of its own: a sample can show only one.
#[test]
fn every_content_of_a_rule_is_read_as_it_was_written() {
    let limit = ru::RateLimit { max_count: 3, window_seconds: 60, per: ru::Per::Target };
    let quota = ru::Quota { resource: ru::Resource::Members, max_count: 9 };
    let flag = ru::Flag { name: "beta".into(), enabled: true, rollout_percentage: 20, salt: "pepper".into() };
    let attributes =
        ru::Attributes { environment: Some("staging".into()), classification: Some("secret".into()) };
    for content in [
        ru::Content::RateLimit(limit),
        ru::Content::Quota(quota),
        ru::Content::FeatureFlag(flag),
        ru::Content::Attributes(attributes),
        redaction().content,
    ] {
        let body = body(Effect::Allow, everything_a_clause_asks(), content);
        let event: Event = ru::RuleUpdated { rule: RuleId(1), name: "n".into(), body: Box::new(body) }.into();
        let mut bytes = Vec::new();
        event.encode_into(&context(), &mut bytes).unwrap();
        assert_eq!(Event::decode(event.kind(), event.version(), &bytes).unwrap(), (context(), event));
    }
}

/// One of every kind, no two fields alike.
pub(crate) fn samples() -> Vec<Event> {
    let (principal, object, scope) = (PrincipalId(0x11), ObjectId(0x22), ScopeId(0x33));
    let (entry, role, level) = (EntryId(0x44), Role::Writer, Level::Admin);
    let edge = EdgeId(0x88);
    let (rule, binding) = (RuleId(0x66), BindingId(0x77));
    let expires_at = Some(NOON);
    let (contract, template, setting) = (ContractId(0x99), TemplateId(0xaa), SettingId(0xbb));
    vec![
        i::Founded { principal, kind: "person".into() }.into(),
        i::PrincipalCreated { principal, kind: "bot".into() }.into(),
        i::PrincipalDescribed { principal }.into(),
        i::PrincipalSuspended { principal }.into(),
        i::PrincipalReinstated { principal }.into(),
        i::PrincipalArchived { principal }.into(),
        i::OperatorSet { principal, operator: true }.into(),
        i::PrincipalKindChanged { principal, kind: "service".into() }.into(),
        i::HandleSet { principal, handle: "user:alice".into() }.into(),
        i::RelationshipAdded { edge, parent: PrincipalId(0x66), child: principal, label: "member_of".into() }
            .into(),
        i::RelationshipRemoved { edge }.into(),
        i::ActedOnBehalf { agent: PrincipalId(0x77), principal }.into(),
        t::ScopeCreated { scope, parent: ScopeId(0x55), path: "org:a/ws:b".into(), name: "née".into() }
            .into(),
        t::ScopeArchived { scope }.into(),
        t::ScopeReopened { scope }.into(),
        t::MemberAdded { scope, principal, role, expires_at }.into(),
        t::MemberRoleChanged { scope, principal, role: Role::Owner, expires_at: None }.into(),
        t::MemberRemoved { scope, principal }.into(),
        t::AclEntryAdded {
            entry,
            scope,
            effect: Effect::Deny,
            subject: Subject::Role(Role::Admin),
            capability: "scope.read.*".into(),
            applies: Applies::Itself,
            expires_at,
        }
        .into(),
        t::AclEntryRemoved { entry }.into(),
        t::ScopeProvisioned { scope, parent: ScopeId(0x55), path: "org:a/ws:b".into() }.into(),
        t::ScopeAdopted { scope }.into(),
        t::ScopeFrozen { scope }.into(),
        t::ScopeReleased { scope }.into(),
        t::ScopeRenamed { scope, name: "née".into() }.into(),
        t::ScopeDescribed { scope }.into(),
        t::ScopeMoved { scope, parent: ScopeId(0x55) }.into(),
        t::PolicySet { scope, policy: policy() }.into(),
        t::MemberExpired { scope, principal }.into(),
        t::AclEntryExpired { entry }.into(),
        o::ObjectCreated { object, object_type: "file".into(), owner: principal }.into(),
        o::ObjectUpdated { object }.into(),
        o::ObjectTombstoned { object }.into(),
        o::ObjectRestored { object }.into(),
        o::ObjectAttributed {
            object,
            context: t::ScopeWire::from(scoped::Scope::full("acme", "bot", "née", "s1")),
        }
        .into(),
        o::OwnershipTransferred { object, owner: principal }.into(),
        o::VersionExplained { object, version: 9 }.into(),
        o::ObjectExpired { object }.into(),
        o::ObjectForgotten { object }.into(),
        o::ObjectRecovered { object }.into(),
        exported(vec![ScopeId(0x22), scope]),
        u::ObjectBound { object, subject: SubjectId(0xcc) }.into(),
        u::PrincipalBound { principal }.into(),
        u::SubjectErased { subject: SubjectId(0xcc) }.into(),
        o::ObjectsImported { objects: 4, versions: 5, digest: [0xd4; 32] }.into(),
        o::ProvenanceRecorded { object, version: 6, origin: ObjectId(0x99), author: principal, time: NOON }
            .into(),
        s::ObjectProjected { object, scope, level }.into(),
        s::ProjectionRevoked { object, scope }.into(),
        m::MarkSet { name: "begin".into(), position: 7 }.into(),
        m::RolledBack { to: 5, selection: "all".into(), steps: 3 }.into(),
        r::Registered {
            registration: RegistrationId(0x66),
            kind: "MODEL".into(),
            namespace: "app".into(),
            name: "limits".into(),
            version: 2,
            lifecycle: r::Lifecycle::Draft,
            tags: vec!["a".into(), "b".into()],
        }
        .into(),
        r::LifecycleChanged { registration: RegistrationId(0x66), to: r::Lifecycle::Deprecated }.into(),
        r::Described { registration: RegistrationId(0x66), tags: vec!["c".into()] }.into(),
        r::KindDefined { kind: "WIDGET".into() }.into(),
        r::Frozen {}.into(),
        r::Unfrozen {}.into(),
        r::Reinstated { registration: RegistrationId(0x66), to: r::Lifecycle::Active }.into(),
        ru::RuleCreated {
            rule,
            name: "no deletes".into(),
            class: ru::Class::Constraint,
            home: scope,
            body: Box::new(body(Effect::Deny, everything_a_clause_asks(), ru::Content::Vote)),
        }
        .into(),
        ru::RuleUpdated { rule, name: "hidden".into(), body: Box::new(redaction()) }.into(),
        ru::RuleDescribed { rule }.into(),
        ru::RuleArchived { rule }.into(),
        ru::RuleUnarchived { rule }.into(),
        ru::BindingAdded {
            binding,
            rule,
            targets: ru::Targets {
                scope: Some(scope),
                principal: Some(principal),
                object_type: Some("file".into()),
                object: Some(object),
                environment: Some("staging".into()),
                connector: Some("crm".into()),
            },
        }
        .into(),
        ru::BindingChanged { binding, targets: ru::Targets::default() }.into(),
        ru::BindingRemoved { binding }.into(),
        c::ContractCreated {
            contract,
            name: "limits".into(),
            object_type: "limits".into(),
            scope,
            definition: definition(),
        }
        .into(),
        c::ContractUpdated {
            contract,
            definition: c::Definition { schema: r#"{"type":"object"}"#.into(), ..c::Definition::default() },
            upgrades: vec![
                c::Upgrade { kind: c::UpgradeKind::Rename, field: "a".into(), other: "b".into() },
                c::Upgrade { kind: c::UpgradeKind::Drop, field: "c".into(), other: String::new() },
            ],
        }
        .into(),
        c::ContractDeprecated { contract }.into(),
        c::ContractActivated { contract }.into(),
        c::ContractArchived { contract }.into(),
        c::ContractUnarchived { contract }.into(),
        b::TemplateCreated { template, name: "small".into(), template_type: "scope".into(), scope }.into(),
        b::TemplateUpdated { template, name: "large".into() }.into(),
        b::TemplateArchived { template }.into(),
        b::TemplateReopened { template }.into(),
        b::TemplateInstantiated { template, version: 3 }.into(),
        f::SettingSet { setting, scope, key: "limit".into(), locked: true }.into(),
        f::SettingDeleted { setting, scope, key: "limit".into() }.into(),
        RequestKeyed { key: [0xa1; 16], request: [0xb2; 16], events: 4 }.into(),
        RequestDescribed { events: 3 }.into(),
        AccessDenied {
            operation: "objects.read".into(),
            capability: "scope.read.local".into(),
            object,
            code: "denied".into(),
            reason: String::new(),
            count: 6,
            first: NOON,
            last: NOON + 1,
        }
        .into(),
        AccessRecorded {
            operation: "audit.query".into(),
            capability: "scope.audit.read".into(),
            object,
            count: 2,
            first: NOON,
            last: NOON + 3,
        }
        .into(),
    ]
}

/// Every key declared, no two alike.
fn policy() -> t::Policy {
    let ages = |max: Option<u64>, min: u64| t::Ages {
        max_age: max.and_then(t::Period::days),
        min_age: t::Period::days(min),
    };
    t::Policy {
        retention: t::Retention {
            objects: ages(Some(9), 1),
            versions: ages(Some(8), 2),
            events: ages(None, 3),
        },
        default_view: Some(t::View::Holistic),
        quota: t::Quota {
            max_records: Some(4),
            max_bytes: Some(5),
            max_log_bytes: Some(6),
            max_scopes: Some(7),
            max_members: Some(10),
        },
        visible_to_descendants: Some(false),
        inherit_members: Some(true),
        audit_reads: Some(t::AuditReads::All),
    }
}

/// A definition with one of everything in it.
fn definition() -> c::Definition {
    let field = c::Field {
        name: "cpu".into(),
        field_type: c::FieldType::Integer,
        required: true,
        nullable: false,
        default: Some("1".into()),
        description: "cores".into(),
        rules: vec![c::FieldRule { kind: c::RuleKind::MaxValue, value: "64".into() }],
    };
    let rule = c::CrossRule {
        name: "one".into(),
        kind: c::CrossKind::MutuallyExclusive,
        fields: vec!["cpu".into(), "gpu".into()],
        description: "not both".into(),
    };
    c::Definition { fields: vec![field], constraints: vec![rule], schema: String::new() }
}

fn context() -> Context {
    Context {
        cause: 1,
        undoes: 2,
        correlation: 0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10,
        valid_time: Some(-3),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn line(event: &Event) -> String {
    let mut body = Vec::new();
    event.encode_into(&context(), &mut body).unwrap();
    let info = scoped::projections::domains::kind_info(event.kind()).unwrap();
    format!("{} {:#06x} {} {}", info.name, info.kind, info.version, hex(&body))
}

/// Lines by name and version.
fn lines() -> BTreeMap<(String, u16), (u16, Vec<u8>)> {
    let text = std::fs::read_to_string(golden().join("bodies.txt")).unwrap();
    let rows = text.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let words: Vec<&str> = line.split(' ').collect();
        let kind = u16::from_str_radix(words[1].trim_start_matches("0x"), 16).unwrap();
        ((words[0].to_owned(), words[2].parse().unwrap()), (kind, unhex(words[3])))
    });
    rows.collect()
}

#[test]
fn every_kind_has_a_number_and_a_name_of_its_own() {
    let (mut numbers, mut names, mut domains) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for (number, domain, kinds) in DOMAINS {
        assert!(domains.insert(*number) && *number > 0, "domain {domain}");
        assert!(!kinds.is_empty(), "{domain} has kinds");
        for kind in *kinds {
            assert!(numbers.insert(kind.kind) && names.insert(kind.name), "{} is there twice", kind.name);
            assert_eq!(kind.kind >> 8, u16::from(*number), "{} lies in its domain's range", kind.name);
            assert!(kind.kind & 0xff > 0 && kind.version > 0, "{}", kind.name);
            assert!(!kind.about.trim().is_empty(), "{} says what it is about", kind.name);
        }
    }
}

#[test]
fn kinds_are_named_domain_dot_past_participle() {
    // Participles that do not end in -ed.
    let irregular = ["set", "frozen", "unfrozen", "forgotten"];
    for (_, domain, kinds) in DOMAINS {
        for kind in *kinds {
            let (first, rest) = kind.name.split_once('.').unwrap();
            assert_eq!(first, *domain, "{}", kind.name);
            assert!(rest.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{}", kind.name);
            let participle = rest.split('_').any(|word| word.ends_with("ed") || irregular.contains(&word));
            let rolled_back = rest == "rolled_back" || participle;
            assert!(rolled_back, "{}: an event says what has happened", kind.name);
        }
    }
}

#[test]
fn there_is_a_sample_of_every_kind() {
    let sampled: BTreeSet<u16> = samples().iter().map(Event::kind).collect();
    for kind in DOMAINS.iter().flat_map(|(_, _, kinds)| kinds.iter()) {
        assert!(
            sampled.contains(&kind.kind),
            "`{}` has no sample: add one, then write its golden line",
            kind.name
        );
    }
}

/// A state begins its transaction when it is about to change, so what a batch touches has to be known for every kind of event: also what it
/// changes outside of its own domain.
#[test]
fn a_batch_that_is_taken_back_leaves_nothing_whatever_was_in_it() {
    let samples = samples();
    let envelope = |sequence: u64| Envelope {
        sequence: Sequence::new(sequence),
        time: NOON + sequence,
        actor: PrincipalId(0x11),
        scope: ScopeId(0x33),
        context: Context { undoes: sequence / 2, ..context() },
        payload: 100,
    };
    // Folds never fail, so all of it can be folded three times over, each time onto more that is there already.
    let (mut tried, mut plain) = (World::default(), World::default());
    for sequence in 1..=3 * samples.len() as u64 {
        let nth = sequence as usize - 1;
        let (event, next) = (&samples[nth % samples.len()], &samples[nth * 7 % samples.len()]);
        let before = tried.state_digest();
        tried.begin();
        tried.apply(&envelope(sequence), event);
        tried.apply(&envelope(sequence + 1), next);
        tried.undo();
        assert_eq!(
            (tried.state_digest(), tried.position()),
            (before, plain.position()),
            "{event:?}, {next:?}"
        );
        tried.begin();
        tried.apply(&envelope(sequence), event);
        tried.keep();
        plain.apply(&envelope(sequence), event);
        assert_eq!(tried.state_digest(), plain.state_digest(), "{event:?}");
    }
}

/// A package that was taken out; told of no scope at first.
fn exported(scopes: Vec<ScopeId>) -> Event {
    let digest = [0xc3; 32];
    scoped::projections::objects::ObjectsExported { objects: 2, versions: 3, digest, redacted: true, scopes }
        .into()
}

/// What an older form of a kind says, as this build reads it.
fn as_it_was(sample: &Event, version: u16) -> Event {
    if sample.version() == version {
        return sample.clone();
    }
    match sample {
        Event::Objects(scoped::projections::objects::ObjectsEvent::ObjectsExported(_)) => {
            exported(Vec::new())
        }
        Event::Audit(AuditEvent::AccessDenied(denied)) => {
            let (code, reason) = ("denied".to_owned(), String::new());
            scoped::projections::audit::AccessDenied { code, reason, ..denied.clone() }.into()
        }
        other => panic!("no older form of {other:?} is known here"),
    }
}

#[test]
fn bodies_are_encoded_as_they_always_were() {
    let golden = std::fs::read_to_string(golden().join("bodies.txt")).unwrap();
    for event in samples() {
        assert!(golden.lines().any(|known| known == line(&event)), "not the golden bytes: {}", line(&event));
    }
}

#[test]
fn golden_bodies_of_every_kind_and_version_are_still_read() {
    let samples: BTreeMap<u16, Event> = samples().into_iter().map(|event| (event.kind(), event)).collect();
    for ((name, version), (kind, body)) in lines() {
        let (found, event) =
            Event::decode(kind, version, &body).unwrap_or_else(|e| panic!("{name} version {version}: {e}"));
        assert_eq!(found, context(), "{name}");
        assert_eq!(event, as_it_was(&samples[&kind], version), "{name}");
        // Neither shorter nor longer is a body.
        assert!(Event::decode(kind, version, &body[..body.len() - 1]).is_err(), "{name} cut short");
        assert!(
            Event::decode(kind, version, &[&body[..], &[0]].concat()).is_err(),
            "{name} with a byte left over"
        );
        assert!(Event::decode(kind, version + 1, &body).is_err(), "{name} of a version to come");
    }
}

/// A second codec with definitions of its own reads and writes the very same bytes: the format is not what one library does.
mod second_codec {
    use super::*;
    use wincode::{SchemaRead, SchemaWrite};

    #[derive(Debug, PartialEq, SchemaRead, SchemaWrite)]
    struct Head {
        cause: u64,
        undoes: u64,
        correlation: u128,
        valid_time: Option<i64>,
    }
    #[derive(Debug, PartialEq, SchemaRead, SchemaWrite)]
    struct Id {
        head: Head,
        id: u128,
    }
    #[derive(Debug, PartialEq, SchemaRead, SchemaWrite)]
    struct ObjectCreated {
        head: Head,
        object: u128,
        object_type: String,
        owner: u128,
    }
    #[derive(Debug, PartialEq, SchemaRead, SchemaWrite)]
    struct ScopeCreated {
        head: Head,
        scope: u128,
        parent: u128,
        path: String,
        name: String,
    }
    #[derive(Debug, PartialEq, SchemaRead, SchemaWrite)]
    struct MemberAdded {
        head: Head,
        scope: u128,
        principal: u128,
        role: u8,
        expires_at: Option<u64>,
    }
    #[derive(Debug, PartialEq, SchemaRead, SchemaWrite)]
    struct AclEntryAdded {
        head: Head,
        entry: u128,
        scope: u128,
        effect: u8,
        subject: u8,
        whom: u128,
        capability: String,
        applies: u8,
        expires_at: Option<u64>,
    }
    #[derive(Debug, PartialEq, SchemaRead, SchemaWrite)]
    struct RequestKeyed {
        head: Head,
        key: [u8; 16],
        request: [u8; 16],
        events: u32,
    }
    #[derive(Debug, PartialEq, SchemaRead, SchemaWrite)]
    struct AccessDenied {
        head: Head,
        operation: String,
        capability: String,
        object: u128,
        count: u32,
        first: u64,
        last: u64,
    }

    fn head() -> Head {
        let context = context();
        let (cause, undoes, correlation) = (context.cause, context.undoes, context.correlation);
        Head { cause, undoes, correlation, valid_time: context.valid_time }
    }

    macro_rules! same {
        ($name:literal, $type:ty, $value:expr) => {
            let (_, body) = lines().remove(&($name.to_owned(), 1)).unwrap();
            let value = $value;
            assert_eq!(wincode::deserialize::<$type>(&body).unwrap(), value, $name);
            assert_eq!(hex(&wincode::serialize(&value).unwrap()), hex(&body), $name);
        };
    }

    #[test]
    fn reads_and_writes_the_same_bytes() {
        same!("objects.updated", Id, Id { head: head(), id: 0x22 });
        same!("identity.principal_suspended", Id, Id { head: head(), id: 0x11 });
        same!(
            "objects.created",
            ObjectCreated,
            ObjectCreated { head: head(), object: 0x22, object_type: "file".into(), owner: 0x11 }
        );
        let (path, name) = ("org:a/ws:b".to_owned(), "née".to_owned());
        same!(
            "tenancy.scope_created",
            ScopeCreated,
            ScopeCreated { head: head(), scope: 0x33, parent: 0x55, path, name }
        );
        let expires_at = Some(NOON);
        same!(
            "tenancy.member_added",
            MemberAdded,
            MemberAdded { head: head(), scope: 0x33, principal: 0x11, role: 2, expires_at }
        );
        let (entry, scope, capability) = (0x44, 0x33, "scope.read.*".to_owned());
        same!(
            "tenancy.acl_entry_added",
            AclEntryAdded,
            AclEntryAdded {
                head: head(),
                entry,
                scope,
                effect: 2,
                subject: 2,
                whom: 3,
                capability,
                applies: 1,
                expires_at
            }
        );
        let (key, request) = ([0xa1; 16], [0xb2; 16]);
        same!("requests.keyed", RequestKeyed, RequestKeyed { head: head(), key, request, events: 4 });
        let (operation, capability) = ("objects.read".to_owned(), "scope.read.local".to_owned());
        let (object, count, first, last) = (0x22, 6, NOON, NOON + 1);
        same!(
            "audit.access_denied",
            AccessDenied,
            AccessDenied { head: head(), operation, capability, object, count, first, last }
        );
    }
}

#[test]
#[ignore = "writes the golden lines of new kinds; never changes one that is there"]
fn write_the_golden_bodies() {
    let file = golden().join("bodies.txt");
    let mut text = std::fs::read_to_string(&file).unwrap_or_else(|_| {
        "# kind, number, version, hex of a body. Only ever added to: see tests/it/contract.rs.\n".to_owned()
    });
    for event in samples() {
        let line = line(&event);
        let name = line.split(' ').take(3).collect::<Vec<_>>().join(" ") + " ";
        match text.lines().find(|known| known.starts_with(&name)) {
            Some(known) => {
                assert_eq!(known, line, "a golden line never changes: a new shape is a new version")
            }
            None => text.extend([&*line, "\n"]),
        }
    }
    std::fs::create_dir_all(golden()).unwrap();
    std::fs::write(file, text).unwrap();
}

/// A little of everything, with a clock and a chance that always give the same.
fn write_a_log(directory: &Path) {
    let log = scoped::log::Options {
        segment_bytes: 16 << 10,
        prepare_in_background: false,
        ..scoped::log::Options::default()
    };
    let door = Arc::new(ManualDoor::new(NOON, 1));
    let options = Options::default()
        .door(door.clone())
        .founder(PrincipalId(1))
        .log(log)
        .snapshot_after(0)
        .types(["limits"]);
    let engine = Engine::open_with(directory, options).unwrap();
    let ada = engine.session(PrincipalId(1)).unwrap();
    let mut world = Batch::new().with(PrincipalId(1), principal(2)).with(PrincipalId(1), principal(3));
    for (path, id) in [("org:a", 1), ("org:a/ws:b", 2), ("org:z", 3)] {
        world.push(PrincipalId(1), scope_at(path, id));
    }
    world.push(PrincipalId(1), member("org:a", 2, Role::Admin));
    world.push(PrincipalId(1), member("org:a/ws:b", 3, Role::Writer));
    engine.execute(world.keyed("world").happened_at(-1)).unwrap();
    for id in 10..30u128 {
        door.set(NOON + id as u64 * 1_000_000);
        ada.execute(object(id, id as u64, Some("org:a/ws:b"), Level::Write)).unwrap();
    }
    ada.mark("made").unwrap();
    let bo = engine.session(PrincipalId(2)).unwrap();
    bo.execute(update(10, 99)).unwrap();
    bo.execute(objects::Tombstone {
        object: ObjectId(11),
        reason: Some("old".into()),
        expected_version: Some(1),
    })
    .unwrap();
    assert!(bo.execute(SetMark { name: "no".into(), position: None }).is_err());
    let entry = tenancy::AddAclEntry {
        entry: Some(EntryId(1)),
        scope: path("org:a"),
        effect: Effect::Deny,
        subject: Subject::Principal(PrincipalId(3)),
        capability: "scope.write".parse().unwrap(),
        applies: Applies::Subtree,
        expires_at: Some(NOON * 2),
    };
    bo.execute(entry).unwrap();
    ada.execute(sharing::Project { object: ObjectId(12), scope: path("org:z"), level: Level::Admin })
        .unwrap();
    ada.execute(sharing::Revoke { object: ObjectId(12), scope: path("org:a/ws:b") }).unwrap();
    ada.rollback(&Cutoff::Mark("made".into()), Selection::Scope(path("org:a")), Policy::AllOrNothing)
        .unwrap();
    ada.execute(identity::SuspendPrincipal { principal: PrincipalId(3) }).unwrap();
    engine.close().unwrap();
}

/// What a frozen log has to come to. The chain never changes; the state may, when folds do, and then `FOLD_VERSION` has grown.
pub(crate) fn note(directory: &Path) -> String {
    let (history, _) = History::open(directory).unwrap();
    let head = history.head();
    let chain = history.reader().chain_at(head).unwrap().unwrap();
    let (fold, state) = (scoped::projections::world::FOLD_VERSION, crate::support::replayed(&history, head));
    format!("events {}\nchain {chain}\nfold {fold}\nstate {state}\n", head.get())
}

#[test]
#[ignore = "writes the frozen log if there is none, and its digest anew: for a new format, or after `FOLD_VERSION` has grown"]
fn write_the_frozen_log() {
    let (directory, file) = (golden().join("log-1"), golden().join("log-1.digest"));
    if !directory.exists() {
        std::fs::create_dir_all(&directory).unwrap();
        write_a_log(&directory);
    }
    std::fs::write(file, note(&directory)).unwrap();
}

/// The first format is read by every build to come, to the last byte of what was true.
#[test]
fn the_frozen_log_of_format_one_opens_read_only_and_gives_its_digest() {
    let directory = golden().join("log-1");
    let expected = std::fs::read_to_string(golden().join("log-1.digest")).unwrap();
    let before = files(&directory);
    assert_eq!(note(&directory), expected);
    let storage: Arc<dyn scoped::log::Storage> = Arc::new(scoped::log::FileStorage::new(&directory));
    let report = scoped::log::verify(&storage, &VerifyOptions::default(), &|_| ()).unwrap();
    assert!(report.is_clean(), "{:?}", report.first_bad());
    assert!(before == files(&directory), "reading changed a file");
}

/// A copy of it is opened for writing and goes on.
#[test]
fn the_frozen_log_can_be_continued() {
    let (copy, source) = (tempfile::tempdir().unwrap(), golden().join("log-1"));
    for (path, bytes) in files(&source) {
        let to = copy.path().join(path.strip_prefix(&source).unwrap());
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::write(to, bytes).unwrap();
    }
    let engine = Engine::open_with(copy.path(), Options::default().create(false)).unwrap();
    let ada = engine.session(engine.founder()).unwrap();
    // It is older than the registry: what was made before stays, and what is made now needs its type.
    assert_eq!(ada.execute(object(1_000, 1, None, Level::Read)).unwrap_err().code(), "not_registered");
    engine.register_types(&["limits"]).unwrap();
    ada.execute(object(1_000, 1, None, Level::Read)).unwrap();
    assert_eq!(ada.read(ObjectId(10)).unwrap().value().unwrap()["cpu"], 10);
    crate::support::digest(&engine);
}

#[test]
fn every_folder_of_a_domain_is_on_the_one_list() {
    let listed: BTreeSet<&str> = DOMAINS.iter().map(|(_, name, _)| *name).collect();
    let mut found = BTreeSet::new();
    for (crate_folder, sign) in [("../projections/src", "state.rs"), ("../engine/src", "commands.rs")] {
        for entry in std::fs::read_dir(package_file(crate_folder)).unwrap() {
            let folder = entry.unwrap().path();
            if folder.join(sign).exists() {
                let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
                assert!(
                    listed.contains(&*name),
                    "{crate_folder}/{name} is on no list: add its line to domains.rs"
                );
                found.insert(name);
            }
        }
    }
    for name in listed {
        assert!(found.contains(name), "`{name}` is listed and has no folder in projections");
        assert!(
            package_file("../engine/src").join(name).is_dir(),
            "`{name}` is listed and has no folder in engine"
        );
    }
}

/// `data` is used by samples of payloads; keys are sorted whatever the order they are given in.
#[test]
fn equal_data_is_equal_bytes() {
    assert_eq!(data(serde_json::json!({ "b": 1, "a": [2.5, null] })).bytes(), br#"{"a":[2.5,null],"b":1}"#);
}
