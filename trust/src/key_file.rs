//! Files of keys: the secret in a file that nobody else can read, the public key beside it.

use crate::key::{KeyError, PublicKey, Signer};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// Longest file that is read as a key.
const FILE_BYTES_MAX: u64 = 4096;

/// Why a key file was not read or written.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// Others may read it: what it signs proves nothing any more.
    #[error("{path} can be read by others (mode {mode:04o})")]
    Exposed {
        /// The file.
        path: String,
        /// Its permission bits.
        mode: u32,
    },
    /// A file of that name is there; keys are never overwritten.
    #[error("{path} is there already")]
    Exists {
        /// The file.
        path: String,
    },
    /// It holds no key.
    #[error("{path}: {source}")]
    Key {
        /// The file.
        path: String,
        /// What is wrong with it.
        source: KeyError,
    },
    /// The file system refused.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: String,
        /// What it said.
        source: io::Error,
    },
}

impl KeyFileError {
    fn io(path: &Path, source: io::Error) -> Self {
        let path = path.display().to_string();
        match source.kind() {
            io::ErrorKind::AlreadyExists => Self::Exists { path },
            _ => Self::Io { path, source },
        }
    }
    fn key(path: &Path) -> impl FnOnce(KeyError) -> Self + '_ {
        move |source| Self::Key { path: path.display().to_string(), source }
    }
}

/// Where the public key of a key file lies: the same name with `.pub` behind it.
#[must_use]
pub fn public_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    PathBuf::from(name)
}

/// Writes a key to a new file that only its owner can read, and its public key beside it.
///
/// # Errors
/// [`KeyFileError`]; nothing is ever overwritten.
pub fn write(path: &Path, signer: &Signer) -> Result<(), KeyFileError> {
    let public = public_path(path);
    if public.exists() {
        return Err(KeyFileError::Exists { path: public.display().to_string() });
    }
    let mut line = signer.secret_text();
    line.push('\n');
    write_new(path, line.as_bytes(), true)?;
    write_new(&public, format!("{}\n", signer.public()).as_bytes(), false)
}

/// Reads a secret key.
///
/// # Errors
/// [`KeyFileError::Exposed`] if others can read the file; on systems without such permissions nothing can be said.
pub fn read(path: &Path) -> Result<Signer, KeyFileError> {
    let file = File::open(path).map_err(|error| KeyFileError::io(path, error))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode =
            file.metadata().map_err(|error| KeyFileError::io(path, error))?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(KeyFileError::Exposed { path: path.display().to_string(), mode });
        }
    }
    let mut text = Zeroizing::new(String::with_capacity(FILE_BYTES_MAX as usize));
    file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(|error| KeyFileError::io(path, error))?;
    Signer::from_secret_text(text.trim_end_matches('\n')).map_err(KeyFileError::key(path))
}

/// Reads a public key: from a file, or from the text itself if that is a key.
///
/// # Errors
/// [`KeyFileError`].
pub fn read_public(text_or_path: &str) -> Result<PublicKey, KeyFileError> {
    if let Ok(key) = text_or_path.parse() {
        return Ok(key);
    }
    let path = Path::new(text_or_path);
    let file = File::open(path).map_err(|error| KeyFileError::io(path, error))?;
    let mut text = Zeroizing::new(String::new()); // somebody may have named the private one
    file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(|error| KeyFileError::io(path, error))?;
    text.trim_end_matches('\n').parse().map_err(KeyFileError::key(path))
}

/// Puts a new key in the place of an old one, which stays under its id: `FILE.ID.old` and `FILE.ID.old.pub`.
///
/// # Errors
/// [`KeyFileError`]. The old key is moved before the new one is written; it is never lost.
pub fn replace(path: &Path, old: &Signer, new: &Signer) -> Result<PathBuf, KeyFileError> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.old", old.public().id()));
    let kept = PathBuf::from(name);
    for taken in [&kept, &public_path(&kept)] {
        if taken.exists() {
            return Err(KeyFileError::Exists { path: taken.display().to_string() });
        }
    }
    fs::rename(path, &kept).map_err(|error| KeyFileError::io(&kept, error))?;
    match fs::rename(public_path(path), public_path(&kept)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(KeyFileError::io(path, error)),
        _ => {}
    }
    write(path, new)?;
    Ok(kept)
}

fn write_new(path: &Path, bytes: &[u8], secret: bool) -> Result<(), KeyFileError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(if secret { 0o600 } else { 0o644 });
    }
    #[cfg(not(unix))]
    let _ = secret;
    let written =
        options.open(path).and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    written.map_err(|error| KeyFileError::io(path, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_written_for_its_owner_alone_and_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.key");
        let signer = Signer::from_seed("ada", &[7; 32]).unwrap();
        write(&path, &signer).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(read(&path).unwrap().public(), signer.public());
        assert_eq!(read_public(public_path(&path).to_str().unwrap()).unwrap(), signer.public());
        assert!(matches!(write(&path, &signer), Err(KeyFileError::Exists { .. })));
        assert!(read_public(path.to_str().unwrap()).unwrap_err().to_string().contains("private"));
    }

    #[test]
    #[cfg(unix)]
    fn a_key_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.key");
        write(&path, &Signer::from_seed("ada", &[7; 32]).unwrap()).unwrap();
        for mode in [0o640, 0o604, 0o620, 0o660, 0o601] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert!(matches!(read(&path), Err(KeyFileError::Exposed { mode: told, .. }) if told == mode));
        }
    }

    #[test]
    fn a_rotated_key_stays_under_its_id() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.key");
        let (old, new) =
            (Signer::from_seed("ada", &[7; 32]).unwrap(), Signer::from_seed("ada", &[8; 32]).unwrap());
        write(&path, &old).unwrap();
        let kept = replace(&path, &old, &new).unwrap();
        assert_eq!(read(&kept).unwrap().public(), old.public());
        assert_eq!(read(&path).unwrap().public(), new.public());
        assert!(replace(&path, &old, &new).is_err());
        assert_eq!(read(&path).unwrap().public(), new.public());
    }
}
