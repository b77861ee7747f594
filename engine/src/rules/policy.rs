//! What rules say about a question: who denies, who governs, who allows.
//!
//! ```text
//! access = tenancy allows  AND  no voting deny matches  AND  (some voting allow matches, where any governs)
//! ```
//!
//! A question is *governed* when an allow of a class that votes on its action is bound to something it is about. What is bound to
//! scopes is about access through them; the rest is about every way. See `docs/decisions/0015-rules-narrow.md`.

use crate::authorize::{Request, Target, Tier, Witness};
use crate::clock::When;
use crate::rules::outside::Known;
use scoped_projections::rules::{
    About, Action, Asked, Attribute, Declared, Entry, List, Part, Relation, Rules, Seen, Truth, Words,
};
use scoped_projections::store::NO_ROW;
use scoped_projections::tenancy::{Effect, Role};
use scoped_projections::{ObjectId, PrincipalId, World};
use smallvec::SmallVec;
use std::cell::OnceCell;

/// The kind of a principal that things come through: what it does itself, and what it does on behalf of others.
pub(crate) const CONNECTOR: &str = "connector";

/// A scope through which something is reached: the lists that are bound on the way to its root, and the role held there.
pub(crate) struct Way {
    /// Row of the scope.
    pub(crate) scope: u32,
    /// The highest role that reaches there.
    pub(crate) role: Option<Role>,
    /// List and scope, from the scope up.
    pub(crate) lists: SmallVec<[(u32, u32); 4]>,
}

/// What some lists say.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Weight<'a> {
    /// The deny that matches, and the scope that it is bound to, [`NO_ROW`] for none.
    pub(crate) deny: Option<(&'a Entry, u32)>,
    /// An allow that is bound there, whether or not it matches.
    governed: Option<&'a Entry>,
    /// The allow that matches.
    allow: Option<&'a Entry>,
}

impl<'a> Weight<'a> {
    /// Both, as one set of rules.
    pub(crate) fn with(self, other: Self) -> Self {
        Self {
            deny: self.deny.or(other.deny),
            governed: self.governed.or(other.governed),
            allow: self.allow.or(other.allow),
        }
    }
    /// The allow that is needed and there; or the one that governs while none matches.
    pub(crate) fn verdict(self) -> Result<Option<&'a Entry>, &'a Entry> {
        match (self.governed, self.allow) {
            (_, Some(allow)) => Ok(Some(allow)),
            (None, None) => Ok(None),
            (Some(governing), None) => Err(governing),
        }
    }
}

/// What the lists on a way say, where the sort of actor and of object is enough to know; `None` where more has to be asked.
#[inline]
pub(crate) fn settled<'a>(rules: &'a Rules, way: &Way, action: Action, seen: Seen) -> Option<Weight<'a>> {
    let mut weight = Weight::default();
    for (slot, scope) in &way.lists {
        let Some(list) = rules.list(*slot) else { continue };
        let said = list.says(action, seen, weight.allow.is_some())?;
        if let Some(deny) = said.deny
            && weight.deny.is_none_or(|(other, _)| deny.priority > other.priority)
        {
            weight.deny = Some((deny, *scope));
        }
        weight.governed = weight.governed.or(said.governed);
        weight.allow = weight.allow.or(said.allow);
    }
    Some(weight)
}

/// At which level a deny falls that is bound to that scope.
pub(crate) fn tier(world: &World, scope: u32) -> Tier {
    match world.tenancy().link(scope) {
        None => Tier::Deployment,
        Some(link) if link.parent == NO_ROW => Tier::Tenant,
        Some(_) => Tier::Scope,
    }
}

/// The rules that meet a question.
///
/// Most of them are settled by a few bits. What the others look at is put together when the first of them asks.
pub(crate) struct Policy<'a> {
    world: &'a World,
    rules: &'a Rules,
    actor: u32,
    request: Request<'a>,
    now: When<'a>,
    outside: &'a Known<'a>,
    object: Attribute<(u32, ObjectId)>,
    object_type: Attribute<&'a str>,
    seen: Seen,
    /// What the actor is to it, and the highest role held there.
    standing: (Attribute<Relation>, Attribute<Role>),
    asked: OnceCell<Asked<'a>>,
}

/// A question about some scopes, put together when somebody asks.
struct Asking<'p, 'a> {
    policy: &'p Policy<'a>,
    scopes: &'p [u32],
    role: Attribute<Role>,
    asked: OnceCell<Asked<'p>>,
}

impl<'p> Asking<'p, '_> {
    #[inline(never)]
    fn get(&self) -> &Asked<'p> {
        self.asked.get_or_init(|| Asked { scopes: self.scopes, role: self.role, ..self.policy.asked() })
    }
}

/// Does listing a scope show the objects in it one by one, each asked about by itself?
fn lists_objects(action: Action) -> bool {
    matches!(action, Action::Read | Action::Search | Action::Export | Action::Audit | Action::Access)
}

/// Is it a list that is asked for, of things that are each asked about by themselves?
pub(crate) fn lists(request: &Request<'_>) -> bool {
    !matches!(request.target, Target::Object(_))
        && request.object_type.is_none()
        && lists_objects(request.action)
}

/// What is declared of what a question is about: of an object where it was written, wherever it is read.
pub(crate) fn declared<'a>(world: &'a World, asked: &Asked<'_>, target: Target) -> Declared<'a> {
    let home = match target {
        Target::Scope(row) | Target::Below(row) => row,
        Target::Object(row) => world.objects().at(row).map_or(NO_ROW, |object| object.home),
        Target::Own | Target::Deployment | Target::Nothing => NO_ROW,
    };
    let scopes: &[u32] = if home == NO_ROW { &[] } else { &[home] };
    world.rules().declared(&Asked { scopes, ..*asked })
}

/// What declares something of a target.
pub(crate) fn declarations(world: &World, actor: PrincipalId, target: Target) -> SmallVec<[Entry; 4]> {
    let (identity, tenancy, objects) = (world.identity(), world.tenancy(), world.objects());
    let actor = identity.row(actor).unwrap_or(NO_ROW);
    let mut asked = Asked::about(identity, tenancy, actor, Action::Read);
    (asked.object, asked.object_type) = (Attribute::None, Attribute::None);
    if let Target::Object(row) = target
        && let Some(found) = objects.at(row)
    {
        asked.object = Attribute::Is((row, found.id));
        asked.object_type = Attribute::Is(objects.object_type(found));
    }
    declared(world, &asked, target).by
}

/// The connector that somebody is: a principal of the kind [`CONNECTOR`], told by its handle. One without a handle might be any.
pub(crate) fn connector(world: &World, principal: u32) -> Attribute<&str> {
    let identity = world.identity();
    match identity.at(principal).filter(|principal| identity.kind(principal) == CONNECTOR) {
        Some(principal) => principal.handle.as_deref().map_or(Attribute::Missing, Attribute::Is),
        None => Attribute::None,
    }
}

impl<'a> Policy<'a> {
    /// For a question about that target, by the principal in that row.
    pub(crate) fn new(
        world: &'a World,
        actor: u32,
        request: Request<'a>,
        now: When<'a>,
        outside: &'a Known<'a>,
    ) -> Self {
        let (identity, objects) = (world.identity(), world.objects());
        let (mut object, mut object_type, mut number) = (Attribute::None, Attribute::None, None);
        if let Target::Object(row) = request.target
            && let Some(found) = objects.at(row)
        {
            object = Attribute::Is((row, found.id));
            object_type = Attribute::Is(objects.object_type(found));
            number = Some(objects.type_number(found));
        } else if let Some(word) = request.object_type {
            object_type = Attribute::Is(word);
        } else if request.action.is_about_objects() {
            (object, object_type) = (Attribute::Missing, Attribute::Missing);
        } else if lists(&request) {
            (object, object_type) = (Attribute::Each, Attribute::Each);
        }
        let kind = identity.at(actor).map_or(NO_ROW, |principal| identity.kind_number(principal));
        let (seen, standing) = (Seen::new(kind, number), (Attribute::None, Attribute::None));
        let (rules, asked) = (world.rules(), OnceCell::new());
        Self { world, rules, actor, request, now, outside, object, object_type, seen, standing, asked }
    }

    /// All that conditions can look at, but for scopes.
    fn asked(&self) -> Asked<'a> {
        let fixed = *self.asked.get_or_init(|| self.put_together());
        Asked { relation: self.standing.0, role: self.standing.1, ..fixed }
    }

    fn connector(&self) -> Attribute<&'a str> {
        match self.request.connector {
            Attribute::None => connector(self.world, self.actor),
            said => said,
        }
    }

    fn put_together(&self) -> Asked<'a> {
        let Self { world, request, .. } = self;
        let asked = Asked {
            identity: world.identity(),
            tenancy: world.tenancy(),
            actor: self.actor,
            action: request.action,
            role: Attribute::None,
            relation: Attribute::None,
            object_type: self.object_type,
            object: self.object,
            scopes: &[],
            below: NO_ROW,
            now: Attribute::Is(self.now.read()),
            environment: Attribute::Missing,
            connector: self.connector(),
            classification: Attribute::Missing,
            outside: self.outside,
        };
        let declared = declared(world, &asked, request.target);
        // What a question says itself comes before what is declared.
        let word =
            |word: Option<&'a str>, declared| word.map_or(declared, |word| Attribute::Is(Words::one(word)));
        let environment = word(request.environment, declared.environment);
        let classification = word(request.classification, declared.classification);
        Asked { environment, classification, ..asked }
    }

    /// What the actor is to it: known once all ways are.
    pub(crate) fn related(&mut self, owner: bool, role: Option<Role>) {
        let relation = match (owner, role) {
            (true, _) => Relation::Owner,
            (false, Some(_)) => Relation::Member,
            (false, None) => Relation::Outsider,
        };
        let lists = self.object == Attribute::Each && !owner;
        // Whether somebody owns what is listed is asked of each object; a member or an outsider is one here already.
        let relation = if lists && role.is_none() { Attribute::Each } else { Attribute::Is(relation) };
        self.standing = (relation, role.map_or(Attribute::None, Attribute::Is));
    }

    /// What is bound to no scope says, about all these ways.
    pub(crate) fn globally(&self, scopes: &[u32], witness: &mut impl Witness) -> Weight<'a> {
        let mut weight = Weight::default();
        if !self.rules.has_globals() {
            return weight;
        }
        let about = About {
            identity: self.world.identity(),
            actor: self.actor,
            object_type: self.object_type.value(),
            object: self.object.value().map(|(row, _)| row),
            connector: self.connector(),
        };
        let asking = Asking { policy: self, scopes, role: self.standing.1, asked: OnceCell::new() };
        for list in self.rules.globals(&about, || self.asked().environment) {
            self.weigh((list, NO_ROW), &asking, &mut weight, witness);
        }
        weight
    }

    /// What is bound to scopes says, about one way.
    pub(crate) fn through(&self, way: &Way, witness: &mut impl Witness) -> Weight<'a> {
        let mut weight = Weight::default();
        let role = way.role.map_or(Attribute::None, Attribute::Is);
        let scopes = [way.scope];
        let asking = Asking { policy: self, scopes: &scopes, role, asked: OnceCell::new() };
        for (slot, scope) in &way.lists {
            let Some(list) = self.rules.list(*slot) else { continue };
            self.weigh((list, *scope), &asking, &mut weight, witness);
        }
        weight
    }

    /// The rules that match, each once, highest priority first. Asked strictly: what does not arise counts as missing.
    pub(crate) fn matching(mut self, ways: &[Way], owner: bool) -> Vec<Entry> {
        self.related(owner, ways.iter().filter_map(|way| way.role).max());
        let scopes: SmallVec<[u32; 4]> = ways.iter().map(|way| way.scope).collect();
        let mut asked = Asked { scopes: &scopes, ..self.asked() };
        if asked.object == Attribute::Each {
            (asked.object, asked.object_type) = (Attribute::Missing, Attribute::Missing);
            if asked.classification == Attribute::Each {
                asked.classification = Attribute::Missing;
            }
        }
        let mut found: Vec<Entry> = Vec::new();
        self.rules.each(&asked, Part::Votes, &mut |entry| {
            let truth = self.rules.bound(entry, &asked).and(self.rules.when(entry, &asked));
            let known = found.iter().any(|other| other.version == entry.version);
            if !known && entry.votes.contains(asked.action) && truth.matches(entry.effect) {
                found.push(*entry);
            }
        });
        found.sort_by_key(|entry| (std::cmp::Reverse(entry.priority), entry.binding));
        found
    }

    fn weigh<W: Witness>(
        &self,
        (list, scope): (&'a List, u32),
        asking: &Asking<'_, 'a>,
        weight: &mut Weight<'a>,
        witness: &mut W,
    ) {
        let action = self.request.action;
        if !W::LISTENS && !list.decides().contains(action) {
            return;
        }
        for entry in &list.votes {
            // A deny of other actions does not match; where one allow matches another is not needed.
            let idle = match entry.effect {
                Effect::Deny => !entry.actions.contains(action),
                Effect::Allow => weight.allow.is_some(),
            };
            if idle && !W::LISTENS {
                continue;
            }
            if !entry.votes.contains(action) {
                witness.considered(self.rules, entry, false, "the rule's class does not vote on this action");
                continue;
            }
            let (bound, truth) = match entry.settles(action, self.seen) {
                Some(holds) if !W::LISTENS => (Truth::Yes, holds.into()),
                _ => {
                    let (asked, wanted) = (asking.get(), self.outside.wanted());
                    let bound = self.rules.bound(entry, asked);
                    let truth = bound.and(self.rules.when(entry, asked));
                    if idle {
                        // Looked at for who listens only: the answer does not hang on it.
                        self.outside.want(wanted);
                    }
                    (bound, truth)
                }
            };
            // Where nobody said whether it is bound there, a deny speaks and an allow governs.
            if bound == Truth::No || (bound == Truth::Each && entry.effect == Effect::Deny) {
                witness.considered(self.rules, entry, false, "the binding names something else besides");
                continue;
            }
            let matches = truth.matches(entry.effect);
            match entry.effect {
                Effect::Deny if matches && weight.deny.is_none_or(|(d, _)| entry.priority > d.priority) => {
                    weight.deny = Some((entry, scope));
                }
                Effect::Allow => {
                    // What is bound to some of the objects in a scope is asked of each by itself: it closes no list of them.
                    if bound != Truth::Each {
                        weight.governed.get_or_insert(entry);
                    }
                    if matches {
                        weight.allow.get_or_insert(entry);
                    }
                }
                Effect::Deny => {}
            }
            let why = match (truth, matches) {
                (Truth::Missing, _) if self.asks_cel(entry) => super::cel::WHY_MISSING,
                (Truth::Missing, true) => "an attribute it asks for is missing, and a deny holds then",
                (Truth::Missing, false) => {
                    "an attribute it asks for is missing, and an allow does not hold then"
                }
                (_, true) => "its conditions hold",
                (_, false) => "its conditions do not hold",
            };
            witness.considered(self.rules, entry, matches, why);
        }
    }

    fn asks_cel(&self, entry: &Entry) -> bool {
        let mut found = false;
        if let Some(when) = self.rules.version(entry.version).and_then(|version| version.when.as_ref()) {
            when.walk(&mut |clause| found |= clause.cel.is_some());
        }
        found
    }
}
