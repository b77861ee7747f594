//! Registering what is declared, as often as one likes: what is missing, and what the declarations say otherwise than the registry.

use super::checks::type_word;
use super::construct::TARGET;
use super::types::{missing_types, settle};
use super::{Construct, Declaration, DefineKind, Describe, Lifecycle, Register, Transition};
use crate::command::Command;
use crate::data::Data;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::history::History;
use crate::moment::Moment;
use crate::receipt::Receipt;
use crate::session::Session;
use scoped_projections::World;
use scoped_projections::registry::{Kind, Registration};
use std::collections::{BTreeMap, BTreeSet};

/// Commands that make the registry say what is declared. `history` holds the metadata of entries; without it there are none.
///
/// An archived entry is left as it is: nothing comes back behind anybody's back. Refused is what cannot be both true: a name that is
/// declared twice with other words, and a lifecycle that the entry has left behind.
fn outstanding(world: &World, history: Option<&History>, lists: &[&[Construct]]) -> Result<Vec<Command>> {
    let (mut seen, mut kinds) = (BTreeMap::new(), BTreeSet::new());
    let (mut wanted, registry) = (Vec::new(), world.registry());
    for construct in lists.iter().copied().flatten() {
        let declared = construct.declaration()?;
        if let Some(other) = seen.get(&declared.urn) {
            if *other == declared {
                continue;
            }
            return Err(declared_twice(other, &declared));
        }
        match registry.by_urn(&declared.urn) {
            None => {
                let kind = declared.urn.kind();
                if !registry.knows_kind(kind) {
                    wanted.extend(own_kind(construct, kind, &mut kinds).map(Command::from));
                }
                wanted.push(registering(&declared)?.into());
            }
            Some(entry) => changes(world, history, entry, &declared, &mut wanted)?,
        }
        seen.insert(declared.urn.clone(), declared);
    }
    Ok(wanted)
}

/// What a log that is made begins with: what is declared, and the types that are not among that.
pub(crate) fn founding(lists: &[&[Construct]], types: &[String]) -> Result<Vec<Command>> {
    let (world, mut known) = (World::default(), BTreeSet::new());
    let mut wanted = outstanding(&world, None, lists)?;
    for construct in lists.iter().copied().flatten() {
        known.extend(type_word(&construct.urn()?));
    }
    let missing = missing_types(&world, types)?.into_iter();
    let new = missing.filter(|register| type_word(&register.urn).is_none_or(|word| !known.contains(&word)));
    wanted.extend(new.map(Command::from));
    Ok(wanted)
}

fn declared_twice(one: &Declaration, other: &Declaration) -> Error {
    let message = match one.target == other.target {
        true => format!("`{}` declares `{}` twice, with other words", one.target, one.urn),
        false => format!("`{}` is declared by `{}` and by `{}`", one.urn, one.target, other.target),
    };
    Error::refused("contradiction", message).hint("give one of them another name or version")
}

/// A kind of the application's own, defined once.
fn own_kind(construct: &Construct, kind: &Kind, defined: &mut BTreeSet<Kind>) -> Option<DefineKind> {
    let about = construct.about_kind()?;
    let new = defined.insert(kind.clone());
    new.then(|| DefineKind { kind: kind.clone(), description: about.to_owned() })
}

/// The tags as they are written down, where in the code it is among them.
fn tags(declared: &Declaration) -> Vec<String> {
    let mut tags = declared.tags.clone();
    tags.push(format!("{TARGET}{}", declared.target));
    tags.sort();
    tags.dedup();
    tags
}

fn metadata(declared: &Declaration) -> Result<Option<Data>> {
    declared.metadata.as_ref().map(Data::new).transpose()
}

fn registering(declared: &Declaration) -> Result<Register> {
    Ok(Register {
        lifecycle: declared.lifecycle.unwrap_or(Lifecycle::Active),
        tags: tags(declared),
        metadata: metadata(declared)?,
        ..Register::new(declared.urn.clone())
    })
}

/// What has to happen to an entry until it is as declared.
fn changes(
    world: &World,
    history: Option<&History>,
    entry: &Registration,
    declared: &Declaration,
    wanted: &mut Vec<Command>,
) -> Result<()> {
    let is_left_alone = declared.lifecycle.is_none() && entry.lifecycle == Lifecycle::Archived;
    if is_left_alone {
        return Ok(());
    }
    let (tags, metadata) = (tags(declared), metadata(declared)?);
    let stored = history.map(|history| history.payload(entry.described)).transpose()?.flatten();
    let same = world.registry().tags(entry).eq(tags.iter().map(String::as_str))
        && stored.as_deref() == metadata.as_ref().map(Data::bytes);
    if !same {
        wanted.push(Describe { entry: entry.id.into(), tags, metadata }.into());
    }
    match declared.lifecycle {
        Some(to) if entry.lifecycle.leads_to(to) => {
            wanted.push(Transition { entry: entry.id.into(), to }.into());
        }
        Some(to) if to != entry.lifecycle => {
            let message =
                format!("`{}` is declared as {to}, and is {} already", declared.urn, entry.lifecycle);
            let hint = "`registry.reinstate` it, or declare the lifecycle that it has";
            return Err(Error::refused("contradiction", message).hint(hint));
        }
        _ => {}
    }
    Ok(())
}

fn missing(moment: Moment<'_>, lists: &[&[Construct]]) -> Result<Vec<Command>> {
    outstanding(moment.world, Some(moment.history), lists)
}

impl Session {
    /// Makes the registry say what these lists declare, as one batch: registers what is missing, describes anew what is described
    /// otherwise, takes forward what is declared further on. `None`: it says so already.
    ///
    /// A declaration without a lifecycle leaves that of its entry alone, and an archived entry as it is.
    ///
    /// # Errors
    /// `contradiction` when a name is declared twice with other words, or a lifecycle that its entry has left behind; when a declaration
    /// makes no URN; and, where there is something to do, when this principal may not manage the registry, or it is frozen.
    pub fn register_declared(&self, lists: &[&[Construct]]) -> Result<Option<Receipt>> {
        settle(self, |moment| missing(moment, lists))
    }
}

impl Engine {
    /// The same in the founder's name: for whoever embeds the engine. See also [`crate::Options::declared`].
    ///
    /// # Errors
    /// As [`Session::register_declared`]; also when the founder acts no more.
    pub fn register_declared(&self, lists: &[&[Construct]]) -> Result<Option<Receipt>> {
        // Nothing to do is nothing to be allowed.
        if self.read(|moment| missing(moment, lists))?.is_empty() {
            return Ok(None);
        }
        self.session(self.founder())?.register_declared(lists)
    }
}
