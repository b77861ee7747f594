//! Canonical JSON: keys sorted, no blanks, numbers as `serde_json` writes those that fit into 64 bits.
//!
//! Why not just write a value out: in a program where any other crate switches on `serde_json/preserve_order` or
//! `arbitrary_precision`, they hold for all crates. Then maps keep the order in which they were made and numbers their text, and equal data would
//! be unequal bytes there. So all JSON that goes into the log, or into a digest, comes through here. Cost: one more walk over the value.

use serde::Serialize;
use serde::ser::Error as _;
use serde_json::{Error, Number, Value};
use std::sync::LazyLock;

/// Do numbers keep their text here? No crate can ask for the features of another one.
static NUMBERS_ARE_TEXT: LazyLock<bool> = LazyLock::new(|| {
    let again = serde_json::from_str::<Value>("1.00").and_then(|one| serde_json::to_string(&one));
    again.is_ok_and(|text| text == "1.00")
});

/// As canonical JSON.
///
/// # Errors
/// When it cannot be written as JSON, or a number fits neither into 64 bits nor into a double.
pub(crate) fn bytes(value: impl Serialize) -> Result<Vec<u8>, Error> {
    written(serde_json::to_value(value)?)
}

/// The same of a value that is there already, which is not copied.
///
/// # Errors
/// As [`bytes`].
pub(crate) fn written(mut value: Value) -> Result<Vec<u8>, Error> {
    value.sort_all_objects();
    if *NUMBERS_ARE_TEXT {
        plain_numbers(&mut value)?;
    }
    serde_json::to_vec(&value)
}

/// The same as text. A number that fits nowhere is written as it is: whoever reads it refuses it.
pub(crate) fn text(value: &Value) -> String {
    let bytes = bytes(value).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    bytes.unwrap_or_else(|| value.to_string())
}

fn plain_numbers(value: &mut Value) -> Result<(), Error> {
    match value {
        Value::Number(number) => {
            let whole = || number.as_u64().map(Number::from).or_else(|| number.as_i64().map(Number::from));
            let plain = whole().or_else(|| number.as_f64().and_then(Number::from_f64));
            *number = plain.ok_or_else(|| Error::custom(format!("the number {number} is out of range")))?;
            Ok(())
        }
        Value::Array(list) => list.iter_mut().try_for_each(plain_numbers),
        Value::Object(map) => map.values_mut().try_for_each(plain_numbers),
        _ => Ok(()),
    }
}
