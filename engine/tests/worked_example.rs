//! The worked example of the tenancy specification (section 10), row by row, through the public face.
//!
//! What is not there yet (auto-provisioning, inheritance cuts) has no row here; it comes with the layers.

use scoped::temporal::Cutoff;
use scoped::tenancy::{AddAclEntry, AddMember, CreateScope, RemoveAclEntry};
use scoped::{
    Capability, Data, Effect, Engine, ErrorKind, Level, ObjectId, PrincipalId, Role, ScopePath, ScopeRef,
    Session, View, identity, objects, projections::tenancy::Applies,
};
use std::collections::BTreeMap;

struct Example {
    engine: Engine,
    people: BTreeMap<&'static str, PrincipalId>,
    records: BTreeMap<ObjectId, &'static str>,
}

fn at(path: &str) -> ScopeRef {
    ScopePath::parse(path).unwrap().into()
}

impl Example {
    fn new() -> Self {
        let engine = Engine::in_memory().unwrap();
        engine.register_types(&["record"]).unwrap();
        let operator = engine.session(engine.founder()).unwrap();
        let mut people = BTreeMap::new();
        for name in ["olga", "rita", "adam", "alice", "bob", "gus"] {
            let description = Data::from_text_fields(&[("name", name)]).unwrap();
            let create = identity::CreatePrincipal {
                principal: None,
                kind: "user".into(),
                description,
                handle: None,
                personal: false,
            };
            people.insert(name, operator.execute(create).unwrap().principal());
        }
        let mut example = Self { engine, people, records: BTreeMap::new() };
        for path in [
            "org:acme",
            "org:acme/dept:eng",
            "org:acme/dept:eng/user:alice",
            "org:acme/dept:eng/user:bob",
            "org:globex",
        ] {
            let path = Some(ScopePath::parse(path).unwrap());
            operator.execute(CreateScope { scope: None, path, name: None, parent: None }).unwrap();
        }
        for (who, role, path) in [
            ("olga", Role::Owner, "org:acme"),
            ("rita", Role::Reader, "org:acme"),
            ("adam", Role::Admin, "org:acme/dept:eng"),
            ("alice", Role::Owner, "org:acme/dept:eng/user:alice"),
            ("bob", Role::Owner, "org:acme/dept:eng/user:bob"),
            ("gus", Role::Owner, "org:globex"),
        ] {
            let principal = example.people[who];
            operator.execute(AddMember { scope: at(path), principal, role, expires_at: None }).unwrap();
        }
        for (name, who, path) in [
            ("acme1", "olga", "org:acme"),
            ("eng1", "adam", "org:acme/dept:eng"),
            ("alice1", "alice", "org:acme/dept:eng/user:alice"),
            ("bob1", "bob", "org:acme/dept:eng/user:bob"),
            ("globex1", "gus", "org:globex"),
        ] {
            let data = Data::from_text_fields(&[("name", name)]).unwrap();
            let create = objects::Create {
                object: None,
                object_type: "record".into(),
                data,
                scope: Some(at(path)),
                level: Level::Read,
                reason: None,
                subject: None,
            };
            let made = example.as_(who).execute(create).unwrap();
            example.records.insert(made.object(), name);
        }
        example
    }

    fn as_(&self, who: &str) -> Session {
        self.engine.session(self.people[who]).unwrap()
    }

    /// What a view gives, in words: the records by name, or `denied`, or `not found`.
    fn view(&self, who: &str, reach: View, path: &str) -> String {
        match self.as_(who).reading().objects(&at(path), reach) {
            Ok(found) => {
                let mut names: Vec<_> = found.iter().map(|info| self.records[&info.object]).collect();
                names.sort_unstable();
                names.join(" ")
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Refused);
                error.code().replace('_', " ")
            }
        }
    }
}

const ENG: &str = "org:acme/dept:eng";
const ALICE: &str = "org:acme/dept:eng/user:alice";
const BOB: &str = "org:acme/dept:eng/user:bob";
const NOBODY: &str = "org:acme/dept:eng/user:nobody";

#[test]
fn views_give_what_the_worked_example_says() {
    let example = Example::new();
    for (who, reach, path, expected) in [
        ("alice", View::Holistic, ALICE, "acme1 alice1 eng1"),
        ("alice", View::Granular, ALICE, "alice1"),
        ("alice", View::Descend, ALICE, "alice1"),
        ("alice", View::Granular, ENG, "denied"),
        ("alice", View::Granular, BOB, "denied"),
        ("alice", View::Granular, NOBODY, "denied"),
        ("adam", View::Descend, ENG, "alice1 bob1 eng1"),
        ("adam", View::Holistic, ENG, "acme1 eng1"),
        ("rita", View::Granular, BOB, "bob1"),
        ("rita", View::Descend, "org:acme", "denied"),
        ("olga", View::Descend, "org:acme", "acme1 alice1 bob1 eng1"),
        ("rita", View::Granular, NOBODY, "not found"),
        ("gus", View::Granular, "org:acme", "denied"),
        ("gus", View::Granular, ENG, "denied"),
        ("gus", View::Descend, "org:acme", "denied"),
    ] {
        assert_eq!(example.view(who, reach, path), expected, "{who} {reach:?} {path}");
    }
}

/// A deny at the department keeps Rita out of everything below it, whoever makes her owner there; taking the deny off lets her
/// in again, and the past stays as it was.
#[test]
fn a_deny_wins_over_every_later_allow_until_it_is_taken_off() {
    let example = Example::new();
    let (rita, adam, bob) = (example.people["rita"], example.as_("adam"), example.as_("bob"));
    let deny = AddAclEntry {
        entry: None,
        scope: at(ENG),
        effect: Effect::Deny,
        subject: scoped::Subject::Principal(rita),
        capability: "scope.read.*".parse().unwrap(),
        applies: Applies::Subtree,
        expires_at: None,
    };
    let denied = adam.execute(deny).unwrap();
    assert_eq!(example.view("rita", View::Granular, BOB), "denied");

    let owner = AddMember { scope: at(BOB), principal: rita, role: Role::Owner, expires_at: None };
    let refused = adam.execute(owner.clone()).unwrap_err();
    assert_eq!(refused.code(), "denied", "adam is admin there, not owner");
    bob.execute(owner).unwrap();
    assert_eq!(example.view("rita", View::Granular, BOB), "denied", "deny always wins");

    let removed = adam.execute(RemoveAclEntry { entry: denied.entry() }).unwrap();
    assert_eq!(example.view("rita", View::Granular, BOB), "bob1");
    let record = *example.records.iter().find(|(_, name)| **name == "bob1").unwrap().0;
    for (cutoff, allowed) in [(removed.last.get() - 1, false), (removed.last.get(), true)] {
        let past = example.engine.as_of(&Cutoff::At(scoped::Sequence::new(cutoff))).unwrap();
        let moment = past.moment();
        let decision = moment.can(rita, Capability::ReadLocal, moment.object_target(record));
        assert_eq!(decision.allowed, allowed, "as of #{cutoff}: {}", moment.reason(&decision));
    }
}

#[test]
fn strangers_hear_the_same_words_about_what_is_missing_and_what_is_forbidden() {
    let example = Example::new();
    let gus = example.as_("gus");
    let acme = *example.records.iter().find(|(_, name)| **name == "acme1").unwrap().0;
    let words = |object| gus.read(object).unwrap_err().to_string();
    assert_eq!(words(acme), words(ObjectId(12_345)));
    let words = |path| gus.reading().objects(&at(path), View::Granular).unwrap_err().to_string();
    assert_eq!(words(ENG), words("org:acme/dept:nowhere"));
    assert_eq!(words(ENG), words("org:nowhere"));
}
