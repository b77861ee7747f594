//! JSON Schema in a build without the feature: none can be used, and that is said.

use super::super::compile::Unusable;
use serde_json::Value;

/// There is none in this build.
#[derive(Debug)]
pub(crate) enum Schema {}

impl Schema {
    pub(crate) fn new(_: &Value) -> Result<Self, Unusable> {
        Err(Unusable::NoFeature("json-schema"))
    }
    pub(crate) fn errors(&self, _: &Value, _: usize) -> Vec<String> {
        match *self {}
    }
}
