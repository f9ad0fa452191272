//! Each step of each row has its reason, whichever way its map goes.

use super::{Why, why};
use crate::key::Key;
use crate::plan::{Loser, Step};
use crate::stamp::{ETag, LocalStamp, RemoteStamp};
use crate::state::{Content, Direction, Encoding, Record};

fn key() -> Key {
    Key::parse("a").unwrap()
}

fn file() -> LocalStamp {
    LocalStamp {
        size_bytes: 1,
        mtime_ns: 2,
        ctime_ns: 3,
        inode: 4,
    }
}

fn object() -> RemoteStamp {
    RemoteStamp {
        etag: ETag::Md5([7; 16]),
        size_bytes: 1,
        modified_ms: 5,
        version: None,
    }
}

fn record() -> Record {
    Record {
        key: key(),
        local: Some(file()),
        remote: object(),
        content: Content::Blake3([7; 20]),
        encoding: Encoding::Plain,
        parts: None,
    }
}

fn upload(over: Option<RemoteStamp>, loser: Loser) -> Step {
    Step::Upload {
        key: key(),
        local: file(),
        over,
        loser,
    }
}

fn download(over: Option<LocalStamp>, loser: Loser) -> Step {
    Step::Download {
        key: key(),
        remote: RemoteStamp {
            etag: ETag::Md5([8; 16]),
            ..object()
        },
        over,
        loser,
    }
}

fn delete_remote(loser: Loser) -> Step {
    Step::DeleteRemote {
        key: key(),
        remote: object(),
        loser,
    }
}

#[test]
fn each_row_has_its_reason() {
    let delete_local = Step::DeleteLocal {
        key: key(),
        local: file(),
    };
    let both = Step::KeepBoth {
        key: key(),
        aside: Key::parse("b").unwrap(),
        local: file(),
        remote: object(),
    };
    let adopt = Step::Adopt(Box::new(record()));
    let (keep, discard) = (Loser::Keep, Loser::Discard);
    for (step, unknown, known) in [
        (
            upload(None, discard),
            Why::NewHere,
            Why::ChangedHereGoneFromBucket,
        ),
        (
            upload(Some(object()), discard),
            Why::ChangedHere,
            Why::ChangedHere,
        ),
        (
            upload(Some(object()), keep),
            Why::NewOnBoth,
            Why::ChangedOnBoth,
        ),
        (
            download(None, discard),
            Why::NewInBucket,
            Why::ChangedInBucketGoneHere,
        ),
        (
            download(Some(file()), discard),
            Why::ChangedInBucket,
            Why::ChangedInBucket,
        ),
        (
            download(Some(file()), keep),
            Why::NewOnBoth,
            Why::ChangedOnBoth,
        ),
        (both, Why::NewOnBoth, Why::ChangedOnBoth),
        (delete_local, Why::Displaced, Why::GoneFromBucket),
        (delete_remote(discard), Why::GoneHere, Why::GoneHere),
        (delete_remote(keep), Why::Displaced, Why::Displaced),
        (adopt, Why::Met, Why::Restamped),
        (Step::Forget(key()), Why::GoneOnBoth, Why::GoneOnBoth),
    ] {
        assert_eq!(
            why(&step, None, Direction::Both),
            unknown,
            "{step}, no base"
        );
        assert_eq!(
            why(&step, Some(&record()), Direction::Both),
            known,
            "{step}, a base"
        );
    }
}

#[test]
fn a_base_of_version_1_says_nothing_of_the_file() {
    let base = Record {
        local: None,
        ..record()
    };
    assert_eq!(
        why(&upload(None, Loser::Discard), Some(&base), Direction::Both),
        Why::NewHere
    );
}

#[test]
fn what_is_kept_for_want_of_proof_is_no_conflict_unless_both_sides_changed() {
    let base = Record {
        content: Content::Unknown,
        ..record()
    };
    let other = RemoteStamp {
        etag: ETag::Md5([9; 16]),
        ..object()
    };
    let another = LocalStamp {
        ctime_ns: 9,
        ..file()
    };
    let emptied = LocalStamp {
        size_bytes: 0,
        ..another
    };
    for (step, reason) in [
        (upload(Some(object()), Loser::Keep), Why::ChangedHere),
        (upload(Some(other), Loser::Keep), Why::ChangedOnBoth),
        (download(Some(file()), Loser::Keep), Why::ChangedInBucket),
        (download(Some(emptied), Loser::Keep), Why::ChangedInBucket),
        (download(Some(another), Loser::Keep), Why::ChangedOnBoth),
        (delete_remote(Loser::Keep), Why::GoneHere),
    ] {
        assert_eq!(why(&step, Some(&base), Direction::Both), reason, "{step}");
    }
    let changed = Record {
        remote: RemoteStamp {
            etag: ETag::Md5([9; 16]),
            ..object()
        },
        ..base
    };
    let displaced = why(&delete_remote(Loser::Keep), Some(&changed), Direction::Both);
    assert_eq!(displaced, Why::Displaced);
}

#[test]
fn an_unchanged_object_is_fetched_over_an_emptied_file_and_says_so() {
    let step = Step::Download {
        key: key(),
        remote: object(),
        over: Some(file()),
        loser: Loser::Discard,
    };
    assert_eq!(why(&step, Some(&record()), Direction::Both), Why::Emptied);
}

#[test]
fn maps_that_go_one_way_have_reasons_of_their_own() {
    let delete_local = Step::DeleteLocal {
        key: key(),
        local: file(),
    };
    let (keep, discard) = (Loser::Keep, Loser::Discard);
    for (direction, step, unknown, known) in [
        (
            Direction::Push,
            upload(None, discard),
            Why::NewHere,
            Why::PushedAgain,
        ),
        (
            Direction::Push,
            upload(Some(object()), keep),
            Why::NewOnBoth,
            Why::PushedOver,
        ),
        (
            Direction::PushMirror,
            delete_remote(discard),
            Why::NotHere,
            Why::NotHere,
        ),
        (
            Direction::PushMirror,
            delete_remote(keep),
            Why::NotHere,
            Why::NotHere,
        ),
        (
            Direction::Pull,
            download(None, discard),
            Why::NewInBucket,
            Why::PulledAgain,
        ),
        (
            Direction::Pull,
            download(Some(file()), keep),
            Why::NewOnBoth,
            Why::PulledOver,
        ),
        (
            Direction::Pull,
            download(Some(file()), discard),
            Why::ChangedInBucket,
            Why::ChangedInBucket,
        ),
        (
            Direction::Pull,
            delete_local.clone(),
            Why::Displaced,
            Why::Displaced,
        ),
        (
            Direction::PullMirror,
            delete_local,
            Why::NotInBucket,
            Why::NotInBucket,
        ),
    ] {
        assert_eq!(why(&step, None, direction), unknown, "{step}, no base");
        let base = record();
        assert_eq!(why(&step, Some(&base), direction), known, "{step}, a base");
    }
}
