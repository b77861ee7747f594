//! What is pinned about packages (page 03 of the specification, export and import).

use crate::support::{by_hand, data, digest, member, object, path, principal, scope_at, update};
use scoped::contracts::{self, FieldSpec, FieldType};
use scoped::objects::package::{ImportOptions, Lifecycle, Package, PackageOf};
use scoped::objects::{self, Tombstone};
use scoped::{
    Batch, Engine, Event, Filter, Level, ObjectId, ObjectQuery, PrincipalId, Role, Session,
    projections::objects::{ObjectsEvent, ObjectsExported},
};
use serde_json::json;

const ONE: ObjectId = ObjectId(10);
const TWO: ObjectId = ObjectId(11);
const GONE: ObjectId = ObjectId(12);

/// Alice has a note with three versions, limits with one, and a note that is tombstoned.
fn world() -> (Engine, Session, Session) {
    let (engine, _) = by_hand(5);
    engine
        .execute(Batch::new().with(PrincipalId(1), principal(2)).with(PrincipalId(1), principal(3)))
        .unwrap();
    let session = |id| engine.session(PrincipalId(id)).unwrap();
    let (alice, bob) = (session(2), session(3));
    let note =
        |id: ObjectId| objects::Create { object_type: "note".into(), ..object(id.0, 1, None, Level::Read) };
    alice.execute(note(ONE)).unwrap();
    alice.execute(update(ONE.0, 2).because("more")).unwrap();
    alice.execute(objects::Update::new(ONE, data(json!({ "to": TWO, "see": [GONE, "elsewhere"] })))).unwrap();
    alice.execute(object(TWO.0, 7, None, Level::Read)).unwrap();
    alice.execute(note(GONE)).unwrap();
    let gone = Tombstone { object: GONE, reason: Some("old".into()), expected_version: None };
    alice.execute(gone).unwrap();
    (engine, alice, bob)
}

fn all() -> PackageOf {
    PackageOf::Objects(vec![ONE, TWO, GONE])
}

fn ids(package: &Package) -> Vec<ObjectId> {
    package.objects.iter().map(|object| object.id).collect()
}

#[test]
fn a_package_counts_its_objects_and_versions_and_keeps_data_checksums_and_tombstones() {
    let (engine, alice, _) = world();
    let package = alice.export(&all()).unwrap();
    assert_eq!((package.manifest.object_count, package.manifest.version_count), (3, 5));
    assert_eq!((package.manifest.exported_by, package.manifest.redacted), (PrincipalId(2), false));
    let one = &package.objects[0];
    assert_eq!(
        (one.id, &*one.object_type, one.owner, one.lifecycle),
        (ONE, "note", PrincipalId(2), Lifecycle::Active)
    );
    let versions: Vec<u32> = one.versions.iter().map(|version| version.version).collect();
    assert_eq!(versions, [1, 2, 3]);
    for (packed, told) in one.versions.iter().zip(alice.reading().versions(ONE).unwrap()) {
        assert_eq!((packed.checksum.clone(), &packed.reason), (told.checksum.to_string(), &told.reason));
        assert_eq!(packed.data.bytes(), alice.reading().version(ONE, told.version).unwrap().unwrap().data());
    }
    let gone = &package.objects[2];
    assert_eq!(gone.lifecycle, Lifecycle::Archived);
    assert_eq!(gone.tombstone.as_ref().unwrap().reason.as_deref(), Some("old"));
    package.verify().unwrap();

    let text = package.to_json().unwrap();
    assert_eq!(Package::from_json(&text).unwrap(), package, "as text and back it is the same");
    assert_eq!(Package::from_json(&text).unwrap().to_json().unwrap(), text);

    // That it was taken out is in the log, with what, how much, and the digest.
    let filter = Filter { kinds: Some(vec![ObjectsExported::KIND]), ..Filter::default() };
    let at = engine.history().audit(&filter).unwrap()[0];
    let record = engine.history().record(at).unwrap();
    let Event::Objects(ObjectsEvent::ObjectsExported(event)) = engine.history().event(&record).unwrap()
    else {
        panic!("an export")
    };
    assert_eq!((event.objects, event.versions), (3, 5));
    assert_eq!(scoped::Digest::new(event.digest).to_string(), package.manifest.digest);
    assert_eq!(
        serde_json::from_slice::<serde_json::Value>(
            &engine.history().payload(record.sequence()).unwrap().unwrap()
        )
        .unwrap()["objects"],
        json!([ONE, TWO, GONE])
    );
    digest(&engine);
}

#[test]
fn one_unreadable_id_refuses_the_package_and_types_and_scopes_hold_what_is_readable() {
    let (engine, alice, bob) = world();
    for wrong in [ObjectId(99), GONE] {
        let session = if wrong == GONE { &bob } else { &alice };
        let error = session.export(&PackageOf::Objects(vec![ONE, wrong])).unwrap_err();
        assert_eq!(error.code(), "denied");
    }
    let of_type =
        |session: &Session, word: &str| ids(&session.export(&PackageOf::Type(word.into())).unwrap());
    assert_eq!(of_type(&alice, "note"), [ONE, GONE]);
    assert_eq!(of_type(&alice, "limits"), [TWO]);
    assert_eq!(of_type(&alice, "nothing"), []);
    assert_eq!(of_type(&bob, "note"), [], "what is foreign is left out");
    let empty = bob.export(&PackageOf::Type("note".into())).unwrap();
    assert_eq!((empty.manifest.object_count, empty.manifest.version_count), (0, 0));

    let ada = engine.session(PrincipalId(1)).unwrap();
    ada.execute(scope_at("org:a", 1)).unwrap();
    for id in [2, 3] {
        ada.execute(member("org:a", id, Role::Writer)).unwrap();
    }
    alice.execute(object(20, 1, Some("org:a"), Level::Read)).unwrap();
    assert_eq!(ids(&bob.export(&PackageOf::Scope(path("org:a"))).unwrap()), [ObjectId(20)]);
    assert_eq!(
        ids(&bob.export(&PackageOf::Objects(vec![ObjectId(20), ObjectId(20)])).unwrap()),
        [ObjectId(20)]
    );
}

#[test]
fn what_is_brought_in_has_new_ids_the_importer_as_owner_and_where_it_came_from() {
    let (engine, alice, bob) = world();
    let package = alice.export(&all()).unwrap();
    let before = engine.history().head();
    let options = ImportOptions {
        references: [("note".to_owned(), "to".to_owned()), ("note".to_owned(), "see".to_owned())].into(),
        ..ImportOptions::default()
    };
    let result = bob.import(&package, &options).unwrap();
    assert_eq!((result.imported, result.skipped, result.versions), (3, 0, 5));
    assert_eq!(result.errors, Vec::<String>::new());
    let new = |id: ObjectId| result.id_mapping[&id];
    assert_ne!(new(ONE), ONE);
    let read = bob.read(new(ONE)).unwrap();
    assert_eq!((read.owner, read.version), (PrincipalId(3), 3));
    assert_eq!(
        read.value().unwrap(),
        json!({ "to": new(TWO), "see": [new(GONE), "elsewhere"] }),
        "references name the new ids"
    );
    assert_eq!(bob.read(new(TWO)).unwrap().data(), alice.read(TWO).unwrap().data());

    let versions = bob.reading().versions(new(ONE)).unwrap();
    let originals = alice.reading().versions(ONE).unwrap();
    assert_eq!(versions.len(), 3);
    for (version, original) in versions.iter().zip(&originals) {
        let origin = version.origin.unwrap();
        assert_eq!((origin.object, origin.author, origin.time), (ONE, original.by, original.time));
        assert_eq!((version.by, &version.reason), (PrincipalId(3), &original.reason));
    }
    assert_eq!(versions[0].checksum, originals[0].checksum, "equal data, equal checksum");
    assert_eq!(versions[1].checksum.to_string(), package.objects[0].versions[1].checksum);
    let gone = bob.read(new(GONE)).unwrap();
    assert!(gone.tombstoned, "what was out of sight stays so");
    assert_eq!(bob.reading().tombstones(new(GONE)).unwrap()[0].tombstoned.reason.as_deref(), Some("old"));

    // One batch, which says so at its head, and which can be carried out elsewhere.
    let records = engine.history().reader().records(before.next(), engine.history().head());
    let records = records.collect::<Result<Vec<_>, _>>().unwrap();
    assert_eq!(records[0].batch_left() as usize, records.len() - 1);
    let recalled = scoped::export::recall(engine.history(), &records).unwrap().unwrap();
    assert_eq!(recalled.steps[0].command.name(), "objects.import");
    let line = scoped::write_line(&recalled, before).unwrap();
    assert_eq!(scoped::parse_line(&line).unwrap().0.steps, recalled.steps);
    digest(&engine);

    // Once more: others.
    let again = bob.import(&package, &options).unwrap();
    assert!(again.id_mapping.values().all(|id| !result.id_mapping.values().any(|old| old == id)));
    assert_eq!(bob.reading().count_objects(&ObjectQuery::own()).unwrap(), 4);
}

/// Whoever brings a package in need not know which fields hold ids: the contract of the type says so, that of the place it goes to.
#[test]
fn references_that_a_contract_declares_name_the_new_ids_without_being_named() {
    let (engine, alice, bob) = world();
    let package = alice.export(&all()).unwrap();
    let ada = engine.session(PrincipalId(1)).unwrap();
    let plain = |options: &ImportOptions| {
        let result = bob.import(&package, options).unwrap();
        (bob.read(result.id_mapping[&ONE]).unwrap().value().unwrap(), result)
    };
    let (kept, _) = plain(&ImportOptions::default());
    assert_eq!(kept["to"], json!(TWO), "nobody says that it is a reference");
    let fields = |to: FieldType| {
        let any = |name: &str| FieldSpec::new(name, FieldType::Any).optional();
        vec![any("cpu"), FieldSpec::new("to", to).optional(), any("see")]
    };
    let contract = contracts::Create::new("notes", "note", fields(FieldType::Ref));
    let everywhere = ada.execute(contract).unwrap().contract();
    let (value, result) = plain(&ImportOptions::default());
    assert_eq!(
        value,
        json!({ "to": result.id_mapping[&TWO], "see": [GONE, "elsewhere"] }),
        "and no other field"
    );
    assert_eq!(result.errors, Vec::<String>::new());
    // What the caller names adds to it.
    let named = ImportOptions {
        references: [("note".to_owned(), "see".to_owned())].into(),
        ..ImportOptions::default()
    };
    let (value, result) = plain(&named);
    assert_eq!(
        value,
        json!({ "to": result.id_mapping[&TWO], "see": [result.id_mapping[&GONE], "elsewhere"] })
    );
    // A reference that leads out of the package is told, and stays as it was.
    let one = alice.export(&PackageOf::Objects(vec![ONE])).unwrap();
    let result = bob.import(&one, &ImportOptions::default()).unwrap();
    assert_eq!(result.errors.len(), 1, "{:?}", result.errors);
    assert!(
        result.errors[0].contains("`to`") && result.errors[0].contains(&TWO.to_string()),
        "{:?}",
        result.errors
    );
    assert_eq!(bob.read(result.id_mapping[&ONE]).unwrap().value().unwrap()["to"], json!(TWO));
    // The contract that governs is that of the place: in `org:a` the field is plain text.
    ada.execute(scope_at("org:a", 1)).unwrap();
    ada.execute(member("org:a", 3, Role::Writer)).unwrap();
    let there =
        contracts::Create::new("notes of a", "note", fields(FieldType::String)).in_scope(path("org:a"));
    ada.execute(there).unwrap();
    let (value, _) =
        plain(&ImportOptions { into: Some((path("org:a"), Level::Write)), ..ImportOptions::default() });
    assert_eq!(value["to"], json!(TWO));
    // A contract that is deprecated says nothing any more.
    ada.execute(contracts::Deprecate { contract: everywhere }).unwrap();
    assert_eq!(plain(&ImportOptions::default()).0["to"], json!(TWO));
    digest(&engine);
}

#[test]
fn a_type_filter_brings_in_some_and_counts_the_others() {
    let (engine, alice, bob) = world();
    let package = alice.export(&PackageOf::Objects(vec![ONE, TWO])).unwrap();
    let notes = ImportOptions {
        types: ["note".to_owned()].into(),
        references: [("note".to_owned(), "to".to_owned())].into(),
        ..ImportOptions::default()
    };
    let result = bob.import(&package, &notes).unwrap();
    assert_eq!((result.imported, result.skipped, result.versions), (1, 1, 3));
    assert_eq!(result.errors.len(), 1, "one reference leads out: {:?}", result.errors);
    let empty = bob.export(&PackageOf::Type("nothing".into())).unwrap();
    let result = bob.import(&empty, &ImportOptions::default()).unwrap();
    assert_eq!((result.imported, result.skipped, result.versions), (0, 0, 0));

    // Into a scope it takes the right to write there.
    let ada = engine.session(PrincipalId(1)).unwrap();
    ada.execute(scope_at("org:a", 1)).unwrap();
    let into = ImportOptions { into: Some((path("org:a"), Level::Read)), ..ImportOptions::default() };
    assert_eq!(bob.import(&package, &into).unwrap_err().code(), "denied");
    ada.execute(member("org:a", 3, Role::Writer)).unwrap();
    let made = bob.import(&package, &into).unwrap();
    ada.execute(member("org:a", 2, Role::Reader)).unwrap();
    alice.read(made.id_mapping[&ONE]).unwrap();
}

/// Once an altered package came in as if nothing had happened: checksums were computed anew and never compared.
#[test]
fn an_altered_package_is_refused_and_nothing_changes() {
    let (engine, alice, bob) = world();
    let good = alice.export(&all()).unwrap();
    let before = engine.read(|moment| moment.world().state_digest());
    let altered = |alter: fn(&mut Package)| {
        let mut package = good.clone();
        alter(&mut package);
        bob.import(&package, &ImportOptions::default()).unwrap_err().code()
    };
    let sealed = |alter: fn(&mut Package)| {
        let mut package = good.clone();
        alter(&mut package);
        package.manifest.digest = package.digest().unwrap().to_string();
        bob.import(&package, &ImportOptions::default()).unwrap_err().code()
    };
    for (code, found) in [
        ("package_digest", altered(|p| p.manifest.exported_by = PrincipalId(3))),
        ("package_digest", altered(|p| p.objects[0].versions[1].created_by = PrincipalId(3))),
        ("package_digest", altered(|p| p.manifest.digest.clear())),
        ("package_checksum", altered(|p| p.objects[0].versions[1].data = data(json!({ "cpu": 99 })))),
        ("package_checksum", sealed(|p| p.objects[0].versions[1].data = data(json!({ "cpu": 99 })))),
        ("package_counts", sealed(|p| p.manifest.object_count = 4)),
        ("package_counts", sealed(|p| drop(p.objects.pop()))),
        (
            "package_versions",
            sealed(|p| {
                p.objects[0].versions.remove(1);
                p.manifest.version_count -= 1;
            }),
        ),
        (
            "package_versions",
            sealed(|p| {
                let gone = p.objects[1].versions.len() as u64;
                p.objects[1].versions.clear();
                p.manifest.version_count -= gone;
            }),
        ),
        ("package_format", sealed(|p| p.manifest.format_version = "1.0".into())),
        ("package_format", sealed(|p| p.objects[2].tombstone = None)),
        ("package_format", sealed(|p| p.objects[1].id = ONE)),
        ("package_signature", sealed(|p| p.manifest.signature = Some("trust me".into()))),
        // Whole, and refused here.
        ("not_registered", sealed(|p| p.objects[1].object_type = "unheard of".into())),
    ] {
        assert_eq!(found, code);
    }
    assert_eq!(engine.read(|moment| moment.world().state_digest()), before);
    for wrong in [&b"{}"[..], b"", b"[1]", b"{\"manifest\":{},\"objects\":[]}"] {
        assert_eq!(Package::from_json(wrong).unwrap_err().code(), "package_format");
    }
}

#[test]
fn provenance_is_said_of_what_was_just_written_and_once() {
    let (engine, alice, bob) = world();
    let said = |object, version| objects::RecordProvenance {
        object,
        version,
        origin: ObjectId(77),
        author: PrincipalId(9),
        time: 1,
        reason: None,
    };
    assert_eq!(bob.execute(said(ONE, 3)).unwrap_err().code(), "denied");
    assert_eq!(alice.execute(said(ONE, 2)).unwrap_err().code(), "not_current");
    alice.execute(said(ONE, 3)).unwrap();
    assert_eq!(alice.execute(said(ONE, 3)).unwrap_err().code(), "exists");
    assert_eq!(
        alice.execute(said(GONE, 1)).unwrap_err().code(),
        "not_current",
        "the last change was its tombstone"
    );
    digest(&engine);
}

/// An export was filed under no scope, so no limit that was bound to one ever met it: "one export an hour from `org:a`" let everything
/// out, again and again, and `audit --scope` showed none of it.
#[test]
fn a_limit_of_a_scope_holds_for_what_is_taken_out_of_it_in_whatever_way_it_is_asked_for() {
    let (engine, alice, bob) = world();
    let ada = engine.session(PrincipalId(1)).unwrap();
    for (at, id) in [("org:a", 1), ("org:a/dept:b", 2), ("org:a/dept:c", 3), ("org:z", 4)] {
        ada.execute(scope_at(at, id)).unwrap();
    }
    for who in [2, 3] {
        ada.execute(member("org:a", who, Role::Writer)).unwrap();
        ada.execute(member("org:z", who, Role::Writer)).unwrap();
    }
    for (id, at) in [(20, "org:a/dept:b"), (21, "org:a/dept:c"), (22, "org:z")] {
        alice.execute(object(id, 1, Some(at), Level::Read)).unwrap();
    }
    let export = scoped::Action::Export;
    let rule = crate::rules::bound(
        &engine,
        scoped::rules::Define::limit("two", &[export], 2, 3_600),
        crate::rules::at("org:a"),
    );
    let used = |who| ada.reading().rule_usage(rule, PrincipalId(who)).unwrap().remove(0).used;
    let objects = |ids: &[u128]| PackageOf::Objects(ids.iter().map(|id| ObjectId(*id)).collect());
    let tries = |session: &Session, what: &PackageOf| session.export(what).map(drop).map_err(|e| e.code());
    // Out of two departments: one export, told of both.
    tries(&alice, &objects(&[20, 21, 22, ONE.0])).unwrap();
    assert_eq!(used(2), 1);
    tries(&alice, &PackageOf::Scope(path("org:a/dept:b"))).unwrap();
    assert_eq!(used(2), 2);
    for what in [objects(&[21]), PackageOf::Scope(path("org:a")), PackageOf::Type("limits".into())] {
        assert_eq!(tries(&alice, &what), Err("rate_limited"), "{what:?}");
    }
    tries(&alice, &objects(&[22, ONE.0])).expect("what is elsewhere, or in no scope");
    tries(&bob, &objects(&[20])).expect("and somebody else");
    assert_eq!((used(2), used(3)), (2, 1));
    // Filed where it was asked for.
    let kinds = Some(vec![ObjectsExported::KIND]);
    let filter = Filter { kinds, scopes: Some(vec![scoped::ScopeId(2)]), ..Filter::default() };
    assert_eq!(engine.history().audit(&filter).unwrap().len(), 1);
    let forged = objects::Export {
        objects: vec![ObjectId(20)],
        versions: 1,
        digest: "0".repeat(64),
        redacted: false,
        scope: None,
        scopes: [scoped::ScopeId(4)].into(),
    };
    assert_eq!(alice.execute(forged).unwrap_err().code(), "invalid", "no other scopes than theirs");
    crate::support::same_elsewhere(&engine);
}

/// Which fields are references was asked of the contract of the place that a package went to, and of nobody else: brought into a log
/// without that contract, objects went on naming ids that mean nothing there, and nothing was said.
#[test]
fn references_are_told_by_the_package_and_what_is_kept_beside_them_is_noted() {
    let (engine, alice, _) = world();
    let ada = engine.session(PrincipalId(1)).unwrap();
    let older = alice.export(&all()).unwrap();
    let any = |name: &str| FieldSpec::new(name, FieldType::Any).optional();
    let of = |name: &str| FieldSpec::new(name, FieldType::Ref).optional();
    let fields = vec![any("cpu"), of("to"), of("never"), any("see")];
    ada.execute(contracts::Create::new("notes", "note", fields)).unwrap();
    let package = alice.export(&all()).unwrap();
    let declared = std::collections::BTreeMap::from([("note".to_owned(), ["to".to_owned()].into())]);
    assert_eq!(package.manifest.references, declared, "those that occur");
    let mut forged = package.clone();
    forged.manifest.references.clear();
    assert_eq!(forged.verify().unwrap_err().code(), "package_digest", "the digest covers them");

    let (elsewhere, _) = by_hand(6);
    let carol = elsewhere.session(PrincipalId(1)).unwrap();
    let result = carol.import(&package, &ImportOptions::default()).unwrap();
    let value = carol.read(result.id_mapping[&ONE]).unwrap().value().unwrap();
    assert_eq!(value, json!({ "to": result.id_mapping[&TWO], "see": [GONE, "elsewhere"] }));
    assert_eq!((result.errors.len(), result.notes.len()), (0, 1), "{result:?}");
    assert!(result.notes[0].contains("`see`") && result.notes[0].contains(&GONE.to_string()), "{result:?}");
    let named = ImportOptions {
        references: [("note".to_owned(), "see".to_owned())].into(),
        ..ImportOptions::default()
    };
    assert_eq!(
        carol.import(&package, &named).unwrap().notes,
        Vec::<String>::new(),
        "a list of references is named"
    );

    // A package from before says nothing of it, and is read as ever.
    assert!(older.manifest.references.is_empty());
    let mut oldest = older.clone();
    oldest.manifest.format_version = "2.0".to_owned();
    oldest.manifest.digest = oldest.digest().unwrap().to_string();
    assert!(!String::from_utf8(oldest.to_json().unwrap()).unwrap().contains("references"));
    let result = carol.import(&oldest, &ImportOptions::default()).unwrap();
    assert_eq!(carol.read(result.id_mapping[&ONE]).unwrap().value().unwrap()["to"], json!(TWO));
    assert_eq!(result.notes.len(), 2, "but it is noted: {result:?}");
    digest(&elsewhere);
}

/// At the second hop a package told of who had brought the objects in, as if they had written them, and of when; whoever owned them and took
/// them out of sight was not told at all.
#[test]
fn where_a_version_was_written_first_is_kept_however_often_it_travels() {
    let (_, alice, _) = world();
    let package = alice.export(&all()).unwrap();
    let engines: Vec<Engine> = (6..9).map(|seed| by_hand(seed).0).collect();
    let (mut package, mut mapping) = (package, vec![ONE, GONE]);
    let originals = alice.reading().versions(ONE).unwrap();
    for (hop, engine) in engines.iter().enumerate() {
        let carol = engine.session(PrincipalId(1)).unwrap();
        let result = carol.import(&package, &ImportOptions::default()).unwrap();
        let told = package.clone();
        mapping = mapping.iter().map(|id| result.id_mapping[id]).collect();
        let versions = carol.reading().versions(mapping[0]).unwrap();
        assert_eq!(versions.len(), originals.len());
        for (version, original) in versions.iter().zip(&originals) {
            let origin = version.origin.unwrap();
            assert_eq!(
                (origin.object, origin.author, origin.time),
                (ONE, original.by, original.time),
                "hop {hop}"
            );
        }
        // Whose it was, and who took it away, is in the trail of each hop.
        let filter = Filter {
            kinds: Some(vec![scoped::projections::objects::ObjectsImported::KIND]),
            ..Filter::default()
        };
        let at = engine.history().audit(&filter).unwrap()[0];
        let said: serde_json::Value =
            serde_json::from_slice(&engine.history().payload(at).unwrap().unwrap()).unwrap();
        let gone = told.objects.iter().find(|object| object.tombstone.is_some()).unwrap();
        let tombstone = gone.tombstone.as_ref().unwrap();
        assert_eq!(
            said["former"][gone.id.to_string()],
            json!({ "owner": gone.owner, "tombstoned_at": tombstone.at, "tombstoned_by": tombstone.by })
        );
        assert_eq!(
            carol.reading().tombstones(mapping[1]).unwrap()[0].tombstoned.reason.as_deref(),
            Some("old")
        );
        package = carol.export(&PackageOf::Objects(result.id_mapping.values().copied().collect())).unwrap();
        crate::support::same_elsewhere(engine);
    }
}

/// A write to a missing path makes it; bringing a package in was refused there, though each object by itself would have been taken.
#[test]
fn a_package_is_brought_into_a_path_that_is_not_there_yet_as_an_object_would_be() {
    let (engine, alice, bob) = world();
    let ada = engine.session(PrincipalId(1)).unwrap();
    let package = alice.export(&PackageOf::Objects(vec![TWO])).unwrap();
    ada.execute(scope_at("org:a", 1)).unwrap();
    let into = ImportOptions {
        into: Some((path("org:a/dept:new/team:new"), Level::Read)),
        ..ImportOptions::default()
    };
    assert_eq!(bob.import(&package, &into).unwrap_err().code(), "denied");
    ada.execute(member("org:a", 3, Role::Writer)).unwrap();
    let made = bob.import(&package, &into).unwrap();
    let read = ada.read(made.id_mapping[&TWO]).unwrap();
    assert_eq!(read.value().unwrap()["cpu"], 7);
    bob.import(&package, &into).expect("and into the one that is there now");
    crate::support::same_elsewhere(&engine);
}
