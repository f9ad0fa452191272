//! A prefix to its objects in key order, complete or an error.
//!
//! Promises: [`Listing::next`] says `None` only after every page of every range came whole, in
//! order and consistent; anything else is an error, after which it stays one. Holds a bounded
//! number of pages, whatever the number of objects.

use super::error::{Error, Kind, Operation};
use super::page::{Entries, Page, Range, read};
use super::{Readability, Remote};
use crate::key::{Key, Unfit};
use crate::stamp::RemoteStamp;
use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_sdk_s3::types::{EncodingType, OptionalObjectAttributes};
use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Ranges listed at the same time.
const RANGES_AHEAD: usize = 4;
/// Pages a range may be ahead of its reader.
const PAGES_AHEAD: usize = 2;
/// Truncated pages without a key that are accepted in a row.
const EMPTY_PAGES: u32 = 16;
/// Pages of a range from which on they must hold some keys on average: a server that names a few
/// keys at a time could go on without end.
const SPARSE_PAGES: u64 = 1024;
/// The fewest keys that they must hold.
const SPARSE_KEYS: u64 = 8;

/// One entry of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listed {
    /// An object whose name is a key.
    Object {
        /// Its path below the prefix.
        key: Key,
        /// What the listing tells of it.
        stamp: RemoteStamp,
        /// Whether its bytes can be read, as far as a listing tells: the archive tiers of
        /// Intelligent-Tiering show only in [`Remote::head`].
        readability: Readability,
        /// Its storage class, where that is not the standard one.
        class: Option<Box<str>>,
    },
    /// An object whose name cannot be a file's. It is left alone and reported.
    Hidden {
        /// The name below the prefix as it may be shown, control characters escaped.
        name: String,
        /// Which rule the name breaks.
        why: Unfit,
    },
}

/// A listing under way. Dropping it ends its requests.
#[derive(Debug)]
pub struct Listing {
    remote: Remote,
    waiting: VecDeque<Range>,
    running: VecDeque<mpsc::Receiver<Message>>,
    tasks: JoinSet<()>,
    failed: bool,
}

#[derive(Debug)]
enum Message {
    Batch(Vec<Listed>),
    End,
    Failed(Error),
}

impl Remote {
    /// Lists the prefix.
    ///
    /// `cuts` (in any order) split the key space into ranges that are listed in parallel. Without
    /// cuts `n` objects cost exactly `ceil(n / 1000)` requests, and one where there is none; every
    /// cut may cost one request more. Objects in the program's own folder count, but only up to
    /// the end of the page in which the folder begins. Nothing is sent before the first
    /// [`Listing::next`].
    #[must_use]
    pub fn list(&self, cuts: &[Key]) -> Listing {
        let mut bounds: Vec<String> = cuts.iter().map(|key| self.object_key(key)).collect();
        bounds.sort_unstable();
        bounds.dedup();
        let mut waiting = VecDeque::with_capacity(bounds.len() + 1);
        let mut after = None;
        for bound in bounds {
            waiting.push_back(Range {
                after: after.replace(bound.clone()),
                until: Some(bound),
            });
        }
        waiting.push_back(Range { after, until: None });
        Listing {
            remote: self.clone(),
            waiting,
            running: VecDeque::new(),
            tasks: JoinSet::new(),
            failed: false,
        }
    }
}

impl Listing {
    /// The next entries in key order, never an empty batch; `None` when all were handed over.
    ///
    /// # Errors
    /// Any failed request, and [`Kind::BadListing`] for answers that cannot be believed. Nothing
    /// handed over before may then be taken for complete, and every later call fails too.
    pub async fn next(&mut self) -> Result<Option<Vec<Listed>>, Error> {
        if self.failed {
            return Err(self.bad("it failed before"));
        }
        let next = self.advance().await;
        self.failed = next.is_err();
        next
    }

    async fn advance(&mut self) -> Result<Option<Vec<Listed>>, Error> {
        loop {
            while self.running.len() < RANGES_AHEAD {
                let Some(range) = self.waiting.pop_front() else {
                    break;
                };
                let (sender, receiver) = mpsc::channel(PAGES_AHEAD);
                self.tasks.spawn(run(self.remote.clone(), range, sender));
                self.running.push_back(receiver);
            }
            let Some(front) = self.running.front_mut() else {
                return Ok(None);
            };
            match front.recv().await {
                Some(Message::Batch(batch)) if batch.is_empty() => {}
                Some(Message::Batch(batch)) => return Ok(Some(batch)),
                Some(Message::End) => {
                    self.running.pop_front();
                    while self.tasks.try_join_next().is_some() {}
                }
                Some(Message::Failed(error)) => return Err(error),
                None => return Err(self.bad("a part of it was lost")),
            }
        }
    }

    fn bad(&self, why: &'static str) -> Error {
        self.remote.of_listing(Error::new(
            Kind::BadListing(why),
            Operation::List,
            &self.remote.bucket,
        ))
    }
}

impl Remote {
    /// The same failure, with the prefix that was listed: rights are often given by prefix.
    fn of_listing(&self, error: Error) -> Error {
        match self.folder() {
            whole if whole.is_empty() => error,
            folder => error.at(&folder),
        }
    }
}

async fn run(remote: Remote, range: Range, sender: mpsc::Sender<Message>) {
    let last = match pages(&remote, range, &sender).await {
        Ok(()) => Message::End,
        Err(error) => Message::Failed(error),
    };
    // Nobody listens any more when the listing was dropped.
    let _ = sender.send(last).await;
}

enum Position {
    Start,
    Token(String),
    /// Behind the program's own folder, to which no token points.
    After(String),
}

async fn pages(remote: &Remote, range: Range, sender: &mpsc::Sender<Message>) -> Result<(), Error> {
    let bad = |why| {
        remote.of_listing(Error::new(
            Kind::BadListing(why),
            Operation::List,
            &remote.bucket,
        ))
    };
    let patience = &remote.client.shared.patience;
    let folder = remote.folder();
    let own = remote.own_key("");
    let mut position = Position::Start;
    let mut last = range.after.clone().map(String::into_bytes);
    let mut empty = 0;
    let (mut page_count, mut key_count) = (0_u64, 0_u64);
    loop {
        let (answer, entries) = patience
            .retry(|| fetch(remote, &folder, &range, &position))
            .await?;
        let Page {
            batch,
            last: reached,
            next,
        } = read(&answer, &entries, &folder, &range, last.as_deref()).map_err(bad)?;
        page_count += 1;
        key_count += answer.contents().len() as u64;
        if page_count > SPARSE_PAGES && key_count / page_count < SPARSE_KEYS {
            return Err(bad("it goes on and on with few keys to a page"));
        }
        empty = if reached.is_none() { empty + 1 } else { 0 };
        if empty > EMPTY_PAGES {
            return Err(bad("it goes on without keys"));
        }
        if sender.send(Message::Batch(batch)).await.is_err() {
            return Ok(());
        }
        last = reached.or(last);
        position = match next {
            None => return Ok(()),
            Some(token) => match &position {
                Position::Token(before) if *before == token => {
                    return Err(bad("it repeats a continuation token"));
                }
                _ if last
                    .as_ref()
                    .is_some_and(|key| key.starts_with(own.as_bytes())) =>
                {
                    // No UTF-8 name sorts behind this one and still lies in the folder.
                    let behind = format!("{own}\u{10FFFF}");
                    last = Some(behind.clone().into_bytes());
                    Position::After(behind)
                }
                _ => Position::Token(token),
            },
        };
    }
}

/// One page, and what its text holds.
async fn fetch(
    remote: &Remote,
    folder: &str,
    range: &Range,
    position: &Position,
) -> Result<(ListObjectsV2Output, Entries), Error> {
    let refused = &remote.client.shared.restore_states_refused;
    if refused.load(Ordering::Relaxed) {
        return fetch_with(remote, folder, range, position, None).await;
    }
    let states = Some(vec![OptionalObjectAttributes::RestoreStatus]);
    match fetch_with(remote, folder, range, position, states).await {
        Err(error)
            if matches!(error.kind, Kind::Other | Kind::Unsupported)
                && matches!(error.status(), Some(400 | 501)) =>
        {
            let answer = fetch_with(remote, folder, range, position, None).await?;
            refused.store(true, Ordering::Relaxed);
            Ok(answer)
        }
        ended => ended,
    }
}

async fn fetch_with(
    remote: &Remote,
    folder: &str,
    range: &Range,
    position: &Position,
    attributes: Option<Vec<OptionalObjectAttributes>>,
) -> Result<(ListObjectsV2Output, Entries), Error> {
    let entries = Entries::default();
    let request = remote
        .sdk()
        .list_objects_v2()
        .bucket(&*remote.bucket)
        .prefix(folder)
        .encoding_type(EncodingType::Url)
        .set_optional_object_attributes(attributes);
    let request = match position {
        Position::Start => request.set_start_after(range.after.clone()),
        Position::Token(token) => request.continuation_token(token),
        Position::After(key) => request.start_after(key),
    };
    let answer = request
        .customize()
        .interceptor(entries.clone())
        .send()
        .await
        .map_err(|sdk| {
            let mut error = Error::of_sdk(Operation::List, &remote.bucket, &sdk);
            error.kind = match error.kind {
                Kind::BadAnswer("it is too long") => Kind::BadListing("a page is too long"),
                Kind::BadAnswer(_) => Kind::BadListing("a page is malformed"),
                kind => kind,
            };
            remote.of_listing(error)
        })?;
    Ok((answer, entries))
}
