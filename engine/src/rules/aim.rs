//! What a rule is bound to, as commands say it, and who may bind something there.

use crate::authorize::{Request, Target};
use crate::error::Error;
use crate::kernel::execute::{Refusal, Result, View, object_target};
use crate::tenancy::ScopeRef;
use scoped_projections::rules::Targets;
use scoped_projections::tenancy::Capability as C;
use scoped_projections::{ObjectId, PrincipalId, World};

/// What a rule is bound to. All that is named must hold; naming nothing means everywhere.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aim {
    /// In this scope or below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<ScopeRef>,
    /// For this principal, or the members of this group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<PrincipalId>,
    /// For objects of this type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_type: Option<String>,
    /// For this object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectId>,
    /// In this environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Through this connector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connector: Option<String>,
}

impl Aim {
    /// Everywhere.
    #[must_use]
    pub fn everywhere() -> Self {
        Self::default()
    }
    /// A scope and what is below it.
    #[must_use]
    pub fn scope(scope: impl Into<ScopeRef>) -> Self {
        Self { scope: Some(scope.into()), ..Self::default() }
    }
    /// A principal, or the members of a group.
    #[must_use]
    pub fn principal(principal: PrincipalId) -> Self {
        Self { principal: Some(principal), ..Self::default() }
    }
    /// Objects of a type.
    #[must_use]
    pub fn object_type(word: impl Into<String>) -> Self {
        Self { object_type: Some(word.into()), ..Self::default() }
    }
    /// One object.
    #[must_use]
    pub fn object(object: ObjectId) -> Self {
        Self { object: Some(object), ..Self::default() }
    }
    pub(super) fn of(targets: Targets) -> Self {
        Self {
            scope: targets.scope.map(ScopeRef::Id),
            principal: targets.principal,
            object_type: targets.object_type,
            object: targets.object,
            environment: targets.environment,
            connector: targets.connector,
        }
    }
    /// Who may bind something there: whoever manages the rules of the scope; without scope, the object's owner or admin; without
    /// either, operators.
    pub(super) fn request(&self, world: &World) -> Request<'static> {
        let target = match (&self.scope, self.object) {
            (Some(scope), _) => scope.target(world.tenancy()),
            (None, Some(object)) => object_target(world, object),
            (None, None) => Target::Deployment,
        };
        Request::new(C::RulesManage, target)
    }
    /// The things it names, which have to be there.
    pub(super) fn resolve(&self, on: &View<'_>) -> Result<Targets> {
        let missing =
            |what: &str| Refusal::from(Error::refused("not_found", format!("there is no such {what}")));
        let scope = match &self.scope {
            None => None,
            Some(scope) => {
                let row = crate::tenancy::scope_row(on, scope)?;
                Some(on.world.tenancy().at(row).ok_or_else(|| missing("scope"))?.id)
            }
        };
        if let Some(id) = self.principal {
            on.world.identity().get(id).ok_or_else(|| missing("principal"))?;
        }
        if let Some(id) = self.object {
            on.world.objects().get(id).ok_or_else(|| missing("object"))?;
        }
        let (principal, object, object_type) = (self.principal, self.object, self.object_type.clone());
        let (environment, connector) = (self.environment.clone(), self.connector.clone());
        Ok(Targets { scope, principal, object_type, object, environment, connector })
    }
}
