//! The rows of questions about access: about others, in places that one may not audit.

use super::*;
use scoped::{AccessSpan, Question, What, Who};

/// The ways to ask of an operation.
pub(super) fn reading(operation: &str) -> Option<Vec<Ask>> {
    const READ: Capability = Capability::ReadLocal;
    const SOMEBODY: PrincipalId = PrincipalId(1);
    Some(match operation {
        "access.check" => vec![
            |reading, aim| reading.can(SOMEBODY, READ, aim.object).map(drop),
            |reading, aim| reading.check(&[Question::new(SOMEBODY, READ, aim.scope.clone())]).map(drop),
            // One that may not be asked fails all of them.
            |reading, aim| {
                let own = Question::new(PrincipalId(2), READ, aim.object);
                reading.check(&[own, Question::new(SOMEBODY, READ, aim.object)]).map(drop)
            },
        ],
        "access.explain" => vec![
            |reading, aim| reading.explain(&Question::new(SOMEBODY, READ, aim.object)).map(drop),
            |reading, aim| reading.explain(&Question::new(SOMEBODY, READ, aim.scope.clone())).map(drop),
        ],
        "access.who" => {
            vec![|reading, aim| reading.who(&Who::may(READ, aim.object)).map(drop), |reading, aim| {
                reading.who(&Who::may(READ, aim.scope.clone())).map(drop)
            }]
        }
        "access.what" => {
            vec![|reading, aim| reading.what(&What::may(SOMEBODY, READ).within(aim.scope.clone())).map(drop)]
        }
        "access.effective" => vec![|reading, aim| reading.effective(SOMEBODY, &aim.scope).map(drop)],
        "access.history" => vec![
            |reading, aim| reading.access_history(&AccessSpan::new(SOMEBODY, READ, aim.object)).map(drop),
            |reading, aim| {
                reading.access_history(&AccessSpan::new(SOMEBODY, READ, aim.scope.clone())).map(drop)
            },
        ],
        _ => return None,
    })
}

/// Of themselves everybody may ask; what they hear tells nobody what is there.
#[test]
fn of_oneself_one_hears_the_same_of_what_is_there_and_what_is_not() {
    let (engine, _) = world();
    for actor in [FOREIGNER, SIBLING, DENIED] {
        let reading = engine.session(actor).unwrap().reading();
        let mut heard = BTreeSet::new();
        for capability in [Capability::ReadLocal, Capability::Write, Capability::AuditRead] {
            for object in [SHARED, PRIVATE, BURIED, NO_OBJECT] {
                let answers = reading.check(&[Question::new(actor, capability, object)]).unwrap();
                heard.insert(format!("{:?}", (answers[0].allowed, answers[0].tier, &answers[0].why)));
                let explained = reading.explain(&Question::new(actor, capability, object));
                assert_eq!(explained.unwrap_err().code(), "denied");
                let span = AccessSpan::new(actor, capability, object);
                heard.insert(format!("{:?}", reading.access_history(&span).unwrap().is_empty()));
            }
            for scope in [path("org:a/dept:c"), path("org:a/dept:c/ws:nope"), path("org:nope/dept:c")] {
                let answers = reading.check(&[Question::new(actor, capability, scope)]).unwrap();
                heard.insert(format!("{:?}", (answers[0].allowed, answers[0].tier, &answers[0].why)));
            }
        }
        let nothing = ["(false, None, None)".to_owned(), "true".to_owned()];
        // Whoever was denied later might once have been allowed, and may know that.
        heard.remove("false");
        assert_eq!(heard.into_iter().collect::<Vec<_>>(), nothing, "{actor}");
        let effective = reading.effective(actor, &path("org:a/dept:c")).unwrap();
        assert!(effective.iter().all(|answer| !answer.allowed && answer.why.is_none()), "{actor}");
        assert_eq!(effective.len(), Capability::ALL.len());
        // About others one is told of nothing that one may not audit.
        let founder = reading.what(&What::may(PrincipalId(1), Capability::ReadLocal)).unwrap();
        let text = serde_json::to_string(&founder.items).unwrap();
        assert!(!text.contains("dept:c") && !text.contains(&PRIVATE.to_string()), "{actor}: {text}");
    }
}
