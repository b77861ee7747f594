//! A real file system of a few mebibytes, in memory. Mounting one takes privileges.

use super::{Result, ensure, text};
use std::path::{Path, PathBuf};
use std::process::Command;

/// How large it is at first, in KiB: a few lives fill it.
const KIB: u64 = 1_024;
/// By how much it grows when somebody makes space, in KiB.
const KIB_MORE: u64 = 256;

/// A small file system that is there until this is dropped.
pub struct SmallDisk {
    place: PathBuf,
    kib: u64,
}

impl SmallDisk {
    /// Mounts one on a directory.
    ///
    /// # Errors
    /// Where that is not allowed.
    pub fn mount(place: &Path) -> Result<Self> {
        run(Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={KIB}k"), "tmpfs"]).arg(place))?;
        Ok(Self { place: place.to_owned(), kib: KIB })
    }
    /// Makes some space.
    ///
    /// # Errors
    /// Where that is not allowed.
    pub fn grow(&mut self) -> Result<()> {
        self.kib += KIB_MORE;
        run(Command::new("mount").args(["-o", &format!("remount,size={}k", self.kib)]).arg(&self.place))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // A file that is still open keeps it alive until it is closed.
        let _ = run(Command::new("umount").arg("-l").arg(&self.place));
    }
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output().map_err(text)?;
    ensure(output.status.success(), || String::from_utf8_lossy(&output.stderr).trim().to_owned())
}
