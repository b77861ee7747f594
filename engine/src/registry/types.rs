//! Registering many object types at once, as often as one likes.

use super::{DefineKind, Kind, Register};
use crate::command::Command;
use crate::engine::Engine;
use crate::error::Result;
use crate::moment::Moment;
use crate::receipt::Receipt;
use crate::session::Session;
use scoped_projections::World;

/// How often it is looked again because somebody did the same meanwhile.
const TRIES_MAX: usize = 3;

/// Commands for the types of which no edition was ever registered.
pub(crate) fn missing_types<T: AsRef<str>>(world: &World, types: &[T]) -> Result<Vec<Register>> {
    let mut missing: Vec<Register> = Vec::new();
    for word in types {
        let register = Register::object_type(word.as_ref())?;
        let known = world.registry().object_type(word.as_ref()).is_some();
        if !known && missing.iter().all(|other| other.urn != register.urn) {
            missing.push(register);
        }
    }
    Ok(missing)
}

/// Does what is missing, as one batch, until nothing is: others may be doing the same meanwhile.
pub(super) fn settle(
    session: &Session,
    missing: impl Fn(Moment<'_>) -> Result<Vec<Command>>,
) -> Result<Option<Receipt>> {
    let mut tries = 0;
    loop {
        let wanted = session.engine().read(&missing)?;
        if wanted.is_empty() {
            return Ok(None);
        }
        let mut batch = session.begin();
        wanted.into_iter().for_each(|command| batch.push(session.actor(), command));
        tries += 1;
        match session.engine().execute(batch) {
            Err(error)
                if tries < TRIES_MAX && matches!(error.code(), "exists" | "unchanged" | "transition") => {}
            answer => return answer.map(Some),
        }
    }
}

impl Session {
    /// Registers the object types among these of which no edition was ever registered, as one batch. `None`: all are there.
    ///
    /// # Errors
    /// When a word makes no URN, this principal may not manage the registry, or the registry is frozen and a type is missing.
    ///
    /// # Examples
    /// ```
    /// let engine = scoped::Engine::in_memory()?;
    /// let ada = engine.session(engine.founder())?;
    /// assert!(ada.register_types(&["limits", "shop/order"])?.is_some());
    /// assert!(ada.register_types(&["limits"])?.is_none(), "they are there already");
    /// # Ok::<(), scoped::Error>(())
    /// ```
    pub fn register_types<T: AsRef<str>>(&self, types: &[T]) -> Result<Option<Receipt>> {
        settle(self, |moment| {
            Ok(missing_types(moment.world(), types)?.into_iter().map(Command::from).collect())
        })
    }
}

impl Session {
    /// Defines a kind, unless there is one of that name: the first description stays. `None`: it was there.
    ///
    /// # Errors
    /// When this principal may not manage the registry, or the registry is frozen, and the kind is missing.
    pub fn define_kind(&self, kind: Kind, description: impl Into<String>) -> Result<Option<Receipt>> {
        if self.engine().read(|moment| moment.world().registry().knows_kind(&kind)) {
            return Ok(None);
        }
        match self.execute(DefineKind { kind, description: description.into() }) {
            // Somebody else was first.
            Err(error) if error.code() == "exists" => Ok(None),
            answer => answer.map(Some),
        }
    }
}

impl Engine {
    /// The same in the founder's name: for whoever embeds the engine.
    ///
    /// # Errors
    /// As [`Session::register_types`]; also when the founder acts no more.
    pub fn register_types<T: AsRef<str>>(&self, types: &[T]) -> Result<Option<Receipt>> {
        // Nothing to do is nothing to be allowed.
        if self.read(|moment| missing_types(moment.world(), types))?.is_empty() {
            return Ok(None);
        }
        self.session(self.founder())?.register_types(types)
    }
}
