//! JSON Schema, by a maintained crate. Nothing is fetched: a reference to elsewhere is refused when the contract is defined.
//! Patterns run on an engine whose time is linear in the text; how much a schema can cost is bounded by [`bounds`].

use super::super::compile::{PATTERN_MEMORY_MAX, Unusable};
use super::bounds;
use serde_json::Value;

/// Most characters of one error.
const ERROR_CHARS_MAX: usize = 300;

/// A schema that is ready for use.
#[derive(Debug)]
pub(crate) struct Schema(jsonschema::Validator);

impl Schema {
    pub(crate) fn new(schema: &Value) -> Result<Self, Unusable> {
        bounds::check(schema).map_err(Unusable::Wrong)?;
        let built = jsonschema::options()
            .with_pattern_options(jsonschema::PatternOptions::regex().size_limit(PATTERN_MEMORY_MAX))
            .should_validate_formats(true)
            .build(schema);
        built
            .map(Self)
            .map_err(|error| Unusable::Wrong(format!("the JSON Schema is none: {}", short(&error))))
    }
    /// What is wrong, as far as there is room.
    pub(crate) fn errors(&self, data: &Value, room: usize) -> Vec<String> {
        let about = |error: jsonschema::ValidationError<'_>| {
            // The place, and which keyword it breaks: values stay out of messages.
            let masked = short(&error.masked());
            format!("At `{}`: {masked}", error.instance_path())
        };
        self.0.iter_errors(data).take(room).map(about).collect()
    }
}

fn short(error: &impl ToString) -> String {
    error.to_string().chars().take(ERROR_CHARS_MAX).collect()
}
