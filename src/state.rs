//! What the state file holds, as values: the settings of buckets and directory maps, and one
//! [`Record`] per file on which both sides last agreed.
//!
//! Never a secret: credentials are not among these words. The bytes are the business of
//! [`crate::format`], the meaning of the words that of `spec/FORMAT.md`.

mod limit;
mod record;

use crate::stamp::Hex;
pub use limit::{BadLimit, KeepSize, Limit};
pub use record::{Change, Content, DIGEST_BYTES, Digest, Encoding, Holding, Parts, Record};
use std::fmt::{self, Display};

/// Everything but the records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Who this state belongs to.
    pub replica: ReplicaId,
    /// Counts the commits of this file.
    pub generation: u64,
    /// When the last run ended that found or made both sides equal, milliseconds since the epoch;
    /// 0 for never.
    pub synced_ms: u64,
    /// Buckets, in the order in which they were added.
    pub buckets: Vec<Bucket>,
}

impl State {
    /// A state with nothing in it.
    #[must_use]
    pub fn new(replica: ReplicaId) -> Self {
        Self {
            replica,
            generation: 0,
            synced_ms: 0,
            buckets: Vec::new(),
        }
    }

    /// All maps in file order with their buckets. The position is the map's number in the journal.
    pub fn maps(&self) -> impl Iterator<Item = (&Bucket, &DirMap)> {
        self.buckets
            .iter()
            .flat_map(|bucket| bucket.maps.iter().map(move |map| (bucket, map)))
    }
}

/// Sixteen random bytes that name one state file's owner for good.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ReplicaId(pub [u8; 16]);

/// Eight random bytes that name one directory map for good; a map dropped and added again is another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MapId(pub [u8; 8]);

impl fmt::Display for ReplicaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hex(&self.0).fmt(f)
    }
}

impl fmt::Debug for ReplicaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hex(&self.0).fmt(f)
    }
}

impl fmt::Display for MapId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hex(&self.0).fmt(f)
    }
}

impl fmt::Debug for MapId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hex(&self.0).fmt(f)
    }
}

/// A bucket as one set of connection settings reaches it. The same name under another endpoint,
/// region or profile is another bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// The bucket's name.
    pub name: String,
    /// How it is reached.
    pub access: Access,
    /// What its server was found to honour; `None` until the first write.
    pub capabilities: Option<Capabilities>,
    /// Directory maps, in the order in which they were added.
    pub maps: Vec<DirMap>,
}

/// Connection settings; what is `None` comes from the usual AWS environment and files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Access {
    /// Endpoint URL.
    pub endpoint: Option<String>,
    /// Region name.
    pub region: Option<String>,
    /// Profile in the AWS configuration files.
    pub profile: Option<String>,
    /// Where the bucket's name stands in a URL.
    pub addressing: Addressing,
}

/// Where the bucket's name stands in a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Addressing {
    /// In the host name.
    #[default]
    VirtualHost,
    /// First in the path.
    Path,
}

/// What a probe found a server to honour. A condition that is `false` was ignored, refused or
/// answered wrongly, and is never relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent findings, stored as one bit each"
)]
pub struct Capabilities {
    /// `PutObject` with `If-None-Match: *`.
    pub put_if_absent: bool,
    /// `PutObject` with `If-Match`.
    pub put_if_match: bool,
    /// `CompleteMultipartUpload` with `If-None-Match: *`.
    pub complete_if_absent: bool,
    /// `CompleteMultipartUpload` with `If-Match`.
    pub complete_if_match: bool,
    /// `CopyObject` with `If-None-Match: *` for the destination.
    pub copy_if_absent: bool,
    /// `CopyObject` with `x-amz-copy-source-if-match`.
    pub copy_source_if_match: bool,
    /// `DeleteObject` with `If-Match`.
    pub delete_if_match: bool,
    /// `DeleteObjects` with an ETag per key.
    pub batch_delete_if_match: bool,
    /// `UploadPartCopy` with a byte range.
    pub part_copy: bool,
    /// A wrong `x-amz-checksum-crc64nvme` is refused.
    pub crc64_checked: bool,
    /// `If-Match` wants the ETag without its quotes.
    pub bare_etags: bool,
    /// The bucket keeps old versions.
    pub versioned: bool,
}

/// One directory kept the same as one prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirMap {
    /// Names the map for good.
    pub id: MapId,
    /// Name by which people call it.
    pub name: String,
    /// Absolute local path, no trailing `/`.
    pub path: String,
    /// Key prefix, no leading or trailing `/`; empty for the whole bucket.
    pub prefix: String,
    /// Whether directories below the root belong to it.
    pub recursion: Recursion,
    /// What becomes of symlinks in it.
    pub links: Links,
    /// Whether permission bits travel.
    pub modes: Modes,
    /// gzip level 0 (off) to [`MAX_GZIP_LEVEL`] for what is uploaded.
    pub gzip_level: u8,
    /// Whether and for whom uploads are encrypted.
    pub encryption: Encryption,
    /// Storage class for uploads; `None` for the bucket's default.
    pub storage_class: Option<String>,
    /// What settles a true conflict.
    pub conflict: ConflictPolicy,
    /// Which way changes travel.
    pub direction: Direction,
    /// How long the recovery folder keeps what it holds, in days; at most [`MAX_KEEP_DAYS`].
    pub keep_days: u32,
    /// How large the recovery folder may grow.
    pub keep_size: KeepSize,
    /// How many files downloads may replace in one run without being asked; `None` for any number.
    pub max_replace: Option<Limit>,
    /// Counts the commits that changed this map's records; the root's marker carries it too.
    pub generation: u64,
    /// The root directory's device and inode when a run last changed it and came to its end;
    /// `None` until then.
    pub root: Option<RootId>,
}

impl DirMap {
    /// A map of which nothing else is said yet, and that no run has seen.
    #[must_use]
    pub fn new(id: MapId, name: String, path: String, prefix: String) -> Self {
        Self {
            id,
            name,
            path,
            prefix,
            recursion: Recursion::default(),
            links: Links::default(),
            modes: Modes::default(),
            gzip_level: 0,
            encryption: Encryption::default(),
            storage_class: None,
            conflict: ConflictPolicy::default(),
            direction: Direction::default(),
            keep_days: DEFAULT_KEEP_DAYS,
            keep_size: KeepSize::default(),
            max_replace: None,
            generation: 0,
            root: None,
        }
    }

    /// `s3://bucket/prefix` as people write it.
    #[must_use]
    pub fn uri(&self, bucket: &str) -> String {
        if self.prefix.is_empty() {
            format!("s3://{bucket}")
        } else {
            format!("s3://{bucket}/{}", self.prefix)
        }
    }
}

/// Days for which the recovery folder keeps what it holds, unless the map says otherwise.
pub const DEFAULT_KEEP_DAYS: u32 = 30;
/// The most days that can be asked for: a century.
pub const MAX_KEEP_DAYS: u32 = 36_525;

/// The most recipients of a map that can be listed.
pub const MAX_RECIPIENTS: u64 = 255;
/// The longest text of a recipient, or name of a file of them, in bytes.
pub const MAX_RECIPIENT_BYTES: u64 = 4096;
/// The highest gzip level: 10 and 11 are slower than any gzip and smaller.
pub const MAX_GZIP_LEVEL: u8 = 11;

/// A directory's device and inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RootId {
    /// Device number.
    pub device: u64,
    /// Inode number.
    pub inode: u64,
}

/// Whether directories below the root belong to a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Recursion {
    /// All of them.
    #[default]
    Recursive,
    /// None: only files directly below the root, only keys without `/`.
    TopOnly,
}

/// What becomes of the symlinks in a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Links {
    /// They are left alone.
    #[default]
    Skip,
    /// One that leads to a file below the same root, with no step outside, is read as that file.
    FollowInside,
}

/// Whether the permission bits of a map's files travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Modes {
    /// They do not: a file keeps those that it has here, a new one gets those of any new file.
    #[default]
    Leave,
    /// They go beside the object, and a file that is downloaded gets them.
    Keep,
}

/// Whether and for whom a map's uploads are encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Encryption {
    /// Not at all.
    #[default]
    None,
    /// With age.
    Age {
        /// Recipients, as age writes them; at most [`MAX_RECIPIENTS`].
        recipients: Vec<String>,
        /// File of further recipients.
        recipients_file: Option<String>,
        /// File of identities for reading.
        identity_file: Option<String>,
    },
    /// A version-1 map that asked for GPG; it cannot be synced until it has an age recipient.
    RecipientMissing {
        /// The e-mail address that version 1 recorded.
        email: String,
    },
}

/// What settles a change on both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ConflictPolicy {
    /// The newer copy takes the name, the bucket wins ties; the loser is kept.
    #[default]
    Newer,
    /// Both stay, under two names, on both sides.
    KeepBoth,
    /// The local copy takes the name; the loser is kept.
    Local,
    /// The remote copy takes the name; the loser is kept.
    Remote,
    /// Nothing happens until a person decides.
    Ask,
}

/// Which way changes travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// Both ways.
    #[default]
    Both,
    /// To the bucket only, nothing deleted there.
    Push,
    /// To the bucket only, which becomes a mirror.
    PushMirror,
    /// From the bucket only, nothing deleted here.
    Pull,
    /// From the bucket only, the directory becomes a mirror.
    PullMirror,
}

impl Direction {
    /// The same way, with nothing deleted for its being missing on the other side.
    #[must_use]
    pub fn without_deletions(self) -> Self {
        match self {
            Self::PushMirror => Self::Push,
            Self::PullMirror => Self::Pull,
            Self::Both | Self::Push | Self::Pull => self,
        }
    }
}
