//! `--report`: one page, whole in itself, of a run and of a state; where it may be written, and
//! that what it shows is text.

#[path = "../support/mod.rs"]
mod support;

mod browser;
mod html;
mod memory;

use browser::{Browser, Door, tampered, variety};
use html::Found;
use rustix::process::Signal;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;
use support::wire::{Fault, Op, When};
use support::world::World;

const SCRIPT: &str = "<script>alert(1)</script>.txt";

/// A map with names that are hard to show, and a page of its first run.
fn reported() -> (World, PathBuf) {
    let world = World::embedded();
    world
        .local(SCRIPT, "hostile")
        .local("a \"quoted\" & 'odd' name", "x")
        .local("invoice\u{202e}fdp.exe", "y")
        .local("photos/2024/large.raw", vec![7; 300_000])
        .local("photos/2025/small.raw", vec![7; 100_000])
        .remote("from afar", "z");
    symlink("nowhere", world.path("a link")).unwrap();
    world.init();
    let page = world.home().join("page.html");
    world
        .run(&["--report", page.to_str().unwrap()])
        .expect_code(1);
    (world, page)
}

#[test]
fn a_page_of_a_run_tells_what_it_did_and_what_it_left() {
    let (_world, page) = reported();
    let text = fs::read_to_string(&page).unwrap();
    let found = Found::read(&text);
    assert_eq!(found.headings[0], (1, "Not all done".to_owned()));
    for shown in [
        "Files: 5 sent, 1 fetched. Not done: 1 skipped.",
        "a link ",
        "it is a symlink, which is not followed",
        SCRIPT,
        "a \"quoted\" & 'odd' name",
        "invoice\\u{202e}fdp.exe",
        "photos/2024/large.raw",
        "photos/",
        "from afar",
    ] {
        assert!(found.shows(shown), "{shown:?} is not in {:#?}", found.texts);
    }
    let folder = "photos/: 390.62 KiB (100.0%), 2 files";
    assert!(
        found.titles.iter().any(|title| title == folder),
        "{:#?}",
        found.titles
    );
    let mode = fs::metadata(&page).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o600, "it lists names of files");
    let policy = "content=\"default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;;";
    assert!(text.contains(policy));
}

#[test]
fn a_page_of_a_state_needs_no_network_and_changes_nothing_else() {
    let (world, page) = reported();
    fs::remove_file(&page).unwrap();
    let state = fs::read(world.state_file()).unwrap();
    world.wire().forget();
    world
        .run(&["--dump", "--report", page.to_str().unwrap()])
        .expect_code(0)
        .expect_silence();
    world.expect_requests(&[]);
    assert_eq!(fs::read(world.state_file()).unwrap(), state);
    let found = Found::read(&fs::read_to_string(&page).unwrap());
    assert_eq!(found.headings[0].1, "State of the sync");
    assert!(found.shows("photos/2024/large.raw"));
    assert!(!found.headings.iter().any(|(_, text)| text == "This run"));
}

#[test]
fn a_dry_run_writes_its_page_and_nothing_else() {
    let world = World::embedded();
    world.local("a", "one").init();
    let page = world.home().join("page.html");
    let args = ["--dryrun", "--report", page.to_str().unwrap()];
    world.run(&args).expect_code(0);
    world.expect_no_remote("a");
    let found = Found::read(&fs::read_to_string(&page).unwrap());
    assert_eq!(found.headings[0].1, "Dry run");
    assert!(found.shows("would upload a "), "{:?}", found.texts);
}

#[test]
fn a_run_without_a_map_has_a_page_too() {
    let world = World::embedded();
    world.local("a", "one");
    let page = world.home().join("page.html");
    let (root, uri) = (world.root().to_str().unwrap(), world.uri());
    let endpoint = world.wire().endpoint();
    let push = |page: &Path| {
        let page = page.to_str().unwrap();
        let to = ["--endpoint-url", &endpoint, "--path-style"];
        world.run(&[&["push", root, &uri, "--report", page], &to[..]].concat())
    };
    push(&page).expect_code(0);
    let found = Found::read(&fs::read_to_string(&page).unwrap());
    assert_eq!(found.headings[0].1, "In sync");
    assert!(found.shows("uploaded a "), "{:?}", found.texts);
    world.local("b", "two");
    let inside = world.path("page.html");
    push(&inside)
        .expect_code(2)
        .expect_stderr("would lie in the synced directory of");
    world.expect_no_remote("b");
    assert!(!inside.exists());
}

#[test]
fn a_page_that_would_be_synced_is_refused_before_the_run() {
    let world = World::embedded();
    world.local("a", "one").local("deep/b", "two").init();
    symlink(world.path("deep"), world.home().join("way")).unwrap();
    world.wire().forget();
    for page in [
        world.path("page.html"),
        world.path("deep/page.html"),
        world.home().join("way/page.html"),
        world.root().join(".s3bsync/page.html"),
    ] {
        fs::create_dir_all(page.parent().unwrap()).unwrap();
        for way in [&["--dump"][..], &[]] {
            let args = [way, &["--report", page.to_str().unwrap()]].concat();
            world
                .run(&args)
                .expect_code(2)
                .expect_stderr("would lie in the synced directory of root");
        }
        assert!(!page.exists(), "{}", page.display());
    }
    world.expect_requests(&[]);
    world.expect_no_remote("a");
}

#[test]
fn what_is_no_page_is_never_replaced() {
    let world = World::embedded();
    world.local("a", "one").init();
    let home = world.home().to_owned();
    fs::write(home.join("thesis.html"), "<html>ten years of work</html>").unwrap();
    symlink(home.join("thesis.html"), home.join("link.html")).unwrap();
    symlink(home.join("nothing"), home.join("dangling.html")).unwrap();
    fs::create_dir(home.join("folder")).unwrap();
    let state = fs::read(world.state_file()).unwrap();
    for name in [
        "thesis.html",
        "link.html",
        "dangling.html",
        "folder",
        "state.s3sync",
        "state.s3sync.journal",
        "missing/page.html",
    ] {
        let run = world.run(&["--report", name]);
        assert!(matches!(run.code, 2 | 3), "{name}: {run:?}");
        assert!(run.stderr.starts_with("error: "), "{name}: {run:?}");
    }
    assert_eq!(fs::read(world.state_file()).unwrap(), state);
    let thesis = fs::read_to_string(home.join("thesis.html")).unwrap();
    assert_eq!(thesis, "<html>ten years of work</html>");
    assert!(!home.join("nothing").exists());
    world.expect_no_remote("a");
    for _ in 0..2 {
        world.run(&["--report", "page.html"]).expect_code(0);
    }
}

#[test]
fn a_page_that_cannot_be_written_at_the_end_is_told_and_the_run_is_saved() {
    let world = World::embedded();
    world.local("a", "one").init();
    let folder = world.home().join("pages");
    fs::create_dir(&folder).unwrap();
    let goes = folder.clone();
    let vanish = Fault::call(move || fs::remove_dir(&goes).unwrap());
    world.wire().fault(When::op(Op::List), vanish);
    world
        .run(&["--report", "pages/page.html"])
        .expect_code(1)
        .expect_stderr("error: cannot find the directory of pages/page.html");
    assert_eq!(world.wire().heal(), 1);
    world.expect_remote("a", "one").expect_idle();
}

#[test]
fn a_run_that_another_holds_up_says_so_on_its_page() {
    let world = World::embedded();
    world.local("a", "one").init().sync();
    let lock = world.home().join("state.s3sync.lock");
    let file = fs::File::options().write(true).open(lock).unwrap();
    file.lock().unwrap();
    world.run(&["--report", "page.html"]).expect_code(3);
    let text = fs::read_to_string(world.home().join("page.html")).unwrap();
    let found = Found::read(&text);
    assert_eq!(found.headings[0].1, "Stopped");
    assert!(
        found
            .texts
            .iter()
            .any(|text| text.starts_with("The run could not be made: "))
    );
    assert!(found.shows("a"), "the state is shown all the same");
}

#[test]
fn a_run_that_is_interrupted_says_so_on_its_page() {
    let world = World::embedded();
    for n in 0..30 {
        world.local(&format!("{n:02}"), "x");
    }
    world.init();
    let (tell, told) = channel();
    let tell = Mutex::new(tell);
    let slow = Fault::call(move || {
        let _ = tell.lock().unwrap().send(());
        thread::sleep(Duration::from_millis(300));
    });
    world.wire().fault(When::op(Op::Put).always(), slow);
    let run = world.start(&["--jobs", "1", "--report", "page.html"]);
    told.recv_timeout(Duration::from_mins(1)).unwrap();
    run.signal(Signal::INT);
    run.wait().expect_code(130);
    let text = fs::read_to_string(world.home().join("page.html")).unwrap();
    assert_eq!(Found::read(&text).headings[0].1, "Interrupted");
    let names = fs::read_dir(world.home()).unwrap();
    let mut names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let left = names.find(|name| name.starts_with(".s3bsync-tmp-"));
    assert_eq!(left, None, "nothing unfinished is left beside it");
}

#[test]
fn a_page_with_a_log_folder_tells_of_earlier_runs() {
    let world = World::embedded();
    let logs = world.home().join("logs");
    fs::create_dir(&logs).unwrap();
    let logs = logs.to_str().unwrap().to_owned();
    world.local("a", "one").init();
    world.run(&["--log-dir", &logs]).expect_code(0);
    world.local("b", "two!!");
    symlink("nowhere", world.path("a link")).unwrap();
    world.run(&["--log-dir", &logs]).expect_code(1);
    let cut_off = Path::new(&logs).join("s3-bsync-2026-01-02T03-04-05Z.log");
    fs::write(
        cut_off,
        "2026-01-02T03:04:05.000Z  map root: it went on and\n",
    )
    .unwrap();
    // Runs that began in one second with this one are not told from it.
    thread::sleep(Duration::from_millis(1100));
    let report = ["--log-dir", &logs, "--report", "page.html"];
    world.run(&report).expect_code(1);
    let text = fs::read_to_string(world.home().join("page.html")).unwrap();
    let found = Found::read(&text);
    let is_there = |level, text: &str| found.headings.contains(&(level, text.to_owned()));
    assert!(
        is_there(2, "Earlier runs") && is_there(3, "The last 3"),
        "{:?}",
        found.headings
    );
    for shown in ["in sync", "not all done", "3 B", "5 B"] {
        assert!(found.shows(shown), "{shown}: {:#?}", found.texts);
    }
    assert!(found.shows("its log tells of no end: it was cut off, or is not over"));
    world.run(&["--report", "page.html"]).expect_code(1);
    let text = fs::read_to_string(world.home().join("page.html")).unwrap();
    assert!(!text.contains("Earlier runs"), "no folder was named");
}

#[test]
fn the_sample_is_well_formed() {
    Found::read(&sample());
}

fn sample() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/page/sample.html");
    fs::read_to_string(path).unwrap()
}

#[test]
fn a_browser_shows_the_page_with_and_without_scripts_wide_and_narrow_and_dark() {
    let Some(browser) = Browser::find() else {
        return;
    };
    let (_world, page) = reported();
    let dom = browser.dom(&page);
    for held in [
        "<h1 class=\"warn\">Not all done</h1>",
        "&lt;script&gt;alert(1)&lt;/script&gt;.txt",
        "photos/2024/large.raw",
        "</svg>",
        "</table>",
    ] {
        assert!(dom.contains(held), "{held} is not in {dom}");
    }
    assert!(!dom.contains("<script"));
    let plain = browser.pixels(&page, 1100, &[]);
    assert!(variety(&plain) > 100, "{} values", variety(&plain));
    let scriptless = browser.without_scripts();
    assert_eq!(scriptless.dom(&page), dom);
    let same = scriptless.pixels(&page, 1100, &[]) == plain;
    assert!(same, "a script has no part in it");
    let dark = browser.pixels(&page, 1100, &["--blink-settings=preferredColorScheme=0"]);
    assert!(variety(&dark) > 100 && dark != plain);
    let narrow = browser.pixels(&page, 500, &[]);
    assert!(variety(&narrow) > 100, "{} values", variety(&narrow));
}

#[test]
fn a_browser_fetches_nothing_for_the_page_whatever_is_put_into_it() {
    let Some(browser) = Browser::find() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let page = sample();
    let door = Door::open();
    let address = &door.address;
    let lure = format!(
        "<img src=\"http://{address}/i\"/><script>document.body.textContent = 'taken';</script>\
         <link rel=\"stylesheet\" href=\"http://{address}/s\"/>\
         <p style=\"background:url(http://{address}/b)\">lure</p>"
    );
    let dom = browser.dom(&tampered(&page, folder.path(), &lure));
    assert!(dom.contains("Earlier runs"), "no script ran");
    assert_eq!(door.came(), 0, "nothing was fetched");
    let open = page.replacen("Content-Security-Policy", "X-Nothing", 1);
    browser.dom(&tampered(&open, folder.path(), &lure));
    assert!(door.came() > 0, "without the policy the lure works");
}
