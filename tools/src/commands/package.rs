//! `scoped export objects` and `scoped import package`: objects with all their versions, from one log into another.

use crate::cells::count;
use crate::failure::Failure;
use crate::names::parse_scope;
use crate::open::{self, Acting};
use crate::output::{Column, Facts, Output, Page, Table};
use crate::trusted;
use scoped::objects::package::{BYTES_MAX, ImportOptions, Package, PackageOf};
use scoped::{Level, ObjectId, ScopeRef};
use scoped_trust::{Note, PublicKey, key_file, package as signatures};
use std::io::Read;
use std::path::{Path, PathBuf};

const EXPORT_EXAMPLES: &str = "\
What the principal may read goes into the package, with all versions and tombstones; that it was taken out is written into the log \
first. An id that it may not read refuses the whole package.

Examples:
  scoped export objects notes --type file > files.package
  scoped export objects notes --as bo --scope org:acme > acme.package
  scoped export objects notes --type file --key keeper.key > files.package
  scoped export objects notes --object 01HX3ZQ6J5M8K9N0P1Q2R3S4T5 | scoped import package copy -";

const IMPORT_EXAMPLES: &str = "\
Everything is checked first: digest, counts, checksums, and that no version is missing. Then all of it comes in as one batch, with \
new ids, owned by the principal. Where it came from is kept with each version. A package that is signed comes in only with a key that \
signed it: its digest finds what was altered by accident, a signature what somebody altered on purpose.

Examples:
  scoped import package copy files.package
  scoped import package copy files.package --public keeper.key.pub
  scoped import package copy acme.package --type note --scope org:acme --level write
  scoped import package copy graph.package --reference note.parent";

#[derive(Debug, clap::Args)]
#[command(after_help = EXPORT_EXAMPLES)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["objects", "object_type", "scope"]))]
pub(super) struct Export {
    /// The log directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// These objects
    #[arg(long = "object", value_name = "ID")]
    objects: Vec<ObjectId>,
    /// All of this type
    #[arg(long = "type", value_name = "TYPE")]
    object_type: Option<String>,
    /// All that is projected into this scope
    #[arg(long, value_name = "SCOPE", value_parser = parse_scope)]
    scope: Option<ScopeRef>,
    /// The key that signs the package
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    #[command(flatten)]
    acting: Acting,
}

#[derive(Debug, clap::Args)]
#[command(after_help = IMPORT_EXAMPLES)]
pub(super) struct Import {
    /// The log directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// The package; `-` is standard input
    file: PathBuf,
    /// Only objects of this type
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
    /// Project everything into this scope [default: it stays private]
    #[arg(long, value_name = "SCOPE", value_parser = parse_scope)]
    scope: Option<ScopeRef>,
    /// How far the scope's members may go
    #[arg(long, default_value = "read", requires = "scope")]
    level: Level,
    /// A field that holds ids of other objects of the package
    #[arg(long = "reference", value_name = "TYPE.KEY", value_parser = reference)]
    references: Vec<(String, String)>,
    /// Keys by one of which the package has to be signed, each a file or the key itself
    #[arg(long, value_name = "PUBLIC")]
    public: Vec<String>,
    #[command(flatten)]
    acting: Acting,
}

fn reference(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once('.').filter(|(object_type, key)| !object_type.is_empty() && !key.is_empty());
    let (object_type, key) = parts.ok_or_else(|| format!("`{text}` is no field: use TYPE.KEY"))?;
    Ok((object_type.to_owned(), key.to_owned()))
}

pub(super) fn export(args: &Export, output: &Output) -> Result<(), Failure> {
    let signer = args.key.as_deref().map(key_file::read).transpose()?;
    let engine = open::write(&args.directory, output)?;
    let what = match (&args.object_type, &args.scope) {
        (Some(object_type), _) => PackageOf::Type(object_type.clone()),
        (None, Some(scope)) => PackageOf::Scope(scope.clone()),
        (None, None) => PackageOf::Objects(args.objects.clone()),
    };
    let package = args.acting.session(&engine)?.export(&what);
    engine.close()?;
    let mut package = package?;
    if let Some(signer) = signer {
        package.manifest.signature = Some(signatures::signed(&package.digest()?, &signer)?.to_string());
    }
    let text = package.to_json()?;
    output.write(|out| {
        out.write_all(&text)?;
        Ok(out.write_all(b"\n")?)
    })
}

pub(super) fn import(args: &Import, output: &Output) -> Result<(), Failure> {
    let mut package = Package::from_json(&read(&args.file)?)?;
    if let Some(signers) = checked(&mut package, &trusted::keys(&args.public)?)? {
        output.note(format!("signed by {signers}"));
    }
    // A package that is not whole takes no lock.
    package.verify()?;
    let engine = open::write(&args.directory, output)?;
    let options = ImportOptions {
        types: args.types.iter().cloned().collect(),
        into: args.scope.clone().map(|scope| (scope, args.level)),
        references: args.references.iter().cloned().collect(),
    };
    let imported = args.acting.session(&engine)?.import(&package, &options);
    engine.close()?;
    let imported = imported?;
    imported.errors.iter().chain(&imported.notes).for_each(|told| output.note(told));
    output.show(&imported, || {
        let facts = Facts::new()
            .with("objects", count(imported.imported))
            .with("left out", count(imported.skipped))
            .with("versions", count(imported.versions));
        let mut table = Table::new(&["was", "is"].map(Column::text));
        for (old, new) in &imported.id_mapping {
            table.push(vec![old.into(), new.into()]);
        }
        Page::new().facts(facts).table(table)
    })
}

/// Who signed a package, by name; its signature is taken off, since the engine believes none. What is signed is the digest, which the package
/// has to have, as everywhere.
fn checked(package: &mut Package, keys: &[PublicKey]) -> Result<Option<String>, Failure> {
    let Some(signature) = package.manifest.signature.take() else {
        if keys.is_empty() {
            return Ok(None);
        }
        return Err(Failure::refused("package_signature", "the package is not signed"));
    };
    if keys.is_empty() {
        let note = Note::parse(signature.as_bytes())?;
        let names: Vec<&str> = note.signers().map(|(name, _)| name).collect();
        let message = format!("the package says that it is signed by {}", names.join(", "));
        return Err(Failure::refused("package_signature", message)
            .hint("name a key that you trust with --public, and it is checked"));
    }
    let digest = package.digest()?;
    let signers = signatures::check(&Note::parse(signature.as_bytes())?, &digest, keys)?;
    Ok(Some(signers.into_iter().map(PublicKey::name).collect::<Vec<_>>().join(", ")))
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    // One byte more than is read would be refused anyway.
    let most = 4 * BYTES_MAX as u64 + 1;
    let wrong = |error: std::io::Error| {
        Failure::refused("unreadable", format!("cannot read {}: {error}", file.display()))
    };
    if file == Path::new("-") {
        std::io::stdin().lock().take(most).read_to_end(&mut bytes).map_err(wrong)?;
    } else {
        std::fs::File::open(file).map_err(wrong)?.take(most).read_to_end(&mut bytes).map_err(wrong)?;
    }
    Ok(bytes)
}
