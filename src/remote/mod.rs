//! The bucket: turns keys, bytes and expectations into S3 requests, and answers into stamps.
//!
//! Promises: a listing is complete or an error; a write happens only over what was expected, and
//! is reported as done only when it was; unknown (refused, unanswered, archived) is never read as
//! absent. Names every type of the AWS SDK there is in this program; must not know of files,
//! states, plans or progress.

mod answer;
mod body;
mod breaker;
mod carry;
mod check;
mod client;
mod copy;
mod copy_plain;
mod delete_many;
mod error;
mod exchange;
mod keep;
mod list;
mod meta;
mod object;
mod page;
mod part;
mod probe;
mod profile;
mod retry;
mod sums;
mod sweep;
mod thaw;
mod timeout;
mod trial;
mod upload;
mod write;

pub use body::Body;
pub use client::{Client, Network, connect};
pub use delete_many::MOST_DELETES;
pub use error::{Error, Kind, Operation};
pub use keep::Kept;
pub use list::{Listed, Listing};
pub use meta::{Meta, Told, WriteId};
pub use object::Head;
pub use profile::check_profile;
pub use sums::PartSum;
pub use thaw::{TIERED, Thawing, Tier};
pub use timeout::Timeout;
pub use upload::{MAX_PARTS, MIN_PART_BYTES, Part, Upload};
pub use write::{Expect, Gone};

use crate::key::{Key, OWN_FOLDER};
pub use crate::plan::Readability;
use crate::stamp::ETag;
use crate::state::Capabilities;
use std::sync::Arc;

/// The folder of kept losers, in the program's own folder.
const RECOVERY: &str = "recovery";

/// One prefix of one bucket, and what its server honours. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Remote {
    client: Client,
    bucket: Arc<str>,
    prefix: Arc<str>,
    capabilities: Capabilities,
}

impl Remote {
    /// The bucket's name.
    #[must_use]
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// The prefix, without `/` at its ends; empty for the whole bucket.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// What the server is taken to honour.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    /// How often the server has asked for fewer requests so far.
    #[must_use]
    pub fn throttled(&self) -> u64 {
        self.client.throttled()
    }

    /// The same prefix, with other findings.
    #[must_use]
    pub fn with_capabilities(&self, capabilities: Capabilities) -> Self {
        Self {
            capabilities,
            ..self.clone()
        }
    }

    /// The folder of kept losers as a prefix of its own: its keys are `RUN/KEY`, to be listed, read
    /// and deleted as any other.
    #[must_use]
    pub fn recovery(&self) -> Self {
        Self {
            prefix: self.own_key(RECOVERY).into(),
            ..self.clone()
        }
    }

    /// `prefix/`, or nothing for the whole bucket.
    fn folder(&self) -> String {
        if self.prefix.is_empty() {
            String::new()
        } else {
            format!("{}/", self.prefix)
        }
    }

    /// An object key in the program's own folder under the prefix.
    fn own_key(&self, rest: &str) -> String {
        format!("{}{OWN_FOLDER}/{rest}", self.folder())
    }

    fn object_key(&self, key: &Key) -> String {
        key.object_key(&self.prefix)
    }

    /// An ETag as this server wants it in a condition.
    fn condition(&self, etag: &ETag) -> String {
        if self.capabilities.bare_etags {
            etag.to_string()
        } else {
            format!("\"{etag}\"")
        }
    }

    fn sdk(&self) -> &aws_sdk_s3::Client {
        &self.client.sdk
    }

    fn error(&self, kind: Kind, operation: Operation, key: &str) -> Error {
        Error::new(kind, operation, &self.bucket).at(key)
    }
}
