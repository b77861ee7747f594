//! The key store that a run works with: `--keys DIR`, and the key that its keys are wrapped under.
//!
//! Said once for all commands, since whatever is read may be sealed.

use crate::failure::Failure;
use scoped::vault::{Kek, KekEnv, KekFile, KekSource, StoredKeys, VaultError};
use scoped::{Door, Keys, SystemDoor};
use std::path::PathBuf;
use std::sync::OnceLock;

/// The variable of the environment that the key-encryption key is read from where no file is given.
pub const KEK_VARIABLE: &str = "SCOPED_KEK";

/// What was said on the command line.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct KeyOptions {
    /// The key store of the log: without it what is sealed shows as sealed
    #[arg(long, global = true, value_name = "KEYS", env = "SCOPED_KEYS", help_heading = "Keys")]
    pub keys: Option<PathBuf>,
    /// The file that holds the key-encryption key, 64 hexadecimal digits (default: the variable SCOPED_KEK)
    #[arg(long, global = true, value_name = "FILE", env = "SCOPED_KEK_FILE", help_heading = "Keys")]
    pub kek: Option<PathBuf>,
}

static SAID: OnceLock<KeyOptions> = OnceLock::new();

/// Remembers what was said, for everything that opens a log in this run.
pub(crate) fn remember(options: &KeyOptions) {
    // A process runs one command.
    let _ = SAID.set(options.clone());
}

pub(crate) fn said() -> KeyOptions {
    SAID.get().cloned().unwrap_or_default()
}

/// The key store to open a log with, if one was named.
#[must_use]
pub fn at_hand() -> Option<Keys> {
    let said = said();
    let store = StoredKeys::directory(said.keys.as_ref()?);
    Some(Keys::new(store, Source(said.kek)))
}

/// Where a key-encryption key is read from: that file, else the environment.
pub(crate) struct Source(pub(crate) Option<PathBuf>);

impl KekSource for Source {
    fn kek(&self) -> Result<Kek, VaultError> {
        match &self.0 {
            Some(file) => KekFile::new(file).kek(),
            None => KekEnv::new(KEK_VARIABLE).kek(),
        }
    }
}

/// Keys are drawn from the machine's chance.
pub(crate) struct Chance;

impl scoped::vault::Chance for Chance {
    fn fill(&self, out: &mut [u8]) -> std::io::Result<()> {
        SystemDoor::default().fill(out)
    }
}

/// What went wrong with keys, in the tool's words.
pub(crate) fn failed(error: VaultError) -> Failure {
    scoped::Error::from(error).into()
}
