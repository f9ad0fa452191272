#!/usr/bin/env python3
"""Writes the vectors beside it, from FORMAT.md alone; it shares no code with the program.

Run it in place: python3 make.py. It needs nothing but Python.
"""
import pathlib
import struct
import zlib

HERE = pathlib.Path(__file__).parent


def u8(n): return bytes([n])
def u16(n): return struct.pack("<H", n)
def u32(n): return struct.pack("<I", n)
def u64(n): return struct.pack("<Q", n)
def i64(n): return struct.pack("<q", n)


def varint(n):
    out = b""
    while n > 127:
        out += u8(n & 127 | 128)
        n >>= 7
    return out + u8(n)


def delta(n):
    return varint(n << 1 if n >= 0 else (-n << 1) - 1)


def text(words):
    words = words.encode() if isinstance(words, str) else words
    return varint(len(words)) + words


class Bad(bytes):
    """The bytes at which the defect lies, `into` bytes after their start."""
    def __new__(cls, data, into=0):
        self = super().__new__(cls, data)
        self.into = into
        return self


def payload_size(fields): return sum(len(data) for data, _ in fields)


class File:
    def __init__(self, head):
        self.lines, self.bytes, self.defect, self.chain = [], b"", None, b""
        for data, note in head:
            self.put(data, note)

    def put(self, data, note):
        if isinstance(data, Bad):
            self.defect = len(self.bytes) + data.into
        self.lines.append((data, note))
        self.bytes += data
        return self

    def block(self, name, tags, fields, length=None, checksum=None, close=None, linked=True, opening=None):
        opening = u8(tags[0]) if opening is None else opening
        size = payload_size(fields)
        self.lines.append((b"", name))
        lead = opening + (u32(size) if length is None else length)
        body = b"".join(data for data, _ in fields)
        right = u32(zlib.crc32(lead + body))
        self.put(opening, "control byte")
        self.put(u32(size) if length is None else length, "payload length")
        for data, note in fields:
            self.put(data, note)
        stored = right if checksum is None else checksum
        self.put(stored, "checksum")
        self.put(u8(tags[1]) if close is None else close, "control byte")
        if linked:
            self.chain += stored
        return self

    def save(self, name, expect, covers, why, also=""):
        if expect.endswith("@"):
            expect += " %d" % self.defect
        out = "expect: %s\ncovers: %s\nwhy: %s\n%s\n" % (expect, covers, why, also)
        for data, note in self.lines:
            if not data:
                if note:
                    out += "\n# %s\n" % note
                continue
            for at in range(0, len(data), 16):
                row = data[at:at + 16].hex(" ")
                out += ("%-48s# %s" % (row, note)).rstrip() + "\n" if at == 0 else row + "\n"
        (HERE / (name + ".hex")).write_text(out)


METADATA, IDENTITY, BUCKET, MAP, OBJECTS, END = (
    (0x9A, 0x9B), (0x98, 0x99), (0x90, 0x91), (0x92, 0x93), (0x94, 0x95), (0x9C, 0x9E))
SIGNATURE = [(bytes.fromhex("9d9f5333"), "signature")]
HEAD = SIGNATURE + [(u8(2), "version 2")]
SYNCED = 1_700_000_000_000


def begin(head=HEAD, **bad):
    out = File(head).block("metadata", METADATA, [(u64(SYNCED), "last synced, ms")], linked=False, **bad)
    return out.block("identity", IDENTITY, [
        (b"0123456789abcdef", "replica id"), (u64(7), "generation")])


def bucket_fields(name=text("bucket"), flags=u8(0), capabilities=u16(0), rest=()):
    return [(flags, "flags"), (capabilities, "capabilities"), (name, "name"), *rest]


def map_fields(id=b"mapmapma", flags=u8(4), level=u8(0), conflict=u8(0), direction=u8(0), encryption=u8(0),
               root=((u64(2049), "root device"), (u64(131073), "root inode")), name=text("docs"),
               path=text("/home/ann/docs"), prefix=text("docs"), rest=()):
    return [(id, "map id"), (u64(3), "generation"), (u32(30), "keep days"), (flags, "flags"),
            (level, "gzip level"), (conflict, "conflict policy"), (direction, "direction"),
            (encryption, "encryption"), *root, (name, "name"), (path, "local path"),
            (prefix, "key prefix"), *rest]


T = 1_700_000_000_123_456_789
FIRST = [(varint(0), "shared bytes"), (text("notes/a.txt"), "rest of the key"), (u8(0x96), "ETag type: MD5"),
         (u8(0x0A), "flags: ctime is mtime, content by ETag"),
         (bytes.fromhex("d41d8cd98f00b204e9800998ecf8427e"), "ETag"), (delta(T), "mtime, ns, from 0"),
         (varint(1234), "local size"), (delta(4711), "inode, from 0"), (delta(SYNCED), "last modified, ms, from 0")]
SECOND = [(varint(6), "shared bytes"), (text("b.txt"), "rest of the key"), (u8(0x97), "ETag type: other"),
          (u8(0x77), "flags: ctime, remote size given, content by BLAKE3, gzip then age"),
          (text("9b2cf535f27731c974343645a3985328-2"), "ETag"), (delta(5), "mtime, ns, from the one before"),
          (varint(20_000_000), "local size"), (delta(1), "inode, from the one before"),
          (delta(9), "ctime, ns, from the one before"), (varint(9_000_000), "remote size"),
          (delta(-1000), "last modified, ms, from the one before"), (bytes(range(32)), "BLAKE3 of the content")]
THIRD = [(varint(0), "shared bytes"), (text("z"), "rest of the key"), (u8(0x96), "ETag type: MD5"),
         (u8(0x84), "flags: no local stamp, remote size given, extras"), (u8(3), "extras: version, parts"),
         (bytes(range(16)), "ETag"), (varint(12 << 20), "remote size"),
         (delta(0), "last modified, ms, from the one before"), (text("v1.x"), "version id"),
         (varint(8), "part size, MiB"), (varint(2), "parts"), (b"A" * 16, "first part"), (b"B" * 16, "second part")]


def objects(*records, count=None):
    out = [(u16(len(records)) if count is None else count, "records")]
    for record in records:
        out += record
    return out


def end(out, buckets, maps, blocks, records, digest=None, name="end", buckets_=None, **bad):
    right = u32(zlib.crc32(out.chain))
    return out.block(name, END, [
        (u32(buckets), "buckets"), (u32(maps), "maps"), (u64(blocks), "objects blocks"),
        (records if isinstance(records, bytes) else u64(records), "records"),
        (right if digest is None else digest(right), "checksum of the checksums")], linked=False, **bad)


def with_map(fields=None, **settings):
    return begin().block("bucket", BUCKET, bucket_fields()).block(
        "directory map", MAP, map_fields(**settings) if fields is None else fields)


def with_records(*records, **more):
    out = with_map().block("objects", OBJECTS, objects(*records, **more))
    return end(out, 1, 1, 1, len(records))


# -- good ----------------------------------------------------------------------------------------
end(begin(), 0, 0, 0, 0).save("ok-empty", "ok", "end block", "the shortest state: no bucket")
example = with_records(FIRST, SECOND, THIRD)
example.save("ok-example", "ok", "all blocks", "the worked example of FORMAT.md")
full = begin().block("bucket", BUCKET, bucket_fields(
    flags=u8(0x1F), capabilities=u16(0x0FFF), rest=[
        (text("https://s3.example.com"), "endpoint"), (text("eu-west-1"), "region"), (text("backup"), "profile")]))
full.block("directory map", MAP, map_fields(
    flags=u8(0x1F), level=u8(11), conflict=u8(4), direction=u8(4), encryption=u8(1), path=text("/"),
    prefix=text(""), name=text("\u00e9t\u00e9"), rest=[
        (text("STANDARD_IA"), "storage class"), (u8(2), "recipients"), (text("age1one"), "recipient"),
        (text("ssh-ed25519 AAAA"), "recipient"), (text("/etc/recipients"), "recipients file"),
        (text("/etc/identity"), "identity file")]))
full.block("directory map", MAP, map_fields(
    id=b"other-id", flags=u8(0), encryption=u8(2), root=(), rest=[(text("ann@example.com"), "e-mail")]))
full.block("bucket", BUCKET, bucket_fields(name=text("unused")))
end(full, 2, 2, 0, 0).save("ok-settings", "ok", "bucket and map blocks", "every setting, and a bucket without maps")
forms = [FIRST]
for n, flags in enumerate([0x01, 0x02, 0x03, 0x21, 0x41]):
    ctime = [(delta(12), "ctime, ns, from the one before")] if flags == 3 else []
    forms.append([(varint(6), "shared bytes"), (text(b"cdefg"[n:n + 1]), "rest of the key"), (u8(0x96), "ETag type: MD5"),
                  (u8(flags), "flags"), (bytes([n]) * 16, "ETag"),
                  (delta(0 if n else -5 - T), "mtime, ns, from the one before"), (varint(0), "size"),
                  (delta(-1), "inode, from the one before"), *ctime, (delta(0), "last modified, ms, from the one before")])
# The third of these gives its ctime as -5 + 12 = 7, after a record whose ctime is its mtime, -5.
with_records(*forms).save("ok-record-forms", "ok", "objects block", "each form of the local stamp and of the encoding")

# -- header --------------------------------------------------------------------------------------
File([(Bad(b"\x9d\x9f\x53\x34"), "signature, last byte wrong"), (u8(2), "version")]).save(
    "bad-magic", "BadMagic @", "header", "only the exact signature is a state file")
File(SIGNATURE + [(Bad(u8(3)), "version 3")]).save(
    "unknown-version", "UnsupportedVersion @", "header", "a later version is refused by its number")
File(SIGNATURE[:0] + [(Bad(b""), "")]).save("truncated-empty", "Truncated @", "header", "no byte at all")
File([(b"\x9d\x9f", "half a signature"), (Bad(b""), "")]).save(
    "truncated-signature", "Truncated @", "header", "what is there is right, the rest is missing")

# -- frames --------------------------------------------------------------------------------------
out = begin().put(u8(0x9C), "control byte").put(u32(28)[:2], "half a length").put(Bad(b""), "")
out.save("truncated-length", "Truncated @", "frame", "the file ends inside a block's length")
out = begin().put(u8(0x9C) + u32(28) + b"\0\0\0\0", "an end block that is cut off").put(Bad(b""), "")
out.save("truncated-payload", "Truncated @", "frame", "the file ends inside a payload")
begin().put(Bad(b""), "").save("truncated-no-end", "Truncated @", "frame", "without an end block a file is not whole")
File(HEAD).block("metadata", METADATA, [(u64(SYNCED), "last synced, ms")], checksum=Bad(b"\0\0\0\0")).save(
    "checksum-metadata", "BadChecksum @", "metadata block", "the last-synced time has its own checksum")
File(HEAD).block("metadata", METADATA, [(u64(SYNCED), "last synced, ms")], close=Bad(u8(0x99))).save(
    "tag-close", "UnexpectedTag @", "frame", "a block ends with its own control byte")
File(HEAD).block("identity", IDENTITY, [(bytes(24), "identity")], opening=Bad(u8(0x98))).save(
    "tag-order", "UnexpectedTag @", "metadata block", "the metadata block comes first")
begin().block("directory map", MAP, map_fields(), opening=Bad(u8(0x92))).save(
    "tag-map-without-bucket", "UnexpectedTag @", "map block", "a map belongs to the bucket before it")
begin().put(u8(0x90), "control byte").put(Bad(u32(262_145)), "payload length").save(
    "limit-block-length", "OverLimit @", "frame", "a length is checked before anything is done about it")
File(HEAD).block("metadata", METADATA, [(u64(SYNCED), "last synced, ms"), (Bad(u8(0)), "one byte more")]).save(
    "trailing-payload", "TrailingBytes @", "frame", "a payload holds its fields and nothing else")
File(HEAD).block("metadata", METADATA, [(u64(SYNCED)[:7], "last synced, a byte short")], checksum=None).save(
    "truncated-field", "Truncated @ 17", "frame", "the offset is the first byte after the payload")

# -- settings ------------------------------------------------------------------------------------
def bad_bucket(vector, expect, why, **fields):
    begin().block("bucket", BUCKET, bucket_fields(**fields)).save(vector, expect, "bucket block", why)


bad_bucket("text-not-utf8", "BadText @", "every text is UTF-8", name=Bad(text(b"b\xff"), 1))
bad_bucket("text-nul", "BadText @", "no text holds NUL", name=Bad(text(b"b\0"), 1))
bad_bucket("limit-bucket-name", "OverLimit @", "a bucket's name has at most 255 bytes", name=Bad(text("b" * 256)))
bad_bucket("value-bucket-name-empty", "BadValue @", "a bucket has a name", name=Bad(text(""), 1))
bad_bucket("value-bucket-flags", "BadValue @", "flags without a meaning are zero", flags=Bad(u8(0x20)))
bad_bucket("value-capabilities-unprobed", "BadValue @", "what was not probed is not known", capabilities=Bad(u16(1)))
bad_bucket("value-capabilities", "BadValue @", "capabilities without a meaning are zero", flags=u8(0x10), capabilities=Bad(u16(0x1000)))
bad_bucket("varint-long", "NonCanonical @", "a varint has no needless byte", name=Bad(b"\x86\x00bucket"))
bad_bucket("varint-wide", "NonCanonical @", "a varint has at most 64 bits", name=Bad(b"\xff" * 9 + b"\x02"))


def bad_map(vector, expect, why, **fields):
    with_map(**fields).save(vector, expect, "map block", why)


bad_map("limit-gzip-level", "OverLimit @", "levels go from 0 to 11", level=Bad(u8(12)))
bad_map("value-conflict", "BadValue @", "conflict policies go from 0 to 4", conflict=Bad(u8(5)))
bad_map("value-direction", "BadValue @", "directions go from 0 to 4", direction=Bad(u8(5)))
bad_map("value-encryption", "BadValue @", "encryptions go from 0 to 2", encryption=Bad(u8(3)))
bad_map("value-map-flags", "BadValue @", "flags without a meaning are zero", flags=Bad(u8(0x24)))
with_map(flags=Bad(u8(0x0C)), rest=[(text("/x"), "recipients file")]).save(
    "value-file-unencrypted", "BadValue @", "map block", "only an encrypted map has a recipients file")
bad_map("value-path-relative", "BadValue @", "a local path is absolute", path=Bad(text("home"), 1))
bad_map("value-path-slash", "BadValue @", "a local path ends without a slash", path=Bad(text("/home/"), 1))
bad_map("value-prefix-slash", "BadValue @", "a prefix ends without a slash", prefix=Bad(text("docs/"), 1))
with_map().block("directory map", MAP, map_fields(id=Bad(b"mapmapma"))).save(
    "duplicate-map-id", "Duplicate @", "map block", "a map id names one map")

# -- records -------------------------------------------------------------------------------------
def bad_record(name, expect, why, *records, **more):
    with_records(*records, **more).save(name, expect, "objects block", why)


bad_record("value-record-count", "BadValue @", "an objects block holds a record", FIRST, count=Bad(u16(0)))
out = with_map().block("objects", OBJECTS, objects(
    FIRST, [(Bad(SECOND[0][0]), "shared bytes of a record too many")] + SECOND[1:], count=u16(1)))
end(out, 1, 1, 1, 1).save("trailing-record", "TrailingBytes @", "objects block", "the count is that of the records")
LATER = [(varint(0), "shared bytes"), (text("notes/b"), "rest of the key")] + FIRST[2:]
bad_record("order-unsorted", "OutOfOrder @", "keys ascend by their bytes",
           FIRST, [(Bad(varint(0)), "shared bytes"), (text("a"), "rest of the key")] + FIRST[2:])
bad_record("order-repeated", "OutOfOrder @", "a key stands once",
           FIRST, [(Bad(varint(11)), "shared bytes"), (text(""), "rest of the key")] + FIRST[2:])
bad_record("shared-too-few", "NonCanonical @", "all that is shared is left out",
           FIRST, [(Bad(varint(0)), "shared bytes")] + LATER[1:])
bad_record("shared-too-many", "NonCanonical @", "no more is shared than there is",
           FIRST, [(Bad(varint(12)), "shared bytes"), (text("x"), "rest of the key")] + FIRST[2:])
bad_record("shared-at-start", "NonCanonical @", "a block's first record stands alone", [(Bad(varint(1)), "shared bytes")] + FIRST[1:])
bad_record("key-dots", "BadKey @", "a key never leaves its root", [(Bad(varint(0)), "shared bytes"), (text("../a"), "rest of the key")] + FIRST[2:])
bad_record("key-empty", "BadKey @", "a key is not empty", [(Bad(varint(0)), "shared bytes"), (text(""), "rest of the key")] + FIRST[2:])
bad_record("key-nul", "BadKey @", "a key holds no NUL", [(Bad(varint(0)), "shared bytes"), (text("a\0"), "rest of the key")] + FIRST[2:])
bad_record("key-not-utf8", "BadKey @", "a key is UTF-8", [(Bad(varint(0)), "shared bytes"), (text(b"\xff"), "rest of the key")] + FIRST[2:])
bad_record("limit-key", "OverLimit @", "a key has at most 1024 bytes", [(varint(0), "shared bytes"), (Bad(text("a/" * 512 + "a")), "rest of the key")] + FIRST[2:])
bad_record("tag-etag", "UnexpectedTag @", "an ETag is of type 96 or 97", FIRST[:2] + [(Bad(u8(0x98)), "ETag type")] + FIRST[3:])
bad_record("etag-md5-as-text", "NonCanonical @", "32 lower-case digits are stored as 16 bytes",
           FIRST[:2] + [(u8(0x97), "ETag type: other"), (u8(0x02), "flags"),
                        (Bad(text("d41d8cd98f00b204e9800998ecf8427e")), "ETag")] + FIRST[5:])
bad_record("extras-zero", "NonCanonical @", "extras that say nothing are left out",
           FIRST[:3] + [(u8(0x8A), "flags"), (Bad(u8(0)), "extras")] + FIRST[4:])
bad_record("value-extras", "BadValue @", "extras without a meaning are zero",
           FIRST[:3] + [(u8(0x8A), "flags"), (Bad(u8(4)), "extras")] + FIRST[4:])
bad_record("ctime-is-mtime", "NonCanonical @", "a ctime that is the mtime is not given",
           FIRST[:3] + [(u8(0x0B), "flags: ctime given")] + FIRST[4:8] + [(Bad(delta(T)), "ctime, ns, from 0")] + FIRST[8:])
bad_record("ctime-zero", "NonCanonical @", "a ctime of zero is not given",
           FIRST[:3] + [(u8(0x0B), "flags: ctime given")] + FIRST[4:8] + [(Bad(delta(0)), "ctime, ns, from 0")] + FIRST[8:])
bad_record("ctime-zero-as-mtime", "NonCanonical @", "a ctime of zero has its own form",
           FIRST[:5] + [(Bad(delta(0)), "mtime, ns, from 0")] + FIRST[6:])
bad_record("remote-size-equal", "NonCanonical @", "a remote size that is the local size is not given",
           FIRST[:3] + [(u8(0x0E), "flags: remote size given")] + FIRST[4:8] + [(Bad(varint(1234)), "remote size")] + FIRST[8:])
bad_record("value-remote-size", "BadValue @", "without a local stamp the remote size is given",
           FIRST[:3] + [(Bad(u8(0x08)), "flags: no local stamp"), FIRST[4], FIRST[8]])
bad_record("value-content", "BadValue @", "content is of kind 0, 1 or 2", FIRST[:3] + [(Bad(u8(0x1A)), "flags")] + FIRST[4:])
bad_record("value-part-size", "BadValue @", "parts have at least 5 MiB", THIRD[:9] + [(Bad(varint(4)), "part size, MiB")] + THIRD[10:])
bad_record("limit-part-size", "OverLimit @", "parts have at most 5 GiB", THIRD[:9] + [(Bad(varint(5121)), "part size, MiB")] + THIRD[10:])
bad_record("value-parts", "BadValue @", "a list of parts is not empty", THIRD[:10] + [(Bad(varint(0)), "parts")])
bad_record("limit-parts", "OverLimit @", "a count is checked before its items are read", THIRD[:10] + [(Bad(varint(10_001)), "parts")])
out = with_map().block("objects", OBJECTS, objects(FIRST)).block("objects", OBJECTS, objects(THIRD), opening=Bad(u8(0x94)))
end(out, 1, 1, 2, 2).save("block-cut", "NonCanonical @", "objects block", "a block is filled before the next begins")

# -- end block -----------------------------------------------------------------------------------
end(with_map().block("objects", OBJECTS, objects(FIRST)), 1, 1, 1, Bad(u64(2))).save(
    "count-records", "BadCount @", "end block", "the end block knows how many records there are")
end(begin(), 0, 0, 0, 0, digest=lambda right: Bad(u32(struct.unpack("<I", right)[0] ^ 1))).save(
    "checksum-chain", "BadChecksum @", "end block", "blocks of two files do not make a third")
out = begin()
for name in "ab":
    out.block("bucket", BUCKET, bucket_fields(name=text(name)))
out.chain = out.chain[:4] + out.chain[8:12] + out.chain[4:8]
end(out, 2, 0, 0, 0, digest=Bad).save("checksum-swapped", "BadChecksum @", "end block", "blocks stand in the order in which they were written")
end(begin(), 0, 0, 0, 0).put(Bad(u8(0)), "one byte more").save("trailing-file", "TrailingBytes @", "end block", "nothing follows the end")


# -- version 1 -----------------------------------------------------------------------------------
def nul(words): return words.encode() + b"\0"


def v1(email=True, bucket_end=u8(0x91), recursive=u8(1), etag_type=u8(0x96)):
    out = File(SIGNATURE + [(u8(1), "version 1")])
    out.put(u8(0x9A) + u64(SYNCED) + u8(0x9B), "metadata: last synced, ms")
    out.put(u8(0x90), "bucket").put(nul("bucket"), "name")
    out.put(u8(0x92), "directory map").put(nul("/home/ann/docs"), "local path").put(nul("docs"), "key prefix")
    out.put(u8(6), "gzip level").put(recursive, "recursive").put(u8(0), "encryption off")
    if email:
        out.put(nul(""), "e-mail")
    out.put(u8(0x93), "end of directory map")
    out.put(u8(0x92), "directory map").put(nul("/srv"), "local path").put(nul(""), "key prefix")
    out.put(u8(0), "gzip level").put(u8(0), "not recursive").put(u8(1), "encryption on")
    out.put(nul("ann@example.com"), "e-mail").put(u8(0x93), "end of directory map")
    for key, kind, etag in [("docs/b", etag_type, bytes(range(16))), ("docs/a", u8(0x97), nul("abc-2")),
                            ("top", u8(0x96), b"M" * 16), ("bad//key", u8(0x96), b"D" * 16)]:
        out.put(u8(0x94), "object").put(nul(key), "key").put(u64(SYNCED), "last modified, ms")
        out.put(kind, "ETag type").put(etag, "ETag").put(u64(99), "size").put(u8(0x95), "end of object")
    return out.put(bucket_end, "end of bucket")


v1().save("v1-published", "ok", "version 1", "the dialect of the published text: the e-mail always stands")
v1(email=False).save("v1-original", "ok", "version 1", "the dialect of the original program: an e-mail only where encryption is on",
                     "equals: v1-published.hex\n")
v1(bucket_end=Bad(u8(0x9B))).save("v1-tag", "UnexpectedTag @", "version 1", "a bucket ends with 91")
v1(recursive=Bad(u8(2))).save("v1-flag", "BadValue @", "version 1", "a truth value is 0 or 1")
out = v1()
out.lines.pop()
out.put(Bad(b""), "")
out.defect = len(out.bytes) - 1
out.save("v1-truncated", "Truncated @", "version 1", "a bucket has an end")

# -- journal -------------------------------------------------------------------------------------
MAP_ID = (b"mapmapma", "map id")
UPSERT = [(u8(1), "entry type: upsert"), MAP_ID] + FIRST
REMOVAL = [(u8(2), "entry type: removal"), MAP_ID, (varint(0), "shared bytes"), (text("z"), "rest of the key")]
UPLOAD = [(u8(3), "entry type: upload"), MAP_ID, (varint(0), "shared bytes"), (text("big.iso"), "rest of the key"),
          (text("upload-id"), "upload id"), (varint(8), "part size, MiB"), (varint(200 << 30), "local size"), (i64(T), "mtime, ns"),
          (i64(T + 1), "ctime, ns"), (u64(4712), "inode"), (b"write-id-16bytes", "write id")]


def journal(signature=b"\x9d\x9f\x4a\x33"):
    out = File([(signature, "signature"), (u8(2), "version 2")])
    return out.block("identity", IDENTITY, [(b"0123456789abcdef", "replica id"), (u64(7), "generation")])


def entries(*all, **bad):
    out = journal()
    for n, fields in enumerate(all):
        out.block("entry", OBJECTS, fields, **(bad if n == len(all) - 1 else {}))
    return out


entries(UPSERT, REMOVAL, UPLOAD).save("journal-ok", "3 entries", "journal", "one entry of each type")
journal().save("journal-empty", "0 entries", "journal", "a journal may hold nothing yet")
entries(UPSERT).put(u8(0x94) + u32(40)[:2], "a torn entry").put(Bad(b""), "").save(
    "journal-torn", "1 entries, Truncated @", "journal", "what was whole before a torn entry counts")
entries(UPSERT, REMOVAL, checksum=Bad(b"\0\0\0\0")).block("entry", OBJECTS, UPLOAD).save(
    "journal-checksum", "1 entries, BadChecksum @", "journal", "nothing after a bad entry counts")
entries([(Bad(u8(4)), "entry type 4"), MAP_ID]).save("journal-entry-type", "0 entries, BadValue @", "journal", "entry types go from 1 to 3")
journal(Bad(b"\x9d\x9f\x53\x33")).save("journal-magic", "BadMagic @", "journal", "a state file is no journal")
