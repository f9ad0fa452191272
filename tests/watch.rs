//! A watch keeps both sides the same by itself: what is changed here goes up at once, what is changed
//! there comes down within the interval, and what stands in the way is waited out.

mod support;

use rustix::process::Signal;
use std::fs;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};
use support::wire::{Fault, Op, When};
use support::world::{Run, Running, World};

/// Longer than anything takes on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(90);

#[track_caller]
fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "never: {what}");
        sleep(Duration::from_millis(50));
    }
}

/// A watch under way, which ends with its story.
struct Watching(Option<Running>);

impl Watching {
    /// Begins one, and waits until its first run is over.
    #[track_caller]
    fn begin(world: &World, args: &[&str]) -> Self {
        let lists = world.wire().count(Op::List);
        let args: Vec<&str> = ["watch"].into_iter().chain(args.iter().copied()).collect();
        let watching = Self(Some(world.start(&args)));
        eventually("the first run", || world.wire().count(Op::List) > lists);
        watching
    }

    fn signal(&self, signal: Signal) {
        self.0.as_ref().expect("it runs").signal(signal);
    }

    /// Ends it, as a service manager does.
    fn end(mut self) -> Run {
        let running = self.0.take().expect("it runs");
        running.signal(Signal::TERM);
        running.wait()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        if let Some(mut running) = self.0.take() {
            running.kill();
            running.wait();
        }
    }
}

fn has(world: &World, key: &str, contents: &str) -> bool {
    let object = world.object(key);
    object.is_some_and(|object| object.bytes == contents.as_bytes())
}

fn holds(world: &World, name: &str, contents: &str) -> bool {
    world.read(name).as_deref() == Some(contents.as_bytes())
}

/// Waits until nothing is asked of the server for a while.
fn settle(world: &World) {
    eventually("quiet at the wire", || {
        let before = world.wire().log().len();
        sleep(Duration::from_secs(4));
        world.wire().log().len() == before
    });
}

#[test]
fn what_is_changed_here_goes_up_without_waiting_for_the_interval() {
    let world = World::agreed(&[("a", "one"), ("b", "two"), ("d/c", "three")]);
    let watching = Watching::begin(&world, &["--interval", "1h"]);
    world.local("a", "one, edited");
    eventually("an edit goes up", || has(&world, "a", "one, edited"));
    world.local("d/e/new", "new");
    eventually("a file in a new directory goes up", || {
        has(&world, "d/e/new", "new")
    });
    world.local("d/e/more", "more");
    eventually("that directory is watched", || {
        has(&world, "d/e/more", "more")
    });
    world.remove("b");
    eventually("a deletion goes up", || world.object("b").is_none());
    // As editors save: a new file takes the place of the old one.
    fs::write(world.path("a.swp"), "one, saved").unwrap();
    fs::rename(world.path("a.swp"), world.path("a")).unwrap();
    eventually("a saved file goes up", || has(&world, "a", "one, saved"));
    let run = watching.end();
    run.expect_code(130).expect_stdout("uploaded a");
    assert_eq!(run.stderr, "", "{}", run.stdout);
    let line = run.stdout.lines().next().expect("a line for each change");
    assert!(line[..25].ends_with("Z ") && line.contains('T'), "{line}");
    world.expect_same();
}

#[test]
fn a_renamed_folder_is_renamed_there_without_sending_a_byte() {
    let world = World::agreed(&[("old/a", "one of them"), ("old/b", "another one")]);
    let watching = Watching::begin(&world, &["--interval", "1h"]);
    world.wire().forget();
    fs::rename(world.path("old"), world.path("new")).unwrap();
    eventually("the folder is renamed", || {
        has(&world, "new/a", "one of them") && world.object("old/b").is_none()
    });
    world.local("new/c", "after it");
    eventually("it is watched under its name", || {
        has(&world, "new/c", "after it")
    });
    watching.end().expect_code(130);
    let sent = world.wire().log();
    let sent = sent
        .iter()
        .filter(|it| it.op == Op::Put && !it.key.contains(".s3bsync/"));
    assert_eq!(sent.count(), 1, "the file after it");
}

#[test]
fn what_is_changed_there_comes_down_within_the_interval() {
    let world = World::agreed(&[("a", "one"), ("b", "two")]);
    let watching = Watching::begin(&world, &["--interval", "1s"]);
    world.remote("a", "one, edited there");
    world.remote("new", "new there");
    world.remove_remote("b");
    eventually("it comes down", || {
        holds(&world, "a", "one, edited there")
            && holds(&world, "new", "new there")
            && world.read("b").is_none()
    });
    let run = watching.end();
    run.expect_code(130).expect_stdout("downloaded new");
    assert_eq!(run.stderr, "");
}

#[test]
fn what_a_run_fetched_does_not_make_it_run_for_ever() {
    let world = World::agreed(&[("a", "one")]);
    for n in 0..50 {
        world.remote(&format!("many/{n}"), "fetched");
    }
    let watching = Watching::begin(&world, &["--interval", "1h"]);
    eventually("all is fetched", || holds(&world, "many/49", "fetched"));
    settle(&world);
    world.wire().forget();
    sleep(Duration::from_secs(6));
    assert_eq!(
        world.wire().log().len(),
        0,
        "nothing happens, nothing is asked"
    );
    watching.end().expect_code(130);
}

#[test]
fn many_changes_at_a_time_are_one_run_or_two() {
    let world = World::agreed(&[("a", "one")]);
    let watching = Watching::begin(&world, &["--interval", "1h"]);
    settle(&world);
    world.wire().forget();
    for n in 0..500 {
        fs::create_dir_all(world.path(&format!("many/{}", n % 10))).unwrap();
        fs::write(world.path(&format!("many/{}/{n}", n % 10)), "one of many").unwrap();
    }
    eventually("all go up", || has(&world, "many/9/499", "one of many"));
    settle(&world);
    let log = world.wire().log();
    let puts = log
        .iter()
        .filter(|it| it.key.contains("many/") && it.op == Op::Put);
    assert_eq!(puts.count(), 500);
    assert!(
        world.wire().count(Op::List) < 12,
        "{}",
        world.wire().count(Op::List)
    );
    watching.end().expect_code(130);
}

#[test]
fn a_server_that_is_away_is_told_of_once_and_waited_for() {
    let world = World::agreed(&[("a", "one")]);
    let watching = Watching::begin(&world, &["--interval", "1s"]);
    let denied = Fault::Status(403, "AccessDenied");
    world.wire().fault(When::op(Op::List).always(), denied);
    world.local("a", "one, edited meanwhile");
    let before = world.wire().count(Op::List);
    eventually("it is tried again", || {
        world.wire().count(Op::List) > before + 2
    });
    assert!(!has(&world, "a", "one, edited meanwhile"));
    world.wire().heal();
    eventually("it goes up", || has(&world, "a", "one, edited meanwhile"));
    let run = watching.end();
    run.expect_code(130);
    let told = run.stderr.matches("access denied").count();
    assert_eq!(told, 1, "{}", run.stderr);
}

#[test]
fn a_directory_that_is_away_loses_nothing_and_is_watched_again() {
    let world = World::agreed(&[("a", "one")]);
    let watching = Watching::begin(&world, &["--interval", "1s"]);
    let aside = world.home().join("aside");
    fs::rename(world.root(), &aside).unwrap();
    let before = world.wire().log().len();
    sleep(Duration::from_secs(4));
    assert_eq!(
        world.wire().log().len(),
        before,
        "nothing is asked of the server"
    );
    fs::rename(&aside, world.root()).unwrap();
    world.local("b", "after it came back");
    eventually("it goes on", || has(&world, "b", "after it came back"));
    let run = watching.end();
    run.expect_code(130)
        .expect_stderr("no such file or directory");
    assert_eq!(run.stderr.matches("error:").count(), 1, "{}", run.stderr);
    world.expect_same();
}

#[test]
fn another_run_is_waited_out_without_a_word() {
    let world = World::agreed(&[("a", "one")]);
    let watching = Watching::begin(&world, &["--interval", "1s"]);
    let lock = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(world.home().join("state.s3sync.lock"))
        .unwrap();
    eventually("the lock is free", || lock.try_lock().is_ok());
    world.local("a", "one, edited");
    sleep(Duration::from_secs(5));
    assert!(!has(&world, "a", "one, edited"), "the lock is held");
    drop(lock);
    eventually("it goes up", || has(&world, "a", "one, edited"));
    let run = watching.end();
    run.expect_code(130);
    assert_eq!(run.stderr, "");
}

#[test]
fn maps_that_are_added_or_dropped_meanwhile_are_heeded() {
    let world = World::agreed(&[("a", "one")]);
    let watching = Watching::begin(&world, &["--interval", "1s"]);
    let other = world.also("other", "elsewhere");
    // The lock is free between two runs only.
    let uri = other.uri();
    eventually("the map is added", || other.try_init(&uri, &[]).code == 0);
    other.local("b", "of another map");
    eventually("it is synced", || {
        let object = other.object("b");
        object.is_some_and(|object| object.bytes == b"of another map")
    });
    eventually("the map is dropped", || {
        world.run(&["rm", "other"]).code == 0
    });
    watching.end().expect_code(130);
}

#[test]
fn a_hangup_syncs_at_once() {
    let world = World::agreed(&[("a", "one")]);
    let watching = Watching::begin(&world, &["--interval", "1h"]);
    settle(&world);
    world.remote("a", "one, edited there");
    watching.signal(Signal::HUP);
    eventually("it comes down", || holds(&world, "a", "one, edited there"));
    watching.end().expect_code(130);
}

#[test]
fn a_service_manager_hears_that_the_watch_is_ready_and_ends() {
    let world = World::agreed(&[("a", "one")]);
    let path = world.home().join("manager");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut command = world.command(&["watch", "--interval", "1h"]);
    command
        .env("NOTIFY_SOCKET", &path)
        .env("WATCHDOG_USEC", "200000")
        .stdout(Stdio::null());
    let mut child = command.spawn().unwrap();
    let hear = |wanted: &str| {
        let mut buffer = [0; 200];
        loop {
            let length = socket.recv(&mut buffer).expect("the manager hears of it");
            if &buffer[..length] == wanted.as_bytes() {
                return;
            }
        }
    };
    hear("READY=1");
    hear("WATCHDOG=1");
    hear("WATCHDOG=1");
    let killed = Command::new("kill").arg(child.id().to_string()).status();
    assert!(killed.unwrap().success());
    hear("STOPPING=1");
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn a_stop_in_mid_run_ends_it_cleanly() {
    let world = World::agreed(&[("a", "one")]);
    for n in 0..20 {
        world.local(&format!("many/{n}"), "one of many");
    }
    let slow = Fault::Delay(Duration::from_secs(1));
    world.wire().fault(When::op(Op::Put).always(), slow);
    let watching = Watching::begin(&world, &["--jobs", "1", "--interval", "1h"]);
    eventually("it is at work", || world.wire().count(Op::Put) > 1);
    watching.end().expect_code(130);
    world.wire().heal();
    world.sync().expect_same();
}

#[test]
fn a_run_without_a_change_leaves_no_log_and_one_with_a_change_does() {
    let world = World::agreed(&[("a", "one")]);
    let logs = world.home().join("logs");
    fs::create_dir(&logs).unwrap();
    let shown = logs.display().to_string();
    let watching = Watching::begin(&world, &["--interval", "1h", "--log-dir", &shown]);
    settle(&world);
    let count = || fs::read_dir(&logs).unwrap().count();
    assert_eq!(count(), 0);
    world.local("a", "one, edited");
    eventually("it goes up", || has(&world, "a", "one, edited"));
    eventually("it is logged", || count() == 1);
    watching.end().expect_code(130);
}
