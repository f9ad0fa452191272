//! The planner on a model: a story is told, every plan in it is judged and carried out, and in the
//! end both sides must agree, with nothing lost that somebody wrote.

mod story;

use super::model::{
    Act, Bytes, Company, Failure, Grain, HONOURS_ALL, Machine, Pace, Planned, Renames, Terms, Work,
    World, go,
};
use s3_bsync::key::Key;
use s3_bsync::state::ConflictPolicy;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::task::Poll;
use story::{Event, Fault, Run, Story};

/// Runs without faults after which nothing may be left to do.
const RUNS: usize = 3;

/// Demands of the planner what holds for every story.
pub fn reconcile(data: &[u8]) {
    let story = Story::read(data);
    let told = Telling::of(&story, 0, Renames::Paired);
    if story.is_undisturbed() {
        let mut turned = story.clone();
        for event in &mut turned.events {
            if let Event::Run(run) = event {
                run.order = run.order.wrapping_mul(7).wrapping_add(1);
            }
        }
        let turned = Telling::of(&turned, 0, Renames::Paired);
        assert_eq!(told.end(), turned.end(), "the order of steps matters");
    }
    if story.is_undisturbed() && story.is_forced() {
        let decomposed = Telling::of(&story, 0, Renames::Decomposed);
        assert_eq!(told.sides(), decomposed.sides(), "renames matter");
    }
    if story.policy != ConflictPolicy::Newer {
        let skewed = Telling::of(&story, 3_600_000_000_000, Renames::Paired);
        assert_eq!(told.end(), skewed.end(), "a clock matters");
    }
    if let Some(mirrored) = story.mirrored().filter(|_| told.is_even) {
        let mirrored = Telling::of(&mirrored, 0, Renames::Paired);
        let ([local, remote], [there, here]) = (told.sides(), mirrored.sides());
        if mirrored.is_even {
            let told = [local, remote];
            assert_eq!(told, [here, there], "the sides are not treated alike");
        }
    }
}

/// A story as it was told.
struct Telling<'a> {
    story: &'a Story,
    world: RefCell<World>,
    runs: u32,
    renames: Renames,
    /// Whether nothing has happened in which the sides differ by intent: names that are also
    /// directories, conflict copies, ties of time.
    is_even: bool,
}

impl Drop for Telling<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{:?}", self.story);
        }
    }
}

type Sides = [BTreeMap<Key, Bytes>; 2];

impl<'a> Telling<'a> {
    fn of(story: &'a Story, skew_ns: i64, renames: Renames) -> Self {
        let world = World::new(1, skew_ns, HONOURS_ALL);
        let mut telling = Self {
            story,
            world: RefCell::new(world),
            runs: 0,
            renames,
            is_even: true,
        };
        let mut events = story.events.iter().copied();
        while let Some(event) = events.next() {
            match event {
                Event::Run(run) => {
                    let disturbance = match run.fault {
                        Fault::Disturbed { .. } => events.next().and_then(|event| match event {
                            Event::Act(act) if act.is_a_users() => Some(act),
                            // A run that interrupts another one does nothing.
                            Event::Act(_) | Event::Run(_) => None,
                        }),
                        _ => None,
                    };
                    telling.run(run, disturbance);
                }
                Event::Act(act) => telling.world.get_mut().act(0, act),
            }
            telling.check_tree();
        }
        telling.come_to_an_end();
        telling.is_even &= !telling.machine().is_cleared;
        telling
    }

    fn machine(&mut self) -> &mut Machine {
        &mut self.world.get_mut().machines[0]
    }

    fn check_tree(&mut self) {
        let local = &self.machine().local;
        let mut keys = local.keys();
        assert!(!keys.any(|key| local.keys().any(|at| at.is_below(key.as_str()))));
    }

    /// What the two sides hold, times and tokens apart.
    fn sides(&self) -> Sides {
        let world = self.world.borrow();
        let owned = |side: BTreeMap<&Key, Bytes>| {
            let pairs = side.into_iter().map(|(key, bytes)| (key.clone(), bytes));
            pairs.collect()
        };
        [
            owned(world.machines[0].contents()),
            owned(world.in_bucket()),
        ]
    }

    fn end(&self) -> (Sides, BTreeSet<Bytes>) {
        (self.sides(), self.world.borrow().all_kept())
    }

    fn terms(&self, run: Run) -> Terms {
        Terms {
            policy: self.story.policy,
            limit: self.story.limit,
            is_first: self.story.is_first,
            is_forced: run.is_forced,
            order: run.order,
            jobs: 1,
            cut: None,
            renames: self.renames,
            company: match run.fault {
                Fault::Disturbed { .. } => Company::Others,
                Fault::None | Fault::Cut { .. } => Company::Alone,
            },
        }
    }

    /// Runs until nothing is left to do, which must come soon and leave both sides equal.
    fn come_to_an_end(&mut self) {
        for _ in 0..=RUNS {
            let Planned { view, draft, .. } = self.look();
            if !draft.plan.is_empty() {
                self.run(Run::WHOLE, None);
                continue;
            }
            let skipped: BTreeSet<Key> = draft.skipped.into_iter().map(|(key, _)| key).collect();
            for item in &view.items {
                assert!(
                    skipped.contains(&item.key),
                    "{item:?} is looked at again and again"
                );
            }
            let world = self.world.get_mut();
            let (local, remote) = (world.machines[0].contents(), world.in_bucket());
            for key in local.keys().chain(remote.keys()) {
                let is_excused = skipped.contains(*key) || world.machines[0].is_fogged(key);
                assert!(
                    is_excused || local.get(key) == remote.get(key),
                    "{key} differs"
                );
            }
            return;
        }
        assert!(!self.machine().fog.is_empty(), "no end");
    }

    fn look(&self) -> Planned {
        let pace = Pace::new(Grain::Steps);
        let terms = self.terms(Run::WHOLE);
        let work = Work::new(&self.world, 0, &pace, terms, self.runs);
        at_once(work.plan()).expect("nothing fails")
    }

    /// One run, with its rounds.
    fn run(&mut self, run: Run, disturbance: Option<Act>) {
        let again = self.look();
        let pace = Pace::new(Grain::Steps);
        let terms = self.terms(run);
        let before = self.world.borrow().clone();
        let [machine] = &before.machines[..] else {
            return;
        };
        let work = Work::new(&self.world, 0, &pace, terms, self.runs);
        let planned = at_once(work.plan()).expect("nothing fails");
        assert_eq!(planned, again, "the same view, another plan");
        let has_sides = matches!(
            self.story.policy,
            ConflictPolicy::Local | ConflictPolicy::Remote
        );
        let is_settled = has_sides || planned.draft.settled.is_empty();
        self.is_even &= planned.view.clashes.is_empty() && is_settled;
        let plan = work.guarded(planned.draft.plan.clone(), planned.view.records);
        // Times and sizes may name two files for one; then a move is refused, and decided anew.
        let renames = plan.steps().filter(|step| step.old_key().is_some());
        let moved: BTreeSet<Key> = renames
            .flat_map(|step| step.old_key().into_iter().chain([step.key()]))
            .cloned()
            .collect();
        let is_whole = run.fault == Fault::None;
        let has_no_fog = machine.fog.is_empty();
        let carrying_out = async {
            let failed = work.carry_out(plan).await;
            if is_whole && has_no_fog {
                let is_excused = |(key, _): &(Key, Failure)| moved.contains(key);
                assert!(failed.iter().all(is_excused), "{failed:?}");
            }
            work.rounds(failed, &planned).await;
        };
        drive(&self.world, run.fault, disturbance, carrying_out);
        self.runs += 1;
        if is_whole {
            self.machine().found_ground();
            of_one_sided(&before, &self.world.borrow());
        }
    }
}

/// What needs no turn.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match go(pin!(future).as_mut()) {
        Poll::Ready(ended) => ended,
        Poll::Pending => panic!("a look takes no turn here"),
    }
}

/// Takes a run from step to step, with what happens to it, and demands that nothing is lost.
fn drive(
    world: &RefCell<World>,
    fault: Fault,
    disturbance: Option<Act>,
    carrying_out: impl Future<Output = ()>,
) {
    let mut unseen = world.borrow().unseen(0);
    let check = |unseen: &BTreeSet<Bytes>| {
        let survivors = world.borrow().survivors();
        let lost: Vec<_> = unseen.difference(&survivors).collect();
        assert!(lost.is_empty(), "lost {lost:?}");
    };
    let mut disturbance = disturbance;
    let mut carrying_out = pin!(carrying_out);
    let mut begun = 0_u8;
    while go(carrying_out.as_mut()).is_pending() {
        match fault {
            Fault::Cut { steps, receipts } if steps <= begun => {
                world.borrow_mut().forget_receipts(0, receipts);
                break;
            }
            Fault::Disturbed { steps } if steps <= begun => {
                if let Some(act) = disturbance.take() {
                    check(&unseen);
                    world.borrow_mut().act(0, act);
                    // What the user replaced or removed himself is his loss.
                    unseen = world.borrow().unseen(0);
                }
            }
            _ => {}
        }
        begun = begun.saturating_add(1);
    }
    check(&unseen);
}

/// A side on which nothing happened is only given what the other has.
fn of_one_sided(before: &World, after: &World) {
    let [machine] = &before.machines[..] else {
        return;
    };
    let is_as_recorded = |key: &Key| {
        let record = machine.base.get(key);
        let file = machine.local.get(key).map(|file| file.stamp);
        record.map(|record| record.local) == file.map(Some)
    };
    let keys = || machine.base.keys().chain(machine.local.keys());
    if machine.fog.is_empty() && keys().all(is_as_recorded) {
        assert_eq!(before.remote, after.remote, "only the bucket was changed");
    }
    let is_as_recorded = |key: &Key| match (machine.base.get(key), before.remote.get(key)) {
        (Some(record), Some(object)) => {
            record.local.is_some() && record.remote.is_same_object(&object.stamp)
        }
        (None, None) => true,
        _ => false,
    };
    let is_damaged = machine.local.iter().any(|(key, file)| {
        let record = machine.base.get(key).and_then(|record| record.local);
        record.is_some_and(|stamp| file.bytes == 0 && stamp.mtime_ns == file.stamp.mtime_ns)
    });
    let keys = || machine.base.keys().chain(before.remote.keys());
    if machine.fog.is_empty() && !is_damaged && keys().all(is_as_recorded) {
        let after = &after.machines[0].local;
        assert_eq!(machine.local, *after, "only the directory was changed");
    }
}
