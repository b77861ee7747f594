//! `scoped-sim`: see `scoped_tests::sim` for what is looked for.
//!
//! ```text
//! scoped-sim --seed N               one run, and its digest
//! scoped-sim --crash-points N       runs until so many crashes have been survived
//! scoped-sim --seconds N            runs for so long
//! scoped-sim --every-call           a fixed history, disturbed at every call in every way
//!     [--from SEED] [--threads N]   where seeds begin (default: 0); how many runs at a time
//! ```
//! A failure prints its seed, and the command that repeats it.

use scoped_tests::sim::systematic::{Way, every_call};
use scoped_tests::sim::{self, Tally};
use std::io::Write;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const USAGE: &str = "usage: scoped-sim [--seed N | --crash-points N | --seconds N | --every-call] [--from SEED] [--threads N]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match asked(&arguments).and_then(|asked| asked.run()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            let _ = writeln!(std::io::stderr(), "error: {why}");
            ExitCode::FAILURE
        }
    }
}

enum Until {
    Crashes(u64),
    Time(Duration),
}

enum Asked {
    Seed(u64),
    EveryCall,
    Many { until: Until, from: u64, threads: u64 },
}

fn asked(arguments: &[String]) -> Result<Asked, String> {
    let (mut asked, mut until, mut from, mut threads) = (None, Until::Crashes(1_000), 0, 1);
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let mut number = || words.next().and_then(|text| text.parse::<u64>().ok()).ok_or(USAGE);
        match word.as_str() {
            "--seed" => asked = Some(Asked::Seed(number()?)),
            "--every-call" => asked = Some(Asked::EveryCall),
            "--crash-points" => until = Until::Crashes(number()?),
            "--seconds" => until = Until::Time(Duration::from_secs(number()?)),
            "--from" => from = number()?,
            "--threads" => threads = number()?.max(1),
            _ => return Err(USAGE.to_owned()),
        }
    }
    Ok(asked.unwrap_or(Asked::Many { until, from, threads }))
}

fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

impl Asked {
    fn run(self) -> Result<(), String> {
        let began = Instant::now();
        let mut tally = Tally::default();
        let result = match self {
            Self::Seed(seed) => {
                sim::run(seed, &mut tally).map(|digest| say(&format!("digest {digest:016x}")))
            }
            Self::EveryCall => {
                every_call(1, 1, &Way::all(3), &mut tally).map(|table| say(&table.to_string()))
            }
            Self::Many { until, from, threads } => many(&until, from, threads, &mut tally),
        };
        say(&tally.to_string());
        say(&format!("{:.1} s", began.elapsed().as_secs_f64()));
        result
    }
}

fn many(until: &Until, from: u64, threads: u64, tally: &mut Tally) -> Result<(), String> {
    let (began, next, stop) = (Instant::now(), AtomicU64::new(from), AtomicBool::new(false));
    let (all, failed) = (Mutex::new(std::mem::take(tally)), Mutex::new(None));
    let crashes = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut mine = Tally::default();
                let mut counted = 0;
                while !stop.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    let result = sim::run(seed, &mut mine);
                    let now =
                        crashes.fetch_add(mine.crashes - counted, Ordering::Relaxed) + mine.crashes - counted;
                    counted = mine.crashes;
                    if let Err(why) = result {
                        stop.store(true, Ordering::Relaxed);
                        let why = format!("seed {seed}: {why}\nagain: scoped-sim --seed {seed}");
                        failed.lock().map(|mut failed| *failed = Some(why)).unwrap_or_default();
                    }
                    let enough = match until {
                        Until::Crashes(wanted) => now >= *wanted,
                        Until::Time(wanted) => began.elapsed() >= *wanted,
                    };
                    if enough {
                        stop.store(true, Ordering::Relaxed);
                    }
                }
                if let Ok(mut all) = all.lock() {
                    all.add(mine);
                }
            });
        }
    });
    *tally = all.into_inner().map_err(|e| e.to_string())?;
    match failed.into_inner().map_err(|e| e.to_string())? {
        Some(why) => Err(why),
        None => Ok(()),
    }
}
