//! The one door through which data leaves: every payload that a reader gets to see comes through [`Ask::show`].

use super::Ask;
use crate::error::Result;
use std::borrow::Cow;

impl Ask<'_> {
    /// An object's data as this reader may see it.
    pub(super) fn show<'d>(&self, _object: u32, data: &'d [u8]) -> Result<Cow<'d, [u8]>> {
        Ok(Cow::Borrowed(data))
    }
}
