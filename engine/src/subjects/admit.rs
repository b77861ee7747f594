//! Personal data is somebody's. Looks at the proposed facts, so that no command can forget it.

use super::PERSONAL;
use crate::error::Error;
use crate::kernel::execute::{Proposed, Result, View};
use scoped_projections::objects::ObjectsEvent;
use scoped_projections::subjects::SubjectsEvent;
use scoped_projections::{Event, ObjectId};

/// Does every object of a personal type that is about to be written say whose data it is?
pub(crate) fn admit(on: &View<'_>, proposed: &[Proposed]) -> Result<()> {
    let registry = on.world.registry();
    if !registry.has_tagged(PERSONAL) {
        return Ok(());
    }
    let bound = |object: ObjectId| {
        let new = |fact: &Proposed| matches!(&fact.event, Event::Subjects(SubjectsEvent::ObjectBound(e)) if e.object == object);
        on.world.subjects().of_object(object).is_some() || proposed.iter().any(new)
    };
    let personal = |word: &str| {
        registry.object_type(word).is_some_and(|entry| registry.tags(entry).any(|tag| tag == PERSONAL))
    };
    for fact in proposed {
        let (object, word) = match &fact.event {
            Event::Objects(ObjectsEvent::ObjectCreated(e)) => (e.object, e.object_type.as_str()),
            Event::Objects(ObjectsEvent::ObjectUpdated(e)) => {
                let objects = on.world.objects();
                let Some(found) = objects.get(e.object) else { continue };
                (e.object, objects.object_type(found))
            }
            _ => continue,
        };
        if !bound(object) && personal(word) {
            let message = format!("objects of type `{word}` are personal data: say whose, by `subject`");
            let error = Error::refused("subject_required", message);
            return Err(error
                .hint("whose data an object is is said where it is made, and never changes")
                .into());
        }
    }
    Ok(())
}
