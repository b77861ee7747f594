//! A worker process as its supervisor sees it: what it has said, and the signals that it is sent.

use super::{Mode, PATIENCE, Result, WORK, ensure, text};
use scoped::Digest;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A receipt that was printed.
#[derive(Debug, Clone)]
pub(super) struct Acknowledged {
    pub(super) tag: String,
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) head: Digest,
}

/// What a worker has said so far.
#[derive(Clone, Default)]
pub(super) struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    fn push(&self, line: &str) {
        if let Ok(mut lines) = self.0.lock() {
            lines.push(line.to_owned());
        }
    }
    pub(super) fn has(&self, word: &str) -> bool {
        self.0.lock().is_ok_and(|lines| lines.iter().any(|line| line.split(' ').next() == Some(word)))
    }
    /// The receipts that were printed.
    pub(super) fn acknowledged(&self) -> Result<Vec<Acknowledged>> {
        let lines = self.0.lock().map_err(text)?;
        lines.iter().filter_map(|line| line.strip_prefix("ack ")).map(acknowledged).collect()
    }
}

/// A worker that runs. Dropping it kills it.
pub(super) struct Process {
    child: Child,
    pub(super) lines: Lines,
    reader: Option<JoinHandle<()>>,
}

impl Process {
    pub(super) fn start(worker: &Path, directory: &Path, life: u64, mode: Mode) -> Result<Self> {
        let mut command = Command::new(worker);
        command.arg(WORK).arg(directory).arg(life.to_string()).arg(mode.as_str());
        let mut child = command.stdout(Stdio::piped()).spawn().map_err(text)?;
        let lines = Lines::default();
        let reader = Some(read(&mut child, lines.clone())?);
        Ok(Self { child, lines, reader })
    }

    /// Waits until it has said one of these; `open` is what it says when it has the log.
    pub(super) fn wait_until(&mut self, words: &[&str]) -> Result<()> {
        let began = Instant::now();
        while !words.iter().any(|word| self.lines.has(word)) {
            if let Some(status) = self.child.try_wait().map_err(text)? {
                return Err(format!("the worker ended by itself before it said one of {words:?}: {status}"));
            }
            ensure(began.elapsed() < PATIENCE, || {
                format!("the worker takes too long to say one of {words:?}")
            })?;
            std::thread::sleep(Duration::from_micros(200));
        }
        Ok(())
    }

    /// Sends a signal by name. By the shell, which every system has.
    pub(super) fn signal(&self, name: &str) -> Result<()> {
        let status = Command::new("sh").arg("-c").arg(format!("kill -{name} {}", self.child.id())).status();
        ensure(status.map_err(text)?.success(), || format!("the worker could not be sent {name}"))
    }

    /// Kills it. Gives the receipts that it printed.
    pub(super) fn kill(mut self) -> Result<Vec<Acknowledged>> {
        let ended = self.child.try_wait().map_err(text)?;
        self.child.kill().map_err(text)?;
        self.child.wait().map_err(text)?;
        if let Some(reader) = self.reader.take() {
            reader.join().map_err(|_| "the reader of a worker's lines panicked")?;
        }
        if let Some(status) = ended {
            return Err(format!("the worker ended by itself: {status}"));
        }
        self.lines.acknowledged()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be dead already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(child: &mut Child, lines: Lines) -> Result<JoinHandle<()>> {
    let out = child.stdout.take().ok_or("the worker has no output")?;
    Ok(std::thread::spawn(move || {
        let mut out = BufReader::new(out);
        let mut line = String::new();
        // A line without its end was not said in full: the worker was killed while it spoke.
        while out.read_line(&mut line).is_ok_and(|bytes| bytes > 0) && line.ends_with('\n') {
            lines.push(line.trim_end());
            line.clear();
        }
    }))
}

fn acknowledged(line: &str) -> Result<Acknowledged> {
    let words: Vec<&str> = line.split(' ').collect();
    let [tag, first, last, head] = words[..] else { return Err(format!("a strange line: {line}")) };
    let (first, last) = (first.parse().map_err(text)?, last.parse().map_err(text)?);
    Ok(Acknowledged { tag: tag.to_owned(), first, last, head: head.parse().map_err(text)? })
}
