//! The policies of examples/policies are enough for what they are for, and no more.

#[path = "../support/mod.rs"]
mod support;

mod backup_only;
mod gate;
mod iam;
mod two_way;

use iam::Policy;
use support::noise;
use support::world::World;

/// Large enough to go in parts.
const LARGE: usize = 9 << 20;

#[test]
fn no_example_allows_more_than_it_names() {
    let world = World::embedded();
    for name in ["backup-only.json", "two-way.json"] {
        let policy = Policy::example(name, world.bucket());
        for action in policy.actions() {
            assert!(
                action.starts_with("s3:") && !action.contains('*'),
                "{action}"
            );
            assert!(!action.contains("Version") || action == "s3:GetBucketVersioning");
        }
    }
}
