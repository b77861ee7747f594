//! Rules: defining, changing, binding them; what they hide, limit and switch.
//!
//! Who may: whoever manages the rules (`scope.rules.manage`) of the scope that a rule is at home in, and of every scope that it is
//! bound to; a rule without home is its author's, and operators'. Without a scope a binding needs the object's owner or admin,
//! or an operator. Whoever manages what a rule is bound to may take the binding off.
//! Refusals: a mistake of configuration when it is made; an allow and a deny that contradict each other; archived rules are not
//! changed and not bound. Rules narrow, they never grant: see `docs/decisions/0015-rules-narrow.md`.

mod aim;
pub(crate) mod cel;
mod checks;
mod commands;
mod conflicts;
mod growth;
mod inverse;
mod limits;
mod made;
mod nature;
pub(crate) mod outside;
pub(crate) mod policy;
mod queries;
mod recall;
pub(crate) mod redaction;
mod types;

pub use aim::Aim;
pub use commands::{Archive, Bind, Command, Define, Describe, Rebind, Unarchive, Unbind, Update};
pub(crate) use inverse::invert;
pub(crate) use limits::admit;
pub(crate) use nature::nature;
pub use queries::{
    BindingInfo, Evaluation, FlagInfo, Matched, RuleDetail, RuleFilter, RuleInfo, UsageInfo, VersionInfo,
};
pub(crate) use recall::{entity, recall};
pub use scoped_projections::rules::Content;

use crate::temporal::Entity;
use scoped_projections::store::NO_ROW;
use scoped_projections::{ScopeId, Sequence, World};

/// The event that made a thing what it is in this world; `None` when it is not there.
pub(crate) fn changed(world: &World, entity: Entity) -> Option<Sequence> {
    let rules = world.rules();
    match entity {
        Entity::Rule(id) => rules.get(id).map(|rule| rule.changed),
        Entity::Binding(id) => rules.binding(id).map(|binding| binding.changed),
        _ => None,
    }
}

/// The scope that a thing belongs to: where a binding holds, where a rule is at home.
pub(crate) fn place(world: &World, entity: Entity) -> Option<ScopeId> {
    let rules = world.rules();
    let row = match entity {
        Entity::Rule(id) => rules.get(id)?.home,
        Entity::Binding(id) => {
            let binding = rules.binding(id)?;
            if binding.scope == NO_ROW { rules.at(binding.rule)?.home } else { binding.scope }
        }
        _ => return None,
    };
    world.tenancy().at(row).map(|node| node.id)
}
