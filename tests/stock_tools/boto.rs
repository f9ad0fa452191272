//! boto3, installed below `target` once and kept there.

use super::support::server::{ACCESS_KEY, SECRET_KEY};
use super::support::world::World;
use super::tools::{self, beside, left_out};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

const PACKAGES: [&str; 2] = ["boto3==1.43.11", "botocore==1.43.11"];

/// boto3 on the bucket of a world.
pub(crate) struct Boto {
    folder: &'static Path,
    endpoint: String,
    bucket: String,
}

/// What boto3 says of an object that it fetched.
pub(crate) struct Fetched {
    /// User metadata.
    pub(crate) meta: BTreeMap<String, String>,
    /// `Content-Encoding`.
    pub(crate) content_encoding: Option<String>,
    /// `ETag`, quoted.
    pub(crate) etag: String,
}

/// A file to be put, by its key and with its metadata.
pub(crate) struct Put<'a> {
    pub(crate) key: &'a str,
    pub(crate) file: &'a Path,
    pub(crate) meta: &'a [(&'a str, &'a str)],
}

impl Boto {
    /// `None`, with a message, where a tool of this folder's tests is missing.
    pub(crate) fn on(world: &World) -> Option<Self> {
        static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
        let folder = FOLDER.get_or_init(|| tools::are_there().then(install).flatten());
        Some(Self {
            folder: folder.as_deref()?,
            endpoint: world.wire().endpoint(),
            bucket: world.bucket().to_owned(),
        })
    }

    /// Fetches objects into files, as they are.
    #[track_caller]
    pub(crate) fn get(&self, objects: &[(String, PathBuf)]) -> Vec<Fetched> {
        let orders = objects
            .iter()
            .map(|(key, file)| json!({"verb": "get", "key": key, "file": file}));
        let told = self.carry_out(orders);
        let fetched = told.into_iter().map(|mut told| Fetched {
            meta: serde_json::from_value(told["meta"].take()).unwrap(),
            content_encoding: serde_json::from_value(told["encoding"].take()).unwrap(),
            etag: serde_json::from_value(told["etag"].take()).unwrap(),
        });
        fetched.collect()
    }

    /// Puts files.
    #[track_caller]
    pub(crate) fn put(&self, files: &[Put]) {
        let orders = files.iter().map(|Put { key, file, meta }| {
            let meta: BTreeMap<_, _> = meta.iter().copied().collect();
            json!({"verb": "put", "key": key, "file": file, "meta": meta})
        });
        self.carry_out(orders);
    }

    #[track_caller]
    fn carry_out(&self, orders: impl Iterator<Item = Value>) -> Vec<Value> {
        let orders: Vec<String> = orders.map(|order| format!("{order}\n")).collect();
        let mut child = Command::new("python3")
            .env("PYTHONPATH", self.folder)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .arg(beside("client.py"))
            .args([&self.endpoint, &self.bucket, ACCESS_KEY, SECRET_KEY])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(orders.concat().as_bytes()).unwrap();
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "see above for what boto3 said");
        let lines = String::from_utf8(output.stdout).unwrap();
        let told: Vec<Value> = lines
            .lines()
            .map(|it| serde_json::from_str(it).unwrap())
            .collect();
        assert_eq!(told.len(), orders.len());
        told
    }
}

fn install() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("boto3");
    let done = folder.join("installed");
    let wanted = PACKAGES.join(" ");
    if fs::read_to_string(&done).is_ok_and(|found| found == wanted) {
        return Some(folder);
    }
    let pip = ["-m", "pip", "install", "--quiet", "--upgrade", "--target"];
    let mut python = Command::new("python3");
    let installed = python
        .args(pip)
        .arg(&folder)
        .args(PACKAGES)
        .output()
        .unwrap();
    if !installed.status.success() {
        let complaint = String::from_utf8_lossy(&installed.stderr);
        left_out(&format!("boto3 cannot be installed: {complaint}"));
        return None;
    }
    fs::write(done, wanted).unwrap();
    Some(folder)
}
