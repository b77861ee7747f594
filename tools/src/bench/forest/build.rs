//! The commands that make a forest, and how it is asked.

use super::place::Place;
use super::{Forest, GROUPS};
use crate::bench::load::{NOTE, data, fill};
use anyhow::Context;
use scoped::projections::tenancy::Applies;
use scoped::{
    Capability, Command, Effect, Engine, Level, ObjectId, PrincipalId, Question, Role, ScopeRef, Subject,
    identity, objects, rules, sharing, tenancy,
};

/// May that principal write that object? From ids to yes or no, as an application asks; the reason is not asked for.
#[must_use]
pub fn may(engine: &Engine, actor: PrincipalId, object: ObjectId) -> bool {
    engine.allows(&Question::new(actor, Capability::Write, object))
}

impl Forest {
    /// Makes principals, groups, scopes, objects and denies; grants come with [`Self::grant_up_to`], rules with
    /// [`Self::bind_up_to`].
    ///
    /// # Errors
    /// When the engine refuses what it should not.
    pub fn build(&self, engine: &Engine) -> anyhow::Result<()> {
        let founder = engine.founder();
        let somebody = identity::CreatePrincipal::named("person", "somebody")?;
        let create = |(principal, kind): (PrincipalId, &str)| -> Command {
            let (principal, kind) = (Some(principal), kind.to_owned());
            identity::CreatePrincipal { principal, kind, ..somebody.clone() }.into()
        };
        let people = (0..self.principals).map(|nth| (Self::principal(nth), "person"));
        let groups = (0..GROUPS).map(|nth| (Self::group_id(nth), "group"));
        fill(engine, founder, people.chain(groups).map(create)).context("making principals")?;
        let scopes = Place::all().map(|place| {
            let parent = place.parent().map(|above| ScopeRef::Id(Self::scope(above)));
            let name = Some(format!("{}.{}", place.level, place.number));
            tenancy::CreateScope { scope: Some(Self::scope(place)), path: None, name, parent }.into()
        });
        fill(engine, founder, scopes).context("making scopes")?;
        let mut text = String::new();
        let objects = (0..self.objects).map_while(|nth| {
            let object = Some(Self::object(nth));
            let data = data(64, u64::from(nth), &mut text).ok()?;
            let scope = Some(ScopeRef::Id(Self::scope(Self::home(nth))));
            Some(
                objects::Create { object, scope, level: Level::Write, ..objects::Create::new(NOTE, data) }
                    .into(),
            )
        });
        fill(engine, founder, objects).context("making objects")?;
        let projections = (0..self.objects).filter_map(|nth| {
            let (object, scope) = (Self::object(nth), Self::scope(Self::second(nth)?).into());
            Some(sharing::Project { object, scope, level: Level::Write }.into())
        });
        fill(engine, founder, projections).context("projecting objects")?;
        self.put_in_groups(engine).context("making groups")?;
        self.deny_some(engine).context("making denies")
    }

    fn put_in_groups(&self, engine: &Engine) -> anyhow::Result<()> {
        let members = (0..GROUPS).map(|group| member(Self::group_id(group), Self::group_at(group).1));
        let edges = (0..self.principals).filter_map(|nth| {
            let (group, _) = self.group(nth)?;
            Some(identity::AddRelationship::member(Self::group_id(group), Self::principal(nth)).into())
        });
        fill(engine, engine.founder(), members.chain(edges))
    }

    fn deny_some(&self, engine: &Engine) -> anyhow::Result<()> {
        let denies = (0..self.denied()).flat_map(|nth| {
            let (principal, place) = self.deny(nth);
            let root = place.chain().last().unwrap_or(place);
            let deny = tenancy::AddAclEntry {
                entry: None,
                scope: Self::scope(place).into(),
                effect: Effect::Deny,
                subject: Subject::Principal(Self::principal(principal)),
                capability: "scope.*".parse().ok()?,
                applies: Applies::Subtree,
                expires_at: None,
            };
            Some([member(Self::principal(principal), root), deny.into()])
        });
        fill(engine, engine.founder(), denies.flatten())
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
        let commands = new.map(|(principal, place)| member(Self::principal(principal), place));
        fill(engine, engine.founder(), commands).context("making members")
    }

    /// Defines and binds the rules from one number up to another.
    ///
    /// # Errors
    /// When the engine refuses what it should not.
    pub fn bind_up_to(engine: &Engine, from: u32, to: u32) -> anyhow::Result<()> {
        let commands = (from..to).flat_map(|nth| -> [Command; 2] {
            let (rule, define, place) = Self::rule(nth);
            let to = rules::Aim::scope(Self::scope(place));
            [define.into(), rules::Bind { binding: None, rule, to }.into()]
        });
        fill(engine, engine.founder(), commands).context("binding rules")
    }
}

fn member(principal: PrincipalId, place: Place) -> Command {
    tenancy::AddMember { scope: Forest::scope(place).into(), principal, role: Role::Writer, expires_at: None }
        .into()
}
