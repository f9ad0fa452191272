"""Vectors of header, frames, settings and end block."""
import struct

from layout import (
    BUCKET, END, FIRST, HEAD, IDENTITY, MAP, METADATA, OBJECTS, ROOT, SECOND, SIGNATURE, SYNCED, THIRD, Bad, File, begin,
    bucket_fields, map_fields, objects, record, text, u16, u32, u64, u8, varint, with_map, with_records)

TIME = [(u64(SYNCED), "last synced, ms")]
OVER = 2**63


def write():
    good()
    header()
    frames()
    buckets()
    maps()
    ends()


def good():
    begin().end().save("ok-empty", "ok", "end block", "the shortest state: no bucket")
    with_records(record(FIRST), record(SECOND), record(THIRD)).save(
        "ok-example", "ok", "all blocks", "the worked example of FORMAT.md")
    full = begin().block(BUCKET, bucket_fields(flags=u8(0x1F), capabilities=u16(0x0FFF), rest=[
        (text("https://s3.example.com"), "endpoint"), (text("eu-west-1"), "region"), (text("backup"), "profile")]))
    full.block(MAP, map_fields(
        flags=u16(0x1FF), level=u8(11), conflict=u8(4), direction=u8(4), encryption=u8(1), path=text("/"),
        root=[ROOT, (u8(0), "keep size unit"), (u64(5 << 30), "keep size"), (u8(1), "max replace unit"),
              (u64(40), "max replace")],
        prefix=text(""), name=text("\u00e9t\u00e9"), rest=[
            (text("STANDARD_IA"), "storage class"), (u8(2), "recipients"), (text("age1one"), "recipient"),
            (text("ssh-ed25519 AAAA"), "recipient"), (text("/etc/recipients"), "recipients file"),
            (text("/etc/identity"), "identity file")]))
    full.block(MAP, map_fields(id=b"other-id", flags=u16(0x180), encryption=u8(2), root=[
        (u8(1), "keep size unit"), (u64(20), "keep size"), (u8(0), "max replace unit"), (u64(0), "max replace")], rest=[
        (text("ann@example.com"), "e-mail")]))
    full.block(BUCKET, bucket_fields(name=text("unused")))
    full.end().save("ok-settings", "ok", "bucket and map blocks", "every setting, and a bucket without maps")
    same = begin().block(BUCKET, bucket_fields()).block(MAP, map_fields())
    same.block(MAP, map_fields(id=b"other-id")).block(BUCKET, bucket_fields()).block(MAP, map_fields(id=b"third-id"))
    same.end().save("ok-same-names", "ok", "bucket and map blocks", "only map ids must differ")
    most = begin(generation=u64(OVER - 1)).block(BUCKET, bucket_fields()).block(
        MAP, map_fields(generation=u64(OVER - 1), keep=u32(36_525)))
    most.end().save("ok-most-numbers", "ok", "identity and map blocks", "generations and keep days at their most")
    with_map(encryption=u8(1), rest=[(u8(0), "recipients")]).end().save(
        "ok-age-without-recipient", "ok", "map block", "a map without recipients is valid, if useless")
    with_map(path=text("/a//b/../c"), prefix=text("a//b"), name=text("")).end().save(
        "ok-paths-unnormalised", "ok", "map block", "paths and prefixes stand as they are")
    with_records(record(FIRST), flags=u16(5)).save(
        "ok-top-only-deep-key", "ok", "map block", "records may be left from before a setting changed")


def header():
    File([(Bad(b"\x9d\x9f\x53\x34"), "signature, last byte wrong"), (u8(2), "version")]).save(
        "bad-magic", "BadMagic @", "header", "only the exact signature is a state file")
    File([(Bad(b"\x9d\x9e"), "half a signature, wrong")]).save(
        "bad-magic-short", "BadMagic @", "header", "a wrong byte is found even where others are missing")
    File(SIGNATURE + [(Bad(u8(3)), "version 3")]).save(
        "unknown-version", "UnsupportedVersion @", "header", "a later version is refused by its number")
    begin(head=SIGNATURE + [(Bad(u8(3)), "version 3, but for all else version 2")]).end().save(
        "version-changed", "BadValue @", "header", "what is version 2 by its checksums is a damaged file of version 2")
    File([]).ends().save("truncated-empty", "Truncated @", "header", "no byte at all")
    File([(b"\x9d\x9f", "half a signature")]).ends().save(
        "truncated-signature", "Truncated @", "header", "what is there is right, the rest is missing")
    File(SIGNATURE).ends().save("truncated-version", "Truncated @", "header", "a header has five bytes")


def frames():
    def bad(vector, expect, why, out): out.save(vector, expect, "frame", why)

    bad("truncated-length", "Truncated @", "the file ends inside a block's length",
        begin().put(u8(0x9C), "control byte").put(u32(28)[:2], "half a length").ends())
    bad("truncated-payload", "Truncated @", "the file ends inside a payload",
        begin().put(u8(0x9C) + u32(28) + bytes(4), "an end block that is cut off").ends())
    bad("truncated-no-end", "Truncated @", "without an end block a file is not whole", begin().ends())
    bad("truncated-close", "Truncated @", "the last control byte belongs to the block",
        cut_off())
    bad("checksum-metadata", "BadChecksum @", "the last-synced time has its own checksum",
        File(HEAD).block(METADATA, TIME, checksum=Bad(bytes(4))))
    bad("checksum-bucket", "BadChecksum @", "no setting is believed unchecked",
        begin().block(BUCKET, bucket_fields(), checksum=Bad(bytes(4))))
    bad("checksum-objects", "BadChecksum @", "checksums of all records are checked before any is read",
        with_map().block(OBJECTS, objects([(b"\xff" * 9, "no record at all")]), checksum=Bad(bytes(4))))
    bad("tag-close", "UnexpectedTag @", "a block ends with its own control byte",
        File(HEAD).block(METADATA, TIME, close=Bad(u8(0x99))))
    bad("tag-order", "UnexpectedTag @", "the metadata block comes first",
        File(HEAD).block(IDENTITY, [(bytes(24), "identity")], opening=Bad(u8(0x98))))
    bad("tag-metadata-twice", "UnexpectedTag @", "there is one metadata block",
        File(HEAD).block(METADATA, TIME).block(METADATA, TIME, opening=Bad(u8(0x9A))))
    bad("tag-identity-missing", "UnexpectedTag @", "the identity block comes second",
        File(HEAD).block(METADATA, TIME).block(BUCKET, bucket_fields(), opening=Bad(u8(0x90))))
    bad("tag-map-without-bucket", "UnexpectedTag @", "a map belongs to the bucket before it",
        begin().block(MAP, map_fields(), opening=Bad(u8(0x92))))
    bad("tag-objects-without-map", "UnexpectedTag @", "records belong to the map before them",
        begin().block(BUCKET, bucket_fields()).block(OBJECTS, objects(record(FIRST)), opening=Bad(u8(0x94))))
    bad("tag-unknown", "UnexpectedTag @", "no block is skipped for being unknown",
        begin().block(BUCKET, bucket_fields(), opening=Bad(u8(0x96))))
    bad("limit-block-length", "OverLimit @", "a length is checked before anything is done about it",
        begin().put(u8(0x90), "control byte").put(Bad(u32(262_145)), "length"))
    bad("trailing-payload", "TrailingBytes @", "a payload holds its fields and nothing else",
        File(HEAD).block(METADATA, TIME + [(Bad(u8(0)), "one byte more")]))
    bad("truncated-field", "Truncated @ 17", "the offset is the first byte after the payload",
        File(HEAD).block(METADATA, [(u64(SYNCED)[:7], "last synced, a byte short")]))
    bad("defects-in-one-frame", "BadChecksum @", "the checksum is looked at before the last control byte",
        File(HEAD).block(METADATA, TIME, checksum=Bad(bytes(4)), close=u8(0x99)))


def cut_off():
    whole = begin().end()
    whole.lines.pop()
    del whole.bytes[-1:]
    return whole.ends()


def buckets():
    def bad(vector, expect, why, **fields):
        begin().block(BUCKET, bucket_fields(**fields)).save(vector, expect, "bucket block", why)

    bad("text-not-utf8", "BadText @", "every text is UTF-8", name=Bad(text(b"b\xff"), 1))
    bad("text-overlong", "BadText @", "UTF-8 has one form of a character", name=Bad(text(b"\xc0\xaf"), 1))
    bad("text-surrogate", "BadText @", "UTF-8 has no surrogates", name=Bad(text(b"\xed\xa0\x80"), 1))
    bad("text-nul", "BadText @", "no text holds 00", name=Bad(text(b"b\0"), 1))
    bad("varint-long", "NonCanonical @", "a varint has no needless byte", name=Bad(b"\x86\x00bucket"))
    bad("varint-wide", "NonCanonical @", "a varint has at most 64 bits", name=Bad(b"\xff" * 9 + b"\x02"))
    bad("varint-eleven", "NonCanonical @", "a varint has at most ten bytes", name=Bad(b"\xff" * 9 + b"\x81\x00"))
    bad("truncated-varint", "Truncated @", "a payload ends inside a varint", name=b"\x86", rest=[(Bad(b""), "")])
    bad("truncated-text", "Truncated @", "a payload ends inside a text", name=b"\x07bucket", rest=[(Bad(b""), "")])
    bad("defects-in-one-text", "OverLimit @", "a length is looked at before its text", name=Bad(text(b"\xff" * 256)))
    bad("limit-bucket-name", "OverLimit @", "a bucket's name has at most 255 bytes", name=Bad(text("b" * 256)))
    bad("value-bucket-name-empty", "BadValue @", "a bucket has a name", name=Bad(text(""), 1))
    for flag, name, most in [(1, "endpoint", 2048), (2, "region", 255), (4, "profile", 255)]:
        bad("value-%s-empty" % name, "BadValue @", "an empty text is left out", flags=u8(flag),
            rest=[(Bad(text(""), 1), name)])
        bad("limit-" + name, "OverLimit @", "the length alone decides", flags=u8(flag),
            rest=[(Bad(varint(most + 1)), name + ": its length")])
    bad("value-bucket-flags", "BadValue @", "flags without a meaning are zero", flags=Bad(u8(0x20)))
    bad("value-capabilities-unprobed", "BadValue @", "what was not probed is not known", capabilities=Bad(u16(1)))
    bad("value-capabilities", "BadValue @", "capabilities without a meaning are zero", flags=u8(0x10),
        capabilities=Bad(u16(0x1000)))
    begin(generation=Bad(u64(OVER))).save(
        "limit-generation", "OverLimit @", "identity block", "a generation is less than 2^63")


def maps():
    def bad(vector, expect, why, **fields): with_map(**fields).save(vector, expect, "map block", why)

    bad("limit-map-generation", "OverLimit @", "a generation is less than 2^63", generation=Bad(u64(OVER)))
    bad("limit-keep-days", "OverLimit @", "nothing is kept for over a century", keep=Bad(u32(36_526)))
    bad("limit-gzip-level", "OverLimit @", "levels go from 0 to 11", level=Bad(u8(12)))
    bad("value-conflict", "BadValue @", "conflict policies go from 0 to 4", conflict=Bad(u8(5)))
    bad("value-direction", "BadValue @", "directions go from 0 to 4", direction=Bad(u8(5)))
    bad("value-encryption", "BadValue @", "encryptions go from 0 to 2", encryption=Bad(u8(3)))
    bad("value-map-flags", "BadValue @", "flags without a meaning are zero", flags=Bad(u16(0x0204)))
    bad("value-file-unencrypted", "BadValue @", "only an encrypted map has a recipients file", flags=Bad(u16(0x0C)),
        rest=[(text("/x"), "recipients file")])
    bad("value-identity-unencrypted", "BadValue @", "only an encrypted map has an identity file", flags=Bad(u16(0x14)),
        rest=[(text("/x"), "identity file")])
    bad("defects-in-settings", "OverLimit @", "that flags are at odds is found when the encryption is read",
        flags=u16(0x0C), level=Bad(u8(12)))
    for flag, field in [(0x80, "keep-size"), (0x100, "max-replace")]:
        for name, expect, why, unit, number in [
                ("value-%s-unit", "BadValue @", "units go from 0 to 1", Bad(u8(2)), u64(1)),
                ("limit-%s", "OverLimit @", "a number of bytes or files is less than 2^63", u8(0), Bad(u64(OVER))),
                ("limit-%s-percent", "OverLimit @", "there are at most 100 percent", u8(1), Bad(u64(101)))]:
            note = field.replace("-", " ")
            bad(name % field, expect, why, flags=u16(flag), root=[(unit, note + " unit"), (number, note)])
    bad("limit-map-name", "OverLimit @", "a map's name has at most 255 bytes", name=Bad(text("n" * 256)))
    bad("value-path-empty", "BadValue @", "a map has a path", path=Bad(text(""), 1))
    bad("value-path-relative", "BadValue @", "a local path is absolute", path=Bad(text("home"), 1))
    bad("value-path-slash", "BadValue @", "a local path ends without a slash", path=Bad(text("/home/"), 1))
    bad("limit-path", "OverLimit @", "the length alone decides", path=Bad(varint(4097)))
    bad("value-prefix-slash", "BadValue @", "a prefix ends without a slash", prefix=Bad(text("docs/"), 1))
    bad("value-prefix-slash-first", "BadValue @", "a prefix begins without a slash", prefix=Bad(text("/docs"), 1))
    bad("limit-prefix", "OverLimit @", "the length alone decides", prefix=Bad(varint(1025)))
    bad("limit-email", "OverLimit @", "the length alone decides", encryption=u8(2),
        rest=[(Bad(varint(1025)), "e-mail: its length")])
    none, one = (u8(0), "recipients"), (u8(1), "recipients")
    for field, flags, lead, most in [
            ("storage-class", 6, [], 255), ("recipient", 4, [one], 4096),
            ("recipients-file", 12, [none], 4096), ("identity-file", 20, [none], 4096)]:
        settings = dict(flags=u16(flags), encryption=u8(1 if lead else 0))
        note = field.replace("-", " ")
        bad("value-%s-empty" % field, "BadValue @", "an empty text is left out", **settings,
            rest=[*lead, (Bad(text(""), 1), note)])
        bad("limit-" + field, "OverLimit @", "the length alone decides", **settings,
            rest=[*lead, (Bad(varint(most + 1)), note + ": its length")])
    with_map().block(MAP, map_fields(id=Bad(b"mapmapma"))).save(
        "duplicate-map-id", "Duplicate @", "map block", "a map id names one map")
    out = with_map().block(BUCKET, bucket_fields()).block(MAP, map_fields(id=Bad(b"mapmapma")))
    out.save("duplicate-map-id-elsewhere", "Duplicate @", "map block", "a map id names one map in all buckets")


def ends():
    def bad(vector, expect, why, out): out.save(vector, expect, "end block", why)

    def one(): return with_map().block(OBJECTS, objects(record(FIRST)))

    bad("count-buckets", "BadCount @", "the end block knows how many buckets there are", one().end(buckets=Bad(u32(2))))
    bad("count-maps", "BadCount @", "the end block knows how many maps there are", one().end(maps=Bad(u32(0))))
    bad("count-blocks", "BadCount @", "the end block knows how many objects blocks there are",
        one().end(objects_blocks=Bad(u64(2))))
    bad("count-records", "BadCount @", "the end block knows how many records there are",
        one().end(records=Bad(u64(2))))
    bad("checksum-chain", "BadChecksum @", "blocks of two files do not make a third",
        begin().end(chain=lambda right: Bad(u32(struct.unpack("<I", right)[0] ^ 1))))
    swapped = begin().block(BUCKET, bucket_fields(name=text("a"))).block(BUCKET, bucket_fields(name=text("b")))
    swapped.chain = swapped.chain[:4] + swapped.chain[8:12] + swapped.chain[4:8]
    bad("checksum-swapped", "BadChecksum @", "blocks stand in the order in which they were written",
        swapped.end(chain=Bad))
    bad("checksum-end", "BadChecksum @", "the end block has a checksum too",
        begin().block(END, [(bytes(28), "all zero")], checksum=Bad(bytes(4))))
    bad("trailing-end", "TrailingBytes @", "the end block holds its fields and nothing else",
        begin().end(more=[(Bad(u8(0)), "one byte more")]))
    bad("trailing-file", "TrailingBytes @", "nothing follows the end", begin().end().put(Bad(u8(0)), "one byte more"))
    broken = record(FIRST, rest=text("../a"))
    bad("defects-in-both-passes", "BadCount @", "what is wrong with a key is found after all counts",
        with_map().block(OBJECTS, objects(broken)).end(records=Bad(u64(2))))
