//! What brings rules and bindings back.

use super::recall::rebind;
use super::{Archive, Describe, Unarchive, Unbind, Update};
use crate::error::Result;
use crate::temporal::{Entity, Inverse, Phase, Problem};
use scoped_projections::rules::Body;
use scoped_projections::tenancy::Effect;
use scoped_projections::{BindingId, RuleId};

/// What brings this domain's things back.
pub(crate) fn invert(inverse: &mut Inverse<'_>) -> Result<Problem> {
    match inverse.entity {
        Entity::Rule(id) => inverse.rule(id),
        Entity::Binding(id) => Ok(inverse.binding(id)),
        _ => Ok(None),
    }
}

/// Taking a deny away widens; so does putting an allow there, as far as rules can.
fn phase(body: &Body, comes: bool) -> Phase {
    if (body.effect == Effect::Allow) == comes { Phase::RulesWidening } else { Phase::RulesNarrowing }
}

impl Inverse<'_> {
    fn rule(&mut self, id: RuleId) -> Result<Problem> {
        let rules = self.now.rules();
        let Some(now) = rules.get(id) else { return Ok(None) };
        let Some(says_now) = rules.current(now) else { return Ok(None) };
        let then = self.then.rules().get(id);
        // A rule that was not there is brought back to holding nowhere: archived.
        let archived_then = then.is_none_or(|rule| rule.archived);
        let phases = (phase(&says_now.body, true), phase(&says_now.body, false));
        if now.archived && !archived_then {
            self.step(phases.0, 0, Unarchive { rule: id });
        }
        if let Some((then, says_then)) = then.and_then(|rule| Some((rule, self.then.rules().current(rule)?)))
        {
            let (name, body) = (&says_then.name, &says_then.body);
            // What is archived in the end is changed first, if it can be: archived rules are not.
            let can = !now.archived || !archived_then;
            if can && (*name != says_now.name || *body != says_now.body) {
                let update = Update::to(id, name.to_string(), Body::clone(body), None);
                self.step(phase(body, true), 1, update);
            }
            if can && then.described != now.described {
                let data = self.history.payload(then.described)?;
                let value = data.and_then(|data| serde_json::from_slice::<serde_json::Value>(&data).ok());
                let text = value.as_ref().and_then(|value| value.get("description")?.as_str());
                let description = text.unwrap_or_default().to_owned();
                self.step(phase(body, true), 2, Describe { rule: id, description });
            }
        }
        if !now.archived && archived_then {
            self.step(phases.1, 3, Archive { rule: id });
        }
        Ok(None)
    }

    fn binding(&mut self, id: BindingId) -> Problem {
        let rules = self.now.rules();
        let now = rules.binding(id)?;
        let body = rules.at(now.rule).and_then(|rule| rules.current(rule)).map(|version| &version.body)?;
        // A rule that was made since goes as a whole, and keeps its bindings: they hold nowhere then.
        let rule = rules.at(now.rule)?.id;
        self.then.rules().get(rule)?;
        let then = self.then.rules().binding(id).filter(|binding| !binding.removed);
        match then {
            None if !now.removed => self.step(phase(body, false), 1, Unbind { binding: id }),
            Some(then) if now.removed || then.targets != now.targets => {
                self.step(phase(body, true), 3, rebind(id, &then.targets));
            }
            _ => {}
        }
        None
    }
}
