//! Who holds which role where: a root and a scope below it, five people, and groups that they may be put into.

use super::{Answer, Line, Raw, id};
use scoped::{Engine, Moment, PrincipalId, parse_line};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// 1 founded the log and owns the scopes, 2 is an admin of the root, 3 writes there, 4 reads below, 5 is nobody there.
pub(super) type Who = u8;
pub(super) const PEOPLE: u8 = 5;
/// The root, and the scope below it.
pub(super) const ROOT: u8 = 1;
pub(super) const BELOW: u8 = 2;
/// A scope that there never was.
pub(super) const NOWHERE: u8 = 9;

pub(super) const READER: u8 = 0;
pub(super) const WRITER: u8 = 1;
pub(super) const ADMIN: u8 = 2;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Edge {
    pub(super) parent: Who,
    pub(super) child: Who,
    pub(super) label: String,
    pub(super) live: bool,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Ground {
    /// Is the scope below deleted?
    pub(super) deleted: bool,
    pub(super) edges: BTreeMap<u8, Edge>,
}

impl Ground {
    /// Somebody and the groups that they belong to, through others as well.
    pub(super) fn selves(&self, who: Who) -> BTreeSet<Who> {
        let mut selves = BTreeSet::from([who]);
        loop {
            let live = self.edges.values().filter(|edge| edge.live && edge.label == "member_of");
            let new: Vec<Who> =
                live.filter(|edge| selves.contains(&edge.child)).map(|edge| edge.parent).collect();
            let before = selves.len();
            selves.extend(new);
            if selves.len() == before {
                return selves;
            }
        }
    }
    /// Does somebody hold a role there, or a higher one? Nowhere nobody does.
    pub(super) fn holds(&self, who: Who, role: u8, scope: u8) -> bool {
        let own = |one: Who| match (one, scope) {
            (_, NOWHERE) => false,
            (1, _) => true,
            (2, _) => role <= ADMIN,
            (3, _) => role <= 1,
            // Memberships end with their scope.
            (4, BELOW) => role == READER && !self.deleted,
            _ => false,
        };
        self.selves(who).into_iter().any(own)
    }
    /// Operators are so themselves, not by a group.
    pub(super) fn operates(&self, who: Who) -> bool {
        who == 1
    }
    /// Nothing is added in a deleted scope.
    pub(super) fn open(&self, scope: u8) -> Answer {
        if scope == BELOW && self.deleted { Err("scope_deleted") } else { Ok(()) }
    }

    pub(super) fn scope_command(&mut self, who: Who, name: &str) -> Answer {
        // Owners delete; what was deleted an operator brings back as well.
        if !self.holds(who, 3, BELOW) {
            return Err("denied");
        }
        match name {
            "tenancy.delete_scope" => {
                self.open(BELOW)?;
                self.deleted = true;
            }
            _ if !self.deleted => return Err("not_deleted"),
            _ => self.deleted = false,
        }
        Ok(())
    }

    /// Groups and members by the rows of the world.
    pub(super) fn compare(&self, moment: &Moment<'_>) {
        let (identity, tenancy) = (moment.world().identity(), moment.world().tenancy());
        for who in 1..=PEOPLE {
            let row = identity.row(PrincipalId(u128::from(who))).unwrap();
            let found: BTreeSet<String> =
                identity.selves(row).map(|row| identity.id(row).to_string()).collect();
            let expected: BTreeSet<String> = self.selves(who).into_iter().map(id).collect();
            assert_eq!(found, expected, "whom {who} belongs to");
        }
        for (edge, expected) in &self.edges {
            let found = identity.relations().get(id(*edge).parse().unwrap()).unwrap();
            assert_eq!(found.is_live(), expected.live, "{edge}");
        }
        let below = tenancy.get(id(BELOW).parse().unwrap()).unwrap();
        assert_eq!(below.archived, self.deleted);
    }
}

pub(super) fn drawn(raw: &Raw) -> Line {
    if raw[2].is_multiple_of(3) {
        ("tenancy.delete_scope", json!({ "scope": id(BELOW) }))
    } else {
        ("tenancy.reopen_scope", json!({ "scope": id(BELOW) }))
    }
}

/// The scope of a line: the root, the one below, nowhere; or none.
pub(super) fn place(pick: u8) -> Option<u8> {
    match pick % 16 {
        0 => Some(NOWHERE),
        1 | 2 => None,
        pick if pick < 9 => Some(ROOT),
        _ => Some(BELOW),
    }
}

/// The number of an id in a line, if it has one there.
pub(super) fn number(with: &Value, key: &str) -> Option<u8> {
    let text = with.get(key)?.as_str()?;
    (0..=99).find(|number| id(*number) == text)
}

pub(super) fn prelude(engine: &Engine) {
    let mut lines: Vec<Line> = Vec::new();
    for who in 2..=PEOPLE {
        let with = json!({ "principal": id(who), "kind": "person", "description": {} });
        lines.push(("identity.create_principal", with));
    }
    for (scope, path) in [(ROOT, "org:a"), (BELOW, "org:a/dept:b")] {
        lines.push(("tenancy.create_scope", json!({ "scope": id(scope), "path": path })));
    }
    for (scope, who, role) in [(ROOT, 2, "admin"), (ROOT, 3, "writer"), (BELOW, 4, "reader")] {
        let with = json!({ "scope": id(scope), "principal": id(who), "role": role });
        lines.push(("tenancy.add_member", with));
    }
    for line in lines {
        engine.execute(parse_line(&super::text(1, &line)).unwrap().0).unwrap();
    }
}
