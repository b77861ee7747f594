//! The fold over templates.

use super::{TemplateCreated, TemplatesEvent as E};
use crate::canonical::{Input, InputError, Output};
use crate::identity::Identity;
use crate::store::{Identified, NO_ROW, Sorted, Table, Words, transact};
use crate::tenancy::Tenancy;
use crate::{Envelope, PrincipalId, ScopeId, Sequence, TemplateId};

/// A template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Its id.
    pub id: TemplateId,
    /// Its name.
    pub name: Box<str>,
    template_type: u32,
    /// Row of the scope whose readers see it, [`NO_ROW`] for everybody.
    pub scope: u32,
    /// Who made it.
    pub owner: PrincipalId,
    /// Is it kept without being used?
    pub archived: bool,
    /// Number of its current version, from 1.
    pub version: u32,
    /// The event that made it.
    pub created: Sequence,
    /// The last event that changed it.
    pub changed: Sequence,
}

impl Identified for Template {
    fn id(&self) -> u128 {
        self.id.0
    }
}

impl crate::store::Footprint for Template {
    fn heap(&self) -> usize {
        self.name.heap()
    }
}

/// All templates.
#[derive(Debug, Clone, Default)]
pub struct Templates {
    templates: Table<Template>,
    types: Words,
    /// By template row and number: the event whose payload has the schema.
    versions: Sorted<(u32, u32), Sequence>,
}
transact!(Templates { templates, types, versions });

impl Templates {
    /// The template with that id.
    #[must_use]
    pub fn get(&self, id: TemplateId) -> Option<&Template> {
        self.templates.by_id(id.0)
    }
    /// What sort of thing it is for.
    #[must_use]
    pub fn template_type(&self, template: &Template) -> &str {
        self.types.word(template.template_type)
    }
    /// All templates, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Template> {
        self.templates.iter()
    }
    /// How many there are, archived ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.templates.len()
    }
    /// True without any template.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.templates.is_empty()
    }
    /// The event whose payload has the schema of a version.
    #[must_use]
    pub fn version(&self, id: TemplateId, version: u32) -> Option<Sequence> {
        self.versions.get(&(self.templates.find(id.0)?, version)).copied()
    }
    /// All versions of a template, ascending: number, and the event whose payload has the schema.
    pub fn versions(&self, id: TemplateId) -> impl Iterator<Item = (u32, Sequence)> + '_ {
        let row = self.templates.find(id.0);
        row.into_iter().flat_map(|row| {
            self.versions.range((row, 0)..=(row, u32::MAX)).map(|((_, number), at)| (*number, *at))
        })
    }

    pub(crate) fn apply(&mut self, at: &Envelope, event: &E, _identity: &Identity, tenancy: &Tenancy) {
        match event {
            E::TemplateCreated(e) => self.create(at, e, tenancy),
            E::TemplateUpdated(e) => {
                let version = self.edit(at, e.template, |template| {
                    template.version = template.version.saturating_add(1);
                    template.name = e.name.as_str().into();
                });
                if let Some(place) = version {
                    self.versions.insert(place, at.sequence);
                }
            }
            E::TemplateArchived(e) => drop(self.edit(at, e.template, |template| template.archived = true)),
            E::TemplateReopened(e) => drop(self.edit(at, e.template, |template| template.archived = false)),
            // Of that only the trail tells.
            E::TemplateInstantiated(_) => {}
        }
    }

    fn create(&mut self, at: &Envelope, e: &TemplateCreated, tenancy: &Tenancy) {
        let scope = if e.scope == ScopeId::NONE { Some(NO_ROW) } else { tenancy.row(e.scope) };
        let (Some(scope), None) = (scope, self.get(e.template)) else { return };
        let row = self.templates.insert(Template {
            id: e.template,
            name: e.name.as_str().into(),
            template_type: self.types.number(&e.template_type),
            scope,
            owner: at.actor,
            archived: false,
            version: 1,
            created: at.sequence,
            changed: at.sequence,
        });
        self.versions.insert((row, 1), at.sequence);
    }

    /// Changes a template; gives its row and version.
    fn edit(
        &mut self,
        at: &Envelope,
        id: TemplateId,
        change: impl FnOnce(&mut Template),
    ) -> Option<(u32, u32)> {
        let row = self.templates.find(id.0)?;
        let template = self.templates.edit(row)?;
        change(template);
        template.changed = at.sequence;
        Some((row, template.version))
    }

    pub(crate) fn save(&self, out: &mut impl Output) {
        self.types.save(out);
        out.count(self.templates.len());
        for template in self.templates.iter() {
            out.u128(template.id.0);
            out.text(&template.name);
            out.u32(template.template_type);
            out.u32(template.scope);
            out.u128(template.owner.0);
            out.u8(u8::from(template.archived));
            out.u32(template.version);
            out.sequence(template.created);
            out.sequence(template.changed);
        }
        out.count(self.versions.len());
        for ((row, number), at) in self.versions.iter() {
            out.u32(*row);
            out.u32(*number);
            out.sequence(*at);
        }
    }

    pub(crate) fn load(input: &mut Input<'_>) -> Result<Self, InputError> {
        let mut state = Self { types: Words::load(input)?, ..Self::default() };
        for _ in 0..input.count()? {
            state.templates.insert(Template {
                id: TemplateId(input.u128()?),
                name: input.text()?.into(),
                template_type: input.u32()?,
                scope: input.u32()?,
                owner: PrincipalId(input.u128()?),
                archived: input.flag()?,
                version: input.u32()?,
                created: input.sequence()?,
                changed: input.sequence()?,
            });
        }
        for _ in 0..input.count()? {
            let place = (input.u32()?, input.u32()?);
            state.versions.insert(place, input.sequence()?);
        }
        Ok(state)
    }
}
