//! Real repositories, made here, read back, and compared with what git says about them.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::{ChangeKind, Commit, ProgressUnit, SourceError, open, open_tracked};
use super::quote::path_text;

/// A repository in a directory of its own, with fixed names and a clock that ticks with each commit.
struct Sandbox {
    dir: tempfile::TempDir,
    seconds: u64,
}

impl Sandbox {
    fn new() -> Self {
        let sandbox = Self { dir: tempfile::tempdir().unwrap(), seconds: 1_700_000_000 };
        sandbox.git(&["init", "-q", "-b", "main", "work"]);
        sandbox
    }

    fn top(&self) -> PathBuf {
        self.dir.path().join("work")
    }

    fn git(&self, args: &[&str]) -> Vec<u8> {
        let at = if args.first() == Some(&"init") { self.dir.path().to_path_buf() } else { self.top() };
        let date = format!("{} +0130", self.seconds);
        let output = Command::new("git")
            .current_dir(at)
            .args(["-c", "maintenance.auto=false"]) // a commit would leave it running behind our back
            .args(args)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .envs([
                ("GIT_AUTHOR_NAME", "Ada Löw"),
                ("GIT_AUTHOR_EMAIL", "ada@x.io"),
                ("GIT_AUTHOR_DATE", "1600000000 +0000"),
            ])
            .envs([
                ("GIT_COMMITTER_NAME", "Bo"),
                ("GIT_COMMITTER_EMAIL", "bo@x.io"),
                ("GIT_COMMITTER_DATE", &date),
            ])
            .output()
            .unwrap();
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    fn write(&self, path: impl AsRef<OsStr>, content: &str) {
        let path = self.top().join(Path::new(path.as_ref()));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn commit(&mut self, message: &str) {
        self.seconds += 1;
        self.git(&["add", "--all"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
    }

    /// Adds, modifications, deletions, a rename, a change of type, odd names, an empty commit and a merge.
    fn with_everything() -> Self {
        let mut sandbox = Self::new();
        sandbox.write("README", "one\n");
        sandbox.write("src/old.rs", "fn main() {}\n");
        sandbox.write("gone", "soon\n");
        sandbox.commit("adds");
        sandbox.write("README", "two\n");
        fs::remove_file(sandbox.top().join("gone")).unwrap();
        sandbox.commit("modifies and deletes");
        sandbox.git(&["mv", "src/old.rs", "src/new.rs"]);
        sandbox.commit("renames");
        sandbox.write("straße/naïve café.txt", "UTF-8\n");
        sandbox.write(OsStr::from_bytes(b"caf\xe9\t\"1\".txt"), "Latin-1\n");
        sandbox.write("\"quoted\"", "quoted\n");
        sandbox.write("tab\tand\nline", "odd\n");
        sandbox.commit("odd names\n\ncommit 0000 1 nobody\nA\tnot\ta change");
        sandbox.git(&["checkout", "-q", "-b", "side", "HEAD~1"]);
        sandbox.write("side/a", "a\n");
        sandbox.commit("on the side, first");
        sandbox.write("side/b", "b\n");
        sandbox.commit("on the side, second");
        sandbox.git(&["checkout", "-q", "main"]);
        sandbox.seconds += 1;
        sandbox.git(&["merge", "-q", "--no-ff", "-m", "merges", "side"]);
        sandbox.commit("changes nothing");
        fs::remove_file(sandbox.top().join("README")).unwrap();
        symlink("src/new.rs", sandbox.top().join("README")).unwrap();
        sandbox.commit("changes a type");
        sandbox
    }

    /// Path to blob at HEAD as git tells it. Its quoting is taken for names that are not UTF-8, or look quoted.
    fn tree(&self) -> BTreeMap<String, String> {
        let plain = self.git(&["ls-tree", "-r", "-z", "HEAD"]);
        let quoted = self.git(&["ls-tree", "-r", "HEAD"]);
        let rows = plain.split(|&byte| byte == 0).zip(quoted.split(|&byte| byte == b'\n'));
        let rows = rows.filter(|(plain, _)| !plain.is_empty());
        rows.map(|(plain, quoted)| {
            let row = match str::from_utf8(plain) {
                Ok(text) if !text.contains("\t\"") => text,
                _ => str::from_utf8(quoted).unwrap(),
            };
            let (facts, path) = row.split_once('\t').unwrap();
            (path.to_owned(), facts.split(' ').nth(2).unwrap().to_owned())
        })
        .collect()
    }
}

fn read(path: &Path) -> Vec<Commit> {
    open(path).unwrap().collect::<Result<_, _>>().unwrap()
}

fn refusal(path: &Path) -> SourceError {
    match open(path) {
        Ok(mut commits) => commits.find_map(Result::err).expect("an error"),
        Err(error) => error,
    }
}

fn replayed(commits: &[Commit]) -> BTreeMap<String, String> {
    let mut tree = BTreeMap::new();
    for change in commits.iter().flat_map(|commit| &commit.changes) {
        let before = match change.kind {
            ChangeKind::Deleted => tree.remove(&change.path),
            ChangeKind::Added | ChangeKind::Modified => tree.insert(change.path.clone(), change.blob.clone()),
        };
        assert_eq!(before.is_none(), change.kind == ChangeKind::Added, "{change:?}");
    }
    tree
}

/// The changes as `A README`, in git's order, which is that of their bytes.
fn summary(commit: &Commit) -> Vec<String> {
    let letter = |kind| match kind {
        ChangeKind::Added => 'A',
        ChangeKind::Modified => 'M',
        ChangeKind::Deleted => 'D',
    };
    commit.changes.iter().map(|change| format!("{} {}", letter(change.kind), change.path)).collect()
}

#[test]
fn the_mainline_is_told_commit_by_commit() {
    let sandbox = Sandbox::with_everything();
    let commits = read(&sandbox.top());
    let told: Vec<_> = commits.iter().map(summary).collect();
    let expected: &[&[&str]] = &[
        &["A README", "A gone", "A src/old.rs"],
        &["M README", "D gone"],
        &["A src/new.rs", "D src/old.rs"],
        &[
            "A \"\\\"quoted\\\"\"",
            "A \"caf\\351\\t\\\"1\\\".txt\"",
            "A straße/naïve café.txt",
            "A tab\tand\nline",
        ],
        &["A side/a", "A side/b"],
        &[],
        &["M README"],
    ];
    assert_eq!(told, expected);

    let head = String::from_utf8(sandbox.git(&["rev-parse", "HEAD"])).unwrap();
    let last = commits.last().unwrap();
    assert_eq!((last.sha.as_str(), last.author.as_str()), (head.trim(), "Ada Löw <ada@x.io>"));
    assert_eq!(last.unix_seconds.unsigned_abs(), sandbox.seconds, "the committer's time, not the author's");
    let deletion = &commits[1].changes[1];
    assert_eq!(deletion.blob, "0".repeat(40));
}

#[test]
fn replaying_the_changes_gives_the_tree_of_the_last_commit() {
    let sandbox = Sandbox::with_everything();
    assert_eq!(replayed(&read(&sandbox.top())), sandbox.tree());
}

#[test]
fn clones_tell_the_same_whether_bare_shallow_or_of_another_hash() {
    let sandbox = Sandbox::with_everything();
    let commits = read(&sandbox.top());
    let dir = sandbox.dir.path();
    let url = format!("file://{}", sandbox.top().display());
    let (bare, shallow) = (dir.join("bare.git"), dir.join("shallow"));
    sandbox.git(&["clone", "-q", "--bare", &url, bare.to_str().unwrap()]);
    assert_eq!(read(&bare), commits);
    assert_eq!(read(&sandbox.top().join(".git")), commits);

    sandbox.git(&["clone", "-q", "--depth", "3", &url, shallow.to_str().unwrap()]);
    let recent = read(&shallow);
    assert_eq!(recent.len(), 3);
    assert_eq!(recent[1..], commits[commits.len() - 2..]);
    assert_eq!(replayed(&recent), sandbox.tree(), "the oldest commit it has counts as the first");

    let linked = dir.join("linked");
    sandbox.git(&["worktree", "add", "-q", "--detach", linked.to_str().unwrap()]);
    assert_eq!(read(&linked), commits);

    sandbox.git(&["init", "-q", "-b", "main", "--object-format=sha256", "long"]);
    fs::write(dir.join("long/a"), "a").unwrap();
    let long = dir.join("long");
    sandbox.git(&["-C", long.to_str().unwrap(), "add", "a"]);
    sandbox.git(&["-C", long.to_str().unwrap(), "commit", "-q", "-m", "a"]);
    let commits = read(&long);
    assert_eq!((commits[0].sha.len(), commits[0].changes[0].blob.len()), (64, 64));
}

/// Several of these change what a bare `git log --raw` prints; the others might in another version of git.
#[test]
fn the_users_settings_do_not_change_the_answer() {
    let sandbox = Sandbox::with_everything();
    let commits = read(&sandbox.top());
    sandbox.write("order", "src/*\n*\n");
    for (name, value) in [
        ("log.showRoot", "false"),
        ("log.showSignature", "true"),
        ("log.diffMerges", "combined"),
        ("log.date", "relative"),
        ("log.decorate", "full"),
        ("log.follow", "true"),
        ("log.abbrevCommit", "true"),
        ("diff.renames", "copies"),
        ("diff.orderFile", "order"),
        ("diff.relative", "true"),
        ("diff.ignoreSubmodules", "all"),
        ("diff.external", "false"),
        ("color.ui", "always"),
        ("core.quotePath", "false"),
        ("core.abbrev", "7"),
        ("core.pager", "false"),
        ("format.pretty", "oneline"),
        ("i18n.logOutputEncoding", "latin1"),
    ] {
        sandbox.git(&["config", name, value]);
        assert_eq!(read(&sandbox.top()), commits, "{name}={value}");
    }
}

/// Replacements stay where they were made: no clone has them, and the ids would not tell.
#[test]
fn replaced_commits_are_told_as_they_were_made() {
    let sandbox = Sandbox::with_everything();
    let commits = read(&sandbox.top());
    sandbox.git(&["replace", "HEAD~2", "HEAD~4"]);
    assert_eq!(read(&sandbox.top()), commits);
    let (_, progress) = open_tracked(&sandbox.top()).unwrap();
    assert_eq!(progress.total_hint(), Some(7));
}

#[test]
fn submodules_are_paths_like_any_other() {
    let mut sandbox = Sandbox::new();
    sandbox.commit("empty");
    let head = String::from_utf8(sandbox.git(&["rev-parse", "HEAD"])).unwrap();
    sandbox.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{},vendored", head.trim())]);
    sandbox.git(&["commit", "-q", "-m", "vendors"]);
    sandbox.git(&["config", "diff.ignoreSubmodules", "all"]);
    assert_eq!(replayed(&read(&sandbox.top())), sandbox.tree());
    assert_eq!(sandbox.tree().get("vendored").map(String::as_str), Some(head.trim()));
}

#[test]
fn a_repository_without_commits_is_an_empty_history() {
    let sandbox = Sandbox::new();
    assert_eq!(read(&sandbox.top()), []);
    let (commits, progress) = open_tracked(&sandbox.top()).unwrap();
    assert_eq!((commits.count(), progress.done(), progress.total_hint()), (0, 0, None));
}

#[test]
fn progress_counts_commits() {
    let sandbox = Sandbox::with_everything();
    let (mut commits, progress) = open_tracked(&sandbox.top()).unwrap();
    assert_eq!(
        (progress.unit(), progress.total_hint(), progress.done()),
        (ProgressUnit::Commits, Some(7), 0)
    );
    commits.next().unwrap().unwrap();
    assert_eq!(progress.done(), 1);
    assert_eq!((commits.count(), progress.done()), (6, 7));
}

#[test]
fn a_directory_that_is_no_repository_is_refused_even_inside_one() {
    let sandbox = Sandbox::with_everything();
    let plain = tempfile::tempdir().unwrap();
    for path in [plain.path(), &sandbox.top().join("src")] {
        let error = refusal(path);
        assert!(matches!(error, SourceError::NotARepository { .. }), "{error:?}");
        assert_eq!(error.to_string(), format!("`{}` is not a git repository", path.display()));
        assert_eq!(error.hint(), Some("name the top directory of a clone, or a bare repository"));
    }
}

#[test]
fn git_failing_midway_is_an_error_with_its_words() {
    let sandbox = Sandbox::with_everything();
    let tree = String::from_utf8(sandbox.git(&["rev-parse", "HEAD~1^{tree}"])).unwrap();
    let (fan, rest) = tree.trim().split_at(2);
    fs::remove_file(sandbox.top().join(".git/objects").join(fan).join(rest)).unwrap();
    let mut commits = open(&sandbox.top()).unwrap();
    let error = commits.find_map(Result::err).expect("a tree is missing");
    assert!(matches!(error, SourceError::GitFailed { .. }), "{error:?}");
    assert!(error.to_string().contains("fatal: "), "{error}");
    assert!(commits.next().is_none(), "after an error there is nothing more");
}

#[test]
fn a_broken_head_is_not_an_empty_history() {
    let sandbox = Sandbox::with_everything();
    fs::write(sandbox.top().join(".git/refs/heads/main"), "garbage\n").unwrap();
    let error = refusal(&sandbox.top());
    assert!(matches!(error, SourceError::GitFailed { .. }), "{error:?}");
    assert!(error.to_string().contains("appears to be broken"), "{error}");
}

#[test]
fn a_program_that_cannot_be_found_is_named() {
    let missing = super::cannot_run(Path::new("repo"), std::io::ErrorKind::NotFound.into());
    assert_eq!(missing.to_string(), "cannot read the repository `repo`: the program `git` was not found");
    let denied = super::cannot_run(Path::new("repo"), std::io::ErrorKind::PermissionDenied.into());
    assert!(denied.source().is_some());
}

#[test]
fn whoever_stops_early_leaves_nothing_running() {
    let sandbox = Sandbox::with_everything();
    let mut commits = open(&sandbox.top()).unwrap();
    commits.next().unwrap().unwrap();
    drop(commits); // would hang here if git were waited for without being stopped
}

#[test]
fn lines_of_git_that_make_no_sense_are_refused() {
    let id = "0".repeat(40);
    for (piece, problem) in [
        ("", "expected a commit or a change, found ``".to_owned()),
        (":100644 100644", "expected a commit or a change, found `:100644 100644`".to_owned()),
        (
            &format!(":100644 100644 {id} {id} R100"),
            "the status `R100` is none of `A`, `M`, `T` and `D`".to_owned(),
        ),
        (&format!(":100644 100644 {id} 0000 M"), "`0000` is not an object id".to_owned()),
        (&format!("::100644 100644 100644 {id} {id} {id} MM"), "the status".to_owned()),
    ] {
        let message = super::parse_raw(piece.as_bytes()).unwrap_err();
        assert!(message.starts_with(&problem), "{piece}: {message}");
    }
    assert_eq!(
        super::parse_raw(format!(":100644 120000 {id} {id} T").as_bytes()),
        Ok((ChangeKind::Modified, id))
    );
}

#[test]
fn only_paths_that_need_it_are_quoted() {
    for (path, text) in [
        (b"src/main.rs".as_slice(), "src/main.rs"),
        ("é\t\\\n".as_bytes(), "é\t\\\n"),
        (b"a\xff", r#""a\377""#),
        (b"\xff\x00\x07\x08\t\n\x0b\x0c\r\x1b\x7f\"\\ ~", r#""\377\000\a\b\t\n\v\f\r\033\177\"\\ ~""#),
        (br#""a\377""#, r#""\"a\\377\"""#),
    ] {
        assert_eq!(path_text(path), text);
    }
}
