//! Decisions about principals.

use crate::authorize::Target;
use crate::command::{Decide, Needs, commands};
use crate::data::Data;
use crate::error::Error;
use crate::export::{Recalled, Recalling};
use crate::kernel::execute::{Facts, Result, View, need};
use crate::temporal::Entity;
use scoped_projections::identity::{
    Founded, IdentityEvent, OperatorSet, Principal, PrincipalArchived, PrincipalCreated, PrincipalDescribed,
    PrincipalReinstated, PrincipalSuspended, Status,
};
use scoped_projections::tenancy::Capability;
use scoped_projections::{PrincipalId, ScopeId};

commands! {
    /// Commands about principals.
    domain "identity";
    enum Command {
        /// begins a log: the first principal, an operator (only the log's first event; later it makes an operator)
        "found" Found {
            /// Its id.
            principal: PrincipalId,
            /// What sort of actor it is.
            kind: String,
            /// Its description, for example `{"name": "Ada"}`.
            description: Data,
        }
        /// makes a principal
        "create_principal" CreatePrincipal {
            /// Its id; drawn when absent.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            principal: Option<PrincipalId>,
            /// What sort of actor it is: a word of the application.
            kind: String,
            /// Its description, for example `{"name": "Ada"}`.
            description: Data,
        }
        /// describes a principal anew
        "describe_principal" DescribePrincipal {
            /// Whom.
            principal: PrincipalId,
            /// The description.
            description: Data,
        }
        /// stops a principal from acting, until reinstated
        "suspend_principal" SuspendPrincipal {
            /// Whom.
            principal: PrincipalId,
        }
        /// lets a suspended principal act again
        "reinstate_principal" ReinstatePrincipal {
            /// Whom.
            principal: PrincipalId,
        }
        /// stops a principal from acting, for good
        "archive_principal" ArchivePrincipal {
            /// Whom.
            principal: PrincipalId,
        }
        /// makes a principal an operator, or no longer
        "set_operator" SetOperator {
            /// Whom.
            principal: PrincipalId,
            /// True to make it one.
            operator: bool,
        }
    }
}

impl CreatePrincipal {
    /// A principal of that kind, described by `{"name": …}`.
    ///
    /// # Errors
    /// When the name is longer than a payload may be.
    pub fn named(kind: impl Into<String>, name: &str) -> crate::Result<Self> {
        let description = Data::from_text_fields(&[("name", name)])?;
        Ok(Self { principal: None, kind: kind.into(), description })
    }
}

/// Longest kind of a principal, or type of an object, in bytes.
pub(crate) const WORD_BYTES_MAX: usize = 64;

/// A word of the application: short, and printable on one line.
pub(crate) fn check_word(what: &str, word: &str) -> Result<()> {
    if word.is_empty() || word.len() > WORD_BYTES_MAX || word.chars().any(char::is_control) {
        let message = format!("{what} has 1 to {WORD_BYTES_MAX} bytes and no control characters");
        return Err(Error::invalid(message).into());
    }
    Ok(())
}

fn manage<'a>() -> Needs<'a> {
    need(Capability::PrincipalsManage, Target::Deployment)
}

fn principal<'a>(on: &View<'a>, id: PrincipalId) -> Result<&'a Principal> {
    Ok(on
        .world
        .identity()
        .get(id)
        .ok_or_else(|| Error::refused("not_found", format!("there is no principal `{id}`")))?)
}

/// A log in which nobody may manage principals would be stuck for ever.
fn keeps_an_operator(on: &View<'_>, without: PrincipalId) -> Result<()> {
    let another =
        on.world.identity().iter().any(|p| p.operator && p.status == Status::Active && p.id != without);
    if another {
        return Ok(());
    }
    Err(Error::refused("last_operator", "this is the last active operator")
        .hint("make another operator first")
        .into())
}

fn add(on: &View<'_>, facts: &mut Facts<'_>, id: PrincipalId, kind: &str, description: &Data) -> Result<()> {
    check_word("a principal's kind", kind)?;
    if !id.is_some() {
        return Err(Error::invalid("the all-zero id names nobody").into());
    }
    if on.world.identity().get(id).is_some() {
        return Err(Error::refused("exists", format!("there is a principal `{id}` already")).into());
    }
    facts.push(ScopeId::NONE, PrincipalCreated { principal: id, kind: kind.to_owned() }, Some(description));
    Ok(())
}

impl Decide for Found {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        // Before the first event there is nobody who could be allowed anything: the log's creator founds it.
        if on.world.identity().is_empty() && on.actor == self.principal { Needs::new() } else { manage() }
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        if on.world.identity().is_empty() {
            check_word("a principal's kind", &self.kind)?;
            if !self.principal.is_some() {
                return Err(Error::invalid("the all-zero id names nobody").into());
            }
            let event = Founded { principal: self.principal, kind: self.kind.clone() };
            facts.push(ScopeId::NONE, event, Some(&self.description));
            return Ok(());
        }
        add(on, facts, self.principal, &self.kind, &self.description)?;
        facts.push(ScopeId::NONE, OperatorSet { principal: self.principal, operator: true }, None);
        Ok(())
    }
}

impl Decide for CreatePrincipal {
    fn needs(&self, _: &View<'_>) -> Needs<'_> {
        manage()
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let id = self.principal.unwrap_or_else(|| PrincipalId(facts.fresh()));
        add(on, facts, id, &self.kind, &self.description)
    }
}

impl Decide for DescribePrincipal {
    fn needs(&self, _: &View<'_>) -> Needs<'_> {
        manage()
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        principal(on, self.principal)?;
        facts.push(ScopeId::NONE, PrincipalDescribed { principal: self.principal }, Some(&self.description));
        Ok(())
    }
}

impl Decide for SuspendPrincipal {
    fn needs(&self, _: &View<'_>) -> Needs<'_> {
        manage()
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let found = principal(on, self.principal)?;
        if found.status != Status::Active {
            return Err(Error::refused("not_active", format!("the principal is {}", found.status)).into());
        }
        keeps_an_operator(on, self.principal)?;
        facts.push(ScopeId::NONE, PrincipalSuspended { principal: self.principal }, None);
        Ok(())
    }
}

impl Decide for ReinstatePrincipal {
    fn needs(&self, _: &View<'_>) -> Needs<'_> {
        manage()
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let found = principal(on, self.principal)?;
        if found.status != Status::Suspended {
            return Err(Error::refused("not_suspended", format!("the principal is {}", found.status)).into());
        }
        facts.push(ScopeId::NONE, PrincipalReinstated { principal: self.principal }, None);
        Ok(())
    }
}

impl Decide for ArchivePrincipal {
    fn needs(&self, _: &View<'_>) -> Needs<'_> {
        manage()
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        if principal(on, self.principal)?.status == Status::Archived {
            return Err(Error::refused("archived", "the principal is archived already").into());
        }
        if let Some(root) = crate::tenancy::orphaned_root(on.world, self.principal) {
            let error = Error::refused("last_owner", format!("this is the last owner of `{}`", root.label()));
            return Err(error.hint("make another owner first").into());
        }
        keeps_an_operator(on, self.principal)?;
        facts.push(ScopeId::NONE, PrincipalArchived { principal: self.principal }, None);
        Ok(())
    }
}

impl Decide for SetOperator {
    fn needs(&self, _: &View<'_>) -> Needs<'_> {
        manage()
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        if principal(on, self.principal)?.operator == self.operator {
            return Err(Error::refused("unchanged", "that is so already").into());
        }
        if !self.operator {
            keeps_an_operator(on, self.principal)?;
        }
        let event = OperatorSet { principal: self.principal, operator: self.operator };
        facts.push(ScopeId::NONE, event, None);
        Ok(())
    }
}

/// What an event changes; the founding of the log is never taken back.
pub(crate) fn entity(event: &IdentityEvent) -> Option<Entity> {
    match event {
        IdentityEvent::Founded(_) => None,
        event => Some(Entity::Principal(event.principal())),
    }
}

/// The command that would bring this fact about.
pub(crate) fn recall(event: IdentityEvent, asked: Recalling<'_>) -> Option<Recalled> {
    use IdentityEvent as E;
    let data = asked.data;
    Some(Recalled::one(match event {
        E::Founded(e) => Command::Found(Found { principal: e.principal, kind: e.kind, description: data? }),
        E::PrincipalCreated(e) => Command::CreatePrincipal(CreatePrincipal {
            principal: Some(e.principal),
            kind: e.kind,
            description: data?,
        }),
        E::PrincipalDescribed(e) => {
            Command::DescribePrincipal(DescribePrincipal { principal: e.principal, description: data? })
        }
        E::PrincipalSuspended(e) => Command::SuspendPrincipal(SuspendPrincipal { principal: e.principal }),
        E::PrincipalReinstated(e) => {
            Command::ReinstatePrincipal(ReinstatePrincipal { principal: e.principal })
        }
        E::PrincipalArchived(e) => Command::ArchivePrincipal(ArchivePrincipal { principal: e.principal }),
        E::OperatorSet(e) => {
            Command::SetOperator(SetOperator { principal: e.principal, operator: e.operator })
        }
    }))
}
