//! `scoped key`: the keys that sign checkpoints.

use crate::cells::quiet;
use crate::failure::Failure;
use crate::output::{Facts, Output};
use crate::trusted;
use scoped_trust::note::NOTE_BYTES_MAX;
use scoped_trust::{Note, NoteError, PublicKey, Signer, key_file, rotation};
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "\
A key is a file that only its owner can read, with its public key beside it (FILE.pub). Give the public key to whoever checks; keep \
the file where nobody who can write the log can read it, and never in the log directory.

Examples:
  scoped key generate keeper.key --name example.org/notes
  scoped key show keeper.key
  scoped key rotate keeper.key
  scoped key follow keeper.pub keeper.key.1a2b3c4d.rotation";

/// What `scoped key` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Make a new key
    Generate {
        /// Where its secret goes; nothing may be there
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// What verifiers know it by: a name of yours, without blanks and `+`
        #[arg(long)]
        name: String,
    },
    /// Print the public key of a key file
    Show {
        /// A key file, or one of a public key
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Put a new key in the place of an old one, which stays beside it, and a statement that both sign
    Rotate {
        /// The key file
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The new key's name [default: that of the old one]
        #[arg(long)]
        name: Option<String>,
    },
    /// Print the key that follows a public key by a statement of rotation
    Follow {
        /// The key that is known: a file, or the key itself
        #[arg(value_name = "PUBLIC")]
        public: String,
        /// The statement
        #[arg(value_name = "STATEMENT")]
        statement: PathBuf,
    },
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    match &args.what {
        What::Generate { file, name } => {
            let signer = Signer::generate(name).map_err(|error| Failure::usage(error.to_string()))?;
            key_file::write(file, &signer)?;
            show(
                output,
                &signer.public(),
                &[("file", file.clone()), ("public_file", key_file::public_path(file))],
            )
        }
        What::Show { file } => show(output, &public_of(file)?, &[]),
        What::Rotate { file, name } => rotate(file, name.as_deref(), output),
        What::Follow { public, statement } => {
            let old = key_file::read_public(public)?;
            let note = Note::parse(&trusted::bytes(statement, NOTE_BYTES_MAX)?).map_err(refused)?;
            show(output, &rotation::successor(&note, &old).map_err(refused)?, &[])
        }
    }
}

fn refused(error: NoteError) -> Failure {
    Failure::from(scoped_trust::CheckpointError::from(error))
}

/// The public key of either kind of file; the secret of a private one is checked to be nobody else's.
fn public_of(file: &Path) -> Result<PublicKey, Failure> {
    match key_file::read_public(&file.to_string_lossy()) {
        Ok(key) => Ok(key),
        Err(_) => Ok(key_file::read(file)?.public()),
    }
}

fn rotate(file: &Path, name: Option<&str>, output: &Output) -> Result<(), Failure> {
    let old = key_file::read(file)?;
    let new = Signer::generate(name.unwrap_or(old.public().name()));
    let new = new.map_err(|error| Failure::usage(error.to_string()))?;
    let statement = rotation::statement(&old, &new).map_err(refused)?;
    let mut place = file.as_os_str().to_owned();
    place.push(format!(".{}.rotation", old.public().id()));
    let place = PathBuf::from(place);
    let kept = key_file::replace(file, &old, &new)?;
    trusted::write_whole(&place, &statement.to_string())?;
    output.say(format!("give {} to whoever knows the old key", place.display()));
    show(output, &new.public(), &[("file", file.to_owned()), ("old_file", kept), ("statement", place)])
}

fn show(output: &Output, key: &PublicKey, files: &[(&'static str, PathBuf)]) -> Result<(), Failure> {
    let mut value =
        serde_json::json!({ "name": key.name(), "id": key.id().to_string(), "public": key.to_string() });
    for (what, path) in files {
        value[*what] = path.display().to_string().into();
    }
    output.show(&value, || {
        let facts = Facts::new()
            .with("name", key.name())
            .with("id", key.id().to_string())
            .with("public key", quiet(key));
        files
            .iter()
            .fold(facts, |facts, (what, path)| facts.with(what.replace('_', " "), path.display().to_string()))
            .into()
    })
}
