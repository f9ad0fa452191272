#!/usr/bin/env python3
"""Fills corpus/ from the vectors. Run it before `cargo +nightly fuzz run TARGET`."""
import pathlib

HERE = pathlib.Path(__file__).parent
for vector in sorted((HERE.parent / "spec" / "vectors").glob("*.hex")):
    body = vector.read_text().split("\n\n", 1)[1]
    data = bytes.fromhex("".join(line.split("#")[0] for line in body.splitlines()))
    targets = ["journal"] if vector.name.startswith("journal-") else ["decode", "roundtrip"]
    for target in targets:
        folder = HERE / "corpus" / target
        folder.mkdir(parents=True, exist_ok=True)
        (folder / vector.stem).write_bytes(data)
