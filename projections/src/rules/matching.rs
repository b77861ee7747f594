//! Does a clause hold for a question?
//!
//! Five answers, since a question does not always carry every attribute. *Missing* is what nobody said: an allow does not match then,
//! and a deny does, so that leaving something out never widens. *Each* is what does not arise: whether a scope may be listed is
//! asked about the scope, and every object in it is asked about by itself; a test of the object then speaks in favour. *Pending* is what
//! hangs on data that was not looked at yet: it speaks in favour, and the question is put again with the data.
//!
//! ```text
//! all: no, else pending, missing, each, else yes     any: yes, else pending, missing, each, else no     not: yes and no change places
//! ```

use super::{Action, Clause, FieldTest, Relation, Words};
use crate::identity::Identity;
use crate::store::NO_ROW;
use crate::tenancy::{Effect, Role, Tenancy};
use crate::{Micros, ObjectId};

/// The answer to a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    /// It holds.
    Yes,
    /// It does not.
    No,
    /// An attribute that it asks for was not said.
    Missing,
    /// It is to be asked of each object by itself.
    Each,
    /// It hangs on data that is not looked at yet.
    Pending,
}

impl Truth {
    /// Does a rule with that effect match?
    #[must_use]
    pub fn matches(self, effect: Effect) -> bool {
        match self {
            Self::Yes => true,
            Self::No => false,
            Self::Missing => effect == Effect::Deny,
            Self::Each | Self::Pending => effect == Effect::Allow,
        }
    }
    /// Both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Pending, _) | (_, Self::Pending) => Self::Pending,
            (Self::Missing, _) | (_, Self::Missing) => Self::Missing,
            (Self::Each, _) | (_, Self::Each) => Self::Each,
            (Self::Yes, Self::Yes) => Self::Yes,
        }
    }
    /// Either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Yes, _) | (_, Self::Yes) => Self::Yes,
            (Self::Pending, _) | (_, Self::Pending) => Self::Pending,
            (Self::Missing, _) | (_, Self::Missing) => Self::Missing,
            (Self::Each, _) | (_, Self::Each) => Self::Each,
            (Self::No, Self::No) => Self::No,
        }
    }
    fn negated(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            other => other,
        }
    }
}

impl From<bool> for Truth {
    fn from(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}

/// An attribute of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attribute<T> {
    /// It is this.
    Is(T),
    /// There is none, and that is known.
    None,
    /// Nobody said.
    Missing,
    /// Asked of each object by itself.
    Each,
}

impl<T: Copy> Attribute<T> {
    /// A test of it.
    pub fn test(self, holds: impl FnOnce(T) -> bool) -> Truth {
        match self {
            Self::Is(value) => holds(value).into(),
            Self::None => Truth::No,
            Self::Missing => Truth::Missing,
            Self::Each => Truth::Each,
        }
    }
    /// Its value.
    #[must_use]
    pub fn value(self) -> Option<T> {
        if let Self::Is(value) = self { Some(value) } else { None }
    }
}

/// What this crate cannot look at: data is JSON, and CEL is a language.
pub trait Outside {
    /// Does the data say this?
    fn field(&self, test: &FieldTest) -> Truth;
    /// Does this condition hold?
    fn cel(&self, text: &str, asked: &Asked<'_>) -> Truth;
}

/// Nothing outside is known.
impl Outside for () {
    fn field(&self, _: &FieldTest) -> Truth {
        Truth::Missing
    }
    fn cel(&self, _: &str, _: &Asked<'_>) -> Truth {
        Truth::Missing
    }
}

/// A question, with the attributes that the engine has filled in from the actor and the target.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// Who is there, and who belongs to whom.
    pub identity: &'a Identity,
    /// The scope tree.
    pub tenancy: &'a Tenancy,
    /// Row of the actor.
    pub actor: u32,
    /// What is being done.
    pub action: Action,
    /// The highest role held there.
    pub role: Attribute<Role>,
    /// What the actor is to it.
    pub relation: Attribute<Relation>,
    /// The type of the object.
    pub object_type: Attribute<&'a str>,
    /// The object, by row and id.
    pub object: Attribute<(u32, ObjectId)>,
    /// The scopes it is asked about or reached through, by row.
    pub scopes: &'a [u32],
    /// Row of the nearest scope above one that is only about to be made, [`NO_ROW`] for none: it is within that one, and is no scope
    /// that there is.
    pub below: u32,
    /// The time of the decision.
    pub now: Attribute<Micros>,
    /// The environment that it is in.
    pub environment: Attribute<Words<'a>>,
    /// The connector.
    pub connector: Attribute<&'a str>,
    /// How sensitive it is.
    pub classification: Attribute<Words<'a>>,
    /// Data and CEL.
    pub outside: &'a dyn Outside,
}

impl<'a> Asked<'a> {
    /// A question of which nothing is said yet but who does what.
    #[must_use]
    pub fn about(identity: &'a Identity, tenancy: &'a Tenancy, actor: u32, action: Action) -> Self {
        Self {
            identity,
            tenancy,
            actor,
            action,
            role: Attribute::Missing,
            relation: Attribute::Missing,
            object_type: Attribute::Missing,
            object: Attribute::Missing,
            scopes: &[],
            below: NO_ROW,
            now: Attribute::Missing,
            environment: Attribute::Missing,
            connector: Attribute::Missing,
            classification: Attribute::Missing,
            outside: &(),
        }
    }

    /// Where the ways to the root begin that bindings are met on.
    pub(super) fn chains(&self) -> impl Iterator<Item = u32> + '_ {
        self.scopes.iter().copied().chain(Some(self.below).filter(|row| *row != NO_ROW))
    }

    /// Is this row the actor, or a group that it belongs to?
    #[must_use]
    pub fn is_self(&self, principal: u32) -> bool {
        principal != NO_ROW && self.identity.selves(self.actor).any(|row| row == principal)
    }

    /// Does the clause hold? What follows for a rule depends on its effect: [`Truth::matches`].
    #[must_use]
    pub fn holds(&self, clause: &Clause) -> Truth {
        self.holds_by(clause, Tests::of(clause))
    }

    /// The same, where it was found out before which tests the clause asks.
    pub(super) fn holds_by(&self, clause: &Clause, Tests(mut tests): Tests) -> Truth {
        let mut truth = Truth::Yes;
        // Cheap tests first; what is false already needs no look at data.
        while tests != 0 {
            let (_, test) = TESTS[tests.trailing_zeros() as usize];
            truth = truth.and(test(self, clause));
            if truth == Truth::No {
                return truth;
            }
            tests &= tests - 1;
        }
        if let Some(not) = &clause.not {
            truth = truth.and(self.holds(not).negated());
        }
        if let Some(any) = &clause.any {
            truth = truth.and(any.iter().fold(Truth::No, |found, part| found.or(self.holds(part))));
        }
        if let Some(all) = &clause.all {
            truth = all.iter().fold(truth, |found, part| found.and(self.holds(part)));
        }
        truth
    }

    fn word(attribute: Attribute<Words<'_>>, listed: Option<&super::Many<String>>) -> Truth {
        listed.map_or(Truth::Yes, |listed| attribute.says(|is| listed.0.iter().any(|word| word == is)))
    }
}

/// The tests that a clause asks, a bit each: most ask one or two of all there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Tests(u16);

impl Tests {
    pub(super) fn of(clause: &Clause) -> Self {
        let asks = TESTS.iter().enumerate().filter(|(_, (asks, _))| asks(clause));
        Self(asks.fold(0, |tests, (nth, _)| tests | 1 << nth))
    }
}

/// Is it asked, and does it hold?
type Test = (fn(&Clause) -> bool, fn(&Asked<'_>, &Clause) -> Truth);

const _: () = assert!(TESTS.len() <= u16::BITS as usize);
const TESTS: &[Test] = &[
    (
        |clause| clause.action.is_some(),
        |asked, clause| clause.action.as_ref().is_none_or(|list| list.0.contains(&asked.action)).into(),
    ),
    (
        |clause| clause.principal_kind.is_some(),
        |asked, clause| {
            let Some(kinds) = &clause.principal_kind else { return Truth::Yes };
            let Some(principal) = asked.identity.at(asked.actor) else { return Truth::Missing };
            kinds.0.iter().any(|kind| kind == asked.identity.kind(principal)).into()
        },
    ),
    (
        |clause| clause.principal.is_some(),
        |asked, clause| {
            let Some(list) = &clause.principal else { return Truth::Yes };
            if asked.identity.at(asked.actor).is_none() {
                return Truth::Missing;
            }
            list.0.iter().any(|id| asked.identity.row(*id).is_some_and(|row| asked.is_self(row))).into()
        },
    ),
    (
        |clause| clause.role.is_some(),
        |asked, clause| clause.role.map_or(Truth::Yes, |least| asked.role.test(|held| held >= least)),
    ),
    (
        |clause| clause.relation.is_some(),
        |asked, clause| {
            let Some(list) = &clause.relation else { return Truth::Yes };
            match asked.relation.test(|is| list.0.contains(&is)) {
                // What a list shows may be somebody's own, whatever else they are there.
                Truth::No if asked.object == Attribute::Each && list.0.contains(&Relation::Owner) => {
                    Truth::Each
                }
                truth => truth,
            }
        },
    ),
    (
        |clause| clause.object_type.is_some(),
        |asked, clause| {
            let Some(list) = &clause.object_type else { return Truth::Yes };
            asked.object_type.test(|is| list.0.iter().any(|word| word == is))
        },
    ),
    (
        |clause| clause.object.is_some(),
        |asked, clause| {
            let Some(list) = &clause.object else { return Truth::Yes };
            asked.object.test(|(_, id)| list.0.contains(&id))
        },
    ),
    (
        |clause| clause.scope.is_some(),
        |asked, clause| {
            let Some(list) = &clause.scope else { return Truth::Yes };
            let listed = |row: &u32| asked.tenancy.at(*row).is_some_and(|node| list.0.contains(&node.id));
            asked.scopes.iter().any(listed).into()
        },
    ),
    (
        |clause| clause.within.is_some(),
        |asked, clause| {
            let Some(list) = &clause.within else { return Truth::Yes };
            let listed = |row: u32| asked.tenancy.at(row).is_some_and(|node| list.0.contains(&node.id));
            asked.chains().any(|row| asked.tenancy.chain(row).any(listed)).into()
        },
    ),
    (
        |clause| clause.time.is_some(),
        |asked, clause| {
            let Some(windows) = &clause.time else { return Truth::Yes };
            asked.now.test(|now| windows.0.iter().any(|window| window.contains(now)))
        },
    ),
    (
        |clause| clause.environment.is_some(),
        |asked, clause| Asked::word(asked.environment, clause.environment.as_ref()),
    ),
    (
        |clause| clause.classification.is_some(),
        |asked, clause| Asked::word(asked.classification, clause.classification.as_ref()),
    ),
    (
        |clause| clause.data.is_some(),
        |asked, clause| {
            let Some(tests) = &clause.data else { return Truth::Yes };
            tests.0.iter().fold(Truth::Yes, |found, test| found.and(asked.outside.field(test)))
        },
    ),
    (
        |clause| clause.cel.is_some(),
        |asked, clause| clause.cel.as_ref().map_or(Truth::Yes, |text| asked.outside.cel(text, asked)),
    ),
];
