//! A forest of scopes eight nodes deep with members anywhere in it, and questions whose answers are known beforehand.
//!
//! Everything follows from numbers, so that other deciders can be put the same questions about the same world
//! (`benches/peers`). What a question expects comes from how it was drawn, not from the engine.

mod build;
mod place;
mod questions;

pub use build::may;
pub use place::{DEPTH, Place};
pub use questions::{Kind, Question};

use super::drawn::{draw, id};
use place::{LEAVES, LEVELS};
use scoped::projections::rules::{Class, Clause, Many};
use scoped::{Action, ObjectId, PrincipalId, RuleId, ScopeId};
use scoped::{Effect, rules::Define};

/// Principals that are denied everything at one node each, below a root that allows them.
const DENIED: u32 = 1_000;
/// Principals that belong to a group each.
const GROUPED: u32 = 1_000;
/// Groups, each a member of one scope.
const GROUPS: u32 = 50;

/// How large a forest is.
#[derive(Debug, Clone, Copy)]
pub struct Forest {
    /// Objects, spread evenly over the leaves.
    pub objects: u32,
    /// Who may ask.
    pub principals: u32,
}

impl Forest {
    /// The id of a principal.
    #[must_use]
    pub fn principal(number: u32) -> PrincipalId {
        PrincipalId(id(1, u64::from(number)))
    }
    /// The id of an object.
    #[must_use]
    pub fn object(number: u32) -> ObjectId {
        ObjectId(id(3, u64::from(number)))
    }
    /// The id of a scope.
    #[must_use]
    pub fn scope(place: Place) -> ScopeId {
        ScopeId(id(2, (place.level as u64) << 32 | u64::from(place.number)))
    }
    /// Where an object lives.
    #[must_use]
    pub fn home(object: u32) -> Place {
        Place { level: DEPTH - 1, number: object % LEVELS[DEPTH - 1] }
    }
    /// The grant with that number: whose, and where.
    #[must_use]
    pub fn grant(&self, number: u32) -> (u32, Place) {
        let mut state = 0x9a7e << 32 | u64::from(number);
        // The last principals have no grants but those at roots: they are the ones with denies.
        let principal = number % (self.principals - self.denied());
        // A scope has at most a thousand members, so few grants fall on the few nodes near the roots.
        let level = match draw(&mut state) % 128 {
            0 => 0,
            1..5 => 1,
            5..21 => 2,
            nth => 3 + nth as usize % 5,
        };
        (principal, Place { level, number: (draw(&mut state) % u64::from(LEVELS[level])) as u32 })
    }
    /// Principals with a deny of their own.
    #[must_use]
    pub fn denied(&self) -> u32 {
        DENIED.min(self.principals / 4)
    }
    /// The one with that number: a member of a root, and where a deny keeps it out.
    #[must_use]
    pub fn deny(&self, nth: u32) -> (u32, Place) {
        let mut state = 0xde27 << 32 | u64::from(nth);
        (
            self.principals - 1 - nth,
            Place { level: 3, number: (draw(&mut state) % u64::from(LEVELS[3])) as u32 },
        )
    }

    /// Where an object is projected besides its home: one object of each leaf is.
    #[must_use]
    pub fn second(object: u32) -> Option<Place> {
        let number = (object + LEAVES / 2) % LEAVES;
        (object / LEAVES == 1).then_some(Place { level: DEPTH - 1, number })
    }
    /// The group that a principal belongs to, and where the group is a member.
    #[must_use]
    pub fn group(&self, principal: u32) -> Option<(u32, Place)> {
        let last = self.principals - self.denied();
        (principal < last && principal >= last - self.grouped()).then(|| Self::group_at(principal % GROUPS))
    }
    fn grouped(&self) -> u32 {
        GROUPED.min(self.principals / 4)
    }
    fn group_at(group: u32) -> (u32, Place) {
        (group, Place { level: 2, number: group * (LEVELS[2] / GROUPS) })
    }
    /// The id of a group.
    #[must_use]
    pub fn group_id(group: u32) -> PrincipalId {
        PrincipalId(id(4, u64::from(group)))
    }
    /// The rule with that number, and where it is bound: as many on each level, so that a way to a root meets some of them.
    /// None of them changes an answer.
    #[must_use]
    pub fn rule(nth: u32) -> (RuleId, Define, Place) {
        let mut state = 0x4a1e << 32 | u64::from(nth);
        let level = nth as usize % DEPTH;
        let place = Place { level, number: (draw(&mut state) % u64::from(LEVELS[level])) as u32 };
        let deny = |when| Define::new("no", Class::Constraint, Effect::Deny).when(when);
        let words = |word: &str| Some(Many(vec![word.to_owned()]));
        let about = |action| Clause { action: Some(Many(vec![action])), ..Clause::default() };
        let mut rule = match nth / DEPTH as u32 % 4 {
            0 => deny(about(Action::Delete)),
            1 => deny(Clause { principal_kind: words("robot"), ..about(Action::Update) }),
            2 => deny(Clause { object_type: words("secret"), ..Clause::default() }),
            _ => {
                let when = Clause { principal_kind: words("person"), ..about(Action::Update) };
                Define::new("yes", Class::Access, Effect::Allow).when(when)
            }
        };
        let id = RuleId(id(5, u64::from(nth)));
        rule.rule = Some(id);
        (id, rule, place)
    }
}
