//! Resources that the maps of a run share: steps at a time, bytes in flight and bytes a second.
//!
//! Each map at work has a part of its own, so a map with a silent server takes nothing from the
//! others. The part of a finished map goes to those that are still at work.

use super::pace::MOST;
use crate::transfer::Flow;
use rustix::process::{Resource, getrlimit};
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// File descriptors of a run that are not of steps: connections of listings, directories on the way
/// down, the state file and its companions, parts of large files.
const RESERVED_FDS: u64 = 40;
/// File descriptors of a step: a file, its directory, a connection, and one to look a name up.
const STEP_FDS: u64 = 4;
/// File descriptors for one more map at a time.
const MAP_FDS: u64 = 128;

/// File descriptors that this process may have open.
fn fds() -> u64 {
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// Steps at a time that this many file descriptors are enough for, 1 or more.
fn affordable(fds: u64) -> usize {
    let steps = fds.saturating_sub(RESERVED_FDS) / STEP_FDS;
    usize::try_from(steps).unwrap_or(usize::MAX).max(1)
}

/// The part of one map.
pub struct Share {
    /// Its bytes in flight, and how fast all maps' bytes may go.
    pub flow: Arc<Flow>,
    steps: AtomicUsize,
}

/// The resources of a run, divided among the maps that are at work at a time.
pub struct Shares(Mutex<Divided>);

struct Divided {
    /// Parts that no map has.
    free: Vec<Arc<Share>>,
    taken: Vec<Arc<Share>>,
    /// Maps that have not begun.
    waiting: usize,
}

impl Share {
    /// A part that is the whole.
    #[must_use]
    pub fn whole(jobs: Option<usize>, bytes_per_s: Option<NonZeroU64>) -> Arc<Self> {
        Shares::new(1, 1, jobs, bytes_per_s).take()
    }

    /// Steps that may be under way at a time, 1 or more.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.steps.load(Ordering::Relaxed)
    }
}

impl Shares {
    /// Divides the resources of a run of `maps` maps, `at_a_time` of them at a time. With fewer
    /// `jobs` than maps at a time each map still has one step.
    #[must_use]
    pub fn new(
        maps: usize,
        at_a_time: usize,
        jobs: Option<usize>,
        bytes_per_s: Option<NonZeroU64>,
    ) -> Self {
        let parts = at_a_time.min(maps).max(1);
        let steps = jobs.unwrap_or(MOST).min(affordable(fds()));
        let flows = Flow::divided(parts, bytes_per_s).into_iter();
        let share = |(number, flow)| {
            // If it does not divide, the first parts have one step more.
            let rest = usize::from(number < steps % parts);
            Arc::new(Share {
                flow: Arc::new(flow),
                steps: AtomicUsize::new((steps / parts + rest).max(1)),
            })
        };
        let mut free: Vec<_> = flows.enumerate().map(share).collect();
        free.reverse();
        Self(Mutex::new(Divided {
            free,
            taken: Vec::new(),
            waiting: maps,
        }))
    }

    /// How many of these maps at a time this process has file descriptors for, 1 or more.
    #[must_use]
    pub fn affordable_maps(maps: usize) -> usize {
        let affordable = usize::try_from(fds() / MAP_FDS).unwrap_or(maps);
        maps.min(affordable.max(1))
    }

    /// The part of a map that begins.
    ///
    /// # Panics
    /// If more maps are at work than may be at a time.
    #[must_use]
    pub fn take(&self) -> Arc<Share> {
        let mut divided = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let share = divided.free.pop().expect("a part for each map at work");
        divided.waiting = divided.waiting.saturating_sub(1);
        divided.taken.push(Arc::clone(&share));
        share
    }

    /// Takes back the part of a map that is done: for the next map, or for those still at work.
    pub fn give_back(&self, share: &Arc<Share>) {
        let mut divided = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        divided.taken.retain(|taken| !Arc::ptr_eq(taken, share));
        if divided.free.len() < divided.waiting {
            divided.free.push(Arc::clone(share));
            return;
        }
        let heirs = &divided.taken;
        share.flow.inherit(heirs.iter().map(|heir| &*heir.flow));
        let mut left = share.steps();
        for (number, heir) in heirs.iter().enumerate() {
            let steps = left / (heirs.len() - number);
            heir.steps.fetch_add(steps, Ordering::Relaxed);
            left -= steps;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_map_leaves_goes_to_the_next_and_then_to_those_at_work() {
        let shares = Shares::new(3, 2, Some(7), None);
        let (a, b) = (shares.take(), shares.take());
        assert_eq!([a.steps(), b.steps()], [4, 3]);
        shares.give_back(&a);
        assert_eq!(b.steps(), 3, "the third map waits for it");
        let c = shares.take();
        assert_eq!(c.steps(), 4);
        shares.give_back(&c);
        assert_eq!(b.steps(), 7);
    }

    #[test]
    fn each_map_at_work_has_a_step() {
        let shares = Shares::new(9, 4, Some(1), None);
        assert_eq!(shares.take().steps(), 1);
        assert_eq!(shares.take().steps(), 1);
        assert!(Share::whole(None, None).steps() <= MOST);
    }

    #[test]
    fn few_file_descriptors_are_few_steps() {
        let steps = [0, 44, 64, 256, 1024, u64::MAX].map(affordable);
        assert_eq!(steps[..5], [1, 1, 6, 54, 246]);
        assert!(steps[5] > MOST);
    }
}
