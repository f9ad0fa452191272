//! The planner on a model: a story is told, every plan in it is judged and carried out, and in the
//! end both sides must agree, with nothing lost that somebody wrote.

mod hands;
mod laws;
mod sight;
mod story;
mod world;

use hands::{Failure, Work};
use s3_bsync::draft::{Asides, Draft};
use s3_bsync::key::Key;
use s3_bsync::state::ConflictPolicy;
use sight::View;
use std::collections::BTreeSet;
use story::{Act, Fault, Run, Story};
use world::World;

/// Rounds of one run, as the program has them.
const ROUNDS: usize = 3;
/// Runs without faults after which nothing may be left to do.
const RUNS: usize = 3;
/// The map's prefix; the longest names leave little room for it.
const PREFIX: &str = "p";

/// Demands of the planner what holds for every story.
pub fn reconcile(data: &[u8]) {
    let story = Story::read(data);
    let told = Telling::of(&story, 0);
    if story.is_undisturbed() {
        let mut turned = story.clone();
        for act in &mut turned.acts {
            if let Act::Run(run) = act {
                run.order = run.order.wrapping_mul(7).wrapping_add(1);
            }
        }
        let turned = Telling::of(&turned, 0);
        assert_eq!(
            told.world.contents(),
            turned.world.contents(),
            "the order of steps matters"
        );
        assert_eq!(
            told.world.kept, turned.world.kept,
            "the order of steps matters"
        );
    }
    if story.policy != ConflictPolicy::Newer {
        let skewed = Telling::of(&story, 3_600_000_000_000);
        assert_eq!(
            told.world.contents(),
            skewed.world.contents(),
            "a clock matters"
        );
        assert_eq!(told.world.kept, skewed.world.kept, "a clock matters");
    }
    if let Some(mirrored) = story.mirrored().filter(|_| told.is_even) {
        let mirrored = Telling::of(&mirrored, 0);
        let [local, remote] = mirrored.world.contents();
        if mirrored.is_even {
            assert_eq!(
                told.world.contents(),
                [remote, local],
                "the sides are not treated alike"
            );
        }
    }
}

/// A story as it was told.
struct Telling<'a> {
    story: &'a Story,
    world: World,
    runs: u32,
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

impl<'a> Telling<'a> {
    fn of(story: &'a Story, skew_ns: i64) -> Self {
        let mut telling = Self {
            story,
            world: World::with_skew(skew_ns),
            runs: 0,
            is_even: true,
        };
        let mut acts = story.acts.iter().copied();
        while let Some(act) = acts.next() {
            match act {
                Act::Run(run) => {
                    let disturbance = match run.fault {
                        Fault::Disturbed { .. } => acts.next().filter(|act| act.is_a_users()),
                        _ => None,
                    };
                    telling.run(run, disturbance);
                }
                act => telling.world.act(act),
            }
            let world = &telling.world;
            let mut local = world.local.keys();
            assert!(!local.any(|key| world.local.keys().any(|at| at.is_below(key.as_str()))));
        }
        telling.end();
        telling.is_even &= !telling.world.is_cleared;
        telling
    }

    /// Runs until nothing is left to do, which must come soon and leave both sides equal.
    fn end(&mut self) {
        for _ in 0..=RUNS {
            let view = self.world.view(None);
            let draft = self.draft(&view);
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
            let [local, remote] = self.world.contents();
            for key in local.keys().chain(remote.keys()) {
                let is_excused = skipped.contains(*key) || self.world.is_fogged(key);
                assert!(
                    is_excused || local.get(key) == remote.get(key),
                    "{key} differs"
                );
            }
            return;
        }
        assert!(!self.world.fog.is_empty(), "no end");
    }

    fn draft(&self, view: &View) -> Draft {
        self.world.draft(view, self.story, &mut self.asides())
    }

    fn asides(&self) -> Asides {
        Asides::new(format!("20261121T022529Z-{:08}", self.runs), PREFIX)
    }

    /// One run, with its rounds.
    fn run(&mut self, run: Run, disturbance: Option<Act>) {
        let view = self.world.view(None);
        laws::of_view(&self.world, &view);
        let mut asides = self.asides();
        let draft = self.world.draft(&view, self.story, &mut asides);
        laws::of_draft(&view, &draft);
        assert_eq!(draft, self.draft(&view), "the same view, another plan");
        let has_sides = matches!(
            self.story.policy,
            ConflictPolicy::Local | ConflictPolicy::Remote
        );
        self.is_even &= view.clashes.is_empty() && (has_sides || draft.settled.is_empty());
        let mut plan = draft.plan;
        let is_held = laws::of_guard(&mut plan.clone(), view.records, self.story.limit).is_err();
        if is_held && !run.is_forced {
            let _ = laws::of_guard(&mut plan, view.records, self.story.limit);
        }
        // Times and sizes may name two files for one; then a move is refused, and decided anew.
        let renames = plan.steps().filter(|step| step.old_key().is_some());
        let moved: BTreeSet<Key> = renames
            .flat_map(|step| step.old_key().into_iter().chain([step.key()]))
            .cloned()
            .collect();
        let before = self.world.clone();
        let is_whole = run.fault == Fault::None;
        let mut work = Work::new(&mut self.world, run, disturbance);
        let mut ended = work.carry_out(plan);
        if is_whole && before.fog.is_empty() {
            let is_excused = |(key, _): &(Key, Failure)| moved.contains(key);
            assert!(work.failed.iter().all(is_excused), "{:?}", work.failed);
        }
        for _ in 1..ROUNDS {
            let failed = std::mem::take(&mut work.failed);
            let stale: BTreeSet<Key> = failed
                .into_iter()
                .filter(|(_, failure)| *failure == Failure::Stale)
                .map(|(key, _)| key)
                .collect();
            if stale.is_empty() || ended.is_none() {
                break;
            }
            let mut view = work.world.view(Some(&stale));
            for item in &mut view.items {
                item.base = before.base.get(&item.key).cloned().map(Box::new);
            }
            view.clashes.clear();
            let draft = work.world.draft(&view, self.story, &mut asides);
            ended = work.carry_out(draft.plan);
        }
        work.check_losses();
        self.runs += 1;
        if is_whole {
            self.world.found_ground();
            self.of_one_sided(&before);
        }
    }

    /// A side on which nothing happened is only given what the other has.
    fn of_one_sided(&self, before: &World) {
        let is_as_recorded = |key: &Key| {
            let record = before.base.get(key);
            let file = before.local.get(key).map(|file| file.stamp);
            record.map(|record| record.local) == file.map(Some)
        };
        let after = &self.world;
        let keys = || before.base.keys().chain(before.local.keys());
        if before.fog.is_empty() && keys().all(is_as_recorded) {
            assert_eq!(before.remote, after.remote, "only the bucket was changed");
        }
        let is_as_recorded = |key: &Key| match (before.base.get(key), before.remote.get(key)) {
            (Some(record), Some(object)) => {
                record.local.is_some() && record.remote.is_same_object(&object.stamp)
            }
            (None, None) => true,
            _ => false,
        };
        let is_damaged = before.local.iter().any(|(key, file)| {
            let record = before.base.get(key).and_then(|record| record.local);
            record.is_some_and(|stamp| file.bytes == 0 && stamp.mtime_ns == file.stamp.mtime_ns)
        });
        let keys = || before.base.keys().chain(before.remote.keys());
        if before.fog.is_empty() && !is_damaged && keys().all(is_as_recorded) {
            assert_eq!(before.local, after.local, "only the directory was changed");
        }
    }
}
