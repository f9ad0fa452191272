//! Looks at contents where stamps do not tell, until the law has spoken on every item.

mod compare;

use super::{Halt, Task};
use crate::draft::{Decided, Outcome};
use crate::key::Key;
use crate::plan::Item;
use crate::reconcile::{
    Action, Answer, Answers, Ground, Question, Seen, Settlement, Verdict, decide, settlement,
};
use crate::remote::Head;
use crate::state::{ConflictPolicy, Content, DirMap, Direction, Holding, Record};
use crate::transfer::{Failure, Hands, blocking};
use compare::Compare;
pub(super) use compare::Reach;
use futures_util::poll;
use std::sync::Arc;
use std::task::Poll;
use tokio::task::JoinSet;

/// Looks under way at a time.
const LOOKS: usize = 8;
/// Files of one look, at most.
const TOGETHER: usize = 64;
/// Bytes of the files of one look, from which on it takes no further file.
const TOGETHER_BYTES: u64 = 1024 * 1024;
/// How often an object may change under a look before it is left to a later round.
const PATIENCE: u32 = 3;

/// Items with a decision, sorted, and those that could not be looked at.
pub(super) struct Looked {
    pub(super) decided: Vec<Decided>,
    pub(super) failed: Vec<(Key, Failure)>,
}

/// A key on which the law asks a question.
struct Case {
    compare: Compare,
    question: Option<Question>,
    ground: Ground,
}

/// Cases whose files are read together.
#[derive(Default)]
struct Cases {
    cases: Vec<Case>,
    bytes: u64,
}

impl Cases {
    fn add(&mut self, case: Case) {
        self.bytes += case.compare.local_bytes();
        self.cases.push(case);
    }

    fn is_full(&self) -> bool {
        self.cases.len() >= TOGETHER || self.bytes >= TOGETHER_BYTES
    }
}

/// What a task under way comes to.
enum Word {
    /// The files of these are read, as far as that was to be done together.
    Read(Vec<Case>),
    Ended(Ended),
}

type Ended = Result<Decided, (Key, Failure)>;

pub(super) async fn look(
    task: &Task,
    hands: &Arc<Hands>,
    ground: Ground,
    items: Vec<Item>,
) -> Result<Looked, Halt> {
    let mut looks = Looks {
        settling: Settling::of(&task.map),
        looking: JoinSet::new(),
        looked: Looked {
            decided: Vec::with_capacity(items.len()),
            failed: Vec::new(),
        },
    };
    let reach = Reach::of(&task.terms);
    let mut cases = Cases::default();
    for item in items {
        if task.terms.stop.is_wished() {
            break;
        }
        let question = match decide(seen(&item), Answers::default()) {
            Verdict::Do(action) => {
                looks.looked.decided.push(Decided {
                    item,
                    outcome: Outcome::Law(action, Holding::plain(Content::Unknown)),
                });
                continue;
            }
            Verdict::Look(question) => Some(question),
            Verdict::Conflict => None,
        };
        let ground = match (&item.base, task.map.root) {
            // The rest of a first run that did not come to its end.
            (None, None) => Ground::Baseless,
            _ => ground,
        };
        cases.add(Case {
            compare: Compare::new(hands, item, reach),
            question,
            ground,
        });
        if cases.is_full() {
            looks.begin(std::mem::take(&mut cases)).await?;
        }
    }
    looks.begin(cases).await?;
    looks.finish().await
}

/// Looks under way, and what has come of those that are done.
struct Looks {
    settling: Settling,
    looking: JoinSet<Word>,
    looked: Looked,
}

impl Looks {
    /// Has the files of these read, once there is room for one more look.
    async fn begin(&mut self, cases: Cases) -> Result<(), Halt> {
        while self.looking.len() >= LOOKS {
            self.take().await?;
        }
        self.looking.spawn_blocking(move || {
            let mut cases = cases.cases;
            for case in &mut cases {
                if let Some(question) = case.question {
                    case.compare.read_ahead(question);
                }
            }
            Word::Read(cases)
        });
        Ok(())
    }

    async fn finish(mut self) -> Result<Looked, Halt> {
        while !self.looking.is_empty() {
            self.take().await?;
        }
        let Looked { decided, .. } = &mut self.looked;
        decided.sort_by(|a, b| a.item.key.cmp(&b.item.key));
        Ok(self.looked)
    }

    /// Waits for one task; what it has read is decided at once where nothing more is needed.
    async fn take(&mut self) -> Result<(), Halt> {
        let cases = match self.looking.join_next().await {
            Some(Ok(Word::Read(cases))) => cases,
            Some(Ok(Word::Ended(ended))) => {
                self.looked.note(ended);
                return Ok(());
            }
            Some(Err(error)) => return Err(Halt::Internal(error.to_string())),
            None => return Ok(()),
        };
        for case in cases {
            let mut resolving = Box::pin(resolve(self.settling, case));
            match poll!(&mut resolving) {
                Poll::Ready(ended) => self.looked.note(ended),
                Poll::Pending => {
                    self.looking.spawn(async { Word::Ended(resolving.await) });
                }
            }
        }
        Ok(())
    }
}

impl Looked {
    fn note(&mut self, ended: Ended) {
        match ended {
            Ok(decided) => self.decided.push(decided),
            Err(failed) => self.failed.push(failed),
        }
    }
}

fn seen(item: &Item) -> Seen<'_> {
    Seen {
        base: item.base.as_deref(),
        local: item.local.as_ref(),
        remote: item.remote.as_ref(),
    }
}

async fn resolve(settling: Settling, case: Case) -> Ended {
    let key = case.compare.item.key.clone();
    resolved(settling, case)
        .await
        .map_err(|failure| (key, failure))
}

async fn resolved(settling: Settling, case: Case) -> Result<Decided, Failure> {
    let mut answers = Answers::default();
    let mut patience = PATIENCE;
    let Case {
        mut compare,
        ground,
        ..
    } = case;
    loop {
        match decide(seen(&compare.item), answers) {
            Verdict::Do(action) => {
                let holding = match (answers.local_against_remote, answers.local_against_base) {
                    (Some(Answer::Equal(holding)), _) | (_, Some(Answer::Equal(holding))) => {
                        holding
                    }
                    _ => Holding::plain(Content::Unknown),
                };
                let mut item = compare.item;
                if action == Action::Adopt {
                    item.local = item.local.map(|stamp| stamp.settled(compare.read_at_ns));
                }
                return Ok(Decided {
                    item,
                    outcome: Outcome::Law(action, holding),
                });
            }
            Verdict::Look(question) => {
                let answer = compare.answer(question).await?;
                match question {
                    Question::LocalAgainstBase => answers.local_against_base = Some(answer),
                    Question::LocalAgainstRemote => answers.local_against_remote = Some(answer),
                }
            }
            Verdict::Conflict => {
                let Some(head) = compare.head().await? else {
                    patience = patience.checked_sub(1).ok_or(Failure::Stale)?;
                    answers.local_against_remote = None;
                    continue;
                };
                let answer = compare.against(&head).await?;
                if let Answer::Equal(_) = answer {
                    answers.local_against_remote = Some(answer);
                    continue;
                }
                let settled = settling.settled(&compare, ground, &head)?;
                return Ok(Decided {
                    item: compare.item,
                    outcome: Outcome::Conflict(settled),
                });
            }
        }
    }
}

/// What settles a map's conflicts.
#[derive(Debug, Clone, Copy)]
struct Settling {
    policy: ConflictPolicy,
    direction: Direction,
}

impl Settling {
    /// A map that goes one way has settled them by that.
    fn of(map: &DirMap) -> Self {
        Self {
            policy: match map.direction {
                Direction::Both => map.conflict,
                Direction::Push | Direction::PushMirror => ConflictPolicy::Local,
                Direction::Pull | Direction::PullMirror => ConflictPolicy::Remote,
            },
            direction: map.direction,
        }
    }

    /// How a conflict ends. What cannot be opened is no reason to set it aside, so only somebody who
    /// said that the local side wins has it displaced; what lies in the clear in an encrypted map is
    /// displaced only where nothing is taken from the bucket, so that it cannot stop a backup.
    fn settled(
        self,
        compare: &Compare,
        ground: Ground,
        head: &Head,
    ) -> Result<Settlement, Failure> {
        let Compare { hands, item, .. } = compare;
        let pushes = matches!(self.direction, Direction::Push | Direction::PushMirror);
        match hands.admit(head) {
            Err(Failure::Sealed(_)) if self.policy == ConflictPolicy::Local => {}
            Err(Failure::Unencrypted(_)) if pushes => {}
            Err(failure) => return Err(failure),
            Ok(_) => {}
        }
        let local_ns = item.local.map_or(0, |stamp| stamp.mtime_ns);
        let modified_ms = item.remote.as_ref().map_or(0, |listed| listed.modified_ms);
        let modified_ms = modified_ms.max(head.stamp.modified_ms);
        let remote_ns = head.told.mtime_ns.unwrap_or_else(|| latest_ns(modified_ms));
        Ok(settlement(self.policy, ground, local_ns, remote_ns))
    }
}

/// The last instant that a time cut to milliseconds, or to seconds as servers mostly have it, may
/// stand for: within it the bucket wins, as it wins a tie.
fn latest_ns(modified_ms: i64) -> i64 {
    let cut_ms = if modified_ms % 1000 == 0 { 1000 } else { 1 };
    modified_ms
        .saturating_add(cut_ms)
        .saturating_mul(1_000_000)
        .saturating_sub(1)
}

/// Looks at both sides of one key.
pub(super) async fn observe(
    hands: &Arc<Hands>,
    base: Option<Box<Record>>,
    key: Key,
) -> Result<Item, Failure> {
    let (own, name) = (Arc::clone(hands), key.clone());
    let local = blocking(move || Ok(own.root.stat_spelled(&name)?)).await?;
    let head = hands.remote.head(&key).await?;
    let readability = head.as_ref().map(|head| head.readability);
    Ok(Item {
        key,
        base,
        local,
        readability: hands.readability(readability.unwrap_or_default()),
        // Asked for by moves only, of which a second look makes none.
        class: None,
        remote: head.map(|head| head.stamp),
    })
}
