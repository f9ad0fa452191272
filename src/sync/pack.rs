//! A decided item as bytes and back, for as long as a run lasts: no other version reads them.

use crate::draft::{Decided, Outcome};
use crate::format::journal::{Entry, encode_entry, read_entry};
use crate::key::Key;
use crate::plan::{Item, Readability};
use crate::reconcile::{Action, Settlement};
use crate::stamp::{ETag, LocalStamp, RemoteStamp};
use crate::state::{Change, Content, Holding, MapId, Record};
use std::io;

const ACTIONS: [Action; 8] = [
    Action::Keep,
    Action::Adopt,
    Action::Forget,
    Action::Upload,
    Action::Download,
    Action::DeleteLocal,
    Action::DeleteRemote,
    Action::Meet,
];
const SETTLEMENTS: [Settlement; 4] = [
    Settlement::LocalWins,
    Settlement::RemoteWins,
    Settlement::KeepBoth,
    Settlement::Leave,
];
const READABILITIES: [Readability; 4] = [
    Readability::Readable,
    Readability::Archived,
    Readability::Restoring,
    Readability::Sealed,
];

/// The bytes of a decided item.
///
/// # Errors
/// [`io::Error`] when its record has no encoding.
pub(super) fn packed(one: &Decided) -> io::Result<Vec<u8>> {
    let Decided { item, outcome } = one;
    let mut out = Packer(Vec::with_capacity(256));
    out.bytes(item.key.as_bytes());
    out.optional(item.base.as_ref(), |out, base| out.record(base))?;
    out.optional(item.local.as_ref(), |out, local| {
        out.number(local.size_bytes);
        out.number(local.mtime_ns.cast_unsigned());
        out.number(local.ctime_ns.cast_unsigned());
        out.number(local.inode);
        Ok(())
    })?;
    out.optional(item.remote.as_ref(), |out, remote| {
        match &remote.etag {
            ETag::Md5(sum) => out.bytes(sum),
            ETag::Other(text) => {
                // No sum has this length.
                out.bytes(&[]);
                out.bytes(text.as_bytes());
            }
        }
        out.number(remote.size_bytes);
        out.number(remote.modified_ms.cast_unsigned());
        out.text(remote.version.as_deref())
    })?;
    out.code(item.readability, &READABILITIES)?;
    out.text(item.class.as_deref())?;
    match outcome {
        Outcome::Stay => out.0.push(0),
        Outcome::Clear => out.0.push(1),
        Outcome::Emptied => out.0.push(2),
        Outcome::Conflict(settlement) => {
            out.0.push(3);
            out.code(*settlement, &SETTLEMENTS)?;
        }
        Outcome::Law(action, holding) => {
            out.0.push(4);
            out.code(*action, &ACTIONS)?;
            // What the object holds is part of a record that is adopted, and of nothing else.
            let told = item.remote.clone().filter(|_| *action == Action::Adopt);
            let told = told.filter(|_| *holding != Holding::plain(Content::Unknown));
            let told = told.map(|remote| Record {
                key: item.key.clone(),
                local: item.local,
                remote,
                content: holding.content,
                encoding: holding.encoding,
                parts: None,
            });
            out.optional(told.as_ref(), Packer::record)?;
        }
    }
    Ok(out.0)
}

struct Packer(Vec<u8>);

impl Packer {
    fn number(&mut self, number: u64) {
        self.0.extend(number.to_le_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.extend(bytes);
    }

    fn optional<T: ?Sized>(
        &mut self,
        value: Option<&T>,
        put: impl FnOnce(&mut Self, &T) -> io::Result<()>,
    ) -> io::Result<()> {
        self.0.push(value.is_some().into());
        value.map_or(Ok(()), |value| put(self, value))
    }

    fn text(&mut self, text: Option<&str>) -> io::Result<()> {
        self.optional(text, |out, text| {
            out.bytes(text.as_bytes());
            Ok(())
        })
    }

    fn record(&mut self, record: &Record) -> io::Result<()> {
        let change = Change::Upsert(record.clone());
        let entry = encode_entry(MapId([0; 8]), &change).map_err(io::Error::other)?;
        self.bytes(&entry);
        Ok(())
    }

    fn code<T: Copy + PartialEq>(&mut self, value: T, all: &[T]) -> io::Result<()> {
        let code = all.iter().position(|one| *one == value);
        let code = code.and_then(|code| u8::try_from(code).ok());
        self.0.push(code.ok_or_else(broken)?);
        Ok(())
    }
}

/// The decided item that these bytes are.
///
/// # Errors
/// [`io::Error`] when they are not what [`packed`] makes.
pub(super) fn unpacked(bytes: &[u8]) -> io::Result<Decided> {
    let mut left = Unpacker(bytes);
    let key = left.key()?;
    let base = left.optional(Unpacker::record)?.map(Box::new);
    let local = left.optional(|left| {
        Ok(LocalStamp {
            size_bytes: left.number()?,
            mtime_ns: left.number()?.cast_signed(),
            ctime_ns: left.number()?.cast_signed(),
            inode: left.number()?,
        })
    })?;
    let remote = left.optional(|left| {
        let etag = match left.bytes()? {
            [] => ETag::Other(left.str()?.into()),
            sum => ETag::Md5(sum.try_into().map_err(|_| broken())?),
        };
        Ok(RemoteStamp {
            etag,
            size_bytes: left.number()?,
            modified_ms: left.number()?.cast_signed(),
            version: left.text()?,
        })
    })?;
    let readability = left.code(&READABILITIES)?;
    let class = left.text()?;
    let outcome = match left.byte()? {
        0 => Outcome::Stay,
        1 => Outcome::Clear,
        2 => Outcome::Emptied,
        3 => Outcome::Conflict(left.code(&SETTLEMENTS)?),
        _ => {
            let action = left.code(&ACTIONS)?;
            let told = left.optional(Unpacker::record)?;
            let holding = told.map(|record| Holding {
                content: record.content,
                encoding: record.encoding,
            });
            Outcome::Law(action, holding.unwrap_or(Holding::plain(Content::Unknown)))
        }
    };
    let item = Item {
        key,
        base,
        local,
        remote,
        readability,
        class,
    };
    Ok(Decided { item, outcome })
}

struct Unpacker<'a>(&'a [u8]);

impl<'a> Unpacker<'a> {
    fn take(&mut self, length: usize) -> io::Result<&'a [u8]> {
        let (taken, left) = self.0.split_at_checked(length).ok_or_else(broken)?;
        self.0 = left;
        Ok(taken)
    }

    fn byte(&mut self) -> io::Result<u8> {
        Ok(self.take(1)?[0])
    }

    fn number(&mut self) -> io::Result<u64> {
        let bytes = self.take(8)?.try_into().map_err(|_| broken())?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn bytes(&mut self) -> io::Result<&'a [u8]> {
        let length = usize::try_from(self.number()?).map_err(|_| broken())?;
        self.take(length)
    }

    fn str(&mut self) -> io::Result<&'a str> {
        std::str::from_utf8(self.bytes()?).map_err(|_| broken())
    }

    fn key(&mut self) -> io::Result<Key> {
        Key::from_bytes(self.bytes()?).map_err(|_| broken())
    }

    fn optional<T>(
        &mut self,
        take: impl FnOnce(&mut Self) -> io::Result<T>,
    ) -> io::Result<Option<T>> {
        match self.byte()? {
            0 => Ok(None),
            _ => take(self).map(Some),
        }
    }

    fn text(&mut self) -> io::Result<Option<Box<str>>> {
        self.optional(|left| left.str().map(Into::into))
    }

    fn record(&mut self) -> io::Result<Record> {
        match read_entry(self.bytes()?) {
            Ok(Entry::Change(_, Change::Upsert(record))) => Ok(record),
            Ok(_) => Err(broken()),
            Err(error) => Err(io::Error::other(error)),
        }
    }

    fn code<T: Copy>(&mut self, all: &[T]) -> io::Result<T> {
        all.get(usize::from(self.byte()?))
            .copied()
            .ok_or_else(broken)
    }
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "an entry set aside is damaged")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Encoding;

    fn item(base: Option<Box<Record>>) -> Item {
        Item {
            key: Key::parse("d/e\u{301}").unwrap(),
            local: Some(LocalStamp {
                size_bytes: u64::MAX,
                mtime_ns: -1,
                ctime_ns: 0,
                inode: 7,
            }),
            remote: Some(RemoteStamp {
                etag: ETag::Other("x-2".into()),
                size_bytes: 3,
                modified_ms: -5,
                version: Some("v".into()),
            }),
            readability: Readability::Restoring,
            class: Some("GLACIER".into()),
            base,
        }
    }

    #[test]
    fn what_was_packed_is_unpacked_as_it_was() {
        let record = Record {
            key: Key::parse("d/e\u{301}").unwrap(),
            local: item(None).local.map(|local| LocalStamp {
                size_bytes: 3,
                ..local
            }),
            remote: RemoteStamp {
                etag: ETag::Md5([9; 16]),
                size_bytes: 3,
                modified_ms: 5,
                version: None,
            },
            content: Content::Blake3([7; 20]),
            encoding: Encoding::Plain,
            parts: None,
        };
        let bare = Item {
            local: None,
            remote: None,
            class: None,
            ..item(None)
        };
        let holding = Holding::plain(Content::Unknown);
        let told = Holding {
            content: record.content,
            encoding: record.encoding,
        };
        let adopted = Item {
            local: record.local,
            remote: Some(record.remote.clone()),
            ..item(Some(Box::new(record.clone())))
        };
        let mut all = vec![Decided {
            item: adopted,
            outcome: Outcome::Law(Action::Adopt, told),
        }];
        let outcomes = [Outcome::Stay, Outcome::Clear, Outcome::Emptied];
        let laws = ACTIONS.map(|action| Outcome::Law(action, holding));
        let conflicts = SETTLEMENTS.map(Outcome::Conflict);
        for outcome in outcomes.into_iter().chain(laws).chain(conflicts) {
            for item in [bare.clone(), item(Some(Box::new(record.clone())))] {
                all.push(Decided { item, outcome });
            }
        }
        for one in all {
            let bytes = packed(&one).unwrap();
            assert_eq!(unpacked(&bytes).unwrap(), one);
            for cut in 0..bytes.len() {
                assert!(unpacked(&bytes[..cut]).is_err());
            }
        }
    }
}
