//! Symlinks that are read as the file to which they lead.
//!
//! A link is resolved by hand, from the root's descriptor, into the path of a file with no symlink in
//! it; the file is then reached like any other. Whoever changes a link meanwhile can make that fail,
//! or lead to another file below the root, and to nothing else. Nothing is written through a link.

use super::error::Kind;
use super::kernel::{self, Place};
use super::root::Root;
use crate::key::Key;
use crate::state::Links;
use rustix::fs::{FileType, readlinkat};
use rustix::io::Errno;
use std::fmt;
use std::os::fd::AsFd;

/// As many links on one way as Linux follows.
const MAX_LINKS: usize = 40;

/// Why a symlink is not read as a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Astray {
    /// Links are not followed.
    NotAsked,
    /// It leads out of the root, if only for a step, or is an absolute path.
    Outside,
    /// There is nothing where it leads.
    Dangling,
    /// It leads to a directory.
    Directory,
    /// It leads to a socket, pipe or device.
    Special,
    /// It leads to the program's own files, or to a name that no key can have.
    NoKey,
    /// It leads round in a circle, or through too many links.
    Circle,
    /// It leads to a file that the ignore rules leave out.
    Ignored,
    /// The way could not be looked at; the text says why.
    Unreadable(String),
}

impl fmt::Display for Astray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAsked => f.write_str("it is a symlink, which is not followed"),
            Self::Outside => f.write_str("it is a symlink that leads out of the directory"),
            Self::Dangling => f.write_str("it is a symlink that leads to nothing"),
            Self::Directory => f.write_str("it is a symlink to a directory"),
            Self::Special => f.write_str("it is a symlink to a socket, pipe or device"),
            Self::NoKey => f.write_str("it is a symlink to what is no part of any map"),
            Self::Circle => f.write_str("it is a symlink that leads round in a circle"),
            Self::Ignored => f.write_str("it is a symlink to a file that is ignored"),
            Self::Unreadable(why) => write!(f, "it is a symlink that cannot be followed: {why}"),
        }
    }
}

impl Root {
    /// The same directory, with its symlinks read as `links` says.
    #[must_use]
    pub fn with_links(self, links: Links) -> Self {
        Self(self.0, links)
    }

    /// Whether some symlinks are read as files.
    pub(super) fn follows(&self) -> bool {
        self.1 == Links::FollowInside
    }

    /// The path of the file to which the symlink `link` leads, without a symlink in it.
    pub(super) fn follow(&self, link: &Key) -> Result<Key, Astray> {
        if !self.follows() {
            return Err(Astray::NotAsked);
        }
        let mut reached: Vec<String> = names(link.parent()).map(str::to_owned).collect();
        // What is still to go, the next name last.
        let mut ahead = vec![link.file_name().to_owned()];
        let mut links = 0;
        while let Some(name) = ahead.pop() {
            match name.as_str() {
                "" | "." => continue,
                ".." => {
                    reached.pop().ok_or(Astray::Outside)?;
                    continue;
                }
                _ => {}
            }
            let parent = self.open_directory(&reached.join("/")).map_err(astray)?;
            let place = Place {
                directory: parent.as_fd(),
                name: &name,
            };
            let stat = place.stat().map_err(astray)?.ok_or(Astray::Dangling)?;
            match kernel::file_type(&stat) {
                FileType::Directory => reached.push(name),
                FileType::RegularFile if ahead.is_empty() => {
                    reached.push(name);
                    let key = Key::parse(&reached.join("/")).map_err(|_| Astray::NoKey)?;
                    return if self.is_own(&key) {
                        Err(Astray::NoKey)
                    } else {
                        Ok(key)
                    };
                }
                FileType::RegularFile => return Err(Astray::Dangling),
                FileType::Symlink => {
                    links += 1;
                    if links > MAX_LINKS {
                        return Err(Astray::Circle);
                    }
                    let target = readlinkat(&parent, &*name, Vec::new()).map_err(astray)?;
                    let target = target.into_string().map_err(|_| Astray::NoKey)?;
                    if target.starts_with('/') {
                        return Err(Astray::Outside);
                    }
                    ahead.extend(target.split('/').rev().map(str::to_owned));
                }
                _ => return Err(Astray::Special),
            }
        }
        Err(Astray::Directory)
    }
}

fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|name| !name.is_empty())
}

fn astray(errno: Errno) -> Astray {
    match errno {
        Errno::NOENT | Errno::NOTDIR => Astray::Dangling,
        // A directory on the way became a link in this moment, or another file system begins.
        Errno::XDEV => Astray::Outside,
        errno => Astray::Unreadable(Kind::of(errno).to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::OwnFiles;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_link_is_followed_to_files_below_the_root_and_nowhere_else() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().join("root");
        fs::create_dir_all(top.join("a/b")).unwrap();
        fs::create_dir_all(top.join(".s3bsync")).unwrap();
        for name in ["a/b/file", ".s3bsync/marker", "state", "state~"] {
            fs::write(top.join(name), name).unwrap();
        }
        fs::write(folder.path().join("secret"), "no").unwrap();
        let absolute = top.join("a/b/file").display().to_string();
        let own = OwnFiles {
            directory: top.display().to_string(),
            name_prefix: "state".to_owned(),
            identities: Vec::new(),
        };
        let root = Root::open(top.to_str().unwrap(), Some(own)).unwrap();
        let following = root.clone().with_links(Links::FollowInside);
        for (link, target, wanted) in [
            ("l1", "a/b/file", Ok("a/b/file")),
            ("a/l2", "b/../b/./file", Ok("a/b/file")),
            ("a/b/l3", "../../l1", Ok("a/b/file")),
            ("through", "a//b", Err(Astray::Directory)),
            ("l4", "through/file", Ok("a/b/file")),
            ("l5", "through/../l2", Ok("a/b/file")),
            ("o1", "../secret", Err(Astray::Outside)),
            ("o2", "../root/a/b/file", Err(Astray::Outside)),
            ("o3", &absolute, Err(Astray::Outside)),
            ("a/o4", "../../secret", Err(Astray::Outside)),
            ("o5", "o1", Err(Astray::Outside)),
            ("d1", "nothing", Err(Astray::Dangling)),
            ("d2", "a/b/file/", Err(Astray::Dangling)),
            ("d3", "a/b/file/x", Err(Astray::Dangling)),
            ("dir", ".", Err(Astray::Directory)),
            ("c1", "c2", Err(Astray::Circle)),
            ("c2", "c1", Err(Astray::Circle)),
            ("own", ".s3bsync/marker", Err(Astray::NoKey)),
            ("s1", "state", Err(Astray::NoKey)),
            ("s2", "state~", Err(Astray::NoKey)),
            ("p1", "/dev/null", Err(Astray::Outside)),
        ] {
            symlink(target, top.join(link)).unwrap();
            let key = Key::parse(link).unwrap();
            let skipped = root.follow(&key);
            assert_eq!(skipped, Err(Astray::NotAsked), "{link}");
            if link == "c1" {
                continue;
            }
            let found = following.follow(&key);
            let wanted = wanted.map(|path| Key::parse(path).unwrap());
            assert_eq!(found, wanted, "{link} -> {target}");
            assert_eq!(following.open_file(&key).is_ok(), wanted.is_ok(), "{link}");
            assert!(root.open_file(&key).is_err(), "{link}");
        }
    }
}
