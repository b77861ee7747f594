//! Numbers of JSON, compared exactly: a bound must not be off by what a float cannot hold.

use serde_json::Value;
use std::cmp::Ordering;

/// A number as JSON holds it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Number {
    Whole(i128),
    Float(f64),
}

impl Number {
    pub(super) fn of(value: &Value) -> Option<Self> {
        let Value::Number(number) = value else { return None };
        let whole = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
        whole.map(Self::Whole).or_else(|| number.as_f64().filter(|f| f.is_finite()).map(Self::Float))
    }

    pub(super) fn compare(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Whole(a), Self::Whole(b)) => a.cmp(&b),
            (Self::Whole(a), Self::Float(b)) => whole_to_float(a, b),
            (Self::Float(a), Self::Whole(b)) => whole_to_float(b, a).reverse(),
            (Self::Float(a), Self::Float(b)) => a.partial_cmp(&b).unwrap_or(Ordering::Equal),
        }
    }
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Whole(number) => number.fmt(f),
            Self::Float(number) => number.fmt(f),
        }
    }
}

fn whole_to_float(whole: i128, float: f64) -> Ordering {
    // Whole numbers of JSON have at most 64 bits; a float beyond 100 bits is beyond all of them.
    const BEYOND: f64 = 1e30;
    if float >= BEYOND {
        return Ordering::Less;
    }
    if float <= -BEYOND {
        return Ordering::Greater;
    }
    let rest = float.fract().partial_cmp(&0.0).unwrap_or(Ordering::Equal).reverse();
    whole.cmp(&(float.trunc() as i128)).then(rest)
}

/// Equal as values of a field: numbers by what they are worth, everything else as it is.
pub(super) fn same(a: &Value, b: &Value) -> bool {
    match (Number::of(a), Number::of(b)) {
        (Some(a), Some(b)) => a.compare(b) == Ordering::Equal,
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_are_compared_by_what_they_are_worth() {
        for (a, b, expected) in [
            (json!(1), json!(2), Ordering::Less),
            (json!(9_007_199_254_740_993_u64), json!(9_007_199_254_740_992.0), Ordering::Greater),
            (json!(u64::MAX), json!(1.8e19), Ordering::Greater),
            (json!(u64::MAX), json!(1e300), Ordering::Less),
            (json!(i64::MIN), json!(-1e300), Ordering::Greater),
            (json!(-1), json!(-1.5), Ordering::Greater),
            (json!(-2), json!(-1.5), Ordering::Less),
            (json!(2), json!(2.5), Ordering::Less),
            (json!(2.0), json!(2), Ordering::Equal),
            (json!(0.1), json!(0.2), Ordering::Less),
        ] {
            let (x, y) = (Number::of(&a).unwrap(), Number::of(&b).unwrap());
            assert_eq!(x.compare(y), expected, "{a} and {b}");
            assert_eq!(y.compare(x), expected.reverse(), "{b} and {a}");
        }
    }
}
