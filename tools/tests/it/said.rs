//! What a person hears beside an answer: of empty lists, of scopes that are not there, of what was left out; and nothing of a reader who has seen enough.

use crate::desk::{Desk, Run};
use std::io::Read;
use std::process::Stdio;

/// A founder, and one scope.
fn small() -> Desk {
    let desk = Desk::new();
    let founder = desk.fine(&["init", "log"]).trim().to_owned();
    let line = |command: &str, with: &str| {
        format!("{{\"as\":\"{founder}\",\"do\":\"{command}\",\"with\":{with}}}\n")
    };
    let lines = [
        line("registry.register", r#"{"urn":"scoped:MODEL:app:note:1"}"#),
        line("tenancy.create_scope", r#"{"path":"org:acme"}"#),
        line("objects.create", r#"{"type":"note","data":{"path":"a","size":1},"scope":"org:acme"}"#),
        line("objects.create", r#"{"type":"note","data":{"path":"b"},"scope":"org:acme"}"#),
    ];
    desk.piped(&["import", "commands", "log", "-"], lines.concat().as_bytes()).fine();
    desk
}

/// Once a list without anything in it printed nothing at all, not even its heading: nobody could tell it from a command that did nothing.
#[test]
fn an_empty_list_says_that_it_is_empty_to_people_and_nothing_to_scripts() {
    let desk = small();
    for list in ["contracts", "templates", "rules", "flags"] {
        let run = desk.run(&[list, "log"]).fine();
        assert_eq!((run.out.as_str(), run.err.as_str()), ("", "note: there is nothing to list\n"), "{list}");
        let run = desk.run(&[list, "log", "--format", "tsv"]).fine();
        assert_eq!((run.out.as_str(), run.err.as_str()), ("", ""), "{list}");
        assert_eq!(desk.json(&[list, "log"]), serde_json::json!([]), "{list}");
    }
    for list in ["acl", "config"] {
        let run = desk.run(&[list, "log", "--scope", "org:acme"]).fine();
        assert_eq!(run.err, "note: there is nothing to list\n", "{list}");
    }
    assert_eq!(desk.run(&["principals", "log"]).fine().err, "");
    // Of a part of an answer it is said where the part would be.
    let scan = desk.fine(&["registry", "scan", "log", "--within", "elsewhere"]);
    assert!(scan.ends_with("modules\nnone\n\nnames\nnone\n"), "{scan}");
}

/// Once `who`, `can` and `timeline` took a misspelt scope for one that denies everybody, and said so, or nothing.
#[test]
fn a_scope_that_is_not_there_is_told_beside_the_answer() {
    let desk = small();
    let told =
        |line: &[&str], code| desk.run(line).fails(code, &["note: there is no scope `org:acne` at #8"]);
    told(&["who", "log", "--scope", "org:acne"], 0);
    told(&["can", "log", "--actor", "founder", "--scope", "org:acne", "--capability", "write"], 1);
    told(&["timeline", "log", "--actor", "founder", "--scope", "org:acne"], 0);
    let run = desk.run(&["who", "log", "--scope", "org:acme"]).fine();
    assert!(run.err.is_empty() && run.out.contains("founder"), "{}", run.err);
    desk.run(&["can", "log", "--actor", "nobody", "--scope", "org:acme", "--capability", "write"])
        .refused(1, &["`scoped principals DIR` lists all"]);
}

/// Once a field that no object has, perhaps a misspelt one, left a list empty without a word.
#[test]
fn objects_that_lack_a_field_are_left_out_and_counted() {
    let desk = small();
    let run = desk.run(&["objects", "log", "--fields", "path,size"]).fine();
    assert_eq!(run.err, "note: left out, since they lack one of these fields: 1 of 2 objects\n");
    assert_eq!(run.out, "path  size\na     1\n");
    assert_eq!(desk.run(&["objects", "log", "--fields", "path"]).fine().err, "");
}

/// Once what a receipt warns of was heard by programs alone, and what a refusal says to do was lost behind the number of the step.
#[test]
fn an_import_tells_warnings_and_what_to_do_about_a_refusal() {
    let desk = small();
    let founder = desk.json(&["principals", "log"])[0]["principal"].as_str().unwrap().to_owned();
    let import = |lines: &[(&str, &str)]| {
        let line = |(command, with): &(&str, &str)| {
            format!("{{\"as\":\"{founder}\",\"do\":\"{command}\",\"with\":{with}}}\n")
        };
        let text: String = lines.iter().map(line).collect();
        desk.piped(&["import", "commands", "log", "-"], text.as_bytes())
    };
    let old = ("registry.transition", r#"{"entry":"scoped:MODEL:app:note:1","to":"DEPRECATED"}"#);
    let create = ("objects.create", r#"{"type":"note","data":{}}"#);
    let told = import(&[&[old][..], &[create; 22]].concat()).fine().err;
    assert!(told.starts_with("note: standard input:2: the type `note` ("), "{told}");
    assert!(told.ends_with("note: and 2 more like these\n") && told.lines().count() == 21, "{told}");
    let with = format!("{{\"scope\":\"org:acme\",\"principal\":\"{founder}\"}}");
    import(&[("tenancy.remove_member", &with)])
        .fails(1, &["hint: nothing was imported; it is step 1 of that batch; make another owner first"]);
}

/// Once the export of a trail called it an error that `head` had seen enough.
#[test]
fn a_trail_that_is_read_no_further_ends_quietly() {
    let desk = small();
    let mut lines = String::new();
    let founder = desk.fine(&["principals", "log", "--format", "tsv"]);
    let founder = founder.split('\t').nth(1).unwrap();
    for nth in 0..2_000 {
        lines +=
            &format!("{{\"as\":\"{founder}\",\"do\":\"temporal.mark\",\"with\":{{\"name\":\"m{nth}\"}}}}\n");
    }
    desk.piped(&["import", "commands", "log", "-", "--no-sync"], lines.as_bytes()).fine();
    for form in ["ndjson", "cloudevents", "ocsf"] {
        let mut command = desk.command(&["audit", "log", "--export", form]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut some = [0; 10];
        child.stdout.take().unwrap().read_exact(&mut some).unwrap();
        let run = Run::of(child.wait_with_output().unwrap());
        assert_eq!((run.code, run.err.as_str()), (0, ""), "{form}");
    }
}
