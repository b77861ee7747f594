//! The rows of records by identity context.

use super::*;
use scoped::{RecordQuery, Scope};

/// The command that says on whose behalf an object was written.
pub(super) fn command(name: &str) -> Option<Row> {
    let attribute = |object| objects::Attribute { object, context: Scope::full("a", "bot", "c", "s1") };
    (name == "objects.attribute")
        .then(|| row([SHARED, PRIVATE, BURIED].map(attribute), [attribute(NO_OBJECT)]))
}

/// A user that is there, in an organisation where nobody of the matrix is anybody; and one of an organisation that is not.
fn context(aim: &Aim) -> Scope {
    let missing = aim.scope.to_string().starts_with("org:nope");
    Scope::user(if missing { "nope" } else { "h" }, "u")
}

/// The same, without the user.
fn wide(aim: &Aim) -> Scope {
    Scope { user_id: None, ..context(aim) }
}

/// The ways to ask of an operation.
pub(super) fn reading(operation: &str) -> Option<Vec<Ask>> {
    Some(match operation {
        "records.list" => {
            vec![|reading, aim| reading.records(&RecordQuery::of(context(aim))).map(drop), |reading, aim| {
                reading.records(&RecordQuery::of(wide(aim))).map(drop)
            }]
        }
        "records.count" => {
            vec![|reading, aim| reading.count_records(&context(aim)).map(drop), |reading, aim| {
                reading.count_records(&wide(aim)).map(drop)
            }]
        }
        "records.statistics" => {
            vec![|reading, aim| reading.record_statistics(&context(aim)).map(drop), |reading, aim| {
                reading.record_statistics(&wide(aim)).map(drop)
            }]
        }
        "records.export" => vec![
            |reading, aim| reading.export_records(&context(aim), &mut Vec::new()).map(drop),
            |reading, aim| reading.export_records(&wide(aim), &mut Vec::new()).map(drop),
        ],
        _ => return None,
    })
}
