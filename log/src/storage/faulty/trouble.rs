//! Kinds of calls, what can go wrong with them, and how often it does.

/// Kinds of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    /// Names of a folder.
    List,
    /// A folder is made.
    Folder,
    /// A file is made.
    Create,
    /// A file is opened.
    Open,
    /// A file gets another name.
    Rename,
    /// A file is removed.
    Remove,
    /// Names are made durable.
    SyncFolder,
    /// A lock is tried.
    Lock,
    /// The length of a file is asked.
    Len,
    /// Bytes are read.
    Read,
    /// Bytes are written.
    Write,
    /// Bytes are made durable.
    Sync,
    /// A file is cut, or extended by a hole.
    Cut,
    /// Space is reserved.
    Allocate,
}

impl Call {
    /// It changes what is on the disk, or is to.
    pub fn changes(self) -> bool {
        !matches!(self, Self::List | Self::Open | Self::Lock | Self::Len | Self::Read)
    }
}

/// What can go wrong with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// The process dies before the call does anything; all later ones fail with it.
    Death,
    /// An input/output error; nothing was done.
    Broken,
    /// An input/output error, although all of it was done.
    Unheard,
    /// No space.
    Full,
    /// Interrupted before anything was done.
    Interrupted,
    /// Some of the bytes only, which the caller is told.
    Short,
    /// The bytes go to another place of the file, which nobody is told.
    Misdirected,
    /// The bytes go nowhere, or no further than they are, which nobody is told.
    Lost,
    /// One bit of what is read is not what was written.
    Flipped,
}

impl Trouble {
    /// Whether it can happen to calls of this kind.
    pub fn can_happen_to(self, call: Call) -> bool {
        match self {
            Self::Death | Self::Broken => true,
            Self::Unheard => call.changes(),
            Self::Full => call.changes() && call != Call::Remove,
            Self::Interrupted | Self::Short => matches!(call, Call::Read | Call::Write),
            Self::Misdirected => call == Call::Write,
            Self::Lost => matches!(call, Call::Write | Call::Sync),
            Self::Flipped => call == Call::Read,
        }
    }
    /// The disk says that it is well and is not: no writer can prevent the harm, only find it.
    pub fn is_a_lie(self) -> bool {
        matches!(self, Self::Misdirected | Self::Lost | Self::Flipped)
    }
}

/// How often what goes wrong, drawn from a seed.
#[derive(Clone, Debug, Default)]
pub struct Chances {
    random: u64,
    of_a_million: Vec<(Call, Trouble, u64)>,
}

impl Chances {
    /// Equal seeds and equal calls give equal trouble.
    pub fn seeded(seed: u64) -> Self {
        Self { random: seed, of_a_million: Vec::new() }
    }
    /// Of a million such calls, this many go wrong in this way.
    pub fn add(&mut self, call: Call, trouble: Trouble, of_a_million: u64) {
        if trouble.can_happen_to(call) {
            self.of_a_million.push((call, trouble, of_a_million));
        }
    }
    /// Nothing goes wrong any more; the seed goes on.
    pub fn clear(&mut self) {
        self.of_a_million.clear();
    }

    pub(super) fn draw(&mut self, call: Call) -> Option<Trouble> {
        let Self { random, of_a_million } = self;
        let mut of_call = of_a_million.iter().filter(|(of, ..)| *of == call);
        of_call.find(|(_, _, often)| next(random) % 1_000_000 < *often).map(|(_, trouble, _)| *trouble)
    }
    /// A number below `bound`.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        next(&mut self.random) % bound.max(1)
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014).
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
