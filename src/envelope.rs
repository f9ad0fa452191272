//! The envelope: a file's bytes to an object's and back, by stock gzip and stock age.
//!
//! Order: gzip first, then age, each only where a map asks for it. Promises: what a map with
//! recipients sends is always encrypted, since nothing here can make a [`Wrapping`] without them;
//! what is opened is never longer than was recorded, and is whole and authentic or an error.
//! Knows of no keys, requests, states or plans.

mod error;
mod gzip;
mod header;
mod identities;
mod open;
mod passphrase;
mod recipients;
mod seal;
#[cfg(test)]
mod tests;

pub use error::{KeyError, OpenError};
pub use gzip::{MAX_LEVEL, SEGMENT_BYTES};
pub use identities::{Identities, recipients_of};
pub use passphrase::{Passphrase, Prompt};
pub use recipients::{Recipients, check_recipient};
pub use seal::{Piece, Place, Sealer, Wrapping};

use crate::state::Encoding;
use std::io::{self, Read};
use std::sync::Arc;

/// What the files of one map are put in, and taken out of again. Cheap to clone.
#[derive(Clone, Default)]
pub struct Envelope {
    level: u8,
    secrecy: Secrecy,
    identities: Option<Arc<Identities>>,
}

/// Who may read what is sent.
#[derive(Clone, Default)]
pub enum Secrecy {
    /// Everyone who can read the bucket.
    #[default]
    Open,
    /// Who holds an identity of one of these.
    For(Arc<Recipients>),
    /// Nobody is named, so nothing may be sent.
    Unknown,
}

/// A whole file, wrapped.
pub struct Wrapped {
    /// How the bytes hold the file's.
    pub wrapping: Wrapping,
    /// The object's bytes; `None` where they are the file's own.
    pub bytes: Option<Vec<u8>>,
}

impl Envelope {
    /// gzip at `level`, 0 (off) to [`MAX_LEVEL`], then age as `secrecy` says; `identities` open what
    /// is encrypted.
    #[must_use]
    pub fn new(level: u8, secrecy: Secrecy, identities: Option<Identities>) -> Self {
        Self {
            level: level.min(MAX_LEVEL),
            secrecy,
            identities: identities.map(Arc::new),
        }
    }

    /// Whether a file's bytes may not be sent as they are.
    #[must_use]
    pub fn demands_encryption(&self) -> bool {
        !matches!(self.secrecy, Secrecy::Open)
    }

    /// Whether every file's bytes are sent as they are.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        self.level == 0 && !self.demands_encryption()
    }

    /// Whether there are identities to open what is encrypted. They may still be the wrong ones.
    #[must_use]
    pub fn has_identities(&self) -> bool {
        self.identities.is_some()
    }

    /// Reads the identities, if there are any and it was not done. May ask for a passphrase.
    ///
    /// # Errors
    /// [`KeyError`], the same each time.
    pub fn load_identities(&self) -> Result<(), KeyError> {
        self.identities.as_ref().map_or(Ok(()), |one| one.load())
    }

    /// Opens what `source` holds and hands the file's bytes to `sink`, in order; gives their number.
    ///
    /// `recorded` is the number of the file's bytes as the object's metadata has it: not one more is
    /// handed over, and fewer are an error. Compressed bytes need it, since little can become much.
    /// Only `Ok` says that what was handed over is whole and authentic.
    ///
    /// # Errors
    /// [`OpenError`], or whatever `sink` gives.
    pub fn open<E: From<OpenError>>(
        &self,
        encoding: Encoding,
        source: impl Read,
        recorded: Option<u64>,
        sink: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<u64, E> {
        open::open(encoding, self.identities.as_deref(), source, recorded, sink)
    }

    /// Whether files are compressed where that makes them smaller.
    #[must_use]
    pub fn compresses(&self) -> bool {
        self.level > 0
    }

    /// For a file of which `samples` are pieces: with gzip where that makes them smaller by more
    /// than a thirty-second, else without.
    ///
    /// # Errors
    /// [`KeyError::NoRecipient`] as an error of its own kind; a failing compressor, which a sound
    /// program does not meet.
    pub fn wrapping(&self, samples: &[&[u8]]) -> io::Result<Wrapping> {
        let recipients = self.recipients()?;
        let level = if self.level > 0 && gzip::shrinks(samples)? {
            self.level
        } else {
            0
        };
        Ok(Wrapping::new(level, recipients))
    }

    /// Wraps a whole file held in memory; with gzip where that makes it smaller.
    ///
    /// # Errors
    /// As [`wrapping`](Self::wrapping), and a recipient that cannot be used.
    pub fn wrap(&self, plain: &[u8]) -> io::Result<Wrapped> {
        let recipients = self.recipients()?;
        let mut pressed = None;
        if self.level > 0 && !plain.is_empty() {
            let bytes = gzip::whole(self.level, plain)?;
            pressed = Some(bytes).filter(|bytes| bytes.len() < plain.len());
        }
        let level = if pressed.is_some() { self.level } else { 0 };
        let bytes = match &recipients {
            None => pressed,
            Some(recipients) => {
                let inner = pressed.as_deref().unwrap_or(plain);
                Some(recipients.seal(inner)?)
            }
        };
        let wrapping = Wrapping::new(level, recipients);
        Ok(Wrapped { wrapping, bytes })
    }

    fn recipients(&self) -> io::Result<Option<Arc<Recipients>>> {
        match &self.secrecy {
            Secrecy::Open => Ok(None),
            Secrecy::For(recipients) => Ok(Some(Arc::clone(recipients))),
            Secrecy::Unknown => Err(io::Error::other(KeyError::NoRecipient)),
        }
    }
}
