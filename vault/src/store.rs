//! What a key store has to do: hold one wrapped key a subject, and destroy it for good.
//!
//! INVARIANT (once erased, never again a key): what was erased stays erased, whatever is added or replaced later.

use std::any::Any;
use std::io;

/// Bytes of a wrapped key: 32, and a tag of 16.
pub const WRAPPED_BYTES: usize = 48;

/// A data key under a key-encryption key: worth nothing without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrapped {
    /// Which key-encryption key.
    pub kek: [u8; 16],
    /// Drawn for this wrapping.
    pub nonce: [u8; 24],
    /// The wrapped key.
    pub bytes: [u8; WRAPPED_BYTES],
}

/// What a store holds for a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// Its key.
    Key(Wrapped),
    /// It had one.
    Erased,
}

/// Alone among all writers until it is dropped.
pub type Guard = Box<dyn Any + Send + Sync>;

/// Wrapped keys, one a subject, outside the log. What an answer says is durable is durable.
pub trait KeyStore: Send + Sync {
    /// The log that it holds keys for; `None` before the first.
    ///
    /// # Errors
    /// When it cannot be read.
    fn log(&self) -> io::Result<Option<u128>>;
    /// Makes it the key store of that log, unless it is one already; alone among all writers.
    ///
    /// # Errors
    /// `WouldBlock` when somebody else writes to it; when it cannot be written.
    fn hold(&self, log: Option<u128>) -> io::Result<Guard>;
    /// What it holds for a subject; `None` for one that it has never heard of.
    ///
    /// # Errors
    /// When it cannot be read, or was altered.
    fn get(&self, subject: u128) -> io::Result<Option<Held>>;
    /// Takes in the first key of a subject, durably. False, and nothing changes, when there is or was one.
    ///
    /// # Errors
    /// When it cannot be written: there may be a key then or not.
    fn add(&self, subject: u128, key: &Wrapped) -> io::Result<bool>;
    /// Puts the same key wrapped anew in its place, durably. False, and nothing changes, when there is none.
    ///
    /// # Errors
    /// When it cannot be written: it is the old one then or the new one.
    fn replace(&self, subject: u128, key: &Wrapped) -> io::Result<bool>;
    /// Destroys the key of a subject, durably; nothing that was erased before is an error, nor what was never there.
    ///
    /// # Errors
    /// When it cannot be written: the key may be there still.
    fn erase(&self, subject: u128) -> io::Result<()>;
    /// All subjects that it has heard of, erased ones included, in order.
    ///
    /// # Errors
    /// When it cannot be read.
    fn subjects(&self) -> io::Result<Vec<u128>>;
}
