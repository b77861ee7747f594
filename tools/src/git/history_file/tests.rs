//! Both data files are read whole, and everything that is not of the form is refused with its place.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::super::{Change, ChangeKind, Commit, ProgressUnit, SourceError, open, open_tracked};
use super::PIECE_BYTES_MAX;

const SHA: &str = "9d1e619ff359b6e609b02f01e36952e603104bc6";
const BLOB: &str = "579d99f23402e1a867f22ac726972ad4e54800d8";
const ZEROS: &str = "0000000000000000000000000000000000000000";

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/git-history").join(name)
}

fn file(dir: &tempfile::TempDir, bytes: &[u8]) -> PathBuf {
    let path = dir.path().join("some.history");
    std::fs::write(&path, bytes).unwrap();
    path
}

/// Reads `bytes` as a file would be; gives what came before an error, and the error.
fn read(bytes: &[u8]) -> (Vec<Commit>, Option<SourceError>) {
    let dir = tempfile::tempdir().unwrap();
    let mut commits = open(&file(&dir, bytes)).unwrap();
    let mut read = Vec::new();
    loop {
        match commits.next() {
            Some(Ok(commit)) => read.push(commit),
            Some(Err(error)) => {
                assert!(commits.next().is_none(), "after an error there is nothing more");
                return (read, Some(error));
            }
            None => return (read, None),
        }
    }
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn two_commits() -> String {
    format!(
        "commit {SHA} 17 ada\nA\t{BLOB}\tsrc/main.rs\ncommit {SHA} 16 bo b. <bo@x.io>\nD\t{ZEROS}\ta\tb \"c\".é\n"
    )
}

#[test]
fn a_commit_is_a_header_and_its_changes() {
    let (commits, error) = read(two_commits().as_bytes());
    assert!(error.is_none());
    let change = |kind, blob: &str, path: &str| Change { kind, blob: blob.into(), path: path.into() };
    let expected = [
        Commit {
            sha: SHA.into(),
            unix_seconds: 17,
            author: "ada".into(),
            changes: vec![change(ChangeKind::Added, BLOB, "src/main.rs")],
        },
        Commit {
            sha: SHA.into(),
            unix_seconds: 16,
            author: "bo b. <bo@x.io>".into(),
            changes: vec![change(ChangeKind::Deleted, ZEROS, "a\tb \"c\".é")],
        },
    ];
    assert_eq!(commits, expected);
}

#[test]
fn an_empty_file_is_an_empty_history() {
    for bytes in [Vec::new(), gzip(b"")] {
        let (commits, error) = read(&bytes);
        assert!(commits.is_empty() && error.is_none());
    }
}

#[test]
fn gzip_is_told_by_its_first_bytes_and_may_have_several_members() {
    let text = two_commits();
    let plain = read(text.as_bytes()).0;
    let (first, second) = text.as_bytes().split_at(text.len() / 2);
    for bytes in [gzip(text.as_bytes()), [gzip(first), gzip(second)].concat()] {
        let (commits, error) = read(&bytes);
        assert!(error.is_none(), "{error:?}");
        assert_eq!(commits, plain);
    }
}

/// The second table in `tests/data/git-history`, `*.truth.tsv`, holds for some commits how many files there were.
#[test]
fn the_data_files_are_read_whole_and_replay_to_their_truth() {
    for (name, commits, changes) in [("ripgrep", 2_215, 5_397), ("redis", 9_083, 25_235)] {
        let truth = std::fs::read_to_string(data(&format!("{name}.truth.tsv"))).unwrap();
        let mut truth = truth.lines().map(|line| line.split('\t').collect::<Vec<_>>()).peekable();
        let (mut commit_count, mut change_count) = (0_usize, 0_usize);
        let mut tree = BTreeMap::new();
        for commit in open(&data(&format!("{name}.history.gz"))).unwrap() {
            let commit = commit.unwrap();
            change_count += commit.changes.len();
            for Change { kind, blob, path } in commit.changes {
                let before = match kind {
                    ChangeKind::Deleted => tree.remove(&path),
                    ChangeKind::Added | ChangeKind::Modified => tree.insert(path, blob),
                };
                assert_eq!(before.is_none(), kind == ChangeKind::Added, "{}", commit.sha);
            }
            if let Some(row) = truth.next_if(|row| row[0] == commit_count.to_string()) {
                assert_eq!((row[1], row[2]), (commit.sha.as_str(), tree.len().to_string().as_str()));
            }
            commit_count += 1;
        }
        assert_eq!((commit_count, change_count), (commits, changes), "{name}");
        assert_eq!(truth.next(), None, "every row of the truth was met");
    }
}

#[test]
fn progress_counts_the_bytes_on_disk() {
    let path = data("ripgrep.history.gz");
    let (mut commits, progress) = open_tracked(&path).unwrap();
    let bytes = std::fs::metadata(&path).unwrap().len();
    assert_eq!((progress.unit(), progress.total_hint()), (ProgressUnit::Bytes, Some(bytes)));
    commits.next().unwrap().unwrap();
    assert!((1..bytes).contains(&progress.done()), "some, not all, after one commit: {}", progress.done());
    assert_eq!(commits.count(), 2_214);
    assert_eq!(progress.done(), bytes);
}

#[test]
fn malformed_lines_are_refused_with_their_place() {
    let header = format!("commit {SHA} 17 ada\n");
    let cases: &[(&str, String, u64, &str)] = &[
        (
            "no such line",
            "hello\n".into(),
            1,
            "expected a commit or `A|M|D<TAB>BLOB<TAB>PATH`, found `hello`",
        ),
        ("a bare word", "commit\n".into(), 1, "found `commit`"),
        (
            "no time",
            format!("commit {SHA}\n"),
            1,
            "expected `commit SHA UNIX_SECONDS AUTHOR`, found `commit 9d1e6",
        ),
        ("no author", format!("commit {SHA} 17\n"), 1, "expected `commit SHA UNIX_SECONDS AUTHOR`"),
        ("a blank author", format!("commit {SHA} 17  \n"), 1, "the commit has no author"),
        ("a short id", "commit 9d1e 17 ada\n".into(), 1, "`9d1e` is not an object id"),
        ("an upper-case id", format!("commit {} 17 ada\n", SHA.to_uppercase()), 1, "is not an object id"),
        ("two blanks", format!("commit  {SHA} 17 ada\n"), 1, "`` is not an object id"),
        ("time in words", format!("{header}commit {SHA} noon ada\n"), 2, "the time `noon` is not a number"),
        ("a signed time", format!("commit {SHA} +1 ada\n"), 1, "the time `+1` is not a number"),
        ("negative time", format!("commit {SHA} -1 ada\n"), 1, "the time `-1` is before 1970"),
        (
            "huge time",
            format!("commit {SHA} 9223372036854775808 ada\n"),
            1,
            "`9223372036854775808` is too large",
        ),
        ("early change", format!("A\t{BLOB}\ta\n{header}"), 1, "a change stands before the first commit"),
        ("bad letter", format!("{header}R\t{BLOB}\ta\n"), 2, "the status `R` is none of `A`, `M` and `D`"),
        ("long letter", format!("{header}AM\t{BLOB}\ta\n"), 2, "the status `AM` is none"),
        (
            "no first tab",
            format!("{header}A {BLOB}\ta\n"),
            2,
            "expected a commit or `A|M|D<TAB>BLOB<TAB>PATH`",
        ),
        (
            "no second tab",
            format!("{header}A\t{BLOB} a\n"),
            2,
            "expected a commit or `A|M|D<TAB>BLOB<TAB>PATH`",
        ),
        ("no blob", format!("{header}A\t\ta\n"), 2, "`` is not an object id"),
        ("a bad blob", format!("{header}A\t{}g\ta\n", &BLOB[1..]), 2, "is not an object id"),
        ("no path", format!("{header}A\t{BLOB}\t\n"), 2, "the change has no path"),
        ("a blank line", format!("{header}\n{header}"), 2, "found ``"),
        ("line ends of Windows", header.replace('\n', "\r\n"), 1, "ends in a carriage return"),
        ("cut short", format!("{header}A\t{BLOB}\tsrc/ma"), 2, "the file ends without a line feed"),
        ("control characters", "\x1b[31m\n".into(), 1, "found `\\u{1b}[31m`"),
    ];
    for (case, text, line, problem) in cases {
        let message = match read(text.as_bytes()).1 {
            Some(error @ SourceError::Malformed { .. }) => error.to_string(),
            other => panic!("{case}: {other:?}"),
        };
        assert!(message.contains(&format!("some.history` line {line}: ")), "{case}: {message}");
        assert!(message.contains(problem), "{case}: {message}");
    }
    let (_, error) = read(&[header.as_bytes(), b"A\t\xff\n"].concat());
    assert!(error.unwrap().to_string().ends_with("line 2: byte 2 of the line is not UTF-8"));
}

/// A commit of which only a part could be read would be taken for a smaller one.
#[test]
fn only_complete_commits_come_before_an_error() {
    let text = format!("{}R\t{BLOB}\tx\n", two_commits());
    let (commits, error) = read(text.as_bytes());
    assert_eq!(commits.len(), 1);
    assert!(matches!(error, Some(SourceError::Malformed { line: 5, .. })), "{error:?}");
}

#[test]
fn the_length_of_a_line_is_bounded() {
    let longest = |extra: usize| {
        let start = format!("A\t{BLOB}\t");
        let path = "x".repeat(PIECE_BYTES_MAX - start.len() + extra);
        format!("commit {SHA} 17 ada\n{start}{path}\n")
    };
    let (commits, error) = read(longest(0).as_bytes());
    assert!(error.is_none() && commits[0].changes[0].path.len() > 1_000_000);
    // The same bytes for gigabytes: a small file must not become a large line.
    for bytes in [longest(1).into_bytes(), gzip(&vec![b'x'; 8 * PIECE_BYTES_MAX])] {
        let message = read(&bytes).1.unwrap().to_string();
        assert!(message.ends_with("the line is longer than 1048576 bytes"), "{message}");
    }
}

#[test]
fn damaged_gzip_is_told_and_never_taken_for_the_end() {
    let mut text = String::new();
    for second in 0..2_000 {
        text.push_str(&format!("commit {SHA} {second} ada\nA\t{BLOB}\tfile-{}\n", second * 7919));
    }
    let whole = gzip(text.as_bytes());
    for cut in [2, 9, 10, 11, whole.len() / 3, whole.len() - 9, whole.len() - 8, whole.len() - 1] {
        let (commits, error) = read(&whole[..cut]);
        assert!(commits.len() < 2_000);
        let Some(SourceError::Damaged { line, .. }) = &error else { panic!("cut at {cut}: {error:?}") };
        assert!(*line >= commits.len() as u64 * 2, "cut at {cut}");
        let message = error.unwrap().to_string();
        assert!(message.contains("some.history` are damaged or cut short after line "), "{message}");
    }
    let mut checksum = whole.clone();
    let at = whole.len() - 6;
    checksum[at] ^= 1;
    let garbage_after = [&whole[..], b"and more"].concat();
    for bytes in [checksum, garbage_after] {
        let (commits, error) = read(&bytes);
        assert_eq!(commits.len(), 1_999, "the last commit waits for the checksum");
        assert!(matches!(error, Some(SourceError::Damaged { line: 4_000, .. })), "{error:?}");
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let Err(error) = open(Path::new("/nowhere/some.history.gz")) else { panic!("opened nothing") };
    assert_eq!(error.to_string(), "cannot open `/nowhere/some.history.gz`");
    assert!(error.source().is_some(), "the cause is kept");
}
