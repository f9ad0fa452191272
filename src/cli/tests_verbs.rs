//! Commands that are words: each with its operands and flags, in whatever order.

use super::tests::{read, refused};
use super::{Command, Edit, Form, Mapless, Maps, Misuse, Recovery, Run, Wanted};
use crate::key::Key;
use crate::local::RecoveryRun;
use crate::state::{Direction, Recursion};
use crate::sync::{Mode, Reencode, Safety, Trust};
use std::path::Path;

fn run(args: &str) -> Run {
    match read(args) {
        Ok(Command::Sync(run)) => run,
        other => panic!("{args}: {other:?}"),
    }
}

fn edit(args: &str) -> Edit {
    match read(args) {
        Ok(Command::Edit(edit)) => edit,
        other => panic!("{args}: {other:?}"),
    }
}

fn mapless(args: &str) -> Mapless {
    match read(args) {
        Ok(Command::Mapless(mapless)) => mapless,
        other => panic!("{args}: {other:?}"),
    }
}

#[test]
fn a_sync_names_its_maps_or_none() {
    let named = |names: &[&str]| Maps::Named(names.iter().map(|&name| name.to_owned()).collect());
    assert_eq!(run("").maps, Maps::All);
    assert_eq!(run("sync").maps, Maps::All);
    assert_eq!(run("sync a").maps, named(&["a"]));
    for args in ["sync a b --full", "--full sync a b", "sync a --full b"] {
        let run = run(args);
        assert_eq!((run.maps, run.trust), (named(&["a", "b"]), Trust::Nothing));
    }
}

#[test]
fn a_push_or_pull_of_a_map_is_a_run_one_way() {
    for (args, direction) in [
        ("push a", Direction::Push),
        ("push a --delete", Direction::PushMirror),
        ("pull a", Direction::Pull),
        ("--delete pull a", Direction::PullMirror),
    ] {
        let maps = Maps::OneWay("a".to_owned(), direction);
        assert_eq!(run(args).maps, maps, "{args}");
    }
    assert_eq!(run("push a --dryrun").mode, Mode::DryRun);
}

#[test]
fn a_push_or_pull_without_a_map_takes_settings_of_its_own() {
    let push = mapless("push d s3://bucket/p");
    assert_eq!(push.dir, Path::new("d"));
    assert_eq!(push.dest.to_string(), "s3://bucket/p");
    assert_eq!(push.settings.direction, Some(Direction::Push));
    let pull = mapless(
        "pull s3://bucket /d --delete --dryrun --region r --endpoint-url http://h --path-style \
         --profile p --storage-class C --no-recursive --compress 3 --age-identity /i",
    );
    assert_eq!(
        (pull.dir.as_path(), pull.dest.prefix.as_str()),
        (Path::new("/d"), "")
    );
    assert_eq!(pull.settings.direction, Some(Direction::PullMirror));
    assert_eq!(pull.settings.recursion, Some(Recursion::TopOnly));
    assert_eq!(pull.settings.gzip_level, Some(3));
    assert_eq!(pull.settings.access.region.as_deref(), Some("r"));
    assert_eq!(pull.settings.age.identity_file.as_deref(), Some("/i"));
    assert_eq!(pull.run.mode, Mode::DryRun);
    for flag in [
        "--name n",
        "--conflict ask",
        "--direction pull",
        "--keep 3",
        "--keep-size 1G",
        "--max-replace 3",
    ] {
        let name = flag.split(' ').next().unwrap();
        let misuse = refused(&format!("pull s3://bucket d {flag}"));
        assert!(
            matches!(misuse, Misuse::NotTaken { flag, .. } if flag == name),
            "{flag}"
        );
    }
}

#[test]
fn an_edit_has_settings_or_a_run_or_both() {
    let plain = edit("edit a --keep 3");
    assert_eq!(plain.name, "a");
    assert_eq!(plain.settings.unwrap().keep_days, Some(3));
    assert!(plain.then.is_none());
    let bare = edit("edit a --reencode --dryrun");
    assert!(bare.settings.is_none());
    let then = bare.then.unwrap();
    assert_eq!((then.reencode, then.mode), (Reencode::All, Mode::DryRun));
    assert_eq!(then.maps, Maps::Named(vec!["a".to_owned()]));
    let renamed = edit("edit a --name b --reencode").then.unwrap();
    assert_eq!(renamed.maps, Maps::Named(vec!["b".to_owned()]));
    assert_eq!(run("").reencode, Reencode::Changed);
}

#[test]
fn a_status_is_a_run_that_changes_nothing() {
    match read("status a --full") {
        Ok(Command::Status(run)) => {
            assert_eq!((run.mode, run.trust), (Mode::DryRun, Trust::Nothing));
            assert_eq!(run.maps, Maps::Named(vec!["a".to_owned()]));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_map_is_dropped_by_its_name_and_maps_are_listed() {
    match read("rm a --quiet") {
        Ok(Command::Remove(remove)) => assert_eq!(remove.name, "a"),
        other => panic!("{other:?}"),
    }
    match read("targets --json") {
        Ok(Command::Targets(targets)) => assert_eq!(targets.form, Form::Json),
        other => panic!("{other:?}"),
    }
    for (args, flag) in [
        ("rm a --keep 3", "--keep"),
        ("rm a --full", "--full"),
        ("targets --force", "--force"),
        ("targets --dump", "--dump"),
    ] {
        let misuse = refused(args);
        assert!(
            matches!(misuse, Misuse::NotTaken { flag: found, .. } if found == flag),
            "{args}"
        );
    }
}

#[test]
fn directories_are_removed_from_one_map_or_only_named() {
    for (args, mode) in [
        ("prune-dirs a", Mode::Apply),
        ("prune-dirs a --dryrun", Mode::DryRun),
    ] {
        match read(args) {
            Ok(Command::Prune(prune)) => assert_eq!((prune.name.as_str(), prune.mode), ("a", mode)),
            other => panic!("{other:?}"),
        }
    }
    for args in ["prune-dirs", "prune-dirs a b"] {
        assert!(matches!(refused(args), Misuse::Operands { .. }), "{args}");
    }
    let misuse = refused("prune-dirs a --dryrun --force");
    assert!(matches!(
        misuse,
        Misuse::NotTaken {
            flag: "--force",
            ..
        }
    ));
}

fn recovery(args: &str) -> Recovery {
    match read(args) {
        Ok(Command::Recover(recover)) => recover.act,
        other => panic!("{args}: {other:?}"),
    }
}

#[test]
fn recover_lists_unless_it_is_told_otherwise() {
    let (docs, kept) = ("docs".to_owned(), Wanted::read("a/*"));
    assert_eq!(recovery("recover"), Recovery::List(None, None));
    let all = || Recovery::List(Some("docs".to_owned()), None);
    assert_eq!(recovery("recover docs"), all());
    assert_eq!(recovery("recover list docs"), all());
    assert_eq!(
        recovery("recover docs a/*"),
        Recovery::List(Some(docs.clone()), Some(kept.clone()))
    );
    let called_show = Recovery::List(Some("show".to_owned()), None);
    assert_eq!(recovery("recover list show"), called_show);
    assert_eq!(
        recovery("recover drop docs a/* --force"),
        Recovery::Drop(docs.clone(), kept.clone(), Safety::Forced)
    );
    assert_eq!(
        recovery("recover put-back --to b docs a/*"),
        Recovery::PutBack(docs, kept, Some(Key::parse("b").unwrap()))
    );
    for args in ["recover show a", "recover show a b c", "recover a b c"] {
        assert!(matches!(refused(args), Misuse::Operands { .. }), "{args}");
    }
}

#[test]
fn an_undo_lists_runs_or_puts_one_back() {
    let recovery = |words: &str| match read(words) {
        Ok(Command::Recover(recover)) => (recover.act, recover.mode),
        other => panic!("{words}: {other:?}"),
    };
    let run = RecoveryRun::parse("2026-11-20T22-55-01Z").unwrap();
    let undo = |safety| Recovery::Undo("a".to_owned(), run.clone(), safety);
    assert_eq!(recovery("undo"), (Recovery::Runs(None), Mode::Apply));
    let one = Recovery::Runs(Some("a".to_owned()));
    assert_eq!(recovery("undo a"), (one, Mode::Apply));
    let words = "undo a 2026-11-20T22-55-01Z";
    assert_eq!(recovery(words), (undo(Safety::Heeded), Mode::Apply));
    let flags = format!("{words} --force --dryrun");
    assert_eq!(recovery(&flags), (undo(Safety::Forced), Mode::DryRun));
    for (words, flag) in [("undo --dryrun", "--dryrun"), ("undo a --force", "--force")] {
        let misuse = refused(words);
        assert!(
            matches!(misuse, Misuse::NotTaken { flag: told, .. } if told == flag),
            "{words}"
        );
    }
    assert!(matches!(
        refused("undo a yesterday"),
        Misuse::BadValue { .. }
    ));
    assert!(matches!(refused("undo a b c"), Misuse::Operands { .. }));
}
