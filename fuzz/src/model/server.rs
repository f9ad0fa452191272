//! The bucket's server: every request is done at once and alone, and its condition is heeded where
//! the server heeds such conditions at all.

use super::world::{Bytes, Machine, Object, World, etag};
use s3_bsync::key::Key;
use s3_bsync::plan::Readability;
use s3_bsync::stamp::{ETag, RemoteStamp};
use s3_bsync::state::Capabilities;
use std::fmt;

/// What S3 honours.
pub const HONOURS_ALL: Capabilities = Capabilities {
    put_if_absent: true,
    put_if_match: true,
    complete_if_absent: true,
    complete_if_match: true,
    copy_if_absent: true,
    copy_source_if_match: true,
    delete_if_match: true,
    batch_delete_if_match: true,
    part_copy: true,
    crc64_checked: true,
    bare_etags: false,
    versioned: false,
};

/// What must be under a key when it is written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Expect<'a> {
    Absent,
    Is(&'a ETag),
}

/// What the server says.
#[derive(Debug)]
pub(super) enum Answer<T> {
    Done(T),
    /// A condition does not hold, or there is nothing to copy.
    Refused,
    /// The object lies in an archive class.
    Archived,
    /// Nothing, as far as anybody can hear.
    Broken,
}

/// One copy within the bucket.
pub(super) struct Copying<'a> {
    pub(super) from: &'a Key,
    /// What the source must be.
    pub(super) source: Option<&'a ETag>,
    /// Where it goes; `None` for the recovery folder.
    pub(super) to: Option<&'a Key>,
    pub(super) write: u64,
}

impl World {
    fn meets(&self, key: &Key, expect: Option<Expect<'_>>, is_honoured: [bool; 2]) -> bool {
        let [absent, matches] = is_honoured;
        let object = self.remote.get(key);
        match expect {
            Some(Expect::Absent) => !absent || object.is_none(),
            Some(Expect::Is(etag)) => {
                !matches || object.is_some_and(|object| object.stamp.etag == *etag)
            }
            None => true,
        }
    }

    /// `PutObject` by a machine.
    pub(super) fn put_if(
        &mut self,
        who: usize,
        key: &Key,
        (bytes, mtime_ns): (Bytes, i64),
        write: u64,
        expect: Option<Expect<'_>>,
    ) -> Answer<RemoteStamp> {
        let is_honoured = [self.honours.put_if_absent, self.honours.put_if_match];
        if !self.meets(key, expect, is_honoured) {
            return Answer::Refused;
        }
        self.check_licence(who, key, bytes);
        self.put_object(key, (bytes, mtime_ns), etag(bytes), write);
        Answer::Done(self.remote[key].stamp.clone())
    }

    /// `CopyObject` by a machine.
    pub(super) fn copy_if(
        &mut self,
        who: usize,
        copying: &Copying<'_>,
        expect: Option<Expect<'_>>,
    ) -> Answer<RemoteStamp> {
        let honours = self.honours;
        let Some(object) = self.remote.get(copying.from).cloned() else {
            return Answer::Refused;
        };
        let is_source = |etag: &ETag| !honours.copy_source_if_match || object.stamp.etag == *etag;
        if !copying.source.is_none_or(is_source) {
            return Answer::Refused;
        }
        if matches!(
            object.readability,
            Readability::Archived | Readability::Restoring
        ) {
            return Answer::Archived;
        }
        let Object {
            bytes, mtime_ns, ..
        } = object;
        let Some(to) = copying.to else {
            self.kept.insert(bytes);
            return Answer::Done(object.stamp);
        };
        // Whoever copies expects nothing else to be there than nothing.
        if !self.meets(to, expect, [honours.copy_if_absent, false]) {
            return Answer::Refused;
        }
        self.check_licence(who, to, bytes);
        self.put_object(to, (bytes, mtime_ns), etag(bytes), copying.write);
        Answer::Done(self.remote[to].stamp.clone())
    }

    /// `DeleteObject` by a machine.
    pub(super) fn delete_if(&mut self, who: usize, key: &Key, expect: Option<&ETag>) -> Answer<()> {
        let is_honoured = [false, self.honours.delete_if_match];
        if !self.meets(key, expect.map(Expect::Is), is_honoured) {
            return Answer::Refused;
        }
        self.check_licence(who, key, 0);
        self.remote.remove(key);
        Answer::Done(())
    }

    /// Nothing goes from the bucket but what this machine's base has there, or what is kept; where
    /// the server heeds no conditions nobody can promise that.
    fn check_licence(&self, who: usize, key: &Key, bytes: Bytes) {
        let Machine { base, .. } = &self.machines[who];
        assert!(
            !self.machines[who].is_fogged(key),
            "{key} is not to be touched"
        );
        let honours = self.honours;
        let heeds_all = honours.put_if_absent
            && honours.put_if_match
            && honours.copy_if_absent
            && honours.copy_source_if_match
            && honours.delete_if_match;
        let Some(object) = self.remote.get(key).filter(|_| heeds_all) else {
            return;
        };
        let is_recorded = base.get(key).is_some_and(|record| {
            let is_proven = record.local.is_some() && record.is_proven();
            is_proven && record.remote.is_same_object(&object.stamp)
        });
        let mut machines = self.machines.iter();
        let is_kept = self.kept.contains(&object.bytes)
            || machines.any(|machine| machine.keeps(object.bytes));
        let has_twin = is_kept || [0, bytes].contains(&object.bytes);
        assert!(
            is_recorded || has_twin,
            "{key}: {} goes from the bucket without licence",
            object.bytes
        );
    }
}

impl fmt::Display for Expect<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => write!(f, "nothing"),
            Self::Is(etag) => write!(f, "{}", shown(etag)),
        }
    }
}

impl<T> fmt::Display for Answer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Done(_) => "done",
            Self::Refused => "refused",
            Self::Archived => "archived",
            Self::Broken => "no answer",
        })
    }
}

/// An ETag as a tale has it: by the bytes that it stands for.
fn shown(etag: &ETag) -> String {
    match etag {
        ETag::Md5([high, low, ..]) => u16::from_le_bytes([*low, *high]).to_string(),
        ETag::Other(text) => text.to_string(),
    }
}
