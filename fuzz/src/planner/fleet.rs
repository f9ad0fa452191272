//! Tells a case: everything happens in its order, runs that still go on come to their ends, and
//! then each machine runs alone, in turn, until nobody has anything to do.

use super::super::model::{
    Act, Company, Grain, HONOURS_ALL, Luck, Manner as Writing, NAMES, Pace, Planned, Terms, Work,
    World, go,
};
use super::case::{Case, Deed, Manner};
use s3_bsync::guard::Side;
use s3_bsync::key::Key;
use s3_bsync::plan::Readability;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::pin::{Pin, pin};
use std::task::Poll;

/// Rounds, in each of which every machine runs once, after which nothing may be left to do.
const ROUNDS: usize = 2;
/// Turns of one run; more would mean that it has no end.
const MOST_TURNS: usize = 10_000;

type Run<'a> = Pin<Box<dyn Future<Output = usize> + 'a>>;

/// Machines at work.
pub(super) struct Fleet<'a> {
    case: &'a Case,
    world: &'a RefCell<World>,
    paces: &'a [Pace],
    running: Vec<Option<Run<'a>>>,
    runs: Cell<u32>,
}

/// The world of a case before anything happens.
pub(super) fn world_of(case: &Case) -> RefCell<World> {
    let machines = case.policies.len();
    let mut world = World::new(machines, 0, HONOURS_ALL);
    // Every other one has a time that others may have too.
    let times = [Writing::Now, Writing::Past].into_iter().cycle();
    for (name, time) in case.agreed.iter().zip(times) {
        let name = u8::try_from(*name).expect("there are few names");
        world.act(0, Act::Write(Side::Local, name, time));
    }
    let world = RefCell::new(world);
    // What is agreed on is so by the program itself.
    for who in 0..machines {
        let pace = Pace::new(Grain::Steps);
        let terms = terms(case, who, Manner::PLAIN, Company::Alone);
        let mut run = pin!(Work::new(&world, who, &pace, terms, 0).go());
        while go(run.as_mut()).is_pending() {}
    }
    let mut world = world;
    let inner = world.get_mut();
    inner.honours = case.honours;
    inner.found = case.found;
    inner.keeping = case.keeping;
    world
}

/// What every run's turns go through.
pub(super) fn paces_of(case: &Case) -> Vec<Pace> {
    let paces = case.policies.iter().map(|_| Pace::new(case.grain));
    paces.collect()
}

fn terms(case: &Case, who: usize, manner: Manner, company: Company) -> Terms {
    Terms {
        policy: case.policies[who],
        limit: case.limit,
        is_first: false,
        is_forced: manner.is_forced,
        order: manner.order,
        jobs: manner.jobs,
        cut: manner.cut.map(|name| NAMES[name].clone()),
        renames: case.renames,
        company,
    }
}

impl<'a> Fleet<'a> {
    pub(super) fn new(case: &'a Case, world: &'a RefCell<World>, paces: &'a [Pace]) -> Self {
        Self {
            case,
            world,
            paces,
            running: case.policies.iter().map(|_| None).collect(),
            runs: Cell::new(1),
        }
    }

    /// Does one deed; whatever cannot be done is not.
    pub(super) fn does(&mut self, deed: Deed) {
        match deed {
            Deed::Act(who, act) => {
                if act.is_a_users() || self.running[who].is_none() {
                    self.world.borrow_mut().act(who, act);
                }
            }
            Deed::Begin(who, manner) => {
                if self.running[who].is_none() {
                    self.begin(who, manner);
                }
            }
            Deed::Turn(who, pick) => self.turn(who, pick, Luck::Good),
            Deed::Mishap(who, luck) => self.turn(who, 0, luck),
            Deed::Kill(who, receipts) => {
                if self.running[who].take().is_some() {
                    let mut world = self.world.borrow_mut();
                    world.tell(|| format!("{}: is killed", who + 1));
                    world.forget_receipts(who, receipts);
                    drop(world);
                    self.check_losses();
                }
            }
        }
    }

    fn begin(&mut self, who: usize, manner: Manner) {
        let terms = terms(self.case, who, manner, Company::Others);
        let tag = self.runs.get();
        self.runs.set(tag + 1);
        let work = Work::new(self.world, who, &self.paces[who], terms, tag);
        let mut run: Run<'a> = Box::pin(work.go());
        // Up to its first turn it does nothing.
        if go(run.as_mut()).is_pending() {
            self.running[who] = Some(run);
        }
    }

    /// The machines whose runs go on.
    pub(super) fn running(&self) -> impl Iterator<Item = usize> + '_ {
        let all = self.running.iter().enumerate();
        all.filter(|(_, run)| run.is_some()).map(|(who, _)| who)
    }

    fn turn(&mut self, who: usize, pick: usize, luck: Luck) {
        let Some(run) = &mut self.running[who] else {
            return;
        };
        self.paces[who].pick.set(pick);
        self.paces[who].luck.set(luck);
        if go(run.as_mut()).is_ready() {
            self.running[who] = None;
            self.check_losses();
        }
    }

    /// All that is owed is somewhere.
    fn check_losses(&self) {
        let lost = self.world.borrow().lost();
        assert!(lost.is_empty(), "lost {lost:?}");
    }

    /// Lets all come to an end, after which all sides must be equal.
    pub(super) fn rest(mut self) {
        for _ in 0..MOST_TURNS {
            if self.running.iter().all(Option::is_none) {
                break;
            }
            for who in 0..self.running.len() {
                self.turn(who, 0, Luck::Good);
            }
        }
        assert!(self.running.iter().all(Option::is_none), "a run has no end");
        self.running.clear();
        self.check_losses();
        self.clear_up();
        let machines = self.paces.len();
        let first = usize::try_from(self.runs.get()).unwrap_or(0);
        let (mut rounds, mut is_late) = (ROUNDS, false);
        while rounds > 0 {
            rounds -= 1;
            // Any order will do.
            let runs = (0..machines).map(|who| self.run_alone((first + who) % machines));
            if runs.sum::<usize>() > 0 && !is_late {
                // What one machine must leave alone another may settle, and then the next.
                rounds += machines;
                is_late = true;
            }
            if let Some(skipped) = self.is_done() {
                self.check_equal(&skipped);
                return;
            }
        }
        panic!("no end");
    }

    /// What could not be read can be, on all machines.
    fn clear_up(&self) {
        let mut world = self.world.borrow_mut();
        world.tell(|| "all is quiet".to_owned());
        for machine in &mut world.machines {
            machine.fog.clear();
        }
        for object in world.remote.values_mut() {
            object.readability = Readability::Readable;
        }
    }

    /// Gives how many keys the run leaves alone.
    pub(super) fn run_alone(&self, who: usize) -> usize {
        let pace = Pace::new(Grain::Steps);
        let terms = terms(self.case, who, Manner::PLAIN, Company::Alone);
        let tag = self.runs.get();
        self.runs.set(tag + 1);
        let mut run = pin!(Work::new(self.world, who, &pace, terms, tag).go());
        let skipped = loop {
            if let Poll::Ready(skipped) = go(run.as_mut()) {
                break skipped;
            }
        };
        self.check_losses();
        skipped
    }

    /// What no machine can do anything about, where none has anything else to do.
    fn is_done(&self) -> Option<BTreeSet<Key>> {
        let mut all_skipped = BTreeSet::new();
        for who in 0..self.paces.len() {
            let pace = Pace::new(Grain::Steps);
            let terms = terms(self.case, who, Manner::PLAIN, Company::Alone);
            let work = Work::new(self.world, who, &pace, terms, 0);
            let Poll::Ready(planned) = go(pin!(work.plan()).as_mut()) else {
                panic!("a look takes no turn here");
            };
            let Planned { view, draft, .. } = planned.expect("nothing fails");
            if !draft.plan.is_empty() {
                return None;
            }
            let skipped: BTreeSet<Key> = draft.skipped.into_iter().map(|(key, _)| key).collect();
            for item in &view.items {
                let is_skipped = skipped.contains(&item.key);
                assert!(is_skipped, "{item:?} is looked at again and again");
            }
            all_skipped.extend(skipped);
        }
        Some(all_skipped)
    }

    fn check_equal(&self, skipped: &BTreeSet<Key>) {
        let world = self.world.borrow();
        let remote = world.in_bucket();
        for (who, machine) in world.machines.iter().enumerate() {
            let local = machine.contents();
            for key in local.keys().chain(remote.keys()) {
                let is_equal = local.get(key) == remote.get(key);
                assert!(
                    is_equal || skipped.contains(*key),
                    "{key} differs at {}",
                    who + 1
                );
            }
        }
    }
}
