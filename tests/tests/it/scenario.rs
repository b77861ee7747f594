//! Scenarios as text: who is where, what is done, and what is seen then. One line a step; a line that does not hold says so.
//!
//! ```text
//! people  alice adam                         founder makes scopes, members and entries
//! scope   org:acme/dept:eng
//! member  org:acme/dept:eng adam admin       a number of seconds behind it: until then
//! record  eng1 org:acme/dept:eng adam        made by adam; behind it its level
//! share   eng1 org:other read
//! revoke  eng1 org:other
//! deny    adam scope.read.* org:acme         also allow; lift takes it off
//! policy  org:acme {"default_view":"granular"}
//! bury    eng1          tick 60              mark before
//! view    adam holistic org:acme/dept:eng = eng1 acme1 | omitted org:acme/dept:hr: no_access
//! view    adam granular org:acme/dept:eng at before = denied
//! check   adam scope.write eng1 = allow
//! ```

use crate::support::{NOON, by_hand, data, member, path, principal, scope_at};
use scoped::projections::tenancy::Applies;
use scoped::temporal::Cutoff;
use scoped::{
    Capability, Effect, Engine, EntryId, Error, Level, ManualDoor, ObjectId, PrincipalId, Reading, Recall,
    ScopeRef, Sequence, Subject, ViewPage, objects, sharing, tenancy,
};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

/// A small world, and the names of what is in it.
pub(crate) struct Scenario {
    pub(crate) engine: Engine,
    pub(crate) door: Arc<ManualDoor>,
    people: BTreeMap<String, PrincipalId>,
    records: BTreeMap<String, ObjectId>,
    marks: BTreeMap<String, Sequence>,
    entries: BTreeMap<(String, String), EntryId>,
    seconds: u64,
    next: u128,
}

impl Scenario {
    /// A world after these lines.
    pub(crate) fn of(text: &str) -> Self {
        let (engine, door) = by_hand(11);
        engine.register_types(&["record", "note"]).unwrap();
        let mut scenario = Self {
            engine,
            door,
            people: BTreeMap::from([("founder".to_owned(), PrincipalId(1))]),
            records: BTreeMap::new(),
            marks: BTreeMap::new(),
            entries: BTreeMap::new(),
            seconds: 0,
            next: 100,
        };
        scenario.go(text);
        scenario
    }

    /// Further lines.
    pub(crate) fn go(&mut self, text: &str) {
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (asked, expected) = line.split_once(" = ").map_or((line, None), |(a, e)| (a, Some(e.trim())));
            let words: Vec<&str> = asked.split_whitespace().collect();
            let found = self.step(&words).unwrap_or_else(|error| error.code().to_owned());
            assert_eq!(found, expected.unwrap_or_default(), "{line}");
        }
    }

    pub(crate) fn person(&self, name: &str) -> PrincipalId {
        *self.people.get(name).unwrap_or_else(|| panic!("there is no `{name}`"))
    }
    pub(crate) fn record(&self, name: &str) -> ObjectId {
        *self.records.get(name).unwrap_or_else(|| panic!("there is no record `{name}`"))
    }
    pub(crate) fn mark(&self, name: &str) -> Sequence {
        self.marks[name]
    }
    pub(crate) fn reading(&self, who: &str) -> Reading {
        self.engine.session(self.person(who)).unwrap().reading()
    }
    pub(crate) fn reading_at(&self, who: &str, mark: &str) -> Reading {
        self.engine.session(self.person(who)).unwrap().as_of(&Cutoff::At(self.mark(mark))).unwrap()
    }
    /// What a record is called.
    pub(crate) fn called(&self, id: ObjectId) -> &str {
        self.records.iter().find(|(_, known)| **known == id).map_or("?", |(name, _)| name)
    }
    /// Names of records in the order of a page.
    pub(crate) fn names(&self, page: &ViewPage) -> Vec<&str> {
        page.records().map(|record| self.called(record.object_id)).collect()
    }

    fn fresh(&mut self) -> u128 {
        self.next += 1;
        self.next
    }
    fn run(&self, who: PrincipalId, command: impl Into<scoped::Command>) -> Result<String, Error> {
        self.engine.execute(scoped::Batch::new().with(who, command.into())).map(|_| String::new())
    }

    fn step(&mut self, words: &[&str]) -> Result<String, Error> {
        let founder = PrincipalId(1);
        match words {
            ["people", names @ ..] => {
                for name in names {
                    let id = self.fresh();
                    self.people.insert((*name).to_owned(), PrincipalId(id));
                    self.run(founder, principal(id))?;
                }
                Ok(String::new())
            }
            ["scope", at] => {
                let id = self.fresh();
                self.run(founder, scope_at(at, id))
            }
            ["member", at, who, role] => {
                self.run(founder, member(at, self.person(who).0, role.parse().unwrap()))
            }
            ["member", at, who, role, seconds] => {
                let end = NOON + seconds.parse::<u64>().unwrap() * 1_000_000;
                let part = member(at, self.person(who).0, role.parse().unwrap());
                self.run(founder, tenancy::AddMember { expires_at: Some(end), ..part })
            }
            ["leave", at, who] => {
                self.run(founder, tenancy::RemoveMember { scope: path(at), principal: self.person(who) })
            }
            ["record", name, at, who, rest @ ..] => {
                let level: Level = rest.first().map_or(Level::Read, |level| level.parse().unwrap());
                let id = ObjectId(self.fresh());
                self.records.insert((*name).to_owned(), id);
                let (scope, data) = (Some(path(at)), data(serde_json::json!({ "name": name })));
                let object_type = "record".to_owned();
                self.run(
                    self.person(who),
                    objects::Create {
                        object: Some(id),
                        scope,
                        level,
                        ..objects::Create::new(object_type, data)
                    },
                )
            }
            ["share", name, at, level] => {
                let (object, level) = (self.record(name), level.parse().unwrap());
                self.run(self.owner(object), sharing::Project { object, scope: path(at), level })
            }
            ["revoke", name, at] => {
                let object = self.record(name);
                self.run(self.owner(object), sharing::Revoke { object, scope: path(at) })
            }
            ["bury", name] => {
                let object = self.record(name);
                self.run(self.owner(object), objects::Tombstone::new(object))
            }
            [effect @ ("deny" | "allow"), who, capability, at, rest @ ..] => {
                let (entry, scope) = (EntryId(self.fresh()), path(at));
                self.entries.insert(((*who).to_owned(), (*at).to_owned()), entry);
                let subject = match *who {
                    "any" => Subject::Any,
                    who => Subject::Principal(self.person(who)),
                };
                let applies = if rest.contains(&"self") { Applies::Itself } else { Applies::Subtree };
                let ends = rest.iter().find_map(|word| word.parse::<u64>().ok());
                let command = tenancy::AddAclEntry {
                    entry: Some(entry),
                    scope,
                    effect: effect.parse::<Effect>().unwrap(),
                    subject,
                    capability: capability.parse().unwrap(),
                    applies,
                    expires_at: ends.map(|seconds| NOON + seconds * 1_000_000),
                };
                self.run(founder, command)
            }
            ["lift", who, at] => {
                let entry = self.entries[&((*who).to_owned(), (*at).to_owned())];
                self.run(founder, tenancy::RemoveAclEntry { entry })
            }
            ["policy", at, json] => {
                let policy = data(serde_json::from_str(json).unwrap());
                self.run(founder, tenancy::SetPolicy { scope: path(at), policy })
            }
            ["suspend", who] => {
                let principal = self.person(who);
                self.run(founder, scoped::identity::SuspendPrincipal { principal })
            }
            ["tick", seconds] => {
                self.seconds += seconds.parse::<u64>().unwrap();
                self.door.set(NOON + self.seconds * 1_000_000);
                Ok(String::new())
            }
            ["mark", name] => {
                let at = self.engine.read(|moment| moment.world().position());
                self.marks.insert((*name).to_owned(), at);
                Ok(String::new())
            }
            ["view", who, view, at] => self.view(&self.reading(who), view, at),
            ["view", who, view, at, "at", mark] => self.view(&self.reading_at(who, mark), view, at),
            ["check", who, capability, on] => {
                Ok(self.engine.read(|moment| self.decided(&moment, who, capability, on)))
            }
            ["check", who, capability, on, "at", mark] => {
                let past = self.engine.as_of(&Cutoff::At(self.mark(mark)))?;
                Ok(self.decided(&past.moment(), who, capability, on))
            }
            other => panic!("no such step: {other:?}"),
        }
    }

    fn owner(&self, object: ObjectId) -> PrincipalId {
        self.engine.read(|moment| moment.object(object).unwrap().owner)
    }

    fn decided(&self, moment: &scoped::Moment<'_>, who: &str, capability: &str, on: &str) -> String {
        let capability: Capability = capability.parse().unwrap();
        let target = match self.records.get(on) {
            Some(object) => moment.object_target(*object),
            None => path(on).target(moment.world().tenancy()),
        };
        let allowed = moment.can(self.person(who), capability, target).allowed;
        if allowed { "allow".to_owned() } else { "deny".to_owned() }
    }

    /// Names of the records in order, what was left out, and how each is reached where that is not plain.
    fn view(&self, reading: &Reading, view: &str, at: &str) -> Result<String, Error> {
        let scope: ScopeRef = path(at);
        let mut ask = Recall::from(scope);
        if view != "default" {
            ask = ask.view(view.parse().unwrap());
        }
        let page = reading.recall(&ask)?;
        assert!(page.complete && page.next_cursor.is_none());
        let mut text = if page.items.is_empty() { "nothing".to_owned() } else { self.names(&page).join(" ") };
        for (at, omitted) in page.omitted.iter().enumerate() {
            let reason = serde_json::to_value(omitted.reason).unwrap();
            let before = if at == 0 { " | omitted" } else { "," };
            write!(text, "{before} {}: {}", omitted.path, reason.as_str().unwrap()).unwrap();
        }
        Ok(text)
    }
}
