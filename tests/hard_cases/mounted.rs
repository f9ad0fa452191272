//! File systems of their own for a story's folders. Where nothing may be mounted, it says so.

use crate::support::client::skipped;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A file system mounted on a folder, and the device below it; gone when dropped.
pub(crate) struct Mounted {
    at: PathBuf,
    device: Option<String>,
}

impl Mounted {
    /// A file system in memory, so large.
    pub(crate) fn memory(at: &Path, size: &str) -> Option<Self> {
        let options = format!("size={size},mode=0755");
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", &options, "s3bsync-test"]);
        if ran(command.arg(at)).is_none() {
            skipped("nothing may be mounted here");
            return None;
        }
        let at = at.to_owned();
        Some(Self { at, device: None })
    }

    /// What a memory card has: no difference between upper and lower case, times of two seconds'
    /// grain or a little better, no hard links, no exchange of names, inodes that do not last. Its
    /// bytes are in `image`, which is made where it is missing.
    ///
    /// # Panics
    /// In a run that is to be complete, where only the tools are missing.
    pub(crate) fn card(at: &Path, image: &Path) -> Option<Self> {
        if !Path::new("/dev/fuse").exists() || !Path::new("/dev/loop-control").exists() {
            skipped("there are no loop devices, or no file systems of users");
            return None;
        }
        let may_mount = Self::memory(at, "64k")?;
        drop(may_mount);
        let is_missing = ["mkfs.exfat", "mount.exfat-fuse"].into_iter().find(|tool| {
            let mut command = Command::new(tool);
            command.arg("-V").output().is_err()
        });
        if let Some(tool) = is_missing {
            assert!(std::env::var_os("CI").is_none(), "{tool} is missing");
            skipped(&format!("{tool} is missing"));
            return None;
        }
        if !image.exists() {
            let file = fs::File::create(image).expect("an image can be made");
            file.set_len(8 << 20).expect("a file can grow");
            let made = Command::new("mkfs.exfat").arg(image).output();
            assert!(made.is_ok_and(|output| output.status.success()), "mkfs");
        }
        let mut command = Command::new("losetup");
        let Some(output) = ran(command.args(["-f", "--show"]).arg(image)) else {
            skipped("there is no free loop device");
            return None;
        };
        let device = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let mut card = Self {
            at: at.to_owned(),
            device: Some(device.clone()),
        };
        let mut command = Command::new("mount.exfat-fuse");
        if ran(command.args(["-o", "nonempty", &device]).arg(at)).is_none() {
            card.at = PathBuf::new();
            skipped("a file system of users may not be mounted");
            return None;
        }
        Some(card)
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        if !self.at.as_os_str().is_empty() {
            // A card is written back before its image can be used again.
            let lazily: &[&str] = if self.device.is_some() { &[] } else { &["-l"] };
            let _ = Command::new("umount").args(lazily).arg(&self.at).status();
        }
        if let Some(device) = &self.device {
            let _ = Command::new("losetup").args(["-d", device]).status();
        }
    }
}

fn ran(command: &mut Command) -> Option<Output> {
    command
        .output()
        .ok()
        .filter(|output| output.status.success())
}
