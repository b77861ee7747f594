//! What is brought along to check a log by: checkpoints and public keys, read from files with a bound on their length.

use crate::failure::Failure;
use scoped::log::tree::TreeHead;
use scoped_trust::note::NOTE_BYTES_MAX;
use scoped_trust::{Checkpoint, PublicKey, key_file};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

/// At most so many bytes of a file, or of standard input for `-`.
///
/// # Errors
/// When it cannot be read, or is longer.
pub fn bytes(path: &Path, limit: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let within = |error: io::Error| Failure::refused("file", format!("{}: {error}", path.display()));
    let input: Box<dyn Read> = if path == Path::new("-") {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(path).map_err(within)?)
    };
    input.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(within)?;
    if bytes.len() > limit {
        return Err(Failure::usage(format!("{}: longer than {limit} bytes", path.display())));
    }
    Ok(bytes)
}

/// A checkpoint from its file. None of its signatures is believed yet.
///
/// # Errors
/// When it cannot be read, or is none.
pub fn checkpoint(path: &Path) -> Result<Checkpoint, Failure> {
    let bytes = bytes(path, NOTE_BYTES_MAX)?;
    Checkpoint::parse(&bytes).map_err(|error| Failure::from(error).within(path.display()))
}

/// Public keys, each a file or the key itself.
///
/// # Errors
/// When one cannot be read, or is none.
pub fn keys(named: &[String]) -> Result<Vec<PublicKey>, Failure> {
    named.iter().map(|text| Ok(key_file::read_public(text)?)).collect()
}

/// The names of those among the keys who signed.
///
/// # Errors
/// When none did, or a signature is false.
pub fn signers(checkpoint: &Checkpoint, keys: &[PublicKey]) -> Result<Vec<String>, Failure> {
    Ok(checkpoint.check(keys)?.into_iter().map(|key| key.name().to_owned()).collect())
}

/// Whether a checkpoint says this.
#[must_use]
pub fn says(head: &TreeHead, log_id: u128, size: u64, root: scoped::Digest) -> bool {
    (head.log_id, head.size, head.root) == (log_id, size, root)
}

/// Writes a file whole or not at all: under another name first.
///
/// # Errors
/// When it cannot be written.
pub fn write_whole(path: &Path, text: &str) -> Result<(), Failure> {
    let mut name = path.as_os_str().to_owned();
    name.push(".tmp");
    let write = || -> io::Result<()> {
        let mut file = File::create(&name)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&name, path)
    };
    write().map_err(|error| Failure::refused("file", format!("{}: {error}", path.display())))
}
