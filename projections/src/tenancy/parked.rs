//! What ended together with a scope, kept aside so that reopening the scope can bring it back.
//!
//! A scope's end is one event, followed by one for each thing that ends with it. What ends in a scope that has ended already is
//! put here, under the event that ended the scope; what is left from an earlier end of the same scope counts no more.

use crate::Sequence;
use crate::canonical::{Input, InputError, Output};
use crate::store::{Footprint, Sorted, Transact};

/// Things that ended with their scope: by row of the scope and of the thing.
#[derive(Debug, Clone)]
pub(crate) struct Parked<T> {
    things: Sorted<(u32, u32), (T, Sequence)>,
}

impl<T> Default for Parked<T> {
    fn default() -> Self {
        Self { things: Sorted::default() }
    }
}

impl<T: Clone> Transact for Parked<T> {
    fn begin(&mut self) {
        self.things.begin();
    }
    fn keep(&mut self) {
        self.things.keep();
    }
    fn undo(&mut self) {
        self.things.undo();
    }
}

impl<T: Footprint> Footprint for Parked<T> {
    fn heap(&self) -> usize {
        self.things.heap()
    }
}

impl<T: Clone> Parked<T> {
    pub(crate) fn put(&mut self, scope: u32, of: u32, thing: T, ended: Sequence) {
        self.things.insert((scope, of), (thing, ended));
    }
    pub(crate) fn take(&mut self, scope: u32, of: u32) {
        if !self.things.is_empty() {
            self.things.remove(&(scope, of));
        }
    }
    /// What ended with the scope when that event ended it.
    pub(crate) fn of(&self, scope: u32, ended: Sequence) -> impl Iterator<Item = (u32, &T)> + '_ {
        let things = self.things.range((scope, 0)..=(scope, u32::MAX));
        things.filter(move |(_, (_, at))| *at == ended).map(|((_, of), (thing, _))| (*of, thing))
    }
    pub(crate) fn save<O: Output>(&self, out: &mut O, thing: impl Fn(&T, &mut O)) {
        out.count(self.things.len());
        for ((scope, of), (parked, ended)) in self.things.iter() {
            out.u32(*scope);
            out.u32(*of);
            out.sequence(*ended);
            thing(parked, out);
        }
    }
    pub(crate) fn load(
        input: &mut Input<'_>,
        thing: impl Fn(&mut Input<'_>) -> Result<T, InputError>,
    ) -> Result<Self, InputError> {
        let mut parked = Self::default();
        for _ in 0..input.count()? {
            let (scope, of, ended) = (input.u32()?, input.u32()?, input.sequence()?);
            parked.put(scope, of, thing(input)?, ended);
        }
        Ok(parked)
    }
}
