//! Which agent wrote an object, and in which session: the part of its identity context that is no place.
//!
//! Organisation and user are the object's home (`org:X/user:Y`), so they are not said twice.

use crate::canonical::{Input, InputError, Output};
use crate::store::{NO_ROW, Postings, RowSet, Sorted, Words, transact};
use crate::tenancy::Residual;
use roaring::RoaringBitmap;

/// Agents and sessions of objects, by row.
#[derive(Debug, Clone, Default)]
pub(super) struct Attributes {
    words: Words,
    of_object: Sorted<u32, (u32, u32)>,
    by_agent: Postings,
    by_session: Postings,
}
transact!(Attributes { words, of_object, by_agent, by_session });

impl Attributes {
    /// An object has its attributes from its creation on: the first word counts.
    pub(super) fn set(&mut self, object: u32, residual: &Residual) {
        if self.of_object.get(&object).is_some() {
            return;
        }
        let number = |words: &mut Words, word: &Option<String>| {
            word.as_ref().map_or(NO_ROW, |word| words.number(word))
        };
        let agent = number(&mut self.words, &residual.agent_id);
        let session = number(&mut self.words, &residual.session_id);
        self.put(object, agent, session);
    }

    fn put(&mut self, object: u32, agent: u32, session: u32) {
        self.of_object.insert(object, (agent, session));
        if agent != NO_ROW {
            self.by_agent.insert(agent, object);
        }
        if session != NO_ROW {
            self.by_session.insert(session, object);
        }
    }

    pub(super) fn has(&self, object: u32) -> bool {
        self.of_object.get(&object).is_some()
    }

    pub(super) fn get(&self, object: u32) -> Residual {
        let (agent, session) = self.of_object.get(&object).copied().unwrap_or((NO_ROW, NO_ROW));
        let word = |number: u32| Some(self.words.word(number).to_owned()).filter(|_| number != NO_ROW);
        Residual { agent_id: word(agent), session_id: word(session) }
    }

    /// Rows of those that may fit: `None` when nothing is asked for, so all may.
    pub(super) fn find(&self, wanted: &Residual) -> Option<RoaringBitmap> {
        let of = |word: &Option<String>, sets: &Postings| {
            let word = word.as_ref()?;
            let set = self.words.find(word).and_then(|number| sets.get(number)).map(RowSet::bitmap);
            Some(set.unwrap_or_default())
        };
        match (of(&wanted.agent_id, &self.by_agent), of(&wanted.session_id, &self.by_session)) {
            (Some(agents), Some(sessions)) => Some(agents & sessions),
            (Some(one), None) | (None, Some(one)) => Some(one),
            (None, None) => None,
        }
    }

    pub(super) fn save(&self, out: &mut impl Output) {
        self.words.save(out);
        out.count(self.of_object.len());
        for (object, (agent, session)) in self.of_object.iter() {
            out.u32(*object);
            out.u32(*agent);
            out.u32(*session);
        }
    }

    pub(super) fn load(input: &mut Input<'_>, objects: usize) -> Result<Self, InputError> {
        let words = Words::load(input)?;
        let mut state = Self { words, ..Self::default() };
        for _ in 0..input.count()? {
            let (object, agent, session) = (input.u32()?, input.u32()?, input.u32()?);
            let is_word = |number: u32| number == NO_ROW || state.words.has(number);
            if object as usize >= objects || !is_word(agent) || !is_word(session) {
                return Err(InputError);
            }
            state.put(object, agent, session);
        }
        Ok(state)
    }
}
