//! Bad days: a full disk, a failed sync, a second writer, requests that cannot be. Each has one clear answer, and nothing that
//! was acknowledged is lost.

use crate::support::{data, digest, member, object, principal, scope_at, small_segments, update};
use scoped::log::storage::FaultyStorage;
use scoped::log::{MemoryStorage, Payload};
use scoped::temporal::{Cutoff, SetMark};
use scoped::{
    BATCH_STEPS_MAX, Batch, Data, Engine, Error, ErrorKind, History, Level, ObjectId, Options, PrincipalId,
    Receipt, Role, objects, tenancy,
};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

fn big(id: u128, bytes: usize) -> objects::Create {
    let data = data(serde_json::json!({ "padding": "x".repeat(bytes) }));
    objects::Create {
        object: Some(ObjectId(id)),
        object_type: "blob".into(),
        data,
        scope: None,
        level: Level::Read,
        reason: None,
        subject: None,
    }
}

/// Small segments, prepared in the open: what fails is decided by the test alone.
fn options() -> Options {
    let log = scoped::log::Options {
        segment_bytes: 16 << 10,
        prepare_in_background: false,
        ..scoped::log::Options::default()
    };
    Options::default().log(log).snapshot_after(0).types(["blob", "limits"])
}

/// Writes until something is refused. Gives the receipts and the refusal.
fn fill(engine: &Engine, from: u128, at_most: u128) -> (Vec<Receipt>, Option<Error>) {
    let ada = engine.session(engine.founder()).unwrap();
    let mut receipts = Vec::new();
    for id in from..from + at_most {
        match ada.execute(big(id, 700)) {
            Ok(receipt) => receipts.push(receipt),
            Err(error) => return (receipts, Some(error)),
        }
    }
    (receipts, None)
}

fn all_there(engine: &Engine, receipts: &[Receipt]) {
    for receipt in receipts {
        let chain = engine.history().reader().chain_at(receipt.last).unwrap();
        assert_eq!(chain, Some(receipt.head), "{receipt:?} was acknowledged");
        assert!(engine.read(|moment| moment.data(receipt.object()).is_ok()));
    }
    digest(engine);
}

/// etcd once could not be repaired on a full disk, since repairing needed space too.
#[test]
fn a_disk_that_is_full_after_any_number_of_bytes_loses_nothing_that_was_acknowledged() {
    let (mut full, mut unknown, mut not_even_opened) = (0, 0, 0);
    for space in (0..120_000).step_by(1_700) {
        let memory = Arc::new(MemoryStorage::new());
        let disk = FaultyStorage::new(memory);
        disk.faults(|faults| faults.space = Some(space));
        let engine = match Engine::on(Arc::new(disk.clone()), options()) {
            Ok(engine) => engine,
            Err(error) => {
                assert!(
                    ["full", "outcome_unknown"].contains(&error.code()),
                    "{space}: {}: {error}",
                    error.code()
                );
                not_even_opened += 1;
                disk.heal();
                Engine::on(Arc::new(disk.clone()), options())
                    .unwrap_or_else(|e| panic!("after space was made ({space}): {e}"));
                continue;
            }
        };
        let (receipts, error) = fill(&engine, 1, 400);
        let error = error.unwrap_or_else(|| panic!("{space} bytes take 400 objects"));
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        match error.code() {
            "full" => full += 1,
            "outcome_unknown" => unknown += 1,
            other => panic!("{space}: {other}: {error}"),
        }
        all_there(&engine, &receipts);
        let was_full = error.code() == "full";
        if was_full {
            // Still full: the same answer, and reading goes on.
            assert_eq!(fill(&engine, 1_000, 1).1.unwrap().code(), "full");
        }
        // With no byte to spare the log opens all the same, or says why not.
        let _ = engine.close();
        match Engine::on(Arc::new(disk.clone()), options()) {
            Ok(engine) => all_there(&engine, &receipts),
            Err(error) => assert_eq!(error.code(), "full", "{space}: reopening: {error}"),
        }
        disk.heal();
        let engine = Engine::on(Arc::new(disk), options()).unwrap();
        all_there(&engine, &receipts);
        let (more, error) = fill(&engine, 2_000, 30);
        assert!(error.is_none() && more.len() == 30, "there is space again: {error:?}");
    }
    assert!(full > 0, "full {full}, unknown {unknown}, not even opened {not_even_opened}");
}

#[test]
fn after_space_was_made_the_same_engine_goes_on() {
    let disk = FaultyStorage::new(Arc::new(MemoryStorage::new()));
    let engine = Engine::on(Arc::new(disk.clone()), options()).unwrap();
    disk.faults(|faults| faults.space = Some(0));
    let (receipts, error) = fill(&engine, 1, 400);
    assert_eq!(error.unwrap().code(), "full");
    disk.heal();
    let (more, error) = fill(&engine, 1_000, 50);
    assert!(error.is_none(), "{error:?}");
    all_there(&engine, &receipts);
    all_there(&engine, &more);
}

/// The kernel's own idea of a full disk: a file system of two mebibytes.
#[test]
fn a_real_file_system_that_is_full_is_said_to_be_full() {
    let directory = tempfile::tempdir().unwrap();
    let mount = |arguments: &[&str]| {
        let output = Command::new("mount").args(arguments).arg(directory.path()).output();
        output.map_err(|e| e.to_string()).and_then(|o| {
            if o.status.success() {
                Ok(())
            } else {
                Err(String::from_utf8_lossy(&o.stderr).trim().to_owned())
            }
        })
    };
    if let Err(why) = mount(&["-t", "tmpfs", "-o", "size=2m", "tmpfs"]) {
        eprintln!("skipped: no small file system can be mounted here ({why})");
        return;
    }
    let _mounted = Unmount(directory.path());
    let place = directory.path().join("log");
    let small = || {
        let log = scoped::log::Options { segment_bytes: 256 << 10, ..scoped::log::Options::default() };
        Options::default().log(log).snapshot_after(0).types(["blob", "limits"])
    };
    let engine = Engine::open_with(&place, small()).unwrap();
    let (receipts, error) = fill(&engine, 1, 5_000);
    let error = error.expect("two mebibytes do not take five thousand objects");
    assert_eq!(error.code(), "full", "{error}");
    assert!(receipts.len() > 1_000, "most of the space was used: {}", receipts.len());
    all_there(&engine, &receipts);
    let _ = engine.close();
    let engine = Engine::open_with(&place, small()).unwrap();
    all_there(&engine, &receipts);
    drop(engine);
}

struct Unmount<'a>(&'a Path);

impl Drop for Unmount<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}

/// A sync that failed may have dropped what it was to keep, and a second one would say that all is well: nothing is
/// acknowledged from there on until the log was opened again and looked at.
#[test]
fn a_failed_sync_ends_writing_and_not_reading() {
    let memory = Arc::new(MemoryStorage::new());
    let disk = FaultyStorage::new(memory);
    let engine = Engine::on(Arc::new(disk.clone()), options()).unwrap();
    let (receipts, _) = fill(&engine, 1, 5);
    disk.faults(|faults| faults.syncs_left = Some(0));
    let ada = engine.session(engine.founder()).unwrap();
    let first = ada.execute(big(100, 10)).unwrap_err();
    assert_eq!((first.code(), first.kind()), ("outcome_unknown", ErrorKind::Unavailable));
    assert!(first.advice().is_some());
    disk.heal();
    for id in 101..104 {
        assert_eq!(
            ada.execute(big(id, 10)).unwrap_err().code(),
            "unavailable",
            "healing alone is not enough"
        );
    }
    assert_eq!(engine.sync().unwrap_err().code(), "unavailable");
    all_there(&engine, &receipts);
    assert_eq!(
        ada.read(ObjectId(100)).unwrap_err().code(),
        "denied",
        "what was not acknowledged is not seen"
    );
    assert!(engine.close().is_err());
    let engine = Engine::on(Arc::new(disk), options()).unwrap();
    all_there(&engine, &receipts);
    assert!(fill(&engine, 200, 20).1.is_none());
}

#[test]
fn a_failed_write_at_any_moment_loses_nothing_that_was_acknowledged() {
    for writes in 0..40 {
        let disk = FaultyStorage::new(Arc::new(MemoryStorage::new()));
        let engine = Engine::on(Arc::new(disk.clone()), options()).unwrap();
        disk.faults(|faults| {
            (faults.writes_left, faults.write_at_most, faults.interrupt) = (Some(writes), Some(300), true)
        });
        let (receipts, error) = fill(&engine, 1, 100);
        assert_eq!(error.unwrap().kind(), ErrorKind::Unavailable);
        all_there(&engine, &receipts);
        let _ = engine.close();
        disk.heal();
        let engine = Engine::on(Arc::new(disk), options()).unwrap();
        all_there(&engine, &receipts);
        assert!(fill(&engine, 200, 3).1.is_none());
    }
}

#[test]
fn a_second_writer_is_told_that_the_log_is_locked_and_may_read() {
    let directory = tempfile::tempdir().unwrap();
    let engine = Engine::open(directory.path()).unwrap();
    let error = Engine::open(directory.path()).err().unwrap();
    assert_eq!((error.code(), error.kind()), ("locked", ErrorKind::Unavailable));
    assert_eq!(History::open(directory.path()).unwrap().0.head(), engine.history().head());
    drop(engine);
    Engine::open(directory.path()).unwrap();
}

#[test]
fn where_there_is_no_log_none_is_made_unless_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    let nowhere = directory.path().join("not/here");
    assert_eq!(Engine::open_with(&nowhere, Options::default().create(false)).err().unwrap().code(), "no_log");
    assert_eq!(History::open(&nowhere).err().unwrap().code(), "no_log");
    assert!(!nowhere.exists());
}

#[test]
fn a_full_queue_makes_callers_wait_and_loses_nobody() {
    let engine = Engine::on(Arc::new(MemoryStorage::new()), options().queue(1)).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..8u128 {
            let engine = &engine;
            scope.spawn(move || {
                let ada = engine.session(engine.founder()).unwrap();
                let pending: Vec<_> = (0..50)
                    .map(|nth| ada.submit(object(1 + thread * 50 + nth, 1, None, Level::Read)).unwrap())
                    .collect();
                pending.into_iter().for_each(|pending| drop(pending.wait().unwrap()));
            });
        }
    });
    assert_eq!(engine.read(|moment| moment.world().objects().len()), 400);
}

#[test]
fn an_expected_version_that_has_passed_is_stale_and_changes_nothing() {
    let engine = crate::support::in_memory();
    let ada = engine.session(engine.founder()).unwrap();
    ada.execute(object(1, 1, None, Level::Read)).unwrap();
    let expecting = |version| objects::Update { expected_version: Some(version), ..update(1, 2) };
    ada.execute(expecting(1)).unwrap();
    let before = digest(&engine);
    let error = ada.execute(expecting(1)).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Stale, "stale"));
    let gone = objects::Tombstone { object: ObjectId(1), reason: None, expected_version: Some(1) };
    assert_eq!(ada.execute(gone).unwrap_err().kind(), ErrorKind::Stale);
    assert_eq!(digest(&engine), before);
}

/// Of many who expect the same version exactly one is first.
#[test]
fn concurrent_updates_of_one_version_have_one_winner() {
    let engine = crate::support::in_memory();
    let ada = engine.session(engine.founder()).unwrap();
    ada.execute(object(1, 1, None, Level::Read)).unwrap();
    for version in 1..=30u32 {
        let attempts: Vec<_> = (0..6)
            .map(|cpu| {
                ada.submit(objects::Update { expected_version: Some(version), ..update(1, cpu) }).unwrap()
            })
            .collect();
        let won = attempts.into_iter().map(scoped::Pending::wait).filter(Result::is_ok).count();
        assert_eq!(won, 1);
    }
}

#[test]
fn a_key_gives_its_first_receipt_again_also_after_reopening() {
    let directory = tempfile::tempdir().unwrap();
    let open = || Engine::open_with(directory.path(), small_segments()).unwrap();
    let engine = open();
    let founder = engine.founder();
    let request = || {
        let drawn = objects::Create { object: None, ..object(1, 1, None, Level::Read) };
        let root = tenancy::CreateScope { scope: None, ..scope_at("org:a", 1) };
        let mut batch = Batch::new().with(founder, root).with(founder, drawn);
        batch.push(
            founder,
            objects::Create { scope: Some(crate::support::path("org:a")), ..object(3, 1, None, Level::Read) },
        );
        batch.keyed("order 66").happened_at(5)
    };
    let first = engine.execute(request()).unwrap();
    assert_eq!((first.repeated, first.ids.len()), (false, 3));
    let events = engine.history().head();
    let check = |engine: &Engine| {
        let again = engine.execute(request()).unwrap();
        assert!(again.repeated);
        assert_eq!(
            (again.first, again.last, again.head, again.time),
            (first.first, first.last, first.head, first.time)
        );
        assert_eq!(again.ids, first.ids, "the ids that were drawn the first time");
        let other = Batch::new().with(founder, object(9, 1, None, Level::Read)).keyed("order 66");
        assert_eq!(engine.execute(other).unwrap_err().code(), "idempotency_conflict");
        let later = request().happened_at(6);
        assert_eq!(engine.execute(later).unwrap_err().code(), "idempotency_conflict");
        assert_eq!(engine.history().head(), events, "nothing was written");
    };
    check(&engine);
    engine.snapshot().unwrap();
    drop(engine);
    check(&open());
}

/// A key belongs to who used it: another actor's is another key.
#[test]
fn keys_of_different_actors_do_not_meet() {
    let engine = crate::support::in_memory();
    let founder = engine.founder();
    engine.execute(Batch::new().with(founder, principal(2))).unwrap();
    let keyed = |actor, id| Batch::new().with(actor, object(id, 1, None, Level::Read)).keyed("same");
    let (a, b) =
        (engine.execute(keyed(founder, 1)).unwrap(), engine.execute(keyed(PrincipalId(2), 2)).unwrap());
    assert!(!a.repeated && !b.repeated);
    // One in flight and the same again, in one group.
    let (one, two) = (engine.submit(keyed(founder, 1)).unwrap(), engine.submit(keyed(founder, 1)).unwrap());
    assert!(one.wait().unwrap().repeated && two.wait().unwrap().repeated);
}

#[test]
fn requests_that_cannot_be_are_invalid_and_nothing_is_looked_at() {
    let engine = crate::support::in_memory();
    let founder = engine.founder();
    let ada = engine.session(founder).unwrap();
    let before = engine.history().head();
    let invalid = |result: Result<Receipt, Error>| {
        let error = result.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Invalid, "invalid"), "{error}");
    };
    invalid(engine.execute(Batch::new()));
    for key in [String::new(), "k".repeat(65)] {
        invalid(engine.execute(Batch::new().with(founder, object(1, 1, None, Level::Read)).keyed(key)));
    }
    for word in [String::new(), "t".repeat(65), "line\nfeed".to_owned()] {
        invalid(
            ada.execute(objects::Create { object_type: word.clone(), ..object(1, 1, None, Level::Read) }),
        );
        invalid(ada.execute(scoped::identity::CreatePrincipal { kind: word, ..principal(2) }));
    }
    for name in [String::new(), "n".repeat(257), "tab\t".to_owned()] {
        invalid(ada.execute(tenancy::CreateScope {
            scope: None,
            path: None,
            name: Some(name),
            parent: None,
        }));
    }
    invalid(ada.execute(tenancy::CreateScope { scope: None, path: None, name: None, parent: None }));
    for name in [String::new(), "m".repeat(201), "two words".to_owned()] {
        invalid(ada.execute(SetMark { name, position: None }));
    }
    assert_eq!(engine.history().head(), before);
}

#[test]
fn a_batch_has_at_most_a_million_steps() {
    let engine = crate::support::in_memory();
    let mut batch = Batch::new();
    for _ in 0..=BATCH_STEPS_MAX {
        batch.push(engine.founder(), objects::Restore::new(ObjectId(1)));
    }
    assert_eq!(engine.execute(batch).unwrap_err().code(), "invalid");
}

#[test]
fn data_above_the_limit_is_too_large_and_at_the_limit_it_is_kept() {
    // `{"t":"…"}` takes eight bytes besides the text.
    let text = |bytes: usize| Data::from_text_fields(&[("t", &*"x".repeat(bytes - 8))]);
    let error = text(Payload::MAX_BYTES + 1).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Refused, "too_large"), "{error}");
    let engine = crate::support::in_memory();
    let ada = engine.session(engine.founder()).unwrap();
    let largest =
        objects::Create { data: text(Payload::MAX_BYTES).unwrap(), ..object(1, 1, None, Level::Read) };
    ada.execute(largest).unwrap();
    assert_eq!(ada.read(ObjectId(1)).unwrap().data().len(), Payload::MAX_BYTES);
    ada.execute(object(2, 1, None, Level::Read)).unwrap();
}

#[test]
fn moments_that_never_were_are_unknown() {
    let engine = Engine::in_memory().unwrap();
    let ada = engine.session(engine.founder()).unwrap();
    for cutoff in ["#2", "mark:nope", "head~2", "01HX3ZQ6J5M8K9N0P1Q2R3S4T5"] {
        let error =
            ada.as_of(&cutoff.parse().unwrap()).err().unwrap_or_else(|| panic!("{cutoff} is no moment"));
        let code = if cutoff == "#2" { "position_ahead" } else { "unknown_cutoff" };
        assert_eq!(error.code(), code, "{cutoff}: {error}");
    }
    for text in ["", "#", "#-1", "#x", "mark:", "head~", "head~x", "yesterday", "2026-13-01T00:00:00Z"] {
        assert!(text.parse::<Cutoff>().is_err(), "`{text}` is no cutoff");
    }
    // Before the first event there is an empty world, which is an answer too.
    assert!(engine.as_of(&Cutoff::Time(0)).unwrap().moment().world().identity().is_empty());
}

/// A name that was refused was repeated in the message as it came: a scope of a mebibyte made a message of a mebibyte, and escape codes
/// reached whatever terminal or line of a log the message was for.
#[test]
fn a_message_about_a_wrong_name_is_short_and_nothing_in_it_is_obeyed() {
    for text in
        ["x".repeat(1 << 20), "\u{1b}[2J\nall is well".to_owned(), format!("org:\u{7}{}", "y".repeat(300))]
    {
        scoped_tests::fuzz::names::name(text.as_bytes());
        let error = text.parse::<scoped::ScopeRef>().unwrap_err();
        assert!(error.len() < 1_000 && !error.contains(char::is_control), "{error:?}");
    }
}

#[test]
fn a_membership_that_has_ended_gives_nothing() {
    let (engine, door) = crate::support::by_hand(5);
    let founder = PrincipalId(1);
    let soon = crate::support::NOON + 1_000;
    let begin = Batch::new()
        .with(founder, principal(2))
        .with(founder, scope_at("org:a", 1))
        .with(founder, tenancy::AddMember { expires_at: Some(soon), ..member("org:a", 2, Role::Reader) })
        .with(founder, object(1, 1, Some("org:a"), Level::Read));
    engine.execute(begin).unwrap();
    let bo = engine.session(PrincipalId(2)).unwrap();
    door.set(soon - 1);
    assert!(bo.read(ObjectId(1)).is_ok());
    door.set(soon);
    assert_eq!(bo.read(ObjectId(1)).unwrap_err().code(), "denied", "the end is exclusive");
    let late = tenancy::ChangeMember {
        scope: crate::support::path("org:a"),
        principal: PrincipalId(2),
        role: Role::Reader,
        expires_at: Some(soon),
    };
    assert_eq!(
        engine.execute(Batch::new().with(founder, late)).unwrap_err().code(),
        "invalid",
        "an end in the past"
    );
}

/// A whole number beyond 64 bits was made a double without a word: `18446744073709551616` came back as `1.8446744073709552e+19`.
#[test]
fn a_whole_number_that_cannot_be_kept_as_it_is_written_is_refused() {
    let (engine, _) = crate::support::by_hand(5);
    let text = |data: &str| {
        let with = format!(r#"{{"type": "thing", "data": {{"n": {data}}}}}"#);
        format!(r#"{{"as": "{}", "do": "objects.create", "with": {with}}}"#, PrincipalId(1))
    };
    let line = |data: &str| scoped::parse_line(&text(data));
    for number in
        ["18446744073709551616", "-9223372036854775809", "[1, {\"m\": 123456789012345678901234567890}]"]
    {
        let error = line(number).unwrap_err();
        assert!(error.message.contains("does not fit into 64 bits"), "{error}");
        let text = format!("{{\"n\": {number}}}");
        assert_eq!(scoped::Data::from_json(&text).unwrap_err().code(), "inexact");
        let package = format!("{{\"objects\": [{text}]}}");
        let error = objects::package::Package::from_json(package.as_bytes()).unwrap_err();
        assert!(error.code() == "package_format" && error.to_string().contains("64 bits"), "{error}");
    }
    let (number, column) = ("18446744073709551616", line("18446744073709551616").unwrap_err().column);
    assert_eq!(text(number).find(number), Some(column - 1), "where it stands");
    for (number, kept) in [
        ("18446744073709551615", "18446744073709551615"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("18446744073709551616.0", "1.8446744073709552e+19"),
        ("1e20", "1e+20"),
        ("\"18446744073709551616\"", "\"18446744073709551616\""),
    ] {
        let receipt = engine.execute(line(number).unwrap().0).unwrap();
        let session = engine.session(PrincipalId(1)).unwrap();
        let read = session.read(receipt.object()).unwrap();
        assert_eq!(read.data(), format!("{{\"n\":{kept}}}").as_bytes());
        assert_eq!(scoped::Data::from_json(&format!("{{\"n\":{number}}}")).unwrap().bytes(), read.data());
    }
    // What is written out comes in again.
    crate::support::same_elsewhere(&engine);
}
