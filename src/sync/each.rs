//! Tells of each key of a map what both sides and the base have of it. Decides nothing.

use super::hands::hands;
use super::sides::read_each;
use super::{Halt, Standing, Task};
use crate::local::Root;
use crate::plan::Item;
use crate::store::Store;
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc;

/// Items on their way from the join.
const AHEAD: usize = 512;

/// Tells of each key that is not ignored, in the order of keys, and holds none. Gives what has no
/// place on the other side or cannot be read: name and reason.
///
/// # Errors
/// [`Halt`] where a side cannot be read to its end.
pub async fn each(
    task: &Task,
    root: Root,
    standing: Standing,
    store: &Arc<Mutex<Store>>,
    mut tell: impl FnMut(Item),
) -> Result<Vec<(String, String)>, Halt> {
    let hands = hands(task, root, Some(store), None).await?;
    let (sender, mut items) = mpsc::channel(AHEAD);
    let reading = read_each(task, &hands, standing.ground(), Some(store), sender);
    let telling = async {
        while let Some(item) = items.recv().await {
            tell(item);
        }
    };
    let (read, ()) = futures_util::future::join(reading, telling).await;
    Ok(read?.hidden)
}
