//! pyscoped 0.1.0, the older implementation in Python, at the same works.
//!
//! A process of its own that is asked one thing at a time, so that it takes its turns like everybody else. It measures itself
//! (`peer.py`), around the library's calls: what is compared is the library, not the pipe. It comes from the package index into a
//! virtual environment in the run's own directory, and goes with it. Without Python, or without the package, the report says so.

use anyhow::Context;
use scoped_tools::bench::throwaway::Throwaway;
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// What it is called in tables.
pub const NAME: &str = "pyscoped";
/// Where it comes from.
const PACKAGE: &str = "pyscoped==0.1.0";
const SCRIPT: &str = include_str!("peer.py");

/// A Python that has the package.
pub struct Python(PathBuf);

impl Python {
    /// The one that was named, or a new environment in the run's directory.
    ///
    /// # Errors
    /// When there is no Python, or the package cannot be had: the message says which.
    pub fn find(named: Option<&Path>, directory: &Throwaway) -> anyhow::Result<Self> {
        if let Some(named) = named {
            return Ok(Self(named.to_owned()));
        }
        let home = directory.sub("python");
        run(Command::new("python3").args(["-m", "venv"]).arg(&home))
            .context("making a virtual environment")?;
        let python = home.join("bin").join("python");
        let install =
            ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", PACKAGE];
        run(Command::new(&python).args(install)).with_context(|| format!("installing {PACKAGE}"))?;
        Ok(Self(python))
    }

    /// A process with so many objects in a new file.
    ///
    /// # Errors
    /// When it cannot be started, or does not find the package.
    pub fn start(&self, path: &Path, objects: u32, payload: usize) -> anyhow::Result<Pyscoped> {
        std::fs::create_dir_all(path)?;
        let mut child = Command::new(&self.0)
            .args(["-u", "-c", SCRIPT])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting `{}`", self.0.display()))?;
        let (to, from) = (child.stdin.take(), child.stdout.take());
        let (to, from) = to.zip(from).context("a process without pipes")?;
        let file = path.join("peer.sqlite");
        let mut started = Pyscoped { child, to: Some(to), from: BufReader::new(from), file };
        let made = json!({"do": "make", "path": started.file, "objects": objects, "payload": payload});
        let _: Value = started.ask(&made)?;
        Ok(started)
    }
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let done = command.stdin(Stdio::null()).output().with_context(|| format!("running {command:?}"))?;
    let said = String::from_utf8_lossy(&done.stderr);
    anyhow::ensure!(
        done.status.success(),
        "{}",
        said.lines().last().unwrap_or("it failed without a word").trim()
    );
    Ok(())
}

/// The process.
pub struct Pyscoped {
    child: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
    file: PathBuf,
}

/// What a turn came to.
#[derive(Debug, Deserialize)]
pub struct Turn {
    /// Events, reads or changes.
    #[serde(default)]
    pub events: u64,
    /// How long all of them took.
    pub seconds: f64,
    /// How long each took, where it was asked for.
    #[serde(default)]
    pub times_ns: Vec<u64>,
}

impl Turn {
    /// Events a second.
    #[must_use]
    pub fn per_s(&self) -> f64 {
        self.events as f64 / self.seconds
    }
}

impl Pyscoped {
    fn ask<T: for<'de> Deserialize<'de>>(&mut self, request: &Value) -> anyhow::Result<T> {
        let to = self.to.as_mut().context("pyscoped was told to end")?;
        writeln!(to, "{request}")
            .and_then(|()| to.flush())
            .context("pyscoped does not listen: see its message above")?;
        let mut line = String::new();
        let read = self.from.read_line(&mut line)?;
        anyhow::ensure!(read > 0, "pyscoped ended: see its message above");
        serde_json::from_str(&line).with_context(|| format!("pyscoped answered `{}`", line.trim()))
    }

    /// Updates for so long, each an object's new version and an entry of the trail.
    pub fn update_for(&mut self, seconds: f64) -> anyhow::Result<Turn> {
        self.ask(&json!({"do": "update", "seconds": seconds}))
    }
    /// So many updates, each timed.
    pub fn update(&mut self, count: usize) -> anyhow::Result<Turn> {
        self.ask(&json!({"do": "update", "count": count}))
    }
    /// Entries of the trail alone, in transactions of these sizes.
    pub fn record(&mut self, sizes: &[u32], seconds: f64) -> anyhow::Result<Turn> {
        self.ask(&json!({"do": "record", "sizes": sizes, "seconds": seconds}))
    }
    /// Reads of the objects with these numbers, modulo how many there are.
    pub fn read(&mut self, numbers: &[u32]) -> anyhow::Result<Turn> {
        self.ask(&json!({"do": "read", "numbers": numbers}))
    }
    /// Changes of a history: path and blob.
    pub fn take(&mut self, changes: &[(String, String)]) -> anyhow::Result<Turn> {
        self.ask(&json!({"do": "take", "changes": changes}))
    }
    /// Opens its file again.
    pub fn open(&mut self) -> anyhow::Result<Turn> {
        self.ask(&json!({"do": "open", "path": self.file}))
    }
}

impl Drop for Pyscoped {
    fn drop(&mut self) {
        // At the end of its input it ends by itself.
        drop(self.to.take());
        let _ = self.child.wait();
    }
}
