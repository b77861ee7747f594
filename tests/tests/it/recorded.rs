//! Which reads leave a record: not only what was asked for first decides, but all that the answer is about.

use crate::support::{Place, member, object, path, principal};
use scoped::projections::audit::{AccessRecorded, AuditEvent};
use scoped::projections::tenancy::{AuditReads, Policy};
use scoped::temporal::Cutoff;
use scoped::{
    Capability as C, Event, Filter, Level, ObjectId, ObjectQuery, PrincipalId, Question, Recall, Role,
    ScopeId, View, What,
};

/// The founder (1) owns `org:a` with `ws:b` and `ws:c`, and `org:z` beside; Bo (2) writes in `org:a`, Cy (3) reads in `org:z`.
fn place() -> Place {
    let scopes = [("org:a", 1), ("org:a/ws:b", 2), ("org:a/ws:c", 3), ("org:z", 4)];
    let place = Place::with(23, [2, 3].map(principal), &scopes);
    place.does(1, member("org:a", 2, Role::Writer));
    place.does(1, member("org:z", 3, Role::Reader));
    place
}

impl Place {
    fn declare(&self, scope: &str, reads: AuditReads) {
        let policy = Policy { audit_reads: Some(reads), ..Policy::default() };
        self.does(1, scoped::tenancy::SetPolicy::new(path(scope), &policy).unwrap());
    }
    /// What was recorded of somebody: operation, scope, object, how often.
    fn recorded(&self, who: u128) -> Vec<(String, ScopeId, ObjectId, u32)> {
        self.engine.sync().unwrap();
        let kinds = Some(vec![AccessRecorded::KIND]);
        let filter = Filter { actor: Some(PrincipalId(who)), kinds, ..Filter::default() };
        let history = self.engine.history();
        let event = |at| {
            let record = history.record(at).unwrap();
            let scope = ScopeId(record.scope());
            match history.event(&record).unwrap() {
                Event::Audit(AuditEvent::AccessRecorded(e)) => (e.operation, scope, e.object, e.count),
                other => panic!("{other:?}"),
            }
        };
        history.audit(&filter).unwrap().into_iter().map(event).collect()
    }
}

fn told(operation: &str, scope: u128, object: u128) -> (String, ScopeId, ObjectId, u32) {
    (operation.to_owned(), ScopeId(scope), ObjectId(object), 1)
}

/// A batch of questions about others left one record, about the first of them, and the scope of that first one decided for all:
/// whoever asked about a scope that records nothing before everything else was never heard of.
#[test]
fn a_batch_of_questions_leaves_one_record_for_each_scope_that_it_is_about() {
    let place = place();
    place.declare("org:z", AuditReads::None);
    place.does(1, object(10, 1, Some("org:a/ws:b"), Level::Read));
    let (other, me) = (PrincipalId(2), PrincipalId(1));
    let about = |scope: &str| Question::new(other, C::Write, path(scope));
    let mut batch = vec![Question::new(me, C::Write, path("org:a")), about("org:z")];
    batch.extend((0..400).map(|_| about("org:a/ws:b")));
    batch.extend([Question::new(other, C::Write, ObjectId(10)), about("org:a/ws:c")]);
    place.at(1).reading().check(&batch).unwrap();
    assert_eq!(place.recorded(1), [told("access.check", 2, 0), told("access.check", 3, 0)]);
    // Alone, an object is named.
    place.at(1).reading().can(other, C::Write, ObjectId(10)).unwrap();
    assert_eq!(place.recorded(1)[2..], [told("access.check", 2, 10)]);
}

/// `what(other)` asked for nothing but to be active, so it was never recorded; nor were two other questions about somebody's access.
#[test]
fn every_question_about_anothers_access_is_recorded_and_none_about_ones_own() {
    let place = place();
    place.does(1, object(10, 1, Some("org:a/ws:b"), Level::Read));
    let bo = PrincipalId(2);
    let ask = |who: u128, about: u128| {
        let (reading, about) = (place.at(who).reading(), PrincipalId(about));
        reading.what(&What::may(about, C::Delete)).unwrap();
        reading.memberships(about).unwrap();
    };
    ask(2, 2);
    assert_eq!(place.recorded(2), []);
    ask(1, 3);
    let all = [told("access.what", 0, 0), told("scopes.memberships", 4, 0), told("scopes.memberships", 0, 0)];
    assert_eq!(place.recorded(1), all, "what was found lies in a scope that hears of it, too");
    place.at(1).reading().what(&What::may(bo, C::Write).within(path("org:a/ws:b"))).unwrap();
    assert_eq!(place.recorded(1)[3..], [told("access.what", 2, 0)]);
    place.at(1).reading().evaluate(bo, C::Write, ObjectId(10)).unwrap();
    assert_eq!(place.recorded(1)[4..], [told("rules.evaluate", 2, 10)]);
    place.at(1).reading().evaluate(PrincipalId(1), C::Write, ObjectId(10)).unwrap();
    assert_eq!(place.recorded(1).len(), 5, "of oneself");
}

/// Lists of objects asked whether the reader was active and nothing else, so `all` of the scopes that they came from was never looked at.
#[test]
fn a_list_of_objects_is_recorded_where_its_objects_live() {
    let place = place();
    for (id, scope) in [(10, "org:a/ws:b"), (11, "org:a/ws:b"), (12, "org:a/ws:c")] {
        place.does(1, object(id, 1, Some(scope), Level::Read));
    }
    let bo = place.at(2).reading();
    let list = || bo.find_objects(&ObjectQuery::default()).unwrap().objects.len();
    assert_eq!((list(), bo.count_objects(&ObjectQuery::default()).unwrap()), (3, 3));
    assert_eq!(place.recorded(2), [], "everyday reads, and nobody declares more");
    place.declare("org:a/ws:b", AuditReads::All);
    assert_eq!((list(), bo.count_objects(&ObjectQuery::default()).unwrap()), (3, 3));
    assert_eq!(place.recorded(2), [told("objects.find", 2, 0), told("objects.count", 2, 0)]);
    // The same of a view that reads it from above.
    let recall = Recall::from(path("org:a")).view(View::Descend);
    place.at(1).reading().recall(&recall).unwrap();
    assert_eq!(place.recorded(1), [told("views.recall", 2, 0)]);
}

/// Looking through others' past by way of a list passed for looking at one's own.
#[test]
fn a_list_of_others_past_is_recorded_and_one_of_ones_own_is_not() {
    let place = place();
    place.does(1, object(10, 1, Some("org:a/ws:b"), Level::Read));
    place.does(2, object(11, 1, Some("org:a/ws:c"), Level::Read));
    let cutoff = Cutoff::At(place.engine.history().head());
    let then = || place.at(2).as_of(&cutoff).unwrap();
    assert_eq!(then().find_objects(&ObjectQuery::own()).unwrap().objects.len(), 1);
    assert_eq!(place.recorded(2), [], "one's own");
    assert_eq!(then().find_objects(&ObjectQuery::default()).unwrap().objects.len(), 2);
    assert_eq!(place.recorded(2), [told("objects.find", 2, 10)], "that of others, and only that");
    place.declare("org:a/ws:b", AuditReads::None);
    then().count_objects(&ObjectQuery::default()).unwrap();
    assert_eq!(place.recorded(2).len(), 1, "a choice");
}

/// Other lists, too, passed for looking at one's own: of principals, rules, templates.
#[test]
fn others_past_is_recorded_in_whatever_list_it_is_told() {
    use scoped::identity::PrincipalFilter;
    use scoped::projections::rules::Class;
    let place = place();
    let deny = scoped::rules::Define::new("no", Class::Access, scoped::Effect::Deny);
    let rule = scoped::RuleId(place.does(1, deny.at_home_in(path("org:a"))).ids[0]);
    place.does(1, member("org:a", 3, Role::Admin));
    let cutoff = Cutoff::At(place.engine.history().head());
    let (then, now) = (place.at(3).as_of(&cutoff).unwrap(), place.at(3).reading());
    let ask = |reading: &scoped::Reading| {
        reading.rule(rule).unwrap();
        assert_eq!(reading.rules(&scoped::rules::RuleFilter::default(), 0, 9).unwrap().len(), 1);
        reading.principal(PrincipalId(3)).unwrap();
    };
    ask(&now);
    assert_eq!(place.recorded(3), []);
    ask(&then);
    assert_eq!(place.recorded(3), [told("rules.read", 1, 0), told("rules.list", 1, 0)], "and not oneself");
    then.principals(&PrincipalFilter::default(), None, 9).unwrap();
    assert_eq!(place.recorded(3)[2..], [told("principals.list", 0, 0)]);
}

/// However far an answer reaches, it leaves so many records and one for all the rest.
#[test]
fn an_answer_from_very_many_scopes_leaves_a_bounded_number_of_records() {
    let place = place();
    for nth in 0..70_u128 {
        let scope = format!("org:a/ws:n{nth}");
        place.does(1, object(100 + nth, 1, Some(&scope), Level::Read));
    }
    place.declare("org:a", AuditReads::All);
    assert_eq!(place.at(2).reading().count_objects(&ObjectQuery::default()).unwrap(), 70);
    let records = place.recorded(2);
    assert_eq!(records.len(), 65);
    assert_eq!(records.iter().filter(|(_, scope, _, _)| *scope == ScopeId::NONE).count(), 1);
}
