//! The header of an age file, read with a bound.
//!
//! The age crate reads a header of any length into memory and parses it anew after each line; an
//! object comes from whoever can write to the bucket. So the header is read here first, no longer
//! than one for the most recipients that a map can have.

use super::OpenError;
use std::io::{BufRead, Read};

/// The longest header that is read.
const MAX_BYTES: u64 = 512 << 10;
/// The most stanzas, each of which some identity is tried on.
const MAX_STANZAS: usize = 512;
const FIRST_LINE: &[u8] = b"age-encryption.org/v1\n";

/// The bytes of the header, up to and with its last line.
pub(super) fn read(source: &mut impl BufRead) -> Result<Vec<u8>, OpenError> {
    let mut header = Vec::new();
    let mut stanzas = 0;
    loop {
        let start = header.len();
        let left = MAX_BYTES.saturating_sub(start as u64);
        let unreadable = "its age header cannot be read";
        source
            .take(left)
            .read_until(b'\n', &mut header)
            .map_err(|error| OpenError::of_read(&error, unreadable))?;
        let line = header.get(start..).unwrap_or_default();
        if start == 0 && line != FIRST_LINE {
            let is_cut = line.len() < FIRST_LINE.len() && FIRST_LINE.starts_with(line);
            return Err(if is_cut && !line.is_empty() {
                OpenError::Truncated
            } else {
                OpenError::NotAge
            });
        }
        if !line.ends_with(b"\n") {
            return Err(if header.len() as u64 >= MAX_BYTES {
                OpenError::Damaged("its age header is too long")
            } else {
                OpenError::Truncated
            });
        }
        if line.starts_with(b"---") {
            return Ok(header);
        }
        stanzas += usize::from(line.starts_with(b"->"));
        if stanzas > MAX_STANZAS {
            return Err(OpenError::Damaged("its age header has too many recipients"));
        }
    }
}
