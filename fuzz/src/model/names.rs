//! Names that are each other's directories, neighbours, cases, forms and cut lengths.

use s3_bsync::key::Key;
use std::sync::LazyLock;

/// The nastiest names there are.
pub static NAMES: LazyLock<Vec<Key>> = LazyLock::new(|| {
    let long = "x".repeat(254);
    let deep = [&*"d".repeat(255), &"e".repeat(255), &"f".repeat(255)].join("/");
    let names = [
        "a",
        "a/b",
        "a/b/c",
        "a-b",
        "a ",
        "a/ ",
        "A",
        "a/b.c",
        "d",
        "d/e",
        "d/e/f",
        "d/e-",
        ".x",
        "e\u{301}",
        "\u{e9}",
        "a0",
        "\u{1}.txt",
        &format!("{long}x"),
        &format!("{long}y"),
        &format!("{long}x/z"),
        &format!("{}.txt", "\u{e9}".repeat(125)),
        &format!("{}.toolongextension.", "y".repeat(236)),
        &format!("{deep}/{}/n.txt", "g".repeat(249)),
        &format!("{deep}/{}", "g".repeat(249)),
    ];
    names
        .iter()
        .map(|name| Key::parse(name).unwrap_or_else(|why| panic!("{name}: {why}")))
        .collect()
});
