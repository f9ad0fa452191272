//! What a run sees of the model, and what the law makes of it.

use super::story::Story;
use super::world::{World, etag, holds};
use s3_bsync::draft::{Asides, Decided, Draft, Outcome, Tops, draft};
use s3_bsync::key::Key;
use s3_bsync::moves::{Pairing, Proven, Suspect, pair, suspects};
use s3_bsync::plan::{Clash, Item, Quiet};
use s3_bsync::reconcile::{
    Answer, Answers, Ground, Question, Seen, Settlement, Verdict, decide, settlement,
};
use s3_bsync::state::{ConflictPolicy, Content, Direction, Holding};
use std::collections::BTreeSet;

/// What a run sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    pub items: Vec<Item>,
    pub clashes: Vec<Clash>,
    pub records: u64,
    /// Whether it is of all keys: only then moves are looked for.
    pub is_whole: bool,
}

impl World {
    /// What a run sees: all keys, or only `some` of them.
    pub fn view(&self, some: Option<&BTreeSet<Key>>) -> View {
        let mut keys: BTreeSet<&Key> = self.base.keys().collect();
        keys.extend(self.local.keys().chain(self.remote.keys()));
        keys.retain(|key| !self.is_fogged(key) && some.is_none_or(|some| some.contains(*key)));
        let mut tops = Tops::default();
        let mut view = View {
            items: Vec::new(),
            clashes: Vec::new(),
            records: 0,
            is_whole: some.is_none(),
        };
        for key in keys {
            let base = self.base.get(key);
            let local = self.local.get(key).map(|file| file.stamp);
            let object = self.remote.get(key);
            let remote = object.map(|object| object.stamp.clone());
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
                    readability: object.map(|object| object.readability).unwrap_or_default(),
                    class: None,
                });
            }
        }
        view.clashes = tops.finish();
        view
    }

    /// Asks the law about an item, and looks where it wants to know.
    pub fn decide(&self, item: Item, policy: ConflictPolicy, is_first: bool) -> Decided {
        let file = self.local.get(&item.key);
        let object = self.remote.get(&item.key);
        let mut answers = Answers::default();
        loop {
            let seen = Seen {
                base: item.base.as_deref(),
                local: item.local.as_ref(),
                remote: item.remote.as_ref(),
            };
            let outcome = match decide(seen, answers) {
                Verdict::Do(action) => Outcome::Law(action, learned(answers)),
                Verdict::Look(Question::LocalAgainstBase) => {
                    assert!(answers.local_against_base.is_none(), "asked twice");
                    let (file, base) = (file.unwrap(), item.base.as_ref().unwrap());
                    answers.local_against_base = Some(if holds(base, file.bytes) {
                        Answer::Equal(Holding::plain(Content::Unknown))
                    } else {
                        Answer::Different
                    });
                    continue;
                }
                Verdict::Look(Question::LocalAgainstRemote) => {
                    assert!(answers.local_against_remote.is_none(), "asked twice");
                    let (file, object) = (file.unwrap(), object.unwrap());
                    let is_equal = object.stamp.etag == etag(file.bytes);
                    answers.local_against_remote = Some(if is_equal {
                        Answer::Equal(Holding::plain(Content::ETag))
                    } else {
                        Answer::Different
                    });
                    continue;
                }
                Verdict::Conflict => {
                    let (file, object) = (file.unwrap(), object.unwrap());
                    let ground = match (&item.base, is_first) {
                        (None, true) => Ground::Baseless,
                        _ => self.ground(),
                    };
                    let (local_ns, remote_ns) = (file.stamp.mtime_ns, object.mtime_ns);
                    let settled = settlement(policy, ground, local_ns, remote_ns);
                    let is_newer = ground == Ground::Based && local_ns > remote_ns;
                    assert!(
                        policy != ConflictPolicy::Newer
                            || is_newer == (settled == Settlement::LocalWins),
                        "the bucket wins a tie, and a base must be there"
                    );
                    Outcome::Conflict(settled)
                }
            };
            return Decided { item, outcome };
        }
    }

    pub fn draft(&self, view: &View, story: &Story, asides: &mut Asides) -> Draft {
        let items = view.items.iter().cloned();
        let decided = items.map(|item| self.decide(item, story.policy, story.is_first));
        let decided: Vec<Decided> = decided.collect();
        let paired = if view.is_whole {
            let suspects = suspects(&decided, &view.clashes).into_iter();
            let proven: Vec<Proven> = suspects.filter_map(|one| self.prove(one)).collect();
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

    fn prove(&self, suspect: Suspect) -> Option<Proven> {
        let bytes = self.local.get(&suspect.from)?.bytes;
        (suspect.etag == etag(bytes)).then_some(Proven {
            from: suspect.from,
            content: Content::ETag,
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
