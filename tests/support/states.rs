//! Arbitrary states and records, and the two directions of the codec over plain bytes.
#![allow(dead_code, reason = "each test file uses its part")]

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use s3_bsync::format::journal::{Intent, Origin};
use s3_bsync::format::{ReadError, Reader, WriteError, Writer};
use s3_bsync::key::Key;
use s3_bsync::stamp::{ETag, LocalStamp, RemoteStamp};
use s3_bsync::state::{
    Access, Addressing, Bucket, Capabilities, Change, ConflictPolicy, Content, DirMap, Direction,
    Encoding, Encryption, KeepSize, Limit, Links, MAX_KEEP_DAYS, MapId, Modes, Parts, Record,
    Recursion, ReplicaId, RootId, State,
};
use std::io::Cursor;

/// A state with each map's records, in the order of [`State::maps`].
pub(crate) type Full = (State, Vec<Vec<Record>>);

pub(crate) fn encode(full: &Full) -> Result<Vec<u8>, WriteError> {
    let mut writer = Writer::new(Vec::new(), &full.0)?;
    for (map, records) in full.1.iter().enumerate() {
        writer.start_map(map)?;
        for record in records {
            writer.push(record)?;
        }
    }
    writer.finish()
}

pub(crate) fn decode(bytes: &[u8]) -> Result<Full, ReadError> {
    let mut reader = Reader::open(Cursor::new(bytes))?;
    let state = reader.state().clone();
    let maps = (0..state.maps().count())
        .map(|map| reader.records(map)?.collect())
        .collect::<Result<_, _>>()?;
    Ok((state, maps))
}

pub(crate) fn key() -> impl Strategy<Value = Key> {
    let component = prop_oneof![
        8 => "[abc]{1,3}",
        2 => "[ .~x\u{e9}\u{1f600}\t-]{1,4}",
        1 => "z{240,255}",
    ];
    vec(component, 1..4).prop_filter_map("a key", |parts| Key::parse(&parts.join("/")).ok())
}

pub(crate) fn etag() -> impl Strategy<Value = ETag> {
    prop_oneof![
        6 => any::<[u8; 16]>().prop_map(ETag::Md5),
        2 => "[0-9a-f]{32}-[1-9][0-9]{0,3}".prop_map(|text| ETag::Other(text.into())),
        1 => Just(ETag::Other("".into())),
    ]
}

pub(crate) fn local() -> impl Strategy<Value = LocalStamp> {
    let time = prop_oneof![
        Just(0),
        Just(i64::MIN),
        Just(i64::MAX),
        -5_000_000_000..5_000_000_000_i64,
        any::<i64>(),
    ];
    let ctime = prop_oneof![Just(None), time.clone().prop_map(Some)];
    (number(), time, ctime, any::<u64>()).prop_map(|(size_bytes, mtime_ns, ctime, inode)| {
        LocalStamp {
            size_bytes: size_bytes >> (inode & 63),
            mtime_ns,
            ctime_ns: ctime.unwrap_or(mtime_ns),
            inode: inode >> (size_bytes & 63),
        }
    })
}

fn content() -> impl Strategy<Value = Content> {
    prop_oneof![
        Just(Content::Unknown),
        any::<[u8; 20]>().prop_map(Content::ByMd5),
        any::<[u8; 20]>().prop_map(Content::Blake3),
    ]
}

fn encoding() -> impl Strategy<Value = Encoding> {
    prop_oneof![
        Just(Encoding::Plain),
        Just(Encoding::Gzip),
        Just(Encoding::Age),
        Just(Encoding::GzipAge),
    ]
}

fn parts() -> impl Strategy<Value = Parts> {
    (5..=5120_u64, vec(any::<[u8; 16]>(), 1..5)).prop_map(|(mib, digests)| Parts {
        part_bytes: mib << 20,
        digests,
    })
}

/// A size or a generation.
fn number() -> impl Strategy<Value = u64> {
    0..=i64::MAX.cast_unsigned()
}

pub(crate) fn record_of(key: Key) -> impl Strategy<Value = Record> {
    let remote = (
        etag(),
        option::of(number()),
        any::<i64>(),
        option::of("[!-~]{1,40}"),
    );
    let rest = (content(), encoding(), option::weighted(0.1, parts()));
    (option::of(local()), remote, rest).prop_map(
        move |(local, (etag, size, modified_ms, version), (content, encoding, parts))| Record {
            key: key.clone(),
            local,
            remote: RemoteStamp {
                etag,
                size_bytes: size
                    .or(local.map(|stamp| stamp.size_bytes))
                    .unwrap_or_default(),
                modified_ms,
                version: version.map(Into::into),
            },
            content,
            encoding,
            parts,
        },
    )
}

pub(crate) fn records(most: usize) -> impl Strategy<Value = Vec<Record>> {
    btree_map(key(), Just(()), 0..=most)
        .prop_flat_map(|keys| keys.into_keys().map(record_of).collect::<Vec<_>>())
}

pub(crate) fn intent() -> impl Strategy<Value = Intent> {
    let origin = prop_oneof![
        any::<u64>().prop_map(|crc64| Origin::Sent { crc64 }),
        key().prop_map(Origin::Copied),
    ];
    let record = key().prop_flat_map(record_of);
    (record, any::<[u8; 16]>(), origin).prop_map(|(record, write_id, origin)| Intent {
        record,
        write_id,
        origin,
    })
}

pub(crate) fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        key().prop_flat_map(record_of).prop_map(Change::Upsert),
        key().prop_map(Change::Remove),
    ]
}

fn capabilities() -> impl Strategy<Value = Capabilities> {
    any::<[bool; 12]>().prop_map(|[a, b, c, d, e, f, g, h, i, j, k, l]| Capabilities {
        put_if_absent: a,
        put_if_match: b,
        complete_if_absent: c,
        complete_if_match: d,
        copy_if_absent: e,
        copy_source_if_match: f,
        delete_if_match: g,
        batch_delete_if_match: h,
        part_copy: i,
        crc64_checked: j,
        bare_etags: k,
        versioned: l,
    })
}

fn encryption() -> impl Strategy<Value = Encryption> {
    let file = || option::of("/[a-z]{1,8}");
    prop_oneof![
        Just(Encryption::None),
        (vec("age1[a-z0-9]{1,20}", 0..3), file(), file()).prop_map(
            |(recipients, recipients_file, identity_file)| Encryption::Age {
                recipients,
                recipients_file,
                identity_file,
            }
        ),
        "[a-z@.]{0,12}".prop_map(|email| Encryption::RecipientMissing { email }),
    ]
}

fn limit() -> impl Strategy<Value = Limit> {
    prop_oneof![
        number().prop_map(Limit::Count),
        (0..=100_u8).prop_map(Limit::Percent),
    ]
}

fn keep_size() -> impl Strategy<Value = KeepSize> {
    prop_oneof![
        Just(KeepSize::Default),
        number().prop_map(KeepSize::Bytes),
        (0..=100_u8).prop_map(KeepSize::Percent),
    ]
}

fn dir_map() -> impl Strategy<Value = DirMap> {
    let names = (
        "[a-z \u{e9}]{0,8}",
        "(/[a-z]{1,5}){1,3}|/",
        "([a-z]{1,5}(/[a-z]{1,3})?)?",
        option::of("[A-Z_]{1,12}"),
    );
    let policies = (
        prop_oneof![
            Just(ConflictPolicy::Newer),
            Just(ConflictPolicy::KeepBoth),
            Just(ConflictPolicy::Local),
            Just(ConflictPolicy::Remote),
            Just(ConflictPolicy::Ask),
        ],
        prop_oneof![
            Just(Direction::Both),
            Just(Direction::Push),
            Just(Direction::PushMirror),
            Just(Direction::Pull),
            Just(Direction::PullMirror),
        ],
        prop_oneof![Just(Recursion::Recursive), Just(Recursion::TopOnly)],
        prop_oneof![Just(Links::Skip), Just(Links::FollowInside)],
        prop_oneof![Just(Modes::Leave), Just(Modes::Keep)],
        encryption(),
    );
    let numbers = (
        0..=11_u8,
        0..=MAX_KEEP_DAYS,
        number(),
        option::of((any::<u64>(), any::<u64>())),
        keep_size(),
        option::of(limit()),
    );
    (names, policies, numbers).prop_map(|(names, policies, numbers)| DirMap {
        id: MapId([0; 8]),
        name: names.0,
        path: names.1,
        prefix: names.2,
        storage_class: names.3,
        conflict: policies.0,
        direction: policies.1,
        recursion: policies.2,
        links: policies.3,
        modes: policies.4,
        encryption: policies.5,
        gzip_level: numbers.0,
        keep_days: numbers.1,
        keep_size: numbers.4,
        max_replace: numbers.5,
        generation: numbers.2,
        root: numbers.3.map(|(device, inode)| RootId { device, inode }),
    })
}

fn bucket() -> impl Strategy<Value = Bucket> {
    let access = (
        option::of("https://[a-z]{1,9}"),
        option::of("[a-z0-9-]{1,9}"),
        option::of("[a-z]{1,9}"),
        prop_oneof![Just(Addressing::VirtualHost), Just(Addressing::Path)],
    );
    let maps = vec(dir_map(), 0..3);
    ("[a-z0-9.-]{1,9}", access, option::of(capabilities()), maps).prop_map(
        |(name, (endpoint, region, profile, addressing), capabilities, maps)| Bucket {
            name,
            access: Access {
                endpoint,
                region,
                profile,
                addressing,
            },
            capabilities,
            maps,
        },
    )
}

pub(crate) fn state() -> impl Strategy<Value = State> {
    (
        any::<[u8; 16]>(),
        number(),
        any::<u64>(),
        vec(bucket(), 0..3),
    )
        .prop_map(|(replica, generation, synced_ms, mut buckets)| {
            let maps = buckets.iter_mut().flat_map(|bucket| &mut bucket.maps);
            for (n, map) in maps.enumerate() {
                map.id = MapId((n as u64 + 1).to_le_bytes());
            }
            State {
                replica: ReplicaId(replica),
                generation,
                synced_ms,
                buckets,
            }
        })
}

/// A state whose maps have at most `most` records each.
pub(crate) fn full(most: usize) -> impl Strategy<Value = Full> {
    state().prop_flat_map(move |state| {
        let maps: Vec<_> = state.maps().map(|_| records(most)).collect();
        (Just(state), maps)
    })
}

/// One map at `/home/ann/docs` for `s3://bucket/docs`.
pub(crate) fn one_map() -> State {
    State {
        replica: ReplicaId(*b"0123456789abcdef"),
        generation: 7,
        synced_ms: 1_700_000_000_000,
        buckets: vec![Bucket {
            name: "bucket".to_owned(),
            access: Access::default(),
            capabilities: None,
            maps: vec![DirMap {
                id: MapId(*b"mapmapma"),
                name: "docs".to_owned(),
                path: "/home/ann/docs".to_owned(),
                prefix: "docs".to_owned(),
                recursion: Recursion::Recursive,
                links: Links::Skip,
                modes: Modes::Leave,
                gzip_level: 0,
                encryption: Encryption::None,
                storage_class: None,
                conflict: ConflictPolicy::Newer,
                direction: Direction::Both,
                keep_days: 30,
                keep_size: KeepSize::Default,
                max_replace: None,
                generation: 3,
                root: Some(RootId {
                    device: 2049,
                    inode: 131_073,
                }),
            }],
        }],
    }
}

/// The `n`th of many records as a source tree has them.
pub(crate) fn plain_record(n: u64) -> Record {
    let mtime_ns = 1_700_000_000_000_000_000 + i64::try_from(n).unwrap() * 1_234_567;
    let mut digest = [0; 16];
    digest[..8].copy_from_slice(&n.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes());
    digest[8..].copy_from_slice(&n.wrapping_mul(0xC2B2_AE3D_27D4_EB4F).to_be_bytes());
    let name = format!(
        "drivers/subsystem-{:03}/component-{:04}/file-{n:09}.c",
        n / 1000,
        n / 20
    );
    let size_bytes = 100 + n.wrapping_mul(7919) % 60_000;
    Record {
        key: Key::parse(&name).unwrap(),
        local: Some(LocalStamp {
            size_bytes,
            mtime_ns,
            ctime_ns: mtime_ns + 1_000_000,
            inode: 1_000_000 + n,
        }),
        remote: RemoteStamp {
            etag: ETag::Md5(digest),
            size_bytes,
            modified_ms: 1_700_000_100_000 + i64::try_from(n).unwrap() / 50 * 1000,
            version: None,
        },
        content: Content::Blake3(std::array::from_fn(|at| digest[at % 16])),
        encoding: Encoding::Plain,
        parts: None,
    }
}
