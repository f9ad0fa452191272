//! Maps run side by side: a wait of one delays no other, and their output does not mix.

use crate::support::wire::{Fault, Op, When};
use crate::support::world::{Machine, Run, World};
use rustix::process::Signal;
use serde_json::Value;
use std::net::TcpListener;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A further map on a server that accepts connections and never answers.
fn silent(world: &World) -> TcpListener {
    let server = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = server.local_addr().expect("it has an address");
    let root = world.home().join("silent");
    std::fs::create_dir(&root).expect("the name is free");
    let (root, url) = (root.display().to_string(), format!("http://{address}"));
    let map = ["--init", "--dir", &root, "s3://silent", "--endpoint-url"];
    let run = world.run(&[&map[..], &[&url, "--path-style"]].concat());
    run.expect_code(0);
    server
}

#[test]
fn a_map_on_a_healthy_server_is_done_while_another_s_server_is_silent() {
    let world = World::new();
    let _server = silent(&world);
    world.local("a", "one").remote("b", "two").init();
    let mut running = world.start(&[]);
    let deadline = Instant::now() + Duration::from_mins(1);
    while world.object("a").is_none() || world.read("b").is_none() {
        assert!(Instant::now() < deadline, "the healthy map waits");
        assert!(running.is_running(), "the silent map is still at work");
        sleep(Duration::from_millis(20));
    }
    assert!(running.is_running(), "the silent map is still at work");
    running.kill();
    running.wait();
    world.expect_both(&[("a", "one"), ("b", "two")]);
}

#[test]
fn what_a_map_has_done_is_recorded_while_another_halts() {
    let world = World::new();
    drop(silent(&world));
    world.local("a", "one").init();
    world.sync_code(3);
    world.wire().forget();
    world.run(&["sync", "root"]).expect_code(0);
    world.expect_requests(&[(Op::List, 1)]);
}

/// Three maps with files to send, of which the first is done last.
fn slow_first() -> (World, [Machine; 2]) {
    let world = World::new();
    world.local("a", "1").local("b", "2").init();
    let others = ["mail", "music"].map(|name| world.also(name, name));
    for other in &others {
        other.local("a", "1").local("b", "2").local("c", "3").init();
        std::os::unix::fs::symlink("nowhere", other.path("link")).expect("the name is free");
    }
    let late = Fault::Delay(Duration::from_secs(3));
    world
        .wire()
        .fault(When::op(Op::Put).key("docs/a").always(), late);
    (world, others)
}

#[test]
fn lines_of_one_map_have_no_others_among_them() {
    let (world, _others) = slow_first();
    let run = world.run(&["--json"]);
    run.expect_code(1);
    let lines = run.stdout.lines();
    let lines = lines.map(|line| serde_json::from_str(line).expect("a line is JSON"));
    let events: Vec<Value> = lines.collect();
    let mut maps: Vec<_> = events
        .iter()
        .filter(|event| event["event"] != "summary")
        .map(|event| event["map"].as_str().expect("each names its map"))
        .collect();
    assert_eq!(maps.len(), 4 + 6 + 6, "{maps:?}");
    maps.dedup();
    assert_eq!(maps, ["root", "mail", "music"]);
    let summaries = events.iter().filter(|event| event["event"] == "summary");
    let summaries: Vec<_> = summaries.map(|event| &event["map"]).collect();
    assert_eq!(summaries, ["root", "mail", "music"]);
}

#[test]
fn output_of_several_maps_has_their_order_and_a_log_their_names() {
    let (world, _others) = slow_first();
    let logs = world.home().join("logs");
    std::fs::create_dir(&logs).expect("the name is free");
    let logs = logs.display().to_string();
    let run = world.run(&["--debug", "--log-dir", &logs, "--jobs", "16"]);
    run.expect_code(1);
    let blocks = run
        .stdout
        .lines()
        .filter(|line| !line.contains(" scanned "));
    let kinds: Vec<_> = blocks.map(|line| line.split(' ').next()).collect();
    let block = |uploads| {
        [
            vec![Some("map"), Some("plan:")],
            vec![Some("uploaded"); uploads],
        ]
        .concat()
    };
    assert_eq!(
        kinds,
        [block(2), block(3), block(3)].concat(),
        "{}",
        run.stdout
    );
    assert_eq!(run.stderr.matches("skipped link: ").count(), 2);
    let log = std::fs::read_dir(&logs).expect("it is there").next();
    let log = log.expect("there is a log").expect("it can be read").path();
    let log = std::fs::read_to_string(log).expect("it can be read");
    for line in [
        "  root: uploaded a: ",
        "  mail: uploaded a: ",
        "  music: skipped link: ",
    ] {
        assert!(log.contains(line), "{line:?} is not in the log:\n{log}");
    }
}

#[test]
fn a_stop_ends_all_maps_and_what_is_done_is_recorded() {
    let (world, others) = slow_first();
    let running = world.start(&[]);
    let deadline = Instant::now() + Duration::from_mins(1);
    while others.iter().any(|other| other.object("c").is_none()) {
        assert!(Instant::now() < deadline, "the maps wait for each other");
        sleep(Duration::from_millis(20));
    }
    running.signal(Signal::INT);
    running.wait().expect_code(130);
    world.wire().heal();
    world.wire().forget();
    world.sync_code(1);
    let log = world.wire().log();
    let mut sent = log.iter().filter(|exchange| exchange.op == Op::Put);
    assert!(
        sent.all(|exchange| exchange.key.starts_with("docs/")),
        "{log:#?}"
    );
    world.expect_remote("a", "1");
}

/// Runs the program where a process may have so few files open.
fn run_with_files(world: &World, files: usize, args: &[&str]) -> Run {
    let given = world.command(args);
    let mut command = Command::new("/bin/sh");
    let limited = format!("ulimit -n {files} && exec \"$@\"");
    command
        .args(["-c", &limited, "sh"])
        .arg(given.get_program());
    command.args(given.get_args()).env_clear();
    for (name, value) in given.get_envs() {
        command.env(name, value.expect("it is set"));
    }
    command.current_dir(world.home());
    Run::of(&mut command)
}

#[test]
fn few_open_files_are_fewer_transfers_and_not_errors() {
    let world = World::new();
    let deep = ["d"; 40].join("/");
    let name = |n: usize| match n % 3 {
        0 => format!("{deep}/{n}"),
        1 => format!("folder{n}/file"),
        _ => format!("{n}"),
    };
    for n in 0..150 {
        world.local(&name(n), n.to_string());
        world.remote(&name(n + 150), n.to_string());
    }
    world.local("large", vec![7; 30 << 20]).init();
    let others = ["mail", "music", "photos"].map(|name| world.also(name, name));
    for other in &others {
        (0..40).for_each(|n| {
            other.local(&n.to_string(), "bytes");
        });
        other.init();
    }
    run_with_files(&world, 64, &[])
        .expect_code(0)
        .expect_silence();
    world.expect_same();
    for other in &others {
        other.expect_same();
    }
    for n in 0..150 {
        world.remove(&name(n)).local(&name(n + 150), "changed");
    }
    let run = run_with_files(&world, 64, &["--jobs", "100", "--max-delete", "100%"]);
    run.expect_code(0).expect_silence();
    world.expect_same();
    run_with_files(&world, 64, &["verify"]).expect_code(0);
}
