//! A page to the letter, as `tests/page/sample.html` has it; `S3BSYNC_WRITE_CASES=1` writes it.

use super::*;
use crate::event::{Counts, Event};
use crate::exit::Exit;
use crate::guard::{Change, Held, Limit, Side};
use crate::key::Key;
use crate::plan::{Loser, Obstacle, Step};
use crate::reconcile::{Settlement, Why};
use crate::stamp::{ETag, LocalStamp, RemoteStamp};
use crate::state::{Content, Encoding, Record};
use crate::sync::Mode;
use std::path::Path;

const NOW_MS: i64 = 1_795_592_293_000;

fn record(key: &str, bytes: u64, object_bytes: u64, encoding: Encoding, age_ms: i64) -> Record {
    Record {
        key: Key::parse(key).unwrap(),
        local: Some(local(bytes, (NOW_MS - age_ms) * 1_000_000)),
        remote: RemoteStamp {
            etag: ETag::parse("x"),
            size_bytes: object_bytes,
            modified_ms: NOW_MS,
            version: None,
        },
        content: Content::Unknown,
        encoding,
        parts: None,
    }
}

fn local(size_bytes: u64, mtime_ns: i64) -> LocalStamp {
    LocalStamp {
        size_bytes,
        mtime_ns,
        ctime_ns: 1,
        inode: 1,
    }
}

/// Numbers that look like no row of numbers, the same at every call.
fn scattered(n: u64) -> u64 {
    n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40
}

fn photos() -> Counted {
    let mut census = Census::default();
    let mut records = Vec::new();
    for (year, files) in [(2019, 12), (2021, 18), (2023, 30), (2024, 24), (2025, 40)] {
        for n in 0..files {
            let month = 1 + n % 5;
            let at = scattered(year * 100 + n);
            let key = format!("{year}/{year}-{month:02}/IMG_{:04}.RAW", at % 10_000);
            let age_ms = i64::try_from((2026 - year) * 31_000_000_000 + at).unwrap();
            records.push((key, 9_000_000 + at, age_ms));
        }
    }
    for n in 0..60 {
        let at = scattered(n);
        let key = format!("previews/{:02}/{n:03}.jpg", n % 4);
        records.push((key, at / 40, i64::try_from(at * 1000).unwrap()));
    }
    records.push(("videos/wedding.mov".to_owned(), 1_400_000_000, 9_000_000));
    records.push(("videos/2024/lake.mov".to_owned(), 350_000_000, 90_000_000));
    records.push(("index.sqlite".to_owned(), 120_000_000, 30_000));
    records.sort();
    records.dedup_by(|one, other| one.0 == other.0);
    for (key, bytes, age_ms) in &records {
        census.add(&record(key, *bytes, *bytes, Encoding::Plain, *age_ms));
    }
    census.finish()
}

fn papers() -> Counted {
    let mut census = Census::default();
    for (key, bytes, encoding) in [
        ("<script>alert(1)</script>.txt", 70_000, Encoding::GzipAge),
        ("invoice\u{202e}fdp.exe", 5_000, Encoding::Plain),
        ("letters/2024/to the bank.odt", 48_213, Encoding::GzipAge),
        (
            "letters/2025/\u{65e5}\u{672c}\u{8a9e}.txt",
            912,
            Encoding::GzipAge,
        ),
        ("quote\"and'more\n.txt", 0, Encoding::Age),
        ("taxes/2025.ods", 310_000, Encoding::Age),
    ] {
        let stored = match encoding {
            Encoding::Plain => bytes,
            Encoding::Age => bytes + 216,
            Encoding::Gzip | Encoding::GzipAge => bytes / 3 + 216,
        };
        let age_ms = i64::try_from(bytes * 3_000).unwrap();
        census.add(&record(key, bytes, stored, encoding, age_ms));
    }
    census.finish()
}

/// What a run of both maps tells.
fn told() -> Told {
    let key = |text: &str| Key::parse(text).unwrap();
    let (taxes, old) = (key("taxes/2026.ods"), key("old/archive.tar"));
    let letter = key("letters/2025/\u{65e5}\u{672c}\u{8a9e}.txt");
    let cause = std::io::Error::other("permission denied");
    let uploads = [1, 2, 3].map(|n| Step::Upload {
        key: key(&format!("2025/2025-11/IMG_{n:04}.RAW")),
        local: local(9_100_000, 1),
        over: None,
        loser: Loser::Discard,
    });
    let begun = |map, path, uri| Event::Begun { map, path, uri };
    let first = ("photos", "/home/ann/photos", "s3://ann-backup/photos");
    let second = ("papers & co", "/home/ann/papers", "s3://ann-backup/papers");
    let notice = Event::Notice("the server does not honour conditional deletes");
    let mut events = vec![notice, begun(first.0, first.1, first.2)];
    events.extend(uploads.iter().map(|step| Event::Done(step, Why::NewHere)));
    events.extend([
        begun(second.0, second.1, second.2),
        Event::Failed {
            key: &taxes,
            cause: &cause,
        },
        Event::Skipped {
            key: &old,
            obstacle: &Obstacle::Archived { size_bytes: 1 },
        },
        Event::Settled {
            key: &letter,
            settlement: Settlement::RemoteWins,
        },
        Event::Guarded(held()),
    ]);
    let listener = Listener::default();
    let maps = [first.0, second.0].map(str::to_owned);
    listener.hear(None, &Event::Maps(&maps));
    let mut map = None;
    for event in &events {
        if let Event::Begun { map: begun, .. } = event {
            map = Some(*begun);
        }
        listener.hear(map, event);
    }
    listener.told()
}

fn held() -> Held {
    Held {
        change: Change::Deletion,
        side: Side::Local,
        changes: 812,
        records: 900,
        limit: Some(Limit::Percent(50)),
    }
}

fn history() -> Vec<PastRun> {
    let run = |n: u64| {
        let at = scattered(n);
        let exit = match n {
            7 => 3,
            11 | 30 => 1,
            _ => 0,
        };
        let end = End {
            exit,
            seconds: 2.5 + f64::from(u32::try_from(at % 400).unwrap()) / 10.0,
            counts: Counts {
                uploaded: at % 7,
                uploaded_bytes: (at % 7) * (at % 900) * 20_000,
                failed: u64::from(exit == 1),
                ..Counts::default()
            },
            halts: (exit == 3)
                .then(|| ("papers & co".to_owned(), held().to_string()))
                .into_iter()
                .collect(),
        };
        PastRun {
            began_ms: NOW_MS - i64::try_from(n + 1).unwrap() * 3_600_000,
            end: (n != 16).then_some(end),
        }
    };
    (0..48).map(run).collect()
}

fn chapter(told: &Told) -> RunChapter<'_> {
    let counts = Counts {
        scanned: 186,
        listed: 184,
        unchanged_by_state: 183,
        uploaded: 3,
        uploaded_bytes: 27_300_000,
        ..Counts::default()
    };
    let troubled = Counts {
        scanned: 6,
        listed: 7,
        conflicts: 1,
        skipped: 1,
        failed: 1,
        ..Counts::default()
    };
    RunChapter {
        mode: Mode::Apply,
        exit: Exit::Stopped,
        seconds: 12.345,
        stopped: None,
        maps: vec![
            MapEnd {
                map: "photos".to_owned(),
                counts,
                halt: None,
            },
            MapEnd {
                map: "papers & co".to_owned(),
                counts: troubled,
                halt: Some(held().to_string()),
            },
        ],
        told,
    }
}

fn settings(name: &str, path: &str) -> Vec<(&'static str, String)> {
    vec![
        ("map", name.to_owned()),
        ("path", format!("/home/ann/{path}")),
        ("bucket", format!("s3://ann-backup/{path}")),
        ("direction", "both: changes travel either way".to_owned()),
        ("encrypted", "with age for 2 recipients".to_owned()),
        (
            "",
            "age1qyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqs3290gq".to_owned(),
        ),
        ("", "and for those in /etc/backup/recipients".to_owned()),
    ]
}

fn rendered(page: &Page<'_>) -> String {
    let mut bytes = Vec::new();
    write(page, &mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.starts_with(HEAD));
    text.replace(env!("CARGO_PKG_VERSION"), "{version}")
}

fn sample(told: &Told) -> Page<'_> {
    Page {
        made_ms: NOW_MS,
        subject: "/home/ann/.state.s3sync".to_owned(),
        state: Some(About {
            bytes: 20_480,
            generation: 311,
            synced_ms: 1_795_588_693_000,
        }),
        notices: Vec::new(),
        run: Some(chapter(told)),
        maps: vec![
            MapChapter {
                settings: settings("photos", "photos"),
                counted: photos(),
            },
            MapChapter {
                settings: settings("papers & co", "papers"),
                counted: papers(),
            },
        ],
        history: Some(Ok((history(), 112))),
    }
}

#[test]
fn a_page_is_as_its_file_has_it() {
    let told = told();
    let page = rendered(&sample(&told));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/page/sample.html");
    if std::env::var_os("S3BSYNC_WRITE_CASES").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &page).unwrap();
    }
    let wanted = std::fs::read_to_string(&path).unwrap();
    let differs = wanted
        .lines()
        .zip(page.lines())
        .position(|(one, other)| one != other);
    assert!(
        wanted == page,
        "differs from line {differs:?} on, counted from 0"
    );
}

#[test]
fn a_page_of_nothing_says_so() {
    let told = Told::default();
    let mut page = sample(&told);
    page.maps.clear();
    page.run = None;
    page.history = Some(Err("the log folder cannot be read: <gone>".to_owned()));
    let text = rendered(&page);
    assert!(text.contains("the log folder cannot be read: &lt;gone&gt;"));
    page.history = Some(Ok((Vec::new(), 0)));
    assert!(rendered(&page).contains("The log folder tells of none."));
    page.maps.push(MapChapter {
        settings: settings("empty", "empty"),
        counted: Census::default().finish(),
    });
    assert!(rendered(&page).contains("No file is recorded yet."));
}

#[test]
fn a_run_that_could_not_be_made_says_why() {
    let told = Told::default();
    let mut run = chapter(&told);
    run.maps.clear();
    run.stopped = Some("another run holds the lock".to_owned());
    let mut page = sample(&told);
    page.run = Some(run);
    let text = rendered(&page);
    assert!(text.contains("<h1 class=\"bad\">Stopped</h1>"));
    assert!(text.contains("The run could not be made: another run holds the lock."));
}

#[test]
fn a_dry_run_says_that_nothing_was_changed() {
    let told = Told::default();
    let mut page = sample(&told);
    let mut run = chapter(&told);
    (run.mode, run.exit) = (Mode::DryRun, Exit::Partial);
    page.run = Some(run);
    let text = rendered(&page);
    assert!(text.contains("<h1 class=\"\">Dry run</h1>"));
    assert!(text.contains("Nothing was changed"));
}
