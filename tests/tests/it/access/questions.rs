//! Check, explain, who, what, effective and history against the rule, for everybody, everywhere (8.4).

use super::oracle::{Access, Fact, On};
use super::{PRINCIPALS, Seen, principal};
use scoped::projections::tenancy::Part;
use scoped::{
    AccessSpan, Capability, Engine, Moment, PrincipalId, Question, Request, Resource, Rule, ScopeId,
    ScopeRef, Sequence, Target, What, World,
};
use std::collections::BTreeSet;

/// Capabilities that every case asks about, and some of those that others ask about.
fn capabilities(pick: u8) -> Vec<Capability> {
    use Capability as C;
    let others = [C::ReadHolistic, C::ReadDescend, C::MembersManage, C::AclManage, C::Delete, C::AuditRead];
    let nth = usize::from(pick) % others.len();
    let mut asked = vec![C::ReadLocal, C::Write, others[nth], others[(nth + 2) % others.len()]];
    asked.push([C::Explain, C::RulesManage, C::Provision, C::ConfigWrite][usize::from(pick / 8) % 4]);
    asked
}

fn everybody() -> impl Iterator<Item = PrincipalId> {
    (1..=PRINCIPALS).map(principal)
}

/// Check, explain, who and what against the rule, for everybody, everywhere.
pub(super) fn compare(moment: &Moment<'_>, access: &Access, now: u64, pick: u8, seen: &mut Seen) {
    let world = moment.world();
    let mut places = vec![(On::Deployment, Target::Deployment), (On::Own, Target::Own)];
    for id in access.scopes.keys() {
        let row = world.tenancy().row(id.parse::<ScopeId>().unwrap()).unwrap();
        places.push((On::Scope(id.clone()), Target::Scope(row)));
        places.push((On::Below(id.clone()), Target::Below(row)));
    }
    let objects = access.objects.keys();
    places.extend(objects.map(|id| (On::Object(id.clone()), moment.object_target(id.parse().unwrap()))));
    for capability in capabilities(pick) {
        let may = |actor: PrincipalId, on: &On| access.may(&actor.to_string(), capability.as_str(), on, now);
        for (on, target) in &places {
            let who: BTreeSet<PrincipalId> =
                moment.who(Request::new(capability, *target)).into_iter().map(|grant| grant.actor).collect();
            for actor in everybody() {
                let decision = moment.can(actor, capability, *target);
                let expected = may(actor, on);
                assert_eq!(
                    decision.allowed,
                    expected,
                    "may {actor} {capability} on {on:?}? {}",
                    moment.reason(&decision)
                );
                assert_eq!(who.contains(&actor), expected, "who may {capability} on {on:?}: {actor}?");
                assert_eq!(
                    moment.explain(actor, capability, *target).0,
                    decision,
                    "explaining decides the same: {actor} {capability} on {on:?}"
                );
                let by_rules = matches!(decision.rule, Rule::Policy { .. } | Rule::Governed { .. });
                seen.ruled += u64::from(by_rules || decision.granted.is_some());
                *(if expected { &mut seen.allowed } else { &mut seen.denied }) += 1;
            }
        }
        for actor in everybody() {
            let what: BTreeSet<String> = moment
                .what(&What::may(actor, capability))
                .into_iter()
                .map(|(info, _)| info.object.to_string())
                .collect();
            let live = access.objects.iter().filter(|(_, object)| !object.tombstoned).map(|(id, _)| id);
            let reached = live.filter(|id| may(actor, &On::Object((*id).clone()))).cloned().collect();
            assert_eq!(what, reached, "what may {actor} {capability}?");
            let scopes: BTreeSet<String> = moment
                .scopes_of(&What::may(actor, capability))
                .into_iter()
                .map(|(id, _)| id.to_string())
                .collect();
            let reached = access.scopes.keys().filter(|id| may(actor, &On::Scope((*id).clone())));
            assert_eq!(scopes, reached.cloned().collect(), "where may {actor} {capability}?");
        }
    }
    together(moment, access, pick);
    short_lists(world);
    effective(moment, access, now, pick);
}

/// The short list of what somebody is says what the map of all memberships says, or to ask it: after whatever came and went, in folded
/// worlds and in worlds of the past.
fn short_lists(world: &World) {
    let tenancy = world.tenancy();
    for principal in 0..world.identity().len() as u32 {
        for scope in 0..tenancy.len() as u32 {
            let member = tenancy.member(scope, principal);
            let expected = match member {
                None => Part::Nothing,
                Some(member) if member.expires_at().is_some() => Part::Unsure,
                Some(member) => Part::Role(member.role),
            };
            assert_eq!(tenancy.roles(principal).of(scope), expected, "{principal} in {scope}: {member:?}");
        }
    }
}

/// Many questions put at once, and one put as yes or no, are answered as one by one: they go through memory in another order, and
/// the latter put no names to the reason.
fn together(moment: &Moment<'_>, access: &Access, pick: u8) {
    let objects = access.objects.keys().map(|id| Resource::Object(id.parse().unwrap()));
    let scopes = access.scopes.keys().map(|id| Resource::Scope(ScopeRef::Id(id.parse().unwrap())));
    let resources: Vec<Resource> = objects.chain(scopes).collect();
    for capability in capabilities(pick) {
        let about = |resource: &Resource| {
            let ask = |actor| Question::new(actor, capability, resource.clone());
            everybody().map(ask).collect::<Vec<_>>()
        };
        let mut questions: Vec<Question> = resources.iter().flat_map(about).collect();
        if pick.is_multiple_of(2) {
            // One and the same asks a few times in a row.
            questions.sort_by_key(|question| question.actor);
        }
        let decisions = moment.decisions(&questions);
        assert_eq!(decisions.len(), questions.len());
        for (question, decision) in questions.iter().zip(decisions) {
            assert_eq!(decision, moment.check(question), "{question:?} among others");
            assert_eq!(decision.allowed, moment.allows(question), "{question:?} as yes or no");
        }
    }
}

/// A place, as it is asked about, and as the rule knows it.
fn place(access: &Access, pick: u8) -> (On, ScopeRef) {
    let nth = usize::from(pick) % access.scopes.len().max(1);
    let (id, scope) = access.scopes.iter().nth(nth).unwrap();
    let path =
        (scope.label.contains(':') && pick.is_multiple_of(5)).then(|| format!("{}/ws:none", scope.label));
    match path.map(|path| path.parse()) {
        // What a path names after its scope was deleted and registered anew is the new one.
        Some(Ok(path)) => (On::Below(access.named[&scope.label].clone()), ScopeRef::Path(path)),
        _ => (On::Scope(id.clone()), ScopeRef::Id(id.parse().unwrap())),
    }
}

/// Every capability, for everybody, in one place.
fn effective(moment: &Moment<'_>, access: &Access, now: u64, pick: u8) {
    if access.scopes.is_empty() {
        return;
    }
    let (on, scope) = place(access, pick);
    for actor in everybody() {
        let answers = moment.effective(actor, &scope);
        assert_eq!(answers.len(), Capability::ALL.len());
        for answer in answers {
            let expected = access.may(&actor.to_string(), answer.capability.as_str(), &on, now);
            assert_eq!(answer.allowed, expected, "{actor} {} in {scope}: {answer:?}", answer.capability);
        }
    }
}

/// The intervals in which something was allowed are those in which the rule allows it, at the end of every batch and between.
pub(super) fn history(engine: &Engine, log: &[Fact], now: u64, pick: u8, seen: &mut Seen) {
    let last = Access::at(log, u64::MAX);
    let actor = principal(pick % PRINCIPALS + 1);
    let capability = capabilities(pick)[usize::from(pick / 16) % 5];
    let object = last.objects.keys().nth(usize::from(pick) % last.objects.len()).unwrap();
    let (on, scope) = place(&last, pick.rotate_left(2));
    let ends: Vec<usize> = (0..log.len()).filter(|nth| log[*nth].left == 0).collect();
    for (on, resource) in [
        (on, Resource::Scope(scope)),
        (On::Object(object.clone()), Resource::Object(object.parse().unwrap())),
    ] {
        let span = AccessSpan::new(actor, capability, resource.clone());
        let intervals = engine.read(|moment| moment.decided_at(now).access_history(&span).unwrap());
        seen.intervals += intervals.len() as u64;
        for end in &ends {
            let (at, begins) = (log[*end].at, log[*end].time);
            let access = Access::at(log, at);
            // What is not there yet is a deny; a path below it is answered by what is there.
            let there = match (&on, &resource) {
                (On::Object(id), _) => access.objects.contains_key(id).then(|| on.clone()),
                (On::Scope(id), _) => access.scopes.contains_key(id).then(|| on.clone()),
                (_, Resource::Scope(ScopeRef::Path(path))) => {
                    let above = path.ancestors().find_map(|up| access.named.get(up.to_path().as_str()));
                    above.cloned().map(On::Below)
                }
                _ => None,
            };
            let ends = log.get(end + 1).map_or(now.max(begins), |next| next.time);
            for time in [begins, begins.midpoint(ends), ends.saturating_sub(1).max(begins)] {
                let may = |on: &On| access.may(&actor.to_string(), capability.as_str(), on, time);
                let expected = there.as_ref().is_some_and(may);
                let found = intervals.iter().any(|interval| interval.covers(Sequence::new(at), time));
                assert_eq!(
                    found, expected,
                    "{actor} {capability} {resource:?} after #{at}, at {time}: {intervals:?}"
                );
            }
        }
    }
}
