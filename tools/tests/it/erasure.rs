//! Erasing in the tool: keys, what shows with and without them, `erase`, and that everything verifies afterwards.

use scoped::vault::{KekFile, StoredKeys};
use scoped::{Engine, Keys, Options, PrincipalId, SubjectId, objects};
use serde_json::{Value, json};
use std::process::{Command, Stdio};
use tempfile::TempDir;

const MARIA: SubjectId = SubjectId(77);
const SECRET: &str = "maria-7391";

/// A directory with a key-encryption key that the tool drew, a log in which Maria has a note, and its key store.
struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        let desk = Self { folder: TempDir::new().unwrap() };
        desk.fine(&["vault", "new", "kek.hex"]);
        let at = |name: &str| desk.folder.path().join(name);
        let keys = Keys::new(StoredKeys::directory(at("keys")), KekFile::new(at("kek.hex")));
        let options = Options::default().founder(PrincipalId(1)).snapshot_after(0).types(["note"]).keys(keys);
        let engine = Engine::open_with(at("log"), options).unwrap();
        let data = scoped::Data::new(json!({ "name": SECRET })).unwrap();
        engine
            .session(PrincipalId(1))
            .unwrap()
            .execute(objects::Create::new("note", data).about(MARIA))
            .unwrap();
        engine.close().unwrap();
        desk
    }
    fn run(&self, line: &[&str]) -> (i32, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_scoped"));
        for variable in ["SCOPED_KEYS", "SCOPED_KEK_FILE", "SCOPED_KEK"] {
            command.env_remove(variable);
        }
        let output =
            command.current_dir(self.folder.path()).stdin(Stdio::null()).args(line).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout) + &text(output.stderr))
    }
    #[track_caller]
    fn fine(&self, line: &[&str]) -> String {
        let (code, said) = self.run(line);
        assert_eq!(code, 0, "{line:?}: {said}");
        said
    }
    #[track_caller]
    fn fails(&self, line: &[&str], word: &str) {
        let (code, said) = self.run(line);
        assert!(code == 1 && said.contains(word), "{line:?}: {code}: {said}");
    }
}

const KEYS: [&str; 4] = ["--keys", "keys", "--kek", "kek.hex"];

#[test]
fn a_person_is_erased_with_the_tool_and_everything_verifies_afterwards() {
    let desk = Desk::new();
    let subject = MARIA.to_string();
    let with = |line: &[&str]| desk.fine(&[line, &KEYS].concat());
    let reads: [&[&str]; 4] =
        [&["objects", "log"], &["show", "log", "head~1"], &["export", "commands", "log"], &["audit", "log"]];
    for line in reads {
        assert!(!desk.fine(line).contains(SECRET), "{line:?} without keys");
    }
    for line in &reads[..3] {
        assert!(desk.fine(line).contains("sealed"), "{line:?} without keys");
        assert!(with(line).contains(SECRET), "{line:?} with keys");
    }
    let erase = ["erase", "log", "--subject", &subject, "--reason", "request 7"];
    desk.fails(&erase, "without a key store");
    let done: Value = serde_json::from_str(&with(&[&erase[..], &["--format", "json"]].concat())).unwrap();
    assert_eq!((&done["objects"], &done["already"]), (&json!(1), &json!(false)));
    for line in &reads[..3] {
        let line = if line[0] == "show" { &["show", "log", "head~2"][..] } else { line };
        for said in [desk.fine(line), with(line)] {
            assert!(said.contains("erased") && !said.contains(SECRET), "{line:?}: {said}");
        }
    }
    assert!(with(&erase).contains("already"), "again does no harm");
    desk.fine(&["verify", "log"]);
    desk.fine(&["replay", "log"]);
    assert!(desk.fine(&["vault", "list", "keys"]).contains("erased"));
    desk.fine(&["vault", "new", "kek2.hex"]);
    desk.fine(&["vault", "rotate", "keys", "--kek", "kek.hex", "--new-kek", "kek2.hex"]);
    desk.fails(&["vault", "new", "kek.hex"], "exists");
    desk.fails(&["vault", "list", "log"], "is no key store");
}

/// An export without the keys wrote markers, and an import took them for what people had written: the data was gone, and nothing told.
#[test]
fn commands_that_carry_markers_of_sealed_data_are_not_imported() {
    let desk = Desk::new();
    let export = |line: &[&str], file: &str| {
        let lines = desk.fine(&[&["export", "commands", "log"], line].concat());
        std::fs::write(desk.folder.path().join(file), lines).unwrap();
    };
    export(&[], "sealed.jsonl");
    let copy_keys = ["--keys", "copy-keys", "--kek", "kek.hex"];
    let import = |directory, file| [&["import", "commands", directory, file][..], &copy_keys].concat();
    let (code, said) = desk.run(&import("copy", "sealed.jsonl"));
    assert!(code == 1 && said.contains("sealed.jsonl:") && said.contains("marker of sealed data"), "{said}");
    assert!(said.contains("`data` of `objects.create`") && said.contains("export again with"), "{said}");
    assert!(!desk.folder.path().join("copy").exists(), "nothing was made");
    // With the keys it is the data that goes over, under keys of its own there. It never did: what is tried before anything is made was
    // tried without a key store.
    export(&KEYS, "clear.jsonl");
    desk.fine(&import("copy", "clear.jsonl"));
    let read = ["objects", "copy"];
    assert!(desk.fine(&[&read[..], &copy_keys].concat()).contains(SECRET));
    assert!(!desk.fine(&read).contains(SECRET));
}

/// What is erased stays erased on the other side, where the file erases its subject too; else it would be data there.
#[test]
fn erased_data_goes_over_as_erased_if_the_file_erases_its_subject_and_not_at_all_otherwise() {
    let desk = Desk::new();
    let subject = MARIA.to_string();
    desk.fine(&[&["erase", "log", "--subject", &subject][..], &KEYS].concat());
    let export = |line: &[&str], file: &str| {
        let lines = desk.fine(&[&["export", "commands", "log"], line].concat());
        std::fs::write(desk.folder.path().join(file), lines).unwrap();
    };
    let copy_keys = ["--keys", "copy-keys", "--kek", "kek.hex"];
    let import = |file| [&["import", "commands", "copy", file][..], &copy_keys].concat();
    export(&["--at", "head~1"], "before.jsonl");
    let (code, said) = desk.run(&import("before.jsonl"));
    assert!(code == 1 && said.contains("marker of erased data") && said.contains(&subject), "{said}");
    assert!(said.contains("subjects.erase") && !desk.folder.path().join("copy").exists(), "{said}");

    export(&[], "all.jsonl");
    desk.fine(&import("all.jsonl"));
    for keys in [&copy_keys[..], &[]] {
        let said = desk.fine(&[&["objects", "copy", "--format", "json"][..], keys].concat());
        assert!(said.contains("erased"), "{said}");
    }
    assert!(desk.fine(&["vault", "list", "copy-keys"]).contains("erased"));
    desk.fine(&["verify", "copy"]);
    desk.fine(&[&["comply", "copy"][..], &copy_keys].concat());
}

/// Where a person's requests came from is sealed as its data is: its marker is no metadata either.
#[test]
fn where_a_persons_requests_came_from_goes_over_with_the_keys_or_as_erased() {
    const NURSE: PrincipalId = PrincipalId(40);
    const ADDRESS: &str = "2001:db8::7391";
    let desk = Desk::new();
    let at = |name: &str| desk.folder.path().join(name);
    let keys = Keys::new(StoredKeys::directory(at("keys")), KekFile::new(at("kek.hex")));
    let engine = Engine::open_with(at("log"), Options::default().snapshot_after(0).keys(keys)).unwrap();
    let nurse = scoped::identity::CreatePrincipal {
        principal: Some(NURSE),
        personal: true,
        ..scoped::identity::CreatePrincipal::named("person", "Nurse").unwrap()
    };
    engine.session(PrincipalId(1)).unwrap().execute(nurse).unwrap();
    let from = scoped::requests::Metadata::new(json!({ "ip": ADDRESS })).unwrap();
    let note = objects::Create::new("note", scoped::Data::new(json!({})).unwrap());
    engine.session(NURSE).unwrap().with_metadata(from).execute(note).unwrap();
    engine.close().unwrap();

    let export = |line: &[&str], file: &str| {
        // Only her part: Maria's data has markers of its own.
        let lines = desk.fine(&[&["export", "commands", "log"], line].concat());
        let hers: Vec<&str> = lines.lines().filter(|line| !line.contains(&MARIA.to_string())).collect();
        std::fs::write(at(file), hers.join("\n")).unwrap();
        hers.join("\n")
    };
    let [copy_keys, other_keys] =
        ["copy-keys", "other-keys"].map(|keys| ["--keys", keys, "--kek", "kek.hex"]);
    let import = |copy, file, keys: &[&'static str]| [&["import", "commands", copy, file][..], keys].concat();
    // Her description is told first; taken out of the way, it is the metadata's turn.
    let sealed = export(&[], "sealed.jsonl");
    let described = r#"{"$payload":"sealed","subject":"00000000000000000000000018"}"#;
    std::fs::write(at("sealed.jsonl"), sealed.replacen(described, r#"{"name":"Nurse"}"#, 1)).unwrap();
    let (code, said) = desk.run(&import("copy", "sealed.jsonl", &copy_keys));
    assert!(code == 1 && said.contains("`metadata` is the marker of sealed data"), "{said}");
    export(&KEYS, "clear.jsonl");
    desk.fine(&import("copy", "clear.jsonl", &copy_keys));
    let trail = |line: &[&str]| desk.fine(&[&["audit", "copy", "--export", "ndjson"], line].concat());
    assert!(trail(&copy_keys).contains(ADDRESS) && !trail(&[]).contains(ADDRESS));

    let subject = SubjectId(NURSE.0).to_string();
    desk.fine(&[&["erase", "log", "--subject", &subject][..], &KEYS].concat());
    assert!(export(&[], "erased.jsonl").contains(r#""metadata":{"$payload":"erased""#));
    desk.fine(&import("other", "erased.jsonl", &other_keys));
    let said = desk.fine(&[&["audit", "other", "--export", "ndjson"][..], &other_keys].concat());
    assert!(said.contains(r#""metadata":{"$payload":"erased""#), "{said}");
    desk.fine(&[&["comply", "other"][..], &other_keys].concat());
}
