//! Raw numbers to lines about rules: those that vote, those that declare what others ask for, and quotas.

use super::lines::line;
use super::{OBJECTS, PRINCIPALS, Raw, SCOPES, cel, id};
use scoped::{Engine, parse_line};

/// Rules that vote, and as many bindings of them.
const RULES: u8 = 4;
/// Rules that declare, and as many bindings; behind those that vote.
const DECLARATIONS: u8 = 2;
/// A quota on objects, and one on something else; with as many bindings.
const QUOTAS: u8 = 2;
const WORDS: [&str; 2] = ["prod", "test"];
const SECRETS: [&str; 2] = ["secret", "public"];
const TYPES: [&str; 2] = ["thing", "note"];

fn of<'w>(words: &[&'w str; 2], nth: u8) -> &'w str {
    words[usize::from(nth) % 2]
}

/// A condition; those of a class that has no say about an action are refused.
fn when(a: u8, b: u8) -> String {
    let (principal, scope, object) = (id(b % PRINCIPALS + 1), id(b % SCOPES + 1), id(b % OBJECTS + 1));
    let (place, secret, n) = (of(&WORDS, b), of(&SECRETS, b), b / 2 % 4);
    match a % 40 {
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
        17 => r#"{"all":[{"not":{"object_type":["thing"]}},{"role":"reader"}]}"#.to_owned(),
        18 | 19 => format!(r#"{{"environment":["{place}"]}}"#),
        20 => format!(r#"{{"not":{{"environment":["{place}"]}}}}"#),
        21 | 22 => format!(r#"{{"classification":["{secret}"]}}"#),
        23 => format!(r#"{{"any":[{{"classification":["{secret}"]}},{{"role":"writer"}}]}}"#),
        24 => format!(r#"{{"time":[{{"from":"12:0{}","to":"12:2{n}"}}]}}"#, b % 10),
        25 => r#"{"time":[{"from":"12:20","to":"12:10"},{"weekdays":["sat"]}]}"#.to_owned(),
        26 => format!(r#"{{"not":{{"time":[{{"from":"12:{}"}}]}}}}"#, 10 + b % 40),
        27 => format!(r#"{{"time":[{{"not_before":{}}}]}}"#, crate::support::NOON + u64::from(b) * 9_000_000),
        28 => format!(r#"{{"data":[{{"path":"n","eq":{n}}}]}}"#),
        29 => format!(r#"{{"data":[{{"path":"n","gt":{n}}}]}}"#),
        30 => r#"{"data":[{"path":"at.k","in":[0,1]},{"path":"n","exists":true}]}"#.to_owned(),
        31 => format!(r#"{{"not":{{"data":[{{"path":"n","lt":{n}}}]}}}}"#),
        32 => format!(r#"{{"data":[{{"path":"n","ne":"x"}}],"classification":["{secret}"]}}"#),
        33 => format!(r#"{{"any":[{{"data":[{{"path":"n","eq":{n}}}]}},{{"environment":["{place}"]}}]}}"#),
        34 => format!(r#"{{"all":[{{"environment":["{place}"]}},{{"data":[{{"path":"n","gt":{n}}}]}}]}}"#),
        _ => serde_json::json!({ "cel": cel::TEXTS[usize::from(b) % cel::TEXTS.len()] }).to_string(),
    }
}

/// What a rule that votes is bound to.
fn aim(a: u8, b: u8) -> String {
    let (scope, principal) = (id(b % SCOPES + 1), id(a / 26 % PRINCIPALS + 1));
    let (object, word, place) = (id(b % OBJECTS + 1), of(&TYPES, b), of(&WORDS, b / 8));
    match a % 26 {
        0..=4 => format!(r#""scope":"{scope}""#),
        5 | 6 => format!(r#""principal":"{principal}""#),
        7 => format!(r#""object_type":"{word}""#),
        8 => format!(r#""object":"{object}""#),
        9 => format!(r#""scope":"{scope}","object_type":"{word}""#),
        10 | 11 => format!(r#""scope":"{scope}","principal":"{principal}""#),
        12 => format!(r#""principal":"{principal}","object_type":"{word}""#),
        13 => format!(r#""scope":"{scope}","object":"{object}""#),
        14 => String::new(),
        15 => format!(r#""scope":"{scope}","principal":"{principal}","object_type":"{word}""#),
        16 | 17 => format!(r#""environment":"{place}""#),
        18 => format!(r#""scope":"{scope}","environment":"{place}""#),
        19 => format!(r#""environment":"{place}","object_type":"{word}""#),
        20 => format!(r#""principal":"{principal}","environment":"{place}""#),
        21 => r#""connector":"service:slack""#.to_owned(),
        22 => format!(r#""scope":"{scope}","connector":"service:slack""#),
        23 => format!(r#""principal":"{principal}","connector":"service:slack""#),
        24 => format!(r#""environment":"{place}","object":"{object}""#),
        _ => format!(r#""principal":"{principal}","object":"{object}""#),
    }
}

fn body(a: u8, b: u8) -> String {
    let effect = ["allow", "deny", "deny"][usize::from(a) % 3];
    format!(r#""effect":"{effect}","when":{}"#, when(a / 3, b))
}

/// A binding of a rule comes and goes.
fn binding(op: u8, rule: u8, number: u8, aim: &str) -> (&'static str, String) {
    let (rule, binding) = (id(rule), id(number));
    match op {
        0 => ("rules.rebind", format!(r#""binding":"{binding}","to":{{{aim}}}"#)),
        1 => ("rules.unbind", format!(r#""binding":"{binding}""#)),
        _ => ("rules.bind", format!(r#""binding":"{binding}","rule":"{rule}","to":{{{aim}}}"#)),
    }
}

/// About rules that vote.
pub(super) fn about_rules(raw: &Raw) -> (&'static str, String) {
    let [_, a, b, c, d] = *raw;
    let (rule, number) = (c % RULES + 1, c / 4 % RULES + 1);
    match d / 8 % 8 {
        0 => ("rules.update", format!(r#""rule":"{}",{}"#, id(rule), body(a, b))),
        7 if a % 2 == 0 => ("rules.archive", format!(r#""rule":"{}""#, id(rule))),
        7 => ("rules.unarchive", format!(r#""rule":"{}""#, id(rule))),
        op => binding([2, 2, 2, 2, 0, 1][usize::from(op) - 1], rule, number, &aim(a, b)),
    }
}

/// What is declared.
fn says(a: u8) -> String {
    let (place, secret) = (of(&WORDS, a / 4), of(&SECRETS, a / 8));
    match a % 4 {
        0 | 1 => format!(r#""attributes":{{"environment":"{place}"}}"#),
        2 => format!(r#""attributes":{{"classification":"{secret}"}}"#),
        _ => format!(r#""attributes":{{"environment":"{place}","classification":"{secret}"}}"#),
    }
}

/// About declarations.
pub(super) fn about_words(raw: &Raw) -> (&'static str, String) {
    let [_, a, b, c, d] = *raw;
    let (rule, number) = (RULES + 1 + c % DECLARATIONS, RULES + 1 + c / 2 % DECLARATIONS);
    let (scope, word) = (id(b % SCOPES + 1), of(&TYPES, b / 8));
    let aim = match a / 16 % 6 {
        0..=2 => format!(r#""scope":"{scope}""#),
        3 => format!(r#""object_type":"{word}""#),
        4 => format!(r#""scope":"{scope}","object_type":"{word}""#),
        _ => String::new(),
    };
    match d / 8 % 8 {
        0 => ("rules.update", format!(r#""rule":"{}",{}"#, id(rule), says(a))),
        op => binding(op.min(3) - 1, rule, number, &aim),
    }
}

/// About quotas.
pub(super) fn about_quotas(raw: &Raw) -> (&'static str, String) {
    let [_, a, b, c, d] = *raw;
    let nth = c % QUOTAS;
    let (rule, number) = (RULES + DECLARATIONS + 1 + nth, RULES + DECLARATIONS + 1 + c / 2 % QUOTAS);
    let (scope, principal, word) = (id(b % SCOPES + 1), id(a / 8 % PRINCIPALS + 1), of(&TYPES, b / 8));
    let aim = match (a % 8, nth) {
        (0, _) => String::new(),
        (1..=3, _) | (_, 1) => format!(r#""scope":"{scope}""#),
        (4, _) => format!(r#""scope":"{scope}","object_type":"{word}""#),
        (5, _) => format!(r#""object_type":"{word}""#),
        (6, _) => format!(r#""principal":"{principal}""#),
        _ => format!(r#""scope":"{scope}","principal":"{principal}""#),
    };
    binding([2, 2, 2, 2, 2, 2, 0, 1][usize::from(d / 8) % 8], rule, number, &aim)
}

/// All rules, bound nowhere yet. A condition that the drawn class cannot have is none.
pub(super) fn define(engine: &Engine, raws: &[Raw]) {
    let mut number = 0;
    let mut make = |class: &str, bodies: [String; 2]| {
        number += 1;
        let define = |body: &String| {
            let with = format!(r#""rule":"{}","name":"r{number}","class":"{class}",{body}"#, id(number));
            line(&id(1), "rules.define", &with)
        };
        let fits = |line: &String| parse_line(line).is_ok_and(|(batch, _)| engine.execute(batch).is_ok());
        assert!(bodies.iter().map(define).any(|line| fits(&line)), "a rule of the class {class}: {bodies:?}");
    };
    let raw = |nth: u8| raws.get(usize::from(nth)).copied().unwrap_or_default();
    for nth in 0..RULES {
        let class = ["access", "constraint", "access", "visibility", "constraint", "sharing"];
        let [a, b, c, ..] = raw(nth);
        make(class[usize::from(a) % class.len()], [body(b, c), r#""effect":"deny""#.to_owned()]);
    }
    for nth in 0..DECLARATIONS {
        let declares = format!(r#""effect":"allow",{}"#, says(raw(nth)[4]));
        make("declaration", [declares.clone(), declares]);
    }
    for nth in 0..QUOTAS {
        let [.., few, pick] = raw(RULES - 1 - nth);
        let resource = if nth == 0 { "objects" } else { ["members", "scopes"][usize::from(pick) % 2] };
        let limit = format!(r#""quota":{{"resource":"{resource}","max_count":{}}}"#, few % 6);
        let plain = format!(r#""effect":"deny",{limit}"#);
        let of_type = format!(r#"{plain},"when":{{"object_type":["{}"]}}"#, of(&TYPES, pick));
        make("quota", [if nth == 0 && few % 3 == 0 { of_type } else { plain.clone() }, plain]);
    }
}
