//! Reading who there is, and who belongs to whom. Who sees whom is said in `identity/sight.rs`; whoever is not seen is left out of
//! lists and walked around in the graph.

use super::{Ask, Operation, Reading};
use crate::authorize::{Request, Target};
use crate::error::{Error, Result};
use crate::identity::{EdgeFilter, Kinship, PrincipalFilter, PrincipalInfo, RelationshipInfo, sees};
use crate::kernel::execute::Refusal;
use roaring::RoaringBitmap;
use scoped_projections::PrincipalId;
use scoped_projections::identity::Status;
use scoped_projections::tenancy::{ActorPath, Capability as C};

/// Most principals that one page shows.
pub const PRINCIPALS_PAGE_MAX: usize = 1_000;

/// A page of a list of principals.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PrincipalPage {
    /// Oldest first.
    pub principals: Vec<PrincipalInfo>,
    /// What `after` has to be for the next page; `None` when this is the last.
    pub next: Option<u32>,
}

/// A principal that a walk over relationships came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Kin {
    /// Who.
    pub principal: PrincipalId,
    /// How many edges away, from 1.
    pub distance: u32,
}

/// A shortest way between two principals over relationships.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct KinPath {
    /// Everybody on it, both ends included.
    pub principals: Vec<PrincipalId>,
    /// The labels between them: one less.
    pub labels: Vec<String>,
}

impl KinPath {
    /// How many edges it has.
    #[must_use]
    pub fn length(&self) -> usize {
        self.labels.len()
    }
}

impl Ask<'_> {
    /// Seen then and now.
    fn sees(&self, row: u32) -> bool {
        // Rows never change, so a row of then is a row of now.
        sees(self.moment.world, self.actor, row, self.moment.now.read())
            && (std::ptr::eq(self.moment.world, self.present)
                || sees(self.present, self.actor, row, self.now.read()))
    }
    /// The row of a principal that the actor sees; the same refusal for all others, and for what is not there.
    fn seen(&self, id: PrincipalId) -> Result<u32, Refusal> {
        let row = self.moment.world.identity().row(id).filter(|row| self.sees(*row));
        row.into_iter().for_each(|_| self.note_principal(id));
        row.ok_or_else(|| Refusal::Denied(Request::new(C::ReadLocal, Target::Nothing)))
    }
    /// Of others the past is not one's own; principals lie in no scope.
    fn note_principal(&self, id: PrincipalId) {
        if id != self.actor {
            self.note(C::ReadLocal, Target::Deployment);
        }
    }
    fn ids(&self, rows: impl IntoIterator<Item = u32>) -> Vec<PrincipalId> {
        rows.into_iter().map(|row| self.moment.world.identity().id(row)).collect()
    }
}

impl Reading {
    /// A principal, and what it is described as.
    ///
    /// # Errors
    /// The same words whether it is missing or not this principal's to see.
    pub fn principal(&self, id: PrincipalId) -> Result<PrincipalInfo> {
        self.ask(Operation::PrincipalsRead, |ask| {
            ask.seen(id)?;
            Ok(ask.moment.principal(id)?)
        })
    }

    /// The live principal with that handle.
    ///
    /// # Errors
    /// The same words whether it is missing or not this principal's to see.
    pub fn principal_by_handle(&self, handle: &ActorPath) -> Result<PrincipalInfo> {
        self.ask(Operation::PrincipalsRead, |ask| {
            let found = ask.moment.world.identity().by_handle(handle.as_str());
            let id = found.map_or(PrincipalId::NONE, |found| found.id);
            ask.seen(id)?;
            Ok(ask.moment.principal(id)?)
        })
    }

    /// A page of the principals that this one sees and that fit, oldest first, behind the place `after` (the `next` of the page
    /// before; a number, so that a guessed one does not tell who is there), at most `limit` (1 to [`PRINCIPALS_PAGE_MAX`]).
    ///
    /// # Errors
    /// When this principal is not active, or the limit is none.
    pub fn principals(
        &self,
        filter: &PrincipalFilter,
        after: Option<u32>,
        limit: usize,
    ) -> Result<PrincipalPage> {
        if limit == 0 || limit > PRINCIPALS_PAGE_MAX {
            return Err(Error::invalid(format!("a page has 1 to {PRINCIPALS_PAGE_MAX} principals")));
        }
        self.ask(Operation::PrincipalsList, |ask| {
            ask.need(C::ReadLocal, Target::Own)?;
            let (identity, mut page) = (ask.moment.world.identity(), PrincipalPage::default());
            let mut last = None;
            for row in after.map_or(0, |after| after.saturating_add(1))..identity.len() as u32 {
                let Some(principal) = identity.at(row) else { break };
                if filter.fits(&ask.moment, principal) && ask.sees(row) {
                    if page.principals.len() == limit {
                        page.next = last;
                        break;
                    }
                    ask.note_principal(principal.id);
                    page.principals.push(ask.moment.principal(principal.id)?);
                    last = Some(row);
                }
            }
            Ok(page)
        })
    }

    /// The relationships of a principal whose other ends this one sees: parents first, then children, each side oldest first.
    ///
    /// # Errors
    /// As [`Self::principal`].
    pub fn relationships(&self, of: PrincipalId, filter: EdgeFilter<'_>) -> Result<Vec<RelationshipInfo>> {
        self.ask(Operation::PrincipalsRelationships, |ask| {
            let row = ask.seen(of)?;
            let edges = ask.moment.edges(row, filter).into_iter();
            let shown = edges.filter(|edge| ask.sees(edge.parent) && ask.sees(edge.child));
            Ok(shown.map(|edge| ask.moment.relationship(edge)).collect::<Result<Vec<_>>>()?)
        })
    }

    /// Everybody that relationships lead to, nearest first, each once; the start is never among them.
    ///
    /// # Errors
    /// As [`Self::principal`].
    pub fn kin(&self, of: PrincipalId, kinship: Kinship<'_>) -> Result<Vec<Kin>> {
        self.ask(Operation::PrincipalsGraph, |ask| {
            let row = ask.seen(of)?;
            let id = |row| ask.moment.world.identity().id(row);
            let found = ask.moment.walk(row, kinship, |row| ask.sees(row)).into_iter();
            Ok(found.map(|kin| Kin { principal: id(kin.principal), distance: kin.distance }).collect())
        })
    }

    /// A principal with everybody above and below it (not its siblings): itself first, then ancestors, then descendants.
    ///
    /// # Errors
    /// As [`Self::principal`].
    pub fn all_related(&self, of: PrincipalId, kinship: Kinship<'_>) -> Result<Vec<PrincipalId>> {
        use scoped_projections::identity::Direction as D;
        self.ask(Operation::PrincipalsGraph, |ask| {
            let row = ask.seen(of)?;
            let (mut rows, mut listed) = (vec![row], RoaringBitmap::from([row]));
            for direction in [D::Up, D::Down] {
                let found = ask.moment.walk(row, Kinship { direction, ..kinship }, |row| ask.sees(row));
                rows.extend(found.iter().map(|kin| kin.principal).filter(|at| listed.insert(*at)));
            }
            Ok(ask.ids(rows))
        })
    }

    /// A shortest way between two principals, over those that this one sees; `None` when there is none, and from anybody to itself.
    ///
    /// # Errors
    /// As [`Self::principal`], for either end.
    pub fn kin_path(
        &self,
        from: PrincipalId,
        to: PrincipalId,
        kinship: Kinship<'_>,
    ) -> Result<Option<KinPath>> {
        self.ask(Operation::PrincipalsGraph, |ask| {
            let (from, to) = (ask.seen(from)?, ask.seen(to)?);
            let relations = ask.moment.world.identity().relations();
            let way = ask.moment.way(from, to, kinship, |row| ask.sees(row));
            let label = |edge: u32| relations.at(edge).map_or("", |edge| relations.label(edge)).to_owned();
            Ok(way.map(|way| KinPath {
                principals: ask.ids(way.principals),
                labels: way.edges.into_iter().map(label).collect(),
            }))
        })
    }

    /// Does a way lead from one to the other, whichever way its edges point?
    ///
    /// # Errors
    /// As [`Self::kin_path`].
    pub fn is_related(&self, a: PrincipalId, b: PrincipalId, kinship: Kinship<'_>) -> Result<bool> {
        Ok(self.kin_path(a, b, kinship)?.is_some())
    }

    /// Does a principal belong to a group, directly or through other groups, so that the group's rights are its own? Asked
    /// [as of](crate::Session::as_of) a moment it says whether it did then.
    ///
    /// # Errors
    /// As [`Self::kin_path`].
    pub fn is_member(&self, group: PrincipalId, principal: PrincipalId) -> Result<bool> {
        self.ask(Operation::PrincipalsGraph, |ask| {
            let (group, row) = (ask.seen(group)?, ask.seen(principal)?);
            let identity = ask.moment.world.identity();
            let active = identity.at(group).is_some_and(|p| p.status == Status::Active);
            Ok(active && identity.groups(row).binary_search(&group).is_ok())
        })
    }
}
