//! Questions, and the answers they were drawn for.

use super::place::{DEPTH, LEAVES, Place};
use super::{Forest, draw};

/// May this principal write this object?
#[derive(Debug, Clone, Copy)]
pub struct Question {
    /// Number of the principal.
    pub principal: u32,
    /// Number of the object.
    pub object: u32,
}

impl Question {
    /// As the engine is asked it.
    #[must_use]
    pub fn asked(&self) -> scoped::Question {
        let (principal, object) = (Forest::principal(self.principal), Forest::object(self.object));
        scoped::Question::new(principal, scoped::Capability::Write, object)
    }
}

/// How a question is answered, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A member of the object's own scope.
    Direct,
    /// A member of one of the scopes above.
    Inherited,
    /// A member of the root, seven scopes above.
    Root,
    /// A member where the object is projected, and not where it is at home.
    Projected,
    /// A member of a group that is a member of a scope above.
    Group,
    /// Nobody there.
    Default,
    /// Allowed by the root, denied on the way.
    Denied,
    /// About an object that is not there.
    Unknown,
    /// As `Inherited`, about a thousand objects again and again.
    Hot,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Direct,
        Self::Inherited,
        Self::Root,
        Self::Projected,
        Self::Group,
        Self::Default,
        Self::Denied,
        Self::Unknown,
        Self::Hot,
    ];
    /// What it is called in tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "allow, direct",
            Self::Inherited => "allow, inherited",
            Self::Root => "allow, through 8 levels",
            Self::Projected => "allow, by projection",
            Self::Group => "allow, by group",
            Self::Default => "deny, nobody there",
            Self::Denied => "deny, by an entry",
            Self::Unknown => "deny, no such object",
            Self::Hot => "allow, hot objects",
        }
    }
    /// What the answer has to be.
    #[must_use]
    pub fn allows(self) -> bool {
        !matches!(self, Self::Default | Self::Denied | Self::Unknown)
    }
}

/// What lets a principal write an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Ways {
    at_home: bool,
    by_projection: bool,
    by_group: bool,
}

impl Forest {
    /// An object in a leaf; never the one that is projected.
    fn object_in(&self, leaf: Place, drawn: u64) -> u32 {
        let rounds = u64::from((self.objects / LEAVES).max(1));
        let round = drawn % rounds;
        (leaf.number + LEAVES * if round == 1 { 0 } else { round as u32 }).min(self.objects - 1)
    }

    fn ways(&self, Question { principal, object }: Question, grants: u32) -> Ways {
        // The grants of a principal are every so manieth.
        let step = (self.principals - self.denied()) as usize;
        let own = |at: Place| {
            let chain: Vec<Place> = at.chain().collect();
            (principal..grants).step_by(step).any(|number| chain.contains(&self.grant(number).1))
        };
        let in_group =
            |at: Place| self.group(principal).is_some_and(|(_, group)| at.chain().any(|on| on == group));
        let (home, second) = (Self::home(object), Self::second(object));
        Ways {
            at_home: own(home),
            by_projection: second.is_some_and(own),
            by_group: in_group(home) || second.is_some_and(in_group),
        }
    }

    /// So many questions of a kind, in a world with so many grants.
    #[must_use]
    pub fn questions(&self, kind: Kind, grants: u32, count: usize) -> Vec<Question> {
        let mut state = 77 + kind as u64;
        std::iter::repeat_with(|| self.draw(kind, grants, (draw(&mut state), draw(&mut state))))
            .flatten()
            .take(count)
            .collect()
    }

    /// A question of that kind, if these numbers make one.
    fn draw(&self, kind: Kind, grants: u32, (one, two): (u64, u64)) -> Option<Question> {
        let granted = |nth: u64| self.grant(nth as u32);
        let question = match kind {
            Kind::Direct | Kind::Inherited | Kind::Root | Kind::Hot => {
                let hot = kind == Kind::Hot;
                let (principal, place) =
                    granted(one % u64::from(if hot { grants.min(1_000) } else { grants }));
                let fits = match kind {
                    Kind::Direct => place.level == DEPTH - 1,
                    Kind::Root => place.level == 0,
                    _ => place.level < DEPTH - 1,
                };
                let drawn = if hot { 0 } else { two };
                fits.then(|| Question { principal, object: self.object_in(place.leaf(drawn), drawn >> 20) })?
            }
            Kind::Projected => {
                let (principal, place) = granted(one % u64::from(grants));
                let home = (place.leaf(two).number + LEAVES / 2) % LEAVES;
                Question { principal, object: LEAVES + home }
            }
            Kind::Group => {
                let last = self.principals - self.denied();
                let principal = last - 1 - (one % u64::from(self.grouped())) as u32;
                let (_, place) = self.group(principal)?;
                Question { principal, object: self.object_in(place.leaf(two), two >> 20) }
            }
            Kind::Default | Kind::Unknown => {
                let principal = (one % u64::from(self.principals - self.denied())) as u32;
                let object = (two % u64::from(self.objects)) as u32;
                Question {
                    principal,
                    object: if kind == Kind::Unknown { self.objects + object } else { object },
                }
            }
            Kind::Denied => {
                let (principal, place) = self.deny((one % u64::from(self.denied())) as u32);
                Question { principal, object: self.object_in(place.leaf(two), two >> 20) }
            }
        };
        if kind == Kind::Unknown {
            return Some(question);
        }
        let ways = || self.ways(question, grants);
        let fits = question.object < self.objects
            && match kind {
                Kind::Default => ways() == Ways::default(),
                Kind::Projected => ways() == Ways { by_projection: true, ..Ways::default() },
                Kind::Group => ways() == Ways { by_group: true, ..Ways::default() },
                _ => true,
            };
        fits.then_some(question)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::forest::may;
    use scoped::log::MemoryStorage;
    use scoped::{Engine, Options};
    use std::sync::Arc;

    /// A question that does not get the answer it was drawn for measures something else; nor do the rules change one.
    #[test]
    fn questions_get_the_answers_they_were_drawn_for() -> anyhow::Result<()> {
        let forest = Forest { objects: 70_000, principals: 200 };
        let engine =
            Engine::on(Arc::new(MemoryStorage::new()), Options::default().snapshot_after(0).types(["note"]))?;
        forest.build(&engine)?;
        forest.grant_up_to(&engine, 0, 2_000)?;
        for rules in [0, 200] {
            Forest::bind_up_to(&engine, 0, rules)?;
            for kind in Kind::ALL {
                for question in forest.questions(kind, 2_000, 200) {
                    assert_eq!(question.object < forest.objects, kind != Kind::Unknown);
                    let (actor, object) =
                        (Forest::principal(question.principal), Forest::object(question.object));
                    assert_eq!(may(&engine, actor, object), kind.allows(), "{kind:?} {question:?} {rules}");
                }
            }
        }
        Ok(())
    }
}
