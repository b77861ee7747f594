//! The hash over a segment while it is being written.

/// BLAKE3 of everything written to a segment, for its footer. Small groups gather first: long inputs hash eight times
/// as fast.
#[derive(Default)]
pub(crate) struct RunningHash {
    hasher: blake3::Hasher,
    pending: Vec<u8>,
}

const HASH_AT_ONCE: usize = 128 << 10;

impl RunningHash {
    pub(crate) fn new() -> Self {
        Self { hasher: blake3::Hasher::new(), pending: Vec::new() }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        if self.pending.len() + bytes.len() < HASH_AT_ONCE {
            self.pending.extend_from_slice(bytes);
            return;
        }
        self.hasher.update(&self.pending);
        self.pending.clear();
        self.hasher.update(bytes);
    }

    pub(crate) fn so_far(&mut self) -> blake3::Hasher {
        self.hasher.update(&self.pending);
        self.pending.clear();
        self.hasher.clone()
    }
}
