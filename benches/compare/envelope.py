#!/usr/bin/env python3
"""Times compressed and encrypted uploads: one run of s3-bsync, and the same by a pipe of stock tools.

    cargo build --release && cargo build --release --example server
    benches/compare/envelope.py [--only large,sealed,small] [--mib 1024] [--files 2000] [--rounds 3]

Needs Debian's `pigz`, `age` and `bash`; the AWS command line is installed as compare.py does it.
Every run has a fresh server, in memory, on loopback. Programs alternate; figures are medians. CPU is
user and system time of all processes of a pipe together, memory that of the largest of them.
"""

import argparse
import itertools
import multiprocessing
import random
import shutil
import statistics
import subprocess
import sys

sys.dont_write_bytecode = True
import compare  # noqa: E402
from compare import MIB, PLACE, RELEASE, Server, Tool, measured, old  # noqa: E402

PIECE = 64 * MIB
LINES = {
    "large": "one file, gzip 6 and age",
    "sealed": "one file, age alone",
    "small": "many files of 64 KiB, gzip 6 and age",
}
PIPES = {
    "large": "pigz -p1 -6 < {dir}/big | age -r {to} | aws --endpoint-url {at} s3 cp - s3://bench/p/big",
    "sealed": "age -r {to} < {dir}/big | aws --endpoint-url {at} s3 cp - s3://bench/p/big",
    "small": "cd {dir}; mkdir {out}; for f in *; do gzip -6 < $f | age -r {to} > {out}/$f; done;"
    " aws --endpoint-url {at} s3 cp --recursive --only-show-errors {out} s3://bench/p",
}


def text(size, seed=1):
    """Text like that of logs and notes: few words often, many seldom; always the same."""
    dice = random.Random(seed)
    letters = "etaoinshrdlucmfwypvbgkjqxz"
    weights = [26 - at for at in range(26)]
    words = ["".join(dice.choices(letters, weights, k=dice.randint(2, 11))) for _ in range(20_000)]
    often = list(itertools.accumulate(1 / (rank + 3) for rank in range(len(words))))
    pieces, length, at = [], 0, 0
    while length < size:
        at += dice.randint(1, 5_000)
        line = f"2026-03-{at // 86_400_000 % 28 + 1:02} {at // 1000 % 86_400:05}.{at % 1000:03} "
        line += " ".join(dice.choices(words, cum_weights=often, k=dice.randint(6, 18))) + "\n"
        pieces.append(line)
        length += len(line)
    return "".join(pieces).encode()[:size]


def large(folder, mib):
    """What repeats itself after 64 MiB is new to gzip, which looks back for 32 KiB."""
    piece = text(min(PIECE, mib * MIB))
    with open(folder / "big", "wb") as file:
        for _ in range(max(1, mib * MIB // len(piece))):
            file.write(piece)


def small(folder, count):
    size = 64 << 10
    whole = text(min(PIECE, count * size))
    for at in range(count):
        start = at * size % len(whole)
        (folder / f"note-{at:05}.txt").write_bytes(whole[start : start + size])


def ours(server, work, folder, recipient, what):
    tool = Tool("ours", server, work)
    tool.fresh()
    level = "0" if what == "sealed" else "6"
    state = [RELEASE / "s3-bsync", "--file", tool.home / "state"]
    made = tool.call([*state, "--init", "--dir", folder, "s3://bench/p", "--endpoint-url",
                      server.endpoint, "--path-style", "--region", "us-east-1",
                      "--compress", level, "--age-recipient", recipient])
    if made.returncode:
        sys.exit(made.stderr)
    return measured(tool, state)


def pipe(server, work, folder, recipient, what):
    tool = Tool("pipe", server, work)
    tool.fresh()
    line = PIPES[what].format(dir=folder, to=recipient, at=server.endpoint, out=tool.home / "out")
    return measured(tool, ["bash", "-euo", "pipefail", "-c", line])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default=",".join(LINES))
    parser.add_argument("--mib", type=int, default=1024)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    missing = [tool for tool in ("bash", "pigz", "age", "age-keygen") if not shutil.which(tool)]
    if missing:
        sys.exit(f"missing: {' '.join(missing)} (Debian packages bash, pigz, age)")
    PLACE.mkdir(parents=True, exist_ok=True)
    compare.install()
    work = PLACE / "envelope"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    key = subprocess.run(["age-keygen"], capture_output=True, text=True, check=True)
    recipient = key.stderr.strip().removeprefix("Public key: ")
    for what in args.only.split(","):
        folder = work / what
        folder.mkdir()
        # In a process of its own: a child's highest memory begins with that of its parent.
        fill = (small, (folder, args.files)) if what == "small" else (large, (folder, args.mib))
        child = multiprocessing.Process(target=fill[0], args=fill[1])
        child.start()
        child.join()
        old(folder)
        results = {"pipe": [], "ours": []}
        for _ in range(args.rounds):
            for name, run in (("pipe", pipe), ("ours", ours)):
                server = Server()
                result = run(server, work, folder, recipient, what)
                server.stop()
                if not result["failed"]:
                    results[name].append(result)
        shutil.rmtree(folder)
        show(what, results)
    shutil.rmtree(work)


def show(what, results):
    print(f"\n{LINES[what]}\n{'':6}{'wall s':>8}{'CPU s':>8}{'MiB':>7}{'sent MiB':>10}{'requests':>10}")
    middle = {}
    for name, runs in results.items():
        if not runs:
            print(f"{name:6}  did not end well")
            continue
        of = middle[name] = {
            field: statistics.median(run[field] for run in runs)
            for field in ("wall", "cpu", "rss", "up", "requests")
        }
        walls = " ".join(f"{run['wall']:.1f}" for run in runs)
        print(f"{name:6}{of['wall']:8.2f}{of['cpu']:8.2f}{of['rss']:7.0f}{of['up']:10.1f}"
              f"{of['requests']:10.0f}   (wall: {walls})")
    if len(middle) == 2:
        wall, cpu, rss = (middle["pipe"][f] / middle["ours"][f] for f in ("wall", "cpu", "rss"))
        print(f"ours takes 1/{wall:.2f} of the time, 1/{cpu:.2f} of the CPU, 1/{rss:.2f} of the memory")


if __name__ == "__main__":
    main()
