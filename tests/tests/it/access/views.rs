//! What each view of each scope shows each principal, now and of the past (section 4 of the page on scopes).

use super::oracle::{Access, Fact, On};
use super::{PRINCIPALS, Seen, principal};
use scoped::{Level, Reading, Recall, View, ViewItem};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

const READ: &str = "scope.read.local";

/// A look at a world: data is that of then, authority that of then and now (4.3).
pub(super) struct Looking<'a> {
    pub(super) then: (&'a Access, u64),
    pub(super) now: (&'a Access, u64),
    /// What had happened by then.
    pub(super) facts: &'a [Fact],
    /// Questions that were answered: views ask the same ones again and again.
    known: RefCell<BTreeMap<(String, String, On), bool>>,
}

/// A record in a view: its id, how far its reader may go, and the scopes it is reached through.
type Record = (String, Level, Vec<String>);
/// An edge of `structured`: record, scope, level of a projection.
type Edge = (String, String, Option<String>);

/// What a view shows.
#[derive(Debug, Default, PartialEq)]
struct Shown {
    records: BTreeSet<Record>,
    /// Sequences of record events, in log order.
    events: Vec<u64>,
    nodes: BTreeSet<String>,
    edges: BTreeSet<Edge>,
}

impl<'a> Looking<'a> {
    pub(super) fn new(then: (&'a Access, u64), now: (&'a Access, u64), facts: &'a [Fact]) -> Self {
        Self { then, now, facts, known: RefCell::default() }
    }
    fn both(&self, so: impl Fn(&Access, u64) -> bool) -> bool {
        so(self.then.0, self.then.1) && so(self.now.0, self.now.1)
    }
    fn may(&self, actor: &str, capability: &str, on: &On) -> bool {
        let key = (actor.to_owned(), capability.to_owned(), on.clone());
        if let Some(known) = self.known.borrow().get(&key) {
            return *known;
        }
        let answer = self.both(|access, time| access.may(actor, capability, on, time));
        self.known.borrow_mut().insert(key, answer);
        answer
    }
    fn may_at(&self, actor: &str, capability: &str, scope: &str) -> bool {
        self.may(actor, capability, &On::Scope(scope.to_owned()))
    }

    /// The scopes that a view reads, in its order of places (4.1, 4.2).
    fn contributing(&self, actor: &str, scope: &str, view: View) -> Vec<String> {
        let then = self.then.0;
        let open = |at: &str| self.both(|access, _| !access.scopes[at].archived);
        let shows = |at: &str| {
            self.both(|access, time| {
                !access.scopes[at].hidden
                    && !access.denies(actor, READ, at, time)
                    && !access.denies(actor, "scope.read.holistic", at, time)
            })
        };
        let all: Vec<String> = match view {
            View::Holistic => then.chain(scope),
            View::Descend => {
                let below = then.scopes.keys().filter(|at| then.chain(at).iter().any(|up| up == scope));
                below.cloned().collect()
            }
            _ => vec![scope.to_owned()],
        };
        let reads = |at: &String| match view {
            _ if at == scope => open(at),
            View::Holistic => open(at) && shows(at),
            // What was kept in a deleted scope is reached by descending from above, and in no other way (8.2).
            _ => self.may_at(actor, READ, at),
        };
        all.into_iter().filter(reads).collect()
    }

    /// Is a record shown that lies, then, in these of the scopes that contribute?
    fn shows(&self, actor: &str, id: &str, scope: &str, view: View, from: &[String], via: &[String]) -> bool {
        let (then, now) = (self.then, self.now);
        if then.0.objects[id].tombstoned {
            return false;
        }
        let here_now = now.0.shares.keys().any(|(object, at)| object == id && from.contains(at));
        // Reaching up asks for no right on each object; a deny by any scope that it lies in wins there too.
        let reaches_up =
            |(access, time): (&Access, u64)| view == View::Holistic && !access.denied_object(actor, id, time);
        if now.0.objects[id].tombstoned {
            let readable = |at: (&Access, u64)| at.0.could_read(actor, id, at.1) || reaches_up(at);
            let audits = via.iter().any(|at| self.may_at(actor, "scope.audit.read", at));
            return readable(then) && readable(now) && here_now && audits;
        }
        let above = via.iter().any(|at| at != scope);
        self.may(actor, READ, &On::Object(id.to_owned()))
            || (above && here_now && reaches_up(then) && reaches_up(now))
    }

    /// How far its reader may go with a record (4.2: the highest level, 5.4: no deny, no more than every step allows).
    fn level(&self, actor: &str, id: &str) -> Level {
        let on = On::Object(id.to_owned());
        let reads = self.may(actor, READ, &on) && !self.now.0.objects[id].tombstoned;
        if !reads || !self.may(actor, "scope.write", &on) {
            Level::Read
        } else if self.may(actor, "scope.acl.manage", &on) {
            Level::Admin
        } else {
            Level::Write
        }
    }

    /// The events of records in a scope: of those that its reader may read, and of tombstoned ones for those who may audit there.
    fn events(&self, actor: &str, scope: &str) -> Vec<u64> {
        let of_records = |fact: &&Fact| {
            fact.scope == scope && (fact.kind.starts_with("objects.") || fact.kind.starts_with("sharing."))
        };
        let readable = |fact: &&Fact| {
            let Some(id) = fact.facts["object"].as_str() else { return false };
            let shared = |access: &Access| access.shares.contains_key(&(id.to_owned(), scope.to_owned()));
            let buried = self.then.0.objects[id].tombstoned || self.now.0.objects[id].tombstoned;
            self.may(actor, READ, &On::Object(id.to_owned()))
                || (buried
                    && self.both(|access, time| shared(access) && access.could_read(actor, id, time))
                    && self.may_at(actor, "scope.audit.read", scope))
        };
        self.facts.iter().filter(of_records).filter(readable).map(|fact| fact.at).collect()
    }

    fn edges(&self, actor: &str, scope: &str, id: &str) -> Vec<Edge> {
        let then = self.then.0;
        let known = |at: &str| at == scope || self.may_at(actor, READ, at);
        let edge =
            |at: &str, level: Option<&String>| (id.to_owned(), then.scopes[at].label.clone(), level.cloned());
        let home = then.objects[id].home.iter().filter(|at| known(at)).map(|at| edge(at, None));
        let shares = then.shares.iter().filter(|((object, at), _)| object == id && known(at));
        home.chain(shares.map(|((_, at), level)| edge(at, Some(level)))).collect()
    }

    /// What a view shows; `None` when the whole request is refused.
    fn expected(&self, actor: &str, scope: &str, view: View) -> Option<Shown> {
        let more = match view {
            View::Holistic => Some("scope.read.holistic"),
            View::Descend => Some("scope.read.descend"),
            _ => None,
        };
        let may = |capability: &str| self.may_at(actor, capability, scope);
        if !may(READ) || !more.is_none_or(may) {
            return None;
        }
        let mut shown = Shown::default();
        if view == View::Raw {
            shown.events = self.events(actor, scope);
            return Some(shown);
        }
        let from = self.contributing(actor, scope, view);
        let shares = &self.then.0.shares;
        for id in self.then.0.objects.keys() {
            let through = |at: &&String| shares.contains_key(&(id.clone(), (*at).clone()));
            let via: Vec<String> = from.iter().filter(through).cloned().collect();
            if via.is_empty() || !self.shows(actor, id, scope, view, &from, &via) {
                continue;
            }
            if view == View::Structured {
                shown.nodes.insert(id.clone());
                shown.edges.extend(self.edges(actor, scope, id));
            } else {
                let mut labels: Vec<String> =
                    via.iter().map(|at| self.then.0.scopes[at].label.clone()).collect();
                labels.sort();
                shown.records.insert((id.clone(), self.level(actor, id), labels));
            }
        }
        Some(shown)
    }
}

fn found(reading: &Reading, scope: &str, view: View) -> scoped::Result<Shown> {
    let recall = Recall::from(scope.parse::<scoped::ScopeRef>().unwrap()).view(view).limit(500);
    let page = reading.layer(&recall)?;
    assert!(page.complete, "these worlds are small");
    let mut shown = Shown::default();
    for item in page.items {
        match item {
            ViewItem::Record(mut record) => {
                record.via.sort();
                let new = shown.records.insert((record.object_id.to_string(), record.access, record.via));
                assert!(new, "a record stands once");
            }
            ViewItem::Event(event) => shown.events.push(event.sequence),
            ViewItem::Node(node) => assert!(shown.nodes.insert(node.object_id.to_string())),
            ViewItem::Edge(edge) => {
                let level = edge.level.map(|level| level.as_str().to_owned());
                shown.edges.insert((edge.object_id.to_string(), edge.scope, level));
            }
            ViewItem::Reference(reference) => panic!("these worlds have no contracts: {reference:?}"),
        }
    }
    Ok(shown)
}

/// Every view of every scope that was there, for some of the principals.
pub(super) fn compare(
    reading: impl Fn(scoped::PrincipalId) -> Option<Reading>,
    looking: &Looking<'_>,
    whom: impl Fn(u8) -> bool,
    seen: &mut Seen,
) {
    for number in (1..=PRINCIPALS).filter(|number| whom(*number)) {
        let (actor, Some(reading)) = (principal(number), reading(principal(number))) else { continue };
        for scope in looking.then.0.scopes.keys() {
            for view in [View::Raw, View::Granular, View::Structured, View::Holistic, View::Descend] {
                let expected = looking.expected(&actor.to_string(), scope, view);
                seen.views += 1;
                match (found(&reading, scope, view), expected) {
                    (Ok(found), Some(expected)) => {
                        assert_eq!(found, expected, "what {view:?} from {scope} shows {actor}");
                        seen.shown += (found.records.len() + found.events.len() + found.nodes.len()) as u64;
                    }
                    (Err(error), None) => assert_eq!(error.code(), "denied"),
                    (found, expected) => {
                        panic!("{view:?} from {scope} for {actor}: found {found:?}, expected {expected:?}")
                    }
                }
            }
        }
    }
}
