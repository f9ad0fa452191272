//! Watches the calls of a run, and keeps a disk in memory just as the real one.

use super::disk::{Disk, File, Inode};
use super::effect::{Effect, Entry, Makes, nanoseconds};
use super::record::{Covers, Op, Sync};
use crate::support::trace::{self, Call};
use std::collections::BTreeMap;

pub(crate) struct Watch<'a> {
    top: &'a str,
    pub(crate) disk: Disk,
    pub(crate) ops: Vec<Op>,
    pub(crate) syncs: Vec<Sync>,
    pub(crate) stops: Vec<(usize, f64)>,
    /// Where the next write goes, by descriptor.
    positions: BTreeMap<String, usize>,
    /// What calls that are under way are about, and since when they are.
    targets: BTreeMap<usize, (usize, Inode)>,
    fresh: Inode,
}

impl<'a> Watch<'a> {
    pub(crate) fn new(top: &'a str, disk: Disk) -> Self {
        Self {
            top,
            disk,
            ops: Vec::new(),
            syncs: Vec::new(),
            stops: vec![(0, 0.0)],
            positions: BTreeMap::new(),
            targets: BTreeMap::new(),
            fresh: 1 << 60,
        }
    }

    /// A descriptor leads where it leads when its call begins.
    pub(crate) fn begins(&mut self, now: usize, id: usize, call: &Call) {
        let path = call.args.first().and_then(|arg| trace::annotation(arg));
        let path = path.and_then(|path| self.below(&path));
        if let Some(inode) = path.and_then(|path| self.disk.find(&path)) {
            self.targets.insert(id, (now, inode));
        }
    }

    pub(crate) fn ends(&mut self, now: usize, id: usize, time: f64, call: &Call) {
        let target = self.targets.remove(&id);
        if let ("fsync" | "fdatasync", Some((begun, inode))) = (&call.name[..], target) {
            let covers = if call.name == "fsync" {
                Covers::All
            } else {
                Covers::Bytes
            };
            self.syncs.push(Sync {
                inode,
                covers,
                begun,
                ended: now,
            });
            self.stops.push((now, time));
            return;
        }
        let inode = target.map(|(_, inode)| inode);
        let of_file = inode.filter(|inode| self.disk.files.contains_key(inode));
        let effect = match of_file {
            Some(file) => self.on_file(call, file),
            None => self.on_names(call, time),
        };
        let Some(effect) = effect else {
            return;
        };
        assert!(effect.is_fit_for(&self.disk), "{call:?}");
        effect.apply(&mut self.disk, time);
        self.stops.push((now, time));
        self.ops.push(Op {
            text: effect.to_string(),
            effect,
            done: now,
            time,
            lasts: None,
        });
    }

    /// A call about an open file.
    fn on_file(&mut self, call: &Call, file: Inode) -> Option<Effect> {
        let arg = |n: usize| &call.args[n][..];
        let number = |n: usize| -> usize { arg(n).parse().expect("a number") };
        let position = self.positions.entry(arg(0).to_owned()).or_default();
        match &call.name[..] {
            "lseek" => *position = call.result.parse().expect("a number"),
            "read" => *position += call.result.parse::<usize>().expect("a number"),
            "write" | "writev" => {
                let (at, bytes) = (*position, trace::bytes(arg(1)));
                *position += bytes.len();
                return Some(Effect::Write { file, at, bytes });
            }
            "pwrite64" => {
                let (at, bytes) = (number(3), trace::bytes(arg(1)));
                return Some(Effect::Write { file, at, bytes });
            }
            "ftruncate" => {
                let bytes = number(1);
                return Some(Effect::Length { file, bytes });
            }
            "fchmod" => {
                let mode = octal(arg(1));
                return Some(Effect::Mode { file, mode });
            }
            "utimensat" => {
                assert_eq!(arg(1), "NULL", "times are set by descriptor");
                let mtime_ns = modified_ns(arg(2));
                return Some(Effect::Time { file, mtime_ns });
            }
            other => panic!("{other} is not understood: {call:?}"),
        }
        None
    }

    /// A call about names, by path or below an open folder.
    fn on_names(&mut self, call: &Call, time: f64) -> Option<Effect> {
        let arg = |n: usize| &call.args[n][..];
        let at = |n: usize| self.path(Some(arg(n)), arg(n + 1));
        let plain = |n: usize| self.path(None, arg(n));
        match &call.name[..] {
            "open" => self.opens(call, None, 0, time),
            "openat" | "openat2" => self.opens(call, Some(0), 1, time),
            "mkdir" => plain(0).map(|path| self.makes_folder(&path, octal(arg(1)))),
            "mkdirat" => at(0).map(|path| self.makes_folder(&path, octal(arg(2)))),
            "unlink" => plain(0).map(|path| self.removes(&path)),
            "unlinkat" => at(0).map(|path| self.removes(&path)),
            "rename" => self.renames(&plain(0)?, &plain(1)?, ""),
            "renameat" => self.renames(&at(0)?, &at(2)?, ""),
            "renameat2" => self.renames(&at(0)?, &at(2)?, arg(4)),
            "link" => Some(self.links(&plain(0)?, &plain(1)?)),
            "linkat" => Some(self.links(&at(0)?, &at(2)?)),
            "chmod" => {
                let (file, mode) = (self.disk.find(&plain(0)?)?, octal(arg(1)));
                Some(Effect::Mode { file, mode })
            }
            // The change time of a kept file, which no image shows.
            "utimensat" if arg(2) == "[UTIME_NOW, UTIME_OMIT]" => None,
            "read" | "lseek" | "write" | "writev" | "fsync" | "fdatasync" => None,
            _ => {
                let touches = at(0).or_else(|| plain(0));
                assert!(touches.is_none(), "{call:?} is not understood");
                None
            }
        }
    }

    fn below(&self, path: &str) -> Option<String> {
        let rest = path.strip_prefix(self.top)?;
        (rest.is_empty() || rest.starts_with('/')).then(|| rest.trim_matches('/').to_owned())
    }

    /// The path below the top that two arguments, or one, name.
    fn path(&self, folder: Option<&str>, name: &str) -> Option<String> {
        let name = String::from_utf8(trace::bytes(name)).expect("names are UTF-8");
        if name.starts_with('/') {
            return self.below(&name);
        }
        let folder = self.below(&trace::annotation(folder?)?)?;
        Some(format!("{folder}/{name}"))
    }

    fn entry(&self, path: &str, to: Option<Inode>) -> Entry {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let folder = self.disk.find(folder);
        let folder = folder.unwrap_or_else(|| panic!("no folder for {path}"));
        Entry {
            folder,
            name: name.to_owned(),
            from: self.disk.folders[&folder].get(name).copied(),
            to,
        }
    }

    fn opens(
        &mut self,
        call: &Call,
        folder: Option<usize>,
        name: usize,
        time: f64,
    ) -> Option<Effect> {
        self.positions.insert(call.result.clone(), 0);
        let flags = &call.args[name + 1];
        if !flags.contains("O_CREAT") && !flags.contains("O_TRUNC") {
            return None;
        }
        let folder = folder.map(|n| &call.args[n][..]);
        let path = self.path(folder, &call.args[name])?;
        assert_ne!(call.name, "openat2", "{call:?}");
        if let Some(file) = self.disk.find(&path) {
            let is_emptied = flags.contains("O_TRUNC");
            return is_emptied.then_some(Effect::Length { file, bytes: 0 });
        }
        self.fresh += 1;
        Some(Effect::Names {
            entries: vec![self.entry(&path, Some(self.fresh))],
            makes: Makes::File(File {
                mode: octal(&call.args[name + 2]),
                mtime_ns: nanoseconds(time),
                ..File::default()
            }),
        })
    }

    fn makes_folder(&mut self, path: &str, mode: u32) -> Effect {
        self.fresh += 1;
        Effect::Names {
            entries: vec![self.entry(path, Some(self.fresh))],
            makes: Makes::Folder(mode & !0o022),
        }
    }

    fn removes(&self, path: &str) -> Effect {
        let entry = self.entry(path, None);
        let gone = entry.from.unwrap_or_else(|| panic!("{path} is not known"));
        let is_folder = self.disk.folders.contains_key(&gone);
        Effect::Names {
            entries: vec![entry],
            makes: if is_folder {
                Makes::NoFolder(gone)
            } else {
                Makes::Nothing
            },
        }
    }

    fn renames(&self, from: &str, to: &str, flags: &str) -> Option<Effect> {
        let (moved, there) = (self.disk.find(from), self.disk.find(to));
        let is_file = moved.is_some_and(|file| self.disk.files.contains_key(&file));
        assert!(is_file, "{from} is moved and no file");
        let left = there.filter(|_| flags == "RENAME_EXCHANGE");
        // Of two names of one file a rename takes neither away.
        (moved != there).then(|| Effect::Names {
            entries: vec![self.entry(from, left), self.entry(to, moved)],
            makes: Makes::Nothing,
        })
    }

    fn links(&self, from: &str, to: &str) -> Effect {
        Effect::Names {
            entries: vec![self.entry(to, self.disk.find(from))],
            makes: Makes::Nothing,
        }
    }
}

fn octal(text: &str) -> u32 {
    u32::from_str_radix(text, 8).unwrap_or_else(|_| panic!("{text:?} is no mode"))
}

/// The second time of two, as `[UTIME_OMIT, {tv_sec=1, tv_nsec=2} /* ... */]`.
fn modified_ns(text: &str) -> u64 {
    let field = |name: &str| -> u64 {
        let (_, rest) = text.rsplit_once(name).expect("a time is set");
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().expect("a number")
    };
    field("tv_sec=") * 1_000_000_000 + field("tv_nsec=")
}
