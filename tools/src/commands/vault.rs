//! `scoped vault`: key stores, and what their keys are wrapped under.

use crate::failure::Failure;
use crate::keys::{Chance, Source, failed};
use crate::output::{Column, Facts, Output, Page, Table};
use scoped::SubjectId;
use scoped::log::storage::{FileStorage, Storage, write_all_at};
use scoped::vault::{Held, Kek, KekSource, KeyStore, StoredKeys, rotate};
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "\
Examples:
  scoped vault new kek.hex                                          a key-encryption key in a file of its own
  scoped erase notes --subject 01HX… --keys keys --kek kek.hex
  scoped vault rotate keys --kek kek.hex --new-kek kek2.hex         wrap all keys anew; no event changes

The key store is made when a log is first written with `--keys`. Back it up apart from the log, and for no longer than you
promise people that erasing takes: whoever holds an old copy of it, and the key-encryption key, can read what was erased since.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Draw a key-encryption key into a new file that only its owner may read
    New {
        /// The file
        file: PathBuf,
    },
    /// The subjects that a key store knows, erased ones included
    List {
        /// The key store
        #[arg(value_name = "KEYS")]
        store: PathBuf,
    },
    /// Wrap all keys anew under another key-encryption key; goes on where it was interrupted
    Rotate {
        /// The key store
        #[arg(value_name = "KEYS")]
        store: PathBuf,
        /// The file that holds the new key-encryption key
        #[arg(long, value_name = "FILE")]
        new_kek: PathBuf,
    },
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    match &args.what {
        What::New { file } => new(file, output),
        What::List { store } => list(store, output),
        What::Rotate { store, new_kek } => {
            let store = existing(store)?;
            let old = Source(crate::keys::said().kek).kek().map_err(failed)?;
            let new = Source(Some(new_kek.clone())).kek().map_err(failed)?;
            let done = rotate(&store, &old, &new, &Chance).map_err(failed)?;
            let value = serde_json::json!({ "rewrapped": done.rewrapped, "already": done.already, "erased": done.erased });
            output.show(&value, || {
                let facts = Facts::new().with("rewrapped", done.rewrapped).with("already", done.already);
                Page::new().facts(facts.with("erased", done.erased))
            })
        }
    }
}

fn new(file: &Path, output: &Output) -> Result<(), Failure> {
    let kek = Kek::draw(&Chance).map_err(failed)?;
    let (folder, name) = (file.parent().unwrap_or(Path::new("")), file.file_name().unwrap_or_default());
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let (storage, name) = (FileStorage::new(folder).private(), name.to_string_lossy().into_owned());
    let unwritten =
        |e: std::io::Error| Failure::refused("kek_unavailable", format!("`{}`: {e}", file.display()));
    let made = storage.create(&name).map_err(unwritten)?;
    write_all_at(&*made, format!("{}\n", *kek.to_hex()).as_bytes(), 0).map_err(unwritten)?;
    made.sync_data().map_err(unwritten)?;
    storage.sync_folder("").map_err(unwritten)?;
    let value = serde_json::json!({ "file": file });
    output.show(&value, || Page::new().facts(Facts::new().with("file", file.display().to_string())))
}

fn existing(store: &Path) -> Result<StoredKeys, Failure> {
    let found = StoredKeys::directory(store);
    match found.log() {
        Ok(Some(_)) => Ok(found),
        Ok(None) => Err(Failure::refused("no_keys", format!("`{}` is no key store", store.display()))),
        Err(error) => Err(failed(error.into())),
    }
}

fn list(store: &Path, output: &Output) -> Result<(), Failure> {
    let store = existing(store)?;
    let mut rows = Vec::new();
    for subject in store.subjects().map_err(|e| failed(e.into()))? {
        let state = match store.get(subject) {
            Ok(Some(Held::Key(_))) => "key",
            Ok(Some(Held::Erased)) => "erased",
            Ok(None) => continue,
            Err(_) => "damaged",
        };
        rows.push((SubjectId(subject), state));
    }
    let value: Vec<_> = rows
        .iter()
        .map(|(subject, state)| serde_json::json!({ "subject": subject, "state": state }))
        .collect();
    output.show(&value, || {
        let mut table = Table::new(&[Column::text("subject"), Column::text("state")]);
        rows.iter()
            .for_each(|(subject, state)| table.push(vec![subject.to_string().into(), (*state).into()]));
        table.into()
    })
}
