//! A place beside a fact for what somebody makes of it.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// Holds what was made of a definition (a compiled form), made once and shared by all clones. No part of the state: it is neither
/// saved nor digested nor compared.
#[derive(Clone, Default)]
pub struct Slot(Arc<OnceLock<Arc<dyn Any + Send + Sync>>>);

impl Slot {
    /// What is in it; made now when nothing is yet.
    pub fn get_or_make<T: Any + Send + Sync>(&self, make: impl Fn() -> T) -> Arc<T> {
        let held = self.0.get_or_init(|| Arc::new(make()));
        // Whoever comes second with another type is served without the slot.
        Arc::clone(held).downcast().unwrap_or_else(|_| Arc::new(make()))
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.get().is_some() { "Slot(made)" } else { "Slot" })
    }
}
