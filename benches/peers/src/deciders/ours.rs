//! The engine itself, in memory.

use super::{Decides, Kind, World};
use scoped::log::MemoryStorage;
use scoped::{Durability, Engine, Options};
use scoped_tools::bench::forest::{Forest, Question, may};
use scoped_tools::bench::load::NOTE;
use std::sync::Arc;
use std::time::Duration;

pub(super) const KIND: Kind = Kind {
    name: "scoped",
    how: "members, entries that deny, rules bound to scopes; from ids to the answer",
    make: |world| Ok(Box::new(Ours::new(world)?)),
};

struct Ours(Engine);

impl Ours {
    fn new(world: World) -> anyhow::Result<Self> {
        let every = Duration::from_secs(3600);
        let options = Options::default()
            .durability(Durability::Buffered { sync_every: every })
            .snapshot_after(0)
            .types([NOTE]);
        let engine = Engine::on(Arc::new(MemoryStorage::new()), options)?;
        world.forest.build(&engine)?;
        world.forest.grant_up_to(&engine, 0, world.grants)?;
        Forest::bind_up_to(&engine, 0, world.rules)?;
        Ok(Self(engine))
    }
}

impl Decides for Ours {
    fn decide(&self, question: Question) -> anyhow::Result<bool> {
        Ok(may(&self.0, Forest::principal(question.principal), Forest::object(question.object)))
    }
}
