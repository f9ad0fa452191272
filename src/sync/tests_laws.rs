//! The laws of the planner, on a model: one tree is made and perturbed twice, the differences are
//! joined, decided, drafted and carried out in any order, until nothing is left to do.

use super::tests_model::{Act, Bytes, Renames, World, acts};
use crate::draft::Draft;
use crate::key::Key;
use crate::local::Root;
use crate::reconcile::Ground;
use crate::state::{ConflictPolicy, Direction};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn policies() -> impl Strategy<Value = ConflictPolicy> {
    prop_oneof![
        Just(ConflictPolicy::Newer),
        Just(ConflictPolicy::KeepBoth),
        Just(ConflictPolicy::Local),
        Just(ConflictPolicy::Remote),
        Just(ConflictPolicy::Ask),
    ]
}

fn agreed(start: &[Act], root: &Root) -> World {
    let mut world = World::default();
    for act in start {
        world.act_locally(act);
    }
    let plan = world
        .plan(root, ConflictPolicy::Newer, Ground::Baseless)
        .plan;
    world.carry_out_all(plan, &[0]);
    assert_eq!(world.base.len(), world.local.len());
    world
}

fn runs(
    mut world: World,
    root: &Root,
    policy: ConflictPolicy,
    ground: Ground,
    order: &[usize],
) -> World {
    let unseen = world.unseen();
    let mut rounds = 0;
    loop {
        let before = world.base.clone();
        let Draft { plan, skipped, .. } = world.plan(root, policy, ground);
        for key in before.keys() {
            let is_touched = plan.steps().any(|step| step.key() == key);
            assert!(is_touched || world.base.contains_key(key));
        }
        if plan.is_empty() {
            let skipped: BTreeSet<Key> = skipped.into_iter().map(|(key, _)| key).collect();
            for key in world.local.keys().chain(world.remote.keys()) {
                let local = world.local.get(key).map(|(bytes, _)| *bytes);
                let remote = world.remote.get(key).map(|(bytes, _)| *bytes);
                assert!(
                    local == remote || skipped.contains(key),
                    "{key} did not converge"
                );
            }
            return world;
        }
        rounds += 1;
        assert!(rounds <= 3, "no end: {plan:?}");
        world.carry_out_all(plan, order);
        let lost: Vec<Bytes> = unseen.difference(&world.survivors()).copied().collect();
        assert!(lost.is_empty(), "lost {lost:?}");
    }
}

fn one_way() -> impl Strategy<Value = Direction> {
    prop_oneof![
        Just(Direction::Push),
        Just(Direction::PushMirror),
        Just(Direction::Pull),
        Just(Direction::PullMirror),
    ]
}

/// Runs of a map that goes one way, until nothing is left to do.
fn runs_toward(mut world: World, root: &Root, direction: Direction, ground: Ground) {
    let pushes = matches!(direction, Direction::Push | Direction::PushMirror);
    let mirrors = matches!(direction, Direction::PushMirror | Direction::PullMirror);
    let bytes = |world: &World| -> [BTreeMap<Key, Bytes>; 2] {
        let local = world
            .local
            .iter()
            .map(|(key, (bytes, _))| (key.clone(), *bytes));
        let remote = world
            .remote
            .iter()
            .map(|(key, (bytes, _))| (key.clone(), *bytes));
        let (local, remote) = (local.collect(), remote.collect());
        if pushes {
            [local, remote]
        } else {
            [remote, local]
        }
    };
    let (unseen, [truth, _]) = (world.unseen(), bytes(&world));
    for round in 0.. {
        let Draft { plan, skipped, .. } =
            world.plan_toward(root, ConflictPolicy::Ask, ground, direction);
        let [before, other] = bytes(&world);
        assert_eq!(before, truth, "the truth was touched");
        if plan.is_empty() {
            let skipped: BTreeSet<Key> = skipped.into_iter().map(|(key, _)| key).collect();
            assert!(!pushes || skipped.is_empty(), "{skipped:?}");
            for (key, bytes) in &truth {
                let is_there = other.get(key) == Some(bytes);
                assert!(is_there || skipped.contains(key), "{key} did not arrive");
            }
            for key in other.keys().filter(|_| mirrors) {
                let may_be = truth.contains_key(key) || skipped.contains(key);
                assert!(may_be, "{key} is no part of a mirror");
            }
            break;
        }
        assert!(round < 3, "no end: {plan:?}");
        world.carry_out_all(plan, &[0]);
        let lost: Vec<Bytes> = unseen.difference(&world.survivors()).copied().collect();
        assert!(lost.is_empty(), "lost {lost:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, ..ProptestConfig::default() })]

    #[test]
    fn every_plan_converges_and_loses_nothing_unseen(
        start in acts(12),
        local in acts(8),
        remote in acts(8),
        policy in policies(),
        order in vec(0..64_usize, 1..8),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path().to_str().unwrap(), None).unwrap();
        let mut world = agreed(&start, &root);
        for act in &local {
            world.act_locally(act);
        }
        for act in &remote {
            world.act_remotely(act);
        }
        runs(world, &root, policy, Ground::Based, &order);
    }

    #[test]
    fn a_lost_base_deletes_nothing_and_overwrites_nothing_unkept(
        start in acts(12),
        local in acts(8),
        remote in acts(8),
        policy in policies(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path().to_str().unwrap(), None).unwrap();
        let mut world = agreed(&start, &root);
        for act in &local {
            world.act_locally(act);
        }
        for act in &remote {
            world.act_remotely(act);
        }
        world.base.clear();
        let before = world.survivors();
        let after = runs(world, &root, policy, Ground::Baseless, &[0]);
        prop_assert!(before.is_subset(&after.survivors()));
    }

    #[test]
    fn one_way_the_truth_is_untouched_and_nothing_unseen_is_lost(
        start in acts(12),
        local in acts(8),
        remote in acts(8),
        direction in one_way(),
        ground in prop_oneof![Just(Ground::Based), Just(Ground::Baseless)],
    ) {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path().to_str().unwrap(), None).unwrap();
        let mut world = agreed(&start, &root);
        for act in &local {
            world.act_locally(act);
        }
        for act in &remote {
            world.act_remotely(act);
        }
        if ground == Ground::Baseless {
            world.base.clear();
        }
        runs_toward(world, &root, direction, ground);
    }

    #[test]
    fn renames_end_as_a_removal_and_a_creation_would(
        start in acts(12),
        local in acts(8),
        remote in acts(8),
        policy in policies(),
        direction in prop_oneof![2 => Just(Direction::Both), 1 => one_way()],
    ) {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path().to_str().unwrap(), None).unwrap();
        let mut world = agreed(&start, &root);
        for act in &local {
            world.act_locally(act);
        }
        for act in &remote {
            world.act_remotely(act);
        }
        let end = |renames| {
            let mut world = world.clone();
            for _ in 0..3 {
                let draft = world.plan_as(&root, policy, Ground::Based, direction, renames);
                world.carry_out_all(draft.plan, &[0]);
            }
            let names = |bytes: Bytes, key: &Key| (key.clone(), bytes);
            let local: Vec<_> = world.local.iter().map(|(key, one)| names(one.0, key)).collect();
            let remote: Vec<_> = world.remote.iter().map(|(key, one)| names(one.0, key)).collect();
            let base: Vec<_> = world.base.into_keys().collect();
            (local, remote, base)
        };
        prop_assert_eq!(end(Renames::Paired), end(Renames::Decomposed));
    }

    #[test]
    fn the_order_of_steps_changes_nothing(
        start in acts(12),
        local in acts(8),
        remote in acts(8),
        order in vec(0..64_usize, 1..8),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path().to_str().unwrap(), None).unwrap();
        let mut world = agreed(&start, &root);
        for act in &local {
            world.act_locally(act);
        }
        for act in &remote {
            world.act_remotely(act);
        }
        let contents = |world: &World| {
            let local: Vec<_> = world.local.iter().map(|(k, (b, _))| (k.clone(), *b)).collect();
            let remote: Vec<_> = world.remote.iter().map(|(k, (b, _))| (k.clone(), *b)).collect();
            (local, remote, world.kept.clone())
        };
        let once = runs(world.clone(), &root, ConflictPolicy::KeepBoth, Ground::Based, &[0]);
        let again = runs(world, &root, ConflictPolicy::KeepBoth, Ground::Based, &order);
        prop_assert_eq!(contents(&once), contents(&again));
    }
}
