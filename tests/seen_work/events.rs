//! `spec/EVENTS.md` and what the program prints with `--json` are the same.

use crate::support::wire::{Fault, Op, When};
use crate::support::world::{Run, World};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// What the page says of one event: fields, their types, and whether they are always there.
type Fields = BTreeMap<String, (String, bool)>;

fn source(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(path).expect("a source can be read")
}

/// Words in backquotes.
fn quoted(text: &str) -> Vec<String> {
    text.split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

/// Events and counts as the page has them.
fn page() -> (BTreeMap<String, Fields>, BTreeSet<String>) {
    let text = source("spec/EVENTS.md");
    let events = text
        .split("\n## Events\n")
        .nth(1)
        .expect("a section of events");
    let events = events.split("\n## ").next().expect("a section");
    let (mut known, mut counts) = (BTreeMap::new(), BTreeSet::new());
    for section in events.split("\n### ").skip(1) {
        let (heading, body) = section.split_once('\n').expect("a heading");
        let mut fields = Fields::new();
        let mut is_of_counts = false;
        for line in body.lines().filter(|line| line.starts_with('|')) {
            let cells: Vec<_> = line.split('|').map(str::trim).collect();
            is_of_counts |= cells[1] == "count";
            let Some(name) = quoted(cells[1]).pop() else {
                continue;
            };
            if is_of_counts {
                counts.insert(name);
            } else {
                let is_always = !cells[3].starts_with("*sometimes:*");
                fields.insert(name, (cells[2].to_owned(), is_always));
            }
        }
        for event in quoted(heading) {
            assert!(known.insert(event, fields.clone()).is_none(), "{heading}");
        }
    }
    (known, counts)
}

fn is_of_type(value: &Value, kind: &str) -> bool {
    match kind {
        "text" => value.is_string(),
        "text or null" => value.is_string() || value.is_null(),
        "count" => value.is_u64(),
        "code" => value
            .as_u64()
            .is_some_and(|code| [0, 1, 2, 3, 130].contains(&code)),
        "object" => value.is_object(),
        "object or null" => value.is_object() || value.is_null(),
        other => panic!("the page has a type {other}"),
    }
}

/// Checks each line of a run, and gives the names of its events.
#[track_caller]
fn check(run: &Run) -> BTreeSet<String> {
    let (events, counts) = page();
    let lines = run.stdout.lines().map(|line| {
        let line: Map<String, Value> = serde_json::from_str(line).expect(line);
        let name = line["event"]
            .as_str()
            .expect("an event has a name")
            .to_owned();
        let fields = events
            .get(&name)
            .unwrap_or_else(|| panic!("{name} is not on the page"));
        for (field, value) in line.iter().filter(|(field, _)| *field != "event") {
            let (kind, _) = fields
                .get(field)
                .unwrap_or_else(|| panic!("{name} has no {field}"));
            assert!(
                is_of_type(value, kind),
                "{name}: {field} is {value}, not {kind}"
            );
        }
        for (field, _) in fields.iter().filter(|(_, (_, is_always))| *is_always) {
            assert!(line.contains_key(field), "{name} lacks {field}: {line:?}");
        }
        if let Some(Value::Object(told)) = line.get("counts") {
            assert!(told.keys().eq(counts.iter()), "{told:?}");
            assert!(told.values().all(Value::is_u64), "{told:?}");
        }
        name
    });
    lines.collect()
}

#[test]
fn the_page_has_the_events_of_the_source_and_no_other() {
    let code = source("src/report/json.rs");
    let mut named: BTreeSet<String> = BTreeSet::new();
    for (at, _) in code.match_indices("\"event\": \"") {
        let rest = &code[at + "\"event\": \"".len()..];
        named.extend(rest.split('"').next().map(str::to_owned));
    }
    for (at, _) in code.match_indices("=> step(\"") {
        let rest = &code[at + "=> step(\"".len()..];
        named.extend(rest.split('"').next().map(str::to_owned));
    }
    let known: BTreeSet<_> = page().0.into_keys().collect();
    assert!(known.len() > 10, "{known:?}");
    assert_eq!(named, known);
}

#[test]
fn every_event_comes_and_each_line_is_as_the_page_has_it() {
    let mut seen = BTreeSet::new();
    let world = World::embedded();
    world
        .local("a", "1")
        .local("b", "2")
        .local("c", "3")
        .local("d", "4")
        .init();
    seen.extend(check(&world.run(&["--json", "--dryrun"])));
    seen.extend(check(&world.run(&["--json"])));
    world.rename("a", "moved");
    world
        .remote_at("b", "2 there", 1_000_000_000)
        .local("b", "2 here");
    world.local("new", "x");
    std::os::unix::fs::symlink("a", world.path("link")).expect("a link can be made");
    let denied = Fault::Status(403, "AccessDenied");
    world
        .wire()
        .fault(When::op(Op::Put).key("docs/new").always(), denied);
    let run = world.run(&["--json"]);
    seen.extend(check(&run));
    assert!(
        run.stdout.contains("\"from\":\"a\""),
        "a move is told: {}",
        run.stdout
    );
    world.wire().heal();
    fs::remove_file(world.path("link")).expect("there is a link");
    for name in ["moved", "b", "c", "d", "new"] {
        world.remove(name);
    }
    seen.extend(check(&world.run(&["--json"])));
    fs::write(world.state_file(), "s3syncXX").expect("a file can be written");
    seen.extend(check(&world.run(&["--json"])));
    let previous = world.home().join("state.s3sync~");
    fs::write(world.state_file(), "s3syncXX").expect("a file can be written");
    fs::write(previous, "s3syncXX").expect("a file can be written");
    seen.extend(check(&world.run(&["--json"])));
    let asking = World::embedded();
    asking
        .local("a", "1")
        .init_with(&["--conflict", "ask"])
        .sync();
    asking.local("a", "1 here").remote("a", "1 there");
    seen.extend(check(&asking.run(&["--json"])));
    seen.extend(check(&asking.run(&["status", "--json"])));
    let known: BTreeSet<_> = page().0.into_keys().collect();
    assert_eq!(seen, known);
}
