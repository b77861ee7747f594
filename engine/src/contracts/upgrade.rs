//! Upgrades: data of one version of a contract becomes data of the next, by declared steps.
//!
//! Steps are few and closed, and each loses nothing: what a step cannot do to a value is reported, and the data stays as it is.

use super::compile::Compiled;
use super::validate::sort;
use scoped_projections::contracts::{Conversion, FieldType as T, Upgrade, UpgradeKind as U};
use serde_json::{Map, Value};

/// Can this step be part of the way to that version?
pub(super) fn check(to: &Compiled, step: &Upgrade) -> Result<(), String> {
    let (field, other) = (step.field.as_str(), step.other.as_str());
    if field.is_empty() {
        return Err("it names no field".to_owned());
    }
    if to.schema.is_some() {
        // What fields a schema has cannot be told; that the words mean something can.
        return match step.kind {
            U::Rename if other.is_empty() || other == field => Err("it needs another name".to_owned()),
            U::SetDefault => parse(other).map(drop),
            U::Convert => conversion(other).map(drop),
            _ => Ok(()),
        };
    }
    let declared =
        |name: &str| to.field(name).ok_or_else(|| format!("the new version has no field `{name}`"));
    match step.kind {
        U::Rename if other == field => Err("it needs another name".to_owned()),
        U::Rename => declared(other).map(drop),
        U::Drop if to.field(field).is_some() => Err("the new version has that field".to_owned()),
        U::Drop => Ok(()),
        U::SetDefault => match declared(field)?.errors_of(&parse(other)?).first() {
            Some(error) => Err(format!("the value does not fit: {error}")),
            None => Ok(()),
        },
        U::Convert => {
            let fits = match (conversion(other)?, declared(field)?.field_type) {
                (_, T::Any) => true,
                (Conversion::ToString, to) => matches!(to, T::String | T::Ref | T::Blob),
                (Conversion::ToInteger, to) => matches!(to, T::Integer | T::Float),
                (Conversion::ToFloat, to) => to == T::Float,
                (Conversion::ToBoolean, to) => to == T::Boolean,
                (Conversion::ToDatetime, to) => to == T::Datetime,
            };
            if fits { Ok(()) } else { Err(format!("`{other}` does not give what the field takes")) }
        }
        U::Wrap => match declared(field)?.field_type {
            T::List | T::Json | T::Any => Ok(()),
            other => Err(format!("the field is of type {other}, no list")),
        },
    }
}

fn parse(json: &str) -> Result<Value, String> {
    serde_json::from_str(json).map_err(|_| "its value is no JSON".to_owned())
}

fn conversion(word: &str) -> Result<Conversion, String> {
    word.parse().map_err(|error: scoped_projections::UnknownWord| error.to_string())
}

/// Does the steps in order, or says which one cannot be done.
pub(super) fn apply(steps: &[Upgrade], data: &mut Value) -> Result<(), String> {
    let what = sort(data);
    let Value::Object(map) = data else { return Err(format!("its data is no map of fields, but {what}")) };
    for step in steps {
        apply_one(step, map).map_err(|why| format!("`{}` of field `{}`: {why}", step.kind, step.field))?;
    }
    Ok(())
}

fn apply_one(step: &Upgrade, map: &mut Map<String, Value>) -> Result<(), String> {
    let Upgrade { kind, field, other } = step;
    match kind {
        U::Rename => {
            if map.contains_key(field) && map.contains_key(other) {
                return Err(format!("there is a field `{other}` already"));
            }
            if let Some(value) = map.remove(field) {
                map.insert(other.clone(), value);
            }
        }
        U::SetDefault => {
            if !map.contains_key(field) {
                map.insert(field.clone(), parse(other)?);
            }
        }
        U::Drop => drop(map.remove(field)),
        U::Convert => {
            if let Some(value) = map.get_mut(field).filter(|value| !value.is_null()) {
                *value = convert(value, conversion(other)?)?;
            }
        }
        U::Wrap => {
            if let Some(value) = map.get_mut(field).filter(|value| !value.is_array() && !value.is_null()) {
                let one = value.take();
                *value = Value::Array(vec![one]);
            }
        }
    }
    Ok(())
}

/// The greatest whole number up to which a float holds every one.
const EXACT_MAX: u64 = 1 << 53;

fn convert(value: &Value, to: Conversion) -> Result<Value, String> {
    let cannot = || format!("`{to}` would lose something of a value of type {}", sort(value));
    let text = value.as_str();
    let exact = |float: f64| float.fract() == 0.0 && float.abs() <= EXACT_MAX as f64;
    match to {
        Conversion::ToString => match value {
            Value::String(_) => Some(value.clone()),
            Value::Number(_) | Value::Bool(_) => Some(value.to_string().into()),
            _ => None,
        },
        Conversion::ToInteger => match value {
            Value::Number(number) if number.is_f64() => {
                number.as_f64().filter(|float| exact(*float)).map(|float| (float as i64).into())
            }
            Value::Number(_) => Some(value.clone()),
            _ => text.and_then(whole).map(Into::into),
        },
        Conversion::ToFloat => match value {
            Value::Number(number) if number.is_f64() => Some(value.clone()),
            Value::Number(number) => {
                let small = number.as_i64().is_some_and(|n| n.unsigned_abs() <= EXACT_MAX);
                number.as_f64().filter(|_| small).map(Into::into)
            }
            _ => text.and_then(|text| text.parse::<f64>().ok()).filter(|f| f.is_finite()).map(Into::into),
        },
        Conversion::ToBoolean => match (value, text) {
            (Value::Bool(_), _) => Some(value.clone()),
            (_, Some("true")) => Some(true.into()),
            (_, Some("false")) => Some(false.into()),
            _ => None,
        },
        Conversion::ToDatetime => match text {
            Some(text) if text.parse::<jiff::Timestamp>().is_ok() => Some(value.clone()),
            Some(text) => {
                text.parse::<jiff::civil::Date>().ok().map(|date| format!("{date}T00:00:00Z").into())
            }
            None => value
                .as_i64()
                .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok())
                .map(|instant| instant.to_string().into()),
        },
    }
    .ok_or_else(cannot)
}

/// A text that is a whole number as one writes it: `007` and `+7` would not come back as they were.
fn whole(text: &str) -> Option<i64> {
    text.parse::<i64>().ok().filter(|number| number.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn conversions_keep_the_value_or_refuse() {
        use Conversion::{ToBoolean, ToDatetime, ToFloat, ToInteger, ToString};
        for (value, to, expected) in [
            (json!(7), ToString, Some(json!("7"))),
            (json!(1.5), ToString, Some(json!("1.5"))),
            (json!(true), ToString, Some(json!("true"))),
            (json!([1]), ToString, None),
            (json!("42"), ToInteger, Some(json!(42))),
            (json!("042"), ToInteger, None),
            (json!("4.2"), ToInteger, None),
            (json!(4.0), ToInteger, Some(json!(4))),
            (json!(4.5), ToInteger, None),
            (json!(1e300), ToInteger, None),
            (json!(4), ToFloat, Some(json!(4.0))),
            (json!(9_007_199_254_740_993_i64), ToFloat, None),
            (json!("2.5"), ToFloat, Some(json!(2.5))),
            (json!("inf"), ToFloat, None),
            (json!("true"), ToBoolean, Some(json!(true))),
            (json!("yes"), ToBoolean, None),
            (json!(1), ToBoolean, None),
            (json!("2026-01-02"), ToDatetime, Some(json!("2026-01-02T00:00:00Z"))),
            (json!("2026-01-02T03:04:05+01:00"), ToDatetime, Some(json!("2026-01-02T03:04:05+01:00"))),
            (json!(0), ToDatetime, Some(json!("1970-01-01T00:00:00Z"))),
            (json!("soon"), ToDatetime, None),
        ] {
            assert_eq!(convert(&value, to).ok(), expected, "{value} {to}");
        }
    }
}
