//! Watching: the head that was seen is remembered, and a log that does not extend it raises the alarm.
//!
//! Shape: the first look is a whole `verify`; then each look reads only what is new, from the remembered mountain range and
//! chain value. What is remembered lies outside of the log directory, or whoever rewrites the one rewrites the other.
//! The state moves on only when all is well, so an alarm is raised again by the next run.

use super::Args;
use crate::failure::{Exit, Failure};
use crate::open;
use crate::output::Output;
use crate::trusted;
use scoped::Digest;
use scoped::Sequence;
use scoped::log::Reader;
use scoped::log::tree::{Departed, Follower, Peaks, TreeHead};
use scoped_trust::{log_id, log_name};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::thread;
use std::time::Duration;

const VERSION: u32 = 1;
/// Longest state that is read.
const STATE_BYTES_MAX: usize = 64 << 10;
/// Earlier heads that are remembered, so that an alarm can say since when; older ones are thinned out.
const SEEN_MAX: usize = 64;

/// What the watcher remembers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    version: u32,
    log: String,
    size: u64,
    root: String,
    chain: String,
    time: u64,
    peaks: Vec<String>,
    /// Sizes that were seen, ascending, with the chain value then.
    seen: Vec<(u64, String)>,
}

pub(super) fn run(args: &Args, path: &Path, output: &Output) -> Result<(), Failure> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let (Ok(folder), Ok(log)) = (folder.canonicalize(), args.directory.canonicalize())
        && folder.starts_with(log)
    {
        return Err(Failure::usage(
            "the state lies in the log directory: whoever rewrites the one rewrites the other",
        ));
    }
    let mut state = State::read(path)?;
    let result = super::check(args, output);
    // A log that is gone altogether is an alarm to whoever knew it.
    match (result, &state) {
        (Err(failure), Some(known)) if failure.code() == "no_log" => return Err(known.gone()),
        (result, _) => result?,
    }
    loop {
        let next = look(args, state.as_ref(), output)?;
        if state.as_ref().is_none_or(|state| state.size != next.size) {
            trusted::write_whole(path, &(next.text()? + "\n"))?;
            let new = next.size - state.as_ref().map_or(0, |state| state.size);
            output.say(format!(
                "{} events, {new} of them new since the last look: as it was, and more",
                next.size
            ));
        }
        state = Some(next);
        if args.once {
            return Ok(());
        }
        thread::sleep(Duration::from_secs(args.interval.max(1)));
    }
}

/// One look: what is new is taken in, or the alarm is raised.
fn look(args: &Args, state: Option<&State>, output: &Output) -> Result<State, Failure> {
    let (reader, _) = match (open::log(&args.directory, output), state) {
        (Err(failure), Some(known)) if failure.code() == "no_log" => return Err(known.gone()),
        (opened, _) => opened?,
    };
    let mut follower = match state {
        Some(state) => state.follower()?,
        None => Follower::at_beginning(&reader)?,
    };
    follower.catch_up(&reader, reader.last(), &|_| ()).map_err(|departed| alarm(departed, state, &reader))?;
    Ok(State::of(&follower, state))
}

fn alarm(departed: Departed, state: Option<&State>, reader: &Reader) -> Failure {
    let rewritten = matches!(departed, Departed::Rewritten { .. });
    let failure = Failure::from(departed);
    let Some(state) = state.filter(|_| rewritten) else { return failure };
    let holds = |(size, chain): &&(u64, String)| matches!(reader.chain_at(Sequence::new(*size)), Ok(Some(now)) if now.to_string() == *chain);
    let same = state.seen.iter().rev().find(holds).map_or(0, |(size, _)| *size);
    failure.hint(format!("it was rewritten between #{} and #{}", same + 1, state.size))
}

impl State {
    fn of(follower: &Follower, before: Option<&Self>) -> Self {
        let head = follower.head();
        let mut seen = before.map_or_else(Vec::new, |before| before.seen.clone());
        if seen.last().is_none_or(|(size, _)| *size < head.size) && head.size > 0 {
            seen.push((head.size, head.chain.to_string()));
        }
        if seen.len() > SEEN_MAX {
            let mut nth = 0;
            seen.retain(|_| {
                nth += 1;
                nth > SEEN_MAX / 2 || nth % 2 == 0
            });
        }
        Self {
            version: VERSION,
            log: log_name(head.log_id),
            size: head.size,
            root: head.root.to_string(),
            chain: head.chain.to_string(),
            time: head.time,
            peaks: follower.peaks().nodes().iter().map(ToString::to_string).collect(),
            seen,
        }
    }

    fn read(path: &Path) -> Result<Option<Self>, Failure> {
        if !path.exists() {
            return Ok(None);
        }
        let bytes = trusted::bytes(path, STATE_BYTES_MAX)?;
        let state: Self = serde_json::from_slice(&bytes).map_err(|_| bad(path))?;
        if state.version != VERSION {
            return Err(Failure::usage(format!("{}: written by a newer build", path.display())));
        }
        state.follower().map_err(|_| bad(path))?;
        Ok(Some(state))
    }

    fn text(&self) -> Result<String, Failure> {
        Ok(serde_json::to_string_pretty(self)?)
    }

    /// The head that is remembered. Its peaks have to give its root.
    fn follower(&self) -> Result<Follower, Failure> {
        let digest = |text: &str| text.parse::<Digest>().ok();
        let peaks: Option<Vec<Digest>> = self.peaks.iter().map(|text| digest(text)).collect();
        let follower = (|| {
            let (log_id, root, chain) = (log_id(&self.log)?, digest(&self.root)?, digest(&self.chain)?);
            let head = TreeHead { log_id, size: self.size, root, chain, time: self.time };
            Follower::at(&head, Peaks::from_parts(self.size, peaks?)?)
        })();
        follower.ok_or_else(|| Failure::usage("what is remembered does not fit together"))
    }

    fn gone(&self) -> Failure {
        Failure::new(
            Exit::Damage,
            "rolled_back",
            format!("there is no log any more, and it had {} events", self.size),
        )
    }
}

fn bad(path: &Path) -> Failure {
    Failure::usage(format!("{}: this is nothing that a watcher wrote", path.display()))
        .hint("without it the watcher begins anew: look first who changed it")
}
