//! What people do in the root of a machine. What cannot be done is not done.

use super::contents::{appended, contents, halved, patched};
use super::stage::Stage;
use super::words::{Act, Part, Time};
use crate::support::world::Machine;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// The name of a file of ignore rules.
pub const RULES: &str = ".s3syncignore";

/// Does it.
pub fn act(stage: &Stage, machine: &Machine, number: u64, act: &Act) {
    // A person whose act is impossible turns to something else.
    let _ = attempt(stage, machine, number, act);
}

fn attempt(stage: &Stage, machine: &Machine, number: u64, act: &Act) -> io::Result<()> {
    let path = |name: &str| machine.path(name);
    let old = |name: &str| fs::read(plain(&machine.path(name))?);
    match act {
        Act::Write(name, size, time) => {
            make_parent(&path(name))?;
            write(&path(name), &contents(number, *size), number)?;
            if stage.kind.chain.is_some() && *time == Time::Now {
                // No two machines in the world have the same tick, but all of these here do.
                open(&path(name))?.set_modified(SystemTime::now())?;
            }
            set_time(&path(name), *time)
        }
        Act::Append(name) => write(&path(name), &appended(old(name)?, number), 0),
        Act::Truncate(name) => write(&path(name), &halved(old(name)?), 0),
        Act::Patch(name) => {
            let time = fs::metadata(plain(&path(name))?)?.modified()?;
            write(&path(name), &patched(old(name)?, number), 0)?;
            if stage.kind.chain.is_some() && stage.is_forgetful {
                // Without a memory, size and time to the nanosecond speak for what is in an envelope.
                return Ok(());
            }
            open(&path(name))?.set_modified(time)
        }
        Act::Rename(from, to) => {
            fs::symlink_metadata(path(from))?;
            make_parent(&path(to))?;
            fs::rename(path(from), path(to))
        }
        Act::Swap(one, other) => {
            let between = machine.home().join("between");
            plain(&path(one))?;
            plain(&path(other))?;
            fs::rename(path(one), &between)?;
            fs::rename(path(other), path(one))?;
            fs::rename(&between, path(other))
        }
        Act::Copy(from, to) => {
            let bytes = old(from)?;
            make_parent(&path(to))?;
            write(&path(to), &bytes, number)
        }
        Act::Remove(name) => {
            if fs::symlink_metadata(path(name))?.is_dir() {
                fs::remove_dir_all(path(name))
            } else {
                fs::remove_file(path(name))
            }
        }
        Act::Mkdir(name) => fs::create_dir_all(path(name)),
        Act::Chmod(name, mode) => {
            fs::set_permissions(plain(&path(name))?, fs::Permissions::from_mode(*mode))
        }
        Act::Touch(name, time) => set_time(plain(&path(name))?, *time),
        Act::Symlink(name) => {
            make_parent(&path(name))?;
            if !path(name).is_dir() {
                let _ = fs::remove_file(path(name));
                symlink("nowhere", path(name))?;
            }
            Ok(())
        }
        Act::Folder(name) => {
            fs::remove_file(path(name))?;
            fs::create_dir(path(name))?;
            write(
                &path(name).join("in"),
                &contents(number, super::words::Size::Line),
                0,
            )
        }
        Act::File(name) => {
            fs::remove_dir_all(path(name))?;
            write(&path(name), &contents(number, super::words::Size::Line), 0)
        }
        Act::BreakRules(folder) => {
            fs::create_dir_all(path(folder))?;
            fs::write(path(folder).join(RULES), format!("[{number}"))
        }
        Act::RemoveRules => remove(machine.root(), |entry| entry.file_name() == RULES),
        Act::Unlink => remove(machine.root(), |entry| {
            entry.file_type().is_ok_and(|kind| kind.is_symlink())
        }),
        Act::Sync | Act::Undo | Act::Infect(_) => Ok(()),
        Act::Backup => {
            let _ = fs::remove_dir_all(machine.home().join("backup"));
            copy_state(machine.home(), &machine.home().join("backup/state"))?;
            copy_all(machine.root(), &machine.home().join("backup/root"))
        }
        Act::Restore(part) => restore(machine, *part),
        Act::LoseState => {
            for name in ["state.s3sync", "state.s3sync~", "state.s3sync.journal"] {
                let _ = fs::remove_file(machine.home().join(name));
            }
            stage.map(machine);
            Ok(())
        }
        Act::LoseMarker => fs::remove_file(path(".s3bsync/marker")),
    }
}

/// The path, if it is a file's.
fn plain(path: &Path) -> io::Result<&Path> {
    if fs::symlink_metadata(path)?.is_file() {
        Ok(path)
    } else {
        Err(io::ErrorKind::Unsupported.into())
    }
}

fn make_parent(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path.parent().expect("names are below the root"))
}

/// Writes in place, or as many editors do, under another name first.
fn write(path: &Path, bytes: &[u8], number: u64) -> io::Result<()> {
    if fs::symlink_metadata(path).is_ok() {
        plain(path)?;
    }
    if number.is_multiple_of(2) {
        return fs::write(path, bytes);
    }
    let new = path.with_file_name(format!("new-{number}"));
    let mut file = fs::File::create(&new)?;
    file.write_all(bytes)?;
    fs::rename(new, path)
}

fn open(path: &Path) -> io::Result<fs::File> {
    fs::OpenOptions::new().write(true).open(path)
}

fn set_time(path: &Path, time: Time) -> io::Result<()> {
    let now = SystemTime::now();
    let time = match time {
        Time::Now => return Ok(()),
        Time::Ago(seconds) if seconds >= 0 => now - Duration::from_secs(seconds.unsigned_abs()),
        Time::Ago(seconds) => now + Duration::from_secs(seconds.unsigned_abs()),
    };
    open(path)?.set_modified(time)
}

/// Removes what is chosen, but directories.
fn remove(folder: &Path, is_chosen: fn(&fs::DirEntry) -> bool) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove(&entry.path(), is_chosen)?;
        } else if is_chosen(&entry) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn restore(machine: &Machine, part: Part) -> io::Result<()> {
    let backup = machine.home().join("backup");
    fs::metadata(&backup)?;
    if matches!(part, Part::Root | Part::Both) {
        for entry in fs::read_dir(machine.root())? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                fs::remove_dir_all(entry.path())?;
            } else {
                fs::remove_file(entry.path())?;
            }
        }
        copy_all(&backup.join("root"), machine.root())?;
    }
    let state = backup.join("state");
    match part {
        Part::Root => Ok(()),
        Part::StateAlone => fs::copy(state.join("state.s3sync"), machine.state_file()).map(drop),
        Part::State | Part::Both => {
            for name in ["state.s3sync", "state.s3sync~", "state.s3sync.journal"] {
                let _ = fs::remove_file(machine.home().join(name));
            }
            copy_state(&state, machine.home())
        }
    }
}

fn copy_state(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for name in ["state.s3sync", "state.s3sync~", "state.s3sync.journal"] {
        if from.join(name).exists() {
            fs::copy(from.join(name), to.join(name))?;
        }
    }
    Ok(())
}

/// As `cp -a`.
fn copy_all(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (kind, new) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_dir() {
            copy_all(&entry.path(), &new)?;
        } else if kind.is_symlink() {
            symlink(fs::read_link(entry.path())?, &new)?;
        } else {
            fs::copy(entry.path(), &new)?;
            open(&new)?.set_modified(entry.metadata()?.modified()?)?;
        }
    }
    Ok(())
}
