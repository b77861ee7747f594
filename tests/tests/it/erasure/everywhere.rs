//! Every way to ask, before and after.

use super::*;
use scoped::objects::package::PackageOf;
use scoped::temporal::{Cutoff, Entity};
use scoped::{EventFilter, Filter, History, ObjectQuery, Recall, Sequence, View, Why};

/// The promise, from outside: what could be read everywhere can be read nowhere, and nothing else has changed.
#[test]
fn who_is_erased_is_gone_from_every_answer_and_nothing_else_is() {
    let (_place, engine) = Place::furnished();
    let (then, reader) = (engine.history().head(), engine.session(READER).unwrap());
    let before = crate::support::digest(&engine);
    assert_eq!(reader.read(HERS).unwrap().value().unwrap()["says"], SECRET, "as long as the key is there");
    assert_eq!(reader.reading().versions(HERS).unwrap()[1].reason.as_deref(), Some(WHY));

    let receipt = erase(&engine, MARIA);

    for reading in [reader.reading(), reader.as_of(&Cutoff::At(then)).unwrap()] {
        let read = reading.read(HERS).unwrap();
        assert_eq!(read.absent().map(|absence| (absence.why, absence.subject)), Some((Why::Erased, MARIA)));
        assert_eq!(read.value().unwrap_err().code(), "erased");
        let marker: serde_json::Value = serde_json::from_slice(read.data()).unwrap();
        assert_eq!(marker, serde_json::json!({ "$payload": "erased", "subject": MARIA }));
        let versions = reading.versions(HERS).unwrap();
        assert!(versions.iter().all(|version| version.absent.is_some()) && versions.len() == 2);
        assert_eq!(versions[1].reason.as_deref(), Some("[erased]"));
        let first = reading.version(HERS, 1).unwrap().unwrap();
        assert_eq!((first.value().unwrap_err().code(), first.data()), ("erased", read.data()));
        assert_eq!(reading.diff(HERS, 1, 2).unwrap_err().code(), "erased");
        assert_eq!(reading.diff_fields(HERS, 1, 2).unwrap_err().code(), "erased");
        assert_eq!(reading.read(HIS).unwrap().value().unwrap()["says"], "pierre");
        assert_eq!(reading.read(PLAIN).unwrap().value().unwrap()["cpu"], 1);
        // Lists and views go on.
        assert_eq!(reading.objects(&path("org:a"), View::Granular).unwrap().len(), 3);
        let ask = Recall::from(path("org:a")).view(View::Granular);
        let page = reading.recall(&ask).unwrap();
        let shown = format!("{:?}", page.items);
        assert!(page.items.len() == 3 && shown.contains("erased") && shown.contains("pierre"), "{shown}");
        assert!(!shown.contains(SECRET));
        let raw = reading.recall(&ask.view(View::Raw));
        assert!(!format!("{raw:?}").contains(SECRET));
        let state = reading.state(Entity::Object(HERS)).unwrap();
        assert_eq!(state.value["data"]["$payload"], "erased");
        let timeline = reading.timeline(Entity::Object(HERS), Sequence::NONE, 10).unwrap();
        assert!(!format!("{timeline:?}").contains(SECRET) && timeline.entries.len() >= 2);
        assert_eq!(reading.find_objects(&ObjectQuery::default()).unwrap().objects.len(), 3);
    }
    let trail = founder(&engine).reading().audit(&Filter::default(), 1_000).unwrap();
    let absent = trail.entries.iter().filter(|entry| entry.absent.is_some()).count();
    assert_eq!(absent, 3, "two versions and a reason");
    assert!(!format!("{:?}", trail.entries).contains(SECRET));
    let states = founder(&engine).reading().audit_states(Sequence::new(receipt.first.get() - 2)).unwrap();
    assert!(!format!("{states:?}").contains(SECRET));
    let mut told = engine.subscribe(EventFilter { from: Sequence::new(1), ..EventFilter::default() });
    let mut absent = 0;
    while let Some(event) = told.try_next().unwrap() {
        assert!(event.data.is_none_or(|data| !String::from_utf8_lossy(&data).contains(SECRET)));
        absent += usize::from(event.absent.is_some());
    }
    assert_eq!(absent, 3);
    let package = reader.export(&PackageOf::Objects(vec![HERS, HIS])).unwrap();
    assert!(package.manifest.redacted && package.objects[0].versions[0].absent == Some(Why::Erased));
    assert!(!String::from_utf8(package.to_json().unwrap()).unwrap().contains(SECRET));
    assert_eq!(engine.read(|moment| moment.data(HERS).unwrap_err().code().to_owned()), "erased");

    // Every sum is what it was.
    crate::support::digest(&engine);
    assert_eq!(crate::support::replayed(engine.history(), then), before);
    let info = engine.read(|moment| moment.subject(MARIA)).unwrap().unwrap();
    let erased = info.erased.unwrap();
    assert_eq!(
        (info.objects, erased.at, erased.reason.as_deref()),
        (1, receipt.last.get(), Some("request 4711"))
    );
}

#[test]
fn the_log_is_whole_with_and_without_keys_and_says_sealed_where_there_are_none() {
    let (place, engine) = Place::furnished();
    let digest = crate::support::digest(&engine);
    engine.close().unwrap();
    let without = History::open(place.log()).unwrap().0;
    let with = History::open_with(place.log(), Some(&place.keys())).unwrap().0;
    for history in [&without, &with] {
        assert_eq!(crate::support::replayed(history, history.head()), digest, "a fold needs no key");
    }
    let at = |history: &History| history.world_at(history.head()).unwrap().objects().get(HERS).unwrap().data;
    assert_eq!(without.payload(at(&without)).unwrap_err().code(), "sealed");
    let marker = String::from_utf8(without.shown(at(&without)).unwrap().unwrap()).unwrap();
    assert!(marker.contains(r#""$payload":"sealed""#), "{marker}");
    assert!(String::from_utf8(with.payload(at(&with)).unwrap().unwrap()).unwrap().contains(SECRET));

    // An engine without keys reads the rest, and writes nothing in the clear.
    let engine = Engine::open_with(place.log(), options(5)).unwrap();
    let ada = founder(&engine);
    assert_eq!(ada.read(HERS).unwrap().value().unwrap_err().code(), "sealed");
    assert_eq!(ada.execute(objects::Update::new(HERS, said("x"))).unwrap_err().code(), "no_keys");
    assert_eq!(ada.execute(hers(ObjectId(77))).unwrap_err().code(), "no_keys");
    assert_eq!(ada.execute(Erase::new(MARIA)).unwrap_err().code(), "no_keys");
    ada.execute(objects::Update::new(PLAIN, said("x"))).unwrap();
    engine.close().unwrap();

    // Erased is said also by who has no keys: the log says it.
    let engine = place.open();
    erase(&engine, MARIA);
    let beside = History::open(place.log()).unwrap().0;
    assert_eq!(beside.payload(at(&beside)).unwrap_err().code(), "erased");
    engine.close().unwrap();
    place.verify();
    let history = History::open_with(place.log(), Some(&place.keys())).unwrap().0;
    assert_eq!(history.payload(at(&history)).unwrap_err().code(), "erased");
}

/// Every event of a log is a command again: also where some of it is erased or sealed.
#[test]
fn a_log_with_erased_data_is_written_out_as_commands_with_markers() {
    let (_place, engine) = Place::furnished();
    erase(&engine, MARIA);
    let (history, mut records, mut lines) = (engine.history(), Vec::new(), String::new());
    for record in history.reader().records(Sequence::new(1), history.head()) {
        records.push(record.unwrap());
        if records.last().is_some_and(|record| record.batch_left() == 0) {
            if let Some(batch) = scoped::export::recall(history, &records).unwrap() {
                lines += &scoped::write_line(&batch, records[0].sequence()).unwrap();
                lines += "\n";
            }
            records.clear();
        }
    }
    assert!(!lines.contains(SECRET) && !lines.contains(WHY));
    assert!(lines.contains("subjects.erase") && lines.contains(r#""$payload":"erased""#), "{lines}");
    for line in lines.lines() {
        scoped::parse_line(line).unwrap();
    }
}

/// A name is personal data too; the handle, and what the principal may do, are not.
#[test]
fn principals_that_are_their_own_subjects_lose_their_names_and_nothing_else() {
    let place = Place::new();
    let engine = place.open();
    let ada = founder(&engine);
    let named = scoped::identity::CreatePrincipal::named("person", SECRET).unwrap().personal();
    let create = scoped::identity::CreatePrincipal { principal: Some(PrincipalId(5)), ..named };
    ada.execute(create).unwrap();
    let describe = scoped::identity::DescribePrincipal {
        principal: PrincipalId(5),
        description: said(SECRET),
        expected_version: None,
    };
    ada.execute(describe.clone()).unwrap();
    let shown = || format!("{:?}", ada.reading().state(Entity::Principal(PrincipalId(5))).unwrap());
    assert!(shown().contains(SECRET));
    ada.execute(Erase::new(SubjectId(5))).unwrap();
    assert!(shown().contains("erased") && !shown().contains(SECRET));
    // Once one principal that was erased made every list of principals fail, for everybody.
    let page = ada.reading().principals(&scoped::identity::PrincipalFilter::default(), None, 10).unwrap();
    let erased = ada.reading().principal(PrincipalId(5)).unwrap();
    assert_eq!(erased.description["$payload"], "erased");
    assert!(page.principals.contains(&erased) && page.principals.len() == 2, "{page:?}");
    let changes = engine.read(|moment| moment.principal_changes(PrincipalId(5))).unwrap();
    assert!(!format!("{changes:?}").contains(SECRET) && changes.len() >= 2, "{changes:?}");
    assert_eq!(ada.execute(describe).unwrap_err().code(), "subject_erased");
    engine
        .session(PrincipalId(5))
        .unwrap()
        .execute(objects::Create::new("note", said("still acts")))
        .unwrap();
    crate::support::digest(&engine);
    engine.close().unwrap();
    assert_eq!(found_in(place.folder.path(), SECRET), Vec::<PathBuf>::new());
}
