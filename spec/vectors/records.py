"""Vectors of objects blocks: records, their keys, their order."""
from layout import (
    FIRST, OBJECTS, PLAIN, SECOND, T, THIRD, Bad, delta, objects, record, text, u16, u8, varint, with_map,
    with_records)

OVER = 2**63
MD5_DIGITS = "9b2cf535f27731c974343645a3985328"
PARTS = dict(SECOND, shared=varint(0), inode=delta(4712), ctime=delta(T + 9))


def write():
    good()
    keys()
    order()
    fields()
    forms()
    blocks()


def ok(vector, why, *records): with_records(*records).save(vector, "ok", "objects block", why)


def bad(vector, expect, why, *records, **more):
    with_records(*records, **more).save(vector, expect, "objects block", why)


def good():
    forms = [record(FIRST)]
    for n, flags in enumerate([0x01, 0x02, 0x03, 0x21, 0x41]):
        forms.append(record(
            FIRST, blake3=None, shared=varint(6), rest=text(b"cdefg"[n:n + 1]), flags=u8(flags), etag=bytes([n]) * 16,
            mtime=delta(0 if n else -5 - T), size=varint(0), inode=delta(-1), ctime=delta(12) if flags == 3 else None,
            modified=delta(0)))
    # The third of these gives its ctime as -5 + 12 = 7, after a record whose ctime is its mtime, -5.
    ok("ok-record-forms", "each form of the local stamp and of the encoding", *forms)
    ok("ok-gzip-then-age", "an object that is compressed and encrypted has a size of its own",
       record(FIRST, flags=u8(0x76), remote=varint(700), blake3=bytes(range(20))),
       record(FIRST, shared=varint(6), rest=text("b"), type=u8(0x97), etag=text("e"), flags=u8(0x6E), mtime=delta(0),
              inode=delta(1), modified=delta(0), remote=varint(701)))
    given = dict(FIRST, blake3=None, shared=varint(0), type=u8(0x97), etag=text(""), flags=u8(3), mtime=delta(0), size=varint(0))
    # Inodes 100, 90, none, 80, mtimes 5, 5, none, 4, and ctimes 50, 0, none, 60.
    ok("ok-values-before", "a ctime of 0 is no ctime before, a record without a stamp leaves them all as they are",
       record(given, rest=text("a"), mtime=delta(5), inode=delta(100), ctime=delta(50)),
       record(given, rest=text("b"), flags=u8(1), inode=delta(-10)),
       record(PLAIN, rest=text("c")),
       record(given, rest=text("d"), mtime=delta(-1), inode=delta(-10), ctime=delta(10)))
    # Inodes 2^64 - 1, 0, 2^63; ctimes and times listed from one end to the other, the differences wrapping.
    ok("ok-extremes", "every number at its least and most, and differences modulo 2^64",
       record(given, rest=text("a"), mtime=delta(-OVER), size=varint(OVER - 1), inode=delta(-1), ctime=delta(OVER - 1),
              flags=u8(7), remote=varint(0), modified=delta(OVER - 1)),
       record(given, rest=text("b"), mtime=delta(-1), size=varint(0), inode=delta(1), ctime=delta(1),
              flags=u8(7), remote=varint(OVER - 1), modified=delta(1)),
       record(given, rest=text("c"), mtime=delta(2 - OVER), inode=delta(-OVER), ctime=delta(-OVER + 2), modified=delta(OVER - 1)))
    ok("ok-etag-upper-case", "only lower-case digits are stored as 16 bytes",
       record(PLAIN, etag=text(MD5_DIGITS.upper())))
    ok("ok-etag-empty", "some servers give no ETag", record(PLAIN))
    ok("ok-key-own-deeper", "only at the top is the program's folder no key", record(PLAIN, rest=text("a/.s3bsync")))
    ok("ok-shared-splits-character", "shared bytes may end inside a character",
       record(PLAIN, rest=text("\u00e8")), record(PLAIN, shared=varint(1), rest=text(b"\xa9")))
    ok("ok-key-and-directory", "a key may be the beginning of another",
       record(PLAIN), record(PLAIN, shared=varint(1), rest=text("/b")))
    ok("ok-key-longest-part", "a part of a key has at most 255 bytes", record(PLAIN, rest=text("x" * 255)))


def keys():
    for name, key, why in [
            ("dots", "../a", "a key never leaves its root"),
            ("dot", "a/./b", "a key has no part that says nothing"),
            ("empty", "", "a key is not empty"),
            ("empty-part", "a//b", "a key has no empty part"),
            ("slash-first", "/a", "a key does not begin with a slash"),
            ("slash-last", "a/", "a key does not end with a slash"),
            ("own-folder", ".s3bsync", "the program's folder is no key"),
            ("below-own-folder", ".s3bsync/x", "what lies in the program's folder has no key"),
            ("temporary", "a/.s3bsync-tmp-1", "a file that is being written has no key"),
            ("part-long", "x" * 256, "a part of a key has at most 255 bytes"),
            ("nul", "a\0", "a key holds no 00"),
            ("not-utf8", b"\xff", "a key is UTF-8"),
            ("surrogate", b"\xed\xa0\x80", "UTF-8 has no surrogates"),
            ("overlong", b"\xc0\xaf", "UTF-8 has one form of a character")]:
        bad("key-" + name, "BadKey @", why, record(PLAIN, shared=Bad(varint(0)), rest=text(key)))
    long = "/".join(["x" * 250] * 4)
    bad("key-long-by-sharing", "BadKey @", "a key has at most 1024 bytes, shared ones included",
        record(PLAIN, rest=text(long)), record(PLAIN, shared=Bad(varint(len(long))), rest=text("/" + "y" * 21)))
    bad("limit-key", "OverLimit @", "the length alone decides", record(PLAIN, rest=Bad(varint(1025)), type=None,
        flags=None, etag=None, remote=None, modified=None))


def order():
    def after(*before, expect, name, why, **changes):
        bad(name, expect, why, *before, record(PLAIN, **changes))

    b = record(FIRST)
    after(b, name="order-unsorted", expect="OutOfOrder @", why="keys ascend by their bytes",
          shared=Bad(varint(0)), rest=text("a"))
    after(b, name="order-repeated", expect="OutOfOrder @", why="a key stands once",
          shared=Bad(varint(11)), rest=text(""))
    after(b, name="order-prefix", expect="OutOfOrder @", why="the shorter key comes first",
          shared=Bad(varint(5)), rest=text(""))
    after(b, name="shared-too-few", expect="NonCanonical @", why="all that is shared is left out",
          shared=Bad(varint(0)), rest=text("notes/b"))
    after(b, name="shared-too-many", expect="NonCanonical @", why="no more is shared than there is",
          shared=Bad(varint(12)), rest=text("x"))
    after(b, name="defects-in-one-key", expect="NonCanonical @", why="that too few are shared is found before the order",
          shared=Bad(varint(0)), rest=text("notes/a"))
    bad("shared-at-start", "NonCanonical @", "a block's first record stands alone",
        record(PLAIN, shared=Bad(varint(1)), rest=text("b")))


def fields():
    def one(vector, expect, why, base=FIRST, **changes): bad(vector, expect, why, record(base, **changes))

    one("tag-etag", "UnexpectedTag @", "an ETag is of type 96 or 97", type=Bad(u8(0x98)))
    one("etag-md5-as-text", "NonCanonical @", "32 lower-case digits are stored as 16 bytes", PLAIN,
        etag=Bad(text(MD5_DIGITS)))
    one("limit-etag", "OverLimit @", "an ETag has at most 1024 bytes", PLAIN, etag=Bad(text("e" * 1025)))
    one("text-nul-in-etag", "BadText @", "no text holds 00", PLAIN, etag=Bad(text("e\0"), 1))
    one("extras-zero", "NonCanonical @", "extras that say nothing are left out", flags=u8(0x8A), extras=Bad(u8(0)))
    one("value-extras", "BadValue @", "extras without a meaning are zero", flags=u8(0x8A), extras=Bad(u8(4)))
    one("value-version-empty", "BadValue @", "an empty text is left out", THIRD, version=Bad(text(""), 1))
    one("limit-version", "OverLimit @", "a version id has at most 1024 bytes", THIRD, version=Bad(text("v" * 1025)))
    one("value-content", "BadValue @", "content is 0, 1 or 2", flags=Bad(u8(0x1A)))
    one("truncated-etag", "Truncated @", "a payload ends inside a field", etag=(FIRST["etag"][:15]), mtime=None,
        size=None, inode=None, modified=(Bad(b""), ""), blake3=None)
    one("truncated-blake3", "Truncated @", "a payload ends inside a digest", dict(PLAIN, flags=u8(0x14)),
        blake3=bytes(19), digests=(Bad(b""), ""))
    one("value-part-size", "BadValue @", "parts have at least 5 MiB", PARTS, part_size=Bad(varint(4)))
    one("limit-part-size", "OverLimit @", "parts have at most 5 GiB", PARTS, part_size=Bad(varint(5121)))
    one("value-parts", "BadValue @", "a list of parts is not empty", PARTS, parts=Bad(varint(0)), digests=None)
    one("limit-parts", "OverLimit @", "a count is checked before its items are read", PARTS, parts=Bad(varint(10_001)))
    bad("truncated-parts", "Truncated @", "nothing is reserved for what is not there",
        record(PARTS, parts=varint(10_000), digests=None) + [(Bad(b""), "")])


def forms():
    def one(vector, expect, why, base=FIRST, **changes): bad(vector, expect, why, record(base, **changes))

    given = dict(FIRST, flags=(u8(0x0B), "flags: ctime is given"))
    one("ctime-is-mtime", "NonCanonical @", "a ctime that is the mtime is not given", given, ctime=Bad(delta(T)))
    one("ctime-zero", "NonCanonical @", "a ctime of zero is not given", given, ctime=Bad(delta(0)))
    one("ctime-zero-as-mtime", "NonCanonical @", "a ctime of zero has its own form", mtime=Bad(delta(0)))
    sized = dict(FIRST, flags=(u8(0x0E), "flags: remote size is given"))
    one("remote-size-equal", "NonCanonical @", "a remote size that is the local size is not given", sized,
        remote=Bad(varint(1234)))
    one("value-remote-size", "BadValue @", "without a local stamp the remote size is given", PLAIN, flags=Bad(u8(0)),
        remote=None)
    one("limit-local-size", "OverLimit @", "a size is less than 2^63", size=Bad(varint(OVER)))
    one("limit-remote-size", "OverLimit @", "a size is less than 2^63", PLAIN, remote=Bad(varint(OVER)))
    one("varint-long-delta", "NonCanonical @", "a delta is a varint", modified=Bad(b"\x80\x00"))


def blocks():
    bad("value-record-count", "BadValue @", "an objects block holds a record", record(FIRST), count=Bad(u16(0)))
    with_map().block(OBJECTS, [(b"\1", "half a count"), (Bad(b""), "")]).save(
        "truncated-record-count", "Truncated @", "objects block", "an objects block counts its records")
    many = record(PLAIN, rest=text("b"), shared=(Bad(varint(0)), "shared bytes of a record too many"))
    bad("trailing-record", "TrailingBytes @", "the count is that of the records", record(PLAIN), many, count=u16(1))
    out = with_map().block(OBJECTS, objects(record(FIRST)))
    out.block(OBJECTS, objects(record(THIRD)), opening=Bad(u8(0x94))).end().save(
        "block-cut", "NonCanonical @", "objects block", "a block is filled before the next begins")
