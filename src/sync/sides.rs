//! Reads both sides and the base at the same time and joins them.

use super::join::{Broken, Joined, Scope, join_each, join_unequal};
use super::pack::packed;
use super::streams::stream;
use super::{Halt, Task};
use crate::draft::{Decided, Outcome};
use crate::event::Event;
use crate::key::Key;
use crate::local::Leftover;
use crate::plan::Item;
use crate::reconcile::Ground;
use crate::store::{self, Spill, Store};
use crate::transfer::Hands;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;

/// Maps with fewer records than this are listed in one go.
const RECORDS_FOR_CUTS: u64 = 10_000;
/// Keys from one listing page to the next (S3 API, `ListObjectsV2`).
const PAGE_KEYS: usize = 1000;
/// Ranges a large map is listed in.
const RANGES: usize = 8;

/// What was read.
pub(super) struct Read {
    pub(super) joined: Joined,
    /// Keys that are not plainly equal, not yet decided, sorted.
    pub(super) items: Spill,
    pub(super) leftovers: Vec<Leftover>,
}

pub(super) async fn read(
    task: &Task,
    hands: &Arc<Hands>,
    ground: Ground,
    store: Option<&Arc<Mutex<Store>>>,
) -> Result<Read, Halt> {
    raced(task, hands, ground, store, None).await
}

/// Reads both sides and hands over every key, in order, as fast as they are taken.
pub(super) async fn read_each(
    task: &Task,
    hands: &Arc<Hands>,
    ground: Ground,
    store: Option<&Arc<Mutex<Store>>>,
    each: mpsc::Sender<Item>,
) -> Result<Joined, Halt> {
    let read = raced(task, hands, ground, store, Some(each)).await?;
    Ok(read.joined)
}

/// Reads both sides, unless the run is to stop before the end: then nothing was read. A disk that
/// hangs holds nobody up.
async fn raced(
    task: &Task,
    hands: &Arc<Hands>,
    ground: Ground,
    store: Option<&Arc<Mutex<Store>>>,
    each: Option<mpsc::Sender<Item>>,
) -> Result<Read, Halt> {
    let reading = Box::pin(read_both(task, hands, ground, store, each));
    let read = task.terms.stop.race(reading).await;
    read.unwrap_or_else(|| {
        Ok(Read {
            joined: Joined::default(),
            items: Spill::default(),
            leftovers: Vec::new(),
        })
    })
}

async fn read_both(
    task: &Task,
    hands: &Arc<Hands>,
    ground: Ground,
    store: Option<&Arc<Mutex<Store>>>,
    each: Option<mpsc::Sender<Item>>,
) -> Result<Read, Halt> {
    let mut items = store.map_or_else(Spill::default, |store| lock(store).spill());
    let store = store.filter(|_| ground == Ground::Based);
    let cuts = match store {
        Some(store) => cuts(task, store).await?,
        None => Vec::new(),
    };
    let rules = hands.root.rules();
    let (scan_sender, scanned) = stream("the scan");
    let (list_sender, listed) = stream("the listing");
    let mut scan = hands
        .root
        .scan(task.map.recursion, &task.map.prefix, &rules);
    let sink = Arc::clone(&task.terms.sink);
    sink(Event::Read {
        files: 0,
        objects: 0,
    });
    let scanning = tokio::task::spawn_blocking(move || {
        let mut files = 0;
        let mut counted = scan.by_ref().map(|one| {
            files += 1;
            if files == PAGE_KEYS as u64 {
                let files = std::mem::take(&mut files);
                sink(Event::Read { files, objects: 0 });
            }
            one.map_err(Broken::Local)
        });
        // A join that went away needs no answer.
        let _ = scan_sender.send_all(&mut counted);
        sink(Event::Read { files, objects: 0 });
        scan.take_leftovers()
    });
    let joining = {
        let (store, index) = (store.cloned(), task.index);
        let (prefix, recursion) = (task.map.prefix.clone(), task.map.recursion);
        let (trust, reencode) = (task.terms.trust, task.terms.reencode);
        let direction = task.map.direction;
        tokio::task::spawn_blocking(move || {
            let records = store.as_ref().map(|store| lock(store).records(index));
            let records = records.transpose().map_err(Broken::Base)?;
            let base = records.into_iter().flatten();
            let base = base.map(|one| one.map_err(Broken::Base));
            let scope = Scope {
                rules: &rules,
                prefix: &prefix,
                recursion,
                trust,
                reencode,
                direction,
            };
            let mut refused = Ok(());
            let joined = match each {
                None => join_unequal(base, scanned, listed, &scope, &mut |item| {
                    let set_aside = set_aside(&mut items, item);
                    refused = std::mem::replace(&mut refused, Ok(())).and(set_aside);
                }),
                // Whoever takes no more has its reason, and needs nothing of the rest.
                Some(each) => join_each(base, scanned, listed, &scope, &mut |item| {
                    let _ = each.blocking_send(item);
                }),
            };
            refused.map_err(Broken::Base)?;
            Ok::<_, Broken>((joined?, items))
        })
    };
    let mut listing = hands.remote.list(&cuts);
    loop {
        let message = match listing.next().await {
            Ok(Some(batch)) => {
                let objects = batch.len() as u64;
                (task.terms.sink)(Event::Read { files: 0, objects });
                Some(Ok(batch))
            }
            Ok(None) => None,
            Err(error) => Some(Err(Broken::Remote(error))),
        };
        let is_last = !matches!(message, Some(Ok(_)));
        let sent = list_sender.send(message).await;
        if is_last || sent.is_err() {
            break;
        }
    }
    drop(list_sender);
    let internal = |error: tokio::task::JoinError| Halt::Internal(error.to_string());
    let joined = joining.await.map_err(internal)?;
    let leftovers = scanning.await.map_err(internal)?;
    let (joined, items) = joined.map_err(Halt::from)?;
    Ok(Read {
        joined,
        items,
        leftovers,
    })
}

pub(super) fn lock(store: &Mutex<Store>) -> std::sync::MutexGuard<'_, Store> {
    store.lock().unwrap_or_else(PoisonError::into_inner)
}

impl From<Broken> for Halt {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Remote(error) if error.is_fatal() => Self::Remote(error),
            Broken::Base(error) => Self::Store(error),
            broken => Self::Broken(broken),
        }
    }
}

/// Adds an item that is not yet decided.
fn set_aside(items: &mut Spill, item: Item) -> Result<(), store::Error> {
    let path = item.key.to_string().into();
    let outcome = Outcome::Stay;
    let entry = packed(&Decided { item, outcome }).map_err(|source| store::Error::Io {
        operation: "set aside the record of",
        path,
        source,
    })?;
    items.push(&entry);
    Ok(())
}

/// Keys at which a large listing is cut into ranges: on page boundaries as the base knows them, so
/// that an unchanged bucket costs not one request more.
async fn cuts(task: &Task, store: &Arc<Mutex<Store>>) -> Result<Vec<Key>, Halt> {
    let (store, index) = (Arc::clone(store), task.index);
    let cuts = tokio::task::spawn_blocking(move || {
        let store = lock(&store);
        if store.record_count(index) < RECORDS_FOR_CUTS {
            return Ok(Vec::new());
        }
        let records = store.records(index).map_err(Halt::Store)?;
        drop(store);
        let mut count: usize = 0;
        let mut pages = Vec::new();
        for record in records {
            let record = record.map_err(Halt::Store)?;
            count += 1;
            if count.is_multiple_of(PAGE_KEYS) {
                pages.push(record.key);
            }
        }
        let stride = pages.len().div_ceil(RANGES).max(1);
        Ok(pages.into_iter().skip(stride - 1).step_by(stride).collect())
    });
    cuts.await
        .map_err(|error| Halt::Internal(error.to_string()))?
}
