//! The worker: a process that writes until it is killed.

use super::{IN_FLIGHT, Mode, Result, THREADS, text};
use crate::chance::Chance;
use scoped::{Batch, Data, Engine, Pending, objects};
use std::collections::VecDeque;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long a worker waits before it tries again what was refused because the log is locked or the disk is full.
const AGAIN: Duration = Duration::from_millis(2);

/// The worker: writes until it is killed. Arguments: directory, life, mode.
///
/// # Errors
/// With what ended it; that it ends at all is a failure.
pub fn work(arguments: &[String]) -> Result<()> {
    let [directory, life, mode] = arguments else { return Err("work DIRECTORY LIFE MODE".to_owned()) };
    let life: u64 = life.parse().map_err(text)?;
    let mode = Mode::named(mode).ok_or("no such mode")?;
    let engine = open(Path::new(directory), mode)?;
    say(&format!("open {}", engine.history().head().get()))?;
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let engine = &engine;
            scope.spawn(move || {
                if let Err(why) = write(engine, life, thread) {
                    let _ = writeln!(std::io::stderr(), "worker: {why}");
                }
                std::process::exit(1);
            });
        }
        // A kill in the middle of a snapshot must do no harm either.
        loop {
            std::thread::sleep(Duration::from_millis(15));
            let _ = engine.snapshot();
        }
    })
}

/// Opens the log; waits while somebody else has it, or there is no space to recover it.
fn open(directory: &Path, mode: Mode) -> Result<Engine> {
    let mut told = "";
    loop {
        match Engine::open_with(directory, mode.options()) {
            Ok(engine) => return Ok(engine),
            Err(error) if ["locked", "full"].contains(&error.code()) => {
                if told != error.code() {
                    say(error.code())?;
                    told = error.code();
                }
                std::thread::sleep(AGAIN);
            }
            Err(error) => return Err(text(error)),
        }
    }
}

/// Said once a life: the disk is full.
static FULL: AtomicBool = AtomicBool::new(false);

fn write(engine: &Engine, life: u64, thread: u64) -> Result<()> {
    let mut chance = Chance::new(life << 8 | thread);
    let mut waiting: VecDeque<(String, Pending)> = VecDeque::new();
    for nth in 0u64.. {
        let tag = format!("{life}-{thread}-{nth}");
        waiting.push_back((tag.clone(), engine.submit(batch(engine, &tag, &mut chance)?).map_err(text)?));
        if waiting.len() < IN_FLIGHT {
            continue;
        }
        let Some((tag, pending)) = waiting.pop_front() else { continue };
        let receipt = match pending.wait() {
            Ok(receipt) => receipt,
            // Nothing was done, and there may be space later.
            Err(error) if error.code() == "full" => {
                if !FULL.swap(true, Ordering::Relaxed) {
                    say("full")?;
                }
                std::thread::sleep(AGAIN);
                continue;
            }
            Err(error) => return Err(text(error)),
        };
        say(&format!("ack {tag} {} {} {}", receipt.first.get(), receipt.last.get(), receipt.head))?;
    }
    Ok(())
}

/// Objects that all carry one tag and know how many they are.
fn batch(engine: &Engine, tag: &str, chance: &mut Chance) -> Result<Batch> {
    let of = 1 + chance.below(5);
    let mut batch = Batch::new();
    for nth in 0..of {
        let padding = "x".repeat(chance.below(400) as usize);
        let data = serde_json::json!({ "nth": nth, "of": of, "padding": padding, "tag": tag });
        let create = objects::Create::new("piece", Data::new(&data).map_err(text)?);
        batch.push(engine.founder(), create);
    }
    Ok(batch)
}

/// One line, whole, on its way to the supervisor before this returns.
fn say(line: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes()).and_then(|()| out.flush()).map_err(text)
}
