//! What can be asked about templates, by whoever holds the files, and instances for whoever may see one. What a principal may ask is in
//! `reading/templates.rs`.

use super::commands::Instantiate;
use super::info::{Instance, TemplateFilter, TemplateInfo, TemplateVersionInfo};
use super::merge::merge;
use crate::error::{Error, Result};
use crate::moment::Moment;
use crate::session::Session;
use scoped_projections::templates::{Template, TemplatesEvent};
use scoped_projections::{Event, PrincipalId, Sequence, TemplateId};
use serde_json::{Map, Value};

/// The reason of a first version.
const FIRST: &str = "initial";

impl Moment<'_> {
    fn find_template(&self, id: TemplateId) -> Result<&Template> {
        let missing = || {
            Error::refused("not_found", format!("there is no template `{id}` at {}", self.world().position()))
        };
        self.world().templates().get(id).ok_or_else(missing)
    }

    /// What was said with a version.
    fn template_payload(&self, at: Sequence) -> Result<Map<String, Value>> {
        let payload = self.history().payload(at)?.unwrap_or_default();
        serde_json::from_slice(&payload)
            .map_err(|e| Error::corrupt(format!("event {at}: a template's payload is no map: {e}")))
    }

    fn template_schema(&self, at: Sequence) -> Result<Map<String, Value>> {
        match self.template_payload(at)?.remove("schema") {
            Some(Value::Object(schema)) => Ok(schema),
            _ => Err(Error::corrupt(format!("event {at} has no schema"))),
        }
    }

    /// What it is for: what the last version says that says anything about it.
    pub(super) fn template_description(&self, id: TemplateId) -> Result<String> {
        let versions: Vec<(u32, Sequence)> = self.world().templates().versions(id).collect();
        for (_, at) in versions.into_iter().rev() {
            if let Some(Value::String(text)) = self.template_payload(at)?.remove("description") {
                return Ok(text);
            }
        }
        Ok(String::new())
    }

    fn template_info(&self, found: &Template) -> Result<TemplateInfo> {
        let templates = self.world().templates();
        let at = templates.version(found.id, found.version).unwrap_or(found.created);
        Ok(TemplateInfo {
            template: found.id,
            name: found.name.to_string(),
            template_type: templates.template_type(found).to_owned(),
            scope: self.world().tenancy().at(found.scope).map(|node| node.label().to_owned()),
            owner: found.owner,
            archived: found.archived,
            version: found.version,
            created_at: self.history().record(found.created)?.time(),
            description: self.template_description(found.id)?,
            schema: self.template_schema(at)?,
        })
    }

    /// A template with the blueprint of its current version.
    ///
    /// # Errors
    /// When there is none with that id at this moment.
    pub fn template(&self, id: TemplateId) -> Result<TemplateInfo> {
        self.template_info(self.find_template(id)?)
    }

    /// Templates, newest first.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn templates(&self, filter: &TemplateFilter) -> Result<Vec<TemplateInfo>> {
        self.templates_where(filter, |_| true)
    }

    pub(crate) fn templates_where(
        &self,
        filter: &TemplateFilter,
        visible: impl Fn(&Template) -> bool,
    ) -> Result<Vec<TemplateInfo>> {
        let (templates, tenancy) = (self.world().templates(), self.world().tenancy());
        let wanted = |template: &&Template| {
            (filter.include_archived || !template.archived)
                && filter.owner.is_none_or(|owner| owner == template.owner)
                && filter
                    .template_type
                    .as_deref()
                    .is_none_or(|kind| kind == templates.template_type(template))
                && filter
                    .scope
                    .is_none_or(|scope| tenancy.at(template.scope).is_some_and(|node| node.id == scope))
        };
        let found = templates.iter().rev().filter(wanted).filter(|template| visible(template));
        found.take(filter.limit).map(|template| self.template_info(template)).collect()
    }

    /// All versions of a template, ascending.
    ///
    /// # Errors
    /// When there is no such template, or the log cannot be read.
    pub fn template_versions(&self, id: TemplateId) -> Result<Vec<TemplateVersionInfo>> {
        self.find_template(id)?;
        let versions = self.world().templates().versions(id);
        versions.map(|(number, at)| self.template_version_at(number, at)).collect()
    }

    fn template_version_at(&self, version: u32, at: Sequence) -> Result<TemplateVersionInfo> {
        let (record, mut said) = (self.history().record(at)?, self.template_payload(at)?);
        let reason = match said.remove("change_reason") {
            Some(Value::String(reason)) => reason,
            _ => String::new(),
        };
        Ok(TemplateVersionInfo {
            version,
            at: at.get(),
            created_at: record.time(),
            created_by: PrincipalId(record.actor()),
            change_reason: if version == 1 { FIRST.to_owned() } else { reason },
            schema: self.template_schema(at)?,
        })
    }

    /// A version of a template; the current one when none is named.
    ///
    /// # Errors
    /// When there is no such template or version.
    pub fn template_version(&self, id: TemplateId, version: Option<u32>) -> Result<TemplateVersionInfo> {
        let latest = self.find_template(id)?.version;
        let number = version.unwrap_or(latest);
        let missing = || {
            let message =
                format!("the template `{id}` has no version {number}; its versions are 1 to {latest}");
            Error::refused("no_version", message)
        };
        let at = self.world().templates().version(id, number).ok_or_else(missing)?;
        self.template_version_at(number, at)
    }

    /// What a template gives with overrides merged into a version of it (the current one when none is named). Creates nothing and
    /// leaves no trace: for whoever holds the files.
    ///
    /// # Errors
    /// When there is no such template or version.
    pub fn instance(
        &self,
        id: TemplateId,
        overrides: &Map<String, Value>,
        version: Option<u32>,
    ) -> Result<Instance> {
        let (found, version) = (self.find_template(id)?, self.template_version(id, version)?);
        Ok(Instance {
            template_id: id,
            template_name: found.name.to_string(),
            template_type: self.world().templates().template_type(found).to_owned(),
            template_version: version.version,
            data: merge(&version.schema, overrides),
            overrides_applied: overrides.clone(),
        })
    }
}

impl Session {
    /// What a template gives with overrides merged into a version of it (the current one when none is named). Creates nothing but the
    /// trace of it.
    ///
    /// # Errors
    /// When the template is missing or not this principal's to see, archived, or has no such version.
    pub fn instantiate(
        &self,
        template: TemplateId,
        overrides: &Map<String, Value>,
        version: Option<u32>,
    ) -> Result<Instance> {
        let receipt = self.execute(Instantiate { template, version, overrides: overrides.clone() })?;
        let history = self.engine().history();
        // The version that was current when it was decided, whatever has come since.
        let mut decided = None;
        for record in history.reader().records(receipt.first, receipt.last) {
            // Whom a session acts for is told first.
            if let Event::Templates(TemplatesEvent::TemplateInstantiated(e)) = history.event(&record?)? {
                decided = Some(e.version);
                break;
            }
        }
        let version = decided.or(version);
        self.engine().read(|moment| moment.instance(template, overrides, version))
    }
}
