//! What a check came to.

use super::invariant::{CheckName, Invariant};
use serde::Serialize;

/// A check, carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Its stable name.
    pub name: &'static str,
    /// What it looks at.
    pub about: &'static str,
    /// No violation.
    pub passed: bool,
    /// On how many items.
    pub looked_at: u64,
    /// What was found, in a line.
    pub details: String,
    /// The first violations, in the order in which they were met.
    pub violations: Vec<String>,
    /// How many there are.
    pub violations_total: u64,
    /// The first things that are no violation and worth a look.
    pub warnings: Vec<String>,
    /// How many there are.
    pub warnings_total: u64,
}

impl Check {
    fn new(name: CheckName) -> Self {
        Self {
            name: name.as_str(),
            about: name.about(),
            passed: true,
            looked_at: 0,
            details: String::new(),
            violations: Vec::new(),
            violations_total: 0,
            warnings: Vec::new(),
            warnings_total: 0,
        }
    }
}

/// All checks of one run, while it runs. Bounded: of each check only the first violations and warnings are kept.
pub(super) struct Book {
    checks: Vec<Check>,
    kept: usize,
}

impl Book {
    /// Keeps so many violations and warnings of each check.
    pub(super) fn new(kept: usize) -> Self {
        Self { checks: CheckName::ALL.iter().map(|name| Check::new(*name)).collect(), kept }
    }
    fn check(&mut self, name: CheckName) -> &mut Check {
        // In the order of the list, one for each.
        &mut self.checks[name as usize]
    }
    /// That many more items were looked at.
    pub(super) fn saw(&mut self, name: CheckName, items: u64) {
        self.check(name).looked_at += items;
    }
    /// One item was looked at, and this is wrong with it, if anything is.
    pub(super) fn hold(&mut self, name: CheckName, holds: bool, violation: impl FnOnce() -> String) {
        self.saw(name, 1);
        if !holds {
            self.violation(name, violation);
        }
    }
    /// A violation.
    pub(super) fn violation(&mut self, name: CheckName, violation: impl FnOnce() -> String) {
        let kept = self.kept;
        let check = self.check(name);
        check.passed = false;
        check.violations_total += 1;
        if check.violations.len() < kept {
            check.violations.push(violation());
        }
    }
    /// Something worth a look.
    pub(super) fn warning(&mut self, name: CheckName, warning: impl FnOnce() -> String) {
        let kept = self.kept;
        let check = self.check(name);
        check.warnings_total += 1;
        if check.warnings.len() < kept {
            check.warnings.push(warning());
        }
    }
    /// One line about what was found.
    pub(super) fn details(&mut self, name: CheckName, details: String) {
        self.check(name).details = details;
    }

    /// By invariant.
    pub(super) fn close(self) -> Vec<InvariantReport> {
        let mut found: Vec<InvariantReport> =
            Invariant::ALL.iter().map(|it| InvariantReport::new(*it)).collect();
        for (name, mut check) in CheckName::ALL.iter().zip(self.checks) {
            if check.details.is_empty() {
                check.details = match check.violations_total {
                    0 => format!("{} looked at", check.looked_at),
                    bad => format!("{bad} of {} looked at", check.looked_at),
                };
            }
            let report = &mut found[usize::from(name.invariant().number()) - 1];
            report.passed &= check.passed;
            report.looked_at += check.looked_at;
            report.checks.push(check);
        }
        found
    }
}

/// What an invariant came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InvariantReport {
    /// 1 to 10.
    pub number: u8,
    /// Which.
    pub invariant: Invariant,
    /// In words.
    pub sentence: &'static str,
    /// No check found a violation.
    pub passed: bool,
    /// Items that its checks looked at.
    pub looked_at: u64,
    /// How it was checked.
    pub checks: Vec<Check>,
}

impl InvariantReport {
    fn new(invariant: Invariant) -> Self {
        let (number, sentence) = (invariant.number(), invariant.sentence());
        Self { number, invariant, sentence, passed: true, looked_at: 0, checks: Vec::new() }
    }
}
