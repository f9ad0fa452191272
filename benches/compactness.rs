//! What a record costs in bytes: in our state file, in the shapes that others use, and field by
//! field. Fails if it is more than the goal.

mod peers;

use peers::Measured;
use s3_bsync::format::{Annotated, Section};
use s3_bsync_benches::{encode, tree};
use std::error::Error;
use std::process::ExitCode;

const RECORDS: usize = 80_000;
const GOAL_TENTHS: usize = 620;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let records: Vec<_> = tree::records(RECORDS).collect();
    let key_bytes = records
        .iter()
        .map(|record| record.key.as_bytes().len())
        .sum();
    let state = encode(Vec::new(), &records)?;
    println!(
        "{} records, keys of {} bytes on average\n",
        records.len(),
        per_record(key_bytes)
    );
    print_peers(&state, &peers::measure(&records, &state)?);
    print_fields(&state)?;
    let is_met = tenths(state.len()) <= GOAL_TENTHS;
    println!(
        "\ngoal: at most {} bytes a record: {}",
        GOAL_TENTHS / 10,
        if is_met { "met" } else { "missed" }
    );
    Ok(if is_met {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn print_peers(state: &[u8], peers: &[(&str, Measured)]) {
    println!(
        "{:<44} {:>11} {:>8} {:>8}",
        "file", "bytes", "a record", "to ours"
    );
    let ours = [("state v2", Measured::Bytes(state.len()))];
    for (name, measured) in ours.iter().chain(peers) {
        match measured {
            Measured::Bytes(bytes) => println!(
                "{name:<44} {bytes:>11} {:>8} {:>8}",
                per_record(*bytes),
                decimal(bytes * 100 / state.len(), 2)
            ),
            Measured::Missing(program) => {
                println!("{name:<44} needs {program}, not on this machine");
            }
        }
    }
}

/// A field's name, how often it occurs and its bytes in all.
struct Cost {
    name: &'static str,
    times: usize,
    bytes: usize,
}

fn print_fields(state: &[u8]) -> Result<(), Box<dyn Error>> {
    let mut costs: Vec<Cost> = Vec::new();
    let mut other_bytes = 0;
    for part in Annotated::new(state) {
        let part = part?;
        if part.section != Section::Objects {
            other_bytes += part.bytes.len();
            continue;
        }
        for field in part.fields.iter().filter(|field| field.length > 0) {
            let known = costs.iter_mut().find(|cost| cost.name == field.name);
            if let Some(cost) = known {
                cost.times += 1;
                cost.bytes += field.length;
            } else {
                costs.push(Cost {
                    name: field.name,
                    times: 1,
                    bytes: field.length,
                });
            }
        }
    }
    println!(
        "\n{:<44} {:>11} {:>8} {:>8}",
        "field", "times", "a record", "share"
    );
    for cost in &costs {
        println!(
            "{:<44} {:>11} {:>8} {:>6} %",
            cost.name,
            cost.times,
            decimal(cost.bytes * 100 / RECORDS, 2),
            decimal(cost.bytes * 1000 / state.len(), 1)
        );
    }
    println!(
        "{:<44} {:>11} {:>8}",
        "blocks without records, bytes in all", "", other_bytes
    );
    let field_bytes: usize = costs.iter().map(|cost| cost.bytes).sum();
    assert_eq!(
        field_bytes + other_bytes,
        state.len(),
        "every byte is in one field"
    );
    Ok(())
}

fn tenths(bytes: usize) -> usize {
    (bytes * 10).div_ceil(RECORDS)
}

fn per_record(bytes: usize) -> String {
    decimal(tenths(bytes), 1)
}

/// A number of tenths, hundredths ... with its point.
fn decimal(number: usize, places: u32) -> String {
    let unit = 10_usize.pow(places);
    let width = places as usize;
    format!("{}.{:0width$}", number / unit, number % unit)
}
