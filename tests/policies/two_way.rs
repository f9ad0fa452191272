//! Machines that keep a directory and a prefix the same.

use super::gate::guard;
use super::iam::Policy;
use super::support::server::Versioning;
use super::support::wire::Op;
use super::support::world::World;
use super::{LARGE, noise};

#[track_caller]
fn tell(versioning: Versioning) {
    let world = World::embedded();
    world.hand().unwrap().set_versioning(versioning);
    let refused = guard(&world, Policy::example("two-way.json", world.bucket()));
    let (a, b) = (world.machine("one"), world.machine("two"));
    a.local("a", "v1")
        .local("b", "v1")
        .local("sub/c", "v1")
        .init()
        .sync();
    let probes = world.wire().count(Op::Delete);
    b.local("b", "other")
        .local("large", noise(LARGE, 1))
        .init()
        .sync();
    a.sync().expect_local("large", noise(LARGE, 1));
    let mut grown = noise(LARGE, 1);
    grown.extend(b"and more");
    a.local("large", &grown)
        .remove("a")
        .rename("sub/c", "d")
        .sync();
    b.sync()
        .expect_local("large", &grown)
        .expect_no_local("a")
        .expect_local("d", "v1");
    a.local("b", "here").sync();
    let hand = world.hand().unwrap();
    for name in ["b", "large"] {
        hand.set_tags(&format!("docs/{name}"), &[("team", "ours")]);
    }
    b.local("b", "there").sync();
    a.sync();
    b.sync().expect_same();
    for kept in ["v1", "here", "there"] {
        world.expect_findable(kept);
    }
    a.rename("large", "sub/larger").local("c", "new").sync();
    a.remote("c", "foreign")
        .remote("e", "foreign")
        .sync()
        .expect_local("c", "foreign");
    a.remove_remote("e").sync().expect_no_local("e");
    assert!(world.wire().count(Op::Delete) > probes, "files are deleted");
    b.sync().expect_same().expect_idle();
    a.sync().expect_idle();
    let tagged = hand
        .keys()
        .iter()
        .filter(|key| !hand.tags(key).is_empty())
        .count();
    assert!(tagged > 0, "tags come along");
    assert_eq!(refused.take(), [""; 0]);
    let scratch = |key: &String| key.contains("/probe-");
    assert!(!world.hand().unwrap().keys().iter().any(scratch));
}

#[test]
fn a_bucket_without_versions_needs_no_more() {
    tell(Versioning::Off);
}

#[test]
fn a_bucket_with_versions_needs_no_more() {
    tell(Versioning::Enabled);
}
