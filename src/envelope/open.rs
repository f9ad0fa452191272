//! An object's bytes to the file's.

use super::{Identities, OpenError, header};
use crate::state::Encoding;
use flate2::bufread::MultiGzDecoder;
use std::io::{self, BufRead, BufReader, Cursor, Read};

/// Bytes read at a time.
const CHUNK_BYTES: usize = 64 << 10;

/// See [`super::Envelope::open`].
pub(super) fn open<E: From<OpenError>>(
    encoding: Encoding,
    identities: Option<&Identities>,
    source: impl Read,
    recorded: Option<u64>,
    sink: &mut impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<u64, E> {
    if matches!(encoding, Encoding::Gzip | Encoding::GzipAge) && recorded.is_none() {
        return Err(OpenError::SizeUnknown.into());
    }
    let source = BufReader::with_capacity(CHUNK_BYTES, source);
    match encoding {
        Encoding::Plain => pass(source, "it cannot be read", recorded, sink),
        Encoding::Gzip => gunzip(source, recorded, sink),
        Encoding::Age => {
            let payload = decrypt(source, identities)?;
            pass(payload, DECRYPT, recorded, sink)
        }
        Encoding::GzipAge => {
            let payload = decrypt(source, identities)?;
            let payload = BufReader::with_capacity(CHUNK_BYTES, payload);
            gunzip(payload, recorded, sink)
        }
    }
}

const DECRYPT: &str = "it does not decrypt to what was encrypted";
const GUNZIP: &str = "it does not decompress to what was compressed";

fn decrypt<R: BufRead>(
    mut source: R,
    identities: Option<&Identities>,
) -> Result<impl Read, OpenError> {
    let header = header::read(&mut source)?;
    let identities = identities.ok_or(OpenError::NotForUs)?;
    identities.decrypt(Cursor::new(header).chain(source))
}

fn gunzip<E: From<OpenError>>(
    source: impl BufRead,
    recorded: Option<u64>,
    sink: &mut impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<u64, E> {
    pass(MultiGzDecoder::new(source), GUNZIP, recorded, sink)
}

fn pass<E: From<OpenError>>(
    mut source: impl Read,
    what: &'static str,
    recorded: Option<u64>,
    sink: &mut impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<u64, E> {
    let mut buffer = vec![0; CHUNK_BYTES];
    let mut found: u64 = 0;
    loop {
        let length = match source.read(&mut buffer) {
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(OpenError::of_read(&error, what).into()),
        };
        found += length as u64;
        match recorded {
            Some(recorded) if found > recorded => {
                return Err(OpenError::TooLong { recorded }.into());
            }
            Some(recorded) if length == 0 && found < recorded => {
                return Err(OpenError::TooShort { recorded, found }.into());
            }
            _ if length == 0 => return Ok(found),
            _ => {}
        }
        sink(buffer.get(..length).unwrap_or_default())?;
    }
}
