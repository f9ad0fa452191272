//! How fast a state file is written, read and searched, and a journal replayed: records a second on
//! one core, checksums included, from and to real files.

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use s3_bsync::format::Reader;
use s3_bsync::format::journal::{Replay, encode_entry, encode_header};
use s3_bsync::state::{Change, Record};
use s3_bsync_benches::{encode, settings, tree};
use std::fs::File;
use std::hint::black_box;
use std::io::{BufReader, BufWriter, Cursor, Read, Seek, Write};
use std::path::Path;
use std::time::Duration;
use tempfile::NamedTempFile;

const COUNTS: [usize; 3] = [1_000, 100_000, 5_000_000];

fn create(path: &Path) -> BufWriter<File> {
    BufWriter::new(File::create(path).unwrap())
}

/// Bytes of all objects, so that every record is looked at.
fn decode(source: impl Read + Seek) -> u64 {
    let mut reader = Reader::open(source).unwrap();
    let records = reader.records(0).unwrap();
    records
        .map(|record| record.unwrap().remote.size_bytes)
        .sum()
}

fn replay(path: &Path) -> usize {
    let input = BufReader::new(File::open(path).unwrap());
    let entries = Replay::open(input).unwrap();
    entries
        .inspect(|entry| assert!(black_box(entry).is_ok()))
        .count()
}

fn group(criterion: &mut Criterion, count: usize) -> BenchmarkGroup<'_, WallTime> {
    let mut group = criterion.benchmark_group(format!("{count} records"));
    group.throughput(Throughput::Elements(count as u64));
    group.sample_size(10);
    group.measurement_time(Duration::from_secs(5));
    group
}

/// Comes before all that keeps records in memory, so that what it prints is its own.
fn decoding(criterion: &mut Criterion) {
    for count in COUNTS {
        let file = NamedTempFile::new().unwrap();
        let out = encode(create(file.path()), tree::records(count)).unwrap();
        out.into_inner().unwrap();
        group(criterion, count).bench_function("decode a file", |bench| {
            bench.iter(|| decode(file.as_file()));
        });
        print_peak_memory();
    }
}

fn the_rest(criterion: &mut Criterion) {
    for count in COUNTS {
        let records: Vec<_> = tree::records(count).collect();
        let state = NamedTempFile::new().unwrap();
        let out = encode(create(state.path()), &records).unwrap();
        out.into_inner().unwrap();
        let bytes = std::fs::read(state.path()).unwrap();
        let mut group = group(criterion, count);
        group.bench_function("decode", |bench| {
            bench.iter(|| decode(Cursor::new(&bytes)));
        });
        drop(bytes);
        group.bench_function("encode", |bench| {
            bench.iter(|| {
                let out = encode(create(state.path()), &records);
                out.unwrap().flush().unwrap();
            });
        });
        let journal = NamedTempFile::new().unwrap();
        write_journal(journal.path(), &records);
        group.bench_function("replay", |bench| {
            bench.iter(|| assert_eq!(replay(journal.path()), count));
        });
        let mut reader = Reader::open(File::open(state.path()).unwrap()).unwrap();
        let mut some = records.iter().step_by(count / 97).cycle();
        group.throughput(Throughput::Elements(1));
        group.bench_function("find one key", |bench| {
            bench.iter(|| {
                let key = &some.next().unwrap().key;
                assert!(reader.find(0, key).unwrap().is_some());
            });
        });
    }
}

fn write_journal(path: &Path, records: &[Record]) {
    let mut out = create(path);
    let settings = settings();
    let map = settings.buckets[0].maps[0].id;
    out.write_all(&encode_header(settings.replica, settings.generation).unwrap())
        .unwrap();
    for record in records {
        let entry = encode_entry(map, &Change::Upsert(record.clone())).unwrap();
        out.write_all(&entry).unwrap();
    }
    out.flush().unwrap();
}

/// The most memory that the process has had so far, where the system tells.
fn print_peak_memory() {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(peak) = status.lines().find(|line| line.starts_with("VmHWM")) {
        println!(
            "peak memory so far: {}\n",
            peak.trim_start_matches("VmHWM:").trim()
        );
    }
}

criterion_group!(benches, decoding, the_rest);
criterion_main!(benches);
