"""Vectors of version 1, and of what it becomes in version 2."""
from layout import BUCKET, MAP, OBJECTS, SIGNATURE, SYNCED, Bad, File, begin, bucket_fields, delta, map_fields, \
    objects, record, text, u16, u32, u64, u8, varint


def nul(words): return (words if isinstance(words, bytes) else words.encode()) + b"\0"


# -- version 1: a bucket is (name, part, part, ...), each part made by `dir_map` or `an_object` ----
def dir_map(path="/home/ann/docs", prefix="docs", level=u8(0), recursive=u8(1), on=u8(0), email=nul("")):
    return [(u8(0x92), "directory map"), (path if isinstance(path, Bad) else nul(path), "local path"),
            (prefix if isinstance(prefix, Bad) else nul(prefix), "key prefix"), (level, "gzip level"),
            (recursive, "recursive"), (on, "encryption on"), (email, "e-mail"), (u8(0x93), "end of directory map")]


def an_object(key="docs/a", kind=u8(0x96), etag=b"M" * 16, size=u64(99), modified=u64(SYNCED), close=u8(0x95)):
    return [(u8(0x94), "object"), (key if isinstance(key, Bad) else nul(key), "key"),
            (modified, "last modified, ms"), (kind, "ETag type"), (etag, "ETag"), (size, "size"),
            (close, "end of object")]


def v1(*buckets, close=u8(0x91)):
    out = File(SIGNATURE + [(u8(1), "version 1")])
    out.put(u8(0x9A), "metadata").put(u64(SYNCED), "last synced, ms").put(u8(0x9B), "end of metadata")
    for name, *parts in buckets:
        out.put(u8(0x90), "bucket").put(name if isinstance(name, Bad) else nul(name), "name")
        for data, note in (field for part in parts for field in part):
            out.put(data, note)
        out.put(close, "end of bucket")
    return out


# -- version 2: a bucket is (name, (map settings, [(key, ETag type, ETag), ...]), ...) -------------
def v2(*buckets):
    out, number = begin(replica=b"replica-of-tests", generation=u64(0)), 0
    for name, *maps in buckets:
        out.block(BUCKET, bucket_fields(name=text(name)))
        for settings, found in maps:
            number += 1
            settings = dict(dict(flags=u16(0), name=text("docs")), **settings)
            out.block(MAP, map_fields(id=b"map-%04d" % number, generation=u64(0), root=(), **settings))
            if found:
                out.block(OBJECTS, objects(*records(found)))
    return out.end()


def records(found):
    before, modified = b"", SYNCED
    for key, kind, etag, size in found:
        key = key.encode()
        shared = next((n for n, (a, b) in enumerate(zip(before, key)) if a != b), min(len(before), len(key)))
        yield record(shared=varint(shared), rest=text(key[shared:]), type=u8(kind), flags=u8(4), etag=etag,
                     remote=varint(size), modified=delta(modified))
        before, modified = key, 0


def md5(key, digest=b"M" * 16, size=99): return (key, 0x96, digest, size)


def pair(name, why, old, new, drops=0):
    """A vector of version 1 and the one that it becomes."""
    more = {"becomes": "ok-v1-%s.hex" % name}
    if drops:
        more["drops"] = drops
    old.save("v1-" + name, "ok", "version 1", why, **more)
    new.save("ok-v1-" + name, "ok", "version 1", "what v1-%s becomes" % name)


def write():
    dialects()
    meaning()
    bad_vectors()


def dialect(email):
    plain = dir_map(level=u8(6))
    if not email:
        plain = [field for field in plain if field[1] != "e-mail"]
    return v1(("bucket", plain, dir_map("/srv", "", recursive=u8(0), on=u8(1), email=nul("ann@example.com")),
               an_object("docs/b", etag=bytes(range(16))), an_object("docs/a", u8(0x97), nul("abc-2")),
               an_object("top"), an_object("bad//key", etag=b"D" * 16)))


def dialects():
    new = v2(("bucket", (dict(level=u8(6)), [("a", 0x97, text("abc-2"), 99), md5("b", bytes(range(16)))]),
              (dict(flags=u16(1), encryption=u8(2), name=text("srv"), path=text("/srv"), prefix=text(""),
                    rest=[(text("ann@example.com"), "e-mail")]), [md5("top")])))
    pair("published", "the dialect of the published text: the e-mail always stands", dialect(True), new, 1)
    dialect(False).save("v1-original", "ok", "version 1",
                     "the dialect of the original program: an e-mail only where encryption is on",
                     becomes="ok-v1-published.hex", drops=1)


def meaning():
    pair("empty", "a file may end after its metadata", v1(), v2())
    pair("last-wins", "the last object of a key counts",
         v1(("bucket", dir_map(), an_object(etag=b"1" * 16), an_object(etag=b"2" * 16, size=u64(7)))),
         v2(("bucket", ({}, [md5("a", b"2" * 16, 7)]))))
    pair("merged-buckets", "buckets of one name are one",
         v1(("one", dir_map(), an_object("more/x")), ("two",), ("one", dir_map("/more", "more"), an_object())),
         v2(("one", ({}, [md5("a")]), (dict(path=text("/more"), name=text("more"), prefix=text("more")), [md5("x")])),
            ("two",)))
    pair("longest-prefix", "an object belongs to the map with the longest prefix that holds it",
         v1(("bucket", dir_map("/b", "a/b"), dir_map("/a", "a"), an_object("a/b/x"), an_object("a/bc"),
             an_object("a/b"))),
         v2(("bucket", (dict(path=text("/b"), name=text("b"), prefix=text("a/b")), [md5("x")]),
             (dict(path=text("/a"), name=text("a"), prefix=text("a")), [md5("b"), md5("bc")]))))
    pair("same-prefix", "of maps with one prefix the last has the objects",
         v1(("bucket", dir_map("/a"), dir_map("/b"), an_object())),
         v2(("bucket", (dict(path=text("/a"), name=text("a")), []), (dict(path=text("/b"), name=text("b")), [md5("a")]))))
    long = "n" * 250
    named = [("/a/x", "x"), ("/b/x", "x-2"), ("/x-2", "x-2-2"), ("/", "root"), ("/n" + long, "root-2"), ("/" + long, long)]
    pair("names", "a map is named after its directory, with a number where that name is taken in any bucket",
         v1(("one", dir_map("/a/x"), dir_map("/b/x"), dir_map("/x-2"), dir_map("/")), ("two", dir_map("/c/x")),
            ("one", dir_map("/n" + long), dir_map("/" + long))),
         v2(("one", *[(dict(path=text(path), name=text(name)), []) for path, name in named]),
            ("two", (dict(path=text("/c/x"), name=text("x-3")), []))))
    pair("slashes", "slashes at the end of paths and prefixes are dropped",
         v1(("bucket", dir_map("/home/ann/docs//", "docs/"), dir_map("//", "/"), an_object(), an_object("b"))),
         v2(("bucket", ({}, [md5("a")]), (dict(path=text("/"), name=text("root"), prefix=text("")), [md5("b")]))))
    pair("drops", "objects without a map, and those whose key is none, are dropped and counted",
         v1(("bucket", dir_map(), an_object("elsewhere"), an_object("docs"), an_object("docs/"),
             an_object("docs/../x"), an_object(""), an_object())),
         v2(("bucket", ({}, [md5("a")]))), 5)
    pair("etags", "an ETag loses its quotes, and is of type 96 where it can be",
         v1(("bucket", dir_map(), an_object("docs/a", u8(0x97), nul('"abc-1"')),
             an_object("docs/b", u8(0x97), nul(' "' + "0a" * 16 + '" ')),
             an_object("docs/c", u8(0x97), nul("0A" * 16)), an_object("docs/d", u8(0x97), nul("")))),
         v2(("bucket", ({}, [("a", 0x97, text("abc-1"), 99), md5("b", b"\n" * 16), ("c", 0x97, text("0A" * 16), 99),
                             ("d", 0x97, text(""), 99)]))))


def bad_vectors():
    def bad(vector, expect, why, *parts, **more):
        v1(("bucket", *parts), **more).save("v1-" + vector, expect, "version 1", why)

    def cut(out, *bytes):
        for data in bytes:
            out.put(data, "")
        return out.ends()

    def head(): return File(SIGNATURE + [(u8(1), "version 1")])

    bad("tag", "UnexpectedTag @", "a bucket ends with 91", close=Bad(u8(0x9B)))
    bad("tag-object", "UnexpectedTag @", "an object ends with 95", an_object(close=Bad(u8(0x91))))
    bad("tag-etag", "UnexpectedTag @", "an ETag is of type 96 or 97", an_object(kind=Bad(u8(0x98))))
    head().put(Bad(u8(0x90)), "bucket").save("v1-tag-metadata", "UnexpectedTag @", "version 1", "the metadata comes first")
    v1().put(Bad(u8(0)), "one byte more").save(
        "v1-trailing", "UnexpectedTag @", "version 1", "nothing but buckets follows the metadata")
    head().ends().save("v1-header-only", "Truncated @", "version 1", "a file has metadata")
    cut(v1(), u8(0x90) + b"buc").save("v1-truncated-string", "Truncated @", "version 1", "a string has an end")
    whole = dialect(True)
    del whole.lines[-1], whole.bytes[-1]
    whole.ends().save("v1-truncated", "Truncated @", "version 1", "a bucket has an end")
    cut(v1(), u8(0x90) + nul("bucket") + u8(0x94) + nul("a") + u32(0)).save(
        "v1-truncated-number", "Truncated @", "version 1", "a number has all its bytes")
    bad("flag", "BadValue @", "a truth value is 0 or 1", dir_map(recursive=Bad(u8(2))))
    bad("encryption", "BadValue @", "a truth value is 0 or 1", dir_map(on=Bad(u8(2))))
    bad("gzip", "OverLimit @", "levels go from 0 to 11", dir_map(level=Bad(u8(12))))
    bad("modified", "OverLimit @", "a time is less than 2^63", an_object(modified=Bad(u64(2**63))))
    bad("size", "OverLimit @", "a size is less than 2^63", an_object(size=Bad(u64(2**63))))
    bad("path-empty", "BadValue @", "a map has a path", dir_map(Bad(nul(""))))
    bad("path-relative", "BadValue @", "a path is absolute", dir_map(Bad(nul("home"))))
    bad("prefix-slash-first", "BadValue @", "a prefix begins without a slash", dir_map(prefix=Bad(nul("/docs"))))
    bad("key-not-utf8", "BadText @", "a string is UTF-8", an_object(Bad(nul(b"\xff"))))
    bad("email-missing", "BadText @", "where encryption is on an e-mail follows, even if it looks like an end",
        dir_map(on=u8(1), email=Bad(b"")), an_object())
    bad("limit-prefix", "OverLimit @", "a prefix has at most 1024 bytes", dir_map(prefix=Bad(nul("p" * 1025))))
    v1((Bad(nul("")),)).save("v1-bucket-empty", "BadValue @", "version 1", "a bucket has a name")
    v1((Bad(nul("b" * 256)),)).save("v1-bucket-limit", "OverLimit @", "version 1", "a bucket's name has at most 255 bytes")
    cut(v1(), u8(0x90), Bad(b"b" * 256)).save(
        "v1-string-limit", "OverLimit @ 16", "version 1", "that a string is too long is found before that it has no end")
