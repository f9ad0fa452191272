//! What the server honours is found out before the first write, and what it does not is said.

use crate::support::server::Profile;
use crate::support::wire::{Exchange, Fault, Op, When};
use crate::support::world::{Kill, Machine, World};
use std::thread;

const WRITES: &str = "this server does not honour conditional writes: two machines writing the same \
                      file in the same moment can overwrite each other";
const PARTS: &str = "this server does not honour conditions on multipart uploads: two machines \
                     writing the same large file in the same moment can overwrite each other";
const DELETES: &str = "this server does not honour conditional deletes: what one machine writes in \
                       the moment when another deletes the same file can be lost";

#[test]
fn what_a_killed_probe_left_is_removed_by_the_next() {
    let scratch = |world: &World| -> Vec<String> {
        let keys = world.hand().unwrap().all_keys().into_iter();
        keys.filter(|key| key.contains("/.s3bsync/probe-"))
            .collect()
    };
    let world = World::embedded();
    world.local("a", "1").init();
    // Another machine's scratch object, which may be in use.
    let others = "docs/.s3bsync/probe-0123456789abcdef0123456789abcdef-0-a";
    world.hand().unwrap().put(others, "first");
    let killed = world.killed(&[], When::op(Op::Put).nth(3), Kill::After);
    assert!(killed.is_none_or(|run| run.code != 0));
    assert!(scratch(&world).len() > 1, "the probe was not under way");
    world.sync().expect_remote("a", "1");
    assert_eq!(scratch(&world), [others]);
}

#[test]
fn what_a_server_does_not_honour_is_said_once_and_in_these_words() {
    let profiles: [(Profile, &[&str]); 5] = [
        (Profile::HONEST, &[]),
        (Profile::IGNORES_ALL, &[WRITES, DELETES]),
        (Profile::IGNORES_DELETE_AND_COPY, &[DELETES]),
        (Profile::LOCALSTACK, &[DELETES]),
        (Profile::CEPH, &[PARTS, DELETES]),
    ];
    for (profile, shortcomings) in profiles {
        let world = World::embedded();
        let Some(hand) = world.hand() else { return };
        hand.store().set_profile(profile);
        let first = world.local("a", "1").init().run(&[]);
        first.expect_code(0);
        let said: Vec<_> = first.stderr.lines().collect();
        let wanted: Vec<_> = shortcomings
            .iter()
            .map(|text| format!("note: {text}"))
            .collect();
        assert_eq!(said, wanted, "{profile:?}");
        // Before the first object was written.
        let log = world.wire().log();
        let at = |key: &str| {
            log.iter()
                .position(|e| e.op == Op::Put && e.key.starts_with(key))
        };
        assert!(at("docs/.s3bsync/") < at("docs/a"), "{log:#?}");
        // It is not said again, but remembered and shown.
        world
            .local("a", "2")
            .run(&[])
            .expect_code(0)
            .expect_silence();
        let dump = world.run(&["--dump"]);
        for shortcoming in shortcomings {
            let shown = match *shortcoming {
                WRITES => "conditional writes",
                PARTS => "conditional multipart",
                _ => "conditional deletes",
            };
            dump.expect_stdout(shown);
        }
    }
}

#[test]
fn a_run_that_only_meant_to_fetch_learns_the_server_before_it_writes() {
    let world = World::new();
    let b = world.machine("b");
    world.local("a", "1").local("b", "2").init().sync();
    b.init();
    let (bucket, root) = (Machine::clone(&world), b.clone());
    world.wire().fault(
        When::op(Op::Get).key("docs/a"),
        Fault::call(move || {
            let (bucket, root) = (bucket.clone(), root.clone());
            let _ = thread::spawn(move || {
                bucket.remove_remote("a");
                root.local("a", "by b");
            })
            .join();
        }),
    );
    world.wire().forget();
    b.sync();
    world.wire().heal();
    b.expect_both(&[("a", "by b"), ("b", "2")]);
    let log = world.wire().log();
    let at = |is_meant: &dyn Fn(&Exchange) -> bool| log.iter().position(is_meant);
    let probe = at(&|e| e.op == Op::Put && e.key.starts_with("docs/.s3bsync/"));
    let put = at(&|e| e.op == Op::Put && e.key == "docs/a");
    assert!(probe.is_some() && probe < put, "{log:#?}");
}
