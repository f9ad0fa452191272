//! Objects that an earlier run made and did not live to record: the next run knows them by what the
//! journal says of the requests that were about to be sent.
//!
//! Promises: asks only about keys with such an entry, and only if the object there is not the recorded
//! one; an object that may be of anybody else is taken for new. A copy that the server made with its
//! source's metadata carries no id of its own, so it is kept aside before it is replaced or removed.

use super::{Halt, Mode, Standing, Sync};
use crate::draft::{Decided, Outcome};
use crate::format::journal::{Intent, Origin};
use crate::guard::Population;
use crate::key::Key;
use crate::plan::Item;
use crate::reconcile::Action;
use crate::remote::{self, WriteId};
use crate::stamp::{ETag, LocalStamp};
use crate::state::{Content, Record};
use crate::transfer::{Failure, Hands};
use futures_util::{StreamExt, stream};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Requests under way at a time.
const LOOKS: usize = 8;

/// What earlier runs were about to make.
#[derive(Default)]
pub(super) struct Own {
    /// What no item was met for yet.
    open: BTreeMap<Key, Intent>,
    /// Keys with an object that is not of the request, or with none.
    void: Vec<Key>,
    /// Records that both sides' having agreed proves, as if the earlier run had written them.
    records: HashMap<Key, Record>,
    /// Of those, files that have no record in the state.
    unrecorded: Population,
}

/// An object that an earlier run made.
struct Found {
    record: Record,
    /// Whether the server says that its bytes are those that were sent.
    is_proven: bool,
}

impl Own {
    /// What the journal says of earlier runs; nothing if the records may not be of this tree.
    pub(super) fn of(hands: &Hands, standing: Standing) -> Self {
        let intents = match standing {
            Standing::Foreign | Standing::Unmarked => Vec::new(),
            Standing::Based | Standing::New => hands.unfinished.intents(),
        };
        let named = intents
            .into_iter()
            .map(|intent| (intent.record.key.clone(), intent));
        Self {
            open: named.collect(),
            ..Self::default()
        }
    }

    /// The record of a key that an earlier run did not live to write.
    pub(super) fn record(&self, key: &Key) -> Option<&Record> {
        self.records.get(key)
    }

    /// Counts the files of such records that the state does not have.
    pub(super) fn add_to(&self, known: &mut Population) {
        known.files += self.unrecorded.files;
        known.rule_files += self.unrecorded.rule_files;
    }

    /// Has a record written that the state does not have, though there is nothing else to do.
    pub(super) fn recorded(&self, one: Decided) -> Decided {
        let outcome = match one.outcome {
            Outcome::Law(Action::Keep, holding) if self.records.contains_key(&one.item.key) => {
                Outcome::Law(Action::Adopt, holding)
            }
            outcome => outcome,
        };
        Decided { outcome, ..one }
    }
}

impl Sync<'_> {
    /// Whether a file is gone because a dead run was replacing it.
    pub(super) fn is_being_replaced(&self, item: &Item) -> bool {
        item.local.is_none() && self.replaced.contains(&item.key)
    }

    /// Gives each item whose object an earlier run made and did not record the record that it would
    /// have. An item of which that cannot be found out now is left to the next run.
    pub(super) async fn claim(&mut self, mut items: Vec<Item>) -> Result<Vec<Item>, Halt> {
        let mut asked = Vec::new();
        for item in &items {
            if self.own.open.is_empty() || self.is_being_replaced(item) {
                continue;
            }
            match self.own.open.remove(&item.key) {
                Some(intent) if has_another_object(item) => asked.push(intent),
                Some(intent) => self.own.void.push(intent.record.key),
                None => {}
            }
        }
        if asked.is_empty() {
            return Ok(items);
        }
        let hands = &self.hands;
        let mut looks = stream::iter(asked)
            .map(|intent| look(Arc::clone(hands), intent))
            .buffer_unordered(LOOKS);
        let mut found = HashMap::new();
        let mut failed = Vec::new();
        while let Some((key, looked)) = looks.next().await {
            match looked {
                Ok(Some(own)) => drop(found.insert(key, own)),
                Ok(None) => self.own.void.push(key),
                Err(error) if error.is_fatal() => return Err(Halt::Remote(error)),
                Err(error) => failed.push((key, error)),
            }
        }
        drop(looks);
        for item in &mut items {
            if let Some(own) = found.remove(&item.key) {
                self.believe(item, own);
            }
        }
        let unknown: BTreeSet<&Key> = failed.iter().map(|(key, _)| key).collect();
        items.retain(|item| !unknown.contains(&item.key));
        for (key, error) in failed {
            self.fail(&key, &Failure::Remote(error));
        }
        Ok(items)
    }

    fn believe(&mut self, item: &mut Item, own: Found) {
        let Found { record, is_proven } = own;
        let is_as_sent = |file: &LocalStamp, sent: &LocalStamp| {
            (file.size_bytes, file.mtime_ns) == (sent.size_bytes, sent.mtime_ns)
        };
        let both = item.local.as_ref().zip(record.local.as_ref());
        if !is_proven && both.is_some_and(|(file, sent)| is_as_sent(file, sent)) {
            // A look at the contents of both sides tells more than the journal does.
            return;
        }
        if item.base.is_none() {
            self.own.unrecorded.add(&item.key);
        }
        let record = self.task.terms.trust.weighed(record);
        item.base = Some(Box::new(record.clone()));
        self.own.records.insert(item.key.clone(), record);
    }

    /// Ends what is known to have come to nothing. Where some names could not be read, an entry whose
    /// key was not met may be of one of them.
    pub(super) async fn end_void(&mut self, is_all_read: bool) {
        let mut void = std::mem::take(&mut self.own.void);
        if is_all_read {
            void.extend(std::mem::take(&mut self.own.open).into_keys());
        }
        if !void.is_empty() && self.task.terms.mode == Mode::Apply {
            self.hands.unfinished.end_intents(void).await;
        }
    }
}

/// Whether there is an object, and not the recorded one.
fn has_another_object(item: &Item) -> bool {
    let recorded = item.base.as_ref().map(|base| &base.remote);
    let is_recorded = |object| recorded.is_some_and(|recorded| recorded.is_same_object(object));
    item.remote
        .as_ref()
        .is_some_and(|object| !is_recorded(object))
}

async fn look(hands: Arc<Hands>, intent: Intent) -> (Key, Result<Option<Found>, remote::Error>) {
    let key = intent.record.key.clone();
    (key, find(&hands, intent).await)
}

/// The object that `intent` is about, if it is there.
async fn find(hands: &Hands, intent: Intent) -> Result<Option<Found>, remote::Error> {
    let Intent {
        mut record,
        write_id,
        origin,
    } = intent;
    let Some(head) = hands.remote.head(&record.key).await? else {
        return Ok(None);
    };
    if head.stamp.size_bytes != record.remote.size_bytes {
        return Ok(None);
    }
    let is_own = head.told.write == Some(WriteId(write_id));
    let is_proven = match origin {
        Origin::Sent { crc64 } => {
            if !is_own || head.crc64.is_some_and(|found| found != crc64) {
                return Ok(None);
            }
            head.crc64.is_some()
        }
        Origin::Copied(from) => {
            let is_same = head.stamp.etag == record.remote.etag;
            if !is_own {
                let source = hands.remote.head(&from).await?;
                let is_copy = source.is_some_and(|source| {
                    source.told.write.is_some()
                        && source.told == head.told
                        && source.stamp.is_same_object(&head.stamp)
                });
                if !is_copy {
                    return Ok(None);
                }
            }
            if !(is_own && is_same && matches!(record.remote.etag, ETag::Md5(_))) {
                record.content = Content::Unknown;
            }
            false
        }
    };
    record.remote = head.stamp;
    Ok(Some(Found { record, is_proven }))
}
