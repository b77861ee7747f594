//! Contracts as JSON Schema: feature `json-schema`, with a twin of the same surface for builds without it.

#[cfg(feature = "json-schema")]
mod bounds;
#[cfg(feature = "json-schema")]
mod on;
#[cfg(feature = "json-schema")]
mod recursion;
#[cfg(feature = "json-schema")]
pub(crate) use on::Schema;

#[cfg(not(feature = "json-schema"))]
mod off;
#[cfg(not(feature = "json-schema"))]
pub(crate) use off::Schema;
