//! One binary of scenarios and properties, each seen from outside: public items only.
//!
//! Open first: `model` (random histories against a naive oracle), then `crash` (kill -9), then whichever folder name draws you.

mod support;

mod access;
mod any_bytes;
mod any_input;
mod back;
mod bad_input;
mod came_from;
mod canonical;
mod compliance;
mod conformance;
mod contract;
mod crash;
mod declarations;
mod delegation;
mod determinism;
mod dissolution;
mod erasure;
mod examples;
mod facts_access;
mod facts_audit;
#[cfg(feature = "cel")]
mod facts_cel;
mod facts_config;
mod facts_context;
mod facts_contracts;
mod facts_decisions;
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
mod grants;
mod groups;
mod history_import;
mod isolation;
mod long_trail;
mod membership;
mod model;
mod oracle;
mod owners;
mod parts;
mod predict;
mod quotas;
mod recorded;
mod redaction;
mod references;
mod revocation;
mod rules;
mod rules_reading;
mod rules_unsaid;
mod scenario;
mod sim;
mod snapshots;
mod trail;
mod trail_forms;
mod way_back;
mod writing;
