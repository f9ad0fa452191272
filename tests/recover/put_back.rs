//! Kept versions get a path again.

use super::{kept_file, kept_object, names};
use crate::support::wire::{Fault, Op, When};
use crate::support::world::{Machine, World};

#[test]
fn a_deleted_folder_comes_back_and_is_sent_again() {
    let world = World::agreed(&[("d/a", "1"), ("d/e/b", "2"), ("x", "3")]);
    world.remove_remote("d/a").remove_remote("d/e/b").sync();
    world.expect_no_local("d/a").expect_no_local("d/e/b");
    let run = world.run(&["recover", "put-back", "root", "d"]);
    run.expect_code(0)
        .expect_stdout("put back d/a\nput back d/e/b\n");
    world.expect_local("d/a", "1").expect_local("d/e/b", "2");
    world.expect_nothing_kept();
    world.sync().expect_same().expect_idle();
}

#[test]
fn a_file_whose_name_is_taken_gets_another() {
    let world = kept_file();
    let run = world.run(&["recover", "put-back", "root", "a.txt"]);
    run.expect_code(0);
    world.expect_local("a.txt", "there").expect_nothing_kept();
    let [name, _, _] = &names(&world)[..] else {
        panic!("{:?}", world.tree());
    };
    assert!(name.starts_with("a.recovered-2"), "{name}");
    assert!(name.ends_with("Z.txt"), "{name}");
    run.expect_stdout(&format!("put back a.txt as {name}\n"));
    world.expect_local(name, "here").sync().expect_same();
}

#[test]
fn a_path_that_is_asked_for_is_given_if_it_is_free() {
    let world = kept_file();
    world
        .run(&["recover", "put-back", "root", "a.txt", "--to", "zz"])
        .expect_code(2)
        .expect_stderr("zz is there already");
    world
        .expect_local("zz", "stays")
        .expect_kept_local("a.txt", "here");
    world
        .run(&["recover", "put-back", "root", "a.txt", "--to", "new/b.txt"])
        .expect_code(0);
    world
        .expect_local("new/b.txt", "here")
        .expect_nothing_kept();
}

#[test]
fn a_directory_or_a_link_under_the_name_is_not_touched() {
    let world = kept_file();
    world.remove("a.txt").local("a.txt/inner", "inner");
    world
        .run(&["recover", "put-back", "root", "a.txt"])
        .expect_code(0)
        .expect_stdout("put back a.txt as a.recovered-");
    world.expect_local("a.txt/inner", "inner");
    let world = kept_file();
    world.remove("a.txt");
    std::os::unix::fs::symlink("/nowhere", world.path("a.txt")).expect("links can be made");
    world
        .run(&["recover", "put-back", "root", "a.txt"])
        .expect_code(0)
        .expect_stdout("put back a.txt as a.recovered-");
    assert!(world.path("a.txt").is_symlink());
}

#[test]
fn a_link_to_nothing_that_would_be_followed_is_a_name_that_is_taken() {
    let world = World::agreed_with(
        &[("a.txt", "agreed")],
        &["--conflict", "remote", "--links", "follow-inside"],
    );
    world.local("a.txt", "here").remote("a.txt", "there").sync();
    world.remove("a.txt");
    std::os::unix::fs::symlink("nothing", world.path("a.txt")).expect("links can be made");
    world
        .run(&["recover", "put-back", "root", "a.txt"])
        .expect_code(0)
        .expect_stdout("put back a.txt as a.recovered-");
    assert!(world.path("a.txt").is_symlink());
    world.expect_nothing_kept();
}

#[test]
fn a_directory_takes_a_name_in_a_dry_run_as_well() {
    let world = kept_file();
    world.remove("a.txt").local("a.txt/inner", "inner");
    world
        .run(&["recover", "put-back", "root", "a.txt", "--dryrun"])
        .expect_code(0)
        .expect_stdout("would put back a.txt as a.recovered-");
}

#[test]
fn an_object_comes_back_within_the_bucket_with_its_time() {
    let world = kept_object();
    let run = world.run(&["recover", "put-back", "root", "a.txt"]);
    run.expect_code(0).expect_stdout(" in the bucket\n");
    world.expect_remote("a.txt", "here").expect_nothing_kept();
    world.sync().expect_same();
    let found = names(&world);
    let name = found.iter().find(|name| name.starts_with("a.recovered-2"));
    let name = name.expect("it was fetched");
    world.expect_local(name, "there");
    assert_eq!(world.mtime_ns(name), 1_000_000_000_000_000_000);
    world.expect_idle();
}

#[test]
fn an_object_gets_its_own_key_where_that_is_free() {
    let world = kept_object();
    world.remove("a.txt").sync();
    world.expect_no_remote("a.txt");
    world
        .run(&["recover", "put-back", "root", "a.txt"])
        .expect_code(0)
        .expect_stdout("put back a.txt in the bucket\n");
    world.sync().expect_local("a.txt", "there").expect_same();
}

#[test]
fn who_takes_the_key_at_the_last_moment_keeps_it() {
    let world = kept_object();
    world.remove("a.txt").sync();
    let stranger = Machine::clone(&world);
    let writes = Fault::call(move || {
        stranger.remote("a.txt", "by a stranger");
    });
    world.wire().fault(When::op(Op::Copy), writes);
    world
        .run(&["recover", "put-back", "root", "a.txt"])
        .expect_code(0)
        .expect_stdout("put back a.txt as a.recovered-");
    world.wire().heal();
    world.expect_remote("a.txt", "by a stranger");
    world.sync().expect_same().expect_findable("there");
}

#[test]
fn of_several_versions_of_a_path_one_must_be_named() {
    let world = kept_file();
    let first = world.kept_local();
    let (name, _) = &first[0];
    // Another run, in another second.
    std::thread::sleep(std::time::Duration::from_millis(1100));
    world
        .local("a.txt", "here again")
        .remote("a.txt", "there again")
        .sync();
    world
        .run(&["recover", "put-back", "root", "a.txt"])
        .expect_code(2)
        .expect_stderr("2 kept versions match 'a.txt'");
    assert_eq!(world.kept_local().len(), 2, "nothing was done");
    world
        .run(&["recover", "put-back", "root", name, "--to", "b.txt"])
        .expect_code(0);
    world.expect_local("b.txt", "here");
}

#[test]
fn a_dry_run_puts_nothing_back() {
    for world in [kept_file(), kept_object()] {
        let before = (world.tree(), world.remote_tree());
        let kept = (world.kept_local(), world.kept_remote());
        world
            .run(&["recover", "put-back", "root", "a.txt", "--dryrun"])
            .expect_code(0)
            .expect_stdout("would put back a.txt as a.recovered-");
        assert_eq!((world.tree(), world.remote_tree()), before);
        assert_eq!((world.kept_local(), world.kept_remote()), kept);
    }
}
