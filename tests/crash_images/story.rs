//! One story: a run is recorded with what the bucket held at every request, and each disk that a
//! power cut may leave is given to the program again.

use super::disk::Disk;
use super::images::{self, Image};
use super::laws::{self, STATE};
use super::record::Record;
use crate::support::server::{Bucket, BucketHand};
use crate::support::trace;
use crate::support::wire::{Fault, When};
use crate::support::world::{Run, Tree, World};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

/// What must hold of every image.
pub(crate) struct Story<'a> {
    /// What both sides hold in the end, but for files kept under the name of a conflict.
    pub(crate) wanted: &'a [(&'a str, &'a str)],
    /// What must be findable from the first moment to the last.
    pub(crate) precious: &'a [&'a str],
    /// What else a file may hold: versions that are replaced or removed by right.
    pub(crate) passing: &'a [&'a str],
}

/// The bucket before each request.
type Timeline = Arc<Mutex<Vec<(f64, Bucket)>>>;

fn now() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("tests live after 1970").as_secs_f64()
}

impl Story<'_> {
    /// Records a sync, its system calls altered by these options, and tries its images; in an
    /// ordinary run so many of them.
    pub(crate) fn tell(&self, world: &World, inject: &[&str], most: usize) {
        self.tell_of(world, inject, &["--jobs", "1"], most);
    }

    /// The same for the command that adds the world's map.
    pub(crate) fn tell_init(&self, world: &World, most: usize) {
        let args = world.init_args(&world.uri());
        let args = args.each_ref().map(String::as_str);
        self.tell_of(world, &[], &args, most);
    }

    fn tell_of(&self, world: &World, inject: &[&str], args: &[&str], most: usize) {
        let Some(hand) = world.hand() else {
            return;
        };
        let Some((record, timeline)) = record(world, hand, inject, args) else {
            return;
        };
        // What a request did, it did after it had come: the next one's snapshot shows it.
        let moment = |time: f64| timeline.partition_point(|(then, _)| *then <= time);
        let images = images::all(&record, moment);
        // What was no state before may still be there.
        let damaged = match laws::state(&record.before, STATE) {
            Some(_) => None,
            None => record.before.bytes(STATE),
        };
        for image in &images {
            hand.restore(timeline[image.moment].1.clone());
            self.look(world, image, damaged);
        }
        laws::expect(&record, &images);
        let wish = std::env::var("S3BSYNC_CRASH_IMAGES").unwrap_or_default();
        let chosen = if wish == "all" {
            images.len()
        } else {
            most.min(images.len())
        };
        println!(
            "{} calls, {} images, {chosen} tried",
            record.ops.len(),
            images.len()
        );
        for n in 0..chosen {
            let image = &images[n * images.len() / chosen];
            hand.restore(timeline[image.moment].1.clone());
            image.disk.lay(world.home(), &["root"]);
            self.go_on(world, image);
        }
    }

    /// What can be seen of an image without a run.
    fn look(&self, world: &World, image: &Image, damaged: Option<&[u8]>) {
        let disk = &image.disk;
        let label = &image.label;
        let wanted = self.wanted.iter().map(|(_, contents)| *contents);
        let whole: BTreeSet<&[u8]> = wanted
            .chain(self.precious.iter().copied())
            .chain(self.passing.iter().copied())
            .map(str::as_bytes)
            .collect();
        let mut found: BTreeSet<Vec<u8>> = BTreeSet::new();
        for (path, inode) in disk.tree() {
            let bytes = &disk.files[&inode].bytes;
            let Some(name) = path.strip_prefix("root/") else {
                continue;
            };
            if images::is_partial(name) {
                continue;
            }
            found.insert(bytes.clone());
            let is_own = name.starts_with(".s3bsync/") || name.contains(".s3bsync-tmp-");
            assert!(
                is_own || whole.contains(&bytes[..]),
                "{label}: {name} holds {:?}",
                String::from_utf8_lossy(bytes)
            );
        }
        let objects = [world.remote_tree(), world.kept_remote()];
        found.extend(
            objects
                .into_iter()
                .flatten()
                .map(|(_, text)| text.into_bytes()),
        );
        for contents in self.precious {
            let is_found = found.contains(contents.as_bytes());
            assert!(
                is_found,
                "{label}: {contents:?} is lost: {:#?}",
                disk.tree()
            );
        }
        let bytes = disk.bytes(STATE);
        assert!(
            bytes.is_none() || bytes == damaged || laws::state(disk, STATE).is_some(),
            "{label}: the state is no state"
        );
    }

    /// Whatever the image, the next run carries on and the one after it finds all well.
    fn go_on(&self, world: &World, image: &Image) {
        if !world.state_file().exists() {
            world.init();
        }
        let said = |run: &Run| format!("{}: {run:?}", image.label);
        let first = world.run(&["--jobs", "1"]);
        assert!(matches!(first.code, 0 | 1), "{}", said(&first));
        assert!(
            first.code == 0 || !first.stderr.is_empty(),
            "{}",
            said(&first)
        );
        self.expect_findable(world, image, &first);
        let second = world.run(&[]);
        assert_eq!(second.code, 0, "{}\nafter {first:?}", said(&second));
        self.expect_findable(world, image, &second);
        let own = |(name, contents): &(&str, &str)| ((*name).to_owned(), (*contents).to_owned());
        let wanted: Vec<_> = self.wanted.iter().map(own).collect();
        let context = format!("{}\n{first:#?}\n{second:#?}", image.label);
        let plain = |tree: Tree| -> Tree {
            let is_plain = |file: &(String, String)| !file.0.contains(".conflict-");
            tree.into_iter().filter(is_plain).collect()
        };
        assert_eq!(plain(world.tree()), wanted, "the files, {context}");
        assert_eq!(world.remote_tree(), world.tree(), "the objects, {context}");
    }

    fn expect_findable(&self, world: &World, image: &Image, run: &Run) {
        let mut found = world.tree();
        found.extend(world.remote_tree());
        found.extend(world.kept_local());
        found.extend(world.kept_remote());
        for contents in self.precious {
            let is_found = found.iter().any(|(_, text)| text == contents);
            assert!(
                is_found,
                "{contents:?} is lost {}: {run:?}, {found:#?}",
                image.label
            );
        }
    }
}

fn record(
    world: &World,
    hand: &BucketHand,
    inject: &[&str],
    args: &[&str],
) -> Option<(Record, Vec<(f64, Bucket)>)> {
    let timeline = Timeline::default();
    let (kept, bucket) = (Arc::clone(&timeline), hand.clone());
    let note = move || {
        let mut kept = kept.lock().expect("no holder panics");
        kept.push((now(), bucket.copy()));
    };
    world.wire().fault(When::any().always(), Fault::call(note));
    let before = Disk::read(world.home());
    let file = world.home().with_file_name("trace");
    let traced = format!("trace={}", trace::CALLS);
    let mut options = vec!["-f", "-y", "-xx", "-ttt", "-s", "1000000"];
    options.extend(["-e", &traced, "-o", file.to_str().expect("UTF-8")]);
    options.extend(inject);
    let run = world.traced(&options, args)?;
    world.wire().heal();
    assert!(matches!(run.code, 0 | 1), "{run:?}");
    let text = std::fs::read_to_string(file).expect("there is a trace");
    let record = Record::read(&text, world.home(), before);
    expect_faithful(&record.after, &Disk::read(world.home()));
    let mut timeline = std::mem::take(&mut *timeline.lock().expect("no holder panics"));
    timeline.push((f64::INFINITY, hand.copy()));
    Some((record, timeline))
}

/// The recording knows of everything that happened.
fn expect_faithful(recorded: &Disk, real: &Disk) {
    let bytes = |disk: &Disk| -> Vec<(String, Vec<u8>)> {
        let tree = disk.tree().into_iter();
        tree.map(|(path, inode)| (path, disk.files[&inode].bytes.clone()))
            .collect()
    };
    assert_eq!(bytes(recorded), bytes(real), "recorded and real");
}
