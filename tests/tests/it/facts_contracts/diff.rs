//! What changed between two versions of a contract.

use super::*;

/// Versions 1 and 2 of a contract, compared.
fn difference(before: Vec<FieldSpec>, after: Vec<FieldSpec>) -> [Vec<String>; 3] {
    let (_, ada) = alone();
    ada.execute(Create::new("thing", "thing", before).with_id(TASK)).unwrap();
    ada.execute(Update::new(TASK, after)).unwrap();
    let diff = ada.reading().contract_diff(TASK, 1, 2).unwrap();
    assert_eq!((diff.old_version, diff.new_version), (1, 2));
    [diff.added_fields, diff.removed_fields, diff.modified_fields]
}

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

/// A diff told of fields and of nothing else: a constraint or a schema could change, and "nothing has".
#[test]
fn a_diff_tells_whether_constraints_changed() {
    let (_, ada) = alone();
    ada.execute(Create::new("thing", "thing", two()).with_id(TASK)).unwrap();
    ada.execute(Update::new(TASK, two()).because("the same")).unwrap_or_else(|e| panic!("{e}"));
    let either = ConstraintSpec::at_least_one("either", &["a", "b"]);
    ada.execute(Update::new(TASK, two()).constrained(either)).unwrap();
    let diff = |old, new| ada.reading().contract_diff(TASK, old, new).unwrap();
    assert!(!diff(1, 2).constraints_changed && !diff(1, 2).schema_changed);
    let changed = diff(2, 3);
    assert!(changed.constraints_changed && !changed.schema_changed, "{changed:?}");
    assert_eq!(changed.modified_fields, Vec::<String>::new());
}
