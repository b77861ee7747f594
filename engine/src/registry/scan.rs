//! The completeness scan: what is declared and what is used, against what is registered.
//!
//! ```text
//! declared   constructs of the application's lists, by target          registered: the entry of that URN is in use
//! used       types of objects, contracts, templates, rules, by word    registered: an edition of that type is in use
//! ```
//!
//! In use means `ACTIVE` or `DEPRECATED`: a draft cannot be used yet, an archived type cannot be used any more, and both are reported, with
//! where they are. Left out are names that begin with `_`; skipped are names of the skip list. What a language with reflection reads off
//! a module, its public items, a program cannot list of itself here: the declared lists stand for it.

use super::checks::type_word;
use super::{Construct, Declaration, Lifecycle, Urn};
use crate::error::Result;
use crate::moment::Moment;
use scoped_projections::World;
use scoped_projections::contracts;
use scoped_projections::registry::{NAMESPACE, Registry};
use scoped_projections::rules::Clause;
use std::collections::{BTreeMap, BTreeSet};

/// What is looked at, and what is left out.
#[derive(Debug, Clone, Default)]
pub struct Scan {
    declared: Vec<Declaration>,
    modules: Vec<String>,
    skip: BTreeSet<String>,
}

/// One name that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Scanned {
    /// The target of what is declared, or the word of a type that is only used.
    pub name: String,
    /// The module it is declared in, or the namespace of a type that is only used.
    pub module: String,
    /// What it is registered as, or would have to be.
    pub urn: Option<Urn>,
    /// How far its entry has come; `None`: there is none.
    pub lifecycle: Option<Lifecycle>,
    /// Where it was met: `declared`, `objects`, `contracts`, `templates`, `rules`.
    pub met_in: Vec<&'static str>,
}

/// How complete one module is.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Coverage {
    /// The module, or the namespace of types that are only used.
    pub module: String,
    /// Names with an entry in use.
    pub registered: usize,
    /// Names without.
    pub unregistered: usize,
    /// Registered among both; 1 when there are none.
    pub coverage: f64,
}

/// What a scan came to.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct ScanReport {
    /// Is nothing unregistered?
    pub compliant: bool,
    /// Registered among registered and unregistered; 1 when there are none.
    pub coverage: f64,
    /// Names with an entry in use.
    pub registered: Vec<Scanned>,
    /// Names without.
    pub unregistered: Vec<Scanned>,
    /// Names of the skip list.
    pub skipped: Vec<Scanned>,
    /// The same by module, by name.
    pub modules: Vec<Coverage>,
}

impl Scan {
    /// Of what these lists declare, and of what is used.
    ///
    /// # Errors
    /// When a declaration makes no URN.
    pub fn of(lists: &[&[Construct]]) -> Result<Self> {
        let declared = lists.iter().copied().flatten().map(Construct::declaration);
        Ok(Self::of_declarations(declared.collect::<Result<_>>()?))
    }
    /// The same of declarations that were written down.
    #[must_use]
    pub fn of_declarations(declared: Vec<Declaration>) -> Self {
        Self { declared, ..Self::default() }
    }
    /// Only in this module or namespace, and below it; several add up (else: everywhere).
    #[must_use]
    pub fn within(mut self, module: impl Into<String>) -> Self {
        self.modules.push(module.into());
        self
    }
    /// Without this name: a target, the last part of one, or the word of a type.
    #[must_use]
    pub fn skipping(mut self, name: impl Into<String>) -> Self {
        self.skip.insert(name.into());
        self
    }

    fn looks_at(&self, module: &str) -> bool {
        let below = |within: &String| {
            module.strip_prefix(within.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        };
        self.modules.is_empty() || self.modules.iter().any(below)
    }
    fn skips(&self, found: &Scanned) -> bool {
        self.skip.contains(&found.name) || self.skip.contains(last(&found.name))
    }
}

/// The last part of a target or word.
fn last(name: &str) -> &str {
    name.rsplit([':', '/']).next().unwrap_or(name)
}

fn is_private(name: &str) -> bool {
    last(name).starts_with('_')
}

/// Objects that are looked at in one go: the writer waits for whoever looks at the world, and there may be many objects.
const OBJECTS_LOOK: u32 = 1 << 16;

/// The types of live objects, as far as they were looked at.
#[derive(Debug, Default)]
pub(crate) struct Types {
    words: BTreeSet<String>,
    next: u32,
}

impl Types {
    /// Looks at some more objects. Are there others?
    pub(crate) fn look(&mut self, world: &World) -> bool {
        let (objects, end) = (world.objects(), self.next.saturating_add(OBJECTS_LOOK));
        for object in (self.next..end).map_while(|row| objects.at(row)).filter(|object| !object.tombstoned) {
            let word = objects.object_type(object);
            if !self.words.contains(word) {
                self.words.insert(word.to_owned());
            }
        }
        self.next = end;
        (end as usize) < objects.len()
    }
}

/// Types that occur, and where.
fn used<'a>(world: &'a World, types: &'a Types) -> BTreeMap<&'a str, BTreeSet<&'static str>> {
    let mut found: BTreeMap<&str, BTreeSet<&'static str>> = BTreeMap::new();
    for word in &types.words {
        found.entry(word).or_default().insert("objects");
    }
    let held = world.contracts().iter().filter(|held| held.lifecycle != contracts::Lifecycle::Archived);
    let types = held.map(|held| world.contracts().object_type(held));
    // What a contract says about settings is about no type.
    for word in types.filter(|word| !word.starts_with("setting:")) {
        found.entry(word).or_default().insert("contracts");
    }
    // What a template is for is any word: it speaks of a type where there is one of that name.
    let open = world.templates().iter().filter(|template| !template.archived);
    for word in open.map(|template| world.templates().template_type(template)) {
        if world.registry().object_type(word).is_some() || found.contains_key(word) {
            found.entry(word).or_default().insert("templates");
        }
    }
    let rules = world.rules();
    for binding in rules.bindings().filter(|binding| rules.is_active(binding)) {
        if let Some(word) = &binding.targets.object_type {
            found.entry(word).or_default().insert("rules");
        }
    }
    for rule in rules.iter().filter(|rule| !rule.archived) {
        if let Some(version) = rules.current(rule) {
            named(&version.body.when, &mut |word| {
                found.entry(word).or_default().insert("rules");
            });
        }
    }
    found
}

/// The types that a condition names. A condition is as deep as its bytes allow, so the parts wait in a list.
fn named<'a>(clause: &'a Clause, found: &mut impl FnMut(&'a str)) {
    let mut waiting = vec![clause];
    while let Some(clause) = waiting.pop() {
        clause.object_type.iter().flat_map(|types| &types.0).for_each(|word| found(word));
        waiting.extend(clause.all.iter().chain(&clause.any).flatten());
        waiting.extend(clause.not.as_deref());
    }
}

fn declared(
    registry: &Registry,
    declared: &Declaration,
    used: &mut BTreeMap<&str, BTreeSet<&'static str>>,
) -> Scanned {
    let mut met_in = vec!["declared"];
    met_in.extend(type_word(&declared.urn).and_then(|word| used.remove(&*word)).into_iter().flatten());
    Scanned {
        name: declared.target.clone(),
        module: declared.module().to_owned(),
        lifecycle: registry.by_urn(&declared.urn).map(|entry| entry.lifecycle),
        urn: Some(declared.urn.clone()),
        met_in,
    }
}

fn only_used(registry: &Registry, word: &str, met_in: BTreeSet<&'static str>) -> Scanned {
    let entry = registry.object_type(word);
    Scanned {
        name: word.to_owned(),
        module: word.split_once('/').map_or(NAMESPACE, |(namespace, _)| namespace).to_owned(),
        urn: entry.and_then(|entry| registry.urn(entry)).or_else(|| Urn::object_type(word).ok()),
        lifecycle: entry.map(|entry| entry.lifecycle),
        met_in: met_in.into_iter().collect(),
    }
}

/// Registered among both; 1 when there are none.
fn share(registered: usize, unregistered: usize) -> f64 {
    match registered + unregistered {
        0 => 1.0,
        all => registered as f64 / all as f64,
    }
}

fn by_module(registered: &[Scanned], unregistered: &[Scanned]) -> Vec<Coverage> {
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    registered.iter().for_each(|found| counts.entry(&found.module).or_default().0 += 1);
    unregistered.iter().for_each(|found| counts.entry(&found.module).or_default().1 += 1);
    let one = |(module, (registered, unregistered)): (&str, (usize, usize))| Coverage {
        module: module.to_owned(),
        registered,
        unregistered,
        coverage: share(registered, unregistered),
    };
    counts.into_iter().map(one).collect()
}

impl Moment<'_> {
    /// Compares what is declared and what is used with what is registered. Cost: one look at each object.
    #[must_use]
    pub fn registry_scan(&self, scan: &Scan) -> ScanReport {
        let mut types = Types::default();
        while types.look(self.world) {}
        self.scan_beside(scan, &types)
    }

    /// The same, where the types of objects are known.
    pub(crate) fn scan_beside(&self, scan: &Scan, types: &Types) -> ScanReport {
        let registry = self.world.registry();
        let mut used = used(self.world, types);
        // Each once: an item that stands in two lists is one item.
        let mut found: BTreeMap<(String, Option<Urn>), Scanned> = BTreeMap::new();
        for item in &scan.declared {
            let key = (item.target.clone(), Some(item.urn.clone()));
            found.entry(key).or_insert_with(|| declared(registry, item, &mut used));
        }
        let rest = used.into_iter().map(|(word, met_in)| only_used(registry, word, met_in));
        let (mut registered, mut unregistered, mut skipped) = (Vec::new(), Vec::new(), Vec::new());
        for item in found.into_values().chain(rest) {
            if is_private(&item.name) || !scan.looks_at(&item.module) {
                continue;
            }
            let place = match item.lifecycle {
                _ if scan.skips(&item) => &mut skipped,
                Some(lifecycle) if lifecycle.is_usable() => &mut registered,
                _ => &mut unregistered,
            };
            place.push(item);
        }
        ScanReport {
            compliant: unregistered.is_empty(),
            coverage: share(registered.len(), unregistered.len()),
            modules: by_module(&registered, &unregistered),
            registered,
            unregistered,
            skipped,
        }
    }
}
