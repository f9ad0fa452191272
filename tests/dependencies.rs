//! What the program is made of: crates from the one public registry, under licences that go with
//! its own, each in one version, save for those below, each with the reason.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

const LICENCES: [&str; 10] = [
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
    "CC0-1.0",
];

/// `age` and its key formats stand on one generation of the cryptographic traits, the SDK and
/// `md-5` on the next.
const TRAITS: &str = "age is a generation of cryptographic traits behind the SDK";
/// Derives at build time: nothing of them is in the program.
const BUILD: &str = "macros at build time";
const TRANSLATIONS: &str = "age's translated messages";

/// Crates that are there twice.
const DOUBLES: [(&str, &str); 15] = [
    ("base64", "age is behind hyper-util"),
    ("block-buffer", TRAITS),
    ("const-oid", TRAITS),
    ("cpufeatures", TRAITS),
    ("crypto-common", TRAITS),
    ("digest", TRAITS),
    ("getrandom", "ring and age are behind"),
    ("hmac", TRAITS),
    ("hybrid-array", TRAITS),
    ("sha1", "aws-config is behind the rest of the SDK"),
    ("sha2", TRAITS),
    ("spin", "lazy_static is behind crc-fast"),
    ("syn", BUILD),
    ("thiserror", TRANSLATIONS),
    ("thiserror-impl", TRANSLATIONS),
];

struct Package {
    name: String,
    version: String,
    licence: String,
    source: String,
}

fn cargo(args: &[&str]) -> String {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(args)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo can be started");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// All that the program is built from on this machine, but for itself.
fn packages() -> Vec<Package> {
    let version = cargo(&["-vV"]);
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.expect("cargo knows its host");
    let metadata = cargo(&[
        "metadata",
        "--locked",
        "--offline",
        "--format-version",
        "1",
        "--filter-platform",
        host,
    ]);
    let metadata: Value = serde_json::from_str(&metadata).expect("JSON");
    let empty = Vec::new();
    let list = |value: &Value| value.as_array().unwrap_or(&empty).clone();
    let nodes: BTreeMap<String, Value> = list(&metadata["resolve"]["nodes"])
        .into_iter()
        .map(|node| (text(&node["id"]), node))
        .collect();
    let root = text(&metadata["resolve"]["root"]);
    let mut waiting = vec![root.clone()];
    let mut ids = BTreeSet::new();
    while let Some(id) = waiting.pop() {
        if !ids.insert(id.clone()) {
            continue;
        }
        for used in list(&nodes[&id]["deps"]) {
            let kinds = list(&used["dep_kinds"]);
            if kinds.iter().any(|kind| kind["kind"] != "dev") {
                waiting.push(text(&used["pkg"]));
            }
        }
    }
    ids.remove(&root);
    let is_used = |package: &Value| ids.contains(&text(&package["id"]));
    let packages = list(&metadata["packages"]);
    let packages = packages.into_iter().filter(is_used);
    packages
        .map(|package| Package {
            name: text(&package["name"]),
            version: text(&package["version"]),
            licence: text(&package["license"]),
            source: text(&package["source"]),
        })
        .collect()
}

/// Whether an expression of licences can be met by those that are allowed.
fn is_allowed(licence: &str) -> bool {
    let parts = |text: &str, word: &str| -> Vec<String> {
        let mut depth = 0;
        let mut parts = vec![String::new()];
        for token in text
            .replace('(', "( ")
            .replace(')', " )")
            .split_whitespace()
        {
            depth += i32::from(token == "(") - i32::from(token == ")");
            if depth == 0 && token == word {
                parts.push(String::new());
            } else {
                let last = parts.last_mut().expect("there is one");
                last.push_str(token);
                last.push(' ');
            }
        }
        parts.iter().map(|part| part.trim().to_owned()).collect()
    };
    let spelled = licence.replace('/', " OR ");
    parts(&spelled, "OR").iter().any(|choice| {
        parts(choice, "AND").iter().all(|term| {
            match term
                .strip_prefix('(')
                .and_then(|term| term.strip_suffix(')'))
            {
                Some(inner) => is_allowed(inner),
                None => LICENCES.contains(&&term[..]),
            }
        })
    })
}

#[test]
fn licences_are_read_as_they_are_meant() {
    for yes in [
        "MIT",
        "GPL-2.0-only OR MIT",
        "MIT/Apache-2.0",
        "(MIT OR GPL-3.0) AND Zlib",
    ] {
        assert!(is_allowed(yes), "{yes}");
    }
    for no in [
        "",
        "GPL-3.0",
        "MIT AND GPL-3.0",
        "(MIT OR ISC) AND GPL-3.0",
        "MITX",
    ] {
        assert!(!is_allowed(no), "{no}");
    }
}

#[test]
fn every_licence_goes_with_ours() {
    let packages = packages();
    assert!(
        packages.len() > 100,
        "there are more than {}",
        packages.len()
    );
    for package in packages {
        let Package { name, licence, .. } = package;
        assert!(is_allowed(&licence), "{name} has the licence {licence:?}");
    }
}

#[test]
fn every_crate_is_from_the_public_registry() {
    for package in packages() {
        let Package { name, source, .. } = package;
        let registry = "registry+https://github.com/rust-lang/crates.io-index";
        assert_eq!(source, registry, "source of {name}");
    }
}

#[test]
fn no_crate_is_there_twice_without_a_reason() {
    let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in packages() {
        versions
            .entry(package.name)
            .or_default()
            .push(package.version);
    }
    versions.retain(|_, of_one| of_one.len() > 1);
    let found: Vec<&str> = versions.keys().map(|name| &name[..]).collect();
    let known: Vec<&str> = DOUBLES.iter().map(|(name, _)| *name).collect();
    assert_eq!(found, known, "{versions:#?}");
    for (name, of_one) in &versions {
        assert_eq!(of_one.len(), 2, "{name}: {of_one:?}");
    }
}

/// What is forbidden can be allowed nowhere.
#[test]
fn unsafe_code_is_forbidden() {
    let manifest = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
    let manifest = manifest.expect("there is a manifest");
    let (_, lints) = manifest
        .split_once("\n[lints.rust]\n")
        .expect("there are lints");
    let (lints, _) = lints.split_once("\n[").expect("more follows");
    assert!(
        lints.lines().any(|line| line == "unsafe_code = \"forbid\""),
        "{lints}"
    );
}
