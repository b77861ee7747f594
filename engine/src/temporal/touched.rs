//! The entities that selected events touched, and what stands in the way of taking those back.
//!
//! For a selection of places every entity goes back to the cutoff. For one that picks events each goes back to before the first
//! of its own that is picked, and what others did to it from then on is a conflict. Events that were taken back already, and those that
//! took them back, cancel each other: they are left out first, so that a rollback can be asked for twice and does its work once.

use super::cascade::dependents;
use super::request::Remark;
use super::selection::{Place, Selection, Sight};
use super::taken::{Taker, taken_back};
use super::{Entity, Nature, Reversal};
use crate::error::{Error, Result};
use crate::history::{History, decode};
use roaring::RoaringBitmap;
use scoped_log::Record;
use scoped_projections::{Event, PrincipalId, Sequence, World};
use std::collections::BTreeMap;

/// An entity that selected events touched.
#[derive(Debug)]
pub(super) struct Touched {
    /// The first selected event whose effect still stands.
    pub(super) first: Sequence,
    /// The entity goes back to how it was after this.
    pub(super) cutoff: Sequence,
    /// The selected events, oldest first.
    pub(super) selected: Vec<Sequence>,
    /// The last event that is not selected and came in between or after.
    pub(super) conflict: Option<Sequence>,
    /// Among the selected ones is one that is for good, and why.
    pub(super) for_good: Option<(Sequence, &'static str)>,
    /// All that was selected had been taken back before: the first of it, and what took it back.
    pub(super) reversed: Option<(Sequence, Sequence)>,
}

/// One event about one entity.
struct Touch {
    at: Sequence,
    /// The first event of its batch.
    batch: Sequence,
    selected: bool,
    /// Done by whoever rolls back now.
    own: bool,
    undoes: Sequence,
    /// Takes back the one event that it names, and no others.
    merged: bool,
    for_good: Option<&'static str>,
}

/// What the selected events since `to` touched, as far as it can be seen.
pub(super) fn touched(
    history: &History,
    sight: &Sight<'_>,
    then: &World,
    to: Sequence,
    selection: &Selection,
) -> Result<BTreeMap<Entity, Touched>> {
    let place = Place::new(sight, then, selection)?;
    let cascade = match selection {
        Selection::Cascade(root) => dependents(history, sight.world, *root)?,
        _ => RoaringBitmap::new(),
    };
    let mut touches: BTreeMap<Entity, Vec<Touch>> = BTreeMap::new();
    let (mut until, mut batch, mut merged) = (None, to.next(), false);
    for record in history.reader().records(to.next(), sight.world.position()) {
        let record = record?;
        let (context, event) = decode(&record)?;
        let (at, actor) = (record.sequence(), PrincipalId(record.actor()));
        if event.heads_rollback() {
            merged = Remark::read(history.shown(at)?.as_deref()).merged;
        }
        // The first record: for a rollback, its batch is what is selected.
        let until = *until.get_or_insert_with(|| end_of(selection, &record, &event));
        if let Some(entity) = Entity::of(&event) {
            let selected = match selection {
                Selection::Actor(who) => actor == *who,
                Selection::Until(last) => at <= *last,
                Selection::Event(_) => at <= until,
                Selection::Cascade(_) => u32::try_from(at.get()).is_ok_and(|at| cascade.contains(at)),
                _ => place.contains(entity),
            };
            let for_good = match Nature::of(&event).reversal {
                Reversal::Irreversible(why) => Some(why),
                _ => None,
            };
            let undoes = Sequence::new(context.undoes);
            let own = actor == sight.actor;
            let touch = Touch { at, batch, selected, own, undoes, merged, for_good };
            touches.entry(entity).or_default().push(touch);
        } else if selection.root() == Some(at) && until == at && actor == sight.actor {
            let message = format!("event {at} is history, not state: it is never taken back");
            return Err(Error::refused("irreversible", message));
        }
        if record.batch_left() == 0 {
            (batch, merged) = (at.next(), false);
        }
    }
    // What only others touched was not selected, and what cannot be seen neither: a plan must not disclose that it is there. What one
    // touched oneself one knows of, also when it lies in a scope that one has archived with it.
    touches.retain(|entity, touches| {
        let mut selected = touches.iter().filter(|touch| touch.selected).peekable();
        selected.peek().is_some() && (selected.any(|touch| touch.own) || sight.sees(*entity))
    });
    let sum = |touches: Vec<Touch>| {
        if selection.picks() { picked(&touches) } else { placed(&touches, to) }
    };
    Ok(touches.into_iter().map(|(entity, touches)| (entity, sum(touches))).collect())
}

/// Where what is selected by one event ends: with the event, or with the rollback that it is the head of.
fn end_of(selection: &Selection, first: &Record, event: &Event) -> Sequence {
    let at = first.sequence();
    let behind = if event.heads_rollback() && selection.picks() { u64::from(first.batch_left()) } else { 0 };
    Sequence::new(at.get() + behind)
}

/// Everything about a selected place goes back to the cutoff.
fn placed(touches: &[Touch], to: Sequence) -> Touched {
    let selected: Vec<Sequence> = touches.iter().map(|touch| touch.at).collect();
    let first = selected.first().copied().unwrap_or_default();
    Touched { first, cutoff: to, selected, conflict: None, for_good: None, reversed: None }
}

/// The picked events that still stand go back to before the first of them.
fn picked(touches: &[Touch]) -> Touched {
    let by = cancelled(touches);
    let standing = || touches.iter().zip(&by).filter(|(_, by)| by.is_none()).map(|(touch, _)| touch);
    let selected: Vec<Sequence> = standing().filter(|touch| touch.selected).map(|touch| touch.at).collect();
    let first = standing().find(|touch| touch.selected);
    let cutoff = first.map_or(Sequence::NONE, |touch| Sequence::new(touch.batch.get().saturating_sub(1)));
    let conflict = standing().rfind(|touch| !touch.selected && touch.at > cutoff).map(|touch| touch.at);
    let for_good = standing().find_map(|touch| Some((touch.at, touch.for_good.filter(|_| touch.selected)?)));
    let reversed = match first {
        Some(_) => None,
        None => touches
            .iter()
            .zip(&by)
            .find_map(|(touch, by)| Some((touch.at, (*by).filter(|_| touch.selected)?))),
    };
    let first = first.map_or(Sequence::NONE, |touch| touch.at);
    Touched { first, cutoff, selected, conflict, for_good, reversed }
}

/// For each event that was taken back already, and each that did so, what took it back. Selected ones take nothing out: they are to
/// be taken back themselves.
fn cancelled(touches: &[Touch]) -> Vec<Option<Sequence>> {
    let taker = |touch: &Touch| {
        let Touch { undoes, batch, merged, .. } = *touch;
        (!touch.selected && !undoes.is_none()).then_some(Taker { undoes, batch, merged })
    };
    let mut by = taken_back(touches, |touch| touch.at, taker);
    for (touch, by) in touches.iter().zip(&mut by).filter(|(touch, _)| taker(touch).is_some()) {
        by.get_or_insert(touch.at);
    }
    by
}
