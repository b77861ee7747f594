//! The one door through which data leaves: every payload that a reader gets to see comes through [`Ask::show`].
//!
//! The moment that is asked about and the present both have a say: what was hidden then, or is hidden now, is hidden.

use super::Ask;
use crate::canonical;
use crate::error::Result;
use crate::rules::redaction::{apply, hidden, may_hide, parse};
use scoped_projections::rules::{Action, Redactions};
use std::borrow::Cow;

impl Ask<'_> {
    /// An object's data as this reader may see it; `NO_ROW` for data that belongs to no object.
    pub(super) fn show<'d>(&self, object: u32, data: &'d [u8]) -> Result<Cow<'d, [u8]>> {
        self.show_for(Action::Read, object, data)
    }

    /// The same for something that is done with it other than reading it: redactions may speak of that, besides what they say of
    /// reading.
    pub(super) fn show_for<'d>(&self, action: Action, object: u32, data: &'d [u8]) -> Result<Cow<'d, [u8]>> {
        let past = !std::ptr::eq(self.moment.world, self.present);
        let hides = may_hide(self.present) || (past && may_hide(self.moment.world));
        if !hides {
            return Ok(Cow::Borrowed(data));
        }
        let mut value = parse(data)?;
        let mut redactions = Redactions::new();
        // What may not be read is not taken out, or done anything else with, either.
        let also = Some(action).filter(|action| *action != Action::Read);
        for action in std::iter::once(Action::Read).chain(also) {
            hidden(self.present, self.actor, object, action, &value, self.now.read(), &mut redactions);
            if past {
                let (world, now) = (self.moment.world, self.moment.now.read());
                hidden(world, self.actor, object, action, &value, now, &mut redactions);
            }
        }
        if redactions.is_empty() {
            return Ok(Cow::Borrowed(data));
        }
        apply(&redactions, &mut value);
        Ok(Cow::Owned(canonical::text(&value).into_bytes()))
    }
}
