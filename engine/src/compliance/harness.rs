//! What the tests of an application begin with: an engine, three people, and questions that fail with a sentence.

use crate::data::Data;
use crate::engine::Engine;
use crate::error::Result;
use crate::identity::CreatePrincipal;
use crate::objects;
use crate::session::Session;
use crate::sharing::Project;
use crate::tenancy::{AddMember, CreateScope, ScopeRef};
use scoped_projections::tenancy::{Capability, Level, Role};
use scoped_projections::{ObjectId, PrincipalId, ScopeId};
use serde_json::json;

/// The type of the objects that a harness makes.
const TYPE: &str = "harness_object";

/// An engine and three principals of the kind `user`: `user_a`, `user_b`, `user_c`.
pub struct Harness {
    /// The engine: in memory unless it was given.
    pub engine: Engine,
    /// The three of them.
    pub users: [PrincipalId; 3],
}

impl Harness {
    /// An engine in memory.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new() -> Result<Self> {
        Self::on(Engine::in_memory()?)
    }

    /// An engine of the caller's.
    ///
    /// # Errors
    /// When its founder may not make principals.
    pub fn on(engine: Engine) -> Result<Self> {
        engine.register_types(&[TYPE])?;
        let mut harness = Self { engine, users: [PrincipalId::NONE; 3] };
        for (nth, name) in ["user_a", "user_b", "user_c"].into_iter().enumerate() {
            harness.users[nth] = harness.user(name)?;
        }
        Ok(harness)
    }

    /// One more principal of that kind.
    ///
    /// # Errors
    /// When the founder may not make principals.
    pub fn user(&self, name: &str) -> Result<PrincipalId> {
        let description = Data::new(json!({ "name": name }))?;
        let create = CreatePrincipal {
            principal: None,
            kind: "user".into(),
            description,
            handle: None,
            personal: false,
        };
        Ok(self.engine.session(self.engine.founder())?.execute(create)?.principal())
    }

    /// A principal at work.
    ///
    /// # Errors
    /// When it is not active.
    pub fn as_principal(&self, principal: PrincipalId) -> Result<Session> {
        self.engine.session(principal)
    }

    /// An object of a principal's own; without data it gets some that nothing else has.
    ///
    /// # Errors
    /// When it is refused.
    pub fn object(&self, owner: PrincipalId, data: Option<serde_json::Value>) -> Result<ObjectId> {
        let data = data.unwrap_or_else(|| json!({ "name": format!("{:032x}", self.engine.fresh_id()) }));
        let made = self.engine.session(owner)?.execute(objects::Create::new(TYPE, Data::new(data)?))?;
        Ok(made.object())
    }

    /// A scope of a principal's own, with members that may write.
    ///
    /// # Errors
    /// When it is refused. Its path is made by the founder, who alone may make roots.
    pub fn scope(&self, owner: PrincipalId, members: &[PrincipalId]) -> Result<ScopeId> {
        let name = format!("org:harness-{:032x}", self.engine.fresh_id());
        let path = name.parse().ok();
        let founder = self.engine.session(self.engine.founder())?;
        let scope = founder.execute(CreateScope { scope: None, path, name: None, parent: None })?.scope();
        let add =
            |principal, role| AddMember { scope: ScopeRef::Id(scope), principal, role, expires_at: None };
        founder.execute(add(owner, Role::Owner))?;
        let owner = self.engine.session(owner)?;
        for member in members {
            owner.execute(add(*member, Role::Writer))?;
        }
        Ok(scope)
    }

    /// Shares an object, in the name of its owner.
    ///
    /// # Errors
    /// When it is refused.
    pub fn project(&self, object: ObjectId, scope: ScopeId, level: Level) -> Result<()> {
        let owner = self.engine.read(|moment| moment.object(object))?.owner;
        self.engine.session(owner)?.execute(Project { object, scope: scope.into(), level })?;
        Ok(())
    }

    /// # Panics
    /// When what was tried gave something: an error that denies and an answer that is empty are both a denial.
    #[track_caller]
    pub fn access_denied<T: Default + PartialEq>(&self, tried: Result<T>) {
        match tried {
            Ok(found) => assert!(found == T::default(), "access was not denied: there was an answer"),
            Err(error) => assert_eq!(error.code(), "denied", "access was not denied but failed: {error}"),
        }
    }

    /// # Panics
    /// When the principal cannot read the object.
    #[track_caller]
    pub fn can_read(&self, principal: PrincipalId, object: ObjectId) {
        assert!(self.reads(principal, object), "{principal} cannot read {object}");
    }

    /// # Panics
    /// When the principal can read the object.
    #[track_caller]
    pub fn cannot_read(&self, principal: PrincipalId, object: ObjectId) {
        assert!(!self.reads(principal, object), "{principal} can read {object}");
    }

    fn reads(&self, principal: PrincipalId, object: ObjectId) -> bool {
        let asked = self.engine.read(|moment| {
            let target = moment.object_target(object);
            moment.can(principal, Capability::ReadLocal, target).allowed
        });
        let read = self.engine.session(principal).and_then(|session| session.read(object)).is_ok();
        assert_eq!(asked, read, "the decision and the read of {object} by {principal} agree");
        read
    }

    /// # Panics
    /// When there is no event of that kind by that principal about that object.
    #[track_caller]
    pub fn trace_exists(&self, actor: PrincipalId, kind: &str, object: ObjectId) {
        let filter = crate::Filter { actor: Some(actor), object: Some(object), ..crate::Filter::default() };
        let history = self.engine.history();
        let kinds = history.audit(&filter).into_iter().flatten();
        let named = |at| {
            history.record(at).ok().and_then(|record| scoped_projections::domains::kind_info(record.kind()))
        };
        let found = kinds.filter_map(named).any(|info| info.name == kind);
        assert!(found, "no `{kind}` by {actor} about {object}");
    }

    /// # Panics
    /// When the object has another number of versions.
    #[track_caller]
    pub fn version_count(&self, object: ObjectId, versions: u32) {
        let found =
            self.engine.read(|moment| moment.world().objects().get(object).map_or(0, |found| found.version));
        assert_eq!(found, versions, "versions of {object}");
    }
}
