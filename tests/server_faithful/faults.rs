//! Every fault does what it says, in front of any server.

use crate::support::client::failure;
use crate::support::wire::{Fault, Op, When};
use crate::{Stage, answer};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

/// What a GET gives: the bytes, or how it failed.
fn get(stage: &Stage, key: &str) -> Result<Vec<u8>, (u16, String)> {
    let get = stage
        .client
        .get_object()
        .bucket(&stage.bucket)
        .key(key)
        .send();
    stage.runtime.block_on(async {
        let got = get.await.map_err(|e| failure(&e))?;
        let body = got.body.collect().await.map_err(|_| answer(200, "cut"))?;
        Ok(body.to_vec())
    })
}

fn put(stage: &Stage, key: &str) -> Result<(), (u16, String)> {
    let put = stage.client.put_object().bucket(&stage.bucket).key(key);
    let done = stage
        .runtime
        .block_on(put.body(b"new".to_vec().into()).send());
    done.map(|_| ()).map_err(|e| failure(&e))
}

/// Keys of every page until the end or `limit` pages.
fn pages(stage: &Stage, limit: usize) -> Result<Vec<Vec<String>>, (u16, String)> {
    let mut token = None;
    let mut pages = Vec::new();
    while pages.len() < limit {
        let list = stage
            .client
            .list_objects_v2()
            .bucket(&stage.bucket)
            .max_keys(2);
        let page = stage
            .runtime
            .block_on(list.set_continuation_token(token).send());
        let page = page.map_err(|e| failure(&e))?;
        let keys = page
            .contents()
            .iter()
            .filter_map(|o| o.key().map(str::to_owned));
        pages.push(keys.collect());
        token = page.next_continuation_token;
        if token.is_none() {
            break;
        }
    }
    Ok(pages)
}

const NONE: (u16, &str) = (0, "");

#[test]
fn an_error_instead_of_the_effect() {
    let stage = Stage::any();
    stage
        .wire
        .fault(When::op(Op::Put).nth(2), Fault::Status(503, "SlowDown"));
    assert_eq!(put(&stage, "a"), Ok(()));
    assert_eq!(put(&stage, "b"), Err(answer(503, "SlowDown")));
    assert_eq!(get(&stage, "b"), Err(answer(404, "NoSuchKey")));
    assert_eq!(put(&stage, "b"), Ok(()), "only once");
    stage.wire.fault(
        When::op(Op::Get).key("a").always(),
        Fault::Status(403, "AccessDenied"),
    );
    assert_eq!(get(&stage, "a"), Err(answer(403, "AccessDenied")));
    assert_eq!(get(&stage, "a"), Err(answer(403, "AccessDenied")));
    assert_eq!(get(&stage, "b"), Ok(b"new".to_vec()));
    assert_eq!(stage.wire.heal(), 3);
    assert_eq!(get(&stage, "a"), Ok(b"new".to_vec()));
}

#[test]
fn an_error_inside_a_200() {
    let stage = Stage::any();
    stage.put("a", b"x");
    stage
        .wire
        .fault(When::op(Op::Copy), Fault::Hidden("InternalError"));
    let copy = stage.client.copy_object().bucket(&stage.bucket).key("b");
    let copy = copy.copy_source(format!("{}/a", stage.bucket)).send();
    assert_eq!(stage.refused(copy).1, "InternalError");
    assert_eq!(get(&stage, "b"), Err(answer(404, "NoSuchKey")));
}

#[test]
fn a_reset_before_and_an_answer_lost_after() {
    let stage = Stage::any();
    stage.wire.fault(When::op(Op::Put), Fault::Reset);
    assert_eq!(put(&stage, "a"), Err(answer(NONE.0, NONE.1)));
    assert_eq!(get(&stage, "a"), Err(answer(404, "NoSuchKey")), "no effect");
    stage.wire.fault(When::op(Op::Put), Fault::Lose);
    assert_eq!(put(&stage, "a"), Err(answer(NONE.0, NONE.1)));
    assert_eq!(get(&stage, "a"), Ok(b"new".to_vec()), "all the effect");
    let statuses: Vec<_> = stage.wire.log().iter().map(|e| (e.op, e.status)).collect();
    let wanted = [
        (Op::Put, None),
        (Op::Get, Some(404)),
        (Op::Put, None),
        (Op::Get, Some(200)),
    ];
    assert_eq!(statuses, wanted);
}

#[test]
fn a_body_cut_short_or_spoiled() {
    let stage = Stage::any();
    stage.put("a", &[b'x'; 1000]);
    stage.wire.fault(When::op(Op::Get), Fault::Cut(100));
    assert_eq!(get(&stage, "a"), Err(answer(200, "cut")));
    stage.wire.fault(When::op(Op::Get), Fault::FlipBit);
    let spoiled = get(&stage, "a");
    assert_ne!(
        spoiled,
        Ok(vec![b'x'; 1000]),
        "the SDK may notice by a checksum"
    );
    assert_eq!(get(&stage, "a"), Ok(vec![b'x'; 1000]));
}

#[test]
fn a_listing_that_cannot_be_trusted() {
    let stage = Stage::any();
    for key in ["a", "b", "c", "d", "e"] {
        stage.put(key, b"x");
    }
    let whole = [vec!["a", "b"], vec!["c", "d"], vec!["e"]];
    assert_eq!(pages(&stage, 9).expect("pages"), whole);
    stage
        .wire
        .fault(When::op(Op::List).nth(2), Fault::TruncateList);
    let cut = pages(&stage, 9).expect("the SDK takes what is left for the whole");
    assert!(cut.iter().flatten().count() < 5, "{cut:?}");
    stage
        .wire
        .fault(When::op(Op::List).nth(2).always(), Fault::LoopList);
    let looped = pages(&stage, 4).expect("pages");
    assert_eq!(
        looped,
        [
            vec!["a", "b"],
            vec!["c", "d"],
            vec!["c", "d"],
            vec!["c", "d"]
        ]
    );
    stage.wire.heal();
    stage.wire.fault(When::op(Op::List), Fault::ShuffleList);
    assert_eq!(pages(&stage, 1).expect("a page"), [["b", "a"]]);
    stage.wire.fault(When::op(Op::List), Fault::RepeatKey);
    assert_eq!(pages(&stage, 1).expect("a page"), [["a", "a", "b"]]);
}

#[test]
fn a_delay_and_something_that_happens_just_before() {
    let stage = Stage::any();
    stage.put("a", b"x");
    stage
        .wire
        .fault(When::op(Op::Get), Fault::Delay(Duration::from_millis(60)));
    let begun = Instant::now();
    assert!(get(&stage, "a").is_ok());
    assert!(begun.elapsed() >= Duration::from_millis(60));
    let happened = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&happened);
    stage.wire.fault(
        When::op(Op::Get),
        Fault::call(move || flag.store(true, Ordering::SeqCst)),
    );
    assert!(get(&stage, "a").is_ok());
    assert!(happened.load(Ordering::SeqCst));
    if let Some(hand) = stage.hand.clone() {
        stage.wire.fault(
            When::op(Op::Get),
            Fault::call(move || hand.put("a", "changed")),
        );
        assert_eq!(get(&stage, "a"), Ok(b"changed".to_vec()));
    }
}

#[test]
fn a_request_held_before_and_after_its_effect() {
    let stage = Stage::any();
    let hold = |fault: fn(mpsc::Sender<()>) -> Fault| {
        let (tell, told) = mpsc::channel();
        stage.wire.fault(When::op(Op::Put), fault(tell));
        let put = stage
            .client
            .put_object()
            .bucket(&stage.bucket)
            .key("a")
            .send();
        let held = async { tokio::time::timeout(Duration::from_millis(300), put).await };
        assert!(stage.runtime.block_on(held).is_err(), "no answer");
        told.recv_timeout(Duration::from_secs(5)).expect("it came");
    };
    hold(Fault::HoldBefore);
    assert_eq!(get(&stage, "a"), Err(answer(404, "NoSuchKey")));
    hold(Fault::HoldAfter);
    assert_eq!(get(&stage, "a"), Ok(Vec::new()));
}
