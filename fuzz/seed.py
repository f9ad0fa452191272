#!/usr/bin/env python3
"""Fills corpus/ from the vectors and the kept stories. Run it before `cargo +nightly fuzz run`."""
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
