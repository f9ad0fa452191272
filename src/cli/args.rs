//! The flags as argh reads them. What people read of them stands in the help.

use super::interval::Interval;
use super::keys::Keys;
use super::page_path::PagePath;
use super::values::{
    AgeRecipient, Days, FilePath, GzipLevel, Jobs, MapArg, Policy, Rate, Text, UnmapArg, Url, Way,
};
use super::values_archive::{Speed, Stay};
use super::values_displaced::{MostKept, MostReplaced};
use super::values_files::{FollowLinks, KeepMode};
use super::values_paths::DirPath;
use super::wanted::KeyPath;
use crate::guard::Limit;
use argh::FromArgs;

/// keep local directories and S3 prefixes the same, in both directions
#[derive(FromArgs)]
#[argh(help_triggers("-h", "--help", "-?"))]
#[expect(clippy::struct_excessive_bools, reason = "switches of a command line")]
pub(super) struct Args {
    /// print the version
    #[argh(switch, short = 'v')]
    #[expect(
        dead_code,
        reason = "answered before the other flags are read; declared for the help"
    )]
    version: bool,
    /// change settings; no sync
    #[argh(switch, short = 'i')]
    pub(super) init: bool,
    /// tell what is done and why
    #[argh(switch)]
    pub(super) debug: bool,
    /// plan everything, change nothing
    #[argh(switch)]
    pub(super) dryrun: bool,
    /// state file, absolute; default ~/.state.s3sync
    #[argh(option)]
    pub(super) file: Option<String>,
    /// print the state file
    #[argh(switch)]
    pub(super) dump: bool,
    /// with --dump: print every record, or those of some keys
    #[argh(option)]
    pub(super) objects: Option<Keys>,
    /// with --dump: print every byte, and what it is
    #[argh(switch)]
    pub(super) hex: bool,
    /// output for machines, one JSON object a line
    #[argh(switch)]
    pub(super) json: bool,
    /// with --init: delete the state file first
    #[argh(switch)]
    pub(super) purge: bool,
    /// with --init: replace all maps by those given
    #[argh(switch)]
    pub(super) overwrite: bool,
    /// with --init: add a map, or change the one between this path and destination
    #[argh(option)]
    pub(super) dir: Vec<MapArg>,
    /// with --init: drop a map; touches no file on either side
    #[argh(option)]
    pub(super) rmdir: Vec<UnmapArg>,
    /// map setting: what to call it
    #[argh(option)]
    pub(super) name: Option<Text>,
    /// map setting: leave out directories below the path
    #[argh(switch)]
    pub(super) no_recursive: bool,
    /// map setting: endpoint of an S3-compatible server
    #[argh(option)]
    pub(super) endpoint_url: Option<Url>,
    /// map setting: region
    #[argh(option)]
    pub(super) region: Option<Text>,
    /// map setting: profile of the AWS configuration files
    #[argh(option)]
    pub(super) profile: Option<Text>,
    /// map setting: name the bucket in the path, not in the host
    #[argh(switch)]
    pub(super) path_style: bool,
    /// map setting: storage class for uploads
    #[argh(option)]
    pub(super) storage_class: Option<Text>,
    /// map setting: skip (default) or follow-inside
    #[argh(option)]
    pub(super) links: Option<FollowLinks>,
    /// map setting: whether permission bits travel, yes or no (default)
    #[argh(option)]
    pub(super) keep_mode: Option<KeepMode>,
    /// map setting: gzip level of uploads, 0 (off) to 11
    #[argh(option)]
    pub(super) compress: Option<GzipLevel>,

    /// map setting: encrypt uploads for this recipient
    #[argh(option)]
    pub(super) age_recipient: Vec<AgeRecipient>,

    /// map setting: encrypt uploads for the recipients in this file
    #[argh(option)]
    pub(super) age_recipients_file: Option<FilePath>,

    /// map setting: read encrypted objects with the identities in this file
    #[argh(option)]
    pub(super) age_identity: Option<FilePath>,

    /// map setting: both (default), push or pull
    #[argh(option)]
    pub(super) direction: Option<Way>,

    /// delete what the side that is pushed or pulled from does not have
    #[argh(switch)]
    pub(super) delete: bool,

    /// map setting: newer (default), keep-both, local, remote or ask
    #[argh(option)]
    pub(super) conflict: Option<Policy>,
    /// map setting: days for which the recovery folder keeps files, default 30
    #[argh(option)]
    pub(super) keep: Option<Days>,
    /// map setting: most that the recovery folder holds, SIZE, N% or default
    #[argh(option)]
    pub(super) keep_size: Option<MostKept>,
    /// map setting: files that downloads may replace in one run, N, N% or off
    #[argh(option)]
    pub(super) max_replace: Option<MostReplaced>,
    /// with edit: sync the map, and pack anew what is packed in another way
    #[argh(switch)]
    pub(super) reencode: bool,

    /// print errors only
    #[argh(switch)]
    pub(super) quiet: bool,
    /// transfers at a time; default adapts to the work
    #[argh(option)]
    pub(super) jobs: Option<Jobs>,
    /// bytes a second, with K, M or G for binary thousands
    #[argh(option)]
    pub(super) bwlimit: Option<Rate>,
    /// how long a server may be silent, default 60s
    #[argh(option)]
    pub(super) timeout: Option<Interval>,
    /// removals allowed on one side, as a number or N%; default 50%
    #[argh(option)]
    pub(super) max_delete: Option<Limit>,
    /// let maps through once that the guard or a missing marker stopped
    #[argh(switch)]
    pub(super) force: bool,
    /// command that prints the passphrase of an identity file
    #[argh(option)]
    pub(super) age_passphrase_command: Option<Text>,

    /// trust no recorded fingerprint: read and compare every file
    #[argh(switch)]
    pub(super) full: bool,
    /// write a log of the run into this directory
    #[argh(option)]
    pub(super) log_dir: Option<DirPath>,
    /// write what the run came to into this file, for Prometheus
    #[argh(option)]
    pub(super) metrics: Option<FilePath>,

    /// with watch: time from one run of all maps to the next, default 60s
    #[argh(option)]
    pub(super) interval: Option<Interval>,
    /// with restore: bulk, standard (default) or expedited
    #[argh(option)]
    pub(super) tier: Option<Speed>,
    /// with restore: days for which a restored copy stays, default 7
    #[argh(option)]
    pub(super) days: Option<Stay>,
    /// with restore: also what is here already
    #[argh(switch)]
    pub(super) all: bool,
    /// with restore: go on without a question
    #[argh(switch)]
    pub(super) yes: bool,
    /// with verify: read every object
    #[argh(switch)]
    pub(super) download: bool,
    /// with recover put-back: where a kept file is put
    #[argh(option)]
    pub(super) to: Option<KeyPath>,
    /// write a page of the run, or with --dump of the state file
    #[argh(option)]
    pub(super) report: Option<PagePath>,

    /// a command, and what it is about
    #[argh(positional)]
    pub(super) words: Vec<String>,
}

impl Args {
    /// A flag that only makes sense in a run, if given.
    pub(super) fn run_flag(&self) -> Option<&'static str> {
        self.sync_flag()
            .or_else(|| first([(self.report.is_some(), "--report")]))
    }

    /// A flag that only makes sense where something is synced, if given.
    fn sync_flag(&self) -> Option<&'static str> {
        first([
            (self.dryrun, "--dryrun"),
            (self.jobs.is_some(), "--jobs"),
            (self.bwlimit.is_some(), "--bwlimit"),
            (self.timeout.is_some(), "--timeout"),
            (self.max_delete.is_some(), "--max-delete"),
            (self.force, "--force"),
            (self.full, "--full"),
            (self.log_dir.is_some(), "--log-dir"),
            (self.metrics.is_some(), "--metrics"),
            (
                self.age_passphrase_command.is_some(),
                "--age-passphrase-command",
            ),
        ])
    }

    /// A flag that makes no sense with `--dump`, if given.
    pub(super) fn no_dump_flag(&self) -> Option<&'static str> {
        first([
            (self.init, "--init"),
            (self.quiet, "--quiet"),
            (self.debug, "--debug"),
        ])
        .or_else(|| self.sync_flag())
        .or_else(|| self.init_flag())
    }

    /// Flags that set something of a map, and whether each was given.
    pub(super) fn setting_flags(&self) -> Vec<(bool, &'static str)> {
        vec![
            (self.name.is_some(), "--name"),
            (self.no_recursive, "--no-recursive"),
            (self.endpoint_url.is_some(), "--endpoint-url"),
            (self.region.is_some(), "--region"),
            (self.profile.is_some(), "--profile"),
            (self.path_style, "--path-style"),
            (self.storage_class.is_some(), "--storage-class"),
            (self.links.is_some(), "--links"),
            (self.keep_mode.is_some(), "--keep-mode"),
            (self.compress.is_some(), "--compress"),
            (!self.age_recipient.is_empty(), "--age-recipient"),
            (self.age_recipients_file.is_some(), "--age-recipients-file"),
            (self.age_identity.is_some(), "--age-identity"),
            (self.conflict.is_some(), "--conflict"),
            (self.direction.is_some(), "--direction"),
            (self.delete, "--delete"),
            (self.keep.is_some(), "--keep"),
            (self.keep_size.is_some(), "--keep-size"),
            (self.max_replace.is_some(), "--max-replace"),
        ]
    }

    /// A flag that sets something of a map, if given.
    pub(super) fn setting_flag(&self) -> Option<&'static str> {
        first(self.setting_flags())
    }

    /// Flags that are about the state file as a whole, and whether each was given.
    pub(super) fn file_flags(&self) -> Vec<(bool, &'static str)> {
        vec![
            (self.init, "--init"),
            (self.dump, "--dump"),
            (self.purge, "--purge"),
            (self.overwrite, "--overwrite"),
            (!self.dir.is_empty(), "--dir"),
            (!self.rmdir.is_empty(), "--rmdir"),
        ]
    }

    /// A flag that only makes sense with `--init`, if given.
    pub(super) fn init_flag(&self) -> Option<&'static str> {
        first([
            (self.purge, "--purge"),
            (self.overwrite, "--overwrite"),
            (!self.dir.is_empty(), "--dir"),
            (!self.rmdir.is_empty(), "--rmdir"),
        ])
        .or_else(|| self.setting_flag())
    }
}

fn first(flags: impl IntoIterator<Item = (bool, &'static str)>) -> Option<&'static str> {
    flags
        .into_iter()
        .find(|(given, _)| *given)
        .map(|(_, flag)| flag)
}
