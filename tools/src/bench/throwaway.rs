//! A directory of our own below the one that was named: made, filled, removed. Nothing else in there is touched.

use anyhow::Context;
use scoped::log::{FileStorage, Storage, StorageFile};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Removed when dropped.
pub struct Throwaway {
    path: PathBuf,
    /// The directory above was made by us as well.
    made_above: Option<PathBuf>,
    storage: FileStorage,
}

impl Throwaway {
    /// Below the directory that was named, which is made if it is not there.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn below(directory: &Path) -> anyhow::Result<Self> {
        let made_above = (!directory.exists()).then(|| directory.to_owned());
        fs::create_dir_all(directory).with_context(|| format!("making `{}`", directory.display()))?;
        let name = |nth: u32| directory.join(format!("scoped-bench-{}-{nth}", std::process::id()));
        for nth in 0..1000 {
            let path = name(nth);
            match fs::create_dir(&path) {
                Ok(()) => return Ok(Self { storage: FileStorage::new(&path), path, made_above }),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error).with_context(|| format!("making `{}`", path.display())),
            }
        }
        anyhow::bail!("`{}` is full of directories of earlier runs: remove them", directory.display())
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A directory in it, not made yet.
    #[must_use]
    pub fn sub(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// A new file with space reserved, through the very door that the log uses.
    ///
    /// # Errors
    /// When there is no space for it.
    pub fn file(&self, name: &str, bytes: u64) -> anyhow::Result<Arc<dyn StorageFile>> {
        let file = self.storage.create(name).with_context(|| format!("making `{name}`"))?;
        file.allocate(bytes).with_context(|| format!("reserving {bytes} bytes for `{name}`"))?;
        file.sync_data()?;
        Ok(file)
    }

    /// Lets go of what a part of the run no longer needs. A failure is met again, and told, when all of it is removed.
    pub fn clear(&self, name: &str) {
        let path = self.path.join(name);
        let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    }

    /// Removes it, and says so if that fails.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(self) -> anyhow::Result<()> {
        fs::remove_dir_all(&self.path).with_context(|| format!("removing `{}`", self.path.display()))
    }
}

impl Drop for Throwaway {
    fn drop(&mut self) {
        // After `remove` there is nothing left to do; after an error nobody is left to be told.
        let _ = fs::remove_dir_all(&self.path);
        if let Some(above) = &self.made_above {
            let _ = fs::remove_dir(above); // only when empty
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_there_before_is_there_after_and_nothing_else() -> anyhow::Result<()> {
        let outer = tempfile::tempdir()?;
        fs::write(outer.path().join("GENESIS"), "not ours")?;
        let ours = Throwaway::below(outer.path())?;
        fs::write(ours.sub("file"), "ours")?;
        ours.remove()?;
        let left: Vec<_> =
            fs::read_dir(outer.path())?.map(|e| e.map(|e| e.file_name())).collect::<Result<_, _>>()?;
        assert_eq!(left, ["GENESIS"]);
        Ok(())
    }

    #[test]
    fn a_directory_that_was_made_for_the_run_goes_with_it() -> anyhow::Result<()> {
        let outer = tempfile::tempdir()?;
        let named = outer.path().join("new");
        drop(Throwaway::below(&named)?);
        assert!(!named.exists());
        Ok(())
    }
}
