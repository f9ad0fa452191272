//! The same tree as others would write it down, with their own programs where there are any.

use s3_bsync::stamp::{ETag, Hex, LocalStamp};
use s3_bsync::state::Record;
use std::error::Error;
use std::ffi::OsStr;
use std::fmt::Write;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::process::{Command, Stdio};
use time::OffsetDateTime;

/// How large a peer's file is.
pub(super) enum Measured {
    /// So many bytes.
    Bytes(usize),
    /// This program would be needed and is not there.
    Missing(&'static str),
}

type Outcome<T> = Result<T, Box<dyn Error>>;

/// All peers by name. `state` is our own file, which is also shown compressed.
pub(super) fn measure(records: &[Record], state: &[u8]) -> Outcome<Vec<(&'static str, Measured)>> {
    let folder = tempfile::tempdir()?;
    let json = json_manifest(records)?;
    let (plain, hashed) = (listings(records, None)?, listings(records, Some("md5:"))?);
    Ok(vec![
        ("state v2, gzip -6", gzipped(folder.path(), state)?),
        (
            "git index v4, one side",
            git_index(folder.path(), records, "4")?,
        ),
        (
            "git index v2, one side",
            git_index(folder.path(), records, "2")?,
        ),
        ("SQLite, without rowid", sqlite(folder.path(), records)?),
        ("rclone bisync, two listings", Measured::Bytes(plain.len())),
        (
            "rclone bisync, two listings with MD5",
            Measured::Bytes(hashed.len()),
        ),
        (
            "JSON manifest, one line a record",
            Measured::Bytes(json.len()),
        ),
        (
            "JSON manifest, gzip -6",
            gzipped(folder.path(), json.as_bytes())?,
        ),
    ])
}

/// A JSON object a record, with no blank that is not needed.
fn json_manifest(records: &[Record]) -> Outcome<String> {
    let mut text = String::from("{\n");
    for record in records {
        let local = local(record)?;
        writeln!(
            text,
            r#""{}":{{"size":{},"mtime_ns":{},"ctime_ns":{},"inode":{},"etag":"{}","remote_size":{},"last_modified_ms":{}}},"#,
            record.key.as_str(),
            local.size_bytes,
            local.mtime_ns,
            local.ctime_ns,
            local.inode,
            Hex(&md5(record)?),
            record.remote.size_bytes,
            record.remote.modified_ms,
        )?;
    }
    text.push_str("}\n");
    Ok(text)
}

/// Both sides as rclone bisync lists them: flags, size, hash, id, time and name. The hash is there
/// where content is to be compared.
fn listings(records: &[Record], hash: Option<&str>) -> Outcome<String> {
    let mut text = String::new();
    for record in records {
        let local = local(record)?;
        let hash = match hash {
            Some(label) => format!("{label}{}", Hex(&md5(record)?)),
            None => "-".to_owned(),
        };
        // The time that rclone keeps with an object is that of the file.
        let time = stamp_text(local)?;
        for size_bytes in [local.size_bytes, record.remote.size_bytes] {
            let key = record.key.as_str();
            writeln!(text, "- {size_bytes:>8} {hash} - {time} \"{key}\"")?;
        }
    }
    Ok(text)
}

fn stamp_text(stamp: LocalStamp) -> Outcome<String> {
    let time = OffsetDateTime::from_unix_timestamp_nanos(stamp.mtime_ns.into())?;
    Ok(format!(
        "{}T{:02}:{:02}:{:02}.{:09}+0000",
        time.date(),
        time.hour(),
        time.minute(),
        time.second(),
        time.nanosecond()
    ))
}

/// A real index of the same paths; its stamps are zero, which take as many bytes as any.
fn git_index(folder: &Path, records: &[Record], version: &str) -> Outcome<Measured> {
    let repository = folder.join(format!("index-{version}"));
    fs::create_dir(&repository)?;
    let mut entries = String::new();
    for record in records {
        let digest = md5(record)?;
        let key = record.key.as_str();
        writeln!(
            entries,
            "100644 {}{} 0\t{key}",
            Hex(&digest),
            Hex(&digest[..4])
        )?;
    }
    let init: &[&str] = &["init", "--quiet", "--template="];
    let fill: &[&str] = &["update-index", "--index-info"];
    let turn: &[&str] = &["update-index", "--index-version", version];
    for arguments in [init, fill, turn] {
        let command = Command::new("git");
        if run(command, &repository, arguments, entries.as_bytes())?.is_none() {
            return Ok(Measured::Missing("git"));
        }
    }
    size_of(&repository.join(".git/index"))
}

/// One table with all that a record of the tree holds.
fn sqlite(folder: &Path, records: &[Record]) -> Outcome<Measured> {
    let mut text = String::from(
        "CREATE TABLE record (key TEXT PRIMARY KEY, etag BLOB, size INTEGER, mtime_ns INTEGER, \
         ctime_ns INTEGER, inode INTEGER, remote_size INTEGER, last_modified_ms INTEGER) \
         WITHOUT ROWID;\nBEGIN;\n",
    );
    for record in records {
        let local = local(record)?;
        writeln!(
            text,
            "INSERT INTO record VALUES ('{}',X'{}',{},{},{},{},{},{});",
            record.key.as_str(),
            Hex(&md5(record)?),
            local.size_bytes,
            local.mtime_ns,
            local.ctime_ns,
            local.inode,
            record.remote.size_bytes,
            record.remote.modified_ms,
        )?;
    }
    text.push_str("COMMIT;\nVACUUM;\n");
    let database = "records.db";
    let script = "import sqlite3, sys\n\
                  sqlite3.connect(sys.argv[1]).executescript(sys.stdin.read())";
    let python: &[&str] = &["-c", script, database];
    let shell: &[&str] = &[database];
    for (program, arguments) in [("sqlite3", shell), ("python3", python)] {
        let command = Command::new(program);
        if run(command, folder, arguments, text.as_bytes())?.is_some() {
            return size_of(&folder.join(database));
        }
    }
    Ok(Measured::Missing("sqlite3 or python3"))
}

fn gzipped(folder: &Path, bytes: &[u8]) -> Outcome<Measured> {
    let out = run(Command::new("gzip"), folder, &["-6", "-c"], bytes)?;
    Ok(out.map_or(Measured::Missing("gzip"), |out| Measured::Bytes(out.len())))
}

/// What a program prints when it is given `input`; `None` where there is no such program.
fn run(
    mut command: Command,
    folder: &Path,
    arguments: &[impl AsRef<OsStr>],
    input: &[u8],
) -> Outcome<Option<Vec<u8>>> {
    let stdin = folder.join("stdin");
    fs::write(&stdin, input)?;
    command
        .current_dir(folder)
        .env_remove("GIT_DIR")
        .env_remove("GIT_INDEX_FILE")
        .args(arguments)
        .stdin(File::open(&stdin)?)
        .stderr(Stdio::inherit());
    match command.output() {
        Ok(output) if output.status.success() => Ok(Some(output.stdout)),
        Ok(output) => Err(io::Error::other(format!("{command:?}: {}", output.status)).into()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn size_of(path: &Path) -> Outcome<Measured> {
    Ok(Measured::Bytes(usize::try_from(fs::metadata(path)?.len())?))
}

fn local(record: &Record) -> Outcome<LocalStamp> {
    record
        .local
        .ok_or_else(|| "a record without local stamp".into())
}

fn md5(record: &Record) -> Outcome<[u8; 16]> {
    match record.remote.etag {
        ETag::Md5(digest) => Ok(digest),
        ETag::Other(_) => Err("a record without MD5".into()),
    }
}
