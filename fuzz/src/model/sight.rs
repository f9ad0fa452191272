//! What a run sees of the model, and what the law makes of it.

use super::hands::Failure;
use super::run::{Renames, Work};
use super::turn::{Due, Luck};
use super::world::{Machine, blake3, etag, holds};
use s3_bsync::draft::{Asides, Decided, Draft, Outcome, Tops, draft};
use s3_bsync::key::Key;
use s3_bsync::moves::{Pairing, Proven, Suspect, pair, suspects};
use s3_bsync::plan::{Clash, Item, Quiet, Readability};
use s3_bsync::reconcile::{
    Answer, Answers, Ground, Question, Seen, Settlement, Verdict, decide, settlement,
};
use s3_bsync::stamp::{LocalStamp, RemoteStamp};
use s3_bsync::state::{ConflictPolicy, Content, Direction, Holding};
use std::collections::{BTreeMap, BTreeSet};

/// What was scanned and listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sides {
    pub local: BTreeMap<Key, LocalStamp>,
    pub remote: BTreeMap<Key, (RemoteStamp, Readability)>,
}

/// What a run sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    pub items: Vec<Item>,
    pub clashes: Vec<Clash>,
    pub records: u64,
    /// Whether it is of all keys: only then moves are looked for.
    pub is_whole: bool,
}

/// How often an object may change under a look before it is left to a later round.
const PATIENCE: u32 = 3;

impl View {
    /// What three streams tell of all keys that are not hidden.
    pub fn of(machine: &Machine, sides: &Sides) -> Self {
        let mut keys: BTreeSet<&Key> = machine.base.keys().collect();
        keys.extend(sides.local.keys().chain(sides.remote.keys()));
        keys.retain(|key| !machine.is_fogged(key));
        let mut tops = Tops::default();
        let mut view = Self {
            items: Vec::new(),
            clashes: Vec::new(),
            records: 0,
            is_whole: true,
        };
        for key in keys {
            let base = machine.base.get(key);
            let local = sides.local.get(key).copied();
            let (remote, readability) = sides.remote.get(key).cloned().unzip();
            let quiet = match (base, &local, &remote) {
                (Some(base), Some(local), Some(remote))
                    if base.local == Some(*local) && base.remote.is_same_object(remote) =>
                {
                    Quiet::Yes
                }
                _ => Quiet::No,
            };
            view.records += u64::from(base.is_some());
            if local.is_some() || remote.is_some() {
                tops.pass(key.clone(), quiet);
            }
            if quiet == Quiet::No {
                view.items.push(Item {
                    key: key.clone(),
                    base: base.cloned().map(Box::new),
                    local,
                    remote,
                    readability: readability.unwrap_or_default(),
                    class: None,
                });
            }
        }
        view.clashes = tops.finish();
        view
    }

    /// What a second look at some keys tells.
    pub fn again(items: Vec<Item>) -> Self {
        Self {
            items,
            clashes: Vec::new(),
            records: 0,
            is_whole: false,
        }
    }
}

impl Work<'_> {
    /// Scans and lists, each in two parts that are a while apart. `None` where the listing fails.
    pub(super) async fn read_sides(&self) -> Option<Sides> {
        let mut sides = Sides::default();
        let cut = self.terms.cut.as_ref();
        for is_first in [true, false] {
            if cut.is_none() && !is_first {
                break;
            }
            if self.pace.turn(Due::Request).await == Luck::Fails {
                return None;
            }
            let is_in_part = |key: &&Key| cut.is_none_or(|cut| (*key < cut) == is_first);
            self.list(&mut sides, is_in_part);
            self.pace.turn(Due::Local).await;
            self.scan(&mut sides, is_in_part);
        }
        Some(sides)
    }

    fn list(&self, sides: &mut Sides, is_in_part: impl Fn(&&Key) -> bool) {
        let mut world = self.world.borrow_mut();
        world.tell(|| format!("{}: LIST", self.who + 1));
        let listed = world.remote.iter().filter(|(key, _)| is_in_part(key));
        let told = listed.map(|(key, one)| (key.clone(), (one.stamp.clone(), one.readability)));
        sides.remote.extend(told);
    }

    fn scan(&self, sides: &mut Sides, is_in_part: impl Fn(&&Key) -> bool) {
        let mut world = self.world.borrow_mut();
        world.tell(|| format!("{}: scans", self.who + 1));
        let files = world.machines[self.who].local.iter();
        let found = files.filter(|(key, _)| is_in_part(key));
        sides
            .local
            .extend(found.map(|(key, file)| (key.clone(), file.stamp)));
    }

    /// Looks at a key directly.
    pub(super) async fn observe(&self, mut item: Item) -> Result<Item, Failure> {
        item.local = self.stat(&item.key).await?;
        let found = self.head(&item.key).await?;
        item.readability = found
            .as_ref()
            .map_or_else(Default::default, |it| it.readability);
        item.remote = found.map(|object| object.stamp);
        Ok(item)
    }

    /// Asks the law about an item, and looks where it wants to know.
    async fn decide(&self, mut item: Item) -> Result<Decided, Failure> {
        let mut answers = Answers::default();
        let mut patience = PATIENCE;
        loop {
            let seen = Seen {
                base: item.base.as_deref(),
                local: item.local.as_ref(),
                remote: item.remote.as_ref(),
            };
            let outcome = match decide(seen, answers) {
                Verdict::Do(action) => Outcome::Law(action, learned(answers)),
                Verdict::Look(question) => {
                    let local = item.local.ok_or(Failure::Stale)?;
                    let file = self.read(&item.key, &local).await?;
                    let holding = match question {
                        Question::LocalAgainstBase => {
                            let base = item.base.as_deref();
                            let is_equal = base.is_some_and(|base| holds(base, file.bytes));
                            is_equal.then_some(Content::Unknown)
                        }
                        Question::LocalAgainstRemote => {
                            let listed = item.remote.as_ref();
                            let is_equal = listed.is_some_and(|it| it.etag == etag(file.bytes));
                            is_equal.then_some(Content::ByMd5(blake3(file.bytes)))
                        }
                    };
                    let answer = holding.map_or(Answer::Different, |content| {
                        Answer::Equal(Holding::plain(content))
                    });
                    let place = match question {
                        Question::LocalAgainstBase => &mut answers.local_against_base,
                        Question::LocalAgainstRemote => &mut answers.local_against_remote,
                    };
                    assert!(place.replace(answer).is_none(), "asked twice");
                    continue;
                }
                Verdict::Conflict => {
                    let head = self.head(&item.key).await?;
                    let is_same = head.as_ref().zip(item.remote.as_ref());
                    let is_same = is_same.is_some_and(|(it, seen)| it.stamp.is_same_object(seen));
                    let (Some(head), true) = (&head, is_same) else {
                        patience = patience.checked_sub(1).ok_or(Failure::Stale)?;
                        item.remote = head.map(|head| head.stamp);
                        answers.local_against_remote = None;
                        continue;
                    };
                    let local_ns = item.local.map_or(0, |stamp| stamp.mtime_ns);
                    Outcome::Conflict(self.settle(&item, local_ns, head.mtime_ns))
                }
            };
            return Ok(Decided { item, outcome });
        }
    }

    fn settle(&self, item: &Item, local_ns: i64, remote_ns: i64) -> Settlement {
        let policy = self.terms.policy;
        let ground = match (&item.base, self.terms.is_first) {
            (None, true) => Ground::Baseless,
            _ => self.ground,
        };
        let settled = settlement(policy, ground, local_ns, remote_ns);
        let is_newer = ground == Ground::Based && local_ns > remote_ns;
        assert!(
            policy != ConflictPolicy::Newer || is_newer == (settled == Settlement::LocalWins),
            "the bucket wins a tie, and a base must be there"
        );
        assert!(
            policy != ConflictPolicy::Newer
                || ground == Ground::Based
                || settled == Settlement::KeepBoth,
            "clocks rewrite nothing where there was no base"
        );
        settled
    }

    /// Drafts a plan for what is seen, after all that must be looked at is; what cannot be is left
    /// to the next run. What a look told of an object stays in the view.
    pub(super) async fn draft(&self, view: &mut View, asides: &mut Asides) -> Draft {
        let mut decided = Vec::new();
        for item in std::mem::take(&mut view.items) {
            decided.extend(self.decide(item).await);
        }
        view.items = decided.iter().map(|one| one.item.clone()).collect();
        let paired = if view.is_whole && self.terms.renames == Renames::Paired {
            let mut proven = Vec::new();
            for suspect in suspects(&decided, &view.clashes) {
                proven.extend(self.prove(suspect).await);
            }
            pair(decided, &view.clashes, &proven, &|_| true)
        } else {
            Pairing {
                moves: Vec::new(),
                rest: decided,
            }
        };
        let mut draft = draft(paired.rest, &view.clashes, Direction::Both, asides);
        draft.plan.transfers.splice(..0, paired.moves);
        draft
    }

    async fn prove(&self, suspect: Suspect) -> Option<Proven> {
        let file = self.read(&suspect.from, &suspect.local).await.ok()?;
        (suspect.etag == etag(file.bytes)).then_some(Proven {
            from: suspect.from,
            content: Content::ByMd5(blake3(file.bytes)),
        })
    }
}

/// What is known of the content after the looks.
fn learned(answers: Answers) -> Holding {
    match answers.local_against_remote {
        Some(Answer::Equal(holding)) => holding,
        _ => Holding::plain(Content::Unknown),
    }
}
