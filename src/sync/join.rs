//! The zipper: three streams sorted by key to the keys on which they differ.
//!
//! Holds one head of each stream and the differences, never a side. What is ignored, or lies
//! under something that could not be read, is left out on all three sides: unknown is not absent.

mod heads;

use super::Reencode;
use crate::draft::Tops;
use crate::guard::Population;
use crate::key::{Key, Shown};
use crate::local::{self, Found, Rules};
use crate::plan::{Clash, Item, Quiet};
use crate::remote::{self, Listed};
use crate::state::{Direction, Record, Recursion};
use crate::store;
use heads::{File, Keyed, Object, Stream};
use std::cell::RefCell;
use std::fmt;

/// How far recorded stamps are believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// An equal stamp means equal content.
    Stamps,
    /// Every file is looked at.
    Nothing,
}

impl Trust {
    /// A record whose local stamp is not to be believed gets one that no file has.
    pub(super) fn weighed(self, mut record: Record) -> Record {
        if self == Self::Nothing
            && let Some(stamp) = &mut record.local
        {
            stamp.ctime_ns = 0;
        }
        record
    }
}

/// A stream broke off: the map's sides are not known, so nothing may be done about it.
#[derive(Debug)]
pub enum Broken {
    /// The state file.
    Base(store::Error),
    /// The scan.
    Local(local::Error),
    /// The listing.
    Remote(remote::Error),
    /// A reader ended without a word.
    Lost(&'static str),
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Base(error) => error.fmt(f),
            Self::Local(error) => error.fmt(f),
            Self::Remote(error) => error.fmt(f),
            Self::Lost(what) => write!(f, "{what} ended without a word"),
        }
    }
}

impl std::error::Error for Broken {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Base(error) => error.source(),
            Self::Local(error) => error.source(),
            Self::Remote(error) => error.source(),
            Self::Lost(_) => None,
        }
    }
}

/// What the three streams tell together.
#[derive(Debug, Default)]
pub struct Joined {
    /// Keys that are not plainly equal, sorted.
    pub items: Vec<Item>,
    /// Names held by a file and a directory, sorted.
    pub clashes: Vec<Clash>,
    /// What has no place on the other side: name and reason.
    pub hidden: Vec<(String, String)>,
    /// Records of keys that are neither ignored nor unknown.
    pub records: Population,
    /// Files that are neither ignored nor unknown.
    pub files: Population,
    /// Objects that are neither.
    pub objects: Population,
    /// Files scanned.
    pub scanned: u64,
    /// Objects listed.
    pub listed: u64,
    /// Keys plainly equal on both sides and in the base.
    pub unchanged: u64,
    /// Files that are exactly as their records have them, whatever became of their objects.
    pub as_recorded: u64,
    /// Ignored keys that have a record.
    pub ignored: u64,
    /// Of those, keys that are not below a directory which the map leaves out as not recursive.
    pub by_rules: u64,
}

impl Joined {
    /// Counts a key that has a record, a file and an object, or only some of them.
    fn add(&mut self, key: &Key, is_in: [bool; 3]) {
        let sides = [&mut self.records, &mut self.files, &mut self.objects];
        for (side, is_in) in sides.into_iter().zip(is_in) {
            if is_in {
                side.add(key);
            }
        }
    }
}

/// Joins the three streams.
///
/// # Errors
/// [`Broken`] as soon as one of them fails; nothing read so far may be acted on.
pub fn join(
    base: impl Iterator<Item = Result<Record, Broken>>,
    local: impl Iterator<Item = Result<Found, Broken>>,
    remote: impl Iterator<Item = Result<Listed, Broken>>,
    scope: &Scope<'_>,
) -> Result<Joined, Broken> {
    let mut items = Vec::new();
    let joined = join_unequal(base, local, remote, scope, &mut |item| items.push(item))?;
    Ok(Joined { items, ..joined })
}

/// As [`join`], and hands the keys that are not plainly equal to `each`. None is held.
///
/// # Errors
/// [`Broken`], as [`join`].
pub(super) fn join_unequal(
    base: impl Iterator<Item = Result<Record, Broken>>,
    local: impl Iterator<Item = Result<Found, Broken>>,
    remote: impl Iterator<Item = Result<Listed, Broken>>,
    scope: &Scope<'_>,
    each: &mut impl FnMut(Item),
) -> Result<Joined, Broken> {
    zip(base, local, remote, scope, Handed::Unequal, each)
}

/// Joins the three streams, and hands every key to `each`, also those that are plainly equal. None
/// is held.
///
/// # Errors
/// [`Broken`], as [`join`].
pub(super) fn join_each(
    base: impl Iterator<Item = Result<Record, Broken>>,
    local: impl Iterator<Item = Result<Found, Broken>>,
    remote: impl Iterator<Item = Result<Listed, Broken>>,
    scope: &Scope<'_>,
    each: &mut impl FnMut(Item),
) -> Result<Joined, Broken> {
    zip(base, local, remote, scope, Handed::All, each)
}

/// Which keys are handed over.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Handed {
    /// Those that are not plainly equal.
    Unequal,
    /// All.
    All,
}

fn zip(
    base: impl Iterator<Item = Result<Record, Broken>>,
    local: impl Iterator<Item = Result<Found, Broken>>,
    remote: impl Iterator<Item = Result<Listed, Broken>>,
    scope: &Scope<'_>,
    handed: Handed,
    each: &mut impl FnMut(Item),
) -> Result<Joined, Broken> {
    let hidden = RefCell::new(Vec::new());
    let shadows = RefCell::new(Vec::new());
    let mut base = Stream::new(base)?;
    let mut local = Stream::new(local.filter_map(|one| match one {
        Ok(Found::File { key, stamp }) => Some(Ok(File { key, stamp })),
        Ok(Found::Hidden { path, why }) => {
            hidden
                .borrow_mut()
                .push((Shown(&path).to_string(), why.to_string()));
            shadows.borrow_mut().push(path);
            None
        }
        Ok(Found::Frozen { path, reason }) => {
            hidden.borrow_mut().push(frozen(&path, &reason));
            shadows.borrow_mut().push(path);
            None
        }
        // What can be no key has nothing to do with a map that leaves such files alone anyway.
        Ok(Found::Unfit { .. }) if scope.direction == Direction::Pull => None,
        Ok(Found::Unfit { path, why }) => {
            hidden.borrow_mut().push((path, why.to_string()));
            None
        }
        Err(broken) => Some(Err(broken)),
    }))?;
    let mut remote = Stream::new(remote.filter_map(|one| match one {
        Ok(Listed::Object {
            key,
            stamp,
            readability,
            class,
        }) => Some(Ok(Object {
            key,
            stamp,
            readability,
            class,
        })),
        Ok(Listed::Hidden { .. }) if scope.direction == Direction::Push => None,
        Ok(Listed::Hidden { name, why }) => {
            hidden.borrow_mut().push((name, why.to_string()));
            None
        }
        Err(broken) => Some(Err(broken)),
    }))?;
    let mut joined = Joined::default();
    let mut tops = Tops::default();
    loop {
        let heads = [base.key(), local.key(), remote.key()];
        let Some(least) = heads.into_iter().flatten().min() else {
            break;
        };
        let [in_base, in_local, in_remote] = heads.map(|head| head == Some(least));
        let record = if in_base { base.advance()? } else { None };
        let file = if in_local { local.advance()? } else { None };
        let object = if in_remote { remote.advance()? } else { None };
        joined.scanned += u64::from(in_local);
        joined.listed += u64::from(in_remote);
        let Some(key) = record
            .as_ref()
            .map(Keyed::key)
            .or(file.as_ref().map(Keyed::key))
            .or(object.as_ref().map(Keyed::key))
        else {
            break;
        };
        // Of a frozen directory the scan gives its rule file, which is known.
        let is_unknown = file.is_none() && is_shadowed(&mut shadows.borrow_mut(), key);
        if is_unknown || key.fits(scope.prefix).is_err() {
            continue;
        }
        if file.is_none() && scope.excludes(key, in_base) {
            joined.ignored += u64::from(in_base);
            joined.by_rules += u64::from(in_base && !scope.is_too_deep(key));
            continue;
        }
        joined.add(key, [in_base, in_local, in_remote]);
        joined.as_recorded += u64::from(is_as_recorded(record.as_ref(), file.as_ref()));
        if scope.direction == Direction::Push && file.is_none() && object.is_some() {
            // It stays whatever it is, and of a backup that outlives its files there may be many.
            continue;
        }
        let quiet = scope.judge(record.as_ref(), file.as_ref(), object.as_ref());
        let key = key.clone();
        if quiet == Quiet::Yes {
            joined.unchanged += 1;
        }
        if quiet == Quiet::No || handed == Handed::All {
            each(scope.item(key.clone(), record, file, object));
        }
        if in_local || in_remote {
            tops.pass(key, quiet);
        }
    }
    joined.clashes = tops.finish();
    joined.hidden = hidden.take();
    Ok(joined)
}

fn is_as_recorded(record: Option<&Record>, file: Option<&File>) -> bool {
    let stamp = record.and_then(|record| record.local.as_ref());
    stamp.is_some() && stamp == file.map(|file| &file.stamp)
}

/// What is under a path that could not be read is unknown.
fn is_shadowed(shadows: &mut Vec<String>, key: &Key) -> bool {
    shadows.retain(|path| key.as_str() <= path.as_str() || key.as_str().starts_with(path.as_str()));
    shadows
        .iter()
        .any(|path| path.is_empty() || key.as_str() == path || key.is_below(path))
}

/// The name of a frozen directory and why it is left alone.
fn frozen(path: &str, reason: &str) -> (String, String) {
    let path = if path.is_empty() { "." } else { path };
    let why = format!("{reason}; nothing below is synced until it is corrected");
    (format!("{}/", Shown(path)), why)
}

/// Which keys belong to the map, and how far its records are believed.
pub struct Scope<'a> {
    /// The ignore rules the scan has met so far.
    pub rules: &'a Rules,
    /// The map's prefix.
    pub prefix: &'a str,
    /// Whether keys with a `/` belong to the map.
    pub recursion: Recursion,
    /// How far recorded stamps are believed.
    pub trust: Trust,
    /// Whether what is equal is sent as well.
    pub reencode: Reencode,
    /// Which way changes travel.
    pub direction: Direction,
}

impl Scope<'_> {
    fn is_too_deep(&self, key: &Key) -> bool {
        self.recursion == Recursion::TopOnly && key.as_str().contains('/')
    }

    /// Returns true if a key without a file has no part in the sync. What another map displaced is
    /// not fetched as if it were new here.
    fn excludes(&self, key: &Key, in_base: bool) -> bool {
        self.is_too_deep(key)
            || self.rules.is_own(key)
            || self.rules.is_ignored(key)
            || !in_base && local::is_kept_by_other_map(key)
    }

    fn item(
        &self,
        key: Key,
        record: Option<Record>,
        file: Option<File>,
        object: Option<Object>,
    ) -> Item {
        let (remote, readability, class) = match object {
            Some(object) => (Some(object.stamp), object.readability, object.class),
            None => Default::default(),
        };
        Item {
            key,
            base: record.map(|record| Box::new(self.trust.weighed(record))),
            local: file.map(|file| file.stamp),
            remote,
            readability,
            class,
        }
    }

    fn judge(
        &self,
        record: Option<&Record>,
        file: Option<&File>,
        object: Option<&Object>,
    ) -> Quiet {
        match (record, file, object) {
            (Some(record), Some(file), Some(object))
                if self.trust == Trust::Stamps
                    && self.reencode == Reencode::Changed
                    && is_as_recorded(Some(record), Some(file))
                    && record.remote.is_same_object(&object.stamp) =>
            {
                Quiet::Yes
            }
            _ => Quiet::No,
        }
    }
}
