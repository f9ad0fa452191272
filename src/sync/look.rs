//! Looks at contents where stamps do not tell, until the law has spoken on every item.

use super::{Halt, Task};
use crate::digest::Sums;
use crate::draft::{Decided, Outcome};
use crate::key::Key;
use crate::plan::Item;
use crate::reconcile::{Answer, Answers, Ground, Question, Seen, Verdict, decide, settlement};
use crate::stamp::{ETag, LocalStamp};
use crate::state::{ConflictPolicy, Content, Encoding, Record};
use crate::transfer::{Failure, Hands, blocking, now_ns};
use std::sync::Arc;
use tokio::task::JoinSet;

/// Files looked at at a time.
const LOOKS: usize = 8;
/// How often an object may change under a look before it is left to a later round.
const PATIENCE: u32 = 3;

/// Items with a decision, sorted, and those that could not be looked at.
pub(super) struct Looked {
    pub(super) decided: Vec<Decided>,
    pub(super) failed: Vec<(Key, Failure)>,
}

pub(super) async fn look(
    task: &Task,
    hands: &Arc<Hands>,
    ground: Ground,
    items: Vec<Item>,
) -> Result<Looked, Halt> {
    let mut looked = Looked {
        decided: Vec::with_capacity(items.len()),
        failed: Vec::new(),
    };
    let mut looking: JoinSet<Ended> = JoinSet::new();
    let policy = task.map.conflict;
    for item in items {
        if task.terms.stop.is_wished() {
            break;
        }
        if let Verdict::Do(action) = decide(seen(&item), Answers::default()) {
            looked.decided.push(Decided {
                item,
                outcome: Outcome::Law(action, Content::Unknown),
            });
            continue;
        }
        while looking.len() >= LOOKS {
            looked.take(looking.join_next().await)?;
        }
        let ground = match (&item.base, task.map.root) {
            // The rest of a first run that did not come to its end.
            (None, None) => Ground::Baseless,
            _ => ground,
        };
        let hands = Arc::clone(hands);
        looking.spawn(async move {
            let key = item.key.clone();
            resolve(&hands, ground, policy, item)
                .await
                .map_err(|failure| (key, failure))
        });
    }
    while !looking.is_empty() {
        looked.take(looking.join_next().await)?;
    }
    looked.decided.sort_by(|a, b| a.item.key.cmp(&b.item.key));
    Ok(looked)
}

type Ended = Result<Decided, (Key, Failure)>;

impl Looked {
    fn take(&mut self, ended: Option<Result<Ended, tokio::task::JoinError>>) -> Result<(), Halt> {
        match ended {
            Some(Ok(Ok(decided))) => self.decided.push(decided),
            Some(Ok(Err(failed))) => self.failed.push(failed),
            Some(Err(error)) => return Err(Halt::Internal(error.to_string())),
            None => {}
        }
        Ok(())
    }
}

fn seen(item: &Item) -> Seen<'_> {
    Seen {
        base: item.base.as_deref(),
        local: item.local.as_ref(),
        remote: item.remote.as_ref(),
    }
}

async fn resolve(
    hands: &Arc<Hands>,
    ground: Ground,
    policy: ConflictPolicy,
    mut item: Item,
) -> Result<Decided, Failure> {
    let mut answers = Answers::default();
    let mut sums: Option<Arc<Sums>> = None;
    let mut read_at_ns = now_ns();
    let mut patience = PATIENCE;
    loop {
        match decide(seen(&item), answers) {
            Verdict::Do(action) => {
                let content = match (answers.local_against_remote, answers.local_against_base) {
                    (Some(Answer::Equal(content)), _) | (_, Some(Answer::Equal(content))) => {
                        content
                    }
                    _ => Content::Unknown,
                };
                if action == crate::reconcile::Action::Adopt {
                    item.local = item.local.map(|stamp| stamp.settled(read_at_ns));
                }
                return Ok(Decided {
                    item,
                    outcome: Outcome::Law(action, content),
                });
            }
            Verdict::Look(question) => {
                let (Some(local), started_ns) = (item.local, now_ns()) else {
                    return Err(Failure::Stale);
                };
                if sums.is_none() {
                    read_at_ns = started_ns;
                }
                let answer = answer(hands, &item, local, question, &mut sums).await?;
                match question {
                    Question::LocalAgainstBase => answers.local_against_base = Some(answer),
                    Question::LocalAgainstRemote => answers.local_against_remote = Some(answer),
                }
            }
            Verdict::Conflict => {
                let head = hands.remote.head(&item.key).await?;
                let is_same = match (&head, &item.remote) {
                    (Some(head), Some(listed)) => head.stamp.is_same_object(listed),
                    _ => false,
                };
                let (Some(head), true) = (head.as_ref(), is_same) else {
                    patience = patience.checked_sub(1).ok_or(Failure::Stale)?;
                    item.remote = head.map(|head| head.stamp);
                    answers.local_against_remote = None;
                    sums = None;
                    continue;
                };
                if let Some(encoding @ (Encoding::Gzip | Encoding::Age | Encoding::GzipAge)) =
                    head.told.encoding
                {
                    return Err(Failure::Encoded(encoding));
                }
                if let Some(sums) = &sums
                    && sums.size_bytes == head.stamp.size_bytes
                    && head.crc64 == Some(sums.crc64)
                {
                    answers.local_against_remote =
                        Some(Answer::Equal(Content::Blake3(sums.blake3)));
                    continue;
                }
                let local_ns = item.local.map_or(0, |stamp| stamp.mtime_ns);
                let modified_ms = item.remote.as_ref().map_or(0, |listed| listed.modified_ms);
                let modified_ms = modified_ms.max(head.stamp.modified_ms);
                let remote_ns = head.told.mtime_ns.unwrap_or_else(|| latest_ns(modified_ms));
                let settled = settlement(policy, ground, local_ns, remote_ns);
                return Ok(Decided {
                    item,
                    outcome: Outcome::Conflict(settled),
                });
            }
        }
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

/// Compares the file with what the question names; reads it at most once for each ETag.
async fn answer(
    hands: &Arc<Hands>,
    item: &Item,
    local: LocalStamp,
    question: Question,
    sums: &mut Option<Arc<Sums>>,
) -> Result<Answer, Failure> {
    match question {
        Question::LocalAgainstBase => {
            let Some(record) = item.base.as_deref() else {
                return Ok(Answer::Different);
            };
            if record
                .local
                .is_none_or(|stamp| stamp.size_bytes != local.size_bytes)
            {
                return Ok(Answer::Different);
            }
            let found = read(hands, &item.key, local, &record.remote.etag).await?;
            let is_equal = match record.content {
                Content::ETag => found.matches_etag,
                Content::Blake3(recorded) => found.blake3 == recorded,
                Content::Unknown => false,
            };
            *sums = Some(found);
            Ok(if is_equal {
                Answer::Equal(Content::Unknown)
            } else {
                Answer::Different
            })
        }
        Question::LocalAgainstRemote => {
            let Some(remote) = &item.remote else {
                return Ok(Answer::Different);
            };
            if remote.size_bytes != local.size_bytes {
                return Ok(Answer::Different);
            }
            let found = read(hands, &item.key, local, &remote.etag).await?;
            let content = match remote.etag {
                ETag::Md5(_) => Content::ETag,
                ETag::Other(_) => Content::Blake3(found.blake3),
            };
            let is_equal = found.matches_etag;
            *sums = Some(found);
            Ok(if is_equal {
                Answer::Equal(content)
            } else {
                Answer::Different
            })
        }
    }
}

async fn read(
    hands: &Arc<Hands>,
    key: &Key,
    local: LocalStamp,
    etag: &ETag,
) -> Result<Arc<Sums>, Failure> {
    let (hands, key, etag) = (Arc::clone(hands), key.clone(), etag.clone());
    blocking(move || hands.sums(&key, local, &etag).map(Arc::new)).await
}

/// Looks at both sides of one key.
pub(super) async fn observe(
    hands: &Arc<Hands>,
    base: Option<Box<Record>>,
    key: Key,
) -> Result<Item, Failure> {
    let (own, name) = (Arc::clone(hands), key.clone());
    let local = blocking(move || Ok(own.root.stat(&name)?)).await?;
    let head = hands.remote.head(&key).await?;
    let (remote, readability) = head.map(|head| (head.stamp, head.readability)).unzip();
    Ok(Item {
        key,
        base,
        local,
        remote,
        readability: readability.unwrap_or_default(),
    })
}
