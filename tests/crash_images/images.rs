//! Every disk that a power cut may leave: what was synced is there, all else in any combination.

use super::disk::{Disk, File, Inode};
use super::effect::Effect;
use super::record::Record;
use std::collections::BTreeMap;

/// Says who held it last: nobody's business either.
const LOCK: &str = "state.s3sync.lock";

/// Of so many calls every combination is tried; of more, as many as that are, by the toss of a coin.
const FEW: usize = 7;

/// What a medium writes as a whole.
const SECTOR_BYTES: usize = 512;

/// One disk as it may be found after a power cut.
#[derive(Clone)]
pub(crate) struct Image {
    pub(crate) disk: Disk,
    /// The last stop that may leave it.
    pub(crate) stop: usize,
    /// What the bucket held when the power went.
    pub(crate) moment: usize,
    pub(crate) label: String,
}

/// What becomes of the calls that nothing made last.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Loose {
    Kept,
    Lost,
    AllBut(usize),
    Only(usize),
    /// All are kept, but of this write half is there.
    Torn(usize),
    /// Names, lengths, modes and times are kept, and no byte.
    Zeros,
    /// Names are kept, and nothing that is in the files.
    Empty,
    /// Of the first 64 these are kept, by their bits.
    These(u64),
}

/// All images of a run, each once for every state of the bucket, as `moment` numbers them.
pub(crate) fn all(record: &Record, moment: impl Fn(f64) -> usize) -> Vec<Image> {
    let mut images: BTreeMap<(BTreeMap<String, File>, usize), Image> = BTreeMap::new();
    for (stop, time) in &record.stops {
        let is_loose = |at: &usize| {
            let op = &record.ops[*at];
            op.done <= *stop && op.lasts.is_none_or(|lasts| lasts > *stop)
        };
        let loose: Vec<usize> = (0..record.ops.len()).filter(is_loose).collect();
        let mut fates = vec![Loose::Kept, Loose::Lost, Loose::Zeros, Loose::Empty];
        fates.extend(
            loose
                .iter()
                .flat_map(|at| [Loose::AllBut(*at), Loose::Only(*at)]),
        );
        fates.extend(loose.iter().map(|at| Loose::Torn(*at)));
        fates.extend((0..1 << loose.len().min(FEW)).map(|n: u64| {
            let is_few = loose.len() <= FEW;
            Loose::These(if is_few {
                n
            } else {
                toss(*stop as u64 * 1000 + n)
            })
        }));
        for fate in fates {
            let Some(disk) = build(record, *stop, &loose, fate) else {
                continue;
            };
            let moment = moment(*time);
            let label = format!("at {stop}, {}", name(record, fate));
            let image = Image {
                disk,
                stop: *stop,
                moment,
                label,
            };
            let same = images.entry((essence(&image.disk), moment));
            same.or_insert(image).stop = *stop;
        }
    }
    let mut images: Vec<Image> = images.into_values().collect();
    images.sort_by(|a, b| (a.moment, &a.label).cmp(&(b.moment, &b.label)));
    images
}

fn name(record: &Record, fate: Loose) -> String {
    let op = |at: usize| &record.ops[at].text;
    match fate {
        Loose::Kept => "all kept".to_owned(),
        Loose::Lost => "all lost that was not synced".to_owned(),
        Loose::AllBut(at) => format!("lost but this: {}", op(at)),
        Loose::Only(at) => format!("lost of it only this: {}", op(at)),
        Loose::Torn(at) => format!("torn: {}", op(at)),
        Loose::Zeros => "zeros for all bytes that were not synced".to_owned(),
        Loose::Empty => "names kept, bytes lost".to_owned(),
        Loose::These(bits) => format!("kept of it these: {bits:b}"),
    }
}

/// What tells images apart: a file that is still being written is nobody's business.
fn essence(disk: &Disk) -> BTreeMap<String, File> {
    let essential = |(path, inode): (String, Inode)| {
        let is_scratch = is_partial(&path) || path == LOCK;
        let file = if is_scratch {
            File::default()
        } else {
            disk.files[&inode].clone()
        };
        (path, file)
    };
    disk.tree().into_iter().map(essential).collect()
}

/// Whether a path is that of a download under way.
pub(crate) fn is_partial(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.strip_prefix(".s3bsync-tmp-")
        .is_some_and(|rest| !rest.contains('-'))
}

/// The disk with nothing but what lasts.
pub(crate) fn lost(record: &Record, stop: usize) -> Disk {
    let is_loose = |at: &usize| record.ops[*at].lasts.is_none_or(|lasts| lasts > stop);
    let loose: Vec<usize> = (0..record.ops.len()).filter(is_loose).collect();
    build(record, stop, &loose, Loose::Lost).expect("nothing is torn")
}

/// The disk with all that was written.
pub(crate) fn kept(record: &Record, stop: usize) -> Disk {
    build(record, stop, &[], Loose::Kept).expect("nothing is torn")
}

fn build(record: &Record, stop: usize, loose: &[usize], fate: Loose) -> Option<Disk> {
    let mut disk = record.before.clone();
    for (at, op) in record.ops.iter().enumerate() {
        if op.done > stop {
            break;
        }
        let place = loose.iter().position(|other| *other == at);
        let is_loose = place.is_some();
        let is_kept = !is_loose
            || match fate {
                Loose::Kept | Loose::Torn(_) | Loose::Zeros => true,
                Loose::Lost => false,
                Loose::AllBut(other) => at != other,
                Loose::Only(other) => at == other,
                Loose::Empty => matches!(op.effect, Effect::Names { .. }),
                Loose::These(bits) => place.is_some_and(|n| n < 64 && bits >> n & 1 == 1),
            };
        if !is_kept || !op.effect.is_fit_for(&disk) {
            continue;
        }
        let is_torn = fate == Loose::Torn(at) || (is_loose && fate == Loose::Zeros);
        match &op.effect {
            Effect::Write { file, at, bytes } if is_torn => {
                let held = disk.files.get(file).map_or(0, |held| held.bytes.len());
                let end = at + bytes.len();
                // Within what is there already a sector is written as a whole.
                if end <= held && at / SECTOR_BYTES == (end - 1) / SECTOR_BYTES {
                    return None;
                }
                let half = match fate {
                    Loose::Zeros => vec![0; bytes.len()],
                    _ => bytes[..bytes.len() / 2].to_vec(),
                };
                let torn = Effect::Write {
                    file: *file,
                    at: *at,
                    bytes: half,
                };
                torn.apply(&mut disk, op.time);
            }
            _ if fate == Loose::Torn(at) => return None,
            effect => effect.apply(&mut disk, op.time),
        }
    }
    Some(disk)
}

/// Coins that fall the same way in every run.
fn toss(seed: u64) -> u64 {
    let mixed = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9)
}
