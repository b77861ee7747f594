//! Who watches a decision being made: nobody, or whoever wants it explained.

use super::Rule;
use scoped_projections::rules::{Entry, Rules};
use scoped_projections::tenancy::Effect;

/// Somebody who watches a decision being made.
pub(crate) trait Witness {
    /// False for nobody: what cannot change the answer is then left out.
    const LISTENS: bool = true;
    /// Will names be put to the answer? Then what they stand in is asked for early.
    const NAMES: bool = true;
    fn saw(&mut self, rule: Rule, effect: Effect, counted: bool, why: &'static str);
    /// The same for a compiled entry, which is named only for those who listen.
    fn considered(&mut self, rules: &Rules, entry: &Entry, counted: bool, why: &'static str) {
        self.saw(Rule::policy(rules, entry.version, entry.binding), entry.effect, counted, why);
    }
}

impl Witness for () {
    const LISTENS: bool = false;
    #[inline(always)]
    fn saw(&mut self, _: Rule, _: Effect, _: bool, _: &'static str) {}
    #[inline(always)]
    fn considered(&mut self, _: &Rules, _: &Entry, _: bool, _: &'static str) {}
}

/// Nobody watches, and nobody asks why.
pub(super) struct YesOrNo;

impl Witness for YesOrNo {
    const LISTENS: bool = false;
    const NAMES: bool = false;
    #[inline(always)]
    fn saw(&mut self, _: Rule, _: Effect, _: bool, _: &'static str) {}
    #[inline(always)]
    fn considered(&mut self, _: &Rules, _: &Entry, _: bool, _: &'static str) {}
}

/// One rule that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Considered {
    /// Which.
    pub rule: Rule,
    /// What it would do.
    pub effect: Effect,
    /// Did it count?
    pub counted: bool,
    /// Why, or why not.
    pub why: &'static str,
}

impl Witness for Vec<Considered> {
    fn saw(&mut self, rule: Rule, effect: Effect, counted: bool, why: &'static str) {
        self.push(Considered { rule, effect, counted, why });
    }
}
