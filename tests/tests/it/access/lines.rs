//! Raw numbers to lines of the wire form, over a few ids, so that histories collide with themselves.

use super::{OBJECTS, PRINCIPALS, Raw, SCOPES, id, rule_lines};
use scoped::{Engine, parse_line};

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

/// What an object says: little enough that conditions agree now and then.
fn data(a: u8) -> String {
    match a % 6 {
        0 => "{}".to_owned(),
        1 => r#"{"n":"x","at":{"k":1}}"#.to_owned(),
        n => format!(r#"{{"n":{},"at":{{"k":{}}}}}"#, n - 2, a / 6 % 3),
    }
}

/// The path of a scope that is to come to be by being written to.
fn new_path(a: u8, b: u8) -> String {
    NEW_PATHS[usize::from(a) % NEW_PATHS.len()].replace("{}", &id(b % 3 + 1))
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
    let (name, with) = match kind % 54 {
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
            let data = data(d);
            ("objects.create", format!(r#""object":"{object}","type":"{word}","data":{data},"scope":"{at}""#))
        }
        36 | 37 => ("objects.update", format!(r#""object":"{object}","data":{}"#, data(c))),
        38..=41 => rule_lines::about_words(raw),
        42 | 43 => rule_lines::about_quotas(raw),
        _ => rule_lines::about_rules(raw),
    };
    line(&actor, name, &with)
}

/// Five on a path, two flat ones beside them; principals 2 to 6, two of them bots and one a connector; an object of somebody's in each of the first scopes;
/// rules that are bound nowhere yet.
pub(crate) fn prelude(engine: &Engine, rules: &[Raw]) {
    let founder = id(1);
    let mut lines: Vec<String> = Vec::new();
    let mut push = |name: &str, with: String| lines.push(line(&founder, name, &with));
    for number in 2..=PRINCIPALS {
        let kind = match number {
            3 | 6 => r#""bot""#,
            5 => r#""connector","handle":"service:slack""#,
            _ => r#""person""#,
        };
        let with = format!(r#""principal":"{}","kind":{kind},"description":{{}}"#, id(number));
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
            r#""object":"{}","type":"{word}","data":{},"scope":"{}","level":"write""#,
            id(number),
            data(number),
            id(number)
        );
        push("objects.create", with);
    }
    rule_lines::define(engine, rules);
    for line in lines {
        let batch = parse_line(&line).unwrap_or_else(|error| panic!("{error}: {line}")).0;
        engine.execute(batch).unwrap_or_else(|error| panic!("{error}: {line}"));
    }
}
