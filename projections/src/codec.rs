//! The one module that names the body codec.
//!
//! Bodies are bincode 2 in its legacy configuration: little-endian, fixed-width integers, no self-description, the same
//! bytes as bincode 1.3 and wincode (a test compares). A limit bounds what a length inside a body may claim; without it a
//! hostile length would abort the process. Golden bytes for every kind pin the layout (`tests/golden`).
//!
//! bincode is finished and flagged unmaintained (RUSTSEC-2025-0141): three decoders of one frozen format is what makes it
//! safe ground, and changing over is this file.

pub use bincode::{Decode, Encode};

/// The part of the derive that hand-written decoders need: a type without borrows decodes the same either way.
macro_rules! owned {
    ($type:ty) => {
        bincode::impl_borrow_decode!($type);
    };
}
pub(crate) use owned;

/// Most bytes a body may have. Twice the log's record bound would never fit; half of it leaves room for what comes.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

type Settings = bincode::config::Configuration<
    bincode::config::LittleEndian,
    bincode::config::Fixint,
    bincode::config::Limit<BODY_BYTES_MAX>,
>;

fn settings() -> Settings {
    bincode::config::legacy().with_limit::<BODY_BYTES_MAX>()
}

/// Bytes that are no body of the type they should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("body does not decode: {0}")]
pub struct CodecError(String);

/// Appends the encoding of `value` to `out`.
///
/// # Errors
/// Only when the value is larger than [`BODY_BYTES_MAX`]; `out` is then as long as it was.
pub fn encode_into<T: Encode>(value: &T, out: &mut Vec<u8>) -> Result<(), CodecError> {
    let before = out.len();
    let written =
        bincode::encode_into_writer(value, Appending(out), settings()).map_err(|e| CodecError(e.to_string()));
    if let Err(error) = written {
        out.truncate(before);
        return Err(error);
    }
    Ok(())
}

/// Appends, and counts nothing: nobody asks how much was written, as `std::io::Write` would have to say.
struct Appending<'a>(&'a mut Vec<u8>);

impl bincode::enc::write::Writer for Appending<'_> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> Result<(), bincode::error::EncodeError> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

/// Decodes a `T` from the beginning of `bytes`; returns it with the number of bytes it took.
///
/// # Errors
/// When the bytes are no `T`, or a length inside claims more than [`BODY_BYTES_MAX`].
pub fn decode_prefix<T: Decode<()>>(bytes: &[u8]) -> Result<(T, usize), CodecError> {
    bincode::decode_from_slice(bytes, settings()).map_err(|e| CodecError(e.to_string()))
}

/// Decodes a `T` that takes all of `bytes`: what is left over would be a hiding place.
///
/// # Errors
/// As [`decode_prefix`], or when bytes are left over.
pub fn decode_exact<T: Decode<()>>(bytes: &[u8]) -> Result<T, CodecError> {
    let (value, used) = decode_prefix(bytes)?;
    if used == bytes.len() {
        Ok(value)
    } else {
        Err(CodecError(format!("{} bytes are left over", bytes.len() - used)))
    }
}
