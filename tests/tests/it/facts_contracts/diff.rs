//! What changed between two versions of a contract.

use super::*;

#[test]
fn a_diff_shows_added_fields() {
    assert_eq!(difference(named(&["a"]), named(&["c", "a", "b"]))[0], ["c", "b"]);
}

#[test]
fn a_diff_shows_removed_fields() {
    assert_eq!(difference(named(&["c", "a", "b"]), named(&["a"]))[1], ["c", "b"]);
}

#[test]
fn a_diff_shows_modified_fields_also_when_only_required_changed() {
    let after = vec![FieldSpec::new("a", T::Any).optional(), FieldSpec::new("b", T::Any)];
    assert_eq!(difference(named(&["a", "b"]), after), [vec![], vec![], vec!["a".to_owned()]]);
}
