//! Keys and seals by themselves: what opens, what does not, and what a store remembers.

use proptest::prelude::*;
use scoped_log::storage::{Call, Crash, CrashDisk, FaultyStorage, Trouble};
use scoped_log::{MemoryStorage, Storage};
use scoped_vault::{
    About, Chance, DataKey, Held, Kek, KekFile, KekSource, KeyStore, Known, SEALED_OVERHEAD, StoredKeys,
    Vault, VaultError, rotate, subject_of,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// Another byte with every call: keys and nonces differ, and every run is the same.
struct Counted(AtomicU8);

impl Chance for Counted {
    fn fill(&self, out: &mut [u8]) -> std::io::Result<()> {
        out.fill(self.0.fetch_add(1, Ordering::Relaxed));
        Ok(())
    }
}

fn chance() -> Arc<Counted> {
    Arc::new(Counted(AtomicU8::new(1)))
}

const ABOUT: About = About { log: 1, subject: 2, kind: 3, thing: 4 };

fn vault(store: &StoredKeys, kek: u8) -> Result<Vault, VaultError> {
    Vault::open(Arc::new(store.clone()), Kek::new([kek; 32]), 1, chance(), true)
}

#[test]
fn a_sealed_payload_opens_only_where_it_belongs() {
    let chance = chance();
    let key = DataKey::draw(&*chance).unwrap();
    let sealed = key.seal(ABOUT, b"hers", &*chance).unwrap();
    assert_eq!((subject_of(&sealed), sealed.len()), (Some(2), SEALED_OVERHEAD + 4));
    assert_eq!(key.open(ABOUT, &sealed).unwrap(), b"hers");
    let moved = [
        About { log: 9, ..ABOUT },
        About { subject: 9, ..ABOUT },
        About { kind: 9, ..ABOUT },
        About { thing: 9, ..ABOUT },
    ];
    for about in moved {
        assert!(matches!(key.open(about, &sealed), Err(VaultError::Tampered)), "{about:?}");
    }
    let other = DataKey::draw(&*chance).unwrap();
    assert!(matches!(other.open(ABOUT, &sealed), Err(VaultError::WrongKey { subject: 2 })));
}

#[test]
fn every_flipped_bit_and_every_cut_of_a_sealed_payload_is_noticed() {
    let chance = chance();
    let key = DataKey::draw(&*chance).unwrap();
    let sealed = key.seal(ABOUT, b"hers", &*chance).unwrap();
    for bit in 0..sealed.len() * 8 {
        let mut flipped = sealed.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(key.open(ABOUT, &flipped).is_err(), "bit {bit}");
    }
    for length in 0..sealed.len() {
        assert!(key.open(ABOUT, &sealed[..length]).is_err(), "{length} bytes of it");
    }
}

proptest! {
    #[test]
    fn whatever_is_sealed_opens_to_itself_and_never_shows(clear in proptest::collection::vec(any::<u8>(), 8..300)) {
        let chance = chance();
        let key = DataKey::draw(&*chance).unwrap();
        let sealed = key.seal(ABOUT, &clear, &*chance).unwrap();
        prop_assert_eq!(key.open(ABOUT, &sealed).unwrap(), clear.clone());
        prop_assert!(!sealed.windows(clear.len()).any(|window| window == clear));
        prop_assert_ne!(key.seal(ABOUT, &clear, &*chance).unwrap(), sealed, "a nonce for each");
    }
    #[test]
    fn any_bytes_are_refused_and_never_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let key = DataKey::draw(&*chance()).unwrap();
        prop_assert!(key.open(ABOUT, &bytes).is_err());
    }
}

#[test]
fn a_store_gives_back_what_it_took_and_forgets_what_was_erased() {
    let store = StoredKeys::memory();
    let vault = vault(&store, 7).unwrap();
    let key = vault.draw().unwrap();
    assert!(matches!(vault.key(5).unwrap(), Known::Nothing));
    vault.keep(5, &key).unwrap();
    vault.keep(5, &key).unwrap();
    assert!(matches!(vault.keep(5, &vault.draw().unwrap()), Err(VaultError::Exists { subject: 5 })));
    let Known::Key(found) = vault.key(5).unwrap() else { panic!("it is there") };
    assert_eq!(found.commitment(), key.commitment());
    vault.erase(5).unwrap();
    vault.erase(5).unwrap();
    assert!(matches!(vault.key(5).unwrap(), Known::Erased));
    assert!(matches!(vault.keep(5, &key), Err(VaultError::Exists { .. })), "once erased, never again a key");
    let Ok(None) = store.get(6) else { panic!("nobody has heard of 6") };
    vault.erase(6).unwrap();
    assert_eq!(store.get(6).unwrap(), Some(Held::Erased), "erased before there was a key");
    assert!(!store.replace(5, &wrapped()).unwrap() && !store.add(5, &wrapped()).unwrap());
    assert_eq!(store.subjects().unwrap(), [5, 6]);
}

fn wrapped() -> scoped_vault::Wrapped {
    scoped_vault::Wrapped { kek: [1; 16], nonce: [2; 24], bytes: [3; 48] }
}

#[test]
fn a_store_belongs_to_one_log_and_to_one_writer_and_to_one_key() {
    let store = StoredKeys::memory();
    let first = vault(&store, 7).unwrap();
    let key = first.draw().unwrap();
    first.keep(5, &key).unwrap();
    assert!(matches!(vault(&store, 7), Err(VaultError::InUse(_))));
    first.release();
    assert!(matches!(vault(&store, 8), Err(VaultError::WrongKek { subject: 5 })));
    let other = Vault::open(Arc::new(store.clone()), Kek::new([7; 32]), 2, chance(), true);
    assert!(matches!(other, Err(VaultError::WrongLog { expected: 2, found: 1 })));
    vault(&store, 7).unwrap();
}

/// A wrapped key that is put into another subject's place does not unwrap there.
#[test]
fn a_wrapped_key_is_bound_to_its_subject() {
    let store = StoredKeys::memory();
    let vault = vault(&store, 7).unwrap();
    let key = vault.draw().unwrap();
    vault.keep(5, &key).unwrap();
    let Some(Held::Key(wrapped)) = store.get(5).unwrap() else { panic!("it is there") };
    store.add(6, &wrapped).unwrap();
    assert!(matches!(vault.key(6), Err(VaultError::WrongKek { subject: 6 })));
}

#[test]
fn a_rotation_that_dies_anywhere_goes_on_and_loses_no_key() {
    let (old, new) = (Kek::new([7; 32]), Kek::new([8; 32]));
    for at in 0..40 {
        let disk = CrashDisk::new(at);
        let store = StoredKeys::on(Arc::new(disk.clone()));
        let first = vault(&store, 7).unwrap();
        let keys: Vec<DataKey> = (0..4).map(|_| first.draw().unwrap()).collect();
        for (subject, key) in (0..).zip(&keys) {
            first.keep(subject, key).unwrap();
        }
        first.erase(3).unwrap();
        drop(first);
        disk.die_after(Some(at));
        let _ = rotate(&store, &old, &new, &*chance());
        disk.crash(Crash::Power);
        let done = rotate(&store, &old, &new, &*chance()).unwrap();
        assert_eq!((done.rewrapped + done.already, done.erased), (3, 1), "death at {at}");
        let again = vault(&store, 8).unwrap();
        for (subject, key) in (0..3).zip(&keys) {
            let Known::Key(found) = again.key(subject).unwrap() else { panic!("{subject} is lost by {at}") };
            assert_eq!(found.commitment(), key.commitment());
        }
        assert!(matches!(again.key(3).unwrap(), Known::Erased));
    }
}

/// A process died between the name of a key and the sync of its folder. The next one saw the key and sealed under it, and then the power
/// took the name: an acknowledged payload that nobody can open.
#[test]
fn a_key_that_is_seen_is_there_after_the_power_is_lost_too() {
    let mut seen_after_a_death = 0;
    for (seed, at) in (0..40).flat_map(|seed| (0..6).map(move |at| (seed, at))) {
        let disk = CrashDisk::new(seed);
        let open = || vault(&StoredKeys::on(Arc::new(disk.clone())), 7).unwrap();
        let first = open();
        disk.die_after(Some(at));
        let died = first.draw().and_then(|key| first.keep(1, &key)).is_err();
        drop(first);
        disk.crash(Crash::Kill);
        let seen = matches!(open().key(1).unwrap(), Known::Key(_));
        seen_after_a_death += u32::from(seen && died);
        disk.crash(Crash::Power);
        let is_there = matches!(open().key(1).unwrap(), Known::Key(_));
        assert!(is_there || !seen, "seed {seed}, death at {at}: it was seen, and is gone");
    }
    assert!(seen_after_a_death > 0, "no death fell between the name and its sync");
}

/// The same in one process: the sync of the folder failed, and the key was used all the same.
#[test]
fn after_a_name_that_could_not_be_synced_no_key_is_shown_until_the_store_is_opened_again() {
    let storage = FaultyStorage::new(Arc::new(CrashDisk::new(1)));
    let store = StoredKeys::on(Arc::new(storage.clone()));
    let first = vault(&store, 7).unwrap();
    let key = first.draw().unwrap();
    storage.faults(|faults| faults.nth = Some((Call::SyncFolder, 0, Trouble::Broken)));
    assert!(matches!(first.keep(1, &key), Err(VaultError::Store(_))));
    assert!(matches!(first.key(1), Err(VaultError::Store(_))), "it is seen, and may be gone tomorrow");
    assert!(matches!(first.keep(2, &key), Err(VaultError::Store(_))));
    first.erase(1).unwrap();
    drop(first);
    let again = vault(&store, 7).unwrap();
    assert!(matches!(again.key(1).unwrap(), Known::Erased));
    assert!(matches!(again.key(2).unwrap(), Known::Nothing));
}

#[test]
fn a_key_that_is_erased_leaves_no_byte_of_itself_in_its_file() {
    let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
    let store = StoredKeys::on(Arc::clone(&storage));
    let vault = vault(&store, 7).unwrap();
    let key = vault.draw().unwrap();
    vault.keep(5, &key).unwrap();
    let Some(Held::Key(wrapped)) = store.get(5).unwrap() else { panic!("it is there") };
    vault.erase(5).unwrap();
    for folder in ["", "subjects"] {
        for name in storage.list(folder).unwrap() {
            let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            let file = storage.open(&path, scoped_log::Access::Read).unwrap();
            let mut bytes = vec![0; file.len().unwrap() as usize];
            scoped_log::storage::read_full_at(&*file, &mut bytes, 0).unwrap();
            assert!(!bytes.windows(8).any(|window| window == &wrapped.bytes[..8]), "{path}");
        }
    }
}

#[test]
fn a_damaged_key_file_is_an_error_and_can_be_erased() {
    let folder = tempfile::TempDir::new().unwrap();
    let store = StoredKeys::directory(folder.path());
    let vault = vault(&store, 7).unwrap();
    let key = vault.draw().unwrap();
    vault.keep(5, &key).unwrap();
    let file = folder.path().join(format!("subjects/{:032x}.key", 5));
    let whole = std::fs::read(&file).unwrap();
    for length in [0, 1, 127] {
        std::fs::write(&file, &whole[..length]).unwrap();
        assert_eq!(store.get(5).unwrap_err().kind(), std::io::ErrorKind::InvalidData);
    }
    for byte in 0..whole.len() {
        let mut flipped = whole.clone();
        flipped[byte] ^= 1;
        std::fs::write(&file, flipped).unwrap();
        assert!(store.get(5).is_err(), "byte {byte}");
    }
    vault.erase(5).unwrap();
    assert_eq!(store.get(5).unwrap(), Some(Held::Erased));
}

#[cfg(unix)]
#[test]
fn files_of_keys_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::TempDir::new().unwrap();
    let store = StoredKeys::directory(folder.path().join("keys"));
    let vault = vault(&store, 7).unwrap();
    vault.keep(5, &vault.draw().unwrap()).unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.path().join("keys")), 0o700);
    assert_eq!(mode(&folder.path().join(format!("keys/subjects/{:032x}.key", 5))), 0o600);
    // A key-encryption key that others may read is none.
    let file = folder.path().join("kek");
    std::fs::write(&file, format!("{}\n", *Kek::new([7; 32]).to_hex())).unwrap();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
    let loose = KekFile::new(&file).kek().unwrap_err();
    assert!(matches!(&loose, VaultError::Kek(why) if why.contains("chmod")), "{loose}");
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
    assert_eq!(KekFile::new(&file).kek().unwrap().id(), Kek::new([7; 32]).id());
}

#[test]
fn nothing_that_is_printed_holds_a_key() {
    let kek = Kek::new([0xab; 32]);
    let key = DataKey::draw(&*chance()).unwrap();
    let shown = format!("{kek:?} {key:?} {:?}", Kek::from_hex("abab"));
    assert!(!shown.contains("171") && !shown.contains("abab"), "{shown}");
    assert_eq!(Kek::from_hex(&kek.to_hex()).unwrap().id(), kek.id());
}
