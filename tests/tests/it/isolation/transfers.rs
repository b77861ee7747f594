//! Rows about giving objects away.

use super::*;

pub(super) fn command(name: &str) -> Option<Row> {
    let give = |object, to| objects::Transfer {
        object,
        to,
        reason: Some("mine now".into()),
        expected_version: Some(7),
    };
    Some(match name {
        "objects.transfer" => row(
            [SHARED, PRIVATE, BURIED].map(|object| give(object, FOREIGNER)),
            [give(NO_OBJECT, FOREIGNER), give(NO_OBJECT, STRANGER)],
        ),
        _ => return None,
    })
}
