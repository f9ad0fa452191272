#!/usr/bin/env python3
"""Fills corpus/ from the vectors and the kept stories. Run it before `cargo +nightly fuzz run`."""
import gzip
import pathlib

HERE = pathlib.Path(__file__).parent


def seed(target, name, data):
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


for vector in sorted((HERE.parent / "spec" / "vectors").glob("*.hex")):
    body = vector.read_text().split("\n\n", 1)[1]
    data = bytes.fromhex("".join(line.split("#")[0] for line in body.splitlines()))
    targets = ["journal"] if vector.name.startswith("journal-") else ["decode", "roundtrip"]
    for target in [*targets, "dump"]:
        seed(target, vector.stem, data)
for number, line in enumerate((HERE / "stories.hex").read_text().splitlines()):
    seed("reconcile", f"story-{number}", bytes.fromhex(line))

# Objects as they are offered: the chain that is claimed, which size, a number, what is done with the rest.
TEXT = b"".join(b"line %d of some text\n" % number for number in range(60))
MEMBERS = gzip.compress(TEXT, mtime=0) + gzip.compress(b"", mtime=0) + gzip.compress(b"more", mtime=0)
AGE = b"age-encryption.org/v1\n-> X25519 " + b"A" * 43 + b"\n" + b"A" * 43 + b"\n--- " + b"A" * 43 + b"\n"
PLAIN, GZIP, SEALED, BOTH = range(4)
ANY, NUMBER, OTHER, HUGE, OWN = range(5)
for chain in range(4):
    for size in range(5):
        for name, rest in [("text", TEXT), ("members", MEMBERS), ("age", AGE + TEXT)]:
            seed("open", f"raw-{chain}-{size}-{name}", bytes([chain, size, 200, 0]) + rest)
    for level in (0, 1, 6, 9, 254, 255):
        seed("open", f"kept-{chain}-{level}", bytes([chain, OWN, 0, 2, level, chain % 2, 1]) + TEXT)
    # The chain that it has, a level, changes within and without, how far it is stretched.
    for within, without in [(0, 0), (1, 0), (0, 1), (2, 2)]:
        for kind in range(4):
            change = bytes([kind, 80, 0, 3, 0, 0, 9]) * (within + without)
            for stretch in (0, 20, 70):
                head = bytes([chain, OWN, 0, 1, chain, 5, within, without, stretch])
                seed("open", f"made-{chain}-{within}{without}-{kind}-{stretch}", head + change + TEXT)
