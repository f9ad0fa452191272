//! Moves: pairs what is gone under one name with what is new under another, by evidence.
//!
//! Turns decided items into moves and the rest. Promises: every pair is one to one; where two could
//! be meant, none is; a pair is only a proposal, for whoever carries it out makes sure that both
//! names hold the same bytes. Pure: knows no disk and no bucket.

mod fold;
#[cfg(test)]
mod tests;
mod traces;

use crate::draft::{Decided, Outcome};
use crate::key::Key;
use crate::plan::{Clash, Readability, Step};
use crate::reconcile::Action;
use crate::stamp::{ETag, LocalStamp, RemoteStamp};
use crate::state::{Content, Encoding, Record};
pub use fold::Folds;
use std::collections::{HashMap, HashSet};
use std::hash::Hash;
pub use traces::{Contested, End, Trace, UNPROVEN, traces};

/// Two names of which only a reading of the file can tell whether they are one content's: the
/// object came to its new name by a copy that changed the form of its ETag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspect {
    /// The file's name.
    pub from: Key,
    /// The new object's name.
    pub to: Key,
    /// The file, as scanned.
    pub local: LocalStamp,
    /// What the file's bytes must match.
    pub etag: ETag,
}

/// A suspect whose file was read and matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// The file's name.
    pub from: Key,
    /// What its bytes are.
    pub content: Content,
}

/// What pairing leaves.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pairing {
    /// One step for each pair.
    pub moves: Vec<Step>,
    /// All other items, sorted as they came.
    pub rest: Vec<Decided>,
}

/// Which encodings a map's objects may keep when they are copied to a new name.
pub type MayKeep<'a> = &'a dyn Fn(Encoding) -> bool;

/// Suspects worth a reading: of the same size, which nothing else that is gone or new has.
#[must_use]
pub fn suspects(decided: &[Decided], clashes: &[Clash]) -> Vec<Suspect> {
    let sides = Sides::of(decided, clashes);
    let mut gone = sides.gone_from_bucket;
    let mut new = sides.new_in_bucket;
    pairs(&mut gone, &mut new, Half::token);
    let found = pairs(&mut gone, &mut new, Half::size).into_iter();
    let suspected = found.filter_map(|(gone, new)| {
        let (old, etag) = (&gone.remote?.etag, &new.remote?.etag);
        let is_reformed = [old, etag]
            .iter()
            .any(|etag| matches!(etag, ETag::Other(_)));
        let is_plain = gone.record?.encoding == Encoding::Plain;
        let suspect = Suspect {
            from: gone.key.clone(),
            to: new.key.clone(),
            local: gone.local?,
            etag: etag.clone(),
        };
        (is_plain && is_reformed).then_some(suspect)
    });
    suspected.collect()
}

/// Pairs `decided`, which is sorted by key. What takes part in a clash of names is left alone.
#[must_use]
pub fn pair(
    decided: Vec<Decided>,
    clashes: &[Clash],
    proven: &[Proven],
    may_keep: MayKeep<'_>,
) -> Pairing {
    let sides = Sides::of(&decided, clashes);
    let mut moves = sides.in_bucket(may_keep);
    moves.extend(sides.in_directory(proven));
    if moves.is_empty() {
        return Pairing {
            moves,
            rest: decided,
        };
    }
    moves.sort_by(|a, b| a.key().cmp(b.key()));
    let names = moves
        .iter()
        .flat_map(|step| [Some(step.key()), step.old_key()]);
    let paired: HashSet<Key> = names.flatten().cloned().collect();
    let rest = decided.into_iter();
    Pairing {
        rest: rest.filter(|one| !paired.contains(&one.item.key)).collect(),
        moves,
    }
}

/// What may be one half of a move.
#[derive(Clone, Copy)]
struct Half<'a> {
    key: &'a Key,
    record: Option<&'a Record>,
    local: Option<LocalStamp>,
    remote: Option<&'a RemoteStamp>,
    class: Option<&'a str>,
}

impl<'a> Half<'a> {
    /// What tells an object's bytes from others.
    fn token(&self) -> Option<(&'a ETag, u64)> {
        self.remote.map(|remote| (&remote.etag, remote.size_bytes))
    }

    /// Its size; what is empty tells nothing.
    fn size(&self) -> Option<u64> {
        let size_bytes = self.remote?.size_bytes;
        (size_bytes > 0).then_some(size_bytes)
    }

    /// A file, as it was.
    fn inode(&self) -> Option<(u64, u64, i64)> {
        self.local
            .map(|stamp| (stamp.inode, stamp.size_bytes, stamp.mtime_ns))
    }

    /// A size and an exact time. Archives and builds set whole seconds, on many files at once.
    fn time(&self) -> Option<(u64, i64)> {
        let stamp = self.local?;
        let is_telling = stamp.size_bytes > 0 && stamp.mtime_ns % 1_000_000_000 != 0;
        is_telling.then_some((stamp.size_bytes, stamp.mtime_ns))
    }
}

/// What became of a half.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// The file is gone; its object is as it was.
    GoneHere,
    /// The file was on neither side.
    NewHere,
    /// The object is gone, as recorded; its file is as it was.
    GoneFromBucket,
    /// The object was on neither side.
    NewInBucket,
}

/// All halves, by what became of them.
#[derive(Default)]
struct Sides<'a> {
    gone_here: Vec<Half<'a>>,
    new_here: Vec<Half<'a>>,
    gone_from_bucket: Vec<Half<'a>>,
    new_in_bucket: Vec<Half<'a>>,
}

impl<'a> Sides<'a> {
    fn of(decided: &'a [Decided], clashes: &[Clash]) -> Self {
        let contested = Contested::of(clashes);
        let halves = decided.iter().filter_map(fate);
        let halves = halves.filter(|(_, half)| !contested.has(half.key));
        let with = |wanted| {
            let halves = halves.clone().filter(move |(fate, _)| *fate == wanted);
            halves.map(|(_, half)| half)
        };
        let gone_here: Vec<_> = with(Fate::GoneHere).collect();
        let gone_from_bucket: Vec<_> = with(Fate::GoneFromBucket).collect();
        // On a first run all is new, and says nothing where nothing is gone.
        let with_any = |gone: &[_], new| match gone {
            [] => Vec::new(),
            _ => with(new).collect(),
        };
        Self {
            new_here: with_any(&gone_here, Fate::NewHere),
            new_in_bucket: with_any(&gone_from_bucket, Fate::NewInBucket),
            gone_here,
            gone_from_bucket,
        }
    }

    /// Files renamed here: the same inode, or else the same size and exact time.
    fn in_bucket(&self, may_keep: MayKeep<'_>) -> Vec<Step> {
        let mut gone = self.gone_here.clone();
        gone.retain(|half| half.record.is_some_and(|record| may_keep(record.encoding)));
        let mut new = self.new_here.clone();
        let mut found = pairs(&mut gone, &mut new, Half::inode);
        found.extend(pairs(&mut gone, &mut new, Half::time));
        let steps = found.into_iter().filter_map(|(gone, new)| {
            Some(Step::MoveRemote {
                to: new.key.clone(),
                local: new.local?,
                source: Box::new(gone.record?.clone()),
                class: gone.class.map(Into::into),
            })
        });
        steps.collect()
    }

    /// Objects renamed in the bucket: the same ETag and size, or a file that was read and matches.
    fn in_directory(&self, proven: &[Proven]) -> Vec<Step> {
        let mut gone = self.gone_from_bucket.clone();
        let mut new = self.new_in_bucket.clone();
        let read: HashMap<&Key, Content> = proven
            .iter()
            .map(|proven| (&proven.from, proven.content))
            .collect();
        let same = pairs(&mut gone, &mut new, Half::token).into_iter();
        let same = same.filter_map(|(gone, new)| Some((gone, new, gone.record?.content)));
        let alike = pairs(&mut gone, &mut new, Half::size).into_iter();
        let alike = alike.filter_map(|(gone, new)| Some((gone, new, *read.get(gone.key)?)));
        let steps = same.chain(alike).filter_map(|(gone, new, content)| {
            Some(Step::MoveLocal {
                to: new.key.clone(),
                local: gone.local?,
                remote: new.remote?.clone(),
                source: Box::new(Record {
                    content,
                    ..gone.record?.clone()
                }),
            })
        });
        steps.collect()
    }
}

/// What became of an item, if it may be one half of a move.
fn fate(Decided { item, outcome }: &Decided) -> Option<(Fate, Half<'_>)> {
    let Outcome::Law(action, _) = outcome else {
        return None;
    };
    let record = item.base.as_deref();
    // What was agreed on by metadata alone proves nothing.
    let recorded = record.and_then(|record| {
        let stamp = record.local.filter(|_| record.is_proven())?;
        Some((record, stamp))
    });
    let half = Half {
        key: &item.key,
        record,
        local: item.local,
        remote: item.remote.as_ref(),
        class: item.class.as_deref(),
    };
    match (action, recorded, item.local, &item.remote) {
        (Action::DeleteRemote, Some((record, stamp)), None, Some(remote))
            if record.remote.is_same_object(remote)
                && matches!(
                    item.readability,
                    Readability::Readable | Readability::Sealed
                ) =>
        {
            let local = Some(stamp);
            Some((Fate::GoneHere, Half { local, ..half }))
        }
        (Action::Upload, None, Some(_), None) if record.is_none() => Some((Fate::NewHere, half)),
        (Action::DeleteLocal, Some((record, stamp)), Some(local), None)
            if local.size_bytes == stamp.size_bytes && local.mtime_ns == stamp.mtime_ns =>
        {
            let remote = Some(&record.remote);
            Some((Fate::GoneFromBucket, Half { remote, ..half }))
        }
        (Action::Download, None, None, Some(_)) if record.is_none() => {
            Some((Fate::NewInBucket, half))
        }
        _ => None,
    }
}

/// Takes out of both lists the two halves that alone have the same evidence.
fn pairs<'a, E: Hash + Eq>(
    gone: &mut Vec<Half<'a>>,
    new: &mut Vec<Half<'a>>,
    evidence: impl Fn(&Half<'a>) -> Option<E>,
) -> Vec<(Half<'a>, Half<'a>)> {
    let mut groups: HashMap<E, [Vec<Half<'a>>; 2]> = HashMap::new();
    for half in &*gone {
        if let Some(evidence) = evidence(half) {
            groups.entry(evidence).or_default()[0].push(*half);
        }
    }
    for half in &*new {
        if let Some(group) = evidence(half).and_then(|evidence| groups.get_mut(&evidence)) {
            group[1].push(*half);
        }
    }
    let alone = groups.values().filter_map(|group| match group {
        [gone, new] if gone.len() == 1 && new.len() == 1 => Some((gone[0], new[0])),
        _ => None,
    });
    let found: Vec<_> = alone.collect();
    let taken: HashSet<&Key> = found.iter().flat_map(|(a, b)| [a.key, b.key]).collect();
    gone.retain(|half| !taken.contains(half.key));
    new.retain(|half| !taken.contains(half.key));
    found
}
