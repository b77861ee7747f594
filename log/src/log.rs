//! Creating and opening.

use crate::{
    Micros,
    error::{LogError, at},
    genesis::Genesis,
    layout::{GENESIS, LOCK, SEGMENTS},
    options::Options,
    reader::{Reader, Shared},
    recovery::{
        Recovery,
        execute::{Execution, Recovered, tidy},
        image::Image,
        plan::Plan,
    },
    segment::Segment,
    spare::Preparer,
    storage::{Lock, Storage, write_all_at},
    writer::{Beginning, Salts, Writer},
};
use std::{any::Any, sync::Arc};

/// The ways to come by a log.
pub struct Log;

/// A log open for writing.
pub struct Opened {
    /// The one writer.
    pub writer: Writer,
    /// A reader, to be cloned at will.
    pub reader: Reader,
    /// What opening found and did.
    pub recovery: Recovery,
}

impl Log {
    /// Makes a new, empty log. `id` names it for good; `salt_seed` is random and never shown to anybody who chooses
    /// payloads.
    ///
    /// # Errors
    /// [`LogError::AlreadyExists`] if there is any part of a log; [`LogError::Locked`]; [`LogError::Full`];
    /// [`LogError::Io`]. An interrupted creation is finished by [`Log::open`], or made again if it left nothing.
    pub fn create(
        storage: Arc<dyn Storage>,
        id: u128,
        created: Micros,
        salt_seed: u64,
        options: &Options,
    ) -> Result<Opened, LogError> {
        options.check()?;
        let place = storage.place();
        storage.create_folder("").map_err(at("creating", &place))?;
        let lock = lock(&*storage)?;
        let taken = storage.list("").map_err(at("listing", &place))?.iter().any(|n| n == GENESIS)
            || storage.list(SEGMENTS).map_err(at("listing", SEGMENTS))?.iter().any(|n| n.ends_with(".log"));
        if taken {
            return Err(LogError::AlreadyExists { place });
        }
        write_genesis(&*storage, &Genesis { log_id: id, created })?;
        open_locked(storage, lock, salt_seed, created, options)
    }

    /// Opens for writing: takes the lock, recovers what a crash left, and is ready to append.
    ///
    /// # Errors
    /// [`LogError::NotFound`]; [`LogError::Locked`]; [`LogError::Damaged`], [`LogError::RolledBack`] and
    /// [`LogError::Unsupported`], none of which changes a byte; [`LogError::Full`] and [`LogError::Io`], after which
    /// opening can be tried again.
    pub fn open(
        storage: Arc<dyn Storage>,
        salt_seed: u64,
        now: Micros,
        options: &Options,
    ) -> Result<Opened, LogError> {
        options.check()?;
        let place = storage.place();
        if !storage.list("").map_err(at("listing", &place))?.iter().any(|name| name == GENESIS) {
            return Err(LogError::NotFound { place });
        }
        let lock = lock(&*storage)?;
        open_locked(storage, lock, salt_seed, now, options)
    }
}

fn lock(storage: &dyn Storage) -> Result<Box<dyn Any + Send + Sync>, LogError> {
    match storage.try_lock(LOCK).map_err(at("locking", LOCK))? {
        Lock::Held(guard) => Ok(guard),
        Lock::Busy(owner) => Err(LogError::Locked { owner }),
    }
}

fn write_genesis(storage: &dyn Storage, genesis: &Genesis) -> Result<(), LogError> {
    let temporary = "GENESIS.tmp";
    let doing = || at("creating", GENESIS);
    match storage.remove(temporary) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(doing()(error)),
        _ => {}
    }
    let file = storage.create(temporary).map_err(doing())?;
    write_all_at(&*file, &genesis.encode(), 0).map_err(doing())?;
    file.sync_data().map_err(doing())?;
    storage.rename(temporary, GENESIS).map_err(doing())?;
    storage.sync_folder("").map_err(at("syncing", &storage.place()))
}

fn open_locked(
    storage: Arc<dyn Storage>,
    lock: Box<dyn Any + Send + Sync>,
    salt_seed: u64,
    now: Micros,
    options: &Options,
) -> Result<Opened, LogError> {
    tidy(&*storage)?;
    let Some(image) = Image::read(&*storage)? else {
        return Err(LogError::NotFound { place: storage.place() });
    };
    let plan = Plan::of(&image)?;
    image.confirm(&*storage)?;
    let (last, chain, last_time) = (plan.last, plan.chain, plan.last_time);
    let mut salts = Salts::new(salt_seed, image.genesis.log_id);
    let mut execution = Execution { storage: &storage, options, salts: &mut salts, now };
    let Recovered { open, sealed, epoch, fenced, recovery } = execution.run(&image, plan)?;

    let shared = Arc::new(Shared::new(image.genesis.log_id, image.genesis.digest()));
    for (header, footer) in sealed {
        shared.segments.push(Arc::new(Segment::sealed(Arc::clone(&storage), header, footer, options.map)));
    }
    shared.segments.push(Arc::clone(&open.segment));
    drop(image);
    let preparer = Preparer::new(Arc::clone(&storage), options.prepare_in_background);
    let writer = Writer::begin(Beginning {
        shared: Arc::clone(&shared),
        storage,
        options: options.clone(),
        salts,
        epoch,
        preparer,
        open,
        last,
        chain,
        last_time,
        fenced,
        lock,
    });
    Ok(Opened { writer, reader: Reader::new(shared), recovery })
}
