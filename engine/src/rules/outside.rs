//! What conditions ask about that only this crate knows: data, which is JSON, and CEL.

use scoped_projections::rules::{Asked, FieldTest, Outside, Scalar, Truth};
use serde_json::Value;
use std::cell::Cell;
use std::cmp::Ordering;

/// The data that a question carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum AskedData<'a> {
    /// None: what asks for it is missing an attribute.
    #[default]
    Missing,
    /// It will be looked at when the answer hangs on it: until then tests of it speak in favour.
    Later,
    /// That of each thing in a list, which is asked about by itself.
    Each,
    /// This.
    Is(&'a Value),
}

/// What is known outside of the world.
pub(crate) struct Known<'a> {
    data: AskedData<'a>,
    /// Was data asked for that is not there?
    wanted: Cell<bool>,
}

impl<'a> Known<'a> {
    pub(crate) fn new(data: AskedData<'a>) -> Self {
        Self { data, wanted: Cell::new(false) }
    }
    /// Was data asked for that the question did not carry?
    pub(crate) fn wanted(&self) -> bool {
        self.wanted.get()
    }
    /// Says whether it was.
    pub(crate) fn want(&self, wanted: bool) {
        self.wanted.set(wanted);
    }
    fn unknown(&self) -> Truth {
        self.want(true);
        match self.data {
            AskedData::Later => Truth::Pending,
            AskedData::Each => Truth::Each,
            AskedData::Missing | AskedData::Is(_) => Truth::Missing,
        }
    }
}

impl Outside for Known<'_> {
    fn field(&self, test: &FieldTest) -> Truth {
        let AskedData::Is(data) = self.data else { return self.unknown() };
        holds(test, data)
    }
    fn cel(&self, text: &str, asked: &Asked<'_>) -> Truth {
        match self.data {
            AskedData::Is(data) => super::cel::evaluate(text, asked, Some(data)),
            // A condition that mentions the data waits for it.
            _ if super::cel::mentions_data(text) => self.unknown(),
            _ => super::cel::evaluate(text, asked, None),
        }
    }
}

/// The value that a path of keys leads to.
fn at<'v>(path: &str, data: &'v Value) -> Option<&'v Value> {
    path.split('.').try_fold(data, |value, key| match value {
        Value::Array(list) => list.get(key.parse::<usize>().ok()?),
        value => value.get(key),
    })
}

/// Does the data say this? What is not there is a missing attribute, but to the test that asks whether it is there.
fn holds(test: &FieldTest, data: &Value) -> Truth {
    let found = at(&test.path, data);
    let mut truth = Truth::from(test.exists.is_none_or(|wanted| wanted == found.is_some()));
    let Some(value) = found else {
        let others = FieldTest { exists: None, ..test.clone() };
        return if others.is_empty() { truth } else { truth.and(Truth::Missing) };
    };
    if let Some(wanted) = &test.eq {
        truth = truth.and(equal(value, wanted).into());
    }
    if let Some(wanted) = &test.ne {
        truth = truth.and((!equal(value, wanted)).into());
    }
    if let Some(list) = &test.one_of {
        truth = truth.and(list.0.iter().any(|wanted| equal(value, wanted)).into());
    }
    for (bound, wanted) in [(&test.lt, Ordering::Less), (&test.gt, Ordering::Greater)] {
        let Some(bound) = bound else { continue };
        // Apples are neither less nor more than pears: that is a missing attribute, too.
        truth = truth.and(compare(value, bound).map_or(Truth::Missing, |order| (order == wanted).into()));
    }
    truth
}

fn equal(value: &Value, scalar: &Scalar) -> bool {
    match (value, scalar) {
        (Value::Null, Scalar::Null) => true,
        (Value::Bool(value), Scalar::Flag(flag)) => value == flag,
        _ => compare(value, scalar) == Some(Ordering::Equal),
    }
}

fn compare(value: &Value, scalar: &Scalar) -> Option<Ordering> {
    match (value, scalar) {
        (Value::String(value), Scalar::Text(text)) => Some(value.as_str().cmp(text)),
        (Value::Number(value), Scalar::Integer(number)) => match value.as_i64() {
            Some(value) => Some(value.cmp(number)),
            None => value.as_f64()?.partial_cmp(&(*number as f64)),
        },
        (Value::Number(value), Scalar::Decimal(number)) => value.as_f64()?.partial_cmp(&number.get()),
        _ => None,
    }
}
