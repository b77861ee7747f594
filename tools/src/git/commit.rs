//! A commit and its changes, and the parts of their text form that both sources share.

/// One commit of the mainline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// The commit's object id.
    pub sha: String,
    /// When it was committed, in seconds since 1970, UTC. Never negative, but not always rising.
    pub unix_seconds: i64,
    /// One token per author. It may hold blanks: a repository gives `name <mail>`.
    pub author: String,
    /// What changed against the first parent, each path once. May be empty.
    pub changes: Vec<Change>,
}

/// What a commit did to one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What was done.
    pub kind: ChangeKind,
    /// The object id of the new content; for a deletion zeros.
    pub blob: String,
    /// The path, from the top of the repository. One that is not UTF-8 is in git's quoted form, `"caf\351"`.
    pub path: String,
}

/// The ways in which a path changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// The path was not there before.
    Added,
    /// The path has other content, or is another type of file.
    Modified,
    /// The path is gone.
    Deleted,
}

pub(super) const HEADER_MARK: &str = "commit ";

/// Reads `SHA UNIX_SECONDS AUTHOR`, what follows the mark; an error says what is wrong.
pub(super) fn parse_header(rest: &str) -> Result<Commit, String> {
    let mut fields = rest.splitn(3, ' ');
    let (Some(sha), Some(seconds), Some(author)) = (fields.next(), fields.next(), fields.next()) else {
        let found = excerpt(rest);
        return Err(format!("expected `commit SHA UNIX_SECONDS AUTHOR`, found `commit {found}`"));
    };
    check_object_id(sha)?;
    let unix_seconds = parse_seconds(seconds)?;
    if author.trim().is_empty() {
        return Err("the commit has no author".to_owned());
    }
    Ok(Commit { sha: sha.to_owned(), unix_seconds, author: author.to_owned(), changes: Vec::new() })
}

fn parse_seconds(text: &str) -> Result<i64, String> {
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let problem = if is_number(text) {
        match text.parse() {
            Ok(seconds) => return Ok(seconds),
            Err(_) => "is too large",
        }
    } else if text.strip_prefix('-').is_some_and(is_number) {
        "is before 1970"
    } else {
        "is not a number of seconds"
    };
    Err(format!("the time `{}` {problem}", excerpt(text)))
}

pub(super) fn check_object_id(text: &str) -> Result<(), String> {
    let is_hex = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if matches!(text.len(), 40 | 64) && text.bytes().all(is_hex) {
        Ok(())
    } else {
        Err(format!("`{}` is not an object id of 40 or 64 lower-case hex digits", excerpt(text)))
    }
}

/// The beginning of foreign text, fit to be shown: short, and with control characters escaped.
pub(super) fn excerpt(text: &str) -> String {
    const CHARS_MAX: usize = 60;
    let mut shown: String = text.chars().take(CHARS_MAX).flat_map(char::escape_debug).collect();
    if text.chars().nth(CHARS_MAX).is_some() {
        shown.push('…');
    }
    shown
}
