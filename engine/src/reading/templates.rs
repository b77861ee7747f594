//! Questions about templates.

use super::{Ask, Operation, Reading};
use crate::authorize::Target;
use crate::error::Result;
use crate::kernel::execute::Refusal;
use crate::templates::{TemplateFilter, TemplateInfo, TemplateVersionInfo, seeing};
use scoped_projections::TemplateId;
use scoped_projections::templates::Template;
use scoped_projections::tenancy::Capability as C;

impl Ask<'_> {
    fn template(&self, id: TemplateId) -> Result<(), Refusal> {
        let found = self.moment.world().templates().get(id);
        self.need(C::ReadLocal, found.map_or(Target::Nothing, seeing)).map(drop)
    }
}

impl Reading {
    /// A template with the blueprint of its current version.
    ///
    /// # Errors
    /// The same words whether it is missing or not this principal's to see.
    pub fn template(&self, id: TemplateId) -> Result<TemplateInfo> {
        self.ask(Operation::TemplatesRead, |ask| {
            ask.template(id)?;
            Ok(ask.moment.template(id)?)
        })
    }

    /// A version of a template; the current one when none is named.
    ///
    /// # Errors
    /// As [`Self::template`]; also when there is no such version.
    pub fn template_version(&self, id: TemplateId, version: Option<u32>) -> Result<TemplateVersionInfo> {
        self.ask(Operation::TemplatesRead, |ask| {
            ask.template(id)?;
            Ok(ask.moment.template_version(id, version)?)
        })
    }

    /// All versions of a template, ascending.
    ///
    /// # Errors
    /// As [`Self::template`].
    pub fn template_versions(&self, id: TemplateId) -> Result<Vec<TemplateVersionInfo>> {
        self.ask(Operation::TemplatesRead, |ask| {
            ask.template(id)?;
            Ok(ask.moment.template_versions(id)?)
        })
    }

    /// The templates that this principal may see, newest first.
    ///
    /// # Errors
    /// When it is not active.
    pub fn templates(&self, filter: &TemplateFilter) -> Result<Vec<TemplateInfo>> {
        self.ask(Operation::TemplatesList, |ask| {
            ask.need(C::ReadLocal, Target::Own)?;
            let visible = |template: &Template| ask.tells(seeing(template));
            Ok(ask.moment.templates_where(filter, visible)?)
        })
    }
}
