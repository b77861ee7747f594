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
        "objects.export" => {
            let export = |objects, scope| objects::Export {
                objects,
                versions: 1,
                digest: "0".repeat(64),
                redacted: false,
                scope,
                scopes: [].into(),
            };
            let one = |object| export(vec![object], None);
            let of = |scope: &str| export(vec![], Some(path(scope)));
            let foreign = [one(SHARED), one(PRIVATE), one(BURIED), of("org:a/dept:c")];
            row(foreign, [one(NO_OBJECT), of("org:nope/dept:c")])
        }
        "objects.import" => {
            let import = |scope| objects::Import {
                digest: "0".repeat(64),
                versions: 1,
                mapping: [(NO_OBJECT, ObjectId(98))].into(),
                former: [].into(),
                scope: Some(scope),
            };
            row(
                [import(path("org:a/dept:c")), import(ScopeRef::Id(ScopeId(3)))],
                [import(path("org:nope/dept:c"))],
            )
        }
        "objects.record_provenance" => {
            let record = |object| objects::RecordProvenance {
                object,
                version: 1,
                origin: NO_OBJECT,
                author: FOREIGNER,
                time: 1,
                reason: None,
            };
            row([SHARED, PRIVATE, BURIED].map(record), [record(NO_OBJECT)])
        }
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
        "objects.find" | "objects.count" | "objects.export" => vec![],
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

#[test]
fn packages_with_anything_foreign_in_them_are_refused_in_words_that_disclose_nothing() {
    use scoped::objects::package::PackageOf;
    let (engine, _) = world();
    let before = state(&engine);
    for actor in [FOREIGNER, SIBLING, DENIED] {
        let session = engine.session(actor).unwrap();
        let refused = |what| words(&session.export(&what).unwrap_err());
        let missing = refused(PackageOf::Objects(vec![NO_OBJECT]));
        for foreign in [SHARED, PRIVATE, BURIED] {
            assert_eq!(refused(PackageOf::Objects(vec![own(actor), foreign])), missing);
        }
        assert_eq!(refused(PackageOf::Scope(path("org:a/dept:c"))), missing);
        assert_eq!(refused(PackageOf::Scope(path("org:nope"))), missing);
        let mine = session.export(&PackageOf::Type("limits".into())).unwrap();
        assert_eq!(mine.objects.iter().map(|object| object.id).collect::<Vec<_>>(), [own(actor)]);
    }
    assert_eq!(state(&engine), before, "nothing has changed but the trail");
}

/// Acting for somebody takes that one's word: an intruder who claims to act for others is told what it is told without the claim.
#[test]
fn nobody_acts_for_another_without_its_word() {
    let (engine, _) = world();
    let before = state(&engine);
    for actor in [FOREIGNER, SIBLING, DENIED] {
        let session = engine.session(actor).unwrap();
        let mut heard = BTreeSet::new();
        for whom in [PrincipalId(1), HIDDEN, SUSPENDED, STRANGER] {
            let error = session.execute_for(whom, object(700, 1, None, Level::Read)).unwrap_err();
            heard.insert((error.code(), error.to_string()));
        }
        assert_eq!(heard.len(), 1, "{heard:?}");
        assert!(traces(&engine, actor).iter().any(|trace| trace.operation == "objects.create"));
    }
    assert_eq!(state(&engine), before);
}
