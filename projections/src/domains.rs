//! THE list of domains.
//!
//! Everything that must know all domains is made from this list: the [`Event`] enum, the [`World`](crate::World) with its fold, its
//! canonical walk and its transactions, the table of kinds, the engine's commands, and the tests that hold every domain
//! to the shared contract. Its order is the order in which one state may read another: the names in brackets are the
//! states that a fold is handed, and the compiler lets it see no others.
//!
//! Adding a domain: its two folders (`projections/src/<domain>`, `engine/src/<domain>`) and one line here.

/// Calls `$use!` with the list. Each row: number, module, state, event enum, [states its fold reads].
#[macro_export]
macro_rules! for_each_domain {
    ($use:ident) => {
        $use! {
            1  identity  Identity  IdentityEvent  [];                                     // who acts, and who belongs to whom
            8  registry  Registry  RegistryEvent  [];                                     // what may exist: types, functions, and their lifecycle
            2  tenancy   Tenancy   TenancyEvent   [identity];                             // the scope tree, its members, its access control lists, its policies
            3  objects   Objects   ObjectsEvent   [identity, tenancy];                    // objects and all their versions
            4  sharing   Sharing   SharingEvent   [tenancy, objects];                     // objects projected into scopes: the only way to share
            9  contracts Contracts ContractsEvent [tenancy];                              // what data of a type has to look like
            10 templates Templates TemplatesEvent [identity, tenancy];                    // blueprints
            11 config    Config    ConfigEvent    [tenancy];                              // settings, inherited down the scope tree
            12 rules     Rules     RulesEvent     [identity, tenancy, objects, sharing];  // policy: rules, their versions, what they are bound to
            13 subjects  Subjects  SubjectsEvent  [];                                     // whose data what is, and who was erased
            5  temporal  Temporal  TemporalEvent  [];                                     // marks, rollbacks, what has been undone
            6  requests  Requests  RequestsEvent  [];                                     // idempotency keys that were carried out, where requests came from
            7  audit     Audit     AuditEvent     [];                                     // refused attempts and recorded reads
        }
    };
}

use crate::codec::{CodecError, decode_prefix, encode_into};
use crate::events::KindInfo;
use crate::store::Transact;
use crate::{Context, Envelope};

macro_rules! declare {
    ($($number:literal $module:ident $state:ident $event:ident [$($reads:ident),*];)+) => {
        /// Everything that can have happened. Serialised for people: the facts alone, the kind stands beside them.
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
        #[serde(untagged)]
        pub enum Event {
            $(#[doc = concat!("See [`crate::", stringify!($module), "`].")] $state(crate::$module::$event)),+
        }

        $(impl From<crate::$module::$event> for Event {
            fn from(event: crate::$module::$event) -> Self {
                Self::$state(event)
            }
        })+

        /// The domains, in the order in which one may read another: number, name, kinds.
        pub const DOMAINS: &[(u8, &str, &[KindInfo])] = &[
            $(($number, stringify!($module), crate::$module::$event::KINDS)),+
        ];

        impl Event {
            /// The number of its kind, as it stands in the record's header.
            #[must_use]
            pub fn kind(&self) -> u16 {
                match self { $(Self::$state(event) => event.kind()),+ }
            }
            /// The version of its body that this build writes, as it stands in the record's header.
            #[must_use]
            pub fn version(&self) -> u16 {
                match self { $(Self::$state(event) => event.version()),+ }
            }
            fn encode_facts(&self, out: &mut Vec<u8>) -> Result<(), CodecError> {
                match self { $(Self::$state(event) => event.encode_into(out)),+ }
            }
            fn decode_facts(kind: u16, version: u16, bytes: &[u8]) -> Option<Result<Self, CodecError>> {
                match kind >> 8 {
                    $($number => crate::$module::$event::decode(kind, version, bytes).map(|e| e.map(Self::$state)),)+
                    _ => None,
                }
            }
            /// The object it speaks of, if any: what the audit index files it under.
            #[must_use]
            pub fn object(&self) -> Option<crate::ObjectId> {
                match self { $(Self::$state(event) => event.object()),+ }
            }
        }

        /// The states of all domains side by side.
        #[derive(Debug, Clone, Default)]
        pub(crate) struct States {
            $(pub(crate) $module: crate::$module::$state,)+
            /// INVARIANT (begun): while a transaction is open, a state that has changed has begun its own.
            pub(crate) begun: Begun,
        }

        impl States {
            /// One fact, handed to the state that it belongs to. Never fails: a fact that fits nothing changes nothing.
            pub(crate) fn apply(&mut self, at: &Envelope, event: &Event) {
                match event {
                    $(Event::$state(event) => {
                        self.begun.begin($number, &mut self.$module);
                        self.$module.apply(at, event $(, &self.$reads)*);
                    }),+
                }
            }
            pub(crate) fn save(&self, out: &mut impl crate::canonical::Output) {
                $(out.u8($number); self.$module.save(out);)+
            }
            pub(crate) fn load(input: &mut crate::canonical::Input<'_>) -> Result<Self, crate::canonical::InputError> {
                $(if input.u8()? != $number { return Err(crate::canonical::InputError); }
                  let $module = crate::$module::$state::load(input)?;)+
                Ok(Self { $($module,)+ begun: Begun::default() })
            }
        }

        impl Transact for States {
            fn begin(&mut self) {
                self.keep();
                self.begun = Begun(Some(0));
            }
            fn keep(&mut self) {
                let begun = std::mem::take(&mut self.begun);
                $(if begun.has($number) { self.$module.keep(); })+
            }
            fn undo(&mut self) {
                let begun = std::mem::take(&mut self.begun);
                $(if begun.has($number) { self.$module.undo(); })+
            }
        }

        /// The numbers of the domains, by their names.
        #[allow(non_upper_case_globals, dead_code, reason = "named as the modules are, all of them")]
        pub(crate) mod number {
            $(pub(crate) const $module: u32 = $number;)+
        }

        impl States {
            /// What each container of each domain takes.
            pub(crate) fn footprint(&self) -> Vec<crate::store::Part> {
                let mut parts = Vec::new();
                $(for (container, bytes) in self.$module.parts() {
                    parts.push(crate::store::Part { domain: stringify!($module), container, bytes });
                })+
                parts
            }
        }
    };
}
for_each_domain!(declare);

/// Which states have begun a transaction of their own, a bit for each number; `None` while none is open.
///
/// Most batches change one state or two, of more than a hundred containers in all: to begin and end in each of them cost more than the
/// fold itself. So a state begins when it is about to change for the first time.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Begun(Option<u32>);

impl Begun {
    /// That state is about to change.
    #[inline]
    pub(crate) fn begin(&mut self, number: u32, state: &mut impl Transact) {
        if let Some(begun) = &mut self.0
            && *begun & 1 << number == 0
        {
            *begun |= 1 << number;
            state.begin();
        }
    }
    fn has(self, number: u32) -> bool {
        self.0.is_some_and(|begun| begun & 1 << number != 0)
    }
}

/// Why a record's body is not an event that this build can fold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Written by a newer build: the log keeps and verifies it, folding has to stop.
    #[error(
        "event kind {kind:#06x} version {version} is not known to this build: open the log with a newer one"
    )]
    Unknown {
        /// Number in the header.
        kind: u16,
        /// Version in the header.
        version: u16,
    },
    /// The bytes are no event of that kind.
    #[error(transparent)]
    Codec(#[from] CodecError),
}

impl Event {
    /// Is it the head of a rollback, which says what the rest of its batch is for?
    #[must_use]
    pub fn heads_rollback(&self) -> bool {
        matches!(self, Self::Temporal(crate::temporal::TemporalEvent::RolledBack(_)))
    }

    /// Appends the body of a record: the context, then the facts.
    ///
    /// # Errors
    /// When it cannot be encoded at all; `out` may then hold a part.
    pub fn encode_into(&self, context: &Context, out: &mut Vec<u8>) -> Result<(), CodecError> {
        encode_into(context, out)?;
        self.encode_facts(out)
    }

    /// Reads a record's body.
    ///
    /// # Errors
    /// When the kind is unknown here, or the bytes are not its body to the last one.
    pub fn decode(kind: u16, version: u16, body: &[u8]) -> Result<(Context, Self), BodyError> {
        let (context, used) = decode_prefix::<Context>(body)?;
        let event =
            Self::decode_facts(kind, version, &body[used..]).ok_or(BodyError::Unknown { kind, version })?;
        Ok((context, event?))
    }
}

/// The row of the table of kinds for a number.
#[must_use]
pub fn kind_info(kind: u16) -> Option<&'static KindInfo> {
    DOMAINS.iter().flat_map(|(_, _, kinds)| kinds.iter()).find(|info| info.kind == kind)
}

/// The row of the table of kinds for a name, for example `objects.updated`.
#[must_use]
pub fn kind_named(name: &str) -> Option<&'static KindInfo> {
    DOMAINS.iter().flat_map(|(_, _, kinds)| kinds.iter()).find(|info| info.name == name)
}
