//! What two machines do to the same files, each kind both ways.

use crate::support::world::{Machine, World};

/// Kinds of changes that a story is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Edits, creations and deletions.
    Writes,
    /// Renames of files and folders.
    Moves,
    /// A file that is edited on one machine and becomes a folder on the other.
    Types,
    /// Losers of conflicts that have to be kept before they are replaced.
    Conflicts,
    /// Files that travel in parts, new and changed in one place.
    Large,
}

/// Just above what travels in one request.
const LARGE_BYTES: usize = (8 << 20) + 1000;

/// Text of so many bytes that begins and ends with these words.
fn large(begin: &str, end: &str) -> String {
    let filling = LARGE_BYTES - begin.len() - end.len();
    format!("{begin}{}{end}", ".".repeat(filling))
}

/// Both machines agree, and each has changes that it has not synced. Gives the contents that must
/// be found afterwards, whatever the order.
pub(crate) fn made(kind: Kind, a: &World, b: &Machine) -> Vec<String> {
    a.local("rest", "rest");
    match kind {
        Kind::Writes => writes(a, b),
        Kind::Moves => moves(a, b),
        Kind::Types => types(a, b),
        Kind::Conflicts => conflicts(a, b),
        Kind::Large => larges(a, b),
    }
}

fn agree(a: &World, b: &Machine, names: &[&str]) {
    for name in names {
        a.local(name, format!("{name} from the start"));
    }
    a.init().sync();
    // What b sends makes it ask now what the server honours.
    b.local("b-rest", "rest").init().sync();
    a.sync();
}

/// Writes a content of its own; gives it.
fn by(machine: &Machine, who: &str, name: &str) -> String {
    let contents = format!("{name} by {who}");
    machine.local(name, &contents);
    contents
}

fn writes(a: &World, b: &Machine) -> Vec<String> {
    let names = [
        "a-edits",
        "a-removes",
        "b-edits",
        "b-removes",
        "edited",
        "a-edit-b-gone",
        "a-gone-b-edit",
        "gone",
    ];
    agree(a, b, &names);
    a.remove("a-removes").remove("a-gone-b-edit").remove("gone");
    b.remove("b-removes").remove("a-edit-b-gone").remove("gone");
    a.local("alike", "new on both");
    b.local("alike", "new on both");
    let mut found = vec!["new on both".to_owned()];
    for name in ["a-edits", "edited", "a-edit-b-gone", "new", "a-new"] {
        found.push(by(a, "a", name));
    }
    for name in ["b-edits", "edited", "a-gone-b-edit", "new", "b-new"] {
        found.push(by(b, "b", name));
    }
    found
}

fn moves(a: &World, b: &Machine) -> Vec<String> {
    let names = [
        "a-moves",
        "b-moves",
        "both-move",
        "alike",
        "a-moves-b-edits",
        "a-edits-b-moves",
        "a-moves-b-removes",
        "folder/1",
        "folder/2",
    ];
    agree(a, b, &names);
    a.rename("a-moves", "a-moved")
        .rename("both-move", "moved-by-a");
    b.rename("b-moves", "b-moved")
        .rename("both-move", "moved-by-b");
    a.rename("alike", "moved-alike");
    b.rename("alike", "moved-alike");
    a.rename("a-moves-b-edits", "a-moved-1")
        .rename("a-moves-b-removes", "a-moved-2");
    b.rename("a-edits-b-moves", "b-moved-1")
        .remove("a-moves-b-removes");
    a.rename("folder", "renamed");
    let mut found = vec![by(a, "a", "a-edits-b-moves")];
    for name in ["a-moves-b-edits", "folder/1", "folder/3"] {
        found.push(by(b, "b", name));
    }
    // Whoever moves a file has not removed it.
    for name in [
        "a-moves",
        "b-moves",
        "both-move",
        "alike",
        "a-moves-b-edits",
        "folder/2",
    ] {
        found.push(format!("{name} from the start"));
    }
    found
}

fn types(a: &World, b: &Machine) -> Vec<String> {
    agree(a, b, &["type"]);
    a.remove("type");
    vec![by(a, "a", "type/below"), by(b, "b", "type")]
}

fn conflicts(a: &World, b: &Machine) -> Vec<String> {
    agree(a, b, &["wins-a", "wins-bucket", "newer"]);
    // What lies in the bucket loses to a, and must be copied aside first.
    a.remote_at("wins-a", "wins-a by a stranger", 1_000_000_000);
    a.remote_at("wins-bucket", "wins-bucket by a stranger", 4_000_000_000);
    let mut found: Vec<_> = ["wins-a", "wins-bucket"]
        .map(|name| format!("{name} by a stranger"))
        .into();
    for name in ["wins-a", "wins-bucket", "newer"] {
        found.push(by(a, "a", name));
        found.push(by(b, "b", name));
    }
    found
}

fn larges(a: &World, b: &Machine) -> Vec<String> {
    a.local("edited", large("old", "old"))
        .local("a-edits", large("first", "old"));
    agree(a, b, &[]);
    // One piece each, of the same file.
    let found = vec![
        large("by a", "old"),
        large("old", "by b"),
        large("first", "and by a"),
        large("new", "by a"),
        large("new", "by b"),
    ];
    a.local("edited", &found[0])
        .local("a-edits", &found[2])
        .local("new", &found[3]);
    b.local("edited", &found[1]).local("new", &found[4]);
    found
}
