//! Conditions in CEL: feature `cel`, with a twin of the same surface for builds without it.

#[cfg(feature = "cel")]
mod attributes;
#[cfg(feature = "cel")]
mod compile;
#[cfg(feature = "cel")]
mod on;
#[cfg(feature = "cel")]
pub(crate) use on::{WHY_MISSING, check, evaluate, mentions_data, mentions_time};

#[cfg(not(feature = "cel"))]
mod off;
#[cfg(not(feature = "cel"))]
pub(crate) use off::{WHY_MISSING, check, evaluate, mentions_data, mentions_time};
