//! The steps of the demo.

use super::page::Page;
use crate::failure::Failure;
use crate::import::git::{Summary, import};
use crate::names::{Names, object_label};
use anyhow::{Context as _, anyhow, ensure};
use scoped::log::{FileStorage, Storage, VerifyOptions, verify};
use scoped::temporal::{Cutoff, Selection, format_time};
use scoped::{
    Capability, Engine, Moment, ObjectId, ObjectInfo, Options, Policy, Request, ScopePath, ScopeRef,
    Sequence, View,
};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

const BUILT_IN: &str = include_str!("builtin.history");

/// Where the history comes from.
pub(super) struct Source {
    /// `None`: the built-in one.
    path: Option<PathBuf>,
    what: String,
}

impl Source {
    pub(super) fn at(path: &Path) -> Self {
        Self { path: Some(path.to_owned()), what: format!("the history in `{}`", path.display()) }
    }
    /// The git repository it stands in, if it stands in one that has a commit.
    pub(super) fn here() -> Self {
        let git = |args: &[&str]| {
            let output =
                Command::new("git").args(args).output().ok().filter(|output| output.status.success())?;
            Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
        };
        let top = git(&["rev-parse", "--show-toplevel"])
            .filter(|_| git(&["rev-parse", "--verify", "HEAD"]).is_some());
        match top {
            Some(top) => {
                let name =
                    Path::new(&top).file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
                Self {
                    path: Some(top.into()),
                    what: format!("the git history of `{name}`, which it stands in"),
                }
            }
            None => Self {
                path: None,
                what: "a small built-in history: there is no git repository here".to_owned(),
            },
        }
    }
}

/// Where the log lies while the demo runs.
pub(super) struct Place {
    directory: PathBuf,
    temporary: bool,
}

impl Place {
    pub(super) fn new(keep: Option<PathBuf>) -> Result<Self, Failure> {
        let temporary = keep.is_none();
        let id = std::process::id();
        let directory = keep.unwrap_or_else(|| std::env::temp_dir().join(format!("scoped-demo-{id}")));
        std::fs::create_dir_all(&directory)
            .with_context(|| format!("`{}` cannot be made", directory.display()))?;
        Ok(Self { directory, temporary })
    }
    fn log(&self) -> PathBuf {
        self.directory.join("log")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.temporary {
            // What cannot be removed is the temporary directory's to clean.
            let _ = std::fs::remove_dir_all(&self.directory);
        }
    }
}

/// A commit, as the log knows it.
#[derive(Clone)]
struct Commit {
    sha: String,
    position: Sequence,
}

impl Commit {
    fn cutoff(&self) -> Cutoff {
        Cutoff::Mark(self.sha.clone())
    }
    fn short(&self) -> &str {
        self.sha.get(..8).unwrap_or(&self.sha)
    }
}

pub(super) struct Job {
    source: Source,
    place: Place,
}

impl Job {
    pub(super) fn new(source: Source, place: Place) -> Self {
        Self { source, place }
    }

    pub(super) fn run(self, page: &mut Page<'_>) -> Result<(), Failure> {
        page.line(&format!("scoped demo: {}", self.source.what))?;
        let engine = Engine::open_with(self.place.log(), Options::default())?;
        let summary = self.import(&engine, page)?;
        self.verify(page, "verify")?;
        let commits = commits(&engine);
        ensure_commits(&commits)?;
        self.travel(&engine, &commits, &summary, page)?;
        self.access(&engine, &commits, page)?;
        self.roll_back(&engine, &commits, &summary, page)?;
        engine.sync()?;
        self.verify(page, "verify again")?;
        self.replay(&engine, page)?;
        engine.close()?;
        page.step("speed", "on this machine, in this run")?;
        page.times()?;
        if !self.place.temporary {
            page.line(&format!(
                "\n the log is in `{}`: try `scoped log`, `scoped tree`, `scoped who`",
                self.place.log().display()
            ))?;
        }
        Ok(())
    }

    fn import(&self, engine: &Engine, page: &mut Page<'_>) -> Result<Summary, Failure> {
        let written;
        let source = match &self.source.path {
            Some(path) => path,
            None => {
                written = self.place.directory.join("demo.history");
                std::fs::write(&written, BUILT_IN).context("the built-in history cannot be written")?;
                &written
            }
        };
        let summary =
            import(engine, engine.founder(), source, None, &mut |_| {}).or_else(|error| match error {
                // A folder's name need not make a scope.
                crate::import::git::ImportError::Org(_) => {
                    import(engine, engine.founder(), source, Some("demo"), &mut |_| {})
                }
                error => Err(error),
            })?;
        let rate = rate(summary.events, summary.elapsed, "events");
        let headline = format!(
            "{} commits with {} file changes became {} events",
            summary.commits, summary.changes, summary.events
        );
        page.step("import", &headline)?;
        page.detail("authors became principals, folders scopes, files objects; each commit is one atomic batch, synced before it counts")?;
        page.took("import, with group commit", summary.elapsed, rate);
        Ok(summary)
    }

    fn verify(&self, page: &mut Page<'_>, what: &'static str) -> Result<(), Failure> {
        let storage: Arc<dyn Storage> = Arc::new(FileStorage::new(self.place.log()));
        let began = Instant::now();
        let report = verify(&storage, &VerifyOptions::default(), &|_| {}).map_err(scoped::Error::from)?;
        let took = began.elapsed();
        if let Some(bad) = report.first_bad() {
            return Err(Failure::damage(format!("{bad}")));
        }
        let head = report.head.to_string();
        let headline =
            format!("{} events, every sum and every link holds; head {}…", report.records, &head[..16]);
        page.step("verify", &headline)?;
        page.took(what, took, rate(report.records, took, "events"));
        Ok(())
    }

    fn travel(
        &self,
        engine: &Engine,
        commits: &[Commit],
        summary: &Summary,
        page: &mut Page<'_>,
    ) -> Result<(), Failure> {
        let moments = three(commits);
        let names: Vec<String> = moments.iter().map(|commit| format!("{:>10}", commit.short())).collect();
        page.step(
            "time",
            &format!("live files in each scope, as of {} of {} commits", moments.len(), commits.len()),
        )?;
        let mut files: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        let (began, mut asked) = (Instant::now(), 0);
        for (nth, commit) in moments.iter().enumerate() {
            let past = engine.as_of(&commit.cutoff())?;
            asked += past.moment().world().position().get();
            for scope in past.moment().tree() {
                files.entry(scope.label).or_insert_with(|| vec![0; moments.len()])[nth] = scope.objects;
            }
        }
        page.took("three worlds of the past", began.elapsed(), rate(asked, began.elapsed(), "events"));
        page.detail(&format!("{:<28}{}", "", names.concat()))?;
        let (shown, more) = (12, files.len().saturating_sub(12));
        for (label, counts) in files.into_iter().take(shown) {
            let label = label
                .strip_prefix(&format!("{}/", summary.org))
                .map_or(label.clone(), |rest| format!("  {rest}"));
            let counts: String = counts.iter().map(|count| format!("{count:>10}")).collect();
            page.detail(&format!("{label:<28}{counts}"))?;
        }
        if more > 0 {
            page.detail(&format!("  … and {more} more scopes"))?;
        }
        Ok(())
    }

    fn access(&self, engine: &Engine, commits: &[Commit], page: &mut Page<'_>) -> Result<(), Failure> {
        let first = &commits[commits.len() / 3];
        let past = engine.as_of(&first.cutoff())?;
        let file = engine
            .read(|now| most_changed(&past.moment(), &now))
            .ok_or_else(|| anyhow!("no file lives in both worlds"))?;
        let (path, names) = engine.read(|now| (object_label(&now, file), Names::of(&now)));
        let names = names?;
        let (began, mut answers) = (Instant::now(), 0u64);
        let mut who = |moment: &Moment<'_>| {
            answers += moment.world().identity().len() as u64;
            moment.who(Request::new(Capability::ReadLocal, moment.object_target(file)))
        };
        let then = who(&past.moment());
        let now = engine.read(|moment| who(&moment));
        let took = began.elapsed();
        page.step("access", &format!("who could read `{path}`, then and now, and why"))?;
        for (when, grants) in [(first.short(), then), ("now", now)] {
            page.detail(&format!("{when}: {} could", grants.len()))?;
            for grant in grants.iter().take(3) {
                let name = names.label(grant.actor);
                page.detail(&format!("  {name:<30} {}", grant.why))?;
            }
            if grants.len() > 3 {
                page.detail(&format!("  … and {} more", grants.len() - 3))?;
            }
        }
        page.took("decisions", took, rate(answers, took, "decisions"));
        Ok(())
    }

    fn roll_back(
        &self,
        engine: &Engine,
        commits: &[Commit],
        summary: &Summary,
        page: &mut Page<'_>,
    ) -> Result<(), Failure> {
        let to = &commits[commits.len() / 2];
        let past = engine.as_of(&to.cutoff())?;
        let scope =
            engine.read(|now| most_moved(&past.moment(), &now)).unwrap_or_else(|| summary.org.clone());
        let at = ScopeRef::Path(ScopePath::parse(&scope).map_err(|e| anyhow!("{e}"))?);
        let wanted = contents(&past.moment(), &at)?;
        let before = engine.read(|now| contents(&now, &at))?;
        let head = engine.history().head();
        let session = engine.session(engine.founder())?;
        let began = Instant::now();
        let receipt = session.rollback(&to.cutoff(), Selection::Scope(at.clone()), Policy::AllOrNothing)?;
        let took = began.elapsed();
        let after = engine.read(|now| contents(&now, &at))?;
        if after != wanted {
            return Err(anyhow!("after the rollback `{scope}` is not what it was").into());
        }
        page.step("rollback", &format!("`{scope}` goes back to commit {}", to.short()))?;
        match receipt {
            None => page.detail("it is so already: nothing to do")?,
            Some(receipt) => {
                let steps = receipt.last.get() - receipt.first.get() + 1;
                let counts = format!(
                    "{} files before, {} then, {} now, each with the content of back then",
                    before.len(),
                    wanted.len(),
                    after.len()
                );
                page.detail(&counts)?;
                let grown = format!(
                    "nothing was edited: one batch, events {} to {}, at {}",
                    receipt.first,
                    receipt.last,
                    format_time(receipt.time)
                );
                page.detail(&grown)?;
                if receipt.first <= head {
                    return Err(anyhow!("the rollback did not append").into());
                }
                page.took("rollback, planned and synced", took, rate(steps, took, "events"));
            }
        }
        Ok(())
    }

    fn replay(&self, engine: &Engine, page: &mut Page<'_>) -> Result<(), Failure> {
        let head = engine.history().head();
        let began = Instant::now();
        let world = engine.history().replay(head, &mut |_| {})?;
        let took = began.elapsed();
        let (live, replayed) = (engine.read(|now| now.world().state_digest()), world.state_digest());
        if live != replayed {
            return Err(Failure::damage(format!("replay gives another world: {replayed}, not {live}")));
        }
        let digest = replayed.to_string();
        page.step(
            "replay",
            &format!("from the first record on: the same world, state digest {}…", &digest[..16]),
        )?;
        page.took("replay", took, rate(head.get(), took, "events"));
        Ok(())
    }
}

fn rate(count: u64, took: Duration, what: &str) -> String {
    let rate = count as f64 / took.as_secs_f64().max(1e-9);
    let (rate, unit) = if rate >= 1e6 { (rate / 1e6, "M") } else { (rate / 1e3, "k") };
    format!("{rate:.1} {unit} {what}/s")
}

/// The commits, oldest first: the marks whose names are SHAs.
fn commits(engine: &Engine) -> Vec<Commit> {
    let mut commits: Vec<Commit> = engine.read(|now| {
        let marks = now.world().temporal().marks();
        marks.map(|(name, mark)| Commit { sha: name.to_owned(), position: mark.position }).collect()
    });
    commits.sort_by_key(|commit| commit.position);
    commits
}

fn ensure_commits(commits: &[Commit]) -> Result<(), Failure> {
    let check = || -> anyhow::Result<()> {
        ensure!(!commits.is_empty(), "the history has no commit");
        Ok(())
    };
    Ok(check()?)
}

/// Up to three of them: a third in, two thirds in, the last.
fn three(commits: &[Commit]) -> Vec<Commit> {
    let mut found: Vec<Commit> = Vec::new();
    for at in [commits.len() / 3, commits.len() * 2 / 3, commits.len().saturating_sub(1)] {
        if let Some(commit) = commits.get(at)
            && found.last().is_none_or(|last| last.position < commit.position)
        {
            found.push(commit.clone());
        }
    }
    found
}

/// The file, alive in both worlds, that changed most often.
fn most_changed(then: &Moment<'_>, now: &Moment<'_>) -> Option<ObjectId> {
    let alive = |object: &ObjectInfo| then.object(object.object).is_ok_and(|then| !then.tombstoned);
    let objects = now.objects(None).ok()?;
    objects.into_iter().filter(alive).max_by_key(|object| object.version).map(|object| object.object)
}

/// The scope below the root whose contents differ most between the worlds, by how many files came or changed.
fn most_moved(then: &Moment<'_>, now: &Moment<'_>) -> Option<String> {
    let mut moved: BTreeMap<String, u64> = BTreeMap::new();
    for object in now.objects(None).ok()? {
        let before = then.object(object.object).map_or(0, |then| then.version);
        if let Some(home) = object.home.filter(|home| home.contains('/'))
            && before < object.version
        {
            *moved.entry(home).or_default() += 1;
        }
    }
    let known = |scope: &String| then.world().tenancy().row_of_path(&ScopePath::parse(scope).ok()?);
    moved
        .into_iter()
        .filter(|(scope, _)| known(scope).is_some())
        .max_by_key(|(_, count)| *count)
        .map(|(scope, _)| scope)
}

/// What lives in a scope: object by object, its data.
fn contents(moment: &Moment<'_>, scope: &ScopeRef) -> Result<BTreeMap<ObjectId, Vec<u8>>, Failure> {
    let objects = moment.objects(Some((scope, View::Descend)))?;
    let data = |object: ObjectInfo| Ok((object.object, moment.data(object.object)?.bytes().to_vec()));
    objects.into_iter().map(data).collect()
}
