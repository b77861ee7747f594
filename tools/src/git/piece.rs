//! Bounded reading up to a delimiter: a line, or a field that ends in NUL.

use std::io::{self, BufRead, Read};

/// The longest piece: far above any path, far below what would hurt.
pub(super) const PIECE_BYTES_MAX: usize = 1 << 20;

/// How reading a piece went.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// It is in the buffer, without its delimiter.
    Whole,
    /// The input had ended before it began.
    Ended,
    /// The input ended inside it.
    Cut,
    /// It is longer than [`PIECE_BYTES_MAX`].
    TooLong,
}

/// Reads the next piece into `buffer`, replacing what was there.
pub(super) fn read_piece(input: &mut impl BufRead, delimiter: u8, buffer: &mut Vec<u8>) -> io::Result<Piece> {
    buffer.clear();
    let bytes_max = PIECE_BYTES_MAX + 1;
    let read = input.by_ref().take(bytes_max as u64).read_until(delimiter, buffer)?;
    Ok(if buffer.last() == Some(&delimiter) {
        buffer.pop();
        Piece::Whole
    } else if read == 0 {
        Piece::Ended
    } else if read == bytes_max {
        Piece::TooLong
    } else {
        Piece::Cut
    })
}
