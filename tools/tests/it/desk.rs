//! The tool as it is run: a folder for logs, and what a run came to.

use scoped::{Engine, Options, Session};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// What one run of the tool came to.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A directory for logs, with the tool to use on them.
pub(crate) struct Desk {
    folder: TempDir,
}

impl Run {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {}\n{}", self.out, self.err))
    }
    #[track_caller]
    pub(crate) fn fine(self) -> Self {
        assert_eq!(self.code, 0, "out: {}\nerr: {}", self.out, self.err);
        self
    }
    /// Failed with this code and these words.
    #[track_caller]
    pub(crate) fn fails(self, code: i32, words: &[&str]) -> Self {
        assert_eq!(self.code, code, "out: {}\nerr: {}", self.out, self.err);
        for words in words {
            assert!(self.err.contains(words), "no `{words}` in: {}", self.err);
        }
        self
    }
    /// The stable word of the failure, from a run with `--format json`.
    pub(crate) fn word(&self) -> Option<String> {
        let last = self.err.lines().rev().find(|line| line.starts_with('{'))?;
        Some(serde_json::from_str::<Value>(last).ok()?["code"].as_str()?.to_owned())
    }
    /// The same, and it said nothing on standard output.
    #[track_caller]
    pub(crate) fn refused(self, code: i32, words: &[&str]) -> Self {
        let run = self.fails(code, words);
        assert_eq!(run.out, "", "{}", run.err);
        run
    }
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }
    /// Where something of that name is.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
    /// A new log in `log`, open, and its founder in it.
    pub(crate) fn founded(&self, options: Options) -> (Engine, Session) {
        let engine = Engine::open_with(self.path("log"), options).unwrap();
        let founder = engine.session(engine.founder()).unwrap();
        (engine, founder)
    }
    /// All files of a folder, by path below it.
    pub(crate) fn files(&self, name: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        let (mut found, root) = (BTreeMap::new(), self.path(name));
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.insert(path.strip_prefix(&root).unwrap().to_owned(), fs::read(path).unwrap());
                }
            }
        }
        found
    }
    pub(crate) fn command(&self, line: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_scoped"));
        command.current_dir(self.folder.path()).env_remove("NO_COLOR").stdin(Stdio::null()).args(line);
        command
    }
    pub(crate) fn run(&self, line: &[&str]) -> Run {
        Run::of(self.command(line).output().unwrap())
    }
    /// The same with something on standard input.
    pub(crate) fn piped(&self, line: &[&str], input: &[u8]) -> Run {
        let mut command = self.command(line);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A tool that refuses may not read what it is given.
        let _ = child.stdin.take().unwrap().write_all(input);
        Run::of(child.wait_with_output().unwrap())
    }
    /// What it answers.
    #[track_caller]
    pub(crate) fn fine(&self, line: &[&str]) -> String {
        self.run(line).fine().out
    }
    /// What it answers to programs.
    #[track_caller]
    pub(crate) fn json(&self, line: &[&str]) -> Value {
        self.run(&[line, &["--format", "json"]].concat()).fine().json()
    }
}
