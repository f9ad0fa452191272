//! Turns whatever a request ended with into one [`Error`] that holds facts.
//!
//! Promises: every failure of the bucket passes through [`Error::of_sdk`] or [`Error::new`], so a
//! kind means the same wherever it comes from; nothing shown holds a secret or a signed header.

use super::answer::{Answer, Chain, classify, cut, retry_after};
use super::exchange::{Secrets, Silence};
use super::retry::cause;
use crate::key::Shown;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use std::fmt;
use std::time::Duration;

/// What went wrong with one request, or with a whole listing.
#[derive(Debug)]
pub struct Error {
    /// What kind of failure it is.
    pub kind: Kind,
    /// What was tried.
    pub operation: Operation,
    /// The bucket's name; empty where there is none yet.
    pub bucket: String,
    /// The full object key, where the request was about one.
    pub key: Option<String>,
    /// The server's error code, or the failure below.
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
    /// Whether the same request may succeed in a moment.
    pub(super) passing: Passing,
    /// When the server wants to see the request again.
    pub(super) retry_after: Option<Duration>,
}

/// Whether a failure goes away by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Passing {
    /// Asking again gives the same answer.
    No,
    /// Asking again may help. The request was refused and had no effect.
    Refused,
    /// Asking again may help. Nothing tells whether the request had an effect.
    Unclear,
}

/// Kinds of failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// There is no such object or upload.
    NotFound,
    /// No region is configured, and no endpoint that would do without.
    NoRegion,
    /// The AWS configuration files do not contain this profile.
    NoProfile(String),
    /// The AWS configuration files cannot be read.
    BadProfiles,
    /// There is no such bucket.
    NoBucket,
    /// The server refuses these credentials this action. Says nothing about what exists.
    Denied,
    /// No credentials were found.
    NoCredentials,
    /// The credentials are no longer, or not, valid.
    ExpiredCredentials,
    /// The local clock is too far from the server's.
    ClockSkew,
    /// The bucket lives in another region.
    WrongRegion {
        /// The region, where the server names it.
        region: Option<String>,
    },
    /// The object is not what was expected: somebody else wrote or removed it. Ours was not done.
    Changed,
    /// The object is archived and cannot be read or copied before it is restored.
    Archived,
    /// The expedited tier can take no more for now.
    NoCapacity,
    /// The server asks to slow down, and went on asking.
    Throttled,
    /// No answer came: no connection, a time-out, a broken answer.
    Unreachable,
    /// A write was sent and nothing tells whether it happened.
    Unknown,
    /// A listing that must not be believed. The text says why.
    BadListing(&'static str),
    /// An answer that lacks or contradicts something. The text says what.
    BadAnswer(&'static str),
    /// The server cannot do this.
    Unsupported,
    /// The run is to stop, so no answer was waited for.
    Stopped,
    /// Anything else.
    Other,
}

/// What was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Reading the configuration and building the client.
    Connect,
    /// Looking whether the bucket is there.
    CheckBucket,
    /// Finding out what the server honours.
    Probe,
    /// Listing objects.
    List,
    /// Reading an object's metadata.
    Head,
    /// Reading an object's bytes.
    Get,
    /// Writing an object.
    Put,
    /// Copying an object within the bucket.
    Copy,
    /// Deleting an object.
    Delete,
    /// Any step of a multipart upload.
    Upload,
    /// Finding and aborting old uploads.
    Sweep,
    /// Asking for an archived object.
    Thaw,
    /// Several requests in a row.
    Reach,
}

impl Error {
    /// A failure without a key.
    pub(super) fn new(kind: Kind, operation: Operation, bucket: &str) -> Self {
        Self {
            kind,
            operation,
            bucket: bucket.to_owned(),
            key: None,
            source: None,
            passing: Passing::No,
            retry_after: None,
        }
    }

    /// The same failure, about this object key.
    pub(super) fn at(mut self, key: &str) -> Self {
        self.key = Some(key.to_owned());
        self
    }

    /// The same failure, with what caused it.
    pub(super) fn because(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.source = Some(source.into());
        self
    }

    pub(super) fn passing(mut self, passing: Passing) -> Self {
        self.passing = passing;
        self
    }

    /// Maps what the SDK says, by status and error code.
    pub(super) fn of_sdk<E>(operation: Operation, bucket: &str, sdk: &SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        match sdk {
            SdkError::ServiceError(service) => {
                let raw = service.raw();
                let status = raw.status().as_u16();
                let code = service.err().code().unwrap_or_default().to_owned();
                let message = match service.err().message() {
                    Some(message) => message.to_owned(),
                    None if code.is_empty() => Chain::of(service.err()).0,
                    None => String::new(),
                };
                let region = raw.headers().get("x-amz-bucket-region").map(str::to_owned);
                let (mut kind, passing) = classify(status, &code, region);
                if operation == Operation::CheckBucket && kind == Kind::NotFound {
                    // The answer to HEAD has no body and so no code.
                    kind = Kind::NoBucket;
                }
                let secrets = raw.extension::<Secrets>().cloned().unwrap_or_default();
                let mut error = Self::new(kind, operation, bucket).passing(passing);
                error.retry_after = raw.headers().get("retry-after").and_then(retry_after);
                error.because(Answer {
                    status,
                    code: cut(&secrets.hidden(&code)),
                    message: cut(&secrets.hidden(&message)),
                })
            }
            sdk if Silence::among(sdk) == Some(Silence::TooLong) => {
                Self::new(Kind::BadAnswer("it is too long"), operation, bucket).because(cause(sdk))
            }
            SdkError::TimeoutError(_) | SdkError::ResponseError(_) => {
                Self::new(Kind::Unreachable, operation, bucket)
                    .passing(Passing::Unclear)
                    .because(cause(sdk))
            }
            // A connection that closes before its answer is "other" to the SDK, but of a known kind.
            SdkError::DispatchFailure(failure)
                if failure.is_io() || failure.is_timeout() || failure.as_other().is_some() =>
            {
                Self::new(Kind::Unreachable, operation, bucket)
                    .passing(Passing::Unclear)
                    .because(cause(sdk))
            }
            _ => {
                let chain = Chain::of(sdk);
                if chain.names("no credentials found in chain") {
                    // The rest is a list of all places where there might have been some.
                    Self::new(Kind::NoCredentials, operation, bucket)
                } else if chain.names("credential") {
                    Self::new(Kind::NoCredentials, operation, bucket).because(Chain::root(sdk))
                } else {
                    Self::new(Kind::Other, operation, bucket).because(Chain::root(sdk))
                }
            }
        }
    }

    /// Whether no other key of this map can do better, so that the map must stop.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        match &self.kind {
            Kind::NoRegion
            | Kind::NoProfile(_)
            | Kind::BadProfiles
            | Kind::NoBucket
            | Kind::NoCredentials
            | Kind::ExpiredCredentials
            | Kind::ClockSkew
            | Kind::WrongRegion { .. }
            | Kind::Stopped
            | Kind::BadListing(_) => true,
            Kind::NotFound
            | Kind::Denied
            | Kind::Changed
            | Kind::Archived
            | Kind::Throttled
            | Kind::NoCapacity
            | Kind::Unreachable
            | Kind::Unknown
            | Kind::BadAnswer(_)
            | Kind::Unsupported
            | Kind::Other => matches!(
                self.operation,
                Operation::Connect
                    | Operation::CheckBucket
                    | Operation::Probe
                    | Operation::List
                    | Operation::Reach
            ),
        }
    }

    /// Returns true if nothing tells whether a write that ended so was done.
    #[must_use]
    pub fn leaves_doubt(&self) -> bool {
        matches!(
            self.kind,
            Kind::Unknown | Kind::Unreachable | Kind::Throttled
        ) || self.is_fatal()
    }

    /// The HTTP status, where the server answered.
    pub(super) fn status(&self) -> Option<u16> {
        self.answer().map(|answer| answer.status)
    }

    /// The server's error code, where the server answered with one.
    pub(super) fn code(&self) -> &str {
        self.answer().map_or("", |answer| answer.code.as_str())
    }

    fn answer(&self) -> Option<&Answer> {
        self.source
            .as_ref()
            .and_then(|source| source.downcast_ref::<Answer>())
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => write!(f, "not found"),
            Self::NoRegion => write!(f, "no region is set"),
            Self::NoProfile(name) => write!(
                f,
                "profile {} is not in the AWS configuration files",
                Shown(name)
            ),
            Self::BadProfiles => write!(f, "the AWS configuration files cannot be read"),
            Self::NoBucket => write!(f, "no such bucket"),
            Self::Denied => write!(f, "access denied"),
            Self::NoCredentials => write!(f, "no credentials found"),
            Self::ExpiredCredentials => write!(f, "credentials expired or not valid"),
            Self::ClockSkew => write!(f, "the clock is too far from the server's"),
            Self::WrongRegion { region: None } => write!(f, "the bucket is in another region"),
            Self::WrongRegion {
                region: Some(region),
            } => write!(f, "the bucket is in region {}", Shown(region)),
            Self::Changed => write!(f, "the object was changed by somebody else"),
            Self::Archived => write!(f, "the object is archived"),
            Self::NoCapacity => write!(f, "there is no capacity for the expedited tier now"),
            Self::Throttled => write!(f, "the server asks to slow down"),
            Self::Unreachable => write!(f, "no answer from the server"),
            Self::Unknown => write!(f, "nothing tells whether the write happened"),
            Self::BadListing(why) => write!(f, "the listing cannot be believed, {why}"),
            Self::BadAnswer(why) => write!(f, "the answer cannot be believed, {why}"),
            Self::Unsupported => write!(f, "the server cannot do this"),
            Self::Stopped => write!(f, "the run was interrupted"),
            Self::Other => write!(f, "the request failed"),
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connect",
            Self::CheckBucket => "look at bucket",
            Self::Probe => "find out what the server can do for",
            Self::List => "list",
            Self::Head => "look at",
            Self::Get => "read",
            Self::Put => "write",
            Self::Copy => "copy",
            Self::Delete => "delete",
            Self::Upload => "upload",
            Self::Sweep => "abort old uploads of",
            Self::Thaw => "restore",
            Self::Reach => "reach",
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}", self.operation)?;
        if self.bucket.is_empty() {
            write!(f, " to the server")?;
        } else {
            write!(f, " s3://{}", Shown(&self.bucket))?;
            if let Some(key) = &self.key {
                write!(f, "/{}", Shown(key))?;
            }
        }
        write!(f, ": {}", self.kind)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn std::error::Error + 'static))
    }
}
