//! The tamper matrix: what somebody can do to a log who can write its directory, and what shows it.
//!
//! Every attack is carried out on a copy of one log of 600 events, after its keeper made a checkpoint, kept a chain value and
//! let a watcher look. The table that comes out is the one in `docs/reliability.md`, to the letter.

use super::forge::{BIRTH, Birth, Event, events, package_file};
use crate::desk::Desk;
use scoped::Sequence;
use std::fmt::Write as _;
use std::fs;

const EVENTS: u64 = 600;
const BEGIN: &str = "<!-- tamper matrix: written by the test of that name -->\n";
const END: &str = "<!-- end of the tamper matrix -->\n";

/// A log, and what was kept of it elsewhere.
struct Kept {
    desk: Desk,
    chain: String,
    sound: Vec<Event>,
}

impl Kept {
    fn new() -> Self {
        let desk = Desk::new();
        desk.run(&["key", "generate", "keeper.key", "--name", "keeper"]).fine();
        // The older copy, from the log's own past.
        let sound = events(EVENTS);
        desk.write("older", BIRTH, &sound[..400]);
        desk.write("log", BIRTH, &sound);
        desk.run(&["checkpoint", "log", "--key", "keeper.key", "--out", "kept.checkpoint"]).fine();
        desk.run(&["verify", "log", "--watch", "--once", "--state", "kept.watch"]).fine();
        let chain = desk.reader("log").chain_at(Sequence::new(EVENTS)).unwrap().unwrap().to_string();
        Self { desk, chain, sound }
    }

    fn changed(&self, at: usize) -> Vec<Event> {
        let mut forged = self.sound.clone();
        forged[at - 1].payload = Some(b"never happened".to_vec());
        forged
    }
}

/// What is done, and how.
type Attack = (&'static str, fn(&Kept));

const ATTACKS: &[Attack] = &[
    ("one bit of one event flipped", |kept| {
        kept.desk.copy("log", "bad");
        kept.desk.rot("bad", 300);
    }),
    ("one event edited, its checksum redone", |kept| {
        kept.desk.copy("log", "bad");
        kept.desk.edit("bad", 300);
    }),
    ("one event edited, all sums and the chain redone to the end", |kept| {
        kept.desk.write("bad", BIRTH, &kept.changed(300));
    }),
    ("the last event rewritten, all sums redone", |kept| {
        kept.desk.write("bad", BIRTH, &kept.changed(EVENTS as usize));
    }),
    ("one event taken out, the rest moved up, all sums redone", |kept| {
        let mut forged = kept.sound.clone();
        forged.remove(299 + forged[299..].iter().position(|event| event.left == 0).unwrap());
        kept.desk.write("bad", BIRTH, &forged);
    }),
    ("the last segment removed", |kept| {
        kept.desk.copy("log", "bad");
        fs::remove_file(kept.desk.segments("bad").pop().unwrap()).unwrap();
    }),
    ("the last segment and `HEAD` removed", |kept| {
        kept.desk.copy("log", "bad");
        fs::remove_file(kept.desk.segments("bad").pop().unwrap()).unwrap();
        fs::remove_file(kept.desk.path("bad/HEAD")).unwrap();
    }),
    ("the end cut off at a batch, the log closed again", |kept| {
        kept.desk.write("bad", BIRTH, &kept.sound[..EVENTS as usize - 1]);
    }),
    ("the end cut off, and carried on with other events", |kept| {
        let mut forged = kept.sound[..500].to_vec();
        forged.extend(events(800).split_off(600));
        kept.desk.write("bad", BIRTH, &forged);
    }),
    ("an older copy of the directory put back", |kept| kept.desk.copy("older", "bad")),
    ("the first segment removed", |kept| {
        kept.desk.copy("log", "bad");
        fs::remove_file(kept.desk.segments("bad").remove(0)).unwrap();
    }),
    ("the beginning cut off, the rest made into a log of its own", |kept| {
        kept.desk.write("bad", BIRTH, &kept.sound[100..]);
    }),
    ("two segments swapped", |kept| {
        kept.desk.copy("log", "bad");
        let segments = kept.desk.segments("bad");
        let (one, two) = (fs::read(&segments[1]).unwrap(), fs::read(&segments[2]).unwrap());
        fs::write(&segments[1], two).unwrap();
        fs::write(&segments[2], one).unwrap();
    }),
    ("a segment of another log in the place of one", |kept| {
        kept.desk.copy("log", "bad");
        let other = Birth { log_id: 9, ..BIRTH };
        kept.desk.write("other", other, &kept.sound);
        fs::copy(&kept.desk.segments("other")[2], &kept.desk.segments("bad")[2]).unwrap();
    }),
    ("two logs spliced, all sums redone behind the joint", |kept| {
        let mut forged = kept.sound[..300].to_vec();
        forged.extend(kept.changed(450).split_off(300));
        kept.desk.write("bad", BIRTH, &forged);
    }),
    ("another log with the same events", |kept| {
        kept.desk.write("bad", Birth { log_id: 9, ..BIRTH }, &kept.sound);
    }),
    ("the directory emptied", |kept| fs::create_dir_all(kept.desk.path("bad")).unwrap()),
];

/// What shows an attack, in the words of the tool; nothing if it does not.
fn shown_by(kept: &Kept) -> [Option<String>; 5] {
    let desk = &kept.desk;
    let word = |line: &[&str], found: &[i32]| {
        let run = desk.run(&[line, &["--format", "json"]].concat());
        assert!(run.code == 0 || found.contains(&run.code), "{line:?}: {} {}", run.code, run.err);
        (run.code != 0).then(|| run.word().unwrap_or_else(|| "damaged".to_owned()).replace('_', " "))
    };
    let verify = word(&["verify", "bad"], &[1, 3]);
    let chain = if desk.path("bad/GENESIS").exists() {
        match desk.reader("bad").chain_at(Sequence::new(EVENTS)) {
            Ok(Some(chain)) if chain.to_string() == kept.chain => None,
            Ok(Some(_)) => Some("another".to_owned()),
            Ok(None) => Some("no such event".to_owned()),
            Err(_) => Some("damaged".to_owned()),
        }
    } else {
        Some("no log".to_owned())
    };
    let signed = &["--checkpoint", "kept.checkpoint", "--public", "keeper.key.pub"][..];
    let checkpoint = word(&[&["verify", "bad"], signed].concat(), &[1, 3]);
    // Whoever has only the checkpoint asks for a proof that the log has grown from it.
    let size = EVENTS.to_string();
    let made = desk.run(&["prove", "consistency", "bad", &size, "head", "--format", "json"]);
    let proof = if made.code == 0 {
        fs::write(desk.path("bad.proof"), &made.out).unwrap();
        word(
            &["check-proof", "bad.proof", "--checkpoint", "kept.checkpoint", "--key", "keeper.key.pub"],
            &[1],
        )
    } else {
        Some("none can be made".to_owned())
    };
    // A look moves what is remembered on: each attack is looked at with what was remembered before it.
    fs::copy(desk.path("kept.watch"), desk.path("bad.watch")).unwrap();
    let watch = word(&["verify", "bad", "--watch", "--once", "--state", "bad.watch"], &[1, 3]);
    if watch.is_some() {
        assert_eq!(
            desk.text("bad.watch"),
            desk.text("kept.watch"),
            "an alarm is raised again by the next look"
        );
    }
    [verify, chain, checkpoint, proof, watch]
}

fn matrix() -> String {
    let kept = Kept::new();
    let mut table = String::new();
    writeln!(
        table,
        "| what is done | `verify` | chain value kept | checkpoint | proof of growth | watcher |"
    )
    .unwrap();
    writeln!(table, "|---|---|---|---|---|---|").unwrap();
    for (what, attack) in ATTACKS {
        attack(&kept);
        let shown = shown_by(&kept);
        // Whatever is done, a signed checkpoint shows it, and so does a watcher.
        assert!(shown[2].is_some() && shown[4].is_some(), "{what}: {shown:?}");
        let cells: Vec<String> =
            shown.into_iter().map(|word| word.unwrap_or_else(|| "–".to_owned())).collect();
        writeln!(table, "| {what} | {} |", cells.join(" | ")).unwrap();
        for name in ["bad", "other"] {
            let _ = fs::remove_dir_all(kept.desk.path(name));
        }
    }
    // And what is sound is shown to be sound, grown or not.
    for grown in [0, 50] {
        kept.desk.write(
            "bad",
            BIRTH,
            &[&kept.sound[..], &events(EVENTS + grown)[EVENTS as usize..]].concat(),
        );
        assert_eq!(shown_by(&kept), [None, None, None, None, None], "no false alarm");
        fs::remove_dir_all(kept.desk.path("bad")).unwrap();
    }
    table
}

#[test]
fn the_tamper_matrix_is_the_one_in_the_documentation() {
    let page = fs::read_to_string(package_file("../docs/reliability.md")).unwrap();
    let (_, rest) = page.split_once(BEGIN).expect("the page has a place for it");
    let (told, _) = rest.split_once(END).unwrap();
    let found = matrix();
    assert_eq!(told, found, "`cargo test -p scoped-tools --test it -- --ignored tamper` writes it");
}

#[test]
#[ignore = "writes the tamper matrix into docs/reliability.md"]
fn write_the_tamper_matrix() {
    let path = package_file("../docs/reliability.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    fs::write(path, format!("{before}{BEGIN}{}{END}{after}", matrix())).unwrap();
}
