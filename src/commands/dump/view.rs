//! What is to be shown, in whatever form.

use crate::format::DecodeError;
use crate::format::journal::Entry;
use crate::state::{Bucket, DirMap, Record, ReplicaId, State};
use crate::store::{Beside, Journaled};
use std::io;

/// A form in which a file is shown; the calls come in this order. What is shown is written at once
/// and not kept.
pub(super) trait View {
    /// A state file, up to its maps.
    fn state(&mut self, about: &About<'_>) -> io::Result<()>;
    /// A map, up to its records.
    fn map(&mut self, version: u8, bucket: &Bucket, map: &DirMap) -> io::Result<()>;
    /// A record that was asked for.
    fn record(&mut self, record: &Record, voucher: Voucher) -> io::Result<()>;
    /// What a map's records come to.
    fn map_end(&mut self, map: &DirMap, tally: &Tally) -> io::Result<()>;
    /// What all maps come to, and the defect at which they end.
    fn state_end(&mut self, totals: &Totals, defect: Option<&DecodeError>) -> io::Result<()>;

    /// A journal, up to its entries.
    fn journal(&mut self, about: &AboutJournal<'_>) -> io::Result<()>;
    /// An entry that was asked for.
    fn entry(&mut self, entry: &Entry) -> io::Result<()>;
    /// What the entries come to, and the defect at which they end.
    fn journal_end(
        &mut self,
        found: &Journaled,
        bytes: u64,
        defect: Option<&DecodeError>,
    ) -> io::Result<()>;

    /// Instead of all else: a file of which nothing can be read.
    fn nothing(&mut self, path: &str, bytes: u64, defect: &DecodeError) -> io::Result<()>;
}

/// A state file beside its maps.
pub(super) struct About<'a> {
    pub(super) path: &'a str,
    pub(super) bytes: u64,
    pub(super) version: u8,
    pub(super) state: &'a State,
    pub(super) known: Known,
    /// `None` for a file that is no state file in use.
    pub(super) beside: Option<&'a Beside>,
    pub(super) now_ms: i64,
}

/// How far a file could be read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// Not to the time of the last sync.
    Nothing,
    /// Not to the replica and generation.
    Time,
    /// Beyond both.
    Identity,
}

/// A journal beside its entries.
pub(super) struct AboutJournal<'a> {
    pub(super) path: &'a str,
    pub(super) bytes: u64,
    /// The state file to which it belongs.
    pub(super) replica: ReplicaId,
    /// That file's generation.
    pub(super) generation: u64,
}

/// Whether a checksum vouches for a record.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Voucher {
    /// That of its block.
    Block,
    /// None: its block is damaged.
    None,
}

/// What records come to.
#[derive(Default, Clone, Copy)]
pub(super) struct Tally {
    pub(super) records: u64,
    pub(super) plain_bytes: u64,
    pub(super) stored_bytes: u64,
    /// Records without a local stamp.
    pub(super) unstamped: u64,
    /// Records whose local stamp is not to be trusted.
    pub(super) unsettled: u64,
    /// Records of objects that are stored unencrypted.
    pub(super) unencrypted: u64,
    /// Records that were asked for.
    pub(super) listed: u64,
}

impl Tally {
    pub(super) fn add(&mut self, record: &Record) {
        let plain = match record.local {
            Some(stamp) => stamp.size_bytes,
            None => record.remote.size_bytes,
        };
        self.records += 1;
        self.plain_bytes = self.plain_bytes.saturating_add(plain);
        self.stored_bytes = self.stored_bytes.saturating_add(record.remote.size_bytes);
        self.unstamped += u64::from(record.local.is_none());
        self.unsettled += u64::from(record.local.is_some_and(|stamp| stamp.ctime_ns == 0));
        // Version 1 did not record how it stored an object.
        let is_known = record.local.is_some();
        self.unencrypted += u64::from(is_known && !record.encoding.is_encrypted());
    }

    pub(super) fn add_all(&mut self, other: &Self) {
        self.records += other.records;
        self.plain_bytes = self.plain_bytes.saturating_add(other.plain_bytes);
        self.stored_bytes = self.stored_bytes.saturating_add(other.stored_bytes);
        self.unstamped += other.unstamped;
        self.unsettled += other.unsettled;
        self.unencrypted += other.unencrypted;
        self.listed += other.listed;
    }
}

/// What a whole file comes to.
#[derive(Default)]
pub(super) struct Totals {
    pub(super) maps: u64,
    pub(super) tally: Tally,
    /// Objects of a version-1 file that no map could take.
    pub(super) dropped: u64,
    /// The file's size.
    pub(super) bytes: u64,
}
