//! The bucket is missing, emptied, out of reach, or refuses.

use super::roots::{expect_objects, synced};
use crate::support::wire::{Fault, Op, When};
use crate::support::world::World;

/// A synced map with something to delete on either side, were the bucket believed.
fn with_deletions() -> World {
    let world = synced();
    world.remove("a").local("new", "4");
    world
}

/// The run stops, says why, and changes nothing on either side.
#[track_caller]
fn stops(world: &World, variables: &[(&str, &str)], why: &str) {
    let before = world.tree();
    let run = world.run_in(variables, &[]);
    run.expect_code(3)
        .expect_stderr(why)
        .expect_stderr("hint: ");
    world.wire().heal();
    assert_eq!(world.tree(), before, "the files");
    expect_objects(world);
    world.sync();
    world.expect_both(&[("b", "2"), ("new", "4"), ("sub/c", "3")]);
}

#[test]
fn a_bucket_that_is_gone_deletes_nothing() {
    let world = with_deletions();
    world
        .wire()
        .fault(When::any().always(), Fault::Status(404, "NoSuchBucket"));
    stops(&world, &[], "no such bucket");
}

#[test]
fn a_bucket_that_never_was_stops_the_map() {
    let world = World::new();
    let uri = format!("s3://{}-that-never-was", world.bucket());
    world.local("a", "1").try_init(&uri, &[]).expect_code(0);
    world.sync_code(3).expect_stderr("no such bucket");
    world.expect_local("a", "1");
}

#[test]
fn an_emptied_bucket_is_held_by_the_guard_until_it_is_meant() {
    let world = synced();
    world
        .remove_remote("a")
        .remove_remote("b")
        .remove_remote("sub/c");
    for _ in 0..2 {
        world
            .sync_code(3)
            .expect_stderr("if they are meant, run once with --force");
        world.expect_local("a", "1").expect_local("sub/c", "3");
    }
    world.run(&["--force"]).expect_code(0);
    world.expect_both(&[]);
    // Meant or not, what is removed from the root is kept for a while.
    for contents in ["1", "2", "3"] {
        world.expect_kept(contents);
    }
}

#[test]
fn a_wrong_secret_stops_the_map() {
    let world = with_deletions();
    if world.hand().is_none() {
        return;
    }
    stops(&world, &[("AWS_SECRET_ACCESS_KEY", "wrong")], "credentials");
}

#[test]
fn an_unknown_access_key_stops_the_map() {
    let world = with_deletions();
    if world.hand().is_none() {
        return;
    }
    stops(
        &world,
        &[("AWS_ACCESS_KEY_ID", "NOBODYKNOWSME")],
        "credentials",
    );
}

/// Writes the credentials file of the AWS tools: profile `work` has the keys of this bucket.
fn write_profile(world: &World) {
    let command = world.command(&[]);
    let of = |name: &str| {
        let (_, value) = command.get_envs().find(|(key, _)| *key == name).unwrap();
        value.unwrap().to_str().unwrap().to_owned()
    };
    let (id, secret) = (of("AWS_ACCESS_KEY_ID"), of("AWS_SECRET_ACCESS_KEY"));
    let profile = format!("[work]\naws_access_key_id={id}\naws_secret_access_key={secret}\n");
    std::fs::create_dir_all(world.home().join(".aws")).unwrap();
    std::fs::write(world.home().join(".aws/credentials"), profile).unwrap();
}

#[test]
fn a_maps_profile_wins_over_keys_in_the_environment() {
    let world = World::new();
    if world.hand().is_none() {
        return;
    }
    let wrong = [
        ("AWS_ACCESS_KEY_ID", "NOBODYKNOWSME"),
        ("AWS_SECRET_ACCESS_KEY", "wrong"),
    ];
    world.local("a", "1").init();
    world.run_in(&wrong, &[]).expect_code(3);
    write_profile(&world);
    world.init_with(&["--profile", "work"]);
    world.run_in(&wrong, &[]).expect_code(0);
    world.expect_remote("a", "1");
    // Incomplete credentials of a profile are not completed by those of the environment.
    let half = "[work]\naws_access_key_id=half\n";
    std::fs::write(world.home().join(".aws/credentials"), half).unwrap();
    world.sync_code(3).expect_stderr("no credentials found");
}

#[test]
fn a_profile_that_is_gone_stops_the_map_and_is_named() {
    let world = World::new();
    world.local("a", "1");
    write_profile(&world);
    world.init_with(&["--profile", "work"]).sync();
    std::fs::remove_file(world.home().join(".aws/credentials")).unwrap();
    world.remove("a");
    world
        .sync_code(3)
        .expect_stderr("profile work is not in the AWS configuration files")
        .expect_stderr("hint: correct --profile");
    world.expect_remote("a", "1");
}

#[test]
fn no_credentials_at_all_stop_the_map() {
    let world = with_deletions();
    let none = [("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")];
    stops(&world, &none, "no credentials");
}

#[test]
fn a_denied_listing_stops_the_map() {
    let world = with_deletions();
    world.wire().fault(
        When::op(Op::List).always(),
        Fault::Status(403, "AccessDenied"),
    );
    stops(&world, &[], "access denied");
}

#[test]
fn a_clock_that_is_far_off_stops_the_map() {
    let world = with_deletions();
    let skewed = Fault::Status(403, "RequestTimeTooSkewed");
    world.wire().fault(When::any().always(), skewed);
    stops(&world, &[], "clock");
}

#[test]
fn connections_that_always_break_stop_the_map() {
    let world = with_deletions();
    world.wire().fault(When::any().always(), Fault::Reset);
    stops(&world, &[], "no answer");
}

#[test]
fn an_endpoint_that_nobody_listens_at_stops_the_map() {
    let world = World::new();
    let (root, uri) = (world.root().to_str().expect("UTF-8"), world.uri());
    let init = [
        "--init",
        "--dir",
        root,
        &uri,
        "--endpoint-url",
        "http://127.0.0.1:1",
    ];
    world.local("a", "1").run(&init).expect_code(0);
    world
        .sync_code(3)
        .expect_stderr("no answer")
        .expect_stderr("hint: check the network");
    world.expect_local("a", "1");
}

#[test]
fn a_key_that_may_not_be_read_is_unknown_and_not_absent() {
    let world = synced();
    world.remote("a", "1 there").remote("new", "4").remove("b");
    for key in ["docs/a", "docs/new"] {
        for op in [Op::Get, Op::Head] {
            let denied = Fault::Status(403, "AccessDenied");
            world.wire().fault(When::op(op).key(key).always(), denied);
        }
    }
    let run = world.sync_code(1);
    run.expect_stderr("docs/a: access denied")
        .expect_stderr("docs/new: access denied");
    world.wire().heal();
    world
        .expect_local("a", "1")
        .expect_no_local("new")
        .expect_remote("a", "1 there");
    // Nothing else waits for them.
    world.expect_no_remote("b");
    world.sync();
    world.expect_both(&[("a", "1 there"), ("new", "4"), ("sub/c", "3")]);
}

#[test]
fn a_contested_key_that_may_not_be_looked_at_is_left_alone() {
    let world = synced();
    world
        .remote("a", "1 there")
        .local("a", "1 here")
        .local("new", "4");
    world.wire().fault(
        When::op(Op::Head).key("docs/a").always(),
        Fault::Status(403, ""),
    );
    world.sync_code(1).expect_stderr("a");
    world.wire().heal();
    world
        .expect_local("a", "1 here")
        .expect_remote("a", "1 there")
        .expect_remote("new", "4");
    world.expect_nothing_kept();
    world.sync();
    world
        .expect_same()
        .expect_findable("1 there")
        .expect_findable("1 here");
}

#[test]
fn a_key_that_may_not_be_written_or_deleted_stays_and_is_tried_again() {
    let world = synced();
    world.local("a", "1 here").remove("b").local("new", "4");
    let denied = || Fault::Status(403, "AccessDenied");
    world
        .wire()
        .fault(When::op(Op::Put).key("docs/a").always(), denied());
    world
        .wire()
        .fault(When::op(Op::Delete).key("docs/b").always(), denied());
    let run = world.sync_code(1);
    run.expect_stderr("docs/a: access denied")
        .expect_stderr("docs/b: access denied");
    run.expect_stderr("hint: check the key's rights");
    world.wire().heal();
    world
        .expect_local("a", "1 here")
        .expect_remote("a", "1")
        .expect_remote("b", "2");
    world.expect_no_local("b").expect_remote("new", "4");
    world.sync();
    world.expect_both(&[("a", "1 here"), ("new", "4"), ("sub/c", "3")]);
}

#[test]
fn credentials_that_expire_in_mid_run_stop_it_at_once_and_what_was_done_is_saved() {
    let world = World::new();
    for n in 0..8 {
        world.local(&format!("file-{n}"), "old");
    }
    world.local("gone", "1").init().sync();
    for n in 0..8 {
        world.local(&format!("file-{n}"), format!("new {n}"));
    }
    world.remove("gone");
    // The listing and three files are done when it happens.
    let expired = Fault::Status(400, "ExpiredToken");
    world.wire().fault(When::any().nth(5).always(), expired);
    world.wire().forget();
    let run = world.run(&["--jobs", "1"]);
    run.expect_code(3)
        .expect_stderr("hint: renew or correct the credentials");
    world.wire().heal();
    let log = world.wire().log();
    assert!(log.len() <= 6, "it stops at once: {log:#?}");
    assert_eq!(
        log.iter().filter(|e| e.op == Op::Delete).count(),
        0,
        "{log:#?}"
    );
    world.expect_remote("gone", "1");
    world.wire().forget();
    world.sync();
    assert_eq!(
        world.wire().count(Op::Put),
        5,
        "what was done is not done again"
    );
    world.expect_same().expect_idle();
}

/// What nobody answered for good may have had its effect, which the next run finds out.
#[test]
fn a_write_that_nobody_ever_answers_is_no_conflict_at_the_next_run() {
    let world = synced();
    world.local("a", "1 edited").local("new", "4");
    world.wire().fault(When::op(Op::Put).always(), Fault::Lose);
    world.run(&[]);
    world.wire().heal();
    world.sync();
    world.expect_both(&[("a", "1 edited"), ("b", "2"), ("new", "4"), ("sub/c", "3")]);
    world.expect_nothing_kept().expect_idle();
}
