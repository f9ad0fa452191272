//! What is demanded of every verdict and every plan before it is carried out, and of every receipt.

mod guard;
mod receipt;

pub use guard::of_guard;
pub use receipt::{of_lone_receipt, of_receipt, of_sending};

use super::sight::{Sides, View};
use super::world::Machine;
use s3_bsync::draft::Draft;
use s3_bsync::key::Key;
use s3_bsync::plan::{Clash, Item, Loser, Plan, Quiet, Readability, Step};
use s3_bsync::reconcile::{Action, Answer, Answers, Question, Seen, Verdict, Why, decide, why};
use s3_bsync::state::{Content, Direction, Holding, Record};
use std::collections::BTreeSet;

/// What the base is worth: a record that never saw the file proves nothing about it.
fn known(item: &Item) -> Option<&Record> {
    item.base.as_deref().filter(|base| base.local.is_some())
}

/// The laws of one key, whatever a look would tell.
pub fn of_verdicts(item: &Item) {
    let seen = Seen {
        base: item.base.as_deref(),
        local: item.local.as_ref(),
        remote: item.remote.as_ref(),
    };
    let looks = [
        None,
        Some(Answer::Equal(Holding::plain(Content::ByMd5([7; 20])))),
        Some(Answer::Different),
    ];
    for local_against_base in looks {
        for local_against_remote in looks {
            let answers = Answers {
                local_against_base,
                local_against_remote,
            };
            match decide(seen, answers) {
                Verdict::Look(Question::LocalAgainstBase) => {
                    assert!(local_against_base.is_none(), "asked again");
                    assert!(known(item).is_some() && item.local.is_some());
                }
                Verdict::Look(Question::LocalAgainstRemote) => {
                    assert!(local_against_remote.is_none(), "asked again");
                    assert!(item.local.is_some() && item.remote.is_some());
                }
                Verdict::Conflict => {
                    assert!(item.local.is_some() && item.remote.is_some());
                    assert_eq!(local_against_remote, Some(Answer::Different));
                }
                Verdict::Do(action) => of_action(item, answers, action),
            }
        }
    }
}

fn of_action(item: &Item, answers: Answers, action: Action) {
    let here = item.local.is_some();
    let there = item.remote.is_some();
    let is_told_equal = |answer| matches!(answer, Some(Answer::Equal(_)));
    let recorded = known(item).and_then(|base| base.local);
    let lost_its_bytes = recorded.zip(item.local).is_some_and(|(recorded, file)| {
        let is_emptied = file.size_bytes == 0 && recorded.size_bytes > 0;
        is_emptied && file.mtime_ns == recorded.mtime_ns
    });
    let file_is_as_recorded = lost_its_bytes
        || recorded.is_some_and(|recorded| {
            item.local == Some(recorded) || here && is_told_equal(answers.local_against_base)
        });
    let object_is_as_recorded = known(item)
        .zip(item.remote.as_ref())
        .is_some_and(|(base, object)| base.remote.is_same_object(object));
    let is_licensed = match action {
        Action::Keep => file_is_as_recorded && object_is_as_recorded,
        Action::Adopt => here && there,
        Action::Forget => !here && !there,
        Action::Upload => here && (!there || object_is_as_recorded) && !lost_its_bytes,
        Action::Download => there && (!here || file_is_as_recorded),
        Action::DeleteLocal => here && !there && file_is_as_recorded,
        Action::DeleteRemote => !here && there && object_is_as_recorded,
        Action::Meet => false,
    };
    assert!(
        is_licensed,
        "{action:?} without licence: {item:?}, {answers:?}"
    );
}

/// Clashes are the names that are another name's directory, all of them and no other.
pub fn of_view(machine: &Machine, sides: &Sides, view: &View) {
    let is_seen = |key: &&Key| !machine.is_fogged(key);
    let names: BTreeSet<&Key> = sides
        .local
        .keys()
        .chain(sides.remote.keys())
        .filter(is_seen)
        .collect();
    let is_quiet = |key: &Key| !view.items.iter().any(|item| item.key == *key);
    let quiet = |is_quiet| if is_quiet { Quiet::Yes } else { Quiet::No };
    let expected = names.iter().filter_map(|top| {
        let below: Vec<_> = names
            .iter()
            .filter(|key| key.is_below(top.as_str()))
            .collect();
        (!below.is_empty()).then(|| Clash {
            top: (*top).clone(),
            top_is_quiet: quiet(is_quiet(top)),
            below_is_quiet: quiet(below.iter().any(|key| is_quiet(key))),
        })
    });
    assert_eq!(view.clashes, expected.collect::<Vec<_>>());
    view.items.iter().for_each(of_verdicts);
}

/// The laws of a plan: every item at most once, in the right phase, with what was observed, and
/// nothing removed or replaced that somebody wrote and nobody keeps.
pub fn of_draft(view: &View, draft: &Draft) {
    let plan = &draft.plan;
    let mut names: BTreeSet<&Key> = draft.skipped.iter().map(|(key, _)| key).collect();
    assert_eq!(names.len(), draft.skipped.len(), "left alone twice");
    for step in plan.steps() {
        assert!(
            names.insert(step.key()),
            "{step}: its name is already taken"
        );
    }
    for step in plan.steps() {
        if let Step::KeepBoth { key, aside, .. } = step {
            assert!(names.insert(aside), "{key}: {aside} is already taken");
            assert_eq!(key.parent(), aside.parent());
            assert_eq!(aside.fits(super::PREFIX), Ok(()));
        }
        if let Some(old) = step.old_key() {
            assert!(names.insert(old), "{step}: its old name is already taken");
            of_move(view, step, old);
        }
        let item = view.items.iter().find(|item| item.key == *step.key());
        of_step(
            item.unwrap_or_else(|| panic!("{step}: not asked for")),
            step,
        );
    }
    for (key, _) in &draft.settled {
        assert!(
            plan.steps().any(|step| step.key() == key),
            "{key} settled but not done"
        );
    }
    let is_record = |step: &Step| matches!(step, Step::Adopt(_) | Step::Forget(_));
    assert!(plan.records.iter().all(is_record));
    assert!(
        plan.clearing
            .iter()
            .all(|step| matches!(step, Step::DeleteLocal { .. }))
    );
    assert!(
        plan.transfers
            .iter()
            .all(|step| !step.deletes() && !is_record(step))
    );
    assert!(plan.deletions.iter().all(Step::deletes));
    assert!(
        plan.replacements
            .iter()
            .all(|step| matches!(step, Step::Download { over: None, .. }))
    );
    of_displaced(view, plan);
}

/// A move ends a key that one side has left, and that the other holds as recorded.
fn of_move(view: &View, step: &Step, old: &Key) {
    let item = view.items.iter().find(|item| item.key == *old);
    let item = item.unwrap_or_else(|| panic!("{step}: its old name was not asked for"));
    let base = known(item).unwrap_or_else(|| panic!("{step}: nobody agreed on it"));
    assert!(base.is_proven(), "{step}");
    match step {
        Step::MoveRemote { source, .. } => {
            assert_eq!(item.local, None);
            assert!(
                item.remote
                    .as_ref()
                    .is_some_and(|object| object.is_same_object(&source.remote))
            );
        }
        Step::MoveLocal { local, .. } => {
            assert_eq!((item.local, item.remote.as_ref()), (Some(*local), None));
        }
        _ => panic!("{step} is no move"),
    }
}

fn of_step(item: &Item, step: &Step) {
    let reason = why(step, item.base.as_deref(), Direction::Both);
    let (here, there) = (item.local, item.remote.as_ref());
    let base = known(item);
    let is_same_object = base
        .zip(there)
        .is_some_and(|(base, object)| base.remote.is_same_object(object));
    let is_readable = item.readability == Readability::Readable;
    let can_be_copied = is_readable || item.readability == Readability::Sealed;
    match step {
        Step::Upload {
            local, over, loser, ..
        } => {
            assert_eq!((here, there), (Some(*local), over.as_ref()));
            assert!(
                *loser == Loser::Keep && can_be_copied || over.is_none() || is_same_object,
                "{step}"
            );
        }
        Step::Download { remote, over, .. } => {
            assert_eq!((here, there), (*over, Some(remote)));
            assert!(is_readable);
        }
        Step::KeepBoth { local, remote, .. } => {
            assert_eq!((here, there), (Some(*local), Some(remote)));
            assert!(is_readable);
        }
        Step::DeleteLocal { local, .. } => {
            assert_eq!((here, there), (Some(*local), None));
            assert!(base.is_some() || reason == Why::Displaced, "{step}");
        }
        Step::DeleteRemote { remote, loser, .. } => {
            assert_eq!((here, there), (None, Some(remote)));
            match loser {
                Loser::Discard => assert!(is_same_object, "{step}"),
                Loser::Keep => {
                    let is_proven = base.is_none_or(Record::is_proven);
                    assert!(
                        can_be_copied && reason == Why::Displaced || !is_proven,
                        "{step}"
                    );
                }
            }
        }
        Step::Adopt(record) => {
            assert_eq!(here, record.local);
            assert!(there.is_some_and(|object| object.is_same_object(&record.remote)));
        }
        Step::Forget(_) => assert_eq!((here, there), (None, None)),
        Step::MoveRemote { local, .. } => {
            assert_eq!((here, there), (Some(*local), None));
            assert!(item.base.is_none());
        }
        Step::MoveLocal { remote, .. } => {
            assert_eq!((here, there), (None, Some(remote)));
            assert!(item.base.is_none());
        }
    }
    let is_true = match reason {
        Why::RenamedHere | Why::NewHere => base.is_none() && here.is_some() && there.is_none(),
        Why::RenamedInBucket | Why::NewInBucket => {
            base.is_none() && here.is_none() && there.is_some()
        }
        Why::ChangedHere => is_same_object && here.is_some(),
        Why::ChangedInBucket => base.is_some() && !is_same_object && there.is_some(),
        Why::Emptied => is_same_object && here.is_some_and(|file| file.size_bytes == 0),
        Why::GoneHere => is_same_object && here.is_none(),
        Why::GoneFromBucket | Why::ChangedHereGoneFromBucket => {
            base.is_some() && here.is_some() && there.is_none()
        }
        Why::ChangedInBucketGoneHere => base.is_some() && !is_same_object && here.is_none(),
        Why::NewOnBoth | Why::Met => base.is_none() && here.is_some() && there.is_some(),
        Why::ChangedOnBoth => base.is_some() && !is_same_object,
        Why::Restamped => base.is_some() && here.is_some() && there.is_some(),
        Why::Displaced => here.is_some() != there.is_some(),
        Why::GoneOnBoth => here.is_none() && there.is_none(),
        Why::PushedAgain
        | Why::PushedOver
        | Why::PulledAgain
        | Why::PulledOver
        | Why::NotHere
        | Why::NotInBucket => false,
    };
    assert!(is_true, "{step} is not because {reason}: {item:?}");
}

/// A file loses its name to a directory only where something comes to be in that directory.
fn of_displaced(view: &View, plan: &Plan) {
    for step in plan.steps().filter(|step| step.deletes()) {
        let item = view.items.iter().find(|item| item.key == *step.key());
        let base = item.and_then(|item| item.base.as_deref());
        if why(step, base, Direction::Both) != Why::Displaced {
            continue;
        }
        let top = step.key();
        let clash = view.clashes.iter().find(|clash| clash.top == *top);
        let clash = clash.unwrap_or_else(|| panic!("{step}: nothing displaces it"));
        let below = |key: &Key| key.is_below(top.as_str());
        let comes = plan.steps().any(|other| {
            let is_removal = other.deletes() || matches!(other, Step::Forget(_));
            below(other.key()) && !is_removal
        });
        // An object yields only to what took its name here, and to a file that stays there even
        // where nothing else can be done about it.
        let mut here = view
            .items
            .iter()
            .filter(|item| item.local.is_some() && below(&item.key));
        let is_removed = |key: &Key| plan.steps().any(|step| step.key() == key && step.deletes());
        let is_licensed = match step {
            Step::DeleteLocal { .. } => comes,
            _ if comes => here.next().is_some(),
            _ => here.any(|item| !is_removed(&item.key)),
        };
        assert!(
            is_licensed || clash.below_is_quiet == Quiet::Yes,
            "{step}: nothing displaces it"
        );
    }
}
