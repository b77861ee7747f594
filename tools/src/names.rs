//! Names: how principals, objects, scopes and other things are said on the command line, and what they are called in answers.

use crate::failure::Failure;
use scoped::temporal::Entity;
use scoped::{Moment, ObjectId, PrincipalId, ScopeRef};
use std::collections::HashMap;

/// Names that a hint lists.
const SUGGESTIONS_MAX: usize = 5;
/// What an object may be called by, the first that its data has.
const OBJECT_NAMES: [&str; 3] = ["path", "name", "title"];

/// What principals are called: the `name` in their description, and the handle that they have now. A description that is sealed or erased tells no name.
#[derive(Debug, Clone, Default)]
pub struct Names {
    by_id: HashMap<PrincipalId, String>,
    by_name: HashMap<String, Vec<PrincipalId>>,
    by_handle: HashMap<String, PrincipalId>,
}

impl Names {
    /// Reads the descriptions that hold at a moment.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn of(moment: &Moment<'_>) -> Result<Self, Failure> {
        let mut names = Self::default();
        let identity = moment.world().identity();
        for principal in identity.iter() {
            let handle = principal.handle.as_deref();
            // Whoever was archived keeps the handle it had, and another may have it now.
            if let Some(handle) =
                handle.filter(|handle| identity.by_handle(handle).is_some_and(|it| it.id == principal.id))
            {
                names.by_handle.insert(handle.to_owned(), principal.id);
            }
            let payload = moment.history().shown(principal.described)?.unwrap_or_default();
            if let Some(name) = text_field(&payload, &["name"]) {
                names.by_name.entry(name.clone()).or_default().push(principal.id);
                names.by_id.insert(principal.id, name);
            }
        }
        Ok(names)
    }

    /// What to call a principal: its name, with the end of its id when others share the name; its id when it has none.
    #[must_use]
    pub fn label(&self, id: PrincipalId) -> String {
        let Some(name) = self.by_id.get(&id) else { return id.to_string() };
        if self.by_name.get(name).is_some_and(|ids| ids.len() > 1) {
            let id = id.to_string();
            format!("{name} (…{})", id.get(id.len().saturating_sub(6)..).unwrap_or(&id))
        } else {
            name.clone()
        }
    }

    /// The principal that a text means: an id, a handle, or a name that only one has.
    ///
    /// # Errors
    /// When there is none, or several.
    pub fn principal(&self, text: &str) -> Result<PrincipalId, Failure> {
        if let Ok(id) = text.parse::<PrincipalId>() {
            return Ok(id);
        }
        if let Some(id) = self.by_handle.get(text) {
            return Ok(*id);
        }
        match self.by_name.get(text).map(Vec::as_slice) {
            Some([one]) => Ok(*one),
            Some(several) => {
                let ids: Vec<String> =
                    several.iter().take(SUGGESTIONS_MAX).map(ToString::to_string).collect();
                let message = format!("{} principals are called `{text}`", several.len());
                Err(Failure::refused("ambiguous", message).hint(format!("give the id: {}", ids.join(", "))))
            }
            None => Err(Failure::refused("not_found", format!("there is no principal `{text}`"))
                .hint(self.suggest(text))),
        }
    }

    fn suggest(&self, text: &str) -> String {
        let wanted = text.to_lowercase();
        let mut near: Vec<&str> = self
            .by_name
            .keys()
            .chain(self.by_handle.keys())
            .filter(|name| name.to_lowercase().contains(&wanted))
            .map(String::as_str)
            .collect();
        near.sort_unstable();
        match near.as_slice() {
            [] => "`scoped principals DIR` lists all; `--at` looks back".to_owned(),
            _ => format!(
                "did you mean `{}`?",
                near.into_iter().take(SUGGESTIONS_MAX).collect::<Vec<_>>().join("`, `")
            ),
        }
    }
}

/// Something that is called by its id or by a name: what it is, what it is called, whether it is live.
pub(crate) type Called<I> = (I, String, bool);

/// The one that a text means, of things of that `sort` (`rule`): an id, or a name that only one has; a live one before those that are put away.
///
/// # Errors
/// When there is none, or several. `list` says how to see them all.
pub(crate) fn one<I: Copy + PartialEq + std::fmt::Display + std::str::FromStr>(
    text: &str,
    sort: &str,
    all: Vec<Called<I>>,
    moment: &Moment<'_>,
    list: &str,
) -> Result<I, Failure> {
    if let Some(id) = text.parse::<I>().ok().filter(|id| all.iter().any(|(it, ..)| it == id)) {
        return Ok(id);
    }
    let named: Vec<&Called<I>> = all.iter().filter(|(_, name, _)| name == text).collect();
    let live: Vec<&Called<I>> = named.iter().filter(|(.., live)| *live).copied().collect();
    match if live.is_empty() { &named } else { &live }.as_slice() {
        [(id, ..)] => Ok(*id),
        [] => {
            let message = format!("there is no {sort} `{text}` at {}", moment.world().position());
            Err(Failure::refused("not_found", message).hint(format!("`{list}` lists all; `--at` looks back")))
        }
        several => {
            let ids = several.iter().take(SUGGESTIONS_MAX).map(|(id, ..)| id.to_string());
            let message = format!("{} {sort}s are called `{text}`", several.len());
            let hint = format!("give the id: {}", ids.collect::<Vec<_>>().join(", "));
            Err(Failure::refused("ambiguous", message).hint(hint))
        }
    }
}

/// The object that a text means: an id, or `path:…` for objects whose data has such a `path`. A live one before a
/// tombstoned one.
///
/// # Errors
/// When there is none, or several.
pub fn object(moment: &Moment<'_>, text: &str) -> Result<ObjectId, Failure> {
    let position = moment.world().position();
    let Some(path) = text.strip_prefix("path:") else {
        let id: ObjectId = text.parse().map_err(|error: scoped::projections::id::IdError| {
            Failure::usage(error.to_string())
                .hint("objects with a path are also found by it: `path:src/main.rs`")
        })?;
        return Ok(moment.object(id)?.object);
    };
    let (mut live, mut gone) = (Vec::new(), None);
    for object in moment.world().objects().iter() {
        let data = moment.history().shown(object.data)?;
        if data.and_then(|data| text_field(&data, &["path"])).as_deref() == Some(path) {
            if object.tombstoned { gone = Some(object.id) } else { live.push(object.id) }
        }
    }
    match (live.as_slice(), gone) {
        ([one], _) => Ok(*one),
        ([], Some(one)) => Ok(one),
        ([], None) => Err(Failure::refused(
            "not_found",
            format!("there is no object with the path `{path}` at {position}"),
        )
        .hint("`scoped objects DIR --fields path` lists the live ones; `--at` looks back")),
        (several, _) => {
            let ids: Vec<String> = several.iter().take(SUGGESTIONS_MAX).map(ToString::to_string).collect();
            let message = format!("{} objects have the path `{path}`", several.len());
            Err(Failure::refused("ambiguous", message).hint(format!("give the id: {}", ids.join(", "))))
        }
    }
}

/// The entity that a text means: `SORT:ID`, where scopes may be said by their path, principals by their name and objects by
/// `path:…`; `member:SCOPE/PRINCIPAL`, `share:OBJECT/SCOPE`.
///
/// # Errors
/// When there is no such thing, or several.
pub fn entity(moment: &Moment<'_>, names: &Names, text: &str) -> Result<Entity, Failure> {
    if let Ok(entity) = text.parse() {
        return Ok(entity);
    }
    let wrong = |error: scoped::temporal::EntityError| Failure::usage(error.to_string());
    let (sort, rest) = text.split_once(':').unwrap_or((text, ""));
    let scope = |text: &str| {
        let scope: ScopeRef = parse_scope(text).map_err(Failure::usage)?;
        let missing = || Failure::refused("not_found", format!("there is no scope `{text}`"));
        let tenancy = moment.world().tenancy();
        scope.row(tenancy).and_then(|row| tenancy.at(row)).map(|node| node.id).ok_or_else(missing)
    };
    Ok(match (sort, rest.rsplit_once('/'), rest.split_once('/')) {
        ("principal", ..) => Entity::Principal(names.principal(rest)?),
        ("scope", ..) => Entity::Scope(scope(rest)?),
        ("policy", ..) => Entity::Policy(scope(rest)?),
        ("object", ..) => Entity::Object(object(moment, rest)?),
        ("member", Some((at, who)), _) => Entity::Member(scope(at)?, names.principal(who)?),
        ("share", _, Some((what, at))) => Entity::Share(object(moment, what)?, scope(at)?),
        _ => return text.parse().map_err(wrong),
    })
}

/// What to call an object: its path, name or title; its id when its data has none of them.
#[must_use]
pub fn object_label(moment: &Moment<'_>, id: ObjectId) -> String {
    let named = || {
        let data = moment.history().shown(moment.world().objects().get(id)?.data).ok()?;
        text_field(&data?, &OBJECT_NAMES)
    };
    named().unwrap_or_else(|| id.to_string())
}

/// The row of the scope that is meant.
///
/// # Errors
/// When there is none at that moment.
pub fn scope_row(moment: &Moment<'_>, scope: &ScopeRef) -> Result<u32, Failure> {
    let missing = || {
        let message = format!("there is no scope `{scope}` at {}", moment.world().position());
        Failure::refused("not_found", message).hint("`scoped scopes DIR` lists all; `--at` looks back")
    };
    scope.row(moment.world().tenancy()).ok_or_else(missing)
}

/// A scope by its path or id.
///
/// # Errors
/// With what a scope looks like.
pub fn parse_scope(text: &str) -> Result<ScopeRef, String> {
    text.parse()
}

/// The first of these fields that a JSON object has as a text.
fn text_field(data: &[u8], fields: &[&str]) -> Option<String> {
    let value: serde_json::Value = serde_json::from_slice(data).ok()?;
    fields.iter().find_map(|field| Some(value.get(*field)?.as_str()?.to_owned()))
}
