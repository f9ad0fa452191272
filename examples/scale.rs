//! What an idle run keeps in memory of a map too large to be made for a measurement: the records
//! come from a real state file, the scan and the listing are made up as they are asked for, and all
//! three go through the streams and the join that a run uses.
//!
//! ```text
//! cargo run --release --example scale                      # 1 and 10 million
//! cargo run --release --example scale -- --millions 2
//! ```
//!
//! Every size is measured in a process of its own, whose peak is what the kernel says.

use argh::FromArgs;
use s3_bsync::format::Writer;
use s3_bsync::key::Key;
use s3_bsync::local::{Found, Root};
use s3_bsync::plan::Readability;
use s3_bsync::remote::Listed;
use s3_bsync::stamp::{ETag, LocalStamp, RemoteStamp};
use s3_bsync::state::{
    Access, Bucket, Content, DirMap, Direction, Encoding, MapId, Record, Recursion, ReplicaId,
    State,
};
use s3_bsync::store::{Mode, Store};
use s3_bsync::sync::{Broken, Reencode, Scope, Trust, join, stream};
use std::error::Error;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// Files in one made-up directory.
const FILES: u64 = 1000;
const MILLION: u64 = 1_000_000;
/// Objects in a listing's page (S3 API, `ListObjectsV2`).
const PAGE: u64 = 1000;

/// Memory of an idle run over so many unchanged files.
#[derive(FromArgs)]
struct Args {
    /// measure this many million only, in this process
    #[argh(option)]
    millions: Option<u64>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Args = argh::from_env();
    if let Some(millions) = args.millions {
        return measure(millions);
    }
    let [least, most] = [1, 10].map(peak_kib);
    let (least, most) = (least?, most?);
    let growth = most.saturating_sub(least) / 9;
    println!("growth: {growth} KiB for every million files more");
    Ok(())
}

/// Runs a measurement in a process of its own, shows what it says, and gives the peak.
fn peak_kib(millions: u64) -> Result<u64, Box<dyn Error>> {
    let mut child = Command::new(std::env::current_exe()?);
    let output = child.args(["--millions", &millions.to_string()]).output()?;
    let text = String::from_utf8(output.stdout)?;
    print!("{text}");
    let peak = text.split_whitespace().next();
    Ok(peak.ok_or("the measurement failed")?.parse()?)
}

fn measure(millions: u64) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir_in("target")?;
    let file = folder.path().join("state.s3sync");
    let count = millions * MILLION;
    write_state(&file, count)?;
    let root = Root::open(folder.path().to_str().ok_or("a path in UTF-8")?, None)?;
    let rules = root.rules();
    let store = Store::open(&file, Mode::ReadOnly, "20260101T000000Z")?;
    let begun = Instant::now();
    let (scanning, scanned) = stream("the scan");
    let (listing, listed) = stream("the listing");
    let scan = std::thread::spawn(move || {
        let mut files = (0..count).map(|n| Ok(found(n)));
        scanning.send_all(&mut files).is_ok()
    });
    let list = std::thread::spawn(move || {
        // A page is parsed whole before it is passed on.
        let mut pages = (0..count).step_by(1000).flat_map(|first| {
            let page: Vec<_> = (first..first + PAGE).map(object).collect();
            page.into_iter().map(Ok)
        });
        listing.send_all(&mut pages).is_ok()
    });
    let scope = Scope {
        rules: &rules,
        prefix: "prefix",
        recursion: Recursion::default(),
        trust: Trust::Stamps,
        reencode: Reencode::default(),
        direction: Direction::default(),
    };
    let base = store.records(0)?.map(|record| record.map_err(Broken::Base));
    let joined = join(base, scanned, listed, &scope)?;
    let is_read = [scan, list].map(|thread| thread.join().unwrap_or(false));
    if is_read != [true; 2] || joined.unchanged != count || !joined.items.is_empty() {
        return Err("the sides were not read, or not found equal".into());
    }
    let peak = status_kib("VmHWM:")?;
    println!(
        "{peak} KiB at most for {count} files, {:.1} s, state file of {} MiB",
        begun.elapsed().as_secs_f64(),
        file.metadata()?.len() >> 20
    );
    Ok(())
}

fn write_state(path: &Path, count: u64) -> Result<(), Box<dyn Error>> {
    let map = DirMap {
        generation: 1,
        ..DirMap::new(
            MapId(*b"scalemap"),
            "scale".to_owned(),
            "/nowhere".to_owned(),
            "prefix".to_owned(),
        )
    };
    let bucket = Bucket {
        name: "bucket".to_owned(),
        access: Access::default(),
        capabilities: None,
        maps: vec![map],
    };
    let state = State {
        buckets: vec![bucket],
        generation: 1,
        ..State::new(ReplicaId(*b"0123456789abcdef"))
    };
    let mut writer = Writer::new(BufWriter::new(File::create(path)?), &state)?;
    writer.start_map(0)?;
    for n in 0..count {
        writer.push(&record(n))?;
    }
    writer.finish()?.into_inner()?.sync_all()?;
    Ok(())
}

fn key(n: u64) -> Key {
    let text = format!("folder-{:05}/file-{:03}.txt", n / FILES, n % FILES);
    Key::parse(&text).expect("a key")
}

fn local(n: u64) -> LocalStamp {
    let ns = 1_767_225_600_000_000_000 + i64::try_from(n).unwrap_or(0) * 1_000_003;
    LocalStamp {
        size_bytes: n % 100_000,
        mtime_ns: ns,
        ctime_ns: ns,
        inode: 10_000_000 + n,
    }
}

fn remote(n: u64) -> RemoteStamp {
    // A sum that no two files share, spread as an MD5 is.
    let mixed = u128::from(n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    RemoteStamp {
        etag: ETag::Md5(mixed.to_le_bytes()),
        size_bytes: n % 100_000,
        modified_ms: 1_767_225_600_000 + i64::try_from(n).unwrap_or(0),
        version: None,
    }
}

fn record(n: u64) -> Record {
    Record {
        key: key(n),
        local: Some(local(n)),
        remote: remote(n),
        content: Content::Blake3([7; 20]),
        encoding: Encoding::Plain,
        parts: None,
    }
}

fn found(n: u64) -> Found {
    Found::File {
        key: key(n),
        stamp: local(n),
    }
}

fn object(n: u64) -> Listed {
    Listed::Object {
        key: key(n),
        stamp: remote(n),
        readability: Readability::Readable,
        class: None,
    }
}

/// A line of what the kernel says of this process, in KiB.
fn status_kib(name: &str) -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.ok_or("no such line")?.parse()?)
}
