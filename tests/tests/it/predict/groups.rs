//! Relationships: `member_of` without cycles, each pair once, ids that come back only for what they stood for (page 2, decision 0021).

use super::ground::{Edge, Ground, NOWHERE, PEOPLE, Who, number};
use super::{Answer, Line, Raw, id};
use serde_json::{Value, json};

pub(super) fn drawn(raw: &Raw) -> Line {
    let [_, _, a, b, c, d] = *raw;
    let edge = id(a % 5 + 1);
    if d % 3 == 0 {
        return ("identity.remove_relationship", json!({ "edge": edge }));
    }
    // The founder is no group: nobody would own the root by himself.
    let parent = if d % 16 == 1 { NOWHERE } else { 2 + b % (PEOPLE - 1) };
    let label = if d % 5 == 0 { "knows" } else { "member_of" };
    let with = json!({ "edge": edge, "parent": id(parent), "child": id(1 + c % PEOPLE), "label": label });
    ("identity.add_relationship", with)
}

impl Ground {
    pub(super) fn edge_command(&mut self, who: Who, name: &str, with: &Value) -> Answer {
        if !self.operates(who) {
            return Err("denied");
        }
        let number = |key: &str| number(with, key).unwrap();
        let id = number("edge");
        if name == "identity.remove_relationship" {
            let edge = self.edges.get_mut(&id).ok_or("not_found")?;
            if !edge.live {
                return Err("removed");
            }
            edge.live = false;
            return Ok(());
        }
        let label = with["label"].as_str().unwrap().to_owned();
        let edge = Edge { parent: number("parent"), child: number("child"), label, live: true };
        if edge.parent == NOWHERE {
            return Err("not_found");
        }
        if edge.parent == edge.child {
            return Err("self_relationship");
        }
        let taken = self.edges.get(&id).is_some_and(|old| Edge { live: true, ..old.clone() } != edge);
        if self.edges.values().any(|other| *other == edge) || taken {
            return Err("exists");
        }
        // Whom a group belongs to does not belong to it.
        if edge.label == "member_of" && self.selves(edge.parent).contains(&edge.child) {
            return Err("cycle");
        }
        self.edges.insert(id, edge);
        Ok(())
    }
}
