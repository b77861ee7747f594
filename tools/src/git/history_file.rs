//! History from a file: text that anyone can write, read and compress.
//!
//! Why a format of our own: demonstrations and tests need long histories without a network, a clone or even git.
//!
//! ```text
//! commit SHA UNIX_SECONDS AUTHOR      the author is the rest of the line; oldest commit first
//! A|M|D<TAB>BLOB<TAB>PATH             any number, of the commit above; the path is the rest of the line
//! ```
//!
//! The file is UTF-8, plain or gzip (of one member or several). Each line ends in a line feed, the last one too: of
//! a plain file cut short by a byte nobody could tell otherwise. No blank lines, no comments. A path is taken as it
//! stands. An empty file is an empty history.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use super::commit::{HEADER_MARK, check_object_id, excerpt, parse_header};
use super::piece::{PIECE_BYTES_MAX, Piece, read_piece};
use super::progress::Progress;
use super::{Change, ChangeKind, Commit, Commits, SourceError};

#[cfg(test)]
mod tests;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const BUFFER_BYTES: usize = 64 * 1024;

/// Opens the file at `path`. The progress counts the bytes read from disk.
pub(super) fn open(path: &Path) -> Result<(Commits, Progress), SourceError> {
    let cannot_open = |cause| SourceError::Open { path: path.into(), cause };
    let file = File::open(path).map_err(cannot_open)?;
    let metadata = file.metadata().map_err(cannot_open)?;
    let progress = Progress::of_bytes(metadata.is_file().then_some(metadata.len()));
    let counted = Counted { inner: file, progress: progress.clone() };
    let mut input = BufReader::with_capacity(BUFFER_BYTES, counted);
    let is_gzip = input.fill_buf().map_err(cannot_open)?.starts_with(&GZIP_MAGIC);
    let commits: Commits = if is_gzip {
        let text = BufReader::with_capacity(BUFFER_BYTES, MultiGzDecoder::new(input));
        Box::new(HistoryFile::new(text, path))
    } else {
        Box::new(HistoryFile::new(input, path))
    };
    Ok((commits, progress))
}

/// Commits, read from lines.
struct HistoryFile<R> {
    input: R,
    path: PathBuf,
    line: Vec<u8>,
    /// Lines read whole so far.
    line_count: u64,
    /// The commit whose changes are being read.
    current: Option<Commit>,
    ended: bool,
}

impl<R: BufRead> HistoryFile<R> {
    fn new(input: R, path: &Path) -> Self {
        Self { input, path: path.into(), line: Vec::new(), line_count: 0, current: None, ended: false }
    }

    /// Reads until the next commit begins or the file ends, and gives the commit that is complete by that.
    fn read_commit(&mut self) -> Result<Option<Commit>, SourceError> {
        while self.read_line()? {
            match parse_line(&self.line).map_err(|problem| self.malformed(problem))? {
                Line::Commit(next) => {
                    if let Some(complete) = self.current.replace(next) {
                        return Ok(Some(complete));
                    }
                }
                Line::Change(change) => match &mut self.current {
                    Some(commit) => commit.changes.push(change),
                    None => return Err(self.malformed("a change stands before the first commit".to_owned())),
                },
            }
        }
        self.ended = true;
        Ok(self.current.take())
    }

    /// Reads one line; `false` at the end of the file.
    fn read_line(&mut self) -> Result<bool, SourceError> {
        let piece = read_piece(&mut self.input, b'\n', &mut self.line).map_err(|cause| self.broken(cause))?;
        if piece == Piece::Ended {
            return Ok(false);
        }
        self.line_count += 1;
        match piece {
            Piece::Cut => {
                Err(self.malformed("the file ends without a line feed: it may be cut short".to_owned()))
            }
            Piece::TooLong => Err(self.malformed(format!("the line is longer than {PIECE_BYTES_MAX} bytes"))),
            Piece::Whole | Piece::Ended => Ok(true),
        }
    }

    fn malformed(&self, problem: String) -> SourceError {
        SourceError::Malformed { path: self.path.clone(), line: self.line_count, problem }
    }

    fn broken(&self, cause: io::Error) -> SourceError {
        let (path, line) = (self.path.clone(), self.line_count);
        match cause.kind() {
            // These come from the decompressor; a file has no such errors.
            io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
                SourceError::Damaged { path, line, cause }
            }
            _ => SourceError::Read { path, line, cause },
        }
    }
}

impl<R: BufRead> Iterator for HistoryFile<R> {
    type Item = Result<Commit, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let read = self.read_commit();
        self.ended |= read.is_err();
        read.transpose()
    }
}

enum Line {
    Commit(Commit),
    Change(Change),
}

fn parse_line(line: &[u8]) -> Result<Line, String> {
    let line = std::str::from_utf8(line)
        .map_err(|fault| format!("byte {} of the line is not UTF-8", fault.valid_up_to()))?;
    if line.ends_with('\r') {
        return Err("the line ends in a carriage return; only a line feed is expected".to_owned());
    }
    match line.strip_prefix(HEADER_MARK) {
        Some(rest) => parse_header(rest).map(Line::Commit),
        None => parse_change(line).map(Line::Change),
    }
}

fn parse_change(line: &str) -> Result<Change, String> {
    let mut fields = line.splitn(3, '\t');
    let (Some(status), Some(blob), Some(path)) = (fields.next(), fields.next(), fields.next()) else {
        let found = excerpt(line);
        return Err(format!("expected a commit or `A|M|D<TAB>BLOB<TAB>PATH`, found `{found}`"));
    };
    let kind = match status {
        "A" => ChangeKind::Added,
        "M" => ChangeKind::Modified,
        "D" => ChangeKind::Deleted,
        _ => return Err(format!("the status `{}` is none of `A`, `M` and `D`", excerpt(status))),
    };
    check_object_id(blob)?;
    if path.is_empty() {
        return Err("the change has no path".to_owned());
    }
    Ok(Change { kind, blob: blob.to_owned(), path: path.to_owned() })
}

/// Counts what is read through it.
struct Counted<R> {
    inner: R,
    progress: Progress,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.progress.add(count as u64);
        Ok(count)
    }
}
