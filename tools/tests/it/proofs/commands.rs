//! Proofs, checkpoints, keys and watching: what each command promises.

use super::forge::{BIRTH, Birth, events, package_file};
use crate::desk::Desk;
use std::fs;

/// A log of 600 events with a key and a checkpoint of it.
fn signed() -> Desk {
    let desk = Desk::new();
    desk.write("log", BIRTH, &events(600));
    desk.run(&["key", "generate", "keeper.key", "--name", "example.org/keeper"]).fine();
    desk.run(&["checkpoint", "log", "--key", "keeper.key", "--out", "log.checkpoint"]).fine();
    desk
}

const BY_KEEPER: [&str; 4] = ["--checkpoint", "log.checkpoint", "--key", "keeper.key.pub"];

#[test]
fn a_proof_is_checked_with_a_checkpoint_and_a_key_and_no_log() {
    let desk = signed();
    let before = desk.files("log");
    for form in [
        &["--format", "json"][..],
        &["--compact"],
        &["--format", "json", "--record"],
        &["--compact", "--record"],
    ] {
        for position in ["1", "300", "#600", "head"] {
            let line =
                [&["prove", "inclusion", "log", position, "--checkpoint", "log.checkpoint"], form].concat();
            let proof = desk.run(&line).fine();
            fs::write(desk.path("one.proof"), &proof.out).unwrap();
            let checked = desk
                .run(&[&["check-proof", "one.proof", "--format", "json"][..], &BY_KEEPER].concat())
                .fine()
                .json();
            assert_eq!((&checked["holds"], &checked["anchored"]), (&true.into(), &true.into()), "{line:?}");
            assert_eq!(checked["signers"][0], "example.org/keeper");
            desk.run(&["check-proof", "one.proof"]).fine();
            if !line.contains(&"--record") {
                assert!(proof.out.len() < 1600, "{} bytes", proof.out.len());
            }
        }
    }
    assert!(before == desk.files("log"), "proving changed a byte");
    // Every format answers.
    for format in ["table", "tsv", "json"] {
        for line in [
            &["prove", "consistency", "log", "7", "head"][..],
            &["check-proof", "one.proof"],
            &["key", "show", "keeper.key"],
        ] {
            assert!(!desk.run(&[line, &["--format", format]].concat()).fine().out.is_empty());
        }
    }
}

#[test]
fn a_proof_that_does_not_hold_or_fits_no_checkpoint_fails() {
    let desk = signed();
    let proof = desk.run(&["prove", "inclusion", "log", "300", "--format", "json"]).fine().out;
    let changed = |from: &str, to: &str| {
        let mut value: serde_json::Value = serde_json::from_str(&proof).unwrap();
        value[from] = if to.is_empty() { serde_json::json!(301) } else { to.into() };
        fs::write(desk.path("bad.proof"), value.to_string()).unwrap();
        desk.run(&["check-proof", "bad.proof"])
    };
    changed("position", "").fails(1, &["does not hold"]);
    changed("leaf", &"00".repeat(32)).fails(1, &["does not hold"]);
    changed("root", &"00".repeat(32)).fails(1, &["does not hold"]);
    changed("proof", "wish").fails(2, &["not a proof"]);

    fs::write(desk.path("sound.proof"), &proof).unwrap();
    desk.run(&["check-proof", "sound.proof", "--checkpoint", "log.checkpoint"]).fails(2, &["--key"]);
    desk.run(&["key", "generate", "other.key", "--name", "other"]).fine();
    desk.run(&["check-proof", "sound.proof", "--checkpoint", "log.checkpoint", "--key", "other.key.pub"])
        .fails(1, &["none of the known keys", "example.org/keeper"]);
    fs::write(desk.path("forged.checkpoint"), desk.text("log.checkpoint").replacen("\n600\n", "\n601\n", 1))
        .unwrap();
    desk.run(&["check-proof", "sound.proof", "--checkpoint", "forged.checkpoint", "--key", "keeper.key.pub"])
        .fails(1, &["is false"]);
    let other = desk.run(&["prove", "inclusion", "log", "300", "--size", "599", "--compact"]).fine().out;
    fs::write(desk.path("other.proof"), other).unwrap();
    desk.run(&[&["check-proof", "other.proof"][..], &BY_KEEPER].concat()).fails(1, &["the proof speaks of"]);
    desk.run(&["prove", "inclusion", "log", "601"]).fails(1, &["only 600 events"]);
    desk.run(&["prove", "inclusion", "log", "0"]).fails(1, &["is not in the log"]);
    desk.run(&["prove", "consistency", "log", "9", "8"]).fails(2, &["do not come before"]);
}

#[test]
fn tiles_are_written_when_asked_for_replaced_when_wrong_and_never_needed() {
    let desk = signed();
    let sound = desk.run(&["prove", "inclusion", "log", "300", "--format", "json"]).fine().out;
    let made = desk.run(&["prove", "tiles", "log", "--format", "json"]).fine().json();
    assert_eq!((&made["events"], &made["written"]), (&512.into(), &1.into()));
    assert_eq!(desk.run(&["prove", "inclusion", "log", "300", "--format", "json"]).fine().out, sound);
    desk.run(&["verify", "log"]).fine();
    let tile = desk.path("log/tree/08-00000000000000000000.tile");
    fs::write(&tile, b"nonsense").unwrap();
    let run = desk.run(&["prove", "inclusion", "log", "300", "--format", "json"]).fine();
    assert_eq!(run.out, sound);
    assert!(run.err.contains("was not used"), "{}", run.err);
    let again = desk.run(&["prove", "tiles", "log", "--format", "json"]).fine().json();
    assert_eq!(again["wrong"].as_array().unwrap().len(), 1);
    fs::remove_dir_all(desk.path("log/tree")).unwrap();
    desk.run(&["prove", "inclusion", "log", "300", "--write-tiles"]).fine();
    assert!(tile.exists());
}

#[test]
fn a_checkpoint_extends_the_one_before_or_is_not_signed() {
    let desk = signed();
    let all = events(700);
    desk.write("grown", BIRTH, &all);
    let old = desk.text("log.checkpoint");
    desk.run(&[
        "checkpoint",
        "grown",
        "--key",
        "keeper.key",
        "--previous",
        "log.checkpoint",
        "--out",
        "new.checkpoint",
    ])
    .fine();
    assert!(desk.text("new.checkpoint").contains("\n700\n"));

    let mut other = all.clone();
    other[10].payload = None;
    desk.write("rewritten", BIRTH, &other);
    let sign = |log: &str| desk.run(&["checkpoint", log, "--key", "keeper.key", "--out", "log.checkpoint"]);
    sign("rewritten").fails(3, &["rewritten"]);
    desk.write("short", BIRTH, &all[..599]);
    sign("short").fails(3, &["once had #600"]);
    desk.write("foreign", Birth { log_id: 9, ..BIRTH }, &all);
    sign("foreign").fails(3, &["another log"]);
    // An event behind what was signed whose checksum was redone.
    desk.copy("grown", "edited");
    desk.edit("edited", 650);
    sign("edited").fails(3, &["#650"]);
    assert_eq!(desk.text("log.checkpoint"), old, "what was signed stays");
    sign("grown").fine();

    // Another key does not go on from a checkpoint that it did not sign, unless that key is named.
    desk.run(&["key", "generate", "other.key", "--name", "other"]).fine();
    desk.run(&["checkpoint", "grown", "--key", "other.key", "--out", "log.checkpoint"])
        .fails(1, &["none of the known keys"]);
    desk.run(&[
        "checkpoint",
        "grown",
        "--key",
        "other.key",
        "--out",
        "log.checkpoint",
        "--public",
        "keeper.key.pub",
    ])
    .fine();
}

#[test]
fn witnesses_add_their_signatures_with_the_log_or_with_a_proof() {
    let desk = signed();
    desk.write("grown", BIRTH, &events(700));
    for name in ["anna", "ben"] {
        desk.run(&["key", "generate", name, "--name", name]).fine();
    }
    let out = ["--out", "new.checkpoint"];
    desk.run(&[&["checkpoint", "grown", "--key", "keeper.key"][..], &out].concat()).fine();
    let add = ["--add-signature", "new.checkpoint"];
    desk.run(&[&["checkpoint", "grown", "--key", "anna"][..], &add, &out].concat()).fine();
    // Ben has no log: he signed the older one before, and is given a proof.
    desk.run(&[
        "checkpoint",
        "log",
        "--key",
        "ben",
        "--add-signature",
        "log.checkpoint",
        "--out",
        "ben.checkpoint",
    ])
    .fine();
    let proof = desk.run(&["prove", "consistency", "grown", "600", "700", "--compact"]).fine().out;
    fs::write(desk.path("growth.proof"), proof).unwrap();
    let by_proof = |previous: &str, proof: &str| {
        let line = ["checkpoint", "--key", "ben", "--previous", previous, "--proof", proof];
        desk.run(&[&line[..], &add, &out].concat())
    };
    by_proof("log.checkpoint", "growth.proof").fails(1, &["none of the known keys"]);
    let wrong = desk.run(&["prove", "consistency", "grown", "599", "700", "--compact"]).fine().out;
    fs::write(desk.path("wrong.proof"), wrong).unwrap();
    by_proof("ben.checkpoint", "wrong.proof").fails(1, &["does not lead"]);
    by_proof("ben.checkpoint", "growth.proof").fine();
    assert_eq!(desk.text("new.checkpoint").lines().filter(|line| line.starts_with('—')).count(), 3);
    for key in ["keeper.key.pub", "anna.pub", "ben.pub"] {
        desk.run(&["verify", "grown", "--checkpoint", "new.checkpoint", "--public", key]).fine();
    }
    // What a witness has not seen to be so is not signed.
    desk.run(&["checkpoint", "log", "--key", "anna", "--add-signature", "new.checkpoint"])
        .fails(3, &["once had #700"]);
    desk.run(&[
        "check-proof",
        "growth.proof",
        "--checkpoint",
        "log.checkpoint",
        "--checkpoint",
        "new.checkpoint",
        "--key",
        "keeper.key.pub",
    ])
    .fine();
}

#[test]
fn keys_are_for_their_owner_alone_and_followed_when_they_are_rotated() {
    let desk = signed();
    desk.run(&["key", "generate", "keeper.key", "--name", "x"]).fails(1, &["never overwritten"]);
    desk.run(&["key", "generate", "x.key", "--name", "a b"]).fails(2, &["name"]);
    let public = desk.run(&["key", "show", "keeper.key", "--format", "json"]).fine().json()["public"].clone();
    assert_eq!(desk.text("keeper.key.pub").trim(), public.as_str().unwrap());
    let secret = desk.text("keeper.key");
    let run = desk.run(&["key", "rotate", "keeper.key", "--format", "json"]).fine();
    let new = run.json();
    assert!(!run.out.contains("PRIVATE") && !run.err.contains("PRIVATE"));
    assert_eq!(desk.text(new["old_file"].as_str().unwrap()), secret, "the old key is kept");
    let statement = new["statement"].as_str().unwrap();
    let followed =
        desk.run(&["key", "follow", public.as_str().unwrap(), statement, "--format", "json"]).fine().json();
    assert_eq!(followed["public"], new["public"]);
    desk.run(&["key", "follow", new["public"].as_str().unwrap(), statement]).fails(2, &["another key"]);
    // The old checkpoint was signed by the old key: the new one goes on from it when that is named.
    let sign = ["checkpoint", "log", "--key", "keeper.key", "--out", "log.checkpoint"];
    desk.run(&sign).fails(1, &["none of the known keys"]);
    desk.run(&[&sign[..], &["--public", public.as_str().unwrap()]].concat()).fine();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(desk.path("keeper.key"), fs::Permissions::from_mode(0o644)).unwrap();
        desk.run(&sign).fails(1, &["can be read by others", "chmod 600"]);
        desk.run(&["key", "rotate", "keeper.key"]).fails(1, &["can be read by others"]);
    }
    desk.run(&["verify", "log", "--checkpoint", "log.checkpoint", "--public", "keeper.key"])
        .fails(2, &["private key"]);
}

#[test]
fn verifying_against_checkpoints_tells_between_which_events_history_was_rewritten() {
    let desk = signed();
    let all = events(800);
    for (size, name) in [(300, "a"), (700, "b")] {
        desk.write(name, BIRTH, &all[..size]);
        let out = format!("{name}.checkpoint");
        desk.run(&["checkpoint", name, "--key", "keeper.key", "--out", &out]).fine();
    }
    desk.write("now", BIRTH, &all);
    let check = |log: &str| {
        let files = ["a.checkpoint", "log.checkpoint", "b.checkpoint"];
        let named: Vec<&str> = files.iter().flat_map(|file| ["--checkpoint", file]).collect();
        desk.run(&[&["verify", log, "--public", "keeper.key.pub", "--format", "json"], &named[..]].concat())
    };
    let verdicts = |run: &crate::desk::Run| -> Vec<String> {
        let found = run.json()["checkpoints"].as_array().unwrap().clone();
        found.iter().map(|found| found["verdict"].as_str().unwrap().to_owned()).collect()
    };
    let run = check("now").fine();
    assert_eq!(verdicts(&run), ["extends", "extends", "extends"]);

    let mut forged = all.clone();
    forged[399].payload = None;
    desk.write("forged", BIRTH, &forged);
    let run = check("forged").fails(3, &["between #301 and #600"]);
    assert_eq!(verdicts(&run), ["extends", "rewritten", "rewritten"]);
    // With the tiles of what it was before, to the run of 256.
    desk.run(&["prove", "tiles", "log"]).fine();
    fs::create_dir_all(desk.path("forged/tree")).unwrap();
    let tile = "tree/08-00000000000000000000.tile";
    fs::copy(desk.path("log").join(tile), desk.path("forged").join(tile)).unwrap();
    check("forged").fails(3, &["prove it of #257 to #512"]);

    desk.write("short", BIRTH, &all[..650]);
    let run = check("short").fails(3, &["ends at #650"]);
    assert_eq!(verdicts(&run), ["extends", "extends", "rolled_back"]);
    assert!(desk.run(&["verify", "now", "--checkpoint", "a.checkpoint"]).fine().err.contains("not checked"));
}

#[test]
fn a_watcher_takes_in_what_is_new_and_raises_the_alarm_again_and_again() {
    let desk = Desk::new();
    let all = events(500);
    desk.write("log", BIRTH, &all[..200]);
    let look = || desk.run(&["verify", "log", "--watch", "--once", "--state", "seen/it.watch"]);
    fs::create_dir_all(desk.path("seen")).unwrap();
    let put = |count: usize, changed: Option<usize>| {
        fs::remove_dir_all(desk.path("log")).unwrap();
        let mut events = all[..count].to_vec();
        if let Some(changed) = changed {
            events[changed - 1].payload = None;
        }
        desk.write("log", BIRTH, &events);
    };
    assert!(look().fine().err.contains("200 of them new"));
    assert_eq!(look().fine().err, "", "nothing new, nothing to say");
    put(300, None);
    assert!(look().fine().err.contains("100 of them new"));
    let known = desk.text("seen/it.watch");
    put(400, Some(250));
    look().fails(3, &["rewritten", "between #201 and #300"]);
    look().fails(3, &["rewritten"]);
    put(250, None);
    look().fails(3, &["once had #300"]);
    fs::remove_dir_all(desk.path("log")).unwrap();
    fs::create_dir(desk.path("log")).unwrap();
    look().fails(3, &["no log any more"]);
    assert_eq!(desk.text("seen/it.watch"), known);
    put(500, None);
    look().fine();

    desk.run(&["verify", "log", "--watch", "--once", "--state", "log/it.watch"])
        .fails(2, &["in the log directory"]);
    fs::write(desk.path("seen/it.watch"), known.replacen("300", "301", 1)).unwrap();
    look().fails(2, &["nothing that a watcher wrote"]);
    desk.run(&["verify", "log", "--watch"]).fails(2, &["--state"]);
}

/// Golden: a proof about the frozen log of format 1, as the first build that made proofs wrote it.
#[test]
fn the_frozen_log_of_format_one_has_the_root_and_proofs_it_always_had() {
    let desk = Desk::new();
    let golden = package_file("../tests/data/golden");
    let log = golden.join("log-1");
    let made = desk.run(&["prove", "inclusion", log.to_str().unwrap(), "7", "--format", "json"]).fine();
    let known = fs::read_to_string(golden.join("log-1.proof")).unwrap();
    assert_eq!(made.out, known);
    desk.run(&["check-proof", golden.join("log-1.proof").to_str().unwrap()]).fine();
}
