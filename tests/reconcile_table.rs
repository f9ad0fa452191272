//! The law as a table a user can read, and what stands around it: looks, lost bases, policies.

use s3_bsync::key::Key;
use s3_bsync::reconcile::{
    Action, Answer, Answers, Course, Fate, Ground, Question, Row, Seen, Settlement, Verdict,
    decide, law, one_way, settlement, steer,
};
use s3_bsync::stamp::{ETag, LocalStamp, RemoteStamp};
use s3_bsync::state::{ConflictPolicy, Content, Direction, Encoding, Holding, Record};

#[test]
fn the_twelve_rows() {
    use Action::*;
    use Fate::*;
    for (row, action) in [
        // no base
        (Row::LocalOnly, Upload),
        (Row::RemoteOnly, Download),
        (Row::Both, Meet),
        // local, remote
        (Row::Known(Same, Same), Keep),
        (Row::Known(Modified, Same), Upload),
        (Row::Known(Same, Modified), Download),
        (Row::Known(Modified, Modified), Meet),
        (Row::Known(Gone, Same), DeleteRemote),
        (Row::Known(Same, Gone), DeleteLocal),
        (Row::Known(Gone, Modified), Download),
        (Row::Known(Modified, Gone), Upload),
        (Row::Known(Gone, Gone), Forget),
    ] {
        assert_eq!(law(row), action, "{row:?}");
    }
}

#[test]
fn the_twelve_rows_one_way() {
    use Action::*;
    use Course::*;
    use Fate::*;
    use Settlement::{LocalWins, RemoteWins};
    for (row, push, push_mirror, pull, pull_mirror) in [
        // no base
        (
            Row::LocalOnly,
            Do(Upload),
            Do(Upload),
            Stay,
            Do(DeleteLocal),
        ),
        (Row::RemoteOnly, Stay, Clear, Do(Download), Do(Download)),
        (
            Row::Both,
            Win(LocalWins),
            Win(LocalWins),
            Win(RemoteWins),
            Win(RemoteWins),
        ),
        // local, remote
        (
            Row::Known(Same, Same),
            Do(Keep),
            Do(Keep),
            Do(Keep),
            Do(Keep),
        ),
        (
            Row::Known(Modified, Same),
            Do(Upload),
            Do(Upload),
            Win(RemoteWins),
            Win(RemoteWins),
        ),
        (
            Row::Known(Same, Modified),
            Win(LocalWins),
            Win(LocalWins),
            Do(Download),
            Do(Download),
        ),
        (
            Row::Known(Modified, Modified),
            Win(LocalWins),
            Win(LocalWins),
            Win(RemoteWins),
            Win(RemoteWins),
        ),
        (
            Row::Known(Gone, Same),
            Stay,
            Do(DeleteRemote),
            Do(Download),
            Do(Download),
        ),
        (
            Row::Known(Same, Gone),
            Do(Upload),
            Do(Upload),
            Stay,
            Do(DeleteLocal),
        ),
        (
            Row::Known(Gone, Modified),
            Stay,
            Clear,
            Do(Download),
            Do(Download),
        ),
        (
            Row::Known(Modified, Gone),
            Do(Upload),
            Do(Upload),
            Stay,
            Do(DeleteLocal),
        ),
        (
            Row::Known(Gone, Gone),
            Do(Forget),
            Do(Forget),
            Do(Forget),
            Do(Forget),
        ),
    ] {
        for (direction, course) in [
            (Direction::Push, push),
            (Direction::PushMirror, push_mirror),
            (Direction::Pull, pull),
            (Direction::PullMirror, pull_mirror),
        ] {
            assert_eq!(
                one_way(direction, row),
                Some(course),
                "{direction:?} {row:?}"
            );
        }
        assert_eq!(one_way(Direction::Both, row), None, "{row:?}");
    }
}

/// What the one-way law makes of what the two-way law says once all was looked at.
fn steered(
    direction: Direction,
    base: Option<&Record>,
    local: Option<LocalStamp>,
    remote: Option<&RemoteStamp>,
    answers: Answers,
) -> Option<Course> {
    let seen = Seen {
        base,
        local: local.as_ref(),
        remote,
    };
    steer(direction, seen, decide(seen, answers))
}

#[test]
fn each_verdict_is_steered_by_the_row_it_was_given_for() {
    use Fate::*;
    let base = base();
    let none = || says(None, None);
    for (row, record, local, remote, answers) in [
        (Row::LocalOnly, None, Some(file(1)), None, none()),
        (Row::RemoteOnly, None, None, Some(object(1)), none()),
        (
            Row::Both,
            None,
            Some(file(1)),
            Some(object(1)),
            says(None, DIFFERENT),
        ),
        (
            Row::Known(Modified, Same),
            Some(&base),
            Some(file(2)),
            Some(object(1)),
            says(DIFFERENT, None),
        ),
        (
            Row::Known(Same, Modified),
            Some(&base),
            Some(file(1)),
            Some(object(2)),
            says(None, DIFFERENT),
        ),
        (
            Row::Known(Same, Modified),
            Some(&base),
            Some(file(2)),
            Some(object(2)),
            says(EQUAL, DIFFERENT),
        ),
        (
            Row::Known(Modified, Modified),
            Some(&base),
            Some(file(2)),
            Some(object(2)),
            says(DIFFERENT, DIFFERENT),
        ),
        (
            Row::Known(Gone, Same),
            Some(&base),
            None,
            Some(object(1)),
            none(),
        ),
        (
            Row::Known(Same, Gone),
            Some(&base),
            Some(file(1)),
            None,
            none(),
        ),
        (
            Row::Known(Same, Gone),
            Some(&base),
            Some(file(2)),
            None,
            says(EQUAL, None),
        ),
        (
            Row::Known(Gone, Modified),
            Some(&base),
            None,
            Some(object(2)),
            none(),
        ),
        (
            Row::Known(Modified, Gone),
            Some(&base),
            Some(file(2)),
            None,
            says(DIFFERENT, None),
        ),
        (Row::Known(Gone, Gone), Some(&base), None, None, none()),
    ] {
        for direction in [
            Direction::Both,
            Direction::Push,
            Direction::PushMirror,
            Direction::Pull,
            Direction::PullMirror,
        ] {
            let steered = steered(direction, record, local, remote.as_ref(), answers);
            assert_eq!(steered, one_way(direction, row), "{direction:?} {row:?}");
        }
    }
}

#[test]
fn one_way_equal_content_is_adopted_in_every_row() {
    let base = base();
    for (record, local, answers) in [
        (None, file(1), says(None, EQUAL)),
        (Some(&base), file(1), says(None, EQUAL)),
        (Some(&base), file(2), says(DIFFERENT, EQUAL)),
    ] {
        for direction in [Direction::PushMirror, Direction::PullMirror] {
            let course = steered(direction, record, Some(local), Some(&object(2)), answers);
            assert_eq!(course, Some(Course::Do(Action::Adopt)), "{direction:?}");
        }
    }
}

#[test]
fn an_emptied_file_is_never_pushed() {
    let base = base();
    let emptied = Some(LocalStamp {
        size_bytes: 0,
        ctime_ns: 9,
        ..file(1)
    });
    for remote in [None, Some(object(1)), Some(object(2))] {
        for direction in [Direction::Push, Direction::PushMirror] {
            let course = steered(
                direction,
                Some(&base),
                emptied,
                remote.as_ref(),
                says(None, None),
            );
            assert_eq!(course, Some(Course::Emptied), "{direction:?} {remote:?}");
        }
        for (direction, gone) in [
            (Direction::Pull, Course::Stay),
            (Direction::PullMirror, Course::Do(Action::DeleteLocal)),
        ] {
            let course = steered(
                direction,
                Some(&base),
                emptied,
                remote.as_ref(),
                says(None, None),
            );
            let wanted = match remote {
                Some(_) => Course::Do(Action::Download),
                None => gone,
            };
            assert_eq!(course, Some(wanted), "{direction:?} {remote:?}");
        }
    }
}

fn file(version: u8) -> LocalStamp {
    LocalStamp {
        size_bytes: 10,
        mtime_ns: i64::from(version),
        ctime_ns: 1000 + i64::from(version),
        inode: 7,
    }
}

fn object(version: u8) -> RemoteStamp {
    RemoteStamp {
        etag: ETag::Md5([version; 16]),
        size_bytes: 10,
        modified_ms: 5,
        version: None,
    }
}

fn base() -> Record {
    Record {
        key: Key::parse("a").unwrap(),
        local: Some(file(1)),
        remote: object(1),
        content: Content::Blake3([7; 20]),
        encoding: Encoding::Plain,
        parts: None,
    }
}

fn told(
    base: Option<&Record>,
    local: Option<LocalStamp>,
    object: impl Into<Option<RemoteStamp>>,
    answers: Answers,
) -> Verdict {
    let remote = object.into();
    decide(
        Seen {
            base,
            local: local.as_ref(),
            remote: remote.as_ref(),
        },
        answers,
    )
}

fn says(local_against_base: Option<Answer>, local_against_remote: Option<Answer>) -> Answers {
    Answers {
        local_against_base,
        local_against_remote,
    }
}

const EQUAL: Option<Answer> = Some(Answer::Equal(Holding::plain(Content::ByMd5([7; 20]))));
const DIFFERENT: Option<Answer> = Some(Answer::Different);

#[test]
fn a_changed_stamp_is_looked_at_before_it_is_believed() {
    let base = base();
    let look = told(
        Some(&base),
        Some(file(2)),
        Some(object(1)),
        Answers::default(),
    );
    assert_eq!(look, Verdict::Look(Question::LocalAgainstBase));
    let touched = told(
        Some(&base),
        Some(file(2)),
        Some(object(1)),
        says(EQUAL, None),
    );
    assert_eq!(
        touched,
        Verdict::Do(Action::Adopt),
        "a touch refreshes the record, no more"
    );
    let edited = told(
        Some(&base),
        Some(file(2)),
        Some(object(1)),
        says(DIFFERENT, None),
    );
    assert_eq!(edited, Verdict::Do(Action::Upload));
}

#[test]
fn a_file_with_an_older_time_is_uploaded_all_the_same() {
    let base = base();
    let restored = LocalStamp {
        mtime_ns: -1_000_000,
        ..file(1)
    };
    let verdict = told(
        Some(&base),
        Some(restored),
        Some(object(1)),
        says(DIFFERENT, None),
    );
    assert_eq!(verdict, Verdict::Do(Action::Upload));
}

#[test]
fn a_file_emptied_under_its_recorded_time_is_damage_and_not_an_edit() {
    let base = base();
    let emptied = LocalStamp {
        size_bytes: 0,
        ctime_ns: 9,
        ..file(1)
    };
    for remote in [object(1), object(2)] {
        let verdict = told(Some(&base), Some(emptied), Some(remote), Answers::default());
        assert_eq!(verdict, Verdict::Do(Action::Download));
    }
    let truncated = LocalStamp {
        mtime_ns: 2,
        ..emptied
    };
    let verdict = told(
        Some(&base),
        Some(truncated),
        Some(object(1)),
        says(DIFFERENT, None),
    );
    assert_eq!(
        verdict,
        Verdict::Do(Action::Upload),
        "a later time is an edit's"
    );
    let mut never_more = base;
    never_more.local = Some(LocalStamp {
        size_bytes: 0,
        ..file(1)
    });
    never_more.remote.size_bytes = 0;
    let remote = never_more.remote.clone();
    let verdict = told(
        Some(&never_more),
        Some(emptied),
        Some(remote),
        says(EQUAL, None),
    );
    assert_eq!(verdict, Verdict::Do(Action::Adopt), "it was empty before");
}

#[test]
fn a_touched_file_does_not_win_over_a_remote_edit() {
    let base = base();
    let other = RemoteStamp {
        size_bytes: 11,
        ..object(2)
    };
    let verdict = told(Some(&base), Some(file(2)), Some(other), says(EQUAL, None));
    assert_eq!(verdict, Verdict::Do(Action::Download));
}

#[test]
fn a_rewritten_object_with_the_same_bytes_costs_no_download() {
    let base = base();
    let look = told(
        Some(&base),
        Some(file(1)),
        Some(object(2)),
        Answers::default(),
    );
    assert_eq!(look, Verdict::Look(Question::LocalAgainstRemote));
    let same = told(
        Some(&base),
        Some(file(1)),
        Some(object(2)),
        says(None, EQUAL),
    );
    assert_eq!(same, Verdict::Do(Action::Adopt));
    let other = told(
        Some(&base),
        Some(file(1)),
        Some(object(2)),
        says(None, DIFFERENT),
    );
    assert_eq!(other, Verdict::Do(Action::Download));
}

#[test]
fn a_metadata_change_is_no_change() {
    let base = base();
    let moved = RemoteStamp {
        modified_ms: 999,
        version: Some("v2".into()),
        ..object(1)
    };
    let verdict = told(Some(&base), Some(file(1)), Some(moved), Answers::default());
    assert_eq!(verdict, Verdict::Do(Action::Keep));
}

#[test]
fn edits_on_both_sides_conflict_unless_they_are_the_same() {
    let base = base();
    let meet = |answers| told(Some(&base), Some(file(2)), Some(object(2)), answers);
    assert_eq!(
        meet(says(DIFFERENT, None)),
        Verdict::Look(Question::LocalAgainstRemote)
    );
    assert_eq!(meet(says(DIFFERENT, EQUAL)), Verdict::Do(Action::Adopt));
    assert_eq!(meet(says(DIFFERENT, DIFFERENT)), Verdict::Conflict);
}

#[test]
fn a_version_1_record_licenses_no_delete() {
    let old = Record {
        local: None,
        content: Content::Unknown,
        ..base()
    };
    for (local, remote, verdict) in [
        (None, Some(object(1)), Verdict::Do(Action::Download)),
        (Some(file(1)), None, Verdict::Do(Action::Upload)),
        (None, None, Verdict::Do(Action::Forget)),
        (
            Some(file(1)),
            Some(object(1)),
            Verdict::Look(Question::LocalAgainstRemote),
        ),
    ] {
        assert_eq!(told(Some(&old), local, remote, Answers::default()), verdict);
    }
}

#[test]
fn without_a_base_nothing_is_ever_deleted() {
    for local in [None, Some(file(1))] {
        for remote in [None, Some(object(1))] {
            for answers in [says(None, EQUAL), says(None, DIFFERENT)] {
                let verdict = told(None, local, remote.clone(), answers);
                let deletes = matches!(
                    verdict,
                    Verdict::Do(Action::DeleteLocal | Action::DeleteRemote)
                );
                assert!(!deletes, "{local:?} {remote:?}");
            }
        }
    }
}

#[test]
fn clocks_decide_who_takes_the_name_and_nothing_else() {
    use ConflictPolicy::*;
    let based = Ground::Based;
    assert_eq!(settlement(Newer, based, 2, 1), Settlement::LocalWins);
    assert_eq!(settlement(Newer, based, 1, 2), Settlement::RemoteWins);
    assert_eq!(
        settlement(Newer, based, 1, 1),
        Settlement::RemoteWins,
        "the bucket wins a tie"
    );
    for (local, remote) in [(1, 2), (2, 1)] {
        assert_eq!(
            settlement(Local, based, local, remote),
            Settlement::LocalWins
        );
        assert_eq!(
            settlement(Remote, based, local, remote),
            Settlement::RemoteWins
        );
        assert_eq!(
            settlement(KeepBoth, based, local, remote),
            Settlement::KeepBoth
        );
        assert_eq!(settlement(Ask, based, local, remote), Settlement::Leave);
        assert_eq!(
            settlement(Newer, Ground::Baseless, local, remote),
            Settlement::KeepBoth,
            "without a base clocks rewrite nothing"
        );
    }
}
