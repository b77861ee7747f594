//! Decisions about principals.

use crate::authorize::Target;
use crate::command::{Decide, Needs, commands};
use crate::data::Data;
use crate::error::Error;
use crate::kernel::execute::{Facts, Result, View, need};
use crate::tenancy::{Without, orphaned_root};
use scoped_projections::identity::{
    Founded, HandleSet, MEMBER_OF, OperatorSet, Principal, PrincipalArchived, PrincipalCreated,
    PrincipalDescribed, PrincipalKindChanged, PrincipalReinstated, PrincipalSuspended, Status,
};
use scoped_projections::subjects::PrincipalBound;
use scoped_projections::tenancy::{ActorPath, Capability};
use scoped_projections::{EdgeId, PrincipalId, ScopeId};

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
            /// Its handle, `user:ada`, which no other live principal may have.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            handle: Option<ActorPath>,
            /// Is it a data subject of its own? Its descriptions are sealed then, and can be erased.
            #[serde(default, skip_serializing_if = "std::ops::Not::not")]
            personal: bool,
        }
        /// describes a principal anew: its name and everything else that is said of it
        "describe_principal" DescribePrincipal {
            /// Whom.
            principal: PrincipalId,
            /// The description, all of it.
            description: Data,
            /// Refuse unless this is the current version.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            expected_version: Option<u32>,
        }
        /// says what sort of actor a principal is from now on
        "change_kind" ChangeKind {
            /// Whom.
            principal: PrincipalId,
            /// What sort of actor it is: a word of the application.
            kind: String,
            /// Refuse unless this is the current version.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            expected_version: Option<u32>,
        }
        /// gives a principal a handle, another one, or none
        "set_handle" SetHandle {
            /// Whom.
            principal: PrincipalId,
            /// The handle, `user:ada`; absent for none.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            handle: Option<ActorPath>,
            /// Refuse unless this is the current version.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            expected_version: Option<u32>,
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
        /// relates two principals: makes one a member of a group, lets one act for another, or whatever the label says
        "add_relationship" AddRelationship {
            /// Its id; drawn when absent. A removed relationship of the same two comes back under its id.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            edge: Option<EdgeId>,
            /// The group, the authority, the one acted for.
            parent: PrincipalId,
            /// The member, the one that acts.
            child: PrincipalId,
            /// What the child is to the parent: `member_of`, `acts_for`, or a word of the application.
            #[serde(default = "member_of")]
            label: String,
            /// What is said about it.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            metadata: Option<Data>,
        }
        /// removes a relationship; it is remembered
        "remove_relationship" RemoveRelationship {
            /// Which.
            edge: EdgeId,
            /// Why, for the audit trail.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            reason: Option<String>,
        }
    }
}

fn member_of() -> String {
    MEMBER_OF.to_owned()
}

impl CreatePrincipal {
    /// A principal of that kind, described by `{"name": …}`.
    ///
    /// # Errors
    /// When the name is longer than a payload may be.
    pub fn named(kind: impl Into<String>, name: &str) -> crate::Result<Self> {
        let description = Data::from_text_fields(&[("name", name)])?;
        Ok(Self { principal: None, kind: kind.into(), description, handle: None, personal: false })
    }
    /// The same as a data subject of its own, whose descriptions can be erased.
    #[must_use]
    pub fn personal(mut self) -> Self {
        self.personal = true;
        self
    }
    /// The same with a handle.
    #[must_use]
    pub fn with_handle(mut self, handle: ActorPath) -> Self {
        self.handle = Some(handle);
        self
    }
}

impl AddRelationship {
    /// Makes `member` a member of `group`: what the group may, it may.
    #[must_use]
    pub fn member(group: PrincipalId, member: PrincipalId) -> Self {
        Self::labelled(group, member, MEMBER_OF)
    }
    /// Lets `agent` act for `principal`.
    #[must_use]
    pub fn delegate(principal: PrincipalId, agent: PrincipalId) -> Self {
        Self::labelled(principal, agent, scoped_projections::identity::ACTS_FOR)
    }
    /// Relates two principals by a word of the application.
    #[must_use]
    pub fn labelled(parent: PrincipalId, child: PrincipalId, label: impl Into<String>) -> Self {
        Self { edge: None, parent, child, label: label.into(), metadata: None }
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

/// What only operators hold.
pub(super) fn manage<'a>() -> Needs<'a> {
    need(Capability::PrincipalsManage, Target::Deployment)
}

pub(super) fn principal<'a>(on: &View<'a>, id: PrincipalId) -> Result<&'a Principal> {
    Ok(on
        .world
        .identity()
        .get(id)
        .ok_or_else(|| Error::refused("not_found", format!("there is no principal `{id}`")))?)
}

/// The principal, when it is at the version that the caller has seen.
fn expected<'a>(on: &View<'a>, id: PrincipalId, version: Option<u32>) -> Result<&'a Principal> {
    let found = principal(on, id)?;
    Error::unless_version(format_args!("the principal `{id}`"), found.version, version)?;
    Ok(found)
}

/// Archived is the end: nothing about them changes any more.
fn unarchived(found: &Principal) -> Result<()> {
    if found.status == Status::Archived {
        return Err(Error::refused("archived", "nothing about an archived principal changes any more").into());
    }
    Ok(())
}

/// A handle names one live principal.
fn free_handle(on: &View<'_>, handle: &ActorPath) -> Result<()> {
    match on.world.identity().by_handle(handle.as_str()) {
        Some(_) => Err(Error::refused("exists", format!("there is a principal `{handle}` already")).into()),
        None => Ok(()),
    }
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
        add(on, facts, id, &self.kind, &self.description)?;
        if self.personal {
            facts.push(ScopeId::NONE, PrincipalBound { principal: id }, None);
        }
        if let Some(handle) = &self.handle {
            free_handle(on, handle)?;
            facts.push(ScopeId::NONE, HandleSet { principal: id, handle: handle.to_string() }, None);
        }
        Ok(())
    }
}

impl Decide for DescribePrincipal {
    fn needs(&self, _: &View<'_>) -> Needs<'_> {
        manage()
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        unarchived(expected(on, self.principal, self.expected_version)?)?;
        facts.push(ScopeId::NONE, PrincipalDescribed { principal: self.principal }, Some(&self.description));
        Ok(())
    }
}

impl Decide for ChangeKind {
    fn needs(&self, _: &View<'_>) -> Needs<'_> {
        manage()
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        check_word("a principal's kind", &self.kind)?;
        let found = expected(on, self.principal, self.expected_version)?;
        unarchived(found)?;
        if on.world.identity().kind(found) == self.kind {
            return Err(Error::refused("unchanged", "that is so already").into());
        }
        let event = PrincipalKindChanged { principal: self.principal, kind: self.kind.clone() };
        facts.push(ScopeId::NONE, event, None);
        Ok(())
    }
}

impl Decide for SetHandle {
    fn needs(&self, _: &View<'_>) -> Needs<'_> {
        manage()
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let found = expected(on, self.principal, self.expected_version)?;
        unarchived(found)?;
        let handle = self.handle.as_ref().map(ActorPath::as_str);
        if found.handle.as_deref() == handle {
            return Err(Error::refused("unchanged", "that is so already").into());
        }
        if let Some(handle) = &self.handle {
            free_handle(on, handle)?;
        }
        let handle = handle.unwrap_or_default().to_owned();
        facts.push(ScopeId::NONE, HandleSet { principal: self.principal, handle }, None);
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
        if let Some(root) = orphaned_root(on.world, Without::Principal(self.principal)) {
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
        let found = principal(on, self.principal)?;
        unarchived(found)?;
        if found.operator == self.operator {
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
