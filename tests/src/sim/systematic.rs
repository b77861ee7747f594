//! Systematic.
