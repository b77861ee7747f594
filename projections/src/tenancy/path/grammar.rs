//! The rules of the text, apart from the values made of it.

use std::borrow::Cow;

use super::{SEGMENT_CHARS_MAX, SEGMENTS_MAX, ScopePathError, ScopeType};

/// Accepts canonical form; otherwise tells the first fault.
pub(super) fn check(text: &str) -> Result<(), ScopePathError> {
    first_fault(text).map_err(|fault| match fault {
        // A canonical spelling has no `NonCanonical` of its own, so one more look is enough.
        ScopePathError::NonCanonical { index, canonical } => {
            let whole = canonical_path(text);
            let canonical = if first_fault(&whole).is_ok() { whole } else { canonical };
            ScopePathError::NonCanonical { index, canonical }
        }
        fault => fault,
    })
}

/// As `check`, but `NonCanonical` holds only its segment.
fn first_fault(text: &str) -> Result<(), ScopePathError> {
    check_shape(text)?;
    text.split('/').enumerate().try_for_each(|(index, segment)| check_segment(index, segment))
}

/// How many segments there are, and that none is empty.
fn check_shape(text: &str) -> Result<(), ScopePathError> {
    if text.is_empty() {
        return Err(ScopePathError::Empty);
    }
    if let Some(index) = text.split('/').position(str::is_empty) {
        return Err(ScopePathError::EmptySegment { index });
    }
    let found = text.split('/').count();
    if found > SEGMENTS_MAX {
        return Err(ScopePathError::TooManySegments { found, max: SEGMENTS_MAX });
    }
    Ok(())
}

fn check_segment(index: usize, segment: &str) -> Result<(), ScopePathError> {
    check_segment_length(index, segment.chars().count())?;
    let Some((name, id)) = segment.split_once(':') else {
        return Err(ScopePathError::MissingColon { index });
    };
    if name.is_empty() {
        return Err(ScopePathError::EmptyType { index });
    }
    if ScopeType::from_name(name).is_none() {
        return Err(if ScopeType::ALL.iter().any(|known| known.name().eq_ignore_ascii_case(name)) {
            ScopePathError::NonCanonical { index, canonical: canonical_segment(segment).into_owned() }
        } else {
            ScopePathError::UnknownType { index, found: name.to_owned() }
        });
    }
    check_id(index, id)?;
    match canonical_segment(segment) {
        Cow::Borrowed(_) => Ok(()),
        Cow::Owned(canonical) => Err(ScopePathError::NonCanonical { index, canonical }),
    }
}

pub(super) fn check_segment_length(index: usize, len: usize) -> Result<(), ScopePathError> {
    if len > SEGMENT_CHARS_MAX {
        return Err(ScopePathError::SegmentTooLong { index, len, max: SEGMENT_CHARS_MAX });
    }
    Ok(())
}

/// Everything about an id but its letter case.
pub(super) fn check_id(index: usize, id: &str) -> Result<(), ScopePathError> {
    if id.is_empty() {
        return Err(ScopePathError::EmptyId { index });
    }
    if let Some((offset, ch)) = id.chars().enumerate().find(|&(_, ch)| !may_stand_in_id(ch)) {
        return Err(ScopePathError::InvalidIdChar { index, ch, offset });
    }
    if !(id.starts_with(may_stand_at_edge) && id.ends_with(may_stand_at_edge)) {
        return Err(ScopePathError::InvalidIdEdge { index });
    }
    if id.bytes().filter(|&byte| byte == b'@').count() > 1 {
        return Err(ScopePathError::InvalidEmail { index });
    }
    Ok(())
}

fn may_stand_in_id(ch: char) -> bool {
    ch.is_ascii_alphanumeric() || matches!(ch, '-' | '_' | '.' | '@')
}

fn may_stand_at_edge(ch: char) -> bool {
    ch.is_ascii_alphanumeric()
}

/// The text in canonical letter case, valid or not.
pub(super) fn canonical_path(text: &str) -> String {
    let mut path = String::with_capacity(text.len());
    for (index, segment) in text.split('/').enumerate() {
        if index > 0 {
            path.push('/');
        }
        path.push_str(&canonical_segment(segment));
    }
    path
}

/// Owned only if something changes.
fn canonical_segment(segment: &str) -> Cow<'_, str> {
    let Some((name, id)) = segment.split_once(':') else { return Cow::Borrowed(segment) };
    let canonical = canonical_id(id);
    if matches!(canonical, Cow::Borrowed(_)) && !name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Cow::Borrowed(segment);
    }
    Cow::Owned(format!("{}:{canonical}", name.to_ascii_lowercase()))
}

/// Owned only if something changes.
pub(super) fn canonical_id(id: &str) -> Cow<'_, str> {
    if is_ulid_shaped(id) {
        return if id.bytes().any(|byte| byte.is_ascii_lowercase()) {
            Cow::Owned(id.to_ascii_uppercase())
        } else {
            Cow::Borrowed(id)
        };
    }
    match id.split_once('@') {
        Some((local, domain)) if domain.bytes().any(|byte| byte.is_ascii_uppercase()) => {
            Cow::Owned(format!("{local}@{}", domain.to_ascii_lowercase()))
        }
        _ => Cow::Borrowed(id),
    }
}

/// 26 characters of Crockford's alphabet in either case, the first one 0 to 7.
fn is_ulid_shaped(id: &str) -> bool {
    let in_alphabet = |byte: &u8| {
        byte.is_ascii_alphanumeric() && !matches!(byte.to_ascii_uppercase(), b'I' | b'L' | b'O' | b'U')
    };
    id.len() == 26
        && id.starts_with(|first| matches!(first, '0'..='7'))
        && id.as_bytes().iter().all(in_alphabet)
}
