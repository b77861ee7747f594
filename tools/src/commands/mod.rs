//! The commands, one file each: its arguments, and what it does.

mod acl;
mod audit;
mod can;
mod check_proof;
mod checkpoint;
mod completions;
mod comply;
mod config;
mod contracts;
mod diff;
mod erase;
mod export;
mod flags;
mod history;
mod import;
mod init;
mod key;
mod layer;
mod levels;
mod log;
mod mark;
mod members;
mod migrate;
mod objects;
mod package;
mod principals;
mod prove;
mod records;
mod registry;
mod replay;
mod rollback;
mod rules;
mod salvage;
mod scopes;
mod show;
mod stats;
mod sweep;
mod templates;
mod timeline;
mod tree;
mod vault;
mod verify;
mod what;
mod who;

use crate::failure::Failure;
use crate::output::Output;

/// What can be asked of the tool.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Make a new log and print its first principal
    Init(init::Args),
    /// Take in a git history, commands from a file, or a package of objects
    Import(import::Args),
    /// Write out the log's commands, one batch a line, or a package of objects
    Export(export::Args),
    /// Rebuild the world from the first event, and say how fast
    Replay(replay::Args),
    /// Check every checksum, digest, link, batch and footer
    Verify(verify::Args),
    /// Check the ten invariants over log and world: a table, JSON, or a page
    Comply(comply::Args),
    /// Make a small proof: an event is in the log, or a longer log begins with a shorter one
    Prove(prove::Args),
    /// Check a proof, with no log at hand
    CheckProof(check_proof::Args),
    /// Sign the head of a log, or a head that somebody else has signed
    Checkpoint(checkpoint::Args),
    /// Make, show and rotate the keys that sign checkpoints
    Key(key::Args),
    /// Copy what is provably good out of a damaged log, into a new one
    Salvage(salvage::Args),
    /// The audit trail: who did what, where, when
    Log(log::Args),
    /// The trail by action, entity, cause and more, also for other systems
    Audit(audit::Args),
    /// One event with everything that is stored of it
    Show(show::Args),
    /// The scope tree, now or as of a cutoff
    Tree(tree::Args),
    /// Scopes, their state and policies, one in detail
    Scopes(scopes::Args),
    /// Who is a member of a scope, by itself and from above
    Members(members::Args),
    /// The access control list that speaks about a scope
    Acl(acl::Args),
    /// Who can act: principals, their groups, one in detail
    Principals(principals::Args),
    /// Live objects, now or as of a cutoff
    Objects(objects::Args),
    /// Records by identity context: on whose behalf they were written
    Records(records::Args),
    /// What is registered: types and other constructs, and what was made
    Registry(registry::Args),
    /// The life of an object, version by version, or of any other entity
    History(history::Args),
    /// What changed between two versions of an object
    Diff(diff::Args),
    /// May this principal do that? (exit code 0: yes, 1: no)
    Can(can::Args),
    /// Who may do that with an object, and why
    Who(who::Args),
    /// What a principal may do that with, and why
    What(what::Args),
    /// What data of a type has to look like: contracts and their versions
    Contracts(contracts::Args),
    /// Bring objects to the current version of the contract that governs them
    Migrate(migrate::Args),
    /// Blueprints and their versions
    Templates(templates::Args),
    /// Rules: what they say, and where they are bound
    Rules(rules::Args),
    /// Feature flags, and how far each is rolled out
    Flags(flags::Args),
    /// The settings that hold in a scope, and where they come from
    Config(config::Args),
    /// When a principal might do something, and what opened and closed it
    Timeline(timeline::Args),
    /// Bring things back to how they were, as new events
    Rollback(rollback::Args),
    /// Close what has run out: memberships, entries of lists, records past their age
    Sweep(sweep::Args),
    /// Erase a data subject: destroy the key that its data is sealed under, for good
    Erase(erase::Args),
    /// The keys of data subjects: key stores, and what their keys are wrapped under
    Vault(vault::Args),
    /// Give a position of the log a name
    Mark(mark::Args),
    /// What the log holds, in numbers
    Stats(stats::Args),
    /// Measure this machine, against its own floor
    Bench(crate::bench::Args),
    /// The main job in one command: a git history in, verified, travelled through, rolled back
    Demo(crate::demo::Args),
    /// Completions for a shell
    Completions(completions::Args),
}

impl Command {
    /// Does it.
    pub(crate) fn run(&self, output: &Output) -> Result<(), Failure> {
        match self {
            Self::Init(args) => init::run(args, output),
            Self::Import(args) => import::run(args, output),
            Self::Export(args) => export::run(args, output),
            Self::Replay(args) => replay::run(args, output),
            Self::Verify(args) => verify::run(args, output),
            Self::Comply(args) => comply::run(args, output),
            Self::Prove(args) => prove::run(args, output),
            Self::CheckProof(args) => check_proof::run(args, output),
            Self::Checkpoint(args) => checkpoint::run(args, output),
            Self::Key(args) => key::run(args, output),
            Self::Salvage(args) => salvage::run(args, output),
            Self::Log(args) => log::run(args, output),
            Self::Audit(args) => audit::run(args, output),
            Self::Show(args) => show::run(args, output),
            Self::Tree(args) => tree::run(args, output),
            Self::Scopes(args) => scopes::run(args, output),
            Self::Members(args) => members::run(args, output),
            Self::Acl(args) => acl::run(args, output),
            Self::Principals(args) => principals::run(args, output),
            Self::Objects(args) => objects::run(args, output),
            Self::Records(args) => records::run(args, output),
            Self::Registry(args) => registry::run(args, output),
            Self::History(args) => history::run(args, output),
            Self::Diff(args) => diff::run(args, output),
            Self::Can(args) => can::run(args, output),
            Self::Who(args) => who::run(args, output),
            Self::What(args) => what::run(args, output),
            Self::Contracts(args) => contracts::run(args, output),
            Self::Migrate(args) => migrate::run(args, output),
            Self::Templates(args) => templates::run(args, output),
            Self::Rules(args) => rules::run(args, output),
            Self::Flags(args) => flags::run(args, output),
            Self::Config(args) => config::run(args, output),
            Self::Timeline(args) => timeline::run(args, output),
            Self::Rollback(args) => rollback::run(args, output),
            Self::Sweep(args) => sweep::run(args, output),
            Self::Erase(args) => erase::run(args, output),
            Self::Vault(args) => vault::run(args, output),
            Self::Mark(args) => mark::run(args, output),
            Self::Stats(args) => stats::run(args, output),
            Self::Bench(args) => crate::bench::run(args, output),
            Self::Demo(args) => crate::demo::run(args, output),
            Self::Completions(args) => completions::run(args, output),
        }
    }
}
