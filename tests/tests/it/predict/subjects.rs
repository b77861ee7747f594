//! Data subjects: what is written for somebody can be read until they are erased, at every moment of the past as well, and nothing is written for
//! them any more (decision 0034). Ciphertext, keys and copies are the business of `erasure`.

use super::ground::{Ground, ROOT, WRITER, Who, number};
use super::{Answer, Line, Raw, id};
use scoped::{Moment, ObjectId, SubjectId};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const SUBJECTS: [u8; 2] = [61, 62];

#[derive(Debug, Clone)]
struct Object {
    owner: Who,
    /// In the root, where writers write; else private.
    shared: bool,
    subject: Option<u8>,
    /// The data of each version.
    versions: Vec<Value>,
    tombstoned: bool,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Subjects {
    objects: BTreeMap<u8, Object>,
    erased: BTreeSet<u8>,
}

pub(super) fn drawn(raw: &Raw) -> Line {
    let [_, _, a, b, c, d] = *raw;
    let (object, subject) = (id(a % 6 + 1), id(SUBJECTS[usize::from(b) % 2]));
    match d % 16 {
        0 if c % 2 == 0 => ("subjects.erase", json!({ "subject": subject, "reason": "4711" })),
        0 => ("subjects.erase", json!({ "subject": subject })),
        1..=6 => {
            let mut with = json!({ "object": object, "type": "file", "data": { "v": c }, "level": "write" });
            if c % 3 != 0 {
                with["scope"] = id(ROOT).into();
            }
            if b % 4 != 0 {
                with["subject"] = subject.into();
            }
            ("objects.create", with)
        }
        7..=11 => ("objects.update", json!({ "object": object, "data": { "v": c } })),
        12 => ("objects.tombstone", json!({ "object": object, "reason": "old" })),
        13 => ("objects.tombstone", json!({ "object": object })),
        _ => ("objects.restore", json!({ "object": object })),
    }
}

impl Subjects {
    fn is_erased(&self, subject: Option<u8>) -> bool {
        subject.is_some_and(|subject| self.erased.contains(&subject))
    }

    pub(super) fn command(&mut self, ground: &Ground, who: Who, name: &str, with: &Value) -> Answer {
        match name {
            "subjects.erase" => {
                let subject = number(with, "subject").unwrap();
                if !ground.operates(who) {
                    return Err("denied");
                }
                if self.erased.contains(&subject) {
                    return Err("subject_erased");
                }
                if !self.objects.values().any(|object| object.subject == Some(subject)) {
                    return Err("not_found");
                }
                self.erased.insert(subject);
                Ok(())
            }
            "objects.create" => {
                let (object, subject) = (number(with, "object").unwrap(), number(with, "subject"));
                let shared = with.get("scope").is_some();
                if shared && !ground.holds(who, WRITER, ROOT) {
                    return Err("denied");
                }
                if self.objects.contains_key(&object) {
                    return Err("exists");
                }
                if self.is_erased(subject) {
                    return Err("subject_erased");
                }
                let versions = vec![with["data"].clone()];
                let made = Object { owner: who, shared, subject, versions, tombstoned: false };
                self.objects.insert(object, made);
                Ok(())
            }
            _ => self.change(ground, who, name, with),
        }
    }

    fn change(&mut self, ground: &Ground, who: Who, name: &str, with: &Value) -> Answer {
        let at = number(with, "object").unwrap();
        let object = self.objects.get(&at).ok_or("denied")?;
        if object.owner != who && !(object.shared && ground.holds(who, WRITER, ROOT)) {
            return Err("denied");
        }
        match (name, object.tombstoned) {
            ("objects.restore", false) => return Err("not_tombstoned"),
            ("objects.restore", true) => {}
            (_, true) => return Err("tombstoned"),
            (_, false) => {}
        }
        // What says something is sealed for them, and there is no key any more.
        let says = name == "objects.update" || with.get("reason").is_some();
        if says && self.is_erased(object.subject) {
            return Err("subject_erased");
        }
        let object = self.objects.get_mut(&at).unwrap();
        match name {
            "objects.update" => object.versions.push(with["data"].clone()),
            _ => object.tombstoned = name == "objects.tombstone",
        }
        Ok(())
    }

    /// `last` is what there is now: whoever is erased by now is so at every moment of the past.
    pub(super) fn compare(&self, moment: &Moment<'_>, last: &Self) {
        for (at, object) in &self.objects {
            let it: ObjectId = id(*at).parse().unwrap();
            let found = moment.object(it).unwrap();
            assert_eq!(found.version as usize, object.versions.len(), "{at}");
            assert_eq!(found.tombstoned, object.tombstoned, "{at}");
            let subject = object.subject.map(|subject| id(subject).parse().unwrap());
            assert_eq!(moment.subject_of(it), subject, "{at}");
            for (nth, said) in object.versions.iter().enumerate() {
                let read = moment.version(it, nth as u32 + 1).and_then(|data| data.value());
                match last.is_erased(object.subject) {
                    true => assert_eq!(read.unwrap_err().code(), "erased", "{at}"),
                    false => assert_eq!(read.unwrap(), *said, "{at}"),
                }
            }
        }
        for subject in SUBJECTS {
            let it: SubjectId = id(subject).parse().unwrap();
            let own = self.objects.values().filter(|object| object.subject == Some(subject)).count();
            let found = moment.subject(it).unwrap();
            assert_eq!(found.as_ref().map_or(0, |found| found.objects), own as u64, "{subject}");
            assert_eq!(found.is_some_and(|found| found.erased.is_some()), self.erased.contains(&subject));
        }
    }
}
