//! What becomes of scopes below when the one above them is deleted.

use crate::support::{Place, digest, member, object, path, principal, scope_at};
use scoped::temporal::{Cutoff, Selection};
use scoped::tenancy::{Children, CreateScope, DeleteScope, FreezeScope};
use scoped::{Capability as C, Command, Level, Policy, PrincipalId, Question, Role, ScopeId};

/// Below `org:a` (1) the flat scope 10, below it 11 and 12, and 13 below 11; Bo (2) reads in 10 and owns 11.
fn place() -> Place {
    let place = Place::with(37, [2, 3].map(principal), &[("org:a", 1)]);
    for (id, parent) in [(10, 1), (11, 10), (12, 10), (13, 11)] {
        let flat = CreateScope { scope: Some(ScopeId(id)), ..CreateScope::flat(format!("f{id}")) };
        place.does(1, flat.below(ScopeId(parent)));
    }
    for (scope, role) in [(10, Role::Reader), (11, Role::Owner)] {
        let scope = ScopeId(scope).into();
        place.does(1, scoped::tenancy::AddMember { scope, ..member("org:a", 2, role) });
    }
    let create =
        scoped::objects::Create { scope: Some(ScopeId(12).into()), ..object(20, 1, None, Level::Read) };
    place.does(1, create);
    place
}

fn delete(scope: u128, children: Children) -> DeleteScope {
    DeleteScope::new(ScopeId(scope)).children(children)
}

impl Place {
    /// Parents of the live scopes among these.
    fn parents(&self) -> Vec<(u128, u128)> {
        self.engine.read(|moment| {
            let tenancy = moment.world().tenancy();
            let live = (10..14).filter_map(|id| tenancy.get(ScopeId(id)).filter(|node| !node.archived));
            live.map(|node| (node.id.0, tenancy.at(node.parent).map_or(0, |above| above.id.0))).collect()
        })
    }
    fn reads(&self, who: u128, scope: u128) -> bool {
        let scope = scoped::ScopeRef::Id(ScopeId(scope));
        let question = Question::new(PrincipalId(who), C::ReadLocal, scope);
        self.engine.read(|moment| moment.allows(&question))
    }
}

/// There was a choice between refusing and ending everything below: whoever wanted to take one level out had to move each by itself.
#[test]
fn scopes_below_move_up_with_all_below_them_and_a_rollback_puts_them_back() {
    let place = place();
    let (before, was) = (place.engine.history().head(), place.parents());
    assert!(place.reads(2, 12), "by what Bo is above");
    assert_eq!(place.tries(1, delete(10, Children::Refuse)), "scope_has_children");
    let done = place.does(1, delete(10, Children::MoveUp));
    assert_eq!(done.ids, [10], "the receipt names what was deleted");
    assert_eq!(place.parents(), [(11, 1), (12, 1), (13, 11)]);
    assert!(!place.reads(2, 12) && place.reads(2, 13), "what came from the scope that is gone is gone");
    let counts = place.engine.read(|moment| moment.world().tenancy().counts(0));
    assert_eq!(counts.scopes, 3);
    digest(&place.engine);
    let after = place.engine.history().head();
    place.at(1).rollback(&Cutoff::At(before), Selection::All, Policy::AllOrNothing).unwrap().unwrap();
    assert_eq!((place.parents(), place.reads(2, 12)), (was, true));
    place.at(1).rollback(&Cutoff::At(after), Selection::All, Policy::AllOrNothing).unwrap().unwrap();
    assert_eq!(place.parents(), [(11, 1), (12, 1), (13, 11)]);
    digest(&place.engine);
    let report = place.engine.compliance().unwrap();
    assert!(report.passed, "{report:#?}");
}

#[test]
fn moving_up_takes_what_moving_takes_and_is_refused_where_moving_is() {
    let place = place();
    // Who may delete it and not manage what is above it: an owner of the scope alone.
    let owner = scoped::tenancy::AddMember { scope: ScopeId(10).into(), ..member("org:a", 3, Role::Owner) };
    place.does(1, owner);
    assert_eq!(place.tries(3, delete(10, Children::MoveUp)), "denied");
    // A path names one place for ever, and above a root there is nothing.
    place.does(1, scope_at("org:a/team:t", 30));
    place.does(1, scope_at("org:a/team:t/ws:x", 31));
    assert_eq!(place.tries(1, delete(30, Children::MoveUp)), "scope_has_path");
    let root = DeleteScope::new(path("org:a")).children(Children::MoveUp);
    assert_eq!(place.tries(1, root), "scope_is_root");
    // One that is frozen stays where it is.
    place.does(1, FreezeScope { scope: ScopeId(12).into(), reason: None });
    assert_eq!(place.tries(1, delete(10, Children::MoveUp)), "scope_frozen");
    // With nothing below there is nothing to move.
    place.does(1, delete(13, Children::MoveUp));
    assert_eq!(place.parents(), [(10, 1), (11, 10), (12, 10)]);
    digest(&place.engine);
}

#[test]
fn what_was_said_before_is_still_read() {
    let place = place();
    let parse = |text: &str| -> Command { serde_json::from_str::<DeleteScope>(text).unwrap().into() };
    let id = ScopeId(10);
    let both = parse(&format!(r#"{{"scope": "{id}", "recursive": true, "children": "move_up"}}"#));
    assert_eq!(place.tries(1, both), "invalid");
    assert_eq!(
        place.tries(1, parse(&format!(r#"{{"scope": "{id}", "recursive": true}}"#))),
        "scope_has_records"
    );
    place.does(1, parse(&format!(r#"{{"scope": "{id}", "records": "keep", "recursive": true}}"#)));
    assert_eq!(place.parents(), []);
}
