//! Raw numbers to lines of the wire form, over a few ids, so that histories collide with themselves.

use super::{OBJECTS, PRINCIPALS, Raw, SCOPES, id};
use scoped::{Engine, parse_line};

/// Rules, and as many bindings.
const RULES: u8 = 4;
/// Paths that nobody registers: writing to them makes them. The last of their segments may name somebody.
const NEW_PATHS: [&str; 6] = [
    "org:a/ws:q",
    "org:a/dept:b/ws:r",
    "org:a/dept:b/ws:r/user:{}",
    "org:z/team:n/agent:{}",
    "user:{}/ws:s",
    "org:new",
];

pub(super) fn line(actor: &str, command: &str, with: &str) -> String {
    format!(r#"{{"as":"{actor}","do":"{command}","with":{{{with}}}}}"#)
}

/// The path of a scope that is to come to be by being written to.
fn new_path(a: u8, b: u8) -> String {
    NEW_PATHS[usize::from(a) % NEW_PATHS.len()].replace("{}", &id(b % 3 + 1))
}

/// A condition; those of a class that has no say about an action are refused.
fn when(a: u8, b: u8) -> String {
    let (principal, scope, object) = (id(b % PRINCIPALS + 1), id(b % SCOPES + 1), id(b % OBJECTS + 1));
    match a % 18 {
        0..=3 => "{}".to_owned(),
        4 => r#"{"action":["read"]}"#.to_owned(),
        5 => r#"{"action":["update","create","read"]}"#.to_owned(),
        6 => format!(r#"{{"principal":["{principal}"]}}"#),
        7 => r#"{"relation":["owner"]}"#.to_owned(),
        8 => r#"{"relation":["member","outsider"]}"#.to_owned(),
        9 => r#"{"role":"writer"}"#.to_owned(),
        10 => r#"{"object_type":["thing"]}"#.to_owned(),
        11 => format!(r#"{{"object":["{object}"]}}"#),
        12 => format!(r#"{{"scope":["{scope}"]}}"#),
        13 => format!(r#"{{"within":["{scope}"]}}"#),
        14 => format!(r#"{{"not":{{"principal":["{principal}"]}}}}"#),
        15 => r#"{"any":[{"relation":["owner"]},{"role":"admin"}]}"#.to_owned(),
        16 => r#"{"principal_kind":["bot"]}"#.to_owned(),
        _ => r#"{"all":[{"not":{"object_type":["thing"]}},{"role":"reader"}]}"#.to_owned(),
    }
}

/// What a rule is bound to.
fn aim(a: u8, b: u8) -> String {
    let (scope, principal) = (id(b % SCOPES + 1), id(a / 16 % PRINCIPALS + 1));
    let (object, word) = (id(b % OBJECTS + 1), ["thing", "note"][usize::from(b) % 2]);
    match a % 16 {
        0..=4 => format!(r#""scope":"{scope}""#),
        5 | 6 => format!(r#""principal":"{principal}""#),
        7 => format!(r#""object_type":"{word}""#),
        8 => format!(r#""object":"{object}""#),
        9 => format!(r#""scope":"{scope}","object_type":"{word}""#),
        10 | 11 => format!(r#""scope":"{scope}","principal":"{principal}""#),
        12 => format!(r#""principal":"{principal}","object_type":"{word}""#),
        13 => format!(r#""scope":"{scope}","object":"{object}""#),
        14 => String::new(),
        _ => format!(r#""scope":"{scope}","principal":"{principal}","object_type":"{word}""#),
    }
}

fn body(a: u8, b: u8) -> String {
    let effect = ["allow", "deny", "deny"][usize::from(a) % 3];
    format!(r#""effect":"{effect}","when":{}"#, when(a / 3, b))
}

fn about_rules(raw: &Raw) -> (&'static str, String) {
    let [_, a, b, c, d] = *raw;
    let (rule, binding) = (id(c % RULES + 1), id(c / 4 % RULES + 1));
    match d / 8 % 8 {
        0 => ("rules.update", format!(r#""rule":"{rule}",{}"#, body(a, b))),
        1..=4 => ("rules.bind", format!(r#""binding":"{binding}","rule":"{rule}","to":{{{}}}"#, aim(a, b))),
        5 => ("rules.rebind", format!(r#""binding":"{binding}","to":{{{}}}"#, aim(a, b))),
        6 => ("rules.unbind", format!(r#""binding":"{binding}""#)),
        _ if a % 2 == 0 => ("rules.archive", format!(r#""rule":"{rule}""#)),
        _ => ("rules.unarchive", format!(r#""rule":"{rule}""#)),
    }
}

/// One line, mostly by the founder.
pub(crate) fn drawn(raw: &Raw, now: u64) -> String {
    let [kind, a, b, c, d] = *raw;
    let actor = id([1, 1, 1, 1, 1, 1, 2, 3][usize::from(d) % 8]);
    let (principal, other) = (id(a % PRINCIPALS + 1), id(b % PRINCIPALS + 1));
    let (scope, object) = (id(b % SCOPES + 1), id(a % OBJECTS + 1));
    let role = ["reader", "writer", "admin", "owner"][usize::from(c) % 4];
    let level = ["read", "write", "admin"][usize::from(c) % 3];
    let end = if d % 4 == 0 { (now + u64::from(d) * 2_000_000).to_string() } else { "null".into() };
    let member =
        || format!(r#""scope":"{scope}","principal":"{principal}","role":"{role}","expires_at":{end}"#);
    let (name, with) = match kind % 44 {
        0..=3 => {
            let edge = id(c % 8 + 1);
            let ends = format!(r#""parent":"{other}","child":"{principal}","label":"member_of""#);
            ("identity.add_relationship", format!(r#""edge":"{edge}",{ends}"#))
        }
        4 => ("identity.remove_relationship", format!(r#""edge":"{}""#, id(c % 8 + 1))),
        5 if d % 3 == 0 => ("identity.suspend_principal", format!(r#""principal":"{principal}""#)),
        5 => ("identity.reinstate_principal", format!(r#""principal":"{principal}""#)),
        6 => ("identity.set_operator", format!(r#""principal":"{principal}","operator":{}"#, c % 2 == 0)),
        7..=10 => ("tenancy.add_member", member()),
        11 => ("tenancy.change_member", member()),
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
                "scope.audit.read",
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
            let limit = a % 3;
            let policy = match c % 9 {
                0 | 1 => r#"{"inherit_members":false}"#.to_owned(),
                2 => r#"{"visible_to_descendants":false}"#.to_owned(),
                3 => r#"{"inherit_members":false,"visible_to_descendants":false}"#.to_owned(),
                4 => format!(r#"{{"quota":{{"max_records":{limit}}}}}"#),
                5 => format!(r#"{{"quota":{{"max_scopes":{limit},"max_records":{}}}}}"#, b % 4),
                6 => format!(r#"{{"quota":{{"max_members":{limit}}}}}"#),
                _ => "{}".to_owned(),
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
        31 if c % 2 == 0 => ("objects.restore", format!(r#""object":"{object}""#)),
        31 => ("objects.transfer", format!(r#""object":"{object}","to":"{other}","reason":"moved""#)),
        // Of an object in a scope that may have to be made first.
        32..=35 => {
            let (object, word) = (id(OBJECTS + 1 + c % 6), ["thing", "note"][usize::from(c) % 2]);
            let at = if c % 5 == 0 { scope } else { new_path(a, b) };
            ("objects.create", format!(r#""object":"{object}","type":"{word}","data":{{}},"scope":"{at}""#))
        }
        _ => about_rules(raw),
    };
    line(&actor, name, &with)
}

/// Five on a path, two flat ones beside them; principals 2 to 6, two of them bots; an object of somebody's in each of the first scopes;
/// rules that are bound nowhere yet.
pub(crate) fn prelude(engine: &Engine, rules: &[Raw]) {
    let founder = id(1);
    let mut lines: Vec<String> = Vec::new();
    let mut push = |name: &str, with: String| lines.push(line(&founder, name, &with));
    for number in 2..=PRINCIPALS {
        let kind = if number % 3 == 0 { "bot" } else { "person" };
        let with = format!(r#""principal":"{}","kind":"{kind}","description":{{}}"#, id(number));
        push("identity.create_principal", with);
    }
    let paths = ["org:a", "org:a/dept:b", "org:a/dept:b/team:c", "org:a/dept:b/team:c/user:d", "org:z"];
    for (number, path) in (1..).zip(paths) {
        push("tenancy.create_scope", format!(r#""scope":"{}","path":"{path}""#, id(number)));
    }
    for (number, parent) in [(6, 1), (7, 6)] {
        let with = format!(r#""scope":"{}","name":"flat","parent":"{}""#, id(number), id(parent));
        push("tenancy.create_scope", with);
    }
    for number in 1..=OBJECTS {
        let word = ["thing", "note"][usize::from(number) % 2];
        let with = format!(
            r#""object":"{}","type":"{word}","data":{{}},"scope":"{}","level":"write""#,
            id(number),
            id(number)
        );
        push("objects.create", with);
    }
    for (number, raw) in (1..=RULES).zip(rules) {
        let class = ["access", "constraint", "access", "visibility", "constraint", "sharing"];
        let class = class[usize::from(raw[0]) % class.len()];
        // A condition that this class cannot have is none.
        let body = [body(raw[1], raw[2]), r#""effect":"deny""#.to_owned()];
        let define = |body: &String| {
            let with = format!(r#""rule":"{}","name":"r{number}","class":"{class}",{body}"#, id(number));
            line(&founder, "rules.define", &with)
        };
        let fits = |line: &String| parse_line(line).is_ok_and(|(batch, _)| engine.execute(batch).is_ok());
        assert!(body.iter().map(define).any(|line| fits(&line)), "a rule of the class {class}");
    }
    for line in lines {
        let batch = parse_line(&line).unwrap_or_else(|error| panic!("{error}: {line}")).0;
        engine.execute(batch).unwrap_or_else(|error| panic!("{error}: {line}"));
    }
}
