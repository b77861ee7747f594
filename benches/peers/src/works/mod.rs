//! What is done by everybody: one kind of work a file, each with a trait of its own.

pub mod decisions;
pub mod each;
pub mod group;
pub mod import;
pub mod open;
pub mod read;

use crate::pyscoped::{Pyscoped, Python};
use crate::report::Work;
use anyhow::Context;
use clap::ValueEnum;
use scoped_tools::bench::throwaway::Throwaway;
use std::path::Path;

/// A kind of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Commits of many at once, with a sync before any of them is acknowledged.
    Group,
    /// Commits of one caller, each with a sync of its own.
    Each,
    /// Reading an object by its id.
    Read,
    /// Taking in the history of a repository.
    Import,
    /// Opening what was closed, to the first read.
    Open,
    /// May somebody write an object?
    Decisions,
}

/// How much is done.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Turns of everybody at work that is counted over some time, and at work that is done as a whole.
    pub rounds: usize,
    /// Seconds of such a turn.
    pub seconds: f64,
    /// Turns where a turn takes but milliseconds.
    pub short_rounds: usize,
    /// Objects that are read, and opened.
    pub objects: u32,
    /// Changes of the history that pyscoped takes in.
    pub pyscoped_changes: usize,
    /// Objects, principals and grants of the world that is asked about. There is an object in every leaf, or questions go astray.
    pub forest: (u32, u32, u32),
    /// Rules bound in it.
    pub rules: u32,
    /// How long a decider is asked in a turn.
    pub asked_seconds: f64,
}

impl Size {
    /// For figures that are told.
    pub const FULL: Self = Self {
        rounds: 5,
        seconds: 0.5,
        short_rounds: 40,
        objects: 100_000,
        pyscoped_changes: 1_000,
        forest: (40_000, 1_000, 1_000),
        rules: 1_000,
        asked_seconds: 0.1,
    };
    /// To see that everything works.
    pub const QUICK: Self = Self {
        rounds: 2,
        seconds: 0.05,
        short_rounds: 3,
        objects: 2_000,
        pyscoped_changes: 100,
        forest: (40_000, 200, 500),
        rules: 50,
        asked_seconds: 0.01,
    };
}

/// Bytes of an object's data.
pub const PAYLOAD: usize = 200;

/// Where all of it happens.
pub struct Bed<'a> {
    /// A directory on the disk that is measured.
    pub directory: &'a Throwaway,
    /// How much.
    pub size: Size,
    /// A Python with pyscoped, or why there is none.
    pub python: Result<Python, String>,
    /// The history to be imported, if there is one.
    pub history: Option<&'a Path>,
}

impl Bed<'_> {
    /// A process of pyscoped with so many objects.
    ///
    /// # Errors
    /// When it cannot be had or started.
    pub fn pyscoped(&self, name: &str, objects: u32) -> anyhow::Result<Pyscoped> {
        let python = self.python.as_ref().map_err(|why| anyhow::anyhow!("{why}"))?;
        python.start(&self.directory.sub(name), objects, PAYLOAD).context("starting pyscoped")
    }

    /// Does a kind of work.
    ///
    /// # Errors
    /// When the directory cannot be written, or we do not do what we should.
    pub fn measure(&self, kind: Kind) -> anyhow::Result<Vec<Work>> {
        match kind {
            Kind::Group => Ok(vec![group::measure(self)?]),
            Kind::Each => Ok(vec![each::measure(self)?]),
            Kind::Read => read::measure(self),
            Kind::Import => import::measure(self).map(|work| work.into_iter().collect()),
            Kind::Open => Ok(vec![open::measure(self)?]),
            Kind::Decisions => decisions::measure(self),
        }
    }
}
