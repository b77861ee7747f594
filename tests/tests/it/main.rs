//! One binary of scenarios and properties, each seen from outside: public items only.
//!
//! Open first: `model` (random histories against a naive oracle), then `crash` (kill -9), then whichever folder name draws you.

mod support;

mod access;
mod any_input;
mod bad_input;
mod conformance;
mod contract;
mod crash;
mod delegation;
mod determinism;
mod erasure;
mod examples;
mod facts_access;
mod facts_audit;
mod facts_config;
mod facts_context;
mod facts_contracts;
mod facts_export;
mod facts_identity;
mod facts_objects;
mod facts_records;
mod facts_registry;
mod facts_rules;
mod facts_scopes;
mod facts_templates;
mod facts_temporal;
mod facts_tenancy;
mod facts_views;
mod groups;
mod history_import;
mod isolation;
mod model;
mod oracle;
mod revocation;
mod rules;
mod scenario;
