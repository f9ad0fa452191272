//! A state file for eyes: what it says up to its first defect. Not for a sync, which takes a file
//! whole or not at all.

use super::error::{DecodeError, ReadError};
use super::reader::{Body, Reader, unknown_version, version, version_1_bytes};
use super::survey::salvage;
use super::trace::Unwatched;
use super::{v1, wire};
use crate::state::Record;
use std::io::{BufReader, Read, Seek, SeekFrom};

/// What can be read of a file that may be damaged.
#[derive(Debug)]
pub struct Salvage<R> {
    /// Gives all that stands before the defect. Where the defect lies in the metadata block, its
    /// state's time, replica and generation are zero; in the identity block, the latter two.
    pub reader: Reader<R>,
    /// The first defect outside of records, which tell of their own; `None` where there is none.
    pub defect: Option<DecodeError>,
    /// Records of the last map's next objects block where that is the damaged one: nothing vouches
    /// for them, and the reader does not count them.
    pub unvouched: Vec<Record>,
}

impl<R: Read + Seek> Reader<R> {
    /// As [`Reader::open`], but takes what stands before a defect.
    ///
    /// # Errors
    /// [`ReadError::Io`]; [`ReadError::Decode`] for a defect in the header, behind which nothing
    /// can be read.
    pub fn salvage(mut source: R) -> Result<Salvage<R>, ReadError> {
        source.seek(SeekFrom::Start(0))?;
        let mut input = BufReader::new(&mut source);
        let (state, body, defect, unvouched) =
            match version(&mut input, wire::SIGNATURE, Unwatched)? {
                wire::VERSION_1 => {
                    let (state, loaded, defect) = v1::salvage(&version_1_bytes(&mut input)?);
                    (state, Body::Version1(loaded), defect, Vec::new())
                }
                wire::VERSION => {
                    let found = salvage(&mut input)?;
                    let body = Body::Blocks(found.spans);
                    (found.state, body, found.defect, found.unvouched)
                }
                other => return Err(unknown_version(&mut input, other)),
            };
        Ok(Salvage {
            reader: Reader {
                source,
                state,
                body,
            },
            defect,
            unvouched,
        })
    }
}
