//! What a scope may declare for itself and for what is below it.
//!
//! How levels combine, on the way from a scope to its root (scopes specification, section 6):
//!
//! | key | combined |
//! |---|---|
//! | `default_view` | nearest wins |
//! | `retention.<class>.max_age` | shortest wins |
//! | `retention.<class>.min_age` | longest wins: a hold |
//! | `quota` | every level holds for its own subtree |
//! | `visible_to_descendants`, `inherit_members` | own value only |
//! | `audit_reads` | strictest wins: `all`, `sensitive`, `none` |
//!
//! A policy is set as a whole: what is absent is not declared.

use super::{Period, View};
use crate::codec::{Decode, Encode};
use crate::tagged::tagged;
use serde::{Deserialize, Serialize};

tagged! {
    /// Which allowed reads leave a record. Later is stricter.
    pub enum AuditReads as "word for what reads are recorded" {
        /// None of them.
        None = 1, "none";
        /// Exports, reads of the past by others than the owner, questions about others' access.
        Sensitive = 2, "sensitive";
        /// All of them.
        All = 3, "all";
    }
}

/// How long something is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, Decode, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ages {
    /// When it goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<Period>,
    /// Until when it must not go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_age: Option<Period>,
}

impl Ages {
    /// Both declarations together: the shorter greatest age, the longer hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let max_age = match (self.max_age, other.max_age) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        Self { max_age, min_age: self.min_age.max(other.min_age) }
    }
    /// A hold that outlasts the greatest age cannot be kept.
    #[must_use]
    pub fn conflict(self) -> bool {
        self.max_age.zip(self.min_age).is_some_and(|(max, min)| min > max)
    }
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// How long what is kept, by class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, Decode, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// Objects, from their creation.
    #[serde(default, skip_serializing_if = "Ages::is_empty")]
    pub objects: Ages,
    /// Versions that are not current, from when they were written.
    #[serde(default, skip_serializing_if = "Ages::is_empty")]
    pub versions: Ages,
    /// Events: they are never cut, so there is a hold only.
    #[serde(default, skip_serializing_if = "Ages::is_empty")]
    pub events: Ages,
}

impl Retention {
    /// Both declarations together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            objects: self.objects.and(other.objects),
            versions: self.versions.and(other.versions),
            events: self.events.and(other.events),
        }
    }
    /// The classes, by name.
    #[must_use]
    pub fn classes(&self) -> [(&'static str, Ages); 3] {
        [("objects", self.objects), ("versions", self.versions), ("events", self.events)]
    }
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Upper bounds on what a scope and all below it may hold together. Absent: no bound; 0: no growth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, Decode, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// Live records, by home scope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_records: Option<u64>,
    /// Bytes of their current payloads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<u64>,
    /// Bytes of all payloads ever appended; never falls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_log_bytes: Option<u64>,
    /// Live scopes below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_scopes: Option<u64>,
    /// Memberships.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_members: Option<u64>,
}

impl Quota {
    /// The metrics that are bounded, by name.
    pub fn limits(&self) -> impl Iterator<Item = (Metric, u64)> {
        let of = |metric: Metric| match metric {
            Metric::Records => self.max_records,
            Metric::Bytes => self.max_bytes,
            Metric::LogBytes => self.max_log_bytes,
            Metric::Scopes => self.max_scopes,
            Metric::Members => self.max_members,
        };
        Metric::ALL.iter().filter_map(move |metric| Some((*metric, of(*metric)?)))
    }
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

tagged! {
    /// What a quota counts.
    pub enum Metric as "metric" {
        /// Live records.
        Records = 1, "max_records";
        /// Bytes of their current payloads.
        Bytes = 2, "max_bytes";
        /// Bytes of all payloads ever appended.
        LogBytes = 3, "max_log_bytes";
        /// Live scopes below.
        Scopes = 4, "max_scopes";
        /// Memberships.
        Members = 5, "max_members";
    }
}

/// What a scope declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, Decode, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// How long things are kept.
    #[serde(default, skip_serializing_if = "Retention::is_empty")]
    pub retention: Retention,
    /// The view of whoever asks for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_view: Option<View>,
    /// Upper bounds for the subtree.
    #[serde(default, skip_serializing_if = "Quota::is_empty")]
    pub quota: Quota,
    /// Do scopes below see it when they reach up? (default: yes)
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible_to_descendants: Option<bool>,
    /// Do roles and allows from above hold here? (default: yes)
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inherit_members: Option<bool>,
    /// Which reads leave a record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_reads: Option<AuditReads>,
}

impl Policy {
    /// True when it declares nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A policy, and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Declared {
    /// What is declared.
    pub policy: Policy,
    /// How often the scope has declared its policy.
    pub version: u32,
    /// The event that did.
    pub since: crate::Sequence,
}

crate::store::owns_nothing!(Declared);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_combine_to_the_shorter_end_and_the_longer_hold() {
        let days = |max: Option<u64>, min: Option<u64>| Ages {
            max_age: max.and_then(Period::days),
            min_age: min.and_then(Period::days),
        };
        assert_eq!(days(Some(9), Some(2)).and(days(Some(7), Some(3))), days(Some(7), Some(3)));
        assert_eq!(days(None, None).and(days(Some(7), None)), days(Some(7), None));
        assert!(days(Some(1), Some(2)).conflict());
        assert!(!days(Some(2), Some(2)).conflict());
        assert!(!days(None, Some(2)).conflict());
    }

    #[test]
    fn a_policy_goes_through_text_and_says_nothing_of_what_it_does_not_declare() {
        assert_eq!(serde_json::to_string(&Policy::default()).unwrap(), "{}");
        let text = r#"{"retention":{"objects":{"max_age":"P365D"}},"quota":{"max_records":3},"inherit_members":false}"#;
        let policy: Policy = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&policy).unwrap(), text);
        assert_eq!(policy.quota.limits().collect::<Vec<_>>(), [(Metric::Records, 3)]);
        assert!(serde_json::from_str::<Policy>(r#"{"quotas":{}}"#).is_err());
    }
}
