//! Scoped: an embeddable, event-sourced engine in which every object is isolated, shared on purpose, traced, and can be rolled
//! back.
//!
//! ```
//! use scoped::{Data, Engine, Policy, objects, temporal::{Cutoff, Selection}};
//! use serde_json::json;
//!
//! let engine = Engine::in_memory()?;
//! engine.register_types(&["limits"])?;
//! let ada = engine.session(engine.founder())?;
//! let made = ada.execute(objects::Create::new("limits", Data::new(json!({ "cpu": 2 }))?))?;
//! let limits = made.object();
//! ada.execute(objects::Update::new(limits, Data::new(json!({ "cpu": 8 }))?).expecting(1))?;
//!
//! let then = ada.as_of(&Cutoff::At(made.last))?;
//! assert_eq!(then.read(limits)?.value()?["cpu"], 2);
//! ada.rollback(&Cutoff::At(made.last), Selection::Object(limits), Policy::AllOrNothing)?;
//! assert_eq!(ada.read(limits)?.value()?["cpu"], 2); // a third version: history only grows
//! # Ok::<(), scoped::Error>(())
//! ```
//!
//! Every mutation is a [`Command`] given by a principal. It is authorized, decided against the world, turned into events, and
//! acknowledged when they are durable; only then anybody sees it. The events are the database and the audit trail at once.
//!
//! Open first: `kernel/execute.rs` (what happens to a command), `kernel/writer.rs` (how it becomes durable and visible),
//! `authorize.rs` (the one authorization function). A domain is a folder here (its decisions) and one of the same name in
//! `scoped-projections` (its facts and their fold).
//! Absent: sockets, file names, argument parsing, terminal output.

pub mod ambient;
pub mod audit;
mod authorize;
mod canonical;
mod clock;
mod command;
pub mod compliance;
pub mod config;
pub mod contracts;
mod data;
mod diff;
mod engine;
mod error;
mod exact;
pub mod export;
mod history;
pub mod identity;
mod info;
mod kernel;
mod moment;
pub mod objects;
mod options;
mod reading;
mod receipt;
pub mod registry;
mod rehearsal;
mod remembered;
pub mod requests;
pub mod rules;
pub mod sealed;
mod session;
pub mod sharing;
mod snapshots;
pub mod subjects;
mod subscription;
pub mod templates;
pub mod temporal;
pub mod tenancy;
mod wire;

pub use audit::Filter;
pub use authorize::{Considered, Decision, Request, Rule, Target, Tier};
pub use clock::{Door, ManualDoor, SystemDoor};
pub use command::{BATCH_STEPS_MAX, Batch, Command, Step};
pub use data::Data;
pub use diff::{Diff, FieldChange};
pub use engine::{Engine, Past};
pub use error::{Error, ErrorKind, Result};
pub use history::History;
pub use info::{ChangeInfo, Grant, ObjectInfo, ScopeInfo};
pub use kernel::durability::Durability;
pub use moment::Moment;
pub use options::Options;
pub use reading::{
    AccessAnswer, AccessInterval, AccessSpan, CHECKS_MAX, ConsideredRule, DeclaredAttribute, Edge, EdgeCause,
    Explained, Omission, Omitted, PAGE_DEFAULT, PAGE_MAX, Page, Question, Reached, Recall, RecalledRecord,
    RecordEdge, RecordEvent, RecordNode, RecordQuery, RecordReference, RecordStatistics, Resource, ViewItem,
    ViewPage, ViewSource, What, Who,
};
pub use reading::{
    AuditEntry, AuditPage, AuditStates, AuditStream, Kin, KinPath, OBJECTS_PAGE_MAX, ObjectPage, ObjectQuery,
    Operation, PRINCIPALS_PAGE_MAX, PrincipalPage, ProjectionInfo, REGISTRY_PAGE_MAX, ReadObject,
    ReadVersion, Reading, SCOPES_PAGE_MAX, ScopePage, ScopeQuery,
};
pub use receipt::{Load, Pending, Promise, Receipt, Submitted, Warning};
pub use rehearsal::Rehearsed;
pub use sealed::{Absence, Content, Keys, Why};
pub use session::{Session, SessionBatch};
pub use subscription::{Committed, EventFilter, Subscription};
pub use temporal::{Policy, RollbackNote};
pub use tenancy::ScopeRef;
pub use wire::{LineError, parse_line, write_line};

pub use scoped_log as log;
pub use scoped_log::{Recovery, Verdict};
pub use scoped_projections as projections;
pub use scoped_projections::rules::Action;
pub use scoped_projections::tenancy::{
    Capability, Effect, Level, Pattern, Role, Scope, ScopePath, Subject, View,
};
pub use scoped_projections::{
    BindingId, ContractId, CorrelationId, Digest, EdgeId, EntryId, Event, Micros, ObjectId, PrincipalId,
    RegistrationId, RuleId, ScopeId, Sequence, SettingId, SubjectId, TemplateId, World,
};
pub use scoped_vault as vault;
