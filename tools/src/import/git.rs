//! A git history as objects, scopes and marks.
//!
//! ```text
//! repository        ▶ root scope `org:NAME`
//! top-level folder  ▶ scope `org:NAME/ws:FOLDER`, where the name makes a valid id; everything else lives in the root
//! author            ▶ principal of kind `author`, writer in the scopes it touches
//! file              ▶ object of type `file` (registered by the first commit), data {"blob", "path"}, projected into its scope at level `write`
//! commit            ▶ one atomic batch, the commit time as valid time, and a mark named by its SHA
//! ```
//!
//! A file that is deleted is tombstoned, one that comes back is restored and updated: it stays the same object. Batches are handed
//! over without waiting for each other's sync, so that many commits share one.
//! Bounds: at most [`IN_FLIGHT`] batches wait for their receipts.

use crate::git::{self, Change, ChangeKind, Commit, ProgressUnit, SourceError};
use scoped::projections::store::NO_ROW;
use scoped::registry::Register;
use scoped::temporal::SetMark;
use scoped::{
    Batch, Data, Engine, Error, Level, ObjectId, Pending, PrincipalId, Role, ScopePath, ScopeRef, identity,
    objects, tenancy,
};
use std::collections::{HashMap, HashSet, VecDeque};
use std::path::Path;
use std::time::{Duration, Instant};

/// Batches that may wait for their receipts.
const IN_FLIGHT: usize = 4_096;
/// What an author's principal is called.
const AUTHOR: &str = "author";
/// What a file's object is called.
const FILE: &str = "file";

/// What an import came to.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Summary {
    /// The root scope.
    pub org: String,
    /// Commits that were taken in.
    pub commits: u64,
    /// Changes to files in them.
    pub changes: u64,
    /// Events that the log grew by.
    pub events: u64,
    /// How long it took, to the last receipt.
    #[serde(serialize_with = "seconds")]
    pub elapsed: Duration,
}

fn seconds<S: serde::Serializer>(elapsed: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64(elapsed.as_secs_f64())
}

/// How far an import has come.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Commits handed over.
    pub commits: u64,
    /// How much of the source is read, and how much there is, in whichever unit the source knows.
    pub done: u64,
    /// How much there is, if that is known.
    pub total: Option<u64>,
    /// Is it counted in commits (rather than bytes)?
    pub in_commits: bool,
}

/// Why an import stopped. What was imported before stays: each commit is whole or absent.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The source cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A commit was refused.
    #[error("commit {sha}: {error}")]
    Refused {
        /// Which.
        sha: String,
        /// Why.
        error: Error,
    },
    /// A commit was imported before.
    #[error("commit {0}: it was imported already, there is a mark of its name")]
    Known(String),
    /// A commit changes a file in a way that its history does not allow.
    #[error("commit {sha}: `{path}` {problem}")]
    Inconsistent {
        /// Which.
        sha: String,
        /// The file.
        path: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// The name of the root scope.
    #[error("`{0}` makes no root scope: give a name with --org, of letters, digits, `-`, `_`, `.`")]
    Org(String),
    /// The engine would not go on.
    #[error(transparent)]
    Engine(#[from] Error),
}

/// Takes a whole history in, as `operator` (who must be one, to make principals, the root scope and marks).
///
/// # Errors
/// When the source cannot be read or a commit is refused; the commits before it are in the log.
pub fn import(
    engine: &Engine,
    operator: PrincipalId,
    source: &Path,
    org: Option<&str>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Summary, ImportError> {
    let began = Instant::now();
    let (commits, read) = git::open_tracked(source)?;
    let mut importer = Importer::new(engine, operator, root(source, org)?)?;
    let before = engine.history().head();
    for commit in commits {
        importer.commit(&commit?)?;
        if importer.commits.is_multiple_of(64) {
            let (done, total, in_commits) =
                (read.done(), read.total_hint(), read.unit() == ProgressUnit::Commits);
            progress(Progress { commits: importer.commits, done, total, in_commits });
        }
    }
    importer.finish()?;
    engine.sync()?;
    Ok(Summary {
        org: importer.root.to_string(),
        commits: importer.commits,
        changes: importer.changes,
        events: engine.history().head().get() - before.get(),
        elapsed: began.elapsed(),
    })
}

/// The root scope: by the name that was given, or that of the source.
fn root(source: &Path, org: Option<&str>) -> Result<ScopePath, ImportError> {
    let name = match org {
        Some(name) => name.to_owned(),
        None => {
            let path = source.canonicalize().unwrap_or_else(|_| source.to_owned());
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let name = name.strip_suffix(".gz").unwrap_or(&name).to_owned();
            name.strip_suffix(".history").or(name.strip_suffix(".git")).unwrap_or(&name).to_owned()
        }
    };
    ScopePath::parse(&format!("org:{name}")).map_err(|_| ImportError::Org(name))
}

/// A file as the import knows it.
struct File {
    object: ObjectId,
    live: bool,
}

/// The state of an import: what was made so far.
struct Importer<'a> {
    engine: &'a Engine,
    operator: PrincipalId,
    root: ScopePath,
    root_made: bool,
    type_made: bool,
    authors: HashMap<String, PrincipalId>,
    /// Top-level folder → its scope, `None` when its name makes no id.
    folders: HashMap<String, Option<ScopePath>>,
    made: HashSet<ScopePath>,
    /// Author and folder (empty for the root) → member already.
    members: HashSet<(PrincipalId, String)>,
    files: HashMap<String, File>,
    waiting: VecDeque<(String, Pending)>,
    commits: u64,
    changes: u64,
    ids: Ids,
}

impl<'a> Importer<'a> {
    fn new(engine: &'a Engine, operator: PrincipalId, root: ScopePath) -> Result<Self, ImportError> {
        let authors = known_authors(engine)?;
        let root_made = engine.read(|moment| moment.world().tenancy().row_of_path(&root).is_some());
        let type_made = engine.read(|moment| moment.world().registry().object_type(FILE).is_some());
        Ok(Self {
            engine,
            operator,
            root_made,
            type_made,
            made: known_scopes(engine, &root),
            members: known_members(engine, &root),
            root,
            authors,
            folders: HashMap::new(),
            files: HashMap::new(),
            waiting: VecDeque::new(),
            commits: 0,
            changes: 0,
            ids: Ids::new(engine),
        })
    }

    /// Hands one commit over.
    fn commit(&mut self, commit: &Commit) -> Result<(), ImportError> {
        let refused = |error: Error| ImportError::Refused { sha: commit.sha.clone(), error };
        let imported = self.engine.read(|moment| moment.world().temporal().mark(&commit.sha).is_some());
        if imported {
            return Err(ImportError::Known(commit.sha.clone()));
        }
        let mut batch = Batch::new();
        if let Some(valid_time) = commit.unix_seconds.checked_mul(1_000_000) {
            batch = batch.happened_at(valid_time);
        }
        if !self.type_made {
            batch.push(self.operator, Register::object_type(FILE).map_err(refused)?);
            self.type_made = true;
        }
        if !self.root_made {
            let create =
                tenancy::CreateScope { scope: None, path: Some(self.root.clone()), name: None, parent: None };
            batch.push(self.operator, create);
            self.root_made = true;
        }
        if !commit.changes.is_empty() {
            let author = self.author(&mut batch, &commit.author).map_err(refused)?;
            for change in &commit.changes {
                self.change(&mut batch, commit, author, change)?;
            }
        }
        batch.push(self.operator, SetMark { name: commit.sha.clone(), position: None });
        if self.waiting.len() >= IN_FLIGHT {
            self.settle_one()?;
        }
        let pending = self.engine.submit(batch).map_err(refused)?;
        self.waiting.push_back((commit.sha.clone(), pending));
        self.commits += 1;
        self.changes += commit.changes.len() as u64;
        Ok(())
    }

    fn author(&mut self, batch: &mut Batch, name: &str) -> Result<PrincipalId, Error> {
        if let Some(author) = self.authors.get(name) {
            return Ok(*author);
        }
        let principal = PrincipalId(self.ids.next());
        let create = identity::CreatePrincipal::named(AUTHOR, name)?;
        batch.push(self.operator, identity::CreatePrincipal { principal: Some(principal), ..create });
        self.authors.insert(name.to_owned(), principal);
        Ok(principal)
    }

    /// The scope that a path lives in, made when it is new, with the author as a member of it.
    fn scope(&mut self, batch: &mut Batch, author: PrincipalId, path: &str) -> ScopePath {
        let folder = path.split_once('/').map_or("", |(folder, _)| folder);
        if !self.folders.contains_key(folder) {
            let scope = match folder {
                "" => Some(self.root.clone()),
                folder => ScopePath::parse(&format!("{}/ws:{folder}", self.root)).ok(),
            };
            self.folders.insert(folder.to_owned(), scope);
        }
        let (scope, folder) = match self.folders.get(folder) {
            Some(Some(scope)) => (scope.clone(), folder),
            _ => (self.root.clone(), ""),
        };
        if scope != self.root && self.made.insert(scope.clone()) {
            let create =
                tenancy::CreateScope { scope: None, path: Some(scope.clone()), name: None, parent: None };
            batch.push(self.operator, create);
        }
        if !self.members.contains(&(author, folder.to_owned())) {
            self.members.insert((author, folder.to_owned()));
            let (at, role) = (ScopeRef::Path(scope.clone()), Role::Writer);
            batch.push(
                self.operator,
                tenancy::AddMember { scope: at, principal: author, role, expires_at: None },
            );
        }
        scope
    }

    fn change(
        &mut self,
        batch: &mut Batch,
        commit: &Commit,
        author: PrincipalId,
        change: &Change,
    ) -> Result<(), ImportError> {
        let wrong = |problem| ImportError::Inconsistent {
            sha: commit.sha.clone(),
            path: change.path.clone(),
            problem,
        };
        let refused = |error: Error| ImportError::Refused { sha: commit.sha.clone(), error };
        let scope = self.scope(batch, author, &change.path);
        let data =
            || Data::from_text_fields(&[("blob", &change.blob), ("path", &change.path)]).map_err(refused);
        match (change.kind, self.files.get_mut(&change.path)) {
            (ChangeKind::Deleted, Some(file)) if file.live => {
                file.live = false;
                let (reason, expected_version) = (None, None);
                batch.push(author, objects::Tombstone { object: file.object, reason, expected_version });
            }
            (ChangeKind::Deleted, _) => return Err(wrong("is deleted, and was not there")),
            (ChangeKind::Modified | ChangeKind::Added, Some(file)) => {
                if !file.live {
                    file.live = true;
                    batch.push(author, objects::Restore::new(file.object));
                }
                batch.push(
                    author,
                    objects::Update {
                        object: file.object,
                        data: data()?,
                        expected_version: None,
                        reason: None,
                    },
                );
            }
            (ChangeKind::Modified, None) => return Err(wrong("is modified, and was not there")),
            (ChangeKind::Added, None) => {
                let object = ObjectId(self.ids.next());
                let (object_type, scope, level) =
                    (FILE.to_owned(), Some(ScopeRef::Path(scope)), Level::Write);
                batch.push(
                    author,
                    objects::Create {
                        object: Some(object),
                        object_type,
                        data: data()?,
                        scope,
                        level,
                        reason: None,
                        subject: None,
                    },
                );
                self.files.insert(change.path.clone(), File { object, live: true });
            }
        }
        Ok(())
    }

    /// Waits for the oldest receipt.
    fn settle_one(&mut self) -> Result<(), ImportError> {
        let Some((sha, pending)) = self.waiting.pop_front() else { return Ok(()) };
        pending.wait().map(drop).map_err(|error| ImportError::Refused { sha, error })
    }

    fn finish(&mut self) -> Result<(), ImportError> {
        while !self.waiting.is_empty() {
            self.settle_one()?;
        }
        Ok(())
    }
}

/// Ids for what the import makes, so that later commits can name it before its receipt is there.
struct Ids {
    base: u128,
    count: u128,
}

impl Ids {
    fn new(engine: &Engine) -> Self {
        Self { base: engine.fresh_id(), count: 0 }
    }
    fn next(&mut self) -> u128 {
        self.count += 1;
        self.base.wrapping_add(self.count)
    }
}

/// Authors of an earlier import, by name.
fn known_authors(engine: &Engine) -> Result<HashMap<String, PrincipalId>, Error> {
    let known: Vec<_> = engine.read(|moment| {
        let identity = moment.world().identity();
        identity.iter().filter(|p| identity.kind(p) == AUTHOR).map(|p| (p.id, p.described)).collect()
    });
    let mut authors = HashMap::with_capacity(known.len());
    for (id, described) in known {
        let Some(description) = engine.history().shown(described)? else { continue };
        let name = serde_json::from_slice::<serde_json::Value>(&description).ok();
        if let Some(name) = name.as_ref().and_then(|d| d.get("name")).and_then(|name| name.as_str()) {
            authors.insert(name.to_owned(), id);
        }
    }
    Ok(authors)
}

/// Scopes directly below the root that are there already.
fn known_scopes(engine: &Engine, root: &ScopePath) -> HashSet<ScopePath> {
    engine.read(|moment| {
        let tenancy = moment.world().tenancy();
        let Some(row) = tenancy.row_of_path(root) else { return HashSet::new() };
        tenancy.children(row).filter_map(|child| tenancy.at(child)?.path.clone()).collect()
    })
}

/// Who is a member of the root (folder "") and of the scopes directly below it already.
fn known_members(engine: &Engine, root: &ScopePath) -> HashSet<(PrincipalId, String)> {
    engine.read(|moment| {
        let (tenancy, identity) = (moment.world().tenancy(), moment.world().identity());
        let row = tenancy.row_of_path(root).unwrap_or(NO_ROW);
        let mut known = HashSet::new();
        for scope in std::iter::once(row).chain(tenancy.children(row)) {
            let path = tenancy.at(scope).and_then(|node| node.path.as_ref());
            let folder =
                path.filter(|_| scope != row).map_or(String::new(), |path| path.leaf().id().to_owned());
            known.extend(tenancy.members(scope).map(|(who, _)| (identity.id(who), folder.clone())));
        }
        known
    })
}
