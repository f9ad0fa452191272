//! A case from a seed: one tree on which all agree, perturbed at every machine, and runs that are
//! interleaved, disturbed, unlucky and killed.

use super::super::model::{
    Act, Grain, HONOURS_ALL, Keeping, Luck, Manner as Writing, NAMES, Renames,
};
use super::case::{Case, Deed, Manner};
use s3_bsync::guard::{Limit, Side};
use s3_bsync::state::ConflictPolicy;

/// Most machines of a case.
const MACHINES: usize = 4;
/// Names that a case is about: few, so that they meet.
const FEW: usize = 5;

/// A fixed sequence that looks random (splitmix64).
pub(super) struct Walk(u64);

impl Walk {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        let limit = limit.max(1) as u64;
        usize::try_from(self.next() % limit).expect("less than a usize")
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

/// The case of a seed.
pub(super) fn case_of(seed: u64) -> Case {
    let mut walk = Walk::new(seed);
    let machines = walk.one(&[1, 2, 2, 2, 3, 3, MACHINES]);
    let policies = [
        ConflictPolicy::Newer,
        ConflictPolicy::Newer,
        ConflictPolicy::KeepBoth,
        ConflictPolicy::Local,
        ConflictPolicy::Remote,
        ConflictPolicy::Ask,
    ];
    let common = walk.one(&policies);
    let has_common = walk.below(4) > 0;
    let policies = (0..machines).map(|_| {
        if has_common {
            common
        } else {
            walk.one(&policies)
        }
    });
    let policies = policies.collect();
    let names: Vec<usize> = (0..FEW).map(|_| walk.below(NAMES.len())).collect();
    let agreed = (0..walk.below(FEW + 1)).map(|at| names[at]).collect();
    let mut deeds = Vec::new();
    for who in 0..machines {
        for _ in 0..walk.below(5) {
            deeds.push(Deed::Act(who, act(&mut walk, &names)));
        }
    }
    for who in 0..machines {
        deeds.push(Deed::Begin(who, manner(&mut walk)));
    }
    let busy = walk.one(&[0, 10, 30, 60, 100]);
    for _ in 0..busy {
        deeds.push(deed(&mut walk, machines, &names));
    }
    Case {
        policies,
        honours: HONOURS_ALL,
        keeping: Keeping::All,
        found: HONOURS_ALL,
        limit: walk.one(&[Limit::Percent(50), Limit::Percent(100), Limit::Count(1)]),
        grain: walk.one(&[Grain::Requests, Grain::Moments, Grain::Moments]),
        renames: walk.one(&[Renames::Paired, Renames::Paired, Renames::Decomposed]),
        agreed,
        deeds,
    }
}

fn manner(walk: &mut Walk) -> Manner {
    let cut = walk.below(NAMES.len() * 2);
    Manner {
        order: walk.byte(),
        jobs: walk.one(&[1, 1, 2, 3]),
        cut: (cut < NAMES.len()).then_some(cut),
        is_forced: walk.below(4) > 0,
    }
}

fn deed(walk: &mut Walk, machines: usize, names: &[usize]) -> Deed {
    let who = walk.below(machines);
    match walk.below(40) {
        0..=27 => Deed::Turn(who, walk.below(3)),
        28..=32 => Deed::Begin(who, manner(walk)),
        33..=36 => Deed::Act(who, act(walk, names)),
        37 => Deed::Mishap(who, Luck::Fails),
        38 => Deed::Mishap(who, Luck::Unheard),
        _ => Deed::Kill(who, walk.byte() % 4),
    }
}

fn act(walk: &mut Walk, names: &[usize]) -> Act {
    let mut name = || {
        let name = if walk.below(8) == 0 {
            // One of those that are there, whatever it is called.
            NAMES.len() + walk.below(8)
        } else {
            walk.one(names)
        };
        u8::try_from(name).expect("there are few names")
    };
    let (one, other) = (name(), name());
    let side = walk.one(&[Side::Local, Side::Local, Side::Local, Side::Remote]);
    let writing = walk.one(&[
        Writing::Now,
        Writing::Now,
        Writing::Past,
        Writing::AsRecorded,
        Writing::Odd,
    ]);
    match walk.below(37) {
        0..=10 => Act::Write(side, one, writing),
        11..=15 => Act::Remove(side, one),
        16..=20 => Act::Rename(side, one, other),
        21 | 22 => Act::Touch(side, one, writing),
        23 | 24 => Act::Echo(side, one),
        25 => Act::Empty(side, one, writing),
        26 => Act::Archive(one),
        27 => Act::Fog(one),
        28 => Act::Racy(one),
        29 => walk.one(&[Act::Version1(one), Act::Unproven(one)]),
        30 => walk.one(&[Act::LoseBase, Act::OldBase]),
        31 => Act::Damage(one),
        32 | 33 => Act::Infect(side, one),
        34 => walk.one(&[Act::Wipe(one), Act::Rollback(one)]),
        35 => Act::DropOldest,
        _ => Act::Undo(walk.byte() % 3),
    }
}
