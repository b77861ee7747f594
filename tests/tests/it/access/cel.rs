//! Conditions in CEL, each with what it means in the words of decision 0025. A build without the feature takes every text for a missing
//! attribute.

use super::conditions::{Asked, Attribute, Truth, clock, yes};
use super::oracle::LADDER;
use serde_json::Value;

/// The texts that are drawn.
pub(super) const TEXTS: [&str; 11] = [
    "object.data.n > 1",
    "has(object.data.n) && object.data.n == 2",
    r#"principal.kind == "bot""#,
    r#"environment == "prod" || action == "read""#,
    r#"classification != "secret""#,
    r#"relation == "owner""#,
    "role == null",
    "time.hour == 12 && time.minute < 20",
    r#"scope.path == "org:a/dept:b""#,
    r#"object.type == "thing""#,
    "connector != null",
];

/// What a text says.
pub(super) fn holds(text: &str, asked: &Asked<'_>) -> Truth {
    if cfg!(not(feature = "cel")) {
        return Truth::Missing;
    }
    let nth = TEXTS.iter().position(|known| *known == text).expect("one of the texts");
    // Of the data: what goes wrong is a missing attribute.
    let number =
        |data: &Value, so: fn(i64) -> bool| data["n"].as_i64().map_or(Truth::Missing, |n| yes(so(n)));
    // Known not to be there is `null`, which is none of the words.
    let word = |attribute: Attribute<'_>, so: &dyn Fn(&str) -> bool, null: bool| match attribute {
        Attribute::None => yes(null),
        other => other.test(so),
    };
    match nth {
        0 => asked.data.test(|data| number(data, |n| n > 1)),
        1 => asked.data.test(|data| match data.get("n") {
            None => Truth::No,
            Some(found) => yes(found.as_i64() == Some(2)),
        }),
        2 => yes(asked.access.kinds[asked.actor] == "bot"),
        // What is named and missing is missing for the whole text, whatever the other side of `||` says.
        3 => word(asked.environment.single(), &|is| is == "prod" || asked.action == "read", false),
        4 => word(asked.classification.single(), &|is| is != "secret", true),
        5 => word(asked.relation, &|is| is == "owner", false),
        6 => word(asked.role.map_or(Attribute::None, |role| Attribute::Is(LADDER[role])), &|_| false, true),
        7 => yes(matches!(clock(asked.now), (12, minute) if minute < 20)),
        8 => {
            let path = |at: &&str| Some(&asked.access.scopes[*at].label).filter(|label| label.contains(':'));
            let answer = |at| path(at).map_or(Truth::Missing, |path| yes(path == "org:a/dept:b"));
            let answers: Vec<Truth> = asked.scopes.iter().map(answer).collect();
            // One answer for all ways, or none.
            let first = answers.first().copied().unwrap_or(Truth::Missing);
            if answers.iter().all(|other| *other == first) { first } else { Truth::Missing }
        }
        9 => word(asked.object_type, &|is| is == "thing", false),
        _ => word(asked.connector(), &|_| true, false),
    }
}
