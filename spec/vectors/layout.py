"""The bytes of FORMAT.md: its types, its blocks, and a file that is built of them piece by piece."""
import hashlib
import pathlib
import struct
import zlib

FOLDER = pathlib.Path(__file__).parent


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
    n = (n + 2**63) % 2**64 - 2**63
    return varint(2 * n if n >= 0 else -2 * n - 1)


def text(words):
    words = words.encode() if isinstance(words, str) else words
    return varint(len(words)) + words


def crc(data): return u32(zlib.crc32(data))


class Bad(bytes):
    """The bytes at which the defect lies, `into` bytes after their start."""
    def __new__(cls, data, into=0):
        self = super().__new__(cls, data)
        self.into = into
        return self


METADATA, IDENTITY, BUCKET, MAP, OBJECTS, END = (
    (0x9A, 0x9B), (0x98, 0x99), (0x90, 0x91), (0x92, 0x93), (0x94, 0x95), (0x9C, 0x9E))
SIGNATURE = [(bytes.fromhex("9d9f5333"), "signature")]
HEAD = SIGNATURE + [(u8(2), "version 2")]
SYNCED = 1_700_000_000_000
T = 1_700_000_000_123_456_789
FULL = 32_768
COVERS = {METADATA: "metadata block", IDENTITY: "identity block", BUCKET: "bucket block", MAP: "map block",
          OBJECTS: "objects block", END: "end block"}


class File:
    def __init__(self, head):
        self.lines, self.bytes, self.defect, self.chain = [], bytearray(), None, b""
        self.count = {BUCKET: 0, MAP: 0, OBJECTS: 0}
        self.records = 0
        for data, note in head:
            self.put(data, note)

    def put(self, data, note):
        if isinstance(data, Bad):
            self.defect = len(self.bytes) + data.into
        self.lines.append((data, note))
        self.bytes += data
        return self

    def ends(self):
        """Here the file ends, too early."""
        return self.put(Bad(b""), "")

    def block(self, kind, fields, opening=None, length=None, checksum=None, close=None, name=None):
        fields = list(fields)
        size = sum(len(data) for data, _ in fields)
        opening = u8(kind[0]) if opening is None else opening
        length = u32(size) if length is None else length
        self.lines.append((b"", name or COVERS[kind]))
        self.put(opening, "control byte").put(length, "length")
        for data, note in fields:
            self.put(data, note)
        stored = crc(opening + length + b"".join(data for data, _ in fields)) if checksum is None else checksum
        self.put(stored, "checksum").put(u8(kind[1]) if close is None else close, "control byte")
        if kind not in (METADATA, END):
            self.chain += stored
        self.count[kind] = self.count.get(kind, 0) + 1
        if kind == OBJECTS and len(fields[0][0]) == 2:
            self.records += struct.unpack("<H", fields[0][0])[0]
        return self

    def end(self, chain=None, more=(), **counts):
        """The end block, with what it counts unless `counts` says otherwise."""
        right = crc(self.chain)
        found = {"buckets": u32(self.count[BUCKET]), "maps": u32(self.count[MAP]),
                 "objects blocks": u64(self.count[OBJECTS]), "records": u64(self.records)}
        fields = [(counts.get(name.replace(" ", "_"), data), name) for name, data in found.items()]
        return self.block(END, fields + [(chain(right) if chain else right, "checksum of the checksums"), *more])

    def save(self, name, expect, covers, why, **also):
        if expect.endswith("@"):
            expect += " %d" % self.defect
        also = "".join("%s: %s\n" % field for field in also.items())
        out = ["expect: %s\ncovers: %s\nwhy: %s\n%s" % (expect, covers, why, also)]
        for data, note in self.lines:
            if not data and note:
                out.append("\n# %s" % note)
            for at in range(0, len(data), 16):
                row = data[at:at + 16].hex(" ")
                out.append(("%-48s# %s" % (row, note)).rstrip() if at == 0 else row)
        path = FOLDER / (name + ".hex")
        assert not path.exists(), name
        path.write_text("\n".join(out) + "\n")


def begin(head=HEAD, replica=b"0123456789abcdef", generation=u64(7)):
    out = File(head).block(METADATA, [(u64(SYNCED), "last synced, ms")])
    return out.block(IDENTITY, [(replica, "replica"), (generation, "generation")])


def bucket_fields(name=text("bucket"), flags=u8(0), capabilities=u16(0), rest=()):
    return [(flags, "flags"), (capabilities, "capabilities"), (name, "name"), *rest]


ROOT = (u64(2049) + u64(131073), "root: device, inode")


def map_fields(id=b"mapmapma", generation=u64(3), keep=u32(30), flags=u16(4), level=u8(0), conflict=u8(0),
               direction=u8(0), encryption=u8(0), root=(ROOT,), name=text("docs"), path=text("/home/ann/docs"),
               prefix=text("docs"), rest=()):
    return [(id, "map id"), (generation, "generation"), (keep, "keep days"), (flags, "flags"), (level, "gzip level"),
            (conflict, "conflict policy"), (direction, "direction"), (encryption, "encryption"), *root,
            (name, "name"), (path, "local path"), (prefix, "key prefix"), *rest]


def with_map(**settings):
    return begin().block(BUCKET, bucket_fields()).block(MAP, map_fields(**settings))


def objects(*records, count=None):
    """The fields of an objects block."""
    first = (u16(len(records)) if count is None else count, "records")
    return [first, *(field for record in records for field in record)]


def with_records(*records, count=None, **settings):
    return with_map(**settings).block(OBJECTS, objects(*records, count=count)).end()


# -- records: fields by name, in the order of section 6.7 -----------------------------------------
NAMES = {
    "shared": "shared bytes", "rest": "rest of the key", "type": "ETag type", "flags": "flags", "extras": "extras",
    "etag": "ETag", "mtime": "mtime, ns, to the one before", "size": "local size", "inode": "inode, to the one before",
    "ctime": "ctime, ns, to the one before", "remote": "remote size",
    "modified": "last modified, ms, to the one before", "version": "version id", "blake3": "BLAKE3",
    "part_size": "part size, MiB", "parts": "parts", "digests": "digests of the parts"}


def record(base=(), **changes):
    """The fields of a record: those of `base` with these changed, added or, where None, left out."""
    fields = {**dict(base), **changes}
    assert set(fields) <= set(NAMES), fields
    pairs = ((fields.get(field), note) for field, note in NAMES.items())
    return [data if isinstance(data, tuple) else (data, note) for data, note in pairs if data is not None]


FIRST = dict(
    shared=varint(0), rest=text("notes/a.txt"), type=u8(0x96),
    flags=(u8(0x0A), "flags: ctime is the mtime, content by BLAKE3, object by MD5"),
    etag=hashlib.md5(b"a" * 1234).digest(), mtime=delta(T), size=varint(1234), inode=delta(4711),
    modified=delta(SYNCED), blake3=bytes(range(0xA0, 0xB4)))
SECOND = dict(
    shared=varint(6), rest=text("b.iso"), type=u8(0x97),
    flags=(u8(0x93), "flags: ctime is given, content by BLAKE3, extras"), extras=(u8(2), "extras: parts"),
    etag=text("9b2cf535f27731c974343645a3985328-3"), mtime=delta(5), size=varint(20_000_000), inode=delta(1),
    ctime=delta(9), modified=delta(-1000), blake3=bytes(range(20)), part_size=varint(8), parts=varint(3),
    digests=b"A" * 16 + b"B" * 16 + b"C" * 16)
THIRD = dict(
    shared=varint(0), rest=text("z"), type=u8(0x96),
    flags=(u8(0x84), "flags: no local stamp, remote size is given, extras"), extras=(u8(1), "extras: version id"),
    etag=bytes(range(16)), remote=varint(12 << 20), modified=delta(0), version=text("v1.x"))
# A record of eight bytes without its key's: nothing but an empty ETag.
PLAIN = dict(shared=varint(0), rest=text("a"), type=u8(0x97), flags=u8(4), etag=text(""), remote=varint(0),
             modified=delta(0))
