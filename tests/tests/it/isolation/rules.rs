//! Rules in the matrix: a rule at home in `org:a/dept:c`, bound there and to an object.

use super::{Aim as Aimed, *};
use scoped::projections::rules::Class;
use scoped::rules::{Aim, Archive, Bind, Define, Describe, Rebind, Unarchive, Unbind, Update};
use scoped::{BindingId, RuleId};

/// At home in `org:a/dept:c`.
const RULE: RuleId = RuleId(50);
/// The founder's own, without home.
const HOMELESS: RuleId = RuleId(51);
const NO_RULE: RuleId = RuleId(59);
const IN_SCOPE: BindingId = BindingId(60);
const ON_OBJECT: BindingId = BindingId(61);
const NO_BINDING: BindingId = BindingId(69);

/// What stands in the world of the matrix. A rule that says nothing to anybody in it.
pub(super) fn furnish(batch: &mut Batch) {
    let founder = PrincipalId(1);
    let rule = |id, name: &str| Define {
        rule: Some(id),
        ..Define::new(name, Class::Constraint, Effect::Deny)
            .when(serde_json::from_str(r#"{"principal_kind": "nobody"}"#).unwrap())
    };
    batch.push(founder, rule(RULE, "of the department").at_home_in(path("org:a/dept:c")));
    batch.push(founder, rule(HOMELESS, "my own"));
    let to = Aim::scope(path("org:a/dept:c"));
    batch.push(founder, Bind { binding: Some(IN_SCOPE), rule: RULE, to });
    batch.push(founder, Bind { binding: Some(ON_OBJECT), rule: HOMELESS, to: Aim::object(PRIVATE) });
}

pub(super) fn command(name: &str, _: PrincipalId) -> Option<Row> {
    let rules = |of: &dyn Fn(RuleId) -> Command| row([of(RULE), of(HOMELESS)], [of(NO_RULE)]);
    let bindings = |of: &dyn Fn(BindingId) -> Command| row([of(IN_SCOPE), of(ON_OBJECT)], [of(NO_BINDING)]);
    Some(match name {
        "rules.define" => {
            let define = |scope| Define::new("mine", Class::Access, Effect::Deny).at_home_in(scope);
            row(
                [define(path("org:a/dept:c")), define(ScopeRef::Id(ScopeId(3)))],
                [define(path("org:nope/dept:c")), define(ScopeRef::Id(ScopeId(77)))],
            )
        }
        "rules.update" => rules(&|rule| {
            let text = format!(r#"{{"rule": "{rule}", "effect": "allow"}}"#);
            serde_json::from_str::<Update>(&text).unwrap().into()
        }),
        "rules.describe" => rules(&|rule| Describe { rule, description: "x".into() }.into()),
        "rules.archive" => rules(&|rule| Archive { rule }.into()),
        "rules.unarchive" => rules(&|rule| Unarchive { rule }.into()),
        "rules.bind" => {
            let bind = |rule, to: Aim| Bind { binding: None, rule, to };
            row(
                [
                    bind(RULE, Aim::scope(path("org:a/dept:c"))),
                    bind(RULE, Aim::everywhere()),
                    bind(RULE, Aim::object(SHARED)),
                    bind(HOMELESS, Aim::object(PRIVATE)),
                ],
                [
                    bind(NO_RULE, Aim::scope(path("org:a/dept:c"))),
                    bind(NO_RULE, Aim::object(NO_OBJECT)),
                    bind(RULE, Aim::scope(path("org:nope"))),
                ],
            )
        }
        "rules.rebind" => bindings(&|binding| Rebind { binding, to: Aim::everywhere() }.into()),
        "rules.unbind" => bindings(&|binding| Unbind { binding }.into()),
        _ => return None,
    })
}

pub(super) fn reading(operation: &str) -> Option<Vec<Ask>> {
    fn which(aim: &Aimed) -> RuleId {
        if aim.object == NO_OBJECT { NO_RULE } else { RULE }
    }
    Some(match operation {
        "rules.read" => vec![|reading, aim| reading.rule(which(aim)).map(drop), |reading, aim| {
            let id = if aim.object == NO_OBJECT { NO_RULE } else { HOMELESS };
            reading.rule(id).map(drop)
        }],
        "rules.usage" => {
            vec![|reading, aim| reading.rule_usage(which(aim), PrincipalId(1)).map(drop)]
        }
        "rules.evaluate" => {
            vec![|reading, aim| reading.evaluate(PrincipalId(1), Capability::ReadLocal, aim.object).map(drop)]
        }
        "flags.read" => vec![|reading, aim| reading.flag("beta", true, Some(&aim.scope)).map(drop)],
        "flags.list" => vec![|reading, aim| reading.flags(Some(&aim.scope)).map(drop)],
        "rules.list" => vec![],
        _ => return None,
    })
}

#[test]
fn a_list_of_rules_holds_those_that_one_manages_audits_or_made() {
    let (engine, _) = world();
    let listed = |actor| -> Vec<RuleId> {
        let reading = engine.session(actor).unwrap().reading();
        let filter = scoped::rules::RuleFilter::default();
        reading.rules(&filter, 0, 100).unwrap().into_iter().map(|info| info.rule).collect()
    };
    for intruder in [FOREIGNER, SIBLING, DENIED] {
        assert_eq!(listed(intruder), [], "{intruder}");
    }
    assert_eq!(listed(PrincipalId(1)), [RULE, HOMELESS]);
}
