//! Maps side by side, so that a map with a silent server delays no other.

use super::Asked;
use super::tidy::tidy;
use crate::envelope::Passphrase;
use crate::event::{Event, sink_of};
use crate::local::Root;
use crate::report::ask::is_attended;
use crate::state::{ConflictPolicy, DirMap, Encryption};
use crate::store::Store;
use crate::sync::{self, Halt, Outcome, Shares, Standing, Task};
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use tokio::task::JoinSet;

/// Maps that are at work at a time.
const MAPS: usize = 4;

/// A map whose root is open.
pub(super) struct Ready {
    pub(super) task: Task,
    pub(super) root: Root,
    pub(super) standing: Standing,
}

/// Syncs maps, begun in the order in which they are given; gives their outcomes by their positions
/// in the state file. Maps that did not begin because of a stop have none.
pub(super) async fn run(
    asked: &Asked<'_>,
    ready: Vec<Ready>,
    store: &Arc<Mutex<Store>>,
) -> BTreeMap<usize, Outcome> {
    let at_a_time = at_a_time(asked, &ready);
    let shares = Shares::new(ready.len(), at_a_time, asked.jobs, asked.bytes_per_s);
    let names: Vec<_> = ready.iter().map(|one| one.task.map.name.clone()).collect();
    (asked.sink)(None, Event::Maps(&names));
    let mut ready = ready.into_iter();
    let mut running = JoinSet::new();
    let mut at_work = HashMap::new();
    let mut ended = BTreeMap::new();
    loop {
        while running.len() < at_a_time
            && !asked.stop.is_wished()
            && let Some(mut one) = ready.next()
        {
            let share = shares.take();
            let sink = sink_of(&asked.sink, &one.task.map.name);
            one.task.terms.share = Arc::clone(&share);
            one.task.terms.sink = Arc::clone(&sink);
            let index = one.task.index;
            let begun = running.spawn(run_one(one, Arc::clone(store), asked.file.to_owned()));
            at_work.insert(begun.id(), (index, share, sink));
        }
        let Some(joined) = running.join_next_with_id().await else {
            break;
        };
        let (id, outcome) = joined.unwrap_or_else(|error| {
            let outcome = Outcome {
                halt: Some(Halt::Internal(error.to_string())),
                ..Outcome::default()
            };
            (error.id(), outcome)
        });
        if let Some((index, share, sink)) = at_work.remove(&id) {
            sink(Event::Over);
            shares.give_back(&share);
            ended.insert(index, outcome);
        }
    }
    ended
}

/// One map at a time if a person may be asked something, since questions need the terminal.
fn at_a_time(asked: &Asked<'_>, ready: &[Ready]) -> usize {
    let asks = |map: &DirMap| asked.person.is_some() && map.conflict == ConflictPolicy::Ask;
    // Only reading an identity file shows whether it has a passphrase.
    let has_identities = |map: &DirMap| {
        let is_named = matches!(
            map.encryption,
            Encryption::Age {
                identity_file: Some(_),
                ..
            }
        );
        is_named && matches!(asked.passphrase, Passphrase::Typed(_)) && is_attended()
    };
    let may_ask = |one: &Ready| asks(&one.task.map) || has_identities(&one.task.map);
    if ready.iter().any(may_ask) {
        return 1;
    }
    Shares::affordable_maps(MAPS.min(asked.jobs.unwrap_or(MAPS)))
}

async fn run_one(one: Ready, store: Arc<Mutex<Store>>, file: PathBuf) -> Outcome {
    let Ready {
        task,
        root,
        standing,
    } = one;
    let outcome = sync::sync(&task, root.clone(), standing, Some(&store)).await;
    tidy(&task, root, &outcome, &file).await;
    outcome
}
