//! `scoped-crash N [synced|buffered] [SEED] [kill|stop|full|fight|follow]`: puts a writer through the trial and kills it, N times in one
//! directory, looks at what is left each time, and says what it found. `full` mounts a small file system, which takes privileges.
//! The writer is this program too, started as `scoped-crash work …`.

use scoped_tests::crash::{self, Mode, Trial};
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.first().map(String::as_str) {
        Some(crash::WORK) => crash::work(&arguments[1..]),
        _ => supervise(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            let _ = writeln!(std::io::stderr(), "error: {why}");
            ExitCode::FAILURE
        }
    }
}

fn supervise(arguments: &[String]) -> Result<(), String> {
    let wrong = "usage: scoped-crash [KILLS] [synced|buffered] [SEED] [kill|stop|full|fight|follow]";
    let number = |at: usize, default: u64| match arguments.get(at) {
        Some(text) => text.parse::<u64>().map_err(|_| wrong.to_owned()),
        None => Ok(default),
    };
    let (kills, seed) = (number(0, 25)?, number(2, u64::from(std::process::id()))?);
    let mode = arguments.get(1).map_or(Some(Mode::Synced), |text| Mode::named(text)).ok_or(wrong)?;
    let trial = arguments.get(3).map_or(Some(Trial::Kill), |text| Trial::named(text)).ok_or(wrong)?;
    let worker = std::env::current_exe().map_err(|e| e.to_string())?;
    let directory = tempfile::tempdir().map_err(|e| e.to_string())?;
    let mut out = std::io::stdout().lock();
    let mut say = |line: &str| drop(writeln!(out, "{line}"));
    match crash::supervise(&worker, directory.path(), kills, seed, (mode, trial), &mut say) {
        Ok(summary) => {
            say(&summary.to_string());
            Ok(())
        }
        Err(why) => Err(format!("{why}; seed {seed}; what is left: {}", directory.keep().display())),
    }
}
