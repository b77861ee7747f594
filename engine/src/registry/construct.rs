//! Constructs that an application declares beside its code: types, functions, modules, values.
//!
//! ```text
//! constructs! { pub CONSTRUCTS = [ type Limits { … }, fn process, … ] }     one list a module, constants, nothing runs before main
//!       └─▶ Construct (const) ─▶ Declaration (checked, owned) ─▶ register_declared: commands;  Scan: declared against used
//! ```
//!
//! The declared thing itself is left as it is. Its *target* is its path, `shop::billing::Limits`, never an address: the same in every
//! process, and in the log, where it stands as a tag `target:…` and so is found by the index of tags, at every moment of the past.
//! Why lists and no registration before `main` see `docs/decisions/0028`.

use super::{Kind, Lifecycle, Urn};
use crate::error::Result;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What the tag begins with that says where in the code a registered thing is.
pub(super) const TARGET: &str = "target:";

/// A construct as it is declared, a constant: see [`constructs!`](crate::constructs).
#[derive(Debug, Clone, Copy)]
pub struct Construct {
    module: &'static str,
    item: &'static str,
    kind: &'static str,
    kind_about: Option<&'static str>,
    namespace: Option<&'static str>,
    name: Option<&'static str>,
    version: u32,
    lifecycle: Option<Lifecycle>,
    tags: &'static [&'static str],
    metadata: Option<fn() -> Value>,
}

/// A type that carries its declaration.
pub trait Declared {
    /// What is declared about it.
    const CONSTRUCT: Construct;
}

/// What a [`Construct`] says, checked and owned: for files, and for whoever looks at constructs of another program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declaration {
    /// Where in the code: its path.
    pub target: String,
    /// What it is registered as.
    pub urn: Urn,
    /// Where its life is to be; `None`: it begins as `ACTIVE`, and where it went since is left alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifecycle: Option<Lifecycle>,
    /// Words that it is found by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// What else there is to say about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
}

impl Construct {
    /// Something of that name in a module. [`constructs!`](crate::constructs) writes this.
    #[must_use]
    pub const fn new(module: &'static str, item: &'static str, kind: &'static str) -> Self {
        Self {
            module,
            item,
            kind,
            kind_about: None,
            namespace: None,
            name: None,
            version: 1,
            lifecycle: None,
            tags: &[],
            metadata: None,
        }
    }
    /// What sort of thing it is, in capitals (else: `CLASS`, `FUNCTION` for functions, `INSTANCE` for values).
    #[must_use]
    pub const fn kind(mut self, kind: &'static str) -> Self {
        self.kind = kind;
        self
    }
    /// What its kind is, for people: a kind of the application's own is defined with this when there is none yet.
    #[must_use]
    pub const fn kind_about(mut self, about: &'static str) -> Self {
        self.kind_about = Some(about);
        self
    }
    /// Where it belongs (else: the crate).
    #[must_use]
    pub const fn namespace(mut self, namespace: &'static str) -> Self {
        self.namespace = Some(namespace);
        self
    }
    /// What it is called there (else: its path below the crate, with dots).
    #[must_use]
    pub const fn name(mut self, name: &'static str) -> Self {
        self.name = Some(name);
        self
    }
    /// Which edition of it, from 1 (else: 1).
    #[must_use]
    pub const fn version(mut self, version: u32) -> Self {
        self.version = version;
        self
    }
    /// Where its life is to be. Without it, it begins as `ACTIVE`, and where operators took it since is left alone.
    #[must_use]
    pub const fn lifecycle(mut self, lifecycle: Lifecycle) -> Self {
        self.lifecycle = Some(lifecycle);
        self
    }
    /// Words that it is found by.
    #[must_use]
    pub const fn tags(mut self, tags: &'static [&'static str]) -> Self {
        self.tags = tags;
        self
    }
    /// What else there is to say about it, made when it is asked for.
    #[must_use]
    pub const fn metadata(mut self, metadata: fn() -> Value) -> Self {
        self.metadata = Some(metadata);
        self
    }

    /// Where in the code it is: its path, `shop::billing::Limits`.
    #[must_use]
    pub fn target(&self) -> String {
        format!("{}::{}", self.module, plain(self.item))
    }
    /// What it is registered as.
    ///
    /// # Errors
    /// When kind, namespace or name make no URN.
    pub fn urn(&self) -> Result<Urn> {
        let (root, below) = self.module.split_once("::").unwrap_or((self.module, ""));
        let inferred = || match below {
            "" => plain(self.item).to_owned(),
            below => format!("{}.{}", below.replace("::", "."), plain(self.item)),
        };
        let name = self.name.map_or_else(inferred, str::to_owned);
        Ok(Urn::new(Kind::named(self.kind)?, self.namespace.unwrap_or(root), &name, self.version)?)
    }
    /// All that it says.
    ///
    /// # Errors
    /// As [`Self::urn`].
    pub fn declaration(&self) -> Result<Declaration> {
        Ok(Declaration {
            target: self.target(),
            urn: self.urn()?,
            lifecycle: self.lifecycle,
            tags: self.tags.iter().map(|tag| (*tag).to_owned()).collect(),
            metadata: self.metadata.map(|make| make()),
        })
    }
    /// What its kind is, for people.
    pub(super) fn about_kind(&self) -> Option<&'static str> {
        self.kind_about
    }
}

/// A name without the sign that lets a keyword be one.
fn plain(item: &'static str) -> &'static str {
    item.strip_prefix("r#").unwrap_or(item)
}

impl Declaration {
    /// The module that it is declared in.
    #[must_use]
    pub fn module(&self) -> &str {
        self.target.rsplit_once("::").map_or("", |(module, _)| module)
    }
    /// What it is called in the code.
    #[must_use]
    pub fn item(&self) -> &str {
        self.target.rsplit_once("::").map_or(&*self.target, |(_, item)| item)
    }
}

/// Declares constructs beside the code, as one list of constants.
///
/// An item is `type`, `fn`, `mod` or `static` with its name in this module: what is not there does not compile. What is not said is
/// inferred: kind `CLASS`, `FUNCTION`, `CLASS` or `INSTANCE`; the crate as the namespace; the path below the crate as the name; version 1.
/// The keys are the methods of [`Construct`](crate::registry::Construct). A type also carries its declaration, as
/// [`Declared`](crate::registry::Declared).
///
/// # Examples
/// ```
/// pub struct Limits;
/// pub fn process() -> u32 {
///     42
/// }
///
/// scoped::constructs! {
///     /// What this module declares.
///     pub CONSTRUCTS = [
///         type Limits { kind: "MODEL", namespace: "app", name: "limits", tags: &["billing"] },
///         fn process,
///     ]
/// }
///
/// # fn main() -> scoped::Result<()> {
/// use scoped::registry::Declared as _;
/// let engine = scoped::Engine::in_memory()?;
/// engine.register_declared(&[CONSTRUCTS])?;
/// let ada = engine.session(engine.founder())?.reading();
/// assert_eq!(ada.registered(Limits::CONSTRUCT.urn()?)?.info.tags, ["billing"]);
/// assert!(ada.registered_at(scoped::target!(process))?.is_some());
/// # Ok(())
/// # }
/// ```
#[macro_export]
macro_rules! constructs {
    ($(#[$attribute:meta])* $visible:vis $list:ident = [
        $($shape:tt $item:ident $({ $($key:ident : $value:expr),* $(,)? })?),* $(,)?
    ]) => {
        $(#[$attribute])*
        $visible const $list: &[$crate::registry::Construct] =
            &[$($crate::__construct!($shape $item $($(.$key($value))*)?)),*];
        $($crate::__attached!($shape $item $($(.$key($value))*)?);)*
    };
}

/// Where in the code something of this module is: what [`constructs!`](crate::constructs) calls its target.
#[macro_export]
macro_rules! target {
    ($item:ident) => {
        concat!(module_path!(), "::", stringify!($item))
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __construct {
    (type $item:ident $($said:tt)*) => { $crate::__construct!(@ "CLASS" $item $($said)*) };
    (fn $item:ident $($said:tt)*) => { $crate::__construct!(@ "FUNCTION" $item $($said)*) };
    (mod $item:ident $($said:tt)*) => { $crate::__construct!(@ "CLASS" $item $($said)*) };
    (static $item:ident $($said:tt)*) => { $crate::__construct!(@ "INSTANCE" $item $($said)*) };
    (@ $kind:literal $item:ident $($said:tt)*) => {
        $crate::registry::Construct::new(module_path!(), stringify!($item), $kind) $($said)*
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __attached {
    (type $item:ident $($said:tt)*) => {
        impl $crate::registry::Declared for $item {
            const CONSTRUCT: $crate::registry::Construct = $crate::__construct!(type $item $($said)*);
        }
    };
    // Nothing can be attached to these; a name that is not there does not compile.
    ($shape:tt $item:ident $($said:tt)*) => {
        const _: () = {
            #[allow(unused_imports)]
            use self::$item as _;
        };
    };
}
