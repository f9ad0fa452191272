//! `targets`: which maps there are. Reads the state file, takes no lock and changes nothing.

use super::dump::settings_json;
use super::init::Error;
use crate::cli::{Form, Targets};
use crate::key::Shown;
use crate::local::RecoveryRun;
use crate::state::{Bucket, DirMap, Direction, Encryption, State};
use crate::store::{Mode, Store};
use serde_json::Value;

/// The maps as text, a line each, or as one JSON array of what a dump says of their settings.
///
/// # Errors
/// What opening the state file gives.
pub fn targets(asked: &Targets, now_ms: i64) -> Result<String, Error> {
    let store = Store::open(&asked.file, Mode::ReadOnly, RecoveryRun::at(now_ms).name())?;
    let state = store.state();
    let mut text = match asked.form {
        Form::Text => lines(state),
        Form::Json => {
            let maps = state
                .maps()
                .map(|(bucket, map)| settings_json(store.version(), bucket, map));
            Value::Array(maps.collect()).to_string()
        }
    };
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}

fn lines(state: &State) -> String {
    let rows: Vec<[String; 4]> = state.maps().map(|(bucket, map)| row(bucket, map)).collect();
    let width = |column: usize| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or(0)
    };
    let (names, paths) = (width(0), width(1));
    let line = |[name, path, way, rest]: &[String; 4]| {
        format!("{name:names$}  {path:paths$}  {way:3}  {rest}\n")
    };
    rows.iter().map(line).collect::<Vec<_>>().concat()
}

/// Name, path, the way that changes go, and the address with what is put around the files.
fn row(bucket: &Bucket, map: &DirMap) -> [String; 4] {
    let way = match map.direction {
        Direction::Both => "<->",
        Direction::Push => "->",
        Direction::PushMirror => "=>",
        Direction::Pull => "<-",
        Direction::PullMirror => "<=",
    };
    let gzip = (map.gzip_level > 0).then(|| format!("gzip {}", map.gzip_level));
    let age = (map.encryption != Encryption::None).then(|| "age".to_owned());
    let around: Vec<_> = gzip.into_iter().chain(age).collect();
    let uri = map.uri(&bucket.name);
    let address = match &around[..] {
        [] => Shown(&uri).to_string(),
        around => format!("{}  ({})", Shown(&uri), around.join(", ")),
    };
    [
        Shown(&map.name).to_string(),
        Shown(&map.path).to_string(),
        way.to_owned(),
        address,
    ]
}
