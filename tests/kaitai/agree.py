"""Reads state files and journals with the reader that was compiled from spec/s3sync.ksy.

agree.py FOLDER prints one JSON object a line for every file there: what it holds, in the words of
`s3-bsync --dump --json --objects`, or which class of error it was refused with.
"""
import json
import pathlib
import struct
import sys
import zlib

from kaitaistruct import KaitaiStructError
from s3sync import S3sync

MOST = 2**64 - 1


class BadChecksum(Exception):
    """Not noticed by the compiled reader: Kaitai Struct computes no CRC-32."""


def text(field):
    return None if field is None else field.value


def opt(owner, name):
    """A field that is not there where its `if` does not hold."""
    return getattr(owner, name, None)


def key(field):
    return field.latin_1.encode("iso-8859-1").decode()


# -- checksums -----------------------------------------------------------------------------------
def checked(block):
    """The stored checksum of a block, which fits."""
    payload = block._raw_payload
    covered = struct.pack("<BI", block.head.control, len(payload)) + payload
    if zlib.crc32(covered) != block.tail.checksum:
        raise BadChecksum
    return struct.pack("<I", block.tail.checksum)


def check_all(state):
    checked(state.metadata)
    chain = checked(state.identity)
    for bucket in opt(state, "buckets") or []:
        chain += checked(bucket)
        for block in opt(bucket, "maps") or []:
            chain += checked(block)
            chain += b"".join(checked(objects) for objects in opt(block, "objects") or [])
    checked(state.end)
    if zlib.crc32(chain) != state.end.payload.checksum:
        raise BadChecksum


# -- version 2 -----------------------------------------------------------------------------------
def record(it):
    local = stamp(it.local_size, it.mtime.value, it.ctime, it.inode.value) if it.has_local_stamp else None
    prefix = {"by_md5": "md5+blake3:", "blake3": "blake3:"}.get(it.flags.content.name)
    content = prefix and prefix + it.blake3.hex()
    parts = opt(it, "parts") and {"part_bytes": it.part_size.value << 20,
                                  "digests": [digest.hex() for digest in it.parts]}
    return {
        "key": key(it.key), "local": local, "content": content, "parts": parts,
        "encoding": it.flags.encoding.name.replace("_", "+"),
        "remote": {"etag": it.etag_md5.hex() if it.etag_type.name == "md5" else it.etag_text.value,
                   "size": it.remote_size, "modified_ms": it.last_modified.value,
                   "version": text(opt(it, "version_id"))}}


def capabilities(found):
    names = [name for name in vars(found) if not name.startswith("_") and name != "reserved"]
    return {name: getattr(found, name) for name in names}


def encryption(it):
    if it.encryption.name == "age":
        return {"recipients": [text(one) for one in it.recipients],
                "recipients_file": text(opt(it, "recipients_file")),
                "identity_file": text(opt(it, "identity_file"))}
    return {"missing_for": text(it.email)} if it.encryption.name == "recipient_missing" else None


def bound(it):
    return it and "%d%s" % (it.number, "%" if it.unit.name == "percent" else "")


def stamp(size, mtime, ctime, inode):
    return {"size": size.value, "mtime_ns": str(mtime), "ctime_ns": str(ctime), "inode": str(inode)}


def tally(records):
    plain = sum((it["local"] or it["remote"])["size"] for it in records)
    stored = sum(it["remote"]["size"] for it in records)
    return {"records": len(records), "objects": records,
            "plain_bytes": min(plain, MOST), "stored_bytes": min(stored, MOST)}


def one_map(bucket, block):
    it = block.payload
    root = opt(it, "root")
    return {
        "name": text(it.name), "id": it.map_id.hex(), "path": text(it.local_path),
        "bucket": text(bucket.name), "prefix": text(it.key_prefix), "endpoint": text(opt(bucket, "endpoint")),
        "region": text(opt(bucket, "region")), "profile": text(opt(bucket, "profile")),
        "path_style": bucket.flags.path_style,
        "capabilities": capabilities(bucket.capabilities) if bucket.flags.probed else None,
        "recursive": not it.flags.top_only,
        "links": "follow-inside" if it.flags.links_followed else "skip", "keep_mode": it.flags.modes_kept, "compress": it.gzip_level, "encryption": encryption(it),
        "storage_class": text(opt(it, "storage_class")),
        "conflict": it.conflict_policy.name.replace("_", "-"),
        "direction": it.direction.name.replace("_and_delete", "-mirror"), "keep_days": it.keep_days,
        "keep_size": bound(opt(it, "keep_size")), "max_replace": bound(opt(it, "max_replace")),
        "generation": it.generation, "root": root and {"device": str(root.device), "inode": str(root.inode)},
        **tally([record(one) for objects in opt(block, "objects") or [] for one in objects.payload.records])}


def state_v2(state):
    check_all(state)
    buckets = opt(state, "buckets") or []
    return {"version": 2, "replica": state.identity.payload.replica.hex(),
            "generation": state.identity.payload.generation, "synced_ms": state.metadata.payload.last_synced,
            "buckets": [text(bucket.payload.name) for bucket in buckets],
            "maps": [one_map(bucket.payload, block)
                     for bucket in buckets for block in opt(bucket, "maps") or []]}


# -- version 1, with its meaning in version 2 ------------------------------------------------------
def map_v1(bucket, it, name):
    return {
        "name": name, "id": None, "path": text(it.local_path).rstrip("/") or "/", "bucket": bucket,
        "prefix": text(it.key_prefix).rstrip("/"), "endpoint": None, "region": None, "profile": None,
        "path_style": False, "capabilities": None, "recursive": it.recursive == 1,
        "links": "skip", "keep_mode": False, "compress": it.gzip_level,
        "encryption": {"missing_for": text(it.email)} if it.encryption_on else None, "storage_class": None,
        "conflict": "newer", "direction": "both", "keep_days": 30, "keep_size": None,
        "max_replace": None, "generation": 0, "root": None}


def record_v1(rest, it):
    is_md5 = it.etag_type.name == "md5"
    etag = it.etag_md5.hex() if is_md5 else text(it.etag_text).strip().strip('"')
    return {"key": rest, "local": None, "content": None, "parts": None, "encoding": "plain",
            "remote": {"etag": etag, "size": it.size, "modified_ms": it.last_modified, "version": None}}


def is_key(rest):
    parts = rest.split("/")
    return (0 < len(rest.encode()) <= 1024 and parts[0] != ".s3bsync" and all(
        0 < len(part.encode()) <= 255 and part not in (".", "..") and not part.startswith(".s3bsync-tmp-")
        for part in parts))


def state_v1(state):
    buckets, taken = {}, set()
    for bucket in state.buckets:
        maps, objects = buckets.setdefault(text(bucket.name), ([], []))
        for item in bucket.items:
            if item.control.name == "objects":
                objects.append((text(item.object.key), item.object))
            elif item.control.name == "map":
                stem = text(item.map.local_path).rstrip("/").rpartition("/")[2]
                stem = stem if 0 < len(stem.encode()) <= 250 else "root"
                names = [stem] + ["%s-%d" % (stem, n) for n in range(2, len(taken) + 3)]
                name = next(name for name in names if name not in taken)
                taken.add(name)
                maps.append((map_v1(text(bucket.name), item.map, name), {}))
    for maps, objects in buckets.values():
        for name, it in objects:
            under = lambda one: one[0]["prefix"] + "/" if one[0]["prefix"] else ""
            holding = [one for one in reversed(maps) if name.startswith(under(one))]
            best = max(holding, key=lambda one: len(under(one)), default=None)
            rest = name[len(under(best)):] if best else ""
            if is_key(rest):
                best[1][rest] = record_v1(rest, it)
    by_bytes = lambda found: [found[rest] for rest in sorted(found, key=str.encode)]
    return {"version": 1, "replica": None, "generation": 0, "synced_ms": state.last_synced,
            "buckets": list(buckets),
            "maps": [{**settings, **tally(by_bytes(found))}
                     for maps, _ in buckets.values() for settings, found in maps]}


# -- journal ---------------------------------------------------------------------------------------
def entry(it):
    out = {"type": it.type.name, "map": it.map_id.hex()}
    if it.type.name == "upsert":
        return {**out, "record": record(it.record)}
    if it.type.name == "removal":
        return {**out, "key": key(it.removal)}
    if it.type.name == "intent":
        wish = it.intent
        source = opt(wish, "source")
        return {**out, "record": record(wish.record), "write_id": wish.write_id.hex(),
                "crc64": None if source else str(wish.crc64), "copied_from": source and key(source)}
    up = it.upload
    return {**out, "key": key(up.key), "upload_id": text(up.upload_id), "part_bytes": up.part_size.value << 20,
            "local": stamp(up.local_size, up.mtime, up.ctime, up.inode),
            "write_id": up.write_id.hex()}


def journal(found):
    checked(found.identity)
    entries = []
    try:
        for block in opt(found, "entries") or []:
            checked(block)
            entries.append(entry(block.payload))
    except BadChecksum:
        pass
    return {"replica": found.identity.payload.replica.hex(),
            "generation": found.identity.payload.generation, "entries": entries}


def reading(path):
    try:
        found = S3sync.from_file(path)
        if found.signature.name == "journal":
            return {"holds": journal(found.journal)}
        return {"holds": state_v1(found.state) if found.version == 1 else state_v2(found.state)}
    except (KaitaiStructError, EOFError, UnicodeDecodeError, BadChecksum) as error:
        return {"refused": type(error).__name__}


for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    print(json.dumps({"file": path.name, **reading(str(path))}))
