//! Iterating over events in order, verifying each checksum.

use crate::{
    error::LogError,
    layout::HEADER_PAGE,
    reader::{Shared, no_segment},
    record::Record,
    segment::{Segment, Step, Window},
    sequence::Sequence,
};
use std::{iter::FusedIterator, sync::Arc};

/// The events of a range, in order. An event that does not verify is an error that names it; the events behind it
/// follow as far as they can be found.
pub struct Records {
    shared: Arc<Shared>,
    next: u64,
    to: u64,
    /// Where the walk stands: place of the segment in the table, the segment, and the offset in it.
    walk: Option<(usize, Arc<Segment>, u64)>,
    window: Window,
}

impl Records {
    pub(crate) fn new(shared: Arc<Shared>, from: Sequence, to: Sequence) -> Self {
        Self { shared, next: from.get().max(1), to: to.get(), walk: None, window: Window::default() }
    }

    fn step(&mut self) -> Result<Record, LogError> {
        loop {
            let (nth, segment, offset) = match &self.walk {
                Some((nth, segment, offset)) => (*nth, segment, *offset),
                None => {
                    let begin = self.begin()?;
                    let (nth, segment, offset) = self.walk.insert(begin);
                    (*nth, &*segment, *offset)
                }
            };
            let following = self.shared.segments.get(nth + 1);
            if following.is_some_and(|following| following.header.first <= self.next) {
                self.walk = None;
                continue;
            }
            match segment.walk(offset, self.next, &mut self.window)? {
                Step::Event { record, next } => {
                    if let Some(walk) = &mut self.walk {
                        walk.2 = next;
                    }
                    return Ok(record);
                }
                Step::Control { next } => {
                    if let Some(walk) = &mut self.walk {
                        walk.2 = next;
                    }
                }
            }
        }
    }

    /// Finds where the next event lies. At the beginning of a segment the index is not needed.
    fn begin(&mut self) -> Result<(usize, Arc<Segment>, u64), LogError> {
        self.window = Window::default();
        let wanted = || Sequence::new(self.next);
        let nth = self.shared.segments.find(self.next).ok_or_else(|| no_segment(wanted()))?;
        let segment = self.shared.segments.get(nth).ok_or_else(|| no_segment(wanted()))?;
        let offset = if segment.header.first == self.next && !segment.has_index() {
            HEADER_PAGE
        } else {
            segment.locate(self.next)?.ok_or_else(|| segment.missing(self.next))?
        };
        Ok((nth, Arc::clone(segment), offset))
    }
}

impl Iterator for Records {
    type Item = Result<Record, LogError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next > self.to {
            return None;
        }
        let found = self.step();
        if found.is_err() {
            self.walk = None; // the next one is looked up by the index, which steps over damage
        }
        self.next += 1;
        Some(found)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::try_from((self.to + 1).saturating_sub(self.next)).unwrap_or(usize::MAX);
        (left, Some(left))
    }
}

impl FusedIterator for Records {}
