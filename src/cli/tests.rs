//! Every flag lands in its field; flags that make no sense together are refused.

use super::args::Args;
use super::help::{HELP, takes};
use super::{Command, Detail, Dump, Form, Init, Keys, Level, Misuse, Run, Start, parse};
use crate::guard::Limit;
use crate::key::Key;
use crate::remote::Timeout;
use crate::sync::{Mode, Safety, Trust};
use argh::FromArgs;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::num::NonZeroU64;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::time::Duration;

pub(super) fn read(args: &str) -> Result<Command, Misuse> {
    let words = format!("s3-bsync --file /s {args}");
    parse(words.split_whitespace().map(OsString::from))
}

pub(super) fn run(args: &str) -> Run {
    match read(args) {
        Ok(Command::Sync(run)) => run,
        other => panic!("{args}: {other:?}"),
    }
}

pub(super) fn init(args: &str) -> Init {
    match read(&format!("--init {args}")) {
        Ok(Command::Init(init)) => init,
        other => panic!("{args}: {other:?}"),
    }
}

fn dump(args: &str) -> Dump {
    match read(&format!("--dump {args}")) {
        Ok(Command::Dump(dump)) => dump,
        other => panic!("{args}: {other:?}"),
    }
}

#[track_caller]
pub(super) fn refused(args: &str) -> Misuse {
    read(args).expect_err(args)
}

/// The flags in a text: words that begin with `-` and go on with a letter or `?`.
fn flags(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| c.is_whitespace() || "[],;:()".contains(c))
        .filter(|word| {
            word.starts_with("--") && word.len() > 2
                || word.len() == 2
                    && word.starts_with('-')
                    && word.ends_with(|c: char| c == '?' || c.is_alphabetic())
        })
        .collect()
}

#[test]
fn the_help_names_every_flag_that_is_read_and_no_other() {
    let known = Args::from_args(&["s3-bsync"], &["--help"]).err().unwrap();
    assert!(flags(HELP).len() > 25, "{:?}", flags(HELP));
    assert_eq!(flags(HELP), flags(&known.output));
}

#[test]
fn the_help_fits_a_hundred_columns_and_stays_ascii() {
    for line in HELP.lines() {
        assert!(line.len() <= 100, "{line}");
        assert!(line.is_ascii() && line.trim_end() == line, "{line:?}");
    }
}

#[test]
fn a_flag_without_its_value_is_told_what_it_takes() {
    assert_eq!(takes("--dir"), "PATH S3_DEST");
    assert_eq!(takes("--rmdir"), "PATH [S3_DEST]");
    assert_eq!(takes("--objects"), "[GLOB]");
    assert_eq!(takes("--max-delete"), "N|N%");
    assert_eq!(takes("--conflict"), "newer|keep-both|local|remote|ask");
    for flag in [
        "--file",
        "--name",
        "--endpoint-url",
        "--region",
        "--profile",
        "--storage-class",
    ] {
        assert_ne!(takes(flag), "a value", "{flag}");
    }
    let missing = refused("--jobs");
    let (flag, takes) = ("--jobs".to_owned(), "N");
    assert_eq!(missing, Misuse::NoValue { flag, takes });
}

#[test]
fn a_bare_command_syncs() {
    let run = run("");
    assert_eq!(run.file, Path::new("/s"));
    assert_eq!(
        (run.mode, run.safety, run.trust),
        (Mode::Apply, Safety::Heeded, Trust::Stamps)
    );
    assert_eq!((run.jobs, run.limit), (None, Limit::Percent(50)));
    assert_eq!(
        (run.voice.level, run.voice.form),
        (Level::Normal, Form::Text)
    );
}

#[test]
fn run_settings_land_in_their_fields() {
    assert_eq!(run("--dryrun").mode, Mode::DryRun);
    assert_eq!(run("--jobs 7").jobs, Some(7));
    for (rate, bytes) in [
        ("7", 7),
        ("3K", 3 << 10),
        ("10m", 10 << 20),
        ("1G", 1 << 30),
    ] {
        let found = run(&format!("--bwlimit {rate}")).bytes_per_s;
        assert_eq!(found.map(NonZeroU64::get), Some(bytes));
    }
    assert_eq!(run("").timeout, Timeout::default());
    let five_minutes = Timeout::of(Duration::from_mins(5));
    assert_eq!(run("--timeout 5m").timeout, five_minutes);
    assert_eq!(run("--max-delete 3").limit, Limit::Count(3));
    assert_eq!(run("--max-delete 3%").limit, Limit::Percent(3));
    assert_eq!(run("--force").safety, Safety::Forced);
    assert_eq!(run("--full").trust, Trust::Nothing);
    assert_eq!(run("--quiet").voice.level, Level::Quiet);
    assert_eq!(run("--debug").voice.level, Level::Debug);
    assert_eq!(run("--json").voice.form, Form::Json);
}

#[test]
fn maps_are_added_and_dropped_as_often_as_one_likes() {
    let init =
        init("--dir /a s3://bucket --rmdir /b --dir /c/ s3://bucket/c/ --rmdir /d s3://bucket/d");
    assert_eq!(init.start, Start::Existing);
    let added: Vec<_> = init
        .add
        .iter()
        .map(|map| (map.path.as_str(), map.dest.to_string()))
        .collect();
    assert_eq!(
        added,
        [
            ("/a", "s3://bucket".to_owned()),
            ("/c", "s3://bucket/c".to_owned())
        ]
    );
    let dropped: Vec<_> = init.remove.iter().map(|map| map.path.as_str()).collect();
    assert_eq!(dropped, ["/b", "/d"]);
    assert!(init.remove[0].dest.is_none());
    assert_eq!(init.remove[1].dest.as_ref().unwrap().prefix, "d");
}

#[test]
fn init_begins_as_it_is_told_to() {
    assert_eq!(init("").start, Start::Existing);
    assert_eq!(init("--overwrite").start, Start::Overwrite);
    assert_eq!(init("--purge").start, Start::Purge);
    assert!(matches!(read("-i"), Ok(Command::Init(_))));
}

#[test]
fn a_dump_has_a_form_and_a_detail() {
    let plain = dump("");
    assert_eq!((plain.form, plain.detail), (Form::Text, Detail::Maps));
    assert_eq!(dump("--json").form, Form::Json);
    assert_eq!(dump("--objects").detail, Detail::Objects(Keys::All));
    for args in ["--objects a/*.txt --json", "--json --objects a/*.txt"] {
        let some = dump(args);
        let Detail::Objects(keys) = some.detail else {
            panic!("{args}: {:?}", some.detail)
        };
        assert!(keys.has(&Key::parse("a/b.txt").unwrap()), "{args}");
        assert!(!keys.has(&Key::parse("a/b").unwrap()), "{args}");
    }
}

#[test]
fn flags_that_make_no_sense_together_are_refused() {
    assert_eq!(
        refused("--quiet --debug"),
        Misuse::Contradiction("--quiet", "--debug")
    );
    assert_eq!(
        refused("--dump --init"),
        Misuse::Contradiction("--dump", "--init")
    );
    assert_eq!(
        refused("--dump --full"),
        Misuse::Contradiction("--dump", "--full")
    );
    assert_eq!(
        refused("--dump --purge"),
        Misuse::Contradiction("--dump", "--purge")
    );
    assert_eq!(refused("--objects"), Misuse::WithoutDump("--objects"));
    assert_eq!(refused("--objects a"), Misuse::WithoutDump("--objects"));
    assert_eq!(refused("--dump --objects a b"), Misuse::SecondGlob);
    assert_eq!(refused("--hex"), Misuse::WithoutDump("--hex"));
    assert_eq!(
        refused("--dump --hex --json"),
        Misuse::Contradiction("--hex", "--json")
    );
    assert_eq!(
        refused("--init --purge --overwrite"),
        Misuse::Contradiction("--purge", "--overwrite")
    );
    assert_eq!(
        refused("--init --purge --rmdir /a"),
        Misuse::Contradiction("--purge", "--rmdir")
    );
    assert_eq!(
        refused("--init --dir /a s3://abc --dir /b s3://abd --name n"),
        Misuse::NameOfMany
    );
    for flag in [
        "--dryrun",
        "--jobs 1",
        "--bwlimit 1M",
        "--timeout 5m",
        "--max-delete 1",
        "--force",
        "--full",
        "--age-passphrase-command C",
    ] {
        let name = flag.split(' ').next().unwrap();
        assert!(
            matches!(refused(&format!("--init {flag}")), Misuse::WithInit(told) if told == name)
        );
    }
    for flag in [
        "--name n",
        "--no-recursive",
        "--endpoint-url http://h",
        "--region r",
        "--profile p",
        "--path-style",
        "--storage-class C",
        "--conflict local",
        "--keep 1",
        "--keep-size 1G",
        "--max-replace 5%",
        "--compress 1",
        "--age-recipient age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
        "--age-recipients-file /r",
        "--age-identity /i",
        "--direction push",
        "--delete",
    ] {
        let name = flag.split(' ').next().unwrap();
        assert!(matches!(refused(flag), Misuse::WithoutInit(told) if told == name));
        assert!(
            matches!(refused(&format!("--init {flag}")), Misuse::WithoutDir(told) if told == name)
        );
    }
    for flag in ["--purge", "--overwrite", "--dir /a s3://abc", "--rmdir /a"] {
        let name = flag.split(' ').next().unwrap();
        assert!(matches!(refused(flag), Misuse::WithoutInit(told) if told == name));
    }
}

#[test]
fn values_that_are_none_are_refused_by_flag() {
    for (args, flag) in [
        ("--jobs 0", "--jobs"),
        ("--bwlimit 0", "--bwlimit"),
        ("--timeout 0", "--timeout"),
        ("--endpoint-url http://user:pass@host", "--endpoint-url"),
        ("--endpoint-url https://user@host/", "--endpoint-url"),
        ("--timeout 2d", "--timeout"),
        ("--bwlimit 1T", "--bwlimit"),
        ("--bwlimit +1", "--bwlimit"),
        ("--bwlimit K", "--bwlimit"),
        ("--bwlimit 99999999999G", "--bwlimit"),
        ("--jobs 1025", "--jobs"),
        ("--max-delete 101%", "--max-delete"),
        ("--max-delete -1", "--max-delete"),
        ("--init --dir d s3://bucket", "--dir"),
        ("--init --dir / s3://bucket", "--dir"),
        ("--init --dir /a/../b s3://bucket", "--dir"),
        ("--init --dir /d bucket", "--dir"),
        ("--init --dir /d s3://bu", "--dir"),
        ("--init --dir /d s3://bucket/a//b", "--dir"),
        ("--init --dir /d s3://bucket/../b", "--dir"),
        ("--init --dir /d s3://bucket//", "--dir"),
        ("--init --dir /d s3://bucket/.s3bsync", "--dir"),
        ("--init --rmdir d", "--rmdir"),
        ("--dump --objects [a", "--objects"),
        ("--dump --objects /a", "--objects"),
        ("--init --dir /d s3://bucket --conflict x", "--conflict"),
        ("--init --dir /d s3://bucket --keep x", "--keep"),
        ("--init --dir /d s3://bucket --compress 12", "--compress"),
        ("--init --dir /d s3://bucket --compress -1", "--compress"),
        (
            "--init --dir /d s3://bucket --age-recipient x",
            "--age-recipient",
        ),
        (
            "--init --dir /d s3://bucket --age-recipients-file r",
            "--age-recipients-file",
        ),
        (
            "--init --dir /d s3://bucket --age-identity /",
            "--age-identity",
        ),
        ("--init --dir /d s3://bucket --direction up", "--direction"),
        (
            "--init --dir /d s3://bucket --endpoint-url host",
            "--endpoint-url",
        ),
        (
            "--init --dir /d s3://bucket --endpoint-url http://",
            "--endpoint-url",
        ),
    ] {
        let misuse = refused(args);
        assert!(
            matches!(&misuse, Misuse::BadValue { flag: told, .. } if told == flag),
            "{args}: {misuse:?}"
        );
        assert!(!misuse.to_string().contains(char::is_control), "{misuse}");
    }
}

#[test]
fn what_is_no_flag_is_told_from_what_is_one_badly_written() {
    assert_eq!(
        refused("--nonsense"),
        Misuse::UnknownFlag("--nonsense".to_owned())
    );
    assert_eq!(refused("--jobs=3"), Misuse::Joined("--jobs=3".to_owned()));
    assert_eq!(refused("docs"), Misuse::Stray("docs".to_owned()));
    assert_eq!(refused("--file /t"), Misuse::Repeated("--file".to_owned()));
    let relative = parse(["s3-bsync", "--file", "t"].map(OsString::from));
    assert_eq!(relative.unwrap_err(), Misuse::BadFile("t".to_owned()));
}

#[test]
fn an_argument_that_is_not_utf8_is_refused() {
    let words = [b"s3-bsync".to_vec(), vec![b'-', 0xff]].map(OsString::from_vec);
    assert_eq!(
        parse(words).unwrap_err(),
        Misuse::NotUtf8("-\u{fffd}".to_owned())
    );
}
