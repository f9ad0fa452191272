"""Vectors of journals."""
from layout import (
    BUCKET, FIRST, IDENTITY, OBJECTS, PLAIN, T, Bad, File, bucket_fields, i64, record, text, u32, u64, u8, varint)

MAP_ID = (b"mapmapma", "map id")
UPSERT = [(u8(1), "type: upsert"), MAP_ID, *record(FIRST)]
UPLOAD = dict(
    shared=varint(0), rest=text("big.iso"), upload=(text("upload-id"), "upload id"),
    part_size=(varint(8), "part size, MiB"), size=(varint(200 << 30), "local size"), mtime=(i64(T), "mtime, ns"),
    ctime=(i64(T + 1), "ctime, ns"), inode=(u64(4712), "inode"), write=(b"write-id-16bytes", "write id"))


def removal(shared=varint(0), key=text("z")):
    return [(u8(2), "type: removal"), MAP_ID, (shared, "shared bytes"), (key, "rest of the key")]


def upload(**changes):
    fields = {**UPLOAD, **{name: (data, UPLOAD[name][1]) for name, data in changes.items()}}
    key = [(fields.pop("shared"), "shared bytes"), (fields.pop("rest"), "rest of the key")]
    return [(u8(3), "type: upload"), MAP_ID, *key, *fields.values()]


def intent(origin=(u8(0), "origin: sent"), rest=((u64(0x0123456789ABCDEF), "CRC-64"),)):
    return [(u8(4), "type: intent"), MAP_ID, *record(FIRST), UPLOAD["write"], origin, *rest]


def copied(shared=varint(0), key=text("z")):
    return intent((u8(1), "origin: copied"), [(shared, "shared bytes"), (key, "rest of the key")])


def journal(signature=b"\x9d\x9f\x4a\x33", version=u8(2), generation=u64(7), **bad):
    out = File([(signature, "signature"), (version, "version")])
    return out.block(IDENTITY, [(b"0123456789abcdef", "replica"), (generation, "generation")], **bad)


def entries(*all, **bad):
    """A journal of these entries, the last of them with what is bad."""
    out = journal()
    for n, fields in enumerate(all):
        out.block(OBJECTS, fields, name="entry", **(bad if n == len(all) - 1 else {}))
    return out


def save(out, name, expect, why): out.save("journal-" + name, expect, "journal", why)


def write():
    whole = entries(UPSERT, removal(), upload())
    save(whole, "ok", "3 entries", "an upsert, a removal and an upload")
    save(entries(intent(), copied()), "intents", "2 entries", "objects that are about to be sent and copied")
    save(journal(), "empty", "0 entries", "a journal may hold nothing yet")
    save(entries(removal(), UPSERT, removal(key=text("notes/a.txt"))), "later", "3 entries",
         "entries need no order, and a later one for a key counts before an earlier")
    beginnings()
    ends()
    contents()


def beginnings():
    save(journal(Bad(b"\x9d\x9f\x53\x33")), "magic", "BadMagic @", "a state file is no journal")
    save(journal(version=Bad(u8(1))), "version", "UnsupportedVersion @", "version 1 has no journal")
    save(journal(checksum=Bad(bytes(4))), "identity-checksum", "BadChecksum @", "whose a journal is must be certain")
    save(journal(generation=Bad(u64(2**63))), "limit-generation", "OverLimit @", "a generation is less than 2^63")
    torn = File([(b"\x9d\x9f\x4a\x33", "signature"), (u8(2), "version 2")])
    save(torn.put(u8(0x98) + u32(24) + b"0123", "a torn identity block").ends(), "torn-identity", "Truncated @",
         "a journal without an owner tells nothing")


def ends():
    one = "1 entries, "
    save(entries(UPSERT).put(u8(0x94) + u32(40)[:2], "a torn entry").ends(), "torn", one + "Truncated @",
         "what was whole before a torn entry counts")
    save(entries(UPSERT).put(u8(0x94), "a torn entry").ends(), "torn-byte", one + "Truncated @",
         "an entry that is a byte long is torn")
    save(entries(UPSERT).put(u8(0x94) + u32(11) + bytes(11) + bytes(4), "a torn entry").ends(), "torn-close",
         one + "Truncated @", "an entry that lacks a byte is torn")
    save(entries(UPSERT).put(Bad(bytes(3)), "zeroes that a file system left"), "zeroes", one + "UnexpectedTag @",
         "what a file system leaves behind a crash is no entry")
    save(entries(UPSERT).block(BUCKET, bucket_fields(), opening=Bad(u8(0x90))), "tag", one + "UnexpectedTag @",
         "entries are the only blocks that follow")
    save(entries(UPSERT).put(u8(0x94), "control byte").put(Bad(u32(262_145)), "length"), "length",
         one + "OverLimit @", "a length is checked before anything is done about it")
    save(entries(UPSERT, removal(), checksum=Bad(bytes(4))).block(OBJECTS, upload(), name="entry"), "checksum",
         one + "BadChecksum @", "nothing after a bad entry counts")


def contents():
    def bad(vector, expect, why, fields): save(entries(UPSERT, fields), vector, "1 entries, " + expect, why)

    bad("entry-type", "BadValue @", "entry types go from 1 to 4", [(Bad(u8(5)), "type 5"), MAP_ID])
    bad("entry-type-short", "BadValue @", "a type is looked at before what follows it", [(Bad(u8(0)), "type 0")])
    bad("trailing", "TrailingBytes @", "an entry holds its fields and nothing else",
        removal() + [(Bad(u8(0)), "one byte more")])
    bad("truncated", "Truncated @", "an entry holds all its fields", [(u8(2), "type: removal"), MAP_ID, (Bad(b""), "")])
    bad("key", "BadKey @", "a key never leaves its root", removal(Bad(varint(0)), text("../z")))
    bad("shared", "NonCanonical @", "an entry stands alone", removal(Bad(varint(1))))
    bad("record", "BadValue @", "a record in a journal is a record",
        [(u8(1), "type: upsert"), MAP_ID, *record(PLAIN, flags=Bad(u8(0x1C)))])
    bad("upload-id-empty", "BadValue @", "an upload has an id", upload(upload=Bad(text(""), 1)))
    bad("upload-id-limit", "OverLimit @", "an upload id has at most 4096 bytes", upload(upload=Bad(varint(4097))))
    bad("part-size", "BadValue @", "parts have at least 5 MiB", upload(part_size=Bad(varint(4))))
    bad("part-size-limit", "OverLimit @", "parts have at most 5 GiB", upload(part_size=Bad(varint(5121))))
    bad("origin", "BadValue @", "bytes are sent or copied", intent((Bad(u8(2)), "origin 2"), ()))
    bad("origin-truncated", "Truncated @", "an intent names its origin", intent((Bad(b""), ""), ()))
    bad("source-key", "BadKey @", "what is copied is an object of the map", copied(Bad(varint(0)), text("../z")))
    bad("source-shared", "NonCanonical @", "the key of a source stands alone", copied(Bad(varint(1))))
    bad("size-limit", "OverLimit @", "a size is less than 2^63", upload(size=Bad(varint(2**63))))
