//! What has to hold before something is registered, or made of a registered type.

use crate::error::Error;
use crate::identity::check_word;
use crate::kernel::execute::{Proposed, Result, View};
use scoped_projections::Event;
use scoped_projections::contracts::ContractsEvent;
use scoped_projections::objects::{ObjectRestored, ObjectUpdated, ObjectsEvent};
use scoped_projections::registry::{Kind, Lifecycle, Registration, Urn};

use super::RegistrationRef;

/// Most tags an entry may have.
const TAGS_MAX: usize = 64;

/// Nothing is made whose type is not registered. Looks at the proposed facts, so that no command can forget it.
pub(crate) fn admit(on: &View<'_>, proposed: &[Proposed]) -> Result<()> {
    let may_warn = on.world.registry().has_any(Lifecycle::Deprecated);
    for fact in proposed {
        if let Event::Objects(ObjectsEvent::ObjectCreated(created)) = &fact.event {
            check_type(on, &created.object_type)?;
        }
        // What is there goes on being written, whatever has become of its type; but whoever writes it hears.
        if let Event::Objects(
            ObjectsEvent::ObjectUpdated(ObjectUpdated { object })
            | ObjectsEvent::ObjectRestored(ObjectRestored { object }),
        ) = &fact.event
            && may_warn
            && let Some(found) = on.world.objects().get(*object)
        {
            warn_of_deprecated(on, on.world.objects().object_type(found));
        }
        // What a contract speaks about: a type, or a key of the settings, which is no type.
        if let Event::Contracts(ContractsEvent::ContractCreated(created)) = &fact.event
            && !created.object_type.starts_with("setting:")
        {
            check_type(on, &created.object_type)?;
        }
    }
    Ok(())
}

fn check_type(on: &View<'_>, word: &str) -> Result<()> {
    let refused = |message: String, hint: &'static str| {
        Err(Error::refused("not_registered", message).hint(hint).into())
    };
    match on.world.registry().object_type(word).map(|entry| (entry, entry.lifecycle)) {
        Some((_, Lifecycle::Active)) => Ok(()),
        Some((_, Lifecycle::Deprecated)) => {
            warn_of_deprecated(on, word);
            Ok(())
        }
        Some((_, Lifecycle::Draft)) => {
            refused(format!("the type `{word}` is a draft"), "`registry.transition` it to ACTIVE first")
        }
        Some((_, Lifecycle::Archived)) => refused(
            format!("the type `{word}` is archived"),
            "register a new version of it, or `registry.reinstate` it",
        ),
        None => refused(
            format!("the type `{word}` is not registered"),
            "register it first: `registry.register`, `Engine::register_types` or `Options::types`",
        ),
    }
}

fn warn_of_deprecated(on: &View<'_>, word: &str) {
    let registry = on.world.registry();
    if let Some(entry) = registry.object_type(word).filter(|entry| entry.lifecycle == Lifecycle::Deprecated) {
        let name = registry.name(entry);
        on.warn("deprecated", || {
            format!("the type `{word}` (`{name}`, version {}) is deprecated", entry.version)
        });
    }
}

/// While the registry is frozen nothing in it changes.
pub(super) fn not_frozen(on: &View<'_>) -> Result<()> {
    if on.world.registry().is_frozen() {
        return Err(Error::refused("frozen", "the registry is frozen")
            .hint("`registry.unfreeze` it first")
            .into());
    }
    Ok(())
}

pub(super) fn entry<'a>(on: &View<'a>, named: &RegistrationRef) -> Result<&'a Registration> {
    let missing = || Error::refused("not_registered", format!("`{named}` is not registered"));
    Ok(named.find(on.world.registry()).ok_or_else(missing)?)
}

/// A kind that somebody may register things of, and a namespace that is theirs.
pub(super) fn check_urn(on: &View<'_>, urn: &Urn) -> Result<()> {
    if !on.world.registry().knows_kind(urn.kind()) {
        let error = Error::refused("not_registered", format!("there is no kind `{}`", urn.kind()));
        return Err(error.hint("define it first: `registry.define_kind`").into());
    }
    if super::is_derived(urn) {
        let message = format!("the namespace `{}` belongs to the engine", urn.namespace());
        let error = Error::refused("reserved", message);
        return Err(error.hint("what is made there is registered by being made").into());
    }
    if let Some(word) = type_word(urn) {
        // What could never be written into an object would be registered in vain.
        check_word("an object's type", &word)?;
    }
    Ok(())
}

/// The word by which objects of a type name it, if it is one.
pub(crate) fn type_word(urn: &Urn) -> Option<String> {
    let own = || match urn.namespace() {
        super::NAMESPACE => urn.name().to_owned(),
        namespace => format!("{namespace}/{}", urn.name()),
    };
    (*urn.kind() == Kind::MODEL).then(own)
}

/// Tags in the one order in which they are written down.
pub(super) fn sorted_tags(tags: &[String]) -> Result<Vec<String>> {
    if tags.len() > TAGS_MAX {
        return Err(Error::invalid(format!("an entry has at most {TAGS_MAX} tags")).into());
    }
    tags.iter().try_for_each(|tag| check_word("a tag", tag))?;
    let mut sorted = tags.to_vec();
    sorted.sort();
    sorted.dedup();
    Ok(sorted)
}
