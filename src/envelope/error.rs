//! What can be wrong with keys and with objects, as facts.

use crate::key::Shown;
use std::fmt;
use std::io;
use std::sync::Arc;

/// Why recipients or identities cannot be used. No part of a secret is ever in it.
#[derive(Debug, Clone)]
pub enum KeyError {
    /// A recipient is none.
    Recipient {
        /// The recipient as it was given.
        text: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A line of a recipients file is no recipient.
    RecipientLine {
        /// The file.
        path: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        why: &'static str,
    },
    /// There is nobody to encrypt for.
    NoRecipient,
    /// The recipients cannot be used with each other.
    Incompatible(String),
    /// A file of recipients or identities cannot be read.
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        source: Arc<io::Error>,
    },
    /// A file holds no identity.
    NoIdentity {
        /// The file.
        path: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// An identity file has a passphrase, and none could be had.
    NoPassphrase {
        /// The identity file.
        path: String,
        /// Why there is none.
        why: String,
    },
    /// An identity file has another passphrase.
    WrongPassphrase {
        /// The identity file.
        path: String,
    },
}

impl KeyError {
    pub(super) fn unreadable(path: &str, source: io::Error) -> Self {
        Self::Unreadable {
            path: path.to_owned(),
            source: Arc::new(source),
        }
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recipient { text, why } => {
                write!(f, "'{}' is no age recipient: {why}", Shown(text))
            }
            Self::RecipientLine { path, line, why } => {
                write!(f, "{path}, line {line}, is no age recipient: {why}")
            }
            Self::NoRecipient => write!(f, "there is no age recipient to encrypt for"),
            Self::Incompatible(why) => write!(f, "the age recipients do not go together: {why}"),
            Self::Unreadable { path, .. } => write!(f, "cannot read {path}"),
            Self::NoIdentity { path, why } => write!(f, "{path} holds no age identity: {why}"),
            Self::NoPassphrase { path, why } => {
                write!(f, "{path} has a passphrase, and none could be had: {why}")
            }
            Self::WrongPassphrase { path } => write!(f, "{path} has another passphrase"),
        }
    }
}

impl std::error::Error for KeyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable { source, .. } => Some(&**source),
            _ => None,
        }
    }
}

/// Why an object could not be opened. Nothing of what it gave may be used then.
#[derive(Debug, Clone)]
pub enum OpenError {
    /// The identities cannot be used.
    Key(KeyError),
    /// It does not begin as an age file of a known version.
    NotAge,
    /// None of the identities opens it.
    NotForUs,
    /// It ends too early.
    Truncated,
    /// Its bytes are not those that were written.
    Damaged(&'static str),
    /// It holds more than the recorded number of bytes.
    TooLong {
        /// The recorded number of bytes.
        recorded: u64,
    },
    /// It holds fewer than the recorded number of bytes.
    TooShort {
        /// The recorded number of bytes.
        recorded: u64,
        /// How many it holds.
        found: u64,
    },
    /// It is compressed, and how many bytes it holds is not recorded.
    SizeUnknown,
}

impl OpenError {
    /// What a failing read of a gzip or age stream says.
    pub(super) fn of_read(error: &io::Error, what: &'static str) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Truncated,
            _ => Self::Damaged(what),
        }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(error) => error.fmt(f),
            Self::NotAge => write!(f, "the object is no age file, though its metadata says so"),
            Self::NotForUs => write!(f, "none of the map's age identities opens the object"),
            Self::Truncated => write!(f, "the object is cut off"),
            Self::Damaged(what) => write!(f, "the object is damaged: {what}"),
            Self::TooLong { recorded } => write!(
                f,
                "the object holds more than the {recorded} bytes that its metadata says"
            ),
            Self::TooShort { recorded, found } => write!(
                f,
                "the object holds {found} bytes, its metadata says {recorded}"
            ),
            Self::SizeUnknown => write!(
                f,
                "the object is compressed, and its metadata does not say how many bytes it holds"
            ),
        }
    }
}

impl std::error::Error for OpenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Key(error) => error.source(),
            _ => None,
        }
    }
}

impl From<KeyError> for OpenError {
    fn from(error: KeyError) -> Self {
        Self::Key(error)
    }
}
