//! Decisions about templates.

use crate::authorize::{Request, Target};
use crate::command::{Decide, Needs, commands};
use crate::data::Data;
use crate::error::Error;
use crate::export::{Recalled, Recalling};
use crate::identity::check_word;
use crate::kernel::execute::{Facts, Result, View, need};
use crate::temporal::Entity;
use crate::tenancy::{ScopeRef, live_node};
use scoped_projections::rules::Action;
use scoped_projections::store::NO_ROW;
use scoped_projections::templates::{
    Template, TemplateArchived, TemplateCreated, TemplateInstantiated, TemplateReopened, TemplateUpdated,
    TemplatesEvent,
};
use scoped_projections::tenancy::Capability as C;
use scoped_projections::{ScopeId, TemplateId};
use serde_json::{Map, Value};

commands! {
    /// Commands about templates.
    domain "templates";
    enum Command {
        /// makes a template
        "create" Create {
            /// Its id; drawn when absent.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            template: Option<TemplateId>,
            /// Its name.
            name: String,
            /// What sort of thing it is for, a word of the application.
            #[serde(rename = "type", alias = "template_type")]
            template_type: String,
            /// The blueprint.
            schema: Map<String, Value>,
            /// What it is for.
            #[serde(default, skip_serializing_if = "String::is_empty")]
            description: String,
            /// The scope whose readers see it; absent: everybody does.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            scope: Option<ScopeRef>,
        }
        /// gives a template a new version: its blueprint, all of it
        "update" Update {
            /// Which.
            template: TemplateId,
            /// The blueprint.
            schema: Map<String, Value>,
            /// Its name from now on; absent: as it was.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            name: Option<String>,
            /// What it is for from now on; absent: as it was.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            description: Option<String>,
            /// Why, for the list of versions.
            #[serde(default, skip_serializing_if = "String::is_empty")]
            change_reason: String,
            /// Refuse unless this is the current version.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            expected_version: Option<u32>,
        }
        /// puts a template away: nothing is made of it any more
        "archive" Archive {
            /// Which.
            template: TemplateId,
        }
        /// opens an archived template again, as it was
        "reopen" Reopen {
            /// Which.
            template: TemplateId,
        }
        /// leaves the trace of an instance; the data itself is what `Session::instantiate` gives
        "instantiate" Instantiate {
            /// Of which template.
            template: TemplateId,
            /// Of which version; absent: the current one.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            version: Option<u32>,
            /// What is merged into the blueprint.
            #[serde(default, skip_serializing_if = "Map::is_empty")]
            overrides: Map<String, Value>,
        }
    }
}

impl Create {
    /// A template that everybody sees.
    #[must_use]
    pub fn new(
        name: impl Into<String>,
        template_type: impl Into<String>,
        schema: Map<String, Value>,
    ) -> Self {
        let (name, template_type, description) = (name.into(), template_type.into(), String::new());
        Self { template: None, name, template_type, schema, description, scope: None }
    }
    /// The same under an id of the caller's.
    #[must_use]
    pub fn with_id(mut self, template: TemplateId) -> Self {
        self.template = Some(template);
        self
    }
    /// The same for the readers of a scope.
    #[must_use]
    pub fn in_scope(mut self, scope: impl Into<ScopeRef>) -> Self {
        self.scope = Some(scope.into());
        self
    }
}

impl Update {
    /// A new version with this blueprint.
    #[must_use]
    pub fn new(template: TemplateId, schema: Map<String, Value>) -> Self {
        let change_reason = String::new();
        Self { template, schema, name: None, description: None, change_reason, expected_version: None }
    }
    /// The same with a reason.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.change_reason = reason.into();
        self
    }
}

/// Who sees a template sees it here.
pub(crate) fn seeing(template: &Template) -> Target {
    if template.scope == NO_ROW { Target::Own } else { Target::Scope(template.scope) }
}

/// To change a template that is there: its owner, who still sees it, or whoever may make one there. Whoever else asks is refused
/// the same capability for every template, also for none.
fn manage<'a>(on: &View<'_>, id: TemplateId) -> Needs<'a> {
    match on.world.templates().get(id) {
        None => need(C::TemplatesManage, Target::Nothing),
        Some(found) if found.owner == on.actor => {
            smallvec::smallvec![Request::new(C::ReadLocal, seeing(found)).doing(Action::Templates)]
        }
        Some(found) if found.scope == NO_ROW => need(C::TemplatesManage, Target::Deployment),
        Some(found) => need(C::TemplatesManage, Target::Scope(found.scope)),
    }
}

fn found<'a>(on: &View<'a>, id: TemplateId) -> Result<&'a Template> {
    let missing = || Error::refused("not_found", format!("there is no template `{id}`"));
    Ok(on.world.templates().get(id).ok_or_else(missing)?)
}

fn open<'a>(on: &View<'a>, id: TemplateId) -> Result<&'a Template> {
    let found = found(on, id)?;
    if found.archived {
        let error = Error::refused("archived", format!("the template `{}` is archived", found.name));
        return Err(error.hint("reopen it first").into());
    }
    Ok(found)
}

fn scope_of(on: &View<'_>, template: &Template) -> ScopeId {
    on.world.tenancy().id_of(template.scope)
}

/// Where it is, if something may be added there: nothing is in a scope that takes no changes.
fn open_scope(on: &View<'_>, template: &Template) -> Result<ScopeId> {
    match scope_of(on, template) {
        ScopeId::NONE => Ok(ScopeId::NONE),
        scope => live_node(on, &scope.into()).map(|_| scope),
    }
}

/// Schema and free text may name people: they travel as payload, which can be erased.
fn payload(schema: &Map<String, Value>, texts: &[(&str, &str)]) -> Result<Data> {
    let mut all = Map::new();
    all.insert("schema".to_owned(), schema.clone().into());
    for (key, text) in texts {
        all.insert((*key).to_owned(), (*text).into());
    }
    Ok(Data::new(all)?)
}

impl Decide for Create {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        match &self.scope {
            None => need(C::TemplatesManage, Target::Deployment),
            Some(scope) => need(C::TemplatesManage, scope.target(on.world.tenancy())),
        }
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        check_word("a template's name", &self.name)?;
        check_word("a template's type", &self.template_type)?;
        let scope = match &self.scope {
            None => ScopeId::NONE,
            Some(scope) => live_node(on, scope)?.1.id,
        };
        let id = self.template.unwrap_or_else(|| TemplateId(facts.fresh()));
        if !id.is_some() || on.world.templates().get(id).is_some() {
            return Err(Error::refused("exists", format!("the id `{id}` is taken")).into());
        }
        let (name, template_type) = (self.name.clone(), self.template_type.clone());
        let data = payload(&self.schema, &[("description", &self.description)])?;
        facts.push(scope, TemplateCreated { template: id, name, template_type, scope }, Some(&data));
        Ok(())
    }
}

impl Decide for Update {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        manage(on, self.template)
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let found = open(on, self.template)?;
        let scope = open_scope(on, found)?;
        let name = format_args!("the template `{}`", found.name);
        Error::unless_version(name, found.version, self.expected_version)?;
        if let Some(name) = &self.name {
            check_word("a template's name", name)?;
        }
        let mut texts = Vec::new();
        texts.extend(self.description.as_deref().map(|text| ("description", text)));
        texts.extend(Some(("change_reason", &*self.change_reason)).filter(|(_, text)| !text.is_empty()));
        let name = self.name.clone().unwrap_or_else(|| found.name.to_string());
        let data = payload(&self.schema, &texts)?;
        facts.push(scope, TemplateUpdated { template: self.template, name }, Some(&data));
        Ok(())
    }
}

impl Decide for Archive {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        manage(on, self.template)
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let found = open(on, self.template)?;
        facts.push(scope_of(on, found), TemplateArchived { template: self.template }, None);
        Ok(())
    }
}

impl Decide for Reopen {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        manage(on, self.template)
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let found = found(on, self.template)?;
        if !found.archived {
            let error = Error::refused("not_archived", format!("the template `{}` is open", found.name));
            return Err(error.into());
        }
        let scope = open_scope(on, found)?;
        facts.push(scope, TemplateReopened { template: self.template }, None);
        Ok(())
    }
}

impl Decide for Instantiate {
    fn needs(&self, on: &View<'_>) -> Needs<'_> {
        let target = on.world.templates().get(self.template).map_or(Target::Nothing, seeing);
        smallvec::smallvec![Request::new(C::ReadLocal, target).doing(Action::Instantiate)]
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let found = open(on, self.template)?;
        let version = self.version.unwrap_or(found.version);
        if on.world.templates().version(self.template, version).is_none() {
            let message = format!(
                "the template `{}` has no version {version}; its versions are 1 to {}",
                found.name, found.version
            );
            return Err(Error::refused("no_version", message).into());
        }
        let overrides = Data::new(&self.overrides)?;
        let event = TemplateInstantiated { template: self.template, version };
        facts.push(scope_of(on, found), event, Some(&overrides));
        Ok(())
    }
}

/// What an event changes; that something was made of a template changes nothing.
pub(crate) fn entity(event: &TemplatesEvent) -> Option<Entity> {
    use TemplatesEvent as E;
    match event {
        E::TemplateCreated(TemplateCreated { template, .. })
        | E::TemplateUpdated(TemplateUpdated { template, .. })
        | E::TemplateArchived(TemplateArchived { template })
        | E::TemplateReopened(TemplateReopened { template }) => Some(Entity::Template(*template)),
        E::TemplateInstantiated(_) => None,
    }
}

/// The command that would bring this fact about.
pub(crate) fn recall(event: TemplatesEvent, asked: Recalling<'_>) -> Option<Recalled> {
    use TemplatesEvent as E;
    let mut said = match asked.data.map(|data| data.value()) {
        Some(Ok(Value::Object(said))) => Some(said),
        _ => None,
    };
    let mut take = |key: &str| said.as_mut().and_then(|said| said.remove(key));
    let text = |value: Option<Value>| value.and_then(|value| value.as_str().map(ToOwned::to_owned));
    let schema = |value: Option<Value>| match value {
        Some(Value::Object(schema)) => Some(schema),
        _ => None,
    };
    Some(Recalled::one(match event {
        E::TemplateCreated(e) => Command::Create(Create {
            template: Some(e.template),
            name: e.name,
            template_type: e.template_type,
            schema: schema(take("schema"))?,
            description: text(take("description")).unwrap_or_default(),
            scope: Some(e.scope).filter(|scope| scope.is_some()).map(ScopeRef::Id),
        }),
        E::TemplateUpdated(e) => Command::Update(Update {
            template: e.template,
            schema: schema(take("schema"))?,
            name: Some(e.name),
            description: text(take("description")),
            change_reason: text(take("change_reason")).unwrap_or_default(),
            expected_version: None,
        }),
        E::TemplateArchived(e) => Command::Archive(Archive { template: e.template }),
        E::TemplateReopened(e) => Command::Reopen(Reopen { template: e.template }),
        E::TemplateInstantiated(e) => {
            let (template, version, overrides) = (e.template, Some(e.version), said.unwrap_or_default());
            Command::Instantiate(Instantiate { template, version, overrides })
        }
    }))
}
