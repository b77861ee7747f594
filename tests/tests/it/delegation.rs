//! Acting for another: allowed by its word, with its rights, in its name, and traced to who did it.

use crate::support::{by_hand, digest, object, principal, update};
use scoped::identity::{self, AddRelationship, RemoveRelationship};
use scoped::projections::audit::AccessDenied;
use scoped::projections::identity::{ActedOnBehalf, IdentityEvent};
use scoped::tenancy::AddAclEntry;
use scoped::{
    Batch, EdgeId, Effect, Engine, Event, Filter, Level, ObjectId, PrincipalId, Role, Subject, parse_line,
    write_line,
};

const ALICE: PrincipalId = PrincipalId(2);
const BOT: PrincipalId = PrincipalId(3);

/// Alice lets the bot act for her. The edge is 1.
fn world() -> Engine {
    let (engine, _) = by_hand(6);
    let founder = PrincipalId(1);
    let mut batch = Batch::new().with(founder, principal(2)).with(founder, principal(3));
    batch.push(founder, AddRelationship { edge: Some(EdgeId(1)), ..AddRelationship::delegate(ALICE, BOT) });
    engine.execute(batch).unwrap();
    engine
}

#[test]
fn what_is_done_for_another_is_done_with_its_rights_and_its_name_and_both_trails_show_it() {
    let engine = world();
    let bot = engine.session(BOT).unwrap();
    let made = bot.execute_for(ALICE, object(10, 1, None, Level::Read)).unwrap();
    assert_eq!(engine.session(ALICE).unwrap().read(ObjectId(10)).unwrap().owner, ALICE);
    assert_eq!(bot.read(ObjectId(10)).unwrap_err().code(), "denied", "the rights are not the bot's");
    assert_eq!(bot.execute(update(10, 2)).unwrap_err().code(), "denied");

    let history = engine.history();
    let (head, fact) = (history.record(made.first).unwrap(), history.record(made.last).unwrap());
    assert_eq!((PrincipalId(head.actor()), PrincipalId(fact.actor())), (BOT, ALICE));
    let told = Event::Identity(IdentityEvent::ActedOnBehalf(ActedOnBehalf { agent: BOT, principal: ALICE }));
    assert_eq!(history.event(&head).unwrap(), told);
    let (context, _) = Event::decode(fact.kind(), fact.kind_version(), fact.body()).unwrap();
    assert_eq!(context.cause, made.first.get());
    for (actor, at) in [(BOT, made.first), (ALICE, made.last)] {
        let filter = Filter { actor: Some(actor), ..Filter::default() };
        assert!(history.audit(&filter).unwrap().contains(&at), "{actor}");
    }
    assert_eq!(made.object(), ObjectId(10), "the receipt names what was made");
    digest(&engine);
}

#[test]
fn a_batch_of_a_session_acts_for_another_as_part_of_an_operation_and_held_to_what_was_seen() {
    let engine = world();
    let bot = engine.session(BOT).unwrap();
    let made = bot.execute_for(ALICE, object(10, 1, None, Level::Read)).unwrap();
    let edit = |nth| bot.batch().with_for(ALICE, update(10, nth)).unchanged_since(made.last).correlated(77);
    let receipt = edit(2).execute().unwrap();
    let history = engine.history();
    let fact = history.record(receipt.last).unwrap();
    let (context, _) = Event::decode(fact.kind(), fact.kind_version(), fact.body()).unwrap();
    assert_eq!((PrincipalId(fact.actor()), context.correlation), (ALICE, 77));
    assert_eq!(edit(3).execute().unwrap_err().code(), "stale");
}

#[test]
fn steps_in_a_row_are_told_once_and_a_batch_is_recalled_with_who_acted_for_whom() {
    let engine = world();
    let mut batch = Batch::new();
    batch.push_for(BOT, ALICE, object(10, 1, None, Level::Read));
    batch.push_for(BOT, ALICE, update(10, 2));
    batch.push(BOT, object(11, 1, None, Level::Read));
    batch.push_for(BOT, ALICE, update(10, 3));
    let receipt = engine.execute(batch.clone().keyed("once")).unwrap();
    assert_eq!(receipt.last.get() - receipt.first.get(), 5, "one head, four facts, one key");
    let again = engine.execute(batch.clone().keyed("once")).unwrap();
    assert_eq!((again.last, again.repeated, again.ids), (receipt.last, true, receipt.ids.clone()));
    let mut other = batch.clone().keyed("once");
    other.steps[0].on_behalf_of = None;
    assert_eq!(engine.execute(other).unwrap_err().code(), "idempotency_conflict");

    let records = engine.history().reader().records(receipt.first, receipt.last);
    let records = records.collect::<Result<Vec<_>, _>>().unwrap();
    let recalled = scoped::export::recall(engine.history(), &records).unwrap().unwrap();
    let whom: Vec<_> = recalled.steps.iter().map(|step| (step.actor, step.on_behalf_of)).collect();
    assert_eq!(whom, [(BOT, Some(ALICE)), (BOT, Some(ALICE)), (BOT, None), (BOT, Some(ALICE))]);
    let line = write_line(&recalled, receipt.first).unwrap();
    assert_eq!(parse_line(&line).unwrap().0.steps, recalled.steps);
}

#[test]
fn a_delegation_ends_with_its_relationship_and_with_either_of_the_two() {
    let engine = world();
    let (founder, bot) = (engine.session(PrincipalId(1)).unwrap(), engine.session(BOT).unwrap());
    let act = |id| bot.execute_for(ALICE, object(id, 1, None, Level::Read));
    let denied = |id| assert_eq!(act(id).unwrap_err().code(), "denied");
    act(10).unwrap();
    founder.execute(identity::SuspendPrincipal { principal: ALICE }).unwrap();
    denied(11);
    founder.execute(identity::ReinstatePrincipal { principal: ALICE }).unwrap();
    act(11).unwrap();
    founder.execute(identity::SuspendPrincipal { principal: BOT }).unwrap();
    denied(12);
    founder.execute(identity::ReinstatePrincipal { principal: BOT }).unwrap();
    engine
        .session(ALICE)
        .unwrap()
        .execute(RemoveRelationship { edge: EdgeId(1), reason: Some("enough".into()) })
        .unwrap();
    denied(13);
    // The other way round was never said.
    let alice = engine.session(ALICE).unwrap();
    assert_eq!(alice.execute_for(BOT, object(14, 1, None, Level::Read)).unwrap_err().code(), "denied");
    engine.sync().unwrap();
    let filter = Filter { actor: Some(BOT), kinds: Some(vec![AccessDenied::KIND]), ..Filter::default() };
    assert!(!engine.history().audit(&filter).unwrap().is_empty(), "a refusal is traced to who tried");
}

#[test]
fn what_is_denied_to_the_agent_itself_it_does_not_get_for_another() {
    let engine = world();
    let founder = engine.session(PrincipalId(1)).unwrap();
    founder.execute(crate::support::scope_at("org:a", 1)).unwrap();
    founder.execute(crate::support::member("org:a", 2, Role::Owner)).unwrap();
    let bot = engine.session(BOT).unwrap();
    bot.execute_for(ALICE, object(10, 1, Some("org:a"), Level::Write)).unwrap();
    let deny = AddAclEntry {
        entry: None,
        scope: crate::support::path("org:a"),
        effect: Effect::Deny,
        subject: Subject::Principal(BOT),
        capability: "scope.write".parse().unwrap(),
        applies: scoped::projections::tenancy::Applies::Subtree,
        expires_at: None,
    };
    founder.execute(deny).unwrap();
    assert_eq!(bot.execute_for(ALICE, update(10, 2)).unwrap_err().code(), "denied");
    engine.session(ALICE).unwrap().execute(update(10, 2)).unwrap();
}

/// Whoever acts for an operator has the operator's rights, and could have let anybody else act for anybody.
#[test]
fn a_delegate_does_not_make_or_end_delegations() {
    let engine = world();
    let founder = engine.session(PrincipalId(1)).unwrap();
    founder.execute(AddRelationship::delegate(PrincipalId(1), BOT)).unwrap();
    let bot = engine.session(BOT).unwrap();
    bot.execute_for(PrincipalId(1), principal(4)).unwrap();
    for command in
        [AddRelationship::delegate(ALICE, PrincipalId(4)), AddRelationship::delegate(PrincipalId(1), ALICE)]
    {
        assert_eq!(bot.execute_for(PrincipalId(1), command).unwrap_err().code(), "delegated");
    }
    let end = RemoveRelationship { edge: EdgeId(1), reason: None };
    assert_eq!(bot.execute_for(PrincipalId(1), end.clone()).unwrap_err().code(), "delegated");
    bot.execute(end).unwrap(); // in person it may give it up
}
