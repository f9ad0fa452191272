//! An upload in parts that a crash cut off is carried on: what the server has is not sent again.

use crate::support::wire::{Exchange, Fault, Op, When};
use crate::support::world::{Kill, World};
use crate::{MIB, PIECE_BYTES, bytes};
use rustix::process::Signal;
use std::fs;
use std::time::Duration;

/// Five pieces, the last a short one.
const FILE_BYTES: usize = 33 * MIB;
const NAME: &str = "large";
const HOUR_MS: i64 = 60 * 60 * 1000;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A world of our own server, known to the program, with a large file that is yet to be sent.
fn begin() -> (World, Vec<u8>) {
    let world = World::embedded();
    world.local("zz", "stays").init().sync();
    let contents = bytes(FILE_BYTES, 1);
    world.local(NAME, &contents);
    world.wire().forget();
    (world, contents)
}

/// Numbers of the parts that were sent and answered.
fn sent(log: &[Exchange]) -> Vec<usize> {
    let parts = log
        .iter()
        .filter(|e| e.op == Op::UploadPart && e.status == Some(200));
    parts.map(number).collect()
}

fn number(part: &Exchange) -> usize {
    let mut pairs = part.query.split('&');
    let number = pairs.find_map(|pair| pair.strip_prefix("partNumber="));
    number
        .and_then(|n| n.parse().ok())
        .expect("a part's number")
}

#[track_caller]
fn expect_settled(world: &World, contents: &[u8]) {
    world.expect_remote(NAME, contents).expect_idle();
    let hand = world.hand().expect("our own server");
    assert_eq!(hand.pending_uploads(), [], "an upload is left behind");
    let journal = world.home().join("state.s3sync.journal");
    assert!(!journal.exists(), "the journal is left behind");
}

#[test]
fn an_upload_killed_before_any_request_is_carried_on() {
    killed_everywhere(Kill::Before);
}

#[test]
fn an_upload_killed_after_any_request_is_carried_on() {
    killed_everywhere(Kill::After);
}

fn killed_everywhere(kill: Kill) {
    for n in 1.. {
        let (world, contents) = begin();
        let ended = world.killed(&["--jobs", "1"], When::any().nth(n), kill);
        let before = world.wire().log();
        let had = sent(&before);
        world.wire().forget();
        world.sync();
        let log = world.wire().log();
        let again = sent(&log);
        let is_twice = |number: &&usize| had.contains(number);
        assert_eq!(again.iter().find(is_twice), None, "{had:?}, then {again:?}");
        let last = before.last().map(|exchange| exchange.op);
        if (last, kill) == (Some(Op::CreateMpu), Kill::After) {
            // Its name never came, so that only its age will give it away.
            world
                .hand()
                .expect("our own server")
                .age_uploads(DAY_MS + 1);
            let other = bytes(FILE_BYTES, 2);
            world.local(NAME, &other).sync();
            expect_settled(&world, &other);
        } else {
            let is_known = before.iter().any(|e| e.op == Op::UploadPart);
            let creates = log.iter().filter(|e| e.op == Op::CreateMpu).count();
            assert!(!is_known || creates == 0, "one upload is enough: {log:#?}");
            expect_settled(&world, &contents);
        }
        if ended.is_some() {
            assert!(n > 9, "an upload makes more than {n} requests");
            return;
        }
    }
}

/// A run that is killed when all parts but the last are there.
fn cut_off(world: &World) {
    let when = When::op(Op::UploadPart).nth(5);
    let ended = world.killed(&["--jobs", "1"], when, Kill::Before);
    assert!(ended.is_none(), "the run was killed");
    let pending = world.hand().expect("our own server").pending_uploads();
    assert_eq!(pending.len(), 1, "its upload is there");
    world.wire().forget();
}

#[test]
fn only_what_is_missing_is_sent() {
    let (world, contents) = begin();
    cut_off(&world);
    world.sync();
    let log = world.wire().log();
    let lists = log.iter().filter(|e| e.op == Op::ListParts).count();
    assert_eq!(lists, 1);
    let bytes: u64 = log.iter().map(|e| e.body_bytes).sum();
    let limit = 5 * PIECE_BYTES as u64;
    assert!(bytes < limit, "{bytes} bytes, {log:#?}");
    assert!(!sent(&log).is_empty());
    expect_settled(&world, &contents);
}

#[test]
fn an_upload_of_a_file_that_changed_is_aborted() {
    let (world, _) = begin();
    cut_off(&world);
    let other = bytes(FILE_BYTES, 2);
    world.local(NAME, &other).sync();
    let log = world.wire().log();
    assert_eq!(sent(&log).len(), 5, "all is sent anew");
    assert_eq!(world.wire().count(Op::AbortMpu), 1);
    expect_settled(&world, &other);
}

#[test]
fn an_upload_of_a_file_that_is_gone_is_aborted() {
    let (world, _) = begin();
    cut_off(&world);
    world.remove(NAME).sync();
    assert_eq!(world.wire().count(Op::AbortMpu), 1);
    world.expect_no_remote(NAME).expect_idle();
    assert_eq!(world.hand().expect("our own").pending_uploads(), []);
}

#[test]
fn an_upload_that_the_server_dropped_begins_anew() {
    let (world, contents) = begin();
    cut_off(&world);
    let gone = Fault::Status(404, "NoSuchUpload");
    world.wire().fault(When::op(Op::ListParts), gone);
    world.sync();
    world.wire().heal();
    assert_eq!(sent(&world.wire().log()).len(), 5);
    expect_settled(&world, &contents);
}

#[test]
fn a_part_that_differs_is_sent_again() {
    let (world, contents) = begin();
    cut_off(&world);
    world.hand().expect("our own server").spoil_parts();
    world.sync();
    let log = world.wire().log();
    assert!(sent(&log).len() >= 2, "{log:#?}");
    expect_settled(&world, &contents);
}

#[test]
fn an_old_upload_in_the_journal_is_carried_on_and_not_swept() {
    let (world, contents) = begin();
    cut_off(&world);
    world
        .hand()
        .expect("our own server")
        .age_uploads(2 * DAY_MS);
    world.sync();
    assert!(sent(&world.wire().log()).len() < 5);
    assert_eq!(world.wire().count(Op::AbortMpu), 0);
    expect_settled(&world, &contents);
}

#[test]
fn a_run_that_fails_keeps_the_upload_for_the_next() {
    let (world, contents) = begin();
    cut_off(&world);
    let list = Fault::Status(503, "SlowDown");
    world.wire().fault(When::op(Op::ListParts).always(), list);
    world.run(&[]).expect_code(1);
    world.wire().heal();
    world.wire().forget();
    world.sync();
    assert!(sent(&world.wire().log()).len() < 5);
    expect_settled(&world, &contents);
}

#[test]
fn ctrl_c_keeps_the_upload_for_the_next_run() {
    let (world, _) = begin();
    let contents = bytes(12 * PIECE_BYTES, 1);
    world.local(NAME, &contents);
    let slow = Fault::Delay(Duration::from_millis(500));
    world.wire().fault(When::op(Op::UploadPart).always(), slow);
    let running = world.start(&[]);
    while world.wire().count(Op::UploadPart) == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    running.signal(Signal::INT);
    running.wait().expect_code(130);
    world.wire().heal();
    world.expect_no_remote(NAME);
    let pending = world.hand().expect("our own").pending_uploads();
    assert_eq!(pending.len(), 1, "its parts are there");
    world.wire().forget();
    world.sync();
    assert_eq!(world.wire().count(Op::CreateMpu), 0, "it goes on");
    assert_eq!(world.hand().expect("our own").pending_uploads(), []);
    expect_settled(&world, &contents);
}

#[test]
fn a_dry_run_leaves_the_upload_alone() {
    let (world, contents) = begin();
    cut_off(&world);
    let journal = world.home().join("state.s3sync.journal");
    let before = fs::read(&journal).expect("the journal is there");
    world.run(&["--dryrun"]).expect_code(0);
    assert_eq!(fs::read(&journal).expect("still"), before);
    world.wire().forget();
    world.sync();
    assert!(sent(&world.wire().log()).len() < 5);
    expect_settled(&world, &contents);
}

#[test]
fn a_lost_journal_costs_the_parts_and_nothing_else() {
    let (world, contents) = begin();
    cut_off(&world);
    fs::remove_file(world.home().join("state.s3sync.journal")).expect("it can be lost");
    world.sync();
    assert_eq!(sent(&world.wire().log()).len(), 5);
    let hand = world.hand().expect("our own server");
    assert_eq!(hand.pending_uploads().len(), 1, "until it is a day old");
    hand.age_uploads(DAY_MS + 1);
    let other = bytes(FILE_BYTES, 2);
    world
        .expect_remote(NAME, contents)
        .local(NAME, &other)
        .sync();
    expect_settled(&world, &other);
}

/// How often a run tried to complete an upload.
fn completions(world: &World) -> usize {
    world.wire().count(Op::CompleteMpu)
}

#[test]
fn an_upload_that_the_server_refuses_to_complete_is_not_sent_again() {
    let (world, contents) = begin();
    let refused = Fault::Status(400, "InvalidRequest");
    world
        .wire()
        .fault(When::op(Op::CompleteMpu).always(), refused);
    world
        .sync_code(1)
        .expect_stderr("error: large: cannot upload ");
    assert_eq!(sent(&world.wire().log()).len(), 5);
    for _ in 0..2 {
        world.wire().forget();
        world
            .sync_code(1)
            .expect_stderr("error: large: cannot upload ");
        assert_eq!(sent(&world.wire().log()).len(), 0, "the parts are there");
        assert!(completions(&world) > 0, "it is tried again");
    }
    world.wire().heal();
    world.wire().forget();
    world.local("other", "goes on");
    let waiting = world.sync_code(1);
    waiting.expect_stderr(", 3 times in a row; the next try is in ");
    assert_eq!(waiting.stderr.matches("error: ").count(), 1);
    assert_eq!(completions(&world), 0, "it waits");
    world.expect_remote("other", "goes on");
    world.run(&["--full"]).expect_code(0);
    assert_eq!(
        sent(&world.wire().log()).len(),
        0,
        "the parts are still there"
    );
    assert!(!world.home().join("state.s3sync.retry").exists());
    expect_settled(&world, &contents);
}

#[test]
fn a_file_that_changes_does_not_wait_and_a_fourth_refusal_drops_the_parts() {
    let (world, _) = begin();
    let refused = Fault::Status(400, "InvalidRequest");
    world
        .wire()
        .fault(When::op(Op::CompleteMpu).always(), refused);
    for _ in 0..3 {
        world.sync_code(1);
    }
    let contents = bytes(FILE_BYTES, 3);
    world.local(NAME, &contents);
    world.wire().forget();
    world.sync_code(1);
    assert_eq!(sent(&world.wire().log()).len(), 5);
    let file = world.home().join("state.s3sync.retry");
    for _ in 1..4 {
        world.sync_code(1);
        // As if the wait were over.
        let text = fs::read_to_string(&file).expect("it is noted");
        let value: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
        let next_ms = value["next_ms"].as_i64().expect("it is a time");
        fs::write(
            &file,
            text.replace(&next_ms.to_string(), &(next_ms - HOUR_MS).to_string()),
        )
        .expect("it can be written");
    }
    assert_eq!(world.hand().expect("our own").pending_uploads(), []);
    world.wire().heal();
    world.sync();
    expect_settled(&world, &contents);
}
