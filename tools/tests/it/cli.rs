//! The tool as people and scripts meet it: answers on standard output, everything else on standard error, exit codes.

use crate::desk::{Desk, Run};
use scoped::{Engine, objects, sharing, temporal, tenancy};
use serde_json::{Value, json};

use std::fs;
use std::path::Path;
use std::process::Stdio;

/// A small log: Ada founded it, owns `org:acme` with the workspace `docs`; Bo writes there. Events 1 to 10.
struct Small {
    ada: String,
    bo: String,
    plan: String,
}

impl Small {
    fn on(desk: &Desk) -> Self {
        let ada = desk.run(&["init", "log", "--name", "Ada"]).fine().out.trim().to_owned();
        let engine = Engine::open(desk.path("log")).unwrap();
        engine.register_types(&["file", "note"]).unwrap();
        let session = engine.session(engine.founder()).unwrap();
        let data = |value: Value| scoped::Data::new(value).unwrap();
        let create = scoped::identity::CreatePrincipal::named("person", "Bo").unwrap();
        let bo = session.execute(create).unwrap().principal();
        let scope = |path: &str| tenancy::CreateScope {
            scope: None,
            path: Some(path.parse().unwrap()),
            name: None,
            parent: None,
        };
        let docs: scoped::ScopeRef = "org:acme/ws:docs".parse().unwrap();
        session.execute(scope("org:acme")).unwrap();
        session.execute(scope("org:acme/ws:docs")).unwrap();
        let (role, expires_at) = (scoped::Role::Writer, None);
        session.execute(tenancy::AddMember { scope: docs.clone(), principal: bo, role, expires_at }).unwrap();
        let file = |path: &str, blob: &str| objects::Create {
            object: None,
            object_type: "file".to_owned(),
            data: data(json!({ "path": path, "blob": blob })),
            scope: Some(docs.clone()),
            level: scoped::Level::Write,
            reason: None,
            subject: None,
        };
        let plan = session.execute(file("docs/plan.md", "aa")).unwrap().object();
        session.execute(temporal::SetMark { name: "v1".to_owned(), position: None }).unwrap();
        let as_bo = engine.session(bo).unwrap();
        let changed = data(json!({ "path": "docs/plan.md", "blob": "bb" }));
        as_bo
            .execute(objects::Update { object: plan, data: changed, expected_version: Some(1), reason: None })
            .unwrap();
        engine.close().unwrap();
        Small { ada, bo: bo.to_string(), plan: plan.to_string() }
    }
}

/// All files below a folder with their bytes.

#[test]
fn a_new_log_prints_its_first_principal_and_nothing_else() {
    let desk = Desk::new();
    let run = desk.run(&["init", "log", "--name", "Ada"]).fine();
    assert_eq!(run.out.trim().len(), 26, "{}", run.out);
    assert!(run.err.contains("a new log in log"), "{}", run.err);
    desk.run(&["init", "log"]).fails(1, &["error: a log is already in log", "hint: "]);
    let run = desk.run(&["init", "other", "--format", "json"]).fine();
    assert_eq!(run.json()["kind"], "person");
}

#[test]
fn every_reading_command_answers_in_every_format_and_changes_no_byte() {
    let desk = Desk::new();
    let small = Small::on(&desk);
    let before = desk.files("log");
    let lines: &[&[&str]] = &[
        &["replay", "log"],
        &["replay", "log", "--at", "mark:v1"],
        &["verify", "log"],
        &["log", "log"],
        &["log", "log", "--actor", "Bo", "--kind", "objects", "--reverse", "--limit", "3"],
        &["show", "log", "6"],
        &["show", "log", "head"],
        &["tree", "log"],
        &["tree", "log", "--at", "#6"],
        &["objects", "log"],
        &["objects", "log", "--scope", "org:acme", "--view", "descend"],
        &["history", "log", "path:docs/plan.md"],
        &["diff", "log", &small.plan, "1", "2"],
        &["can", "log", "--actor", "Bo", "--object", &small.plan, "--capability", "write", "--explain"],
        &["can", "log", "--actor", &small.bo, "--scope", "org:acme/ws:docs", "--capability", "read"],
        &["who", "log", "--object", "path:docs/plan.md"],
        &["what", "log", "--actor", "Bo", "--capability", "write"],
        &["rollback", "log", "--to", "mark:v1", "--dry-run"],
        &["stats", "log"],
        &["export", "commands", "log"],
    ];
    for line in lines {
        for format in ["table", "json", "tsv"] {
            let run = desk.run(&[line, &["--format", format][..]].concat()).fine();
            assert!(!run.out.is_empty(), "{line:?} in {format}");
            assert!(!run.out.contains('\x1b'), "{line:?} in {format}: {:?}", run.out);
            assert_eq!(run.err, "", "{line:?} in {format}");
            if format == "json" && line[0] != "export" {
                run.json();
            }
        }
    }
    assert!(before == desk.files("log"), "reading changed a byte");
}

#[test]
fn the_audit_trail_is_filtered_and_cut() {
    let desk = Desk::new();
    let small = Small::on(&desk);
    let positions = |line: &[&str]| -> Vec<u64> {
        let run = desk.run(&[&["log", "log", "--format", "json"], line].concat()).fine();
        run.json().as_array().unwrap().iter().map(|row| row["position"].as_u64().unwrap()).collect()
    };
    let all = positions(&[]);
    let head = *all.last().unwrap();
    assert_eq!(all, (1..=head).collect::<Vec<_>>());
    assert_eq!(positions(&["--since", "head~2"]), [head - 1, head]);
    assert_eq!(positions(&["--until", "#2"]), [1, 2]);
    assert_eq!(positions(&["--until", "2"]), [1, 2]);
    assert_eq!(positions(&["--limit", "2", "--reverse"]), [head, head - 1]);
    assert_eq!(positions(&["--actor", "Bo"]), [head]);
    assert_eq!(positions(&["--object", &small.plan, "--kind", "objects.updated"]), [head]);
    assert_eq!(
        positions(&["--scope", "org:acme"]).len() + positions(&["--scope", "org:acme/ws:docs"]).len(),
        positions(&["--scope", "org:acme", "--subtree"]).len()
    );
    assert_eq!(positions(&["--until", "2001-01-01T00:00:00Z"]), [0; 0]);
    desk.run(&["log", "log", "--kind", "nonsense"])
        .fails(2, &["error: `nonsense` is no kind of event", "hint: "]);
}

#[test]
fn live_objects_with_fields_are_exact_lines_sorted_by_the_first_field() {
    let desk = Desk::new();
    Small::on(&desk);
    let engine = Engine::open(desk.path("log")).unwrap();
    let ada = engine.session(engine.founder()).unwrap();
    for (path, blob) in [("docs/a\tb", "1"), ("docs/Z", "2"), ("docs/é", "3"), ("docs/gone", "4")] {
        let data = scoped::Data::new(json!({ "path": path, "blob": blob })).unwrap();
        let made = ada.execute(objects::Create {
            object: None,
            object_type: "file".to_owned(),
            data,
            scope: None,
            level: scoped::Level::Read,
            reason: None,
            subject: None,
        });
        if path == "docs/gone" {
            let object = made.unwrap().object();
            ada.execute(objects::Tombstone { object, reason: None, expected_version: None }).unwrap();
        }
    }
    let data = scoped::Data::new(json!({ "title": "no file at all" })).unwrap();
    let (object_type, level) = ("note".to_owned(), scoped::Level::Read);
    ada.execute(objects::Create {
        object: None,
        object_type,
        data,
        scope: None,
        level,
        reason: None,
        subject: None,
    })
    .unwrap();
    engine.close().unwrap();
    let fields = ["objects", "log", "--fields", "path,blob", "--format", "tsv"];
    let run = desk.run(&fields).fine();
    assert_eq!(run.out, "docs/Z\t2\ndocs/a\\tb\t1\ndocs/plan.md\tbb\ndocs/é\t3\n");
    assert_eq!(run.err, "");
    let then = desk.run(&[&fields[..], &["--at", "mark:v1"]].concat()).fine();
    assert_eq!(then.out, "docs/plan.md\taa\n");
}

#[test]
fn decisions_exit_with_their_answer_and_explain_themselves() {
    let desk = Desk::new();
    let small = Small::on(&desk);
    let can = |actor: &str, capability: &str, more: &[&str]| {
        let line =
            ["can", "log", "--actor", actor, "--object", "path:docs/plan.md", "--capability", capability];
        desk.run(&[&line[..], more].concat())
    };
    assert!(can("Bo", "write", &[]).fine().out.contains("writer of org:acme/ws:docs"));
    let denied = can("Bo", "admin", &["--explain"]).fails(1, &[]);
    assert!(denied.out.contains("the role does not include it"), "{}", denied.out);
    assert_eq!(denied.err, "");
    let explained = can(&small.ada, "admin", &["--explain", "--format", "json"]).fine().json();
    assert_eq!(
        explained["considered"].as_array().unwrap().iter().filter(|one| one["decided"] == true).count(),
        1
    );
    can("Cy", "read", &[]).fails(1, &["error: there is no principal `Cy`", "hint: "]);
    can("Bo", "fly", &[]).fails(2, &["`fly` is no capability"]);
}

#[test]
fn a_rollback_appends_and_can_be_rolled_back() {
    let desk = Desk::new();
    let small = Small::on(&desk);
    let blob = || {
        let run = desk.run(&["objects", "log", "--fields", "path,blob", "--format", "tsv"]).fine();
        run.out.trim_end().rsplit_once('\t').unwrap().1.to_owned()
    };
    let before = desk.files("log");
    let dry = desk.run(&["rollback", "log", "--to", "mark:v1", "--object", &small.plan, "--dry-run"]).fine();
    assert!(dry.out.contains("objects.update") && dry.out.contains("nothing was written"), "{}", dry.out);
    assert!(before == desk.files("log"));
    let done = desk.run(&["rollback", "log", "--to", "mark:v1", "--format", "json"]).fine().json();
    assert_eq!((blob().as_str(), done["counts"]["objects.update"].as_u64()), ("aa", Some(1)));
    let event = done["receipt"]["first"].to_string();
    desk.run(&["rollback", "log", "--event", &event]).fine();
    assert_eq!(blob(), "bb");
    let again = desk.run(&["rollback", "log", "--to", "head"]).fine();
    assert!(again.out.contains("nothing to do"), "{}", again.out);
    desk.run(&["verify", "log"]).fine();
}

#[test]
fn a_rollback_that_is_not_allowed_changes_nothing_unless_parts_of_it_may_happen() {
    let desk = Desk::new();
    Small::on(&desk);
    let engine = Engine::open(desk.path("log")).unwrap();
    let ada = engine.session(engine.founder()).unwrap();
    let note = |name: &str| objects::Create::new("note", scoped::Data::new(json!({ "name": name })).unwrap());
    // Bo sees one of these and may not change it; of the other he does not learn.
    let docs: scoped::ScopeRef = "org:acme/ws:docs".parse().unwrap();
    ada.execute(note("to be read").into_scope(docs, scoped::Level::Read)).unwrap();
    ada.execute(note("private")).unwrap();
    engine.close().unwrap();
    let state = || desk.run(&["replay", "log", "--format", "json"]).fine().json()["state_digest"].clone();
    let before = state();
    desk.run(&["rollback", "log", "--to", "mark:v1", "--as", "Bo"])
        .fails(1, &["1 of 2 steps", "--skip-denied"]);
    assert_eq!(state(), before, "nothing but the trace of the attempt was written");
    let traced = desk.run(&["log", "log", "--kind", "audit.access_denied"]).fine();
    assert!(traced.out.contains("temporal.rollback"), "{}", traced.out);
    desk.run(&["rollback", "log", "--to", "mark:v1", "--as", "Bo", "--skip-denied"]).fine();
}

#[test]
fn what_is_exported_and_imported_elsewhere_gives_the_same_content() {
    let desk = Desk::new();
    let small = Small::on(&desk);
    // A refused attempt stands between: positions behind it differ in the copy, and must be translated.
    desk.run(&["mark", "log", "not-mine", "--as", "Bo"]).fails(1, &["denied"]);
    desk.run(&["mark", "log", "v2", "--at", "mark:v1"]).fine();
    desk.run(&["rollback", "log", "--to", "mark:v1"]).fine();
    desk.run(&["mark", "log", "v3"]).fine();
    let digest = |log: &str, which: &str| {
        desk.run(&["replay", log, "--format", "json"]).fine().json()[which].as_str().unwrap().to_owned()
    };
    let exported = desk.run(&["export", "commands", "log"]).fine().out;
    fs::write(desk.path("all.jsonl"), &exported).unwrap();
    desk.run(&["import", "commands", "copy", "all.jsonl"]).fine();
    desk.piped(&["import", "commands", "copy2", "-", "--no-sync"], exported.as_bytes()).fine();
    for copy in ["copy", "copy2"] {
        assert_eq!(digest("log", "content_digest"), digest(copy, "content_digest"));
        desk.run(&["verify", copy]).fine();
        let fields = ["--at", "mark:v1", "--fields", "@id,blob", "--format", "tsv"];
        let at_mark = desk.run(&[&["objects", copy], &fields[..]].concat()).fine().out;
        assert_eq!(at_mark, format!("{}\taa\n", small.plan));
        let undone = |log: &str| {
            let rows = desk.run(&["log", log, "--kind", "objects.updated", "--format", "json"]).fine().json();
            rows.as_array().unwrap().iter().filter_map(|row| row["undoes"].as_u64()).collect::<Vec<_>>()
        };
        let first_update =
            desk.run(&["log", copy, "--kind", "objects.updated", "--limit", "9", "--format", "json"]);
        assert_eq!(undone(copy), [first_update.fine().json()[0]["position"].as_u64().unwrap()]);
    }
    assert_ne!(
        digest("log", "state_digest"),
        digest("copy", "state_digest"),
        "positions differ, and the digest says so"
    );
    desk.run(&["import", "commands", "copy", "all.jsonl"])
        .fails(1, &["error: all.jsonl:1: there is a principal", "hint: nothing was imported"]);
    let up_to = desk.run(&["export", "commands", "log", "--at", "mark:v1"]).fine().out;
    assert!(exported.starts_with(&up_to) && up_to.len() < exported.len());
}

#[test]
fn a_malformed_commands_file_is_told_by_line_and_column_and_nothing_is_imported() {
    let desk = Desk::new();
    let small = Small::on(&desk);
    let before = desk.files("log");
    let head = desk.run(&["verify", "log", "--format", "json"]).fine().json()["head"].clone();
    let good = format!(r#"{{"as":"{}","do":"temporal.mark","with":{{"name":"x"}}}}"#, small.ada);
    for (bad, place) in [
        (r#"{"as":"#.to_owned(), "commands:3:6: "),
        (good.replace("temporal.mark", "temporal.forget"), "`temporal.forget` is no command"),
        (good.replace(r#""name""#, r#""label""#), "commands:3:"),
        (good.replace(&small.ada, "nobody"), "commands:3:"),
    ] {
        fs::write(desk.path("commands"), format!("{good}\n\n{bad}\n")).unwrap();
        desk.run(&["import", "commands", "log", "commands"])
            .fails(2, &["error: commands:3:", place, "hint: nothing was imported"]);
        desk.run(&["import", "commands", "new", "commands"]).fails(2, &["commands:3:"]);
    }
    fs::write(desk.path("commands"), [good.as_bytes(), b"\n\"\xff\""].concat()).unwrap();
    desk.run(&["import", "commands", "log", "commands"]).fails(2, &["commands:2:2: this is no UTF-8"]);
    assert!(before == desk.files("log"), "a file that cannot be read changes no byte");
    // Well-formed, and refused: the second line repeats a name that is given once.
    fs::write(desk.path("commands"), format!("{good}\n{good}\n")).unwrap();
    desk.run(&["import", "commands", "log", "commands"])
        .fails(1, &["commands:2: there is a mark `x` already"]);
    desk.run(&["import", "commands", "new", "commands"]).fails(1, &["no log in new", "scoped init"]);
    desk.run(&["import", "commands", "log", "missing"]).fails(1, &["`missing` cannot be read"]);
    let after = desk.run(&["verify", "log", "--format", "json"]).fine().json()["head"].clone();
    assert_eq!(after, head, "nothing was imported");
    assert!(!desk.path("new").exists(), "a file that founds nothing leaves no directory");
}

#[test]
fn a_founding_file_with_a_mistake_leaves_no_log_behind() {
    let desk = Desk::new();
    let small = Small::on(&desk);
    let exported = desk.run(&["export", "commands", "log"]).fine().out;
    let twice =
        format!("{exported}{}\n", exported.lines().next_back().unwrap().replace(&small.bo, &small.plan));
    fs::write(desk.path("bad.jsonl"), twice).unwrap();
    desk.run(&["import", "commands", "new", "bad.jsonl"]).fails(1, &["bad.jsonl:", "nothing was imported"]);
    assert!(!desk.path("new").exists());
}

#[test]
fn bad_input_is_refused_with_what_to_do_and_the_right_exit_code() {
    let desk = Desk::new();
    let small = Small::on(&desk);
    fs::create_dir(desk.path("empty")).unwrap();
    for (line, code, words) in [
        (
            &["tree", "missing"][..],
            1,
            &["error: no log in missing", "hint: create one with `scoped init`"][..],
        ),
        (&["mark", "missing", "x"], 1, &["error: no log in missing"]),
        (&["mark", "empty", "x"], 1, &["error: no log in empty"]),
        (&["verify", "empty"], 1, &["error: no log in empty"]),
        (
            &["objects", "log", "--at", "mark:v"],
            1,
            &["there is no mark `v`", "hint: did you mean `mark:v1`?"],
        ),
        (&["objects", "log", "--at", "#99"], 1, &["there is no event #99: the log ends at"]),
        (&["objects", "log", "--at", "head~99"], 1, &["the log has only"]),
        (&["objects", "log", "--at", "yesterday"], 2, &["`yesterday` is no cutoff"]),
        (&["objects", "log", "--scope", "org/acme"], 2, &["org/acme"]),
        (&["objects", "log", "--scope", "org:nowhere"], 1, &["there is no scope `org:nowhere`"]),
        (&["show", "log", "0"], 1, &["there is no event #0"]),
        (&["history", "log", "path:nowhere"], 1, &["no object with the path `nowhere`"]),
        (&["history", "log", "nowhere"], 2, &["`nowhere` is no id"]),
        (&["diff", "log", "path:docs/plan.md", "1", "9"], 1, &["no version 9"]),
        (&["mark", "log", "v1"], 1, &["there is a mark `v1` already", "hint: "]),
        (&["mark", "log", "two words"], 2, &["no blanks"]),
        (&["mark", "log", "mine", "--as", "Bo"], 1, &["denied"]),
        (&["mark", "log", "mine", "--as", &small.plan], 1, &["no active principal"]),
        (&["rollback", "log"], 2, &["--to"]),
        (&["import", "git", "log", "missing"], 1, &["missing"]),
        (&["fly"], 2, &["fly"]),
        (&["diff", "log", "path:docs/plan.md", "1", "x"], 2, &["`x` is no version: versions are 1, 2, 3 …"]),
        (&["objects", "log", "--format", "yaml"], 2, &["[possible values: table, json, tsv]"]),
    ] {
        desk.run(line).fails(code, words);
    }
    assert_eq!(
        fs::read_dir(desk.path("empty")).unwrap().count(),
        0,
        "nothing was left in a directory without log"
    );
}

/// Once the answer was ``reading `HEAD` failed: Not a directory``: a name of the log's own, and no word of what to do.
#[test]
fn a_file_in_place_of_a_directory_is_told_by_every_command() {
    let desk = Desk::new();
    fs::write(desk.path("file"), "plain").unwrap();
    let scope = &["--scope", "org:acme"][..];
    for (name, more) in [
        ("init", &[][..]),
        ("verify", &[]),
        ("replay", &[]),
        ("log", &[]),
        ("audit", &[]),
        ("show", &["1"]),
        ("tree", &[]),
        ("scopes", &[]),
        ("members", scope),
        ("acl", scope),
        ("principals", &[]),
        ("objects", &[]),
        ("registry", &[]),
        ("contracts", &[]),
        ("templates", &[]),
        ("rules", &[]),
        ("flags", &[]),
        ("config", scope),
        ("stats", &[]),
        ("mark", &["x"]),
        ("rollback", &["--to", "#1"]),
    ] {
        let run = desk.run(&[&[name, "file"], more].concat());
        run.refused(1, &["error: no log in file: it is a file", "hint: a log is a directory"]);
    }
    for line in [["export", "commands", "file"], ["registry", "scan", "file"]] {
        desk.run(&line).refused(1, &["no log in file: it is a file"]);
    }
    assert_eq!(fs::read(desk.path("file")).unwrap(), b"plain");
}

/// Once it was `the log directory`, in the marks that names stand in: nobody could tell which one.
#[cfg(target_os = "linux")]
#[test]
fn a_directory_that_cannot_be_made_is_named() {
    let desk = Desk::new();
    fs::write(desk.path("file"), "plain").unwrap();
    desk.run(&["init", "file/below"]).refused(1, &["no log in file/below: something above it is a file"]);
    desk.run(&["init", "/proc/none"]).refused(1, &["creating `/proc/none` failed"]);
}

/// Help that could not be written once ended like help that was read.
#[cfg(target_os = "linux")]
#[test]
fn an_answer_that_cannot_be_written_is_a_failure() {
    let desk = Desk::new();
    Small::on(&desk);
    for line in [&["--help"][..], &["tree", "log"], &["--version"], &["log", "log"]] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let run = Run::of(desk.command(line).stdout(full).output().unwrap());
        run.fails(1, &["the answer could not be written"]);
    }
}

#[test]
fn errors_are_also_told_as_json() {
    let desk = Desk::new();
    Small::on(&desk);
    let last = |line: &[&str]| -> Value {
        let run = desk.run(line);
        serde_json::from_str(run.err.lines().last().unwrap()).unwrap()
    };
    let error = last(&["tree", "missing", "--format", "json"]);
    assert_eq!((error["code"].as_str(), error["exit"].as_u64()), (Some("no_log"), Some(1)));
    assert_eq!(last(&["tree", "--format", "json"])["exit"], 2);
}

#[test]
fn a_second_writer_is_turned_away_and_readers_are_not() {
    let desk = Desk::new();
    let small = Small::on(&desk);
    let engine = Engine::open(desk.path("log")).unwrap();
    desk.run(&["mark", "log", "x"]).fails(1, &["error: log is open for writing elsewhere", "hint: "]);
    let (object, scope) = (small.plan.parse().unwrap(), "org:acme".parse().unwrap());
    let ada = engine.session(engine.founder()).unwrap();
    ada.execute(sharing::Project { object, scope, level: scoped::Level::Read }).unwrap();
    let seen = desk.run(&["log", "log", "--format", "tsv"]).fine().out;
    assert!(seen.lines().last().unwrap().contains("sharing.object_projected"), "{seen}");
    desk.run(&["verify", "log"]).fine();
}

#[test]
fn damage_is_found_named_and_told_by_the_exit_code() {
    let desk = Desk::new();
    Small::on(&desk);
    let segment = fs::read_dir(desk.path("log/segments")).unwrap().map(|entry| entry.unwrap().path());
    let segment =
        segment.filter(|path| path.extension().is_some_and(|ending| ending == "log")).min().unwrap();
    let place = desk.run(&["show", "log", "5", "--format", "json"]).fine().json()["offset"].as_u64().unwrap();
    let mut bytes = fs::read(&segment).unwrap();
    bytes[place as usize + 130] ^= 1;
    fs::write(&segment, bytes).unwrap();
    let before = desk.files("log");
    let found = desk.run(&["verify", "log", "--format", "json"]).fails(3, &["error: ", "#5"]);
    assert_eq!(found.json()["findings"][0]["position"], 5);
    desk.run(&["tree", "log"]).fails(3, &["#5", "--at '#4'"]);
    desk.run(&["tree", "log", "--at", "#6"]).fails(3, &[]);
    desk.run(&["show", "log", "5"]).fails(3, &["#5"]);
    desk.run(&["replay", "log"]).fails(3, &["#5"]);
    desk.run(&["mark", "log", "x"]).fails(3, &["#5"]);
    let readable = desk.run(&["log", "log", "--format", "tsv"]).fails(3, &["#5"]).out;
    let positions: Vec<&str> = readable.lines().filter_map(|line| line.split('\t').next()).collect();
    assert!(
        positions.contains(&"4") && positions.contains(&"6") && !positions.contains(&"5"),
        "{positions:?}"
    );
    let mut after = desk.files("log");
    // Whoever tried to write left its name in the lock file, which nothing is decided by.
    after.remove(Path::new("LOCK"));
    assert!(
        after.iter().all(|(path, bytes)| before.get(path) == Some(bytes)),
        "damage is left as it was found"
    );
}

#[test]
fn colours_are_for_terminals_and_a_closed_pipe_ends_quietly() {
    let desk = Desk::new();
    Small::on(&desk);
    let coloured = desk.run(&["tree", "log", "--colour", "always"]).fine();
    assert!(coloured.out.contains('\x1b'));
    let plain = desk.command(&["tree", "log"]).env("NO_COLOR", "1").output().unwrap();
    assert!(!plain.stdout.contains(&0x1b));
    let mut child = desk
        .command(&["export", "commands", "log"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let run = Run::of(child.wait_with_output().unwrap());
    assert_eq!((run.code, run.err.as_str()), (0, ""));
}

#[test]
fn help_version_lists_and_completions_are_there() {
    let desk = Desk::new();
    assert!(desk.run(&["--help"]).fine().out.contains("Exit codes"));
    assert!(desk.run(&["--version"]).fine().out.starts_with("scoped "));
    assert!(desk.run(&["--version", "--verbose"]).fine().out.contains("objects.updated"));
    let list = desk.fine(&["import", "commands", "--list"]);
    let member = list.lines().find(|line| line.starts_with("tenancy.add_member")).unwrap();
    assert!(member.contains("scope principal role expires_at"), "{member}");
    let all = desk.json(&["import", "commands", "--list"]);
    let of = |name: &str| {
        all.as_array().unwrap().iter().find(|one| one["command"] == name).unwrap()["with"].clone()
    };
    assert_eq!(
        of("objects.create"),
        serde_json::json!(["object", "type", "data", "scope", "level", "reason", "subject"])
    );
    assert!(all.as_array().unwrap().iter().all(|one| !one["with"].as_array().unwrap().is_empty()
        || one["command"].as_str().unwrap().contains("freeze")));
    assert!(desk.run(&["completions", "bash"]).fine().out.contains("scoped"));
    for command in [
        "init", "import", "export", "replay", "verify", "log", "show", "tree", "objects", "history", "diff",
        "can", "who", "what", "rollback", "mark", "stats", "bench", "demo",
    ] {
        assert!(desk.run(&[command, "--help"]).fine().out.contains("Usage: scoped"), "{command}");
    }
}

#[test]
fn a_git_history_goes_in_and_comes_out_at_every_mark() {
    let desk = Desk::new();
    let history = "commit 1111111111111111111111111111111111111111 1000 ann\n\
                   A\taaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\tsrc/main.rs\n\
                   commit 2222222222222222222222222222222222222222 900 bob\n\
                   M\tbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\tsrc/main.rs\n\
                   A\tcccccccccccccccccccccccccccccccccccccccc\tREADME.md\n";
    fs::write(desk.path("tiny.history"), history).unwrap();
    let done = desk
        .run(&["import", "git", "log", "tiny.history", "--org", "tiny", "--format", "json"])
        .fine()
        .json();
    assert_eq!((done["commits"].as_u64(), done["scope"].as_str()), (Some(2), Some("org:tiny")));
    let at = |mark: &str| {
        let at = format!("mark:{}", mark.repeat(40));
        desk.run(&["objects", "log", "--at", &at, "--fields", "path", "--format", "tsv"]).fine().out
    };
    assert_eq!((at("1").as_str(), at("2").as_str()), ("src/main.rs\n", "README.md\nsrc/main.rs\n"));
}
