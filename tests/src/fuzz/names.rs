//! Any text where a name belongs: a path, an identity context, an id, a URN, a cutoff, an entity, a duration.
//!
//! INVARIANTS looked for: (one form) what is read prints as something that reads the same, and the strict names as the very text;
//! (whole) what is cut from a path is a path; (quiet) a message is short and holds nothing that a terminal or a line of a log
//! would obey.

use scoped::projections::registry::{Kind, Urn};
use scoped::projections::tenancy::path::{PATH_BYTES_MAX, SEGMENTS_MAX, ScopePathRef};
use scoped::projections::tenancy::{ActorPath, Period, ScopePathError};
use scoped::registry::RegistrationRef;
use scoped::temporal::{Cutoff, Entity};
use scoped::{Action, Capability, ObjectId, Pattern, Role, Scope, ScopePath, ScopeRef, Subject, View};
use std::fmt::{Debug, Display};
use std::str::FromStr;

/// Longest message about one wrong name, in bytes.
const MESSAGE_BYTES_MAX: usize = 2_000;

/// Bytes as each sort of name.
pub fn name(input: &[u8]) {
    if let Ok(scope) = serde_json::from_slice::<Scope>(input) {
        identity(&scope);
    }
    let Ok(text) = std::str::from_utf8(input) else { return };
    path(text);
    strict::<ScopePath>(text);
    strict::<ActorPath>(text);
    strict::<ScopeRef>(text);
    strict::<ObjectId>(text);
    strict::<Urn>(text);
    strict::<RegistrationRef>(text);
    strict::<Kind>(text);
    lenient::<Pattern>(text);
    lenient::<Subject>(text);
    lenient::<Period>(text);
    lenient::<Cutoff>(text);
    lenient::<Role>(text);
    lenient::<View>(text);
    lenient::<Capability>(text);
    lenient::<Action>(text);
    match text.parse::<Entity>() {
        Ok(entity) => assert_eq!(entity.code(), text, "(one form)"),
        Err(error) => quiet(&error, text),
    }
}

/// A name with one spelling.
fn strict<T: FromStr<Err: Display> + Display + PartialEq + Debug>(text: &str) {
    if let Some(found) = lenient::<T>(text) {
        assert_eq!(found.to_string(), text, "(one form)");
    }
}

/// A name that has one spelling once it is printed.
fn lenient<T: FromStr<Err: Display> + Display + PartialEq + Debug>(text: &str) -> Option<T> {
    match text.parse::<T>() {
        Ok(found) => {
            let printed = found.to_string();
            assert_eq!(
                printed.parse::<T>().ok().as_ref(),
                Some(&found),
                "(one form) {text:?} is {printed:?}"
            );
            Some(found)
        }
        Err(error) => {
            quiet(&error, text);
            None
        }
    }
}

fn quiet(error: &dyn Display, text: &str) {
    let message = error.to_string();
    assert!(!message.contains(char::is_control), "(quiet) {message:?}");
    assert!(message.len() <= MESSAGE_BYTES_MAX, "(quiet) {} bytes about {}", message.len(), text.len());
}

fn path(text: &str) {
    let found = ScopePath::parse(text);
    if let Ok(path) = &found {
        parts(path);
        assert_eq!(ScopePath::normalise(text).as_ref(), Ok(path), "(one form) nothing is left to be done");
    }
    match (ScopePath::normalise(text), &found) {
        (Ok(normal), found) => {
            assert_eq!(ScopePath::normalise(normal.as_str()).as_ref(), Ok(&normal), "(one form)");
            if let Err(ScopePathError::NonCanonical { index, canonical }) = found {
                // With white space and a slash around it more than letter case is wrong: then its segment is suggested.
                let segment = normal.segments().nth(*index).map(|segment| segment.to_string());
                let whole = text == text.trim_ascii();
                let wanted = if whole { Some(normal.to_string()) } else { segment };
                let suggested = canonical.trim_ascii().to_owned();
                assert_eq!(Some(suggested), wanted, "what is suggested is what normalising gives");
            }
        }
        (Err(error), _) => {
            assert!(!matches!(error, ScopePathError::NonCanonical { .. }), "{error}");
            quiet(&error, text);
        }
    }
    let quoted = serde_json::Value::from(text).to_string();
    assert_eq!(serde_json::from_str::<ScopePath>(&quoted).ok(), found.ok(), "JSON is read as strictly");
}

fn parts(path: &ScopePath) {
    let text = path.as_str();
    assert!(text.len() <= PATH_BYTES_MAX && text.is_ascii());
    let count = path.segments().count();
    assert!((1..=SEGMENTS_MAX).contains(&count));
    assert_eq!((path.segment_count(), path.depth()), (count, count - 1));
    let above: Vec<ScopePathRef<'_>> = path.ancestors().collect();
    assert_eq!(above.len(), count - 1);
    assert_eq!(above.last().copied().unwrap_or(path.as_path_ref()), path.root());
    for ancestor in above {
        assert_eq!(ScopePath::parse(ancestor.as_str()), Ok(ancestor.to_path()), "(whole)");
        assert!(ancestor.is_ancestor_of(path) && !path.contains(ancestor));
        assert!(ancestor < path.as_path_ref(), "a prefix comes first");
        assert_eq!(path.common_ancestor(ancestor), Some(ancestor));
    }
    let again = path.parent().map_or_else(|| Ok(path.leaf().into()), |parent| parent.join(path.leaf()));
    assert_eq!(again.as_ref(), Ok(path), "(whole)");
    if let Ok((scope, rest)) = Scope::from_path(path, Default::default()).and_then(|scope| scope.to_path()) {
        assert_eq!((&scope, rest), (path, Default::default()), "(one form)");
    }
}

fn identity(scope: &Scope) {
    let written = serde_json::to_vec(scope).unwrap_or_default();
    assert_eq!(serde_json::from_slice::<Scope>(&written).ok().as_ref(), Some(scope), "(one form)");
    assert!(scope.contains(scope) && Scope::org(scope.org_id.clone()).contains(scope));
    for told in [scope.validate(), scope.validate_write()] {
        if let Err(error) = told {
            quiet(&error, &scope.org_id);
        }
    }
    match scope.to_path() {
        Ok((path, residual)) => {
            parts(&path);
            assert_eq!(Scope::from_path(&path, residual).as_ref(), Ok(scope), "(one form)");
        }
        Err(error) => quiet(&error, &scope.org_id),
    }
}
