//! Salvage, as an operator meets it: on logs that an engine wrote.

use crate::desk::Desk;
use scoped::identity::CreatePrincipal;
use scoped::log::LOST_KIND;
use scoped::{Engine, ErrorKind, Options};
use std::fs;

/// A log of an engine with a few principals, one event each.
fn log(desk: &Desk) -> u64 {
    let engine = Engine::open_with(desk.path("log"), Options::default().snapshot_after(0)).unwrap();
    let founder = engine.session(engine.founder()).unwrap();
    for n in 0..20 {
        founder.execute(CreatePrincipal::named("person", &format!("p{n}")).unwrap()).unwrap();
    }
    engine.close().unwrap();
    desk.reader("log").last().get()
}

#[test]
fn what_is_good_of_a_damaged_log_is_copied_and_what_is_lost_is_told() {
    let desk = Desk::new();
    let last = log(&desk);
    desk.rot("log", 12);
    let before = desk.files("log");
    let run = desk.run(&["salvage", "log", "saved", "--format", "json"]).fails(3, &["lost"]);
    assert!(before == desk.files("log"), "salvage changed what it reads");
    let told = run.json();
    assert_eq!(told["events"].as_u64().unwrap() + told["lost"].as_u64().unwrap(), last);
    assert_eq!(
        (told["losses"][0]["from"].as_u64(), told["losses"][0]["damaged"].as_bool()),
        (Some(12), Some(true))
    );
    assert_eq!(told["same_until"], 11);
    assert!(told["lost"].as_u64().unwrap() <= 2, "{told}");
    desk.run(&["verify", "saved"]).fine();
    assert_eq!(desk.reader("saved").last().get(), last, "every event keeps its position");
    // The part before the hole is the same log: a proof made there fits a root of the old one.
    desk.run(&["prove", "inclusion", "saved", "5", "--size", "11"]).fine();
    desk.run(&["salvage", "log", "saved"]).fails(1, &["already"]);
    desk.run(&["salvage", "log", "log/inside"]).fails(2, &["OUT lies in DIR"]);
    assert!(!desk.path("log/inside").exists());
}

/// A lost revocation must not come back as a right: an engine folds no world over a hole.
#[test]
fn an_engine_does_not_open_a_log_with_marks_and_goes_on_from_before_the_hole_when_that_is_asked_for() {
    let desk = Desk::new();
    log(&desk);
    desk.rot("log", 12);
    desk.run(&["salvage", "log", "saved"]).fails(3, &["lost"]);
    assert!(desk.events("saved").iter().any(|event| event.kind == LOST_KIND));
    let error =
        Engine::open_with(desk.path("saved"), Options::default().create(false)).map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    assert!(error.to_string().contains("#12"), "{error}");
    desk.run(&["principals", "saved", "--at", "#11"]).fine();

    let run = desk
        .run(&["salvage", "log", "beginning", "--until-first-hole", "--format", "json"])
        .fails(3, &["lost"]);
    assert_eq!((run.json()["last"].as_u64(), run.json()["marks"].as_u64()), (Some(11), Some(0)));
    let engine = Engine::open_with(desk.path("beginning"), Options::default().create(false)).unwrap();
    assert_eq!(engine.history().head().get(), 11);
    engine.close().unwrap();
}

#[test]
fn a_sound_log_is_copied_whole_and_an_engine_goes_on_with_it() {
    let desk = Desk::new();
    let last = log(&desk);
    let told = desk.run(&["salvage", "log", "copy", "--format", "json"]).fine().json();
    assert_eq!((told["events"].as_u64(), told["lost"].as_u64()), (Some(last), Some(0)));
    let chain = |name: &str| desk.reader(name).chain_at(scoped::Sequence::new(last)).unwrap();
    assert_eq!(chain("copy"), chain("log"));
    Engine::open_with(desk.path("copy"), Options::default().create(false)).unwrap().close().unwrap();
    fs::remove_file(desk.path("log/GENESIS")).unwrap();
    desk.run(&["salvage", "log", "again"]).fine();
}
