"""Files that are too large to keep as vectors: NAME.bin each, and a line for each in expected.txt."""
from layout import (
    BUCKET, FIRST, FULL, MAP, OBJECTS, PLAIN, Bad, begin, bucket_fields, delta, map_fields, record, text, u16, u64,
    u8, varint, with_map)
from version1 import dir_map, v1

ONE = (u8(1), "recipients")


def packed(records):
    """The fields of full objects blocks, given a function that makes a record after the key before."""
    block, size, count, before = [], 2, 0, b""
    for make in records:
        data, before = make(before)
        block.append(data)
        size += len(data)
        count += 1
        if size >= FULL:
            yield [(u16(count), "records"), (b"".join(block), "")]
            block, size, count, before = [], 2, 0, b""
    if block:
        yield [(u16(count), "records"), (b"".join(block), "")]


def keyed(key, fields=PLAIN, **changes):
    """A record that leaves out what its key shares with the key before."""
    def make(before):
        shared = next((n for n, (a, b) in enumerate(zip(before, key)) if a != b), min(len(before), len(key)))
        found = record(fields, shared=varint(shared), rest=text(key[shared:]), **changes)
        return b"".join(data for data, _ in found), key
    return make


def filled(size, *more):
    """The fields of an objects block whose payload has `size` bytes before the records `more`."""
    count = (size - 600) // 16
    parts = keyed(b"k1", flags=u8(0x84), extras=u8(2), part_size=varint(5), parts=varint(count), digests=bytes(16 * count))
    etags = (keyed(b"k2", etag=text("e" * length)) for length in range(128, 1025))
    for last in etags:
        records, before = [], b""
        for make in (parts, last):
            data, before = make(before)
            records.append(data)
        if sum(map(len, records)) + 2 == size:
            break
    for make in more:
        data, before = make(before)
        records.append(data)
    return [(u16(len(records)), "records"), *((data, "") for data in records)]


def with_blocks(*blocks, bad_block=None, bad_record=None):
    out = with_map()
    for n, fields in enumerate(blocks):
        if n == bad_record:
            fields = [*fields[:-1], (Bad(fields[-1][0]), "")]
        out.block(OBJECTS, fields, opening=Bad(u8(0x94)) if n == bad_block else None)
    return out.end()


def files():
    later = next(packed([keyed(b"l")]))
    yield "cut-exact", "ok", with_blocks(filled(FULL), later)
    yield "cut-exact-last", "ok", with_blocks(filled(FULL))
    yield "cut-one-over", "ok", with_blocks(filled(FULL + 1), later)
    yield "cut-short-by-one", "NonCanonical @", with_blocks(filled(FULL - 1), later, bad_block=1)
    yield "cut-late", "NonCanonical @", with_blocks(filled(FULL, keyed(b"l")), bad_record=0)
    yield "cut-last-moment", "ok", with_blocks(filled(FULL - 1, keyed(b"l")), next(packed([keyed(b"m")])))
    for name, key in [("before", b"a"), ("same", b"k2"), ("prefix", b"k")]:
        again = next(packed([keyed(key)]))
        yield "order-across-blocks-" + name, "OutOfOrder @", with_blocks(filled(FULL), again, bad_record=1)
    yield from limits()
    yield from big()


def limits():
    for count, expect in [(1024, "ok"), (1025, "OverLimit @")]:
        out = begin()
        for n in range(count):
            out.block(BUCKET, bucket_fields(), opening=Bad(u8(0x90)) if n == 1024 else None)
        yield "buckets-%d" % count, expect, out.end()
        out = begin().block(BUCKET, bucket_fields())
        for n in range(count):
            if n % 10 == 0:
                out.block(BUCKET, bucket_fields())
            out.block(MAP, map_fields(id=u64(n)), opening=Bad(u8(0x92)) if n == 1024 else None)
            out.block(OBJECTS, next(packed([keyed(b"k")])))
        yield "maps-%d" % count, expect, out.end()
    yield "v1-buckets-1024", "ok", v1(*[("b%d" % n,) for n in range(1024)])
    out = v1(*[("same",) for n in range(1024)])
    yield "v1-buckets-1025", "OverLimit @", out.put(Bad(u8(0x90)), "")
    many = [dir_map("/same", "p%d" % n) for n in range(1024)]
    yield "v1-maps-1024", "ok", v1(("b", *many))
    yield "v1-maps-1025", "OverLimit @", v1(("b", *many, [(Bad(u8(0x92)), "")]))
    # 255 bytes less than the limit are left for the last recipient.
    settings = dict(encryption=u8(1), path=text("/"))
    bare = sum(len(data) for data, _ in map_fields(**settings)) + 1
    left = 262_144 - bare
    sizes = [4098] * (left // 4098)
    recipients = [(text("r" * 4096), "") for _ in sizes] + [(text("r" * (left % 4098 - 2)), "")]
    settings["rest"] = [(u8(len(recipients)), "recipients"), *recipients]
    yield "payload-largest", "ok", with_map(**settings).end()


def big():
    texts = dict(
        flags=u16(0x1E), encryption=u8(1), name=text("n" * 255), path=text("/" + "p" * 4095), prefix=text("k" * 1024),
        rest=[(text("c" * 255), ""), ONE, (text("r" * 4096), ""), (text("f" * 4096), ""), (text("i" * 4096), "")])
    out = begin().block(BUCKET, bucket_fields(flags=u8(7), name=text("b" * 255), rest=[
        (text("e" * 2048), ""), (text("r" * 255), ""), (text("p" * 255), "")])).block(MAP, map_fields(**texts))
    yield "texts-longest", "ok", out.end()

    parts = dict(FIRST, flags=u8(0x8A), extras=u8(3), version=text("v" * 1024), part_size=varint(5120))
    largest = keyed(b"/".join([b"x" * 255] * 4), parts, parts=varint(10_000),
                    digests=bytes(range(256)) * 625)
    yield "parts-10000", "ok", with_blocks(*packed([largest, keyed(b"y")]))

    # Keys of 1024 bytes that differ in their last ones: a full block holds over three megabytes of them.
    stem = b"/".join([b"a" * 254] * 4) + b"/"
    longest = (keyed(stem + b"%04d" % n) for n in range(10_000))
    yield "keys-longest", "ok", with_blocks(*packed(longest))
    yield "keys-single-bytes", "ok", with_blocks(*packed(keyed(b"a" * n) for n in range(1, 256)))
    yield "records-100000", "ok", with_blocks(*packed(tree(100_000)))


def tree(count):
    """Records as a source tree has them."""
    for n in range(count):
        key = b"drivers/subsystem-%03d/component-%04d/file-%09d.c" % (n // 1000, n // 20, n)
        first = n == 0
        yield keyed(key, FIRST, etag=u64(n * 0x9E3779B97F4A7C15 % 2**64) * 2,
                    mtime=delta(1_700_000_000_000_000_000 if first else 1_234_567),
                    size=varint(100 + n * 7919 % 60_000), inode=delta(1_000_000 if first else 1),
                    modified=delta(1_700_000_100_000 if first else 1000 if n % 50 == 0 else 0))


def write(folder):
    lines = []
    for name, expect, out in files():
        (folder / (name + ".bin")).write_bytes(out.bytes)
        if expect.endswith("@"):
            expect += " %d" % out.defect
        lines.append("%s: %s\n" % (name, expect))
    (folder / "expected.txt").write_text("".join(lines))
