//! What one system call does to a disk.

use super::disk::{Disk, File, Inode};
use std::collections::BTreeMap;

/// One name of a folder that leads elsewhere afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) folder: Inode,
    pub(crate) name: String,
    pub(crate) from: Option<Inode>,
    pub(crate) to: Option<Inode>,
}

/// What one call does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Names change together; where `makes` is set, so much is new.
    Names {
        entries: Vec<Entry>,
        makes: Makes,
    },
    Write {
        file: Inode,
        at: usize,
        bytes: Vec<u8>,
    },
    Length {
        file: Inode,
        bytes: usize,
    },
    Mode {
        file: Inode,
        mode: u32,
    },
    Time {
        file: Inode,
        mtime_ns: u64,
    },
}

/// What a change of names makes or ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Makes {
    Nothing,
    File(File),
    Folder(u32),
    /// The folder is gone, and so is all that was ever done in it.
    NoFolder(Inode),
}

impl Effect {
    /// Whether the disk has what this is about.
    pub(crate) fn is_fit_for(&self, disk: &Disk) -> bool {
        match self {
            Self::Names { entries, makes } => {
                // A name that was free when it was given must be free.
                let is_there = |entry: &Entry| {
                    let names = disk.folders.get(&entry.folder);
                    names.is_some_and(|names| {
                        entry.from.is_some()
                            || names
                                .get(&entry.name)
                                .is_none_or(|is| Some(*is) == entry.to)
                    })
                };
                let is_empty = match makes {
                    Makes::NoFolder(gone) => disk.folders.get(gone).is_some_and(BTreeMap::is_empty),
                    _ => true,
                };
                is_empty && entries.iter().all(is_there)
            }
            _ => true,
        }
    }

    /// Does it to a disk.
    pub(crate) fn apply(&self, disk: &mut Disk, time: f64) {
        match self {
            Self::Names { entries, makes } => {
                if let (Makes::Folder(mode), Some(made)) = (makes, entries[0].to) {
                    disk.folders.insert(made, BTreeMap::new());
                    disk.modes.insert(made, *mode);
                }
                if let (Makes::File(file), Some(made)) = (makes, entries[0].to) {
                    let held = disk.files.entry(made).or_default();
                    held.mode = file.mode;
                    held.mtime_ns = file.mtime_ns;
                }
                for entry in entries {
                    let names = disk.folders.get_mut(&entry.folder).expect("it is fit");
                    match entry.to {
                        Some(to) => {
                            names.insert(entry.name.clone(), to);
                        }
                        // A name that leads elsewhere meanwhile is not the one that went.
                        None if names.get(&entry.name).copied() == entry.from => {
                            names.remove(&entry.name);
                        }
                        None => {}
                    }
                }
                if let Makes::NoFolder(gone) = makes {
                    disk.folders.remove(gone);
                    disk.modes.remove(gone);
                }
            }
            Self::Write { file, at, bytes } => {
                let held = disk.files.entry(*file).or_default();
                let length = held.bytes.len().max(at + bytes.len());
                held.bytes.resize(length, 0);
                held.bytes[*at..at + bytes.len()].copy_from_slice(bytes);
                held.mtime_ns = nanoseconds(time);
            }
            Self::Length { file, bytes } => {
                let held = disk.files.entry(*file).or_default();
                held.bytes.resize(*bytes, 0);
                held.mtime_ns = nanoseconds(time);
            }
            Self::Mode { file, mode } => disk.files.entry(*file).or_default().mode = *mode,
            Self::Time { file, mtime_ns } => {
                disk.files.entry(*file).or_default().mtime_ns = *mtime_ns;
            }
        }
    }
}

impl std::fmt::Display for Effect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Names { entries, .. } => {
                for entry in entries {
                    let Entry {
                        folder,
                        name,
                        from,
                        to,
                    } = entry;
                    write!(f, "{}/{name}: {from:?} -> {to:?}; ", folder % 100_000)?;
                }
                Ok(())
            }
            Self::Write { file, at, bytes } => {
                write!(f, "write {file} at {at}: {} bytes", bytes.len())
            }
            Self::Length { file, bytes } => write!(f, "cut {file} to {bytes} bytes"),
            Self::Mode { file, mode } => write!(f, "mode {mode:o} for {file}"),
            Self::Time { file, .. } => write!(f, "time of {file}"),
        }
    }
}

/// A time of the trace as a disk keeps it.
pub(crate) fn nanoseconds(time: f64) -> u64 {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a time since 1970"
    )]
    let micros = (time * 1e6) as u64;
    micros * 1000
}
