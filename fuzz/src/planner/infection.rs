//! An infected machine, and `undo` on every other one.

use super::super::model::{Act, Bytes, Grain, HONOURS_ALL, Keeping, Renames};
use super::case::{Case, Deed};
use super::fleet::{Fleet, paces_of, world_of};
use s3_bsync::guard::Limit;
use s3_bsync::key::Key;
use s3_bsync::state::ConflictPolicy;
use std::collections::BTreeMap;

/// Lets an attacker do something to the objects of these names, on which so many machines have
/// agreed; then every machine runs, `undo` runs once on each, and all runs go on to their end.
/// Returns the bucket before the attack, after every machine's run, and in the end.
#[must_use]
pub fn undone(
    machines: usize,
    names: &[usize],
    attack: fn(u8) -> Act,
) -> [BTreeMap<Key, Bytes>; 3] {
    let case = Case {
        policies: vec![ConflictPolicy::Newer; machines],
        honours: HONOURS_ALL,
        found: HONOURS_ALL,
        limit: Limit::Percent(100),
        grain: Grain::Steps,
        keeping: Keeping::All,
        renames: Renames::Paired,
        agreed: names.to_vec(),
        deeds: Vec::new(),
    };
    let (world, paces) = (world_of(&case), paces_of(&case));
    let bucket = || {
        let world = world.borrow();
        let objects = world.in_bucket().into_iter();
        objects.map(|(key, bytes)| (key.clone(), bytes)).collect()
    };
    let before = bucket();
    let mut fleet = Fleet::new(&case, &world, &paces);
    for name in names {
        let name = u8::try_from(*name).expect("there are few names");
        fleet.does(Deed::Act(0, attack(name)));
    }
    for who in 0..machines {
        fleet.run_alone(who);
    }
    let amid = bucket();
    for machine in &world.borrow().machines {
        let local = machine.contents().into_iter();
        let local: BTreeMap<Key, Bytes> = local.map(|(key, bytes)| (key.clone(), bytes)).collect();
        assert_eq!(local, amid, "the attack reaches every machine");
    }
    for who in 0..machines {
        fleet.does(Deed::Act(who, Act::Undo(0)));
    }
    fleet.rest();
    [before, amid, bucket()]
}
