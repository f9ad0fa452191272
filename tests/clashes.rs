//! A name that is a file's and a directory's: who makes way, and who does not.

use s3_bsync::draft::{Asides, Decided, Draft, Outcome, draft};
use s3_bsync::key::Key;
use s3_bsync::plan::{Clash, Item, Obstacle, Quiet, Readability};
use s3_bsync::reconcile::Action;
use s3_bsync::stamp::{ETag, LocalStamp, RemoteStamp};
use s3_bsync::state::{Content, Direction, Encoding, Holding, Record};

const FILE: LocalStamp = LocalStamp {
    size_bytes: 1,
    mtime_ns: 2,
    ctime_ns: 3,
    inode: 4,
};

fn key(name: &str) -> Key {
    Key::parse(name).unwrap()
}

fn object() -> RemoteStamp {
    RemoteStamp {
        etag: ETag::Md5([7; 16]),
        size_bytes: 1,
        modified_ms: 5,
        version: None,
    }
}

fn base(name: &str, local: Option<LocalStamp>) -> Record {
    Record {
        key: key(name),
        local,
        remote: object(),
        content: Content::Unknown,
        encoding: Encoding::Plain,
        parts: None,
    }
}

/// A file that is only here.
fn new_here(name: &str) -> Decided {
    Decided {
        item: Item {
            key: key(name),
            base: None,
            local: Some(FILE),
            remote: None,
            readability: Readability::Readable,
            class: None,
        },
        outcome: Outcome::Law(Action::Upload, Holding::plain(Content::Unknown)),
    }
}

/// An object that is only in the bucket, and changed if it was ever known.
fn to_fetch(name: &str, base: Option<Record>, readability: Readability) -> Decided {
    Decided {
        item: Item {
            key: key(name),
            base: base.map(Box::new),
            local: None,
            remote: Some(object()),
            readability,
            class: None,
        },
        outcome: Outcome::Law(Action::Download, Holding::plain(Content::Unknown)),
    }
}

fn drafted(decided: Vec<Decided>, tops: &[&str]) -> Draft {
    let clash = |top: &&str| Clash {
        top: key(top),
        top_is_quiet: Quiet::No,
        below_is_quiet: Quiet::No,
    };
    let clashes: Vec<Clash> = tops.iter().map(clash).collect();
    draft(
        decided,
        &clashes,
        Direction::Both,
        &mut Asides::new("T".to_owned(), ""),
    )
}

fn steps(draft: &Draft) -> Vec<String> {
    draft.plan.steps().map(ToString::to_string).collect()
}

#[test]
fn a_file_makes_way_for_a_directory_of_the_bucket() {
    let draft = drafted(
        vec![new_here("a"), to_fetch("a/b", None, Readability::Readable)],
        &["a"],
    );
    assert_eq!(steps(&draft), ["delete local a", "download a/b"]);
}

#[test]
fn a_file_does_not_make_way_for_what_cannot_be_fetched() {
    let draft = drafted(
        vec![new_here("a"), to_fetch("a/b", None, Readability::Archived)],
        &["a"],
    );
    assert_eq!(steps(&draft), ["upload a"]);
    assert_eq!(draft.skipped, [(key("a/b"), Obstacle::BelowFile(key("a")))]);
}

#[test]
fn a_file_does_not_make_way_for_what_is_itself_in_the_way_of_something() {
    let draft = drafted(
        vec![
            new_here("a"),
            to_fetch("a/b", None, Readability::Readable),
            to_fetch("a/b/c", None, Readability::Archived),
        ],
        &["a", "a/b"],
    );
    assert_eq!(steps(&draft), ["upload a"]);
}

#[test]
fn an_object_makes_way_for_a_directory_that_took_its_name_here() {
    let draft = drafted(
        vec![
            to_fetch("a", Some(base("a", Some(FILE))), Readability::Readable),
            new_here("a/b"),
        ],
        &["a"],
    );
    assert_eq!(steps(&draft), ["upload a/b", "delete remote a"]);
}

#[test]
fn objects_that_clash_in_the_bucket_alone_are_left_as_they_are() {
    for base in [base("a", Some(FILE)), base("a", None)] {
        let draft = drafted(
            vec![
                to_fetch("a", Some(base), Readability::Readable),
                to_fetch("a/b", None, Readability::Readable),
            ],
            &["a"],
        );
        assert_eq!(steps(&draft), ["download a/b"]);
        assert_eq!(draft.skipped, [(key("a"), Obstacle::IsDirectory)]);
    }
}

#[test]
fn an_object_that_only_version_1_knew_is_not_deleted_for_a_directory() {
    let draft = drafted(
        vec![
            to_fetch("a", Some(base("a", None)), Readability::Readable),
            new_here("a/b"),
        ],
        &["a"],
    );
    assert_eq!(steps(&draft), ["upload a/b"]);
}
