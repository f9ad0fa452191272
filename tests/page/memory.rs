//! A page of many records takes the memory of a page of few.

use std::fs;
use std::process::{Command, Stdio};

#[path = "../support/states.rs"]
mod states;

use s3_bsync::key::Key;
use states::{encode, one_map, plain_record};

/// What the program may have, of which its code and stacks take the most.
const MEMORY_KIB: u32 = 64_000;
const RECORDS: u64 = 400_000;

#[test]
fn four_hundred_thousand_records_in_as_many_folders_take_no_room() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.s3sync");
    let records = (0..RECORDS).map(|n| {
        let mut record = plain_record(n);
        let (top, name) = (n / 4000, "n".repeat(120));
        record.key = Key::parse(&format!("{top:03}/{n:07}-{name}/file")).unwrap();
        record
    });
    let bytes = encode(&(one_map(), vec![records.collect()])).unwrap();
    fs::write(&file, bytes).unwrap();
    let page = folder.path().join("page.html");
    let script = format!("ulimit -v {MEMORY_KIB}; exec \"$@\"");
    let ended = Command::new("/bin/sh")
        .args([
            "-c",
            &script,
            "sh",
            env!("CARGO_BIN_EXE_s3-bsync"),
            "--file",
        ])
        .arg(&file)
        .args(["--dump", "--report"])
        .arg(&page)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{said}");
    let text = fs::read_to_string(&page).unwrap();
    assert!(text.contains("400,000"), "all are counted");
    assert!(text.len() < 4_000_000, "{} bytes", text.len());
}
