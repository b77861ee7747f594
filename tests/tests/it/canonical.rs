//! Canonical JSON: equal data is equal bytes, whatever other crates of the program have switched on in `serde_json`.
//!
//! `.ci/run` runs these also with the feature `other-json`, under which maps keep the order in which they were made and numbers their text.

use crate::support::by_hand;
use scoped::{Data, ObjectId, PrincipalId, objects};
use serde_json::Value;

const SORTED: &str = r#"{"a":{"c":[100.0,18446744073709551615,-1],"d":1.5},"b":1}"#;

/// In a program whose other crates had switched on `serde_json/preserve_order`, keys were written in the order in which they came: equal data had
/// other checksums, and the tool, built without it, would have called the log wrong.
#[test]
fn equal_data_is_equal_bytes() {
    let text = r#" { "b" : 1, "a" : { "d" : 1.50, "c" : [1e2, 18446744073709551615, -1] } } "#;
    let value: Value = serde_json::from_str(text).unwrap();
    let ways = [
        Data::from_json(text).unwrap(),
        Data::new(&value).unwrap(),
        serde_json::from_value(value).unwrap(),
        serde_json::from_str(text).unwrap(),
    ];
    for data in ways {
        assert_eq!(std::str::from_utf8(data.bytes()).unwrap(), SORTED);
        assert_eq!(serde_json::to_string(&data).unwrap(), SORTED);
    }
}

#[test]
fn a_number_that_fits_nowhere_is_refused() {
    for text in ["1e999", "[18446744073709551616]", "-9223372036854775809"] {
        assert!(Data::from_json(text).is_err(), "{text}");
    }
}

#[test]
fn what_is_read_is_sorted() {
    let (engine, _) = by_hand(12);
    let ada = engine.session(PrincipalId(1)).unwrap();
    let object = ObjectId(7);
    let data = Data::from_json(r#"{"z":{"b":2,"a":1},"a":0}"#).unwrap();
    ada.execute(objects::Create { object: Some(object), ..objects::Create::new("note", data) }).unwrap();
    let shown = ada.read(object).unwrap();
    assert_eq!(std::str::from_utf8(shown.data()).unwrap(), r#"{"a":0,"z":{"a":1,"b":2}}"#);
}
