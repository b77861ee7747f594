//! History from a repository: `git log`, parsed while git is still writing it.
//!
//! Why the program and not a library: git reads every repository that git has written, and nothing is linked.
//!
//! What git writes with `-z --raw`, each piece ended by a NUL (`0`):
//!
//! ```text
//! commit SHA SECONDS AUTHOR 0                                  a commit without changes ends here
//! LF :OLDMODE NEWMODE OLDBLOB NEWBLOB STATUS 0 PATH 0          the first change, after a line feed
//!    :OLDMODE NEWMODE OLDBLOB NEWBLOB STATUS 0 PATH 0          the others
//! ```
//!
//! The answer must not depend on who asks: variables that point git elsewhere are removed, and settings that would
//! change the output are overruled. SOURCE has to be a repository itself; one around it is not taken instead.

use std::ffi::OsStr;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, Output, Stdio};
use std::thread::{self, JoinHandle};
use std::{fs, iter};

use super::commit::{HEADER_MARK, check_object_id, excerpt, parse_header};
use super::piece::{PIECE_BYTES_MAX, Piece, read_piece};
use super::progress::Progress;
use super::{Change, ChangeKind, Commit, Commits, SourceError};

mod quote;
#[cfg(test)]
mod tests;

const BUFFER_BYTES: usize = 64 * 1024;
/// How much of git's complaints is kept; the rest is read and dropped, so that git never waits for us.
const STDERR_BYTES_MAX: u64 = 16 * 1024;

/// Variables by which a caller, a hook for instance, points git to another repository.
const POINTING_ELSEWHERE: &[&str] = &[
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_GRAFT_FILE",
    "GIT_SHALLOW_FILE",
    "GIT_REPLACE_REF_BASE",
];

const LOG: &[&str] = &[
    "log",
    "--first-parent",
    "-m",
    "--raw",
    "--no-renames",
    "--root",
    "--reverse",
    "-z",
    "--no-abbrev",
    "--no-show-signature",
    "--ignore-submodules=none",
    "--encoding=UTF-8",
    "--format=tformat:commit %H %ct %an <%ae>",
];

/// Settings for which there is no option, or none that older versions of git know.
const SETTINGS: &[&str] = &["log.diffMerges=first-parent", "diff.orderFile=/dev/null"];

/// Opens the repository at `path`. The progress counts the commits handed out.
pub(super) fn open(path: &Path, progress: &Progress) -> Result<Commits, SourceError> {
    if !has_commits(path)? {
        return Ok(Box::new(iter::empty()));
    }
    let mut child = git(path)
        .args(LOG)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|cause| cannot_run(path, cause))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    Ok(Box::new(Repository {
        path: path.into(),
        child,
        stdout: stdout.map(|stdout| BufReader::with_capacity(BUFFER_BYTES, stdout)),
        stderr: stderr.map(|stderr| thread::spawn(move || drain(stderr))),
        piece: Vec::new(),
        commit_count: 0,
        current: None,
        ended: false,
        progress: progress.clone(),
    }))
}

/// The number of commits that [`open`] will give, if git is willing to count.
pub(super) fn total_hint(path: &Path) -> Option<u64> {
    let output = git(path).args(["rev-list", "--count", "--first-parent", "HEAD"]).output().ok()?;
    std::str::from_utf8(&output.stdout).ok()?.trim().parse().ok()
}

/// Whether there is any history, told apart from there being no repository.
fn has_commits(path: &Path) -> Result<bool, SourceError> {
    let probe = ["log", "-1", "--no-show-signature", "--format=%H"];
    let Output { status, stderr, .. } =
        git(path).args(probe).output().map_err(|cause| cannot_run(path, cause))?;
    let stderr = shown(&stderr);
    if status.success() {
        Ok(true)
    } else if stderr.contains("does not have any commits yet") {
        Ok(false)
    } else if stderr.contains("not a git repository") {
        Err(SourceError::NotARepository { path: path.into() })
    } else {
        Err(SourceError::GitFailed { path: path.into(), status, stderr })
    }
}

fn git(path: &Path) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(path).args(["--no-pager", "--no-replace-objects"]);
    for setting in SETTINGS {
        command.args(["-c", setting]);
    }
    for variable in POINTING_ELSEWHERE {
        command.env_remove(variable);
    }
    let above = fs::canonicalize(path).ok().and_then(|path| path.parent().map(Path::to_path_buf));
    command.env("GIT_CEILING_DIRECTORIES", above.as_deref().map_or(OsStr::new(""), Path::as_os_str));
    command.env("LC_ALL", "C"); // messages are recognised by their text
    command.env("GIT_TERMINAL_PROMPT", "0");
    command.stdin(Stdio::null());
    command
}

fn cannot_run(path: &Path, cause: io::Error) -> SourceError {
    match cause.kind() {
        io::ErrorKind::NotFound => SourceError::GitMissing { path: path.into() },
        _ => SourceError::GitPipe { path: path.into(), cause },
    }
}

fn shown(stderr: &[u8]) -> String {
    String::from_utf8_lossy(stderr).trim().to_owned()
}

fn drain(mut stderr: ChildStderr) -> String {
    let mut kept = Vec::new();
    // A pipe that breaks has told all it will; the exit code tells the rest.
    let _ = stderr.by_ref().take(STDERR_BYTES_MAX).read_to_end(&mut kept);
    let _ = io::copy(&mut stderr, &mut io::sink());
    shown(&kept)
}

/// Commits, read from a running git.
struct Repository {
    path: PathBuf,
    child: Child,
    /// `None` once closed.
    stdout: Option<BufReader<ChildStdout>>,
    /// Listens to git's complaints. `None` once it has answered.
    stderr: Option<JoinHandle<String>>,
    piece: Vec<u8>,
    /// Commits begun so far.
    commit_count: u64,
    /// The commit whose changes are being read.
    current: Option<Commit>,
    ended: bool,
    progress: Progress,
}

impl Repository {
    /// Reads until the next commit begins or git ends, and gives the commit that is complete by that.
    fn read_commit(&mut self) -> Result<Option<Commit>, SourceError> {
        while self.read_piece()? {
            let piece = self.piece.strip_prefix(b"\n").unwrap_or(&self.piece);
            if let Some(rest) = piece.strip_prefix(HEADER_MARK.as_bytes()) {
                // Names are in any encoding, whatever the commit claims; ids and times are ASCII.
                let next =
                    parse_header(&String::from_utf8_lossy(rest)).map_err(|problem| self.answer(problem))?;
                self.commit_count += 1;
                if let Some(complete) = self.current.replace(next) {
                    return Ok(Some(complete));
                }
            } else {
                let (kind, blob) = parse_raw(piece).map_err(|problem| self.answer(problem))?;
                if !self.read_piece()? {
                    return Err(self.answer("a change has no path".to_owned()));
                }
                let change = Change { kind, blob, path: quote::path_text(&self.piece) };
                match &mut self.current {
                    Some(commit) => commit.changes.push(change),
                    None => return Err(self.answer("a change stands before the first commit".to_owned())),
                }
            }
        }
        self.ended = true;
        Ok(self.current.take())
    }

    /// Reads one piece; `false` when git has ended, and ended well.
    fn read_piece(&mut self) -> Result<bool, SourceError> {
        let Some(stdout) = &mut self.stdout else { return Ok(false) };
        let cannot_listen = |cause| SourceError::GitPipe { path: self.path.clone(), cause };
        match read_piece(stdout, 0, &mut self.piece).map_err(cannot_listen)? {
            Piece::Whole => Ok(true),
            Piece::Ended => self.finish().map(|()| false),
            Piece::Cut => {
                self.finish()?;
                Err(self.answer("it broke off in the middle".to_owned()))
            }
            Piece::TooLong => Err(self.answer(format!("a field is longer than {PIECE_BYTES_MAX} bytes"))),
        }
    }

    /// Waits for git to exit and asks whether it succeeded.
    fn finish(&mut self) -> Result<(), SourceError> {
        self.stdout = None;
        let status =
            self.child.wait().map_err(|cause| SourceError::GitPipe { path: self.path.clone(), cause })?;
        let stderr = self.stderr.take().and_then(|listener| listener.join().ok()).unwrap_or_default();
        if status.success() {
            Ok(())
        } else {
            Err(SourceError::GitFailed { path: self.path.clone(), status, stderr })
        }
    }

    fn answer(&self, problem: String) -> SourceError {
        SourceError::GitAnswer { path: self.path.clone(), commits: self.commit_count, problem }
    }
}

impl Iterator for Repository {
    type Item = Result<Commit, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let read = self.read_commit();
        match &read {
            Ok(Some(_)) => self.progress.add(1),
            Ok(None) => {}
            Err(_) => self.ended = true,
        }
        read.transpose()
    }
}

/// Whoever stops reading early leaves no git behind.
impl Drop for Repository {
    fn drop(&mut self) {
        // Both fail only for a git that is gone already, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads `:OLDMODE NEWMODE OLDBLOB NEWBLOB STATUS`: what was done, and the new blob.
fn parse_raw(piece: &[u8]) -> Result<(ChangeKind, String), String> {
    let text = String::from_utf8_lossy(piece);
    let unexpected = || format!("expected a commit or a change, found `{}`", excerpt(&text));
    let fields = text.strip_prefix(':').ok_or_else(unexpected)?;
    let mut fields = fields.splitn(5, ' ').skip(3);
    let (Some(blob), Some(status)) = (fields.next(), fields.next()) else { return Err(unexpected()) };
    let kind = match status {
        "A" => ChangeKind::Added,
        "M" | "T" => ChangeKind::Modified,
        "D" => ChangeKind::Deleted,
        _ => return Err(format!("the status `{}` is none of `A`, `M`, `T` and `D`", excerpt(status))),
    };
    check_object_id(blob)?;
    Ok((kind, blob.to_owned()))
}
