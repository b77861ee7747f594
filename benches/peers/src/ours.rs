//! The engine itself.

use super::Decider;
use scoped::log::MemoryStorage;
use scoped::{Durability, Engine, Options};
use scoped_tools::bench::forest::{Forest, Question, may};
use std::sync::Arc;
use std::time::Duration;

pub struct Ours(Engine);

impl Ours {
    pub fn new(forest: Forest, grants: u32) -> anyhow::Result<Self> {
        let every = Duration::from_secs(3600);
        let options = Options::default()
            .durability(Durability::Buffered { sync_every: every })
            .snapshot_after(0)
            .types(["note"]);
        let engine = Engine::on(Arc::new(MemoryStorage::new()), options)?;
        forest.build(&engine)?;
        forest.grant_up_to(&engine, 0, grants)?;
        Ok(Self(engine))
    }
}

impl Decider for Ours {
    fn name(&self) -> String {
        "scoped".into()
    }
    fn decide(&self, question: Question) -> bool {
        may(&self.0, Forest::principal(question.principal), Forest::object(question.object))
    }
}
