//! Random worlds of groups, cuts, denies, projections, ends and moves: every answer about access is that of the specification, now and at
//! random cutoffs.
//!
//! `model` predicts every command of a few; this one predicts none and reads everything: lines of the wire form are drawn, whatever is
//! accepted stands in the log, and [`oracle`] folds the log by the letter of the page. A line that this build cannot read is no
//! part of its history. `SCOPED_CASES=10000` runs more cases, with other chances each time.

mod oracle;

use crate::support::{NOON, by_hand};
use oracle::{Access, Fact, On};
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};
use proptest::{prelude::*, strategy::Strategy};
use scoped::projections::domains::kind_info;
use scoped::temporal::Cutoff;
use scoped::{
    Capability, Door, Engine, ManualDoor, Moment, ObjectId, PrincipalId, ScopeId, Sequence, Target,
    parse_line,
};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// Cases of the everyday run, all of them small.
const CASES: u32 = 500;
const PRINCIPALS: u8 = 6;
const SCOPES: u8 = 7;
const OBJECTS: u8 = 5;

type Raw = [u8; 5];

fn id(number: u8) -> String {
    ObjectId(u128::from(number)).to_string()
}

/// One line of the wire form, mostly by the founder.
fn line(raw: &Raw, now: u64) -> String {
    let [kind, a, b, c, d] = *raw;
    let actor = id([1, 1, 1, 1, 1, 1, 2, 3][usize::from(d) % 8]);
    let (principal, other) = (id(a % PRINCIPALS + 1), id(b % PRINCIPALS + 1));
    let (scope, object) = (id(b % SCOPES + 1), id(a % OBJECTS + 1));
    let role = ["reader", "writer", "admin", "owner"][usize::from(c) % 4];
    let level = ["read", "write", "admin"][usize::from(c) % 3];
    let end = if d % 4 == 0 { (now + u64::from(d) * 2_000_000).to_string() } else { "null".into() };
    let (name, with) = match kind % 32 {
        0..=3 => {
            let with = format!(
                r#""edge":"{}","parent":"{other}","child":"{principal}","label":"member_of""#,
                id(c % 8 + 1)
            );
            ("identity.add_relationship", with)
        }
        4 => ("identity.remove_relationship", format!(r#""edge":"{}""#, id(c % 8 + 1))),
        5 if d % 3 == 0 => ("identity.suspend_principal", format!(r#""principal":"{principal}""#)),
        5 => ("identity.reinstate_principal", format!(r#""principal":"{principal}""#)),
        6 => ("identity.set_operator", format!(r#""principal":"{principal}","operator":{}"#, c % 2 == 0)),
        7..=10 => {
            let with =
                format!(r#""scope":"{scope}","principal":"{principal}","role":"{role}","expires_at":{end}"#);
            ("tenancy.add_member", with)
        }
        11 => {
            let with =
                format!(r#""scope":"{scope}","principal":"{principal}","role":"{role}","expires_at":{end}"#);
            ("tenancy.change_member", with)
        }
        12 => ("tenancy.remove_member", format!(r#""scope":"{scope}","principal":"{principal}""#)),
        13..=17 => {
            let subject = match d % 4 {
                0 => "any".to_owned(),
                1 => format!("role:{role}"),
                _ => principal,
            };
            let capability = [
                "scope.read.*",
                "scope.read.local",
                "scope.write",
                "*",
                "scope.read.descend",
                "scope.acl.manage",
            ][usize::from(c) % 6];
            let effect = if (c / 6) % 2 == 0 { "allow" } else { "deny" };
            let applies = if (a / 8) % 3 == 0 { "self" } else { "subtree" };
            let with = format!(
                r#""entry":"{}","scope":"{scope}","effect":"{effect}","subject":"{subject}","capability":"{capability}","applies":"{applies}","expires_at":{end}"#,
                id(a % 8 + 1)
            );
            ("tenancy.add_acl_entry", with)
        }
        18 => ("tenancy.remove_acl_entry", format!(r#""entry":"{}""#, id(a % 8 + 1))),
        19..=21 => {
            let policy = match c % 5 {
                0 | 1 => r#"{"inherit_members":false}"#,
                2 => r#"{"visible_to_descendants":false}"#,
                3 => r#"{"inherit_members":false,"visible_to_descendants":false}"#,
                _ => "{}",
            };
            ("tenancy.set_policy", format!(r#""scope":"{scope}","policy":{policy}"#))
        }
        22 => ("tenancy.move_scope", format!(r#""scope":"{}","parent":"{scope}""#, id(6 + a % 2))),
        23 => match c % 4 {
            0 => ("tenancy.delete_scope", format!(r#""scope":"{scope}","records":"keep""#)),
            1 => {
                ("tenancy.delete_scope", format!(r#""scope":"{scope}","records":"forget","recursive":true"#))
            }
            2 => ("tenancy.freeze_scope", format!(r#""scope":"{scope}""#)),
            _ => ("tenancy.release_scope", format!(r#""scope":"{scope}""#)),
        },
        24 => ("tenancy.reopen_scope", format!(r#""scope":"{scope}""#)),
        25..=28 => ("sharing.project", format!(r#""object":"{object}","scope":"{scope}","level":"{level}""#)),
        29 => ("sharing.revoke", format!(r#""object":"{object}","scope":"{scope}""#)),
        30 => ("objects.tombstone", format!(r#""object":"{object}""#)),
        _ if c % 2 == 0 => ("objects.restore", format!(r#""object":"{object}""#)),
        _ => ("objects.transfer", format!(r#""object":"{object}","to":"{other}","reason":"moved""#)),
    };
    format!(r#"{{"as":"{actor}","do":"{name}","with":{{{with}}}}}"#)
}

/// Five on a path, two flat ones beside them; principals 2 to 6; an object of somebody's in each of the first scopes.
fn prelude(engine: &Engine) {
    let founder = id(1);
    let mut lines: Vec<String> = Vec::new();
    for number in 2..=PRINCIPALS {
        let with = format!(r#""principal":"{}","kind":"person","description":{{}}"#, id(number));
        lines.push(format!(r#"{{"as":"{founder}","do":"identity.create_principal","with":{{{with}}}}}"#));
    }
    let paths = ["org:a", "org:a/dept:b", "org:a/dept:b/team:c", "org:a/dept:b/team:c/user:d", "org:z"];
    for (number, path) in (1..).zip(paths) {
        let with = format!(r#""scope":"{}","path":"{path}""#, id(number));
        lines.push(format!(r#"{{"as":"{founder}","do":"tenancy.create_scope","with":{{{with}}}}}"#));
    }
    for (number, parent) in [(6, 1), (7, 6)] {
        let with = format!(r#""scope":"{}","name":"flat","parent":"{}""#, id(number), id(parent));
        lines.push(format!(r#"{{"as":"{founder}","do":"tenancy.create_scope","with":{{{with}}}}}"#));
    }
    for number in 1..=OBJECTS {
        let with = format!(
            r#""object":"{}","type":"thing","data":{{}},"scope":"{}","level":"write""#,
            id(number),
            id(number)
        );
        lines.push(format!(r#"{{"as":"{founder}","do":"objects.create","with":{{{with}}}}}"#));
    }
    for line in lines {
        let batch = parse_line(&line).unwrap_or_else(|error| panic!("{error}: {line}")).0;
        engine.execute(batch).unwrap_or_else(|error| panic!("{error}: {line}"));
    }
}

/// The log as an auditor reads it.
fn facts(engine: &Engine) -> Vec<Fact> {
    let history = engine.history();
    let records = history.reader().records(Sequence::new(1), history.head());
    let fact = |record: scoped::log::Record| Fact {
        at: record.sequence().get(),
        kind: kind_info(record.kind()).unwrap().name,
        facts: serde_json::to_value(history.event(&record).unwrap()).unwrap(),
    };
    records.map(|record| fact(record.unwrap())).collect()
}

/// What all cases together went through.
#[derive(Debug, Default)]
struct Seen {
    kinds: BTreeMap<&'static str, u64>,
    refused: u64,
    allowed: u64,
    denied: u64,
    views: u64,
}

fn case(raws: &[Raw], cutoffs: [u16; 2], seen: &mut Seen) {
    let (engine, door) = by_hand(11);
    prelude(&engine);
    for raw in raws {
        pass_time(&door, raw[3]);
        match parse_line(&line(raw, door.now())) {
            Ok((batch, _)) => seen.refused += u64::from(engine.execute(batch).is_err()),
            Err(_) => seen.refused += 1,
        }
    }
    engine.sync().unwrap();
    let facts = facts(&engine);
    for fact in &facts {
        *seen.kinds.entry(fact.kind).or_default() += 1;
    }
    let now = door.now();
    let access = Access::at(&facts, u64::MAX);
    engine.read(|moment| compare(&moment.decided_at(now), &access, now, seen));
    views(&engine, &access, now, seen);
    let head = engine.history().head().get();
    for pick in cutoffs {
        let at = Sequence::new(u64::from(pick) % head + 1);
        let past = engine.as_of(&Cutoff::At(at)).unwrap();
        let time = engine.history().record(at).unwrap().time();
        compare(&past.moment(), &Access::at(&facts, at.get()), time, seen);
    }
}

fn pass_time(door: &ManualDoor, by: u8) {
    door.set(door.now().max(NOON) + u64::from(by) * 300_000);
}

/// Check, explain, who and what against the rule, for everybody, everywhere.
fn compare(moment: &Moment<'_>, access: &Access, now: u64, seen: &mut Seen) {
    let world = moment.world();
    let capabilities = [
        Capability::ReadLocal,
        Capability::ReadHolistic,
        Capability::ReadDescend,
        Capability::Write,
        Capability::MembersManage,
        Capability::AclManage,
        Capability::Delete,
    ];
    let mut places = vec![(On::Deployment, Target::Deployment)];
    for id in access.scopes.keys() {
        let row = world.tenancy().row(id.parse::<ScopeId>().unwrap()).unwrap();
        places.push((On::Scope(id.clone()), Target::Scope(row)));
        places.push((On::Below(id.clone()), Target::Below(row)));
    }
    let objects = access.objects.keys();
    places.extend(objects.map(|id| (On::Object(id.clone()), moment.object_target(id.parse().unwrap()))));
    let everybody: Vec<PrincipalId> =
        (1..=PRINCIPALS).map(|number| PrincipalId(u128::from(number))).collect();
    for capability in capabilities {
        for (on, target) in &places {
            let who: BTreeSet<PrincipalId> =
                moment.who(capability, *target).into_iter().map(|grant| grant.actor).collect();
            for actor in &everybody {
                let decision = moment.can(*actor, capability, *target);
                let expected = access.may(&actor.to_string(), capability.as_str(), on, now);
                assert_eq!(
                    decision.allowed,
                    expected,
                    "may {actor} {capability} on {on:?}? {}",
                    moment.reason(&decision)
                );
                assert_eq!(who.contains(actor), expected, "who may {capability} on {on:?}: {actor}?");
                assert_eq!(
                    moment.explain(*actor, capability, *target).0,
                    decision,
                    "explaining decides the same"
                );
                *(if expected { &mut seen.allowed } else { &mut seen.denied }) += 1;
            }
        }
        for actor in &everybody {
            let what: BTreeSet<String> = moment
                .what(*actor, capability)
                .into_iter()
                .map(|(info, _)| info.object.to_string())
                .collect();
            let live = access.objects.iter().filter(|(_, object)| !object.tombstoned).map(|(id, _)| id);
            let may = |id: &&String| {
                access.may(&actor.to_string(), capability.as_str(), &On::Object((*id).clone()), now)
            };
            assert_eq!(what, live.filter(may).cloned().collect(), "what may {actor} {capability}?");
        }
    }
}

/// What each view of each scope shows each principal (section 4).
fn views(engine: &Engine, access: &Access, now: u64, seen: &mut Seen) {
    use scoped::View as V;
    for number in 1..=PRINCIPALS {
        let actor = PrincipalId(u128::from(number));
        let Ok(session) = engine.session(actor) else { continue };
        for scope in access.scopes.keys() {
            for view in [V::Granular, V::Holistic, V::Descend] {
                let found = session.reading().objects(&scope.parse().unwrap(), view);
                let found = found.map(|list| list.into_iter().map(|info| info.object.to_string()).collect());
                let expected = shown(access, &actor.to_string(), scope, view, now);
                seen.views += 1;
                match (found, expected) {
                    (Ok(found), Some(expected)) => {
                        let found: BTreeSet<String> = found;
                        assert_eq!(found, expected, "what {view:?} from {scope} shows {actor}");
                    }
                    (Err(error), None) => assert_eq!(error.code(), "denied"),
                    (found, expected) => {
                        panic!("{view:?} from {scope} for {actor}: found {found:?}, expected {expected:?}")
                    }
                }
            }
        }
    }
}

/// Ids of the objects that a view shows; `None` when the whole request is refused.
fn shown(
    access: &Access,
    actor: &str,
    scope: &str,
    view: scoped::View,
    now: u64,
) -> Option<BTreeSet<String>> {
    use scoped::View as V;
    let may = |capability: &str, at: &str| access.may(actor, capability, &On::Scope(at.to_owned()), now);
    let more = match view {
        V::Holistic => Some("scope.read.holistic"),
        V::Descend => Some("scope.read.descend"),
        _ => None,
    };
    if !may("scope.read.local", scope) || !more.is_none_or(|more| may(more, scope)) {
        return None;
    }
    let above = |at: &String| {
        let kept_out = |capability| access.denies(actor, capability, at, now);
        at == scope
            || (!access.scopes[at].hidden
                && !kept_out("scope.read.local")
                && !kept_out("scope.read.holistic"))
    };
    let from: Vec<String> = match view {
        V::Holistic => access.chain(scope).into_iter().filter(above).collect(),
        V::Descend => {
            let below = access.scopes.keys().filter(|at| access.chain(at).iter().any(|up| up == scope));
            below.filter(|at| may("scope.read.local", at)).cloned().collect()
        }
        _ => vec![scope.to_owned()],
    };
    let mut shown = BTreeSet::new();
    for (object, at) in access.shares.keys().filter(|(_, at)| from.contains(at)) {
        // What was kept in a deleted scope is reached by descending from above, and in no other way (8.2).
        let from_above = view == V::Descend && at != scope;
        if access.objects[object].tombstoned || (access.scopes[at].archived && !from_above) {
            continue;
        }
        let readable = access.may(actor, "scope.read.local", &On::Object(object.clone()), now);
        // Reaching up asks for no right on each object; a deny by any scope that it lies in wins there too.
        let reached = view == V::Holistic && !access.denied_object(actor, object, now);
        if readable || reached {
            shown.insert(object.clone());
        }
    }
    Some(shown)
}

#[test]
fn every_answer_about_access_is_that_of_the_specification() {
    let wanted: Option<u32> =
        std::env::var("SCOPED_CASES").ok().map(|text| text.parse().expect("SCOPED_CASES is a number"));
    let config = Config {
        cases: wanted.unwrap_or(CASES),
        rng_seed: if wanted.is_some() { RngSeed::Random } else { RngSeed::Fixed(20_261_123) },
        failure_persistence: None,
        max_shrink_iters: 4_000,
        ..Config::default()
    };
    let histories = (prop::collection::vec(any::<Raw>(), 1..40), any::<[u16; 2]>());
    let seen = RefCell::new(Seen::default());
    let result = TestRunner::new(config).run(&histories.prop_map(|case| case), |(raws, cutoffs)| {
        let run = std::panic::catch_unwind(|| {
            let mut seen = Seen::default();
            case(&raws, cutoffs, &mut seen);
            seen
        });
        match run {
            Ok(found) => {
                let mut seen = seen.borrow_mut();
                found
                    .kinds
                    .into_iter()
                    .for_each(|(kind, count)| *seen.kinds.entry(kind).or_default() += count);
                seen.refused += found.refused;
                seen.allowed += found.allowed;
                seen.denied += found.denied;
                seen.views += found.views;
                Ok(())
            }
            Err(panic) => {
                let text = panic.downcast_ref::<String>().cloned();
                let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
                Err(TestCaseError::fail(text.unwrap_or_default()))
            }
        }
    });
    match result {
        Ok(()) => {}
        Err(TestError::Fail(reason, (raws, cutoffs))) => {
            let story: Vec<String> = raws.iter().map(|raw| line(raw, NOON)).collect();
            panic!("{reason}\nsmallest case: cutoffs {cutoffs:?}\n{}", story.join("\n"))
        }
        Err(abort) => panic!("{abort}"),
    }
    let seen = seen.into_inner();
    assert!(seen.allowed > seen.denied / 20, "most answers should not be one: {seen:?}");
    for kind in [
        "identity.relationship_added",
        "tenancy.acl_entry_added",
        "sharing.object_projected",
        "tenancy.member_added",
    ] {
        assert!(seen.kinds[kind] > 20, "{kind}: {seen:?}");
    }
}

/// Once an allow for `role:reader` in a scope with an inheritance cut let in the readers from above: the cut kept their role out
/// and the entry took it back in.
#[test]
fn behind_a_cut_an_allow_for_a_role_does_not_speak_to_those_who_hold_it_above() {
    let (engine, _) = by_hand(12);
    prelude(&engine);
    let (reader, above, below) = (id(2), id(1), id(2));
    for (name, with) in [
        ("tenancy.add_member", format!(r#""scope":"{above}","principal":"{reader}","role":"reader""#)),
        ("tenancy.set_policy", format!(r#""scope":"{below}","policy":{{"inherit_members":false}}"#)),
        (
            "tenancy.add_acl_entry",
            format!(
                r#""entry":"{}","scope":"{below}","effect":"allow","subject":"role:reader","capability":"scope.read.local""#,
                id(1)
            ),
        ),
    ] {
        let line = format!(r#"{{"as":"{}","do":"{name}","with":{{{with}}}}}"#, id(1));
        engine.execute(parse_line(&line).unwrap().0).unwrap();
    }
    let may = |scope: u128| {
        engine.read(|moment| {
            let row = moment.world().tenancy().row(ScopeId(scope)).unwrap();
            moment.can(PrincipalId(2), Capability::ReadLocal, Target::Scope(row)).allowed
        })
    };
    assert!(may(1) && !may(2));
}
