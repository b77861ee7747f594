//! Rows about objects: giving them away, their versions and tombstones, lists.

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

pub(super) fn reading(operation: &str) -> Option<Vec<Ask>> {
    Some(match operation {
        "objects.versions" => vec![
            |reading, aim| reading.versions(aim.object).map(drop),
            |reading, aim| reading.version(aim.object, 1).map(drop),
            |reading, aim| reading.version(aim.object, 9).map(drop),
        ],
        "objects.tombstones" => vec![|reading, aim| reading.tombstones(aim.object).map(drop)],
        // Refused to nobody who is active; what they hold is looked at below.
        "objects.find" | "objects.count" => vec![],
        _ => return None,
    })
}

#[test]
fn lists_and_counts_of_an_intruder_hold_nothing_foreign() {
    let (engine, _) = world();
    for actor in [FOREIGNER, SIBLING, DENIED] {
        let reading = engine.session(actor).unwrap().reading();
        let all = scoped::ObjectQuery { with_tombstoned: true, ..scoped::ObjectQuery::default() };
        let found = reading.find_objects(&all).unwrap().objects;
        assert_eq!(found.iter().map(|info| info.object).collect::<Vec<_>>(), [own(actor)]);
        assert_eq!(reading.count_objects(&all).unwrap(), 1);
    }
}
