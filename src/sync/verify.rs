//! Reads both sides back and compares them with each other and with the records. Repairs nothing
//! and changes nothing.

mod finding;
mod prove;

use super::hands::hands;
use super::sides::read_each;
use super::{Halt, Standing, Task};
use crate::key::Key;
use crate::local::Root;
use crate::plan::Item;
use crate::store::Store;
use crate::transfer::{Failure, Hands};
pub use finding::{By, Difference, Doubt, Finding, Suspect};
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};

/// Items on their way from the join.
const AHEAD: usize = 64;
/// Files compared at a time, where nobody says how many.
const FILES: usize = 8;

/// How it is learned what an object holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// By the checksums that the server tells.
    Told,
    /// By reading it.
    Downloaded,
}

/// What a map was found to be.
#[derive(Debug, Default)]
pub struct Verified {
    /// Files proven equal, by each kind of proof, in the order of [`By::ALL`].
    pub proven: [u64; 5],
    /// Keys that differ.
    pub differing: u64,
    /// Keys of which nothing could be proven.
    pub unproven: u64,
    /// Names that were left out, and why.
    pub hidden: Vec<(String, String)>,
}

/// Compares both sides of a map for the keys that are `wanted`, and tells of each what was found.
/// Files come in no order. Holds a bounded number of them, whatever the size of the map.
///
/// # Errors
/// [`Halt`] where a side cannot be read to its end.
pub async fn verify(
    task: &Task,
    root: Root,
    standing: Standing,
    store: &Arc<Mutex<Store>>,
    proof: Proof,
    wanted: impl Fn(&Key) -> bool,
    tell: &mut impl FnMut(&Key, &Finding),
) -> Result<Verified, Halt> {
    let hands = hands(task, root, Some(store), None).await?;
    let (sender, each) = mpsc::channel(AHEAD);
    let reading = read_each(task, &hands, standing.ground(), Some(store), sender);
    let mut verified = Verified::default();
    let jobs = task
        .terms
        .jobs
        .unwrap_or(FILES)
        .min(task.terms.share.steps());
    let comparing = compare(&hands, each, jobs, proof, wanted, |key, finding| {
        match finding {
            Finding::Proven(by) => verified.proven[*by as usize] += 1,
            Finding::Differs(_) => verified.differing += 1,
            Finding::Unproven(_) => verified.unproven += 1,
        }
        tell(key, finding);
    });
    let (read, compared) = futures_util::future::join(reading, comparing).await;
    // Where a side breaks off, that is the cause of whatever came of it.
    let joined = read?;
    compared?;
    verified.hidden = joined.hidden;
    Ok(verified)
}

async fn compare(
    hands: &Arc<Hands>,
    mut each: mpsc::Receiver<Item>,
    jobs: usize,
    proof: Proof,
    wanted: impl Fn(&Key) -> bool,
    mut tell: impl FnMut(&Key, &Finding),
) -> Result<(), Halt> {
    let mut comparing = JoinSet::new();
    while let Some(item) = each.recv().await {
        if !wanted(&item.key) || hands.stop.is_wished() {
            continue;
        }
        if comparing.len() >= jobs
            && let Some(one) = comparing.join_next().await
        {
            note(one, &mut tell)?;
        }
        let hands = Arc::clone(hands);
        comparing.spawn(async move {
            let key = item.key.clone();
            (key, prove::prove(&hands, item, proof).await)
        });
    }
    while let Some(one) = comparing.join_next().await {
        note(one, &mut tell)?;
    }
    Ok(())
}

type Compared = Result<(Key, Result<Finding, Failure>), JoinError>;

fn note(compared: Compared, tell: &mut impl FnMut(&Key, &Finding)) -> Result<(), Halt> {
    let (key, found) = compared.map_err(|error| Halt::Internal(error.to_string()))?;
    match found {
        Ok(finding) => tell(&key, &finding),
        Err(Failure::Interrupted) => {}
        Err(Failure::Remote(error)) if error.is_fatal() => return Err(Halt::Remote(error)),
        Err(failure) => tell(&key, &Finding::of(failure)),
    }
    Ok(())
}
