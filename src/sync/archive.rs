//! Finds the archived objects of a map, and asks for them.

use super::hands::hands;
use super::look::look;
use super::sides::read_each;
use super::{Halt, Standing, Task};
use crate::draft::Outcome;
use crate::key::Key;
use crate::local::Root;
use crate::plan::{Item, Readability};
use crate::reconcile::{Action, Ground};
use crate::remote::{self, Head, Remote, TIERED, Thawing, Tier};
use crate::state::{DirMap, Direction};
use crate::stop::Stop;
use crate::store::Store;
use crate::transfer::{Failure, Hands};
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Items on their way from the join.
const AHEAD: usize = 512;
/// Requests at a time, where nobody says how many.
const REQUESTS: usize = 16;
/// Objects of one map that are looked at one by one.
const MOST_LOOKS: usize = 1000;

/// Which archived objects are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Those that a sync or a pull would fetch if it could, and those in conflict.
    ForSync,
    /// All that cannot be read.
    All,
    /// Also those that were restored and can be read for a time.
    Thawed,
}

/// An object in an archive class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cold {
    /// Which.
    pub key: Key,
    /// Length of the stored bytes.
    pub size_bytes: u64,
    /// Its storage class as the server names it.
    pub class: Box<str>,
    /// The archive tier of Intelligent-Tiering that it is in.
    pub tier: Option<Box<str>>,
    /// Whether it is archived, being restored, or restored.
    pub readability: Readability,
    /// Until when a restored copy stays, milliseconds since the epoch, where that is known.
    pub until_ms: Option<i64>,
}

/// The archived objects of a map.
#[derive(Debug, Default)]
pub struct Frozen {
    /// They, sorted by key.
    pub objects: Vec<Cold>,
    /// Objects that only a look at each could tell of, and that were too many for that.
    pub unseen: u64,
    /// Objects that could not be looked at, and why.
    pub failed: Vec<(Key, Failure)>,
}

/// Finds the archived objects of a map among the keys that are `wanted`.
///
/// Costs a listing, and one request for each object of Intelligent-Tiering, whose archive tiers no
/// listing tells, and for each restored one whose time to stay is asked for; at most 1,000 of these.
/// Objects both changed here and there may cost one more. Changes nothing.
///
/// # Errors
/// [`Halt`] where a side cannot be read.
pub async fn archived(
    task: &Task,
    root: Root,
    standing: Standing,
    store: &Arc<Mutex<Store>>,
    wish: Wish,
    wanted: impl Fn(&Key) -> bool,
) -> Result<Frozen, Halt> {
    // A backup fetches nothing by itself, and a person restores it all the same.
    let task = &Task {
        index: task.index,
        bucket: task.bucket.clone(),
        map: DirMap {
            direction: Direction::Both,
            ..task.map.clone()
        },
        stored_direction: task.stored_direction,
        terms: task.terms.clone(),
    };
    let hands = hands(task, root, Some(store), None).await?;
    let ground = standing.ground();
    let (sender, mut each) = mpsc::channel(AHEAD);
    let reading = read_each(task, &hands, ground, Some(store), sender);
    let choosing = async {
        let mut items = Vec::new();
        while let Some(item) = each.recv().await {
            if may_be_cold(&item, wish) && wanted(&item.key) {
                items.push(item);
            }
        }
        items
    };
    let (read, items) = futures_util::future::join(reading, choosing).await;
    read?;
    let mut frozen = Frozen::default();
    let items = match wish {
        Wish::ForSync => needed(task, &hands, ground, items, &mut frozen).await?,
        Wish::All | Wish::Thawed => items,
    };
    let (mut listed, mut unsure) = (Vec::new(), Vec::new());
    for item in items {
        match item.readability {
            Readability::Readable => unsure.push(item),
            _ => listed.extend(cold(item, None)),
        }
    }
    frozen.unseen = unsure.len().saturating_sub(MOST_LOOKS) as u64;
    unsure.truncate(MOST_LOOKS);
    for (item, head) in heads(&hands, unsure).await? {
        match head {
            Ok(Some(head)) if head.readability != Readability::Readable => {
                listed.extend(cold(item, Some(head)));
            }
            Ok(Some(head)) if wish == Wish::Thawed && head.restored_until_ms.is_some() => {
                listed.extend(cold(item, Some(head)));
            }
            Ok(_) => {}
            Err(error) if error.is_fatal() => return Err(Halt::Remote(error)),
            Err(error) => frozen.failed.push((item.key, Failure::Remote(error))),
        }
    }
    listed.sort_by(|a, b| a.key.cmp(&b.key));
    frozen.objects = listed;
    Ok(frozen)
}

/// Whether an item may be one that is meant, as far as a listing tells.
fn may_be_cold(item: &Item, wish: Wish) -> bool {
    match (item.readability, item.class.as_deref()) {
        (Readability::Archived | Readability::Restoring, _) | (_, Some(TIERED)) => true,
        (_, Some("GLACIER" | "DEEP_ARCHIVE")) => wish == Wish::Thawed,
        _ => false,
    }
}

/// Those that a sync would fetch, and those on which it would find a conflict.
async fn needed(
    task: &Task,
    hands: &Arc<Hands>,
    ground: Ground,
    items: Vec<Item>,
    frozen: &mut Frozen,
) -> Result<Vec<Item>, Halt> {
    let looked = look(task, hands, ground, items).await?;
    frozen.failed.extend(looked.failed);
    let wanting = looked.decided.into_iter().filter(|one| {
        matches!(
            one.outcome,
            Outcome::Law(Action::Download | Action::Meet, _) | Outcome::Conflict(_)
        )
    });
    Ok(wanting.map(|one| one.item).collect())
}

fn cold(item: Item, head: Option<Head>) -> Option<Cold> {
    let size_bytes = item.remote?.size_bytes;
    let (readability, tier, until_ms) = match head {
        None => (item.readability, None, None),
        Some(head) => (head.readability, head.archive_tier, head.restored_until_ms),
    };
    Some(Cold {
        key: item.key,
        size_bytes,
        class: item.class.unwrap_or_default(),
        tier,
        readability,
        until_ms,
    })
}

type Looked = (Item, Result<Option<Head>, remote::Error>);

async fn heads(hands: &Arc<Hands>, items: Vec<Item>) -> Result<Vec<Looked>, Halt> {
    let mut looking = JoinSet::new();
    let mut looked = Vec::with_capacity(items.len());
    let ended = |one: Result<Looked, tokio::task::JoinError>| {
        one.map_err(|error| Halt::Internal(error.to_string()))
    };
    for item in items {
        if hands.stop.is_wished() {
            break;
        }
        if looking.len() >= REQUESTS
            && let Some(one) = looking.join_next().await
        {
            looked.push(ended(one)?);
        }
        let remote = hands.remote.clone();
        looking.spawn(async move {
            let head = remote.head(&item.key).await;
            (item, head)
        });
    }
    while let Some(one) = looking.join_next().await {
        looked.push(ended(one)?);
    }
    Ok(looked)
}

/// Asks for these objects, `jobs` at a time, and tells of each what that came to. A wish to stop
/// leaves the rest unasked.
///
/// # Errors
/// [`Halt::Remote`] where no request can work, after what was under way.
pub async fn ask(
    remote: &Remote,
    objects: Vec<Cold>,
    (tier, days): (Tier, u16),
    jobs: Option<usize>,
    stop: &Stop,
    tell: &mut impl FnMut(&Cold, Result<Thawing, remote::Error>),
) -> Result<(), Halt> {
    let mut asking = JoinSet::new();
    let mut objects = objects.into_iter();
    let mut fatal = None;
    loop {
        while asking.len() < jobs.unwrap_or(REQUESTS) && fatal.is_none() && !stop.is_wished() {
            let Some(object) = objects.next() else {
                break;
            };
            let remote = remote.clone();
            asking.spawn(async move {
                let asked = remote.thaw(&object.key, &object.class, days, tier).await;
                (object, asked)
            });
        }
        match asking.join_next().await {
            None => break,
            Some(Err(error)) => return Err(Halt::Internal(error.to_string())),
            Some(Ok((_, Err(error)))) if error.is_fatal() => fatal = Some(error),
            Some(Ok((object, asked))) => tell(&object, asked),
        }
    }
    fatal.map_or(Ok(()), |error| Err(Halt::Remote(error)))
}
