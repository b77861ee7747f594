//! The floor: what hashing, copying, writing and syncing cost with nothing around them.
//!
//! One thread, one record at a time, the same sums over the same number of bytes as the log takes: payload digest, content
//! digest, leaf and chain (keyed BLAKE3), and one xxh3 over the stored record. The keys differ from the log's, which
//! makes no difference to the time. Layout: header of 128 bytes, body, payload, zeros to the next multiple of 32; groups
//! begin on multiples of 512.

use scoped::log::StorageFile;
use scoped::projections::objects::ObjectUpdated;
use scoped::projections::{Context, Event, ObjectId};
use std::hint::black_box;
use std::time::{Duration, Instant};
use xxhash_rust::xxh3::xxh3_64_with_seed;

const HEADER: usize = 128;
const ALIGN: usize = 32;
const GROUP_ALIGN: usize = 512;
const SALT: u64 = 0x5eed;

/// Makes records as the log would, and nothing else.
pub struct Floor {
    body: Vec<u8>,
    payload: Vec<u8>,
    chain: [u8; 32],
    number: u64,
    buffer: Vec<u8>,
}

impl Floor {
    /// For updates of objects with so many bytes of data.
    ///
    /// # Errors
    /// None that a caller could bring about.
    pub fn new(payload: usize) -> anyhow::Result<Self> {
        let mut body = Vec::new();
        let event: Event = ObjectUpdated { object: ObjectId(1) }.into();
        event.encode_into(&Context::default(), &mut body)?;
        Ok(Self { body, payload: vec![b'x'; payload], chain: [0; 32], number: 0, buffer: Vec::new() })
    }

    /// Bytes of one record.
    #[must_use]
    pub fn record_bytes(&self) -> usize {
        (HEADER + self.body.len() + self.payload.len()).next_multiple_of(ALIGN)
    }

    fn frame(&mut self) {
        self.number += 1;
        let mut header = [0; HEADER];
        header[8..16].copy_from_slice(&self.number.to_le_bytes());
        self.payload[..8].copy_from_slice(&self.number.to_le_bytes());
        self.chain = sums(&header, &self.body, &self.payload, &self.chain);
        header[96..].copy_from_slice(&self.chain);
        let at = self.buffer.len();
        self.buffer.extend_from_slice(&header);
        self.buffer.extend_from_slice(&self.body);
        self.buffer.extend_from_slice(&self.payload);
        self.buffer.resize(self.buffer.len().next_multiple_of(ALIGN), 0);
        let sum = xxh3_64_with_seed(&self.buffer[at + 8..], SALT);
        self.buffer[at..at + 8].copy_from_slice(&sum.to_le_bytes());
    }

    /// Frames a group and writes it with one write, and one sync if so asked. Gives the bytes written.
    fn group(&mut self, records: u32, file: &dyn StorageFile, at: u64, sync: bool) -> anyhow::Result<u64> {
        self.buffer.clear();
        for _ in 0..records {
            self.frame();
        }
        self.buffer.resize(self.buffer.len().next_multiple_of(GROUP_ALIGN), 0);
        write_all(file, &self.buffer, at)?;
        if sync {
            file.sync_data()?;
        }
        Ok(self.buffer.len() as u64)
    }

    /// Writes groups of these sizes, over and over, until the time is up or the file is full. Records a second.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn run(
        &mut self,
        groups: &[u32],
        (file, space): (&dyn StorageFile, u64),
        sync: bool,
        time: Duration,
    ) -> anyhow::Result<f64> {
        let (mut at, mut records) = (0, 0u64);
        let start = Instant::now();
        for group in groups.iter().cycle() {
            let need = (u64::from(*group) * self.record_bytes() as u64).next_multiple_of(GROUP_ALIGN as u64);
            if at + need > space || start.elapsed() >= time {
                break;
            }
            at += self.group(*group, file, at, sync)?;
            records += u64::from(*group);
        }
        Ok(records as f64 / start.elapsed().as_secs_f64())
    }
}

fn keyed(key: u8, bytes: &[u8]) -> [u8; 32] {
    *blake3::keyed_hash(&[key; 32], bytes).as_bytes()
}

/// The four digests of a record; gives the chain's next value.
#[inline]
fn sums(header: &[u8; HEADER], body: &[u8], payload: &[u8], before: &[u8; 32]) -> [u8; 32] {
    let digest = keyed(1, payload);
    let mut content = [0; 544];
    let content = match content.get_mut(..body.len() + 32) {
        Some(content) => {
            content[..body.len()].copy_from_slice(body);
            content[body.len()..].copy_from_slice(&digest);
            keyed(2, content)
        }
        None => keyed(2, &[body, &digest].concat()),
    };
    let mut leaf = *header;
    leaf[..8].fill(0);
    leaf[96..].copy_from_slice(&content);
    let mut link = [0; 64];
    link[..32].copy_from_slice(before);
    link[32..].copy_from_slice(&keyed(3, &leaf));
    keyed(4, &link)
}

/// Records of a log, copied into memory, to be hashed by a bare loop.
pub(super) struct Copies {
    bytes: Vec<u8>,
    /// Start, body length, payload length.
    places: Vec<(usize, usize, usize)>,
}

impl Copies {
    pub(super) fn of(reader: &scoped::log::Reader) -> anyhow::Result<Self> {
        let (mut bytes, mut places) = (Vec::new(), Vec::new());
        for record in reader.records(scoped::Sequence::new(1), reader.last()) {
            let record = record?;
            places.push((bytes.len(), record.body().len(), record.payload_len()));
            bytes.extend_from_slice(record.stored_bytes());
        }
        Ok(Self { bytes, places })
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// Hashes all of them with so many threads. Records a second.
    pub(super) fn hash(&self, threads: usize) -> f64 {
        let start = Instant::now();
        std::thread::scope(|scope| {
            for part in self.places.chunks(self.len().div_ceil(threads).max(1)) {
                scope.spawn(|| self.hash_part(part));
            }
        });
        self.len() as f64 / start.elapsed().as_secs_f64()
    }

    fn hash_part(&self, part: &[(usize, usize, usize)]) {
        let mut before = [0; 32];
        for (nth, &(at, body, payload)) in part.iter().enumerate() {
            let end = part
                .get(nth + 1)
                .map_or(at + (HEADER + body + payload).next_multiple_of(ALIGN), |next| next.0);
            let record = &self.bytes[at..end];
            black_box(xxh3_64_with_seed(&record[8..], SALT));
            let Some((header, rest)) = record.split_first_chunk::<HEADER>() else { continue };
            black_box(sums(header, &rest[..body], &rest[body..body + payload], &before));
            before.copy_from_slice(&header[96..]);
        }
    }
}

/// Writes all of it, as the log would.
///
/// # Errors
/// Those of the file.
pub fn write_all(file: &dyn StorageFile, mut bytes: &[u8], mut at: u64) -> std::io::Result<()> {
    while !bytes.is_empty() {
        match file.write_at(bytes, at) {
            Ok(0) => return Err(std::io::ErrorKind::WriteZero.into()),
            Ok(count) => (bytes, at) = (&bytes[count..], at + count as u64),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
