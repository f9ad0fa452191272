#!/usr/bin/env python3
"""Measures the peak memory of runs that have something to do with every file of a map.

    cargo build --release && cargo build --release --example server
    benches/compare/memory.py [--files 1000000] [--cgroup FOLDER --mib 64]

One tree of small files, 1,000 in a folder, goes through: a first upload, a renamed top folder, a run
without a state file that finds all equal, a download into an empty directory, and a removal of all
files but one. Peaks are what the kernel says of the process. With --cgroup the program runs in a new
control group for memory below FOLDER, which gets that many MiB, caches of files included.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
from compare import MIB, PLACE, RELEASE, Server  # noqa: E402

PROGRAM = RELEASE / "s3-bsync"


class Map:
    """A state file, a root and the server."""

    def __init__(self, server, work, limits):
        self.state, self.root, self.limits = work / "state", work / "root", limits
        self.endpoint = server.env["AWS_ENDPOINT_URL"]
        self.env = {"PATH": "/usr/bin:/bin", "HOME": str(work), "AWS_EC2_METADATA_DISABLED": "true"}
        self.env |= {name: value for name, value in os.environ.items() if name.startswith("MALLOC_")}
        self.env |= {name: value for name, value in server.env.items() if name != "AWS_ENDPOINT_URL"}

    def init(self):
        self.state.unlink(missing_ok=True)
        self.root.mkdir(exist_ok=True)
        options = ["--endpoint-url", self.endpoint, "--path-style", "--region", self.env["AWS_REGION"]]
        where = ["--init", "--dir", self.root, "s3://bench/p"]
        subprocess.run([PROGRAM, "--file", self.state, *where, *options], env=self.env, check=True)

    def run(self, what, *options):
        command = [str(part) for part in (PROGRAM, "--file", self.state, *options)]
        if self.limits:
            command = ["/bin/sh", "-c", f'echo $$ > {self.limits}/cgroup.procs; exec "$@"', "-", *command]
        begun = time.monotonic()
        process = subprocess.Popen(command, env=self.env)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = code = os.waitstatus_to_exitcode(status)
        took = time.monotonic() - begun
        print(f"{what:24} {usage.ru_maxrss / 1024:7.1f} MiB {took:7.1f} s  exit code {code}", flush=True)
        return code


def files(root, count):
    for at in range(count):
        path = root / "top" / f"folder-{at // 1000:04}" / f"file-{at % 1000:03}.txt"
        if at % 1000 == 0:
            path.parent.mkdir(parents=True)
        path.write_bytes(b"%d\n" % at)
        # Files of the last moments are read once more, and that is no part of this.
        os.utime(path, ns=(at * 1_000_003 + 10**18, at * 1_000_003 + 10**18))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=1_000_000)
    parser.add_argument("--cgroup", type=Path)
    parser.add_argument("--mib", type=int, default=64)
    args = parser.parse_args()
    work = PLACE / "memory"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    limits = args.cgroup and args.cgroup / "s3-bsync-memory"
    if limits:
        limits.mkdir(exist_ok=True)
        version_2 = limits / "memory.max"
        limit = version_2 if version_2.exists() else limits / "memory.limit_in_bytes"
        limit.write_text(str(args.mib * MIB))
    server = Server()
    try:
        one = Map(server, work, limits)
        one.init()
        (one.root / "stays").write_bytes(b"stays")
        files(one.root, args.files)
        one.run("first upload")
        one.run("nothing to do")
        (one.root / "top").rename(one.root / "other")
        one.run("top folder renamed")
        shutil.rmtree(one.root / ".s3bsync")
        one.init()
        one.run("all found equal")
        shutil.rmtree(one.root)
        one.init()
        one.run("all downloaded")
        shutil.rmtree(one.root / "other")
        one.run("all but one removed", "--force")
    finally:
        server.stop()
        if limits:
            limits.rmdir()
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
