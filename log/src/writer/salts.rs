//! Salts: the seeds of record checksums.

/// Salts of new segments: never the same twice, not to be guessed without the seed.
pub(crate) struct Salts {
    seed: u64,
    log_id: u128,
    drawn: u64,
}

impl Salts {
    pub(crate) fn new(seed: u64, log_id: u128) -> Self {
        Self { seed, log_id, drawn: 0 }
    }

    pub(crate) fn draw(&mut self, number: u64, epoch: u64) -> u64 {
        self.drawn += 1;
        let mut hasher = blake3::Hasher::new_derive_key("scoped-log v1 salt");
        for part in [self.seed, number, epoch, self.drawn] {
            hasher.update(&part.to_le_bytes());
        }
        hasher.update(&self.log_id.to_le_bytes());
        crate::bytes::u64_at(hasher.finalize().as_bytes(), 0)
    }
}
