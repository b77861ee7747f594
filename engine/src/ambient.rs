//! Who is at work on this thread: for adapters that cannot hand a [`Session`] through the code they call.
//!
//! Commands and reads never look here: the actor of a command is that of the session that gives it, so "nobody" cannot act. What is
//! entered is a stack of the thread: leaving restores what was there before, a new thread begins with nothing. A task of an async
//! runtime may change threads between two polls: keep the session in the task, and enter it around each poll.

use crate::error::{Error, Result};
use crate::session::Session;
use scoped_projections::PrincipalId;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::rc::Rc;

thread_local! {
    static ENTERED: RefCell<Vec<(u64, Rc<Ambient>)>> = const { RefCell::new(Vec::new()) };
}

/// A session that was entered, and what was said with it.
#[derive(Clone)]
pub struct Ambient {
    session: Session,
    extras: BTreeMap<String, String>,
}

impl Ambient {
    /// The session.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.session
    }
    /// Who is at work.
    #[must_use]
    pub fn principal(&self) -> PrincipalId {
        self.session.actor()
    }
    /// What sort of actor that is.
    #[must_use]
    pub fn kind(&self) -> String {
        self.session.engine().read(|moment| {
            let identity = moment.world().identity();
            identity.get(self.principal()).map_or_else(String::new, |found| identity.kind(found).to_owned())
        })
    }
    /// What the adapter said with it: an environment, a request.
    #[must_use]
    pub fn extras(&self) -> &BTreeMap<String, String> {
        &self.extras
    }
}

/// As long as this is there, its session is the current one of the thread.
#[must_use = "the session is left when this is dropped"]
pub struct Entered {
    number: u64,
    /// Stays on its thread.
    here: PhantomData<Rc<()>>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        // By number, not from the top: guards may be dropped in another order than they were made.
        let left = ENTERED.try_with(|entered| {
            entered.try_borrow_mut().ok().and_then(|mut entered| {
                let at = entered.iter().position(|(number, _)| *number == self.number)?;
                Some(entered.remove(at))
            })
        });
        // What the session holds is let go of when the stack is no longer borrowed.
        drop(left);
    }
}

impl Session {
    /// Makes this the current session of the thread until the guard is dropped.
    pub fn enter(&self) -> Entered {
        self.enter_with([])
    }
    /// The same with something said beside it.
    pub fn enter_with(&self, extras: impl IntoIterator<Item = (String, String)>) -> Entered {
        let ambient = Rc::new(Ambient { session: self.clone(), extras: extras.into_iter().collect() });
        ENTERED.with(|entered| {
            let mut entered = entered.borrow_mut();
            let number = entered.last().map_or(0, |(number, _)| number + 1);
            entered.push((number, ambient));
            Entered { number, here: PhantomData }
        })
    }
}

/// The current session of this thread, if there is one.
#[must_use]
pub fn current_or_none() -> Option<Rc<Ambient>> {
    ENTERED.with(|entered| entered.borrow().last().map(|(_, ambient)| Rc::clone(ambient)))
}

/// The current session of this thread.
///
/// # Errors
/// `no_context`: none was entered.
pub fn current() -> Result<Rc<Ambient>> {
    current_or_none().ok_or_else(|| {
        Error::refused("no_context", "nobody is at work on this thread").hint("enter a session first")
    })
}

/// Who is at work on this thread.
///
/// # Errors
/// As [`current`].
pub fn current_principal() -> Result<PrincipalId> {
    Ok(current()?.principal())
}
