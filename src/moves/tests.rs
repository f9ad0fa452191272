use super::*;
use crate::plan::{Item, Quiet};
use crate::state::Holding;

const MINUTE_NS: i64 = 60_000_000_001;

fn key(text: &str) -> Key {
    Key::parse(text).unwrap()
}

fn file(inode: u64) -> LocalStamp {
    LocalStamp {
        size_bytes: 7,
        mtime_ns: MINUTE_NS,
        ctime_ns: 1,
        inode,
    }
}

fn object(sum: u8) -> RemoteStamp {
    RemoteStamp {
        etag: ETag::Md5([sum; 16]),
        size_bytes: 7,
        modified_ms: 1,
        version: None,
    }
}

fn record(name: &str, local: LocalStamp, remote: RemoteStamp) -> Box<Record> {
    Box::new(Record {
        key: key(name),
        local: Some(local),
        remote,
        content: Content::Blake3([7; 20]),
        encoding: Encoding::Plain,
        parts: None,
    })
}

fn decided(
    name: &str,
    action: Action,
    base: Option<Box<Record>>,
    local: Option<LocalStamp>,
    remote: Option<RemoteStamp>,
) -> Decided {
    Decided {
        item: Item {
            key: key(name),
            base,
            local,
            remote,
            readability: Readability::Readable,
            class: None,
        },
        outcome: Outcome::Law(action, Holding::plain(Content::Unknown)),
    }
}

/// A file that is gone; its object is as recorded.
fn gone_here(name: &str, local: LocalStamp, sum: u8) -> Decided {
    let base = record(name, local, object(sum));
    decided(
        name,
        Action::DeleteRemote,
        Some(base),
        None,
        Some(object(sum)),
    )
}

fn new_here(name: &str, local: LocalStamp) -> Decided {
    decided(name, Action::Upload, None, Some(local), None)
}

/// An object that is gone; its file is as recorded.
fn gone_from_bucket(name: &str, local: LocalStamp, sum: u8) -> Decided {
    let base = record(name, local, object(sum));
    decided(name, Action::DeleteLocal, Some(base), Some(local), None)
}

fn new_in_bucket(name: &str, remote: RemoteStamp) -> Decided {
    decided(name, Action::Download, None, None, Some(remote))
}

fn paired(decided: Vec<Decided>) -> Vec<String> {
    let count = decided.len();
    let pairing = pair(decided, &[], &[], &|_| true);
    assert_eq!(pairing.rest.len() + 2 * pairing.moves.len(), count);
    pairing.moves.iter().map(ToString::to_string).collect()
}

#[test]
fn a_renamed_file_is_known_by_its_inode() {
    let moves = paired(vec![
        gone_here("a", file(1), 1),
        gone_here("b", file(2), 2),
        new_here("c", file(2)),
        new_here("d", file(1)),
    ]);
    assert_eq!(moves, ["move remote c from b", "move remote d from a"]);
}

#[test]
fn an_inode_with_another_size_or_time_is_another_file() {
    for other in [
        LocalStamp {
            size_bytes: 8,
            ..file(1)
        },
        LocalStamp {
            mtime_ns: 5,
            ..file(1)
        },
    ] {
        assert!(paired(vec![gone_here("a", file(1), 1), new_here("b", other)]).is_empty());
    }
}

#[test]
fn two_names_of_one_inode_pair_with_nothing() {
    let moves = paired(vec![
        gone_here("a", file(1), 1),
        new_here("b", file(1)),
        new_here("c", file(1)),
    ]);
    assert!(moves.is_empty(), "{moves:?}");
}

#[test]
fn another_inode_needs_the_same_size_and_an_exact_time() {
    let moves = paired(vec![gone_here("a", file(1), 1), new_here("b", file(2))]);
    assert_eq!(moves, ["move remote b from a"]);
    let whole = |inode| LocalStamp {
        mtime_ns: 60_000_000_000,
        ..file(inode)
    };
    assert!(paired(vec![gone_here("a", whole(1), 1), new_here("b", whole(2))]).is_empty());
    let two = vec![
        gone_here("a", file(1), 1),
        gone_here("b", file(3), 1),
        new_here("c", file(2)),
    ];
    assert!(paired(two).is_empty(), "either could be meant");
}

#[test]
fn a_renamed_object_is_known_by_its_etag_and_size_where_only_one_has_them() {
    let moves = paired(vec![
        gone_from_bucket("a", file(1), 1),
        new_in_bucket("b", object(1)),
    ]);
    assert_eq!(moves, ["move local b from a"]);
    for decided in [
        vec![
            gone_from_bucket("a", file(1), 1),
            new_in_bucket("b", object(1)),
            new_in_bucket("c", object(1)),
        ],
        vec![
            gone_from_bucket("a", file(1), 1),
            gone_from_bucket("b", file(2), 1),
            new_in_bucket("c", object(1)),
        ],
        vec![
            gone_from_bucket("a", file(1), 1),
            new_in_bucket("b", object(2)),
        ],
    ] {
        assert!(paired(decided).is_empty());
    }
}

#[test]
fn what_was_agreed_on_without_proof_or_lies_in_an_archive_is_not_moved() {
    let mut unproven = gone_here("a", file(1), 1);
    if let Some(base) = &mut unproven.item.base {
        base.content = Content::Unknown;
    }
    assert!(paired(vec![unproven, new_here("b", file(1))]).is_empty());
    let mut archived = gone_here("a", file(1), 1);
    archived.item.readability = Readability::Archived;
    assert!(paired(vec![archived, new_here("b", file(1))]).is_empty());
}

#[test]
fn a_map_that_encrypts_copies_nothing_that_lies_in_the_clear() {
    let decided = vec![gone_here("a", file(1), 1), new_here("b", file(1))];
    assert!(pair(decided, &[], &[], &|_| false).moves.is_empty());
}

#[test]
fn names_that_clash_are_left_alone() {
    let clash = |top| Clash {
        top: key(top),
        top_is_quiet: Quiet::No,
        below_is_quiet: Quiet::No,
    };
    for top in ["d", "d/b", "a"] {
        let decided = vec![gone_here("a", file(1), 1), new_here("d/b", file(1))];
        let moves = pair(decided, &[clash(top)], &[], &|_| true).moves;
        assert!(moves.is_empty(), "{top}");
    }
    let decided = vec![gone_here("a", file(1), 1), new_here("d/b", file(1))];
    assert_eq!(pair(decided, &[clash("b")], &[], &|_| true).moves.len(), 1);
}

#[test]
fn only_a_copy_that_changed_its_etags_form_is_suspected() {
    let reformed = || RemoteStamp {
        etag: ETag::parse("00000000000000000000000000000000-2"),
        ..object(0)
    };
    let decided = vec![
        gone_from_bucket("a", file(1), 1),
        new_in_bucket("b", reformed()),
    ];
    let found = suspects(&decided, &[]);
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0].from, &found[0].to), (&key("a"), &key("b")));
    let proven = Proven {
        from: key("a"),
        content: Content::ByMd5([3; 20]),
    };
    let moves = pair(decided.clone(), &[], &[proven], &|_| true).moves;
    assert!(
        matches!(&moves[..], [Step::MoveLocal { source, .. }] if source.content == Content::ByMd5([3; 20]))
    );
    assert!(pair(decided, &[], &[], &|_| true).moves.is_empty());
    let same_form = [
        gone_from_bucket("a", file(1), 1),
        new_in_bucket("b", object(2)),
    ];
    assert!(suspects(&same_form, &[]).is_empty());
}
