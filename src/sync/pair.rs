//! Finds moves, after a reading of the few files that only a reading can tell about.
//!
//! What is gone and what is new is sorted by its evidence on disk. Two halves that are alone with
//! theirs are a pair; whether they are one indeed is for [`crate::moves::pair`] to say.

use super::planned::{Marks, Moves, Planned, contested, fits, may_keep, read, unreadable};
use super::{Halt, Mode, Reencode, Sync};
use crate::event::Event;
use crate::moves::{End, MayKeep, Proven, Suspect, UNPROVEN, suspects, traces};
use crate::plan::Clash;
use crate::reconcile::Why;
use crate::state::Content;
use crate::store::{Entries, Sorter, Spill};
use crate::sync::pack::unpacked;
use crate::transfer::{Failure, Hands, blocking};
use std::io;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Files read at a time.
const READINGS: usize = 8;
/// Pairs of which the files are read, at most; what else only a reading could tell is fetched.
const MOST_UNPROVEN: usize = 1 << 16;

/// Whether an item of a plan may be one half of a move, by which half.
#[derive(Default)]
pub(super) struct Ends {
    is_any_gone: bool,
    is_any_new: bool,
}

impl Ends {
    pub(super) fn note(&mut self, one: &crate::draft::Decided) {
        for trace in traces(one, &|_| true) {
            match trace.end {
                End::Gone => self.is_any_gone = true,
                End::New => self.is_any_new = true,
            }
        }
    }
}

impl Sync<'_> {
    /// Arranges decided items, which are sorted by key, for drafting.
    pub(super) async fn arrange(
        &self,
        decided: Spill,
        clashes: Vec<Clash>,
        ends: Ends,
    ) -> Result<Arc<Planned>, Halt> {
        // Where all is to be sent anew, it is so under whatever name.
        let moves = self.task.terms.reencode == Reencode::Changed;
        if fits(&decided) {
            if !moves {
                return Ok(Planned::whole(decided, clashes, None));
            }
            let all = read(&decided).map_err(unreadable)?;
            let proven = self.read(suspects(&all, &clashes)).await?;
            return Ok(Planned::whole(decided, clashes, Some(proven)));
        }
        let pairs = moves && ends.is_any_gone && ends.is_any_new;
        if !pairs && clashes.is_empty() {
            return Ok(Planned::in_parts(decided, clashes, Moves::default()));
        }
        let keeps = may_keep(self);
        let finding = tokio::task::spawn_blocking(move || {
            let found = find(&decided, &clashes, pairs.then_some(&keeps));
            (decided, clashes, found)
        });
        let found = finding.await;
        let (decided, clashes, found) = found.map_err(|error| Halt::Internal(error.to_string()))?;
        let Found {
            mut moves,
            unproven,
        } = found.map_err(unreadable)?;
        for pairs in unproven.chunks(1024) {
            let get = |number: &u32| unpacked(&decided.get(u64::from(*number))?);
            let numbers = pairs.iter().flat_map(|(new, gone)| [*new, *gone]);
            let mut named = Vec::new();
            for number in numbers {
                named.push((get(&number).map_err(unreadable)?, number));
            }
            named.sort_by(|(a, _), (b, _)| a.item.key.cmp(&b.item.key));
            let (all, numbers): (Vec<_>, Vec<_>) = named.into_iter().unzip();
            let proven = self.read(suspects(&all, &[])).await?;
            for one in proven {
                let at = all.binary_search_by(|other| other.item.key.cmp(&one.from));
                let gone = at.ok().map(|at| numbers[at]);
                let pair = pairs.iter().find(|(_, number)| Some(*number) == gone);
                moves.pairs.extend(pair);
                moves.proven.push(one);
            }
        }
        moves.pairs.sort_unstable();
        Ok(Planned::in_parts(decided, clashes, moves))
    }

    async fn read(&self, suspects: Vec<Suspect>) -> Result<Vec<Proven>, Halt> {
        let mut reading: JoinSet<Option<Proven>> = JoinSet::new();
        let mut proven = Vec::new();
        let mut take = |ended: Option<Result<Option<Proven>, tokio::task::JoinError>>| {
            let ended = ended.transpose();
            let ended = ended.map_err(|error| Halt::Internal(error.to_string()))?;
            proven.extend(ended.flatten());
            Ok::<(), Halt>(())
        };
        for suspect in suspects {
            if self.task.terms.stop.is_wished() {
                break;
            }
            while reading.len() >= READINGS {
                take(reading.join_next().await)?;
            }
            reading.spawn(prove(Arc::clone(&self.hands), suspect));
        }
        while !reading.is_empty() {
            take(reading.join_next().await)?;
        }
        Ok(proven)
    }

    /// Adds a step that moves to what is told of moves, each folder once.
    pub(super) fn fold(&mut self, act: &super::planned::Act) {
        let Some(from) = act.step.old_key() else {
            return;
        };
        let (told, why) = match act.why {
            Why::RenamedHere => (self.renamed_here.add(from, act.step.key()), act.why),
            _ => (self.renamed_in_bucket.add(from, act.step.key()), act.why),
        };
        self.tell_moves(told, why);
    }

    /// Tells of all moves that were not told of.
    pub(super) fn tell_all_moves(&mut self) {
        let here = self.renamed_here.take();
        self.tell_moves(here, Why::RenamedHere);
        let in_bucket = self.renamed_in_bucket.take();
        self.tell_moves(in_bucket, Why::RenamedInBucket);
    }

    fn tell_moves(&self, folds: Vec<crate::plan::Fold>, why: Why) {
        for fold in folds {
            let event = match self.task.terms.mode {
                Mode::DryRun => Event::WouldMove(&fold, why),
                Mode::Apply => Event::HasMoved(&fold, why),
            };
            (self.task.terms.sink)(event);
        }
    }
}

/// What a set of items comes to that is too large to be paired in memory.
struct Found {
    moves: Moves,
    /// Pairs of which the files must be read.
    unproven: Vec<(u32, u32)>,
}

/// Finds what takes part in clashes, and the pairs; without `keeps` there are none.
fn find(decided: &Spill, clashes: &[Clash], keeps: Option<MayKeep<'_>>) -> io::Result<Found> {
    let clashing = contested(clashes);
    let mut found = Found {
        moves: Moves::default(),
        unproven: Vec::new(),
    };
    let mut sorter = Sorter::new(decided.another());
    // What has no number of this size is not moved.
    for (number, entry) in (0..u32::MAX).zip(Entries::numbered(decided, 0..decided.len())?) {
        let one = unpacked(&entry?)?;
        if clashing.has(&one.item.key) {
            found.moves.contested.push(number);
            continue;
        }
        for trace in keeps.map_or_else(Vec::new, |keeps| traces(&one, keeps)) {
            let end = u8::from(trace.end == End::New);
            let mut entry = [0; 14];
            entry[0] = trace.kind;
            entry[1..9].copy_from_slice(&trace.hash.to_be_bytes());
            entry[9] = end;
            entry[10..].copy_from_slice(&number.to_be_bytes());
            sorter.push(&entry);
        }
    }
    let by_evidence = sorter.finish();
    let mut taken = Marks::default();
    let mut group = Group::default();
    for entry in by_evidence.merged()? {
        let entry = entry?;
        if group.evidence != entry[..9] {
            group.end(&mut found, &mut taken);
            group.evidence.copy_from_slice(&entry[..9]);
        }
        let mut number = [0; 4];
        number.copy_from_slice(&entry[10..]);
        let number = u32::from_be_bytes(number);
        if !taken.has(number) {
            let end = &mut group.ends[usize::from(entry[9])];
            *end = (end.0 + 1, number);
        }
    }
    group.end(&mut found, &mut taken);
    found.unproven.truncate(MOST_UNPROVEN);
    found.moves.pairs.sort_unstable();
    Ok(found)
}

/// Halves with the same evidence.
#[derive(Default)]
struct Group {
    evidence: [u8; 9],
    /// How many are gone and new, and the last of each.
    ends: [(u64, u32); 2],
}

impl Group {
    fn end(&mut self, found: &mut Found, taken: &mut Marks) {
        if let [(1, gone), (1, new)] = std::mem::take(&mut self.ends) {
            if self.evidence[0] == UNPROVEN {
                found.unproven.push((new, gone));
            } else {
                found.moves.pairs.push((new, gone));
            }
            taken.set(gone);
            taken.set(new);
        }
    }
}

/// A file that cannot be read now, or is another by now, is no proof.
async fn prove(hands: Arc<Hands>, suspect: Suspect) -> Option<Proven> {
    let Suspect {
        from, local, etag, ..
    } = suspect;
    let read: Result<_, Failure> = blocking(move || {
        let sums = hands.sums(&from, local, &etag)?;
        Ok(sums.matches_etag.then_some(Proven {
            from,
            content: Content::by_md5(&sums.blake3),
        }))
    })
    .await;
    read.ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draft::{Decided, Outcome};
    use crate::key::Key;
    use crate::moves::pair;
    use crate::plan::{Item, Quiet, Readability, Step};
    use crate::reconcile::Action;
    use crate::stamp::ETag;
    use crate::stamp::{LocalStamp, RemoteStamp};
    use crate::state::{Encoding, Holding, Record};
    use crate::sync::planned::write;
    use proptest::collection::vec;
    use proptest::prelude::*;

    /// An item from a few numbers, such that halves often have something in common.
    fn decided(number: usize, (what, a, b, c): (u8, u8, u8, u8)) -> Decided {
        let key = Key::parse(&format!("{}/{number:03}", number % 5)).unwrap();
        let local = LocalStamp {
            size_bytes: u64::from(a),
            mtime_ns: i64::from(b) * 500_000_000,
            ctime_ns: 1,
            inode: u64::from(c),
        };
        let remote = RemoteStamp {
            etag: match b % 2 {
                0 => ETag::Md5([c; 16]),
                _ => ETag::Other(format!("{c}-2").into()),
            },
            size_bytes: u64::from(a),
            modified_ms: 1,
            version: None,
        };
        let base = Box::new(Record {
            key: key.clone(),
            local: Some(local),
            remote: remote.clone(),
            content: Content::Blake3([c; 20]),
            encoding: if c == 0 {
                Encoding::Gzip
            } else {
                Encoding::Plain
            },
            parts: None,
        });
        let (action, base, local, remote) = match what {
            0 => (Action::DeleteRemote, Some(base), None, Some(remote)),
            1 => (Action::Upload, None, Some(local), None),
            2 => (Action::DeleteLocal, Some(base), Some(local), None),
            3 => (Action::Download, None, None, Some(remote)),
            _ => (Action::Adopt, Some(base), Some(local), Some(remote)),
        };
        Decided {
            item: Item {
                key,
                base,
                local,
                remote,
                readability: Readability::Readable,
                class: None,
            },
            outcome: Outcome::Law(action, Holding::plain(Content::Unknown)),
        }
    }

    proptest! {
        #[test]
        fn moves_found_on_disk_are_those_found_in_memory(
            numbers in vec((0..5_u8, 0..3_u8, 0..4_u8, 0..4_u8), 0..40),
            keeps_gzip: bool,
            has_clash: bool,
        ) {
            let keeps = |encoding| keeps_gzip || encoding != Encoding::Gzip;
            let numbers = numbers.into_iter().enumerate();
            let mut all: Vec<_> = numbers.map(|(at, one)| decided(at, one)).collect();
            all.sort_by(|a, b| a.item.key.cmp(&b.item.key));
            let clash = Clash {
                top: Key::parse("3").unwrap(),
                top_is_quiet: Quiet::No,
                below_is_quiet: Quiet::No,
            };
            let clashes = if has_clash { vec![clash] } else { Vec::new() };
            let mut spill = Spill::default();
            write(&mut spill, &all).unwrap();
            let Found { moves, unproven } = find(&spill, &clashes, Some(&keeps)).unwrap();
            let of = |(new, gone): &(u32, u32)| {
                let mut two = [*new, *gone];
                two.sort_unstable();
                two.map(|number| all[number as usize].clone()).to_vec()
            };
            let pairs = moves.pairs.iter().map(of);
            let mut steps: Vec<Step> = pairs
                .flat_map(|two| pair(two, &[], &[], &keeps).moves)
                .collect();
            steps.sort_by(|a, b| a.key().cmp(b.key()));
            let suspected = suspects(&all, &clashes);
            let mut read: Vec<_> = unproven.iter().flat_map(|two| suspects(&of(two), &[])).collect();
            read.sort_by(|a, b| a.to.cmp(&b.to));
            let mut expected = suspected;
            expected.sort_by(|a, b| a.to.cmp(&b.to));
            prop_assert_eq!(read, expected);
            prop_assert_eq!(steps, pair(all, &clashes, &[], &keeps).moves);
        }
    }
}
