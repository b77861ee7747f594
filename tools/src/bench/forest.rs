//! A forest of scopes eight nodes deep with members anywhere in it, and questions whose answers are known beforehand.
//!
//! Everything follows from numbers, so that other deciders can be put the same questions about the same world
//! (`benches/peers`). What a question expects comes from how it was drawn, not from the engine.

use super::load::{NOTE, data, fill};
use super::world::draw;
use anyhow::Context;
use scoped::{
    Data, Effect, Engine, Level, ObjectId, PrincipalId, Role, ScopeId, ScopeRef, Subject, identity, objects,
    tenancy,
};

/// Nodes from a leaf to its root.
pub const DEPTH: usize = 8;
/// Scopes on each level, from the roots to the leaves; each node has as many children as the next level allows it.
const LEVELS: [u32; DEPTH] = [16, 64, 256, 1_024, 4_096, 8_192, 16_384, 32_768];
/// Principals that are denied everything at one node each, below a root that allows them.
const DENIED: u32 = 1_000;

/// A node: its level from the root, and its number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    /// 0 is a root.
    pub level: usize,
    /// Within the level.
    pub number: u32,
}

impl Place {
    /// The node above.
    #[must_use]
    pub fn parent(self) -> Option<Self> {
        let level = self.level.checked_sub(1)?;
        Some(Self { level, number: self.number / (LEVELS[self.level] / LEVELS[level]) })
    }
    /// The nodes right below.
    pub fn children(self) -> impl Iterator<Item = Self> {
        let level = self.level + 1;
        let width = LEVELS.get(level).map_or(0, |count| count / LEVELS[self.level]);
        (0..width).map(move |nth| Self { level, number: self.number * width + nth })
    }
    /// A leaf below, or the node itself.
    #[must_use]
    pub fn leaf(self, drawn: u64) -> Self {
        let width = LEVELS[DEPTH - 1] / LEVELS[self.level];
        Self { level: DEPTH - 1, number: self.number * width + (drawn % u64::from(width)) as u32 }
    }
    /// The node itself and all above, upwards.
    pub fn chain(self) -> impl Iterator<Item = Self> {
        std::iter::successors(Some(self), |place| place.parent())
    }
    /// All nodes, from the roots down.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..DEPTH).flat_map(|level| (0..LEVELS[level]).map(move |number| Self { level, number }))
    }
}

/// Ids are spread over the whole range, as drawn ones are.
fn id(kind: u64, number: u64) -> u128 {
    let mut state = kind << 40 | number;
    u128::from(draw(&mut state)) << 64 | u128::from(draw(&mut state))
}

/// How large a forest is.
#[derive(Debug, Clone, Copy)]
pub struct Forest {
    /// Objects, spread evenly over the leaves.
    pub objects: u32,
    /// Who may ask.
    pub principals: u32,
}

/// May this principal write this object?
#[derive(Debug, Clone, Copy)]
pub struct Question {
    /// Number of the principal.
    pub principal: u32,
    /// Number of the object.
    pub object: u32,
}

/// How a question is answered, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A member of the object's own scope.
    Direct,
    /// A member of one of the scopes above.
    Inherited,
    /// Nobody there.
    Default,
    /// Allowed by the root, denied on the way.
    Denied,
    /// As `Inherited`, about a thousand objects again and again.
    Hot,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Direct, Self::Inherited, Self::Default, Self::Denied, Self::Hot];
    /// What it is called in tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "allow, direct",
            Self::Inherited => "allow, inherited",
            Self::Default => "deny, nobody there",
            Self::Denied => "deny, by an entry",
            Self::Hot => "allow, hot objects",
        }
    }
    /// What the answer has to be.
    #[must_use]
    pub fn allows(self) -> bool {
        matches!(self, Self::Direct | Self::Inherited | Self::Hot)
    }
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
    /// An object in a leaf.
    fn object_in(&self, leaf: Place, drawn: u64) -> u32 {
        let leaves = LEVELS[DEPTH - 1];
        let rounds = (self.objects / leaves).max(1);
        (leaf.number + leaves * (drawn % u64::from(rounds)) as u32).min(self.objects - 1)
    }

    /// So many questions of a kind, in a world with so many grants.
    #[must_use]
    pub fn questions(&self, kind: Kind, grants: u32, count: usize) -> Vec<Question> {
        let mut state = 77 + kind as u64;
        let granted = |question: &Question| {
            // The grants of a principal are every so manieth.
            let step = (self.principals - self.denied()) as usize;
            let own = (question.principal..grants).step_by(step).map(|number| self.grant(number).1);
            let chain: Vec<Place> = Self::home(question.object).chain().collect();
            own.into_iter().any(|place| chain.contains(&place))
        };
        let mut questions = Vec::with_capacity(count);
        while questions.len() < count {
            let (one, two) = (draw(&mut state), draw(&mut state));
            let question = match kind {
                Kind::Direct | Kind::Inherited | Kind::Hot => {
                    let nth = if kind == Kind::Hot { one % 1_000 } else { one % u64::from(grants) };
                    let (principal, place) = self.grant(nth as u32);
                    if (place.level == DEPTH - 1) != (kind == Kind::Direct) {
                        continue;
                    }
                    let drawn = if kind == Kind::Hot { 0 } else { two };
                    Question { principal, object: self.object_in(place.leaf(drawn), drawn) }
                }
                Kind::Default => {
                    let principal = (one % u64::from(self.principals - self.denied())) as u32;
                    let question = Question { principal, object: (two % u64::from(self.objects)) as u32 };
                    if granted(&question) {
                        continue;
                    }
                    question
                }
                Kind::Denied => {
                    let (principal, place) = self.deny((one % u64::from(self.denied())) as u32);
                    Question { principal, object: self.object_in(place.leaf(two), two >> 16) }
                }
            };
            questions.push(question);
        }
        questions
    }

    /// Makes principals, scopes, objects and denies; grants come with [`Self::grant_up_to`].
    ///
    /// # Errors
    /// When the engine refuses what it should not.
    pub fn build(&self, engine: &Engine) -> anyhow::Result<()> {
        let founder = engine.founder();
        let description = Data::from_text_fields(&[("name", "somebody")])?;
        let people = (0..self.principals).map(|nth| {
            let (principal, kind) = (Some(Self::principal(nth)), "person".to_owned());
            identity::CreatePrincipal {
                principal,
                kind,
                description: description.clone(),
                handle: None,
                personal: false,
            }
            .into()
        });
        fill(engine, founder, people).context("making principals")?;
        let scopes = Place::all().map(|place| {
            let parent = place.parent().map(|above| ScopeRef::Id(Self::scope(above)));
            let name = Some(format!("{}.{}", place.level, place.number));
            tenancy::CreateScope { scope: Some(Self::scope(place)), path: None, name, parent }.into()
        });
        fill(engine, founder, scopes).context("making scopes")?;
        let mut text = String::new();
        let objects = (0..self.objects).map_while(|nth| {
            let (object, object_type) = (Some(Self::object(nth)), NOTE.to_owned());
            let data = data(64, u64::from(nth), &mut text).ok()?;
            let scope = Some(ScopeRef::Id(Self::scope(Self::home(nth))));
            Some(
                objects::Create { object, object_type, data, scope, level: Level::Write, subject: None }
                    .into(),
            )
        });
        fill(engine, founder, objects).context("making objects")?;
        let denies = (0..self.denied()).flat_map(|nth| {
            let (principal, place) = self.deny(nth);
            let root = place.chain().last().unwrap_or(place);
            let deny = tenancy::AddAclEntry {
                entry: None,
                scope: Self::scope(place).into(),
                effect: Effect::Deny,
                subject: Subject::Principal(Self::principal(principal)),
                capability: "scope.*".parse().ok()?,
                applies: scoped::projections::tenancy::Applies::Subtree,
                expires_at: None,
            };
            Some([member(principal, root), deny.into()])
        });
        fill(engine, founder, denies.flatten()).context("making denies")
    }

    /// Makes the grants from one number up to another. One that is there already is left out.
    ///
    /// # Errors
    /// When the engine refuses what it should not.
    pub fn grant_up_to(&self, engine: &Engine, from: u32, to: u32) -> anyhow::Result<()> {
        let mut seen = std::collections::HashSet::new();
        for number in 0..from {
            seen.insert(self.grant(number));
        }
        let new = (from..to).map(|number| self.grant(number)).filter(|grant| seen.insert(*grant));
        let commands = new.map(|(principal, place)| member(principal, place));
        fill(engine, engine.founder(), commands).context("making members")
    }
}

fn member(principal: u32, place: Place) -> scoped::Command {
    let (scope, principal) = (Forest::scope(place).into(), Forest::principal(principal));
    tenancy::AddMember { scope, principal, role: Role::Writer, expires_at: None }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A question that does not get the answer it was drawn for measures something else.
    #[test]
    fn questions_get_the_answers_they_were_drawn_for() -> anyhow::Result<()> {
        let forest = Forest { objects: 70_000, principals: 200 };
        for kind in Kind::ALL {
            for Question { principal, object } in forest.questions(kind, 2_000, 200) {
                let chain: Vec<Place> = Forest::home(object).chain().collect();
                assert_eq!(chain.len(), DEPTH);
                let own = (0..2_000).map(|n| forest.grant(n)).filter(|(who, _)| *who == principal);
                let granted = own.into_iter().any(|(_, place)| chain.contains(&place));
                let denied = (0..forest.denied()).any(|n| {
                    let (who, place) = forest.deny(n);
                    who == principal && chain.contains(&place)
                });
                assert_eq!(granted && !denied, kind.allows(), "{kind:?} {principal} {object}");
                assert_eq!(denied, kind == Kind::Denied);
            }
        }
        Ok(())
    }
}
