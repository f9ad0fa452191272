//! The help, as people read it. argh's own cannot name two values of one flag, nor group flags; a
//! test holds the two to the same flags.

pub(super) const HELP: &str = "\
s3-bsync keeps local directories and S3 prefixes the same, in both directions

Usage:
  s3-bsync [RUN SETTINGS]                 sync all maps, silent where all is well
  s3-bsync --init [MAPS [MAP SETTINGS]]   change the maps; nothing is synced, no network is used
  s3-bsync --dump [--objects [GLOB]] [--json]
                                          print the state file, as far as it is intact
  s3-bsync --dump --hex                   print its bytes and what they are
  s3-bsync --dump --report FILE.html      write a page about it; no network is used

  s3-bsync add [DIR [S3_URI]] [MAP SETTINGS]
                                          add a map; at a terminal, asks for what is not given
  s3-bsync edit NAME [MAP SETTINGS] [--reencode]
                                          change a map's settings
  s3-bsync rm NAME                        drop a map, and no file on either side
  s3-bsync targets [--json]               list the maps: name, directory, way, prefix
  s3-bsync ls NAME [PATTERN] [--json]     list the paths of a map: how each stands on both sides
  s3-bsync prune-dirs NAME [--dryrun]     remove the directories of a map in which there is no file
  s3-bsync status [NAME...]               tell what a sync would do, a line for each map
  s3-bsync sync [NAME...]                 sync these maps, or all
  s3-bsync watch [NAME...] [--interval TIME]
                                          sync these maps, or all, whenever something changes
  s3-bsync push NAME [--delete]           sync one map, to the bucket only
  s3-bsync pull NAME [--delete]           sync one map, from the bucket only
  s3-bsync push DIR S3_URI [--delete]     send a directory that is in no map; nothing is remembered
  s3-bsync pull S3_URI DIR [--delete]     fetch a prefix that is in no map; nothing is remembered
  s3-bsync completions bash|zsh|fish      print what lets a shell complete commands, flags and names
  s3-bsync restore [NAME] [PATTERN] [--tier bulk|standard|expedited] [--days N]
                                          ask for archived objects that a sync would fetch
  s3-bsync restore-status [NAME] [PATTERN]
                                          tell what is archived, being restored or restored
  s3-bsync verify [NAME] [PATTERN] [--download]
                                          read everything back and compare; changes nothing

  s3-bsync recover [list] [NAME [KEPT]]   list what the recovery folders hold, on both sides
  s3-bsync recover show NAME KEPT         print one kept version
  s3-bsync recover diff NAME KEPT         compare it with the file that is there now
  s3-bsync recover put-back NAME KEPT [--to NEW_PATH] [--dryrun]
                                          give it its path back, or where that is taken another;
                                          nothing is ever overwritten
  s3-bsync recover drop NAME KEPT [--force] [--dryrun]
                                          remove it for good; asks, with --force does not
  s3-bsync recover expire [NAME...] [--dryrun]
                                          remove what is older than the maps' --keep
  s3-bsync undo [NAME]                    list the latest runs, and what each displaced here
  s3-bsync undo NAME RUN [--force] [--dryrun]
                                          put back everything that a run replaced or deleted here;
                                          what is there now is kept. Leaves paths that changed since
                                          the run, with --force puts those back too

KEPT is a path as recover lists it, with or without the time before it, a folder above it, or a
pattern as for --objects; local: or bucket: before it leaves out the other side.

A map is a directory and the S3 prefix it is kept the same as. The state file holds the maps, and
for each file what both sides last agreed on. Credentials come from the usual AWS environment
variables, files and roles, and are never stored.

Everywhere:
  --file SYNCFILE           the state file, an absolute path; default ~/.state.s3sync
  --quiet                   print errors only
  --json                    print JSON on standard output: events one a line, or a dump
  -h, -?, --help            print this help
  -v, --version             print the version

With --dump, whose --file may also be a journal or a previous generation:
  --objects [GLOB]          print the records too, all or those whose key (the path below its map)
                            matches: *, ? and [a-z] stay within a name, ** goes across /
  --hex                     print every byte with its name and meaning

With recover put-back:
  --to NEW_PATH             the path below the map's directory that it gets

Run settings, also with sync, push and pull:
  --dryrun                  plan everything, change nothing; --debug shows the plan
  --debug                   print what is done, and why
  --jobs N                  files at a time, 1 to 1024; by default as many as make it faster
  --bwlimit RATE            bytes a second, up and down together: 500K, 10M
  --timeout TIME            how long a server may be silent: 30s, 5m; default 60s
  --max-delete N|N%         hold back deletions on a side where they are more; default 50%, and
                            a percentage always allows 20
  --force                   this once, do not hold back deletions, and accept a directory that
                            lost its marker or has another's; nothing is deleted there
  --age-passphrase-command CMD
                            what prints the passphrase of an identity file; never stored
  --full                    read and compare every file, whatever its recorded size and time
  --report FILE.html        write a page about the run and the state after it, for a browser; it
                            replaces an earlier page and no other file, and may not be synced
  --log-dir DIR             write a log of the run into this directory, an absolute path outside
                            of all maps; the newest 1000 logs are kept
  --metrics FILE            write what the run came to into this file, an absolute path, for the
                            textfile collector of Prometheus' node_exporter; not with --dryrun

With restore, which also takes --dryrun and --jobs:
  --tier bulk|standard|expedited
                            how fast, and how dear; default standard
  --days N                  how long a restored copy stays, 1 to 3650; default 7
  --all                     all that is archived, also where an equal file is here
  --yes                     go on without a question

With verify, which also takes --jobs, --bwlimit, --timeout and --age-passphrase-command:
  --download                read every object, and believe no checksum that the server tells

Maps, with -i or --init:
  --dir PATH S3_DEST        add a map, or change its settings; PATH is absolute and a directory,
                            S3_DEST is s3://bucket[/prefix]; may be repeated
  --rmdir PATH [S3_DEST]    drop a map, and no file on either side; may be repeated
  --overwrite               drop all maps but those given
  --purge                   delete the state file, and no other file, before anything else

Map settings, with --dir, add or edit; those not given stay as they are. Push and pull without a
map take them too, but for --name, --conflict, --direction, --keep, --keep-size, --max-replace:
  --name NAME               what to call the map; default the last part of PATH
  --endpoint-url URL        where an S3-compatible server is
  --region NAME             the bucket's region
  --profile NAME            a profile of the AWS configuration files
  --path-style              put the bucket's name in the path of URLs, not in the host
  --storage-class NAME      the storage class of uploads
  --no-recursive            leave out the directories below PATH
  --links skip|follow-inside
                            what becomes of symlinks; default skip, which leaves them alone and
                            names them. follow-inside reads one that leads to a file below PATH,
                            with no step outside, as a file of its own; never written through
  --keep-mode yes|no        keep permission bits (no set-user, set-group, sticky): uploads carry
                            them, and what is downloaded gets them. Default no
  --compress LEVEL          compress uploads: 0 off (default), 1 to 9 as gzip has them, 10 and 11
                            slower and smaller still
  --age-recipient R         encrypt uploads for this recipient, age1... or ssh-...; may be
                            repeated. Recipients given anew replace all those from before
  --age-recipients-file F   encrypt uploads for the recipients in this file, an absolute path
  --age-identity F          read encrypted objects with the identities in this file, an absolute
                            path; where no recipient is known, also encrypt for them. An encrypted
                            map stays one: to end that, drop it and map another prefix
  --direction both|push|pull
                            which way changes travel; default both. With push the directory is
                            the truth, with pull the bucket; what it replaces is kept
  --delete                  one way only: also delete what the truth does not have
  --conflict newer|keep-both|local|remote|ask
                            which file takes the name where both sides changed; the other is
                            kept in the recovery folder. Default newer; ask asks at a terminal and
                            elsewhere leaves both alone
  --keep DAYS               how long the recovery folder keeps files; default 30
  --keep-size SIZE|N%       how much it may hold: 500M, 20G, or a share of the file system. The
                            oldest replaced files go first, then the oldest deleted ones, conflict
                            losers never. Default 10%, and 5% of the file system stays free
  --max-replace N|N%        hold back the downloads of a run if they replace more files than this,
                            as --max-delete does for deletions. Default off

With watch, which takes run settings too, but for --dryrun, --force, --full and --report:
  --interval TIME           from one run of all maps to the next: 30s, 5m, 1h; default 60s

With edit:
  --reencode                sync the map then, and pack anew what is packed in another way

Exit codes:
  0    both sides are equal
  1    finished, but some files were skipped, failed or are in conflict
  2    the command line is wrong
  3    could not run, or stopped for safety
  130  interrupted, after a clean stop

Examples:
  s3-bsync --init --dir /home/me/docs s3://my-bucket/docs
  s3-bsync --dryrun --debug
  s3-bsync pull s3://my-bucket/docs restored --dryrun --debug
  */5 * * * * s3-bsync      (a line of a crontab)
";

/// What a flag takes, as the help names it.
pub(super) fn takes(flag: &str) -> &'static str {
    HELP.lines()
        .find_map(|line| line.trim_start().strip_prefix(flag)?.strip_prefix(' '))
        .map_or("a value", |rest| {
            rest.split("  ").next().unwrap_or(rest).trim_end()
        })
}
