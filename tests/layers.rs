//! The house keeps its layers: a module names only what stands below it.

use std::fs;
use std::path::{Path, PathBuf};

/// Modules by layer, lowest first, and what none of a layer may name. The hands may not name each
/// other, but the store may name the format.
const LAYERS: &[(&[&str], &[&str])] = &[
    (
        &["key", "stamp", "state", "plan", "event", "exit"],
        &[
            "std::fs",
            "std::net",
            "std::env",
            "std::time",
            "tokio",
            "aws_",
            "nom",
            "argh",
            "rustix",
        ],
    ),
    (
        &["format", "reconcile", "draft", "moves", "guard", "overlap"],
        &[
            "std::fs",
            "std::net",
            "std::env",
            "std::time",
            "tokio",
            "aws_",
            "argh",
            "rustix",
            "log::",
        ],
    ),
    // What waits is woken by it, so it knows tokio, and nothing else of the world.
    (
        &["stop"],
        &[
            "std::fs",
            "std::net",
            "std::env",
            "std::time",
            "aws_",
            "nom",
            "argh",
            "rustix",
        ],
    ),
    (
        &["store", "local", "remote", "envelope", "digest"],
        &["argh"],
    ),
    (&["transfer"], &["nom::", "argh", "aws_"]),
    (&["sync"], &["nom::", "argh", "aws_"]),
    (&["cli", "report", "commands"], &["nom::", "aws_"]),
];

/// The layer whose modules may not name each other.
const HANDS: usize = 3;

/// Words know things of their own layer that stand above them in no other sense: `guard` for what a
/// guard holds back, `reconcile` for how a conflict was settled.
const ALLOWED: &[(&str, &str)] = &[
    ("event", "guard"),
    ("event", "reconcile"),
    ("store", "format"),
];

fn layer_of(module: &str) -> Option<usize> {
    LAYERS
        .iter()
        .position(|(modules, _)| modules.contains(&module))
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The text without comments and without the tests at its foot.
fn code(text: &str) -> String {
    text.split("#[cfg(test)]\nmod tests")
        .next()
        .unwrap_or_default()
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Top-level modules of the crate that the code names.
fn named(code: &str) -> Vec<String> {
    let word = |text: &str| -> String {
        text.chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
            .collect()
    };
    let mut names = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(list) => {
                let list = &list[..list.find("};").unwrap_or(list.len())];
                names.extend(list.split(',').map(|one| word(one.trim())));
            }
            None => names.push(word(rest)),
        }
    }
    names
}

#[test]
fn imports_point_down_only() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 20, "the source tree was found");
    let mut wrong = Vec::new();
    for file in files {
        let relative = file.strip_prefix(&root).unwrap();
        let top = relative
            .components()
            .next()
            .unwrap()
            .as_os_str()
            .to_string_lossy();
        let module = top.trim_end_matches(".rs").to_owned();
        if module == "main" || module == "lib" {
            continue;
        }
        let Some(layer) = layer_of(&module) else {
            wrong.push(format!("{module} stands in no layer"));
            continue;
        };
        let code = code(&fs::read_to_string(&file).unwrap());
        for forbidden in LAYERS[layer].1 {
            if code.contains(forbidden) && !(*forbidden == "aws_" && module == "remote") {
                wrong.push(format!("{} names {forbidden}", relative.display()));
            }
        }
        if module != "remote" && code.contains("aws_") {
            wrong.push(format!("{} names aws types", relative.display()));
        }
        for other in named(&code) {
            let Some(other_layer) = layer_of(&other) else {
                continue;
            };
            let is_allowed = other == module
                || other_layer < layer
                || (other_layer == layer && layer != HANDS)
                || ALLOWED.contains(&(module.as_str(), other.as_str()));
            if !is_allowed {
                wrong.push(format!("{} names {other}", relative.display()));
            }
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn sources_are_short_and_ascii() {
    let mut files = Vec::new();
    sources(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut files,
    );
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.is_ascii(), "{} is not ASCII", file.display());
        assert!(
            text.lines().count() <= 400,
            "{} is over 400 lines",
            file.display()
        );
    }
}
